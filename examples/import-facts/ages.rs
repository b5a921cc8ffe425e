//! How old the facts are: a fact is as old as the commit that it was read from.

use crate::facts::{Facts, Proof};
use crate::pages::MADE;
use crate::rule::Entry;
use std::collections::BTreeMap;

/// When the facts were collected, as months since year 0; ages are counted to there.
const COLLECTED: u32 = 2026 * 12 + 11;

/// What is old, in months.
const OLD: u32 = 12;

/// The day of each source's commit, from `sources.tsv`: `owner/repository@commit` and `YYYY-MM-DD`.
#[derive(Default)]
pub(crate) struct Days(BTreeMap<String, String>);

impl Days {
    /// Reads the table. Errors: the first row that is wrong, and why.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let row = |(number, line): (usize, &str)| {
            let at = |why: &str| format!("sources.tsv:{}: {why}: `{line}`", number + 1);
            let (source, day) = line.split_once('\t').ok_or_else(|| at("two columns"))?;
            if !crate::facts::is_source(source) || months(day).is_none() {
                return Err(at("owner/repository@commit, and YYYY-MM-DD"));
            }
            Ok((source.to_owned(), day.to_owned()))
        };
        text.lines().enumerate().skip(1).map(row).collect::<Result<_, _>>().map(Self)
    }

    /// The day of a fact's source. Errors: the source has none.
    fn of(&self, source: &str) -> Result<&str, String> {
        let commit = source.split(':').next().unwrap_or(source);
        let day = self.0.get(commit).map(String::as_str);
        day.ok_or_else(|| format!("{commit} is not in sources.tsv: say of which day that commit is"))
    }
}

/// Months since year 0.
fn months(day: &str) -> Option<u32> {
    let mut parts = day.split('-').map(|part| part.parse::<u32>().ok());
    let (year, month, date) = (parts.next()??, parts.next()??, parts.next()??);
    let is_day = (1970..10_000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&date) && day.len() == 10;
    is_day.then_some(year * 12 + month)
}

fn age(day: &str) -> u32 {
    COLLECTED.saturating_sub(months(day).unwrap_or_default())
}

/// The report. Errors: a source without a day.
pub(crate) fn page(facts: &Facts, entries: &[Entry], days: &Days) -> Result<String, String> {
    let mut text = format!(
        "# How old the catalogue's facts are\n\n{MADE}A fact is as old as the commit that it was read from, in months before November 2026. \
         After a year it is old: the image may write elsewhere by now.\n\n## By what they prove\n\n| what it proves | facts | newest | oldest | older than a year |\n| --- | ---: | ---: | ---: | ---: |\n"
    );
    let mut by_proof: BTreeMap<Proof, Vec<u32>> = BTreeMap::new();
    let mut by_image: BTreeMap<&str, Vec<(&str, Proof)>> = BTreeMap::new();
    for fact in &facts.mounts {
        let day = days.of(&fact.source)?;
        by_proof.entry(fact.proof).or_default().push(age(day));
        by_image.entry(&fact.image).or_default().push((day, fact.proof));
    }
    let mut others: Vec<u32> = Vec::new();
    for capability in &facts.capabilities {
        others.push(age(days.of(&capability.source)?));
    }
    let row = |what: &str, ages: &[u32]| {
        let (newest, oldest) = (ages.iter().min().copied().unwrap_or_default(), ages.iter().max().copied().unwrap_or_default());
        format!("| {what} | {} | {newest} | {oldest} | {} |\n", ages.len(), ages.iter().filter(|age| **age > OLD).count())
    };
    by_proof.iter().for_each(|(proof, ages)| text += &row(proof.word(), ages));
    text += &row("capabilities and checks", &others);
    text += "\n## By source\n\n| source | of | months |\n| --- | --- | ---: |\n";
    for (source, day) in &days.0 {
        text += &format!("| {source} | {day} | {} |\n", age(day));
    }
    text += "\n## By image\n\nImages with a path, and the grade of what is known of them.\n\n| image | grade | facts | newest | oldest |\n| --- | --- | ---: | --- | --- |\n";
    for entry in entries {
        let Some(facts) = by_image.get(entry.image.as_str()) else { continue };
        let days = || facts.iter().map(|(day, _)| *day);
        let (newest, oldest) = (days().max().unwrap_or_default(), days().min().unwrap_or_default());
        let old = if age(oldest) > OLD { " (old)" } else { "" };
        text += &format!("| `{}` | {} | {} | {newest} | {oldest}{old} |\n", entry.image, entry.grade.word(), facts.len());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_has_a_day_and_a_day_is_one() {
        let facts = Facts::read("a\t/x\tpvc\t\tb/c@1234567:f\tC: x\n", "", "").unwrap_or_else(|e| panic!("{e}"));
        let entries = crate::rule::entries(&facts);
        let days = Days::read("source\tcommitted\nb/c@1234567\t2025-10-23\n").unwrap_or_else(|e| panic!("{e}"));
        let page = page(&facts, &entries, &days).unwrap_or_else(|e| panic!("{e}"));
        assert!(
            page.contains("| `a` | C | 1 | 2025-10-23 | 2025-10-23 (old) |") && page.contains("| b/c@1234567 | 2025-10-23 | 13 |"),
            "{page}"
        );
        assert!(super::page(&facts, &entries, &Days::default()).is_err_and(|e| e.contains("b/c@1234567 is not in sources.tsv")));
        for wrong in ["b/c\t2025-10-23", "b/c@1234567", "b/c@1234567\tyesterday", "b/c@1234567\t2025-13-01", "b/c@1234567\t2025-1-1"] {
            assert!(Days::read(&format!("source\tcommitted\n{wrong}\n")).is_err(), "{wrong}");
        }
    }
}
