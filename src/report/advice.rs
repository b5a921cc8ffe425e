//! What a log line means, as lines for people.

use crate::audit::What;
use crate::evidence::log::{Advice, Symptom};
use crate::evidence::{Storage, WritablePath};
use crate::text::{clean, clean_line, count};

/// What a mount is, as text.
pub fn mount(path: &WritablePath) -> String {
    match &path.storage {
        Storage::Scratch(options) => What::Tmpfs(options.at(&path.target)).to_string(),
        Storage::State => format!("volume at {}", path.target),
    }
}

/// What is said of a symptom.
pub fn lines(symptom: &Symptom, advice: &Advice) -> Vec<String> {
    let path = advice.path.as_deref().or(symptom.path.as_deref());
    let path = path.map(|p| format!("{p}: ")).unwrap_or_default();
    let times = count(symptom.count as usize, "line", "lines");
    let times = if symptom.count > 1 { format!(" ({times})") } else { String::new() };
    let mut lines = vec![clean_line(&format!("{path}{}{times}", advice.cause)), clean(&symptom.text).replace('\n', " ")];
    lines.extend(advice.mend.as_ref().map(|p| clean_line(&format!("fix: {}", mount(p)))));
    lines.extend(advice.help.as_deref().map(clean_line));
    let remedy = advice.remedy.iter().flat_map(|yaml| yaml.lines());
    lines.extend(remedy.map(|line| format!("    {}", clean_line(line))));
    lines
}
