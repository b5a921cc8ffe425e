//! What people mistype, and what they name that is not there.

use crate::support::Folder;

const WEB: &str = "services:\n  web:\n    image: nginx:1.27\n";

#[test]
fn a_mistyped_verb_is_a_suggestion() {
    for (arguments, verb) in [
        (&["adit"][..], "audit"),
        (&["adit", "--fail-on", "never"], "audit"),
        (&["diagnos", "x.log"], "diagnose"),
        (&["exlain", "writable-root"], "explain"),
        (&["preset"], "presets"),
    ] {
        let run = Folder::compose(WEB).run(arguments).exits(2);
        let expected = format!("error: there is no file or verb `{}`\nhint: did you mean `rofs-harden {verb}`?\n", arguments[0]);
        assert_eq!(run.err, expected, "{arguments:?}");
    }
    // A folder of that name is one, and what is near nothing is a path.
    let folder = Folder::new(&[("adit/compose.yaml", WEB)]);
    assert!(folder.run(&["adit"]).exits(0).out.contains("+    read_only: true"));
    assert!(folder.run(&["nowhere"]).exits(2).err.starts_with("error: cannot read nowhere: "));
    assert!(!folder.run(&["audt/compose.yaml"]).exits(2).err.contains("verb"));
}

#[test]
fn a_kubernetes_manifest_is_called_one() {
    for (text, kind) in [
        ("apiVersion: apps/v1\nkind: Deployment\nspec: {}\n", " (Deployment)"),
        ("kind: List\nitems: []\napiVersion: v1\n", " (List)"),
        ("apiVersion: v1\nkind: \"a\\eb\"\n", ""),
        ("---\napiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Pod\n", " (Service)"),
    ] {
        let run = Folder::compose(text).run(&[]).exits(2);
        let expected = format!("this is a Kubernetes manifest{kind}, not a Compose file");
        assert!(run.err.contains(&expected) && run.err.contains("hint: name a Compose file"), "{}", run.err);
    }
    let run = Folder::compose("kind: x\nservices: {}\n").run(&[]).exits(2);
    assert!(run.err.contains("additional properties 'kind' not allowed"), "{}", run.err);
}

#[test]
fn what_the_configuration_names_and_is_not_there_is_a_warning() {
    let config = "[services.wbe]\npreset = \"nginx\"\n\n[services.web]\npreset = \"nginx\"\n\n[[exclude]]\nservice = \"database\"\nreason = \"x\"\n\n\
                  [[exclude]]\npath = \"old/\"\nservice = \"y\"\nreason = \"x\"\n\n[[exclude]]\npath = \"compose.yaml\"\nservice = \"webb\"\nreason = \"x\"\n";
    let expected = "warning: rofs-harden.toml:1: there is no service `wbe`; did you mean `web`?\n\
                    warning: rofs-harden.toml:8: there is no service `database`\n\
                    warning: rofs-harden.toml:18: there is no service `webb`; did you mean `web`?\n\
                    warning: rofs-harden.toml:12: there is no file or folder `old/`\n";
    let folder = Folder::new(&[("compose.yaml", WEB), ("rofs-harden.toml", config)]);
    for arguments in [&[][..], &["audit", "--fail-on", "never"]] {
        let run = folder.run(arguments).exits(0);
        assert!(run.err.contains(expected), "{arguments:?}: {}", run.err);
    }
    // What stands above several projects may be about the others.
    let folder = Folder::new(&[
        (".git/HEAD", "ref: refs/heads/main\n"),
        ("a/compose.yaml", WEB),
        ("rofs-harden.toml", "[services.db]\npreset = \"redis\"\n"),
    ]);
    assert!(!folder.run(&["a"]).exits(0).err.contains("no service"));
}

#[test]
fn a_patch_is_printed_once() {
    let folder = Folder::compose(WEB);
    for arguments in [&["-q"][..], &["-q", ".", "compose.yaml"], &["-q", "--write", "--yes"]] {
        let run = folder.run(arguments).exits(0);
        assert_eq!(run.out.matches("+++ b/compose.yaml").count(), 1, "{arguments:?}: {}", run.out);
    }
}

#[test]
fn what_a_person_names_and_is_not_there_gets_the_nearest_name() {
    let text = "services:\n  web:\n    image: nginx:1.27\n    profiles: [front]\n";
    let log = "wep-1  | open /tmp/x: read-only file system\nwep-2  | open /tmp/y: read-only file system\n";
    let folder = Folder::new(&[("compose.yaml", text), ("app.log", log)]);
    for (arguments, expected) in [
        (&["--service", "wep"][..], "hint: did you mean `web`?\n"),
        (&["--service", "WEB"], "hint: did you mean `web`?\n"),
        (&["diagnose", "--service", "wep", "app.log"], "error: there is no service `wep`\nhint: did you mean `web`?\n"),
        (&["diagnose", "--service", "nothing", "app.log"], "error: there is no service `nothing`\nhint: services: web\n"),
        (&["diagnose", "app.log"], "warning: the log names `wep`, and the Compose file has no such service; did you mean `web`?\n"),
        (&["diagnose", "ap.log"], "hint: did you mean app.log?\n"),
        (&["--profile", "frnt"], "warning: no service has the profile `frnt`; did you mean `front`?\n"),
        (&["--profile", "x", "--profile", "front"], "warning: no service has the profile `x`\n"),
        (&["-f", "compse.yaml"], "hint: did you mean compose.yaml?\n"),
        (&["./compse.yaml"], "hint: did you mean ./compose.yaml?\n"),
        (&["--env-file", "ap.log"], "hint: did you mean app.log?\n"),
        (&["-f", "nowhere.yaml"], "hint: check the path and its permissions\n"),
        (&["help", "adit"], "error: there is no verb or page `adit`\nhint: did you mean `rofs-harden help audit`?\n"),
    ] {
        let run = folder.run(arguments);
        assert_eq!(run.err.matches(expected).count(), 1, "{arguments:?}: {}", run.err);
    }
    // In a tree a profile is that of some projects.
    assert!(!folder.run(&["-r", "--profile", "frnt"]).exits(0).err.contains("profile"));
}

#[test]
fn what_a_configuration_mistypes_gets_the_nearest_name() {
    for (config, expected) in [
        ("with = [\"capdrop\"]", "healthcheck, all; did you mean `cap-drop`?"),
        ("[[exclud]]\nreason = \"x\"", "`exclude`; did you mean `exclude`?"),
        ("[services.web]\nprset = \"nginx\"", "expected `preset` or `paths`; did you mean `preset`?"),
        ("[rules]\nwritable-root = \"nte\"", "`nte` is none of note, warning, error; did you mean `note`?"),
        ("[rules]\nwritable-rot = \"note\"", "there is no rule `writable-rot`; did you mean `writable-root`?"),
        ("http = [\"wep:80 GET /\"]", "warning: rofs-harden.toml:1: there is no service `wep`; did you mean `web`?"),
        ("probe = [\"wep: true\"]", "warning: rofs-harden.toml:1: there is no service `wep`; did you mean `web`?"),
        (
            "[[exclude]]\npath = \"compse.yaml\"\nreason = \"x\"",
            ":2: there is no file or folder `compse.yaml`; did you mean `compose.yaml`?",
        ),
    ] {
        let run = Folder::new(&[("compose.yaml", WEB), ("rofs-harden.toml", config)]).run(&[]);
        assert!(run.err.contains(expected), "{config}: {}", run.err);
    }
    let preset = "summry = \"x\"\n";
    let run = Folder::new(&[("compose.yaml", WEB), ("mine.toml", preset)]).run(&["presets", "check", "mine.toml"]).exits(2);
    assert!(run.err.contains("; did you mean `summary`?"), "{}", run.err);
}

#[test]
fn verbs_of_other_programs_lead_to_what_does_that_here() {
    let plain = "`rofs-harden`? It shows the change; `rofs-harden presets` lists what is known";
    for (arguments, meant) in [
        (&["check"][..], "`rofs-harden --check`?"),
        (&["check", "--strict"], "`rofs-harden --check`?"),
        (&["ci"], "`rofs-harden --check`?"),
        (&["fix"], "`rofs-harden --write`?"),
        (&["apply"], "`rofs-harden --write`?"),
        (&["write"], "`rofs-harden --write`?"),
        (&["lint"], "`rofs-harden audit`?"),
        (&["scan", "."], "`rofs-harden audit`?"),
        (&["init"], plain),
        (&["hardn"], plain),
        (&["version"], "`rofs-harden --version`?"),
        (&["verison"], "`rofs-harden --version`?"),
    ] {
        // A hidden folder is near to one of them.
        let folder = Folder::new(&[("compose.yaml", WEB), (".git/HEAD", "ref: refs/heads/main\n")]);
        let run = folder.run(arguments).exits(2);
        let expected = format!("error: there is no file or verb `{}`\nhint: did you mean {meant}\n", arguments[0]);
        assert_eq!(run.err, expected, "{arguments:?}");
    }
    let folder = Folder::new(&[("check/compose.yaml", WEB)]);
    assert!(folder.run(&["check"]).exits(0).out.contains("+    read_only: true"));
}

#[test]
fn help_knows_the_pages_too() {
    let folder = Folder::compose(WEB);
    let page = folder.run(&["explain", "ci"]).exits(0).out;
    assert!(page.starts_with("# ") && page.contains("upload-sarif"), "{page}");
    assert_eq!(folder.run(&["help", "ci"]).exits(0).out, page);
    assert_eq!(folder.run(&["help", "writable-root"]).exits(0).out, folder.run(&["explain", "writable-root"]).exits(0).out);
    assert_eq!(folder.run(&["help", "-h"]).exits(0).out, folder.run(&["--help"]).exits(0).out);
    for (word, hint) in [
        ("check", "did you mean `rofs-harden --check`?"),
        ("guid", "did you mean `rofs-harden explain guide`?"),
        ("zzzzzz", "`rofs-harden --help` lists the verbs, `rofs-harden explain` the pages"),
    ] {
        let run = folder.run(&["help", word]).exits(2);
        assert_eq!(run.err, format!("error: there is no verb or page `{word}`\nhint: {hint}\n"));
    }
}

#[test]
fn what_the_parser_says_is_said_as_the_rest_is() {
    let folder = Folder::compose(WEB);
    for (arguments, expected) in [
        (&["audit", "--forma", "json"][..], "error: unexpected argument '--forma' found\nhint: did you mean `--format`?\n"),
        (&["audit", "--format", "jso"], "hint: did you mean `json`?\n"),
        (&["audit", "--zzzzzz"], "error: unexpected argument '--zzzzzz' found\nhint: `rofs-harden audit --help` lists the options\n"),
        (&["--zzzzzz"], "error: unexpected argument '--zzzzzz' found\nhint: `rofs-harden --help` lists the options\n"),
        (&["--yes"], "error: the following required arguments were not provided: --write\nhint: "),
    ] {
        let run = folder.run(arguments).exits(2);
        assert!(run.err.contains(expected) && !run.err.contains("tip:") && !run.err.contains("For more"), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn several_services_are_named_as_several_extras_are() {
    let text = "services:\n  web:\n    image: nginx\n  db:\n    image: redis:8\n  other:\n    image: nginx\n";
    let folder = Folder::compose(text);
    let one = folder.run(&["--service", "web,db"]).exits(0);
    assert_eq!(one.out, folder.run(&["--service", "web", "--service", "db"]).exits(0).out);
    assert_eq!(one.out.matches("+    read_only").count(), 2, "{}", one.out);
    let json = folder.run(&["audit", "--json", "--fail-on", "never"]).exits(0).out;
    assert_eq!(json, folder.run(&["audit", "--format", "json", "--fail-on", "never"]).exits(0).out);
}

#[test]
fn a_comment_without_its_colon_is_a_warning() {
    let text = "services:\n  # rofs-harden ignore[writable-root] it installs itself\n  web:\n    image: nginx\n";
    let run = Folder::compose(text).run(&[]).exits(0);
    assert!(
        run.err.contains("warning: compose.yaml:2:3: a `:` is missing behind `rofs-harden`, so nothing is ignored [bad-ignore]"),
        "{}",
        run.err
    );
    assert!(run.out.contains("+    read_only: true"), "{}", run.out);
    // Whoever writes about it ignores nothing.
    let talk = text.replace("# rofs-harden ignore[writable-root] it", "# see the page of rofs-harden ignore[x]; it");
    assert!(!Folder::compose(&talk).run(&[]).exits(0).err.contains("bad-ignore"));
}
