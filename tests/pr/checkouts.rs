//! Checkouts of every kind, and what the person who runs the program has set up for Git.

use super::{BRANCH, COMPOSE, forge};
use crate::forge::fake::objects::git_in;
use crate::forge::fake::{Forge, TOKEN};
use crate::support::{Folder, Run};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn git(folder: &Path, args: &[&str]) -> String {
    String::from_utf8(git_in(folder, args, b"").unwrap()).unwrap().trim_end().to_owned()
}

/// Clones the forge's repository into the folder `shop`.
fn clone(forge: &Forge, options: &[&str]) -> Folder {
    let folder = Folder::new(&[]);
    let source = format!("file://{}", forge.state().objects.path().display());
    git(folder.path(), &[&["clone", "--quiet"], options, &[&source, "shop"]].concat());
    git(&folder.path().join("shop"), &["remote", "set-url", "origin", &forge.clone_address()]);
    folder
}

/// Runs the verb in a folder, with a home that is the folder around the checkout.
fn pr(folder: &Folder, within: &str, forge: &Forge, args: &[&str]) -> Run {
    let all = [&["pr", "--pace", "0"], args].concat();
    let mut command = folder.command(crate::support::PROGRAM);
    command.current_dir(folder.path().join(within)).args(&all).env("PATH", std::env::var("PATH").unwrap());
    command.env("HOME", folder.path()).env("GITHUB_API_URL", forge.api()).env("GITHUB_TOKEN", TOKEN);
    command.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    folder.finish(command, &all, "")
}

const IDENTITY: &str = "[user]\n\tname = Me\n\temail = me@example.org\n";

#[test]
fn checkouts_of_every_kind_are_read_and_pushed_from() {
    for options in [&[][..], &["--depth=1"], &["--filter=blob:none"], &["--no-checkout", "--filter=tree:0"], &["--separate-git-dir=apart"]]
    {
        let forge = forge(&[("compose.yaml", COMPOSE), ("large.bin", "x\n")]);
        forge.state().objects.git(&["config", "uploadpack.allowFilter", "true"], b"").unwrap();
        forge.state().objects.commit("main", &[("100644", "large.bin", b"y\n")], "Change");
        let folder = clone(&forge, options);
        folder.put(".gitconfig", IDENTITY);
        let before = git(&folder.path().join("shop"), &["for-each-ref"]);
        assert!(pr(&folder, "shop", &forge, &[]).exits(0).out.starts_with("opened: "), "{options:?}");
        // The base moves on, and what a person has put back comes from before the checkout.
        forge.state().objects.commit(
            "main",
            &[("100644", "large.bin", b"x\n"), ("100644", "compose.yaml", b"services:\n  web:\n    image: nginx:1.28\n")],
            "Back",
        );
        assert!(pr(&folder, "shop", &forge, &[]).exits(0).out.starts_with("updated: "), "{options:?}");
        assert!(pr(&folder, "shop", &forge, &[]).exits(0).err.contains("is up to date"), "{options:?}");
        assert_eq!(git(&folder.path().join("shop"), &["for-each-ref"]), before, "{options:?}");
        let state = forge.state();
        state.objects.assert_sound();
        assert_eq!(state.objects.line(&["rev-list", "--count", BRANCH], b"").unwrap(), "5", "{options:?}");
    }
}

#[test]
fn a_linked_checkout_and_a_submodule_are_checkouts() {
    let forge = forge(&[("compose.yaml", COMPOSE)]);
    let folder = clone(&forge, &[]);
    let shop = folder.path().join("shop");
    git(&shop, &["worktree", "add", "--quiet", "../linked", "-b", "other"]);
    git(&shop, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", forge.state().objects.path().to_str().unwrap(), "sub"]);
    for within in ["linked", "shop/sub"] {
        pr(&folder, within, &forge, &["--patch", "out"]).exits(0);
        let patch = folder.read(&format!("{within}/out/changes.patch"));
        assert!(patch.contains("+    read_only: true"), "{within}: {patch}");
    }
    assert!(folder.read("linked/out/body.md").contains("read-only"));
}

/// Leads a `.git` to another one.
type Lead<'l> = &'l dyn Fn(&Path, &Path);

#[test]
fn another_repository_is_not_shown_whatever_leads_to_it() {
    let forge = forge(&[("compose.yaml", COMPOSE)]);
    let secret = || {
        let folder = clone(&forge, &[]);
        let other = folder.path().join("other");
        git(folder.path(), &["init", "--quiet", "-b", "main", "other"]);
        std::fs::write(other.join("compose.yaml"), "services:\n  web:\n    image: nginx\n    labels: [topsecret]\n").unwrap();
        git(&other, &["add", "."]);
        git(&other, &["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "x"]);
        (folder.path().join("shop/.git"), other.join(".git"), folder)
    };
    let link = |from: &Path, to: &Path| {
        if from.is_dir() && !from.is_symlink() { std::fs::remove_dir_all(from) } else { std::fs::remove_file(from) }.unwrap_or_default();
        std::os::unix::fs::symlink(to, from).unwrap();
    };
    let ways: [(&str, Lead<'_>); 8] = [
        ("objects and references", &|own, other| ["objects", "refs"].iter().for_each(|name| link(&own.join(name), &other.join(name)))),
        ("references alone", &|own, other| link(&own.join("refs"), &other.join("refs"))),
        ("a link", &|own, other| link(own, other)),
        ("a file", &|own, other| {
            std::fs::remove_dir_all(own).unwrap();
            std::fs::write(own, format!("gitdir: {}\n", other.display())).unwrap();
        }),
        ("what is common", &|own, other| std::fs::write(own.join("commondir"), other.display().to_string()).unwrap()),
        ("a store and its commit", &|own, other| {
            std::fs::write(own.join("objects/info/alternates"), format!("{}/objects\n", other.display())).unwrap();
            std::fs::write(own.join("HEAD"), git(other.parent().unwrap(), &["rev-parse", "HEAD"])).unwrap();
        }),
        ("single objects and a commit", &|own, other| {
            for entry in std::fs::read_dir(other.join("objects")).unwrap() {
                let name = entry.unwrap().file_name();
                link(&own.join("objects").join(&name), &other.join("objects").join(&name));
            }
            std::fs::write(own.join("HEAD"), git(other.parent().unwrap(), &["rev-parse", "HEAD"])).unwrap();
        }),
        ("packed references", &|own, other| {
            git(other.parent().unwrap(), &["pack-refs", "--all"]);
            link(&own.join("packed-refs"), &other.join("packed-refs"));
            std::fs::remove_dir_all(own.join("refs/heads")).unwrap();
            link(&own.join("objects"), &other.join("objects"));
        }),
    ];
    for (way, make) in ways {
        let (own, other, folder) = secret();
        make(&own, &other);
        let said = pr(&folder, "shop", &forge, &["--patch", "out"]).exits(2);
        assert!(!folder.path().join("shop/out").exists() && !said.err.contains("topsecret"), "{way}: {}", said.err);
        assert!(said.err.contains("hint: "), "{way}: {}", said.err);
    }
}

#[test]
fn the_settings_of_the_person_hold() {
    let forge = forge(&[("compose.yaml", COMPOSE)]);
    let folder = clone(&forge, &[]);
    let shop = folder.path().join("shop");
    git(&shop, &["config", "remote.origin.url", "short:octo/shop.git"]);
    let address = forge.state().address.clone();
    let includes =
        format!("[includeIf \"gitdir:~/shop/\"]\n\tpath = work\n[includeIf \"hasconfig:remote.*.url:{address}/**\"]\n\tpath = there\n");
    folder.put(".gitconfig", format!("{IDENTITY}{includes}[url \"{address}/\"]\n\tinsteadOf = short:\n"));
    folder.put("there", "[user]\n\tname = Me There\n");
    folder.put("work", "[user]\n\temail = me@work.example\n");
    pr(&folder, "shop", &forge, &[]).exits(0);
    let author = || forge.state().objects.line(&["log", "-1", "--format=%an <%ae>", BRANCH], b"").unwrap();
    assert_eq!(author(), "Me There <me@work.example>");
    // The checkout may say who the author is, as it does for commits of the person.
    git(&shop, &["config", "user.email", "me@shop.example"]);
    forge.state().objects.commit("main", &[("100644", "compose.yaml", b"services:\n  web:\n    image: nginx:1.28\n")], "New");
    pr(&folder, "shop", &forge, &[]).exits(0);
    assert_eq!(author(), "Me There <me@shop.example>");
}

#[test]
fn the_program_of_the_person_for_ssh_runs() {
    let forge = forge(&[("compose.yaml", COMPOSE)]);
    let folder = clone(&forge, &[]);
    git(&folder.path().join("shop"), &["config", "remote.origin.url", "git@127.0.0.1:octo/shop.git"]);
    // It goes where ssh would, and the path is quoted as for a shell there.
    let objects = forge.state().objects.path();
    folder.put(
        "ssh",
        format!("#!/bin/sh\necho \"$@\" >> '{}'\nexec git upload-pack '{}'\n", folder.path().join("ran").display(), objects.display()),
    );
    std::fs::set_permissions(folder.path().join("ssh"), PermissionsExt::from_mode(0o755)).unwrap();
    folder.put(".gitconfig", format!("{IDENTITY}[core]\n\tsshCommand = {}\n", folder.path().join("ssh").display()));
    let said = pr(&folder, "shop", &forge, &["--dry-run"]).exits(0);
    assert!(said.out.contains("read_only: true"), "{said:?}");
    assert!(folder.read("ran").contains("git@127.0.0.1 git-upload-pack 'octo/shop.git'"), "{}", folder.read("ran"));
}

#[test]
fn files_are_compared_as_they_are_on_the_disk() {
    let attributes = "*.txt filter=mine\n*.bat eol=crlf\n";
    let forge = forge(&[
        ("compose.yaml", "services:\n  web:\n    image: nginx:1.27\n"),
        (".gitattributes", attributes),
        ("a.txt", "clean\n"),
        ("b.bat", "b\n"),
    ]);
    let folder = clone(&forge, &["-c", "core.autocrlf=true"]);
    folder.put(".gitconfig", format!("{IDENTITY}[filter \"mine\"]\n\tclean = sed s/smudged/clean/\n"));
    assert_eq!((folder.read("shop/compose.yaml").matches('\r').count(), folder.read("shop/b.bat").as_str()), (3, "b\r\n"));
    folder.put("shop/a.txt", "smudged\r\n");
    let clean = pr(&folder, "shop", &forge, &["--verify"]).exits(2);
    assert!(clean.err.contains("unix:///nowhere"), "{}", clean.err);
    folder.put("shop/a.txt", "other\r\n");
    let changed = pr(&folder, "shop", &forge, &["--verify"]).exits(2);
    assert!(changed.err.contains("--verify runs what is checked out"), "{}", changed.err);
}

#[test]
fn nobody_waits_at_a_pipe_among_the_objects() {
    let forge = forge(&[("compose.yaml", COMPOSE)]);
    let folder = clone(&forge, &[]);
    folder.put(".gitconfig", IDENTITY);
    let pipe = folder.path().join("shop/.git/objects/pack/pack-0.idx");
    std::fs::create_dir_all(pipe.parent().unwrap()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let run = pr(&folder, "shop", &forge, &["--dry-run"]).exits(2);
    assert!(run.err.contains("pack-0.idx is no file"), "{}", run.err);
}
