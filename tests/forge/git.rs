//! Git in a checkout.

use super::fake::objects::git_in;
use rofs_harden::edge::forge::FileChange;
use rofs_harden::edge::git::{Git, Remote};
use rofs_harden::error::{Error, Fault};
use std::path::Path;
use tempfile::TempDir;

/// New bytes for a file.
pub(super) fn change(path: &str, bytes: &[u8], program: bool) -> FileChange {
    FileChange { path: path.into(), program, old: None, bytes: bytes.to_vec() }
}

/// Says in the checkout who the author is.
pub(super) fn identity(folder: &Path) {
    git_in(folder, &["config", "user.name", "Bot"], b"").unwrap();
    git_in(folder, &["config", "user.email", "bot@example.org"], b"").unwrap();
}

/// A checkout with one commit.
fn checkout() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| git_in(folder.path(), args, b"").unwrap();
    run(&["init", "--quiet", "--initial-branch=main", "."]);
    identity(folder.path());
    std::fs::write(folder.path().join("compose.yaml"), "services: {}\r\n").unwrap();
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    std::fs::write(folder.path().join("deep/odd [name]*.yaml"), "a\n").unwrap();
    std::os::unix::fs::symlink("compose.yaml", folder.path().join("link")).unwrap();
    run(&["add", "."]);
    run(&["commit", "--quiet", "-m", "Start"]);
    folder
}

fn text(folder: &Path, args: &[&str]) -> String {
    String::from_utf8(git_in(folder, args, b"").unwrap()).unwrap().trim_end().to_owned()
}

#[test]
fn addresses_say_where_a_repository_is() {
    for (address, expected) in [
        ("https://github.com/octo/shop.git", Some(("github.com", "octo", "shop"))),
        ("https://x-access-token:secret@github.com/octo/shop", Some(("github.com", "octo", "shop"))),
        ("https://GitHub.com/octo/shop/", Some(("github.com", "octo", "shop"))),
        ("git@github.com:octo/shop.git", Some(("github.com", "octo", "shop"))),
        ("github.com:octo/shop", Some(("github.com", "octo", "shop"))),
        ("ssh://git@ssh.github.com:443/octo/shop.git", Some(("github.com", "octo", "shop"))),
        ("ssh://git@git.example:2222/octo/shop.git", Some(("git.example", "octo", "shop"))),
        ("https://git.example:8443/octo/shop.git", Some(("git.example:8443", "octo", "shop"))),
        ("git@gitlab.com:group/sub/deep/shop.git", Some(("gitlab.com", "group/sub/deep", "shop"))),
        ("https://gitlab.com/group/sub/shop", Some(("gitlab.com", "group/sub", "shop"))),
        ("git@git.example:/octo/shop.git", Some(("git.example", "octo", "shop"))),
        ("git://git.example/octo/shop.dots.git", Some(("git.example", "octo", "shop.dots"))),
        ("/srv/git/shop.git", None),
        ("../shop.git", None),
        ("./a:b/c", None),
        ("C:/git/shop", None),
        ("file:///srv/git/octo/shop.git", None),
        ("ext::sh -c touch% /tmp/x", None),
        ("https://github.com/shop", None),
        ("https://github.com/", None),
        ("https://github.com/octo/../shop", None),
        ("https://github.com/octo/shop?x=1", None),
        ("git@github.com:shop.git", None),
        ("", None),
    ] {
        let expected = expected.map(|(host, owner, name)| Remote { host: host.into(), owner: owner.into(), name: name.into() });
        assert_eq!(Remote::parse(address), expected, "{address}");
    }
}

#[test]
fn a_checkout_says_where_it_is() {
    let folder = checkout();
    let git = Git::open(&folder.path().join("deep"), None).unwrap();
    assert_eq!(git.top(), std::fs::canonicalize(folder.path()).unwrap());
    assert_eq!(git.current_branch().unwrap().as_deref(), Some("main"));
    let head = text(folder.path(), &["rev-parse", "HEAD"]);
    assert_eq!(git.resolve("HEAD").unwrap(), Some(head.clone()));
    assert_eq!(git.resolve("no-such-branch").unwrap(), None);
    assert_eq!(git.resolve("--all").unwrap(), None);
    git_in(folder.path(), &["checkout", "--quiet", "--detach"], b"").unwrap();
    assert_eq!(git.current_branch().unwrap(), None);
    git_in(folder.path(), &["remote", "add", "origin", "git@github.com:octo/shop.git"], b"").unwrap();
    assert_eq!(git.remote("origin").unwrap().unwrap().name, "shop");
    for name in ["upstream", "--help", ""] {
        assert!(matches!(git.remote(name), Err(Error::Forge(_))), "{name}");
    }
}

#[test]
fn no_checkout_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let Err(Error::Forge(error)) = Git::open(folder.path(), None) else { panic!("not refused") };
    assert_eq!(error.fault, Fault::Missing, "{error}");
}

#[test]
fn cleanness_counts_changes_and_new_files_but_not_ignored_ones() {
    let folder = checkout();
    let git = Git::open(folder.path(), None).unwrap();
    assert!(git.is_clean().unwrap());
    std::fs::write(folder.path().join("new"), "").unwrap();
    assert!(!git.is_clean().unwrap());
    std::fs::write(folder.path().join(".git/info/exclude"), "new\n").unwrap();
    assert!(git.is_clean().unwrap());
    std::fs::write(folder.path().join("compose.yaml"), "services: {a: {}}\n").unwrap();
    assert!(!git.is_clean().unwrap());
}

#[test]
fn a_commit_touches_nothing_of_its_user() {
    let folder = checkout();
    let head = text(folder.path(), &["rev-parse", "HEAD"]);
    std::fs::write(folder.path().join("staged"), "staged\n").unwrap();
    git_in(folder.path(), &["add", "staged"], b"").unwrap();
    std::fs::write(folder.path().join("compose.yaml"), "edited\n").unwrap();
    let seen = || {
        (
            text(folder.path(), &["status", "--porcelain"]),
            text(folder.path(), &["for-each-ref"]),
            std::fs::read(folder.path().join(".git/index")).unwrap(),
        )
    };
    let before = seen();

    let git = Git::open(&folder.path().join("deep"), None).unwrap();
    let odd = "deep/odd [name]*.yaml";
    let files = [change(odd, b"b\r\n\xff", false), change("new/program", b"#!\n", true)];
    let commit = git.commit(&head, &[&head], &files, "Harden\n\nWhy: ünïcode").unwrap();
    assert!(seen() == before);
    assert_eq!(text(folder.path(), &["diff", "--raw", "--abbrev=7", &head, &commit]).lines().count(), 2);
    assert_eq!(git_in(folder.path(), &["show", &format!("{commit}:{odd}")], b"").unwrap(), b"b\r\n\xff");
    assert!(text(folder.path(), &["ls-tree", "-r", &commit, "new/program"]).starts_with("100755 "));
    assert_eq!(text(folder.path(), &["show", "-s", "--format=%P %an %B", &commit]), format!("{head} Bot Harden\n\nWhy: ünïcode"));
    assert!(text(folder.path(), &["show", &format!("{commit}:compose.yaml")]).starts_with("services"));
}

#[test]
fn settings_that_change_bytes_are_not_followed() {
    let folder = checkout();
    let head = text(folder.path(), &["rev-parse", "HEAD"]);
    git_in(folder.path(), &["config", "core.autocrlf", "true"], b"").unwrap();
    std::fs::write(folder.path().join(".gitattributes"), "* text eol=crlf\n").unwrap();
    let git = Git::open(folder.path(), None).unwrap();
    let commit = git.commit(&head, &[&head], &[change("compose.yaml", b"a\r\nb\n", false)], "x").unwrap();
    assert_eq!(git_in(folder.path(), &["cat-file", "blob", &format!("{commit}:compose.yaml")], b"").unwrap(), b"a\r\nb\n");
}

#[test]
fn a_link_is_not_replaced_by_a_file() {
    let folder = checkout();
    let git = Git::open(folder.path(), None).unwrap();
    let head = git.resolve("HEAD").unwrap().unwrap();
    for path in ["link", "deep"] {
        let result = git.commit(&head, &[&head], &[change(path, b"x", false)], "x");
        assert!(matches!(&result, Err(Error::Forge(e)) if e.what.contains("no regular file")), "{result:?}");
    }
}

/// Every way in which a checkout could name a program to run, each with one that leaves a trace.
#[test]
fn programs_that_a_checkout_names_do_not_run() {
    for setting in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.gitProxy",
        "core.askPass",
        "credential.helper",
        "remote.origin.uploadpack",
        "remote.origin.receivepack",
        "filter.x.clean",
        "filter.x.process",
        "gpg.program",
        "hook",
    ] {
        let folder = checkout();
        let trace = folder.path().join(".git/trace");
        let program = folder.path().join(".git/program");
        std::fs::write(&program, format!("#!/bin/sh\ntouch '{}'\n", trace.display())).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, mode).unwrap();
        let program = program.to_str().unwrap();
        let far = tempfile::tempdir().unwrap();
        git_in(far.path(), &["init", "--quiet", "--bare", "."], b"").unwrap();
        git_in(folder.path(), &["remote", "add", "origin", far.path().to_str().unwrap()], b"").unwrap();
        if setting == "hook" {
            for name in ["pre-push", "reference-transaction", "post-index-change", "post-commit"] {
                std::fs::create_dir_all(folder.path().join(".git/hooks")).unwrap();
                std::os::unix::fs::symlink(program, folder.path().join(".git/hooks").join(name)).unwrap();
            }
        } else {
            git_in(folder.path(), &["config", setting, program], b"").unwrap();
        }
        std::fs::write(folder.path().join(".gitattributes"), "* filter=x\n").unwrap();
        std::fs::write(folder.path().join("compose.yaml"), "services: {x: {}}\n").unwrap();

        let git = Git::open(folder.path(), None).unwrap();
        let head = git.resolve("HEAD").unwrap().unwrap();
        let clean = git.is_clean();
        let commit = git.commit(&head, &[&head], &[change("compose.yaml", b"x\n", false)], "x").unwrap();
        let pushed = git.push("origin", &commit, "rofs-harden/main", None);
        assert!(!trace.exists(), "{setting} ran");
        // What cannot be turned off is refused, with its name; the rest goes on.
        let is_filter = setting.starts_with("filter.");
        let is_off = ["core.fsmonitor", "hook", "gpg.program"].contains(&setting);
        assert_eq!(clean.is_err(), is_filter, "{setting}: {clean:?}");
        assert_eq!(pushed.is_err(), !is_filter && !is_off, "{setting}: {pushed:?}");
        for error in clean.map(drop).err().into_iter().chain(pushed.err()) {
            assert!(error.to_string().contains(&setting.to_lowercase()), "{error}");
        }
    }
}

#[test]
fn a_remote_that_is_a_program_is_refused() {
    let folder = checkout();
    let trace = folder.path().join(".git/trace");
    let address = format!("ext::touch {}", trace.display());
    git_in(folder.path(), &["remote", "add", "origin", &address], b"").unwrap();
    git_in(folder.path(), &["config", "protocol.ext.allow", "always"], b"").unwrap();
    let git = Git::open(folder.path(), None).unwrap();
    assert!(git.remote_branch("origin", "main").is_err());
    assert!(!trace.exists());
}

#[test]
fn a_checkout_does_not_say_where_else_git_goes() {
    for (setting, is_refused) in [
        ("remote.origin.pushurl", true),
        ("remote.origin.proxy", true),
        ("remote.other.pushurl", false),
        ("remote.origin.url", true),
        ("remote.other.url", false),
        ("http.sslVerify", true),
        ("http.proxy", true),
        ("http.https://git.example/.sslCAInfo", true),
        ("http.https://git.example/.extraheader", false),
        ("http.postBuffer", false),
        ("url.https://evil.example/.insteadOf", true),
        ("url.https://evil.example/.pushInsteadOf", true),
    ] {
        let (folder, far) = (checkout(), tempfile::tempdir().unwrap());
        git_in(far.path(), &["init", "--quiet", "--bare", "."], b"").unwrap();
        git_in(folder.path(), &["remote", "add", "origin", far.path().to_str().unwrap()], b"").unwrap();
        git_in(folder.path(), &["config", "--add", setting, "1"], b"").unwrap();
        let git = Git::open(folder.path(), None).unwrap();
        let head = git.resolve("HEAD").unwrap().unwrap();
        let (forge, pushed) = (git.remote("origin").map(drop), git.push("origin", &head, "rofs-harden/main", None));
        for result in [forge, pushed] {
            assert_eq!(result.is_err(), is_refused, "{setting}: {result:?}");
            if let Err(error) = result {
                assert!(error.to_string().to_lowercase().contains(&setting.to_lowercase()), "{error}");
                assert!(error.hint().unwrap().contains("git config --local"), "{error}");
            }
        }
    }
}
