//! The variables of a service: of its `environment`, its `env_file`, its Dockerfile, each before the next.

use super::{ServiceContext, tokens};
use crate::compose::{Known, PartValue, Service, Word, has_variable, merge};
use crate::evidence::preset::fits;
use crate::yaml::{Kind, Node};
use std::collections::HashSet;

impl ServiceContext<'_, '_> {
    /// Whether the environment sets `NAME`, or `NAME=word`.
    pub(super) fn sets(&self, wanted: &str) -> Known {
        let (name, word) = wanted.split_once('=').map_or((wanted, None), |(n, w)| (n, Some(w)));
        let own = self.environment.iter().find(|(n, ..)| fits(name, n)).map(|(_, value, _)| *value);
        let own = own.or_else(|| self.given.variables().find(|(n, _)| fits(name, n)).map(|(_, value)| value));
        let value = own.or_else(|| Some(Some(self.facts()?.environment.iter().rev().find(|(n, _)| fits(name, n))?.1.as_str())));
        match (value, word) {
            (None, _) => Known::No,
            (Some(_), None) => Known::Yes,
            (Some(Some(value)), Some(word)) if tokens(value).any(|t| fits(word, t)) => Known::Yes,
            (Some(Some(value)), Some(_)) if !has_variable(value) => Known::No,
            (Some(_), Some(_)) => Known::Unknown,
        }
    }

    /// The values of the variables with this name, in which `*` stands for any text. One that comes from outside the file is not known.
    pub(in crate::evidence) fn variables(&self, name: &str) -> Vec<Word> {
        self.assigned(|own| is_named(name, own)).into_iter().map(|(_, word)| word).collect()
    }

    /// All variables with their values.
    pub(in crate::evidence) fn all_variables(&self) -> Vec<(String, Word)> {
        self.assigned(|_| true)
    }

    fn assigned(&self, is_it: impl Fn(&str) -> bool) -> Vec<(String, Word)> {
        let own = self.environment.iter().filter(|(own, ..)| is_it(own));
        let mut found: Vec<(String, Word)> = own
            .map(|(name, value, part)| match value {
                Some(value) => ((*name).to_owned(), self.service.word(*part, value)),
                None => ((*name).to_owned(), Word { text: format!("${name}"), ..Word::default() }),
            })
            .collect();
        let mut names: HashSet<&str> = self.environment.iter().map(|(name, ..)| *name).collect();
        let given = self.given.variables().filter(|(own, _)| is_it(own) && !names.contains(own));
        // What such a file says is known, and is not to be repeated.
        found.extend(given.map(|(name, value)| {
            let text = value.map_or_else(|| format!("${name}"), str::to_owned);
            (name.to_owned(), Word { text, is_known: value.is_some(), is_hidden: true })
        }));
        names.extend(self.given.variables().map(|(name, _)| name));
        let of_image =
            self.facts().into_iter().flat_map(|facts| &facts.environment).filter(|(own, _)| is_it(own) && !names.contains(&**own));
        let word = |value: &String| Word { text: value.clone(), is_known: !value.contains('$'), is_hidden: false };
        found.extend(of_image.map(|(name, value)| (name.clone(), word(value))));
        found
    }

    /// Why nobody knows whether the variable is set by an `env_file`, if so.
    pub(in crate::evidence) fn doubt_of_variable(&self, name: &str) -> Option<&str> {
        let is_own = self.environment.iter().any(|(own, ..)| *own == name);
        self.given.doubt(name).filter(|_| !is_own)
    }

    /// Whether an `env_file` sets the variable.
    pub(in crate::evidence) fn is_given(&self, name: &str) -> bool {
        !self.environment.iter().any(|(own, ..)| *own == name) && self.given.variables().any(|(given, _)| given == name)
    }
}

/// Whether a variable has this name, in which `*` stands for any text.
pub(in crate::evidence) fn is_named(name: &str, own: &str) -> bool {
    match name.split_once('*') {
        Some((start, end)) => own.len() >= start.len() + end.len() && own.starts_with(start) && own.ends_with(end),
        None => own == name,
    }
}

/// The pairs of `environment` in either form, of all parts; of one name the last counts.
pub(super) fn environment<'a>(service: &Service<'a>) -> Vec<(&'a str, Option<&'a str>, usize)> {
    let mut found: Vec<(&str, Option<&str>, usize)> = Vec::new();
    for PartValue { part, entry } in service.values("environment") {
        let value = entry.value().resolved();
        let pairs: Vec<_> = match value.kind() {
            Kind::Sequence => {
                let pair = |text: &'a str| text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
                value.items().map(|item| pair(item.resolved().text())).collect()
            }
            _ => merge::entries(value)
                .iter()
                .map(|e| (e.name(), Some(e.value().resolved()).filter(|v| !v.is_null()).map(Node::text)))
                .collect(),
        };
        let names: HashSet<&str> = pairs.iter().map(|(name, _)| *name).collect();
        found.retain(|(name, ..)| !names.contains(name));
        // A list may have a name twice.
        let mut later = HashSet::new();
        let mut pairs: Vec<_> = pairs.into_iter().rev().filter(|(name, _)| later.insert(*name)).collect();
        pairs.reverse();
        found.extend(pairs.into_iter().map(|(name, value)| (name, value, part)));
    }
    found
}
