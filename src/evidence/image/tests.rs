use super::*;

/// An image with these folders (path, owner, mode), files (path, mode) and scripts.
fn image(config: &str, folders: &[(&str, u32, u32)], files: &[(&str, u32)], scripts: &[(&str, &str)]) -> Image {
    let config: ImageConfig = serde_json::from_str(config).expect("a configuration");
    let parent = |path: &str| path.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
    let mut observed = Observation { user: Some((0, 0)), ..Observation::default() };
    let root =
        [("/", 0, 0o755), ("/etc", 0, 0o755), ("/run", 0, 0o755), ("/var", 0, 0o755), ("/var/lib", 0, 0o755), ("/var/log", 0, 0o755)];
    for (path, uid, mode) in root.iter().chain(folders) {
        let (has_files, has_program) = (
            files.iter().any(|(file, _)| parent(file) == *path),
            files.iter().any(|(file, mode)| parent(file) == *path && mode & 0o111 != 0),
        );
        let folder = Folder { uid: *uid, gid: *uid, mode: *mode, in_image: true, has_files, has_program };
        observed.folders.insert((*path).to_owned(), folder);
    }
    let text = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
    Image {
        name: "example/app:1".to_owned(),
        config,
        observed,
        files: files.iter().map(|(path, mode)| ((*path).to_owned(), *mode)).collect(),
        links: BTreeMap::from([("/var/run".to_owned(), "/run".to_owned()), ("/loop".to_owned(), "/loop".to_owned())]),
        scripts: scripts.iter().map(text).collect(),
    }
}

fn shown(image: &Image) -> Vec<String> {
    let Candidates { paths, elsewhere, notes } = image.candidates("s", None);
    let path = |p: &WritablePath| {
        let kind = match &p.storage {
            Storage::Scratch(options) => options.at(&p.target).to_string(),
            Storage::State => format!("{} volume", p.target),
        };
        format!("{kind}{} {}: {}", if p.is_declared { " declared" } else { "" }, p.reason.confidence, p.reason.text)
    };
    let elsewhere = elsewhere.iter().map(|(path, why)| format!("! {path}: {}", why.split("; ").next().unwrap_or_default()));
    paths.iter().map(path).chain(elsewhere).chain(notes.into_iter().map(|note| format!("note: {note}"))).collect()
}

const PLAIN: &str = r#"{"Entrypoint": ["/start.sh"], "Cmd": ["app"], "Env": ["PATH=/bin", "DATA_DIR=/var/lib/app", "LANG=C"]}"#;

#[test]
fn a_start_script_says_by_its_lines_where_it_writes() {
    let script = "#!/bin/sh\nmkdir -p /var/run/app\nif [ -n \"$X\" ]; then mkdir /var/log/app; fi\nchown app \"$DATA_DIR\"\n\
                  sed -i s/a/b/ /etc/app.conf\nusermod -u 5 app\napt-get install -y x\nexec \"$@\"\n";
    let image = image(PLAIN, &[("/var/lib/app", 7, 0o750)], &[("/start.sh", 0o755)], &[("/start.sh", script)]);
    assert_eq!(
        shown(&image),
        [
            "/run/app:mode=755 reported: a socket, lock or process number: /start.sh:2: `mkdir -p /var/run/app`",
            "/var/log/app:mode=755 assumed: logs below /var/log: /start.sh:3: `if [ -n \"$X\" ]; then mkdir /var/log/app; fi`; or log to \
             standard output, which the engine collects; then nothing has to be writable",
            "/var/lib/app volume reported: data: /start.sh:4: `chown app \"$DATA_DIR\"`",
            "! /etc/app.conf: /start.sh:5: `sed -i s/a/b/ /etc/app.conf`",
            "! /etc/passwd: /start.sh:6: `usermod -u 5 app`",
            "note: /start.sh:7 installs something as it starts (`apt-get install -y x`), which needs a root that can be written",
        ]
    );
}

#[test]
fn configuration_and_folders_are_candidates() {
    let declared = image(r#"{"Volumes": {"/data": {}}}"#, &[("/data", 999, 0o755), ("/tmp", 0, 0o1777)], &[], &[]);
    assert_eq!(
        shown(&declared),
        [
            "/data volume declared reported: the image declares a volume there",
            "/tmp:mode=1777 assumed: temporary files: anybody may write there"
        ]
    );
    let mut owned =
        image(r#"{"User": "app"}"#, &[("/var/lib/app", 7, 0o750), ("/var/lib/other", 8, 0o755), ("/home/app", 7, 0o755)], &[], &[]);
    owned.observed.user = Some((7, 7));
    assert_eq!(shown(&owned), ["/var/lib/app volume assumed: data: the user that it runs as (7) owns the folder"]);
    let named = image(r#"{"Env": ["PGDATA=/var/lib/db", "APP_CACHE=/var/cache/x", "HOMEPAGE=/x", "PATH=/a:/b"]}"#, &[], &[], &[]);
    assert_eq!(shown(&named).len(), 2, "{:?}", shown(&named));
    // The program's own folder is none, whoever owns it.
    let program = image("{}", &[("/opt/app", 7, 0o755)], &[("/opt/app/server.py", 0o755)], &[]);
    assert_eq!(shown(&program), [""; 0]);
}

#[test]
fn known_bases_are_recognised() {
    let s6 = image(r#"{"Entrypoint": ["/init"]}"#, &[("/etc/s6-overlay", 0, 0o755)], &[], &[]);
    let found = shown(&s6);
    assert!(found[0].starts_with("/run:mode=755,exec reported: services that are run from /run"), "{found:?}");
    assert!(found[1].contains("S6_READ_ONLY_ROOT"), "{found:?}");
    let supervisord = image(r#"{"Cmd": ["/usr/bin/supervisord", "-n"]}"#, &[], &[], &[]);
    assert!(shown(&supervisord).iter().any(|line| line.starts_with("/var/log/supervisor")), "{:?}", shown(&supervisord));
    let tini = image(r#"{"Entrypoint": ["/sbin/tini", "--"]}"#, &[], &[("/etc/cron.d/job", 0o644)], &[]);
    assert_eq!(shown(&tini).len(), 1, "{:?}", shown(&tini));
}

#[test]
fn what_jobs_write_is_assumed_and_told() {
    let files = [("/etc/cron.d/job", 0o644), ("/usr/sbin/cron", 0o755), ("/usr/bin/late", 0o755)];
    let mut cron = image(r#"{"Cmd": ["cron", "-f"]}"#, &[], &files, &[]);
    assert_eq!(cron.wanted(), ["/etc/cron.d/job", "/usr/sbin/cron"]);
    cron.scripts.insert("/usr/sbin/cron".to_owned(), String::new());
    cron.scripts.insert("/etc/cron.d/job".to_owned(), "0 3 * * * root late\n".to_owned());
    assert_eq!(cron.wanted(), ["/usr/bin/late"]);
    cron.scripts.insert("/usr/bin/late".to_owned(), "#!/bin/sh\nmkdir -p /var/spool/late\n".to_owned());
    let found = shown(&cron);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("/var/spool/late") && found[0].contains("assumed: ") && found[0].contains("/etc/cron.d/job:1"), "{found:?}");
    assert_eq!(found[1], "note: not seen: /etc/cron.d/job:1 writes /var/spool/late, when its time comes (`mkdir -p /var/spool/late`)");
}

#[test]
fn the_scripts_that_count_are_asked_for_once() {
    let config = r#"{"Entrypoint": ["start"], "Cmd": ["/app/run", "--port", "80"], "Env": ["PATH=/usr/bin:/opt/bin"]}"#;
    let files = [("/opt/bin/start", 0o755), ("/app/run", 0o755), ("/etc/cont-init.d/10-x", 0o755), ("/opt/lib.sh", 0o644)];
    let mut image = image(config, &[], &files, &[]);
    image.links.insert("/usr/bin/start".to_owned(), "../../opt/bin/start".to_owned());
    assert_eq!(image.wanted(), ["/app/run", "/etc/cont-init.d/10-x", "/opt/bin/start"]);
    for path in image.wanted() {
        image.scripts.insert(path, "#!/bin/sh\n. /opt/lib.sh\n/loop/x\n".to_owned());
    }
    assert_eq!(image.wanted(), ["/opt/lib.sh"]);
    image.scripts.insert("/opt/lib.sh".to_owned(), String::new());
    assert_eq!(image.wanted(), [""; 0]);
}

#[test]
fn hostile_images_say_little_and_soon() {
    let folders: Vec<(String, u32, u32)> = (0..20_000).map(|i| (format!("/f{i}"), 7, 0o755)).collect();
    let folders: Vec<(&str, u32, u32)> = folders.iter().map(|(path, uid, mode)| (path.as_str(), *uid, *mode)).collect();
    let script = format!("#!/bin/sh\n{}", (0..4000).map(|i| format!("mkdir /m{i}\n")).collect::<String>());
    let image = image(PLAIN, &folders, &[("/start.sh", 0o755)], &[("/start.sh", &script)]);
    let found = image.candidates("s", None);
    assert!(found.paths.len() <= MAX_CANDIDATES && found.elsewhere.len() <= MAX_CANDIDATES);
    assert_eq!(image.resolved("/loop/x"), "/loop/x");
}
