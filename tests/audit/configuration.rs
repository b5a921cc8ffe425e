//! `rofs-harden.toml`, and comments in Compose files.

use super::{findings, report};
use crate::support::{Folder, golden};

const WEB: &str = "services:\n  web:\n    image: nginx\n  own:\n    image: example.com/own:1\n";

fn configured(toml: &str) -> Folder {
    // The work tree's top is above the project.
    Folder::new(&[(".git/HEAD", ""), ("rofs-harden.toml", toml), ("app/compose.yaml", WEB)])
}

fn rules(folder: &Folder) -> Vec<String> {
    findings(folder, &["app"]).into_iter().map(|(rule, ..)| rule).collect()
}

#[test]
fn a_configuration_file_is_found_upwards_and_counts() {
    let added = |toml: &str, arguments: &[&str]| -> String {
        let mut all = vec!["app"];
        all.extend(arguments);
        let run = configured(toml).run(&all).exits(0);
        let lines: Vec<&str> = run.out.lines().filter(|l| l.starts_with('+') && !l.starts_with("+++")).map(|l| l[1..].trim()).collect();
        lines.join(" ")
    };
    let nginx = "read_only: true tmpfs: - /var/cache/nginx:mode=755 - /run:mode=755";
    for (toml, arguments, expected) in [
        ("", &[][..], nginx.to_owned()),
        ("unsafe-fixes = true\n", &[], format!("{nginx} read_only: true tmpfs: - /tmp:mode=1777")),
        ("presets = ['nginx']\n", &[], nginx.to_owned()),
        (
            "presets = ['generic']\n",
            &[],
            "read_only: true tmpfs: - /tmp:mode=1777 volumes: - type: volume source: own-data target: /data  volumes: own-data:".into(),
        ),
        ("presets = ['redis', 'auto']\n", &["--service", "web"], nginx.to_owned()),
        ("presets = ['redis']\n", &["--preset", "auto"], nginx.to_owned()),
        ("with = ['sizes']\n", &[], nginx.replace("755 ", "755,size=64m ") + ",size=1m"),
        ("[services.own]\npreset = 'memcached'\n", &[], format!("{nginx} read_only: true")),
        (
            "[[services.own.paths]]\ntarget = '/var/lib/own'\nstorage = 'state'\nwhy = 'its database'\n",
            &["--service", "own"],
            "read_only: true tmpfs: - /tmp:mode=1777 volumes: - type: volume source: own-own target: /var/lib/own  volumes: own-own:"
                .into(),
        ),
        (
            "[[services.web.paths]]\ntarget = '/run'\nstorage = 'scratch'\nmode = '0700'\nsize = '2m'\nwhy = 'ours'\n",
            &[],
            nginx.replace("/run:mode=755", "/run:mode=700,size=2m"),
        ),
        ("[[exclude]]\nservice = 'web'\nreason = 'later'\n", &["--unsafe-fixes"], "read_only: true tmpfs: - /tmp:mode=1777".into()),
        ("[[exclude]]\nservice = 'web'\nreason = 'later'\n", &["--service", "web"], nginx.to_owned()),
        ("[[exclude]]\npath = 'app'\nreason = 'later'\n", &[], String::new()),
        ("[[exclude]]\npath = 'other'\nreason = 'later'\n", &[], nginx.to_owned()),
        ("[[exclude]]\nrule = 'writable-root'\nreason = 'later'\n", &[], String::new()),
    ] {
        assert_eq!(added(toml, arguments), expected, "{toml} {arguments:?}");
    }
    let said = configured("[[exclude]]\nservice = 'web'\nreason = 'moves next month'\n").run(&["app"]).exits(0).err;
    assert!(said.contains("web is left out: moves next month"), "{said}");
}

#[test]
fn a_configuration_file_above_the_work_tree_does_not_count() {
    let folder = Folder::new(&[("rofs-harden.toml", "presets = ["), ("tree/.git/HEAD", ""), ("tree/compose.yaml", WEB)]);
    folder.run(&["tree"]).exits(0);
}

#[test]
fn severities_and_exclusions_reach_the_report() {
    assert_eq!(rules(&configured("")), ["writable-root", "writable-root", "unknown-image"].map(str::to_owned));
    let folder = configured("[rules]\nwritable-root = 'error'\n[[exclude]]\nrule = 'unknown-image'\nservice = 'own'\nreason = 'ours'\n");
    let report = report(&folder, &["app"]);
    assert_eq!((&report["summary"]["errors"], &report["summary"]["ignored"]), (&2.into(), &1.into()));
    let left = configured("[[exclude]]\nservice = 'web'\nreason = 'later'\n");
    let report = super::report(&left, &["app"]);
    assert_eq!(report["projects"][0]["left_out"][0]["reason"], "later");
    assert_eq!(report["projects"][0]["services"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_wrong_with_a_configuration_file_is_shown_with_its_place() {
    for (name, toml) in [
        ("syntax", "presets = ["),
        ("unknown-key", "presests = ['node']\n"),
        ("unknown-preset", "presets = ['nod']\n"),
        ("unknown-extra", "with = ['caps']\n"),
        ("unknown-rule", "[rules]\nwritable-rot = 'note'\n"),
        ("rule-off", "[rules]\nwritable-root = 'off'\n"),
        ("exclude-without-reason", "[[exclude]]\nservice = 'web'\n"),
        ("exclude-empty-reason", "[[exclude]]\nservice = 'web'\nreason = ' '\n"),
        ("exclude-nothing", "[[exclude]]\nreason = 'x'\n"),
        ("bad-path", "[[services.web.paths]]\ntarget = 'run'\nstorage = 'scratch'\nwhy = 'x'\n"),
        ("bad-mode", "[[services.web.paths]]\ntarget = '/run'\nstorage = 'scratch'\nmode = '999'\nwhy = 'x'\n"),
        ("state-with-mode", "[[services.web.paths]]\ntarget = '/run'\nstorage = 'state'\nmode = '755'\nwhy = 'x'\n"),
        ("preset-outside", "presets = ['../../mine.toml']\n"),
        ("preset-missing", "presets = ['./mine.toml']\n"),
    ] {
        let folder = configured(toml);
        let before = folder.state();
        let run = folder.run(&["app"]).exits(2);
        assert_eq!(folder.state(), before);
        run.is_as_in(&format!("configuration/{name}"));
    }
}

#[test]
fn comments_ignore_what_begins_on_their_line() {
    for (text, expected) in [
        // On the line, above it, above other comments, at a list item.
        ("  web: # rofs-harden: ignore[writable-root] why\n    image: nginx\n", ""),
        ("  # rofs-harden: ignore[writable-root] why\n\n  # more\n  web:\n    image: nginx\n", ""),
        ("  web:\n    image: nginx # rofs-harden: ignore[writable-root] why\n", "writable-root unused-ignore"),
        (
            "  web:\n    image: nginx\n    volumes: # rofs-harden: ignore[writable-config,writable-root] why\n      - ./a:/etc/nginx/nginx.conf\n",
            "writable-root",
        ),
        (
            "  web:\n    image: nginx\n    volumes:\n      - ./a:/etc/nginx/nginx.conf # rofs-harden: ignore[writable-config] why\n      - ./b:/etc/nginx/conf.d\n",
            "writable-root writable-config",
        ),
        (
            "  web:\n    image: nginx\n    volumes:\n      # rofs-harden: ignore[writable-config] why\n      - type: bind\n        source: ./a\n        target: /etc/nginx/nginx.conf\n",
            "writable-root",
        ),
        // What is not one, and what is wrong.
        ("  web:\n    image: nginx\n    labels:\n      a: 'x # rofs-harden: ignore[writable-root] why'\n", "writable-root"),
        ("  web:\n    image: nginx\n    command: |\n      # rofs-harden: ignore[nonsense]\n      x\n", "writable-root"),
        ("  web: # rofs-harden: ignore[writable-root]\n    image: nginx\n", "writable-root bad-ignore"),
        ("  web: # rofs-harden: ignore[writable-rot] why\n    image: nginx\n", "writable-root bad-ignore"),
        ("  web: # rofs-harden: skip this\n    image: nginx\n", "writable-root bad-ignore"),
        ("  web:\n    image: nginx\n# rofs-harden: ignore[writable-root] why\n", "writable-root bad-ignore"),
        ("  web: # rofs-harden: ignore[tmpfs-exec] why\n    image: nginx\n", "writable-root unused-ignore"),
    ] {
        let folder = Folder::compose(&format!("services:\n{text}"));
        let found: Vec<String> = findings(&folder, &[]).into_iter().map(|(rule, ..)| rule).collect();
        assert_eq!(found.join(" "), expected, "{text}");
    }
}

#[test]
fn the_fixing_verb_leaves_out_what_is_ignored() {
    let folder = Folder::compose("services:\n  web: # rofs-harden: ignore[writable-root] behind a sandbox\n    image: nginx\n");
    let run = folder.run(&[]).exits(0);
    assert_eq!(run.out, "");
    assert!(run.err.contains("web is left out: behind a sandbox"), "{}", run.err);
    folder.run(&["--check"]).exits(0);
}

#[test]
fn two_named_presets_for_one_image_are_an_error() {
    let mine = "summary = 'mine'\nrun_user = { text = 'root' }\n[match]\nimages = ['nginx']\n";
    let folder = Folder::new(&[("compose.yaml", WEB), ("mine.toml", mine)]);
    let run = folder.run(&["--preset", "nginx", "--preset", "./mine.toml"]).exits(2);
    golden("configuration/two-presets.txt", &run.text());
}
