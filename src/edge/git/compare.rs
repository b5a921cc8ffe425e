//! Whether the files of a checkout are those of its commit. Git compares them, from its repository of our own.

use super::Git;
use super::checkout::{Checkout, Head};
use crate::edge::disk;
use crate::edge::forge::Mode;
use crate::error::Result;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Settings of a checkout that say how its commit's files are on its disk, with the values that are taken over.
const ON_DISK: [(&str, &[&str]); 6] = [
    ("core.fileMode", &["true", "false"]),
    ("core.symlinks", &["true", "false"]),
    ("core.ignoreCase", &["true", "false"]),
    ("core.precomposeUnicode", &["true", "false"]),
    ("core.autocrlf", &["true", "false", "input"]),
    ("core.eol", &["lf", "crlf", "native"]),
];

impl Git {
    /// Whether nothing of the checkout and of its submodules differs from its commit, not counting files that Git ignores.
    ///
    /// Which filters files go through is the person's to say. A checkout's attributes choose among them, and its settings add none.
    pub fn is_clean(&self) -> Result<bool> {
        let Head { commit: Some(commit), .. } = self.checkout.head()? else { return Ok(false) };
        let index = self.store.file("compared");
        let with_index = |mut command: Command| {
            command.env("GIT_INDEX_FILE", &index);
            command
        };
        let mut read = with_index(self.store.command(["read-tree", "--end-of-options"]));
        read.arg(&commit);
        self.store.good(read, None, "read the files of a commit")?;
        let in_checkout = |args: &[&str]| -> Result<Command> {
            let mut command = with_index(self.store.command(self.on_disk()?.iter().map(String::as_str).chain(args.iter().copied())));
            command.env("GIT_WORK_TREE", &self.checkout.top).current_dir(&self.checkout.top);
            Ok(command)
        };
        let refresh = in_checkout(&["update-index", "--ignore-submodules", "--refresh"])?;
        let refreshed = self.store.run(refresh, None, "compare the checkout with its commit")?;
        match refreshed.status.code() {
            Some(0) => {}
            // Something differs.
            Some(1) => return Ok(false),
            _ => return Err(self.store.failure("compare the checkout with its commit", &String::from_utf8_lossy(&refreshed.stderr))),
        }
        let mut others = in_checkout(&["ls-files", "-z", "--others", "--exclude-standard", "--directory", "--no-empty-directory"])?;
        if let Some(path) = self.checkout.exclude() {
            others.arg("--exclude-from").arg(path);
        }
        if !self.store.good(others, None, "look for new files")?.stdout.is_empty() {
            return Ok(false);
        }
        let entries = self.tree(&commit)?.entries;
        let mut modules = entries.iter().filter(|entry| entry.mode == Mode::Submodule);
        modules.try_fold(true, |is_clean, module| Ok(is_clean && self.is_clean_submodule(&module.path, &module.id)?))
    }

    /// Whether a submodule is at a commit and clean. One that was not fetched is an empty folder.
    fn is_clean_submodule(&self, path: &str, commit: &str) -> Result<bool> {
        let folder = self.checkout.top.join(path);
        // Through a link it would be something else, perhaps this checkout again.
        if disk::real_path(&folder).as_ref() != Some(&folder) || !folder.is_dir() {
            return Ok(false);
        }
        let Some(checkout) = Checkout::at(&folder) else { return Ok(is_empty(&folder)) };
        let module = Self::over(checkout, None)?;
        Ok(module.head()?.as_deref() == Some(commit) && module.is_clean()?)
    }

    /// Options of Git with what the checkout says of its disk.
    fn on_disk(&self) -> Result<Vec<String>> {
        let mut options = Vec::new();
        for (name, values) in ON_DISK {
            let value = self.store.setting(&self.checkout, name)?.map(|value| value.to_ascii_lowercase());
            if let Some(value) = value.filter(|value| values.contains(&value.as_str())) {
                options.extend(["-c".to_owned(), format!("{name}={value}")]);
            }
        }
        Ok(options)
    }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
