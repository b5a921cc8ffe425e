//! What is planned for plain services of known images, without consent and without a question, and what a reading of their sources
//! found. A service here has an image and nothing else, so the plan is what the presets say of the image as it is.

use crate::support::{Folder, golden};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const IMAGES: &str = include_str!("data/plain-images.txt");

/// The plan of each image in its own words, in the order of the list: what becomes of it and its mounts.
fn plans(images: &[&str]) -> Vec<(String, Vec<String>)> {
    let services: String = images.iter().enumerate().map(|(n, image)| format!("  s{n}:\n    image: {image}\n")).collect();
    let run = Folder::compose(&format!("services:\n{services}")).run(&["--format", "json"]).exits(0);
    let answer: Value = serde_json::from_str(&run.out).unwrap();
    let project = &answer["projects"][0];
    let list = |key: &str| project[key].as_array().unwrap().iter().collect::<Vec<&Value>>();
    let held: BTreeMap<&str, &str> =
        list("held_back").iter().map(|h| (h["service"].as_str().unwrap(), h["why"].as_str().unwrap())).collect();
    let changed: BTreeSet<&str> = list("changed").iter().map(|name| name.as_str().unwrap()).collect();
    let plan = |n: usize, image: &str| {
        let name = format!("s{n}");
        let findings: Vec<&Value> = list("findings").into_iter().filter(|f| f["service"] == name.as_str()).collect();
        let fix = findings.iter().find_map(|f| f["fix"]["changes"].as_array());
        let changes = fix.into_iter().flatten().map(|change| change["what"].as_str().unwrap());
        let mounts = changes.filter(|what| (what.starts_with("tmpfs ") || what.starts_with("volume ")) && !what.ends_with(" declared"));
        let state = if changed.contains(name.as_str()) {
            "read-only".to_owned()
        } else if let Some(why) = held.get(name.as_str()) {
            // What is said before it is the image, or that it would run.
            format!("held back: {}", why.trim_start_matches("image ").trim_start_matches(image).trim_start_matches(": "))
        } else {
            let refused = findings.iter().find(|f| f["rule"] == "needs-writable-root");
            format!("refused: {}", refused.unwrap_or_else(|| panic!("{image}: nothing is said of it"))["message"].as_str().unwrap())
        };
        (state, mounts.map(|mount| mount.replace(&format!("volume {name}-"), "volume ")).collect())
    };
    images.iter().enumerate().map(|(n, image)| plan(n, image)).collect()
}

#[test]
fn what_is_planned_for_plain_services_is_as_reviewed() {
    let images: Vec<&str> = IMAGES.lines().collect();
    assert!(images.len() >= 300 && images.iter().collect::<BTreeSet<_>>().len() == images.len(), "{}", images.len());
    let plans = plans(&images);
    let of = |start: &str| plans.iter().filter(|(state, _)| state.starts_with(start)).count();
    let mut text = format!(
        "{} plain services: {} read-only, {} held back, {} refused\n",
        images.len(),
        of("read-only"),
        of("held back"),
        of("refused")
    );
    for (image, (state, mounts)) in images.iter().zip(&plans) {
        text += &format!("\n{image}: {state}\n");
        mounts.iter().for_each(|mount| text += &format!("  {mount}\n"));
    }
    golden("plans/plain.txt", &text);
}

/// The table of the review is complete, its sums are right, what it says is planned is planned, and nothing that was lacking is open.
#[test]
fn the_review_of_plain_services_is_of_these_plans() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/plans/review.md")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches(['|', ' ']).split(" | ").map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 60, "{}", rows.len());
    let images: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(images.iter().collect::<BTreeSet<_>>().len(), images.len(), "one row for each image");
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    for ((row, image), (state, _)) in rows.iter().zip(&images).zip(plans(&images)) {
        let [_, read, source, verdict, why] = row[..] else { panic!("{row:?}") };
        assert!(IMAGES.lines().any(|line| line == *image), "{image} is not among the plain services");
        assert!(!read.is_empty() && source.contains('/') && why.ends_with('.'), "{row:?}");
        assert!(["right", "one too many, kept", "one too many, mended", "lacked, mended"].contains(&verdict), "{verdict}");
        assert_eq!(state, "read-only", "{image}");
        *verdicts.entry(verdict).or_default() += 1;
    }
    let sums: Vec<String> = verdicts.iter().map(|(verdict, count)| format!("{verdict}: {count}")).collect();
    assert!(text.contains(&format!("{} read; {}.", rows.len(), sums.join("; "))), "{}", sums.join("; "));
}

/// What the review mended, each beside its neighbour of another version.
#[test]
fn a_mount_follows_what_the_version_of_an_image_declares() {
    for (image, expected) in [
        ("prom/prometheus:v3.5.0", &[][..]),
        ("prom/prometheus:v3.9.0-distroless", &["volume prometheus:/prometheus"]),
        ("minio/minio:RELEASE.2025-04-22T22-12-26Z", &["tmpfs /tmp:mode=1777"]),
        ("minio/minio", &["tmpfs /tmp:mode=1777"]),
        ("louislam/uptime-kuma:1.23.16", &["tmpfs /tmp:mode=1777", "tmpfs /run:mode=755"]),
        ("louislam/uptime-kuma:2", &["tmpfs /tmp:mode=1777", "tmpfs /run:mode=755", "volume data:/app/data"]),
        ("nodered/node-red:1.1.3", &["tmpfs /tmp:mode=1777"]),
        ("nodered/node-red:4.0.9", &["tmpfs /tmp:mode=1777", "volume data:/data"]),
        ("caddy:2.4", &["tmpfs /config:mode=755"]),
        ("caddy:2.10", &["tmpfs /config:mode=755", "volume data:/data"]),
        ("ghcr.io/immich-app/immich-server:v1.135.3", &["tmpfs /tmp:mode=1777"]),
        ("ghcr.io/immich-app/immich-server:v1.137.3", &["tmpfs /tmp:mode=1777", "volume data:/data"]),
    ] {
        assert_eq!(plans(&[image]), [("read-only".to_owned(), expected.iter().map(ToString::to_string).collect())], "{image}");
    }
    // A tmpfs would hide the file that every start copies.
    let (_, mounts) = plans(&["bitnamilegacy/kafka:4.0.0"]).remove(0);
    assert!(mounts.contains(&"volume config:/opt/bitnami/kafka/config".to_owned()), "{mounts:?}");
}
