//! A page for each preset, made of what the preset says and of what the program does with an image of it.

use super::{is_made, names};
use crate::support::Folder;
use rofs_harden::evidence::Confidence;
use rofs_harden::evidence::preset::{Condition, Moved, NoNewPrivileges, Preset, User, Writable, group_of, list};
use std::collections::{BTreeMap, HashSet};

/// Image and command of the example for a preset that is for commands.
const COMMANDS: [(&str, &str, &str); 8] = [
    ("celery", "python:3.13", "celery -A app worker"),
    ("data-science", "python:3.13", "jupyter lab"),
    ("gunicorn", "python:3.13", "gunicorn app:app"),
    ("nextjs", "node:24", "npx next start"),
    ("pm2", "node:24", "pm2-runtime app.js"),
    ("rails", "ruby:3.4", "bin/rails server"),
    ("supervisord", "python:3.13", "supervisord -n"),
    ("vite", "node:24", "npx vite"),
];

/// Image of the example for a preset that matches by the start of a name.
const STARTS: [(&str, &str); 3] =
    [("distroless", "gcr.io/distroless/static-debian12"), ("hotio", "ghcr.io/hotio/sonarr"), ("s6-overlay", "lscr.io/linuxserver/webtop")];

/// What every made page says below its title.
const MADE: &str = "<!-- Made by `ROFS_UPDATE=1 cargo test docs` from";

#[test]
fn pages_are_as_the_presets_say() {
    let presets: Vec<Preset> = list().map(|(name, _)| Preset::embedded(name).unwrap_or_else(|e| panic!("{name}: {e}"))).collect();
    for preset in &presets {
        is_made(&format!("presets/{}.md", preset.name), &describe(preset));
    }
    is_made("presets/README.md", &index(&presets));
    let mut expected: Vec<String> = presets.iter().map(|p| format!("{}.md", p.name)).chain(["README.md".to_owned()]).collect();
    expected.sort();
    assert_eq!(names("presets"), expected);
}

fn index(presets: &[Preset]) -> String {
    let mut text = format!("# Presets\n\n{MADE} presets/*.toml. -->\n\n");
    text += "What the tool knows of images: where they must write, as whom, and what can be taken away from them. ";
    text += "`rofs-harden presets show NAME` prints the same at a terminal.\n\n";
    let mut groups: BTreeMap<&str, Vec<&Preset>> = BTreeMap::new();
    for preset in presets {
        groups.entry(group_of(&preset.name).unwrap_or_else(|| panic!("{}", preset.name))).or_default().push(preset);
    }
    let anchor = |group: &str| group.to_lowercase().replace(',', "").replace(' ', "-");
    let links: Vec<String> = groups.iter().map(|(group, of)| format!("[{group}](#{}) ({})", anchor(group), of.len())).collect();
    text += &format!("{}. Images that have no page are in [the catalogue](../catalogue.md).\n", links.join(", "));
    for (group, of) in groups {
        text += &format!("\n## {group}\n\n| preset | for | matches |\n| --- | --- | --- |\n");
        for preset in of {
            let Preset { name, summary, .. } = preset;
            text += &format!("| [{name}]({name}.md) | {} | {} |\n", prose(summary), matches(preset));
        }
    }
    text + "\nA new one is a file in `presets/` and needs no Rust: see [CONTRIBUTING.md](../../CONTRIBUTING.md).\n"
}

fn describe(preset: &Preset) -> String {
    let name = &preset.name;
    let mut text = format!("# {name}\n\n{}.\n\n{MADE} presets/{name}.toml. -->\n\n", prose(&preset.summary));
    text += &format!("| | |\n| --- | --- |\n| matches | {} |\n| runs as | {} |\n", matches(preset), prose(&preset.run_user.text));
    let on_tags = preset.tags.iter().filter(|v| !v.users.is_empty());
    let users: Vec<String> = (!preset.users.is_empty())
        .then(|| users(&preset.users))
        .into_iter()
        .chain(on_tags.map(|v| format!("{} on tags with {}", users(&v.users), code(&v.word))))
        .collect();
    if !users.is_empty() {
        text += &format!("| users | {} |\n", users.join("<br>"));
    }
    text += &format!("\n## What it adds\n\n{}", writable(preset));
    text += &places(preset);
    text += &section(
        "What does not run read-only",
        preset.obstacles.iter().map(|o| {
            let when = conditions(&o.when, &o.unless);
            let when = if when.is_empty() { String::new() } else { format!(" ({})", when.join("; ")) };
            format!("{}{when}: {}. Source: {}.", prose(&o.why), prose(&o.remedy), prose(&o.source))
        }),
    );
    text += &section(
        "What is not known",
        preset.doubts.iter().map(|d| {
            let when = conditions(&d.when, &d.unless);
            let when = if when.is_empty() { String::new() } else { format!(" ({})", when.join("; ")) };
            format!("{}{when}. Source: {}.", prose(&d.why), prose(&d.source))
        }),
    );
    text += &section(
        "Before its container is recreated",
        preset.reminders.iter().map(|r| {
            let when = conditions(&r.when, &r.unless);
            let when = if when.is_empty() { String::new() } else { format!(" ({})", when.join("; ")) };
            format!("{}{when}", prose(&r.text))
        }),
    );
    text += &format!("\n## What else can be taken away\n\n{}", privileges(preset));
    if !preset.config.is_empty() {
        let paths: Vec<String> = preset.config.iter().map(|path| code(path)).collect();
        text += &format!("\n## Only read\n\nWhat is bound there or below can be read-only: {}.\n", paths.join(", "));
    }
    if !preset.env.is_empty() {
        text += "\n## Environment that helps\n\nNot added by the tool.\n\n| variable | what it does | source |\n| --- | --- | --- |\n";
    }
    for hint in &preset.env {
        text += &format!("| {} | {} | {} |\n", code(&format!("{}={}", hint.name, hint.value)), prose(&hint.why), prose(&hint.source));
    }
    text += &health(preset);
    text += &section("Notes", preset.notes.iter().map(|note| prose(note)));
    text + "\n## Example\n\n" + &example(preset)
}

fn section(title: &str, items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|item| format!("- {item}\n")).collect();
    if items.is_empty() { items } else { format!("\n## {title}\n\n{items}") }
}

fn matches(preset: &Preset) -> String {
    let codes = |words: &[String], between: &str| words.iter().map(|w| code(w)).collect::<Vec<_>>().join(between);
    if preset.is_addition() {
        return format!(
            "commands with, or builds of, {}; added to the preset of the image",
            codes(&[&preset.commands[..], &preset.manifests[..]].concat(), " or ")
        );
    }
    let starts = preset.prefixes.iter().map(|start| format!("{start}*"));
    let all: Vec<String> = preset.images.iter().cloned().chain(starts).collect();
    if all.is_empty() { "no image: for services that no preset knows".to_owned() } else { codes(&all, ", ") }
}

fn users(users: &[User]) -> String {
    users.iter().map(|User { name, uid, gid }| format!("{} ({uid}:{gid})", code(name))).collect::<Vec<_>>().join(", ")
}

fn writable(preset: &Preset) -> String {
    if preset.writable.is_empty() {
        return "`read_only: true`. It needs no writable mount.\n".to_owned();
    }
    let mut text = String::from("`read_only: true`, and\n\n| path | storage | when | why | source | confidence |\n");
    text += "| --- | --- | --- | --- | --- | --- |\n";
    for path in &preset.writable {
        let reason = &path.reason;
        let source = reason.link.as_deref().map_or("none".to_owned(), prose);
        text += &format!(
            "| {} | {} | {} | {} | {source} | {} |\n",
            code(&path.written()),
            storage(path),
            when(preset, path),
            prose(&reason.text),
            reason.confidence
        );
    }
    let mut seen = HashSet::new();
    if preset.writable.iter().any(|path| !seen.insert(path.written())) {
        text += "\nOf several rows with one path, the first that fits counts.\n";
    }
    let follows = |path: &Writable| {
        let has_owner = path.scratch.as_ref().is_some_and(|options| options.mode != Some(0o1777));
        has_owner && !path.when.iter().any(|c| matches!(c, Condition::User(_)))
    };
    if preset.writable.iter().any(follows) {
        text += "\nWith `user:` set, the owner of each tmpfs but those with mode 1777 follows it.\n";
    }
    text
}

/// Whether the image declares its places for state as volumes, and what moves them.
fn places(preset: &Preset) -> String {
    let mut text = String::new();
    for path in preset.writable.iter().filter(|path| path.declared.is_some() || path.moved.is_some()) {
        let mut words = Vec::new();
        let mut sources: Vec<String> = Vec::new();
        if let Some(declared) = &path.declared {
            words.push(format!("{declared}."));
            sources.push(prose(&declared.source));
        }
        if let Some(Moved { by, fixed, source }) = &path.moved {
            let movers: Vec<String> = by.iter().map(|mover| prose(&mover.to_string())).collect();
            words.extend((!by.is_empty()).then(|| format!("Moved by {}.", movers.join("; "))));
            let nothing = if by.is_empty() { "Nothing moves it" } else { "Nothing else moves it" };
            words.extend(fixed.iter().map(|why| format!("{nothing}: {}.", prose(why))));
            sources.push(prose(source));
        }
        text += &format!("- {}: {}", code(&path.written()), words.join("\n  "));
        text += &format!("\n  Source: {}.\n", sources.join("; "));
    }
    if text.is_empty() { text } else { format!("\n## Where its state lies\n\n{text}") }
}

fn storage(path: &Writable) -> String {
    let Some(options) = &path.scratch else { return "named volume".to_owned() };
    let item = options.at("").to_string();
    let options = item.strip_prefix(':').map(|options| format!(" {}", code(options))).unwrap_or_default();
    let size = path.size.as_ref().map(|size| format!("<br>{} with `--with sizes`", code(&format!("size={size}")))).unwrap_or_default();
    format!("tmpfs{options}{size}")
}

fn when(preset: &Preset, path: &Writable) -> String {
    let mut words = conditions(&path.when, &path.unless);
    let knows_something = !preset.images.is_empty() || !preset.prefixes.is_empty() || preset.is_addition();
    if path.reason.confidence == Confidence::Assumed && (path.scratch.is_none() || knows_something) {
        words.push("the service or its Dockerfile names it, or you name the preset".to_owned());
    }
    if words.is_empty() { "always".to_owned() } else { words.join("<br>") }
}

fn conditions(when: &[Condition], unless: &[Condition]) -> Vec<String> {
    let words = when.iter().map(|c| prose(&c.to_string()));
    words.chain(unless.iter().map(|c| format!("not when {}", prose(&c.to_string())))).collect()
}

fn privileges(preset: &Preset) -> String {
    let mut rows = Vec::new();
    match &preset.capabilities {
        None => rows.push(("capabilities".to_owned(), "not known".to_owned())),
        Some(capabilities) => {
            let add: Vec<String> = capabilities.add.iter().map(|name| code(name)).collect();
            let add = if add.is_empty() { "none".to_owned() } else { add.join(", ") };
            let reason = &capabilities.reason;
            let source = reason.link.as_deref().map_or("none".to_owned(), prose);
            rows.push((
                "capabilities after `cap_drop: [ALL]`".to_owned(),
                format!("{add}: {} ({}). Source: {source}.", prose(&reason.text), reason.confidence),
            ));
            let on_tags = preset.tags.iter().filter_map(|v| Some((Some(&v.word), v.run_as?)));
            for (tag, (uid, gid)) in capabilities.run_as.map(|numbers| (None, numbers)).into_iter().chain(on_tags) {
                let tag = tag.map(|word| format!(" on tags with {}", code(word))).unwrap_or_default();
                rows.push((format!("with `user: \"{uid}:{gid}\"`{tag}"), "no capability is needed".to_owned()));
            }
        }
    }
    let answer = match &preset.no_new_privileges {
        None => "not known".to_owned(),
        Some(NoNewPrivileges::Works) => "works".to_owned(),
        Some(NoNewPrivileges::Breaks(why)) => format!("breaks it: {}", prose(why)),
    };
    rows.push(("`no-new-privileges`".to_owned(), answer));
    rows.into_iter().fold("| | |\n| --- | --- |\n".to_owned(), |text, (what, answer)| text + &format!("| {what} | {answer} |\n"))
}

/// How it is asked whether it works.
fn health(preset: &Preset) -> String {
    let Some(check) = &preset.check else { return String::new() };
    let request = check.request.iter().map(|request| format!("`verify` asks {}.", code(&request.to_string())));
    let command = || format!("`--with healthcheck` writes {}.", code(&check.command.join(" ")));
    let command = (!check.command.is_empty()).then(command);
    let own = (check.of_image == Some(true)).then(|| "The image has a health check of its own.".to_owned());
    let when: Vec<String> = conditions(&check.when, &check.unless).into_iter().map(|when| format!("Only there: {when}.")).collect();
    let source = format!("Source: {} ({}).", prose(check.reason.link.as_deref().unwrap_or_default()), check.reason.confidence);
    let said: Vec<String> = own.into_iter().chain(request).chain(command).chain(when).chain([source]).collect();
    format!("\n## Health\n\n{}\n", said.join(" "))
}

/// A service of the first image, and what the program makes of it by itself.
fn example(preset: &Preset) -> String {
    let name = preset.name.as_str();
    let start = STARTS.iter().find(|(preset, _)| *preset == name).map(|(_, image)| (*image, None));
    let command = COMMANDS.iter().find(|(preset, ..)| *preset == name).map(|(_, image, command)| (*image, Some(*command)));
    let first = preset.images.first().map(|image| (image.as_str(), None));
    if start.or(command).or(first).is_none() && preset.is_addition() {
        let packages: Vec<String> = preset.manifests.iter().map(|package| code(package)).collect();
        return format!("It is added where a service is built from a folder whose manifest names {}.\n", packages.join(" or "));
    }
    let is_generic = start.or(command).or(first).is_none();
    let (image, command) = first.or(start).or(command).unwrap_or(("example.com/own/app:1", None));
    let command = command.map(|words| format!("    command: {words}\n")).unwrap_or_default();
    let before = format!("services:\n  app:\n    image: {image}\n{command}");
    let mut text = format!("Before:\n\n```yaml\n{before}```\n");
    if !is_generic {
        let (after, said) = harden(&before, &[]);
        if after != before {
            return text + &format!("\nAfter `rofs-harden`:\n\n```yaml\n{after}```\n{said}");
        }
        text += "\nThe tool changes nothing here by itself: something of it is assumed, or stands in the way.\n";
        text += &said;
    }
    let option = if is_generic { vec!["--preset", name] } else { vec!["--unsafe-fixes"] };
    let (after, said) = harden(&before, &option);
    if after != before {
        text += &format!("\nAfter `rofs-harden {}`:\n\n```yaml\n{after}```\n{said}", option.join(" "));
    }
    text
}

/// What the program makes of a file, and a block of what it warns of.
fn harden(before: &str, options: &[&str]) -> (String, String) {
    let folder = Folder::compose(before);
    let run = folder.run(&[&["--write", "--yes"], options].concat()).exits(0);
    let warnings: Vec<&str> = run.err.lines().filter(|l| l.starts_with("warning")).collect();
    let said = if warnings.is_empty() { String::new() } else { format!("\n```text\n{}\n```\n", warnings.join("\n")) };
    (folder.read("compose.yaml"), said)
}

/// A code span for a cell of a table.
fn code(text: &str) -> String {
    assert!(!text.contains('`'), "{text}");
    format!("`{}`", text.replace('|', "\\|"))
}

/// A sentence for a cell of a table: code spans stay, and nothing else is markup.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let is_closed = parts.len() % 2 == 1;
    let mut result = String::new();
    for (i, part) in parts.iter().enumerate() {
        let is_code = i % 2 == 1 && (is_closed || i + 1 < parts.len());
        if is_code {
            result += &code(part);
            continue;
        }
        if i % 2 == 1 {
            result += "\\`";
        }
        for c in part.chars() {
            if matches!(c, '\\' | '*' | '_' | '<' | '[' | '|') {
                result.push('\\');
            }
            result.push(c);
        }
    }
    result
}

#[test]
fn cells_are_escaped() {
    for (text, expected) in [
        ("a | b", "a \\| b"),
        ("`a | b` and *c*", "`a \\| b` and \\*c\\*"),
        ("<b> __x__ [y](z)", "\\<b> \\_\\_x\\_\\_ \\[y](z)"),
        ("one ` tick", "one \\` tick"),
        ("`a` and ` more", "`a` and \\` more"),
    ] {
        assert_eq!(prose(text), expected, "{text}");
    }
}
