//! What an image does late: jobs of cron, programs of supervisord, timers of systemd, and logs that logrotate moves. No run of some
//! seconds sees what they write, so it is read.

use super::{Image, is_script};
use crate::compose::{clean_path, is_at};
use std::collections::BTreeSet;

/// Most jobs of one image that are told.
const MAX_JOBS: usize = 20;
/// Most characters of a line that are repeated.
const MAX_SHOWN: usize = 120;

/// Files of jobs, each kind with where they are; a folder stands for what is in it.
const PLACES: [(Kind, &[&str]); 6] = [
    (Kind::Crontab { has_user: true }, &["/etc/crontab", "/etc/cron.d"]),
    (Kind::Crontab { has_user: false }, &["/var/spool/cron", "/etc/crontabs"]),
    (Kind::Script, &["/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly", "/etc/periodic"]),
    (Kind::Supervisor, &["/etc/supervisor", "/etc/supervisord.conf", "/etc/supervisor.d", "/etc/supervisord.d"]),
    (Kind::Logrotate, &["/etc/logrotate.conf", "/etc/logrotate.d"]),
    (Kind::Unit, &["/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Lines of five times and a command, with a user between them or not.
    Crontab {
        has_user: bool,
    },
    /// A script that runs each hour, day, week or month.
    Script,
    Supervisor,
    Logrotate,
    /// A timer of systemd, or the service that it starts.
    Unit,
}

impl Kind {
    /// Programs without one of which files of this kind do nothing. Distributions ship many of them.
    fn runners(self) -> &'static [&'static str] {
        match self {
            Self::Crontab { .. } | Self::Script => &["cron", "crond", "supercronic", "fcron", "anacron"],
            Self::Supervisor => &["supervisord"],
            Self::Logrotate => &["logrotate"],
            Self::Unit => &["systemd"],
        }
    }
}

/// Something that is written late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The path that is written.
    pub path: String,
    /// Whether it is a folder that is made or given away.
    pub is_folder: bool,
    /// The file that says so and its line: `/etc/cron.d/report:3`.
    pub by: String,
    /// The line as it is written, cut.
    pub text: String,
}

impl Job {
    /// The same for people.
    pub fn said(&self) -> String {
        format!("not seen: {} writes {}, when its time comes (`{}`)", self.by, self.path, self.text)
    }
}

/// Whether a file is one of jobs.
pub(super) fn is_of_jobs(path: &str) -> bool {
    kind_of(path).is_some()
}

fn kind_of(path: &str) -> Option<Kind> {
    PLACES.iter().find(|(_, places)| places.iter().any(|place| is_at(path, place))).map(|(kind, _)| *kind)
}

impl Image {
    /// Files of jobs that something in the image can run.
    pub(super) fn job_files(&self) -> impl Iterator<Item = &String> {
        let is_run = |kind: Kind| {
            let names = kind.runners();
            self.files.keys().chain(self.links.keys()).any(|path| {
                let (folder, name) = path.rsplit_once('/').unwrap_or_default();
                names.contains(&name) && (folder.ends_with("bin") || folder.ends_with("/systemd"))
            })
        };
        let runs: Vec<Kind> = PLACES.iter().map(|(kind, _)| *kind).filter(|kind| is_run(*kind)).collect();
        let is_timer = |path: &str| {
            let stem = path.strip_suffix(".timer").or_else(|| path.strip_suffix(".service"));
            stem.is_some_and(|stem| self.files.contains_key(&format!("{stem}.timer")))
        };
        self.files.keys().filter(move |path| {
            kind_of(path).is_some_and(|kind| runs.contains(&kind) && (kind != Kind::Unit || is_timer(path) && path.ends_with(".service")))
        })
    }

    /// Files of jobs and the scripts that they run: what these do, they do late.
    pub(super) fn scripts_of_jobs(&self) -> BTreeSet<String> {
        let own = self.scripts.iter().filter(|(path, _)| is_of_jobs(path));
        let run = own.clone().flat_map(|(path, text)| self.commands_of(path, text)).flat_map(|(_, command)| self.start(command).runs);
        run.filter_map(|word| self.program(&word)).chain(own.map(|(path, _)| path.clone())).collect()
    }

    /// The commands that a file of jobs has, each with its line.
    pub(super) fn commands_of<'t>(&self, path: &str, text: &'t str) -> Vec<(usize, &'t str)> {
        let lines = || text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())).filter(|(_, line)| !line.starts_with(['#', ';']));
        match kind_of(path) {
            Some(Kind::Crontab { has_user }) => lines().filter_map(|(at, line)| Some((at, cron_command(line, has_user)?))).collect(),
            Some(Kind::Supervisor) => lines().filter_map(|(at, line)| Some((at, value(line, "command")?))).collect(),
            Some(Kind::Unit) => {
                lines().filter_map(|(at, line)| Some((at, value(line, "ExecStart")?.trim_start_matches(['-', '@', '+', '!'])))).collect()
            }
            Some(Kind::Script | Kind::Logrotate) | None => Vec::new(),
        }
    }

    /// What is written late, as far as it is plain to see.
    pub fn jobs(&self) -> Vec<Job> {
        let mut jobs: Vec<Job> = Vec::new();
        let mut say = |path: &str, is_folder: bool, by: String, text: &str| {
            let path = self.resolved(path);
            if jobs.len() < MAX_JOBS && path != "/" && !path.starts_with("/dev/") && !jobs.iter().any(|job| job.path == path) {
                jobs.push(Job { path, is_folder, by, text: text.trim().chars().take(MAX_SHOWN).collect() });
            }
        };
        for (path, text) in self.scripts.iter().filter(|(path, _)| is_of_jobs(path)) {
            if kind_of(path) == Some(Kind::Script) && is_script(text) {
                self.start(text).deeds.iter().for_each(|d| say(&d.path, d.is_folder, format!("{path}:{}", d.line), &d.text));
            }
            for (line, command) in self.commands_of(path, text) {
                let by = format!("{path}:{line}");
                let start = self.start(command);
                start.deeds.iter().for_each(|d| say(&d.path, d.is_folder, by.clone(), command));
                // What it runs may be a script.
                for script in start.runs.iter().filter_map(|word| self.program(word)) {
                    let text = self.scripts.get(&script).filter(|text| is_script(text));
                    let deeds = text.map(|text| self.start(text).deeds).unwrap_or_default();
                    deeds.iter().for_each(|d| say(&d.path, d.is_folder, by.clone(), &d.text));
                }
            }
            for (line, text, written, is_folder) in self.named_in(path, text) {
                say(&written, is_folder, format!("{path}:{line}"), text);
            }
        }
        jobs
    }

    /// The paths that a file of jobs names itself: logs, sockets, and files with the number of a process.
    fn named_in<'t>(&self, path: &str, text: &'t str) -> Vec<(usize, &'t str, String, bool)> {
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        match kind_of(path) {
            Some(Kind::Supervisor) => {
                let keys = ["logfile", "stdout_logfile", "stderr_logfile", "pidfile", "file"];
                let named = |line: &str| keys.iter().find_map(|key| value(line, key).filter(|v| v.starts_with('/')).map(clean_path));
                lines.filter_map(|(at, line)| Some((at, line, named(line.split(" ;").next()?.trim())?, false))).collect()
            }
            Some(Kind::Logrotate) => {
                // The renamed file is made beside the log, so it is the folder that counts.
                let folder = |word: &str| word.trim_matches(['"', '\'']).rsplit_once('/').map(|(folder, _)| clean_path(folder));
                let is_pattern = |line: &&str| line.starts_with(['/', '"']);
                let logs = lines.filter(|(_, line)| is_pattern(line)).flat_map(|(at, line)| {
                    let words = line.split_whitespace().take_while(|word| *word != "{");
                    words
                        .filter(|word| word.trim_matches('"').starts_with('/'))
                        .filter_map(move |word| Some((at, line, folder(word)?, true)))
                });
                logs.filter(|(_, _, folder, _)| !folder.contains('*')).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The command of a line of a crontab.
fn cron_command(line: &str, has_user: bool) -> Option<&str> {
    let times = if line.starts_with('@') { 1 } else { 5 };
    if !line.starts_with(|c: char| c.is_ascii_digit() || c == '*' || c == '@') {
        return None;
    }
    let mut rest = line;
    for _ in 0..times + usize::from(has_user) {
        rest = rest.split_once(char::is_whitespace)?.1.trim_start();
    }
    Some(rest).filter(|command| !command.is_empty())
}

/// The value of a key of a file of settings.
fn value<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let (name, value) = line.split_once('=')?;
    (name.trim() == key).then(|| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn image(programs: &[&str], files: &[(&str, &str)]) -> Image {
        let all = programs.iter().copied().chain(files.iter().map(|(path, _)| *path));
        Image {
            files: all.map(|path| (path.to_owned(), 0o755)).collect(),
            links: BTreeMap::from([("/var/run".to_owned(), "/run".to_owned())]),
            scripts: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect(),
            ..Image::default()
        }
    }

    fn shown(programs: &[&str], files: &[(&str, &str)]) -> Vec<String> {
        image(programs, files).jobs().iter().map(|job| format!("{} {}", job.by, job.path)).collect()
    }

    #[test]
    fn what_comes_late_is_read() {
        let report = "# nightly\nSHELL=/bin/sh\n0 3 * * * app mkdir -p /var/spool/report && date > /var/spool/report/last\n@daily root /usr/local/bin/tidy\n";
        let tidy = "#!/bin/sh\nset -e\nrm -f /srv/cache/old\necho done >> /var/log/tidy.log\n";
        let found = shown(&["/usr/sbin/cron"], &[("/etc/cron.d/report", report), ("/usr/local/bin/tidy", tidy)]);
        assert!(found.contains(&"/etc/cron.d/report:3 /var/spool/report".to_owned()), "{found:?}");
        assert!(found.contains(&"/etc/cron.d/report:4 /var/log/tidy.log".to_owned()), "{found:?}");
        let own = shown(&["/usr/sbin/crond"], &[("/etc/crontabs/root", "*/5 * * * * touch /var/run/beat\n")]);
        assert_eq!(own, ["/etc/crontabs/root:1 /run/beat"]);
        let daily = shown(&["/usr/sbin/cron"], &[("/etc/cron.daily/save", "#!/bin/sh\ntouch /var/backups/x\n")]);
        assert_eq!(daily, ["/etc/cron.daily/save:2 /var/backups/x"]);
        let supervisor = "[supervisord]\npidfile=/var/run/s.pid ; its number\n[program:web]\ncommand=sh -c 'touch /srv/beat'\nstdout_logfile=/dev/stdout\nstderr_logfile=/var/log/web.err\n";
        let found = shown(&["/usr/bin/supervisord"], &[("/etc/supervisor/conf.d/web.conf", supervisor)]);
        assert_eq!(
            found[found.len() - 2..],
            ["/etc/supervisor/conf.d/web.conf:2 /run/s.pid", "/etc/supervisor/conf.d/web.conf:6 /var/log/web.err"]
        );
        let rotate = "/var/log/app/*.log /var/log/other.log {\n  daily\n}\n";
        let found = shown(&["/usr/sbin/logrotate"], &[("/etc/logrotate.d/app", rotate)]);
        assert_eq!(found, ["/etc/logrotate.d/app:1 /var/log/app", "/etc/logrotate.d/app:1 /var/log"]);
        let unit =
            [("/lib/systemd/system/x.timer", ""), ("/lib/systemd/system/x.service", "[Service]\nExecStart=-/bin/touch /var/lib/x/stamp\n")];
        assert_eq!(shown(&["/lib/systemd/systemd"], &unit), ["/lib/systemd/system/x.service:2 /var/lib/x/stamp"]);
        let job = &image(&["/usr/sbin/cron"], &[("/etc/crontab", "1 2 3 4 5 root touch /x/y\n")]).jobs()[0];
        assert_eq!(job.said(), "not seen: /etc/crontab:1 writes /x/y, when its time comes (`touch /x/y`)");
    }

    #[test]
    fn what_nothing_runs_is_no_job() {
        let files = [("/etc/cron.daily/apt", "#!/bin/sh\ntouch /var/cache/x\n"), ("/etc/logrotate.d/dpkg", "/var/log/dpkg.log {\n}\n")];
        assert_eq!(image(&["/usr/bin/dpkg"], &files).job_files().count(), 0);
        assert_eq!(image(&["/usr/sbin/cron"], &files).job_files().collect::<Vec<_>>(), ["/etc/cron.daily/apt"]);
        // A service of systemd without a timer is none.
        assert_eq!(image(&["/lib/systemd/systemd"], &[("/lib/systemd/system/y.service", "")]).job_files().count(), 0);
    }

    #[test]
    fn lines_that_are_no_jobs_are_passed_over() {
        for line in ["", "MAILTO=root", "0 3 * *", "0 3 * * * root", "PATH=/bin"] {
            assert_eq!(cron_command(line, true), None, "{line}");
        }
        assert_eq!(cron_command("0 3 * * * touch /x", false), Some("touch /x"));
    }
}
