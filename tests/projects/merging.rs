//! What goes wrong in projects of several files when each is looked at alone.

use crate::oracle::Compose;
use crate::support::Folder;

/// Hardens a copy of these files in place, with Compose as a witness that the result loads.
#[track_caller]
fn harden(files: &[(&str, &str)], arguments: &[&str]) -> (Folder, String) {
    let folder = Folder::new(files);
    let all = [&["--preset", "node", "--write", "--yes"], arguments].concat();
    let run = folder.run(&all).exits(0);
    if let Some(compose) = Compose::find() {
        compose.effective(folder.path(), &[]).unwrap_or_else(|e| panic!("{e}\n{}", run.text()));
    }
    // What has no place is missing still.
    let is_left = ["[shared-definition]", "[locked-file]", "[not-followed]"].iter().any(|rule| run.err.contains(rule));
    folder.run(&[&["--preset", "node", "--check"], arguments].concat()).exits(i32::from(is_left));
    (folder, run.err)
}

#[test]
fn an_override_for_development_does_not_hold_what_production_needs() {
    let dev = "services:\n  api:\n    volumes: ['.:/app']\n    tmpfs:\n      - /run\n";
    let (folder, _) = harden(&[("compose.yaml", "services:\n  api:\n    image: node:24\n"), ("compose.override.yaml", dev)], &[]);
    assert_eq!(folder.read("compose.override.yaml"), dev);
    let base = folder.read("compose.yaml");
    assert!(base.contains("read_only: true") && base.contains("- /tmp:mode=1777") && base.contains("api-data:"), "{base}");
}

#[test]
fn an_override_file_is_one_that_compose_reads() {
    let files = [("compose.yaml", "services:\n  a: {image: node}\n"), ("compose.override.yaml", "services:\n  a: {environment: {X: y}}\n")];
    for name in ["compose.override.yml", "docker-compose.override.yml"] {
        let folder = Folder::new(&files);
        let run = folder.run(&["--override", name, "--write", "--yes"]).exits(2);
        assert!(run.err.contains("the project has an override file, compose.override.yaml, and Compose reads only one"), "{}", run.text());
    }
    let folder = Folder::new(&files[..1]);
    let run = folder.run(&["--override", "hard.yaml", "--write", "--yes"]).exits(0);
    assert!(run.err.contains("\n    docker compose -f compose.yaml -f hard.yaml up -d\n"), "{}", run.text());
    let folder = Folder::new(&files[..1]);
    let run = folder.run(&["--override", "compose.override.yml", "--write", "--yes"]).exits(0);
    assert!(run.err.contains("\n    docker compose up -d\n"), "{}", run.text());
}

#[test]
fn a_sync_in_any_layer_counts() {
    let base = "services:\n  a:\n    image: node\n    develop: {watch: [{action: sync, path: ., target: /x}]}\n";
    let (folder, said) = harden(&[("compose.yaml", base), ("compose.override.yaml", "services:\n  a: {develop: {x-y: 1}}\n")], &[]);
    assert!(said.contains("a: `develop.watch` syncs files") && folder.read("compose.yaml") == base, "{said}");
}

#[test]
fn a_file_that_is_included_twice_is_one_file() {
    let files = [
        ("compose.yaml", "include: [a.yaml, b.yaml]\n"),
        ("a.yaml", "include: [k.yaml]\n"),
        ("b.yaml", "include: [k.yaml]\n"),
        ("k.yaml", "services:\n  k:\n    image: node\n"),
    ];
    let (folder, _) = harden(&files, &[]);
    assert_eq!(folder.read("k.yaml").matches("k-data:\n").count(), 1, "{}", folder.read("k.yaml"));
    let twice = Folder::compose("services:\n  a: {image: node}\n");
    twice.run(&["-f", "compose.yaml", "-f", "compose.yaml", "--preset", "node", "--write", "--yes"]).exits(0);
}

#[test]
fn json_stays_json() {
    for text in [
        "{\"services\":{\"a\":{\"image\":\"node:24\"}},\"volumes\":{}}",
        "{\n  \"services\": {\n    \"a\": {\"image\": \"node:24\"}\n  },\n  \"volumes\": {\n  }\n}\n",
        "{\"services\":{\"a\":{\"image\":\"node:24\"}}}\n",
    ] {
        let (folder, _) = harden(&[("compose.yaml", text)], &[]);
        let after = folder.read("compose.yaml");
        let read: serde_json::Value = serde_json::from_str(&after).unwrap_or_else(|e| panic!("{e}: {after}"));
        assert_eq!(read["services"]["a"]["read_only"], true, "{after}");
    }
}

#[test]
fn a_layer_that_cannot_take_a_service_leaves_it() {
    let base = "services:\n  a: {image: node:24}\n";
    let layer = "services:\n  a:\n  b: {image: node:24}\n";
    let (folder, said) = harden(&[("compose.yaml", base), ("compose.override.yaml", layer)], &["--override", "compose.override.yaml"]);
    assert!(said.contains("a: not changed: compose.override.yaml has an empty entry for it"), "{said}");
    assert!(folder.read("compose.override.yaml").contains("b: {image: node:24, read_only: true"));
    let files =
        [("compose.yaml", base), ("compose.override.yaml", "include: [k.yaml]\n"), ("k.yaml", "services:\n  k: {image: node:24}\n")];
    let (_, said) = harden(&files, &["--override", "compose.override.yaml"]);
    assert!(said.contains("k: not changed: it comes from a file that compose.override.yaml itself includes"), "{said}");
    assert!(said.contains("hardened 1 service (a)"), "{said}");
}

#[test]
fn services_that_come_by_a_merge_key_are_changed_once() {
    let text = "x-s: &s\n  a: &b\n    image: node:24\nservices:\n  <<: *s\n  c:\n    <<: *b\n";
    let (folder, _) = harden(&[("compose.yaml", text)], &[]);
    assert!(folder.read("compose.yaml").contains("c-data"), "{}", folder.read("compose.yaml"));
    // The owner of a list that another service only borrows.
    let lent = "services:\n  app:\n    image: node\n    volumes: &v\n      - ./a:/a\n  web:\n    image: nginx\n    volumes: *v\n";
    let (folder, said) = harden(&[("compose.yaml", lent)], &[]);
    assert!(said.contains("app: not changed: service `web` shares its `volumes` through an anchor"), "{said}");
    assert_eq!(folder.read("compose.yaml"), lent);
}

#[test]
fn a_base_can_be_named_by_a_variable() {
    let text = "services:\n  a: {extends: {service: '${S:-z}'}}\n  b: {extends: '${S:-z}'}\n  z: {image: node:24}\n";
    let (_, said) = harden(&[("compose.yaml", text)], &[]);
    assert!(said.contains("hardened 3 services"), "{said}");
}

#[test]
fn equal_definitions_in_two_files_must_stay_equal() {
    let files = [
        ("compose.yaml", "include: [k.yaml, m.yaml]\nservices:\n  a: {image: node}\n"),
        ("k.yaml", "services:\n  k: {image: node}\n"),
        ("m.yaml", "services:\n  k:\n    image: \"node\"   # the same\n"),
    ];
    let (_, said) = harden(&files, &[]);
    assert!(said.contains("k: two files of one project define it, and both must stay equal"), "{said}");
    let own = [("compose.yaml", "include: [k.yaml]\nservices:\n  k:\n    image: node\n"), files[1]];
    let (_, said) = harden(&own, &[]);
    assert!(said.contains("both must stay equal"), "{said}");
}

#[test]
fn two_paths_may_share_a_file() {
    let shared = ("s/k.yaml", "services:\n  k: {image: node}\n");
    let folder = Folder::new(&[
        ("p1/compose.yaml", "include: [../s/k.yaml]\n"),
        ("p2/compose.yaml", "include: [../s/k.yaml]\n"),
        shared,
        (".git/HEAD", ""),
    ]);
    folder.run(&["--preset", "node", "--write", "--yes", "p1", "p2"]).exits(0);
    assert_eq!(folder.read("s/k.yaml").matches("read_only").count(), 1);
    folder.run(&["--preset", "node", "--write", "--yes", "p1", "p1/compose.yaml"]).exits(0);
}

#[test]
fn a_failed_write_in_a_tree_is_summed_up_too() {
    let text = "services:\n  a: {image: node}\n";
    let folder = Folder::new(&[("a/compose.yaml", text), ("b/compose.yaml", text)]);
    std::fs::hard_link(folder.path().join("b/compose.yaml"), folder.path().join("b/other")).unwrap();
    let run = folder.run(&["-r", "--write", "--yes"]).exits(2);
    assert!(run.err.contains("several names") && run.err.contains("2 projects, 2 services"), "{}", run.text());
}

#[test]
fn the_reason_of_a_base_that_stays_is_the_true_one() {
    let text = "services:\n  z: {image: node:24}\n  a: {extends: z, tmpfs: /tmp}\n";
    let (_, said) = harden(&[("compose.yaml", text)], &[]);
    assert!(said.contains("z: not changed: service `a` extends it and mounts /tmp itself, which Compose would refuse"), "{said}");
    let folder = Folder::new(&[("d/compose.yaml", text)]);
    let run = folder.run(&["--preset", "node", "d"]).exits(0);
    assert!(run.err.contains("--override d/compose.override.yaml"), "{}", run.text());
}

#[test]
fn what_only_one_person_ignores_is_not_ignored() {
    let text = "services:\n  a: {image: node}\n";
    let folder = Folder::new(&[("x/compose.yaml", text), (".ignore", "x\n"), (".git/HEAD", "")]);
    let run = folder.run(&["-r"]).exits(0);
    assert!(run.err.contains("1 project, 1 service"), "{}", run.text());
}

#[test]
fn an_empty_part_of_compose_file_is_named() {
    let folder = Folder::compose("services:\n  a: {image: node}\n");
    let run = folder.run_with(&[], &[("COMPOSE_FILE", "compose.yaml::")], "").exits(2);
    assert!(run.err.contains("COMPOSE_FILE has an empty part"), "{}", run.text());
}

#[test]
fn files_that_a_variable_decides_are_not_guessed() {
    for (env, shell, expected) in [
        ("COMPOSE_FILE=${STACK}.yaml\n", &[][..], "COMPOSE_FILE has a variable in it that is not set"),
        ("COMPOSE_FILE=a.yaml\nCOMPOSE_PATH_SEPARATOR=${S}\n", &[], "COMPOSE_PATH_SEPARATOR has a variable in it that is not set"),
        ("COMPOSE_FILE=\n", &[], "COMPOSE_FILE is empty"),
        ("", &[("COMPOSE_FILE", "")], "COMPOSE_FILE is empty"),
    ] {
        let folder = Folder::new(&[
            (".env", env),
            ("a.yaml", "services:\n  a: {image: nginx}\n"),
            ("compose.yaml", "services:\n  c: {image: nginx}\n"),
        ]);
        let run = folder.run_with(&["--write", "--yes"], shell, "").exits(2);
        assert!(run.err.contains(expected) && run.err.contains("hint: "), "{env}: {}", run.text());
        assert_eq!(folder.read("compose.yaml"), "services:\n  c: {image: nginx}\n");
    }
    let known = Folder::new(&[(".env", "STACK=a\nCOMPOSE_FILE=${STACK}.yaml\n"), ("a.yaml", "services:\n  a:\n    image: nginx\n")]);
    assert!(known.run(&[]).exits(0).out.contains("+    read_only: true"));
}

#[test]
fn many_services_that_share_an_anchor_are_no_trouble() {
    let services: String = (0..3000).map(|i| format!("  s{i}:\n    <<: *b\n")).collect();
    let folder = Folder::compose(&format!("services:\n  b: &b\n    image: node\n{services}"));
    let start = std::time::Instant::now();
    folder.run(&["--preset", "node", "--write", "--yes"]).exits(0);
    assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:?}", start.elapsed());
}

/// Compose looks at each layer when it adds it, so that a later one cannot make it right.
#[test]
fn a_layer_that_compose_rejects_is_rejected_whatever_follows() {
    let base = |line: &str| format!("services:\n  a: {{image: node}}\n  w:\n    image: redis:7\n    {line}\n");
    let layer = |w: &str| format!("services:\n  w: {w}\n");
    let whole = ["!reset null", "!override {image: x}"].map(layer);
    let rows = [
        ("tmpfs:", "must be a string", vec![layer("{tmpfs: /x}"), layer("{tmpfs: !override [/x]}"), layer("{tmpfs: !reset null}")]),
        ("tmpfs: {a: b}", "must be a string", vec![layer("{tmpfs: !override /x}")]),
        ("read_only:", "must be a boolean", vec![layer("{read_only: false}"), layer("{read_only: !reset null}")]),
        ("read_only: [true]", "must be a boolean", vec![layer("{read_only: !override true}")]),
        ("volumes:", "must be a", vec![layer("{volumes: ['v:/v']}\nvolumes: {v: }"), layer("{volumes: !override ['/v']}")]),
        ("volumes: /x", "must be a", vec![layer("{volumes: !reset null}")]),
    ];
    let compose = Compose::find();
    let rejected = |files: &[(&str, &str)], says: &str| {
        let folder = Folder::new(files);
        let run = folder.run(&["--write", "--yes"]).exits(2);
        assert!(run.err.contains(says), "{files:?}\n{}", run.text());
        if let Some(compose) = &compose {
            assert!(compose.effective(folder.path(), &[]).is_err(), "{files:?}");
        }
    };
    for (line, says, layers) in rows {
        let base = base(line);
        for layer in layers.iter().chain(&whole).chain(&["services: !override {w: {image: x}}\n".to_owned()]) {
            rejected(&[("compose.yaml", &base), ("compose.override.yaml", layer)], says);
            rejected(&[("compose.yaml", &format!("{base}---\n{layer}"))], says);
        }
    }
    // A null keeps what is there, and then nothing is wrong.
    for line in ["tmpfs", "read_only", "volumes"] {
        let base = base("volumes: [/v]\n    tmpfs: /x\n    read_only: true");
        let null = format!("services:\n  w:\n    {line}:\n---\nservices:\n  w: !override {{image: x}}\n");
        harden(&[("compose.yaml", &base), ("compose.override.yaml", &null)], &[]);
    }
}

/// What is reset in a mapping that is merged in is gone before Compose looks, so that no later layer makes it wrong.
#[test]
fn a_reset_that_is_merged_in_is_gone() {
    let base = "services:\n  w: {image: 'node:22'}\n---\nservices: {a: &a {image: x, read_only: !reset null, tmpfs: !reset [], volumes: !reset null}, w: {tmpfs: [/x]}}\n";
    for own in ["read_only: false, image: 'node:22', <<: *a", "image: 'node:22', <<: *a"] {
        let text = format!("{base}---\nservices: {{w: !override {{{own}}}}}\n");
        for layer in ["services:\n  w: {init: true}\n", "services:\n  w: {read_only: false}\n"] {
            let files = [("compose.yaml", &*text), ("compose.override.yaml", layer)];
            if let Some(compose) = Compose::find() {
                assert!(compose.effective(Folder::new(&files).path(), &[]).is_ok(), "{text}{layer}");
            }
            let (after, _) = harden(&files, &["--service", "w"]);
            assert!(
                after.read("compose.override.yaml").contains("read_only: true") || after.read("compose.yaml").contains("read_only: true")
            );
        }
    }
}

/// A new service goes before the `?` of one that is written so, and brackets with nothing in them leave nothing behind.
#[test]
fn keys_that_are_marked_as_such_keep_their_place() {
    let base = "services:\n  base:\n    image: redis:7\n  late: {image: x}\n";
    for (layer, expected) in [
        ("services:\n    ? late\n    : {}\n", "services:\n    base:\n        read_only: true\n    ? late\n    : {}\n"),
        ("services:\n  ? \"late\"  # why\n  :\n    {}\n", "services:\n  base:\n    read_only: true\n  ? \"late\"  # why\n  :\n    {}\n"),
        (
            "services:\n  base:\n    tmpfs: !reset [\n    ]\n    init: true\n  ? late\n  : {}\n",
            "services:\n  base:\n    tmpfs: !override [/run]\n    init: true\n    read_only: true\n  ? late\n  : {}\n",
        ),
    ] {
        let config = if layer.contains("!reset") {
            "[services.base]\npaths = [{ target = \"/run\", storage = \"scratch\", why = \"pids\" }]\n"
        } else {
            ""
        };
        let files = [("compose.yaml", base), ("more.yaml", layer), ("rofs-harden.toml", config)];
        let folder = Folder::new(&files);
        folder.run(&["-f", "compose.yaml", "--override", "more.yaml", "--write", "--yes"]).exits(0);
        assert_eq!(folder.read("more.yaml"), expected);
    }
}

/// Behind a plain scalar Compose takes a tab at the beginning of a line for indentation, so that a comma comes between.
#[test]
fn a_closing_line_that_begins_with_a_tab_stays_readable() {
    let compose = Compose::find();
    for (members, closing) in [
        ("\"tmpfs\": [\"/run\"]", "\t  }\n"),
        ("\"tmpfs\": [\"/run\"]", " \t}\n"),
        ("\"tmpfs\": [\"/run\"],", "\t  }\n"),
        ("\"init\": true, \"tmpfs\": [\"/run\"]", "\t  }\n"),
        ("\"tmpfs\": [\"/run\"] # why", "\t  }\n"),
    ] {
        let text = format!("  \"services\": {{\n    \"web\": {{\n      \"image\": \"node:22\",\n      {members}\n{closing}}}\n");
        let folder = Folder::compose(&text);
        if let Some(compose) = &compose {
            assert!(compose.effective(folder.path(), &[]).is_ok(), "{text}");
        }
        folder.run(&["--write", "--yes"]).exits(0);
        let after = folder.read("compose.yaml");
        assert!(after.contains("\"read_only\": true") && after.ends_with(&format!("{closing}}}\n")), "{after}");
        if let Some(compose) = &compose {
            assert!(compose.effective(folder.path(), &[]).is_ok(), "{after}");
        }
        folder.run(&["--check"]).exits(0);
    }
    // In a file that is JSON nothing of the kind happens, and a comma at the end would be none.
    let json = "{\n\t\"services\": {\n\t\t\"web\": {\n\t\t\t\"image\": \"redis:7\"\n\t\t}\n\t}\n}\n";
    let folder = Folder::new(&[("compose.json", json)]);
    folder.run(&["compose.json", "--write", "--yes"]).exits(0);
    assert!(folder.read("compose.json").contains("\"read_only\": true\n\t\t}"), "{}", folder.read("compose.json"));
}
