//! Findings and reasons as text for people.

use super::diff;
use crate::audit::Finding;
use crate::cli::ui::{Ui, clean_line, count};
use crate::compose::Project;
use crate::rewrite::Rewrite;
use crate::text::FileId;
use std::collections::HashMap;

/// Most names in one sentence.
const MOST_NAMES: usize = 6;

/// Names the places of findings. Places that come in the order of the file cost one pass over it.
pub(in crate::cli) struct Places<'p> {
    project: &'p Project<'p>,
    file: FileId,
    offset: usize,
    line: usize,
    column: usize,
}

impl<'p> Places<'p> {
    pub(in crate::cli) fn of(project: &'p Project<'p>) -> Self {
        Self { project, file: FileId(0), offset: 0, line: 1, column: 1 }
    }

    /// `file:line:column` of a finding.
    fn place(&mut self, finding: &Finding) -> String {
        let (file, wanted) = (finding.span.file, finding.span.start as usize);
        let Some(text) = self.project.streams.iter().find(|s| s.file() == file).map(|s| s.text()) else { return String::new() };
        if file != self.file || wanted < self.offset {
            *self = Self { file, ..Self::of(self.project) };
        }
        self.offset = self.offset.max(text.bom_len());
        while self.offset < wanted {
            let end = text.line_end(self.offset);
            if end < wanted {
                (self.offset, self.line, self.column) = (text.next_line(self.offset), self.line + 1, 1);
            } else {
                self.column += text.text()[self.offset..wanted].chars().count();
                self.offset = wanted;
            }
        }
        format!("{}:{}:{}", text.name(), self.line, self.column)
    }

    /// Findings without a fix, and fixes that could not be placed: what was left alone, why, and what to change.
    pub(in crate::cli) fn remarks(&mut self, ui: &Ui, findings: &[Finding], refused: &[(String, String)]) {
        let refused: HashMap<&str, &str> = refused.iter().map(|(service, why)| (service.as_str(), why.as_str())).collect();
        for finding in findings {
            let (message, rule, help) = match (&finding.fix, refused.get(finding.service.as_str())) {
                (None, _) => (finding.message.clone(), finding.rule.id(), finding.help.as_deref()),
                (Some(_), Some(why)) => (
                    format!("not changed: {why}"),
                    "shared-definition",
                    Some("harden both services in one run, or give each its own definition"),
                ),
                (Some(_), None) => continue,
            };
            ui.warn(&clean_line(&format!("{}: {}: {message} [{rule}]", self.place(finding), finding.service)));
            if let Some(help) = help {
                ui.hint(&clean_line(help));
            }
        }
    }

    /// What `--check` says of a finding that has a fix, on one line.
    pub(in crate::cli) fn missing(&mut self, finding: &Finding) -> String {
        let changes: Vec<String> = finding.fix.iter().flat_map(|f| &f.changes).map(|c| c.what.to_string()).collect();
        let (place, rule) = (self.place(finding), finding.rule.id());
        let line = format!("{place}: {}: {} [{rule}]; missing: {}", finding.service, finding.message, changes.join(", "));
        clean_line(&line) + "\n"
    }
}

/// Why every changed line is there, for a patch that goes to a program.
pub(in crate::cli) fn reasons(ui: &Ui, rewrite: &Rewrite) {
    for line in rewrite.lines() {
        let (name, reason) = (rewrite.before().name(), diff::full_reason(line));
        ui.note(&clean_line(&format!("{name}:{}: {}: {}  # {reason}", line.line, line.service, line.change.what)));
    }
}

/// Services whose fix is assumed, and the flag that includes it.
pub(in crate::cli) fn held_back(ui: &Ui, held_back: &[String]) {
    if let Some(first) = held_back.first() {
        ui.note(&format!("held back {}: what is needed there is assumed, not documented", services(held_back)));
        let first = clean_line(first);
        ui.hint(&format!("--unsafe-fixes includes what is held back; so does naming a preset, as in --service {first}=generic"));
    }
}

/// "2 services (web, api)".
pub(in crate::cli) fn services<S: AsRef<str>>(names: &[S]) -> String {
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).map(|n| clean_line(n.as_ref())).collect();
    if names.len() > MOST_NAMES {
        shown.push("...".into());
    }
    format!("{} ({})", count(names.len(), "service", "services"), shown.join(", "))
}
