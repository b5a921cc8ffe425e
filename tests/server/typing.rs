//! A file while it is typed: at every prefix of it there are answers, and no edit that breaks a law.

use super::editor::{Editor, able};
use crate::support::Folder;
use rofs_harden::text::{FileId, TextFile};
use rofs_harden::yaml::Stream;
use serde_json::{Value, json};

/// Anchors, merge keys, flow and block style, wide characters, a literal text, a comment of ours.
const FILE: &str = "x-a: &a {tmpfs: [/tmp]}\nservices:\r\n  w: # rofs-harden: ignore[root-user] 😀\n    <<: *a\n    image: \"nginx:1.27\"\n  d: {image: redis:7, volumes: [v:/data]}\n  l:\n    image: node:22\n    command: |\n      a 😀\nvolumes:\n  v:\n";

fn parses(text: &str) -> bool {
    let file = TextFile::new("f", text.as_bytes().to_vec(), 1 << 20).unwrap();
    Stream::parse(&file, FileId(0)).is_ok()
}

/// Whether `new` is `old` with lines or words added: no byte of it is gone.
fn only_adds(old: &str, new: &str) -> bool {
    let mut rest = new.chars();
    old.chars().all(|c| rest.any(|n| n == c))
}

/// Carries out each action on a copy, and looks at what comes of it.
fn try_all(editor: &Editor<'_>, uri: &str, actions: &[Value]) {
    let text = editor.text(uri);
    for action in actions {
        for change in action["edit"]["documentChanges"].as_array().unwrap().iter().filter(|change| change["edits"].is_array()) {
            let is_own = change["textDocument"]["uri"] == json!(uri);
            let old = if is_own { text } else { "" };
            let new = editor.edited(old, change["edits"].as_array().unwrap());
            assert!(parses(&new), "{}: {new}", action["title"]);
            // An explicit `read_only: false` or an emptied value may be replaced; this file has none.
            assert!(only_adds(old, &new), "{}: {new}", action["title"]);
        }
    }
}

#[test]
fn every_prefix_of_a_file_has_answers_and_lawful_edits() {
    let folder = Folder::compose("services: {}\n");
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    editor.set(&uri, "");
    let mut offered = 0;
    for (at, c) in FILE.char_indices() {
        editor.replace(&uri, at..at, &c.to_string());
        let end = at + c.len_utf8();
        let diagnostics = editor.pull(&uri);
        let text = editor.text(&uri).to_owned();
        diagnostics.iter().for_each(|d| {
            let (start, end) = (editor.offset(&text, &d["range"]["start"]), editor.offset(&text, &d["range"]["end"]));
            assert!(start <= end, "{d}");
        });
        // A place between `\r` and `\n` is none.
        if text.ends_with('\r') {
            continue;
        }
        let actions = editor.actions_at(&uri, end, &Value::Null);
        try_all(&editor, &uri, &actions);
        let all = editor.actions_at(&uri, end, &json!(["source.fixAll"]));
        try_all(&editor, &uri, &all);
        offered += actions.len() + all.len();
        let position = editor.position(&text, end);
        editor.ask("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": position}));
        editor.ask("textDocument/codeLens", json!({"textDocument": {"uri": uri}}));
    }
    assert!(offered > 100, "{offered}");
    assert!(editor.end().success());
}

/// A whole file in whose middle a line is half typed.
#[test]
fn a_half_typed_line_in_the_middle_of_a_file() {
    let folder = Folder::compose(FILE);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let at = FILE.find("  l:").unwrap();
    for line in
        ["  n:\n    image: 'redis:7'\n    tmpfs: [/x]\n", "  \"n\": {image: 'ngi", "  - n\n", "\tn: 1\n", "  ? n\n  : {image: nginx}\n"]
    {
        for end in (0..=line.len()).filter(|end| line.is_char_boundary(*end)) {
            editor.set(&uri, &[&FILE[..at], &line[..end], &FILE[at..]].concat());
            editor.pull(&uri);
            let actions = editor.actions_at(&uri, at + end, &Value::Null);
            try_all(&editor, &uri, &actions);
        }
    }
    assert!(editor.end().success());
}
