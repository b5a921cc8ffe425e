//! What a forge's refusal means, and what a person can do about it.

use super::client::Answer;
use crate::error::{Fault, ForgeError};
use serde_json::Value;

/// What was asked for.
pub(super) struct Asked<'a> {
    /// The forge's name.
    pub(super) forge: &'static str,
    /// Goes after "will not" and "cannot".
    pub(super) doing: &'a str,
    pub(super) repository: &'a str,
    pub(super) has_token: bool,
}

/// A refusal with its text.
struct Refusal<'a> {
    asked: &'a Asked<'a>,
    answer: &'a Answer,
    /// Everything that the forge says about it, in one line.
    said: String,
    /// What it says about single fields: field and code.
    fields: Vec<(String, String)>,
}

/// The failure that an answer other than success is.
pub(super) fn explain(asked: &Asked, answer: &Answer) -> ForgeError {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let refusal = Refusal { asked, answer, said: said(&body), fields: fields(&body) };
    refusal.explain()
}

impl Refusal<'_> {
    fn explain(&self) -> ForgeError {
        match self.answer.status {
            401 => self.unauthorized(),
            403 => self.forbidden(),
            404 => self.missing(),
            409 => self.conflict(),
            410 => self.error(
                Fault::Closed,
                "issues and comments are turned off in the repository",
                "turn issues on in the repository's settings, or run without comments and labels",
            ),
            400 | 405 | 406 | 412 | 413 | 422 | 423 => self.unprocessable(),
            451 => self.error(Fault::Closed, "the repository is blocked for legal reasons", "leave this repository out"),
            status @ 300..=399 => self.error(
                Fault::Missing,
                &format!("the repository was renamed or moved (status {status})"),
                "look up its new name, set it in the remote with `git remote set-url`, and run the command again",
            ),
            500.. => self.error(
                Fault::Unavailable,
                &format!("the server has a problem (status {})", self.answer.status),
                "run the command again later; what is done is found again and not repeated",
            ),
            status => self.error(Fault::Invalid, &format!("status {status}"), "please report this with the forge's version"),
        }
    }

    fn unauthorized(&self) -> ForgeError {
        if self.asked.has_token {
            return self.error(
                Fault::Credentials,
                "it does not accept the token",
                &format!("set {} to a token that has not expired and has not been revoked", self.variables()),
            );
        }
        self.error(Fault::Credentials, "it wants to know who asks", &format!("set {} to an access token", self.variables()))
    }

    fn forbidden(&self) -> ForgeError {
        let needs = self.answer.header("x-accepted-github-permissions").map(|n| format!(" (it asks for {n})")).unwrap_or_default();
        if let Some(page) = self.answer.header("x-github-sso").and_then(|h| h.split_once("url=")).map(|(_, url)| url) {
            return self.error(
                Fault::Permission,
                "the organization wants the token authorized for its single sign-on",
                &format!("open {page}"),
            );
        }
        if self.says("not permitted to create or approve pull requests") {
            return self.error(
                Fault::Permission,
                "workflows may not open pull requests here; this is a setting, not a matter of the token's permissions",
                "turn on \"Allow GitHub Actions to create and approve pull requests\" under Settings, Actions, General of the repository and \
                 of its organization, or give the token of an app or a person",
            );
        }
        if self.says("not accessible by integration") {
            return self.error(
                Fault::Permission,
                &format!("the token of the workflow or app lacks a permission{needs}"),
                "write `permissions: {contents: write, pull-requests: write}` into the workflow, or grant the app both and accept that in \
                 its installation",
            );
        }
        if self.says("not accessible by personal access token") {
            return self.error(
                Fault::Permission,
                &format!("the personal access token lacks a permission{needs}"),
                "give the token \"Contents\" and \"Pull requests\", read and write, for this repository",
            );
        }
        if self.says("archived") {
            return self.archived();
        }
        if self.says("disabled") || self.says("access blocked") {
            return self.error(Fault::Closed, "the repository is disabled", "leave it out; its owner learns the reason from the forge");
        }
        if self.says("insufficient_scope") {
            return self.error(Fault::Permission, "the token lacks a scope", "make a token with the scope \"api\"");
        }
        self.error(
            Fault::Permission,
            &format!("the token does not allow it{needs}{}", self.quoted()),
            "give the token the right to write contents and pull requests, and its owner the right to push to the repository",
        )
    }

    fn missing(&self) -> ForgeError {
        let token = if self.asked.has_token {
            "that the token may see it and write to it"
        } else {
            "that it is public, or set a token that may see it"
        };
        self.error(
            Fault::Missing,
            "it is not there, or hidden from this token",
            &format!("check that {} exists under this name, and {token}", self.asked.repository),
        )
    }

    fn conflict(&self) -> ForgeError {
        if self.says("empty") {
            return self.error(Fault::Closed, "the repository is empty", "push a first commit, then run the command again");
        }
        if self.says("already exists") {
            return self.exists();
        }
        self.stale("somebody changed it in between")
    }

    fn unprocessable(&self) -> ForgeError {
        if self.says("archived") {
            return self.archived();
        }
        if self.says("already exists") {
            return self.exists();
        }
        if self.says("no commits between") || self.says("no changes between") {
            return self.error(
                Fault::Nothing,
                "the two branches have the same commits",
                "nothing is left to propose; delete the branch if it is not needed",
            );
        }
        if self.says("fork collab") {
            return self.error(
                Fault::Permission,
                "maintainers cannot be allowed to edit, as the token may not write to the branch's repository",
                "use a token that may push to the repository of the branch",
            );
        }
        if self.says("too long") || self.answer.status == 413 {
            return self.error(Fault::Invalid, &format!("a text is too long{}", self.quoted()), "propose fewer files at once");
        }
        if self.says("sha does not exist") || self.says("could not resolve to a node") || self.says("object does not exist") {
            return self.stale("an object that was just written is not seen yet");
        }
        if self.says("not a fast-forward") || self.says("not a fast forward") || self.says("does not match") || self.says("sha mismatch") {
            return self.stale("the branch has commits that were not there before");
        }
        if self.says("reference does not exist") || self.says("is not a valid branch") {
            return self.error(Fault::Missing, "the branch is not there", "run the command again, which reads the branches again");
        }
        let is_rule = ["protected branch", "rule violations", "must be made through a pull request", "not allowed to push"];
        if is_rule.iter().any(|text| self.says(text)) {
            return self.error(
                Fault::Permission,
                &format!("a rule of the repository forbids it{}", self.quoted()),
                "exempt the bot's branches `rofs-harden/*` or its account in the repository's branch rules",
            );
        }
        if let Some((field, _)) = self.fields.iter().find(|(field, code)| ["head", "base"].contains(&field.as_str()) && code == "invalid") {
            let branch = if field == "head" { "the branch to merge from" } else { "the target branch" };
            return self.error(
                Fault::Missing,
                &format!("{branch} is not there"),
                "check the branch's name and that it is in this repository and not in a fork",
            );
        }
        self.error(
            Fault::Invalid,
            &format!("it refuses the request{}", self.quoted()),
            "read its reason; if it names nothing that you can change, please report this",
        )
    }

    fn archived(&self) -> ForgeError {
        self.error(Fault::Closed, "the repository is archived and takes no changes", "leave it out, or unarchive it first")
    }

    fn exists(&self) -> ForgeError {
        self.error(
            Fault::Exists,
            &format!("it exists already{}", self.quoted()),
            "run the command again, which looks at what is there and goes on from it",
        )
    }

    fn stale(&self, why: &str) -> ForgeError {
        self.error(Fault::Stale, why, "run the command again, which reads the branches again; nothing was overwritten")
    }

    fn error(&self, fault: Fault, why: &str, remedy: &str) -> ForgeError {
        let Asked { forge, doing, repository, .. } = self.asked;
        ForgeError {
            fault,
            what: format!("{repository}: {forge} will not {doing}: {why}"),
            remedy: remedy.to_owned(),
            status: Some(self.answer.status),
            retry_at: None,
        }
    }

    /// Whether the forge's text has a part, whatever its case.
    fn says(&self, part: &str) -> bool {
        self.said.to_lowercase().contains(part)
    }

    /// The forge's own words, as an addition to a sentence.
    fn quoted(&self) -> String {
        if self.said.is_empty() { String::new() } else { format!(": \"{}\"", self.said) }
    }

    /// Environment variables that a token is taken from.
    fn variables(&self) -> &'static str {
        match self.asked.forge {
            "GitLab" => "GITLAB_TOKEN",
            "Gitea" => "GITEA_TOKEN",
            _ => "GITHUB_TOKEN or GH_TOKEN",
        }
    }
}

/// Most characters of a forge's words that are repeated.
const MAX_SAID: usize = 300;

/// What a body says, in one line: its message, and that of every single error.
fn said(body: &Value) -> String {
    let mut parts: Vec<String> = Vec::new();
    for key in ["message", "error", "error_description"] {
        collect(&body[key], &mut parts);
    }
    for error in body["errors"].as_array().into_iter().flatten() {
        match (error["message"].as_str(), error["field"].as_str(), error["code"].as_str()) {
            (Some(message), ..) => parts.push(message.to_owned()),
            (None, Some(field), Some(code)) => parts.push(format!("{field} {code}")),
            _ => collect(error, &mut parts),
        }
    }
    if parts.len() > 1 && parts[0] == "Validation Failed" {
        parts.remove(0); // says less than the others
    }
    let line: String = parts.join("; ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() > MAX_SAID { line.chars().take(MAX_SAID).chain(['…']).collect() } else { line }
}

/// All texts in a value: GitLab says the same as a text, a list, or a list for each field.
fn collect(value: &Value, parts: &mut Vec<String>) {
    match value {
        Value::String(text) => parts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, parts)),
        Value::Object(fields) => {
            for (field, value) in fields {
                let mut inner = Vec::new();
                collect(value, &mut inner);
                parts.push(format!("{field} {}", inner.join(", ")));
            }
        }
        _ => {}
    }
}

/// The fields that a body complains about, with the code of the complaint.
fn fields(body: &Value) -> Vec<(String, String)> {
    let errors = body["errors"].as_array().into_iter().flatten();
    errors.filter_map(|e| Some((e["field"].as_str()?.to_owned(), e["code"].as_str()?.to_owned()))).collect()
}
