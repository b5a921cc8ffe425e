//! What the server answers to each request.

use super::actions::{FIX_ALL, actions};
use super::analysis::{Context, Found, Place, report};
use super::client::{self, Client, SCHEME};
use super::commands::{self, HARDEN_PROJECT, HARDEN_SERVICE};
use super::diagnostics::SOURCE;
use super::documents::Document;
use super::edits::{Asked, Wish, edit};
use super::hover::hover;
use super::session::{Refusal, Session};
use super::world::World;
use crate::audit::Applicability;
use crate::plan::{Files, Input, Plan};
use crate::text::clean_line;
use gen_lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionParams, CodeLensOptions, DiagnosticOptions, DocumentDiagnosticParams,
    ExecuteCommandOptions, FullDocumentDiagnosticReport, HoverParams, InitializeResult, Range, RelatedFullDocumentDiagnosticReport,
    RelatedUnchangedDocumentDiagnosticReport, ServerCapabilities, ServerInfo, TextDocumentContentOptions, TextDocumentSyncKind,
    TextDocumentSyncOptions, UnchangedDocumentDiagnosticReport, WorkDoneProgressOptions, WorkspaceFoldersServerCapabilities,
    WorkspaceOptions,
};
use lsp_server::ErrorCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The answer to a request: its result, or why there is none.
type Answer = Result<Value, Refusal>;

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|error| Refusal::new(ErrorCode::InvalidParams, error.to_string()))
}

fn result(value: impl Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| Refusal::new(ErrorCode::InternalError, error.to_string()))
}

fn uri_of(params: &Value) -> String {
    params.pointer("/textDocument/uri").and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl Session<'_> {
    /// Answers a request.
    pub(super) fn answer_to(&mut self, method: &str, params: Value) -> Answer {
        match (method, &self.client) {
            _ if self.is_shut_down => Err(Refusal::new(ErrorCode::InvalidRequest, "the server is shut down")),
            ("initialize", None) => self.initialize(&params),
            ("initialize", Some(_)) => Err(Refusal::new(ErrorCode::InvalidRequest, "the server is initialized")),
            (_, None) => Err(Refusal::new(ErrorCode::ServerNotInitialized, "the first request is `initialize`")),
            ("shutdown", _) => {
                self.is_shut_down = true;
                Ok(Value::Null)
            }
            ("textDocument/diagnostic", _) => self.pull(read(params)?),
            ("textDocument/codeAction", _) => self.actions(&read(params)?),
            ("codeAction/resolve", _) => self.resolve(params),
            ("textDocument/hover", _) => self.hover(&read(params)?),
            ("textDocument/codeLens", _) => self.found(&params, |found| json!(found.lenses)),
            ("textDocument/inlayHint", _) => self.hints(&params),
            ("workspace/executeCommand", _) => self.execute(&params),
            ("workspace/textDocumentContent", _) => {
                let uri = params.get("uri").and_then(Value::as_str).unwrap_or_default();
                let page = client::page_at(uri).ok_or_else(|| Refusal::new(ErrorCode::InvalidParams, "there is no such page"))?;
                Ok(json!({"text": page}))
            }
            _ => Err(Refusal::new(ErrorCode::MethodNotFound, format!("`{}` is not known here", clean_line(method)))),
        }
    }

    fn initialize(&mut self, params: &Value) -> Answer {
        let client = Client::of(params);
        if let Some(settings) = params.get("initializationOptions") {
            self.settings.change(settings);
        }
        let capabilities = capabilities(&client);
        self.client = Some(client);
        let server_info = ServerInfo { name: SOURCE.to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) };
        result(InitializeResult { capabilities, server_info: Some(server_info) })
    }

    /// Diagnostics that a client asks for.
    fn pull(&mut self, params: DocumentDiagnosticParams) -> Answer {
        let uri = params.text_document.uri.0;
        let real = self.documents.get(&uri).and_then(|d| Some(d.real()?.to_owned()));
        let Some(real) = real else { return full(None, Vec::new()) };
        let Some(analysis) = self.analysis(&uri) else {
            let data = Some(json!({"retriggerRequest": true}));
            return Err(Refusal { data, ..Refusal::new(ErrorCode::ServerCancelled, "a newer text is waiting") });
        };
        let id = analysis.number.to_string();
        if params.previous_result_id.as_ref() == Some(&id) {
            let report = UnchangedDocumentDiagnosticReport { result_id: id };
            return result(json_kind(
                "unchanged",
                RelatedUnchangedDocumentDiagnosticReport { related_documents: None, unchanged_document_diagnostic_report: report },
            )?);
        }
        let items = analysis.files.get(&real).map(|found| found.diagnostics.clone()).unwrap_or_default();
        full(Some(id), items)
    }

    /// What is known of an open file; `null` where nothing is.
    fn found(&mut self, params: &Value, say: impl Fn(&Found) -> Value) -> Answer {
        let uri = uri_of(params);
        let Some(real) = self.documents.get(&uri).and_then(|d| Some(d.real()?.to_owned())) else { return Ok(Value::Null) };
        let analysis = self.analysis(&uri).ok_or_else(newer)?;
        Ok(analysis.files.get(&real).map_or(Value::Null, say))
    }

    fn hints(&mut self, params: &Value) -> Answer {
        let range: Range = read(params.get("range").cloned().unwrap_or_default())?;
        self.found(params, |found| {
            let is_in = |hint: &&gen_lsp_types::InlayHint| range.start <= hint.position && hint.position <= range.end;
            json!(found.hints.iter().filter(is_in).collect::<Vec<_>>())
        })
    }

    /// Looks at the project of an open document as it is now; `None` where there is none, or where it cannot be read.
    fn look<T>(&mut self, uri: &str, say: impl FnOnce(&Place<'_>, &Input, &Document) -> T) -> Result<Option<T>, Refusal> {
        if self.documents.get(uri).is_none_or(|document| document.real().is_none()) {
            return Ok(None);
        }
        let Some(input) = self.analysis(uri).ok_or_else(newer)?.input.clone() else { return Ok(None) };
        let (Some(client), Some(document)) = (&self.client, self.documents.get(uri)) else { return Ok(None) };
        let context = Context { documents: &self.documents, client, settings: &self.settings };
        let world = World::new(&self.documents, &|| false);
        // What is wrong with the project is said in its diagnostics.
        let Ok(files) = Files::read(&world, &input) else { return Ok(None) };
        let Ok(plan) = Plan::of(&files, &report()) else { return Ok(None) };
        Ok(Some(say(&Place { context, world: &world, files: &files, plan: &plan }, &input, document)))
    }

    fn actions(&mut self, params: &CodeActionParams) -> Answer {
        let encoding = self.encoding();
        let only = params.context.only.as_ref().map(|only| only.iter().cloned().map(String::from).collect::<Vec<_>>());
        let found = self.look(&params.text_document.uri.0, |place, input, document| {
            let (start, end) = (encoding.offset(&document.text, params.range.start), encoding.offset(&document.text, params.range.end));
            actions(place, input, document, &(start.min(end)..start.max(end)), only.as_deref())
        })?;
        result(found.unwrap_or_default())
    }

    /// Gives an action its edit.
    fn resolve(&mut self, mut action: Value) -> Answer {
        let Some(data) = action.get("data").cloned() else { return Ok(action) };
        let asked: Asked = read(data)?;
        let edit = self.edit(&asked)?;
        action["edit"] = edit;
        Ok(action)
    }

    /// The edit of what is asked for, if the document still is what it was asked for.
    fn edit(&mut self, asked: &Asked) -> Answer {
        let is_same = self.documents.get(&asked.uri).is_some_and(|document| document.version == asked.version);
        if !is_same {
            return Err(Refusal::new(ErrorCode::ContentModified, "the file is another one now"));
        }
        let input = self.analysis(&asked.uri).ok_or_else(newer)?.input.clone();
        let (Some(input), Some(client)) = (input, &self.client) else {
            return Err(Refusal::new(ErrorCode::RequestFailed, "this is no Compose file"));
        };
        let context = Context { documents: &self.documents, client, settings: &self.settings };
        result(edit(context, &input, asked).map_err(|why| Refusal::new(ErrorCode::RequestFailed, why))?)
    }

    fn hover(&mut self, params: &HoverParams) -> Answer {
        let encoding = self.encoding();
        let at = &params.text_document_position_params;
        let found = self.look(&at.text_document.uri.0, |place, _, document| {
            let file = document.real().and_then(|real| place.file_at(real))?;
            hover(place, file, encoding.offset(&document.text, at.position))
        })?;
        result(found.flatten())
    }

    /// Has the client carry out the edit of a command.
    fn execute(&mut self, params: &Value) -> Answer {
        let command = params.get("command").and_then(Value::as_str).unwrap_or_default();
        let arguments = params.get("arguments").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let wrong = || Refusal::new(ErrorCode::InvalidParams, "no such command, or not with these arguments");
        let (uri, mut wish) = commands::wish(command, arguments).ok_or_else(wrong)?;
        let version = self.documents.get(&uri).ok_or_else(|| Refusal::new(ErrorCode::InvalidParams, "the file is not open"))?.version;
        if let Wish::Harden(harden) = &mut wish {
            // Whoever names a service agrees to what its lens says of it.
            let service = harden.service.clone();
            let is_guess = self.look(&uri, |place, _, _| {
                super::analysis::fix_of(place.plan, &service).is_some_and(|fix| fix.applicability == Applicability::Unsafe)
            })?;
            harden.assume = is_guess.unwrap_or(false);
        }
        let edit = self.edit(&Asked { uri, version, wish })?;
        self.to_apply = Some(json!({"label": "Harden", "edit": edit}));
        Ok(Value::Null)
    }
}

fn newer() -> Refusal {
    Refusal::new(ErrorCode::ContentModified, "a newer text is waiting")
}

/// A report with the word that says which it is.
fn json_kind(kind: &str, report: impl Serialize) -> Answer {
    let mut report = result(report)?;
    report["kind"] = json!(kind);
    Ok(report)
}

fn full(result_id: Option<String>, items: Vec<gen_lsp_types::Diagnostic>) -> Answer {
    let report = FullDocumentDiagnosticReport { result_id, items };
    json_kind("full", RelatedFullDocumentDiagnosticReport { related_documents: None, full_document_diagnostic_report: report })
}

/// What this server can do for a client.
fn capabilities(client: &Client) -> ServerCapabilities {
    let work_done_progress_options = WorkDoneProgressOptions::default;
    let sync = TextDocumentSyncOptions { open_close: Some(true), change: Some(TextDocumentSyncKind::Incremental), ..Default::default() };
    let kinds = vec![CodeActionKind::QuickFix, CodeActionKind::Custom(FIX_ALL.into())];
    let diagnostics = DiagnosticOptions {
        identifier: Some(SOURCE.to_owned()),
        inter_file_dependencies: true,
        workspace_diagnostics: false,
        work_done_progress_options: work_done_progress_options(),
    };
    let commands = client.applies_edits.then(|| ExecuteCommandOptions {
        commands: [HARDEN_SERVICE, HARDEN_PROJECT].map(str::to_owned).to_vec(),
        work_done_progress_options: work_done_progress_options(),
    });
    let folders = WorkspaceFoldersServerCapabilities { supported: Some(true), change_notifications: None };
    let pages = TextDocumentContentOptions { schemes: vec![SCHEME.to_owned()] };
    ServerCapabilities {
        position_encoding: Some(client.encoding.kind()),
        text_document_sync: Some(sync.into()),
        hover_provider: Some(true.into()),
        code_action_provider: Some(
            CodeActionOptions {
                code_action_kinds: Some(kinds),
                documentation: None,
                resolve_provider: Some(client.resolves_edits),
                work_done_progress_options: work_done_progress_options(),
            }
            .into(),
        ),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: None, work_done_progress_options: work_done_progress_options() }),
        execute_command_provider: commands,
        inlay_hint_provider: Some(true.into()),
        diagnostic_provider: client.pulls.then(|| diagnostics.into()),
        workspace: Some(WorkspaceOptions {
            workspace_folders: Some(folders),
            file_operations: None,
            text_document_content: Some(pages.into()),
        }),
        ..ServerCapabilities::default()
    }
}
