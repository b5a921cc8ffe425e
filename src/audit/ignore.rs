//! Comments by which a person says that a finding does not count: `# rofs-harden: ignore[RULE] reason`.
//!
//! A comment counts for the entry or list item that begins on its line, or, where it stands alone, on the next line that is not a
//! comment: for that and everything in it. At a service's name it counts for the service.

use super::finding::Finding;
use super::restrict::rule_of_extra;
use super::rule::Rule;
use crate::compose::{Project, is_at};
use crate::evidence::{Extra, Extras, Limit, Need, Restriction};
use crate::text::{FileId, Span, TextFile};
use crate::yaml::{Kind, Node, Stream};
use std::cmp::Reverse;
use std::collections::HashMap;

/// What every such comment begins with.
const MARK: &str = "rofs-harden:";
/// What one without the colon begins with.
const FORGOTTEN: &str = "rofs-harden ignore[";

/// One comment.
#[derive(Debug)]
struct Ignore<'a> {
    /// The rules that it names.
    rules: Vec<Rule>,
    /// Why.
    reason: String,
    /// The comment.
    span: Span,
    /// What it counts for.
    scope: Span,
    /// The service that it counts for as a whole.
    service: Option<&'a str>,
}

/// A place and what is wrong there.
type Wrong = (Span, String);

/// The comments of a project, and which of them counted for something.
#[derive(Debug)]
pub struct Ignores<'a> {
    /// By place.
    all: Vec<Ignore<'a>>,
    used: Vec<bool>,
    by_rule: HashMap<Rule, OfRule>,
    /// The first that counts for a rule in a service.
    by_service: HashMap<(Rule, &'a str), usize>,
    wrong: Vec<Wrong>,
}

/// The comments that name a rule: one for each scope, the last that has it, and the scope around each, if there is one.
type OfRule = Vec<(usize, Option<usize>)>;

impl<'a> Ignores<'a> {
    /// Reads the comments of all files of a project.
    pub fn of(project: &Project<'a>) -> Self {
        let (mut all, wrong) = ignores(project);
        all.sort_by_key(|i| (i.scope.file, i.scope.start, Reverse(i.scope.end)));
        let mut by_rule: HashMap<Rule, OfRule> = HashMap::new();
        let mut by_service: HashMap<(Rule, &str), usize> = HashMap::new();
        for (i, ignore) in all.iter().enumerate() {
            for &rule in &ignore.rules {
                let found = by_rule.entry(rule).or_default();
                match found.last_mut() {
                    Some((last, _)) if all[*last].scope == ignore.scope => *last = i,
                    _ => {
                        let mut around = found.len().checked_sub(1);
                        while let Some(at) = around.filter(|at| !all[found[*at].0].holds(ignore.scope)) {
                            around = found[at].1;
                        }
                        found.push((i, around));
                    }
                }
                if let Some(service) = ignore.service {
                    by_service.entry((rule, service)).or_insert(i);
                }
            }
        }
        Self { used: vec![false; all.len()], all, by_rule, by_service, wrong }
    }

    /// Why findings of a rule in a service do not count at a place, if so.
    pub fn reason(&mut self, rule: Rule, service: &str, span: Span) -> Option<&str> {
        let found = self.find(rule, service, span)?;
        self.used[found] = true;
        Some(&self.all[found].reason)
    }

    /// The comment for which findings of a rule in a service do not count at a place, if so.
    pub fn comment(&self, rule: Rule, service: &str, span: Span) -> Option<Span> {
        self.find(rule, service, span).map(|found| self.all[found].span)
    }

    fn find(&self, rule: Rule, service: &str, span: Span) -> Option<usize> {
        let of_rule = self.by_rule.get(&rule)?;
        let place = |i: usize| (self.all[i].scope.file, self.all[i].scope.start);
        let mut at = of_rule.partition_point(|(i, _)| place(*i) <= (span.file, span.start)).checked_sub(1);
        while let Some(i) = at.filter(|at| !self.all[of_rule[*at].0].holds(span)) {
            at = of_rule[i].1;
        }
        let of_service = || self.by_service.get(&(rule, service)).copied();
        at.map(|at| of_rule[at].0).or_else(of_service)
    }

    /// The extras among `with` that are ignored, by service: their changes are part of the fix of another finding, so they are left out
    /// before anything is planned.
    pub fn without(&mut self, project: &Project<'a>, with: Extras) -> HashMap<String, Extras> {
        let mut found = HashMap::new();
        if self.all.is_empty() {
            return found;
        }
        for service in &project.services {
            let span = service.key().span();
            let mut ignored = |e: &Extra| with.has(*e) && self.reason(rule_of_extra(*e), service.name, span).is_some();
            let extras: Extras = Extra::ALL.into_iter().filter(&mut ignored).collect();
            if !extras.is_empty() {
                found.insert(service.name.to_owned(), extras);
            }
        }
        found
    }

    /// Leaves out the binds that are ignored, each by its own line.
    pub fn spare_binds(&mut self, project: &Project<'a>, needs: &mut [Need]) {
        if self.all.is_empty() {
            return;
        }
        for need in needs.iter_mut().filter(|n| n.with.has(Extra::ReadOnlyBinds)) {
            let Some(service) = project.service(&need.service) else { continue };
            need.limits.retain(|limit| {
                let Limit::Works(Restriction::ReadOnly(path), _) = limit else { return true };
                let mut binds = service.mounts.iter().filter(|m| is_at(&m.target, path));
                binds.all(|m| self.reason(Rule::WritableConfig, service.name, m.span()).is_none())
            });
        }
    }

    /// Applies the comments: findings that are ignored get the reason. Comments that are wrong, and those that nothing was found for,
    /// become findings themselves; the latter only when `all` services were looked at.
    pub fn apply(mut self, findings: &mut Vec<Finding>, all: bool) {
        for finding in findings.iter_mut() {
            finding.ignored = self.reason(finding.rule, &finding.service, finding.span).map(str::to_owned);
        }
        let about = |rule, span, message: String, help: &str| Finding {
            rule,
            service: String::new(),
            message,
            span,
            remedy: Some(help.into()),
            fix: None,
            ignored: None,
        };
        let form = "write `# rofs-harden: ignore[RULE] reason`; `rofs-harden explain` lists the rules";
        findings.extend(self.wrong.into_iter().map(|(span, message)| about(Rule::BadIgnore, span, message, form)));
        for (ignore, _) in self.all.iter().zip(self.used).filter(|(_, used)| all && !used) {
            let names: Vec<&str> = ignore.rules.iter().map(|r| r.id()).collect();
            let message = format!("nothing is ignored by this comment: no finding of {} here", names.join(", "));
            findings.push(about(Rule::UnusedIgnore, ignore.span, message, "remove the comment"));
        }
    }
}

/// The comment by which findings of a rule do not count in what begins on the line of `start`: where it is to be put, above that line,
/// and its text with its line break.
pub fn comment_above(file: &TextFile, start: usize, rule: Rule, reason: &str) -> (usize, String) {
    let at = file.line_start(start).max(file.bom_len().min(start));
    let rest = &file.text()[at..];
    let indent = &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()];
    (at, format!("{indent}# {MARK} ignore[{}] {reason}{}", rule.id(), file.newline_near(start)))
}

impl Ignore<'_> {
    /// Whether what stands at `span` begins in what it counts for.
    fn holds(&self, span: Span) -> bool {
        let scope = self.scope;
        scope.file == span.file && scope.start <= span.start && span.start < scope.end.max(scope.start + 1)
    }
}

fn ignores<'a>(project: &Project<'a>) -> (Vec<Ignore<'a>>, Vec<Wrong>) {
    let (mut ignores, mut wrong) = (Vec::new(), Vec::new());
    let mut services: HashMap<(FileId, u32), &str> = HashMap::new();
    for source in project.sources.files() {
        let stream = &source.stream;
        let comments = comments(stream);
        if comments.is_empty() {
            continue;
        }
        if services.is_empty() {
            let keys = project.services.iter().flat_map(|s| s.parts.iter().map(move |p| (p.key.span(), s.name)));
            services.extend(keys.map(|(span, name)| ((span.file, span.start), name)));
        }
        let mut lines: HashMap<usize, Option<Span>> = comments.iter().map(|c| (c.line, None)).collect();
        find_scopes(stream, &mut lines);
        for comment in comments {
            let span = Span { file: stream.file(), start: comment.start as u32, end: (comment.start + comment.text.len()) as u32 };
            match (read(comment.text), lines.get(&comment.line).copied().flatten()) {
                (Err(why), _) => wrong.push((span, why)),
                (Ok(_), None) => wrong.push((span, "no entry or item begins here that it could count for".into())),
                (Ok((rules, reason)), Some(scope)) => {
                    let service = services.get(&(scope.file, scope.start)).copied();
                    ignores.push(Ignore { rules, reason, span, scope, service });
                }
            }
        }
    }
    (ignores, wrong)
}

/// A comment of ours.
struct Comment<'t> {
    /// Where its `#` is.
    start: usize,
    /// From the `#` to the end of the line.
    text: &'t str,
    /// The line that it is about, from 1.
    line: usize,
}

/// All comments of ours, however many stand on one line or below each other.
fn comments(stream: &Stream) -> Vec<Comment<'_>> {
    let file = stream.text();
    let text = file.text();
    let mut found: Vec<Comment<'_>> = Vec::new();
    let mut scalars: Vec<Span> = Vec::new();
    // The line that was looked at last, and where its text starts.
    let (mut line_start, mut line_text) = (usize::MAX, 0);
    // The comments between these two lines stand alone, and are about the second.
    let mut alone = 0..0;
    let mut marks: Vec<usize> = [MARK, FORGOTTEN].iter().flat_map(|mark| text.match_indices(mark)).map(|(at, _)| at).collect();
    marks.sort_unstable();
    for mark in marks {
        if line_start != file.line_start(mark) {
            line_start = file.line_start(mark);
            line_text = mark - text[line_start..mark].trim_start().len();
        }
        let Some(before) = text[line_start..mark].trim_end().strip_suffix('#') else { continue };
        let hash = line_start + before.len();
        if before.chars().next_back().is_some_and(|c| !c.is_whitespace()) {
            continue;
        }
        if scalars.is_empty() {
            scalars = stream.nodes().filter(|n| n.kind() == Kind::Scalar).map(Node::span).collect();
        }
        // A `#` in a quoted or literal text is no comment.
        let after = scalars.partition_point(|s| (s.start as usize) <= hash);
        if after.checked_sub(1).is_some_and(|i| (scalars[i].end as usize) > hash) {
            continue;
        }
        let own = file.line(hash);
        let is_alone = line_text == hash;
        if is_alone && !alone.contains(&own) {
            alone = own..next_line(file, hash);
        }
        // What comes before another one on its line ends there.
        if let Some(last) = found.last_mut().filter(|last| last.start >= line_start) {
            last.text = &text[last.start..hash];
        }
        let line = if is_alone { alone.end } else { own };
        found.push(Comment { start: hash, text: &text[hash..file.line_end(hash)], line });
    }
    found.iter_mut().for_each(|comment| comment.text = comment.text.trim_end());
    found
}

/// The number of the next line that is neither empty nor a comment.
fn next_line(file: &TextFile, offset: usize) -> usize {
    let mut at = file.line_end(offset);
    while let Some(newline) = file.break_at(at) {
        at += newline.len();
        let end = file.line_end(at);
        let line = file.text()[at..end].trim_start();
        if !line.is_empty() && !line.starts_with('#') {
            break;
        }
        at = end;
    }
    file.line(at)
}

/// The outermost entry or item that begins on each of these lines.
fn find_scopes(stream: &Stream, lines: &mut HashMap<usize, Option<Span>>) {
    let file = stream.text();
    let mut note = |start: usize, scope: Span| {
        if let Some(found) = lines.get_mut(&file.line(start)) {
            let is_wider = found.is_none_or(|f| (scope.start, Reverse(scope.end)) < (f.start, Reverse(f.end)));
            if is_wider {
                *found = Some(scope);
            }
        }
    };
    for node in stream.nodes() {
        for (key, value) in node.entries() {
            let span = key.span();
            note(span.start as usize, Span { end: value.span().end.max(span.end), ..span });
        }
        for item in node.items() {
            note(item.indicator().min(item.span().start as usize), item.span());
        }
    }
}

/// The rules and the reason of a comment, or what is wrong with it.
fn read(comment: &str) -> Result<(Vec<Rule>, String), String> {
    let text = comment.trim_start_matches('#').trim();
    if text.starts_with(FORGOTTEN) {
        return Err(format!("a `:` is missing behind `{}`, so nothing is ignored", MARK.trim_end_matches(':')));
    }
    let text = text.trim_start_matches(MARK).trim();
    let inner = text.strip_prefix("ignore[").and_then(|rest| rest.split_once(']'));
    let Some((names, reason)) = inner else { return Err("this comment is not `ignore[RULE] reason`".into()) };
    let rules = names.split(',').map(|name| Rule::named(name.trim())).collect::<Result<Vec<_>, _>>()?;
    let reason = reason.trim().trim_start_matches([':', '-']).trim();
    if reason.is_empty() {
        return Err("say why it is ignored, behind the brackets".into());
    }
    Ok((rules, reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::MAX_FILE_BYTES;

    #[test]
    fn comments_below_and_behind_each_other_count_each_for_itself() {
        let text = "services:\n  # rofs-harden: a\n\n  # rofs-harden: b # rofs-harden: c  \n  web: # rofs-harden: d # rofs-harden: e\n    \
                    image: node # no rofs-harden: f\n    user: '# rofs-harden: g' # rofs-harden: h\n    # rofs-harden: i\n";
        let text = TextFile::new("f", text.into(), MAX_FILE_BYTES).expect("text");
        let stream = Stream::parse(&text, FileId(0)).expect("YAML");
        let found: Vec<_> = comments(&stream).iter().map(|c| (c.text.trim_start_matches("# rofs-harden: "), c.line)).collect();
        assert_eq!(found, [("a", 5), ("b", 5), ("c", 4), ("d", 5), ("e", 5), ("h", 7), ("i", 9)]);
    }
}
