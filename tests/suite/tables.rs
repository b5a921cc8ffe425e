//! Where this program and the official suite disagree on purpose, each with the reason. Compose's reader is the judge.

/// (reason, cases)
type Table = &'static [(&'static str, &'static [&'static str])];

/// Valid YAML that is refused: Compose rejects it or reads it otherwise. The reason is part of the message.
pub(super) const REFUSED: Table = &[
    (
        "a directive that Compose does not know",
        &["27NA", "2LFX", "6LVF", "6ZKB", "9DXL", "BEC7", "DK95/07", "MUS6/05", "MUS6/06", "RTP8", "W4TN"],
    ),
    ("an empty key", &["2JQS", "6M2F", "CFD4", "DFF7", "FH7J", "NHX8", "NKF9", "PW8X", "S3PD", "SM9W/01", "UKK6/00", "WZ62"]),
    ("Compose cannot read the anchor name", &["2SXE", "8XYN", "W5VH", "Y2GN"]),
    ("the escape `\\/`, which Compose does not know", &["3UYS"]),
    ("a colon with nothing behind it, which Compose takes for part of the key", &["4ABK", "FRK4"]),
    (
        "a list or mapping as a key",
        &["4FJ6", "6BFJ", "6PBE", "9MMW", "KK5P", "LX3P", "M2N8/00", "M2N8/01", "M5DY", "Q9WF", "RZP5", "SBG9", "V9D5", "X38W", "XW4D"],
    ),
    ("a key that goes over the end of a line", &["4MUZ/00", "4MUZ/01", "4MUZ/02", "5MUD", "9SA2", "K3WX", "NJ66", "UT92", "VJP3/01"]),
    ("a binary value", &["565N"]),
    ("a `:` or `?` that Compose reads as an indicator here", &["58MP", "5T43", "652Z", "DBG4", "HM87/00", "HM87/01", "JR7V"]),
    ("a tab where YAML wants blanks", &["6BCT", "6CA3", "A2M4", "DK95/00", "DK95/03", "DK95/04", "Q5MG", "Y79Y/010"]),
    ("a tab that starts the text of a block scalar", &["96NN/00", "96NN/01", "R4YG", "Y79Y/001"]),
];

/// Invalid YAML that is read.
pub(super) const ACCEPTED: Table =
    &[("Compose does not mind how lines in brackets and quotes are indented", &["9C9N", "QB6E", "Y79Y/003"])];

/// Values at the end of a file that Compose reads otherwise: (case, event of the suite, ours).
pub(super) const OTHER_VALUES: &[(&str, &str, &str)] = &[
    // Blanks in a last line without a break are no empty line for it.
    ("JEF9/02", "=VAL |\\n\n", "=VAL |\n"),
    // A last line without a break adds none.
    ("L24T/01", "=VAL |x\\n \\n\n", "=VAL |x\\n \n"),
];

/// Cases with a plain key that reads otherwise without the colon behind it.
pub(super) const NOT_ALONE: &[&str] = &["8CWC", "UKK6/01"];

/// Public files that Compose rejects as well.
pub(super) const CORPUS_REFUSED: [(&str, &str); 3] = [
    ("coollabsio__coolify/templates/compose/gramps-web.yaml", "45:11: `<<` needs a mapping or a list of mappings"),
    ("coollabsio__coolify/templates/compose/langfuse.yaml", "73:11: `<<` needs a mapping or a list of mappings"),
    ("tmatens__compose-lint/tests/compose_files/invalid_yaml.yml", "8:1: expected a value here"),
];
