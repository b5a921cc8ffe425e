//! The files of a container and of its image, by `docker export`: it needs no root, no tools in the image, and works on stopped ones.

use super::running::entry_of;
use super::{Docker, PATIENCE};
use crate::error::{Error, Result};
use crate::trial::Listing;
use std::io::{BufReader, Read};

/// Most files of a listing.
const MAX_ENTRIES: usize = 2_000_000;

/// The files of an archive. `go_on` is asked at every one.
fn read_listing(stream: impl Read, go_on: impl Fn() -> Result<()>) -> Result<Listing> {
    let broken = |e: std::io::Error| Error::Engine(format!("its archive cannot be read: {e}"));
    let mut listing = Listing::new();
    let mut archive = tar::Archive::new(BufReader::with_capacity(1 << 18, stream));
    for entry in archive.entries().map_err(broken)? {
        go_on()?;
        let entry = entry.map_err(broken)?;
        let path = format!("/{}", String::from_utf8_lossy(&entry.path_bytes()).trim_matches('/'));
        listing.insert(path, entry_of(&entry));
        if listing.len() > MAX_ENTRIES {
            return Err(Error::Engine(format!("the image has more than {MAX_ENTRIES} files")));
        }
    }
    // An archive ends before its stream does: who does not read the rest breaks the pipe of who still writes.
    std::io::copy(&mut archive.into_inner(), &mut std::io::sink()).map_err(broken)?;
    Ok(listing)
}

/// Most bytes of a file that is read.
const MAX_TEXT: u64 = 1 << 20;

impl Docker {
    /// The files of a container, without what is mounted into it.
    ///
    /// Errors: [`Error::Engine`].
    pub fn listing(&self, container: &str) -> Result<Listing> {
        self.stream(&["export", container], |stream| read_listing(stream, || self.go_on()))
    }

    /// A small file of a container; empty where there is none.
    ///
    /// Errors: [`Error::Engine`] when the engine cannot be asked at all.
    pub fn file_text(&self, container: &str, path: &str) -> Result<String> {
        let answer = self.run(&["cp", "-L", &format!("{container}:{path}"), "-"], PATIENCE)?;
        let mut text = String::new();
        if let Some(Ok(file)) = tar::Archive::new(answer.stdout.as_slice()).entries().ok().and_then(|mut all| all.next()) {
            // What is no text has no names in it.
            let _ = file.take(MAX_TEXT).read_to_string(&mut text);
        }
        Ok(text)
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
            let listing = read_listing(Counted(&bytes, &left), || Ok(())).expect("a listing");
            assert_eq!((listing.len(), left.get()), (files, 0));
        }
    }
}
