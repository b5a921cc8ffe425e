//! The screens of `audit`, as they are at terminals of several widths.

use super::screen::{Ended, Terminal};
use crate::support::{Folder, golden};

/// A home server of fifteen services: some known, some not, one privileged, two with the engine's socket.
const STACK: &str = include_str!("audit/stack.yaml");

fn screen(columns: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let arguments = [&["audit", "--fail-on", "never"], arguments].concat();
    Terminal::start(&Folder::compose(STACK), columns, &arguments, environment).ends(0)
}

/// The rows that a line took more than one of, though it could have been broken at a blank.
fn wrapped(ended: &Ended) -> Vec<String> {
    let (rows, columns) = ended.screen.size();
    let text = |row| ended.screen.contents_between(row, 0, row, columns.get());
    (0..rows.get()).filter(|row| ended.screen.row_wrapped(*row)).map(text).filter(|row| row.trim().contains(' ')).collect()
}

#[test]
fn an_audit_fits_every_width() {
    for columns in [40, 60, 80, 120] {
        let ended = screen(columns, &[], &[]);
        golden(&format!("terminal/audit-{columns}.txt"), &ended.screen.contents());
        assert_eq!(wrapped(&ended), [""; 0], "{columns}");
        let plain = screen(columns, &[], &[("NO_COLOR", "1")]);
        assert_eq!(plain.screen.contents(), ended.screen.contents(), "colour changes no text");
        assert!(!plain.bytes.contains(&0x1b));
    }
}

#[test]
fn fifteen_services_fit_two_screens() {
    let ended = screen(80, &[], &[]);
    let rows = ended.screen.contents().trim_end().lines().count();
    assert!(rows <= 2 * 24, "{rows} rows:\n{}", ended.screen.contents());
}

#[test]
fn the_table_fits_sixty_columns() {
    let folder = Folder::compose(&STACK.replace("watchtower:", "a-service-with-a-name-that-is-long-enough:"));
    let ended = Terminal::start(&folder, 60, &["audit", "--fail-on", "never"], &[]).ends(0);
    let heading = ended.lines()[0].clone();
    for column in ["compose.yaml", "surface", "root", "data", "/tmp", "program"] {
        assert!(heading.contains(column), "{heading}");
    }
    assert!(ended.lines().iter().any(|l| l.starts_with("a-serv") && l.contains("...  ")), "{:?}", ended.lines());
    assert_eq!(wrapped(&ended), [""; 0]);
}

#[test]
fn the_colours_are_those_of_the_diff() {
    let ended = screen(100, &[], &[]);
    let red = |cell: &vt100::Cell| cell.fgcolor() == vt100::Color::Idx(1) && cell.bold();
    let green = |cell: &vt100::Cell| cell.fgcolor() == vt100::Color::Idx(2);
    assert_eq!(ended.marked("[*] is read-only but", red).trim_matches('_'), "error");
    assert_eq!(ended.marked("[*] is read-only but", green).trim_matches('_'), "[*]");
    assert_eq!(ended.marked("[uncovered-write]", vt100::Cell::dim).trim_matches('_'), "[uncovered-write]");
    assert_eq!(ended.marked("traefik", vt100::Cell::bold).trim_matches(['_', ' ']), "traefik");
}

#[test]
fn statistics_count_each_rule() {
    let ended = screen(80, &["--statistics"], &[]);
    golden("terminal/statistics.txt", &ended.screen.contents());
}

#[test]
fn advice_stands_below_each_finding_when_asked_for() {
    let ended = screen(60, &["--verbose", "--severity", "error"], &[]);
    ended.says("adds volume cache-data:/data");
    ended.says("put a proxy that allows only the needed calls in");
    assert_eq!(wrapped(&ended), [""; 0]);
}
