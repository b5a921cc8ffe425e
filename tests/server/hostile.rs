//! What no editor should send, and what strangers' files hold.

use super::editor::{Editor, able};
use crate::support::Folder;
use serde_json::{Value, json};
use std::fs;

const WEB: &str = "services:\n  web:\n    image: nginx:1.27\n";

fn framed(text: &str) -> String {
    format!("Content-Length: {}\r\n\r\n{text}", text.len())
}

#[test]
fn what_is_no_message_is_answered_and_the_session_goes_on() {
    let folder = Folder::compose(WEB);
    let mut editor = Editor::start(&folder, &able());
    for bad in [
        "",
        "{",
        "[]",
        "null",
        "{\"jsonrpc\": \"2.0\"}",
        "{\"id\": 1.5, \"method\": \"x\"}",
        "{\"id\": 99999999999, \"method\": \"x\"}",
        "\u{0}",
    ] {
        editor.send(framed(bad).as_bytes());
        let answer = editor.hear(|said| said["error"]["code"] == -32700);
        assert!(answer["id"].is_null(), "{bad:?}: {answer}");
    }
    editor.send(framed(&"[".repeat(100_000)).as_bytes());
    editor.hear(|said| said["error"]["code"] == -32700);
    editor.send(b"Content-Length: 2\r\n\r\n\xff\xfe");
    editor.hear(|said| said["error"]["code"] == -32700);
    let uri = editor.open("compose.yaml");
    assert!(!editor.pull(&uri).is_empty());
    assert!(editor.end().success());
}

#[test]
fn a_stream_without_messages_ends_the_session() {
    let folder = Folder::compose(WEB);
    for bad in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "Content-Length: x\r\n\r\n{}", "Content-Length: 10\r\n\r\n{}", ""] {
        let mut editor = Editor::silent(&folder);
        editor.send(bad.as_bytes());
        assert_eq!(editor.hang_up().code(), Some(1), "{bad:?}");
    }
}

#[test]
fn requests_come_in_their_order() {
    let folder = Folder::compose(WEB);
    let mut editor = Editor::silent(&folder);
    let code = |answer: Value| answer["error"]["code"].as_i64();
    assert_eq!(code(editor.try_ask("textDocument/hover", json!({}))), Some(-32002));
    editor.tell("textDocument/didOpen", json!({"textDocument": {}}));
    editor.ask("initialize", json!({"capabilities": {}}));
    assert_eq!(code(editor.try_ask("initialize", json!({"capabilities": {}}))), Some(-32600));
    assert_eq!(code(editor.try_ask("textDocument/completion", json!({}))), Some(-32601));
    assert_eq!(code(editor.try_ask("textDocument/hover", json!({"position": {}}))), Some(-32602));
    editor.tell("$/unknown", json!({}));
    editor.tell("textDocument/didChange", json!([1, 2]));
    editor.ask("shutdown", Value::Null);
    assert_eq!(code(editor.try_ask("textDocument/hover", json!({}))), Some(-32600));
    editor.tell("exit", Value::Null);
    assert_eq!(editor.hang_up().code(), Some(0));
}

/// A client may say anything of itself, wrongly too.
#[test]
fn capabilities_of_other_forms_are_none() {
    let folder = Folder::compose(WEB);
    for can in [
        json!(null),
        json!([]),
        json!("x"),
        json!({"general": 1, "textDocument": {"diagnostic": [], "hover": {"contentFormat": 3}}, "workspace": []}),
    ] {
        let mut editor = Editor::start_with(&folder, &can, &json!([1]));
        let uri = editor.open("compose.yaml");
        let told = editor.hear_of("textDocument/publishDiagnostics");
        assert!(told["params"]["diagnostics"][0].get("codeDescription").is_none());
        assert!(editor.hover(&uri, "web")["contents"]["value"].is_string());
        assert!(editor.end().success());
    }
}

#[test]
fn a_request_that_is_cancelled_has_an_answer_all_the_same() {
    let folder = Folder::compose(WEB);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    for _ in 0..20 {
        let id = editor.send_request("textDocument/codeAction", json!({"textDocument": {"uri": uri}, "range": {"start": {"line": 1, "character": 3}, "end": {"line": 1, "character": 3}}, "context": {"diagnostics": []}}));
        editor.tell("$/cancelRequest", json!({"id": id}));
        let answer = editor.hear(|said| said["id"] == json!(id));
        assert!(answer["result"].is_array() || answer["error"]["code"] == -32800, "{answer}");
    }
    for id in [json!(9999), json!("x"), json!(null), json!({})] {
        editor.tell("$/cancelRequest", json!({"id": id}));
    }
    assert!(editor.end().success());
}

/// Text after text without waiting: only the last one counts, and is told.
#[test]
fn a_newer_text_cancels_the_older() {
    let folder = Folder::compose(WEB);
    let mut editor = Editor::start(&folder, &super::editor::pushed());
    let uri = editor.open("compose.yaml");
    editor.hear_of("textDocument/publishDiagnostics");
    let many: String = (0..300).map(|i| format!("  s{i}:\n    image: nginx:1.27\n")).collect();
    for i in 0..200 {
        editor.set(&uri, &format!("# {i}\nservices:\n{many}"));
    }
    editor.set(&uri, "services:\n  last:\n    image: redis:7\n");
    let last = editor.hear(|said| said["params"]["version"] == 202);
    assert!(last["params"]["diagnostics"][0]["message"].as_str().unwrap().starts_with("last: "), "{last}");
    let told = editor.heard.iter().filter(|said| said["method"] == "textDocument/publishDiagnostics").count();
    assert!(told < 150, "{told} of 201 texts were worked through");
}

#[test]
fn places_that_are_none() {
    let folder = Folder::compose(WEB);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let huge = json!({"line": u32::MAX, "character": u32::MAX});
    let long = json!({"line": 1, "character": 4_000_000});
    let zero = json!({"line": 0, "character": 0});
    for (start, end) in [(&huge, &huge), (&zero, &huge), (&huge, &zero), (&long, &long), (&long, &zero)] {
        editor.ask(
            "textDocument/codeAction",
            json!({"textDocument": {"uri": uri}, "range": {"start": start, "end": end}, "context": {"diagnostics": []}}),
        );
        editor.ask("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": start}));
        editor.ask("textDocument/inlayHint", json!({"textDocument": {"uri": uri}, "range": {"start": start, "end": end}}));
        let change = json!({"range": {"start": start, "end": end}, "text": ""});
        editor.tell("textDocument/didChange", json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]}));
    }
    for place in
        [json!({"line": -1, "character": 0}), json!({"line": 1.5}), json!(null), json!({"line": 9_999_999_999_u64, "character": 0})]
    {
        let answer = editor.try_ask("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": place}));
        assert_eq!(answer["error"]["code"], -32602, "{place}");
    }
    assert!(editor.end().success());
}

#[test]
fn uris_that_are_no_files_here_get_nothing() {
    let folder = Folder::compose(WEB);
    let mut editor = Editor::start(&folder, &able());
    for uri in [
        "untitled:Untitled-1",
        "untitled:compose.yaml",
        "vscode-remote://ssh-remote%2Bx/srv/compose.yaml",
        "git:/srv/compose.yaml?x",
        "file:///c%3A/Users/me/compose.yaml",
        "file:///C:/Users/me/compose.yaml",
        "file://server/share/compose.yaml",
        "file:///%00/compose.yaml",
        "file:///%zz",
        "file:",
        "",
        "compose.yaml",
        "file:///no/such/folder/compose.yaml",
        "file:///proc/self/compose.yaml",
    ] {
        editor.open_uri(uri, WEB);
        assert_eq!(editor.pull(uri).len(), usize::from(uri.contains("proc")) * editor.pull(uri).len(), "{uri}");
        editor.actions_at(uri, 12, &Value::Null);
        editor.ask("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": {"line": 1, "character": 3}}));
        editor.ask("textDocument/codeLens", json!({"textDocument": {"uri": uri}}));
        editor.replace(uri, 0..0, "# x\n");
        editor.close(uri);
    }
    for uri in [json!(null), json!(3), json!("file:///x.yaml")] {
        editor.tell("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
        editor.tell("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": uri}]}));
        editor.try_ask("textDocument/diagnostic", json!({"textDocument": {"uri": uri}}));
        editor.try_ask("workspace/executeCommand", json!({"command": "rofs-harden.hardenService", "arguments": [uri]}));
        editor.try_ask("workspace/textDocumentContent", json!({"uri": uri}));
    }
    assert_eq!(editor.try_ask("codeAction/resolve", json!({"data": {"uri": "x"}}))["error"]["code"], -32602);
    assert!(editor.end().success());
}

#[test]
fn a_name_with_every_kind_of_character_is_one_file() {
    let folder = Folder::new(&[("a b#é%20?/compose.yaml", WEB)]);
    let mut editor = Editor::start(&folder, &able());
    let uri = format!("file://{}/a%20b%23%c3%a9%2520%3F/compose.yaml", folder.path().display());
    editor.open_uri(&uri, WEB);
    assert!(!editor.pull(&uri).is_empty());
    let all = editor.actions_at(&uri, 0, &json!(["source.fixAll"]));
    assert_eq!(all[0]["edit"]["documentChanges"][0]["textDocument"]["uri"], json!(uri), "as the client spells it");
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_root_is_not_followed_and_not_edited() {
    let folder = Folder::new(&[
        ("compose.yaml", "include: [link.yaml]\nservices: {}\n"),
        ("../secret.yaml", "services:\n  web:\n    image: nginx:1.27\n"),
    ]);
    std::os::unix::fs::symlink(folder.outside().join("secret.yaml"), folder.path().join("link.yaml")).unwrap();
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let link = editor.open("link.yaml");
    let secret = fs::read_to_string(folder.outside().join("secret.yaml")).unwrap();
    for uri in [&uri, &link] {
        editor.pull(uri);
        for action in editor.actions_at(uri, 0, &json!(["source.fixAll"])) {
            let text = action.to_string();
            assert!(!text.contains("compose.yaml") || !text.contains("link.yaml"), "{text}");
        }
    }
    assert!(!editor.rules(&uri).iter().any(|rule| rule.contains("web")));
    assert_eq!(fs::read_to_string(folder.outside().join("secret.yaml")).unwrap(), secret);
}

/// What a stranger's file says reaches no screen as it is.
#[test]
fn messages_are_clean() {
    let text =
        "services:\n  \"we\\e[31mb\\u202e\":\n    image: \"nginx\\e]0;x\\a\"\n    volumes: [\"/var/run/docker.sock:/a`<script>\\e[0m\"]\n";
    let folder = Folder::compose(text);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let mut said: Vec<String> = editor.pull(&uri).iter().map(ToString::to_string).collect();
    said.extend(editor.actions(&uri, "\"we").iter().map(|action| action["title"].to_string()));
    said.push(editor.hover(&uri, "\"we")["contents"]["value"].to_string());
    said.push(editor.ask("textDocument/codeLens", json!({"textDocument": {"uri": uri}}))[0]["command"]["title"].to_string());
    for text in said {
        // The service's name goes back to the server as data.
        let shown = text.split("\"data\"").next().unwrap();
        assert!(!shown.contains("\\u001b") && !shown.contains('\u{202e}') && !shown.contains("\\u0007"), "{shown}");
    }
}

#[test]
fn the_log_has_what_happens_and_no_texts() {
    let folder = Folder::compose(WEB);
    let log = folder.path().join("log");
    let input: String = [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}),
        json!({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": format!("file://{}/compose.yaml", folder.path().display()), "languageId": "yaml", "version": 1, "text": WEB}}}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "un\u{1b}known"}),
        json!({"jsonrpc": "2.0", "id": 3, "method": "shutdown"}),
        json!({"jsonrpc": "2.0", "method": "exit"}),
    ]
    .iter()
    .map(|message| framed(&message.to_string()))
    .collect();
    let run = folder.run_with(&["server", "--log", log.to_str().unwrap()], &[], &input);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let log = fs::read_to_string(log).unwrap();
    assert!(
        log.contains("< initialize 1\n") && log.contains("> 2 refused: ") && !log.contains("nginx") && !log.contains('\u{1b}'),
        "{log}"
    );
    let failed = folder.run(&["server", "--log", "/no/such/folder/log"]);
    assert_eq!(failed.code, Some(2), "{}", failed.text());
    assert!(failed.err.contains("cannot write /no/such/folder/log"), "{}", failed.err);
    let version = folder.run(&["server", "--version"]);
    assert!(version.out.contains(env!("CARGO_PKG_VERSION")), "{}", version.text());
}
