use super::*;
use crate::evidence::Confidence;
use crate::text::MAX_FILE_BYTES;

fn read(text: &str) -> Result<Preset> {
    parse("mine", &TextFile::new("mine.toml", text.into(), MAX_FILE_BYTES).expect("text"))
}

/// The error with its line and caret, as a terminal shows it.
fn shown(text: &str) -> String {
    let Err(Error::Source(error)) = read(text) else { panic!("accepted: {text}") };
    let (line, width) = &error.excerpt;
    format!("{error}\n{line}\n{}{}", " ".repeat(error.column - 1), "^".repeat(*width))
}

const HEAD: &str = "summary = 's'\nrun_user = { text = 'root' }\n[match]\nimages = []\n";
const TAIL: &str = "why = 'w'\nsource = 's'\nconfidence = 'assumed'\n";

#[test]
fn broken_paths_are_refused_with_line_and_caret() {
    for (path, expected) in [
        (
            "target = 'tmp'\nstorage = 'scratch'",
            "6:10: `tmp` is not a clean absolute path (no `..`, no final slash; /run instead of /var/run)\ntarget = 'tmp'\n         ^^^^^",
        ),
        (
            "target = '/a/../b'\nstorage = 'scratch'",
            "6:10: `/a/../b` is not a clean absolute path (no `..`, no final slash; /run instead of /var/run)\ntarget = '/a/../b'\n         ^^^^^^^^^",
        ),
        (
            "target = '/var/run'\nstorage = 'scratch'",
            "6:10: `/var/run` is not a clean absolute path (no `..`, no final slash; /run instead of /var/run)\ntarget = '/var/run'\n         ^^^^^^^^^^",
        ),
        (
            "target = '/'\nstorage = 'scratch'",
            "6:10: `/` is the whole root filesystem, which cannot be mounted over\ntarget = '/'\n         ^^^",
        ),
        ("target = '/proc/x'\nstorage = 'scratch'", "6:10: `/proc/x` belongs to the engine\ntarget = '/proc/x'\n         ^^^^^^^^^"),
        (
            "target = '/a:b'\nstorage = 'scratch'",
            "6:10: `/a:b` has a `:`, and the engine ends the target of a mount there\ntarget = '/a:b'\n         ^^^^^^",
        ),
        (
            "target = '/a'\nstorage = 'disk'",
            "7:11: unknown variant `disk`, expected `scratch` or `state`\nstorage = 'disk'\n          ^^^^^^",
        ),
        (
            "target = '/a'\nstorage = 'scratch'\nmode = '1999'",
            "8:8: `1999` is not an octal mode such as 1777 or 0755\nmode = '1999'\n       ^^^^^^",
        ),
        (
            "target = '/a'\nstorage = 'scratch'\nmode = '17777'",
            "8:8: `17777` is not an octal mode such as 1777 or 0755\nmode = '17777'\n       ^^^^^^^",
        ),
        (
            "target = '/a'\nstorage = 'scratch'\nmode = 1777",
            "8:8: invalid type: integer `1777`, expected a string\nmode = 1777\n       ^^^^",
        ),
        ("target = '/a'\nstorage = 'scratch'\nuid = -1", "8:7: invalid value: integer `-1`, expected u32\nuid = -1\n      ^^"),
        (
            "target = '/a'\nstorage = 'scratch'\nsize = '64mb'",
            "8:8: `64mb` is not a size such as 64m, 1g or 10%\nsize = '64mb'\n       ^^^^^^",
        ),
        (
            "target = '/a'\nstorage = 'state'\nuid = 1",
            "8:7: mode, uid, gid, size and exec are for scratch; a volume takes owner and mode from the image\nuid = 1\n      ^",
        ),
        (
            "target = '/a'\nstorage = 'state'\nwhen = { mounted = '/b' }",
            "8:10: unknown field `mounted`, expected one of `present`, `command`, `user`, `env`, `tag`, `version`\nwhen = { mounted = '/b' }\n         ^^^^^^^",
        ),
        ("target = '/a'\nstorage = 'state'\nwhen = {}", "8:8: there is no condition in it\nwhen = {}\n       ^^"),
        (
            "target = '/a'\nstorage = 'state'\nwhen = { command = [] }",
            "8:20: a condition needs a word\nwhen = { command = [] }\n                   ^^",
        ),
        (
            "target = '/a'\nstorage = 'state'\nunless = { present = 'b' }",
            "8:10: `b` is not a clean absolute path\nunless = { present = 'b' }\n         ^^^^^^^^^^^^^^^^^",
        ),
        (
            "target = '/a'\nstorage = 'state'\nwhen = { version = '~17' }",
            "8:20: `~17` is not a version such as \"17\", \"<18\" or \">=18\"\nwhen = { version = '~17' }\n                   ^^^^^",
        ),
    ] {
        assert_eq!(shown(&format!("{HEAD}[[writable]]\n{path}\n{TAIL}")), format!("mine.toml:{expected}"));
    }
}

#[test]
fn broken_files_are_refused_with_line_and_caret() {
    let twice =
        format!("{HEAD}[[writable]]\ntarget = '/a'\nstorage = 'state'\n{TAIL}[[writable]]\ntarget = '/a'\nstorage = 'scratch'\n{TAIL}");
    let sure = format!("{HEAD}[[writable]]\ntarget = '/a'\nstorage = 'state'\nwhy = 'w'\nsource = 's'\nconfidence = 'sure'\n");
    for (text, expected) in [
        ("summary = 1", "1:11: invalid type: integer `1`, expected a string\nsummary = 1\n          ^"),
        (
            "sumary = 'x'",
            "1:1: unknown field `sumary`, expected one of `summary`, `match`, `run_user`, `users`, `tags`, `writable`, `obstacle`, `capabilities`, `no_new_privileges`, `no_new_privileges_why`, `config`, `env`, `notes`\nsumary = 'x'\n^^^^^^",
        ),
        ("summary = 'x", "1:13: invalid literal string, expected `'`\nsummary = 'x\n            ^"),
        (
            "summary = 's'\n[match]\nimages = ['node:22']\n[run_user]\ntext = 'r'\n",
            "3:11: `node:22` is not the name of a repository (no tag; official images without `library/`)\nimages = ['node:22']\n          ^^^^^^^^^",
        ),
        (
            "summary = 's'\n[match]\nimages = ['docker.io/node']\n[run_user]\ntext = 'r'\n",
            "3:11: `docker.io/node` is not the name of a repository (no tag; official images without `library/`)\nimages = ['docker.io/node']\n          ^^^^^^^^^^^^^^^^",
        ),
        (
            "summary = 's'\n[match]\nimages = ['a', 'a']\n[run_user]\ntext = 'r'\n",
            "3:16: `a` is listed twice\nimages = ['a', 'a']\n               ^^^",
        ),
        ("summary = ' '\n[match]\nimages = []\n[run_user]\ntext = 'r'\n", "1:11: there is no text in it\nsummary = ' '\n          ^^^"),
        (
            "summary = 's'\n[match]\nimages = []\n[run_user]\ntext = \"a\\u001b\"\n",
            "5:8: a text is one line without control characters\ntext = \"a\\u001b\"\n       ^^^^^^^^^",
        ),
        (
            "summary = 's'\n[match]\nimages = []\n[run_user]\ntext = 'r'\n[users]\nnode = 'node'\n",
            "7:8: `node` is not UID:GID in numbers, such as 1000:1000\nnode = 'node'\n       ^^^^^^",
        ),
        ("summary = 's'\nsummary = 't'", "2:1: duplicate key\nsummary = 't'\n^^^^^^^"),
        ("summary = 's'\n", "1:1: missing field `match`\nsummary = 's'\n^"),
        (
            &format!("{HEAD}[[writable]]\ntarget = '/a'\nstorage = 'state'\nsource = 's'\n"),
            "5:1: missing field `why`\n[[writable]]\n^^^^^^^^^^^^",
        ),
        (&twice, "12:10: `/a` is listed twice\ntarget = '/a'\n         ^^^^"),
        (
            &sure,
            "10:14: unknown variant `sure`, expected one of `assumed`, `reported`, `documented`\nconfidence = 'sure'\n             ^^^^^^",
        ),
    ] {
        assert_eq!(shown(text), format!("mine.toml:{expected}"));
    }
}

#[test]
fn depth_is_bounded() {
    for open in ["[", "{a=", "a."] {
        assert!(read(&format!("summary = {}", open.repeat(200_000))).is_err());
    }
    assert!(read(&format!("{}b = 1", "a.".repeat(200_000))).is_err());
}

#[test]
fn a_whole_preset_is_read() {
    let text = "summary = 's'\nrun_user = { text = 'app', uid = 7, gid = 8 }\nnotes = ['n']\nconfig = ['/etc/app']\n\
                no_new_privileges = false\nno_new_privileges_why = 'sudo'\n[match]\nimages = ['app', 'ghcr.io/owner/app']\nprefixes = ['owner/']\n\
                [users]\napp = '7:8'\n[tags.'alpine*']\nusers = { app = '9:9' }\nrun_as = '9:9'\n\
                [capabilities]\nadd = ['CHOWN']\nrun_as = '7:8'\nwhy = 'w'\nsource = 's'\nconfidence = 'reported'\n\
                [[obstacle]]\nwhen = { env = 'Y*' }\nwhy = 'w'\nsource = 's'\n[[writable]]\ntarget = '/t'\nstorage = 'scratch'\nmode = '0700'\nuid = 7\ngid = 8\nsize = '64m'\nexec = true\n\
                when = { command = ['a', 'b'], version = '>=3' }\nunless = { env = 'X' }\nwhy = 'w'\nsource = 's'\nconfidence = 'reported'\n";
    let preset = read(text).expect("a preset");
    let path = &preset.writable[0];
    let options = path.scratch.as_ref().expect("scratch");
    assert_eq!((options.item(&path.target).as_str(), path.size.as_deref()), ("/t:mode=700,uid=7,gid=8,exec", Some("64m")));
    assert_eq!((path.when.len(), path.unless.len(), path.reason.confidence), (2, 1, Confidence::Reported));
    assert_eq!((preset.users[0].uid, preset.run_user.uid, preset.images.len()), (7, Some(7), 2));
    assert!(preset.claims("app") && preset.claims("owner/x") && !preset.claims("owner") && !preset.is_addition());
    let variant = TagVariant { word: "alpine*".into(), users: vec![User { name: "app".into(), uid: 9, gid: 9 }], run_as: Some((9, 9)) };
    assert_eq!(preset.tags, [variant]);
    let capabilities = preset.capabilities.as_ref().expect("capabilities");
    assert_eq!((&capabilities.add[..], capabilities.run_as), (&["CHOWN".to_owned()][..], Some((7, 8))));
    assert_eq!(preset.no_new_privileges, Some(NoNewPrivileges::Breaks("sudo".into())));
    assert_eq!((preset.config.len(), preset.obstacles[0].when.len()), (1, 1));
    assert_eq!(read(&format!("\u{feff}{text}")).expect("a preset"), preset);
}

#[test]
fn broken_privileges_and_claims_are_refused_with_line_and_caret() {
    let capabilities = |add: &str| format!("{HEAD}[capabilities]\nadd = {add}\n{TAIL}");
    let matches = |keys: &str| format!("summary = 's'\nrun_user = {{ text = 'root' }}\n[match]\n{keys}\n");
    for (text, expected) in [
        (
            capabilities("['CAP_CHOWN']"),
            "6:8: `CAP_CHOWN` is not a capability as Compose names them, such as CHOWN\nadd = ['CAP_CHOWN']\n       ^^^^^^^^^^^",
        ),
        (capabilities("['CHOWN', 'CHOWN']"), "6:17: `CHOWN` is listed twice\nadd = ['CHOWN', 'CHOWN']\n                ^^^^^^^"),
        (capabilities("[]\nrun_as = 'app'"), "7:10: `app` is not UID:GID in numbers, such as 1000:1000\nrun_as = 'app'\n         ^^^^^"),
        (format!("{HEAD}[capabilities]\n{TAIL}"), "5:1: missing field `add`\n[capabilities]\n^^^^^^^^^^^^^^"),
        (
            format!("no_new_privileges = false\n{HEAD}"),
            "1:21: say what breaks in `no_new_privileges_why`\nno_new_privileges = false\n                    ^^^^^",
        ),
        (
            format!("no_new_privileges_why = 'w'\n{HEAD}"),
            "1:25: this is for `no_new_privileges = false`\nno_new_privileges_why = 'w'\n                        ^^^",
        ),
        (
            format!("config = ['etc']\n{HEAD}"),
            "1:11: `etc` is not a clean absolute path (no `..`, no final slash; /run instead of /var/run)\nconfig = ['etc']\n          ^^^^^",
        ),
        (
            matches("prefixes = ['owner']"),
            "4:13: `owner` is not the start of names of repositories up to a `/`, such as gcr.io/distroless/\nprefixes = ['owner']\n            ^^^^^^^",
        ),
        (
            matches("command = ['bin/app']"),
            "4:12: `bin/app` is not one word of a command, without its folder\ncommand = ['bin/app']\n           ^^^^^^^^^",
        ),
        (
            matches("images = ['app']\ncommand = ['app']"),
            "5:12: a preset for commands is added to that of the image, so it names no image\ncommand = ['app']\n           ^^^^^",
        ),
        (
            format!("{HEAD}[tags.'a-b']\nrun_as = '1:1'\n"),
            "5:7: `a-b` is not a part of a tag between `-`, such as alpine or alpine*\n[tags.'a-b']\n      ^^^^^",
        ),
        (format!("{HEAD}[[obstacle]]\nwhen = {{}}\nwhy = 'w'\nsource = 's'\n"), "6:8: there is no condition in it\nwhen = {}\n       ^^"),
    ] {
        assert_eq!(shown(&text), format!("mine.toml:{expected}"));
    }
}
