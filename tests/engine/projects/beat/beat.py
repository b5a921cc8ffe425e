# Like a scheduler of jobs: a file of process number that keeps a second one away, and a database of what ran last, written at the end, too.
import os
import shelve
import signal
import sys
import time

pid = "beat.pid"
if os.path.exists(pid):
    other = int(open(pid).read())
    if other != os.getpid() and os.path.exists("/proc/%d" % other):
        sys.exit("ERROR: Pidfile (beat.pid) already exists.")
with open(pid, "w") as file:
    file.write(str(os.getpid()))


def stop(*_):
    schedule["stopped"] = schedule.get("stopped", 0) + 1
    schedule.close()
    os.remove(pid)
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
schedule = shelve.open("beat-schedule", writeback=True)
while True:
    schedule["runs"] = schedule.get("runs", 0) + 1
    schedule.sync()
    print("Sending due task", schedule["runs"])
    time.sleep(1)
