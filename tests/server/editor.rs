//! An editor: it keeps texts as the protocol says, and carries out edits without a word of the server's own code.

use crate::support::{Folder, PROGRAM};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longest wait for a message.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) struct Editor<'f> {
    pub(super) folder: &'f Folder,
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    next: i64,
    /// Version and text, by URI.
    pub(super) texts: BTreeMap<String, (i64, String)>,
    /// What the server said or asked beside its answers.
    pub(super) heard: Vec<Value>,
    /// What it can do.
    pub(super) capabilities: Value,
    is_utf8: bool,
}

/// What a client of today can do.
pub(super) fn able() -> Value {
    json!({
        "general": {"positionEncodings": ["utf-16"]},
        "textDocument": {
            "diagnostic": {"relatedInformation": true, "codeDescriptionSupport": true},
            "hover": {"contentFormat": ["markdown", "plaintext"]},
        },
        "workspace": {
            "applyEdit": true,
            "workspaceEdit": {"documentChanges": true, "resourceOperations": ["create"]},
            "didChangeWatchedFiles": {"dynamicRegistration": true},
            "diagnostics": {"refreshSupport": true},
        },
    })
}

/// The same without pulling: diagnostics are pushed.
pub(super) fn pushed() -> Value {
    let mut can = able();
    can["textDocument"]["diagnostic"].take();
    can["textDocument"]["publishDiagnostics"] = json!({"relatedInformation": true, "codeDescriptionSupport": true});
    can
}

impl<'f> Editor<'f> {
    pub(super) fn start(folder: &'f Folder, can: &Value) -> Self {
        Self::start_with(folder, can, &Value::Null)
    }

    pub(super) fn start_with(folder: &'f Folder, can: &Value, options: &Value) -> Self {
        let mut editor = Self::silent(folder);
        let about = json!({"processId": null, "rootUri": null, "capabilities": can, "initializationOptions": options});
        editor.capabilities = editor.ask("initialize", about)["capabilities"].clone();
        editor.is_utf8 = editor.capabilities["positionEncoding"] == "utf-8";
        editor.tell("initialized", json!({}));
        editor
    }

    /// One that has said nothing yet.
    pub(super) fn silent(folder: &'f Folder) -> Self {
        let mut command = folder.command(PROGRAM);
        command.arg("server").stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let (texts, heard) = (BTreeMap::new(), Vec::new());
        Self { folder, child, input, messages, next: 0, texts, heard, capabilities: Value::Null, is_utf8: false }
    }

    pub(super) fn uri(&self, name: &str) -> String {
        format!("file://{}", self.folder.path().join(name).display())
    }

    /// Sends bytes as they are.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    fn send_message(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        self.send(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    #[allow(clippy::needless_pass_by_value, reason = "callers make the parameters where they send them")]
    pub(super) fn tell(&mut self, method: &str, params: Value) {
        self.send_message(json!({"method": method, "params": params}));
    }

    /// Sends a request and returns its number.
    #[allow(clippy::needless_pass_by_value, reason = "callers make the parameters where they send them")]
    pub(super) fn send_request(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        self.send_message(json!({"id": self.next, "method": method, "params": params}));
        self.next
    }

    /// Asks, and waits for the result.
    #[track_caller]
    pub(super) fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.try_ask(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Asks, and waits for the answer, whatever it is.
    pub(super) fn try_ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send_request(method, params);
        self.hear(|message| message["id"] == json!(id) && message.get("method").is_none())
    }

    /// Waits for a message. What comes before it is kept.
    pub(super) fn hear(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("a message");
            if message.get("method").is_some() && message.get("id").is_some() {
                self.send_message(json!({"id": message["id"], "result": null}));
            }
            if is_it(&message) {
                return message;
            }
            self.heard.push(message);
        }
    }

    /// Waits for a message of this name, also one that came already.
    pub(super) fn hear_of(&mut self, method: &str) -> Value {
        match self.heard.iter().position(|message| message["method"] == method) {
            Some(at) => self.heard.remove(at),
            None => self.hear(|message| message["method"] == method),
        }
    }

    /// Opens a file with what the disk has.
    pub(super) fn open(&mut self, name: &str) -> String {
        let text = self.folder.read(name);
        self.open_as(name, &text)
    }

    /// Opens a file with a text of its own.
    pub(super) fn open_as(&mut self, name: &str, text: &str) -> String {
        let uri = self.uri(name);
        self.open_uri(&uri, text);
        uri
    }

    pub(super) fn open_uri(&mut self, uri: &str, text: &str) {
        self.texts.insert(uri.to_owned(), (1, text.to_owned()));
        self.tell("textDocument/didOpen", json!({"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}));
    }

    pub(super) fn close(&mut self, uri: &str) {
        self.texts.remove(uri);
        self.tell("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    }

    pub(super) fn text(&self, uri: &str) -> &str {
        &self.texts[uri].1
    }

    /// Types: replaces bytes by others.
    pub(super) fn replace(&mut self, uri: &str, range: std::ops::Range<usize>, new: &str) {
        let (start, end) = (self.position(self.text(uri), range.start), self.position(self.text(uri), range.end));
        let (version, text) = self.texts.get_mut(uri).unwrap();
        text.replace_range(range, new);
        *version += 1;
        let about = json!({"uri": uri, "version": *version});
        let change = json!({"range": {"start": start, "end": end}, "text": new});
        self.tell("textDocument/didChange", json!({"textDocument": about, "contentChanges": [change]}));
    }

    /// Gives a document another text as a whole.
    pub(super) fn set(&mut self, uri: &str, new: &str) {
        let (version, text) = self.texts.get_mut(uri).unwrap();
        new.clone_into(text);
        *version += 1;
        let about = json!({"uri": uri, "version": *version});
        self.tell("textDocument/didChange", json!({"textDocument": about, "contentChanges": [{"text": new}]}));
    }

    /// Diagnostics, asked for.
    #[track_caller]
    pub(super) fn pull(&mut self, uri: &str) -> Vec<Value> {
        let report = self.ask("textDocument/diagnostic", json!({"textDocument": {"uri": uri}}));
        assert_eq!(report["kind"], "full", "{report}");
        report["items"].as_array().unwrap().clone()
    }

    /// Rule and service of all diagnostics.
    #[track_caller]
    pub(super) fn rules(&mut self, uri: &str) -> Vec<String> {
        let said = |d: &Value| format!("{} {}", d["code"].as_str().unwrap(), d["data"]["service"].as_str().unwrap_or_default());
        self.pull(uri).iter().map(|d| said(d).trim().to_owned()).collect()
    }

    /// The actions where `needle` stands in the text.
    #[track_caller]
    pub(super) fn actions(&mut self, uri: &str, needle: &str) -> Vec<Value> {
        let at = self.text(uri).find(needle).expect("it is in the text");
        self.actions_at(uri, at, &Value::Null)
    }

    #[track_caller]
    pub(super) fn actions_at(&mut self, uri: &str, at: usize, only: &Value) -> Vec<Value> {
        let place = self.position(self.text(uri), at);
        let mut context = json!({"diagnostics": []});
        if !only.is_null() {
            context["only"] = only.clone();
        }
        let params = json!({"textDocument": {"uri": uri}, "range": {"start": place, "end": place}, "context": context});
        self.ask("textDocument/codeAction", params).as_array().unwrap().clone()
    }

    /// The action whose title begins so.
    #[track_caller]
    pub(super) fn action(&mut self, uri: &str, needle: &str, title: &str) -> Value {
        let actions = self.actions(uri, needle);
        let found = actions.iter().find(|a| a["title"].as_str().unwrap().starts_with(title)).cloned();
        found.unwrap_or_else(|| panic!("no {title:?} in {:?}", actions.iter().map(|a| &a["title"]).collect::<Vec<_>>()))
    }

    pub(super) fn hover(&mut self, uri: &str, needle: &str) -> Value {
        let at = self.text(uri).find(needle).expect("it is in the text");
        let position = self.position(self.text(uri), at);
        self.ask("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": position}))
    }

    /// Carries an edit out: in open texts, which are sent, and on the disk.
    #[track_caller]
    pub(super) fn apply(&mut self, edit: &Value) {
        for change in edit["documentChanges"].as_array().expect("changes by document") {
            if change["kind"] == "create" {
                let path = change["uri"].as_str().unwrap().strip_prefix("file://").unwrap();
                assert!(!std::path::Path::new(path).exists(), "{path} is there");
                std::fs::write(path, "").unwrap();
                continue;
            }
            let uri = change["textDocument"]["uri"].as_str().unwrap();
            let version = &change["textDocument"]["version"];
            let edits = change["edits"].as_array().unwrap();
            match self.texts.get(uri).cloned() {
                Some((known, text)) => {
                    assert_eq!(*version, json!(known), "an edit of another version");
                    let new = self.edited(&text, edits);
                    self.set(uri, &new);
                }
                None => {
                    assert!(version.is_null(), "{version}");
                    let path = uri.strip_prefix("file://").unwrap();
                    let new = self.edited(&std::fs::read_to_string(path).unwrap(), edits);
                    std::fs::write(path, new).unwrap();
                }
            }
        }
    }

    /// A text after edits, all of which are about the text before them.
    pub(super) fn edited(&self, text: &str, edits: &[Value]) -> String {
        let place = |edit: &Value| {
            let at = |end: &str| self.offset(text, &edit["range"][end]);
            let new = edit["newText"].as_str().or_else(|| edit["snippet"]["value"].as_str()).unwrap().to_owned();
            (at("start"), at("end"), new)
        };
        let mut sorted: Vec<_> = edits.iter().map(place).collect();
        sorted.sort_by_key(|(start, end, _)| (*start, *end));
        assert!(sorted.windows(2).all(|pair| pair[0].1 <= pair[1].0), "edits overlap: {sorted:?}");
        let mut new = text.to_owned();
        for (start, end, words) in sorted.into_iter().rev() {
            new.replace_range(start..end, &words);
        }
        new
    }

    /// A byte as line and column.
    pub(super) fn position(&self, text: &str, at: usize) -> Value {
        let (mut line, mut start) = (0, 0);
        for (i, c) in text[..at].char_indices() {
            if c == '\n' || c == '\r' && !text[i + 1..].starts_with('\n') {
                (line, start) = (line + 1, i + 1);
            }
        }
        let units = if self.is_utf8 { at - start } else { text[start..at].encode_utf16().count() };
        json!({"line": line, "character": units})
    }

    /// The byte of a line and column, which must be one.
    #[track_caller]
    pub(super) fn offset(&self, text: &str, place: &Value) -> usize {
        let all = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        all.into_iter().find(|at| self.position(text, *at) == *place).unwrap_or_else(|| panic!("{place} is no place in the text"))
    }

    /// Says goodbye.
    pub(super) fn end(mut self) -> ExitStatus {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.child.wait().unwrap()
    }

    /// Closes the line, and returns how the server ended.
    pub(super) fn hang_up(mut self) -> ExitStatus {
        self.input.take();
        self.child.wait().unwrap()
    }
}

impl Drop for Editor<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One message.
fn read(stream: &mut impl BufRead) -> Option<Value> {
    let mut size = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some((_, value)) => size = value.parse().ok()?,
            None => break,
        }
    }
    let mut bytes = vec![0; size];
    stream.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}
