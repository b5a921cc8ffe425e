//! The review line by line: one service at a time, for terminals that are no screen and for screen
//! readers.

use super::dialog::{added, chosen, set};
use super::row::Kind;
use super::session::Session;
use crate::cli::ask::Ask;
use crate::cli::ui::Ui;
use crate::error::Result;
use crate::evidence::{Storage, WritablePath};
use crate::plan::{Decision, Decisions, Options};
use crate::report::diff;
use crate::report::remarks::services;
use crate::report::style::{Look, paint, wrap};
use crate::text::clean_line;
use std::collections::HashMap;

/// Which service is being decided, how sure each change is, and what was decided so far. Knows nothing of the terminal.
#[derive(Debug)]
struct Lines {
    kinds: Vec<Kind>,
    decisions: Vec<Option<bool>>,
    position: usize,
    /// What was decided, and where, before each answer that decided something.
    earlier: Vec<(Vec<Option<bool>>, usize)>,
}

/// What an answer asks for.
#[derive(Debug, PartialEq, Eq)]
enum Effect {
    /// Show the service at the position.
    Show,
    /// Ask again.
    Ask,
    /// Say why the answer cannot be, and ask again.
    Refuse(&'static str),
    /// Let the person change its list of paths.
    EditPaths,
    /// Let the person choose between tmpfs and volume for one of its paths.
    ChooseStorage,
    /// Show the whole file as it would be.
    ViewFile,
    /// Explain the answers.
    Help,
    /// All is decided.
    Finish,
}

const PROMPT: &str = "[y]es [n]o [g]uess, take it [a]ll sure [s]kip the rest [e]dit paths [t]mpfs/volume [v]iew file [u]ndo [?] [q]uit";

const HELP: &str = "\
  A letter or its word, then Enter:
  y  harden this service
  n  leave it as it is
  g  harden it although its change is a guess
  a  harden all that is sure, from this one on
  s  leave it and all that follow
  e  change the list of its writable paths
  t  choose tmpfs or named volume for a path
  v  view the whole file with this change and all that is accepted
  u  take the last answer back
  q  stop here; what was accepted is still asked about
  Ctrl-C  stop; nothing is written";

/// The answers that are words, by their letter.
const WORDS: [(&str, char); 12] = [
    ("yes", 'y'),
    ("no", 'n'),
    ("guess", 'g'),
    ("all", 'a'),
    ("skip", 's'),
    ("edit", 'e'),
    ("tmpfs", 't'),
    ("volume", 't'),
    ("view", 'v'),
    ("undo", 'u'),
    ("help", '?'),
    ("quit", 'q'),
];

impl Lines {
    /// A review of services whose changes are so sure.
    fn new(kinds: Vec<Kind>) -> Self {
        Self { decisions: vec![None; kinds.len()], kinds, position: 0, earlier: Vec::new() }
    }

    /// Takes an answer.
    fn step(&mut self, answer: &str) -> Effect {
        let answer = answer.trim().to_ascii_lowercase();
        let word = WORDS.iter().find(|(word, _)| *word == answer).map(|(_, letter)| *letter);
        let mut letters = answer.chars();
        let Some(letter) = word.or(letters.next().filter(|_| letters.next().is_none())) else {
            return if answer.is_empty() { Effect::Ask } else { Effect::Help };
        };
        let is_guess = self.kinds.get(self.position) == Some(&Kind::Guess);
        match letter {
            'y' if is_guess => return Effect::Refuse("it is a guess: g hardens it all the same"),
            'g' if !is_guess => return Effect::Refuse("it is no guess: y hardens it"),
            'y' | 'g' => self.decide(true, |i, position| i == position),
            'n' => self.decide(false, |i, position| i == position),
            'a' => {
                let sure: Vec<bool> = self.kinds.iter().map(|kind| *kind == Kind::Sure).collect();
                if !(self.position..sure.len()).any(|i| sure[i] && self.decisions[i].is_none()) {
                    return Effect::Refuse("nothing sure is left; guesses and your choices are decided one by one");
                }
                self.decide(true, |i, position| i >= position && sure[i]);
            }
            's' => self.decide(false, |i, position| i >= position),
            'q' => self.position = self.decisions.len(),
            'u' => match self.earlier.pop() {
                Some((decisions, position)) => (self.decisions, self.position) = (decisions, position),
                None => return Effect::Refuse("there is no answer to take back"),
            },
            'e' => return Effect::EditPaths,
            't' => return Effect::ChooseStorage,
            'v' => return Effect::ViewFile,
            _ => return Effect::Help,
        }
        if self.position >= self.decisions.len() { Effect::Finish } else { Effect::Show }
    }

    /// Decides what is open and meant, and goes to the next that is open.
    fn decide(&mut self, accept: bool, is_meant: impl Fn(usize, usize) -> bool) {
        self.earlier.push((self.decisions.clone(), self.position));
        for i in 0..self.decisions.len() {
            if self.decisions[i].is_none() && is_meant(i, self.position) {
                self.decisions[i] = Some(accept);
            }
        }
        let open = (self.position..self.decisions.len()).find(|i| self.decisions[*i].is_none());
        self.position = open.unwrap_or(self.decisions.len());
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
    let mut state = Lines::new(kinds(&session, &open)?);
    let mut effect = if open.is_empty() { Effect::Finish } else { Effect::Show };
    loop {
        let index = state.position;
        let show = |session: &Session<'_>, state: &Lines| show(ui, ask, session, &open[index], state.kinds[index], (index + 1, open.len()));
        match effect {
            Effect::Finish => break,
            Effect::Show => show(&session, &state)?,
            Effect::Ask => {}
            Effect::Refuse(why) => ui.err_line(&format!("  {}: {why}", clean_line(&open[index]))),
            Effect::Help => HELP.lines().for_each(|line| {
                let (key, text) = line.trim_start().split_once("  ").unwrap_or(("", line.trim_start()));
                let gap = if key.is_empty() { "" } else { "  " };
                let lines = wrap(text, ask.width().saturating_sub(5).max(20));
                ui.err_line(&format!("  {key}{gap}{}", lines.join("\n     ")));
            }),
            Effect::ViewFile => {
                let is_taken = |name: &str| open.iter().position(|other| other == name).is_some_and(|i| state.accepted(i));
                ui.err_line(session.file(Some(&open[index]), is_taken, ask.width())?.trim_end());
            }
            Effect::EditPaths | Effect::ChooseStorage => {
                let service = &open[index];
                let own = decisions.entry(service.clone()).or_default();
                let paths = session.plan.needs.iter().find(|n| n.service == *service).map_or(&[][..], |n| &n.paths);
                if effect == Effect::EditPaths {
                    edit_paths(ui, ask, service, paths, own)?;
                } else {
                    choose_storage(ui, ask, service, paths, own)?;
                }
                session.decide(decisions.clone())?;
                state.kinds = kinds(&session, &open)?;
                show(&session, &state)?;
            }
        }
        for line in wrap(PROMPT, ask.width()) {
            ui.err_line(&paint(ui.err_color(), Look::Bold, &line));
        }
        let before = state.decisions.clone();
        effect = state.step(&ask.line(">")?.unwrap_or_else(|| "q".to_owned()));
        for (accept, verb) in [(true, "harden"), (false, "leave")] {
            let decided = (0..open.len()).filter(|i| before[*i].is_none() && state.decisions[*i] == Some(accept));
            let decided: Vec<&str> = decided.map(|i| &*open[i]).collect();
            if !decided.is_empty() {
                ui.err_line(&format!("  {verb} {}", services(&decided)));
            }
        }
        let undone: Vec<&str> =
            (0..open.len()).filter(|i| before[*i].is_some() && state.decisions[*i].is_none()).map(|i| &*open[i]).collect();
        if !undone.is_empty() {
            ui.err_line(&format!("  open again: {}", services(&undone)));
        }
    }
    for (i, service) in open.into_iter().enumerate() {
        decisions.entry(service).or_default().take = state.accepted(i);
    }
    Ok(Options { decisions: Some(decisions), ..session.options })
}

/// How sure the changes of services are now.
fn kinds(session: &Session<'_>, services: &[String]) -> Result<Vec<Kind>> {
    let rows: HashMap<String, Kind> = session.rows()?.into_iter().map(|row| (row.name, row.kind)).collect();
    Ok(services.iter().map(|service| rows.get(service).copied().unwrap_or(Kind::Done)).collect())
}

fn show(ui: &Ui, ask: &Ask, session: &Session<'_>, service: &str, kind: Kind, (number, of): (usize, usize)) -> Result<()> {
    let finding = session.plan.findings.iter().find(|f| f.service == service && f.fix.is_some());
    let rule = finding.map_or(String::new(), |f| format!(" [{}]", f.rule.id()));
    let file = finding.and_then(|f| session.plan.project.sources.file(f.span.file)).map_or("", |s| s.stream.text().name());
    let title = format!("[{number}/{of}] {}: {}{rule}", clean_line(file), clean_line(service));
    ui.err_line(&format!("\n{}", paint(ui.err_color(), Look::Bold, &title)));
    let Some((finding, fix)) = finding.and_then(|f| Some((f, f.fix.as_ref()?))) else {
        ui.err_line("  nothing to change with these paths");
        return Ok(());
    };
    let outcome = session.outcome(fix)?;
    let text = format!("Service `{service}` {}. {}", finding.message, session.risk(kind, fix));
    for text in std::iter::once(text).chain(session.doubts(fix, &outcome)?) {
        for line in wrap(&clean_line(&text), ask.width().saturating_sub(2)) {
            ui.err_line(&format!("  {line}"));
        }
    }
    for rewrite in &outcome.rewrites {
        ui.err_line(diff::view(rewrite, diff::CONTEXT, ask.width(), ui.err_color()).trim_end());
    }
    for refused in &outcome.refused {
        ui.warn(&clean_line(&format!("alone this cannot be written: {}", refused.why)));
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

/// Shows paths, each with its number and what holds it.
fn list(ui: &Ui, ask: &Ask, title: &str, paths: &[WritablePath]) {
    ui.err_line(&format!("  {}", clean_line(title)));
    for (number, path) in paths.iter().enumerate() {
        let lines = wrap(&clean_line(&describe(path)), ask.width().saturating_sub(6).max(20));
        ui.err_line(&format!("  {:>2}  {}", number + 1, lines.join("\n      ")));
    }
}

/// The places in a list that a line names by their numbers.
fn numbers(text: &str, length: usize) -> Result<Vec<usize>, String> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let number = |word: &str| match word.parse::<usize>() {
        Ok(number) if (1..=length).contains(&number) => Ok(number - 1),
        _ if length == 1 => Err(format!("`{word}` is no number of the list; write 1 or nothing")),
        _ => Err(format!("`{word}` is no number of the list; write numbers from 1 to {length}")),
    };
    words.map(number).collect()
}

/// What a line is read as, asked for until it can be; none means that nothing changes.
fn answer<T>(ui: &Ui, ask: &Ask, prompt: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>> {
    loop {
        let Some(text) = ask.line(prompt)?.filter(|text| !text.is_empty()) else { return Ok(None) };
        match read(&text) {
            Ok(answer) => return Ok(Some(answer)),
            Err(why) => wrap(&clean_line(&why), ask.width().saturating_sub(2)).iter().for_each(|line| ui.err_line(&format!("  {line}"))),
        }
    }
}

fn edit_paths(ui: &Ui, ask: &Ask, service: &str, paths: &[WritablePath], own: &mut Decision) -> Result<()> {
    if !paths.is_empty() {
        list(ui, ask, &format!("Writable paths of {service}:"), paths);
        let dropped = answer(ui, ask, "Numbers of those to drop (Enter keeps all):", |text| numbers(text, paths.len()))?;
        for path in dropped.into_iter().flatten().map(|i| &paths[i]) {
            own.paths.retain(|p| p.target != path.target);
            own.spared.push(path.target.to_string());
        }
    }
    if let Some(path) = answer(ui, ask, "Another writable path (Enter for none):", |text| added(service, text))? {
        own.spared.retain(|spared| **spared != *path.target);
        set(own, path);
    }
    Ok(())
}

fn choose_storage(ui: &Ui, ask: &Ask, service: &str, paths: &[WritablePath], own: &mut Decision) -> Result<()> {
    if paths.is_empty() {
        ui.err_line("  it has no writable path to choose for");
        return Ok(());
    }
    list(ui, ask, &format!("Writable paths of {service}:"), paths);
    let one = |text: &str| match numbers(text, paths.len())?.as_slice() {
        [only] => Ok(*only),
        _ => Err("choose for one path at a time".to_owned()),
    };
    let Some(path) = answer(ui, ask, "Path to choose for, by its number (Enter for none):", one)?.map(|i| &paths[i]) else { return Ok(()) };
    let question = format!("Where {} lives: t for a tmpfs (gone when the container stops), v for a named volume (kept):", path.target);
    let is_volume = answer(ui, ask, &question, |text| match text.to_ascii_lowercase().as_str() {
        "t" | "tmpfs" => Ok(false),
        "v" | "volume" => Ok(true),
        _ => Err("write t or v".to_owned()),
    })?;
    match is_volume
        .filter(|is_volume| *is_volume || path.storage == Storage::State)
        .map(|is_volume| chosen(service, &path.target, is_volume))
    {
        Some(Ok(path)) => set(own, path),
        Some(Err(why)) => ui.warn(&clean_line(&why)),
        None => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What answers decide of services: a sure one for `s`, a guess for `g`, a choice for `c`.
    fn decided(answers: &[&str], services: &str) -> (String, Option<Effect>) {
        let kind = |c| match c {
            's' => Kind::Sure,
            'g' => Kind::Guess,
            _ => Kind::Choice,
        };
        let mut review = Lines::new(services.chars().map(kind).collect());
        let effect = answers.iter().map(|answer| review.step(answer)).last();
        let sign = |decision: &Option<bool>| decision.map_or('.', |accept| if accept { '+' } else { '-' });
        (review.decisions.iter().map(sign).collect(), effect)
    }

    #[test]
    fn answers_decide_service_by_service() {
        for (answers, services, expected, effect) in [
            (&["y", "n"][..], "sss", "+-.", Effect::Show),
            (&["y", "n", "y"], "sss", "+-+", Effect::Finish),
            (&["n", "a"], "sss", "-++", Effect::Finish),
            (&["y", "s"], "sss", "+--", Effect::Finish),
            (&["y", "q"], "sss", "+..", Effect::Finish),
            (&["YES", " no ", "Skip"], "sss", "+--", Effect::Finish),
            (&["y", "n", "u"], "sss", "+..", Effect::Show),
            (&["y", "n", "undo", "y"], "sss", "++.", Effect::Show),
            (&["n", "u", "a"], "sss", "+++", Effect::Finish),
            (&["y", "u", "u"], "sss", "...", Effect::Refuse("there is no answer to take back")),
        ] {
            assert_eq!(decided(answers, services), (expected.to_owned(), Some(effect)), "{answers:?}");
        }
    }

    #[test]
    fn all_means_what_is_sure_and_a_guess_has_its_own_letter() {
        assert_eq!(decided(&["a"], "sgcs"), ("+..+".to_owned(), Some(Effect::Show)));
        assert_eq!(decided(&["a", "g", "y"], "sgcs"), ("++++".to_owned(), Some(Effect::Finish)));
        assert_eq!(decided(&["a", "guess"], "gs"), ("++".to_owned(), Some(Effect::Finish)));
        for (answer, services) in [("y", "gs"), ("g", "sg"), ("g", "cg"), ("a", "gc")] {
            let (decisions, effect) = decided(&[answer], services);
            assert_eq!(decisions, "..", "{answer} {services}");
            assert!(matches!(effect, Some(Effect::Refuse(_))), "{answer} {services}");
        }
    }

    #[test]
    fn other_answers_decide_nothing() {
        for answer in ["x", "?", "help", "yy", "yes please"] {
            assert_eq!(decided(&[answer], "s"), (".".to_owned(), Some(Effect::Help)), "{answer:?}");
        }
        assert_eq!(decided(&["", " "], "s"), (".".to_owned(), Some(Effect::Ask)), "an Enter too many does nothing");
    }

    #[test]
    fn numbers_name_places_of_the_list() {
        assert_eq!(numbers("1, 3", 3), Ok(vec![0, 2]));
        for text in ["0", "4", "x", "1 -2"] {
            assert!(numbers(text, 3).is_err(), "{text}");
        }
    }
}
