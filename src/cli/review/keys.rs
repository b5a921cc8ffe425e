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
    ("a", "all sure", "accept all that is sure and not decided yet"),
    ("?", "help", "show the keys"),
    ("w", "write", "see the sum, then write"),
    ("q", "quit", "leave without writing"),
    ("g", "guess", "accept this service although its change is a guess"),
    ("u", "undo", "undo the last decision"),
    ("U", "redo", "decide again what was undone (also Ctrl-R)"),
    ("e", "paths", "choose its writable paths, or add one"),
    ("t", "storage", "choose tmpfs or a named volume for each path"),
    ("x", "extras", "drop further privileges, name volumes, add a health check"),
    ("i", "ignore", "ignore a finding, with a reason in the file or in rofs-harden.toml"),
    ("r", "rule", "explain the rule"),
    ("f", "file", "show the whole file with this change and all that is accepted"),
    ("/", "search", "go to a service by a part of its name; empty: the next one"),
    ("Tab", "next open", "go to the next service that is not decided (Shift-Tab: back)"),
    ("j k", "move", "go to the next or previous service (also the arrows)"),
    ("Home End", "ends", "go to the first or last service (also gg and G)"),
    ("PgDn PgUp", "scroll", "scroll what is below the list (also Space, b, J and K)"),
    ("Enter", "go on", "go to what is not decided; when all is, to the sum"),
    ("Ctrl-C", "stop", "stop at once; nothing is written"),
];

/// What the last line shows in the other screens.
pub(super) const SUM: [(&str, &str); 3] = [("y", "write this"), ("Enter", "go back"), ("q", "quit")];
pub(super) const LEAVE: [(&str, &str); 2] = [("y", "leave without writing"), ("Enter", "go back")];
pub(super) const NEXT: (&str, &str) = ("n", "next project, write nothing here");
pub(super) const PAGE: [(&str, &str); 2] = [("Space", "on"), ("Enter", "go back")];
pub(super) const TEXT: [(&str, &str); 2] = [("Enter", "take it"), ("Esc", "go back")];
pub(super) const PATHS: [(&str, &str); 4] = [("Space", "keep or drop"), ("+", "add a path"), ("Enter", "done"), ("Esc", "go back")];
pub(super) const STORAGE: [(&str, &str); 3] = [("Space", "tmpfs or volume"), ("Enter", "done"), ("Esc", "go back")];
pub(super) const EXTRAS: [(&str, &str); 3] = [("Space", "take it or not"), ("Enter", "done"), ("Esc", "go back")];
pub(super) const RULES: [(&str, &str); 2] = [("Enter", "ignore this"), ("Esc", "go back")];
