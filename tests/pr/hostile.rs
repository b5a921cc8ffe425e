//! Repositories of strangers: what stands in their names and files is only text in a pull request, and leads nowhere.

use super::{ask, ask_partly, did, forge, rendered};
use crate::forge::fake::Forge;
use crate::forge::fake::{NAME, OWNER, TOKEN};
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
    let answer = ask_partly(&forge, &[]);
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
    let answer = ask_partly(&forge, &[]);
    did(&answer, &["opened"]);
    assert_eq!(answer["pull_requests"][0]["files"], serde_json::json!(["e/compose.yaml"]), "{answer:#}");
    let said = ["outside of the repository", "leads out of the project"];
    let problems = answer["problems"].as_array().unwrap();
    assert!(problems.len() == 4 && problems.iter().all(|p| said.iter().any(|s| p.as_str().unwrap().contains(s))), "{answer:#}");
    assert!(!answer.to_string().contains("hunter2") && !forge.state().pulls[0].body.contains("hunter2"));
}

/// What a plan is does not depend on whose machine makes it, and nothing of the machine gets into it.
#[test]
fn variables_of_the_caller_do_not_count() {
    let machine = Folder::new(&[
        ("secret.env", "SECRET=hunter2\nCOMPOSE_FILE=other.yaml\n"),
        ("other.yaml", "services:\n  web:\n    image: nginx:hunter2\n"),
    ]);
    let [secret, other] = ["secret.env", "other.yaml"].map(|name| machine.path().join(name).to_str().unwrap().to_owned());
    let own = "services:\n  web:\n    image: nginx:${SECRET:-1.27}\n    command: [\"${TAG}\"]\n  cache:\n    image: redis:7\n    profiles: [more]\n";
    let forge = forge(&[("compose.yaml", own), ("b.yaml", own), (".env", "TAG=x\n")]);
    let (api, repository, path) = (forge.api(), format!("{OWNER}/{NAME}"), std::env::var("PATH").unwrap());
    let folder = Folder::new(&[]);
    let said = |variables: &[(&str, &str)]| {
        let own = [("GITHUB_API_URL", api.as_str()), ("GITHUB_TOKEN", TOKEN), ("PATH", &path), ("HOME", folder.path().to_str().unwrap())];
        let environment: Vec<(&str, &str)> = own.iter().chain(variables).copied().collect();
        folder.run_with(&["pr", "--pace", "0", "--repo", &repository, "--dry-run", "--json"], &environment, "").exits(0).out
    };
    let plain = said(&[]);
    assert!(plain.contains("\"compose.yaml\"") && !plain.contains("b.yaml"), "{plain}");
    for variables in [
        &[("COMPOSE_ENV_FILES", secret.as_str())][..],
        &[("COMPOSE_FILE", other.as_str())],
        &[("COMPOSE_FILE", "compose.yaml,b.yaml"), ("COMPOSE_PATH_SEPARATOR", ",")],
        &[("COMPOSE_PATH_SEPARATOR", "e")],
        &[("COMPOSE_PROFILES", "more")],
        &[("COMPOSE_DISABLE_ENV_FILE", "1")],
    ] {
        assert_eq!(said(variables), plain, "{variables:?}");
    }
}

/// Only what is named as a preset comes with a configuration file, and that names nothing further.
#[test]
fn configurations_do_not_lead_from_one_to_the_next() {
    let next = |number: usize| format!("# see \"./{number}/rofs-harden.toml\"\npresets = [\"auto\", \"./{number}/rofs-harden.toml\"]\n");
    let mut files = vec![
        ("a/compose.yaml".to_owned(), "services:\n  web:\n    image: nginx:1.27\n".to_owned()),
        ("a/rofs-harden.toml".to_owned(), "# not \"./not.toml\"\nwith = []\n[services.web]\npreset = \"./mine.toml\"\n".to_owned()),
        (
            "a/mine.toml".to_owned(),
            "summary = \"Mine\"\nrun_user = { text = \"root\", uid = 0, gid = 0 }\n[match]\nimages = [\"nginx\"]\n".to_owned(),
        ),
        ("a/not.toml".to_owned(), "x = 1\n".to_owned()),
        ("b/compose.yaml".to_owned(), "services:\n  web:\n    image: nginx:1.28\n".to_owned()),
        ("b/rofs-harden.toml".to_owned(), next(0)),
    ];
    let folder = |number: usize| (0..=number).fold("b".to_owned(), |path, number| format!("{path}/{number}"));
    files.extend((0..20).map(|number| (format!("{}/rofs-harden.toml", folder(number)), next(number + 1))));
    let forge = forge(&files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>());
    let answer = ask_partly(&forge, &["--dry-run"]);
    assert_eq!(answer["pull_requests"][0]["files"], serde_json::json!(["a/compose.yaml"]), "{answer:#}");
    // Three of the first folder, two of the second one, and what that names.
    assert_eq!(forge.count("GET", "/git/blobs/"), 6);
}

#[test]
fn a_configuration_names_a_hundred_presets_at_most() {
    let names: Vec<String> = (0..101).map(|number| format!("\"./{number}.toml\"")).collect();
    let forge = forge(&[("compose.yaml", "services: {}\n"), ("rofs-harden.toml", &format!("presets = [{}]\n", names.join(", ")))]);
    let answer = ask_partly(&forge, &["--dry-run"]);
    assert!(answer["problems"][0].as_str().unwrap().contains("more than 100 files of presets"), "{answer:#}");
}

#[test]
fn three_hundred_projects_are_looked_at_and_the_rest_is_said() {
    let files: Vec<String> = (0..302).map(|number| format!("{number:03}/compose.yaml")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|path| (path.as_str(), "services: {}\n")).collect();
    let forge = forge(&files);
    let answer = ask_partly(&forge, &["--dry-run"]);
    let problem = answer["problems"][0].as_str().unwrap();
    assert!(problem.starts_with("300: more than 300 projects") && problem.contains("name some as PATH"), "{answer:#}");
    assert_eq!((answer["problems"].as_array().unwrap().len(), forge.count("GET", "/git/blobs/")), (1, 300));
    assert_eq!(ask(&forge, &["--dry-run", "301"])["problems"], serde_json::json!([]));
}
