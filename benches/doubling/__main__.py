"""Doubles every kind of input and fails where the time grows faster than the input.

Usage: python3 benches/doubling PROGRAM [--seconds S] [NAME...]

Each kind of input is a function in a file beside this one, which writes n of something into a
folder. The program runs on n, 2n, 4n ... until a run takes S seconds of processor time; then that
run is compared with the one before. What is linear has a ratio of 2, what is quadratic one of 4.
A kind with a bad ratio is tried again, by itself and with runs of twice and four times that length:
where a machine's caches end, one ratio is bad, but what is quadratic gets worse with every doubling.
NAME runs only the kinds whose name has that text. More seconds find what is quadratic with a small
factor.
"""

import argparse
import multiprocessing
import os
import pathlib
import sys
import tempfile

import files  # noqa: F401
import said  # noqa: F401
import services  # noqa: F401
import text  # noqa: F401
from inputs import KINDS

MOST = 2.6


def run(program, command):
    """Processor seconds and exit status of one run."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
    ]
    actions.append(
        (os.POSIX_SPAWN_OPEN, 2, "../said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    )
    environment = {"PATH": os.environ["PATH"], "HOME": os.getcwd()}
    process = os.posix_spawn(program, [program, *command], environment, file_actions=actions)
    _, status, usage = os.wait4(process, 0)
    return usage.ru_utime + usage.ru_stime, os.waitstatus_to_exitcode(status)


class Input:
    """n of something, in a folder of its own."""

    def __init__(self, folder, write, command, n):
        self.folder, self.n = folder / str(n), n
        self.folder.mkdir()
        # The search for a configuration file ends here.
        (self.folder / ".git").mkdir()
        os.chdir(self.folder)
        self.command = command + (write(n) or [])
        self.bytes = max(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def measure(self, program):
        os.chdir(self.folder)
        return run(program, self.command)


def grow(program, seconds, write, command, most_bytes, n, statuses):
    """Doubles until a run takes long enough: the size before, and the times of it and the last."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        last, last_time = None, 0.0
        while True:
            this = Input(folder, write, command, n)
            time, status = this.measure(program)
            if status not in statuses:
                said = (folder / "said").read_text()[:400]
                raise RuntimeError(f"exit status {status} with {n}: {said}")
            if last and (time >= seconds or this.bytes > most_bytes or len(this.command) > 20_000):
                break
            last, last_time, n = this, time, n * 2
        # Noise only adds: the least of several runs counts, and a bad ratio gets more of them.
        for _ in range(4):
            last_time = min([last_time] + [last.measure(program)[0] for _ in range(2)])
            time = min(time, this.measure(program)[0])
            if time / last_time <= MOST:
                break
        os.chdir("/")
        return last.n, last_time, time


def judge(job):
    """Whether the time of one kind is linear, and the line that says so."""
    program, seconds, name, *rest = job
    try:
        n, before, after = grow(program, seconds, *rest)
    except RuntimeError as why:
        return False, f"  --  {name}: {why}"
    ratio = after / before
    times = f"{before * 1000:7.0f} ms of {n:7} {after * 1000:7.0f} ms of {2 * n:7}"
    return ratio <= MOST, f"{ratio:6.2f} {times}  {name}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seconds", type=float, default=0.05)
    asked = parser.parse_args()
    program = os.path.realpath(asked.program)
    wanted = [
        kind for kind in KINDS if not asked.names or any(name in kind[0] for name in asked.names)
    ]
    failed = []
    with multiprocessing.Pool(os.cpu_count()) as pool:
        jobs = [(program, asked.seconds, *kind) for kind in wanted]
        for job, (is_linear, line) in zip(jobs, pool.imap(judge, jobs)):
            if not is_linear:
                failed.append(job)
            print(line if is_linear else line + "  <- more than linear", flush=True)
    for factor in 2, 4:
        if failed:
            print(f"again, alone, with runs {factor} times as long:", flush=True)
        again, failed = failed, []
        for _, seconds, *kind in again:
            is_linear, line = judge((program, seconds * factor, *kind))
            if not is_linear:
                failed.append((program, seconds, *kind))
            print(line if is_linear else line + "  <- more than linear", flush=True)
    sys.exit(
        f"{len(failed)} of {len(wanted)} kinds take more than {MOST} times as long when they double"
        if failed
        else 0
    )


if __name__ == "__main__":
    main()
