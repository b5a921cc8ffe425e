//! Where a preset's path is for one service: options of its command, variables and keys move it.

use super::Confidence;
use super::context::{BETWEEN, ImageUsers, ServiceContext};
use super::place::{hides_files, is_filled, parent};
use super::preset::{By, Form, Key, Mover, Names, Writable};
use crate::compose::{Known, Word, clean_path, is_at};
use std::collections::HashSet;

/// Longest range of numbered folders (`/data{1...4}`) that is followed.
const MAX_RANGE: u32 = 64;

/// Most folders of one value: more are no data of anybody, and ranges would make a small file large.
const MAX_FOLDERS: usize = 1000;

/// How addresses of databases begin that are files.
const IN_FILES: [&str; 9] =
    ["file://", "file:", "jdbc:h2:file:", "rocksdb:", "sqlite3://", "sqlite://", "sqlite3:", "sqlite:", "surrealkv:"];

/// Where the data of a path are.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// The places that something names, and what names them.
    pub(super) to: Vec<(String, String)>,
    /// The places that stay below the path; `None` where all of it stays.
    pub(super) rest: Option<Vec<String>>,
    /// Why a place is not known.
    pub(super) doubts: Vec<String>,
}

/// What the service says of a path of a preset. `workdir` is where its image's programs run.
pub(super) fn moves(
    context: &ServiceContext<'_, '_>,
    workdir: Option<&str>,
    path: &Writable,
    users: &ImageUsers<'_>,
    argv: &[Word],
) -> Moves {
    let mut moves = Moves::default();
    let Some(moved) = &path.moved else { return moves };
    let of_image = || Some(Word { text: workdir?.to_owned(), is_known: true, is_hidden: false });
    let base = context.workdir().or_else(of_image);
    let (mut parts, mut causes) = (HashSet::new(), HashSet::new());
    let mut unread = None;
    for mover in &moved.by {
        // Of one part, the first that names a place counts.
        if parts.contains(&mover.part) || context.needs(&mover.when, &[], users) == Known::No {
            continue;
        }
        // A part that a file nobody can read might move is no reason where the whole is known.
        if let (By::Env(name), None, true) = (&mover.by, &unread, mover.part.is_none() || moved.by.iter().all(|m| m.part.is_some())) {
            unread = context.doubt_of_variable(name).map(|why| (&mover.by, why));
        }
        let values = match values(context, mover, argv) {
            Ok(values) => values,
            // Somebody mounted something where it usually is, so it is there; and what is only assumed waits for more than that.
            Err(_) if path.scratch.is_some() || context.is_mounted(&path.target) || path.reason.confidence == Confidence::Assumed => {
                continue;
            }
            Err(why) => {
                // A file that is not read may hold every setting.
                if causes.insert(why.clone()) {
                    moves
                        .doubts
                        .push(format!("whether it still writes to {} is not known: {} may move that, and {why}", path.target, mover.by));
                }
                continue;
            }
        };
        for found in values {
            let Some(named) = places(context, &found, (mover, base.as_ref()), &moved.by) else { continue };
            parts.insert(&mover.part);
            settle(context, path, mover, named, &mut moves);
        }
    }
    // Somebody mounted something where it usually is, so it is there.
    if let Some((by, why)) = unread.filter(|_| !context.is_mounted(&path.target)) {
        moves.doubts.push(format!("whether it still writes to {} is not known: an `env_file` may set {by}, and {why}", path.target));
    }
    moves
}

/// What a value says: the folders that must be writable, or why they are not known.
type Named = Result<Vec<Word>, String>;

fn settle(context: &ServiceContext<'_, '_>, path: &Writable, mover: &Mover, named: Named, moves: &mut Moves) {
    let folders = match named {
        Ok(folders) => folders,
        // Somebody mounted something where it usually is, so it is there.
        Err(_) if mover.names == Names::Other && context.is_mounted(&path.target) => return,
        Err(why) => {
            moves.doubts.push(format!("where it writes instead of {} is not known: {why}", path.target));
            leave(path, mover, moves);
            return;
        }
    };
    if !folders.is_empty() && folders.iter().all(|folder| is_at(&folder.text, &path.target)) {
        return;
    }
    leave(path, mover, moves);
    if folders.len() > MAX_FOLDERS {
        moves.doubts.push(format!("{} names more than {MAX_FOLDERS} places for what is usually at {}", mover.by, path.target));
        return;
    }
    for folder in folders {
        let is_sure = folder.is_known && !folder.is_hidden;
        if !is_sure && context.is_mounted(&folder.text) {
            continue;
        }
        let what = format!("{} names {}", mover.by, folder.text);
        if !is_sure {
            let why = match &mover.by {
                By::Env(name) if folder.is_known && context.is_given(name) => {
                    format!("{} is in an `env_file`, whose values are not repeated, and nothing is mounted there", mover.by)
                }
                by @ By::Setting { .. } => {
                    format!("{by} names another place, values of such files are not repeated, and nothing is mounted there")
                }
                by => format!("a variable decides the value of {by}"),
            };
            moves.doubts.push(format!("where it writes instead of {} is not known: {why}", path.target));
        } else if is_filled(&folder.text) && !context.is_mounted(&folder.text) {
            moves.doubts.push(format!("{what}, where the image's own files are, so nothing can be mounted there"));
        } else if path.scratch.is_some() && hides_files(&folder.text) && !context.is_mounted(&folder.text) {
            moves.doubts.push(format!("{what}, and a tmpfs there hides what the image has"));
        } else {
            moves.to.push((folder.text, mover.by.to_string()));
        }
    }
}

/// The path is no longer where the preset says, or only a part of it.
fn leave(path: &Writable, mover: &Mover, moves: &mut Moves) {
    match (&mover.part, &mover.rest) {
        (None, _) => moves.rest = Some(Vec::new()),
        (Some(_), Some(rest)) => {
            moves.rest.get_or_insert_default().extend(rest.iter().map(|below| format!("{}{below}", path.target)));
        }
        (Some(_), None) => {}
    }
}

/// The values that a mover has in the service, as far as it has any. Errors: why they are not known, a phrase.
fn values(context: &ServiceContext<'_, '_>, mover: &Mover, argv: &[Word]) -> Result<Vec<Found>, String> {
    let one = |word: Word| Found { words: vec![word] };
    Ok(match &mover.by {
        By::Env(name) => context.variables(name).into_iter().map(one).collect(),
        By::Key(Key::WorkingDir) => context.workdir().map(one).into_iter().collect(),
        By::Key(Key::Command) => context.own_command().map(|words| Found { words }).into_iter().collect(),
        By::Word { start, behind } => {
            let is_behind = |i: usize| behind.as_ref().is_none_or(|b| i > 0 && argv[i - 1].text == *b);
            let rest = |(i, word): (usize, &Word)| {
                let rest = word.text.strip_prefix(start.as_str()).filter(|rest| !rest.is_empty() && is_behind(i))?;
                Some(one(Word { text: rest.to_owned(), ..word.clone() }))
            };
            argv.iter().enumerate().filter_map(rest).collect()
        }
        By::Option(name, form) => {
            let value = |(i, word): (usize, &Word)| {
                if is_option(name, &word.text) && *form != Form::Equals {
                    let behind = argv[i + 1..].split(|word| word.text == BETWEEN).next().unwrap_or_default();
                    return match mover.names {
                        Names::Folders => Some(Found { words: behind.to_vec() }),
                        _ => behind.first().filter(|next| !next.text.starts_with('-')).cloned().map(one),
                    };
                }
                let (option, value) = word.text.split_once('=').filter(|_| *form != Form::Space)?;
                is_option(name, option).then(|| one(Word { text: value.to_owned(), ..word.clone() }))
            };
            let mut found: Vec<Found> = argv.iter().enumerate().filter_map(value).collect();
            // Of one that is given twice, the last counts; a list or a pattern may be several.
            if mover.names != Names::Folders && !name.contains('*') {
                found.drain(..found.len().saturating_sub(1));
            }
            found
        }
        By::Setting { name, at } => {
            // A variable of the program's own, and what such a file says is not to be repeated.
            let word = |text: String| one(Word { is_known: !text.contains(['$', '{']), is_hidden: true, text });
            context.settings(name, at, argv)?.into_iter().map(word).collect()
        }
    })
}

struct Found {
    words: Vec<Word>,
}

/// Whether a word is the option `name`: long ones may have one hyphen or two, and `_` for `-` inside; case does not matter.
pub(super) fn is_option(name: &str, word: &str) -> bool {
    let trimmed = name.trim_start_matches('-');
    let is_long = trimmed.len() > 1 && trimmed.len() < name.len();
    if !is_long {
        return name == word;
    }
    let plain = |text: &str| text.trim_start_matches('-').replace('_', "-");
    let (wanted, own) = (plain(name), plain(word));
    match wanted.split_once('*') {
        _ if !word.starts_with('-') => false,
        // Redis does not look at case, and no program has two that differ in it alone.
        None => wanted.eq_ignore_ascii_case(&own),
        Some((start, end)) => {
            let own = own.to_lowercase();
            own.len() > start.len() + end.len() && own.starts_with(&start.to_lowercase()) && own.ends_with(&end.to_lowercase())
        }
    }
}

/// The folders that a value names. `None` where it moves nothing.
fn places(context: &ServiceContext<'_, '_>, found: &Found, of: (&Mover, Option<&Word>), movers: &[Mover]) -> Option<Named> {
    let (mover, base) = of;
    let first = found.words.first()?;
    let is_one = found.words.len() == 1;
    if is_one && (first.text.is_empty() || mover.except.contains(&first.text)) {
        return None;
    }
    if mover.names == Names::Other {
        return other(found, mover, movers);
    }
    if mover.names == Names::Elsewhere {
        let is_decided = first.is_known || mover.except.is_empty();
        return Some(if is_decided { Ok(Vec::new()) } else { Err(format!("a variable decides the value of {}", mover.by)) });
    }
    if let Some(keys) = &mover.json {
        let value = serde_json::from_str::<serde_json::Value>(&first.text).ok()?;
        let inner = keys.iter().try_fold(&value, |value, key| value.get(key))?;
        let word = Word { text: inner.as_str()?.to_owned(), ..first.clone() };
        return Some(folder(context, &word, mover, base).map(|folder| folder.into_iter().collect()));
    }
    if matches!(mover.names, Names::Path | Names::Start) && !first.text.starts_with('/') {
        return None;
    }
    if mover.names == Names::Folders {
        let words: Vec<Word> = if is_one { parts(first) } else { operands(&found.words) };
        if words.len() > MAX_FOLDERS {
            return Some(Err(format!("{} names more than {MAX_FOLDERS} folders", mover.by)));
        }
        let folders: Result<Vec<_>, _> = words.iter().map(|word| folder(context, word, mover, base)).collect();
        return if words.is_empty() { None } else { Some(folders.map(|all| all.into_iter().flatten().collect())) };
    }
    Some(folder(context, first, mover, base).map(|folder| folder.into_iter().collect()))
}

/// Something that names the place in turn. A list of options moves nothing where none of the options is in it that do.
fn other(found: &Found, mover: &Mover, movers: &[Mover]) -> Option<Named> {
    let options: Vec<&str> = movers
        .iter()
        .filter_map(|m| match &m.by {
            By::Option(name, _) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let is_list = found.words[0].text.trim_start().starts_with('-') && found.words[0].is_known;
    if is_list && matches!(mover.by, By::Env(_)) && !options.iter().any(|o| found.words[0].text.contains(o)) {
        return None;
    }
    let means = mover.means.as_deref().unwrap_or("it is not read");
    Some(Err(format!("{} decides it ({means})", mover.by)))
}

/// Several folders of one value.
fn parts(word: &Word) -> Vec<Word> {
    if !word.is_known {
        return vec![word.clone()];
    }
    let words = word.text.split(|c: char| c.is_whitespace() || c == ',').filter(|part| !part.is_empty());
    let words: Vec<Word> = words.map(|part| Word { text: part.to_owned(), ..word.clone() }).collect();
    operands(&words)
}

/// The words that are neither options nor their values. An option may be a switch, so a word behind one that looks like a folder and is
/// the last counts as a folder.
fn operands(words: &[Word]) -> Vec<Word> {
    let mut found = Vec::new();
    let mut is_value = false;
    for (i, word) in words.iter().enumerate() {
        let text = word.text.as_str();
        if text.starts_with('-') {
            is_value = !text.contains('=');
            continue;
        }
        let is_last = i + 1 == words.len() && found.is_empty();
        if !is_value || is_last && !text.contains(':') {
            found.push(word.clone());
        }
        is_value = false;
    }
    let numbered = |word: Word| match range(&word.text) {
        Some(texts) => texts.into_iter().map(|text| Word { text, ..word.clone() }).collect(),
        None => vec![word],
    };
    // One more than are followed says that there are too many.
    found.into_iter().flat_map(numbered).take(MAX_FOLDERS + 1).collect()
}

/// `/data{1...4}` and `http://host{1...4}/data`: the folders on this machine.
fn range(text: &str) -> Option<Vec<String>> {
    let path = match text.split_once("://") {
        Some((_, address)) => &address[address.find('/')?..],
        None => text,
    };
    let Some((start, rest)) = path.split_once('{') else { return (path != text).then(|| vec![path.to_owned()]) };
    let (numbers, end) = rest.split_once('}')?;
    let (from, to) = numbers.split_once("...")?;
    let (from, to) = (from.parse::<u32>().ok()?, to.parse::<u32>().ok()?);
    (from <= to && to - from < MAX_RANGE).then(|| (from..=to).map(|n| format!("{start}{n}{end}")).collect())
}

/// The folder that a value names; none where it names something outside of the container. Where a variable is in it, it may still be one
/// that a mount has in the same words.
fn folder(context: &ServiceContext<'_, '_>, word: &Word, mover: &Mover, base: Option<&Word>) -> Result<Option<Word>, String> {
    let of_disk = IN_FILES.iter().find_map(|start| word.text.strip_prefix(start));
    let mut text = of_disk.map_or(word.text.as_str(), |path| path.split('?').next().unwrap_or(path)).to_owned();
    if text.contains("://") {
        return Ok(None);
    }
    if text.starts_with('~') {
        return Err(format!("the value of {} begins with a home folder", mover.by));
    }
    let (mut is_known, mut is_hidden) = (word.is_known, word.is_hidden);
    if is_known && !text.starts_with('/') {
        let base = base.ok_or_else(|| format!("the value of {} is relative, and where the program runs is not known", mover.by))?;
        text = format!("{}/{text}", base.text);
        is_known = base.is_known;
        is_hidden |= base.is_hidden;
    }
    if is_known {
        text = clean_path(&text);
    }
    let is_file = match mover.names {
        Names::File | Names::Start => true,
        Names::Path => text.rsplit('/').next().is_some_and(|name| name.contains('.')),
        _ => false,
    };
    // A file that is mounted itself needs no folder, unless it is a database, which makes others beside it.
    let is_database = of_disk.is_some() || [".db", ".sqlite", ".sqlite3"].iter().any(|end| text.ends_with(end));
    if is_file && (is_database || !context.is_target(&text)) {
        text = parent(&text);
    }
    text.extend(mover.adds.as_deref());
    Ok(Some(Word { text, is_known, is_hidden }))
}
