//! The command line: the only place that knows both the core and the world.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the terminal and its environment are met here")]

mod again;
mod answers;
mod args;
mod ask;
mod asked;
mod audit;
mod baseline;
mod complete;
mod diagnose;
mod explain;
mod harden;
mod heal;
mod moving;
mod next;
mod notes;
mod observe;
mod oracle;
mod page;
mod pr;
mod prepared;
mod presets;
mod remedy;
mod review;
#[cfg(feature = "server")]
mod server;
mod shell;
mod there;
mod tree;
mod trial;
mod ui;
mod verify;

use crate::error::{Error, SourceError};
use crate::report::style::{Look, paint, width};
use crate::text::{clean, clean_line};
use args::{Cli, Verb};
use std::process::ExitCode;
use ui::{Color, Progress, Ui};

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    complete::answer();
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => {
            report_error(&Ui::new(Color::default(), false, Progress::default()), &error);
            return ExitCode::from(error.exit_code());
        }
    };
    let ui = Ui::new(cli.global.color, cli.global.quiet, cli.global.progress);
    let result = match &cli.verb {
        None => harden::run(&ui, &cli.harden),
        Some(Verb::Audit(args)) => audit::run(&ui, args),
        Some(Verb::Diagnose(args)) => diagnose::run(&ui, args),
        Some(Verb::Observe(args)) => observe::run(&ui, args),
        Some(Verb::Verify(args)) => verify::run(&ui, args),
        Some(Verb::Pr(args)) => pr::run(&ui, args),
        Some(Verb::Explain { rule }) => explain::run(&ui, &rule.join(" ")),
        Some(Verb::Schema { of }) => answers::schema(&ui, *of),
        Some(Verb::Completions(args)) => shell::completions(&ui, args),
        Some(Verb::Man(args)) => shell::manual(&ui, args),
        #[cfg(feature = "server")]
        Some(Verb::Server(args)) => server::run(args),
        Some(Verb::Presets { what, find }) => presets::run(&ui, what.as_ref(), find),
    };
    match result {
        Ok(harden::Status::Done) => ExitCode::SUCCESS,
        Ok(harden::Status::FindingsRemain) => ExitCode::from(1),
        Ok(harden::Status::Failed) => ExitCode::from(2),
        Err(error) => {
            report_error(&ui, &error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// The error, the line it is about, and what to do.
fn report_error(ui: &Ui, error: &Error) {
    ui.error(&clean_line(&error.to_string()));
    if let Error::Source(source) = error {
        show_line(ui, source);
    }
    if let Some(hint) = remedy::of_error(error) {
        ui.hint(&clean_line(&hint));
    }
}

/// Warns of a place in a file.
fn report_oddity(ui: &Ui, source: &SourceError) {
    ui.warn(&clean_line(&source.to_string()));
    show_line(ui, source);
    if let Some(hint) = &source.hint {
        ui.hint(&clean_line(hint));
    }
}

/// The line of a place, with a caret below it.
fn show_line(ui: &Ui, source: &SourceError) {
    let (line, marked) = &source.excerpt;
    // A tab is what some of these messages are about, so it is made visible.
    let shown = |text: &str| clean(text).replace('\t', "→");
    let before: String = line.chars().take(source.column - 1).collect();
    // One very long line (a file without breaks) would fill the screen.
    if *marked > 0 && width(line) <= 200 {
        let number = source.line.to_string();
        let gutter = " ".repeat(number.len());
        let pad = " ".repeat(width(&shown(&before)));
        let caret = paint(ui.err_color(), Look::Error, &"^".repeat((*marked).clamp(1, 80)));
        ui.err_line(&format!(" {gutter} |\n {number} | {}\n {gutter} | {pad}{caret}", shown(line)));
    }
}
