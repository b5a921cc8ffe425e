//! What a container that runs has written. Nothing may be stopped or made for it, so there is no listing of its image: the engine's own
//! list says what was added, changed and deleted, and the heads of a few archives say what those things are.

use super::changes::{ENGINE, parent};
use super::{Container, Entry, Listing, Scan};
use crate::compose::is_at;
use crate::evidence::engine::Observation;
use std::collections::{BTreeMap, BTreeSet};

/// Folders that are too large to be looked through, and of which nothing depends on it: names decide there.
const LARGE: [&str; 12] =
    ["/", "/bin", "/etc", "/lib", "/lib64", "/sbin", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/sbin", "/var"];
/// Folders that many programs share: one is looked through only where a file lies right in it.
const SHARED: [&str; 13] = [
    "/home",
    "/media",
    "/mnt",
    "/opt",
    "/run",
    "/srv",
    "/tmp",
    "/usr/share",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/spool",
    "/var/tmp",
];
/// Folders in which files come and go; the engine's list has none of it, but their time tells.
const BUSY: [&str; 4] = ["/run", "/run/lock", "/tmp", "/var/tmp"];
/// Most paths that are asked for one by one, most of them in one folder, and most folders that are looked through.
const MAX_HEADS: usize = 300;
const MAX_IN_ONE: usize = 20;
const MAX_WALKS: usize = 60;

/// A line of the engine's list: `A`, `C` or `D`, and the path.
type Change = (char, String);

/// What is asked of the engine about a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// Paths of which only owner, mode and kind count.
    pub heads: Vec<String>,
    /// Folders of which all that is in them counts, as far as it is not too much.
    pub walks: Vec<String>,
}

/// Which paths are the engine's own or hidden by mounts.
struct Noise(Vec<String>);

impl Noise {
    fn of(container: &Container) -> Self {
        Self(container.mounted().map(|path| path.trim_end_matches('/').to_owned()).collect())
    }

    fn has(&self, path: &str) -> bool {
        ENGINE.iter().any(|top| is_at(path, top)) || self.0.iter().any(|top| is_at(path, top)) || path.contains(char::is_control)
    }
}

impl Looks {
    /// What must be known for what the engine lists.
    pub fn of(diff: &[Change], container: &Container) -> Self {
        let noise = Noise::of(container);
        let has_more = folders_of(diff);
        let mut heads: BTreeSet<String> = BTreeSet::new();
        let mut walks: BTreeSet<String> = BTreeSet::new();
        let mut in_one: BTreeMap<&str, usize> = BTreeMap::new();
        let busy = BUSY.iter().filter(|path| !noise.has(path)).map(|path| (*path).to_owned());
        heads.extend(busy);
        for (_, path) in diff.iter().filter(|(kind, path)| !(noise.has(path) || *kind == 'C' && has_more.contains(path.as_str()))) {
            let chain: Vec<&str> = chain(path);
            heads.extend(chain.iter().filter(|p| is_common(p)).map(|p| (*p).to_owned()));
            let is_file = !has_more.contains(path.as_str());
            let is_right_in =
                |p: &&&str| is_file && SHARED.contains(*p) && parent(path) == **p && !["/run", "/tmp", "/var/tmp"].contains(*p);
            walks.extend(chain.iter().filter(is_right_in).map(|p| (*p).to_owned()));
            let root = chain.iter().find(|p| !is_common(p)).copied().unwrap_or(path);
            let in_one = in_one.entry(parent(path)).or_default();
            *in_one += 1;
            if root != path || has_more.contains(root) {
                walks.insert(root.to_owned());
            } else if *in_one <= MAX_IN_ONE {
                heads.insert(root.to_owned());
            }
        }
        let outer = walks.clone();
        walks.retain(|path| !outer.iter().any(|o| o != path && is_at(path, o)));
        heads.retain(|path| !walks.iter().any(|o| is_at(path, o)));
        Self { heads: heads.into_iter().take(MAX_HEADS).collect(), walks: walks.into_iter().take(MAX_WALKS).collect() }
    }
}

fn is_common(path: &str) -> bool {
    LARGE.contains(&path) || SHARED.contains(&path)
}

/// A path with all folders above it but the root, outermost first.
fn chain(path: &str) -> Vec<&str> {
    let ends = path.char_indices().skip(1).filter(|(_, c)| *c == '/').map(|(at, _)| at);
    ends.chain([path.len()]).map(|end| &path[..end]).collect()
}

/// Folders of which the list names something inside.
fn folders_of(diff: &[Change]) -> BTreeSet<&str> {
    diff.iter().map(|(_, path)| parent(path)).collect()
}

/// The listings of a container and of its image as far as they matter, from the engine's list and from what was `found` of [`Looks`].
pub fn running_scan(diff: Vec<Change>, found: Listing, container: &Container) -> Scan {
    let noise = Noise::of(container);
    let has_more = folders_of(&diff);
    let created = container.created_at().unwrap_or(0);
    let mut now: Listing = found.into_iter().filter(|(path, _)| !noise.has(path)).collect();
    let assumed = |now: &Listing, path: &str, is_folder: bool| {
        let owner = chain(path).into_iter().rev().find_map(|above| now.get(above));
        let (uid, gid) = owner.map_or((0, 0), |e| (e.uid, e.gid));
        Entry { is_folder, uid, gid, mode: if is_folder { 0o755 } else { 0o644 }, changed: created, size: 0 }
    };
    // What was too much to be asked for.
    for (kind, path) in diff.iter().filter(|(_, path)| !noise.has(path)) {
        let above = chain(path);
        for folder in &above[..above.len() - 1] {
            if !now.contains_key(*folder) {
                let entry = assumed(&now, folder, true);
                now.insert((*folder).to_owned(), entry);
            }
        }
        if *kind != 'D' && !now.contains_key(path) {
            let entry = assumed(&now, path, has_more.contains(path.as_str()));
            now.insert(path.clone(), entry);
        }
    }
    let added: BTreeSet<&str> = diff.iter().filter(|(kind, _)| *kind == 'A').map(|(_, path)| path.as_str()).collect();
    let is_added = |path: &str| chain(path).into_iter().any(|above| added.contains(above));
    let mut image: Listing = now.iter().filter(|(path, _)| !is_added(path)).map(|(path, e)| (path.clone(), *e)).collect();
    // The engine does not list what came and went in a folder, but the folder's time moved then.
    image.values_mut().filter(|e| e.is_folder && e.changed > created).for_each(|e| e.changed = 0);
    for (kind, path) in diff.iter().filter(|(_, path)| !noise.has(path)) {
        match (kind, image.get_mut(path)) {
            // A folder of which nothing inside is listed: its owner or its mode is another one.
            ('C', Some(entry)) if entry.is_folder && !has_more.contains(path.as_str()) => entry.mode ^= 0o7777,
            ('C', Some(entry)) if !entry.is_folder => entry.size = u64::MAX,
            ('D', None) => {
                let entry = Entry { size: 0, ..assumed(&now, path, false) };
                image.insert(path.clone(), entry);
            }
            _ => {}
        }
    }
    Scan { image, now, diff }
}

/// What two containers of one service have written.
#[must_use]
pub fn merge(mut one: Observation, other: Observation) -> Observation {
    one.written.extend(other.written);
    one.written.sort_by(|a, b| (&a.path, a.is_inside).cmp(&(&b.path, b.is_inside)));
    one.written.dedup();
    for (path, folder) in other.folders {
        one.folders.entry(path).or_insert(folder);
    }
    one.nameless.extend(other.nameless);
    one.nameless.sort();
    one.nameless.dedup();
    Observation { user: one.user.or(other.user), ..one }
}

/// How long something is, for people.
pub fn age(seconds: u64) -> String {
    let units = [("days", 86_400), ("hours", 3600), ("minutes", 60)];
    let unit = units.into_iter().find(|(_, length)| seconds >= 2 * length);
    unit.map_or_else(|| format!("{seconds} s"), |(name, length)| format!("{} {name}", seconds / length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::engine::writable_paths;
    use crate::report::advice::mount;
    use crate::trial::observation;

    /// 2026-11-24T21:48:21Z.
    const START: u64 = 1_795_556_901;

    fn container(mounts: &[&str]) -> Container {
        let mounts: Vec<_> = mounts.iter().map(|path| serde_json::json!({ "Type": "volume", "Destination": path, "Name": "n" })).collect();
        let state = serde_json::json!({
            "Id": "c", "Image": "i", "Name": "/shop-db-1", "Created": "2026-11-24T21:48:20Z",
            "State": { "Status": "running", "StartedAt": "2026-11-24T21:48:21Z" },
            "Config": { "WorkingDir": "/" }, "Mounts": mounts,
        });
        serde_json::from_value(state).expect("a state")
    }

    fn diff(text: &str) -> Vec<Change> {
        text.lines().map(str::trim).filter(|l| !l.is_empty()).map(|l| (l.chars().next().expect("a kind"), l[2..].to_owned())).collect()
    }

    fn folder(uid: u32, mode: u32, changed: u64) -> Entry {
        Entry { is_folder: true, uid, gid: uid, mode, changed, size: 0 }
    }

    fn file(mode: u32) -> Entry {
        Entry { is_folder: false, uid: 0, gid: 0, mode, changed: 1, size: 5 }
    }

    /// As `docker diff` had it of a container with a volume at /data and a tmpfs at /scratch.
    const RECORDED: &str = "
        C /run
        A /run/p
        A /scratch
        C /var
        C /var/lib
        A /var/lib/app
        A /var/lib/app/cache
        A /var/lib/app/cache/x
        A /var/lib/app/app.db
        A /data
        C /etc
        C /etc/hosts
        C /srv
        C /srv/site
        A /srv/site/data.db";

    #[test]
    fn few_things_are_asked_of_the_engine() {
        let looks = Looks::of(&diff(RECORDED), &container(&["/data", "/scratch"]));
        assert_eq!(looks.walks, ["/srv/site", "/var/lib/app"]);
        assert_eq!(looks.heads, ["/run", "/run/lock", "/run/p", "/srv", "/tmp", "/var", "/var/lib", "/var/tmp"]);
        // However much was written.
        let many: Vec<Change> = (0..10_000).map(|i| ('A', format!("/tmp/{i}"))).collect();
        let looks = Looks::of(&many, &container(&[]));
        assert!(looks.heads.len() < MAX_IN_ONE + 10 && looks.walks.is_empty(), "{looks:?}");
        let many: Vec<Change> = (0..10_000).flat_map(|i| [('A', format!("/tmp/{i}")), ('A', format!("/tmp/{i}/x"))]).collect();
        assert_eq!(Looks::of(&many, &container(&[])).walks.len(), MAX_WALKS);
    }

    fn mounts(text: &str, found: &[(&str, Entry)], on: &[&str]) -> Vec<String> {
        let container = container(on);
        let found = found.iter().map(|(path, entry)| ((*path).to_owned(), *entry)).collect();
        let observed = observation(&running_scan(diff(text), found, &container), &container);
        let (paths, elsewhere) = writable_paths("s", &observed, None);
        paths.iter().map(mount).chain(elsewhere.into_iter().map(|(path, _)| format!("! {path}"))).collect()
    }

    #[test]
    fn what_runs_shows_where_it_must_write() {
        let found = [
            ("/run", folder(0, 0o755, START + 2)),
            ("/tmp", folder(0, 0o1777, START + 9)),
            ("/var/lib/app", folder(7, 0o750, START + 9)),
            ("/var/lib/app/cache", folder(7, 0o755, START + 9)),
            ("/var/lib/app/cache/x", file(0o644)),
            ("/var/lib/app/app.db", file(0o644)),
            ("/srv/site", folder(0, 0o755, START + 9)),
            ("/srv/site/manage.py", file(0o644)),
            ("/srv/site/data.db", file(0o644)),
        ];
        // Files came and went in /tmp, which only its time tells; a volume over the program is none.
        let expected = [
            "tmpfs /run:mode=755",
            "tmpfs /tmp:mode=1777",
            "volume at /var/lib/app",
            "tmpfs /var/lib/app/cache:mode=755,uid=7,gid=7",
            "! /srv/site/data.db",
        ];
        assert_eq!(mounts(RECORDED, &found, &["/data", "/scratch"]), expected);
        // Nothing was written.
        assert_eq!(mounts("", &[("/tmp", folder(0, 0o1777, 5)), ("/run", folder(0, 0o755, 5))], &[]), [""; 0]);
        // Where too much was written to be asked for, the names decide.
        assert_eq!(mounts("A /opt/thing\nA /opt/thing/data\nA /opt/thing/data/x", &[], &[]), ["volume at /opt/thing"]);
        // A file of the image that is gone, one that is changed, and a folder with another owner.
        assert_eq!(mounts("C /etc\nD /etc/group", &[], &[]), ["! /etc/group"]);
        assert_eq!(mounts("C /etc\nC /etc/passwd", &[("/etc/passwd", file(0o644))], &[]), ["! /etc/passwd"]);
        let found = [("/var/lib/x", folder(7, 0o700, 5))];
        assert_eq!(mounts("C /var\nC /var/lib\nC /var/lib/x", &found, &[]), ["volume at /var/lib/x"]);
    }

    #[test]
    fn names_that_drive_a_terminal_are_nowhere() {
        let looks = Looks::of(&[('A', "/var/lib/\u{1b}[2J".to_owned())], &container(&[]));
        assert!(looks.walks.is_empty() && looks.heads.iter().all(|p| !p.contains('\u{1b}')), "{looks:?}");
    }

    #[test]
    fn replicas_are_one_service() {
        let one = |path: &str| {
            let container = container(&[]);
            observation(&running_scan(vec![('A', path.to_owned())], Listing::new(), &container), &container)
        };
        let both = merge(one("/a"), merge(one("/b"), one("/a")));
        assert_eq!(both.written.iter().map(|w| w.path.as_str()).collect::<Vec<_>>(), ["/a", "/b"]);
    }

    #[test]
    fn ages_are_short() {
        for (seconds, expected) in [(5, "5 s"), (130, "2 minutes"), (7300, "2 hours"), (40 * 86_400 + 5, "40 days")] {
            assert_eq!(age(seconds), expected);
        }
    }
}
