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
            "8:10: unknown field `mounted`, expected one of `present`, `command`, `user`, `env`, `tag`, `version`, `key`, `manifest`, `unstarted`\nwhen = { mounted = '/b' }\n         ^^^^^^^",
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
            "8:20: `~17` is not a version such as \"17\", \"<18\" or \">=3.9\"\nwhen = { version = '~17' }\n                   ^^^^^",
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
            "1:1: unknown field `sumary`, expected one of `summary`, `match`, `runtime`, `framework`, `workdir`, `run_user`, `users`, `tags`, `writable`, `obstacle`, `doubt`, `reminder`, `capabilities`, `no_new_privileges`, `no_new_privileges_why`, `check`, `config`, `config_unless`, `env`, `notes`; did you mean `summary`?\nsumary = 'x'\n^^^^^^",
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
                [[obstacle]]\nwhen = { env = 'Y*' }\nwhy = 'w'\nremedy = 'r'\nsource = 's'\n[[doubt]]\nunless = { tag = 'x' }\nwhy = 'd'\nsource = 's'\n[[writable]]\ntarget = '/t'\nstorage = 'scratch'\nmode = '0700'\nuid = 7\ngid = 8\nsize = '64m'\nexec = true\n\
                when = { command = ['a', 'b'], version = '>=3' }\nunless = { env = 'X' }\nwhy = 'w'\nsource = 's'\nconfidence = 'reported'\n";
    let preset = read(text).expect("a preset");
    let path = &preset.writable[0];
    let options = path.scratch.as_ref().expect("scratch");
    assert_eq!((options.at(&path.target).to_string().as_str(), path.size.as_deref()), ("/t:mode=700,uid=7,gid=8,exec", Some("64m")));
    assert_eq!((path.when.len(), path.unless.len(), path.reason.confidence), (2, 1, Confidence::Reported));
    assert_eq!((preset.users[0].uid, preset.run_user.uid, preset.images.len()), (7, Some(7), 2));
    assert!(preset.claims("app") && preset.claims("owner/x") && !preset.claims("owner") && !preset.is_addition());
    let variant = TagVariant { word: "alpine*".into(), users: vec![User { name: "app".into(), uid: 9, gid: 9 }], run_as: Some((9, 9)) };
    assert_eq!(preset.tags, [variant]);
    let capabilities = preset.capabilities.as_ref().expect("capabilities");
    assert_eq!((&capabilities.add[..], capabilities.run_as), (&["CHOWN".to_owned()][..], Some((7, 8))));
    assert_eq!(preset.no_new_privileges, Some(NoNewPrivileges::Breaks("sudo".into())));
    assert_eq!((preset.config.len(), preset.obstacles[0].when.len()), (1, 1));
    assert_eq!((preset.doubts[0].unless.len(), preset.obstacles[0].remedy.as_str()), (1, "r"));
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
            "5:12: a preset for commands or packages is added to that of the image, so it names no image\ncommand = ['app']\n           ^^^^^",
        ),
        (
            format!("{HEAD}[tags.'a-b']\nrun_as = '1:1'\n"),
            "5:7: `a-b` is not a part of a tag between `-`, such as alpine or alpine*\n[tags.'a-b']\n      ^^^^^",
        ),
        (
            format!("{HEAD}[[obstacle]]\nwhen = {{}}\nwhy = 'w'\nremedy = 'r'\nsource = 's'\n"),
            "6:8: there is no condition in it\nwhen = {}\n       ^^",
        ),
    ] {
        assert_eq!(shown(&text), format!("mine.toml:{expected}"));
    }
}

#[test]
fn broken_facts_of_a_place_are_refused_with_line_and_caret() {
    let moved = |movers: &str| format!("target = '/a'\nstorage = 'state'\nmoved_source = 's'\nmoved_by = {movers}");
    let state = |keys: &str| format!("target = '/a'\nstorage = 'state'\n{keys}");
    for (path, expected) in [
        (state("declared = true"), "8:12: say where that was seen in `declared_source`\ndeclared = true\n           ^^^^"),
        (state("declared_source = 's'"), "8:19: this is for `declared`\ndeclared_source = 's'\n                  ^^^"),
        (state("fixed = 'f'"), "8:9: say where that is written in `moved_source`\nfixed = 'f'\n        ^^^"),
        (state("moved_source = 's'"), "8:16: this is for `moved_by` or `fixed`\nmoved_source = 's'\n               ^^^"),
        (
            "target = '/a'\nstorage = 'scratch'\nfixed = 'f'\nmoved_source = 's'".to_owned(),
            "8:9: this is for state: scratch starts empty wherever it is\nfixed = 'f'\n        ^^^",
        ),
        (moved("[]"), "9:12: where nothing moves it, say so in `fixed`\nmoved_by = []\n           ^^"),
        (
            moved("[{ envs = 'A' }]"),
            "9:15: unknown field `envs`, expected one of `env`, `option`, `form`, `word`, `key`, `setting`, `at`, `adds`, `part`, `means`, `names`, `json`, `except`, `rest`, `when`, `source`; did you mean `env`?\nmoved_by = [{ envs = 'A' }]\n              ^^^^",
        ),
        (
            moved("[{ env = 'A', key = 'command' }]"),
            "9:13: one of `env`, `option`, `word` (also behind an `option`), `key` or `setting` says what moves it\nmoved_by = [{ env = 'A', key = 'command' }]\n            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        ),
        (
            moved("[{ part = 'p' }]"),
            "9:13: one of `env`, `option`, `word` (also behind an `option`), `key` or `setting` says what moves it\nmoved_by = [{ part = 'p' }]\n            ^^^^^^^^^^^^^^",
        ),
        (
            moved("[{ key = 'image' }]"),
            "9:21: unknown variant `image`, expected `command` or `working_dir`\nmoved_by = [{ key = 'image' }]\n                    ^^^^^^^",
        ),
        (
            moved("[{ option = '-d', form = 'attached' }]"),
            "9:37: unknown variant `attached`, expected one of `space`, `equals`, `both`\nmoved_by = [{ option = '-d', form = 'attached' }]\n                                    ^^^^^^^^^^",
        ),
        (
            moved("[{ env = 'A', form = 'both' }]"),
            "9:33: this is for an `option` with a value of its own\nmoved_by = [{ env = 'A', form = 'both' }]\n                                ^^^^^^",
        ),
        (
            moved("[{ option = '--dir=' }]"),
            "9:24: `--dir=` is not a name without its value\nmoved_by = [{ option = '--dir=' }]\n                       ^^^^^^^^",
        ),
        (moved("[{ word = 'a b' }]"), "9:22: `a b` is not one word\nmoved_by = [{ word = 'a b' }]\n                     ^^^^^"),
        (
            moved("[{ env = 'A', adds = 'b' }]"),
            "9:33: `b` is not a path below a folder, such as /.ollama\nmoved_by = [{ env = 'A', adds = 'b' }]\n                                ^^^",
        ),
        (
            moved("[{ env = 'A' }, { env = 'A', part = 'p' }]"),
            "9:28: the variable `A` is listed twice\nmoved_by = [{ env = 'A' }, { env = 'A', part = 'p' }]\n                           ^^^^^^^^^^^^^^^^^^^^^^^^^",
        ),
        (
            moved("[{ env = 'A', when = {} }]"),
            "9:33: there is no condition in it\nmoved_by = [{ env = 'A', when = {} }]\n                                ^^",
        ),
    ] {
        assert_eq!(shown(&format!("{HEAD}[[writable]]\n{path}\n{TAIL}")), format!("mine.toml:{expected}"));
    }
}

#[test]
fn the_facts_of_a_place_are_read_and_shown() {
    let path = "target = '/a'\nstorage = 'state'\ndeclared = false\ndeclared_source = 'd'\nfixed = 'f'\nmoved_source = 'm'\nmoved_by = [\n\
                { env = 'A_*', adds = '/b', part = 'logs', when = { version = '<5' }, source = 'x' },\n{ option = '--dir' },\n\
                { option = '-s', form = 'space' },\n{ option = '-e', form = 'equals', means = 'a file' },\n{ word = '-D' },\n\
                { word = 'dir=', option = '-c' },\n{ key = 'working_dir' },\n{ key = 'command' },\n]";
    let preset = read(&format!("{HEAD}[[writable]]\n{path}\n{TAIL}")).expect("a preset");
    let expected = "
      no volume of the image
      source: d
      moved by the variable `A_*` (only logs, with `/b` behind its value, when the tag's version is
               4 or older, source: x)
      moved by `--dir` in the command
      moved by `-s PATH` in the command
      moved by `-e=PATH` in the command (a file)
      moved by `-DPATH` in the command
      moved by `-c dir=PATH` in the command
      moved by the folder that it starts in (`working_dir`)
      moved by the key `command`
      nothing else moves it: f
      source: m
";
    assert!(preset.describe(100).contains(expected), "{}", preset.describe(100));
    let unknown = read(&format!("{HEAD}[[writable]]\ntarget = '/a'\nstorage = 'state'\n{TAIL}")).expect("a preset");
    assert_eq!((&unknown.writable[0].declared, &unknown.writable[0].moved), (&None, &None));
}
