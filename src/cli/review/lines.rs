//! The review line by line: one service at a time, for terminals that are no screen and for screen
//! readers.

use super::dialog::{added, chosen, set};
use super::row::fix;
use super::session::{Session, risk};
use crate::cli::ask::Ask;
use crate::cli::ui::Ui;
use crate::error::Result;
use crate::evidence::{Storage, WritablePath};
use crate::plan::{Decision, Decisions, Options};
use crate::report::diff;
use crate::report::remarks::services;
use crate::report::style::{Look, paint, wrap};
use crate::text::{clean, clean_line};

/// Which service is being decided, and what was decided so far. Knows nothing of the terminal.
#[derive(Debug)]
struct Lines {
    decisions: Vec<Option<bool>>,
    position: usize,
}

/// What a key asks for.
#[derive(Debug, PartialEq, Eq)]
enum Effect {
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

const PROMPT: &str = "[y]es [n]o [a]ll [s]kip the rest [e]dit paths [t]mpfs/volume [v]iew file [?] [q]uit";

const KEYS: &str = "\
  y  harden this service
  n  leave it as it is
  a  harden it and all that follow
  s  leave it and all that follow
  e  change the list of its writable paths
  t  choose tmpfs or named volume for a path
  v  view the whole file as it would be
  q  stop here; what was accepted is still asked about
  Ctrl-C  stop; nothing is written";

impl Lines {
    /// A review of `number` services.
    fn new(number: usize) -> Self {
        Self { decisions: vec![None; number], position: 0 }
    }

    /// Takes a key.
    fn step(&mut self, key: char) -> Effect {
        let last = self.decisions.len();
        match key.to_ascii_lowercase() {
            'y' => self.decide(true, self.position + 1),
            'n' => self.decide(false, self.position + 1),
            'a' => self.decide(true, last),
            's' => self.decide(false, last),
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
    fn accepted(&self, index: usize) -> bool {
        self.decisions.get(index) == Some(&Some(true))
    }
}

/// Asks about every service that has a fix. What is accepted, and what a person changes of its
/// paths, is what the plan is asked for then.
pub(super) fn review(ui: &Ui, ask: &Ask, mut session: Session<'_>) -> Result<Options> {
    let open: Vec<String> = session.plan.findings.iter().filter(|f| f.fix.is_some()).map(|f| f.service.clone()).collect();
    let mut decisions = Decisions::new();
    let mut state = Lines::new(open.len());
    let mut effect = if open.is_empty() { Effect::Finish } else { Effect::Show };
    loop {
        let index = state.position;
        match effect {
            Effect::Finish => break,
            Effect::Show => show(ui, ask, &session, &open[index], (index + 1, open.len()))?,
            Effect::Help => ui.err_line(KEYS),
            Effect::ViewFile => view_file(ui, ask, &session, &open[index])?,
            Effect::EditPaths | Effect::ChooseStorage => {
                let service = &open[index];
                let own = decisions.entry(service.clone()).or_default();
                let paths = session.plan.needs.iter().find(|n| n.service == *service).map_or(&[][..], |n| &n.paths);
                if effect == Effect::EditPaths {
                    edit_paths(ask, service, paths, own)?;
                } else {
                    choose_storage(ui, ask, service, paths, own)?;
                }
                session.decide(decisions.clone())?;
                show(ui, ask, &session, service, (index + 1, open.len()))?;
            }
        }
        for line in wrap(PROMPT, ask.width()) {
            ui.err_line(&paint(ui.err_color(), Look::Bold, &line));
        }
        effect = state.step(ask.key()?);
        let decided: Vec<&str> = (index..state.position).filter(|i| state.decisions[*i].is_some()).map(|i| &*open[i]).collect();
        if let Some(last) = state.position.checked_sub(1).filter(|_| !decided.is_empty()) {
            let verb = if state.accepted(last) { "harden" } else { "leave" };
            ui.err_line(&format!("  {verb} {}", services(&decided)));
        }
    }
    for (i, service) in open.into_iter().enumerate() {
        decisions.entry(service).or_default().take = state.accepted(i);
    }
    Ok(Options { decisions: Some(decisions), ..session.options })
}

fn show(ui: &Ui, ask: &Ask, session: &Session<'_>, service: &str, (number, of): (usize, usize)) -> Result<()> {
    let finding = session.plan.findings.iter().find(|f| f.service == service && f.fix.is_some());
    let rule = finding.map_or(String::new(), |f| format!(" [{}]", f.rule.id()));
    let file = finding.and_then(|f| session.plan.project.sources.file(f.span.file)).map_or("", |s| s.stream.text().name());
    let title = format!("[{number}/{of}] {}: {}{rule}", clean_line(file), clean_line(service));
    ui.err_line(&format!("\n{}", paint(ui.err_color(), Look::Bold, &title)));
    let Some((finding, fix)) = finding.and_then(|f| Some((f, f.fix.as_ref()?))) else {
        ui.err_line("  nothing to change with these paths");
        return Ok(());
    };
    let text = format!("Service `{service}` {}. {}", finding.message, risk(fix));
    for line in wrap(&clean_line(&text), ask.width().saturating_sub(2)) {
        ui.err_line(&format!("  {line}"));
    }
    let outcome = session.outcome(fix)?;
    for rewrite in &outcome.rewrites {
        ui.err_line(diff::view(rewrite, diff::CONTEXT, ask.width(), ui.err_color()).trim_end());
    }
    for refused in &outcome.refused {
        ui.warn(&clean_line(&format!("alone this cannot be written: {}", refused.why)));
    }
    Ok(())
}

fn view_file(ui: &Ui, ask: &Ask, session: &Session<'_>, service: &str) -> Result<()> {
    let outcome = fix(&session.plan, service).map(|fix| session.outcome(fix)).transpose()?;
    match (outcome.and_then(|o| o.rewrites.into_iter().next()), session.plan.project.sources.files().first().map(|s| &s.stream)) {
        (Some(rewrite), _) => ui.err_line(diff::view(&rewrite, diff::WHOLE, ask.width(), ui.err_color()).trim_end()),
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

fn edit_paths(ask: &Ask, service: &str, paths: &[WritablePath], own: &mut Decision) -> Result<()> {
    let shown: Vec<String> = paths.iter().map(describe).collect();
    if !shown.is_empty() {
        let kept = ask.keep("Writable paths (space drops one, Enter goes on)", &shown)?;
        for (_, path) in paths.iter().enumerate().filter(|(i, _)| !kept.contains(i)) {
            own.paths.retain(|p| p.target != path.target);
            own.spared.push(path.target.to_string());
        }
    }
    let text = ask.text("Another writable path (empty for none)", |text| added(service, text).map(drop))?;
    if let Ok(path) = added(service, &text) {
        own.spared.retain(|spared| **spared != *path.target);
        set(own, path);
    }
    Ok(())
}

fn choose_storage(ui: &Ui, ask: &Ask, service: &str, paths: &[WritablePath], own: &mut Decision) -> Result<()> {
    let shown: Vec<String> = paths.iter().map(describe).collect();
    if shown.is_empty() {
        return Ok(());
    }
    let Some(path) = ask.select("Path to choose for", &shown)?.and_then(|index| paths.get(index)) else { return Ok(()) };
    let kinds = ["tmpfs: in memory, gone when the container stops".to_owned(), "named volume: kept".to_owned()];
    let is_volume = match ask.select(&format!("Where {} lives", path.target), &kinds)? {
        Some(0) if path.storage == Storage::State => false,
        Some(1) => true,
        _ => return Ok(()),
    };
    match chosen(service, &path.target, is_volume) {
        Ok(path) => set(own, path),
        Err(why) => ui.warn(&clean_line(&why)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(keys: &str, services: usize) -> (Vec<bool>, Option<Effect>) {
        let mut review = Lines::new(services);
        let effect = keys.chars().map(|k| review.step(k)).last();
        ((0..services).map(|i| review.accepted(i)).collect(), effect)
    }

    #[test]
    fn keys_decide_service_by_service() {
        assert_eq!(decided("yn", 3), (vec![true, false, false], Some(Effect::Show)));
        assert_eq!(decided("yny", 3), (vec![true, false, true], Some(Effect::Finish)));
        assert_eq!(decided("na", 3), (vec![false, true, true], Some(Effect::Finish)));
        assert_eq!(decided("ys", 3), (vec![true, false, false], Some(Effect::Finish)));
        assert_eq!(decided("yq", 3), (vec![true, false, false], Some(Effect::Finish)));
    }

    #[test]
    fn unknown_keys_decide_nothing() {
        for key in ['\0', 'x', '\r', ' ', '?'] {
            assert_eq!(decided(&key.to_string(), 1), (vec![false], Some(Effect::Help)), "{key:?}");
        }
    }
}
