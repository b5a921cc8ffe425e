//! The interactive review: the whole plan on one screen, decisions first, writing last. Where a
//! screen is no help, the same decisions are asked for line by line.
//!
//! A decision is never an edit: all of them together are what a plan is asked for
//! ([`Decisions`](crate::plan::Decisions)), and what that plan says is shown and written.

mod dialog;
mod draw;
mod fold;
mod keys;
mod lines;
mod row;
mod session;
mod state;
mod terminal;

use super::ask::Ask;
use super::harden::{Status, finish, present};
use super::next;
use super::prepared::{Aim, Asking, Prepared};
use super::report_error;
use super::ui::Ui;
use crate::edge::disk::Disk;
use crate::error::{Error, Result};
use crate::plan::{Files, Input, Options};
use crate::text::clean_line;
use draw::{Scene, draw};
use row::Row;
use session::Session;
use state::{Review, Step};
use terminal::Screen;

/// What a person makes of a project.
enum Verdict {
    /// It is planned with these decisions and written.
    Write(Options),
    /// It is planned with these decisions, and whether it is written is asked once more.
    Ask(Options),
    /// Nothing is written; the next project follows.
    Next,
    /// Nothing is written, and nothing follows.
    Quit,
}

/// Reviews projects, one after the other, and writes what is accepted of each before the next.
/// `is_plain` asks line by line.
///
/// Errors: a project cannot be planned, where it is the only one; it cannot be written; an interrupt.
pub(super) fn run(ui: &Ui, projects: &[Input], asking: Asking<'_>, ask: &Ask, is_plain: bool) -> Result<Status> {
    let is_plain = is_plain || std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    let by_line = ask.by_line();
    let ask = if is_plain { &by_line } else { ask };
    let mut status = Status::Done;
    for (number, input) in projects.iter().enumerate() {
        let place = (number + 1, projects.len());
        match project(ui, input, asking, ask, is_plain, place) {
            Ok(Some(done)) => status = status.max(done),
            Ok(None) => return Ok(status.max(Status::FindingsRemain)),
            Err(error) if input.is_one_of_many && !matches!(error, Error::Interrupted | Error::InterruptedAfter(_)) => {
                report_error(ui, &error);
                status = Status::Failed;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(status)
}

/// Reviews one project and writes what is accepted; `None` says that no other follows.
fn project(ui: &Ui, input: &Input, asking: Asking<'_>, ask: &Ask, is_plain: bool, place: (usize, usize)) -> Result<Option<Status>> {
    let files = Files::read(&Disk, input)?;
    let session = Session::new(&files, input, asking.options, ui.err_color())?;
    if place.1 > 1 && session.plan.findings.is_empty() {
        return Ok(Some(Status::Done));
    }
    let is_open = session.rows()?.iter().any(Row::can_change);
    let verdict = match (is_open, is_plain) {
        (false, _) => Verdict::Ask(asking.options.clone()),
        (true, true) => lines::review(ui, ask, session, place.1 > 1)?,
        (true, false) => on_screen(session, place)?,
    };
    let (options, asks) = match verdict {
        Verdict::Write(options) => (options, None),
        Verdict::Ask(options) => (options, Some(ask)),
        Verdict::Next | Verdict::Quit => {
            let first = files.sources().files().first().filter(|_| place.1 > 1);
            let name = first.map_or(String::new(), |f| format!("{}: ", f.stream.text().name()));
            ui.note(&clean_line(&format!("{name}nothing was written")));
            return Ok(matches!(verdict, Verdict::Next).then_some(Status::FindingsRemain));
        }
    };
    // On the screen all was said yes to, but for data that would stay behind: that is a question of its own.
    let plan = Prepared::of(&files, Asking { options: &options, person: Some((ui, ask)), ..asking })?;
    if !is_open && !plan.findings.is_empty() {
        ui.note("nothing to decide: no service has a change that could be accepted");
    }
    present(ui, Aim::Review, &plan);
    let status = finish(ui, Aim::Review, &[&plan], asks)?;
    // Where nothing was found at all, the next step is said already.
    if !is_open && !plan.findings.is_empty() && place.1 == 1 {
        next::after_nothing(ui, &[&plan], plan.counts);
    }
    Ok(Some(status))
}

/// The review on the whole screen.
fn on_screen(mut session: Session<'_>, (number, of): (usize, usize)) -> Result<Verdict> {
    let title = if of > 1 { format!("[{number}/{of}] {}", session.name()) } else { session.name() };
    let mut review = Review::new(session.rows()?, of > 1);
    let mut screen = Screen::open()?;
    let mut text = String::new();
    // What the text was made for: it is made anew only when that changes.
    let mut made_for = None;
    let mut plans = 0;
    loop {
        let mut failed = None;
        screen.draw(|frame| {
            let wanted = (plans, review.cursor, review.verdicts.clone(), review.screen.clone(), frame.area().width);
            if made_for.as_ref() != Some(&wanted) {
                match session.text(&review, usize::from(frame.area().width).max(20)) {
                    Ok(made) => text = made,
                    Err(error) => failed = Some(error),
                }
                made_for = Some(wanted);
            }
            draw(frame, &mut review, &Scene { title: &title, text: &text, color: session.color });
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let Some(key) = screen.key()? else { continue };
        match review.key(key) {
            Step::Stay => {}
            Step::Plan => {
                session.decide(review.decisions())?;
                review.replanned(session.rows()?);
                plans += 1;
            }
            Step::Write => return Ok(Verdict::Write(session.decided_options(&review))),
            Step::Next => return Ok(Verdict::Next),
            Step::Quit => return Ok(Verdict::Quit),
            Step::Interrupt => return Err(Error::Interrupted),
        }
    }
}
