//! What a package brings along beside the program: completions for shells, and manual pages. Both come from the command line's own
//! description, so neither can say anything else than `--help` does.

use super::args::Cli;
use super::complete::VARIABLE;
use super::harden::Status;
use super::ui::Ui;
use crate::edge::disk;
use crate::error::{Error, Result};
use crate::text::{clean_line, count};
use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_complete::env::Shells;
use clap_mangen::Man;
use std::fmt::Write;
use std::path::PathBuf;

/// Name of the program, and of its page.
const NAME: &str = env!("CARGO_PKG_NAME");

/// Which completions.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum, help_heading = "Input")]
    shell: Shell,
}

/// Which pages.
#[derive(Debug, Args)]
pub(super) struct Manual {
    /// Verb whose page is wanted [default: the program's]
    #[arg(value_name = "VERB", help_heading = "Input")]
    verb: Vec<String>,
    /// Write all pages into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "verb", help_heading = "Output")]
    dir: Option<PathBuf>,
}

/// Prints what makes a shell ask this program for completions.
///
/// Errors: none for the shells that there are.
pub(super) fn completions(ui: &Ui, args: &Completions) -> Result<Status> {
    let name = args.shell.to_string();
    let unknown = || Error::Usage(format!("no completions for {name}"), None);
    let shells = Shells::builtins();
    let mut script = Vec::new();
    let shell = shells.completer(&name).ok_or_else(unknown)?;
    shell.write_registration(VARIABLE, NAME, NAME, NAME, &mut script).map_err(|_| unknown())?;
    ui.out(&String::from_utf8_lossy(&script));
    Ok(Status::Done)
}

/// Prints the page of the program or of one verb, or writes all pages into a folder.
///
/// Errors: there is no such verb; a file cannot be written.
pub(super) fn manual(ui: &Ui, args: &Manual) -> Result<Status> {
    let pages = pages();
    if let Some(folder) = &args.dir {
        for (name, text) in &pages {
            let path = folder.join(format!("{name}.1"));
            let loaded = disk::read(&path).or_else(|_| disk::absent(&path))?;
            disk::write_all(&[disk::Write { root: folder, loaded: &loaded, after: text }])?;
        }
        ui.note(&clean_line(&format!("wrote {} to {}", count(pages.len(), "page", "pages"), folder.display())));
        return Ok(Status::Done);
    }
    let wanted = [&[NAME.to_owned()], &*args.verb].concat().join("-");
    let Some((_, text)) = pages.iter().find(|(name, _)| *name == wanted) else {
        let hint = format!("there are {}", pages.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "));
        return Err(Error::Usage(clean_line(&format!("there is no page `{wanted}`")), Some(hint)));
    };
    ui.out(text);
    Ok(Status::Done)
}

/// Every page with its name: the program's, and one for each verb that help lists.
fn pages() -> Vec<(String, String)> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut found = Vec::new();
    collect(&command, &mut found);
    found
}

fn collect(command: &Command, found: &mut Vec<(String, String)>) {
    let name = command.get_display_name().unwrap_or(NAME).to_owned();
    found.push((name, page(command)));
    command.get_subcommands().filter(|verb| !verb.is_hide_set()).for_each(|verb| collect(verb, found));
}

/// One page. What stands behind the options in `--help` (examples, exit status) becomes sections whose lines stay as they are.
fn page(command: &Command) -> String {
    let more = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let bare = command.clone().after_long_help(None::<&str>).after_help(None::<&str>).version(None::<&str>);
    let mut made = Vec::new();
    // Writing to memory cannot fail.
    let _ = Man::new(bare).render(&mut made);
    let made = String::from_utf8_lossy(&made);
    // In front of its title stands what makes apostrophes print as such everywhere.
    let (before, body) = made.split_once(".TH ").unwrap_or_default();
    let body = body.split_once('\n').unwrap_or_default().1;
    let title = command.get_display_name().unwrap_or(NAME).to_uppercase();
    let mut page = format!("{before}.TH {title} 1 \"{}\" \"{NAME} {}\" \"User Commands\"\n", date(), env!("CARGO_PKG_VERSION"));
    // Its blank lines between paragraphs stand between two breaks, which say nothing then.
    page.extend(body.replace(".br\n\n.br\n", "\n").lines().map(line));
    let mut in_section = false;
    for line in more.lines() {
        if let Some(title) = line.strip_suffix(':').filter(|title| !title.starts_with(' ')) {
            let _ = write!(page, "{}.SH {}\n.nf\n", if in_section { ".fi\n" } else { "" }, title.to_uppercase());
            in_section = true;
        } else if in_section {
            let _ = writeln!(page, "{}", escaped(line.strip_prefix("  ").unwrap_or(line)));
        }
    }
    page + if in_section { ".fi\n" } else { "" }
}

/// The day that a packager gives as seconds in `SOURCE_DATE_EPOCH`, so that the same version gives the same bytes; else none.
fn date() -> String {
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse::<u32>().ok());
    let Some(mut days) = epoch.map(|seconds| seconds / 86_400) else { return String::new() };
    let is_leap = |year: u32| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u32::from(is_leap(year)) {
        days -= 365 + u32::from(is_leap(year));
        year += 1;
    }
    let months = [31, 28 + u32::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, days + 1)
}

/// Text for a page where lines are kept: nothing in it is read as a request or an escape.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('`', "\\(ga").replace('\'', "\\(aq");
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}

/// A line of the page as it was made, with code in bold: a backquote would be printed as an opening quotation mark.
fn line(made: &str) -> String {
    let made = made.trim_end();
    if made.is_empty() {
        return ".sp\n".to_owned();
    }
    let parts: Vec<&str> = made.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return format!("{}\n", parts.join("\\(ga"));
    }
    let mut text = String::new();
    for (place, part) in parts.iter().enumerate() {
        let font = ["", "\\fB", "\\fR"][if place == 0 { 0 } else { 2 - place % 2 }];
        let _ = write!(text, "{font}{part}");
    }
    text + "\n"
}
