//! Comments by which a review says what is ignored: with them nothing else of a file is otherwise, and each does what it is for.

use rofs_harden::audit::Rule;
use rofs_harden::evidence::Selection;
use rofs_harden::plan::source::MapFiles;
use rofs_harden::plan::{Decision, Decisions, Files, Ignored, Input, Options, Plan, comments};

const REASON: &str = "it \"is\" a kiosk: # really";

/// `take` is hardened, and the rules of the others are ignored.
fn decisions(take: &str, ignored: &[(&str, Rule)]) -> Decisions {
    let mut decisions = Decisions::from([(take.to_owned(), Decision { take: true, ..Decision::default() })]);
    for (service, rule) in ignored {
        let of_service = decisions.entry((*service).to_owned()).or_default();
        of_service.ignored.push(Ignored { rule: Some(*rule), reason: REASON.to_owned(), is_comment: true });
    }
    decisions
}

fn options(decisions: Option<Decisions>) -> Options {
    Options { selection: Selection { auto: true, ..Selection::default() }, decisions, ..Options::default() }
}

/// The lines of a text that are no comments of ours, with their breaks.
fn without_comments(text: &str) -> String {
    text.split_inclusive('\n')
        .filter(|line| !line.trim_start_matches('\u{feff}').trim_start().starts_with("# rofs-harden: ignore["))
        .collect()
}

#[test]
fn the_comments_are_the_only_difference_and_count() {
    let plain = "services:\n  web:\n    image: nginx:1.27\n  api:\n    image: node:22\n";
    let web = [("web", Rule::WritableRoot)];
    let both = [("web", Rule::WritableRoot), ("web", Rule::RootUser)];
    let last = [("api", Rule::WritableRoot)];
    for (text, take, ignored) in [
        (plain.to_owned(), "api", &web[..]),
        (plain.to_owned(), "web", &last),
        (plain.to_owned(), "api", &both),
        (plain.to_owned(), "nobody", &web),
        (plain.replace('\n', "\r\n"), "api", &web),
        (format!("\u{feff}{plain}"), "api", &web),
        (plain.trim_end().to_owned(), "web", &last),
        (plain.replace("  web:", "  # the page\n\n  # of the house\n  web:   # here"), "api", &web),
        (plain.replace("  web:", "  \"web\":"), "api", &web),
        (plain.replace("  ", "      "), "api", &web),
        (plain.replace("  web:\n    image: nginx:1.27\n", "  web: {image: \"nginx:1.27\"}\n"), "api", &web),
        (plain.replace("  web:\n", "  web: &web\n").replace("  api:\n", "  api:\n    <<: *web\n"), "api", &web),
        (format!("---\n{plain}...\n"), "api", &web),
        (plain.replace("  api:", "  # rofs-harden: ignore[root-user] old\n  api:"), "api", &web),
    ] {
        let map: MapFiles = [("compose.yaml", text.as_str())].into_iter().collect();
        let files = Files::read(&map, &Input::default()).unwrap();
        let decisions = decisions(take, ignored);
        let plan = Plan::of(&files, &options(Some(decisions.clone()))).unwrap();
        let planned = plan.rewrites.first().map_or(text.as_str(), |rewrite| rewrite.after().text());
        let found = comments(&plan, &decisions).unwrap();
        assert_eq!((found.len(), found[0].lines.len()), (1, ignored.len()), "{text}");
        assert_eq!(without_comments(&found[0].after), without_comments(planned), "{text}");
        for number in &found[0].lines {
            let line = found[0].after.lines().nth(number - 1).unwrap();
            assert!(line.ends_with(REASON), "{line:?}");
        }
        // Read again, it is what was decided.
        let map: MapFiles = [("compose.yaml", found[0].after.as_str())].into_iter().collect();
        let files = Files::read(&map, &Input::default()).unwrap();
        let again = Plan::of(&files, &options(None)).unwrap();
        let service = ignored[0].0;
        assert!(again.left_out.iter().any(|(name, reason)| name == service && reason == REASON), "{}", found[0].after);
        assert!(!again.changed().any(|name| name == service || name == take), "{}", found[0].after);
    }
}

#[test]
fn a_comment_that_would_be_for_more_than_its_service_is_refused() {
    for (name, text) in [
        ("compose.yaml", "services: {web: {image: \"nginx:1.27\"}, api: {image: \"node:22\"}}\n"),
        ("compose.yaml", "services:\n  {web: {image: \"nginx:1.27\"}}\n"),
        ("compose.json", "{\n  \"services\": {\n    \"web\": {\"image\": \"nginx:1.27\"}\n  }\n}\n"),
    ] {
        let map: MapFiles = [(name, text)].into_iter().collect();
        let input = Input { start: rofs_harden::plan::Start::Path(name.into()), ..Input::default() };
        let files = Files::read(&map, &input).unwrap();
        let decisions = decisions("nobody", &[("web", Rule::WritableRoot)]);
        let plan = Plan::of(&files, &options(Some(decisions.clone()))).unwrap();
        let error = comments(&plan, &decisions).unwrap_err();
        assert_eq!(error.to_string(), "a comment above `web` would not be read");
    }
}
