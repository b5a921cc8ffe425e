//! What a person sees while a project is run on the engine.

use super::screen::{CTRL_C, Terminal};
use crate::engine::stand::Stand;

#[test]
fn a_trial_says_what_runs_and_since_when_and_takes_it_away() {
    let project = "services:\n  app:\n    image: rofs-test-busybox:1\n    command: [sleep, '100']\n";
    let Some(stand) = Stand::new(&["rofs-test-busybox:1"], project) else { return };
    let environment = stand.environment();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.to_str().expect("text"))).collect();
    let mut terminal = Terminal::start(&stand.folder, 100, &["verify", "--heal"], &environment);
    terminal.shows("as it is, ").shows(" s: app up").shows("round 1: ");
    let ended = terminal.ends(0);
    let screen = ended.screen.contents();
    assert!(screen.starts_with("round 1: app works\napp: works: it stayed up\n"), "{screen}");
    assert!(!screen.contains("cleaning up") && !screen.contains("app up"), "{screen}");

    // The terminal's Ctrl-C reaches the program alone, which cleans up.
    let mut terminal = Terminal::start(&stand.folder, 100, &["verify"], &environment);
    terminal.shows("hardened, ").shows(" s: app up").signals(CTRL_C);
    let ended = terminal.ends(130);
    assert!(ended.screen.contents().contains("error: interrupted, nothing was written"), "{}", ended.screen.contents());
    assert_eq!(stand.leftovers(), [""; 0]);
}
