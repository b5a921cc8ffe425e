//! A preset file made from what was seen.

use crate::evidence::{Storage, WritablePath};

/// What a service needs.
#[derive(Clone, Copy, Debug)]
pub struct Saved<'s> {
    /// What the preset is, a phrase.
    pub summary: &'s str,
    /// The command that found it.
    pub source: &'s str,
    /// Its image, if it has one.
    pub image: Option<&'s str>,
    /// The user that the file gives it.
    pub user: Option<&'s str>,
    /// Where it wrote.
    pub paths: &'s [WritablePath],
}

impl Saved<'_> {
    /// The text of a preset file, as [`super::Preset::parse`] takes it.
    pub fn to_toml(&self) -> String {
        // Tag and digest are what a preset is not about.
        let image = self.image.and_then(|image| Some(crate::compose::Image::parse(image)?.repository));
        let images = image.iter().map(|image| quoted(image)).collect::<String>();
        let number = |part: Option<&str>, key: &str| part.and_then(|p| p.parse::<u32>().ok()).map(|n| format!(", {key} = {n}"));
        let mut parts = self.user.unwrap_or_default().split(':');
        let ids = [number(parts.next(), "uid"), number(parts.next(), "gid")].into_iter().flatten().collect::<String>();
        let user = self.user.unwrap_or("the image's own");
        let summary = quoted(self.summary);
        let mut text = format!("summary = {summary}\nrun_user = {{ text = {}{ids} }}\n\n[match]\nimages = [{images}]\n", quoted(user));
        for path in self.paths {
            text += &format!("\n[[writable]]\ntarget = {}\n", quoted(&path.target));
            match &path.storage {
                Storage::State if path.is_declared => {
                    text += "storage = \"state\"\ndeclared = true\ndeclared_source = \"docker image inspect\"\n";
                }
                Storage::State => text += "storage = \"state\"\n",
                Storage::Scratch(options) => {
                    text += "storage = \"scratch\"\n";
                    text += &options.mode.map(|mode| format!("mode = \"{mode:04o}\"\n")).unwrap_or_default();
                    for (key, id) in [("uid", options.uid), ("gid", options.gid)] {
                        text += &id.map(|id| format!("{key} = {id}\n")).unwrap_or_default();
                    }
                    text += if options.exec { "exec = true\n" } else { "" };
                }
            }
            let (why, source, confidence) = (quoted(&path.reason.text), quoted(self.source), path.reason.confidence);
            text += &format!("why = {why}\nsource = {source}\nconfidence = \"{confidence}\"\n");
        }
        text
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\u{:04X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
