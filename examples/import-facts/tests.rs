//! The rules by which facts become evidence: each trap that the facts have is a test.

use super::*;
use crate::facts::is_source;
use crate::rule::{Entry, Grade, Place, entries};

const CHART: &str = "A: vendor chart, read-only in the manifest rendered with default values";
const PERSON: &str = "B: one person runs it so, read-only set by hand";
const PATH: &str = "C: app store mounts state here; root is writable";
const TRUECHARTS: &str = "stavros-k/truecharts-apps@0f40aaae19:charts/stable/app";

/// The entry of `image` that follows from rows of path, kind, user, source and proof, and from catalogues that switched it off.
fn entry_of(image: &str, rows: &[[&str; 5]], negatives: &str) -> Entry {
    let facts: String = rows.iter().map(|row| format!("{image}\t{}\n", row.join("\t"))).collect();
    let negatives = if negatives.is_empty() { String::new() } else { format!("{image}\t{negatives}\n") };
    let facts = Facts::read(&facts, "", &negatives).unwrap_or_else(|e| panic!("{e}"));
    entries(&facts).pop().expect("an entry")
}

/// Its needs as `kind path sureness`.
fn needs(entry: &Entry) -> Vec<String> {
    let sure = |p: &Place| if p.is_reported { "reported" } else { "assumed" };
    entry.needs.iter().map(|p| format!("{} {} {}", p.kind, p.path, sure(p))).collect()
}

fn needs_of(rows: &[[&str; 5]]) -> Vec<String> {
    needs(&entry_of("owner/app", rows, ""))
}

#[test]
fn what_is_made_is_what_the_facts_give() {
    let facts = read(&folder("presets/catalogue")).unwrap_or_else(|e| panic!("{e}"));
    for (path, text) in made(&facts).unwrap_or_else(|e| panic!("{e}")) {
        let is = fs::read_to_string(&path).unwrap_or_default();
        assert!(is == text, "{} is not what the facts give: cargo run --example import-facts", path.display());
    }
}

#[test]
fn facts_that_were_taken_over_stay_the_same_when_they_are_read_again() {
    let raw = ["/tmp\temptyDir(seeded by init a)\t1:1\tb/c@1234567:a + b\tA: vendor parameter: Words of theirs."; 2].join("\nowner/app\t");
    let facts = Facts::read(&format!("owner/app\t{raw}\n"), "", "").unwrap_or_else(|e| panic!("{e}"));
    let text = facts.facts_text();
    assert!(!text.contains("Words of theirs") && text.lines().count() == 2, "{text}");
    assert_eq!(Facts::read(&text, "", "").map(|f| f.facts_text()).as_ref(), Ok(&text));
}

#[test]
fn a_row_that_is_wrong_is_named() {
    for (row, message) in [
        ("a\t/x\tpvc\t\tb/c@1234567", "facts.tsv:1: six columns"),
        ("a\t/x\tpvc\t\tnowhere\tC: x", "`nowhere` is not owner/repository@commit:file"),
        ("a\t/x\tpvc\t\tb/c@1234567\tperhaps", "`perhaps` is no grade"),
        ("${X}\t/x\tpvc\t\tb/c@1234567\tC: x", "is no image"),
    ] {
        let error = Facts::read(row, "", "").err().unwrap_or_default();
        assert!(error.contains(message), "{row}: {error}");
    }
}

#[test]
fn every_source_has_repository_and_commit() {
    let facts = read(&folder("presets/catalogue")).unwrap_or_else(|e| panic!("{e}"));
    assert!(facts.mounts.len() > 4000);
    assert!(facts.mounts.iter().all(|f| is_source(&f.source)) && facts.capabilities.iter().all(|c| is_source(&c.source)));
    for (text, is) in [("a/b@1234567:c", true), ("a/b@1234567", true), ("a@1234567:c", false), ("a/b@main:c", false), ("a/b:c", false)] {
        assert_eq!(is_source(text), is, "{text}");
    }
}

#[test]
fn a_vendor_or_two_people_are_enough_and_one_person_is_not() {
    let b = |owner| ["/data", "pvc", "", owner, PERSON];
    let (one, two, same) = ("p/home-ops@1234567:a", "q/home-ops@1234567:a", "p/other@1234567:a");
    for (rows, grade, is_reported) in [
        (vec![["/data", "pvc", "", "v/charts@1234567:a", CHART]], Grade::A, true),
        (vec![b(one), b(two)], Grade::B2, true),
        (vec![b(one), b(same)], Grade::B, false),
        (vec![b(one)], Grade::B, false),
        (vec![["/data", "bind(state)", "", "s/store@1234567", PATH]], Grade::C, false),
    ] {
        let entry = entry_of("owner/app", &rows, "");
        assert_eq!((entry.grade, entry.is_reported()), (grade, is_reported), "{rows:?}");
        assert_eq!(entry.needs.len(), 1, "the path itself is known: {rows:?}");
    }
}

#[test]
fn what_is_filled_first_is_a_volume_and_never_memory() {
    let seeded = |path| [path, "emptyDir(seeded by init prepare)", "", "v/charts@1234567:a", CHART];
    assert_eq!(
        needs_of(&[seeded("/opt/app/lib"), seeded("/opt/app/logs")]),
        ["seeded /opt/app/lib assumed", "seeded /opt/app/logs reported"]
    );
    let also_plain = ["/opt/app/logs", "emptyDir", "", "w/charts@1234567:a", CHART];
    assert_eq!(needs_of(&[seeded("/opt/app/logs"), also_plain]), ["seeded /opt/app/logs reported"]);
}

#[test]
fn the_operators_data_is_no_need() {
    for (path, kind) in [
        ("/var/run/docker.sock", "bind(state)"),
        ("/run/app.sock", "pvc"),
        ("/media", "pvc"),
        ("/downloads/complete", "bind(state)"),
        ("/data/nas-media/Library", "pvc"),
        ("/movies", "pvc"),
        ("/anything", "nfs"),
        ("/host/proc", "hostPath"),
        ("/certs", "bind(state)"),
        ("/app/certs", "pvc"),
        ("/etc/ssl/certs", "emptyDir(seeded by init certificate-volume)"),
        ("/app/config.yaml", "bind(state)"),
        ("/entrypoint.sh", "bind(state)"),
        ("/data1", "pvc"),
        ("/scratchpad", "volume"),
        ("/${DIR}", "bind(state)"),
        ("/dev/snd", "bind(state)"),
        ("/", "pvc"),
    ] {
        assert_eq!(needs_of(&[[path, kind, "", "v/charts@1234567:a", CHART]]), [""; 0], "{path} {kind}");
    }
    for path in ["/usr/src/paperless/media", "/etc/dnsmasq.d", "/data", "/root/.n8n", "/var/lib/app", "/config"] {
        assert_eq!(needs_of(&[[path, "pvc", "", "v/charts@1234567:a", CHART]]), [format!("volume {path} reported")]);
    }
}

#[test]
fn what_a_catalogue_mounts_everywhere_shows_no_need() {
    let habits = ["/tmp", "/var/run", "/var/logs", "/shared", "/dev/shm"].map(|path| [path, "emptyDir:mem", "568:568", TRUECHARTS, CHART]);
    let person = ["/config", "pvc", "", "p/home-ops@1234567:a", PERSON];
    let with_another: Vec<_> = habits.into_iter().chain([person]).collect();
    assert_eq!(needs_of(&with_another), ["volume /config assumed"], "a run without them shows that they are not needed");
    // Alone it is proof of a run with them, so the plan has what a program may look for; the words say so.
    let alone = entry_of("owner/app", &habits, "");
    assert_eq!(needs(&alone), ["tmpfs /run reported", "tmpfs /tmp reported"]);
    assert!(alone.needs.iter().all(|p| p.why == "habit"));
    // It is no second voice for what somebody else mounts.
    let by = |person: &'static str| [["/tmp", "emptyDir", "", person, PERSON], ["/config", "pvc", "", person, PERSON]];
    let rows: Vec<_> = [habits[0]].into_iter().chain(by("p/home-ops@1234567:a")).collect();
    assert_eq!(
        entry_of("owner/app", &rows, "").needs.iter().map(|p| (&*p.path, p.why)).collect::<Vec<_>>(),
        [("/config", "kept"), ("/tmp", "habit")]
    );
}

#[test]
fn a_path_that_one_chart_alone_has_may_be_moved_there() {
    let kept = |path, source, proof| [path, "pvc", "", source, proof];
    let rows = [
        kept("/root/.app", "s/store@1234567", PATH),
        kept("/root/.app", "t/store@1234567", PATH),
        kept("/models", "v/charts@1234567:a", CHART),
    ];
    assert_eq!(needs_of(&rows), ["volume /models assumed", "volume /root/.app assumed"]);
}

#[test]
fn what_ran_without_a_path_needs_none() {
    let memory = |path, source, proof| [path, "emptyDir", "", source, proof];
    let rows = [
        memory("/cache-a", "p/home-ops@1234567:a", PERSON),
        memory("/tmp", "p/home-ops@1234567:a", PERSON),
        memory("/tmp", "q/home-ops@1234567:a", PERSON),
        memory("/cache-c", "t/apps@1234567:a", PATH),
    ];
    assert_eq!(needs_of(&rows), ["tmpfs /tmp reported"]);
}

#[test]
fn data_is_never_put_into_memory_on_the_word_of_a_chart() {
    for path in ["/data", "/var/lib/mysql", "/app/config"] {
        assert_eq!(needs_of(&[[path, "emptyDir", "", "v/charts@1234567:a", CHART]]), [format!("volume {path} reported")]);
    }
    assert_eq!(
        needs_of(&[["/opt/bitnami/redis/config", "emptyDir", "", "bitnami/charts@1234567:a", CHART]]),
        ["tmpfs /opt/bitnami/redis/config reported"]
    );
}

#[test]
fn contradictions_are_kept_and_make_the_plan_a_guess() {
    let rows = [["/cache", "pvc", "", "v/charts@1234567:a", CHART], ["/cache", "emptyDir", "", "p/home-ops@1234567:a", PERSON]];
    let entry = entry_of("owner/app", &rows, "");
    assert_eq!((entry.is_reported(), &*entry.doubts), (false, &["v keeps /cache, and p has it in memory".to_owned()][..]));
    assert_eq!(needs(&entry), ["volume /cache reported"], "data is kept");
    let entry = entry_of("owner/app", &rows[..1], "truecharts,truenas-charts");
    assert!(!entry.is_reported());
    assert_eq!(
        entry.doubts,
        [
            "TrueCharts, which runs its apps read-only, switched that off for this one",
            "TrueNAS, which runs its apps read-only, switched that off for this one"
        ]
    );
    let page = pages::conflicts(&[entry]);
    assert!(page.contains("| `owner/app` | A | TrueCharts, which"), "{page}");
    let limits = "A: vendor says it runs read-only; caveat: Not supported in client mode.";
    let entry = entry_of("owner/app", &[["/run", "tmpfs exec", "911:911", "v/docs@1234567:a", limits]], "");
    assert_eq!((entry.is_reported(), needs(&entry)), (false, vec!["exec /run reported".to_owned()]));
}

#[test]
fn numbers_of_users_are_the_images_own_or_nobodys() {
    let row = |user, source| [["/data", "pvc", user, source, CHART]];
    let owned = |user| [["/data", "owned dir 0755", user, "docker-hardened-images/catalog@1234567:a", "C: image definition gives it"]];
    for (image, rows, user) in [
        ("owner/app", row("568:568", "truenas/charts@1234567:a"), None),
        ("owner/app", row("1001:1001", "v/charts@1234567:a"), None),
        ("owner/app", row("65532:65532", "v/charts@1234567:a"), None),
        ("bitnami/app", row("1001:1001", "bitnami/charts@1234567:a"), Some(1001)),
        ("bitnami/app", row("1001:1001", "truenas/charts@1234567:a"), None),
        ("bitnamilegacy/app", row("1001:1001", "bitnami/charts@1234567:a"), Some(1001)),
        ("bitnami/app", row("0:0", "bitnami/charts@1234567:a"), None),
        ("dhi.io/app", owned("65532:65532"), Some(65532)),
        ("owner/app", owned("65532:65532"), None),
    ] {
        assert_eq!(entry_of(image, &rows, "").user, user, "{image} {rows:?}");
    }
}

#[test]
fn what_lies_below_a_mount_needs_none_of_its_own() {
    let row = |path, kind| [path, kind, "", "v/charts@1234567:a", CHART];
    assert_eq!(needs_of(&[row("/config", "pvc"), row("/config/cache", "emptyDir"), row("/config/db", "pvc")]), ["volume /config reported"]);
    assert_eq!(needs_of(&[row("/app/x", "emptyDir"), row("/app/x/kept", "pvc")]), ["tmpfs /app/x reported", "volume /app/x/kept reported"]);
}
