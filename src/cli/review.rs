//! The interactive review: one service at a time, decisions first, writing last.

use super::ask::Ask;
use super::prepared::Prepared;
use super::ui::Ui;
use crate::audit::{Applicability, Finding, Fix, audit};
use crate::compose::Project;
use crate::error::Result;
use crate::evidence::{Confidence, Need, Reason, Source, Storage, Target, TmpfsOptions, WritablePath};
use crate::plan::Plan;
use crate::report::diff;
use crate::report::remarks::services;
use crate::report::style::{Look, paint, wrap};
use crate::rewrite;
use crate::text::{clean, clean_line};

/// Which service is being decided, and what was decided so far. Knows nothing of the terminal.
#[derive(Debug)]
pub(super) struct Review {
    decisions: Vec<Option<bool>>,
    position: usize,
}

/// What a key asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Show the service at the position.
    Show,
    /// Let the person change its list of paths.
    EditPaths,
    /// Let the person choose between tmpfs and volume for one of its paths.
    ChooseStorage,
    /// Show the whole file as it would be.
    ViewFile,
    /// Explain the keys.
    Help,
    /// All is decided.
    Finish,
}

const PROMPT: &str = "[y]es [n]o [a]ll [d]rop rest [e]dit paths [t]mpfs/volume [v]iew file [?] [q]uit";

const KEYS: &str = "\
  y  harden this service
  n  leave it as it is
  a  harden it and all that follow
  d  leave it and all that follow
  e  change the list of its writable paths
  t  choose tmpfs or named volume for a path
  v  view the whole file as it would be
  q  stop here; what was accepted is still asked about
  Ctrl-C  stop; nothing is written";

impl Review {
    /// A review of `number` services.
    pub(super) fn new(number: usize) -> Self {
        Self { decisions: vec![None; number], position: 0 }
    }

    /// Takes a key.
    pub(super) fn step(&mut self, key: char) -> Effect {
        let last = self.decisions.len();
        match key.to_ascii_lowercase() {
            'y' => self.decide(true, self.position + 1),
            'n' => self.decide(false, self.position + 1),
            'a' => self.decide(true, last),
            'd' => self.decide(false, last),
            'q' => self.position = last,
            'e' => return Effect::EditPaths,
            't' => return Effect::ChooseStorage,
            'v' => return Effect::ViewFile,
            _ => return Effect::Help,
        }
        if self.position >= last { Effect::Finish } else { Effect::Show }
    }

    fn decide(&mut self, accept: bool, until: usize) {
        self.decisions[self.position..until].fill(Some(accept));
        self.position = until;
    }

    /// Whether the service at `index` was accepted.
    pub(super) fn accepted(&self, index: usize) -> bool {
        self.decisions.get(index) == Some(&Some(true))
    }
}

/// What stays the same through a review.
#[derive(Clone, Copy)]
pub(super) struct Desk<'d> {
    pub(super) ui: &'d Ui,
    pub(super) ask: &'d Ask,
    pub(super) project: &'d Project<'d>,
    pub(super) options: rewrite::Options,
}

/// Asks about every finding that has a fix. What is accepted, and what a person changes of the needs, counts.
pub(super) fn review(ui: &Ui, ask: &Ask, plan: &mut Plan<'_>) -> Result<()> {
    let desk = Desk { ui, ask, project: &plan.project, options: plan.rewriting() };
    (plan.accepted, plan.needs) = decide(desk, &plan.findings, plan.needs.clone())?;
    Ok(())
}

/// Returns the accepted fixes, and the needs as the person changed them.
fn decide(desk: Desk<'_>, findings: &[Finding], mut needs: Vec<Need>) -> Result<(Vec<Fix>, Vec<Need>)> {
    let Desk { ui, ask, project, .. } = desk;
    let open: Vec<&Finding> = findings.iter().filter(|f| f.fix.is_some()).collect();
    let mut fixes: Vec<Option<Fix>> = open.iter().map(|f| f.fix.clone()).collect();
    let mut state = Review::new(open.len());
    let mut effect = if open.is_empty() { Effect::Finish } else { Effect::Show };
    loop {
        let index = state.position;
        match effect {
            Effect::Finish => break,
            Effect::Show => show(desk, open[index], fixes[index].as_ref(), &needs, (index + 1, open.len()))?,
            Effect::Help => ui.err_line(KEYS),
            Effect::ViewFile => view_file(desk, fixes[index].as_ref(), &needs)?,
            Effect::EditPaths | Effect::ChooseStorage => {
                if let Some(need) = needs.iter_mut().find(|n| n.service == open[index].service) {
                    if effect == Effect::EditPaths { edit_paths(ask, need)? } else { choose_storage(ui, ask, need)? }
                }
                let planned = audit(project, &needs);
                fixes[index] = planned.into_iter().find(|f| f.service == open[index].service && f.fix.is_some()).and_then(|f| f.fix);
                show(desk, open[index], fixes[index].as_ref(), &needs, (index + 1, open.len()))?;
            }
        }
        for line in wrap(PROMPT, ask.width()) {
            ui.err_line(&paint(ui.err_color(), Look::Bold, &line));
        }
        effect = state.step(ask.key()?);
        let decided: Vec<&str> = (index..state.position).filter(|i| state.decisions[*i].is_some()).map(|i| &*open[i].service).collect();
        if let Some(last) = state.position.checked_sub(1).filter(|_| !decided.is_empty()) {
            let verb = if state.accepted(last) { "harden" } else { "leave" };
            ui.err_line(&format!("  {verb} {}", services(&decided)));
        }
    }
    let accepted = fixes.into_iter().enumerate().filter(|(i, _)| state.accepted(*i)).filter_map(|(_, fix)| fix).collect();
    Ok((accepted, needs))
}

fn show(desk: Desk<'_>, finding: &Finding, fix: Option<&Fix>, needs: &[Need], (number, of): (usize, usize)) -> Result<()> {
    let Desk { ui, ask, project, options } = desk;
    let file = project.sources.file(finding.span.file).map_or("", |s| s.stream.text().name());
    let title = format!("[{number}/{of}] {}: {} [{}]", clean_line(file), clean_line(&finding.service), finding.rule.id());
    ui.err_line(&format!("\n{}", paint(ui.err_color(), Look::Bold, &title)));
    let Some(fix) = fix else {
        ui.err_line("  nothing to change with these paths");
        return Ok(());
    };
    let risk = match fix.applicability {
        Applicability::Safe => "The changes are documented for its image: it should work as before.",
        Applicability::Unsafe => "Some of the changes are assumed, not documented: try them before you rely on them.",
    };
    let text = format!("Service `{}` {}. {risk}", finding.service, finding.message);
    for line in wrap(&clean_line(&text), ask.width().saturating_sub(2)) {
        ui.err_line(&format!("  {line}"));
    }
    let outcome = rewrite::rewrite(project, &[fix], needs, options)?;
    for rewrite in &outcome.rewrites {
        ui.err_line(diff::view(rewrite, diff::CONTEXT, ask.width(), ui.err_color()).trim_end());
    }
    for refused in &outcome.refused {
        ui.warn(&clean_line(&format!("alone this cannot be written: {}", refused.why)));
    }
    Ok(())
}

fn view_file(desk: Desk<'_>, fix: Option<&Fix>, needs: &[Need]) -> Result<()> {
    let Desk { ui, ask, project, options } = desk;
    let fixes: Vec<&Fix> = fix.into_iter().collect();
    let outcome = rewrite::rewrite(project, &fixes, needs, options)?;
    match (outcome.rewrites.first(), project.sources.files().first().map(|s| &s.stream)) {
        (Some(rewrite), _) => ui.err_line(diff::view(rewrite, diff::WHOLE, ask.width(), ui.err_color()).trim_end()),
        (None, Some(stream)) => ui.err_line(clean(stream.text().text()).trim_end()),
        (None, None) => {}
    }
    Ok(())
}

fn describe(path: &WritablePath) -> String {
    match &path.storage {
        Storage::Scratch(_) => format!("{}  tmpfs: {}", path.target, path.reason.text),
        Storage::State if path.is_declared => format!("{}  volume of the image, without a name: {}", path.target, path.reason.text),
        Storage::State => format!("{}  named volume: {}", path.target, path.reason.text),
    }
}

fn edit_paths(ask: &Ask, need: &mut Need) -> Result<()> {
    let shown: Vec<String> = need.paths.iter().map(describe).collect();
    if !shown.is_empty() {
        let kept = ask.keep("Writable paths (space drops one, Enter goes on)", &shown)?;
        let mut index = 0;
        need.paths.retain(|_| {
            index += 1;
            kept.contains(&(index - 1))
        });
    }
    let storage = Storage::Scratch(TmpfsOptions { mode: Some(0o1777), ..TmpfsOptions::default() });
    let target = |text: &str| Target::new(text, &storage).map_err(|why| format!("`{text}` {why}; write a path such as /data"));
    let added = ask.text("Another writable path (empty for none)", |text| target(text).map(drop))?;
    if let Ok(target) = target(&added) {
        let reason = Reason { source: Source::User, text: "added in the review".into(), link: None, confidence: Confidence::Documented };
        let path = WritablePath { service: need.service.clone(), target, storage, is_declared: false, owner: None, reason: reason.into() };
        need.paths.push(path);
    }
    Ok(())
}

fn choose_storage(ui: &Ui, ask: &Ask, need: &mut Need) -> Result<()> {
    let shown: Vec<String> = need.paths.iter().map(describe).collect();
    if shown.is_empty() {
        return Ok(());
    }
    let Some(index) = ask.select("Path to choose for", &shown)? else { return Ok(()) };
    let kinds = ["tmpfs: in memory, gone when the container stops".to_owned(), "named volume: kept".to_owned()];
    let path = &mut need.paths[index];
    let storage = match ask.select(&format!("Where {} lives", path.target), &kinds)? {
        Some(0) if path.storage == Storage::State => Storage::Scratch(TmpfsOptions { mode: Some(0o1777), ..TmpfsOptions::default() }),
        Some(1) => Storage::State,
        _ => return Ok(()),
    };
    if let Err(why) = Target::new(&path.target, &storage) {
        ui.warn(&clean_line(&format!("{} {why}", path.target)));
        return Ok(());
    }
    path.storage = storage;
    // What is chosen is mounted, also where the image declares a volume.
    path.is_declared = false;
    path.reason =
        Reason { source: Source::User, text: "chosen in the review".into(), link: None, confidence: Confidence::Documented }.into();
    Ok(())
}

/// "harden 2 services (web, api), leave 1 service (db)".
pub(super) fn summary(plans: &[&Prepared]) -> String {
    let taken: Vec<&str> = plans.iter().flat_map(|p| p.changed()).collect();
    let is_left = |plan: &&Prepared, service: &str| !plan.changed().any(|s| s == service);
    let open = plans.iter().flat_map(|p| p.findings.iter().map(move |f| (p, f)));
    let left: Vec<&str> = open.filter(|(p, f)| f.fix.is_some() && is_left(p, &f.service)).map(|(_, f)| f.service.as_str()).collect();
    let mut text = format!("harden {}", services(&taken));
    if !left.is_empty() {
        text += &format!(", leave {}", services(&left));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(keys: &str, services: usize) -> (Vec<bool>, Option<Effect>) {
        let mut review = Review::new(services);
        let effect = keys.chars().map(|k| review.step(k)).last();
        ((0..services).map(|i| review.accepted(i)).collect(), effect)
    }

    #[test]
    fn keys_decide_service_by_service() {
        assert_eq!(decided("yn", 3), (vec![true, false, false], Some(Effect::Show)));
        assert_eq!(decided("yny", 3), (vec![true, false, true], Some(Effect::Finish)));
        assert_eq!(decided("na", 3), (vec![false, true, true], Some(Effect::Finish)));
        assert_eq!(decided("yd", 3), (vec![true, false, false], Some(Effect::Finish)));
        assert_eq!(decided("yq", 3), (vec![true, false, false], Some(Effect::Finish)));
    }

    #[test]
    fn unknown_keys_decide_nothing() {
        for key in ['\0', 'x', '\r', ' ', '?'] {
            assert_eq!(decided(&key.to_string(), 1), (vec![false], Some(Effect::Help)), "{key:?}");
        }
    }
}
