//! A preset as text for people.

use super::{Condition, Preset, Writable};
use crate::evidence::Confidence;

/// Longest line, in characters.
const WIDTH: usize = 100;

/// Everything `preset` says.
pub(super) fn describe(preset: &Preset) -> String {
    let mut text = Text(String::new());
    text.line("", &format!("{}: {}", preset.name, preset.summary));
    text.blank();
    let images =
        if preset.images.is_empty() { "no image; it is for services that no preset knows".to_owned() } else { preset.images.join(", ") };
    text.line("matches  ", &images);
    text.line("runs as  ", &preset.run_user.text);
    let users = preset.users.iter().map(|(name, uid, gid)| format!("{name} ({uid}:{gid})")).collect::<Vec<_>>().join(", ");
    if !users.is_empty() {
        text.line("users    ", &users);
    }
    text.blank();
    text.line("", "adds");
    text.line("  ", "read_only: true");
    preset.writable.iter().for_each(|path| writable(&mut text, preset, path));
    if !preset.env.is_empty() {
        text.blank();
        text.line("", "environment that helps (not added)");
    }
    for hint in &preset.env {
        text.line("  ", &format!("{}={}", hint.name, hint.value));
        text.line("      ", &hint.why);
        text.line("      source: ", &hint.source);
    }
    if !preset.notes.is_empty() {
        text.blank();
        text.line("", "notes");
    }
    preset.notes.iter().for_each(|note| text.line("  - ", note));
    text.0
}

fn writable(text: &mut Text, preset: &Preset, path: &Writable) {
    match &path.scratch {
        Some(options) => text.line("  tmpfs ", &options.item(&path.target)),
        None => text.line("  named volume at ", &path.target),
    }
    text.line("      ", &format!("{} ({})", path.reason.text, path.reason.confidence));
    text.line("      source: ", path.reason.link.as_deref().unwrap_or("none"));
    for condition in &path.when {
        text.line("      only when ", &condition.to_string());
    }
    for condition in &path.unless {
        text.line("      not when ", &condition.to_string());
    }
    // What nobody recognises gets assumed scratch as part of the assumption that it runs read-only at all.
    if path.reason.confidence == Confidence::Assumed && (path.scratch.is_none() || !preset.images.is_empty()) {
        text.line("      only when ", "the service or its Dockerfile names it, or you name the preset");
    }
    let owner = path.scratch.as_ref().is_some_and(|options| options.mode != Some(0o1777));
    if owner && !path.when.iter().any(|c| matches!(c, Condition::User(_))) {
        text.line("      ", "with `user:` set, the owner follows it");
    }
}

struct Text(String);

impl Text {
    fn blank(&mut self) {
        self.0.push('\n');
    }

    /// `text` behind `start`, wrapped at blanks; further lines begin below the first word.
    fn line(&mut self, start: &str, text: &str) {
        self.0.push_str(start);
        let indent = start.chars().count();
        let mut column = indent;
        for (i, word) in text.split(' ').enumerate() {
            let length = word.chars().count();
            if i > 0 && column + 1 + length > WIDTH {
                self.0.push('\n');
                self.0.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if i > 0 {
                self.0.push(' ');
                column += 1;
            }
            self.0.push_str(word);
            column += length;
        }
        self.0.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::super::list;
    use super::*;

    #[test]
    fn nginx_is_described() {
        let expected = "\
nginx: nginx, started as root with workers as nginx

matches  nginx
runs as  root; workers run as nginx
users    nginx (101:101)

adds
  read_only: true
  tmpfs /var/cache/nginx:mode=755
";
        let text = Preset::embedded("nginx").expect("a preset").describe();
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains("only when something is mounted or copied to /etc/nginx/templates\n"), "{text}");
    }

    #[test]
    fn lines_are_wrapped() {
        for (name, _) in list() {
            let text = Preset::embedded(name).expect("a preset").describe();
            assert!(text.lines().all(|l| l.chars().count() <= WIDTH && !l.ends_with(' ')), "{text}");
        }
        let mut text = Text(String::new());
        text.line("  - ", &format!("{} {} end", "a".repeat(60), "b".repeat(60)));
        assert_eq!(text.0, format!("  - {}\n    {} end\n", "a".repeat(60), "b".repeat(60)));
    }
}
