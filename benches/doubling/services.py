"""Many services, and services with much in them."""

import pathlib

from inputs import (
    GITHUB,
    IMAGE,
    JSON,
    PLAIN,
    REPORTS,
    SARIF,
    TEXT,
    compose,
    kind,
    service,
    services,
    write,
)

HARD = ["read_only: true", "tmpfs: [/tmp]", "volumes: ['d@:/data']"]


@kind(
    "--quiet",
    "--check",
    "--with all --unsafe-fixes --explain-in-file",
    "--override compose.override.yaml",
    *PLAIN,
)
def many_services(n):
    compose("services:", *services(n))


@kind(JSON, SARIF, start=8000)
def many_services_with_edits(n):
    compose("services:", *services(n))


@kind("--override compose.override.yaml")
def services_beside_an_override(n):
    compose("services:", *services(n))
    compose(
        "services:",
        *(f"  s{i}: {{user: '1'}}" for i in range(0, n, 2)),
        name="compose.override.yaml",
    )


@kind("--check", *REPORTS)
def hardened_services(n):
    compose("services:", *services(n, *HARD), "volumes:", *(f"  d{i}:" for i in range(n)))


@kind("--quiet", *PLAIN)
def services_on_one_line(n):
    compose("services: {" + ", ".join(f"s{i}: {{{IMAGE}}}" for i in range(n)) + "}")


@kind("--quiet", GITHUB)
def json_on_one_line(n):
    compose(
        '{"services": {'
        + ", ".join(f'"s{i}": {{"image": "node:22", "volumes": ["./a:/a"]}}' for i in range(n))
        + "}}"
    )


@kind(*REPORTS)
def findings_of_many_services(n):
    compose(
        "services:",
        *services(
            n,
            "privileged: true",
            "volumes: ['/var/run/docker.sock:/var/run/docker.sock', '/etc:/host']",
        ),
    )


@kind("--quiet", *REPORTS)
def refused_services(n):
    compose("services:", *services(n, "command: npm install"))


@kind("--quiet", GITHUB)
def services_that_nothing_knows(n):
    compose(
        "services:",
        *(f"  s{i}:\n    image: example.com/team/{i}/{'name' * 20}:1" for i in range(n)),
    )


@kind("--quiet")
def services_with_carriage_returns(n):
    pathlib.Path("compose.yaml").write_bytes(
        "\r\n".join(["services:", *services(n)])
        .replace("\r\n", "\n")
        .replace("\n", "\r\n")
        .encode()
    )


@kind("--quiet", TEXT)
def keys_of_one_service(n):
    compose("services:", service("web", "labels:", *(f"  l{i}: a" for i in range(n))))


@kind("--quiet", TEXT)
def unknown_keys_of_one_service(n):
    compose("services:", service("web", *(f"x-l{i}: a" for i in range(n))))


@kind("--quiet", TEXT)
def environment_of_one_service(n):
    compose("services:", service("web", "environment:", *(f"  - L{i}=/data/{i}" for i in range(n))))


@kind("--quiet", TEXT)
def words_of_a_command(n):
    compose(
        "services:", service("web", "command: [" + ", ".join(f"apk --w{i}" for i in range(n)) + "]")
    )


@kind("--quiet", "--with all --unsafe-fixes", TEXT, GITHUB)
def binds_of_one_service(n):
    compose("services:", service("web", "volumes:", *(f"- ./a{i}:/etc/a{i}" for i in range(n))))


@kind("--quiet", start=800)
def files_that_include_others(n):
    write("a.conf", "".join(f"include /etc/redis/a{i}.conf\ninclude /x/{i}\n" for i in range(50)))
    compose(
        "services:",
        "  s:",
        "    image: redis:7",
        "    command: redis-server /etc/redis/a0.conf",
        "    volumes:",
        *(f"    - ./a.conf:/etc/redis/a{i}.conf" for i in range(n)),
    )


@kind("--quiet", GITHUB)
def volumes_of_one_service(n):
    compose(
        "services:",
        service("web", "volumes:", *(f"- d{i}:/data/a{i}" for i in range(n))),
        "volumes:",
        *(f"  d{i}:" for i in range(n)),
    )


@kind("--quiet", GITHUB)
def tmpfs_of_one_service(n):
    compose(
        "services:",
        service("web", "mem_limit: 64m", "tmpfs:", *(f"- /run/a{i}:exec" for i in range(n))),
    )


@kind("--quiet", GITHUB)
def long_tmpfs_mounts(n):
    compose(
        "services:",
        service(
            "web",
            "volumes:",
            *(f"- {{type: tmpfs, target: /etc/a{i}, tmpfs: {{mode: 755}}}}" for i in range(n)),
        ),
    )


@kind("--quiet", TEXT)
def mounts_with_variables(n):
    compose(
        "services:", service("web", "volumes:", *(f"- ./a:/d${{V{i}:-{i}}}/x" for i in range(n)))
    )


@kind("--quiet", TEXT)
def security_options(n):
    compose(
        "services:",
        service(
            "web",
            "security_opt:",
            *(f"- label:a{i}" for i in range(n)),
            "cap_add:",
            *(f"- C{i}" for i in range(n)),
        ),
    )


@kind("--quiet", TEXT)
def configs_and_secrets(n):
    names = [f"c{i}" for i in range(n)]
    compose(
        "services:",
        service("web", f"configs: [{', '.join(names)}]"),
        "configs:",
        *(f"  {c}: {{content: a}}" for c in names),
    )


@kind("--quiet", TEXT)
def files_that_a_script_writes(n):
    words = " ".join(f"/x{i}/y" for i in range(n))
    compose("services:", service("s", f"command: [sh, -c, 'touch {words}']"))


@kind("--quiet", TEXT)
def outputs_of_a_script(n):
    words = "; ".join(f"a > /x{i}/y" for i in range(n))
    compose("services:", service("s", f"command: [sh, -c, '{words}']"))


@kind("--quiet", TEXT)
def folders_that_a_command_names(n):
    words = " ".join(f"/d{i}{{1...64}}" for i in range(n))
    compose("services:", "  s:", "    image: minio/minio", f"    command: server {words}")


@kind("--quiet", TEXT)
def services_that_lend_their_volumes(n):
    names = ", ".join(f"s{i}" for i in range(n))
    compose(
        "services:",
        *services(n, "volumes: ['d@:/x@']"),
        service("all", f"volumes_from: [{names}]"),
        "volumes:",
        *(f"  d{i}:" for i in range(n)),
    )


@kind("--quiet", TEXT)
def volumes_from_in_a_row(n):
    rest = (service(f"s{i}", f"volumes_from: [s{i - 1}]") for i in range(1, n))
    compose("services:", service("s0", "volumes: ['d:/x']"), *rest, "volumes:", "  d:")
