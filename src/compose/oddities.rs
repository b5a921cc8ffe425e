//! What Compose itself refuses, or reads otherwise than it looks: said beside the plan, at its place.

use super::naming::undefined;
use super::shape::Shapes;
use super::{Project, Service, merge};
use crate::text::Span;
use crate::yaml::{Kind, Node, Scalar, Style};

/// Something that is hardly meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// Where.
    pub span: Span,
    /// What is so.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// The oddities of all services, in their order.
pub fn oddities(project: &Project<'_>) -> Vec<Oddity> {
    let mut found = Vec::new();
    let mut shapes = Shapes::default();
    project.documents.iter().for_each(|document| shapes.look_above(document, project.documents.len() > 1));
    for service in &project.services {
        shapes.look(service);
        for part in service.parts.iter().filter(|part| !part.is_base) {
            dates(part.definition, &mut found, 0);
        }
    }
    found.extend(shapes.found());
    match without_source(project) {
        // A file that only changes another one names what that one defines.
        Some(oddity) => found.push(oddity),
        None => found.extend(undefined(project)),
    }
    found.sort_by_key(|oddity| (oddity.span.file.0, oddity.span.start));
    found.dedup_by_key(|oddity| oddity.span);
    found
}

/// Services that are made of nothing, at the first of them: in an override file alone that are all that it changes.
fn without_source(project: &Project<'_>) -> Option<Oddity> {
    let is_without = |service: &&Service<'_>| {
        let has = |key: &str| service.get(key).is_some_and(|e| !e.value().resolved().is_null());
        service.unread.is_none() && service.get("profiles").is_none() && !["image", "build", "provider"].into_iter().any(has)
    };
    let mut services = project.services.iter().filter(is_without);
    let first = services.next()?;
    let others: Vec<&str> = services.map(|service| service.name).collect();
    let mut hint = "name its `image`, or how to `build` it".to_owned();
    let mut message = format!("{}: it has neither an image nor a build, so Compose refuses it", first.name);
    if !others.is_empty() {
        message += &format!("; so it is with {}", others.join(", "));
        hint += "; a file that only changes another one is read together with that one";
    }
    Some(Oddity { span: first.key().span(), message, hint })
}

/// Most levels below a service that are looked through.
const DEEPEST: usize = 16;

/// Dates without quotes, which Compose reads as points in time and not as text.
fn dates(node: Node<'_>, found: &mut Vec<Oddity>, depth: usize) {
    match node.kind() {
        Kind::Mapping if depth < DEEPEST => {
            let entries = merge::entries(node).into_iter().filter(|entry| !entry.name().starts_with("x-"));
            entries.for_each(|entry| dates(entry.value(), found, depth + 1));
        }
        Kind::Sequence if depth < DEEPEST => node.items().for_each(|item| dates(item, found, depth + 1)),
        Kind::Scalar if node.style() == Style::Plain && node.tag().is_none() && node.scalar() == Some(Scalar::Timestamp) => {
            found.push(Oddity {
                span: node.body(),
                message: "a date without quotes is a point in time to Compose, which wants text here".to_owned(),
                hint: format!("write \"{}\"", node.source()),
            });
        }
        _ => {}
    }
}
