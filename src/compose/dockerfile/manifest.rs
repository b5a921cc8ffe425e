//! Which packages a build context names, as words of an ecosystem: `npm:next`, `pypi:django`, `gem:rails`. Nothing here fails: what is
//! not understood names nothing.

#![expect(clippy::zero_sized_map_values, reason = "serde reads tables into maps, and only their keys matter here")]

use crate::text::toml;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};

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
        "package.json" => ("npm", names(json(text).dependencies)),
        "composer.json" => ("composer", names(json(text).require)),
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

/// What a table names, whatever it says of it.
type Keys = BTreeMap<String, IgnoredAny>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Json {
    dependencies: Option<Keys>,
    require: Option<Keys>,
}

fn json(text: &str) -> Json {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default()
}

fn names(keys: Option<Keys>) -> Vec<String> {
    keys.unwrap_or_default().into_keys().collect()
}

/// `Django` of `Django[argon2]>=5 ; python_version > "3"`; names are compared with `-`.
fn requirement(line: &str) -> Option<String> {
    let line = line.trim();
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')).unwrap_or(line.len());
    let name = &line[..end];
    (name.starts_with(|c: char| c.is_ascii_alphanumeric())).then(|| name.replace(['_', '.'], "-"))
}

/// `pyproject.toml` of packages and of Poetry, and Pipenv's file.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Python {
    project: Project,
    tool: Tool,
    packages: Keys,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Project {
    dependencies: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tool {
    poetry: Poetry,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Poetry {
    dependencies: Keys,
}

fn python(text: &str) -> Vec<String> {
    let Python { project, tool, packages } = toml::read(text).unwrap_or_default();
    let keys = tool.poetry.dependencies.into_keys().chain(packages.into_keys());
    project.dependencies.into_iter().chain(keys).filter_map(|name| requirement(&name)).collect()
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
