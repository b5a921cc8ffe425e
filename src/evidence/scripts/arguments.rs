//! The words behind a program: its options with their values, and the rest.

use crate::compose::Word;

/// Words behind a program.
pub(super) struct Arguments<'c>(pub(super) Vec<&'c Word>);

/// Long options that are followed by a value where no `=` is.
const VALUED: [&str; 13] = [
    "--date",
    "--expression",
    "--file",
    "--group",
    "--mode",
    "--output",
    "--output-document",
    "--owner",
    "--reference",
    "--size",
    "--suffix",
    "--target-directory",
    "--directory",
];

impl Arguments<'_> {
    /// Whether a short option is among them, also in a group such as `-rf`.
    pub(super) fn has(&self, letter: char) -> bool {
        self.0.iter().any(|word| letters(word).is_some_and(|letters| letters.contains(letter)))
    }

    /// Whether a short option with code is among them: by itself, as `--eval`, or in a group before the program's own words, since `-verbose`
    /// behind these is no group.
    pub(super) fn has_code(&self, letter: char) -> bool {
        let groups = self.0.iter().take_while(|word| word.text.starts_with('-'));
        self.is_given(&[&format!("-{letter}"), "--eval"])
            || groups.into_iter().any(|word| letters(word).is_some_and(|letters| letters.contains(letter)))
    }

    /// Whether a word is among them.
    pub(super) fn is_given(&self, wanted: &[&str]) -> bool {
        self.0.iter().any(|word| wanted.contains(&word.text.as_str()))
    }

    /// The values of an option: `-o V`, `-oV`, `-sSo V`, `--output V`, `--output=V`. A `-` in their place names no file.
    pub(super) fn values(&self, short: impl Into<Option<char>>, long: &str) -> Vec<Word> {
        let short = short.into();
        let mut found = Vec::new();
        for (at, word) in self.0.iter().enumerate() {
            let next = || self.0.get(at + 1).map(|next| (*next).clone());
            let cut = |text: &str| Word { text: text.to_owned(), ..(*word).clone() };
            let value = match (word.text.strip_prefix(long), letters(word)) {
                (Some(""), _) => next(),
                (Some(rest), _) if rest.starts_with('=') => Some(cut(&rest[1..])),
                (_, Some(letters)) => {
                    short.and_then(|short| letters.split_once(short)).and_then(|(_, rest)| match rest.trim_start_matches('=') {
                        "" => next(),
                        joined => Some(cut(joined)),
                    })
                }
                _ => None,
            };
            found.extend(value.filter(|value| value.text != "-"));
        }
        found
    }

    /// The values of an option that is one word with one dash, as OpenSSL has them.
    pub(super) fn behind(&self, options: &[&str]) -> Vec<Word> {
        let at = (0..self.0.len()).filter(|at| options.contains(&self.0[*at].text.as_str()));
        at.filter_map(|at| self.0.get(at + 1).map(|word| (*word).clone())).collect()
    }

    /// What is neither an option nor the value of one; `valued` are the letters of short options with a value.
    pub(super) fn operands(&self, valued: &str) -> Vec<Word> {
        let mut found = Vec::new();
        let mut words = self.0.iter();
        while let Some(word) = words.next() {
            if word.text == "--" {
                found.extend(words.map(|word| (*word).clone()));
                break;
            }
            let takes_next = match letters(word) {
                Some(letters) => letters.find(|c| valued.contains(c)).is_some_and(|at| at + 1 == letters.len()),
                None => VALUED.contains(&word.text.as_str()),
            };
            if takes_next {
                words.next();
            } else if !word.text.starts_with('-') {
                found.push((*word).clone());
            }
        }
        found
    }
}

/// The letters of a group of short options.
fn letters(word: &Word) -> Option<&str> {
    word.text.strip_prefix('-').filter(|letters| !letters.is_empty() && !letters.starts_with('-'))
}
