//! Where something can be mounted: the one gate that every path passes on its way into a file.

use super::Storage;
use crate::compose::{clean_path, is_at};
use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

/// Longest path and longest part of one that Linux takes, in bytes (`PATH_MAX` with its final zero,
/// `NAME_MAX`).
const MAX_PATH: usize = 4096;
const MAX_NAME: usize = 255;

/// A path in a container, absolute and cleaned, at which the mount that it is for can be.
///
/// Paths come from strangers: from logs, from what containers write, from presets and
/// configurations. What is here can be said in the file, and Compose and the engine mount exactly
/// there. Tried with Compose 2.40 and Docker 20.10: blanks, quotes, `\`, `,`, `#`, `{}`, and any
/// letter reach the kernel as they are; `$` does as `$$`. The engine ends the target of a named
/// volume and of an item of `tmpfs` at a `:`. A long `type: tmpfs` can have one and is mounted
/// there, but takes no owner, so it is left to a person. Of two items of `tmpfs` that are the same
/// up to a `=`, Compose drops the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(String);

impl Target {
    /// The target of a mount of this kind. Errors: why there can be none, a phrase that goes behind
    /// the path.
    pub fn new(path: &str, storage: &Storage) -> Result<Self, &'static str> {
        if !path.starts_with('/') {
            return Err("is not absolute");
        }
        let path = clean_path(path);
        // What the engine mounts there itself; /dev/shm and /dev/mqueue are for programs.
        let is_engines = |top: &str| is_at(&path, top) && !["/dev/shm", "/dev/mqueue"].iter().any(|free| is_at(&path, free));
        match path.as_str() {
            "/" => Err("is the whole root filesystem, which cannot be mounted over"),
            _ if ["/proc", "/sys", "/dev"].into_iter().any(is_engines) => Err("belongs to the engine"),
            p if p.contains(char::REPLACEMENT_CHARACTER) => Err("is no UTF-8, and a Compose file can hold nothing else"),
            p if p.contains(char::is_control) => Err("has a control character"),
            p if p.len() >= MAX_PATH || p.split('/').any(|part| part.len() > MAX_NAME) => Err("is longer than Linux takes"),
            p if p.contains(':') => Err("has a `:`, and the engine ends the target of a mount there"),
            p if p.contains('=') && *storage != Storage::State => Err("has a `=`, and Compose ends the name of a `tmpfs` item there"),
            _ => Ok(Self(path)),
        }
    }
}

impl Deref for Target {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Target {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Target {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Target {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::TmpfsOptions;

    #[test]
    fn what_can_be_mounted_passes_cleaned_and_nothing_else_does() {
        let long = format!("/{}", "a".repeat(256));
        let deep = "/a".repeat(2048);
        for (path, state, scratch) in [
            ("/data", Ok("/data"), Ok("/data")),
            ("//a/./b/../c/", Ok("/a/c"), Ok("/a/c")),
            ("/var/run/x", Ok("/run/x"), Ok("/run/x")),
            ("/a $X\"'\\#,{}", Ok("/a $X\"'\\#,{}"), Ok("/a $X\"'\\#,{}")),
            ("/ä\u{2028}\u{feff}", Ok("/ä\u{2028}\u{feff}"), Ok("/ä\u{2028}\u{feff}")),
            ("/dev/shm/x", Ok("/dev/shm/x"), Ok("/dev/shm/x")),
            ("/x=1", Ok("/x=1"), Err("`=`")),
            ("a", Err("absolute"), Err("absolute")),
            ("", Err("absolute"), Err("absolute")),
            ("/..", Err("root"), Err("root")),
            ("/proc/../sys/x", Err("engine"), Err("engine")),
            ("/dev", Err("engine"), Err("engine")),
            ("/dev/shmx", Err("engine"), Err("engine")),
            ("/a:b", Err("`:`"), Err("`:`")),
            ("/a\nb", Err("control"), Err("control")),
            ("/a\0b", Err("control"), Err("control")),
            ("/a\u{85}", Err("control"), Err("control")),
            ("/a\u{fffd}", Err("UTF-8"), Err("UTF-8")),
            (&long, Err("longer"), Err("longer")),
            (&deep, Err("longer"), Err("longer")),
        ] {
            for (expected, storage) in [(state, Storage::State), (scratch, Storage::Scratch(TmpfsOptions::default()))] {
                match (Target::new(path, &storage), expected) {
                    (Ok(found), Ok(expected)) => assert_eq!(&*found, expected),
                    (Err(why), Err(part)) => assert!(why.contains(part), "{path}: {why}"),
                    (found, _) => unreachable!("{path}: {found:?} for {storage:?}"),
                }
            }
        }
    }
}
