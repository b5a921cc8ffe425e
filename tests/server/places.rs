//! Places: both encodings, every kind of line break, characters of every width.

use super::editor::{Editor, able};
use crate::support::Folder;
use serde_json::{Value, json};

/// Services and comments with characters of one to four bytes, and a mount behind some of them.
const WIDE: &str = "# é ☃ 𝄞\nservices:\n  a: {labels: {\"😀\": \"é\"}, image: nginx, volumes: [\"/var/run/docker.sock:/s\"]} # 😀\n  web: # 😀\n    image: nginx # ☃\n    labels: {\"k😀\": \"v\", t: \"a\tb\"}\n";

fn utf8() -> Value {
    let mut can = able();
    can["general"]["positionEncodings"] = json!(["utf-16", "utf-8"]);
    can
}

/// A text as it is in files with other line breaks.
fn with_breaks(line_break: &str) -> String {
    WIDE.replace('\n', line_break)
}

#[test]
fn ranges_are_exact_in_both_encodings_and_with_every_line_break() {
    for can in [able(), utf8()] {
        for line_break in ["\n", "\r\n", "\r"] {
            let folder = Folder::compose(&with_breaks(line_break));
            let mut editor = Editor::start(&folder, &can);
            assert_eq!(
                editor.capabilities["positionEncoding"],
                can["general"]["positionEncodings"].as_array().unwrap().last().unwrap().clone()
            );
            let uri = editor.open("compose.yaml");
            let text = editor.text(&uri).to_owned();
            let mut seen = Vec::new();
            for diagnostic in editor.pull(&uri) {
                let (start, end) = (editor.offset(&text, &diagnostic["range"]["start"]), editor.offset(&text, &diagnostic["range"]["end"]));
                seen.push((diagnostic["code"].as_str().unwrap().to_owned(), text[start..end].to_owned()));
            }
            for (rule, place) in [("engine-socket", "\"/var/run/docker.sock:/s\""), ("writable-root", "web"), ("writable-root", "a")] {
                assert!(seen.contains(&(rule.to_owned(), place.to_owned())), "{line_break:?} {rule} {place}: {seen:?}");
            }
        }
    }
}

/// What an editor has after an action is, byte by byte, what the command line writes.
#[test]
fn edits_are_exact_in_both_encodings_and_with_every_line_break() {
    for can in [able(), utf8()] {
        for line_break in ["\n", "\r\n", "\r"] {
            let text = with_breaks(line_break);
            let folder = Folder::compose(&text);
            let mut editor = Editor::start(&folder, &can);
            let uri = editor.open("compose.yaml");
            let all = editor.actions_at(&uri, 0, &json!(["source.fixAll"]));
            editor.apply(&all[0]["edit"]);
            assert_ne!(editor.text(&uri), text);
            let run = folder.run(&["--write", "--yes"]);
            assert_eq!(run.code, Some(0), "{}", run.text());
            assert_eq!(editor.text(&uri), folder.read("compose.yaml"), "{line_break:?}");
        }
    }
}

/// A text that is typed piece by piece is the same to the server as one that came whole.
#[test]
fn what_is_typed_between_wide_characters_arrives_where_it_belongs() {
    for can in [able(), utf8()] {
        let folder = Folder::compose("services: {}\n");
        let mut editor = Editor::start(&folder, &can);
        let uri = editor.open("compose.yaml");
        editor.set(&uri, "");
        let mut whole = with_breaks("\r\n");
        for (at, c) in whole.char_indices() {
            editor.replace(&uri, at..at, &c.to_string());
        }
        let at = whole.find("nginx #").unwrap();
        editor.replace(&uri, at..at + 5, "redis:7");
        let at = editor.text(&uri).find("# 😀").unwrap();
        editor.replace(&uri, at..at + "# 😀".len(), "# 𝄞𝄞");
        whole = editor.text(&uri).to_owned();
        let typed = editor.pull(&uri);
        editor.set(&uri, &whole);
        assert_eq!(editor.pull(&uri), typed);
        assert!(typed.iter().any(|d| d["message"].as_str().unwrap().contains("tmpfs /tmp") || d["code"] == "writable-root"), "{typed:?}");
    }
}

#[test]
fn a_byte_order_mark_takes_no_room_in_a_file_that_is_not_open() {
    let base = "\u{feff}services: {base: {image: 'nginx:1.27'}}\n";
    let folder = Folder::new(&[("compose.yaml", "include: [other.yaml]\nservices:\n  a:\n    image: redis:7\n"), ("other.yaml", base)]);
    let mut editor = Editor::start(&folder, &able());
    let uri = editor.open("compose.yaml");
    let all = editor.actions_at(&uri, 0, &json!(["source.fixAll"]));
    let changes = all[0]["edit"]["documentChanges"].as_array().unwrap().clone();
    assert_eq!(changes.len(), 2, "{changes:?}");
    let other = changes.iter().find(|change| change["textDocument"]["uri"] == json!(editor.uri("other.yaml"))).unwrap();
    // The editor reads the file without its mark.
    let new = editor.edited(&base[3..], other["edits"].as_array().unwrap());
    let run = folder.run(&["--write", "--yes"]);
    assert_eq!(run.code, Some(0), "{}", run.text());
    assert_eq!(format!("\u{feff}{new}"), folder.read("other.yaml"));
}
