//! What is known of a project: per file, in the words of the protocol. It holds until one of the files changes that were asked for.

use super::client::{Client, Settings};
use super::diagnostics;
use super::documents::{Document, Documents};
use super::lens;
use super::world::{World, project_of};
use crate::audit::Fix;
use crate::error::{Error, Result};
use crate::evidence::{Extras, Selection};
use crate::plan::source::settled;
use crate::plan::{Files, Input, Options, Plan, Purpose};
use crate::text::{FileId, Span, TextFile};
use gen_lsp_types::{CodeLens, Diagnostic, InlayHint, Location, Range};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// What is known of a project, or of a file that belongs to none.
pub(super) struct Analysis {
    /// Its number among all that were made.
    pub(super) number: u64,
    /// How the project is read; `None` for what is no Compose file.
    pub(super) input: Option<Input>,
    /// The files that it is the answer for, by their paths without links.
    pub(super) files: HashMap<PathBuf, Found>,
    /// What was asked for to find it out.
    pub(super) seen: HashSet<PathBuf>,
    /// Why nothing is known, for the log.
    pub(super) trouble: Option<String>,
}

/// What is said about one file.
#[derive(Default)]
pub(super) struct Found {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) lenses: Vec<CodeLens>,
    pub(super) hints: Vec<InlayHint>,
}

/// What every answer is made with.
#[derive(Clone, Copy)]
pub(super) struct Context<'c> {
    pub(super) documents: &'c Documents,
    pub(super) client: &'c Client,
    pub(super) settings: &'c Settings,
}

/// A plan, and where its files are for the client.
pub(super) struct Place<'p> {
    pub(super) context: Context<'p>,
    pub(super) world: &'p World<'p>,
    pub(super) files: &'p Files<'p>,
    pub(super) plan: &'p Plan<'p>,
}

impl Place<'_> {
    /// Where a file really is.
    pub(super) fn real(&self, file: FileId) -> PathBuf {
        let path = self.files.sources().file(file).map(|source| source.path.clone()).unwrap_or_default();
        settled(self.world, &path).unwrap_or(path)
    }

    /// The file at a path without links.
    pub(super) fn file_at(&self, real: &Path) -> Option<FileId> {
        let sources = self.files.sources();
        (0..sources.files().len()).map(|i| FileId(i as u32)).find(|id| self.real(*id) == real)
    }

    pub(super) fn text(&self, file: FileId) -> Option<&TextFile> {
        self.files.sources().file(file).map(|source| source.stream.text())
    }

    pub(super) fn range(&self, span: Span) -> Range {
        self.text(span.file).map_or_else(Range::default, |text| self.context.client.encoding.range(text, span))
    }

    pub(super) fn location(&self, span: Span) -> Location {
        Location { uri: self.context.documents.uri(&self.real(span.file)), range: self.range(span) }
    }
}

/// What an editor asks for: all findings, each service with the preset of its image.
pub(super) fn report() -> Options {
    let selection = Selection { auto: true, limits: true, ..Selection::default() };
    Options { selection, purpose: Purpose::Report, ..Options::default() }
}

/// What is planned, with these extras, and with what is assumed if that is wanted.
pub(super) fn change(with: Extras, assume: bool) -> Options {
    let selection = Selection { auto: true, with, assume, ..Selection::default() };
    Options { selection, ..Options::default() }
}

/// Finds out all about the project of a document.
///
/// Errors: a newer text is waiting.
pub(super) fn analyse(context: Context<'_>, document: &Document, number: u64, is_stale: &dyn Fn() -> bool) -> Result<Analysis> {
    let mut analysis = Analysis { number, input: None, files: HashMap::new(), seen: HashSet::new(), trouble: None };
    let Some((path, real)) = &document.path else { return Ok(analysis) };
    let world = World::new(context.documents, is_stale);
    analysis.input = project_of(&world, path, real, document.is_called_compose)?;
    analysis.files.insert(real.clone(), Found::default());
    if let Some(input) = &analysis.input {
        match found(context, &world, input) {
            Ok(found) => analysis.files.extend(found),
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) => {
                analysis.trouble = Some(error.to_string());
                let said = diagnostics::trouble(&error, document);
                analysis.files.entry(real.clone()).or_default().diagnostics.extend(said);
            }
        }
    }
    analysis.seen = world.into_seen();
    analysis.seen.insert(real.clone());
    Ok(analysis)
}

/// What is said about each file of a project.
fn found(context: Context<'_>, world: &World<'_>, input: &Input) -> Result<HashMap<PathBuf, Found>> {
    let files = Files::read(world, input)?;
    let plan = Plan::of(&files, &report())?;
    let place = Place { context, world, files: &files, plan: &plan };
    let mut by_file: Vec<Found> = files.sources().files().iter().map(|_| Found::default()).collect();
    diagnostics::all(&place, &mut by_file);
    lens::all(&place, &mut by_file);
    Ok(by_file.into_iter().enumerate().map(|(i, found)| (place.real(FileId(i as u32)), found)).collect())
}

/// The fix of a service, if there is one that is not ignored.
pub(super) fn fix_of<'p>(plan: &'p Plan<'_>, service: &str) -> Option<&'p Fix> {
    let counts = |f: &&crate::audit::Finding| f.service == service && f.ignored.is_none();
    plan.findings.iter().filter(counts).find_map(|f| f.fix.as_ref())
}
