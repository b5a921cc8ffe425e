//! Logs: lines in which a program says that it could not write, as symptoms with a path and a cause.
//!
//! A line costs one search for a few words; only lines that have them meet the patterns. Time is linear in the log and memory does not
//! grow with it: what is kept are distinct symptoms, at most [`MAX_SYMPTOMS`].

mod advice;
mod foreign;

pub use advice::{Advice, AdviceContext, advise, join};

use crate::compose::clean_path;
use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Most bytes of a line that are read.
const MAX_LINE: usize = 16 << 10;
/// Most characters of a line that are kept.
const MAX_SHOWN: usize = 240;
/// Most distinct symptoms that are kept.
pub const MAX_SYMPTOMS: usize = 1000;
/// Longest path that is believed: Linux's `PATH_MAX`.
const MAX_PATH: usize = 4096;
/// Most bytes of the line before that are kept.
const MAX_BEFORE: usize = 1 << 10;
/// Lines within which words must have stood for a pattern that asks for them.
const NEAR: u64 = 10;

/// Why something could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The filesystem is read-only there.
    ReadOnly,
    /// The user may not write there.
    Denied,
    /// A program or library may not be run from there.
    NoExec,
    /// The process lacks a capability.
    Capability,
    /// There is no room left.
    Full,
    /// It looks like a failure, and nothing has to be done.
    Harmless,
}

/// What was to be done with a path, as far as the line says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deed {
    /// Nobody says.
    #[default]
    Unknown,
    /// A file in it was to be changed in place, by a copy beside it.
    Edit,
    /// A folder was to be made.
    Make,
    /// Its owner or mode was to be changed.
    Own,
    /// A file was to be opened or made.
    Open,
    /// A program was to be run.
    Run,
}

/// A line that says that something could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symptom {
    /// The service, where the log names it: the prefix that `docker compose logs` writes.
    pub service: Option<String>,
    /// Number of the first such line, from 1.
    pub line: u64,
    /// How many lines say the same.
    pub count: u64,
    /// The line, cut, without escape sequences. May hold what a stranger wrote.
    pub text: String,
    /// Whose words these are.
    pub program: &'static str,
    /// Why.
    pub cause: Cause,
    /// The path as the line has it, cleaned where it is absolute; `None` where it names none.
    pub path: Option<String>,
    /// Whether `path` is the folder itself, and not something in it.
    pub is_folder: bool,
    /// What was to be done with `path`.
    pub deed: Deed,
    /// Whether programs are run from there.
    pub runs: bool,
    /// Whether it was only looked whether it can be written, which does not say why not.
    pub is_asked: bool,
    /// Whether a relative or missing path is in the folder where the program keeps its data.
    pub in_data: bool,
    /// Whether what is there must be kept, where the line says so.
    pub is_state: bool,
    /// What to do beside or instead of a mount.
    pub help: Option<&'static str>,
}

impl Symptom {
    /// The same with a relative path made absolute, where the program is known to run in `folder`.
    #[must_use]
    pub fn resolved(mut self, folder: &str) -> Self {
        if let Some(path) = self.path.as_mut().filter(|path| !self.in_data && !path.starts_with('/')) {
            *path = clean_path(&format!("{folder}/{path}"));
        }
        self
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPatterns {
    pattern: Vec<RawPattern>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPattern {
    program: String,
    regex: String,
    cause: Option<Cause>,
    at: Option<String>,
    near: Option<String>,
    #[serde(default)]
    in_data: bool,
    #[serde(default)]
    is_folder: bool,
    #[serde(default)]
    is_state: bool,
    #[serde(default)]
    is_beside: bool,
    #[serde(default)]
    runs: bool,
    #[serde(default)]
    is_told: bool,
    #[serde(default)]
    is_asked: bool,
    help: Option<String>,
}

struct Pattern {
    raw: RawPattern,
    regex: Regex,
}

/// Everything a log reader needs, made once.
struct Patterns {
    /// Whether a line may be a symptom at all.
    words: Regex,
    /// Which of the patterns may fit.
    set: RegexSet,
    all: Vec<Pattern>,
    escapes: Regex,
    /// Words for the making of a folder.
    makes: Regex,
    /// Words for the change of an owner or a mode.
    owns: Regex,
    /// Words for the opening of a file.
    opens: Regex,
    /// Words before a program that is to be run.
    runs: Regex,
    /// A line that only says why.
    bare: Regex,
    /// A path in the line before such a one.
    before: Regex,
    prefix: Regex,
    time: Regex,
}

/// Words of which every symptom has one; a test holds the patterns against it.
const WORDS: &str = r"(?i:read-?only file|permission denied|not permitted|erofs|eacces|errno|no such file or directory, mk|no usable temp|not writable|not a writable|readonly|unable to open database|cannot create pidfile|write pidfile|server running on socket|bind on unix|misconf|rdb file|coreclr|storing keys|accessdenied|access to the path|temporary directory /|runtimedir|mutex directory|http server: socket|error writing to the directory|npm err! path|npm error path|path: '|map segment|noexec|belongs to uid|is marked read-only|failed to set capabilities|java\.io\.tmpdir|no locator available|createtemp|gettempfilename|unable to access log file|cannot lock /etc/|^usermod: |^chpasswd: |crashpad_handler: |writable\] failed|for writing|wflyctl0276|check permissions|must be present and|must be (?:a )?writ|node locks|is not accessible for user|cannot write to /|wrong ownership|unable to create (?:\[/|the \x22)|failed to create work|could not create unix socket|can't write to /|should be writ|not writeable|trying to write|chsh: |chfn: |(?:user|group)(?:add|mod|del): |failure while writing|no space left on device|enospc)";

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    // The patterns are part of the program, and a test compiles them all.
    let raw: RawPatterns = crate::text::toml::read(include_str!("log/patterns.toml")).unwrap_or_else(|e| unreachable!("{e}"));
    let set = RegexSetBuilder::new(raw.pattern.iter().map(|p| &p.regex)).unicode(false).build();
    Patterns {
        words: fixed(WORDS),
        set: set.unwrap_or_else(|e| unreachable!("{e}")),
        all: raw.pattern.into_iter().map(|raw| Pattern { regex: fixed(&raw.regex), raw }).collect(),
        escapes: fixed(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])"),
        makes: fixed(r"(?i:mkdir|makedirs|(?:creat|mak)(?:e|ing) (?:the )?director(?:y|ies))"),
        owns: fixed(r"(?:\b(?:l|f)?ch(?:own|mod|grp)\b|changing (?:ownership|permissions|group))"),
        opens: fixed(
            r"(?i:\b(?:open|opening|touch|fopen|rb_sysopen|file_put_contents|createfile\w*|tee|log file|pid ?file|regular file|creating file|create file|write to file|(?:symbolic|hard|config) (?:link|file))\b|cannot move .* to |can(?:no|')t create (?:regular )?(?:file)?.?/)",
        ),
        runs: fixed(r"(?:\bexec(?:ve|vp)?\b|\bspawn|cannot execute|can't execute|cannot run|^(?:\S*/)?(?:ba|da|a|z)?sh: |: \d+: /|fork/)"),
        bare: fixed(
            r"(?i:^\W*(?:[\w.]+(?: \d+)?[:>\]] )*(?:error|fatal|reason|cause)?:? ?(?:read-only file ?system|permission denied)\W*$)",
        ),
        before: fixed(
            r"(?i:unable|could not|couldn't|cannot|can't|failed|failure|error)[^/]*?['\x22( ](?P<path>/[\w.@%+~-]+(?:/[\w.@%+~-]+)*)",
        ),
        prefix: fixed(r"^([a-zA-Z0-9][a-zA-Z0-9_.-]*) +\| ?"),
        time: fixed(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) "),
    }
});

/// A regex that is part of the program.
fn fixed(text: &str) -> Regex {
    RegexBuilder::new(text).unicode(false).build().unwrap_or_else(|e| unreachable!("{text}: {e}"))
}

/// What tells a symptom from others: service, path, cause, program.
type Same = (Option<String>, Option<String>, Cause, &'static str);

/// Reads a log line by line.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    line: u64,
    symptoms: Vec<Symptom>,
    places: HashMap<Same, usize>,
    /// Where words that patterns ask for stood last.
    near: HashMap<&'static str, u64>,
    /// The beginning of the line before.
    last: Vec<u8>,
    /// Symptoms beyond [`MAX_SYMPTOMS`].
    dropped: u64,
}

impl Reader {
    /// Reads the next line, without its break.
    pub fn line(&mut self, line: &[u8]) {
        self.line += 1;
        let patterns = &*PATTERNS;
        let line = &line[..line.len().min(MAX_LINE)];
        if patterns.words.is_match(line) || foreign::is_translated(line) {
            self.told(line);
        }
        self.last.clear();
        self.last.extend_from_slice(&line[..line.len().min(MAX_BEFORE)]);
    }

    /// Reads a line that has the words.
    fn told(&mut self, line: &[u8]) {
        let patterns = &*PATTERNS;
        let line = foreign::in_english(without_escapes(line));
        let text = String::from_utf8_lossy(&line);
        let (service, rest) = match patterns.prefix.captures(text.as_bytes()) {
            Some(found) => (found.get(1).map(|m| lossy(m.as_bytes()).into_owned()), &text[found.get(0).map_or(0, |m| m.end())..]),
            None => (None, &*text),
        };
        let rest = &rest[patterns.time.find(rest.as_bytes()).map_or(0, |m| m.end())..];
        if rest.starts_with('{')
            && let Some(texts) = foreign::json_texts(rest)
        {
            // Of a structured line every text is looked at as if it were one.
            for text in texts.lines() {
                self.text(service.as_deref(), text);
            }
            return;
        }
        self.text(service.as_deref(), rest.trim_end());
    }

    /// What was found, by line, and how many further symptoms were not kept.
    pub fn finish(mut self) -> (Vec<Symptom>, u64) {
        // The code of an error that is printed as an object stands beside the line that has the path.
        let with_path: Vec<(Option<String>, u64)> =
            self.symptoms.iter().filter(|s| s.path.is_some()).map(|s| (s.service.clone(), s.line)).collect();
        let is_near = |s: &Symptom| with_path.iter().any(|(service, line)| *service == s.service && line.abs_diff(s.line) <= NEAR);
        self.symptoms.retain(|s| s.path.is_some() || !s.text.starts_with("code: ") || !is_near(s));
        (self.symptoms, self.dropped)
    }

    /// The path of which the line before says that something failed there.
    fn path_before(&self, service: Option<&str>) -> Option<String> {
        let patterns = &*PATTERNS;
        let line = without_escapes(&self.last);
        let text = String::from_utf8_lossy(&line);
        let (own, rest) = match patterns.prefix.captures(text.as_bytes()) {
            Some(found) => (found.get(1).map(|m| lossy(m.as_bytes()).into_owned()), &text[found.get(0).map_or(0, |m| m.end())..]),
            None => (None, &*text),
        };
        let words = foreign::own_words(rest).filter(|_| own.as_deref() == service)?;
        let path = patterns.before.captures(&words)?.name("path").map(|m| lossy(m.as_bytes()).into_owned())?;
        Some(clean_path(path.trim_end_matches(['.', ',', ':', ';'])))
    }

    fn text(&mut self, service: Option<&str>, text: &str) {
        let patterns = &*PATTERNS;
        let plain = text.replace(['`', '‘', '’', '“', '”', '„', '»', '«'], "'");
        let Some(plain) = foreign::own_words(&plain) else { return };
        let own = String::from_utf8_lossy(&plain);
        for pattern in &patterns.all {
            if let Some(words) = pattern.raw.near.as_deref().filter(|words| own.contains(words)) {
                self.near.insert(words, self.line);
            }
        }
        for index in patterns.set.matches(&plain) {
            let pattern = &patterns.all[index];
            let is_near = |words: &String| self.near.get(words.as_str()).is_some_and(|at| self.line - at <= NEAR);
            // What is told in passing is a complaint where something is lost.
            if !pattern.raw.near.as_ref().is_none_or(is_near) || pattern.raw.is_told && foreign::loses(&plain) {
                continue;
            }
            let Some(found) = pattern.regex.captures(&plain) else { continue };
            let mut symptom = Symptom { deed: deed(pattern, &plain), ..symptom(pattern, &found) };
            if foreign::copes(&plain) {
                symptom.cause = Cause::Harmless;
            }
            if symptom.path.is_none() && patterns.bare.is_match(&plain) {
                symptom.path = self.path_before(service);
                symptom.deed = Deed::Open;
            }
            self.keep(Symptom { service: service.map(str::to_owned), line: self.line, text: shown(text), ..symptom });
            return;
        }
    }

    fn keep(&mut self, symptom: Symptom) {
        let key = (symptom.service.clone(), symptom.path.clone(), symptom.cause, symptom.program);
        if let Some(&place) = self.places.get(&key) {
            self.symptoms[place].count += 1;
        } else if self.symptoms.len() == MAX_SYMPTOMS {
            self.dropped += 1;
        } else {
            self.places.insert(key, self.symptoms.len());
            self.symptoms.push(symptom);
        }
    }
}

/// What a line says was to be done.
fn deed(pattern: &Pattern, line: &[u8]) -> Deed {
    let patterns = &*PATTERNS;
    let words = [(&patterns.makes, Deed::Make), (&patterns.owns, Deed::Own), (&patterns.opens, Deed::Open), (&patterns.runs, Deed::Run)];
    match words.into_iter().find(|(words, _)| words.is_match(line)) {
        _ if pattern.raw.is_beside => Deed::Edit,
        Some((_, deed)) => deed,
        None => Deed::Unknown,
    }
}

/// What a pattern makes of a line.
fn symptom(pattern: &'static Pattern, captures: &Captures<'_>) -> Symptom {
    let RawPattern { program, cause, at, help, .. } = &pattern.raw;
    let found = |name: &str| captures.name(name).map(|m| lossy(m.as_bytes()));
    let (why, folder) = (found("why"), found("dir"));
    let cause = match (why.as_deref(), cause) {
        (_, Some(cause)) => *cause,
        (Some("30"), None) => Cause::ReadOnly,
        (Some("13"), None) => Cause::Denied,
        (Some(why), None) => match why.to_ascii_lowercase().as_str() {
            why if why.contains("read") || why == "erofs" || why.ends_with("30") => Cause::ReadOnly,
            why if why.contains("not permitted") => Cause::Capability,
            _ => Cause::Denied,
        },
        (None, None) => Cause::ReadOnly,
    };
    let path = found("to").or(found("path")).or(found("only"));
    let path = path.as_deref().map(|path| path.trim_matches(['\'', '"', ' ']));
    // What stands behind a path in a sentence or in a printed value.
    let path = path.map(|path| path.trim_end_matches(['>', ':', ',', ';', '\\']));
    let path = path.map(|path| path.strip_suffix('.').filter(|rest| !rest.is_empty() && !rest.ends_with(['.', '/'])).unwrap_or(path));
    let path = path.filter(|p| !p.is_empty() && p.len() <= MAX_PATH && !p.contains('\0'));
    let joined = path.map(|path| match &folder {
        Some(folder) if !path.starts_with('/') => Cow::Owned(format!("{folder}/{path}")),
        _ => Cow::Borrowed(path),
    });
    let mut path = joined.map(|path| if path.starts_with('/') { clean_path(&path) } else { path.into_owned() });
    if pattern.raw.is_beside {
        // The file is made beside the one that it replaces, and its name is random.
        path = path.map(|p| p.rsplit_once('/').map_or(p.clone(), |(folder, _)| format!("{folder}/")));
    }
    let is_folder = pattern.raw.is_folder || path.is_none() && at.is_some() || path.as_ref().is_some_and(|p| p.ends_with('/'));
    let path = path.or_else(|| at.clone()).map(|p| if p.len() > 1 { p.trim_end_matches('/').to_owned() } else { p });
    Symptom {
        service: None,
        line: 0,
        count: 1,
        text: String::new(),
        program,
        cause,
        path,
        is_folder,
        deed: Deed::Unknown,
        runs: pattern.raw.runs,
        is_asked: pattern.raw.is_asked,
        in_data: pattern.raw.in_data,
        is_state: pattern.raw.is_state,
        help: help.as_deref(),
    }
}

/// A line without the sequences that colour it or move the cursor.
pub fn without_escapes(line: &[u8]) -> Cow<'_, [u8]> {
    PATTERNS.escapes.replace_all(line, &b""[..])
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Enough of a line for a person.
fn shown(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
