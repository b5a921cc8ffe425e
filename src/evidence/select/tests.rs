mod base;
mod places;
mod scratch;

use super::*;
use crate::compose::Sources;
use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
use crate::yaml::Stream;

fn preset(name: &str) -> Arc<Preset> {
    Arc::new(Preset::embedded(name).expect("embedded"))
}

fn auto() -> Selection {
    Selection { auto: true, ..Selection::default() }
}

fn named(names: &[&str]) -> Selection {
    Selection { presets: names.iter().map(|n| preset(n)).collect(), ..Selection::default() }
}

fn try_needs(services: &str, selection: &Selection, dockerfile: Option<&str>) -> Result<Vec<Need>> {
    let text = TextFile::new("f", format!("services:\n{services}").into_bytes(), MAX_FILE_BYTES).expect("text");
    let sources = Sources::single(Stream::parse(&text, FileId(0)).expect("YAML"));
    let files = dockerfile.map(|text| ("Dockerfile".into(), Ok(text.to_owned()))).into_iter().collect();
    needs(&Project::read(&sources).expect("a project"), selection, &files)
}

/// `service preset[!]: what it needs`, with `!` for a preset that was named, `?` behind what is assumed and `~` where only the base is
/// known.
fn shown(services: &str, selection: &Selection, dockerfile: Option<&str>) -> Vec<String> {
    let path = |p: WritablePath| {
        let text = match &p.storage {
            Storage::Scratch(options) => options.at(&p.target).to_string(),
            Storage::State => format!("state {}", p.target),
        };
        format!(" {text}{}", if p.reason.confidence == Confidence::Assumed { "?" } else { "" })
    };
    let line = |n: Need| {
        let (Source::Preset(name) | Source::Catalogue(name)) = &n.basis.source else { panic!("{n:?}") };
        let paths: String = n.paths.into_iter().map(path).collect();
        let doubt = match n.basis.confidence {
            Confidence::Assumed => "?",
            Confidence::Base => "~",
            _ => "",
        };
        format!("{} {name}{}{doubt}:{paths}", n.service, if n.consent { "!" } else { "" })
    };
    try_needs(services, selection, dockerfile).expect("needs").into_iter().map(line).collect()
}

const THREE: &str = "  a: {image: 'node:22'}\n  b: {image: nginx}\n  c: {image: mycorp/x}\n";
/// The same, and a service that is built on what no preset knows.
const FOUR: &str = "  a: {image: 'node:22'}\n  b: {image: nginx}\n  c: {image: mycorp/x}\n  d: {build: {dockerfile_inline: FROM fedora}}\n";
const NGINX: &str = " /var/cache/nginx:mode=755 /run:mode=755";

#[test]
fn services_get_the_preset_that_is_theirs() {
    let node = "a node!: /tmp:mode=1777 state /data?";
    let forced = |name: &str, of: &str| Selection { forced: vec![(name.into(), preset(of))], ..auto() };
    let nginx = format!("b nginx:{NGINX}");
    for (selection, expected) in [
        (auto(), &["a node: /tmp:mode=1777", &nginx, "c generic?: /tmp:mode=1777?"][..]),
        // An image of another name is left alone, however unknown it is.
        (named(&["node"]), &[node]),
        (named(&["python"]), &[]),
        (Selection { auto: true, ..named(&["node"]) }, &[node, &nginx, "c generic?: /tmp:mode=1777?"]),
        (Selection { only: vec!["b".into()], ..auto() }, &[&nginx]),
        (Selection { skip: vec!["a".into(), "c".into()], ..auto() }, &[&nginx]),
        (Selection { skip: vec!["a".into(), "c".into()], ..forced("b", "node") }, &["b node!?: /tmp:mode=1777 state /data?"]),
        (Selection { only: vec!["a".into()], ..forced("b", "nginx") }, &["a node: /tmp:mode=1777", &format!("b nginx!:{NGINX}")]),
        (Selection::default(), &[]),
    ] {
        assert_eq!(shown(THREE, &selection, None), expected, "{selection:?}");
    }
}

#[test]
fn a_named_preset_takes_what_is_built_on_what_nobody_knows() {
    let (node, built) = ("a node!: /tmp:mode=1777 state /data?", "d node!?: /tmp:mode=1777 state /data?");
    let python = "d python!?: /tmp:mode=1777 state /data?";
    for (selection, expected) in
        [(named(&["node"]), &[node, built][..]), (named(&["python"]), &[python]), (named(&["python", "node"]), &[node, python])]
    {
        assert_eq!(shown(FOUR, &selection, None), expected, "{selection:?}");
    }
}

#[test]
fn an_assumed_path_is_added_where_something_speaks_for_it() {
    for (body, dockerfile, expected) in [
        ("image: node, environment: {DATA_DIR: /data}", None, Some("environment DATA_DIR=/data")),
        ("image: node, environment: ['DATA_DIR=/data/x']", None, Some("environment DATA_DIR=/data/x")),
        ("image: node, environment: {DIR: '${DIR:-/data}'}", None, Some("environment DIR names /data")),
        ("image: node, environment: {DB: 'sqlite:////data/app.db'}", None, Some("environment DB names /data/app.db")),
        ("image: node, environment: {DB: 'http://data/app'}", None, None),
        ("image: node, environment: {DB: 'http://h:80/data/app'}", None, None),
        ("image: node, environment: {DIR: /database, X: /srv/data, Y: }", None, None),
        ("image: node, environment: [DATA_DIR]", None, None),
        ("image: node, command: node app.js --dir=/data", None, Some("command names /data")),
        ("image: node, command: [node, app.js, --dir, /data/x]", None, Some("command names /data/x")),
        ("image: node, entrypoint: sh -c \"cd /data && node\"", None, Some("entrypoint names /data")),
        ("image: node, volumes: ['d:/data']", None, None),
        ("build: .", Some("FROM node\nVOLUME /data\n"), Some("Dockerfile VOLUME /data")),
        ("build: .", Some("FROM node\nENV DATA_DIR=/data\n"), Some("Dockerfile ENV DATA_DIR=/data")),
        ("build: .", Some("FROM node\nRUN mkdir -p /data/a && chown node /data\n"), Some("Dockerfile RUN mkdir /data/a")),
        ("build: .", Some("FROM node\nCMD [\"node\", \"/data/x\"]\n"), Some("Dockerfile CMD names /data/x")),
        ("build: ., command: node", Some("FROM node\nCMD [\"node\", \"/data/x\"]\n"), None),
        ("build: ., entrypoint: node", Some("FROM node\nCMD [\"node\", \"/data/x\"]\n"), None),
        ("build: .", Some("FROM node\nCOPY x /data\nRUN echo /data\n"), None),
    ] {
        let found = try_needs(&format!("  s: {{{body}}}\n"), &auto(), dockerfile).expect("needs").remove(0).paths;
        let data = found.iter().find(|p| *p.target == *"/data");
        assert_eq!(data.map(|p| p.reason.text.as_str()), expected, "{body} {dockerfile:?}");
        assert!(data.is_none_or(|p| p.reason.confidence == Confidence::Documented && p.storage == Storage::State));
    }
}

#[test]
fn scratch_belongs_to_whom_must_write_it() {
    let npm = "command: npm start";
    for (body, dockerfile, expected) in [
        ("image: nginx", None, "nginx: /var/cache/nginx:mode=755 /run:mode=755"),
        ("image: nginx, user: '0:0'", None, "nginx: /var/cache/nginx:mode=755 /run:mode=755"),
        ("image: nginx, user: root", None, "nginx: /var/cache/nginx:mode=755 /run:mode=755"),
        ("image: nginx, user: ''", None, "nginx: /var/cache/nginx:mode=755 /run:mode=755"),
        ("image: nginx, user: '1000'", None, "nginx: /var/cache/nginx:mode=755,uid=1000 /run:mode=755,uid=1000"),
        ("image: nginx, user: '9:8'", None, "nginx: /var/cache/nginx:mode=755,uid=9,gid=8 /run:mode=755,uid=9,gid=8"),
        ("image: nginx, user: nginx", None, "nginx: /var/cache/nginx:mode=755,uid=101,gid=101 /run:mode=755,uid=101,gid=101"),
        ("image: nginx, user: '101'", None, "nginx: /var/cache/nginx:mode=755,uid=101,gid=101 /run:mode=755,uid=101,gid=101"),
        ("image: nginx, user: app", None, "nginx: /var/cache/nginx:mode=1777? /run:mode=1777?"),
        ("image: nginx, user: '${U}:${G}'", None, "nginx: /var/cache/nginx:mode=1777? /run:mode=1777?"),
        ("build: .", Some("FROM nginx\nUSER 7\n"), "nginx: /var/cache/nginx:mode=755,uid=7 /run:mode=755,uid=7"),
        ("build: ., user: '0'", Some("FROM nginx\nUSER 7\n"), "nginx: /var/cache/nginx:mode=755 /run:mode=755"),
        ("image: node, user: '1000:1000'", None, "node: /tmp:mode=1777"),
        ("image: x, user: '1000:1000'", None, "generic?: /tmp:mode=1777,uid=1000,gid=1000?"),
        ("image: x, user: app", None, "generic?: /tmp:mode=1777?"),
        (&format!("image: node, {npm}"), None, "node~: /tmp:mode=1777"),
        (&format!("image: node, user: node, {npm}"), None, "node~: /tmp:mode=1777 /home/node/.npm:mode=700,uid=1000,gid=1000"),
        (&format!("image: node, user: '1000:5', {npm}"), None, "node~: /tmp:mode=1777 /home/node/.npm:mode=700,uid=1000,gid=5"),
        ("build: .", Some("FROM node\nUSER node\nCMD npm start\n"), "node~: /tmp:mode=1777 /home/node/.npm:mode=700,uid=1000,gid=1000"),
        (&format!("image: node, user: node, {npm}, environment: {{npm_config_cache: /tmp/n}}"), None, "node~: /tmp:mode=1777"),
        (&format!("image: node, user: '${{U}}', {npm}"), None, "node?: /tmp:mode=1777"),
    ] {
        assert_eq!(shown(&format!("  s: {{{body}}}\n"), &auto(), dockerfile), [format!("s {expected}")], "{body} {dockerfile:?}");
    }
}

#[test]
fn conditions_hold_or_not_or_are_not_known() {
    let rendered = format!("nginx:{NGINX} /etc/nginx/conf.d:mode=755");
    let plain = format!("nginx:{NGINX}");
    let unknown = format!("nginx?:{NGINX}");
    for (body, dockerfile, expected) in [
        ("image: nginx, volumes: ['./t:/etc/nginx/templates:ro']", None, &rendered),
        ("image: nginx, volumes: ['./t:/etc/nginx/templates/a.template']", None, &rendered),
        ("image: nginx, configs: [{source: c, target: /etc/nginx/templates/a.template}]", None, &rendered),
        ("build: .", Some("FROM nginx\nCOPY t /etc/nginx/templates/\n"), &rendered),
        ("image: nginx, volumes: ['./t:/etc/nginx/templates2']", None, &plain),
        (
            "image: nginx, volumes: ['./t:/etc/nginx/templates'], environment: {NGINX_ENVSUBST_OUTPUT_DIR: /x}",
            None,
            &format!("{plain} /x:mode=755"),
        ),
        ("image: nginx, volumes: ['./t:/etc/nginx/${T}']", None, &unknown),
        ("image: nginx, volumes: ['./t:/srv/${T}']", None, &plain),
    ] {
        assert_eq!(shown(&format!("  s: {{{body}}}\n"), &auto(), dockerfile), [format!("s {expected}")], "{body} {dockerfile:?}");
    }
}

#[test]
fn tags_and_versions_choose_paths() {
    let path = |target: &str, when: &str| {
        format!(
            "[[writable]]\ntarget = '{target}'\nstorage = 'scratch'\nwhen = {when}\nwhy = 'w'\nsource = 's'\nconfidence = 'documented'\n"
        )
    };
    let text = format!(
        "summary = 's'\nrun_user = {{ text = 'app', uid = 7 }}\n[match]\nimages = ['p']\n{}{}{}{}",
        path("/old", "{ version = '<18' }"),
        path("/new", "{ version = '>=18' }"),
        path("/alpine", "{ tag = ['alpine', 'slim'] }"),
        path("/set", "{ env = ['A=file'] }"),
    );
    let mine = Arc::new(Preset::parse("p", &TextFile::new("p.toml", text.into_bytes(), MAX_FILE_BYTES).expect("text")).expect("good"));
    let selection = Selection { presets: vec![mine], ..Selection::default() };
    for (body, expected) in [
        ("image: 'p:17-alpine'", "p!: /old:uid=7 /alpine:uid=7"),
        ("image: 'p:18.1'", "p!: /new:uid=7"),
        ("image: p", "p!: /new:uid=7"),
        ("image: 'p:slim', environment: {A: 'console,file'}", "p!: /new:uid=7 /alpine:uid=7 /set:uid=7"),
        ("image: 'p:17', environment: {A: files}", "p!: /old:uid=7"),
        ("image: 'p:17', environment: {A: $A}", "p!?: /old:uid=7"),
        ("image: 'p:$TAG'", "p!?:"),
        // What is writable anyway need not be asked.
        ("image: 'p:17', environment: {A: $A}, tmpfs: /set", "p!: /old:uid=7"),
    ] {
        assert_eq!(shown(&format!("  s: {{{body}}}\n"), &selection, None), [format!("s {expected}")], "{body}");
    }
}

#[test]
fn what_is_not_recognised_says_why() {
    for (body, dockerfile, expected) in [
        ("image: mycorp/x", None, "unknown image mycorp/x; most images run with these mounts"),
        ("image: '${I}'", None, "a variable decides the image ${I}; most images run with these mounts"),
        ("command: x", None, "it names no image; most images run with these mounts"),
        ("build: ., image: node", None, "`Dockerfile` cannot be read; most images run with these mounts"),
        ("build: .", Some("FROM scratch\n"), "the Dockerfile's base is scratch; most images run with these mounts"),
        ("build: .", Some("FROM fedora\n"), "unknown Dockerfile base fedora; most images run with these mounts"),
        ("build: .", Some("FROM node:22\n"), "Dockerfile base node:22: the base image is known; what your own program writes is not"),
        ("image: 'node:22'", None, "image node:22 runs read-only with these mounts"),
    ] {
        let found = try_needs(&format!("  s: {{{body}}}\n"), &auto(), dockerfile).expect("needs");
        assert_eq!(found[0].basis.text, expected, "{body}");
    }
}

#[test]
fn a_wrong_service_is_said_with_the_right_ones() {
    for (selection, message, hint) in [
        (Selection { only: vec!["wbe".into()], ..auto() }, "there is no service `wbe`", "did you mean `web`?"),
        (Selection { skip: vec!["nothing".into()], ..auto() }, "there is no service `nothing`", "services: web, db"),
        (Selection { forced: vec![("dbb".into(), preset("node"))], ..auto() }, "there is no service `dbb`", "did you mean `db`?"),
        (
            Selection { forced: vec![("db".into(), preset("node")), ("db".into(), preset("python"))], ..auto() },
            "the service `db` is given two presets, node and python",
            "name python as the preset of `db`",
        ),
    ] {
        let error = try_needs("  web: {image: node}\n  db: {image: x}\n", &selection, None).expect_err("wrong");
        assert_eq!((error.to_string().as_str(), error.hint().as_deref()), (message, Some(hint)));
    }
}

#[test]
fn presets_of_commands_are_added_to_that_of_the_image() {
    let pm2 = "/home/node/.pm2:mode=700,uid=1000,gid=1000";
    let node = "image: node, user: node, command: [pm2-runtime, app.js]";
    let forced = |of: &str| Selection { forced: vec![("s".into(), preset(of))], ..auto() };
    for (body, dockerfile, selection, expected) in [
        (node, None, auto(), format!("node~: /tmp:mode=1777 {pm2}")),
        (node, None, named(&["pm2"]), format!("node!: /tmp:mode=1777 {pm2}")),
        (node, None, named(&["node"]), "node!: /tmp:mode=1777 state /data?".into()),
        (node, None, named(&["node", "pm2"]), format!("node!: /tmp:mode=1777 state /data? {pm2}")),
        ("image: node, user: node", None, forced("pm2"), format!("node!: /tmp:mode=1777 {pm2}")),
        ("image: node, command: node app.js --pm2", None, auto(), "node~: /tmp:mode=1777".into()),
        ("image: node, command: /app/bin/pm2 x", None, auto(), "node~: /tmp:mode=1777 /root/.pm2:mode=700".into()),
        ("build: .", Some("FROM node\nUSER node\nCMD [\"pm2-runtime\", \"app.js\"]\n"), auto(), format!("node~: /tmp:mode=1777 {pm2}")),
        ("image: x, command: gunicorn app", None, auto(), "generic?: /tmp:mode=1777".into()),
        ("build: .", Some("FROM scratch\n"), named(&["gunicorn"]), "generic!?: /tmp:mode=1777".into()),
        ("build: .", Some("FROM scratch\n"), named(&["python", "gunicorn"]), "python!?: /tmp:mode=1777 state /data?".into()),
        ("build: .", Some("FROM ruby\nUSER rails\nWORKDIR /rails\nCMD bin/rails server\n"), auto(), {
            let log = "/rails/log:mode=755,uid=1000,gid=1000";
            format!("ruby: /tmp:mode=1777 /rails/tmp:mode=755,uid=1000,gid=1000 {log} state /rails/storage")
        }),
    ] {
        assert_eq!(shown(&format!("  s: {{{body}}}\n"), &selection, dockerfile), [format!("s {expected}")], "{body} {dockerfile:?}");
    }
    for (body, selection) in [("image: node", named(&["pm2"])), ("image: nginx, command: pm2", named(&["node"]))] {
        assert_eq!(shown(&format!("  s: {{{body}}}\n"), &selection, None), [""; 0], "{body}");
    }
    let found = try_needs("  s: {image: python, command: gunicorn app}\n", &auto(), None).expect("needs").remove(0);
    assert_eq!((&found.basis.source, &found.paths[0].reason.source), (&Source::Preset("python".into()), &Source::Preset("python".into())));
}

#[test]
fn of_two_presets_for_a_path_the_stronger_counts() {
    let mine = |kind: &str| {
        let path = format!("[[writable]]\ntarget = '/tmp'\n{kind}\nwhy = 'w'\nsource = 's'\nconfidence = 'documented'\n");
        let text = format!("summary = 's'\nrun_user = {{ text = 'app' }}\n[match]\ncommand = ['app']\n{path}");
        let file = TextFile::new("mine.toml", text.into_bytes(), MAX_FILE_BYTES).expect("text");
        Selection { presets: vec![Arc::new(Preset::parse("mine", &file).expect("good"))], ..auto() }
    };
    for (kind, expected) in [
        ("storage = 'state'", "node!: state /tmp"),
        ("storage = 'scratch'\nexec = true\nmode = '1777'", "node!: /tmp:mode=1777,exec"),
        ("storage = 'scratch'", "node!: /tmp:mode=1777"),
    ] {
        assert_eq!(shown("  s: {image: node, command: app}\n", &mine(kind), None), [format!("s {expected}")], "{kind}");
    }
}

#[test]
fn tags_change_the_numbers_of_users() {
    let logs = "/usr/local/apache2/logs";
    for (body, expected) in [
        ("image: 'httpd:2.4', user: www-data", format!("httpd: {logs}:mode=755,uid=33,gid=33")),
        ("image: 'httpd:2.4-alpine', user: www-data", format!("httpd: {logs}:mode=755,uid=82,gid=82")),
        ("image: 'httpd:2.4-alpine3.22', user: '82'", format!("httpd: {logs}:mode=755,uid=82,gid=82")),
        ("image: 'httpd:$TAG', user: www-data", format!("httpd: {logs}:mode=1777?")),
        (
            "image: 'postgres:17-alpine3.22'",
            "postgres: /run/postgresql:mode=3775,uid=70,gid=70 /tmp:mode=1777 state /var/lib/postgresql/data".into(),
        ),
        ("image: 'postgres:17-alpine', user: postgres", {
            "postgres: /run/postgresql:mode=3775,uid=70,gid=70 /tmp:mode=1777 state /var/lib/postgresql/data".into()
        }),
        ("image: 'postgres:$TAG'", "postgres: /run/postgresql:mode=3777 /tmp:mode=1777".into()),
        ("image: 'postgres:$TAG', volumes: ['db:/var/lib/postgresql/data']", {
            "postgres: /run/postgresql:mode=3777 /tmp:mode=1777".into()
        }),
        ("image: 'gcr.io/distroless/base-debian12:nonroot'", "distroless: /tmp:mode=1777".into()),
    ] {
        assert_eq!(shown(&format!("  s: {{{body}}}\n"), &auto(), None), [format!("s {expected}")], "{body}");
    }
}

#[test]
fn obstacles_refuse_unless_the_service_is_named() {
    let of = |body: &str, selection: &Selection| try_needs(&format!("  s: {{{body}}}\n"), selection, None).expect("needs").remove(0);
    for (body, remedy) in [
        ("image: vault", Some("set SKIP_SETCAP=true")),
        ("image: vault, environment: {SKIP_SETCAP: 'true'}", None),
        ("image: vault, environment: {'SKIP_SETCAPS': 'true'}", Some("set SKIP_SETCAP=true")),
        ("image: 'apache/kafka:4.0.0'", Some("set KAFKA_LOG_DIRS=/var/lib/kafka/data")),
        ("image: 'apache/kafka:4.0.0', environment: {KAFKA_LOG_DIRS: /tmp/x}", Some("set it to /var/lib/kafka/data")),
        ("image: 'apache/kafka:4.0.0', environment: {KAFKA_LOG_DIRS: /tmp}", Some("set it to /var/lib/kafka/data")),
        ("image: 'apache/kafka:4.0.0', environment: {KAFKA_LOG_DIRS: /var/lib/kafka/data}", None),
        ("image: 'apache/kafka:4.0.0', volumes: ['data:/tmp/kraft-combined-logs']", None),
        ("image: 'quay.io/keycloak/keycloak:26', command: start-dev", Some("use `start --optimized` on an image made with `kc.sh build`")),
        ("image: 'quay.io/keycloak/keycloak:26', command: [start, --optimized]", None),
        ("image: 'neo4j:5'", Some("leave it writable: a tmpfs at conf would hide what the image has there")),
    ] {
        for assume in [false, true] {
            let need = of(body, &Selection { assume, ..auto() });
            assert_eq!(need.obstacles.first().map(|o| o.remedy.as_str()), remedy, "{body}");
        }
        for selection in
            [Selection { only: vec!["s".into()], ..auto() }, Selection { forced: vec![("s".into(), preset("vault"))], ..auto() }]
        {
            assert!(of(body, &selection).obstacles.is_empty(), "{body}");
        }
    }
    let overruled = of("image: vault", &Selection { only: vec!["s".into()], ..auto() });
    assert_eq!((overruled.basis.confidence, overruled.consent), (Confidence::Assumed, false));
    assert!(overruled.basis.text.ends_with("which fails: set SKIP_SETCAP=true"), "{overruled:?}");
    // What is only not known is held back.
    let doubted = of("image: jenkins/jenkins", &auto());
    assert_eq!((doubted.obstacles.len(), doubted.basis.confidence), (0, Confidence::Assumed));
}

#[test]
fn sizes_are_given_to_those_who_ask() {
    let selection = Selection { with: [Extra::Sizes].into_iter().collect(), ..auto() };
    let text = "  s: {image: mariadb, volumes: ['d:/var/lib/mysql']}\n";
    let state = " state /var/lib/mysql";
    assert_eq!(shown(text, &selection, None), [format!("s mariadb: /run/mysqld:mode=1777,size=1m /tmp:mode=1777,size=256m{state}")]);
    assert_eq!(shown(text, &auto(), None), [format!("s mariadb: /run/mysqld:mode=1777 /tmp:mode=1777{state}")]);
}

#[test]
fn the_catalogue_knows_images_that_no_preset_does() {
    for (image, expected) in [
        // A catalogue runs it read-only, and mounts /run and /tmp in every app.
        ("gangefors/airdcpp-webclient:1", "a gangefors/airdcpp-webclient: state /.airdcpp /run /tmp:mode=1777"),
        // The vendor does, and the image has a second name.
        ("bitnamilegacy/memcached", "a bitnami/memcached: /opt/bitnami/memcached/conf:uid=1001 /tmp:mode=1777"),
        // Only the path is known: all of it is a guess, and nothing is forgotten.
        ("0xf0xx0/pogolo", "a 0xf0xx0/pogolo?: state /data? /tmp:mode=1777?"),
        // Somebody says otherwise.
        ("601096721/mosdns", "a 601096721/mosdns?: /tmp:mode=1777?"),
        // A preset that names the image comes first, and other registries are other people.
        ("nginx", &format!("a nginx:{NGINX}")),
        ("registry.example.com/0xf0xx0/pogolo", "a generic?: /tmp:mode=1777?"),
        ("registry.example.com/node", "a generic?: /tmp:mode=1777?"),
    ] {
        assert_eq!(shown(&format!("  a: {{image: '{image}'}}\n"), &auto(), None), [expected], "{image}");
    }
}

#[test]
fn a_guess_of_the_catalogue_says_why_it_is_one() {
    let basis = |image: &str| try_needs(&format!("  a: {{image: '{image}'}}\n"), &auto(), None).expect("needs").remove(0).basis;
    let gitlab = basis("0xf0xx0/pogolo:11");
    assert_eq!(gitlab.text, "image 0xf0xx0/pogolo:11: where it keeps its data is known, that it runs read-only is not");
    assert_eq!(gitlab.confidence, Confidence::Assumed);
    let sure = basis("gangefors/airdcpp-webclient");
    assert_eq!(sure.text, "image gangefors/airdcpp-webclient: its vendor or a catalogue runs it read-only with these mounts");
    assert_eq!(sure.confidence, Confidence::Reported);
    assert_eq!(sure.link.as_deref(), Some("stavros-k/truecharts-apps@0f40aaae19:charts/stable/airdcpp-webclient"));
    assert!(basis("601096721/mosdns").text.contains("switched that off for this one"));
}

#[test]
fn a_named_preset_takes_no_image_that_the_catalogue_knows() {
    let services = "  a: {image: gangefors/airdcpp-webclient}\n  b: {build: .}\n";
    assert_eq!(shown(services, &named(&["nginx"]), Some("FROM mycorp/x\n")), [format!("b nginx!?:{NGINX}")]);
    assert_eq!(shown("  a: {image: gangefors/airdcpp-webclient, read_only: true}\n", &auto(), None).len(), 1);
    // Somebody made it read-only already, and what is known of it is a guess.
    assert_eq!(shown("  a: {image: 0xf0xx0/pogolo, read_only: true}\n", &auto(), None), ["a 0xf0xx0/pogolo?:"]);
}

#[test]
fn images_behind_a_mirror_are_those_that_it_mirrors() {
    let mirrors = Selection { mirrors: vec!["registry.example.com/proxy".into()], ..auto() };
    let service = "  a: {image: 'registry.example.com/proxy/library/node:22'}\n  b: {image: 'registry.example.com/node:22'}\n";
    assert_eq!(shown(service, &mirrors, None), ["a node: /tmp:mode=1777", "b generic?: /tmp:mode=1777?"]);
    assert_eq!(shown(service, &auto(), None)[0], "a generic?: /tmp:mode=1777?");
    let built = "FROM registry.example.com/proxy/node:22\n";
    assert_eq!(shown("  a: {build: .}\n", &mirrors, Some(built)), ["a node~: /tmp:mode=1777"]);
}

#[test]
fn what_runs_showed_of_capabilities_counts_before_presets() {
    let with: Extras = [Extra::CapDrop].into_iter().collect();
    let limits = |seen: Option<&[&str]>| {
        let seen = seen.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let selection = Selection { with, capabilities: HashMap::from([("a".to_owned(), seen)]), ..auto() };
        let limits = try_needs("  a: {image: nginx}\n", &selection, None).expect("needs").remove(0).limits;
        let of_capabilities = |limit: Limit| match limit {
            Limit::Works(Restriction::Capabilities(add), reason) => Some(format!("{} {}", add.join(" "), reason.source)),
            Limit::Unknown(Extra::CapDrop, _) => Some("unknown".to_owned()),
            Limit::Works(..) | Limit::Unknown(..) => None,
        };
        limits.into_iter().filter_map(of_capabilities).collect::<Vec<_>>()
    };
    assert_eq!(limits(Some(&["CHOWN"])), ["CHOWN a run"]);
    assert_eq!(limits(Some(&[])), [" a run"]);
    assert_eq!(limits(None), ["unknown"]);
}
