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
        let expected = format!(
            "error: `{}` is no verb, and no file or folder has that name\nhint: did you mean `rofs-harden {verb}`?\n",
            arguments[0]
        );
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
