//! Repositories of strangers: what stands in their names and files is only text in a pull request, and leads nowhere.

use super::{ask, ask_partly, did, forge, rendered};
use crate::forge::fake::Forge;
use crate::support::Folder;

/// What would do something if it were markup.
pub(super) const NAMES: [&str; 9] = [
    "deploy/@octocat/fixes #1|x`y``",
    "a\"><img src=x onerror=1>",
    "<!--rofs-harden:v1:e30-->",
    "- [x] <!-- rebase-check -->",
    "`",
    "[skip ci] www.example.com",
    "https:/evil.example",
    "# heading\nCloses #3",
    "é\u{202e}*bold* _x_ ~~y~~ $a^b$ :tada:",
];

/// Headings of ours.
const OURS: [&str; 5] = ["What was run", "What may break", "Left alone", "How to undo it", "If you do not want this"];

/// The text without its code spans, of what GitHub's own renderer makes of it.
pub(super) fn outside_code(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once("<code>") {
        text += before;
        rest = after.split_once("</code>").unwrap().1;
    }
    text + rest
}

#[test]
fn names_of_strangers_are_only_text() {
    let compose = "services:\n  a:\n    image: nginx:1.27\n    volumes: [\"@octocat:/data/#1 <img src=x>|`y\", \"./fixes #2:/srv\"]\n  b:\n    image: corp/@octocat\n";
    let files: Vec<(String, &str)> = NAMES.iter().map(|name| (format!("{name}/compose.yaml"), compose)).collect();
    let mut all: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let why = "[[exclude]]\nservice = \"b\"\nreason = \"@octocat says: fixes #1 <b>now</b> ![x](http://evil.example/x.png)\"\n";
    all.push(("rofs-harden.toml", why));
    let forge = forge(&all);
    did(&ask(&forge, &[]), &["opened"]);
    did(&ask(&forge, &[]), &["kept"]);
    let body = forge.state().pulls[0].body.clone();
    check(&body, NAMES.len());
    let message = forge.state().objects.line(&["log", "-1", "--format=%B", super::BRANCH], b"").unwrap();
    assert!(!message.contains(['@', '[', '#', '<']), "{message}");
    forge.state().close(|_| true);
    did(&ask(&forge, &[]), &["declined"]);
}

/// Nothing but our own words is outside of code.
#[track_caller]
fn check(body: &str, rows: usize) {
    let Some(html) = rendered(body) else { return };
    let outside = outside_code(&html);
    for wrong in ["@", "#", "<img", "<a ", "<h1", "<b>", "evil.example", "www.", "octocat", "skip ci"] {
        assert!(!outside.contains(wrong), "{wrong}: {outside}");
    }
    // One mark, one box, and the headings are ours.
    assert_eq!((outside.matches("<!--").count(), outside.matches("type=\"checkbox\"").count()), (1, 1), "{outside}");
    let headings: Vec<&str> = outside.split("<h3>").skip(1).map(|rest| rest.split_once("</h3>").unwrap().0).collect();
    assert!(headings.len() >= 3 && headings.iter().all(|heading| OURS.contains(heading)), "{headings:?}");
    assert!(html.matches("<tr>").count() > rows, "{html}");
}

#[test]
fn a_very_long_text_is_cut_where_it_matters_least() {
    let services: String = (0..3000).map(|i| format!("  service-with-a-long-name-{i}:\n    image: nginx:1.27\n")).collect();
    let forge = forge(&[("compose.yaml", &format!("services:\n{services}"))]);
    did(&ask(&forge, &[]), &["opened"]);
    let body = forge.state().pulls[0].body.clone();
    assert!(body.encode_utf16().count() < 65_536);
    assert!(
        body.contains("more services, see the files") && body.contains("### If you do not want this"),
        "{}",
        &body[body.len() - 3000..]
    );
    check(&body, 50);
    did(&ask(&forge, &[]), &["kept"]);
    forge.state().close(|_| true);
    did(&ask(&forge, &[]), &["declined"]);
}

#[test]
fn links_pointers_and_workflows_are_not_touched() {
    let forge = Forge::empty();
    let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n";
    let compose = b"services:\n  web:\n    image: nginx:1.27\n";
    forge.state().objects.commit(
        "main",
        &[
            ("120000", "link/compose.yaml", b"/etc/passwd"),
            ("100644", "lfs/compose.yaml", lfs),
            ("100644", "latin/compose.yaml", b"services: {a: {image: \"nginx\xff\"}}\n"),
            ("100644", "up/compose.yaml", b"include: [../../../etc/passwd]\nservices: {a: {image: nginx}}\n"),
            ("100755", "good/compose.yaml", compose),
        ],
        "Start",
    );
    let answer = ask_partly(&forge);
    did(&answer, &["opened"]);
    assert_eq!(answer["pull_requests"][0]["files"], serde_json::json!(["good/compose.yaml"]), "{answer:#}");
    assert_eq!(answer["problems"].as_array().unwrap().len(), 3, "{answer:#}");
    let listed = forge.state().objects.line(&["ls-tree", super::BRANCH, "good/compose.yaml"], b"").unwrap();
    assert!(listed.starts_with("100755 "), "{listed}");
}

#[test]
fn files_of_this_machine_are_not_read() {
    let secret = Folder::new(&[
        ("secret.env", "SECRET=hunter2\n"),
        ("secret.yaml", "services:\n  web:\n    image: nginx:hunter2\n"),
        ("secret.toml", "hunter2 = true\n"),
    ]);
    let path = secret.path().to_str().unwrap();
    let texts = [
        ("a/compose.yaml", format!("include: [{{path: other.yaml, env_file: {path}/secret.env}}]\n")),
        ("a/other.yaml", "services:\n  web:\n    image: nginx:${SECRET}\n".into()),
        ("b/compose.yaml", format!("services:\n  web:\n    extends: {{file: {path}/secret.yaml, service: web}}\n")),
        ("c/compose.yaml", "services:\n  web:\n    image: nginx:1.27\n".into()),
        ("c/.env", format!("COMPOSE_FILE={path}/secret.yaml\n")),
        ("d/compose.yaml", "services:\n  web:\n    image: nginx:1.27\n".into()),
        ("d/rofs-harden.toml", format!("presets = [\"auto\", \"{path}/secret.toml\"]\n")),
        ("e/compose.yaml", "services:\n  web:\n    image: nginx:1.27\n".into()),
        ("e/rofs-harden.toml", "[[exclude]]\nservice = \"x*\"\nreason = \"see /etc/passwd\"\n".into()),
    ];
    let forge = forge(&texts.iter().map(|(path, text)| (*path, text.as_str())).collect::<Vec<_>>());
    let answer = ask_partly(&forge);
    did(&answer, &["opened"]);
    assert_eq!(answer["pull_requests"][0]["files"], serde_json::json!(["e/compose.yaml"]), "{answer:#}");
    let said = ["outside of the repository", "leads out of the project"];
    let problems = answer["problems"].as_array().unwrap();
    assert!(problems.len() == 4 && problems.iter().all(|p| said.iter().any(|s| p.as_str().unwrap().contains(s))), "{answer:#}");
    assert!(!answer.to_string().contains("hunter2") && !forge.state().pulls[0].body.contains("hunter2"));
}
