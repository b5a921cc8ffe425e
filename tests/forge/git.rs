//! Git in a checkout.

use super::BRANCH;
use super::fake::objects::git_in;
use super::fake::{self, TOKEN};
use rofs_harden::edge::address::Remote;
use rofs_harden::edge::forge::{FileChange, Token};
use rofs_harden::edge::git::Git;
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
        // What stands in front of the host is none.
        ("https://github.com@evil.example/octo/shop.git", Some(("evil.example", "octo", "shop"))),
        ("https://github.com:443@evil.example/octo/shop.git", Some(("evil.example", "octo", "shop"))),
        ("ssh://github.com@evil.example/octo/shop.git", Some(("evil.example", "octo", "shop"))),
        ("http://127.0.0.1:80@github.com/octo/shop.git", None),
        ("https://evil.example\\@github.com/octo/shop.git", None),
        ("https://evil.example#@github.com/octo/shop.git", None),
        ("https://evil.example?@github.com/octo/shop.git", None),
        ("https://github.com.evil.example/octo/shop.git", Some(("github.com.evil.example", "octo", "shop"))),
        ("https://github.com:443/octo/shop.git", Some(("github.com", "octo", "shop"))),
        ("http://git.example:80/octo/shop.git", Some(("git.example", "octo", "shop"))),
        ("https://github.com:port/octo/shop.git", None),
        ("-oProxyCommand=x:octo/shop", None),
        ("git@-x:octo/shop", None),
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
    assert_eq!(git.head().unwrap(), Some(head.clone()));
    assert!(git.has(&head).unwrap());
    for other in ["HEAD", "--all", "", &"0".repeat(40), &head[..39]] {
        assert!(!git.has(other).unwrap(), "{other}");
    }
    git_in(folder.path(), &["pack-refs", "--all", "--prune"], b"").unwrap();
    assert_eq!(git.head().unwrap(), Some(head.clone()));
    git_in(folder.path(), &["checkout", "--quiet", "--detach"], b"").unwrap();
    assert_eq!((git.current_branch().unwrap(), git.head().unwrap()), (None, Some(head)));
    git_in(folder.path(), &["checkout", "--quiet", "--orphan", "fresh"], b"").unwrap();
    assert_eq!((git.current_branch().unwrap().as_deref(), git.head().unwrap()), (Some("fresh"), None));
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

    let forge = fake::Forge::empty();
    git_in(folder.path(), &["remote", "add", "origin", &forge.clone_address()], b"").unwrap();
    let git = Git::open(&folder.path().join("deep"), Token::new(TOKEN)).unwrap();
    let odd = "deep/odd [name]*.yaml";
    let files = [change(odd, b"b\r\n\xff", false), change("new/program", b"#!\n", true)];
    let commit = git.commit(&head, &[&head], &files, "Harden\n\nWhy: ünïcode").unwrap();
    git.push("origin", &commit, BRANCH, None).unwrap();
    assert!(seen() == before);
    let state = forge.state();
    let objects = state.objects.path();
    assert_eq!(text(&objects, &["diff", "--raw", "--abbrev=7", &head, &commit]).lines().count(), 2);
    assert_eq!(git_in(&objects, &["show", &format!("{commit}:{odd}")], b"").unwrap(), b"b\r\n\xff");
    assert!(text(&objects, &["ls-tree", "-r", &commit, "new/program"]).starts_with("100755 "));
    assert_eq!(text(&objects, &["show", "-s", "--format=%P %an %B", &commit]), format!("{head} Bot Harden\n\nWhy: ünïcode"));
    assert!(text(&objects, &["show", &format!("{commit}:compose.yaml")]).starts_with("services"));
    state.objects.assert_sound();
}

#[test]
fn settings_that_change_bytes_are_not_followed() {
    let folder = checkout();
    let head = text(folder.path(), &["rev-parse", "HEAD"]);
    git_in(folder.path(), &["config", "core.autocrlf", "true"], b"").unwrap();
    std::fs::write(folder.path().join(".gitattributes"), "* text eol=crlf\n").unwrap();
    let git = Git::open(folder.path(), None).unwrap();
    let commit = git.commit(&head, &[&head], &[change("compose.yaml", b"a\r\nb\n", false)], "x").unwrap();
    let tree = git.tree(&commit).unwrap();
    let entry = tree.entries.iter().find(|entry| entry.path == "compose.yaml").unwrap();
    assert_eq!(git.file(&entry.id).unwrap(), b"a\r\nb\n");
}

#[test]
fn a_link_is_not_replaced_by_a_file() {
    let folder = checkout();
    let git = Git::open(folder.path(), None).unwrap();
    let head = git.head().unwrap().unwrap();
    for path in ["link", "deep"] {
        let result = git.commit(&head, &[&head], &[change(path, b"x", false)], "x");
        assert!(matches!(&result, Err(Error::Forge(e)) if e.what.contains("no regular file")), "{result:?}");
    }
}

#[test]
fn a_remote_that_is_a_program_or_a_folder_is_refused() {
    let folder = checkout();
    let trace = folder.path().join(".git/trace");
    let evil = folder.path().join("evil.git");
    git_in(folder.path(), &["init", "--quiet", "--bare", evil.to_str().unwrap()], b"").unwrap();
    let hook = evil.join("hooks/pre-receive");
    std::fs::write(&hook, format!("#!/bin/sh\ntouch '{}'\n", trace.display())).unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    git_in(folder.path(), &["config", "protocol.ext.allow", "always"], b"").unwrap();
    git_in(folder.path(), &["remote", "add", "origin", "x"], b"").unwrap();
    let program = format!("ext::touch {}", trace.display());
    let (path, file) = (evil.to_str().unwrap(), format!("file://{}", evil.display()));
    for address in [&program, path, &file, "./evil.git", "evil.git", "--upload-pack=x", ""] {
        git_in(folder.path(), &["config", "remote.origin.url", address], b"").unwrap();
        let git = Git::open(folder.path(), None).unwrap();
        let head = git.head().unwrap().unwrap();
        for result in [git.remote_branch("origin", "main").map(drop), git.push("origin", &head, BRANCH, None)] {
            let error = result.unwrap_err();
            assert!(error.hint().unwrap().contains("git remote set-url origin"), "{address}: {error}");
        }
        assert!(!trace.exists(), "{address}");
    }
}

/// Where Git goes, and how, is not the checkout's to say but for the address of a remote.
#[test]
fn a_checkout_does_not_say_where_else_git_goes() {
    let forge = fake::Forge::new();
    let folder = checkout();
    git_in(folder.path(), &["remote", "add", "origin", &forge.clone_address()], b"").unwrap();
    let elsewhere = "http://127.0.0.1:1/";
    for setting in [
        "remote.origin.pushurl",
        "remote.origin.proxy",
        "remote.origin.url",
        "remote.origin.push",
        "remote.pushDefault",
        "http.proxy",
        "http.curloptResolve",
        &format!("http.{}/.proxy", forge.state().address),
        &format!("http.{}/.extraHeader", forge.state().address),
        &format!("url.{elsewhere}.insteadOf"),
        &format!("url.{elsewhere}.pushInsteadOf"),
    ] {
        let value = if setting.to_lowercase().ends_with("insteadof") { "http://127.0.0.1" } else { elsewhere };
        git_in(folder.path(), &["config", "--add", setting, value], b"").unwrap();
    }
    let included = folder.path().join("included");
    std::fs::write(&included, "[http]\n\tproxy = http://127.0.0.1:1/\n").unwrap();
    git_in(folder.path(), &["config", "include.path", included.to_str().unwrap()], b"").unwrap();
    let git = Git::open(folder.path(), Token::new(TOKEN)).unwrap();
    let remote = git.remote("origin").unwrap().unwrap();
    assert_eq!((remote.owner.as_str(), remote.name.as_str()), (fake::OWNER, fake::NAME));
    let head = git.head().unwrap().unwrap();
    git.push("origin", &head, BRANCH, None).unwrap();
    assert_eq!(forge.state().objects.tip(BRANCH), Some(head));
    assert!(git.fetch("origin", "main").is_ok());
}
