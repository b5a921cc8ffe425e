//! Facts as they were collected, and as the project keeps them: who mounts what where, and what that
//! proves. The words of the sources are not kept.

use crate::check::plain_check;
use rofs_harden::compose::{Image, published_as};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that was collected.
#[derive(Default)]
pub(crate) struct Facts {
    /// Sorted, none twice.
    pub(crate) mounts: BTreeSet<Fact>,
    /// By image: what a catalogue needs after `cap_drop: [ALL]`, and how it checks the health.
    pub(crate) capabilities: BTreeSet<Capability>,
    /// Catalogues that switched read-only off, by image.
    pub(crate) negatives: BTreeMap<String, BTreeSet<String>>,
}

/// One row of `facts.tsv`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fact {
    /// The repository, by the name that counts.
    pub(crate) image: String,
    /// As written; `-` where there is no mount.
    pub(crate) path: String,
    /// The kind of mount, in the words of its source.
    pub(crate) kind: String,
    /// `uid:gid` there.
    pub(crate) user: String,
    /// `owner/repository@commit:file`.
    pub(crate) source: String,
    pub(crate) proof: Proof,
}

/// One row of `capabilities.tsv`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Capability {
    pub(crate) image: String,
    /// `None` where the catalogue leaves it to the image.
    pub(crate) user: Option<String>,
    pub(crate) add: String,
    pub(crate) no_new_privileges: bool,
    /// What is asked with which program: `http:8080/health with curl`; empty where that is not plain.
    pub(crate) check: String,
    pub(crate) source: String,
}

/// What a row proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Proof {
    /// A: the vendor says that it runs read-only.
    Vendor,
    /// A: the vendor says so, and names a case in which it does not.
    VendorButFor,
    /// A path that the vendor's page names; nothing is said of a read-only root.
    Parameter,
    /// A: a vendor's or a catalogue's chart, rendered, is read-only.
    Chart,
    /// B: one person runs it so.
    Person,
    /// C: state lies there, or the image gives the folder to its user; the root is writable.
    PathOnly,
}

/// What the files call each, and the start of the sentences that were collected.
const PROOFS: [(Proof, &str, &str); 6] = [
    (Proof::Vendor, "A vendor says so", "A: vendor says it runs read-only"),
    (Proof::VendorButFor, "A vendor says so, with an exception", "A: vendor says it runs read-only; caveat"),
    (Proof::Parameter, "path of the vendor", "A: vendor parameter"),
    (Proof::Chart, "A rendered chart", "A: "),
    (Proof::Person, "B one person", "B: "),
    (Proof::PathOnly, "C path only", "C: "),
];

impl Proof {
    /// Reads the words of the project, or a sentence as collected.
    fn read(text: &str) -> Result<Self, String> {
        if let Some((proof, ..)) = PROOFS.iter().find(|(_, word, _)| *word == text) {
            return Ok(*proof);
        }
        let says_so = "A: vendor says it runs read-only";
        let found = match text {
            // "Not supported with SSL" is a case; "themes are not available" is only a loss.
            t if t.starts_with(says_so) && t.contains("Not supported") => Some(Self::VendorButFor),
            t if t.starts_with(says_so) || t == "A: vendor: must be mounted" => Some(Self::Vendor),
            t => PROOFS.iter().skip(2).find(|(_, _, start)| t.starts_with(start)).map(|(proof, ..)| *proof),
        };
        found.ok_or_else(|| format!("`{text}` is no grade"))
    }

    /// What the files call it.
    pub(crate) fn word(self) -> &'static str {
        PROOFS.iter().find(|(proof, ..)| *proof == self).map_or("", |(_, word, _)| word)
    }

    /// Whether a read-only root was seen with it, and the grade of that: A before B.
    pub(crate) fn runs(self) -> Option<char> {
        match self {
            Self::Vendor | Self::VendorButFor | Self::Chart => Some('A'),
            Self::Person => Some('B'),
            Self::Parameter | Self::PathOnly => None,
        }
    }
}

impl Facts {
    /// Reads the three tables. Errors: the first row that is wrong, and why.
    pub(crate) fn read(facts: &str, capabilities: &str, negatives: &str) -> Result<Self, String> {
        let mut found = Self::default();
        for (number, fields) in rows(facts, 6) {
            let at = |why: String| format!("facts.tsv:{number}: {why}");
            let [image, path, kind, user, source, proof] = &fields[..] else { return Err(at("six columns".into())) };
            // Two files of one source, or a blank in the name of one: lists of sources are cut at blanks.
            let source = source.replace(" + ", ",").replace(' ', "%20");
            if !is_source(&source) {
                return Err(at(format!("`{source}` is not owner/repository@commit:file")));
            }
            found.mounts.insert(Fact {
                image: image_name(image).map_err(at)?,
                path: (*path).to_owned(),
                kind: kind.split_once("(seeded").map_or(*kind, |_| "seeded").to_owned(),
                user: (*user).to_owned(),
                source,
                proof: Proof::read(proof).map_err(at)?,
            });
        }
        for (number, fields) in rows(capabilities, 6) {
            let at = |why: String| format!("capabilities.tsv:{number}: {why}");
            let [image, user, add, no_new_privileges, check, source] = &fields[..] else { return Err(at("six columns".into())) };
            let source =
                if source.contains('@') { (*source).to_owned() } else { format!("{CAPABILITIES_FROM}:{source}") }.replace(' ', ",");
            if !is_source(&source) {
                return Err(at(format!("`{source}` is not owner/repository@commit:file")));
            }
            found.capabilities.insert(Capability {
                image: image_name(image).map_err(at)?,
                user: Some(*user).filter(|user| *user != "None" && !user.is_empty()).map(ToOwned::to_owned),
                add: (*add).to_owned(),
                no_new_privileges: matches!(*no_new_privileges, "[True]" | "yes"),
                check: plain_check(check),
                source,
            });
        }
        for (number, fields) in rows(negatives, 2) {
            let at = |why: String| format!("negatives.tsv:{number}: {why}");
            let [image, catalogues] = &fields[..] else { return Err(at("two columns".into())) };
            let catalogues = catalogues.split(',').map(ToOwned::to_owned);
            found.negatives.entry(image_name(image).map_err(at)?).or_default().extend(catalogues);
        }
        Ok(found)
    }

    pub(crate) fn facts_text(&self) -> String {
        let row = |f: &Fact| [&*f.image, &f.path, &f.kind, &f.user, &f.source, f.proof.word()].join("\t") + "\n";
        "image\tpath\tkind\tuid:gid\tsource\twhat it proves\n".to_owned() + &self.mounts.iter().map(row).collect::<String>()
    }

    pub(crate) fn capabilities_text(&self) -> String {
        let row = |c: &Capability| {
            let works = if c.no_new_privileges { "yes" } else { "no" };
            [&*c.image, c.user.as_deref().unwrap_or_default(), &c.add, works, &c.check, &c.source].join("\t") + "\n"
        };
        let head = "image\tuser\tcapabilities after cap_drop ALL\tno-new-privileges\tcheck\tsource\n";
        head.to_owned() + &self.capabilities.iter().map(row).collect::<String>()
    }

    pub(crate) fn negatives_text(&self) -> String {
        let row = |(image, catalogues): (&String, &BTreeSet<String>)| {
            format!("{image}\t{}\n", catalogues.iter().map(String::as_str).collect::<Vec<_>>().join(","))
        };
        "image\tcatalogues that switched read-only off\n".to_owned() + &self.negatives.iter().map(row).collect::<String>()
    }
}

/// The catalogue that the capabilities are of; its table names only the folder.
const CAPABILITIES_FROM: &str = "truenas/apps@5a5f8aa813";

/// The rows of a table below its head, with their numbers.
fn rows(text: &str, columns: usize) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let rows = text.lines().enumerate().filter(|(number, line)| !line.is_empty() && (*number > 0 || !line.starts_with("image\t")));
    rows.map(move |(number, line)| (number + 1, line.splitn(columns, '\t').collect()))
}

/// The repository of an image, by the name that counts.
fn image_name(text: &str) -> Result<String, String> {
    let image = Image::parse(text).ok_or_else(|| format!("`{text}` is no image"))?;
    Ok(published_as(image.repository).into_owned())
}

/// `owner/repository@commit`, and a file behind a `:`.
pub(crate) fn is_source(text: &str) -> bool {
    let (repository, rest) = text.split_once('@').unwrap_or_default();
    let commit = rest.split(':').next().unwrap_or_default();
    let is_commit = commit.len() >= 7 && commit.bytes().all(|b| b.is_ascii_hexdigit());
    let is_plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    is_plain && is_commit && repository.split('/').filter(|part| !part.is_empty()).count() == 2
}
