//! Embeds `presets/*.toml` and indexes of what they match, so that nothing is parsed at start but what is used.
//!
//! Only what the index needs is checked here; a test reads every preset as strictly as the program does.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "a build script reads files and speaks to Cargo by printing")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::{env, fs, path::Path};

/// Keys of `[match]`, and what each names; nothing may be claimed by two presets.
const CLAIMS: [(&str, &str); 4] = [("images", "image"), ("prefixes", "prefix"), ("command", "command"), ("manifest", "package")];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=presets");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("presets");
    let mut files: Vec<_> = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    // By stem: `a.toml` sorts behind `a-b.toml`.
    files.sort_by_key(|path| path.file_stem().map(ToOwned::to_owned));
    let mut embedded = String::from("&[\n");
    let mut claims: [BTreeMap<String, String>; 4] = Default::default();
    for path in &files {
        let name = path.file_stem().and_then(|s| s.to_str()).ok_or("a preset's file name is not UTF-8")?;
        let file = path.display();
        if name == "auto" || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(format!("{file}: a preset's name has small letters, digits and `-`, and is not `auto`").into());
        }
        let text = fs::read_to_string(path)?;
        let preset: toml::Table = text.parse().map_err(|e| format!("{file}: {e}"))?;
        let summary = preset.get("summary").and_then(toml::Value::as_str).ok_or_else(|| format!("{file}: no summary"))?;
        writeln!(embedded, "    Embedded {{ name: {name:?}, summary: {summary:?}, text: {text:?} }},")?;
        let matches = preset.get("match").ok_or_else(|| format!("{file}: no [match]"))?;
        for ((key, what), claims) in CLAIMS.iter().zip(&mut claims) {
            for text in matches.get(key).and_then(toml::Value::as_array).into_iter().flatten() {
                let text = text.as_str().ok_or_else(|| format!("{file}: match.{key} holds texts"))?;
                if let Some(other) = claims.insert(text.to_owned(), name.to_owned()) {
                    return Err(format!("the presets {other} and {name} both claim the {what} {text}").into());
                }
            }
        }
    }
    embedded.push(']');
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("embedded.rs"), embedded)?;
    for ((key, _), claims) in CLAIMS.iter().zip(claims) {
        let index: Vec<_> = claims.into_iter().collect();
        fs::write(Path::new(&out).join(format!("{key}.rs")), format!("&{index:?}"))?;
    }
    Ok(())
}
