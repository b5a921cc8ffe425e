//! Projects of a stranger. `canary-7f3a9c` is what must not be shown.

/// A project, in words: what is in it, where links lead, and which names are pipes.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) files: &'static [(&'static str, &'static str)],
    pub(super) links: &'static [(&'static str, &'static str)],
    pub(super) pipes: &'static [&'static str],
}

const SUB: &str =
    "services:\n  sub:\n    image: node:22\n    volumes:\n      - type: bind\n        source: \"/${CANARY-none}\"\n        target: /x\n";

pub(super) const WEB: &str = "services:\n  web:\n    image: node:22\n";

/// Files that Compose would read outside of the project, or that are none.
pub(super) const OUTSIDE: [Case; 17] = [
    Case {
        name: "an include's variables are those of this process",
        files: &[("compose.yaml", "include: [{path: sub.yaml, env_file: /proc/self/environ}]\n"), ("sub.yaml", SUB)],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a link to the process's variables",
        files: &[("compose.yaml", SUB)],
        links: &[(".env", "/proc/self/environ")],
        pipes: &[],
    },
    Case { name: "a link to others' variables", files: &[("compose.yaml", SUB)], links: &[(".env", "../secret.env")], pipes: &[] },
    Case {
        name: "an include's variables are others'",
        files: &[("compose.yaml", "include: [{path: sub.yaml, env_file: ../secret.env}]\n"), ("sub.yaml", SUB)],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "an include's variables are a link",
        files: &[("compose.yaml", "include: [{path: d/sub.yaml}]\n"), ("d/sub.yaml", SUB)],
        links: &[("d/.env", "../../secret.env")],
        pipes: &[],
    },
    Case { name: "an include outside", files: &[("compose.yaml", "include: [../secret.txt]\nservices: {}\n")], links: &[], pipes: &[] },
    Case { name: "an include of a project outside", files: &[("compose.yaml", "include: [../secret.yaml]\n")], links: &[], pipes: &[] },
    Case {
        name: "an include behind a link",
        files: &[("compose.yaml", "include: [a.yaml]\nservices: {}\n")],
        links: &[("a.yaml", "../secret.txt")],
        pipes: &[],
    },
    Case {
        name: "an include behind a linked folder",
        files: &[("compose.yaml", "include: [up/secret.yaml]\nservices: {}\n")],
        links: &[("up", "..")],
        pipes: &[],
    },
    Case {
        name: "an include with a folder outside",
        files: &[("compose.yaml", "include: [{path: sub.yaml, project_directory: ..}]\n"), ("sub.yaml", SUB)],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a base outside",
        files: &[("compose.yaml", "services:\n  web:\n    extends: {file: ../secret.txt, service: web}\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a base of a project outside",
        files: &[("compose.yaml", "services:\n  web:\n    extends: {file: ../secret.yaml, service: web}\n")],
        links: &[],
        pipes: &[],
    },
    Case { name: "a linked override", files: &[("compose.yaml", WEB)], links: &[("compose.override.yaml", "../secret.txt")], pipes: &[] },
    Case {
        name: "a layer that .env lists",
        files: &[("compose.yaml", WEB), (".env", "COMPOSE_FILE=compose.yaml:../secret.txt\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "first layer that .env lists",
        files: &[("compose.yaml", WEB), (".env", "COMPOSE_FILE=../secret.yaml:compose.yaml\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a Dockerfile outside",
        files: &[("compose.yaml", "services:\n  web:\n    build: {context: .., dockerfile: Dockerfile}\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a linked Dockerfile",
        files: &[("compose.yaml", "services:\n  web:\n    build: .\n")],
        links: &[("Dockerfile", "../Dockerfile")],
        pipes: &[],
    },
];

/// Files of the project that are no Compose files, and values of its variables.
pub(super) const INSIDE: [Case; 30] = [
    Case {
        name: "an include of variables",
        files: &[("compose.yaml", "include: [.env]\n"), (".env", "A=canary-7f3a9c\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a base that is a key",
        files: &[
            ("compose.yaml", "services:\n  web:\n    extends: {file: id_rsa, service: web}\n"),
            ("id_rsa", "-----BEGIN\ncanary-7f3a9c: [\n"),
        ],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "an include of credentials",
        files: &[
            ("compose.yaml", "include: [creds.json]\n"),
            ("creds.json", "{\"private_key\": \"canary-7f3a9c\", \"canary-7f3a9c\": 1}\n"),
        ],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "an include of a list",
        files: &[("compose.yaml", "include: [list.yaml]\n"), ("list.yaml", "- canary-7f3a9c\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "an include that is no text",
        files: &[("compose.yaml", "include: [a.yaml]\n"), ("a.yaml", "canary-7f3a9c: {{{\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "duplicate keys",
        files: &[("compose.yaml", "include: [a.yaml]\n"), ("a.yaml", "canary-7f3a9c: 1\ncanary-7f3a9c: 2\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "an override that is a link to a key",
        files: &[("compose.yaml", WEB), ("id_rsa", "canary-7f3a9c: [\n")],
        links: &[("compose.override.yaml", "id_rsa")],
        pipes: &[],
    },
    Case {
        name: "a main file that is a link to a key",
        files: &[("id_rsa", "services: {web: {image: x}}\ncanary-7f3a9c: 1\n")],
        links: &[("compose.yaml", "id_rsa")],
        pipes: &[],
    },
    Case { name: "a main file that is a link outside", files: &[], links: &[("compose.yaml", "../secret.yaml")], pipes: &[] },
    Case { name: "broken variables", files: &[("compose.yaml", WEB), (".env", "A=\"canary-7f3a9c\n")], links: &[], pipes: &[] },
    Case { name: "broken names", files: &[("compose.yaml", WEB), (".env", "canary-7f3a9c x=1\n")], links: &[], pipes: &[] },
    Case {
        name: "broken variables of an include",
        files: &[("compose.yaml", "include: [d/a.yaml]\n"), ("d/a.yaml", WEB), ("d/.env", "canary-7f3a9c!\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a layer that is not there",
        files: &[("compose.yaml", WEB), (".env", "COMPOSE_FILE=canary-7f3a9c\n")],
        links: &[],
        pipes: &[],
    },
    Case { name: "an empty part", files: &[("compose.yaml", WEB), (".env", "COMPOSE_FILE=canary-7f3a9c:\n")], links: &[], pipes: &[] },
    Case {
        name: "a Dockerfile that is none",
        files: &[("compose.yaml", "services:\n  web:\n    build: {context: ., dockerfile: .env}\n"), (".env", "A=canary-7f3a9c\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "values in mounts",
        files: &[
            (
                "compose.yaml",
                "services:\n  web:\n    image: node:22\n    tmpfs: ['/t/${A}:exec', '/app']\n    volumes:\n      - ${A}:/data/${A}\n      - /etc/${A}:/etc/${A}\n      - \
                 ./${A}:/var/log/${A}\n      - /root/.cache/${A}\n      - ./keys:/secrets/${A}\n      - type: bind\n        source: /run/${A}\n        target: /srv/${A}\n      - \
                 type: tmpfs\n        target: /etc/${A}\n        tmpfs: {mode: 777}\n    mem_limit: 1g\n",
            ),
            (".env", "A=canary-7f3a9c\n"),
        ],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "values of a service's variables",
        files: &[
            (
                "compose.yaml",
                "services:\n  db:\n    image: postgres:16\n    env_file: a.env\n  raw:\n    image: postgres:16\n    env_file: [{path: a.env, format: raw}]\n  \
                 own:\n    image: qdrant/qdrant\n    env_file: ['${F}', a.env]\n  kafka:\n    image: apache/kafka\n    env_file: a.env\n",
            ),
            ("a.env", "PGDATA=/canary-7f3a9c\nQDRANT__STORAGE__STORAGE_PATH=~/canary-7f3a9c\nKAFKA_LOG_DIRS=canary-7f3a9c\n"),
            (".env", "F=canary-7f3a9c.env\n"),
        ],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a service's variables that are a key",
        files: &[
            (
                "compose.yaml",
                "services:\n  db:\n    image: postgres:16\n    env_file: a.env\n  raw:\n    image: postgres:16\n    env_file: [{path: a.env, format: raw}]\n",
            ),
            ("a.env", "canary-7f3a9c canary-7f3a9c=1\n"),
        ],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a service's variables outside",
        files: &[(
            "compose.yaml",
            "services:\n  db:\n    image: postgres:16\n    env_file: [../secret.env, a.env, up/.env, /proc/self/environ]\n",
        )],
        links: &[("a.env", "../secret.env"), ("up", "..")],
        pipes: &[],
    },
    Case {
        name: "a service's variables that are a pipe",
        files: &[("compose.yaml", "services: {db: {image: postgres, env_file: a.env}}\n")],
        links: &[],
        pipes: &["a.env"],
    },
    Case {
        name: "values in images and users",
        files: &[
            (
                "compose.yaml",
                "services:\n  web:\n    image: '${A}/x:${A}'\n  node:\n    image: 'node:22-${A}'\n    user: '${A}'\n    cap_add: ['${A}']\n    cap_drop: ['${A}']\n    \
                 security_opt: ['${A}']\n    read_only: '${A}'\n    environment: {PGDATA: '/${A}', HOME: '/tmp/${A}'}\n    command: [sh, '/${A}']\n    container_name: '${A}'\n",
            ),
            (".env", "A=canary-7f3a9c\n"),
        ],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "values in builds",
        files: &[
            (
                "compose.yaml",
                "services:\n  a:\n    build: {context: ., args: {BASE: '${A}'}}\n  b:\n    build: {context: ., target: '${A}'}\n  c:\n    build: {context: ., dockerfile: \
                 '${A}'}\n  d:\n    build: {dockerfile_inline: 'FROM ${A}', context: .}\n",
            ),
            (".env", "A=canary-7f3a9c\n"),
            ("Dockerfile", "ARG BASE=node\nFROM ${BASE}\n"),
        ],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a value that is no mount",
        files: &[("compose.yaml", "services:\n  web: {image: node, volumes: ['${A}']}\n"), (".env", "A=/canary-7f3a9c::x\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "two mounts at a value",
        files: &[
            ("compose.yaml", "services:\n  web: {image: node, tmpfs: ['/${A}'], volumes: ['a:/${A}', '/${A}']}\n"),
            (".env", "A=canary-7f3a9c\n"),
        ],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a base that a value names",
        files: &[("compose.yaml", "services:\n  web: {image: node, extends: '${A}'}\n"), (".env", "A=canary-7f3a9c\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a cycle of values",
        files: &[
            ("compose.yaml", "services:\n  canary: {image: node, extends: 'web'}\n  web: {extends: '${A}'}\n"),
            (".env", "A=canary\nB=-7f3a9c\n"),
        ],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "files that values name",
        files: &[("compose.yaml", "include: ['${A}/a.yaml']\nservices: {web: {image: node}}\n"), (".env", "A=canary-7f3a9c\n")],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "files outside that values name",
        files: &[
            (
                "compose.yaml",
                "include: ['../${A}/a.yaml', 'https://${A}/a.git']\nservices:\n  web: {image: node, extends: {file: '../${A}', service: x}}\n",
            ),
            (".env", "A=canary-7f3a9c\n"),
        ],
        links: &[],
        pipes: &[],
    },
    Case {
        name: "a configuration that is a link",
        files: &[("compose.yaml", WEB), (".env", "canary-7f3a9c=1\n")],
        links: &[("rofs-harden.toml", ".env")],
        pipes: &[],
    },
    Case {
        name: "a preset that is none",
        files: &[("compose.yaml", WEB), ("rofs-harden.toml", "presets = [\"./secrets.toml\"]\n"), ("secrets.toml", "canary-7f3a9c = 1\n")],
        links: &[],
        pipes: &[],
    },
];

/// Pipes, at which a reader would wait for ever.
pub(super) const PIPES: [Case; 6] = [
    Case { name: "main file", files: &[], links: &[], pipes: &["compose.yaml"] },
    Case { name: "override", files: &[("compose.yaml", WEB)], links: &[], pipes: &["compose.override.yaml"] },
    Case { name: "variables", files: &[("compose.yaml", WEB)], links: &[], pipes: &[".env"] },
    Case { name: "include", files: &[("compose.yaml", "include: [a.yaml]\n")], links: &[], pipes: &["a.yaml"] },
    Case { name: "Dockerfile", files: &[("compose.yaml", "services: {web: {build: .}}\n")], links: &[], pipes: &["Dockerfile"] },
    Case { name: "configuration", files: &[("compose.yaml", WEB)], links: &[], pipes: &["rofs-harden.toml"] },
];
