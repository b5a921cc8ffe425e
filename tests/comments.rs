//! Comments and lines around what is changed: none is lost, whatever node is replaced or grows.

use crate::pipe::{harden, harden_project, selection, with_all};
use crate::support::Folder;
use proptest::prelude::*;
use rofs_harden::rewrite::Options;
use rofs_harden::text::FileId;
use std::fmt::Write;
use std::sync::Arc;

fn hardened(text: &str) -> String {
    harden(text.as_bytes(), &selection(&["auto"], &[])).unwrap_or_else(|e| panic!("{e}\n{text}")).after
}

/// What becomes of the keys below `image: node`, both as they stand in a service.
fn keys(before: &str) -> String {
    let start = "services:\n  web:\n    image: adminer\n";
    let after = hardened(&format!("{start}{before}"));
    after.strip_prefix(start).unwrap_or_else(|| panic!("{after}")).to_owned()
}

#[test]
fn comments_stay_where_a_value_is_replaced() {
    for (before, after) in [
        // In the header of a block scalar.
        ("    tmpfs: |-  # keep\n      /run\n", "    tmpfs: [/run, /tmp:mode=1777]  # keep\n    read_only: true\n"),
        (
            "    tmpfs: >-\t# keep\n      /run\n\n    tty: true\n",
            "    tmpfs: [/run, /tmp:mode=1777]\t# keep\n\n    tty: true\n    read_only: true\n",
        ),
        // Between a tag or an anchor and the value.
        ("    read_only: !!bool  # c1\n      false\n", "    read_only:  # c1\n      true\n    tmpfs:\n      - /tmp:mode=1777\n"),
        (
            "    read_only: &a  # c1\n      # c2\n      !!str # c3\n      'no' # c4\n",
            "    read_only: &a  # c1\n      # c2\n      # c3\n      true # c4\n    tmpfs:\n      - /tmp:mode=1777\n",
        ),
        (
            "    tmpfs: !override # c1\n      /run # c2\n",
            "    tmpfs: !override # c1\n      [/run, /tmp:mode=1777] # c2\n    read_only: true\n",
        ),
        (
            "    tmpfs: !!str # c1\n      |- # c2\n      /run\n",
            "    tmpfs: # c1\n      [!!str /run, /tmp:mode=1777] # c2\n    read_only: true\n",
        ),
        // What a `!reset` leaves without effect stays as a comment where it stands on lines of its own.
        (
            "    tmpfs: !reset  # why\n      - /a  # c\n      # own\n      - /b\n      # last\n    tty: true\n",
            "    tmpfs: !override [/tmp:mode=1777]  # why\n      # - /a  # c\n      # own\n      # - /b\n      # last\n    tty: true\n    read_only: true\n",
        ),
        (
            "    tmpfs: &t !reset [ # c1\n      /a, # c2\n    ] # c3\n",
            "    tmpfs: &t !override [ /tmp:mode=1777 ] # [ # c1\n      # /a, # c2\n    # ] # c3\n    read_only: true\n",
        ),
        ("    tmpfs: !reset [/a] # c\n", "    tmpfs: !override [/tmp:mode=1777] # c\n    read_only: true\n"),
        (
            "    tmpfs: !reset # c1\n      # c2\n    tty: true\n",
            "    tmpfs: !override [/tmp:mode=1777] # c1\n      # c2\n    tty: true\n    read_only: true\n",
        ),
        ("    tmpfs: !reset # c1\n      /a # c2\n", "    tmpfs: !override # c1\n      [/tmp:mode=1777] # c2\n    read_only: true\n"),
        // An empty list with a comment in it.
        ("    tmpfs: [ # c1\n      ] # c2\n", "    tmpfs: [/tmp:mode=1777 # c1\n      ] # c2\n    read_only: true\n"),
    ] {
        assert_eq!(keys(before), after, "{before}");
    }
}

#[test]
fn the_rest_of_a_line_goes_on_behind_what_became_a_comment() {
    let before = "services: {web: {image: adminer, tmpfs: !reset [ # c1\n  /a], read_only: no}} # c2\n";
    let after = "services: {web: {image: adminer, tmpfs: !override [/tmp:mode=1777] # [ # c1\n  # /a]\n  , read_only: true}} # c2\n";
    assert_eq!(hardened(before), after);
}

#[test]
fn lines_grow_before_a_block_scalar_that_ends_the_file_without_a_line_break() {
    let node = with_all(selection(&["node"], &[("web", "node")]));
    for (before, after) in [
        (
            "name: x\nservices:\n  web:\n    image: node\n    command: |\n      a\n      b",
            "name: x\nvolumes:\n  web-data:\nservices:\n  web:\n    image: node\n    read_only: true\n    command: |\n      a\n      b",
        ),
        (
            "# first\nservices:\n  # web\n  web:  # c\n    # words\n    command: >  # d\n      a",
            "# first\nvolumes:\n  web-data:\n\nservices:\n  # web\n  web:  # c\n    # words\n    command: >  # d\n      a",
        ),
        (
            "services:\n  web:\n    image: node\n    tmpfs:\n      - /run\n      - |\n        /x",
            "services:\n  web:\n    image: node\n    tmpfs:\n      - /run\n      - /tmp:mode=1777,size=64m\n      - |\n        /x",
        ),
        (
            "services:\n  web:\n    image: node\n    command: |-\n      a",
            "services:\n  web:\n    image: node\n    command: |-\n      a\n    read_only: true",
        ),
    ] {
        let result = harden(before.as_bytes(), &node).unwrap_or_else(|e| panic!("{e}\n{before}")).after;
        // The lines that matter, in their order. Nothing follows a scalar whose value a line break would change.
        let mut lines = result.lines();
        assert!(after.lines().all(|e| lines.any(|l| l == e)), "{before}\n----\n{result}");
        assert_eq!(result.ends_with(before.lines().last().expect("a line")), !before.contains("|-"), "{before}\n----\n{result}");
        let mut lines = result.lines();
        assert!(before.lines().all(|b| lines.any(|l| l == b)), "{before}\n----\n{result}");
    }
}

#[test]
fn what_is_read_only_by_a_tag_a_null_or_a_bind_keeps_its_comments() {
    // A layer of its own for all changes, which has an empty value.
    let base = "services:\n  web:\n    image: adminer\n    tmpfs: [/run]\n";
    for (before, after) in [
        ("tmpfs:  # c1\n    # c2\n    tty: true\n", "tmpfs: [/tmp:mode=1777]  # c1\n    # c2\n    tty: true\n    read_only: true\n"),
        ("tmpfs: &a !!null # c1\n    tty: true\n", "tmpfs: &a [/tmp:mode=1777] # c1\n    tty: true\n    read_only: true\n"),
        ("tmpfs: !!null &a # c1\n    tty: true\n", "tmpfs: &a [/tmp:mode=1777] # c1\n    tty: true\n    read_only: true\n"),
        ("tmpfs: # c1\n      ~ # c2\n    tty: true\n", "tmpfs: # c1\n      [/tmp:mode=1777] # c2\n    tty: true\n    read_only: true\n"),
    ] {
        let start = "services:\n  web:\n    ";
        let files =
            [("compose.yaml", base.to_owned()), ("more.yaml", format!("{start}{before}"))].map(|(name, text)| (name.to_owned(), text));
        let options = Options { layer: Some(FileId(1)), ..Options::default() };
        let (files, _) =
            harden_project(&files.into(), &["compose.yaml", "more.yaml"], &selection(&["auto"], &[]), options).expect("it loads");
        assert_eq!(files["more.yaml"], format!("{start}{after}"), "{before}");
    }
    // Binds that become read-only.
    let mut node = with_all(selection(&["node"], &[]));
    Arc::make_mut(&mut node.presets[0]).config = ["/app", "/x", "/y"].map(str::to_owned).to_vec();
    let start = "services:\n  web:\n    image: node\n    volumes:\n";
    let before = "      - type: bind\n        source: ./x\n        target: /x\n        read_only: !!bool # c1\n          false # c2\n";
    let after = "      - type: bind\n        source: ./x\n        target: /x\n        read_only: # c1\n          true # c2\n";
    let result = harden(format!("{start}{before}").as_bytes(), &node).expect("it loads").after;
    assert!(result.starts_with(&format!("{start}{after}")), "{result}");
}

#[test]
fn a_header_that_had_to_change_is_said() {
    let web = "  web:\n    image: adminer\n    ? tmpfs\n    : - |\n        /run";
    // The second one takes two rounds, of which only the first comes to the end of the file.
    let shared = "  base:\n    image: node:22\n    tmpfs: &t []\n  api: {image: node:22, extends: base, tmpfs: *t}\n";
    for before in ["", shared] {
        let run = Folder::compose(&format!("services:\n{before}{web}")).run(&["--unsafe-fixes"]).exits(0);
        assert!(run.out.contains("+    : - |-\n"), "{}", run.text());
        assert!(run.err.contains("compose.yaml ended in a block scalar without a line break: its header got a `-`"), "{}", run.text());
    }
}

/// Decisions for the writer below; when they run out every answer is 0, the plainest.
struct Choices<'c> {
    rest: std::slice::Iter<'c, u8>,
    comments: usize,
}

impl Choices<'_> {
    fn of(&mut self, number: usize) -> usize {
        self.rest.next().map_or(0, |c| *c as usize % number)
    }

    fn pick<'t>(&mut self, items: &[&'t str]) -> &'t str {
        items[self.of(items.len())]
    }

    /// A comment, each with its number.
    fn comment(&mut self) -> String {
        self.comments += 1;
        format!("# c{}.", self.comments)
    }

    /// What may stand at a line's end: nothing, or a comment.
    fn end(&mut self) -> String {
        match self.of(3) {
            0 => String::new(),
            1 => format!(" {}", self.comment()),
            _ => format!("\t {}", self.comment()),
        }
    }

    /// Lines of their own: none, a comment, a blank line.
    fn lines(&mut self, indent: &str) -> String {
        match self.of(5) {
            1 => format!("{indent}{}\n", self.comment()),
            2 => format!("\n{indent}{}\n{indent}  {}\n", self.comment(), self.comment()),
            3 => "\n".to_owned(),
            _ => String::new(),
        }
    }

    /// Blanks within a value: a blank, or comments and a line break.
    fn gap(&mut self, indent: &str) -> String {
        match self.of(3) {
            0 => " ".to_owned(),
            1 => format!(" {}\n{indent}", self.comment()),
            _ => format!(" {}\n{}{indent}", self.comment(), self.lines(indent)),
        }
    }
}

/// A service's key with a value that is to be replaced or to grow, comments in every gap.
fn entry(c: &mut Choices<'_>, text: &mut String, key: &str, values: &[&str], anchor: &str) {
    let (pad, inner) = ("    ", "      ");
    let _ = write!(text, "{}{pad}{key}:{}", c.lines(pad), c.gap(inner));
    let tag = c.pick(&["", "", "!!str", "!override", "!reset"]);
    let is_list = key != "read_only" && tag != "!!str" && c.of(2) == 1;
    let mut properties = vec![tag, if c.of(3) == 1 { anchor } else { "" }];
    properties.retain(|p| !p.is_empty());
    if c.of(2) == 1 {
        properties.reverse();
    }
    for property in &properties {
        let _ = write!(text, "{property}{}", c.gap(inner));
    }
    let value = c.pick(values);
    match (is_list, c.of(4)) {
        (true, 0 | 1) => {
            // A block list begins on a line of its own.
            if !text.ends_with(inner) {
                let _ = write!(text, "{}\n{inner}", c.end());
            }
            let _ = writeln!(text, "- {value}{}", c.end());
            let _ = writeln!(text, "{}{inner}-{}'/two'{}", c.lines(inner), c.gap("        "), c.end());
        }
        (true, 2) => {
            let _ = writeln!(text, "[{}{value}{},{}/two{}]{}", c.gap(inner), c.gap(inner), c.gap(inner), c.gap(inner), c.end());
        }
        (true, _) => {
            let _ = writeln!(text, "[{}]{}", c.gap(inner), c.end());
        }
        (false, 0) => {
            let _ = writeln!(text, "{value}{}", c.end());
        }
        (false, 1) => {
            let _ = writeln!(text, "\"{value}\"{}", c.end());
        }
        (false, 2) => {
            let _ = writeln!(text, "'{value}'{}", c.end());
        }
        (false, _) => {
            let header = c.pick(&["|-", ">-", "|2-", ">-"]);
            let _ = writeln!(text, "{header}{}\n{}{inner}{value}", c.end(), c.pick(&["", "\n"]));
        }
    }
}

/// A file whose services are given as it were by hand, and how many comments it has.
fn file(choices: &[u8]) -> (String, usize) {
    let c = &mut Choices { rest: choices.iter(), comments: 0 };
    let mut text = format!("{}services:{}\n", c.lines(""), c.end());
    for name in ["web", "api"] {
        let _ = write!(text, "{}  {name}:{}\n    image: node:22{}\n", c.lines("  "), c.end(), c.end());
        if c.of(3) > 0 {
            entry(c, &mut text, "read_only", &["false", "no", "off"], &format!("&r{name}"));
        }
        if c.of(4) > 0 {
            entry(c, &mut text, "tmpfs", &["/run", "/cache:size=1m"], &format!("&t{name}"));
        }
        if c.of(3) == 1 {
            let _ = writeln!(text, "{}    command: |{}\n      node # no comment\n      app.js", c.lines("    "), c.end());
        }
    }
    if c.of(3) == 1 {
        let _ = writeln!(text, "{}  bare: *api{}", c.lines("  "), c.end());
        text = text.replacen("  api:", "  api: &api", 1);
    }
    text += &c.lines("    ");
    if c.of(3) == 1 {
        text.truncate(text.trim_end().len());
    }
    if c.of(6) == 1 {
        text = text.replace('\n', "\r\n");
    }
    (text, c.comments)
}

/// The same in flow style.
fn flow_file(choices: &[u8]) -> (String, usize) {
    let c = &mut Choices { rest: choices.iter(), comments: 0 };
    let gap = |c: &mut Choices<'_>| c.gap("  ");
    let mut text = format!("services:{}{{{}", gap(c), gap(c));
    for name in ["web", "api"] {
        let _ = write!(text, "{name}:{}{{{}image: node:22{}", gap(c), gap(c), gap(c));
        for (key, value) in [("tmpfs", "/run"), ("read_only", "off")] {
            if c.of(4) == 3 {
                continue;
            }
            let tag = c.pick(&["", "", "!!str", "!override", "!reset"]);
            let tag = if tag.is_empty() { String::new() } else { format!("{tag}{}", gap(c)) };
            let value = match c.of(5) {
                1 => format!("'{value}'"),
                2 => format!("\"{value}\""),
                3 if key == "tmpfs" && !tag.starts_with("!!") => format!("[{}{value}{},{}/two{}]", gap(c), gap(c), gap(c), gap(c)),
                4 if key == "tmpfs" && !tag.starts_with("!!") => format!("[{}]", gap(c)),
                _ => value.to_owned(),
            };
            let end = gap(c);
            let _ = write!(text, ",{end}{key}: {tag}{value}{}", gap(c));
        }
        let _ = write!(text, "{}}}{}{}{}", c.pick(&["", ", "]), gap(c), if name == "web" { "," } else { "" }, gap(c));
    }
    (text + "}\n", c.comments)
}

/// The places of the comments, by their numbers. Fails where one is missing.
fn places(text: &str, comments: usize) -> Result<Vec<usize>, String> {
    let place = |i| text.find(&format!("# c{i}.")).ok_or(format!("comment {i} is lost"));
    (1..=comments).map(place).collect()
}

/// Whether all comments are in both texts, in the same order.
fn kept_in_order(before: &str, after: &str, comments: usize) -> Result<(), String> {
    let order = |text: &str| {
        let mut by_place: Vec<(usize, usize)> = places(text, comments)?.into_iter().zip(1..).collect();
        by_place.sort_unstable();
        Ok::<Vec<usize>, String>(by_place.into_iter().map(|(_, number)| number).collect())
    };
    if order(before)? == order(after)? { Ok(()) } else { Err("comments changed places".into()) }
}

/// Whether all lines of `before` that hold no value to be replaced are in `after`, in their order.
fn lines_are_kept(before: &str, after: &str) -> Result<(), String> {
    let is_fixed = |line: &&str| {
        let line = line.trim_start();
        line.is_empty()
            || line.starts_with(['#', ' '])
            || ["services", "web", "api", "image", "command", "node", "app.js"].iter().any(|w| line.starts_with(w))
    };
    let mut lines = after.split('\n');
    // What stands in a block scalar that is replaced may be blank.
    match before.split('\n').filter(is_fixed).filter(|l| !l.trim().is_empty()).find(|b| !lines.any(|l| l.trim_end() == b.trim_end())) {
        Some(line) => Err(format!("a line is lost or moved: {line}")),
        None => Ok(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(3000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_comment_is_lost_and_no_other_line_changes(choices in proptest::collection::vec(any::<u8>(), 0..120)) {
        let (before, comments) = file(&choices);
        let loaded = harden(before.as_bytes(), &selection(&["node"], &[]));
        if let Err(why) = &loaded {
            // The writer is bolder than Compose: an anchor twice, say. Nothing may go wrong inside.
            prop_assert!(!why.contains("internal error"), "{why}\n{before}");
            return Ok(());
        }
        let after = loaded.expect("looked at").after;
        let kept = kept_in_order(&before, &after, comments).and_then(|()| lines_are_kept(&before, &after));
        prop_assert!(kept.is_ok(), "{kept:?}\n{before}\n-----\n{after}");
        let again = harden(after.as_bytes(), &selection(&["node"], &[])).expect("it loads");
        prop_assert_eq!(again.after, after);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(1500), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_comment_is_lost_in_flow_style(choices in proptest::collection::vec(any::<u8>(), 0..120)) {
        let (before, comments) = flow_file(&choices);
        match harden(before.as_bytes(), &selection(&["node"], &[])) {
            Err(why) => prop_assert!(!why.contains("internal error"), "{why}\n{before}"),
            Ok(hardened) => {
                let kept = kept_in_order(&before, &hardened.after, comments);
                prop_assert!(kept.is_ok(), "{kept:?}\n{before}\n-----\n{}", hardened.after);
                // Everything else is added: without it, the file is byte for byte as it was.
                let other = hardened.replaced.iter().find(|gone| !is_value(gone));
                prop_assert!(other.is_none(), "{other:?}\n{before}\n-----\n{}", hardened.after);
            }
        }
    }
}

/// Whether a text is a value that a plan replaces, or its tag: `read_only` that is off, a `tmpfs` that becomes a list, and what a
/// `!reset` has left without effect.
fn is_value(text: &str) -> bool {
    let tag = ["!!str", "!reset", "!override"].into_iter().find_map(|tag| text.strip_prefix(tag));
    let bare: String = tag.unwrap_or(text).chars().filter(|c| !c.is_whitespace() && !"'\"".contains(*c)).collect();
    ["", "off", "/run", "[]", "[/run,/two]"].contains(&bare.as_str())
}

fn cases(usual: u32) -> u32 {
    std::env::var("ROFS_CASES").ok().and_then(|n| n.parse::<u32>().ok()).unwrap_or(1) * usual
}
