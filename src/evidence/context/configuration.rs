//! The files that a program reads as its configuration, and those that these include in turn.

use super::{ServiceContext, short};
use crate::compose::settings::{Bound, Included};
use crate::compose::{Word, is_at};
use crate::evidence::outputs::parts;
use std::collections::{BTreeMap, BTreeSet};

/// Words of options that name files which are no configuration.
const NO_SETTINGS: [&str; 14] =
    ["acl", "aclfile", "ca", "cacert", "cert", "certificate", "crl", "ident", "init", "key", "keyfile", "loadmodule", "ssl", "tls"];

/// Folders in which official images have files of their own that their main file includes, and such files.
const OF_IMAGES: [&str; 6] = [
    "/etc/my.cnf.d",
    "/etc/mysql/conf.d",
    "/etc/mysql/mariadb.cnf",
    "/etc/mysql/mariadb.conf.d",
    "/etc/mysql/mysql.conf.d",
    "/etc/percona-server.conf.d",
];

impl ServiceContext<'_, '_> {
    /// The values of a setting in the files that the project gives a program as its configuration, at one of the places `at` or where a word
    /// of its command says, and in those that they include. Errors: why they are not known, a phrase.
    pub(in crate::evidence) fn settings(&self, name: &str, at: &[String], argv: &[Word]) -> Result<Vec<String>, String> {
        let told: Vec<&str> =
            argv.iter().enumerate().filter_map(|(i, word)| configuration(word, i.checked_sub(1).map(|i| &argv[i]))).collect();
        let places = || at.iter().map(String::as_str).chain(told.iter().copied());
        let is_path = |place: &&str| place.starts_with('/') && place.len() > 1;
        let mut found = Vec::new();
        let named = (0..self.bound.len()).filter(|i| self.bound[*i].is_at_one_of(places().filter(is_path)));
        let (files, unread) = self.with_included(named.collect());
        for file in files {
            found.extend(file.values(name).ok_or_else(|| format!("what is mounted at {} is not read", short(&file.target)))?);
        }
        let is_of_image = |included: &Included| OF_IMAGES.iter().any(|folder| is_at(&included.path, folder));
        if let Some((file, _)) = unread.iter().find(|(_, included)| !is_of_image(included)) {
            return Err(format!("what {} includes is not read", short(&file.target)));
        }
        let copied =
            self.facts().and_then(|facts| facts.copied.iter().find(|copied| places().filter(is_path).any(|place| is_at(copied, place))));
        match copied {
            Some(path) => Err(format!("what its Dockerfile copies to {} is not read", short(path))),
            None => Ok(found),
        }
    }

    /// The files at these numbers with those that they include, and what they include of which nothing is mounted as a file or folder of the
    /// project, each with the file that does.
    pub(in crate::evidence) fn with_included(&self, mut next: BTreeSet<usize>) -> (Vec<&Bound<'_>>, Vec<(&Bound<'_>, Included)>) {
        let mut at: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, file) in self.bound.iter().enumerate() {
            at.entry(&file.target).or_default().push(i);
        }
        let (mut files, mut asked, mut unread) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        while let Some(file) = next.pop_first() {
            if !files.insert(file) {
                continue;
            }
            // What two files include is looked for once.
            for included in self.bound[file].included().into_iter().filter(|included| asked.insert(included.clone())) {
                let path = &included.path;
                let above = path.match_indices('/').map(|(end, _)| &path[..end.max(1)]).chain([path.as_str()]);
                let below = format!("{}/", path.trim_end_matches('/'));
                let inside = at.range(&*below..).take_while(|(target, _)| included.is_folder && target.starts_with(&below));
                let there: Vec<usize> =
                    above.filter_map(|folder| at.get(folder)).chain(inside.map(|(_, all)| all)).flatten().copied().collect();
                if there.is_empty() {
                    unread.push((&self.bound[file], included));
                }
                next.extend(there);
            }
        }
        (files.into_iter().map(|file| &self.bound[file]).collect(), unread)
    }
}

/// The path that a word, or the option before it, may name as configuration: what is about keys, rights or modules is none.
fn configuration<'w>(word: &'w Word, before: Option<&Word>) -> Option<&'w str> {
    let (name, value) = word.text.rsplit_once('=').unwrap_or_else(|| (before.map_or("", |word| &word.text), &word.text));
    let is_other = || parts(name).iter().any(|part| NO_SETTINGS.contains(&part.as_str()));
    (value.starts_with('/') && !is_other()).then_some(value)
}
