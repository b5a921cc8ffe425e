//! What kinds of values Compose takes where: what has another kind is said beside the plan.

mod keys;

use keys::{SERVICE, TOP};

use super::Document;
use super::has_variable;
use super::merge;
use super::mount::word;
use super::oddities::Oddity;
use super::service::Service;
use crate::text::{FileId, nearest};
use crate::yaml::{Kind, Node, NodeId, Scalar};
use std::collections::HashSet;

const NULL: u8 = 1;
const FLAG: u8 = 2;
const NUMBER: u8 = 4;
const TEXT: u8 = 8;
/// Text that Compose turns into a boolean.
const WORD: u8 = 16;
/// Text that Compose turns into a number.
const DIGITS: u8 = 32;

/// What a value may be.
pub(super) struct Shape {
    /// The scalars that it may be.
    scalars: u8,
    /// What the items of a list must be; `None` where it may be no list.
    items: Option<&'static Shape>,
    /// What a mapping may hold; `None` where it may be no mapping.
    fields: Option<Fields>,
    /// Whether no two items of a list may be the same text.
    is_set: bool,
    /// The only texts that it may be, if not any.
    words: &'static [&'static str],
    /// The keys that a mapping must have.
    needed: &'static [&'static str],
}

#[derive(Clone, Copy)]
enum Fields {
    /// These keys, and `x-…`.
    Named(&'static [(&'static str, &'static Shape)]),
    /// Keys of one's own, which all hold the same.
    Any(&'static Shape),
}

const NOTHING: Shape = Shape { scalars: 0, items: None, fields: None, is_set: false, words: &[], needed: &[] };

const fn scalar(scalars: u8) -> Shape {
    Shape { scalars, ..NOTHING }
}

const fn one_of(words: &'static [&'static str]) -> Shape {
    Shape { scalars: TEXT, words, ..NOTHING }
}

const fn list(items: &'static Shape) -> Shape {
    Shape { items: Some(items), ..NOTHING }
}

const fn set(items: &'static Shape) -> Shape {
    Shape { items: Some(items), is_set: true, ..NOTHING }
}

const fn fields(named: &'static [(&'static str, &'static Shape)]) -> Shape {
    Shape { fields: Some(Fields::Named(named)), ..NOTHING }
}

const fn with(needed: &'static [&'static str], named: &'static [(&'static str, &'static Shape)]) -> Shape {
    Shape { fields: Some(Fields::Named(named)), needed, ..NOTHING }
}

const fn map(values: &'static Shape) -> Shape {
    Shape { fields: Some(Fields::Any(values)), ..NOTHING }
}

const fn or(scalars: u8, other: &Shape) -> Shape {
    Shape { scalars: scalars | other.scalars, ..*other }
}

/// Either of two shapes, of which one is a list and the other a mapping.
const fn either(listed: &Shape, mapped: &Shape) -> Shape {
    Shape { scalars: listed.scalars | mapped.scalars, items: listed.items, is_set: listed.is_set, ..*mapped }
}

/// Whatever there is.
static ANY: Shape = Shape { scalars: NULL | FLAG | NUMBER | TEXT, items: Some(&ANY), fields: Some(Fields::Any(&ANY)), ..NOTHING };

/// Looks through services for what has another shape than Compose takes.
#[derive(Default)]
pub(super) struct Shapes {
    /// What was looked at: aliases may bring one node to many places.
    seen: HashSet<(FileId, NodeId)>,
    found: Vec<Oddity>,
}

/// A place below a service.
struct Place<'p> {
    /// None where it is above them.
    service: Option<&'p str>,
    /// The keys that lead there, with dots between them.
    keys: String,
    /// Whether it is an item of the list there.
    is_item: bool,
    /// Whether another layer may have a value for it, so that Compose takes an empty one.
    is_layered: bool,
}

impl Shapes {
    /// Adds what is wrong in a service's own definitions.
    pub(super) fn look(&mut self, service: &Service<'_>) {
        for part in service.parts.iter().filter(|part| !part.is_base) {
            for entry in part.entries() {
                let name = entry.name();
                if name.starts_with("x-") {
                    continue;
                }
                match SERVICE.iter().find(|(key, _)| *key == name) {
                    Some((_, shape)) => {
                        let place = Place {
                            service: Some(service.name),
                            keys: name.to_owned(),
                            is_item: false,
                            is_layered: service.parts.len() > 1,
                        };
                        self.value(entry.value(), shape, &place);
                    }
                    None => self.unknown(entry.key(), "a service", Some(service.name), SERVICE.iter().map(|(key, _)| *key)),
                }
            }
        }
    }

    /// Adds what is wrong beside the services of a document.
    pub(super) fn look_above(&mut self, document: &Document<'_>, is_layered: bool) {
        for entry in &document.top {
            if let Some((key, shape)) = TOP.iter().find(|(key, _)| *key == entry.name()) {
                self.value(entry.value(), shape, &Place { service: None, keys: (*key).to_owned(), is_item: false, is_layered });
            }
        }
    }

    /// All that was found.
    pub(super) fn found(self) -> Vec<Oddity> {
        self.found
    }

    fn unknown(&mut self, key: Node<'_>, what: &str, service: Option<&str>, keys: impl Iterator<Item = &'static str>) {
        let name = key.resolved().text();
        let near = nearest(name, keys);
        let hint = near.map_or("keys of your own begin with x-".to_owned(), |key| format!("did you mean `{key}`?"));
        self.found.push(Oddity { span: key.span(), message: format!("{}Compose knows no key `{name}` of {what}", head(service)), hint });
    }

    // Recursion is bounded by the depth of the shapes, and below `ANY` nothing is looked at.
    fn value(&mut self, written: Node<'_>, shape: &'static Shape, place: &Place<'_>) {
        let node = written.resolved();
        if std::ptr::eq(shape, &raw const ANY) || node.tag().is_some() {
            return;
        }
        match (node.kind(), shape.items, shape.fields) {
            (Kind::Sequence, Some(items), _) => {
                if self.is_new(node) {
                    let place = Place { keys: place.keys.clone(), is_item: true, ..*place };
                    // What is wrong with one item is mostly wrong with all.
                    let before = self.found.len();
                    for item in node.items() {
                        self.value(item, items, &place);
                        if self.found.len() > before {
                            break;
                        }
                    }
                    let mut texts = HashSet::new();
                    let again = node.items().find(|item| item.resolved().as_str().is_some_and(|text| !texts.insert(text)));
                    if let Some(again) = again.filter(|_| shape.is_set) {
                        self.push(again, &place, "stands there twice", "remove one of the two".to_owned());
                    }
                }
            }
            (Kind::Mapping, _, Some(fields)) => {
                if self.is_new(node) {
                    self.fields(node, fields, shape.needed, place);
                }
            }
            (Kind::Scalar, ..) if fits(node, shape, place.is_layered) => {}
            (Kind::Scalar, ..) if !shape.words.is_empty() && node.as_str().is_some() => {
                let hint = format!("write one of {}", shape.words.join(", "));
                let near = nearest(node.text(), shape.words.iter().copied());
                let hint = near.map_or(hint, |word| format!("did you mean `{word}`?"));
                self.push(written, place, "has a word that Compose does not take here", hint);
            }
            _ => {
                let what = format!("must be {}, and is {}", expected(shape), kind(node));
                self.push(written, place, &what, advice(node, shape).to_owned());
            }
        }
    }

    fn fields(&mut self, mapping: Node<'_>, fields: Fields, needed: &[&str], place: &Place<'_>) {
        let entries = merge::entries(mapping);
        for entry in &entries {
            let name = entry.name();
            let below = Place { keys: format!("{}.{name}", place.keys), is_item: false, ..*place };
            match fields {
                Fields::Any(shape) => self.value(entry.value(), shape, &below),
                Fields::Named(_) if name.starts_with("x-") || name == "<<" => {}
                Fields::Named(named) => match named.iter().find(|(key, _)| *key == name) {
                    Some((_, shape)) => self.value(entry.value(), shape, &below),
                    None => self.unknown(entry.key(), &format!("`{}`", place.keys), place.service, named.iter().map(|(key, _)| *key)),
                },
            }
        }
        let missing = needed.iter().find(|key| entries.iter().all(|entry| entry.name() != **key));
        if let Some(missing) = missing.filter(|_| !place.is_layered) {
            self.push(mapping, place, &format!("has no `{missing}`"), format!("add `{missing}`"));
        }
    }

    fn is_new(&mut self, node: Node<'_>) -> bool {
        self.seen.insert((node.span().file, node.id()))
    }

    fn push(&mut self, node: Node<'_>, place: &Place<'_>, what: &str, hint: String) {
        let item = if place.is_item { "an item of " } else { "" };
        let message = format!("{}{item}`{}` {what}, so Compose refuses it", head(place.service), place.keys);
        self.found.push(Oddity { span: node.body(), message, hint });
    }
}

fn head(service: Option<&str>) -> String {
    service.map_or(String::new(), |service| format!("{service}: "))
}

fn fits(node: Node<'_>, shape: &Shape, is_layered: bool) -> bool {
    let has = |scalars: u8| shape.scalars & scalars != 0;
    match node.scalar() {
        None | Some(Scalar::Timestamp) => true,
        Some(Scalar::Null) => has(NULL) || is_layered,
        Some(Scalar::Bool(_)) => has(FLAG),
        Some(Scalar::Int(_) | Scalar::Float) => has(NUMBER),
        // What a variable gives is read again.
        Some(Scalar::Str(text)) if has_variable(text) => true,
        Some(Scalar::Str(text)) => {
            has(TEXT) && (shape.words.is_empty() || shape.words.contains(&text))
                || has(WORD) && word(text).is_some()
                || has(DIGITS) && text.trim().parse::<f64>().is_ok()
        }
    }
}

/// The kinds that a shape takes, in words.
fn expected(shape: &Shape) -> String {
    let is = |scalars: u8| shape.scalars & scalars != 0;
    let kinds = [
        (is(TEXT), "text"),
        (is(FLAG), "true or false"),
        (is(NUMBER), "a number"),
        (shape.items.is_some(), "a list"),
        (shape.fields.is_some(), "a mapping"),
    ];
    kinds.into_iter().filter(|(is, _)| *is).map(|(_, kind)| kind).collect::<Vec<_>>().join(" or ")
}

fn kind(node: Node<'_>) -> &'static str {
    match node.kind() {
        Kind::Sequence => "a list",
        Kind::Mapping => "a mapping",
        Kind::Scalar | Kind::Alias => match node.scalar() {
            Some(Scalar::Null) => "empty",
            Some(Scalar::Bool(_)) => "a boolean",
            Some(Scalar::Int(_) | Scalar::Float) => "a number",
            _ => "text",
        },
    }
}

fn advice(node: Node<'_>, shape: &Shape) -> &'static str {
    let is = |scalars: u8| shape.scalars & scalars != 0;
    match kind(node) {
        "empty" => "remove the key, or give it a value",
        "a number" | "a boolean" if is(TEXT) => "put it in quotes",
        "a mapping" if is(TEXT) => "write it as one text, such as `NAME=value`, or put a text with `: ` in quotes",
        "text" | "a number" | "a boolean" if shape.items.is_some() => "make it a list: `[…]`, or lines that begin with `- `",
        "text" if shape.fields.is_some() => "make it a mapping: keys with values below it",
        _ => "see what the Compose specification says of this key",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_sorted() {
        assert!(SERVICE[..92].is_sorted_by_key(|(key, _)| *key));
    }
}
