//! What was done with many repositories, a line each, written down before the next one is begun. The forge knows better what became of
//! a pull request; the journal only saves asking it about every repository again.

use crate::error::{Error, Result};
use crate::propose::report::Report;
use crate::report::json;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    version: u32,
    /// What was asked for: only the same can be gone on with.
    asked: String,
    /// What an earlier run, which got to its end, saw open: repositories and numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    open: Vec<(String, u64)>,
}

/// The line behind the last one of a run that got to the end of its list.
const END: &str = "{\"end\":true}";

/// An open journal, which no other run uses.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// What an earlier run saw open, by repository and number. This one may not have come to it yet.
    pub(super) earlier: Vec<(String, u64)>,
    /// What was done so far; of each repository the last word.
    pub(super) reports: Vec<Report>,
    /// Where in them each repository is.
    places: HashMap<String, usize>,
}

impl Journal {
    /// Goes on with a journal, or begins it: if there is none, or if its run got to the end.
    ///
    /// Errors: it cannot be read or written; another run uses it; it is of a run that was cut off and was asked for something else.
    pub(super) fn open(path: &Path, asked: &str) -> Result<Self> {
        let failed = |e: &std::io::Error| Error::Write { path: path.to_owned(), reason: e.to_string() };
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(|e| failed(&e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what = format!("another run uses the journal {}", path.display());
                return Err(Error::Usage(what, Some("wait for its end, or name another file with --journal".into())));
            }
            Err(TryLockError::Error(e)) => return Err(failed(&e)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| failed(&e))?;
        let found = Found::of(&bytes).map_err(|line| {
            let what = format!("{}:{line}: this is no line of a journal", path.display());
            Error::Usage(what, Some("name another file with --journal".into()))
        })?;
        let mut journal = Self { path: path.to_owned(), file, earlier: Vec::new(), reports: Vec::new(), places: HashMap::new() };
        match found {
            Found::Going { head, reports, length } if head.asked == asked => {
                journal.earlier = head.open;
                // A line that was cut off in the middle goes.
                journal.file.set_len(length).and_then(|()| journal.file.seek(std::io::SeekFrom::End(0))).map_err(|e| failed(&e))?;
                for report in reports {
                    journal.keep(report);
                }
            }
            Found::Going { reports, .. } if !reports.is_empty() => {
                let what = format!("the journal {} is of a run that was asked for something else, and is not at its end", path.display());
                let hint = "finish that run with its own options, remove the file to forget it, or name another one with --journal";
                return Err(Error::Usage(what, Some(hint.into())));
            }
            found => {
                if let Found::Over { head, reports } = found
                    && head.asked == asked
                {
                    journal.earlier = still_open(head.open, &reports);
                }
                journal.file.set_len(0).and_then(|()| journal.file.rewind()).map_err(|e| failed(&e))?;
                let head = serde_json::to_string(&Head { version: 1, asked: asked.to_owned(), open: journal.earlier.clone() });
                journal.line(&head.map_err(|e| Error::Unverified(format!("the journal is no JSON: {e}")))?)?;
            }
        }
        Ok(journal)
    }

    /// Writes down what was done with a repository.
    pub(super) fn write(&mut self, report: Report) -> Result<()> {
        self.line(&json::line(&report)?)?;
        self.keep(report);
        Ok(())
    }

    /// Writes down that the list is at its end: the next run starts from the beginning.
    pub(super) fn end(&mut self) -> Result<()> {
        self.line(END)
    }

    /// What was done with a repository, if it was.
    pub(super) fn of(&self, repository: &str) -> Option<&Report> {
        self.places.get(repository).and_then(|place| self.reports.get(*place))
    }

    /// Keeps what was done with a repository for this run only.
    pub(super) fn keep(&mut self, report: Report) {
        match self.places.get(&report.repository).and_then(|place| self.reports.get_mut(*place)) {
            Some(before) => *before = report,
            None => {
                self.places.insert(report.repository.clone(), self.reports.len());
                self.reports.push(report);
            }
        }
    }

    fn line(&mut self, line: &str) -> Result<()> {
        // In one piece, so that a run that is killed leaves no half of it but where the disk is full.
        let failed = |e: std::io::Error| Error::Write { path: self.path.clone(), reason: e.to_string() };
        self.file.write_all(format!("{line}\n").as_bytes()).map_err(failed)
    }
}

/// What a run that got to its end saw open, as far as it came to it, and what it did not come to.
fn still_open(before: Vec<(String, u64)>, reports: &[Report]) -> Vec<(String, u64)> {
    let seen: BTreeMap<&str, &Report> = reports.iter().map(|report| (report.repository.as_str(), report)).collect();
    let mut open: Vec<(String, u64)> =
        before.into_iter().filter(|(name, _)| seen.get(name.as_str()).is_some_and(|report| report.error.is_some())).collect();
    for report in seen.values() {
        let rows = report.pull_requests.iter().filter(|row| row.done.is_open());
        open.extend(rows.filter_map(|row| Some((report.repository.clone(), row.number?))));
    }
    open.sort();
    open.dedup();
    open
}

/// What a journal holds.
enum Found {
    Nothing,
    /// A run that got to its end.
    Over {
        head: Head,
        reports: Vec<Report>,
    },
    /// A run that was cut off, and the length of its whole lines in bytes.
    Going {
        head: Head,
        reports: Vec<Report>,
        length: u64,
    },
}

impl Found {
    /// Errors: the number of a line that is none of a journal.
    fn of(bytes: &[u8]) -> Result<Self, usize> {
        let whole = &bytes[..bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1)];
        let mut lines = whole.split(|b| *b == b'\n').enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.is_empty());
        let Some((at, head)) = lines.next() else {
            // A file that is no journal may be anything but one that was cut off at once.
            return if bytes.is_empty() || bytes.starts_with(b"{\"version\":1,") { Ok(Self::Nothing) } else { Err(1) };
        };
        let head: Head = serde_json::from_slice(head).map_err(|_| at)?;
        let mut reports = Vec::new();
        for (at, line) in lines {
            if line == END.as_bytes() {
                return Ok(Self::Over { head, reports });
            }
            reports.push(serde_json::from_slice(line).map_err(|_| at)?);
        }
        Ok(Self::Going { head, reports, length: whole.len() as u64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(name: &str) -> Report {
        Report { repository: name.into(), ..Report::default() }
    }

    fn names(journal: &Journal) -> Vec<&str> {
        journal.reports.iter().map(|r| r.repository.as_str()).collect()
    }

    #[test]
    fn a_run_that_was_cut_off_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path, "this").unwrap();
        for name in ["a", "b", "a"] {
            journal.write(report(name)).unwrap();
        }
        assert!(matches!(Journal::open(&path, "this"), Err(Error::Usage(what, _)) if what.contains("another run uses")));
        drop(journal);
        // Half a line, as after a power cut.
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend(b"{\"version\":1,\"repos");
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(Journal::open(&path, "that"), Err(Error::Usage(what, _)) if what.contains("something else")));
        let mut journal = Journal::open(&path, "this").unwrap();
        assert_eq!(names(&journal), ["a", "b"]);
        journal.write(report("c")).unwrap();
        journal.end().unwrap();
        drop(journal);
        // At its end, anything can be begun.
        assert_eq!(names(&Journal::open(&path, "that").unwrap()), [""; 0]);
    }

    #[test]
    fn a_file_that_is_no_journal_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        for text in ["notes", "notes\n", "{}\n", "{\"version\":1,\"asked\":\"\"}\nnotes\n"] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(Journal::open(&path, ""), Err(Error::Usage(what, _)) if what.contains("no line of a journal")), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        std::fs::write(&path, "{\"version\":1,\"as").unwrap();
        assert!(Journal::open(&path, "").is_ok());
    }
}
