//! The files of a container and of its image, by `docker export`: it needs no root, no tools in the image, and works on stopped ones.

use super::running::entry_of;
use super::{Docker, PATIENCE};
use crate::error::{Error, Result};
use crate::trial::Listing;
use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::process::ChildStdout;
use std::time::{Duration, Instant};

/// Most files of a listing.
const MAX_ENTRIES: usize = 2_000_000;

/// Most bytes of all names of a listing, most bytes of an archive, and how long it may take to come.
const MAX_NAMES: usize = 256 << 20;
const MAX_ARCHIVE: u64 = 64 << 30;
const COMING: Duration = Duration::from_mins(5);

/// Symbolic links with what they name.
pub type Links = BTreeMap<String, String>;

/// The files of an archive, and its links. `go_on` is asked at every one.
fn read_listing(stream: impl Read, go_on: impl Fn() -> Result<()>) -> Result<(Listing, Links)> {
    let broken = |e: std::io::Error| Error::Engine(format!("its archive cannot be read: {e}"));
    let (mut listing, mut links, mut names) = (Listing::new(), Links::new(), 0);
    let until = Instant::now() + COMING;
    let mut archive = tar::Archive::new(BufReader::with_capacity(1 << 18, stream.take(MAX_ARCHIVE)));
    for entry in archive.entries().map_err(broken)? {
        go_on()?;
        let entry = entry.map_err(broken)?;
        let path = format!("/{}", String::from_utf8_lossy(&entry.path_bytes()).trim_matches('/'));
        names += path.len();
        if entry.header().entry_type().is_symlink()
            && let Some(target) = entry.link_name_bytes()
        {
            names += target.len();
            links.insert(path.clone(), String::from_utf8_lossy(&target).into_owned());
        }
        listing.insert(path, entry_of(&entry));
        if listing.len() > MAX_ENTRIES || names > MAX_NAMES {
            return Err(Error::Engine(format!("the image has more than {} files, or longer names than can be kept", listing.len() - 1)));
        }
        if Instant::now() > until {
            return Err(Error::Engine(format!("the image's files did not come within {} s", COMING.as_secs())));
        }
    }
    // An archive ends before its stream does: who does not read the rest breaks the pipe of who still writes.
    std::io::copy(&mut archive.into_inner(), &mut std::io::sink()).map_err(broken)?;
    Ok((listing, links))
}

/// Most bytes of a file that is read.
const MAX_TEXT: u64 = 1 << 20;

impl Docker {
    /// The files of a container, without what is mounted into it.
    ///
    /// Errors: [`Error::Engine`].
    pub fn listing(&self, container: &str) -> Result<Listing> {
        Ok(self.listing_with_links(container)?.0)
    }

    /// The same, with the symbolic links.
    ///
    /// Errors: [`Error::Engine`], also where the container has too much.
    pub fn listing_with_links(&self, container: &str) -> Result<(Listing, Links)> {
        self.stream(&["export", container], |stream| read_listing(stream, || self.go_on()))
    }

    /// Number and configuration of an image, as JSON; `None` where it is not there.
    ///
    /// Errors: [`Error::Engine`].
    pub fn image(&self, name: &str) -> Result<Option<(String, serde_json::Value)>> {
        let answer = self.run(&["image", "inspect", "--format", "{{.Id}} {{json .Config}}", "--", name], PATIENCE)?;
        let text = String::from_utf8_lossy(&answer.stdout);
        let Some((id, config)) = text.trim().split_once(' ').filter(|_| answer.status.success()) else {
            let is_missing = answer.stderr.to_ascii_lowercase().contains("no such image") || answer.stderr.contains("invalid reference");
            return if is_missing { Ok(None) } else { Err(Error::Engine(answer.complaint())) };
        };
        let config = serde_json::from_str(config).map_err(|e| Error::Engine(format!("its answer is not understood: {e}")))?;
        Ok(Some((id.to_owned(), config)))
    }

    /// A small file of a container; empty where there is none.
    ///
    /// Errors: [`Error::Engine`] when the engine cannot be asked at all.
    pub fn file_text(&self, container: &str, path: &str) -> Result<String> {
        let first = |stream: ChildStdout| {
            let mut text = String::new();
            let mut archive = tar::Archive::new(stream);
            if let Some(Ok(file)) = archive.entries().ok().and_then(|mut all| all.next())
                && file.size() <= MAX_TEXT
            {
                // What is no text has no names in it.
                let _ = file.take(MAX_TEXT).read_to_string(&mut text);
            }
            Ok(Some(text))
        };
        Ok(self.beginning(&["cp", "-L", &format!("{container}:{path}"), "-"], first)?.unwrap_or_default())
    }

    /// What the engine lists as added, changed and deleted in a container.
    ///
    /// Errors: [`Error::Engine`].
    pub fn diff(&self, container: &str) -> Result<Vec<(char, String)>> {
        let answer = self.ask(&["diff", container])?;
        // A name with a line break in it looks like two lines; what follows is no path then, or one of its own making: see below.
        let one = |line: &str| {
            let (kind, path) = line.split_once(' ')?;
            let kind = ['A', 'C', 'D'].into_iter().find(|k| kind.chars().eq([*k]))?;
            path.starts_with('/').then(|| (kind, path.to_owned()))
        };
        Ok(answer.lines().filter_map(one).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that counts what is left of it.
    struct Counted<'c>(&'c [u8], &'c std::cell::Cell<usize>);

    impl Read for Counted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            // In small pieces, as a pipe gives them.
            let most = buffer.len().min(512);
            let read = self.0.read(&mut buffer[..most])?;
            self.1.set(self.0.len());
            Ok(read)
        }
    }

    #[test]
    fn an_archive_is_read_to_the_end_of_its_stream() {
        for files in 0..70 {
            let mut archive = tar::Builder::new(Vec::new());
            for i in 0..files {
                let mut header = tar::Header::new_gnu();
                header.set_size(1);
                header.set_cksum();
                archive.append_data(&mut header, format!("file{i}"), &b"x"[..]).expect("written");
            }
            let mut bytes = archive.into_inner().expect("an archive");
            // As Docker pads it.
            bytes.resize(bytes.len().next_multiple_of(10_240) + 32_768, 0);
            let left = std::cell::Cell::new(0);
            let (listing, _) = read_listing(Counted(&bytes, &left), || Ok(())).expect("a listing");
            assert_eq!((listing.len(), left.get()), (files, 0));
        }
    }
    #[test]
    fn links_are_read_and_never_followed() {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, target) in [("var/run", "/run"), ("evil", "../../../../etc/passwd"), ("\u{1b}[2J", "x\u{7}")] {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            archive.append_link(&mut header, path, target).expect("written");
        }
        let bytes = archive.into_inner().expect("an archive");
        let (listing, links) = read_listing(bytes.as_slice(), || Ok(())).expect("a listing");
        assert_eq!((listing.len(), links["/var/run"].as_str(), links["/evil"].as_str()), (3, "/run", "../../../../etc/passwd"));
    }

    #[test]
    fn an_archive_without_end_is_given_up() {
        // One that breaks off, and one of more names than are kept.
        let mut header = tar::Header::new_gnu();
        header.set_size(1 << 40);
        header.set_path("file").expect("a path");
        header.set_cksum();
        assert!(read_listing(&header.as_bytes()[..], || Ok(())).is_err());
        let mut calls = 0_u32;
        let stopped = std::cell::RefCell::new(&mut calls);
        let go_on = || {
            **stopped.borrow_mut() += 1;
            if **stopped.borrow() > 3 { Err(Error::Interrupted) } else { Ok(()) }
        };
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        header.set_path("file").expect("a path");
        header.set_cksum();
        let many = header.as_bytes().repeat(100);
        assert!(matches!(read_listing(many.as_slice(), go_on), Err(Error::Interrupted)));
    }
}
