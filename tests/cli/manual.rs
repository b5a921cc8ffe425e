//! The manual pages.

use crate::oracle::skipped;
use crate::support::Folder;
use std::fs;
use std::process::Command;

/// A day with a month and a day of two digits each, as a packager would give it.
const DAY: (&str, &str) = ("SOURCE_DATE_EPOCH", "1709210096");

#[test]
fn there_is_a_page_for_the_program_and_each_verb_of_its_help() {
    let folder = Folder::new(&[("pages/rofs-harden.1", "an older one\n")]);
    let run = folder.run_with(&["man", "--dir", "pages"], &[DAY], "").exits(0);
    assert!(run.err.starts_with("wrote ") && run.err.ends_with(" pages to pages\n"), "{}", run.err);
    let help = folder.run(&["-h"]).exits(0).out;
    let verbs = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    // Continued lines are indented further.
    let verbs: Vec<&str> = verbs.filter(|l| !l.starts_with("   ")).filter_map(|l| l.split_whitespace().next()).collect();
    assert!(verbs.contains(&"audit") && verbs.contains(&"help"), "{verbs:?}");
    for verb in verbs.into_iter().filter(|verb| *verb != "help") {
        let page = folder.read(&format!("pages/rofs-harden-{verb}.1"));
        assert_eq!(page, folder.run_with(&["man", verb], &[DAY], "").exits(0).out);
        assert!(page.contains(&format!(".TH ROFS-HARDEN-{} 1 \"2024-02-29\" ", verb.to_uppercase())), "{page}");
    }
    let page = folder.read("pages/rofs-harden.1");
    assert_eq!(page, folder.run_with(&["man"], &[DAY], "").exits(0).out);
    for part in
        [".SH EXAMPLES\n.nf\n", ".SH EXIT STATUS\n.nf\n0    done", "rofs\\-harden \\-\\-check\n", "adds \\fBread_only: true\\fR and"]
    {
        assert!(page.contains(part), "no {part:?} in\n{page}");
    }
    assert!(folder.read("pages/rofs-harden-presets-show.1").contains("PRESETS-SHOW"));
    let wrong = folder.run(&["man", "audti"]).exits(2);
    assert!(wrong.err.contains("there is no page `rofs-harden-audti`") && wrong.err.contains("rofs-harden-audit,"), "{}", wrong.err);
    folder.run(&["man", "--dir", "nowhere"]).exits(2);
}

#[test]
fn days_are_those_of_the_calendar() {
    let day = |seconds: &str| {
        let page = Folder::new(&[]).run_with(&["man", "explain"], &[("SOURCE_DATE_EPOCH", seconds)], "").exits(0).out;
        page.split('"').nth(1).unwrap().to_owned()
    };
    // What `date -u -d @SECONDS +%F` says.
    let known = [("0", "1970-01-01"), ("951782400", "2000-02-29"), ("1735689599", "2024-12-31"), ("4107542400", "2100-03-01"), ("x", "")];
    known.iter().for_each(|(seconds, expected)| assert_eq!(day(seconds), *expected));
}

#[test]
fn pages_are_without_mistakes_to_mandoc() {
    if Command::new("mandoc").arg("-T").arg("ascii").arg("/dev/null").output().is_err() {
        return skipped("no mandoc", "ROFS_REQUIRE_SHELLS");
    }
    let folder = Folder::new(&[("pages/x", "")]);
    folder.run_with(&["man", "--dir", "pages"], &[DAY], "").exits(0);
    fs::remove_file(folder.path().join("pages/x")).unwrap();
    let pages: Vec<_> = fs::read_dir(folder.path().join("pages")).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(pages.len() > 8, "{pages:?}");
    let lint = |pages: &[std::path::PathBuf]| {
        let run = Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).args(pages).output().unwrap();
        (run.status.success(), String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr))
    };
    assert_eq!(lint(&pages), (true, String::new()));
    // It would say so.
    folder.put("broken.1", ".TH X 1\n.SH NAME\n.RE\n");
    assert!(!lint(&[folder.path().join("broken.1")]).0);
}
