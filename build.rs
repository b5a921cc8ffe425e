//! Embeds `presets/*.toml` and an index of the images that they match, so that nothing is parsed at start but what is used.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods, reason = "a build script reads files and speaks to Cargo by printing")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::{env, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("presets");
    println!("cargo::rerun-if-changed=presets");
    let mut files: Vec<_> = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let mut embedded = String::from("&[\n");
    let mut images: BTreeMap<String, String> = BTreeMap::new();
    for path in &files {
        let name = path.file_stem().and_then(|s| s.to_str()).ok_or("a preset's file name is not UTF-8")?;
        let preset: toml::Table = fs::read_to_string(path)?.parse().map_err(|e| format!("{name}: {e}"))?;
        let summary = preset.get("summary").and_then(toml::Value::as_str).ok_or_else(|| format!("{name}: no summary"))?;
        writeln!(embedded, "    Embedded {{ name: {name:?}, summary: {summary:?}, text: include_str!({:?}) }},", path.to_string_lossy())?;
        let matches = preset
            .get("match")
            .and_then(|m| m.get("images"))
            .and_then(toml::Value::as_array)
            .ok_or_else(|| format!("{name}: no match.images"))?;
        for image in matches.iter().filter_map(toml::Value::as_str) {
            if let Some(other) = images.insert(image.to_owned(), name.to_owned()) {
                return Err(format!("the presets {other} and {name} both claim the image {image}").into());
            }
        }
    }
    embedded.push(']');
    let index: Vec<_> = images.into_iter().collect();
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("embedded.rs"), embedded)?;
    fs::write(Path::new(&out).join("images.rs"), format!("&{index:?}"))?;
    Ok(())
}
