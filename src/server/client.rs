//! What the client can do, and what the person who uses it wants.

use super::position::Encoding;
use crate::audit::Rule;
use gen_lsp_types::Uri;
use serde_json::Value;

/// What the client can do. Capabilities are read one by one: what a client says wrongly of one thing must not stop the rest.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) encoding: Encoding,
    /// Asks for diagnostics by itself.
    pub(super) pulls: bool,
    pub(super) related: bool,
    pub(super) code_links: bool,
    /// Takes edits by document, with versions.
    pub(super) document_changes: bool,
    pub(super) creates_files: bool,
    pub(super) snippets: bool,
    /// Asks for the edit of an action when it is chosen.
    pub(super) resolves_edits: bool,
    pub(super) applies_edits: bool,
    pub(super) markdown: bool,
    pub(super) watches: bool,
    pub(super) refreshes_diagnostics: bool,
    pub(super) refreshes_lenses: bool,
    pub(super) refreshes_hints: bool,
}

impl Client {
    /// Reads what a client says of itself.
    pub(super) fn of(initialize: &Value) -> Self {
        let can = initialize.get("capabilities").unwrap_or(&Value::Null);
        let at = |path: &str| can.pointer(path);
        let has = |path: &str| at(path).and_then(Value::as_bool).unwrap_or(false);
        let lists = |path: &str, word: &str| at(path).and_then(Value::as_array).is_some_and(|all| all.iter().any(|v| v == word));
        let encoding = if lists("/general/positionEncodings", "utf-8") { Encoding::Utf8 } else { Encoding::Utf16 };
        Self {
            encoding,
            pulls: at("/textDocument/diagnostic").is_some_and(Value::is_object),
            related: has("/textDocument/publishDiagnostics/relatedInformation") || has("/textDocument/diagnostic/relatedInformation"),
            code_links: has("/textDocument/publishDiagnostics/codeDescriptionSupport")
                || has("/textDocument/diagnostic/codeDescriptionSupport"),
            document_changes: has("/workspace/workspaceEdit/documentChanges"),
            creates_files: has("/workspace/workspaceEdit/documentChanges")
                && lists("/workspace/workspaceEdit/resourceOperations", "create"),
            snippets: has("/workspace/workspaceEdit/documentChanges") && has("/workspace/workspaceEdit/snippetEditSupport"),
            resolves_edits: lists("/textDocument/codeAction/resolveSupport/properties", "edit")
                && has("/textDocument/codeAction/dataSupport"),
            applies_edits: has("/workspace/applyEdit"),
            markdown: lists("/textDocument/hover/contentFormat", "markdown"),
            watches: has("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            refreshes_diagnostics: has("/workspace/diagnostics/refreshSupport"),
            refreshes_lenses: has("/workspace/codeLens/refreshSupport"),
            refreshes_hints: has("/workspace/inlayHint/refreshSupport"),
        }
    }
}

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) code_lens: bool,
    pub(super) inlay_hints: bool,
    /// Where the pages of the rules are, with `{rule}` for a rule's name.
    pages: String,
}

/// The scheme of the pages that the server itself gives out.
pub(super) const SCHEME: &str = "rofs-harden";

impl Default for Settings {
    fn default() -> Self {
        Self { code_lens: true, inlay_hints: false, pages: format!("{SCHEME}:/rules/{{rule}}.md") }
    }
}

impl Settings {
    /// Reads what a client sends: the settings themselves, or all settings with ours under our name. What is not said is as it was.
    pub(super) fn change(&mut self, sent: &Value) {
        let own = sent.get("rofs-harden").unwrap_or(sent);
        let flag = |name: &str| own.get(name).and_then(Value::as_bool);
        self.code_lens = flag("codeLens").unwrap_or(self.code_lens);
        self.inlay_hints = flag("inlayHints").unwrap_or(self.inlay_hints);
        if let Some(pages) = own.get("pages").and_then(Value::as_str).filter(|pages| pages.contains("{rule}")) {
            pages.clone_into(&mut self.pages);
        }
    }

    /// Where a rule's page is.
    pub(super) fn page(&self, rule: Rule) -> Uri {
        self.pages.replace("{rule}", rule.id()).into()
    }
}

/// The page that one of our own URIs names.
pub(super) fn page_at(uri: &str) -> Option<&'static str> {
    let name = uri.strip_prefix(SCHEME)?.strip_prefix(":")?.trim_start_matches('/').strip_prefix("rules/")?.strip_suffix(".md")?;
    Rule::named(name).ok().map(Rule::page)
}
