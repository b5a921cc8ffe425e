use super::*;

fn observed(written: &[&str], image: &[(&str, u32, u32, bool)], made: &[(&str, u32)]) -> Observation {
    let inside = |path: &&str| Written {
        path: path.trim_end_matches('/').to_owned(),
        is_inside: path.ends_with('/'),
        is_program: path.contains("put."),
    };
    let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
    for (path, uid, mode, has_files) in image {
        folders.insert(
            (*path).to_owned(),
            Folder { uid: *uid, gid: *uid, mode: *mode, in_image: true, has_files: *has_files, has_program: *has_files },
        );
    }
    for (path, uid) in made {
        folders.insert(
            (*path).to_owned(),
            Folder { uid: *uid, gid: *uid, mode: 0o700, in_image: false, has_files: false, has_program: false },
        );
    }
    Observation { written: written.iter().map(inside).collect(), folders, nameless: Vec::new(), user: None }
}

fn shown(observed: &Observation) -> Vec<String> {
    let (paths, elsewhere) = writable_paths("s", observed, None);
    let mounts = paths.iter().map(|p| match &p.storage {
        Storage::Scratch(options) => options.at(&p.target).to_string(),
        Storage::State => format!("{} volume{}", p.target, p.owner.map(|u| format!(" of {u}")).unwrap_or_default()),
    });
    mounts.chain(elsewhere.iter().map(|(path, _)| format!("! {path}"))).collect()
}

#[test]
fn a_written_path_becomes_the_folder_to_mount() {
    let root = ("/", 0, 0o755, false);
    for (written, image, made, expected) in [
        (&["/run/nginx.pid"][..], &[root, ("/run", 0, 0o755, false)][..], &[][..], &["/run:mode=755"][..]),
        (&["/tmp/x/y"], &[root, ("/tmp", 0, 0o1777, false)], &[("/tmp/x", 5)], &["/tmp:mode=1777"]),
        // Something came and went: only the folder is known.
        (&["/tmp/"], &[root, ("/tmp", 0, 0o1777, false)], &[], &["/tmp:mode=1777"]),
        (&["/run/mysqld/m.sock"], &[root, ("/run/mysqld", 101, 0o755, false)], &[], &["/run/mysqld:mode=755,uid=101,gid=101"]),
        // A folder of the image holds all that is made in it.
        (
            &["/var/lib/app/a", "/var/lib/app/b/c"],
            &[root, ("/var/lib", 0, 0o755, false), ("/var/lib/app", 7, 0o750, false)],
            &[("/var/lib/app/b", 7)],
            &["/var/lib/app volume"],
        ),
        // What is made at the top or beside the program's files is mounted alone, and who made it must own it.
        (&["/new/a/b"], &[root], &[("/new", 1000), ("/new/a", 1000)], &["/new volume of 1000"]),
        (&["/new"], &[root], &[("/new", 0)], &["/new volume"]),
        (&["/srv/x/uploads/p"], &[root, ("/srv/x", 0, 0o755, true)], &[("/srv/x/uploads", 0)], &["/srv/x/uploads volume"]),
        // Nothing is mounted over the image's own files.
        (&["/x"], &[root], &[], &["! /x"]),
        (&["/usr/share/a/b"], &[root, ("/usr/share/a", 0, 0o755, true)], &[], &["! /usr/share/a/b"]),
        (&["/etc/passwd"], &[root, ("/etc", 0, 0o755, true)], &[], &["! /etc/passwd"]),
        // A tmpfs hides no empty folder that the image has for its program.
        (
            &["/var/cache/web/uploads/"],
            &[root, ("/var/cache/web", 33, 0o755, false), ("/var/cache/web/uploads", 33, 0o755, false)],
            &[],
            &["/var/cache/web/uploads:mode=755,uid=33,gid=33"],
        ),
        // A mount one level up holds what could not be mounted by itself.
        (
            &["/etc/service/tick/log/supervise", "/etc/service/tick/log/supervise/control", "/etc/service/tick/log/supervise/lock"],
            &[root, ("/etc/service/tick/log", 0, 0o755, true)],
            &[("/etc/service/tick/log/supervise", 0)],
            &["/etc/service/tick/log/supervise:mode=700"],
        ),
        // Nor where the file cannot say it.
        (&["/new:1/a"], &[root], &[("/new:1", 0)], &["! /new:1/a"]),
        (&["/tmp/x=1/y"], &[root, ("/tmp/x=1", 0, 0o755, false)], &[], &["/tmp:mode=1777"]),
        (&["/run/x=1/y"], &[root, ("/run/x=1", 0, 0o755, false)], &[], &["! /run/x=1/y"]),
        (&["/srv/$X/y"], &[root, ("/srv/$X", 0, 0o755, false)], &[], &["/srv/$X volume"]),
        (&["/run/$X/y"], &[root, ("/run/$X", 0, 0o755, false)], &[], &["/run/$$X:mode=755"]),
        // A tmpfs hides what the image has below, so that gets its own.
        (
            &["/run/a", "/run/lock/b", "/run/new/c"],
            &[root, ("/run", 0, 0o755, false), ("/run/lock", 0, 0o1777, false)],
            &[("/run/new", 0)],
            &["/run:mode=755", "/run/lock:mode=1777"],
        ),
        (&["/app/__pycache__/m.pyc", "/app/__pycache__"], &[root, ("/app", 0, 0o755, true)], &[("/app/__pycache__", 0)], &[]),
    ] {
        assert_eq!(shown(&observed(written, image, made)), expected, "{written:?}");
    }
}

#[test]
fn what_must_be_kept_wins_over_what_may_vanish() {
    let (root, app) = (("/", 0, 0o755, false), ("/var/lib/app", 7, 0o750, false));
    let home = ("/home/app", 1000, 0o755, false);
    for (written, image, made, expected) in [
        // A cache beside a database, in whichever order they come.
        (
            &["/var/lib/app/cache", "/var/lib/app/cache/x", "/var/lib/app/users.db"][..],
            &[root, app][..],
            &[("/var/lib/app/cache", 7)][..],
            &["/var/lib/app volume", "/var/lib/app/cache:mode=700,uid=7,gid=7"][..],
        ),
        (
            &["/config/app.db", "/config/logs/x.log"],
            &[root, ("/config", 9, 0o755, false)],
            &[("/config/logs", 9)],
            &["/config volume", "/config/logs:mode=700,uid=9,gid=9"],
        ),
        // A database in a folder of logs.
        (&["/app/logs/state.db"], &[root, ("/app", 0, 0o755, true), ("/app/logs", 0, 0o755, false)], &[], &["/app/logs volume"]),
        // From `tmp` files are moved to where they stay, which two mounts do not allow.
        (
            &["/var/lib/app/new/a", "/var/lib/app/tmp/b"],
            &[root, app],
            &[("/var/lib/app/new", 7), ("/var/lib/app/tmp", 7)],
            &["/var/lib/app volume"],
        ),
        // Settings and keys in a home; what comes back by itself is not missed.
        (&["/home/app/.config/app/secret.key"], &[root, home], &[("/home/app/.config", 1000)], &["/home/app volume"]),
        (&["/home/app/.local/share/app/x"], &[root, home], &[("/home/app/.local", 1000)], &["/home/app volume"]),
        (
            &["/home/app/.config/matplotlib/x", "/home/app/.cache/y"],
            &[root, home],
            &[("/home/app/.config", 1000), ("/home/app/.cache", 1000)],
            &["/home/app/.cache:mode=700,uid=1000,gid=1000", "/home/app/.config:mode=700,uid=1000,gid=1000"],
        ),
    ] {
        assert_eq!(shown(&observed(written, image, made)), expected, "{written:?}");
    }
}

#[test]
fn no_mount_hides_or_freezes_the_program() {
    let root = ("/", 0, 0o755, false);
    for (written, image, made, expected) in [
        // A database beside the program: held back, unless it has a folder of its own.
        (&["/srv/site/db.sqlite3"][..], &[root, ("/srv/site", 0, 0o755, true)][..], &[][..], &["! /srv/site/db.sqlite3"][..]),
        (&["/home/app/site/x.db"], &[root, ("/home/app/site", 0, 0o755, true)], &[], &["! /home/app/site/x.db"]),
        (&["/var/lib/app/x.db"], &[root, ("/var/lib/app", 0, 0o755, true)], &[], &["! /var/lib/app/x.db"]),
        // Written right in it.
        (&["/srv/"], &[root, ("/srv", 0, 0o755, false)], &[], &["/srv volume"]),
        // The program may lie deeper.
        (&["/srv/x.db"], &[root, ("/srv", 0, 0o755, false), ("/srv/site", 0, 0o755, true)], &[], &["! /srv/x.db"]),
        (
            &["/srv/site/db/x.db", "/srv/site/db"],
            &[root, ("/srv/site", 0, 0o755, true)],
            &[("/srv/site/db", 5)],
            &["/srv/site/db volume of 5"],
        ),
        // A tmpfs would hide what the image has there.
        (&["/var/lib/app/cache/x"], &[root, ("/var/lib/app/cache", 3, 0o755, true)], &[], &["! /var/lib/app/cache/x"]),
        // The listing counts, and not the name: nothing is there.
        (&["/var/www/html/x.db"], &[root, ("/var/www/html", 33, 0o755, false)], &[], &["/var/www/html volume"]),
        // What the user's folder has, owner and all, comes along.
        (
            &["/var/lib/app/.config/x"],
            &[root, ("/var/lib/app", 1000, 0o755, false)],
            &[("/var/lib/app/.config", 1000)],
            &["/var/lib/app volume"],
        ),
    ] {
        assert_eq!(shown(&observed(written, image, made)), expected, "{written:?}");
    }
    // Files that are no program are copied into a volume.
    let mut seen = observed(&["/var/lib/app/cache/x"], &[root, ("/var/lib/app/cache", 3, 0o755, true)], &[]);
    seen.folders.values_mut().for_each(|folder| folder.has_program = false);
    assert_eq!(shown(&seen), ["/var/lib/app/cache volume"]);
}

#[test]
fn what_a_log_names_is_held_against_the_listing() {
    let path = |target: &str, storage: &Storage| WritablePath {
        service: "s".to_owned(),
        target: Target::new(target, storage).expect("a target"),
        storage: storage.clone(),
        is_declared: false,
        owner: None,
        reason: reason(String::new()),
    };
    let scratch = Storage::Scratch(TmpfsOptions::default());
    let mut seen = observed(&[], &[("/app", 0, 0o755, true), ("/seed", 5, 0o700, true), ("/empty", 5, 0o700, false)], &[]);
    seen.folders.get_mut("/seed").expect("there").has_program = false;
    for (target, storage, expected) in [
        ("/app", &scratch, None),
        ("/app", &Storage::State, None),
        ("/seed", &scratch, Some("/seed volume")),
        ("/empty", &scratch, Some("/empty:mode=700,uid=5,gid=5")),
        ("/new", &scratch, Some("/new")),
    ] {
        let mut fitted = path(target, storage);
        let is_fit = fit(&mut fitted, &seen);
        let text = match &fitted.storage {
            Storage::Scratch(options) => options.at(&fitted.target).to_string(),
            Storage::State => format!("{} volume", fitted.target),
        };
        assert_eq!(is_fit.then_some(text).as_deref(), expected, "{target} {storage:?}");
    }
}

#[test]
fn a_program_is_known_by_names_and_bits() {
    assert!(is_program_file("manage.py", 0o644) && is_program_file("tool", 0o755));
    assert!(!is_program_file("seed.db", 0o644) && !is_program_file("link", 0o777));
    assert!(is_placeholder(".gitkeep") && !is_placeholder("x"));
}

#[test]
fn nameless_volumes_are_named() {
    let observed = Observation { nameless: vec!["/data".into()], ..Observation::default() };
    assert_eq!(shown(&observed), ["/data volume"]);
}

#[test]
fn what_may_be_run_needs_exec() {
    let root = ("/", 0, 0o755, false);
    let mounts = |written: &[&str]| shown(&observed(written, &[root, ("/run", 0, 0o755, false)], &[("/run/store", 33)]));
    assert_eq!(mounts(&["/run/store/a", "/run/store/put.bin"]), ["/run/store:mode=700,uid=33,gid=33,exec"]);
    assert_eq!(mounts(&["/run/store/put.bin", "/run/store/z"]), ["/run/store:mode=700,uid=33,gid=33,exec"]);
    assert_eq!(mounts(&["/run/store/a"]), ["/run/store:mode=700,uid=33,gid=33"]);
}

#[test]
fn what_does_not_come_back_is_thought_of_again() {
    let root = ("/", 0, 0o755, false);
    let seen = observed(
        &["/app/storage/x", "/app/tmp/pids/server.pid", "/tmp/nats/stream", "/tmp/x", "/run/a.pid", "/srv/tmp/session"],
        &[root, ("/app", 7, 0o755, false), ("/tmp", 0, 0o1777, false), ("/run", 0, 0o755, false), ("/srv", 0, 0o755, true)],
        &[("/app/storage", 7), ("/app/tmp", 7), ("/app/tmp/pids", 7), ("/tmp/nats", 7), ("/srv/tmp", 7)],
    );
    let (paths, _) = writable_paths("s", &seen, None);
    let targets = |as_data| {
        let found = second_thoughts(&paths, &seen, as_data);
        found.into_iter().map(|p| (p.target.to_string(), p.storage == Storage::State)).collect::<Vec<_>>()
    };
    assert_eq!(targets(false), [("/app/tmp".to_owned(), false)]);
    assert_eq!(targets(true), [("/srv/tmp".to_owned(), true), ("/tmp/nats".to_owned(), true)]);
}
