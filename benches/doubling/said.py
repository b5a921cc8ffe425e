"""What else is read: comments of ours, the configuration, presets, Dockerfiles, logs."""

import os

from inputs import GITHUB, HTML, REPORTS, TEXT, compose, config, kind, service, services, write


@kind(*REPORTS)
def ignore_comments(n):
    compose(
        "services:",
        *services(
            n, "# rofs-harden: ignore[engine-socket] why", "volumes: ['/var/run/docker.sock:/s']"
        ),
    )


@kind("--quiet", TEXT)
def ignore_comments_in_a_row(n):
    compose(
        "services:",
        *("  # rofs-harden: ignore[engine-socket] why" for _ in range(n)),
        service("web", "volumes: ['/var/run/docker.sock:/s']"),
    )


@kind(TEXT)
def ignore_comments_on_one_line(n):
    compose(
        "services:",
        service(
            "web", "user: '1' # rofs-harden: " + "# rofs-harden: ignore[engine-socket] why" * n
        ),
    )


@kind(TEXT, HTML)
def ignore_comments_of_one_service(n):
    comments = ("  # rofs-harden: ignore[engine-socket] why" for _ in range(n))
    socket = (f"- /run/docker.sock:/s{i}" for i in range(n))
    compose("services:", *comments, service("web", "volumes:", *socket))


@kind(TEXT)
def ignore_comments_of_nothing(n):
    compose(
        "services:",
        service("web", *(f"x-a{i}: a # rofs-harden: ignore[engine-socket] why" for i in range(n))),
    )


@kind(TEXT)
def ignore_comments_around_each_other(n):
    nest = [" " * depth + "a: # rofs-harden: ignore[log-file] why" for depth in range(6, 60)]
    compose("services:", *services(n, "volumes: ['/var/run/docker.sock:/s']", "x-a:", *nest))


@kind("--quiet", TEXT)
def paths_and_mounts_of_one_service(n):
    compose(
        "services:",
        service(
            "s",
            "volumes:",
            *(f"- ./a{i}:/m{i}" for i in range(n)),
            "tmpfs:",
            *(f"- /t{i}:exec" for i in range(n)),
        ),
    )
    config(
        *(
            f"[[services.s.paths]]\ntarget = '/{i}/a'\nstorage = 'scratch'\nwhy = 'w'"
            for i in range(n)
        )
    )


@kind("--quiet", TEXT)
def paths_of_one_service(n):
    compose("services:", service("s"))
    config(
        *(
            f"[[services.s.paths]]\ntarget = '/{i}'\nstorage = 'scratch'\nwhy = 'w'"
            for i in range(n)
        )
    )


@kind("--quiet", GITHUB)
def volumes_of_one_name(n):
    compose("services:", service("s"))
    config(
        *(
            f"[[services.s.paths]]\ntarget = '/{i}/data'\nstorage = 'state'\nwhy = 'w'"
            for i in range(n)
        )
    )


@kind("--quiet", GITHUB)
def paths_of_many_services(n):
    compose("services:", *services(n))
    config(
        *(
            f"[[services.s{i}.paths]]\ntarget = '/a'\nstorage = 'scratch'\nwhy = 'w'"
            for i in range(n)
        )
    )


@kind("--quiet", TEXT)
def presets_of_many_services(n):
    compose("services:", *services(n))
    config(*(f"[services.s{i}]\npreset = 'node'" for i in range(n)))


@kind("--quiet", "--with all", TEXT, GITHUB)
def excluded_rules(n):
    compose("services:", *services(n, "volumes: ['/var/run/docker.sock:/s']"))
    config(
        *(f"[[exclude]]\nrule = 'engine-socket'\nservice = 's{i}'\nreason = 'w'" for i in range(n))
    )


@kind("--quiet", TEXT)
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
    write(
        "own.toml",
        preset(f"images = [{', '.join(f'{chr(34)}team/i{i}{chr(34)}' for i in range(n))}]"),
    )
    config("presets = ['./own.toml']")


@kind("--quiet", TEXT, start=50)
def paths_of_a_preset(n):
    compose("services:", "  s:\n    image: team/i")
    write(
        "own.toml",
        preset(
            "images = ['team/i']",
            *(
                f"[[writable]]\nstorage = 'scratch'\ntarget = '/p{i}'\nwhy = 'w'\n"
                "source = 's'\nconfidence = 'assumed'"
                for i in range(n)
            ),
        ),
    )
    config("presets = ['./own.toml']")


@kind("--quiet", start=20)
def preset_files(n):
    compose("services:", *(f"  s{i}:\n    image: team/i{i}" for i in range(n)))
    for i in range(n):
        write(f"own{i}.toml", preset(f"images = ['team/i{i}']"))
    config("presets = [" + ", ".join(f"'./own{i}.toml'" for i in range(n)) + "]")


def preset(images, *lines):
    return (
        "\n".join(
            ["summary = 'own'", "run_user = {text = 'root', uid = 0}", "[match]", images, *lines]
        )
        + "\n"
    )


@kind("--quiet", start=20)
def services_named_by_hand(n):
    compose("services:", *services(n))
    return [f"--service=s{i}" for i in range(n)]


@kind("--quiet", start=20)
def profiles(n):
    compose("services:", *services(n, "profiles: [p@]"))
    return [f"--profile=p{i}" for i in range(n)]


DOCKER = 1_000_000 // 2 - 2000


def build(*lines):
    compose("services:", "  s:\n    build: .")
    write("Dockerfile", "\n".join(lines) + "\n")


@kind("--quiet", GITHUB, most_bytes=DOCKER)
def stages_of_a_dockerfile(n):
    build("FROM node:22 AS s0", *(f"FROM s{i} AS s{i + 1}\nRUN mkdir /d{i}" for i in range(n)))


@kind("--quiet", GITHUB, most_bytes=DOCKER)
def stages_that_stand_alone(n):
    build(*(f"FROM node:22 AS s{i}" for i in range(n)))


@kind("--quiet", most_bytes=DOCKER)
def heredocs_of_a_dockerfile(n):
    build(
        "FROM node:22",
        *(f"RUN <<E{i} <<F{i}\nmkdir /d{i}\nE{i}\nmkdir /e{i}\nF{i}" for i in range(n)),
    )


@kind("--quiet", most_bytes=DOCKER)
def heredocs_of_one_line(n):
    build(
        "FROM node:22", "RUN " + " ".join(f"<<E{i}" for i in range(n)), *(f"E{i}" for i in range(n))
    )


@kind("--quiet", most_bytes=DOCKER)
def arguments_of_a_dockerfile(n):
    build("ARG A0=node:22", *(f"ARG A{i}=$A{i - 1}" for i in range(1, n)), f"FROM $A{n - 1}")


@kind("--quiet", GITHUB, most_bytes=DOCKER)
def instructions_of_a_dockerfile(n):
    build(
        "FROM node:22",
        *(
            f"ENV E{i}=/data/{i}\nCOPY a /c{i}\nVOLUME /v{i}\nRUN chown node /o{i}"
            for i in range(n)
        ),
    )


@kind("--quiet", most_bytes=DOCKER)
def continued_lines(n):
    build(
        "FROM node:22",
        "RUN mkdir /a \\\n" + "".join(f"# c\n  /d{i} \\\n" for i in range(n)) + "  /z",
    )


@kind("--quiet", most_bytes=DOCKER)
def one_long_instruction(n):
    build(
        "FROM node:22",
        "RUN mkdir " + " ".join(f"/d{i}" for i in range(n)),
        "ENV " + " ".join(f"E{i}=a" for i in range(n)),
    )


@kind("--quiet", start=20)
def many_dockerfiles(n):
    compose("services:", *(f"  s{i}:\n    build: p{i}" for i in range(n)))
    for i in range(n):
        os.mkdir(f"p{i}")
        write(f"p{i}/Dockerfile", "FROM node:22\n")


@kind("diagnose log", "diagnose log --json")
def lines_of_a_log(n):
    compose("services:", service("s"))
    write(
        "log", "".join(f"touch: cannot touch '/d{i}/f': Read-only file system\n" for i in range(n))
    )


@kind("diagnose log --json")
def services_of_a_log(n):
    compose("services:", *services(n))
    write(
        "log",
        "".join(f"s{i}-1 | touch: cannot touch '/d/f': Read-only file system\n" for i in range(n)),
    )


@kind("diagnose log --json")
def strangers_of_a_log(n):
    compose("services:", *services(n))
    write(
        "log",
        "".join(
            f"other{i}-1 | touch: cannot touch '/d/f': Read-only file system\n" for i in range(n)
        ),
    )


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
    write(
        "log",
        "".join(
            f'{{"msg": "{"word " * 50} mkdir /d{i % 900}: read-only file system", '
            '"l": [[{"a": "b"}]]}\n'
            for i in range(n)
        ),
    )
