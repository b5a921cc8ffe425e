//! Projects of several files, of which some are open and not saved.

use super::editor::{Editor, able, pushed};
use crate::support::Folder;
use serde_json::{Value, json};

const WEB: &str = "services:\n  web:\n    image: nginx:1.27\n";
const HARD: &str = "services:\n  web:\n    read_only: true\n    tmpfs: [/var/cache/nginx, /run]\n";

fn has_root(editor: &mut Editor<'_>, uri: &str) -> bool {
    editor.rules(uri).iter().any(|rule| rule.starts_with("writable-root"))
}

#[test]
fn an_override_counts_before_it_is_saved() {
    let folder = Folder::new(&[("compose.yaml", WEB), ("compose.override.yaml", "services: {}\n")]);
    let mut editor = Editor::start(&folder, &able());
    let main = editor.open("compose.yaml");
    assert!(has_root(&mut editor, &main));
    let layer = editor.open("compose.override.yaml");
    editor.set(&layer, HARD);
    assert!(!has_root(&mut editor, &main));
    assert!(editor.heard.iter().any(|said| said["method"] == "workspace/diagnostic/refresh"), "{:?}", editor.heard);
    // What is not saved is gone with its window.
    editor.close(&layer);
    assert!(has_root(&mut editor, &main));
    // A layer that is not on the disk yet is one.
    let bare = Folder::compose(WEB);
    let mut editor = Editor::start(&bare, &pushed());
    let main = editor.open("compose.yaml");
    assert_ne!(editor.hear_of("textDocument/publishDiagnostics")["params"]["diagnostics"], json!([]));
    editor.open_as("compose.override.yaml", HARD);
    let told = editor.hear(|said| said["params"]["uri"] == json!(main) && said["method"] == "textDocument/publishDiagnostics");
    let rules = told["params"]["diagnostics"].as_array().unwrap();
    assert!(rules.iter().all(|d| d["code"] != "writable-root"), "{rules:?}");
}

#[test]
fn an_edit_over_several_files_is_one_and_names_versions_of_open_ones() {
    let folder = Folder::new(&[
        ("compose.yaml", "include: [more.yaml]\nservices:\n  web:\n    image: nginx:1.27\n"),
        ("more.yaml", "services:\n  cache:\n    image: redis:7\n"),
    ]);
    let mut editor = Editor::start(&folder, &able());
    let main = editor.open("compose.yaml");
    editor.set(&main, "include: [more.yaml]\n# new\nservices:\n  web:\n    image: nginx:1.27\n");
    let all = editor.actions_at(&main, 0, &json!(["source.fixAll"]));
    let changes = all[0]["edit"]["documentChanges"].as_array().unwrap();
    let named: Vec<_> =
        changes.iter().map(|change| (change["textDocument"]["uri"].clone(), change["textDocument"]["version"].clone())).collect();
    assert_eq!(named, [(json!(main), json!(2)), (json!(editor.uri("more.yaml")), Value::Null)]);
    editor.apply(&all[0]["edit"]);
    assert!(folder.read("more.yaml").contains("read_only: true"));
    assert!(!has_root(&mut editor, &main));
    // A client that takes no versions gets the edits all the same.
    let mut can = able();
    can["workspace"]["workspaceEdit"] = json!({});
    folder.put("more.yaml", "services:\n  cache:\n    image: redis:7\n");
    let mut editor = Editor::start(&folder, &can);
    let main = editor.open("compose.yaml");
    let all = editor.actions_at(&main, 0, &json!(["source.fixAll"]));
    assert_eq!(all[0]["edit"]["changes"].as_object().unwrap().len(), 2, "{all:?}");
}

#[test]
fn other_places_of_a_service_are_named() {
    let text = "x-all: &all\n  restart: always\nservices:\n  web:\n    <<: *all\n    extends: {file: base.yaml, service: base}\n    image: nginx:1.27\n";
    let folder = Folder::new(&[
        ("compose.yaml", text),
        ("compose.override.yaml", "services:\n  web:\n    environment: {A: b}\n"),
        ("base.yaml", "services:\n  base:\n    image: nginx\n"),
    ]);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let diagnostics = editor.pull(&uri);
    let root = diagnostics.iter().find(|d| d["code"] == "writable-root").unwrap();
    let related = root["relatedInformation"].as_array().unwrap();
    let said: Vec<_> = related
        .iter()
        .map(|r| {
            let name = r["location"]["uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            (name, r["location"]["range"]["start"]["line"].as_u64().unwrap(), r["message"].as_str().unwrap())
        })
        .collect();
    for (name, line, message) in [
        ("base.yaml", 1, "`web` extends this"),
        ("compose.yaml", 0, "&all is merged into it"),
        ("compose.override.yaml", 1, "a layer of `web`"),
    ] {
        assert!(said.contains(&(name.to_owned(), line, message)), "{name}: {said:?}");
    }
}

/// Whatever a project is made of makes its findings anew when it changes on the disk.
#[test]
fn files_of_a_project_are_watched() {
    let text = "services:\n  app:\n    build: {context: app, dockerfile: Build.file}\n  own:\n    image: \"${IMAGE}\"\n  web:\n    extends: {file: base.yaml, service: base}\n  db:\n    image: postgres:17\n    env_file: db.variables\n";
    let folder = Folder::new(&[
        ("compose.yaml", text),
        ("db.variables", "PGDATA=/srv/pg\n"),
        (".env", "IMAGE=example/x\n"),
        ("app/Build.file", "FROM scratch\n"),
        ("base.yaml", "services:\n  base:\n    image: example/y\n"),
    ]);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let unknown = |editor: &mut Editor<'_>, uri: &str| editor.rules(uri).into_iter().filter(|r| r.starts_with("unknown-image")).count();
    assert_eq!(unknown(&mut editor, &uri), 3);
    for (name, text, left) in [
        ("app/Build.file", "FROM node:22\nUSER node\nCMD [\"node\", \"a.js\"]\n", 2),
        (".env", "IMAGE=redis:7\n", 1),
        ("base.yaml", "services:\n  base:\n    image: nginx:1.27\n", 0),
    ] {
        folder.put(name, text);
        assert_eq!(unknown(&mut editor, &uri), left + 1, "{name}: nobody has said anything yet");
        let changed = editor.uri(name);
        editor.tell("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": changed, "type": 2}]}));
        assert_eq!(unknown(&mut editor, &uri), left, "{name}");
    }
    let asked: Vec<String> =
        editor.heard.iter().filter(|m| m["method"] == "client/registerCapability").map(|m| m["params"].to_string()).collect();
    assert!(asked.iter().any(|params| params.contains("**/*.{yaml,yml}")), "{asked:?}");
    for path in ["/app/Build.file", "/db.variables"] {
        assert!(asked.iter().any(|params| params.contains(path)), "{asked:?}");
    }
    // A file that is nobody's changes nothing.
    editor.heard.clear();
    let other = editor.uri("README.md");
    editor.tell("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": other, "type": 2}]}));
    unknown(&mut editor, &uri);
    assert_eq!(editor.heard, [Value::Null; 0]);
}

#[test]
fn two_folders_have_two_projects() {
    let folder =
        Folder::new(&[("a/compose.yaml", WEB), ("b/compose.yaml", WEB), ("b/compose.override.yaml", HARD), ("a/deep/er/x.yaml", WEB)]);
    let mut editor = Editor::start(&folder, &able());
    let (a, b) = (editor.open("a/compose.yaml"), editor.open("b/compose.yaml"));
    assert!(has_root(&mut editor, &a) && !has_root(&mut editor, &b));
    let deep = editor.open("a/deep/er/x.yaml");
    assert!(has_root(&mut editor, &deep), "a project of its own");
    editor.set(&a, "services: {}\n");
    assert!(!has_root(&mut editor, &a) && !has_root(&mut editor, &b) && has_root(&mut editor, &deep));
}

/// A file belongs to the project above it that names it.
#[test]
fn an_included_file_belongs_to_the_project_that_includes_it() {
    let folder = Folder::new(&[
        (".git/HEAD", ""),
        ("compose.yaml", "include: [parts/cache.yaml]\nservices: {}\n"),
        ("compose.override.yaml", "services:\n  cache:\n    read_only: true\n    volumes: [data:/data]\nvolumes: {data: }\n"),
        ("parts/cache.yaml", "services:\n  cache:\n    image: redis:7\n"),
        ("parts/alone.yaml", "services:\n  cache:\n    image: redis:7\n"),
    ]);
    let mut editor = Editor::start(&folder, &able());
    let (cache, alone) = (editor.open("parts/cache.yaml"), editor.open("parts/alone.yaml"));
    assert!(has_root(&mut editor, &alone));
    assert!(!has_root(&mut editor, &cache), "{:?}", editor.rules(&cache));
}

/// JSON is YAML, but for its comments.
#[test]
fn json_is_hardened_and_gets_no_comments() {
    let json = "{\n  \"services\": {\n    \"cache\": {\n      \"image\": \"redis:7\"\n    }\n  }\n}\n";
    let folder = Folder::new(&[("compose.yaml", "include: [more.json]\n"), ("more.json", json)]);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("more.json");
    let offered = editor.actions(&uri, "\"cache\"");
    let titles: Vec<&str> = offered.iter().map(|action| action["title"].as_str().unwrap()).collect();
    assert!(titles[0].starts_with("Harden `cache`: "), "{titles:?}");
    assert!(!titles.iter().any(|title| title.starts_with("Ignore")), "{titles:?}");
    editor.apply(&offered[0]["edit"]);
    let new: Value = serde_json::from_str(editor.text(&uri)).expect("it is JSON still");
    assert_eq!(new["services"]["cache"]["read_only"], true);
}

#[test]
fn files_that_are_none_of_compose_get_nothing() {
    let folder = Folder::new(&[("compose.yaml", WEB)]);
    let mut editor = Editor::start(&folder, &able());
    for (name, text) in [
        ("deploy.yaml", "apiVersion: v1\nkind: Pod\nspec: {containers: []}\n"),
        (".github/workflows/ci.yml", "name: ci\non: push\njobs: {a: {services: {redis: {image: redis}}}}\n"),
        ("values.yaml", "services: {web: {}}\nreplicas: 3\n"),
        ("notes.txt", WEB),
        ("rofs-harden.toml", ""),
        ("broken.yaml", "services: [\n"),
    ] {
        folder.put(name, text);
        let uri = editor.open(name);
        assert_eq!(editor.rules(&uri), [""; 0], "{name}");
        assert_eq!(editor.actions_at(&uri, 0, &Value::Null), [Value::Null; 0], "{name}");
        assert!(editor.ask("textDocument/codeLens", json!({"textDocument": {"uri": uri}})).as_array().is_none_or(Vec::is_empty), "{name}");
    }
}

/// What is wrong elsewhere is said; what is wrong in the file itself is said by the servers that check its syntax and schema.
#[test]
fn trouble_in_another_file_is_said() {
    let folder = Folder::new(&[("compose.yaml", WEB), ("compose.override.yaml", "services: [\n"), ("rofs-harden.toml", "wrong = 1\n")]);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let said = editor.pull(&uri);
    assert_eq!((said.len(), &said[0]["code"], &said[0]["severity"]), (1, &json!("not-read"), &json!(3)));
    assert!(said[0]["message"].as_str().unwrap().contains("compose.override.yaml:"), "{said:?}");
    let layer = editor.open_as("compose.override.yaml", "services: {}\n");
    assert!(editor.pull(&uri)[0]["message"].as_str().unwrap().contains("rofs-harden.toml:1:1"));
    editor.open_as("rofs-harden.toml", "");
    assert!(has_root(&mut editor, &uri));
    editor.set(&layer, "services: [\n");
    assert_eq!(editor.pull(&layer), [Value::Null; 0]);
}
