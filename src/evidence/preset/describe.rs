//! A preset as text for people.

use super::{Check, Condition, Moved, NoNewPrivileges, Preset, User, Writable};
use crate::evidence::Confidence;

/// Everything `preset` says, in lines of so many characters.
pub(super) fn describe(preset: &Preset, columns: usize) -> String {
    let mut text = Text { text: String::new(), columns };
    text.line("", &format!("{}: {}", preset.name, preset.summary));
    text.blank();
    text.line("matches  ", &matches(preset));
    preset.workdir.iter().for_each(|folder| text.line("runs in  ", folder));
    text.line("runs as  ", &preset.run_user.text);
    let users = users(&preset.users);
    if !users.is_empty() {
        text.line("users    ", &users);
    }
    for variant in preset.tags.iter().filter(|v| !v.users.is_empty()) {
        text.line("         ", &format!("{} on tags with {}", self::users(&variant.users), variant.word));
    }
    if let Some(basis) = &preset.basis {
        text.line("known    ", &format!("{} ({})", basis.text, basis.confidence));
        basis.link.iter().for_each(|source| text.line("      source: ", source));
    }
    text.blank();
    text.line("", "adds");
    text.line("  ", "read_only: true");
    preset.writable.iter().for_each(|path| writable(&mut text, preset, path));
    if !preset.obstacles.is_empty() {
        text.blank();
        text.line("", "does not run read-only");
    }
    for obstacle in &preset.obstacles {
        text.line("  ", &format!("{}: {}", obstacle.why, obstacle.remedy));
        text.line("      source: ", &obstacle.source);
        text.conditions(&obstacle.when, &obstacle.unless);
    }
    if !preset.doubts.is_empty() {
        text.blank();
        text.line("", "not known, so it is held back");
    }
    for doubt in &preset.doubts {
        text.line("  ", &doubt.why);
        text.line("      source: ", &doubt.source);
        text.conditions(&doubt.when, &doubt.unless);
    }
    if !preset.reminders.is_empty() {
        text.blank();
        text.line("", "before such a container is recreated");
    }
    for reminder in &preset.reminders {
        text.line("  ", &reminder.text);
        text.conditions(&reminder.when, &reminder.unless);
    }
    text.blank();
    privileges(&mut text, preset);
    preset.check.iter().for_each(|check| health(&mut text, check));
    if !preset.config.is_empty() {
        text.blank();
        text.line("", "only read, so what is bound there or below can be read-only");
    }
    preset.config.iter().for_each(|path| text.line("  ", path));
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
    text.text
}

/// What it is for.
fn matches(preset: &Preset) -> String {
    if preset.is_addition() {
        let own = preset.commands.iter().map(String::as_str).chain(preset.manifests.iter().map(String::as_str));
        let own: Vec<&str> = own.collect();
        return format!("commands with, or builds of, {}; it is added to the preset of the service's image", own.join(" or "));
    }
    let starts = preset.prefixes.iter().map(|start| format!("{start}*"));
    let names: Vec<String> = preset.images.iter().cloned().chain(starts).collect();
    if names.is_empty() { "no image; it is for services that no preset knows".to_owned() } else { names.join(", ") }
}

fn users(users: &[User]) -> String {
    users.iter().map(|User { name, uid, gid }| format!("{name} ({uid}:{gid})")).collect::<Vec<_>>().join(", ")
}

/// What it needs of the kernel beside its files.
fn privileges(text: &mut Text, preset: &Preset) {
    match &preset.capabilities {
        None => text.line("", "capabilities: not known"),
        Some(capabilities) => {
            let add = if capabilities.add.is_empty() { "none".to_owned() } else { capabilities.add.join(", ") };
            let when: String = capabilities.when.iter().map(|condition| format!(", when {condition}")).collect();
            text.line("", &format!("capabilities after `cap_drop: [ALL]`: {add}{when}"));
            text.line("      ", &format!("{} ({})", capabilities.reason.text, capabilities.reason.confidence));
            text.line("      source: ", capabilities.reason.link.as_deref().unwrap_or("none"));
            let on_tags = preset.tags.iter().filter_map(|v| Some((Some(v.word.as_str()), v.run_as?)));
            for (tag, (uid, gid)) in capabilities.run_as.map(|numbers| (None, numbers)).into_iter().chain(on_tags) {
                let tag = tag.map(|word| format!(" on tags with {word}")).unwrap_or_default();
                text.line("      ", &format!("none with `user: \"{uid}:{gid}\"`{tag}"));
            }
        }
    }
    match &preset.no_new_privileges {
        None => text.line("", "no-new-privileges: not known"),
        Some(NoNewPrivileges::Works) => text.line("", "no-new-privileges: works"),
        Some(NoNewPrivileges::Breaks(why)) => text.line("", &format!("no-new-privileges: breaks it: {why}")),
    }
}

/// How it is asked whether it works.
fn health(text: &mut Text, check: &Check) {
    text.blank();
    let (request, command) = (check.request.iter().map(ToString::to_string), Some(check.command.join(" ")).filter(|c| !c.is_empty()));
    let asked: Vec<String> = request.chain(command.map(|words| format!("`{words}` in it"))).collect();
    text.line("", &if asked.is_empty() { "health".to_owned() } else { format!("health: {}", asked.join(", ")) });
    text.line("      ", &format!("{} ({})", check.reason.text, check.reason.confidence));
    text.line("      source: ", check.reason.link.as_deref().unwrap_or("none"));
    text.conditions(&check.when, &check.unless);
}

fn writable(text: &mut Text, preset: &Preset, path: &Writable) {
    match &path.scratch {
        Some(options) => text.line("  tmpfs ", &options.at(&path.written()).to_string()),
        None => text.line("  named volume at ", &path.written()),
    }
    text.line("      ", &format!("{} ({})", path.reason.text, path.reason.confidence));
    text.line("      source: ", path.reason.link.as_deref().unwrap_or("none"));
    if let Some(size) = &path.size {
        text.line("      size: ", &format!("{size} is enough as a rule"));
    }
    text.conditions(&path.when, &path.unless);
    place(text, path);
    let knows_something = !preset.images.is_empty() || !preset.prefixes.is_empty() || preset.is_addition();
    // What nobody recognises gets assumed scratch as part of the assumption that it runs read-only at all.
    let is_dropped = path.reason.confidence == Confidence::Assumed && preset.basis.is_none();
    if is_dropped && (path.scratch.is_none() || knows_something) {
        text.line("      only when ", "the service or its Dockerfile names it, or you name the preset");
    }
    let owner = path.scratch.as_ref().is_some_and(|options| options.mode != Some(0o1777));
    if owner && !path.when.iter().any(|c| matches!(c, Condition::User(_))) {
        text.line("      ", "with `user:` set, the owner follows it");
    }
}

/// Whether the image declares it as a volume, and what moves it.
fn place(text: &mut Text, path: &Writable) {
    if let Some(declared) = &path.declared {
        text.line("      ", &declared.to_string());
        text.line("      source: ", &declared.source);
    }
    if let Some(Moved { by, fixed, source }) = &path.moved {
        by.iter().for_each(|mover| text.line("      moved by ", &mover.to_string()));
        let fixed_by = if by.is_empty() { "      nothing moves it: " } else { "      nothing else moves it: " };
        fixed.iter().for_each(|why| text.line(fixed_by, why));
        text.line("      source: ", source);
    }
}

struct Text {
    text: String,
    columns: usize,
}

impl Text {
    fn conditions(&mut self, when: &[Condition], unless: &[Condition]) {
        when.iter().for_each(|condition| self.line("      only when ", &condition.to_string()));
        unless.iter().for_each(|condition| self.line("      not when ", &condition.to_string()));
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    /// `text` behind `start`, wrapped at blanks; further lines begin below the first word.
    fn line(&mut self, start: &str, text: &str) {
        self.text.push_str(start);
        let indent = start.chars().count();
        let mut column = indent;
        for (i, word) in text.split(' ').enumerate() {
            let length = word.chars().count();
            if i > 0 && column + 1 + length > self.columns {
                self.text.push('\n');
                self.text.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else if i > 0 {
                self.text.push(' ');
                column += 1;
            }
            // A path may be longer than a line; it goes on behind one of its folders.
            let mut rest = word;
            while column + rest.chars().count() > self.columns
                && let Some(end) = rest.char_indices().take(self.columns.saturating_sub(column)).filter(|(_, c)| *c == '/').last()
            {
                self.text.push_str(&rest[..=end.0]);
                self.text.push('\n');
                self.text.extend(std::iter::repeat_n(' ', indent));
                (rest, column) = (&rest[end.0 + 1..], indent);
            }
            self.text.push_str(rest);
            column += rest.chars().count();
        }
        self.text.push('\n');
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
        let text = Preset::embedded("nginx").expect("a preset").describe(100);
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains("only when something is mounted or copied to /etc/nginx/templates\n"), "{text}");
    }

    #[test]
    fn lines_are_wrapped() {
        for (name, _) in list() {
            for columns in [100, 60] {
                let text = Preset::embedded(name).expect("a preset").describe(columns);
                let fits = |line: &str| {
                    // What is longer is one word, behind what its line begins with.
                    let is_word = || columns < 100 && line.trim_start().split(' ').count() <= 3;
                    line.chars().count() <= columns || is_word()
                };
                assert!(text.lines().all(|line| fits(line) && !line.ends_with(' ')), "{text}");
            }
        }
        let mut text = Text { text: String::new(), columns: 100 };
        text.line("  - ", &format!("{} {} end", "a".repeat(60), "b".repeat(60)));
        assert_eq!(text.text, format!("  - {}\n    {} end\n", "a".repeat(60), "b".repeat(60)));
        let mut text = Text { text: String::new(), columns: 100 };
        text.line("  - ", &format!("{}/{}/c end", "a".repeat(60), "b".repeat(60)));
        assert_eq!(text.text, format!("  - {}/\n    {}/c end\n", "a".repeat(60), "b".repeat(60)));
    }
}
