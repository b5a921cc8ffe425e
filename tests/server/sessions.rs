//! A person at work: open, look, choose, undo, save.

use super::editor::{Editor, able, pushed};
use crate::support::Folder;
use serde_json::{Value, json};

const PROJECT: &str = "services:\n  web:\n    image: nginx:1.27\n  db:\n    image: postgres:17\n  odd:\n    image: example/odd\n";

fn titles(actions: &[Value]) -> Vec<&str> {
    actions.iter().map(|action| action["title"].as_str().unwrap()).collect()
}

/// The text that the command line would write.
fn of_command_line(folder: &Folder, options: &[&str]) -> String {
    let copy = Folder::compose(&folder.read("compose.yaml"));
    let run = copy.run(&[options, &["--write", "--yes"]].concat());
    assert_eq!(run.code, Some(0), "{}", run.text());
    copy.read("compose.yaml")
}

#[test]
fn a_fix_is_found_applied_and_undone() {
    let folder = Folder::compose(PROJECT);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let before = editor.rules(&uri);
    assert!(before.contains(&"writable-root web".to_owned()) && before.contains(&"writable-root odd".to_owned()), "{before:?}");
    let fix = editor.action(&uri, "web:", "Harden `web`: read_only: true, tmpfs");
    assert_eq!(
        (&fix["isPreferred"], &fix["kind"], &fix["diagnostics"][0]["code"]),
        (&json!(true), &json!("quickfix"), &json!("writable-root"))
    );
    editor.apply(&fix["edit"]);
    assert_eq!(editor.text(&uri), of_command_line(&folder, &["--service", "web"]));
    assert!(!editor.rules(&uri).contains(&"writable-root web".to_owned()));
    editor.set(&uri, PROJECT);
    assert_eq!(editor.rules(&uri), before, "undone");
    assert!(editor.end().success());
    assert_eq!(folder.read("compose.yaml"), PROJECT, "the server writes nothing");
}

#[test]
fn all_that_is_sure_is_what_the_command_line_writes_and_has_no_guess() {
    let folder = Folder::compose(PROJECT);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let all = editor.actions_at(&uri, 0, &json!(["source.fixAll"]));
    assert_eq!((titles(&all), &all[0]["kind"]), (vec!["Harden all that is sure"], &json!("source.fixAll.rofs-harden")));
    editor.apply(&all[0]["edit"]);
    assert_eq!(editor.text(&uri), of_command_line(&folder, &[]));
    assert_eq!(editor.rules(&uri).iter().filter(|rule| rule.starts_with("writable-root")).collect::<Vec<_>>(), ["writable-root odd"]);
    // Nothing is left that is sure, and other kinds are not asked for.
    for only in ["source.fixAll", "source.organizeImports", "refactor", "source.fixAll.eslint"] {
        assert_eq!(editor.actions_at(&uri, 0, &json!([only])), [Value::Null; 0], "{only}");
    }
}

/// With a configuration that agrees to guesses they still are none of what is sure.
#[test]
fn a_guess_is_offered_and_never_preferred() {
    let folder = Folder::new(&[("compose.yaml", PROJECT), ("rofs-harden.toml", "unsafe-fixes = true\n")]);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let guess = editor.action(&uri, "odd:", "Harden `odd`: read_only: true, tmpfs /tmp:mode=1777; assumed, not known");
    assert!(guess.get("isPreferred").is_none(), "{guess}");
    for action in editor.actions(&uri, "odd:") {
        assert!(action.get("isPreferred").is_none(), "{action}");
    }
    let all = editor.actions_at(&uri, 0, &json!(["source.fixAll.rofs-harden"]));
    editor.apply(&all[0]["edit"]);
    assert!(editor.text(&uri).ends_with("  odd:\n    image: example/odd\n"), "{}", editor.text(&uri));
    editor.set(&uri, PROJECT);
    let guess = editor.action(&uri, "odd:", "Harden `odd`: ");
    editor.apply(&guess["edit"]);
    assert_eq!(editor.text(&uri), of_command_line(&folder, &["--service", "odd", "--unsafe-fixes"]));
}

#[test]
fn extras_are_taken_one_by_one() {
    let hard = "services:\n  web:\n    image: nginx:1.27\n    read_only: true\n    tmpfs: [/var/cache/nginx, /run]\n";
    let folder = Folder::compose(hard);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    for (title, extra) in
        [("Cap-drop for `web`: cap_drop ALL", "cap-drop"), ("No-new-privileges for `web`: security_opt", "no-new-privileges")]
    {
        let action = editor.action(&uri, "web:", title);
        assert!(action.get("isPreferred").is_none());
        editor.apply(&action["edit"]);
        assert_eq!(editor.text(&uri), of_command_line(&folder, &["--with", extra]), "{extra}");
        editor.set(&uri, hard);
    }
    // With a root that is writable still, both come together.
    editor.set(&uri, PROJECT);
    folder.put("compose.yaml", PROJECT);
    for (service, title, extra) in
        [("db", "Harden `db`, and cap-drop: ", "cap-drop"), ("web", "Harden `web`, and user: user 101:101", "user")]
    {
        let both = editor.action(&uri, &format!("{service}:"), title);
        editor.apply(&both["edit"]);
        assert_eq!(editor.text(&uri), of_command_line(&folder, &["--service", service, "--with", extra]));
        editor.set(&uri, PROJECT);
    }
}

#[test]
fn a_finding_is_ignored_with_a_comment_that_counts() {
    let text = "services:\n  sock:\n    image: example/x # why\n    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock\n";
    let folder = Folder::compose(text);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    assert!(editor.rules(&uri).contains(&"engine-socket sock".to_owned()));
    let ignore = editor.action(&uri, "/var/run", "Ignore engine-socket here");
    editor.apply(&ignore["edit"]);
    assert!(
        editor.text(&uri).contains("    volumes:\n      # rofs-harden: ignore[engine-socket] say why\n      - /var/run"),
        "{}",
        editor.text(&uri)
    );
    assert!(!editor.rules(&uri).contains(&"engine-socket sock".to_owned()));
    // In one line of flow style a comment above would be about all of it, and in JSON there is none.
    let flow = "{\"services\": {\"a\": {\"image\": \"nginx\"}, \"b\": {\"image\": \"nginx\"}}}\n";
    editor.set(&uri, flow);
    let offered = editor.actions(&uri, "\"a\"");
    assert!(titles(&offered).iter().any(|title| title.starts_with("Harden `a`")), "{offered:?}");
}

#[test]
fn an_override_file_takes_the_change() {
    let folder = Folder::compose(PROJECT);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let action = editor.action(&uri, "web:", "Harden `web` in compose.override.yaml");
    editor.apply(&action["edit"]);
    assert_eq!(editor.text(&uri), PROJECT);
    assert!(folder.read("compose.override.yaml").starts_with("services:\n  web:\n    read_only: true\n"));
    let other = editor.uri("compose.override.yaml");
    editor.tell("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": other, "type": 1}]}));
    assert!(!editor.rules(&uri).contains(&"writable-root web".to_owned()));
    // The one that is there is taken, also while it is open.
    editor.open("compose.override.yaml");
    let action = editor.action(&uri, "db:", "Harden `db` in compose.override.yaml");
    editor.apply(&action["edit"]);
    assert!(editor.text(&other).contains("  db:\n    read_only: true\n"), "{}", editor.text(&other));
    // A client that makes no files is not offered a new one.
    let plain = Folder::compose(PROJECT);
    let mut can = able();
    can["workspace"]["workspaceEdit"]["resourceOperations"] = json!([]);
    let mut editor = Editor::start(&plain, &can);
    let uri = editor.open("compose.yaml");
    assert!(titles(&editor.actions(&uri, "web:")).iter().all(|title| !title.contains("override")));
}

#[test]
fn an_action_is_made_when_it_is_chosen_and_not_for_another_text() {
    let folder = Folder::compose(PROJECT);
    let mut can = able();
    can["textDocument"]["codeAction"] = json!({"dataSupport": true, "resolveSupport": {"properties": ["edit"]}});
    let mut editor = Editor::start(&folder, &can);
    let uri = editor.open("compose.yaml");
    let action = editor.action(&uri, "web:", "Harden `web`: ");
    assert!(action.get("edit").is_none(), "{action}");
    editor.replace(&uri, 0..0, "# new\n");
    let refused = editor.try_ask("codeAction/resolve", action);
    assert_eq!(refused["error"]["code"], -32801, "{refused}");
    let action = editor.action(&uri, "web:", "Harden `web`: ");
    let made = editor.ask("codeAction/resolve", action);
    editor.apply(&made["edit"]);
    assert!(
        editor.text(&uri).starts_with("# new\nservices:\n  web:\n    image: nginx:1.27\n    read_only: true\n"),
        "{}",
        editor.text(&uri)
    );
}

#[test]
fn lenses_say_what_would_harden_a_service_and_do_it() {
    let folder = Folder::compose(&format!(
        "{PROJECT}  hard:\n    image: redis:7\n    read_only: true\n  # rofs-harden: ignore[writable-root] it is theirs\n  left:\n    image: redis:7\n"
    ));
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let lenses = editor.ask("textDocument/codeLens", json!({"textDocument": {"uri": uri}}));
    let lenses = lenses.as_array().unwrap().clone();
    let said: Vec<_> =
        lenses.iter().map(|lens| (lens["range"]["start"]["line"].as_u64().unwrap(), lens["command"]["title"].as_str().unwrap())).collect();
    assert_eq!(
        said,
        [
            (1, "writable root · 2 mounts would harden it"),
            (3, "writable root · 2 mounts would harden it"),
            (5, "writable root · 1 mount would harden it (assumed)"),
        ]
    );
    let command = &lenses[0]["command"];
    editor.ask("workspace/executeCommand", json!({"command": command["command"], "arguments": command["arguments"]}));
    let asked = editor.hear_of("workspace/applyEdit");
    editor.apply(&asked["params"]["edit"]);
    assert!(!editor.rules(&uri).contains(&"writable-root web".to_owned()));
    let params = json!({"command": "rofs-harden.hardenProject", "arguments": [uri]});
    editor.ask("workspace/executeCommand", params);
    let asked = editor.hear_of("workspace/applyEdit");
    editor.apply(&asked["params"]["edit"]);
    assert_eq!(editor.rules(&uri).iter().filter(|rule| rule.starts_with("writable-root")).collect::<Vec<_>>(), ["writable-root odd"]);
}

#[test]
fn hovers_say_what_is_written_by_whom_and_how_sure_that_is() {
    let folder = Folder::compose(
        "services:\n  web:\n    image: nginx:1.27\n    tmpfs:\n      - /var/cache/nginx\n    volumes: [more:/x]\nvolumes:\n  more:\n",
    );
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let said = editor.hover(&uri, "web:")["contents"]["value"].as_str().unwrap().to_owned();
    for part in [
        "writable root filesystem, writable surface 23; 4 with the change",
        "`/run` (may vanish)",
        "preset nginx, documented",
        "- `read_only: true`: ",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let mount = editor.hover(&uri, "/var/cache")["contents"]["value"].as_str().unwrap().to_owned();
    assert!(mount.starts_with("**`/var/cache/nginx`** in `web`: tmpfs\n\nWho writes here:\n\n- `/var/cache/nginx`: "), "{mount}");
    let nobody = editor.hover(&uri, "more:/x")["contents"]["value"].as_str().unwrap().to_owned();
    assert!(nobody.contains("Nobody is known to write here"), "{nobody}");
    assert!(editor.hover(&uri, "image")["contents"].is_null());
}

#[test]
fn diagnostics_are_pushed_to_those_who_do_not_pull() {
    let folder = Folder::compose(PROJECT);
    let mut editor = Editor::start(&folder, &pushed());
    assert!(editor.capabilities["diagnosticProvider"].is_null(), "{}", editor.capabilities);
    let uri = editor.open("compose.yaml");
    let first = editor.hear_of("textDocument/publishDiagnostics")["params"].clone();
    assert_eq!((first["uri"].as_str(), &first["version"]), (Some(&*uri), &json!(1)));
    let diagnostic = &first["diagnostics"][0];
    assert_eq!((&diagnostic["severity"], &diagnostic["source"]), (&json!(2), &json!("rofs-harden")));
    assert_eq!(diagnostic["codeDescription"]["href"], "rofs-harden:/rules/writable-root.md");
    let page = editor.ask("workspace/textDocumentContent", json!({"uri": "rofs-harden:/rules/writable-root.md"}));
    assert!(page["text"].as_str().unwrap().starts_with("# writable-root\n"), "{page}");
    editor.set(&uri, "services: {}\n");
    assert_eq!(editor.hear_of("textDocument/publishDiagnostics")["params"]["diagnostics"], json!([]));
    editor.set(&uri, PROJECT);
    assert_eq!(editor.hear_of("textDocument/publishDiagnostics")["params"]["version"], json!(3));
    editor.close(&uri);
    let last = editor.hear_of("textDocument/publishDiagnostics");
    assert_eq!(last["params"]["diagnostics"], json!([]));
    assert!(editor.end().success());
}

#[test]
fn settings_turn_lenses_off_hints_on_and_say_where_pages_are() {
    let folder = Folder::compose(PROJECT);
    let options = json!({"codeLens": false, "inlayHints": true, "pages": "https://example.org/{rule}.html"});
    let mut editor = Editor::start_with(&folder, &able(), &options);
    let uri = editor.open("compose.yaml");
    assert_eq!(editor.pull(&uri)[0]["codeDescription"]["href"], "https://example.org/writable-root.html");
    assert_eq!(editor.ask("textDocument/codeLens", json!({"textDocument": {"uri": uri}})), json!([]));
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 3, "character": 0}});
    let params = json!({"textDocument": {"uri": uri}, "range": range});
    let hints = editor.ask("textDocument/inlayHint", params.clone());
    assert_eq!((hints.as_array().unwrap().len(), &hints[0]["label"]), (1, &json!("surface 20 → 2")));
    editor.tell("workspace/didChangeConfiguration", json!({"settings": {"rofs-harden": {"inlayHints": false}}}));
    assert_eq!(editor.ask("textDocument/inlayHint", params), json!([]));
}
