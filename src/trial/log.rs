//! What a service said: its log, its health check's output, and the answers to probes.

use super::complaints::Complaints;
use super::words::LastWords;
use super::{Container, Health};
use crate::evidence::log::{Reader, Symptom};

/// What was heard of a service so far. Memory does not grow with it.
#[derive(Clone, Debug, Default)]
pub struct ServiceLog {
    reader: Reader,
    /// The end of the container's log, and what its health check said last.
    end: LastWords,
    pub(super) complaints: Complaints,
    health: LastWords,
}

impl ServiceLog {
    /// A line of the container's log.
    pub fn line(&mut self, line: &[u8]) {
        self.reader.line(line);
        self.end.line(line);
        self.complaints.line(line);
    }

    /// A line of a file that it logs to.
    pub fn line_of_file(&mut self, line: &[u8]) {
        self.reader.line(line);
    }

    /// Lines of an answer, read as lines and, where it is JSON, by its texts.
    pub(super) fn answer(&mut self, text: &str) {
        text.lines().for_each(|line| self.reader.line(line.as_bytes()));
    }

    /// What a health check wrote.
    pub fn health(&mut self, health: &Health) {
        for output in health.outputs() {
            self.answer(output);
            if health.status != "healthy" {
                output.lines().for_each(|line| self.health.line(line.as_bytes()));
            }
        }
    }

    /// What was said last, for a person.
    pub(super) fn last_words(&self) -> Vec<String> {
        let log = self.end.under("its log ends with");
        let log = if log.is_empty() { vec!["its log is empty".to_owned()] } else { log };
        log.into_iter().chain(self.health.under("its health check said")).collect()
    }

    /// What it complained about. A relative path is one in the folder that the container runs in.
    pub(super) fn symptoms(self, container: &Container) -> Vec<Symptom> {
        let (symptoms, _) = self.reader.finish();
        symptoms.into_iter().map(|s| s.resolved(container.working_dir())).collect()
    }
}

/// What a text complains about.
pub(super) fn symptoms_of(text: &str) -> Vec<Symptom> {
    let mut log = ServiceLog::default();
    log.answer(text);
    log.reader.finish().0
}
