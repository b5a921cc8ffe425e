//! The keys of the review, and what each does: what the help shows is what the keys do.

/// A key, whatever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Ctrl(char),
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Escape,
    Tab,
    BackTab,
    Backspace,
    /// One that means nothing here.
    Other,
}

/// The keys of the list with what they do, in the order of the help. What most people need comes
/// first: the last line of the screen shows as many as fit.
pub(super) const LIST: [(&str, &str, &str); 22] = [
    ("y", "accept", "accept the change of this service"),
    ("n", "skip", "leave this service as it is"),
    ("w", "write", "see the sum, then write"),
    ("q", "quit", "leave without writing (also Ctrl-D)"),
    ("?", "help", "show the keys"),
    ("a", "all sure", "accept all that is sure and not decided yet"),
    ("u", "undo", "undo the last decision (U or Ctrl-R: decide it again)"),
    ("e", "paths", "choose its writable paths, or add one"),
    ("x", "extras", "drop further privileges, name volumes, add a health check"),
    ("i", "ignore", "ignore a finding, with a reason in the file or in rofs-harden.toml"),
    ("t", "storage", "choose tmpfs or a named volume for each path"),
    ("g", "guess", "accept this service although its change is a guess"),
    ("s", "skip the rest", "leave all that is not decided as it is"),
    ("r", "rule", "explain the rule"),
    ("f", "file", "show the whole file with this change and all that is accepted (also v)"),
    ("/", "search", "go to a service by a part of its name; empty: the next one"),
    ("Tab", "next open", "go to the next service that is not decided (Shift-Tab: back)"),
    ("j k", "move", "go to the next or previous service (also the arrows)"),
    ("Home End", "ends", "go to the first or last service (also gg and G)"),
    ("PgDn PgUp", "scroll", "scroll what is below the list (also Space, b, J and K)"),
    ("Enter", "go on", "go to what is not decided; when all is, to the sum"),
    ("Ctrl-C", "stop", "stop at once; nothing is written"),
];

/// Those that need a screen, and what answers there are without one beside the others.
pub(super) const ON_SCREEN: [&str; 5] = ["Tab", "j k", "Home End", "PgDn PgUp", "Enter"];
pub(super) const BY_LINE: [(&str, &str); 3] = [
    ("l", "list the services with what was decided"),
    ("j b", "go to the next or previous service, whether it is decided or not (also k)"),
    ("Enter", "go on from a service that is decided; nothing where one is not"),
];

/// What the last line shows in the other screens.
pub(super) const SUM: [(&str, &str); 3] = [("y", "write this"), ("Enter", "go back"), ("q", "quit")];
pub(super) const LEAVE: [(&str, &str); 3] = [("y", "leave without writing"), ("Enter", "go back"), ("w", "see the sum, then write")];
pub(super) const NEXT: (&str, &str) = ("n", "next project, write nothing here");
pub(super) const PAGE: [(&str, &str); 2] = [("Space", "on"), ("Enter", "go back")];
pub(super) const TEXT: [(&str, &str); 2] = [("Enter", "take it"), ("Esc", "go back")];
pub(super) const PATHS: [(&str, &str); 4] = [("Space", "keep or drop"), ("+", "add a path"), ("Enter", "done"), ("Esc", "go back")];
pub(super) const STORAGE: [(&str, &str); 3] = [("Space", "tmpfs or volume"), ("Enter", "done"), ("Esc", "go back")];
pub(super) const EXTRAS: [(&str, &str); 3] = [("Space", "take it or not"), ("Enter", "done"), ("Esc", "go back")];
pub(super) const RULES: [(&str, &str); 2] = [("Enter", "ignore this"), ("Esc", "go back")];
