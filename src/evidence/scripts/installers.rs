//! Programs that put packages into an image's own folders.

/// Names of programs, and the words that make them do so; without any, they always do.
const INSTALLERS: [(&[&str], &[&str]); 14] = [
    (&["apk"], &["add", "del", "fix", "update", "upgrade"]),
    (&["apt", "apt-get", "aptitude"], &["build-dep", "dist-upgrade", "full-upgrade", "install", "purge", "remove", "update", "upgrade"]),
    (&["dnf", "microdnf", "tdnf", "yum", "zypper"], &["groupinstall", "in", "install", "localinstall", "remove", "update", "upgrade"]),
    (&["bundle", "gem"], &["add", "install", "update"]),
    (&["composer"], &["create-project", "install", "require", "update"]),
    (&["cargo", "go", "pecl", "pear", "pip", "pipx", "tdnf"], &["get", "install", "upgrade"]),
    (&["npm", "pnpm", "bun"], &["add", "ci", "i", "install", "link", "rebuild", "up", "update", "upgrade"]),
    (&["yarn"], &["add", "install", "upgrade"]),
    (&["poetry", "pipenv", "uv", "pdm"], &["add", "install", "pip", "sync", "update"]),
    (&["conda", "mamba", "micromamba"], &["create", "install", "update"]),
    (&["corepack"], &["enable", "install", "prepare"]),
    (&["docker-php-ext-configure", "docker-php-ext-enable", "docker-php-ext-install", "install-php-extensions"], &[]),
    (&["a2disconf", "a2dismod", "a2dissite", "a2enconf", "a2enmod", "a2ensite", "phpdismod", "phpenmod"], &[]),
    (&["easy_install", "update-alternatives"], &[]),
];

/// Programs that install by an option, with the letters of those.
const BY_OPTION: [(&str, &str); 3] = [("dpkg", "irP"), ("pacman", "SRU"), ("rpm", "iUFe")];

/// Whether a program with these words behind it, and no others, installs packages.
pub(crate) fn installs<'w>(program: &str, words: impl IntoIterator<Item = &'w str>) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    let mut words = words.into_iter();
    if let Some((_, letters)) = BY_OPTION.iter().find(|(known, _)| *known == name) {
        return words.next().is_some_and(|word| match word.strip_prefix("--") {
            Some(long) => matches!(long, "install" | "remove" | "purge" | "sync" | "upgrade" | "erase" | "unpack" | "configure"),
            None => word.strip_prefix('-').is_some_and(|short| short.starts_with(|c| letters.contains(c))),
        });
    }
    let Some(verbs) = verbs(name) else { return false };
    // Before it stand options, some with a value: `-o Dpkg::Options::=x`, `--prefix /app`.
    let verb = words.find(|word| !word.starts_with('-') && !word.contains(['=', '/']));
    verbs.is_empty() || verb.is_some_and(|verb| verbs.contains(&verb))
}

fn verbs(name: &str) -> Option<&'static [&'static str]> {
    // `pip3` and `pip3.12` are `pip`.
    let name = if name.starts_with("pip") { name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') } else { name };
    INSTALLERS.iter().find(|(names, _)| names.contains(&name)).map(|(_, verbs)| *verbs)
}

/// The same of a whole command: `yarn` alone installs, and Python runs installers as modules.
pub(super) fn installs_alone(program: &str, words: &[&str]) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    let module = words.iter().position(|word| *word == "-m").filter(|_| name.starts_with("python"));
    let behind_module = module.and_then(|at| Some((words.get(at + 1)?, &words[at + 2..])));
    let is_bare_yarn = name == "yarn" && words.iter().all(|word| word.starts_with('-') && !matches!(*word, "-v" | "--version" | "--help"));
    is_bare_yarn
        || installs(program, words.iter().copied())
        || behind_module.is_some_and(|(module, words)| *module == "ensurepip" || installs(module, words.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installers_are_told_from_what_else_a_program_does() {
        for (line, expected) in [
            ("apt-get -y install curl", true),
            ("/usr/bin/apt-get update", true),
            ("apt-get --version", false),
            ("pip3.12 install x", true),
            ("pip list", false),
            ("pipx install x", true),
            ("python3 -m pip install -r r.txt", true),
            ("python3 -m http.server", false),
            ("yarn", true),
            ("yarn --frozen-lockfile", true),
            ("yarn --version", false),
            ("yarn start", false),
            ("npm --prefix /app ci", true),
            ("npm run install-all", false),
            ("bun install", true),
            ("bun run index.ts", false),
            ("corepack enable", true),
            ("docker-php-ext-install pdo", true),
            ("a2enmod rewrite", true),
            ("dpkg -i x.deb", true),
            ("dpkg -l", false),
            ("pacman -Sy x", true),
            ("pacman -Q", false),
            ("rpm -qa", false),
            ("uv sync", true),
            ("poetry run serve", false),
            ("go run .", false),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(installs_alone(words[0], &words[1..]), expected, "{line}");
        }
    }
}
