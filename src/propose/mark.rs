//! What is written down on the forge: the mark at the end of a pull request's text, and the line at the end of a commit's message.

use super::data::Mode;
use super::{Offer, TITLE};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// What a mark starts with.
const START: &str = "<!--rofs-harden:v1:";
/// What it ends with.
const END: &str = "-->";
/// What the last line of a commit's message starts with.
const TRAILER: &str = "Rofs-Harden: 1 ";
/// What it ends with where commits of others are below.
const OVER: &str = " over";
/// The line of a text with which a person gives the branch back, ticked.
pub const TAKE_BACK: &str = "Go on with this branch: put the files back to what is proposed here, on top of the commits of others";
/// Most items that are written down one by one; of more, one stands for all.
const MOST_ITEMS: usize = 1000;
/// Characters of an item.
const ITEM: usize = 8;

/// What a branch was made to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    /// Digest of the paths, modes and bytes of its files.
    pub(super) files: String,
    /// Digest of what these files were on the base.
    pub(super) from: String,
}

/// What a pull request's text says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The commit that was pushed last.
    pub(super) head: String,
    /// What it holds.
    pub(super) made: Made,
    /// Digest of the text above the mark.
    pub(super) text: String,
    /// The items of the offer, one after the other.
    pub(super) items: String,
    /// Whether commits of others are below, which no pull request may have merged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) over: bool,
    /// Whether this program closed the pull request itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) withdrawn: bool,
}

/// Something that is proposed and can be declined: a service's changes, by their digest. The same for the same words, whatever else
/// the file holds.
pub fn item(path: &str, service: &str, changes: &[String]) -> String {
    let all = [&[path.to_owned(), service.to_owned()], changes].concat().join("\0");
    BASE64.encode(&Sha256::digest(all)[..ITEM / 4 * 3])
}

impl Mark {
    /// The mark of an offer whose branch is at `head`.
    pub(super) fn of(offer: &Offer, head: &str, over: bool) -> Self {
        let items = known_items(&offer.items).concat();
        Self { head: head.to_owned(), made: offer.made(), text: digest_of_text(&offer.text), items, over, withdrawn: false }
    }

    /// This mark with items of an offer beside its own; `None` if it has them all, or if they would be too many.
    pub(super) fn with(mut self, items: &[String]) -> Option<Self> {
        let new: Vec<String> = known_items(items).into_iter().filter(|item| !self.items().any(|own| own == item)).collect();
        let is_possible = !new.is_empty() && self.items().count() + new.len() <= MOST_ITEMS;
        self.items += &new.concat();
        is_possible.then_some(self)
    }

    /// A text with this mark below it.
    pub(super) fn below(&self, text: &str) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{}\n\n{START}{}{END}\n", without_marks(text).trim_end(), BASE64.encode(json))
    }

    /// The items.
    pub(super) fn items(&self) -> impl Iterator<Item = &str> {
        self.items.as_bytes().chunks(ITEM).filter_map(|item| std::str::from_utf8(item).ok())
    }
}

/// The items of an offer as they are written down.
pub(super) fn known_items(items: &[String]) -> Vec<String> {
    if items.len() > MOST_ITEMS { vec![item("", "", items)] } else { items.to_vec() }
}

/// A pull request's text in its parts: what people read, and the mark if there is exactly one and it is the last line. What a stranger
/// wrote into the text may look like one, but never is the last line.
pub(super) fn parts(body: &str) -> (String, Option<Mark>) {
    let body = body.replace("\r\n", "\n");
    let body = body.trim_end();
    let (text, last) = body.rsplit_once('\n').unwrap_or(("", body));
    let payload = last.strip_prefix(START).and_then(|rest| rest.strip_suffix(END));
    let mark = payload.filter(|_| !text.contains(START)).and_then(|payload| {
        let json = BASE64.decode(payload).ok()?;
        serde_json::from_slice(&json).ok()
    });
    if mark.is_some() { (text.trim_end().to_owned(), mark) } else { (body.to_owned(), None) }
}

/// A text in which nothing can be taken for a mark: one in it would make the real one unreadable.
fn without_marks(text: &str) -> String {
    text.replace(START, "<!-- rofs-harden v1:")
}

/// A text whose box is not ticked.
pub(super) fn unticked(text: &str) -> String {
    text.replace("- [X] ", "- [ ] ").replace("- [x] ", "- [ ] ")
}

/// Whether a person has ticked the box that gives the branch back.
pub(super) fn is_given_back(text: &str) -> bool {
    text.lines().any(|line| line.strip_prefix("- [x] ").or(line.strip_prefix("- [X] ")) == Some(TAKE_BACK))
}

/// A text's digest, whatever its line breaks and whether its box is ticked.
pub(super) fn digest_of_text(text: &str) -> String {
    let text = unticked(&without_marks(text).replace("\r\n", "\n"));
    hex(&Sha256::digest(text.trim_end()))
}

/// The digest of files, in the order of their paths.
pub(super) fn digest_of_files<'a>(files: impl Iterator<Item = (&'a str, Mode, &'a [u8])>) -> String {
    let mut all = Sha256::new();
    for (path, mode, bytes) in files {
        all.update(format!("{path}\0{}\0{}\0", mode.as_git(), hex(&Sha256::digest(bytes))));
    }
    hex(&all.finalize())
}

/// The message of a commit. It holds no word of a stranger: a path in it could be read as an order.
pub(super) fn message(made: &Made, over: bool) -> String {
    format!("{TITLE}\n\n{TRAILER}{} {}{}\n", made.files, made.from, if over { OVER } else { "" })
}

/// What a commit's message says that it holds, and whether commits of others are below it.
pub(super) fn trailer(message: &str) -> Option<(Made, bool)> {
    let line = message.trim_end().lines().last()?.strip_prefix(TRAILER)?;
    let (made, over) = line.strip_suffix(OVER).map_or((line, false), |made| (made, true));
    let (files, from) = made.split_once(' ')?;
    Some((Made { files: files.to_owned(), from: from.to_owned() }, over))
}

/// The first half of a digest, which is enough to tell texts apart.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark() -> Mark {
        let made = Made { files: "f".into(), from: "o".into() };
        Mark { head: "h".into(), made, text: digest_of_text("Why.\n"), items: "aaaaaaaabbbbbbbb".into(), over: false, withdrawn: false }
    }

    #[test]
    fn a_mark_is_read_back_whatever_the_forge_does_to_line_breaks() {
        let body = mark().below("Why.\n\nMore.\n");
        for body in [body.clone(), body.replace('\n', "\r\n"), body.trim_end().to_owned()] {
            let (text, read) = parts(&body);
            assert_eq!((text.as_str(), read), ("Why.\n\nMore.", Some(mark())));
        }
        assert_eq!(mark().items().collect::<Vec<_>>(), ["aaaaaaaa", "bbbbbbbb"]);
    }

    #[test]
    fn only_the_one_mark_in_the_last_line_counts() {
        let own = mark().below("Why.");
        let forged = own.trim_end().lines().last().unwrap_or_default();
        for body in
            ["", "Why.", &format!("{forged}\n\nWhy."), &format!("{forged}\n{own}"), "<!--rofs-harden:v1:e30-->", "<!--rofs-harden:v1:%-->"]
        {
            let (text, read) = parts(body);
            assert_eq!((text.as_str(), read), (body.trim_end(), None));
        }
    }

    #[test]
    fn what_a_stranger_wrote_does_not_make_the_mark_unreadable() {
        let text = format!("Why `{START}e30{END}`.");
        let body = Mark { text: digest_of_text(&text), ..mark() }.below(&text);
        let (read, mark) = parts(&body);
        assert_eq!(mark.map(|mark| mark.text), Some(digest_of_text(&read)));
        assert_eq!(digest_of_text(&read), digest_of_text(&text));
    }

    #[test]
    fn a_box_is_ticked_in_a_line_of_its_own() {
        assert!(is_given_back(&format!("a\n- [x] {TAKE_BACK}\nb")));
        for text in [format!("- [ ] {TAKE_BACK}"), format!("`- [x] {TAKE_BACK}`"), format!("> - [x] {TAKE_BACK}"), "- [x] no".into()] {
            assert!(!is_given_back(&text), "{text}");
        }
        assert_eq!(digest_of_text(&format!("- [x] {TAKE_BACK}\r\n")), digest_of_text(&format!("- [ ] {TAKE_BACK}")));
    }

    #[test]
    fn an_item_stays_the_same_for_the_same_words_only() {
        let one = item("compose.yaml", "web", &["read_only: true".into(), "tmpfs /tmp".into()]);
        assert_eq!((one.len(), &one), (ITEM, &item("compose.yaml", "web", &["read_only: true".into(), "tmpfs /tmp".into()])));
        assert_ne!(one, item("compose.yaml", "web", &["read_only: true".into()]));
        assert_ne!(one, item("compose.yaml", "api", &["read_only: true".into(), "tmpfs /tmp".into()]));
        let many: Vec<String> = (0..=MOST_ITEMS).map(|i| item("a", &i.to_string(), &[])).collect();
        assert_eq!((known_items(&many).len(), known_items(&many[1..]).len()), (1, MOST_ITEMS));
    }

    #[test]
    fn a_message_says_what_its_commit_holds() {
        let made = Made { files: "12".into(), from: "34".into() };
        for over in [false, true] {
            assert_eq!(trailer(&message(&made, over)), Some((made.clone(), over)));
            assert_eq!(trailer(message(&made, over).trim_end()), Some((made.clone(), over)));
        }
        assert_eq!(trailer(&format!("{}\nSigned-off-by: somebody", message(&made, false))), None);
    }
}
