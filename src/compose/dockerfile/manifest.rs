//! Which packages a build context names, as words of an ecosystem: `npm:next`, `pypi:django`, `gem:rails`. Nothing here fails: what is
//! not understood names nothing.

use std::collections::BTreeSet;

/// Manifests that are looked for beside a Dockerfile and in its context.
pub(super) const NAMES: [&str; 10] = [
    "package.json",
    "composer.json",
    "requirements.txt",
    "pyproject.toml",
    "Pipfile",
    "Gemfile",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "mix.exs",
];

/// The packages that the manifest of this name depends on when it runs.
pub(super) fn packages(name: &str, text: &str) -> BTreeSet<String> {
    let (ecosystem, names) = match name {
        "package.json" => ("npm", keys_of_json(text, "dependencies")),
        "composer.json" => ("composer", keys_of_json(text, "require")),
        "requirements.txt" => ("pypi", text.lines().filter_map(requirement).collect()),
        "pyproject.toml" | "Pipfile" => ("pypi", python(text)),
        "Gemfile" => ("gem", text.lines().filter_map(gem).collect()),
        "pom.xml" => ("maven", between(text, "<artifactId>", "</artifactId>")),
        "build.gradle" | "build.gradle.kts" => ("maven", gradle(text)),
        "mix.exs" => ("hex", between(text, "{:", ",")),
        _ => return BTreeSet::new(),
    };
    names.into_iter().map(|name| format!("{ecosystem}:{}", name.to_ascii_lowercase())).collect()
}

fn keys_of_json(text: &str, section: &str) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default();
    value.get(section).and_then(serde_json::Value::as_object).map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

/// `Django` of `Django[argon2]>=5 ; python_version > "3"`; names are compared with `-`.
fn requirement(line: &str) -> Option<String> {
    let line = line.trim();
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')).unwrap_or(line.len());
    let name = &line[..end];
    (name.starts_with(|c: char| c.is_ascii_alphanumeric())).then(|| name.replace(['_', '.'], "-"))
}

fn python(text: &str) -> Vec<String> {
    let Ok(table) = text.parse::<toml::Table>() else { return Vec::new() };
    let at = |path: &[&str]| path.iter().try_fold(&toml::Value::Table(table.clone()), |value, key| value.get(key)).cloned();
    let items = at(&["project", "dependencies"]);
    let items = items.iter().filter_map(toml::Value::as_array).flatten().filter_map(toml::Value::as_str);
    let tables = [at(&["tool", "poetry", "dependencies"]), at(&["packages"])];
    let keys = tables.iter().flatten().filter_map(toml::Value::as_table).flat_map(toml::Table::keys);
    items.chain(keys.map(String::as_str)).filter_map(requirement).collect()
}

fn gem(line: &str) -> Option<String> {
    let rest = line.trim().strip_prefix("gem")?.trim_start_matches([' ', '(']);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest[1..].split_once(quote).map(|(name, _)| name.to_owned())
}

fn between(text: &str, start: &str, end: &str) -> Vec<String> {
    text.split(start).skip(1).filter_map(|rest| rest.split_once(end)).map(|(name, _)| name.trim().to_owned()).collect()
}

/// The artifact of `"group:artifact:version"`, and the names of plugins.
fn gradle(text: &str) -> Vec<String> {
    let literals = text.split(['"', '\'']).skip(1).step_by(2);
    literals.map(|literal| literal.split(':').nth(1).unwrap_or(literal).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_name_packages() {
        for (name, text, expected) in [
            (
                "package.json",
                r#"{"dependencies": {"next": "15", "@nestjs/core": "11"}, "devDependencies": {"vite": "6"}}"#,
                &["npm:@nestjs/core", "npm:next"][..],
            ),
            ("package.json", "{", &[]),
            ("composer.json", r#"{"require": {"php": "^8", "laravel/framework": "^12"}}"#, &["composer:laravel/framework", "composer:php"]),
            (
                "requirements.txt",
                "# web\nDjango[argon2]>=5\n-r other.txt\npsycopg2_binary==2 # db\n",
                &["pypi:django", "pypi:psycopg2-binary"],
            ),
            (
                "pyproject.toml",
                "[project]\ndependencies = ['streamlit>1']\n[tool.poetry.dependencies]\nfastapi = '*'\n",
                &["pypi:fastapi", "pypi:streamlit"],
            ),
            ("Pipfile", "[packages]\ndjango = '*'\n[dev-packages]\npytest = '*'\n", &["pypi:django"]),
            ("Gemfile", "source 'x'\ngem \"rails\", '~> 8'\n  gem('puma')\n# gem 'sinatra'\n", &["gem:puma", "gem:rails"]),
            ("pom.xml", "<parent><artifactId>spring-boot-starter-parent</artifactId></parent>", &["maven:spring-boot-starter-parent"]),
            (
                "build.gradle",
                "plugins { id 'org.springframework.boot' version '3' }\nimplementation \"io.quarkus:quarkus-rest:3\"",
                &["maven:3", "maven:org.springframework.boot", "maven:quarkus-rest"],
            ),
            ("mix.exs", "defp deps do\n [{:phoenix, \"~> 1.7\"},\n {:ecto_sql, \"~> 3\"}]", &["hex:ecto_sql", "hex:phoenix"]),
        ] {
            assert_eq!(packages(name, text).iter().map(String::as_str).collect::<Vec<_>>(), expected, "{name} {text}");
        }
    }
}
