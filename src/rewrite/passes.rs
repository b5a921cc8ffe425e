//! Which fixes have a place, in as many passes as that takes.

use super::{Edited, Refused, edit, edit_files, place, read_again};
use crate::audit::{self, Change, Fix, Rule, What};
use crate::compose::{Project, Service};
use crate::error::Result;
use crate::evidence::{Extra, Need};
use crate::text::FileId;
use std::collections::HashSet;

/// Most rounds of leaving out services whose change would reach another.
const MAX_ROUNDS: usize = 8;

/// Most times that what was refused is tried again: the longest chain of services of which each waits for the next one.
const MAX_PASSES: usize = 64;

/// What all passes work on.
pub(super) struct Passes<'r, 'a> {
    /// As it was read.
    pub(super) project: &'r Project<'a>,
    pub(super) fixes: &'r [&'r Fix],
    /// What the fixes were planned from.
    pub(super) needs: &'r [Need],
    /// The file that takes all changes, if one does.
    pub(super) layer: Option<FileId>,
}

impl<'r> Passes<'r, '_> {
    /// Places as many of the fixes as can be, pass by pass: what was refused for the sake of a service may be possible once that one has
    /// lists and keys of its own. The last pass adds nothing, as a second run on the result would not.
    pub(super) fn settle(&self) -> Result<(Vec<Edited>, Vec<Refused>)> {
        let (mut edited, mut refused) = self.pass(self.project, &[], self.fixes)?;
        for _ in 1..MAX_PASSES {
            if edited.is_empty() || refused.is_empty() {
                break;
            }
            let sources = self.project.sources.with(edited.iter().map(|e| e.stream.clone()));
            let names = names_of(&refused);
            let waiting: Vec<&Fix> = self.fixes.iter().copied().filter(|f| names.contains(f.service.as_str())).collect();
            let (more, still_refused) = self.pass(&read_again(&sources)?, &edited, &waiting)?;
            if still_refused.len() == waiting.len() {
                break;
            }
            (edited, refused) = (more, still_refused);
        }
        Ok((edited, refused))
    }

    /// Places what waits on top of what was `edited` (`now` is the project with it), but for services that a second run would change
    /// again. Returns all edits so far, and who is refused.
    fn pass(&self, now: &Project<'_>, edited: &[Edited], waiting: &[&'r Fix]) -> Result<(Vec<Edited>, Vec<Refused>)> {
        let mut waiting = waiting.to_vec();
        let mut apart: Vec<Refused> = Vec::new();
        loop {
            let (placement, mut refused) = settle_once(now, waiting.clone(), self.layer);
            let all = added(self.project, edited, edit_files(now, &placement)?);
            refused.extend(apart.iter().cloned());
            let parted = parted(self.project, &all, &without(self.fixes, &refused), self.needs);
            if parted.is_empty() || waiting.is_empty() {
                return Ok((all, refused));
            }
            let (mut left, mut others): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|fix| parted.contains(&fix.service));
            if left.is_empty() {
                // This pass would have services of an earlier one changed again.
                std::mem::swap(&mut left, &mut others);
            }
            apart.extend(left.iter().map(|f| Refused { service: f.service.clone(), rule: Rule::SharedDefinition, why: PARTED.into() }));
            waiting = others;
        }
    }
}

/// Why a service is left alone that a second run would change again.
const PARTED: &str =
    "its mounts are shared through an anchor, and more of them could be bound read-only in a list of its own: give it one first";

/// The edits of a pass on top of those of the passes before.
fn added(project: &Project<'_>, edited: &[Edited], pass: Vec<Edited>) -> Vec<Edited> {
    let mut all = edited.to_vec();
    for again in pass {
        let file = again.stream.file();
        let before = project.sources.file(file).map_or("", |s| s.stream.text().text());
        match all.iter_mut().find(|e| e.stream.file() == file) {
            None => all.push(again),
            Some(earlier) => {
                let edits = edit::composed(before.len(), &earlier.edits, &again.edits);
                let closes_scalar = earlier.closes_scalar || again.closes_scalar;
                *earlier = Edited { edits, closes_scalar, ..again };
            }
        }
    }
    all.sort_by_key(|e| e.stream.file());
    all
}

/// The fixes of services that are not refused.
pub(super) fn without<'f>(fixes: &[&'f Fix], refused: &[Refused]) -> Vec<&'f Fix> {
    let names = names_of(refused);
    fixes.iter().copied().filter(|f| !names.contains(f.service.as_str())).collect()
}

fn names_of(refused: &[Refused]) -> HashSet<&str> {
    refused.iter().map(|r| r.service.as_str()).collect()
}

/// Places as many of the fixes as can be, and says why not the others.
fn settle_once<'a>(project: &Project<'a>, mut fixes: Vec<&Fix>, layer: Option<FileId>) -> (place::Placement<'a>, Vec<Refused>) {
    let mut refused: Vec<Refused> = Vec::new();
    let mut placement = place::place(project, &fixes, layer);
    for round in 0.. {
        if placement.refused.is_empty() {
            break;
        }
        refused.append(&mut placement.refused);
        if round == MAX_ROUNDS {
            // Who was refused before keeps that reason: of two, the first counts.
            let why = "it is tied to services that must not change";
            let late = fixes.iter().map(|f| Refused { service: f.service.clone(), rule: Rule::SharedDefinition, why: why.into() });
            refused.extend(late);
        }
        let names = names_of(&refused);
        fixes.retain(|f| !names.contains(f.service.as_str()));
        placement = place::place(project, &fixes, layer);
    }
    let mut seen = HashSet::new();
    refused.retain(|r| seen.insert(r.service.clone()));
    (placement, refused)
}

/// Services that a second run would change again: with a list of mounts of their own, binds in it can be changed alone.
fn parted(project: &Project<'_>, edited: &[Edited], fixes: &[&Fix], needs: &[Need]) -> Vec<String> {
    if !needs.iter().any(|need| need.with.has(Extra::ReadOnlyBinds)) || !edited.iter().any(|e| e.stream.has_anchors()) {
        return Vec::new();
    }
    let sources = project.sources.with(edited.iter().map(|e| e.stream.clone()));
    // What does not load is reported by the laws.
    let Ok(after) = Project::read(&sources) else { return Vec::new() };
    let is_bind = |change: &Change| matches!(change.what, What::ReadOnlyBind(_));
    let again = audit::audit(&after, needs).into_iter().filter(|f| f.fix.as_ref().is_some_and(|fix| fix.changes.iter().all(is_bind)));
    let again: HashSet<String> = again.map(|f| f.service).collect();
    let lists = |service: &Service<'_>| -> Vec<_> {
        let values = service.parts.iter().filter_map(|part| Some(part.entry("volumes")?.value().resolved().span()));
        values.map(|span| (span.file, span.start)).collect()
    };
    // Who has the same list goes with them, or it would be theirs alone in the end.
    let named = |name: &str| project.service(name).map(lists).unwrap_or_default();
    let shared: HashSet<_> = again.iter().flat_map(|name| named(name)).collect();
    let is_parted = |name: &str| again.contains(name) || !again.is_empty() && named(name).iter().any(|list| shared.contains(list));
    fixes.iter().map(|fix| &fix.service).filter(|name| is_parted(name)).cloned().collect()
}
