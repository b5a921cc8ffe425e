//! Completions in the shells that they are for: each starts with them, gets a beginning and the Tab key, and shows the rest.

use super::screen::Terminal;
use crate::oracle::skipped;
use crate::support::{Folder, PROGRAM};
use portable_pty::CommandBuilder;
use std::path::Path;

const TAB: &str = "\t";
/// Clears the line, so that the next question starts from nothing.
const CTRL_U: &str = "\x15";

/// A shell, the file that it reads at its start, what that says, and the arguments.
const SHELLS: [(&str, &str, &str, &[&str]); 4] = [
    ("bash", "rc", "PS1='ready> '\nsource <(rofs-harden completions bash)\n", &["--noprofile", "--rcfile", "rc", "-i"]),
    (
        "zsh",
        ".zshrc",
        "PS1='ready> '\nautoload -U compinit && compinit -u -d dump\nsource <(rofs-harden completions zsh)\n",
        &["--no-globalrcs", "-i"],
    ),
    (
        "fish",
        "rc",
        "function fish_prompt; printf 'ready> '; end\nset fish_greeting\nrofs-harden completions fish | source\n",
        &["--no-config", "-C", "source rc", "-i"],
    ),
    ("elvish", "rc", "set edit:prompt = { put 'ready> ' }\neval (rofs-harden completions elvish | slurp)\n", &["-rc", "rc"]),
];

/// What is typed, and what the line then is.
const QUESTIONS: [(&str, &str); 9] = [
    ("rofs-harden diag", "rofs-harden diagnose"),
    ("rofs-harden audit --fail-o", "rofs-harden audit --fail-on"),
    ("rofs-harden audit --fail-on w", "rofs-harden audit --fail-on warning"),
    ("rofs-harden compose.y", "rofs-harden compose.yaml"),
    ("rofs-harden --service web-f", "rofs-harden --service web-frontend"),
    ("rofs-harden --profile debu", "rofs-harden --profile debugging"),
    ("rofs-harden --preset wordpr", "rofs-harden --preset wordpress"),
    ("rofs-harden explain unlimited-t", "rofs-harden explain unlimited-tmpfs"),
    ("rofs-harden audit --select unlimited-t", "rofs-harden audit --select unlimited-tmpfs"),
];

/// The project in the folder.
const PROJECT: &str = "\
services:
  web-frontend:
    image: nginx
    profiles: [debugging, \"$(touch owned)\"]
  db:
    image: postgres
";

#[test]
fn shells_complete_verbs_options_and_values() {
    for (shell, file, setup, arguments) in SHELLS {
        let Some(program) = ["/usr/local/bin", "/usr/bin", "/bin"].map(|f| Path::new(f).join(shell)).into_iter().find(|p| p.exists())
        else {
            skipped(&format!("no {shell}"), "ROFS_REQUIRE_SHELLS");
            continue;
        };
        let folder = Folder::new(&[(file, setup), ("compose.yaml", PROJECT)]);
        let home = folder.path().to_str().unwrap();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", Path::new(PROGRAM).parent().unwrap().display());
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        let environment = [("PATH", path.as_str()), ("HOME", home), ("ZDOTDIR", home), ("TMPDIR", home), ("XDG_RUNTIME_DIR", home)];
        let mut terminal = Terminal::start_command(&folder, 100, command, &environment);
        terminal.shows("ready> ");
        for (typed, line) in &QUESTIONS {
            terminal.press(typed);
            terminal.shows(&format!("ready> {typed}")).press(TAB);
            terminal.shows(&format!("ready> {line}")).press(CTRL_U);
        }
        terminal.press("exit\r");
        terminal.ends(0);
        assert!(!folder.path().join("owned").exists());
    }
}

#[test]
fn powershell_gets_a_script_that_asks_the_program() {
    let run = Folder::new(&[]).run(&["completions", "powershell"]).exits(0);
    for part in ["Register-ArgumentCompleter -Native -CommandName rofs-harden", "ROFS_HARDEN_COMPLETE"] {
        assert!(run.out.contains(part), "no {part} in\n{}", run.out);
    }
}

#[test]
fn a_project_that_cannot_be_read_offers_nothing() {
    for text in ["services: [", "services:\n  a: {image: a, profiles: [\"x;y\"]}\n"] {
        let folder = Folder::compose(text);
        for (word, index) in [("--profile", "2"), ("--service", "2")] {
            let environment = [("ROFS_HARDEN_COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", index), ("_CLAP_IFS", "\n")];
            let run = folder.run_with(&["--", "rofs-harden", word, "x"], &environment, "").exits(0);
            assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""), "{text} {word}");
        }
    }
}
