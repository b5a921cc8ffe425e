use super::super::keys::Key;
use super::super::row::{Kind, Offer, Row};
use super::*;
use crate::evidence::{Confidence, Extra, Reason, Source, Storage, Target, TmpfsOptions, WritablePath};
use crate::plan::Ignored;

fn row(name: &str, kind: Kind) -> Row {
    let storage = Storage::Scratch(TmpfsOptions::default());
    let target = Target::new("/tmp", &storage).expect("a path");
    let reason = Reason { source: Source::User, text: "scratch".into(), link: None, confidence: Confidence::Documented };
    let path = WritablePath { service: name.into(), target, storage, is_declared: false, owner: None, reason: reason.into() };
    let offer = |extra, is_possible| Offer { extra, is_asked_for: false, is_a_guess: false, text: "it works".into(), is_possible };
    Row {
        name: name.into(),
        kind,
        brief: "read_only: true".into(),
        rules: if kind == Kind::Done { vec![] } else { vec![Rule::WritableRoot] },
        paths: if kind == Kind::Refused { vec![] } else { vec![path] },
        offers: vec![offer(Extra::CapDrop, true), offer(Extra::User, false)],
        mounted: vec![],
        comment_in: None,
    }
}

/// web and api are sure, jobs is a guess, root is refused, old lacks nothing.
fn review() -> Review {
    let kinds = [("old", Kind::Done), ("web", Kind::Sure), ("root", Kind::Refused), ("jobs", Kind::Guess), ("api", Kind::Sure)];
    Review::new(kinds.map(|(name, kind)| row(name, kind)).to_vec(), false)
}

/// Presses keys: letters as they are, `<` for Escape, `>` for Tab, a line break for Enter, `_` for
/// Backspace. Gives what the last one asks for.
fn press(review: &mut Review, keys: &str) -> Step {
    let key = |c| match c {
        '<' => Key::Escape,
        '>' => Key::Tab,
        '\n' => Key::Enter,
        '_' => Key::Backspace,
        c => Key::Char(c),
    };
    keys.chars().map(|c| review.key(key(c))).last().unwrap_or(Step::Stay)
}

/// What was decided: `+web -api`.
fn decided(review: &Review) -> String {
    let of = |i: usize| review.verdicts[i].take.map(|take| format!("{}{}", if take { '+' } else { '-' }, review.rows[i].name));
    (0..review.rows.len()).filter_map(of).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_key_decides_what_it_says() {
    for (keys, expected, cursor) in [
        ("", "", "web"),
        ("y", "+web", "jobs"),
        ("yy", "+web", "jobs"),
        ("yg", "+web +jobs", "api"),
        ("g", "", "web"),
        ("gg", "", "old"),
        ("yjg", "+web", "api"),
        ("yggg", "+web +jobs", "old"),
        ("ygg", "+web +jobs", "api"),
        ("G", "", "api"),
        ("n", "-web", "jobs"),
        ("nnn", "-web -jobs -api", "api"),
        ("a", "+web +api", "jobs"),
        ("ag", "+web +jobs +api", "jobs"),
        ("na", "-web +api", "jobs"),
        ("yk", "+web", "root"),
        ("yky", "+web", "root"),
        ("ykg", "+web", "root"),
        ("ykn", "+web", "root"),
        ("ykky", "+web", "jobs"),
        ("ykkn", "-web", "jobs"),
        ("s", "-web -jobs -api", "web"),
        ("ys", "+web -jobs -api", "jobs"),
        ("ysu", "+web", "jobs"),
    ] {
        let mut review = review();
        press(&mut review, keys);
        assert_eq!((decided(&review).as_str(), review.rows[review.cursor].name.as_str()), (expected, cursor), "{keys:?}");
    }
}

#[test]
fn decisions_can_be_undone_and_done_again() {
    for (keys, expected) in [
        ("yu", ""),
        ("yuU", "+web"),
        ("ynu", "+web"),
        ("ynuu", ""),
        ("ynuuUU", "+web -jobs"),
        ("yunU", "-web"),
        ("au", ""),
        ("auU", "+web +api"),
        ("uU", ""),
    ] {
        let mut review = review();
        press(&mut review, keys);
        assert_eq!(decided(&review), expected, "{keys:?}");
    }
    let mut undone = review();
    press(&mut undone, "yyjju");
    assert_eq!(undone.rows[undone.cursor].name, "web", "the cursor goes where the decision was");
    let mut again = review();
    press(&mut again, "yu");
    assert_eq!(again.key(Key::Ctrl('r')), Step::Plan);
    assert_eq!(decided(&again), "+web");
}

#[test]
fn moving_goes_to_the_ends_and_to_what_is_open() {
    let at = |keys: &[Key]| {
        let mut review = review();
        keys.iter().for_each(|key| _ = review.key(*key));
        review.rows[review.cursor].name.clone()
    };
    assert_eq!(at(&[Key::Up, Key::Up, Key::Up]), "old");
    assert_eq!(at(&[Key::End, Key::Down]), "api");
    assert_eq!(at(&[Key::Char('j'), Key::Char('j'), Key::Char('k')]), "root");
    assert_eq!(at(&[Key::Tab]), "jobs");
    assert_eq!(at(&[Key::Tab, Key::Right, Key::Tab]), "web", "around the end");
    assert_eq!(at(&[Key::BackTab]), "api");
    assert_eq!(at(&[Key::Left, Key::Left]), "jobs");
    assert_eq!(at(&[Key::Enter]), "jobs");
    assert_eq!(at(&[Key::Home]), "old");
}

#[test]
fn one_enter_loses_nothing_and_writes_nothing() {
    let mut review = review();
    assert_eq!(press(&mut review, "agw"), Step::Stay);
    assert_eq!(review.screen, Screen::Sum);
    assert_eq!(press(&mut review, "\n"), Step::Stay);
    assert_eq!((&review.screen, decided(&review).as_str()), (&Screen::List, "+web +jobs +api"));
    // All is decided: Enter leads to the sum, and from there back.
    press(&mut review, "\n");
    assert_eq!(review.screen, Screen::Sum);
    for key in [Key::Enter, Key::Escape, Key::Backspace] {
        review.screen = Screen::Sum;
        assert_eq!((review.key(key), &review.screen), (Step::Stay, &Screen::List));
    }
    assert_eq!(press(&mut review, "wy"), Step::Write);
}

#[test]
fn leaving_asks_when_something_was_decided() {
    assert_eq!(press(&mut review(), "q"), Step::Quit);
    for keys in ["yq", "ywq", "x \nq"] {
        let mut asked = review();
        assert_eq!(press(&mut asked, keys), Step::Stay, "{keys:?}");
        assert_eq!(asked.screen, Screen::Leave);
        assert_eq!(press(&mut asked, "y"), Step::Quit);
        let mut other = Review { screen: Screen::Leave, ..review() };
        assert_eq!((press(&mut other, "\n"), &other.screen), (Step::Stay, &Screen::List));
    }
    let mut of_many = Review { is_one_of_many: true, ..review() };
    assert_eq!((press(&mut of_many, "q"), &of_many.screen), (Step::Stay, &Screen::Leave));
    assert_eq!(press(&mut of_many, "n"), Step::Next);
    assert_eq!(press(&mut review(), "wn"), Step::Stay, "a single project has no next one");
}

#[test]
fn the_end_of_input_is_the_key_that_leaves() {
    let mut asked = review();
    assert_eq!(asked.key(Key::Ctrl('d')), Step::Quit);
    for keys in ["?", "w", "e", "x", "i", "/o", "e+/srv", "i\nkiosk"] {
        let mut other = review();
        press(&mut other, keys);
        let step = other.key(Key::Ctrl('d'));
        assert!(step == Step::Quit && keys == "w" || step == Step::Stay && other.screen == Screen::List, "{keys:?}");
    }
    press(&mut asked, "y");
    asked.key(Key::Ctrl('d'));
    assert_eq!(asked.screen, Screen::Leave);
    assert_eq!((press(&mut asked, "w"), &asked.screen), (Step::Stay, &Screen::Sum));
}

#[test]
fn interrupts_are_taken_everywhere() {
    for keys in ["", "w", "?", "/", "e", "x", "irr"] {
        let mut review = review();
        press(&mut review, keys);
        assert_eq!(review.key(Key::Ctrl('c')), Step::Interrupt, "{keys:?}");
    }
}

#[test]
fn paths_are_dropped_added_and_moved() {
    let of = |keys: &str| {
        let mut review = review();
        let step = press(&mut review, keys);
        (review.decisions().remove("web").unwrap_or_default(), step, review.message.clone())
    };
    assert_eq!(of("e \n").0.spared, ["/tmp"]);
    assert_eq!(of("e \n").1, Step::Plan);
    assert_eq!(of("e\n"), (Decision::default(), Step::Stay, "nothing changed".into()));
    assert_eq!(of("e  \n").0, Decision::default());
    assert_eq!(of("e <").0, Decision::default());
    let added = of("e+/srv/./x/\n").0.paths;
    assert_eq!((&*added[0].target, added.len()), ("/srv/x", 1));
    assert!(matches!(added[0].storage, Storage::Scratch(_)));
    assert!(of("e+srv\n").2.contains("write a path such as /data"), "{:?}", of("e+srv\n"));
    assert_eq!(of("e+x_/y\n").0.paths[0].target.to_string(), "/y");
    assert_eq!(of("t \n").0.paths[0].storage, Storage::State);
    assert_eq!(of("t  \n").0, Decision::default());
}

#[test]
fn extras_are_taken_where_they_are_known() {
    let mut review = review();
    assert_eq!(press(&mut review, "x \n"), Step::Plan);
    assert!(review.decisions()["web"].with.has(Extra::CapDrop));
    press(&mut review, "xj ");
    assert_eq!(review.message, "that is not possible here");
    press(&mut review, "<u");
    assert!(!review.decisions().contains_key("web"));
}

#[test]
fn ignoring_wants_a_reason() {
    let mut review = review();
    assert_eq!(press(&mut review, "i\n\n"), Step::Stay);
    assert_eq!(review.message, "say why it is ignored");
    assert_eq!(press(&mut review, "kiosk\n"), Step::Plan);
    let ignored = |rule, reason: &str, is_comment| Ignored { rule, reason: reason.to_owned(), is_comment };
    assert_eq!(review.decisions()["web"].ignored, [ignored(Some(Rule::WritableRoot), "kiosk", false)]);
    press(&mut review, "ij\nall of it\n");
    assert_eq!(review.decisions()["web"].ignored.last(), Some(&ignored(None, "all of it", false)));
    press(&mut review, "uu");
    assert_eq!(review.decisions().len(), 0);
    // Where the file can take a comment, that is the first choice; the whole service is no matter of one rule.
    review.rows[review.cursor].comment_in = Some("compose.yaml".to_owned());
    press(&mut review, "i\n\nkiosk\n");
    assert_eq!(review.message, "writable-root of web is ignored; a comment in compose.yaml gets the reason");
    press(&mut review, "ij\nall of it\n");
    assert_eq!(review.decisions()["web"].ignored, [ignored(Some(Rule::WritableRoot), "kiosk", true), ignored(None, "all of it", false)]);
    press(&mut review, "uui\nj\nkiosk\n");
    assert_eq!(review.decisions()["web"].ignored, [ignored(Some(Rule::WritableRoot), "kiosk", false)]);
}

#[test]
fn a_search_goes_along_while_it_is_typed() {
    let mut review = review();
    press(&mut review, "/O");
    assert_eq!(review.rows[review.cursor].name, "root", "the first from where it began, case aside");
    press(&mut review, "B");
    assert_eq!(review.rows[review.cursor].name, "jobs");
    press(&mut review, "<");
    assert_eq!(review.screen, Screen::List);
    press(&mut review, "/o\n");
    press(&mut review, "/\n");
    assert_eq!(review.rows[review.cursor].name, "old", "an empty one goes to the next");
    press(&mut review, "/nowhere");
    assert_eq!(review.message, "no service has `nowhere` in its name");
}

#[test]
fn pages_scroll_no_further_than_they_are_long() {
    let mut review = review();
    (review.page, review.last_scroll) = (10, 12);
    for (keys, at) in [("  ", 12), ("b", 3), ("b", 0), ("JJ", 2), ("K", 1)] {
        press(&mut review, keys);
        assert_eq!(review.scroll, at, "{keys:?}");
    }
    press(&mut review, "?");
    assert_eq!((review.scroll, &review.screen), (0, &Screen::Help));
    press(&mut review, " j");
    assert_eq!(review.scroll, 10);
    press(&mut review, "z");
    assert_eq!(review.screen, Screen::List);
    press(&mut review, "z");
    assert_eq!(review.message, "that key does nothing here; ? shows the keys");
}

#[test]
fn a_choice_is_accepted_by_itself_and_no_guess_by_the_way() {
    let of = |keys: &str| {
        let mut review = review();
        review.rows[1].kind = Kind::Choice;
        press(&mut review, keys);
        (decided(&review), review.message.clone())
    };
    assert_eq!(of("a").0, "+api", "what a person changed is not among all that is sure");
    assert_eq!(of("y").0, "+web");
    assert_eq!(of("g"), (String::new(), "web is no guess: y accepts it; gg goes to the top".to_owned()));
    assert_eq!(of("yg").1, "accepted jobs, a guess; u undoes it");
    assert_eq!(of("ygy").1, "everything is decided: w shows the sum");
}

#[test]
fn another_change_is_accepted_anew() {
    for keys in ["e \n", "x \n", "e+/srv\n"] {
        let mut review = review();
        press(&mut review, "y");
        review.cursor = 1;
        press(&mut review, keys);
        assert_eq!(decided(&review), "", "{keys:?}");
        review.replanned(review.rows.clone());
        assert!(review.message.ends_with("; web is open again: y accepts it"), "{keys:?}: {}", review.message);
        press(&mut review, "u");
        assert_eq!(decided(&review), "+web", "{keys:?}");
    }
    let mut ignored = review();
    press(&mut ignored, "y");
    ignored.cursor = 1;
    press(&mut ignored, "i\nkiosk\n");
    assert_eq!(decided(&ignored), "+web", "a reason to ignore makes no other change");
}

#[test]
fn what_is_ignored_is_decided_and_nothing_is_written_for_nothing() {
    let mut review = review();
    assert_eq!((review.progress(), review.writes()), ((0, 3), false));
    assert_eq!(press(&mut review, "wy"), Step::Stay);
    assert_eq!((&review.screen, review.message.as_str()), (&Screen::Sum, "nothing is accepted yet; Enter goes back"));
    press(&mut review, "\nn");
    assert_eq!((review.progress(), review.writes()), ((1, 3), false));
    press(&mut review, "ij\nall of it\n");
    review.rows[3].kind = Kind::Ignored;
    assert_eq!((review.progress(), review.writes()), ((2, 3), true));
}

#[test]
fn the_way_around_the_end_is_said() {
    let mut review = review();
    press(&mut review, "G\n");
    assert_eq!((review.message.as_str(), review.cursor), ("again from the top: web is not decided", 1));
    press(&mut review, "Gy");
    assert_eq!((review.message.as_str(), review.cursor), ("again from the top: web is not decided", 1));
}
