//! Items of a service's `tmpfs`: `/run` or `/run:mode=755,uid=1000`.

use super::env::Env;
use super::interpolate::{self, escaped};
use std::borrow::Cow;
use std::fmt;

/// An item of `tmpfs`. As text it is what a file holds, where a `$` that is meant is doubled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TmpfsItem {
    /// Where it is mounted.
    pub target: String,
    /// With what.
    pub options: TmpfsOptions,
}

/// Options of a tmpfs mount. What is `None` is left to the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TmpfsOptions {
    /// Permission bits, for example `0o1777`.
    pub mode: Option<u32>,
    /// Numeric owner.
    pub uid: Option<u32>,
    /// Numeric group.
    pub gid: Option<u32>,
    /// Size limit as the engine spells it: `64m`.
    pub size: Option<String>,
    /// Allow running programs from it; the engine's default is `noexec`.
    pub exec: bool,
    /// Nothing can be written there.
    pub read_only: bool,
}

/// The two halves of an item: where, and its options.
pub(super) fn halves(text: &str) -> (&str, &str) {
    text.split_once(':').unwrap_or((text, ""))
}

impl TmpfsItem {
    /// Reads an item into which all variables were put. What is not known of its options is left out.
    pub fn parse(text: &str) -> Self {
        let (target, options) = halves(text);
        Self { target: target.to_owned(), options: TmpfsOptions::parse(options) }
    }

    /// Reads an item as a file holds it, without variables.
    pub fn written(text: &str) -> Self {
        let (target, options) = halves(text);
        let target = interpolate::resolve(target, &Env::new()).map_or_else(|| target.to_owned(), Cow::into_owned);
        Self { target, options: TmpfsOptions::parse(options) }
    }

    /// What the engine is told: the same without the signs of a file.
    pub fn as_meant(&self) -> String {
        self.spelled(&self.target)
    }

    fn spelled(&self, target: &str) -> String {
        let options = self.options.to_string();
        if options.is_empty() { target.to_owned() } else { format!("{target}:{options}") }
    }
}

impl TmpfsOptions {
    /// Reads what stands behind the `:` of an item. Of two that say opposite things, the last counts.
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for option in text.split(',') {
            match option.split_once('=') {
                Some(("mode", mode)) => found.mode = u32::from_str_radix(mode, 8).ok(),
                Some(("uid", uid)) => found.uid = uid.parse().ok(),
                Some(("gid", gid)) => found.gid = gid.parse().ok(),
                Some(("size", size)) => found.size = Some(size.to_owned()),
                None if matches!(option, "exec" | "noexec") => found.exec = option == "exec",
                None if matches!(option, "ro" | "rw") => found.read_only = option == "ro",
                _ => {}
            }
        }
        found
    }

    /// An item with these options.
    pub fn at(&self, target: &str) -> TmpfsItem {
        TmpfsItem { target: target.to_owned(), options: self.clone() }
    }
}

impl fmt::Display for TmpfsItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelled(&escaped(&self.target)))
    }
}

impl fmt::Display for TmpfsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = Vec::new();
        options.extend(self.mode.map(|mode| format!("mode={mode:o}")));
        options.extend(self.uid.map(|uid| format!("uid={uid}")));
        options.extend(self.gid.map(|gid| format!("gid={gid}")));
        options.extend(self.size.as_ref().map(|size| format!("size={size}")));
        options.extend(self.exec.then(|| "exec".to_owned()));
        options.extend(self.read_only.then(|| "ro".to_owned()));
        f.write_str(&options.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_back_as_it_was_written() {
        for text in ["/tmp", "/run:mode=755,uid=1000,gid=1000,size=64m,exec", "/a b:ro", "/x$$y:mode=1777", ""] {
            assert_eq!(TmpfsItem::written(text).to_string(), text);
        }
        assert_eq!(TmpfsItem::written("/x$$y").target, "/x$y");
        assert_eq!(TmpfsItem::written("/x$$y:exec").as_meant(), "/x$y:exec");
        assert_eq!(TmpfsItem::parse("/x$y").to_string(), "/x$$y");
    }

    #[test]
    fn of_opposite_options_the_last_counts_and_unknown_ones_are_left_out() {
        let read = |text| TmpfsOptions::parse(text);
        assert_eq!((read("exec,noexec").exec, read("noexec,exec").exec), (false, true));
        assert_eq!((read("ro,rw").read_only, read("rw,ro").read_only), (false, true));
        assert_eq!(read("nosuid,mode=9,uid=x,=,mode"), TmpfsOptions::default());
    }
}
