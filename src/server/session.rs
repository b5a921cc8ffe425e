//! One client: its messages in their order, the state that they make, and what it is told.

use super::analysis::{Analysis, Context, analyse};
use super::client::{Client, Settings};
use super::commands::{USUAL, is_usual, unwatch, watch};
use super::documents::{Document, Documents};
use super::wire::{self, Incoming, Reader, is_text};
use super::{End, uri};
use crate::plan::source::settled;
use gen_lsp_types::{DidChangeTextDocumentParams, DidOpenTextDocumentParams, PublishDiagnosticsParams};
use lsp_server::{ErrorCode, Message, Notification, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// Most files that are watched beside those with usual names.
const MOST_WATCHED: usize = 200;
/// The watch over these files.
const OTHERS: &str = "rofs-harden-others";

/// One client.
pub(super) struct Session<'s> {
    reader: Reader,
    output: &'s mut dyn Write,
    log: Option<&'s mut dyn Write>,
    waiting: VecDeque<Incoming>,
    /// How many of the texts that were read have been taken in.
    taken: u64,
    pub(super) client: Option<Client>,
    pub(super) settings: Settings,
    pub(super) documents: Documents,
    analyses: Vec<Analysis>,
    /// Numbers for analyses and for requests to the client.
    number: u64,
    /// The analysis that was last told, by document.
    told: HashMap<String, u64>,
    watched: BTreeSet<PathBuf>,
    /// An edit that the client is to carry out once a command is answered.
    pub(super) to_apply: Option<Value>,
    pub(super) is_shut_down: bool,
}

/// Why a request has no answer.
pub(super) struct Refusal {
    pub(super) code: i32,
    pub(super) message: String,
    pub(super) data: Option<Value>,
}

impl Refusal {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code: code as i32, message: message.into(), data: None }
    }
}

impl<'s> Session<'s> {
    pub(super) fn new(reader: Reader, output: &'s mut dyn Write, log: Option<&'s mut dyn Write>) -> Self {
        Self {
            reader,
            output,
            log,
            waiting: VecDeque::new(),
            taken: 0,
            client: None,
            settings: Settings::default(),
            documents: Documents::default(),
            analyses: Vec::new(),
            number: 0,
            told: HashMap::new(),
            watched: BTreeSet::new(),
            to_apply: None,
            is_shut_down: false,
        }
    }

    /// Serves until the client goes away.
    ///
    /// Errors: nobody reads any more.
    pub(super) fn run(mut self) -> io::Result<End> {
        loop {
            self.fetch()?;
            match self.waiting.pop_front() {
                Some(Incoming::Message(Message::Request(request))) => self.request(request)?,
                Some(Incoming::Message(Message::Notification(told))) if told.method == "exit" => {
                    return Ok(if self.is_shut_down { End::Orderly } else { End::Abrupt });
                }
                Some(Incoming::Message(Message::Notification(told))) => self.notification(told)?,
                Some(Incoming::Message(Message::Response(_))) => {}
                Some(Incoming::Malformed(why)) => {
                    self.note(&format!("! {why}"))?;
                    wire::write(self.output, &wire::unreadable(&why))?;
                }
                Some(Incoming::End(why)) => {
                    if let Some(why) = why {
                        self.note(&format!("! {why}"))?;
                        wire::write(self.output, &wire::unreadable(&why))?;
                    }
                    return Ok(if self.is_shut_down { End::Orderly } else { End::Abrupt });
                }
                None => self.tell()?,
            }
        }
    }

    /// Takes in what was read, and waits for more where nothing is left to do. Requests that are cancelled are answered right away.
    fn fetch(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() && !self.has_news() {
            match self.reader.messages.recv() {
                Ok(incoming) => self.waiting.push_back(incoming),
                Err(_) => self.waiting.push_back(Incoming::End(None)),
            }
        }
        while let Ok(incoming) = self.reader.messages.try_recv() {
            if let Incoming::Message(Message::Notification(told)) = &incoming
                && told.method == "$/cancelRequest"
            {
                let id = told.params.get("id").cloned().unwrap_or_default();
                self.cancel(&id)?;
                continue;
            }
            self.waiting.push_back(incoming);
        }
        Ok(())
    }

    fn cancel(&mut self, id: &Value) -> io::Result<()> {
        let is_it = |incoming: &Incoming| matches!(incoming, Incoming::Message(Message::Request(r)) if json!(r.id) == *id);
        let Some(at) = self.waiting.iter().position(is_it) else { return Ok(()) };
        self.waiting.remove(at);
        self.answer(id, Err(Refusal::new(ErrorCode::RequestCanceled, "cancelled")))
    }

    /// Writes a line into the log.
    pub(super) fn note(&mut self, line: &str) -> io::Result<()> {
        match &mut self.log {
            Some(log) => {
                writeln!(log, "{}", crate::text::clean_line(line))?;
                log.flush()
            }
            None => Ok(()),
        }
    }

    fn request(&mut self, request: Request) -> io::Result<()> {
        self.note(&format!("< {} {}", request.method, request.id))?;
        let id = json!(request.id);
        let answer = self.answer_to(&request.method, request.params);
        self.answer(&id, answer)?;
        match self.to_apply.take() {
            Some(edit) => self.ask("workspace/applyEdit", &edit),
            // What was read for them is to be watched.
            None if request.method == "textDocument/diagnostic" => self.watch_others(),
            None => Ok(()),
        }
    }

    fn answer(&mut self, id: &Value, answer: Result<Value, Refusal>) -> io::Result<()> {
        let message = match answer {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(Refusal { code, message, data }) => {
                self.note(&format!("> {id} refused: {message}"))?;
                let mut error = json!({"code": code, "message": message});
                if let Some(data) = data {
                    error["data"] = data;
                }
                json!({"jsonrpc": "2.0", "id": id, "error": error})
            }
        };
        wire::write(self.output, &message)
    }

    /// Asks the client for something. Its answer decides nothing.
    pub(super) fn ask(&mut self, method: &str, params: &Value) -> io::Result<()> {
        self.number += 1;
        self.note(&format!("> {method}"))?;
        let id = format!("rofs-harden-{}", self.number);
        wire::write(self.output, &json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
    }

    fn notify(&mut self, method: &str, params: impl Serialize) -> io::Result<()> {
        self.note(&format!("> {method}"))?;
        wire::write(self.output, &json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    fn notification(&mut self, told: Notification) -> io::Result<()> {
        self.note(&format!("< {}", told.method))?;
        if is_text(&told.method) {
            self.taken += 1;
        }
        if self.client.is_none() || self.is_shut_down {
            return Ok(());
        }
        match told.method.as_str() {
            "initialized" => self.watch_usual()?,
            "textDocument/didOpen" => {
                if let Some(DidOpenTextDocumentParams { text_document: item }) = self.read(told.params)? {
                    let language = String::from(item.language_id);
                    if let Some(document) = Document::new(item.uri.0, &language, item.version, item.text) {
                        let real = document.real().map(Path::to_owned);
                        self.documents.open(document);
                        self.forget(real.as_deref())?;
                    }
                }
            }
            "textDocument/didChange" => {
                let encoding = self.encoding();
                if let Some(DidChangeTextDocumentParams { text_document: named, content_changes }) = self.read(told.params)? {
                    let Some(document) = self.documents.get_mut(&named.text_document_identifier.uri.0) else { return Ok(()) };
                    document.change(encoding, named.version, content_changes);
                    let real = document.real().map(Path::to_owned);
                    self.forget(real.as_deref())?;
                }
            }
            "textDocument/didClose" => {
                let uri = told.params.pointer("/textDocument/uri").and_then(Value::as_str).unwrap_or_default().to_owned();
                if let Some(document) = self.documents.close(&uri) {
                    self.forget(document.real())?;
                    if self.told.remove(&uri).is_some() {
                        self.notify("textDocument/publishDiagnostics", json!({"uri": uri, "diagnostics": []}))?;
                    }
                }
            }
            "workspace/didChangeWatchedFiles" => self.changed_on_disk(&told.params)?,
            "workspace/didChangeConfiguration" => {
                self.settings.change(told.params.get("settings").unwrap_or(&Value::Null));
                self.analyses.clear();
                self.refresh()?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The parameters of a notification. What is wrong with them is said in the log only: there is no answer to a notification.
    fn read<T: DeserializeOwned>(&mut self, params: Value) -> io::Result<Option<T>> {
        match serde_json::from_value(params) {
            Ok(params) => Ok(Some(params)),
            Err(error) => {
                self.note(&format!("! {error}"))?;
                Ok(None)
            }
        }
    }

    fn changed_on_disk(&mut self, params: &Value) -> io::Result<()> {
        let changes = params.get("changes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let named = changes.iter().filter_map(|change| uri::path_of(change.get("uri")?.as_str()?));
        let paths: Vec<PathBuf> = named.filter_map(|path| settled(&crate::edge::disk::Disk, &path)).collect();
        let before = self.analyses.len();
        self.analyses.retain(|analysis| !paths.iter().any(|path| analysis.seen.contains(path)));
        if self.analyses.len() < before { self.refresh() } else { Ok(()) }
    }

    /// Forgets what was found out with the help of a file that is another one now.
    fn forget(&mut self, real: Option<&Path>) -> io::Result<()> {
        let Some(real) = real else { return Ok(()) };
        let (documents, mut others) = (&self.documents, false);
        self.analyses.retain(|analysis| {
            let is_kept = !analysis.seen.contains(real);
            // Whoever types in one file asks for that one by himself.
            others |= !is_kept && documents.all().any(|d| d.real().is_some_and(|r| r != real && analysis.files.contains_key(r)));
            // What nobody looks at any more is not kept.
            is_kept && documents.all().any(|d| d.real().is_some_and(|r| analysis.files.contains_key(r)))
        });
        if others { self.refresh() } else { Ok(()) }
    }

    /// Asks the client to ask again.
    fn refresh(&mut self) -> io::Result<()> {
        let Some(client) = self.client.clone() else { return Ok(()) };
        for (can, method) in [
            (client.pulls && client.refreshes_diagnostics, "workspace/diagnostic/refresh"),
            (client.refreshes_lenses && self.settings.code_lens, "workspace/codeLens/refresh"),
            (client.refreshes_hints, "workspace/inlayHint/refresh"),
        ] {
            if can {
                self.ask(method, &Value::Null)?;
            }
        }
        Ok(())
    }

    pub(super) fn encoding(&self) -> super::position::Encoding {
        self.client.as_ref().map_or(super::position::Encoding::Utf16, |client| client.encoding)
    }

    /// What is known of the project of a document; `None` where the document is not open, or while a newer text is waiting.
    pub(super) fn analysis(&mut self, uri: &str) -> Option<&Analysis> {
        let real = self.documents.get(uri)?.real()?.to_owned();
        let at = self.analyses.iter().position(|analysis| analysis.files.contains_key(&real));
        if let Some(at) = at {
            return self.analyses.get(at);
        }
        let client = self.client.as_ref()?;
        self.number += 1;
        let context = Context { documents: &self.documents, client, settings: &self.settings };
        let (texts, taken) = (&self.reader.texts, self.taken);
        let is_stale = || texts.load(Ordering::SeqCst) != taken;
        let analysis = analyse(context, self.documents.get(uri)?, self.number, &is_stale).ok()?;
        // Two projects may have a file in common; the newer answer counts for it.
        for older in &mut self.analyses {
            older.files.retain(|path, _| !analysis.files.contains_key(path));
        }
        self.analyses.retain(|older| !older.files.is_empty());
        self.analyses.push(analysis);
        self.analyses.last()
    }

    /// A document of which the client does not know yet what is known.
    fn next_untold(&self) -> Option<String> {
        if self.is_shut_down || self.client.as_ref().is_none_or(|client| client.pulls) {
            return None;
        }
        let is_told = |document: &Document| {
            let number = document.real().and_then(|real| self.analyses.iter().find(|a| a.files.contains_key(real))).map(|a| a.number);
            document.real().is_none() || number.is_some_and(|number| self.told.get(&document.uri) == Some(&number))
        };
        self.documents.all().find(|document| !is_told(document)).map(|document| document.uri.clone())
    }

    fn has_news(&self) -> bool {
        self.next_untold().is_some()
    }

    /// Tells the client what is known of one document.
    fn tell(&mut self) -> io::Result<()> {
        let Some(uri) = self.next_untold() else { return Ok(()) };
        let Some(document) = self.documents.get(&uri) else { return Ok(()) };
        let (real, version) = (document.real().map(Path::to_owned), document.version);
        let Some(analysis) = self.analysis(&uri) else { return Ok(()) };
        let (number, trouble) = (analysis.number, analysis.trouble.clone());
        let found = real.and_then(|real| analysis.files.get(&real)).map(|found| found.diagnostics.clone());
        if let Some(trouble) = trouble {
            self.note(&format!("! {trouble}"))?;
        }
        let diagnostics = found.unwrap_or_default();
        let was_told = self.told.insert(uri.clone(), number).is_some();
        // Nothing is said of files that are none of ours.
        if !diagnostics.is_empty() || was_told {
            let params = PublishDiagnosticsParams { uri: uri.into(), version: Some(version), diagnostics };
            self.notify("textDocument/publishDiagnostics", params)?;
        }
        self.watch_others()
    }

    fn watch_usual(&mut self) -> io::Result<()> {
        if self.client.as_ref().is_some_and(|client| client.watches) {
            self.ask("client/registerCapability", &watch("rofs-harden-usual", &USUAL.map(str::to_owned)))?;
        }
        Ok(())
    }

    /// Has files watched that are read and have no usual name: Dockerfiles, and files of variables.
    pub(super) fn watch_others(&mut self) -> io::Result<()> {
        if !self.client.as_ref().is_some_and(|client| client.watches) {
            return Ok(());
        }
        let has_usual_name = |path: &&PathBuf| path.file_name().is_some_and(|name| is_usual(&name.to_string_lossy()));
        let of_projects = self.analyses.iter().filter(|analysis| analysis.input.is_some());
        let others = of_projects.flat_map(|analysis| &analysis.seen).filter(|path| !has_usual_name(path));
        let others: BTreeSet<PathBuf> = others.take(MOST_WATCHED).cloned().collect();
        if others == self.watched {
            return Ok(());
        }
        if !self.watched.is_empty() {
            self.ask("client/unregisterCapability", &unwatch(OTHERS))?;
        }
        if !others.is_empty() {
            // Nothing tells a client that a character is meant as it stands.
            let is_plain = |glob: &String| !glob.contains(['*', '?', '{', '}', '[', ']']);
            let globs = others.iter().map(|path| path.to_string_lossy().replace('\\', "/")).filter(is_plain);
            let globs: Vec<String> = globs.collect();
            self.ask("client/registerCapability", &watch(OTHERS, &globs))?;
        }
        self.watched = others;
        Ok(())
    }
}
