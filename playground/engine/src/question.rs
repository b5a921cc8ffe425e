//! What the page may ask.

use rofs_harden::audit::Rule;
use rofs_harden::error::{Error, Result};
use rofs_harden::evidence::preset::{self, Preset};
use rofs_harden::evidence::{Extra, Selection};
use rofs_harden::plan::source::MapFiles;
use rofs_harden::plan::{Files, Input, Options, Plan, Purpose};
use rofs_harden::remedy::Remedy;
use rofs_harden::report::collect::collect;
use rofs_harden::report::{data, diff, html};
use rofs_harden::rewrite::Rewrite;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A question.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Question {
    /// What there is to choose from.
    Choices,
    /// The page of a rule.
    Rule {
        /// Its name.
        name: String,
    },
    /// The plan for a project.
    Plan(Asked),
}

/// A project and what is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Texts by paths.
    files: BTreeMap<String, String>,
    /// Names of extras.
    extras: Vec<String>,
    /// Whether guesses are agreed to.
    assume: bool,
    /// Whether reasons become comments.
    explain: bool,
    /// Presets by services, as a person chose them.
    presets: BTreeMap<String, String>,
    /// What a person decided of services, against what the plan would do.
    decisions: HashMap<String, bool>,
}

/// An answer.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Choices(Choices),
    Rule { html: String },
    Plan(Box<Planned>),
    Failure(Failure),
}

#[derive(Serialize)]
struct Choices {
    version: &'static str,
    presets: Vec<Named>,
    extras: Vec<&'static str>,
}

#[derive(Serialize)]
struct Named {
    name: &'static str,
    summary: &'static str,
}

/// What is found, and what changes.
#[derive(Serialize)]
struct Planned {
    project: data::Project,
    /// The picture of each service of the project.
    pictures: Vec<String>,
    changed: Vec<String>,
    held_back: Vec<Held>,
    /// Fixes that have no place in the files.
    refused: Vec<Refused>,
    warnings: Vec<String>,
    rewrites: Vec<Rewritten>,
}

#[derive(Serialize)]
struct Held {
    service: String,
    why: String,
}

#[derive(Serialize)]
struct Refused {
    service: String,
    why: String,
}

/// A file that changes.
#[derive(Serialize)]
struct Rewritten {
    path: String,
    after: String,
    patch: String,
    /// What is replaced by what, in lines counted from 0: first old line, the one behind the last; the same of the new ones.
    replaced: Vec<[usize; 4]>,
    reasons: Vec<Reason>,
}

/// Why a line is there.
#[derive(Serialize)]
struct Reason {
    /// From 1.
    line: usize,
    service: String,
    text: String,
    source: String,
    confidence: String,
    link: Option<String>,
}

/// What stops the work, and where.
#[derive(Serialize)]
struct Failure {
    message: String,
    hint: Option<String>,
    file: Option<String>,
    line: usize,
    column: usize,
    length: usize,
}

/// The answer to a question, both as JSON.
pub(crate) fn answer(question: &[u8]) -> Vec<u8> {
    let unheard = |e: serde_json::Error| Error::Usage(format!("the page asks for what is not there: {e}"), None);
    let answer = serde_json::from_slice(question).map_err(unheard).and_then(answer_to).unwrap_or_else(|e| Answer::Failure(e.into()));
    // All keys are texts, so that there is no way to fail.
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn answer_to(question: Question) -> Result<Answer> {
    Ok(match question {
        Question::Choices => Answer::Choices(Choices {
            version: data::TOOL.version,
            presets: preset::list().map(|(name, summary)| Named { name, summary }).collect(),
            extras: Extra::ALL.map(Extra::name).to_vec(),
        }),
        Question::Rule { name } => {
            let rule = Rule::ALL.iter().find(|rule| rule.id() == name);
            let rule = rule.ok_or_else(|| Error::Usage(format!("there is no rule {name}"), None))?;
            Answer::Rule { html: html::rule(*rule) }
        }
        Question::Plan(asked) => Answer::Plan(Box::new(plan(&asked)?)),
    })
}

fn plan(asked: &Asked) -> Result<Planned> {
    let map: MapFiles = asked.files.iter().map(|(path, text)| (path, text.as_bytes())).collect();
    let files = Files::read(&map, &Input::default())?;
    let mut plan = Plan::found(&files, &options(asked, &files)?)?;
    decide(&mut plan, &asked.decisions);
    plan.carry_out()?;
    let project = collect(&plan, false, Remedy::to_string)?;
    Ok(Planned {
        pictures: html::pictures(&project),
        changed: plan.changed().map(ToOwned::to_owned).collect(),
        held_back: plan.held_back.iter().map(|h| Held { service: h.service.clone(), why: h.why.clone() }).collect(),
        refused: plan.refused.iter().map(|r| Refused { service: r.service.clone(), why: r.why.clone() }).collect(),
        warnings: files.warnings().to_vec(),
        rewrites: plan.rewrites.iter().map(rewritten).collect(),
        project,
    })
}

fn options(asked: &Asked, files: &Files<'_>) -> Result<Options> {
    let project = files.project()?;
    let mut selection = Selection { auto: true, assume: asked.assume, limits: true, ..Selection::default() };
    selection.with = Extra::ALL.into_iter().filter(|extra| asked.extras.iter().any(|name| name == extra.name())).collect();
    // A service that was renamed or removed since takes its choice along.
    for (service, name) in asked.presets.iter().filter(|(service, _)| project.service(service).is_some()) {
        selection.forced.push((service.clone(), Arc::new(Preset::embedded(name)?)));
    }
    Ok(Options { selection, explain_in_file: asked.explain, purpose: Purpose::Report, ..Options::default() })
}

/// What a person decided counts before what the plan would do.
fn decide(plan: &mut Plan<'_>, decisions: &HashMap<String, bool>) {
    plan.accepted.retain(|fix| decisions.get(&fix.service) != Some(&false));
    for fix in plan.findings.iter().filter(|f| f.ignored.is_none()).filter_map(|f| f.fix.as_ref()) {
        let is_known = plan.accepted.iter().any(|known| known.service == fix.service);
        if decisions.get(&fix.service) == Some(&true) && !is_known {
            plan.accepted.push(fix.clone());
        }
    }
    plan.held_back.retain(|held| decisions.get(&held.service) != Some(&true));
}

fn rewritten(rewrite: &Rewrite) -> Rewritten {
    let path = rewrite.before().name().to_owned();
    let reasons = rewrite.lines().iter().map(|line| {
        let reason = &line.change.reason;
        Reason {
            line: line.line,
            service: line.service.clone(),
            text: reason.text.clone(),
            source: reason.source.to_string(),
            confidence: reason.confidence.to_string(),
            link: reason.link.clone(),
        }
    });
    Rewritten {
        patch: diff::patch(rewrite, &path, false),
        after: rewrite.after().text().to_owned(),
        replaced: diff::replaced(rewrite).into_iter().map(|(old, new)| [old.start, old.end, new.start, new.end]).collect(),
        reasons: reasons.collect(),
        path,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let hint = error.hint();
        match error {
            Error::Source(source) => Self {
                message: source.message.clone(),
                hint,
                file: Some(source.file.clone()),
                line: source.line,
                column: source.column,
                length: source.excerpt.1,
            },
            other => Self { message: other.to_string(), hint, file: None, line: 0, column: 0, length: 0 },
        }
    }
}
