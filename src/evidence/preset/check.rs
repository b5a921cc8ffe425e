//! How an image is asked whether it does its work, and the `[check]` of a preset file.

use super::Condition;
use super::parse::{Wrong, conditions, line};
use super::raw::RawConfidence;
use super::when::RawConditions;
use crate::evidence::{Reason, Source};
use crate::text::toml::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;

/// How an image is asked whether it does its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What its server is asked.
    pub request: Option<Request>,
    /// A command in the image that ends with status 0 where it works; empty where none is known.
    pub command: Vec<String>,
    /// The port that the command asks, if it is one.
    pub port: Option<u16>,
    /// Whether the image has a health check of its own; `None` when that is not known.
    pub of_image: Option<bool>,
    /// How long its start may take, as Compose has it: `1m`.
    pub start_period: String,
    /// When it is there: all of these must hold.
    pub when: Vec<Condition>,
    /// When it is not there after all: one of these is enough.
    pub unless: Vec<Condition>,
    /// Where that is written, and how sure it is.
    pub reason: Arc<Reason>,
}

/// A request that an answer of 200 to 399 satisfies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Port of the container.
    pub port: u16,
    /// Path with its query.
    pub path: String,
}

/// What is given to the start where a preset names nothing else.
pub(in crate::evidence) const START_PERIOD: &str = "1m";

impl Request {
    /// Reads `http:PORT/PATH`.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("http:")?;
        let (port, path) = rest.split_at(rest.find('/')?);
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let is_plain = path.bytes().all(|b| b.is_ascii_graphic() && !b"\"'\\`$<>".contains(&b));
        is_plain.then(|| Self { port, path: path.to_owned() })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http:{}{}", self.port, self.path)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCheck {
    /// What its server is asked: `http:3000/health`. `verify` does so where the project has no check.
    #[schemars(with = "Option<String>")]
    ask: Option<Spanned<String>>,
    /// A command that is sure to be in the image, word by word. `--with healthcheck` writes it.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    command: Vec<Spanned<String>>,
    /// Whether the image has a health check of its own; not known where nothing is said.
    of_image: Option<bool>,
    /// How long its start may take; a minute where nothing is said.
    #[schemars(with = "Option<String>")]
    start_period: Option<Spanned<String>>,
    #[schemars(with = "Option<RawConditions>")]
    when: Option<Spanned<RawConditions>>,
    #[schemars(with = "Option<RawConditions>")]
    unless: Option<Spanned<RawConditions>>,
    #[schemars(with = "String")]
    source: Spanned<String>,
    confidence: RawConfidence,
}

impl RawCheck {
    pub(super) fn read(raw: Spanned<Self>, preset: &str) -> Result<Check, Wrong> {
        let range = raw.span();
        let Self { ask, command, of_image, start_period, when, unless, source, confidence } = raw.into_inner();
        if ask.is_none() && command.is_empty() && of_image != Some(true) {
            return Err((range, "it asks nothing: give it `ask` or `command`, or say `of_image = true`".into()));
        }
        let request = |text: Spanned<String>| {
            let wrong = || (text.span(), format!("`{}` is not http:PORT/PATH, such as http:3000/health", text.get_ref()));
            Request::parse(text.get_ref()).ok_or_else(wrong)
        };
        let request = ask.map(request).transpose()?;
        let command: Vec<String> = command.into_iter().map(line).collect::<Result<_, _>>()?;
        let reason = Reason {
            source: Source::Preset(preset.to_owned()),
            text: if of_image == Some(true) { "its Dockerfile has a health check" } else { "the image has the program for it" }.to_owned(),
            link: Some(line(source)?),
            confidence: confidence.into(),
        };
        Ok(Check {
            port: port_in(&command),
            request,
            command,
            of_image,
            when: conditions(when)?,
            unless: conditions(unless)?,
            start_period: start_period.map(period).transpose()?.unwrap_or_else(|| START_PERIOD.to_owned()),
            reason: Arc::new(reason),
        })
    }
}

/// Seconds or minutes.
fn period(raw: Spanned<String>) -> Result<String, Wrong> {
    let is_number = |digits: &str| digits.parse::<u16>().is_ok_and(|n| n > 0) && digits.bytes().all(|b| b.is_ascii_digit());
    if raw.get_ref().strip_suffix(['s', 'm']).is_some_and(is_number) {
        return Ok(raw.into_inner());
    }
    Err((raw.span(), format!("`{}` is not a time such as 90s or 5m", raw.get_ref())))
}

/// The port of the machine's own address that a command names, or that of an option.
fn port_in(command: &[String]) -> Option<u16> {
    let option = command.iter().position(|word| ["-p", "-P", "--port"].contains(&word.as_str()));
    if let Some(number) = option.and_then(|at| command.get(at + 1)) {
        return number.parse().ok();
    }
    let behind = command.iter().find_map(|word| {
        let at = ["127.0.0.1:", "localhost:"].iter().find_map(|host| Some(word.find(host)? + host.len()))?;
        Some(&word[at..])
    })?;
    behind.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Preset, list};
    use super::*;
    use crate::text::{MAX_FILE_BYTES, TextFile};

    fn read(check: &str) -> Result<Option<Check>, String> {
        let text = format!(
            "summary = \"x\"\n[match]\nimages = [\"x\"]\n[run_user]\ntext = \"root\"\n[check]\n{check}\nsource = \"s\"\nconfidence = \"reported\"\n"
        );
        let file = TextFile::new("x.toml", text.into_bytes(), MAX_FILE_BYTES).expect("text");
        Preset::parse("x", &file).map(|preset| preset.check).map_err(|e| e.to_string())
    }

    #[test]
    fn a_check_is_a_request_or_a_command() {
        let check = read("ask = \"http:3000/health?x=1\"\ncommand = [\"curl\", \"-f\", \"http://localhost:3001/\"]\nstart_period = \"5m\"");
        let check = check.expect("reads").expect("a check");
        assert_eq!(check.request, Some(Request { port: 3000, path: "/health?x=1".into() }));
        assert_eq!((check.port, check.command.len(), &*check.start_period, check.of_image), (Some(3001), 3, "5m", None));
        assert_eq!(read("of_image = true").expect("reads").map(|c| c.of_image), Some(Some(true)));
        for (bad, message) in [
            ("", "asks nothing"),
            ("of_image = false", "asks nothing"),
            ("ask = \"3000/health\"", "is not http:PORT/PATH"),
            ("ask = \"http:0/\"", "is not http:PORT/PATH"),
            ("ask = \"http:80\"", "is not http:PORT/PATH"),
            ("ask = \"http:80/$HOME\"", "is not http:PORT/PATH"),
            ("command = [\"a\", \"\"]", "there is no text in it"),
            ("ask = \"http:80/\"\nstart_period = \"soon\"", "is not a time"),
            ("ask = \"http:80/\"\nstart_period = \"0s\"", "is not a time"),
        ] {
            let error = read(bad).expect_err(bad);
            assert!(error.contains(message), "{bad}: {error}");
        }
    }

    /// A port that the request and the command disagree on is a slip of the pen.
    #[test]
    fn checks_of_presets_agree_with_themselves() {
        let mut commands = 0;
        for (name, _) in list() {
            let Some(check) = Preset::embedded(name).expect("a preset").check else { continue };
            commands += usize::from(!check.command.is_empty());
            if let (Some(request), Some(port)) = (&check.request, check.port) {
                assert_eq!(request.port, port, "{name}");
            }
            assert!(check.reason.link.as_ref().is_some_and(|link| link.contains('@') || link.contains("://")), "{name}");
        }
        assert!(commands > 15, "{commands}");
    }
}
