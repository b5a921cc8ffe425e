//! Users that a shell script of a Dockerfile makes: `adduser --uid 1001 app`, `useradd -u 1001 -g app app`.

use std::collections::HashMap;

/// A user that a Dockerfile makes with a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// Number of its group.
    pub gid: u32,
}

/// The users that `script` makes. `groups` holds the numbers of groups that were made, also by earlier scripts.
pub(super) fn made(script: &str, groups: &mut HashMap<String, u32>) -> Vec<Made> {
    let joined = script.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut found = Vec::new();
    for command in joined.split([';', '&', '|', '(', ')', '\n', '\r']) {
        let words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
        let mut words = words.skip_while(|word| program(word).is_none());
        let Some(program) = words.next().and_then(program) else { continue };
        let call = Call::read(program, words);
        match (program, &call.names[..]) {
            ("addgroup" | "groupadd", [group, ..]) => groups.extend(call.number.map(|gid| (group.clone(), gid))),
            ("adduser" | "useradd", [name, ..]) => {
                let Some(uid) = call.number else { continue };
                let group = call.group.as_deref().unwrap_or(name);
                let gid = group.parse().ok().or_else(|| groups.get(group).copied()).unwrap_or(uid);
                found.push(Made { name: name.clone(), uid, gid });
            }
            _ => {}
        }
    }
    found
}

fn program(word: &str) -> Option<&'static str> {
    let name = word.rsplit('/').next().unwrap_or(word);
    ["addgroup", "groupadd", "adduser", "useradd"].into_iter().find(|program| *program == name)
}

/// What a call says.
#[derive(Default)]
struct Call {
    names: Vec<String>,
    number: Option<u32>,
    group: Option<String>,
}

impl Call {
    fn read<'w>(program: &str, words: impl Iterator<Item = &'w str>) -> Self {
        let is_group = matches!(program, "addgroup" | "groupadd");
        let mut call = Self::default();
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                call.names.push(word.to_owned());
                continue;
            }
            let (option, own) = word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value)));
            // Of `adduser`, which has two forms, `-g` is a name for people in one and a group in the other.
            let takes = match option {
                "-u" | "--uid" | "-g" | "--gid" | "-G" | "--ingroup" | "--group" | "-h" | "--home" | "-d" | "--home-dir" | "-s"
                | "--shell" | "-c" | "--comment" | "--gecos" => option != "--group" || program == "useradd",
                _ => false,
            };
            let value = if takes { own.or_else(|| words.next()) } else { None };
            match (option, value) {
                ("-u" | "--uid", Some(value)) if !is_group => call.number = value.parse().ok(),
                ("-g" | "--gid", Some(value)) if is_group => call.number = value.parse().ok(),
                ("-g" | "--gid" | "-G" | "--ingroup", Some(value)) if program == "useradd" && option != "-G" || program == "adduser" => {
                    call.group = Some(value.to_owned());
                }
                _ => {}
            }
        }
        call
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_made_with_numbers() {
        for (script, expected) in [
            ("addgroup --system --gid 1001 nodejs && adduser --system --uid 1001 nextjs", &[("nextjs", 1001, 1001)][..]),
            ("addgroup -g 1002 -S app && adduser -S -u 1001 -G app app", &[("app", 1001, 1002)]),
            ("groupadd -r -g 900 app && useradd -r -u 901 -g app -d /srv app", &[("app", 901, 900)]),
            ("useradd --uid=10001 --gid 0 app", &[("app", 10001, 0)]),
            ("useradd rails --create-home", &[]),
            (
                "adduser \\\n  --disabled-password \\\n  --gecos \"\" \\\n  --home \"/nonexistent\" \\\n  --uid \"10001\" \\\n  appuser",
                &[("appuser", 10001, 10001)],
            ),
            ("echo adduser", &[]),
        ] {
            let found = made(script, &mut HashMap::new());
            assert_eq!(found.iter().map(|u| (u.name.as_str(), u.uid, u.gid)).collect::<Vec<_>>(), expected, "{script}");
        }
    }
}
