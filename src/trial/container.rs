//! What the engine says of a container and its files: plain data that `edge` fills in.

use serde::Deserialize;
use std::collections::BTreeMap;

/// A file of an image or container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Permission bits.
    pub mode: u32,
    /// When it changed last, in seconds since 1970.
    pub changed: u64,
    /// Bytes.
    pub size: u64,
}

/// Files by their absolute path.
pub type Listing = BTreeMap<String, Entry>;

/// What became of an image's files in a container.
#[derive(Debug)]
pub struct Scan {
    /// The image's files.
    pub image: Listing,
    /// The container's.
    pub now: Listing,
    /// What the engine itself lists: `A`, `C` or `D` and the path.
    pub diff: Vec<(char, String)>,
}

/// A container as `docker inspect` has it, as far as it matters.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Container {
    /// Its number.
    pub id: String,
    /// Name of its image: the content's digest.
    pub image: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    created: String,
    #[serde(rename = "State")]
    run: Run,
    #[serde(default)]
    config: Config,
    #[serde(default)]
    mounts: Vec<Mount>,
    #[serde(default)]
    network_settings: NetworkSettings,
    #[serde(default)]
    host_config: HostConfig,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Run {
    status: String,
    #[serde(default)]
    exit_code: i64,
    #[serde(default)]
    error: String,
    #[serde(default, rename = "OOMKilled")]
    is_out_of_memory: bool,
    #[serde(default)]
    started_at: String,
    #[serde(default)]
    pid: u64,
    health: Option<Health>,
}

/// What a health check says.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Health {
    /// `starting`, `healthy` or `unhealthy`.
    pub status: String,
    #[serde(default)]
    log: Option<Vec<Check>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Check {
    #[serde(default)]
    output: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    labels: Option<std::collections::HashMap<String, String>>,
    working_dir: String,
    user: String,
    volumes: Option<BTreeMap<String, serde_json::Value>>,
    stop_timeout: Option<u32>,
    stop_signal: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mount {
    #[serde(rename = "Type")]
    kind: String,
    destination: String,
    #[serde(default)]
    name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NetworkSettings {
    networks: Option<BTreeMap<String, Network>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Network {
    #[serde(rename = "IPAddress")]
    address: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HostConfig {
    tmpfs: Option<BTreeMap<String, String>>,
}

impl Container {
    /// The service that it is a container of.
    pub fn service(&self) -> &str {
        self.label("com.docker.compose.service")
    }

    fn label(&self, name: &str) -> &str {
        self.config.labels.as_ref().and_then(|all| all.get(name)).map_or("", String::as_str)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.name.trim_start_matches('/')
    }

    /// The Compose project that it is part of.
    pub fn project(&self) -> &str {
        self.label("com.docker.compose.project")
    }

    /// The Compose files that it was started from, as Compose wrote them down.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.label("com.docker.compose.project.config_files").split(',').filter(|file| !file.is_empty())
    }

    /// Whether it is one of `docker compose run`, beside those of the service.
    pub fn is_one_off(&self) -> bool {
        self.label("com.docker.compose.oneoff").eq_ignore_ascii_case("true")
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.run.status == "running"
    }

    /// Its exit status, if it has ended.
    pub fn ended(&self) -> Option<i64> {
        ["exited", "dead"].contains(&self.run.status.as_str()).then_some(self.run.exit_code)
    }

    /// Why it could not be started, in the engine's words.
    pub fn refusal(&self) -> Option<&str> {
        Some(self.run.error.as_str()).filter(|text| !text.is_empty())
    }

    /// Whether the kernel ended it because it had used up its memory.
    pub fn is_out_of_memory(&self) -> bool {
        self.run.is_out_of_memory
    }

    /// What its health check says, if it has one.
    pub fn health(&self) -> Option<&Health> {
        self.run.health.as_ref().filter(|h| !["", "none"].contains(&h.status.as_str()))
    }

    /// How many seconds it gets to end, where that is said: Compose's `stop_grace_period`.
    pub fn stop_timeout(&self) -> Option<u32> {
        self.config.stop_timeout
    }

    /// Whether its first process does something as it is asked to end; `None` where that is not to be seen. `processes` are numbers of
    /// processes with what they catch and what they block, as `ps -o pid,caught,blocked,comm` has them. The first process of a
    /// container is not ended by a signal that it does not listen to.
    pub fn listens(&self, processes: &str) -> Option<bool> {
        let pid = self.run.pid.to_string();
        let own = processes.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|words| words.first() == Some(&&*pid))?;
        // Some kernels do not tell what these wait for, which pass on all that they get.
        if own.get(3).is_some_and(|name| INITS.contains(name)) {
            return Some(true);
        }
        let mask = |word: Option<&&str>| u128::from_str_radix(word?, 16).ok();
        let signal = signal_number(self.config.stop_signal.as_deref().unwrap_or("TERM"))?;
        let heard = mask(own.get(1))? | mask(own.get(2))?;
        Some(heard & 1 << (signal - 1) != 0)
    }

    /// The folder that it runs in.
    pub fn working_dir(&self) -> &str {
        if self.config.working_dir.is_empty() { "/" } else { &self.config.working_dir }
    }

    /// The user that it starts as, as it is written.
    pub fn user(&self) -> &str {
        &self.config.user
    }

    /// When it was started, in seconds since 1970.
    pub fn started_at(&self) -> Option<u64> {
        seconds(&self.run.started_at)
    }

    /// The same as the engine writes it.
    pub fn started(&self) -> &str {
        &self.run.started_at
    }

    /// When it was made, in seconds since 1970.
    pub fn created_at(&self) -> Option<u64> {
        seconds(&self.created)
    }

    /// What is mounted, for people: `volume shop_data at /data`.
    pub fn mounts(&self) -> impl Iterator<Item = String> {
        let one = |m: &Mount| match (m.kind.as_str(), m.is_nameless()) {
            ("volume", true) => format!("volume without a name at {}", m.destination),
            ("volume", false) => format!("volume {} at {}", m.name, m.destination),
            (kind, _) => format!("{kind} at {}", m.destination),
        };
        let tmpfs = self.host_config.tmpfs.iter().flatten().map(|(path, _)| format!("tmpfs at {path}"));
        self.mounts.iter().map(one).chain(tmpfs)
    }

    /// Its own address, if it has one.
    pub fn address(&self) -> Option<&str> {
        let all = self.network_settings.networks.as_ref()?;
        all.values().map(|n| n.address.as_str()).find(|address| !address.is_empty())
    }

    /// Paths where something is mounted.
    pub fn mounted(&self) -> impl Iterator<Item = &str> {
        let tmpfs = self.host_config.tmpfs.iter().flatten().map(|(path, _)| path.as_str());
        self.mounts.iter().map(|m| m.destination.as_str()).chain(tmpfs)
    }

    /// Paths in which it may keep logs of its own: all that is new and empty as the run begins.
    pub fn log_places(&self) -> Vec<&str> {
        let is_new = |m: &&Mount| m.kind == "volume" && !m.name.contains("_stand-in-");
        let volumes = self.mounts.iter().filter(is_new).map(|m| m.destination.as_str());
        self.host_config.tmpfs.iter().flatten().map(|(path, _)| path.as_str()).chain(volumes).collect()
    }

    /// Paths that the engine makes writable by itself on a read-only root, as Podman does; `asked` is the service as it was to be run.
    pub fn given(&self, asked: &serde_json::Value) -> Vec<String> {
        let tmpfs = asked["tmpfs"].as_array().into_iter().flatten().filter_map(|item| item.as_str()?.split(':').next());
        let volumes = asked["volumes"].as_array().into_iter().flatten().filter_map(|mount| mount["target"].as_str());
        let asked: Vec<&str> = tmpfs.chain(volumes).map(|path| path.trim_end_matches('/')).collect();
        let own = self.host_config.tmpfs.iter().flatten().map(|(path, _)| path.trim_end_matches('/'));
        own.filter(|path| !asked.contains(path)).map(str::to_owned).collect()
    }

    /// Paths that the image declares as volumes and for which the engine made nameless ones.
    pub fn nameless(&self) -> impl Iterator<Item = &str> {
        let declared = |m: &&Mount| self.config.volumes.as_ref().is_some_and(|all| all.contains_key(&m.destination));
        self.mounts.iter().filter(declared).filter(|m| m.is_nameless()).map(|m| m.destination.as_str())
    }
}

impl Mount {
    fn is_nameless(&self) -> bool {
        // Compose gives every volume of the project a name with the project's in front; the engine's own are 64 hexadecimal digits.
        self.kind == "volume" && self.name.len() == 64 && self.name.bytes().all(|b| b.is_ascii_hexdigit())
    }
}

impl Container {
    /// How busy containers are, by number, in percent of a processor, from the lines that `docker stats` prints.
    pub fn loads(answer: &str) -> std::collections::HashMap<String, f64> {
        let one = |line: &str| {
            let (id, percent) = line.split_once(' ')?;
            Some((id.to_owned(), percent.trim().trim_end_matches('%').parse().ok()?))
        };
        answer.lines().filter_map(one).collect()
    }
}

/// Programs that are there to pass on signals.
const INITS: [&str; 8] = ["catatonit", "docker-init", "dumb-init", "init", "podman-init", "s6-svscan", "systemd", "tini"];

/// Number of a signal as images and Compose files name it, on Linux.
fn signal_number(text: &str) -> Option<u32> {
    let name = text.trim().trim_start_matches("SIG");
    let number = match name {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "KILL" => 9,
        "USR1" => 10,
        "USR2" => 12,
        "TERM" | "" => 15,
        "WINCH" => 28,
        "PWR" => 30,
        // Systemd's way to power off.
        "RTMIN+3" => 37,
        other => other.parse().ok()?,
    };
    (1..=64).contains(&number).then_some(number)
}

impl Health {
    /// What the last checks wrote.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.log.iter().flatten().map(|check| check.output.as_str())
    }
}

/// Seconds since 1970 of `2026-01-31T12:34:56.789Z`, also with `+02:00` in place of the `Z`.
pub fn seconds(text: &str) -> Option<u64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    if year < 1970 || !(1..=12).contains(&month) {
        return None;
    }
    // Days since 1970 by the proleptic calendar, years beginning in March.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    let there = days * 86_400 + number(11..13)? * 3600 + number(14..16)? * 60 + number(17..19)?;
    let zone = text.len().checked_sub(6).and_then(|at| text.get(at..)).filter(|zone| zone.as_bytes()[3] == b':');
    let ahead = zone.and_then(|zone| Some(zone.get(1..3)?.parse::<u64>().ok()? * 3600 + zone.get(4..6)?.parse::<u64>().ok()? * 60));
    match zone.map(|zone| zone.as_bytes()[0]) {
        Some(b'+') => there.checked_sub(ahead?),
        Some(b'-') => Some(there + ahead?),
        _ => Some(there),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_podman_answers_is_understood() {
        // As Podman 4.3 has it of a container without a health check, on a read-only root and with a tmpfs of its own.
        let tmpfs = serde_json::json!({
            "/run": "rw,rprivate,nosuid,nodev,tmpcopyup", "/tmp": "rw,rprivate,nosuid,nodev,tmpcopyup", "/var/tmp": "rw", "/own": "mode=700",
        });
        let health = serde_json::json!({ "Status": "", "FailingStreak": 0, "Log": null });
        let all = serde_json::json!({
            "Id": "c", "Image": "i", "Name": "p1", "State": { "Status": "running", "Error": "", "Pid": 7, "Health": health },
            "HostConfig": { "Tmpfs": tmpfs }, "Mounts": [],
        });
        let container: Container = serde_json::from_value(all).expect("a container");
        assert!(container.health().is_none() && container.refusal().is_none());
        let asked = serde_json::json!({ "tmpfs": ["/own:mode=700"], "volumes": [{ "type": "tmpfs", "target": "/var/tmp" }] });
        assert_eq!(container.given(&asked), ["/run", "/tmp"]);
    }

    #[test]
    fn who_does_not_listen_is_not_waited_for() {
        let container = |signal: &str| -> Container {
            let signal = if signal.is_empty() { serde_json::Value::Null } else { signal.into() };
            let state = serde_json::json!({ "Status": "running", "Pid": 4711 });
            let all = serde_json::json!({ "Id": "c", "Image": "i", "State": state, "Config": { "StopSignal": signal, "StopTimeout": 90 } });
            serde_json::from_value(all).expect("a container")
        };
        assert_eq!(container("").stop_timeout(), Some(90));
        let said = "PID CAUGHT BLOCKED\n4700 ffffffffffffffff 0000000000000000\n4711 0000000000004002 0000000000000004\n";
        for (signal, expected) in
            [("", Some(true)), ("SIGTERM", Some(true)), ("15", Some(true)), ("SIGINT", Some(true)), ("SIGQUIT", Some(true))]
        {
            assert_eq!(container(signal).listens(said), expected, "{signal}");
        }
        assert_eq!(container("SIGUSR1").listens(said), Some(false));
        let init = "PID CAUGHT BLOCKED COMMAND\n4711 0000000000000000 0000000000000000 tini\n";
        assert_eq!(container("").listens(init), Some(true));
        // Another `ps`, a container that has ended, a signal that nobody knows.
        for said in ["PID USER TIME COMMAND\n4711 root 0:00 sleep\n", "", "PID CAUGHT BLOCKED\n1 0 0\n"] {
            assert_eq!(container("").listens(said), None, "{said}");
        }
        assert_eq!(container("SIGFOO").listens(said), None);
    }

    #[test]
    fn a_time_of_the_engine_is_read() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2026-11-24T21:48:21.123456789Z"), Some(1_795_556_901));
        assert_eq!(seconds("2024-02-29T23:59:59Z"), Some(1_709_251_199));
        assert_eq!(seconds("0001-01-01T00:00:00Z"), None);
        assert_eq!(seconds("2026-11-24T23:48:21.1+02:00"), Some(1_795_556_901));
        assert_eq!(seconds("2026-11-24T20:18:21-01:30"), Some(1_795_556_901));
        assert_eq!(seconds("soon"), None);
    }
}
