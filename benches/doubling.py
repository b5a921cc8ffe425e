#!/usr/bin/env python3
"""Doubles every kind of input and fails where the time grows faster than the input, or the memory of a report does.

Usage: benches/doubling.py PROGRAM [--seconds S] [NAME...]

Each kind of input is a function below, which writes n of something into a folder. The program runs on n, 2n, 4n ... until a run takes
S seconds of processor time (0.1 if not said); then that run is compared with the one before. What is linear has a ratio of 2, what
is quadratic one of 4. NAME runs only the kinds whose name has that text.
"""
import argparse
import os
import pathlib
import re
import sys
import tempfile

MOST = 2.6
# Files stop growing here: the program reads no Compose file over 8 MiB.
MOST_BYTES = 3_900_000
KINDS = []


def kind(*commands, most_bytes=MOST_BYTES, start=250, status=(0, 1)):
    """Adds a kind of input, and the command lines that it goes through."""

    def add(write):
        for command in commands or ["--quiet"]:
            name = write.__name__.replace("_", " ") + (f": {command}" if len(commands) > 1 else "")
            KINDS.append((name, write, command.split(), most_bytes, start, status))
        return write

    return add


# ---- writing

IMAGE = "image: node:22"


def compose(*lines, name="compose.yaml"):
    pathlib.Path(name).write_text("\n".join(lines) + "\n")


def write(name, text):
    pathlib.Path(name).write_text(text)


def service(name, *lines):
    return "\n".join([f"  {name}:", f"    {IMAGE}", *(f"    {line}" for line in lines)])


def services(n, *lines):
    """n services with these lines, in which `#` stands for the number."""
    return [service(f"s{i}", *(line.replace("#", str(i)) for line in lines)) for i in range(n)]


def config(*lines):
    write("rofs-harden.toml", "\n".join(lines) + "\n")


REPORTS = [f"audit --quiet --format {name}" for name in ["text", "json", "sarif", "github", "markdown", "html"]]

# ---- services

HARD = ["read_only: true", "tmpfs: [/tmp]", "volumes: ['d#:/data']"]


@kind("--quiet", "--check", "--with all --unsafe-fixes --explain-in-file", "--override compose.override.yaml", *REPORTS)
def many_services(n):
    compose("services:", *services(n))


@kind("--check", *REPORTS)
def hardened_services(n):
    compose("services:", *services(n, *HARD), "volumes:", *(f"  d{i}:" for i in range(n)))


@kind("--quiet", *REPORTS)
def services_on_one_line(n):
    compose("services: {" + ", ".join(f"s{i}: {{{IMAGE}}}" for i in range(n)) + "}")


@kind("--quiet", REPORTS[2])
def json_on_one_line(n):
    compose('{"services": {' + ", ".join(f'"s{i}": {{"image": "node:22", "volumes": ["./a:/a"]}}' for i in range(n)) + "}}")


@kind(*REPORTS)
def findings_of_many_services(n):
    compose("services:", *services(n, "privileged: true", "volumes: ['/var/run/docker.sock:/var/run/docker.sock', '/etc:/host']"))


@kind("--quiet", *REPORTS)
def refused_services(n):
    compose("services:", *services(n, "command: npm install"))


@kind("--quiet", REPORTS[1])
def services_that_nothing_knows(n):
    compose("services:", *(f"  s{i}:\n    image: example.com/team/{i}/{'name' * 20}:1" for i in range(n)))


@kind("--quiet")
def services_with_carriage_returns(n):
    pathlib.Path("compose.yaml").write_bytes("\r\n".join(["services:", *services(n)]).replace("\r\n", "\n").replace("\n", "\r\n").encode())


# ---- one service


@kind("--quiet", REPORTS[0])
def keys_of_one_service(n):
    compose("services:", service("web", "labels:", *(f"  l{i}: a" for i in range(n))))


@kind("--quiet", REPORTS[0])
def unknown_keys_of_one_service(n):
    compose("services:", service("web", *(f"x-l{i}: a" for i in range(n))))


@kind("--quiet", REPORTS[0])
def environment_of_one_service(n):
    compose("services:", service("web", "environment:", *(f"  - L{i}=/data/{i}" for i in range(n))))


@kind("--quiet", REPORTS[0])
def words_of_a_command(n):
    compose("services:", service("web", "command: [" + ", ".join(f"apk --w{i}" for i in range(n)) + "]"))


@kind("--quiet", "--with all --unsafe-fixes", REPORTS[0], REPORTS[1])
def binds_of_one_service(n):
    compose("services:", service("web", "volumes:", *(f"- ./a{i}:/etc/a{i}" for i in range(n))))


@kind("--quiet", REPORTS[1])
def volumes_of_one_service(n):
    compose("services:", service("web", "volumes:", *(f"- d{i}:/data/a{i}" for i in range(n))), "volumes:", *(f"  d{i}:" for i in range(n)))


@kind("--quiet", REPORTS[1])
def tmpfs_of_one_service(n):
    compose("services:", service("web", "mem_limit: 64m", "tmpfs:", *(f"- /run/a{i}:exec" for i in range(n))))


@kind("--quiet", REPORTS[1])
def long_tmpfs_mounts(n):
    compose("services:", service("web", "volumes:", *(f"- {{type: tmpfs, target: /etc/a{i}, tmpfs: {{mode: 755}}}}" for i in range(n))))


@kind("--quiet", REPORTS[0])
def mounts_with_variables(n):
    compose("services:", service("web", "volumes:", *(f"- ./a:/d${{V{i}:-{i}}}/x" for i in range(n))))


@kind("--quiet", REPORTS[0])
def security_options(n):
    compose("services:", service("web", "security_opt:", *(f"- label:a{i}" for i in range(n)), "cap_add:", *(f"- C{i}" for i in range(n))))


@kind("--quiet", REPORTS[0])
def configs_and_secrets(n):
    names = [f"c{i}" for i in range(n)]
    compose("services:", service("web", f"configs: [{', '.join(names)}]"), "configs:", *(f"  {c}: {{content: a}}" for c in names))


# ---- layers, documents, includes, extends


@kind("--quiet", start=20)
def layers(n):
    for i in range(n):
        compose("services:", service("web", "volumes: [./a%d:/a%d]" % (i, i)), name=f"{i}.yaml")
    return [word for i in range(n) for word in ("-f", f"{i}.yaml")]


@kind("--quiet", start=20)
def layers_that_reset(n):
    for i in range(n):
        compose("services:", service("web", f"volumes: !override [./a{i}:/a{i}]"), "volumes: !override", f"  v{i}:", name=f"{i}.yaml")
    return [word for i in range(n) for word in ("-f", f"{i}.yaml")]


@kind("--quiet", REPORTS[0])
def documents(n):
    compose(*(f"---\nservices:\n  web:\n    {IMAGE}\n    volumes: [./a{i}:/a{i}]" for i in range(n)))


@kind("--quiet", REPORTS[0])
def documents_of_own_services(n):
    compose(*(f"---\nservices:\n  s{i}:\n    {IMAGE}\nvolumes:\n  v{i}:" for i in range(n)))


@kind("--quiet", start=20)
def includes(n):
    compose("include:", *(f"  - {i}.yaml" for i in range(n)))
    for i in range(n):
        compose("services:", service(f"s{i}"), name=f"{i}.yaml")


@kind("--quiet", start=20)
def layers_that_include(n):
    for i in range(n):
        compose(f"include: [i{i}.yaml]", "services:", service(f"s{i}"), name=f"{i}.yaml")
        compose("services:", service(f"i{i}"), name=f"i{i}.yaml")
    return [word for i in range(n) for word in ("-f", f"{i}.yaml")]


@kind("--quiet", start=20)
def includes_with_variables(n):
    compose("include:", *(f"  - {i}.yaml" for i in range(n)))
    write(".env", "".join(f"V{i}=a{i}\n" for i in range(n)))
    for i in range(n):
        compose("services:", service(f"s{i}", f"user: ${{V{i}}}"), name=f"{i}.yaml")


@kind("--quiet", REPORTS[1])
def extends_of_one_base(n):
    compose("services:", service("base"), *(f"  s{i}:\n    extends: base" for i in range(n)))


@kind("--quiet", REPORTS[0])
def long_extends(n):
    chain = lambda i: "" if i % 30 == 0 else f"\n    extends: s{i - 1}"
    compose("services:", *(service(f"s{i}", f"volumes: [./a{i}:/a{i}]") + chain(i) for i in range(n)))


@kind("--quiet", start=20)
def extends_of_other_files(n):
    compose("services:", *(f"  s{i}:\n    extends: {{file: {i}.yaml, service: s}}" for i in range(n)))
    for i in range(n):
        compose("services:", service("s"), name=f"{i}.yaml")


@kind("--quiet --check", start=20)
def projects_of_a_tree(n):
    for i in range(n):
        os.mkdir(f"p{i}")
        compose("services:", service("s"), name=f"p{i}/compose.yaml")
    return ["-r"]


# ---- anchors


@kind("--quiet", REPORTS[1])
def anchors_used_by_merge_keys(n):
    compose(*(f"x-a{i}: &a{i}\n  {IMAGE}" for i in range(n)), "services:", *(f"  s{i}:\n    <<: *a{i}" for i in range(n)))


@kind("--quiet", REPORTS[1])
def anchors_of_tmpfs(n):
    compose(*(f"x-a{i}: &a{i} [/run]" for i in range(n)), "services:", *services(n, "tmpfs: *a#"))


@kind("--quiet", REPORTS[1])
def anchors_of_services(n):
    compose(*(f"x-a{i}: &a{i}\n  {IMAGE}" for i in range(n)), "services:", *(f"  s{i}: *a{i}" for i in range(n)))


@kind("--quiet", REPORTS[1])
def services_that_are_aliases(n):
    compose("services:", *(f"  s{i}: &a{i}\n    {IMAGE}\n  t{i}: *a{i}" for i in range(n)))


@kind("--quiet", REPORTS[1])
def services_that_merge_the_one_before(n):
    compose("services:", *(f"  s{i}: &a{i}\n    {IMAGE}\n  t{i}:\n    <<: *a{i}\n    command: run" for i in range(n)))


@kind("--quiet", REPORTS[1])
def one_anchor_used_by_all(n):
    compose(f"x-a: &a\n  {IMAGE}\n  tmpfs: &t [/run]", "services:", *(f"  s{i}:\n    <<: *a" for i in range(n)))


@kind("--quiet", REPORTS[1])
def one_list_used_by_all(n):
    compose("x-t: &t [/run]", "services:", *services(n, "tmpfs: *t"))


@kind("--quiet", REPORTS[1])
def one_list_of_a_service_used_by_all(n):
    compose("services:", service("first", "tmpfs: &t [/run]"), *services(n, "tmpfs: *t", "user: '#'"))


@kind("--quiet", REPORTS[1])
def one_service_merged_by_all(n):
    compose("services:", "  first: &f", f"    {IMAGE}", *(f"  s{i}:\n    <<: *f\n    user: '{i}'" for i in range(n)))


@kind("--quiet", REPORTS[1])
def one_service_that_merges_all(n):
    merged = ", ".join(f"*a{i}" for i in range(n))
    compose(*(f"x-a{i}: &a{i} {{x-k{i}: a}}" for i in range(n)), "services:", service("web", f"<<: [{merged}]"))


@kind("--quiet", REPORTS[1])
def anchors_of_values(n):
    compose("services:", *services(n, "labels: &l#", "  a: b", "environment: *l#"))


@kind("--quiet", REPORTS[1])
def anchors_of_volumes(n):
    compose(*(f"x-v{i}: &v{i} ./a:/a" for i in range(n)), "services:", service("web", "volumes:", *(f"- *v{i}" for i in range(1)), "x-all:", *(f"- *v{i}" for i in range(n))))


@kind("--quiet", REPORTS[1])
def networks_beside_anchors(n):
    compose("x-a: &a {}", "services:", *services(n, "x-b: *a"), "networks:", *(f"  n{i}: *a" for i in range(n)))


@kind("--quiet", REPORTS[1])
def top_level_blocks(n):
    compose("services:", *services(n, "tmpfs: &t# [/run]", "x-u: *t#"), *(f"x-b{i}: {{a: b}}" for i in range(n)))


# ---- the text itself


@kind("--quiet")
def comments(n):
    compose("services:", *(f"  # comment {i}" for i in range(n)), service("web"), *(f"    # comment {i}" for i in range(n)))


@kind("--quiet")
def comments_of_services(n):
    compose("services:", *services(n, "# comment", "user: '1' # comment", "# comment"))


@kind("--quiet", start=20)
def nested_lists(n):
    compose(*(f"x-{i}: {'[' * 100}{']' * 100}" for i in range(n)), "services:", service("web"))


@kind("--quiet", start=20)
def nested_blocks(n):
    nest = "\n".join(" " * (d + 1) + "- " * 1 + "- " * 0 + "a:" if False else " " * (d + 1) + "a:" for d in range(100))
    compose(*(f"x-{i}:\n{nest}" for i in range(n)), "services:", service("web"))


@kind("--quiet", "--explain-in-file")
def a_long_plain_scalar(n):
    compose("services:", service("web", "user: " + "word " * n))


@kind("--quiet", "--explain-in-file")
def a_long_quoted_scalar(n):
    compose("services:", service("web", 'x-a: "' + "\\t\\u00e4word " * n + '"', "x-b: '" + "it''s " * n + "'"))


@kind("--quiet")
def a_literal_scalar(n):
    compose("services:", service("web", "x-a: |", *("  line" for _ in range(n)), "x-b: >", *("  line" for _ in range(n))))


@kind("--quiet")
def a_scalar_of_many_lines(n):
    compose("services:", service("web", "x-a: line", *("  line" for _ in range(n)), "x-b: 'line", *("  line" for _ in range(n)), "  '"))


@kind("--quiet")
def tabs(n):
    compose("services:", service("web", *("x-a%d:\t[a,\tb]\t# c" % i for i in range(n)), "x-b: a", *("  b\tc" for _ in range(n))))


@kind("--quiet")
def empty_lines(n):
    compose("services:", service("web"), *("" for _ in range(n)), service("api"), *("  " for _ in range(n)))


@kind("--quiet", status=(2,))
def an_error_at_the_end(n):
    compose("services:", *services(n), "  - a: b: c")


@kind("--quiet", status=(2,))
def an_error_on_a_long_line(n):
    compose("services: {" + ", ".join(f"s{i}: {{{IMAGE}}}" for i in range(n)) + ", s0: {}}")


# ---- names


@kind("--quiet")
def names_of_volumes_that_are_taken(n):
    compose("services:", service("s"), "volumes:", "  s-data:", *(f"  s-data-{i}:" for i in range(2, n)))
    config(*(f"[[services.s.paths]]\ntarget = '/{i}/data'\nstorage = 'state'\nwhy = 'w'" for i in range(n)))


@kind("--quiet")
def volumes_named_for_the_engine(n):
    compose("services:", service("s"), "volumes:", *(f"  v{i}: {{name: {'a_' * 9}s-data-{i}}}" for i in range(n)))


@kind("--quiet")
def references_to_variables(n):
    compose("services:", *services(n, "user: ${V#:-1}", "volumes: ['${W:-./a}:/a']"))


@kind("--quiet")
def variables(n):
    write(".env", "".join(f"V{i}=a{i}\n" for i in range(n)))
    compose("services:", service("web", "user: $V1"))


@kind("--quiet")
def variables_that_use_each_other(n):
    write(".env", "V0=a\n" + "".join(f"V{i}=${{V{i - 1}}}\n" for i in range(1, n)))
    compose("services:", service("web", "user: $V1"))


@kind("--quiet")
def variables_of_one_value(n):
    write(".env", "A=\nB=" + "${A}" * n + "\nC=\"" + "${A}\\n" * n + "\"\n" + "# c\n" * n)
    compose("services:", service("web", "user: '" + "${A:-${A}}" * n + "'"))


# ---- what a repository says


@kind(*REPORTS)
def ignore_comments(n):
    compose("services:", *services(n, "# rofs-harden: ignore[engine-socket] why", "volumes: ['/var/run/docker.sock:/s']"))


@kind("--quiet", REPORTS[0])
def ignore_comments_in_a_row(n):
    compose("services:", *("  # rofs-harden: ignore[engine-socket] why" for _ in range(n)), service("web", "volumes: ['/var/run/docker.sock:/s']"))


@kind(REPORTS[0])
def ignore_comments_on_one_line(n):
    compose("services:", service("web", "user: '1' # rofs-harden: " + "# rofs-harden: ignore[engine-socket] why" * n))


@kind(REPORTS[0])
def ignore_comments_of_nothing(n):
    compose("services:", service("web", *(f"x-a{i}: a # rofs-harden: ignore[engine-socket] why" for i in range(n))))


@kind(REPORTS[0])
def ignore_comments_around_each_other(n):
    nest = lambda i: [" " * d + f"a: # rofs-harden: ignore[log-file] why" for d in range(6, 60)]
    compose("services:", *services(n, "volumes: ['/var/run/docker.sock:/s']", "x-a:", *nest(0)))


@kind("--quiet", REPORTS[0])
def paths_of_one_service(n):
    compose("services:", service("s"))
    config(*(f"[[services.s.paths]]\ntarget = '/{i}'\nstorage = 'scratch'\nwhy = 'w'" for i in range(n)))


@kind("--quiet", REPORTS[1])
def volumes_of_one_name(n):
    compose("services:", service("s"))
    config(*(f"[[services.s.paths]]\ntarget = '/{i}/data'\nstorage = 'state'\nwhy = 'w'" for i in range(n)))


@kind("--quiet", REPORTS[1])
def paths_of_many_services(n):
    compose("services:", *services(n))
    config(*(f"[[services.s{i}.paths]]\ntarget = '/a'\nstorage = 'scratch'\nwhy = 'w'" for i in range(n)))


@kind("--quiet", REPORTS[0])
def presets_of_many_services(n):
    compose("services:", *services(n))
    config(*(f"[services.s{i}]\npreset = 'node'" for i in range(n)))


@kind("--quiet", "--with all", *REPORTS[:2])
def excluded_rules(n):
    compose("services:", *services(n, "volumes: ['/var/run/docker.sock:/s']"))
    config(*(f"[[exclude]]\nrule = 'engine-socket'\nservice = 's{i}'\nreason = 'w'" for i in range(n)))


@kind("--quiet", REPORTS[0])
def excluded_services(n):
    compose("services:", *services(n))
    config(*(f"[[exclude]]\nservice = 's{i}'\nreason = 'w'" for i in range(n)))


@kind("--quiet")
def excluded_paths(n):
    compose("services:", *services(n))
    config(*(f"[[exclude]]\npath = 'p{i}'\nreason = 'w'" for i in range(n)))


@kind("--quiet", start=50)
def images_of_a_preset(n):
    compose("services:", *(f"  s{i}:\n    image: team/i{i}" for i in range(n)))
    write("own.toml", preset(f"images = [{', '.join(f'{chr(34)}team/i{i}{chr(34)}' for i in range(n))}]"))
    config("presets = ['./own.toml']")


@kind("--quiet", REPORTS[0], start=50)
def paths_of_a_preset(n):
    compose("services:", "  s:\n    image: team/i")
    write("own.toml", preset("images = ['team/i']", *(f"[[writable]]\nstorage = 'scratch'\ntarget = '/p{i}'\nwhy = 'w'\nsource = 's'\nconfidence = 'assumed'" for i in range(n))))
    config("presets = ['./own.toml']")


@kind("--quiet", start=20)
def preset_files(n):
    compose("services:", *(f"  s{i}:\n    image: team/i{i}" for i in range(n)))
    for i in range(n):
        write(f"own{i}.toml", preset(f"images = ['team/i{i}']"))
    config("presets = [" + ", ".join(f"'./own{i}.toml'" for i in range(n)) + "]")


def preset(images, *lines):
    return "\n".join(["summary = 'own'", "[match]", images, *lines]) + "\n"


@kind("--quiet", start=20)
def services_named_by_hand(n):
    compose("services:", *services(n))
    return [f"--service=s{i}" for i in range(n)]


@kind("--quiet", start=20)
def profiles(n):
    compose("services:", *services(n, "profiles: [p#]"))
    return [f"--profile=p{i}" for i in range(n)]


# ---- Dockerfiles

DOCKER = 1_000_000 // 2 - 2000


def build(*lines):
    compose("services:", "  s:\n    build: .")
    write("Dockerfile", "\n".join(lines) + "\n")


@kind("--quiet", REPORTS[1], most_bytes=DOCKER)
def stages_of_a_dockerfile(n):
    build("FROM node:22 AS s0", *(f"FROM s{i} AS s{i + 1}\nRUN mkdir /d{i}" for i in range(n)))


@kind("--quiet", REPORTS[1], most_bytes=DOCKER)
def stages_that_stand_alone(n):
    build(*(f"FROM node:22 AS s{i}" for i in range(n)))


@kind("--quiet", most_bytes=DOCKER)
def heredocs_of_a_dockerfile(n):
    build("FROM node:22", *(f"RUN <<E{i} <<F{i}\nmkdir /d{i}\nE{i}\nmkdir /e{i}\nF{i}" for i in range(n)))


@kind("--quiet", most_bytes=DOCKER)
def heredocs_of_one_line(n):
    build("FROM node:22", "RUN " + " ".join(f"<<E{i}" for i in range(n)), *(f"E{i}" for i in range(n)))


@kind("--quiet", most_bytes=DOCKER)
def arguments_of_a_dockerfile(n):
    build("ARG A0=node:22", *(f"ARG A{i}=$A{i - 1}" for i in range(1, n)), f"FROM $A{n - 1}")


@kind("--quiet", REPORTS[1], most_bytes=DOCKER)
def instructions_of_a_dockerfile(n):
    build("FROM node:22", *(f"ENV E{i}=/data/{i}\nCOPY a /c{i}\nVOLUME /v{i}\nRUN chown node /o{i}" for i in range(n)))


@kind("--quiet", most_bytes=DOCKER)
def continued_lines(n):
    build("FROM node:22", "RUN mkdir /a \\\n" + "".join(f"# c\n  /d{i} \\\n" for i in range(n)) + "  /z")


@kind("--quiet", most_bytes=DOCKER)
def one_long_instruction(n):
    build("FROM node:22", "RUN mkdir " + " ".join(f"/d{i}" for i in range(n)), "ENV " + " ".join(f"E{i}=a" for i in range(n)))


@kind("--quiet", start=20)
def many_dockerfiles(n):
    compose("services:", *(f"  s{i}:\n    build: p{i}" for i in range(n)))
    for i in range(n):
        os.mkdir(f"p{i}")
        write(f"p{i}/Dockerfile", "FROM node:22\n")


# ---- logs


@kind("diagnose log", "diagnose log --json")
def lines_of_a_log(n):
    compose("services:", service("s"))
    write("log", "".join(f"touch: cannot touch '/d{i}/f': Read-only file system\n" for i in range(n)))


@kind("diagnose log --json")
def services_of_a_log(n):
    compose("services:", *services(n))
    write("log", "".join(f"s{i}-1 | touch: cannot touch '/d/f': Read-only file system\n" for i in range(n)))


@kind("diagnose log --json")
def strangers_of_a_log(n):
    compose("services:", *services(n))
    write("log", "".join(f"other{i}-1 | touch: cannot touch '/d/f': Read-only file system\n" for i in range(n)))


@kind("diagnose log")
def one_long_line_of_a_log(n):
    compose("services:", service("s"))
    write("log", "a touch: cannot touch '/d/f': Read-only file system " * n)


@kind("diagnose log")
def quiet_lines_of_a_log(n):
    compose("services:", service("s"))
    write("log", "s-1 | all is well\n" * n)


@kind("diagnose log")
def structured_lines_of_a_log(n):
    compose("services:", service("s"))
    write("log", "".join(f'{{"msg": "{"word " * 50} mkdir /d{i % 900}: read-only file system", "l": [[{{"a": "b"}}]]}}\n' for i in range(n)))


# ---- measuring


def run(program, command):
    """Processor seconds and kilobytes at the peak of one run."""
    process = os.posix_spawn(
        program,
        [program, *command],
        {"PATH": os.environ["PATH"], "HOME": os.getcwd(), "GIT_CEILING_DIRECTORIES": "/"},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, "../said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        ],
    )
    _, status, usage = os.wait4(process, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)


class Input:
    """n of something, in a folder of its own."""

    def __init__(self, folder, write, command, n):
        self.folder = pathlib.Path(folder) / str(n)
        self.command, self.n = command, n
        self.folder.mkdir()
        os.chdir(self.folder)
        self.command = command + (write(n) or [])
        self.bytes = max(f.stat().st_size for f in self.folder.rglob("*") if f.is_file())

    def measure(self, program):
        os.chdir(self.folder)
        return run(program, self.command)


def grow(program, write, command, most_bytes, n, seconds, statuses):
    """Doubles until a run takes long enough, and gives the last two sizes with the time of each."""
    with tempfile.TemporaryDirectory() as folder:
        last, last_time = None, 0.0
        while True:
            this = Input(folder, write, command, n)
            time, memory, status = this.measure(program)
            if status not in statuses:
                said = (pathlib.Path(folder) / "said").read_text()[:400]
                raise SystemExit(f"{write.__name__} with {n}: exit status {status} of {' '.join(command)}: {said}")
            if last and (time >= seconds or this.bytes > most_bytes or len(this.command) > 40_000):
                break
            last, last_time, n = this, time, n * 2
        # Noise only adds: the least of several runs counts, and a bad ratio gets more of them.
        for _ in range(3):
            last_time = min([last_time] + [last.measure(program)[0] for _ in range(3)])
            time = min([time] + [this.measure(program)[0] for _ in range(2)])
            if time / last_time <= MOST:
                break
        os.chdir("/")
        return last.n, last_time, time, memory


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seconds", type=float, default=0.1)
    asked = parser.parse_args()
    program = os.path.realpath(asked.program)
    failed = []
    for name, write, command, most_bytes, start, statuses in KINDS:
        if asked.names and not any(re.search(n, name) for n in asked.names):
            continue
        try:
            n, before, after, memory = grow(program, write, command, most_bytes, start, asked.seconds, statuses)
        except SystemExit as e:
            print(f"!!!!  {e}", flush=True)
            failed.append(name)
            continue
        ratio = after / before
        print(f"{ratio:5.2f}  {before * 1000:7.1f} ms at {n:7} and {after * 1000:7.1f} at {2 * n:7}, {memory // 1024:5} MB  {name}", flush=True)
        if ratio > MOST:
            failed.append(name)
    if failed:
        sys.exit(f"more than linear: {'; '.join(failed)}")


main()
