//! Lines that Compose refuses, and their neighbours that it takes: said, or not, with Compose as the witness.

use crate::oracle::Compose;
use crate::support::Folder;

/// Each is a mistake of one line, with what is said of it.
const WRONG: &[(&str, &str)] = &[
    ("environment: [{PGDATA: /d}]", "an item of `environment` must be text, and is a mapping"),
    ("environment: foo", "`environment` must be a list or a mapping, and is text"),
    ("environment: {A: [b]}", "`environment.A` must be"),
    ("environment:", "`environment` must be a list or a mapping, and is empty"),
    ("user: 1000", "`user` must be text, and is a number"),
    ("hostname: true", "`hostname` must be text, and is a boolean"),
    ("image: {$TAG: }", "`image` must be text, and is a mapping"),
    ("command: {a: b}", "`command` must be"),
    ("command: [1, 2]", "an item of `command` must be text, and is a number"),
    ("entrypoint: 7", "`entrypoint` must be"),
    ("cap_drop: ALL", "`cap_drop` must be a list, and is text"),
    ("cap_add: {NET_ADMIN: true}", "`cap_add` must be a list, and is a mapping"),
    ("security_opt: no-new-privileges:true", "`security_opt` must be a list"),
    ("security_opt: [a, a]", "`security_opt` stands there twice"),
    ("group_add: ['5', '5']", "`group_add` stands there twice"),
    ("privileged: maybe", "`privileged` must be true or false"),
    ("init: 1", "`init` must be true or false, and is a number"),
    ("tty: [true]", "`tty` must be true or false, and is a list"),
    ("scale: many", "`scale` must be a number, and is text"),
    ("deploy: {replicas: many}", "`deploy.replicas` must be a number, and is text"),
    ("deploy: {replica: 2}", "did you mean `replicas`?"),
    ("deploy: {resources: {limits: {memmory: 1g}}}", "did you mean `memory`?"),
    ("deploy: {resources: {limits: {memory: 7}}}", "`deploy.resources.limits.memory` must be text"),
    ("deploy: {update_config: {order: start_first}}", "did you mean `start-first`?"),
    ("restart: false", "`restart` must be text, and is a boolean"),
    ("restart:", "`restart` must be text, and is empty"),
    ("healthcheck: curl localhost", "`healthcheck` must be a mapping, and is text"),
    ("healthcheck: {test: {a: b}}", "`healthcheck.test` must be"),
    ("healthcheck: {intervall: 1s}", "Compose knows no key `intervall` of `healthcheck`"),
    ("build: [.]", "`build` must be"),
    ("build: {contxt: .}", "did you mean `context`?"),
    ("build: {args: 5}", "`build.args` must be"),
    ("ports: '80:80'", "`ports` must be a list, and is text"),
    ("ports: {a: 80}", "`ports` must be a list, and is a mapping"),
    ("ports: [{targt: 80}]", "did you mean `target`?"),
    ("expose: 80", "`expose` must be a list, and is a number"),
    ("volumes: [{type: volume, target: /d, content: x}]", "Compose knows no key `content` of `volumes`"),
    ("volumes: [{type: volumes, target: /d}]", "must be one of bind, volume, tmpfs"),
    ("volumes: ['nope:/x']", "no volume `nope` is defined"),
    ("volumes: ['dta:/x']", "did you mean `data`?"),
    ("volumes: [{type: volume, source: nope, target: /x}]", "no volume `nope` is defined"),
    ("networks: [nope]", "no network `nope` is defined"),
    ("networks: {nope: {}}", "no network `nope` is defined"),
    ("networks: {net: {alias: [a]}}", "did you mean `aliases`?"),
    ("networks: [net, net]", "`networks` stands there twice"),
    ("secrets: [nope]", "no secret `nope` is defined"),
    ("configs: [{source: nope, target: /x}]", "no config `nope` is defined"),
    ("depends_on: [nope]", "no service `nope` is defined"),
    ("depends_on: [othr]", "did you mean `other`?"),
    ("depends_on: {nope: {condition: service_started, required: false}}", "no service `nope` is defined"),
    ("depends_on: other", "`depends_on` must be a list or a mapping, and is text"),
    ("depends_on: {other: {}}", "`depends_on.other` has no `condition`"),
    ("depends_on: {other: {condition: healthy}}", "`depends_on.other.condition` has a word"),
    ("depends_on: {other: {condition: service_helthy}}", "did you mean `service_healthy`?"),
    ("links: ['nope:db']", "no service `nope` is defined"),
    ("volumes_from: ['nope:ro']", "no service `nope` is defined"),
    ("network_mode: host\n    networks: [net]", "it has both `network_mode` and `networks`"),
    ("logging: json-file", "`logging` must be a mapping, and is text"),
    ("logging: {option: {max-size: 1m}}", "did you mean `options`?"),
    ("ulimits: [nofile]", "`ulimits` must be a mapping, and is a list"),
    ("ulimits: {nofile: {soft: 1}}", "`ulimits.nofile` has no `hard`"),
    ("labels: 5", "`labels` must be"),
    ("sysctls: [{net.core.somaxconn: 1}]", "an item of `sysctls` must be text"),
    ("extra_hosts: host:1.2.3.4", "`extra_hosts` must be"),
    ("devices: /dev/a", "`devices` must be a list"),
    ("env_file: {path: a.env}", "`env_file` must be text or a list"),
    ("env_file: [{file: a.env}]", "Compose knows no key `file` of `env_file`"),
    ("profiles: debug", "`profiles` must be a list, and is text"),
    ("gpus: some", "`gpus` has a word that Compose does not take here"),
    ("dns: {a: b}", "`dns` must be"),
    ("stop_signal: 9", "`stop_signal` must be text, and is a number"),
    ("network_mode: service:nope", "no service `nope` is defined"),
    ("ipc: service:othr", "did you mean `other`?"),
    ("image: nginx\n    profiles: []\n    depends_on: [nope]", "no service `nope` is defined"),
    ("provider: {typ: x}", "Compose knows no key `typ` of `provider`"),
];

/// Each looks like one of those, and is right.
const RIGHT: &[&str] = &[
    "environment: {A: 1, B: true, C: , D: 1.5}",
    "environment: ['A', 'B=c: d']",
    "environment: []",
    "user: '1000'",
    "user: ${ID:-1000}",
    "command:",
    "command: ''",
    "entrypoint: []",
    "privileged: 'yes'",
    "init: ${INIT:-true}",
    "tty: \"on\"",
    "scale: '2'",
    "scale: ${N:-2}",
    "deploy: {replicas: '2', x-a: 1}",
    "deploy:",
    "cpus: 0.5",
    "cpus: '0.5'",
    "mem_limit: 1g",
    "restart: 'no'",
    "restart: no",
    "build: .",
    "build: {context: ., args: [A=b], x-bake: {a: 1}}",
    "ports: [80, '81:81', {target: 82, published: '82'}]",
    "expose: [80, '81-82']",
    "volumes: ['data:/x', './a:/a', '/b', {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 1023}}]",
    "volumes: ['${V:-data}:/x']",
    "networks: [default, net]",
    "networks: {net: , default: {aliases: [a]}}",
    "secrets: [s, {source: s, target: t, mode: 0440}]",
    "depends_on: [other]",
    "depends_on: {other: {condition: service_started, required: false}}",
    "links: ['other:db']",
    "volumes_from: ['other:ro', 'container:elsewhere']",
    "logging: {driver: json-file, options: {max-file: 3}}",
    "ulimits: {nproc: 5, nofile: {soft: 1, hard: '2'}}",
    "extra_hosts: {a: [1.2.3.4, 1.2.3.5]}",
    "env_file: [{path: a.env, required: false}]",
    "gpus: all",
    "gpus: [{capabilities: [gpu], count: 1}]",
    "develop: {watch: [{path: ., action: rebuild}]}",
    "cap_add: [NET_ADMIN, NET_ADMIN]",
    "x-mine: [1, {a: b, since: 2024-01-31}]",
    "network_mode: host\n    networks: []",
    "network_mode: service:other",
    "hostname: 2024-01-01T00-00-00Z",
    "labels: {a: 2024-99-77, b: 2024-01-01 is a day, c: !!str 2024-01-01}",
    "labels: !reset null",
    "profiles: [debug]\n    depends_on: [nope]",
];

fn project(line: &str) -> Folder {
    let image = if line.starts_with("image") { "" } else { "    image: nginx:1.27\n" };
    Folder::compose(&format!(
        "services:\n  web:\n{image}    {line}\n  other:\n    image: redis:7\nvolumes: {{data: }}\nnetworks: {{net: }}\nsecrets: {{s: {{environment: S}}}}\n"
    ))
}

#[test]
fn a_mistake_of_one_line_is_said_where_it_is() {
    let compose = Compose::find();
    for (line, says) in WRONG {
        let folder = project(line);
        let run = folder.run(&[]);
        assert!(run.err.contains(says) && run.err.contains("compose.yaml:"), "{line}: {says}\n{}", run.err);
        if let Some(compose) = &compose {
            assert!(compose.effective(folder.path(), &[]).is_err(), "Compose takes {line}");
        }
    }
}

#[test]
fn what_compose_takes_is_no_mistake() {
    let compose = Compose::find();
    for line in RIGHT {
        let folder = project(line);
        let run = folder.run(&[]);
        assert!(!run.err.contains("Compose refuses") && !run.err.contains("Compose knows no"), "{line}\n{}", run.err);
        // All profiles are active for the witness, and what a profile holds back is not looked at here.
        if let Some(compose) = compose.as_ref().filter(|_| !line.starts_with("profiles")) {
            let answer = compose.effective(folder.path(), &[("S", "1")]);
            assert!(answer.is_ok(), "{line}: {answer:?}");
        }
    }
}

/// What stands beside the services has its kinds too.
#[test]
fn what_is_above_the_services_is_looked_at_as_well() {
    let compose = Compose::find();
    for (top, says) in [
        ("version: 3", Some("`version` must be text, and is a number")),
        ("version: 3.8", Some("put it in quotes")),
        ("version: '3.8'", None),
        ("name: 5", Some("`name` must be text")),
        ("networks: [a]", Some("`networks` must be a mapping, and is a list")),
        ("networks:", Some("`networks` must be a mapping, and is empty")),
        ("networks: {n: {driver_opt: {a: b}}}", Some("did you mean `driver_opts`?")),
        ("networks: {n: {external: true, name: x, ipam: {config: [{subnet: 10.0.0.0/8}]}}, m: }", None),
        ("networks: {n: {internal: maybe}}", Some("`networks.n.internal` must be true or false")),
        ("volumes: {v: {name: 5}}", Some("`volumes.v.name` must be text")),
        ("volumes: {v: {external: true}, w: {driver: local, driver_opts: {type: tmpfs, size: 5}}}", None),
        ("secrets: {s: }", Some("`secrets.s` must be a mapping, and is empty")),
        ("secrets: {s: {files: x}}", Some("did you mean `file`?")),
        ("configs: {c: {content: x, x-a: 1}}", None),
        ("x-top: {volumes: [1]}", None),
    ] {
        let folder = Folder::compose(&format!("{top}\nservices:\n  web:\n    image: nginx:1.27\n"));
        let run = folder.run(&[]);
        let is_said = run.err.contains("Compose refuses") || run.err.contains("Compose knows no") || run.err.contains("error: ");
        assert_eq!(is_said, says.is_some(), "{top}\n{}", run.err);
        assert!(says.is_none_or(|says| run.err.contains(says)), "{top}\n{}", run.err);
        if let Some(compose) = &compose {
            assert_eq!(compose.effective(folder.path(), &[]).is_ok(), says.is_none(), "{top}");
        }
    }
}

/// What another layer defines, or gives a value, is no mistake of this one; a file that only changes another one is said once.
#[test]
fn layers_are_read_together() {
    let folder = Folder::new(&[
        ("compose.yaml", "services:\n  web:\n    image: nginx:1.27\n    environment: [A=b]\n    volumes: ['data:/d']\n"),
        ("compose.override.yaml", "services:\n  web:\n    environment:\n    networks: [net]\nnetworks: {net: }\nvolumes: {data: }\n"),
    ]);
    let err = folder.run(&[]).err;
    assert!(!err.contains("Compose refuses"), "{err}");
    let folder = Folder::new(&[
        ("compose.yaml", "services:\n  web:\n    image: nginx:1.27\n    networks: {n: , m: }\nnetworks: {n: }\n"),
        (
            "compose.override.yaml",
            "services:\n  web:\n    networks: {m: !reset null, zz: !reset null}\n    depends_on: {zz: !reset null}\n",
        ),
    ]);
    let err = folder.run(&[]).err;
    assert!(!err.contains("Compose refuses"), "{err}");
    let folder = Folder::compose("services:\n  web:\n    depends_on: [db]\n    volumes: ['data:/d']\n");
    let err = folder.run(&[]).err;
    assert!(err.contains("it has neither an image nor a build") && err.matches("Compose refuses").count() == 1, "{err}");
}
