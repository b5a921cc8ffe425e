//! The groups in which presets are looked for: `presets/catalogue/groups.tsv`, one line a preset.

const GROUPS: &str = include_str!("../../../presets/catalogue/groups.tsv");

/// The group of an embedded preset.
pub fn group_of(preset: &str) -> Option<&'static str> {
    GROUPS.lines().filter_map(|line| line.split_once('\t')).find(|(name, _)| *name == preset).map(|(_, group)| group)
}

#[cfg(test)]
mod tests {
    use super::super::list;
    use super::*;

    #[test]
    fn every_preset_is_in_one_group() {
        let lines: Vec<&str> = GROUPS.lines().filter_map(|line| line.split_once('\t')).map(|(name, _)| name).collect();
        let names: Vec<&str> = list().map(|(name, _)| name).collect();
        let lost: Vec<&&str> = names.iter().filter(|name| !lines.contains(name)).collect();
        let gone: Vec<&&str> = lines.iter().filter(|name| !names.contains(name)).collect();
        assert!(lost.is_empty() && gone.is_empty(), "presets/catalogue/groups.tsv lacks {lost:?}; there are no presets {gone:?}");
        assert!(lines.len() == names.len() && lines.is_sorted());
        assert_eq!((group_of("postgres"), group_of("nothing")), (Some("databases"), None));
    }
}
