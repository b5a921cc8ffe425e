//! Names that somebody may have meant.

/// The one of `names` that is nearest to `wrong`, if one is near: at most one edit in four characters, and one more; case aside. Of
/// several that are as near, the first.
pub fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let lower = wrong.to_lowercase();
    names
        .map(|name| (name, 1 + name.len() / 4))
        // The distance is at least the difference in length, and quadratic to compute.
        .filter(|(name, most)| name.len().abs_diff(wrong.len()) <= *most && name.len() <= 256)
        .map(|(name, most)| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name, most))
        .filter(|(distance, _, most)| distance <= most)
        .min_by_key(|(distance, ..)| *distance)
        .map(|(_, name, _)| name)
}

/// A message of the TOML reader, with the nearest of the names that it expected.
pub fn with_nearest(message: &str) -> String {
    let quoted = |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let near = message.split_once(", expected ").and_then(|(wrong, expected)| {
        let (wrong, expected) = (quoted(wrong).pop()?, quoted(expected));
        Some(did_you_mean(&wrong, expected.iter().map(String::as_str)))
    });
    message.to_owned() + &near.unwrap_or_default()
}

/// "; did you mean `name`?", to be put behind what says that `wrong` is not there; nothing where none of `names` is near.
pub fn did_you_mean<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> String {
    nearest(wrong, names).map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_found_if_one_is_near() {
        for (wrong, expected) in [("pyhton", Some("python")), ("Node", Some("node")), ("", None), ("ngin", Some("nginx"))] {
            assert_eq!(nearest(wrong, ["nginx", "node", "python"].into_iter()), expected, "{wrong}");
        }
        assert_eq!(nearest("postgrs", ["postgres", "postgis"].into_iter()), Some("postgres"));
        assert_eq!(nearest("postgrs", ["postgis", "postgres"].into_iter()), Some("postgis"));
        assert_eq!(did_you_mean("nod", ["node"].into_iter()), "; did you mean `node`?");
        assert_eq!(did_you_mean("zzzz", ["node"].into_iter()), "");
    }
}
