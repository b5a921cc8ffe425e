//! Frameworks that are recognised by what a build context names, and what their programs write.

use crate::support::Folder;

/// What the plan adds, and what is said, for a service that is built from these files.
fn planned(files: &[(&str, &str)], keys: &str) -> (String, String) {
    let compose = format!("services:\n  s:\n    build: .\n{keys}");
    let run = Folder::new(&[&[("compose.yaml", compose.as_str())], files].concat()).run(&[]).exits(0);
    let added: Vec<&str> = run.out.lines().filter_map(|l| l.strip_prefix('+')).filter(|l| !l.starts_with("++")).map(str::trim).collect();
    (added.join(" "), run.err)
}

const NODE: &str = "FROM node:24-slim\nWORKDIR /app\nCOPY . .\nCMD [\"node\", \"server.js\"]\n";
/// As the framework's own example has it.
const STANDALONE: &str = "FROM node:24-alpine AS base\nFROM base AS runner\nWORKDIR /app\n\
    RUN addgroup --system --gid 1001 nodejs && adduser --system --uid 1001 nextjs\n\
    COPY --from=builder --chown=nextjs:nodejs /app/.next/standalone ./\nUSER nextjs\nCMD [\"node\", \"server.js\"]\n";
const PYTHON: &str = "FROM python:3.13-slim\nWORKDIR /srv\nCOPY . .\nCMD [\"gunicorn\", \"app\"]\n";
const PHP: &str = "FROM php:8.4-apache\nWORKDIR /var/www/html\nCOPY . .\n";
const RUBY: &str = "FROM ruby:3.4-slim\nWORKDIR /app\nCOPY . .\nCMD [\"bundle\", \"exec\", \"puma\"]\n";
const JAVA: &str = "FROM eclipse-temurin:21-jre\nCOPY app.jar /app.jar\nENTRYPOINT [\"java\", \"-jar\", \"/app.jar\"]\n";

#[test]
fn a_framework_is_known_by_what_is_built() {
    for (dockerfile, name, manifest, expected) in [
        (NODE, "package.json", r#"{"dependencies": {"next": "15"}}"#, &["- /tmp:mode=1777", "- /app/.next/cache:mode=755"][..]),
        (STANDALONE, "package.json", r#"{"dependencies": {"next": "15"}}"#, &["- /app/.next/cache:mode=755,uid=1001,gid=1001"]),
        (NODE, "package.json", r#"{"dependencies": {"nuxt": "4"}}"#, &["- /tmp:mode=1777"]),
        (NODE, "package.json", r#"{"dependencies": {"@nestjs/core": "11"}}"#, &["- /tmp:mode=1777"]),
        (NODE, "package.json", r#"{"dependencies": {"@strapi/strapi": "5"}}"#, &["target: /app/public/uploads"]),
        (PYTHON, "requirements.txt", "Django==5\npsycopg[binary]\n", &["- /tmp:mode=1777"]),
        (PYTHON, "requirements.txt", "streamlit\n", &["- /root/.streamlit:mode=1777"]),
        (PHP, "composer.json", r#"{"require": {"symfony/framework-bundle": "^7"}}"#, &["- /var/www/html/var/cache:mode=1777"]),
        (RUBY, "Gemfile", "gem 'rails', '~> 8'\n", &["- /app/tmp:mode=755", "- /app/log:mode=755", "target: /app/storage"]),
        (RUBY, "Gemfile", "gem 'sinatra'\n", &["- /tmp:mode=1777"]),
        (JAVA, "pom.xml", "<artifactId>spring-boot-starter-parent</artifactId>", &["- /tmp:mode=1777"]),
        (JAVA, "build.gradle.kts", "plugins { id(\"io.quarkus\") }", &["- /tmp:mode=1777"]),
    ] {
        let (added, said) = planned(&[("Dockerfile", dockerfile), (name, manifest)], "");
        assert!(added.starts_with("read_only: true"), "{manifest}: {added}\n{said}");
        assert!(expected.iter().all(|part| added.contains(part)), "{manifest}: {added}");
    }
}

#[test]
fn laravel_keeps_its_storage() {
    let files = [("Dockerfile", PHP), ("composer.json", r#"{"require": {"laravel/framework": "^12"}}"#)];
    let (added, _) = planned(&files, "    environment:\n      DB_HOST: db\n");
    assert!(added.contains("target: /var/www/html/storage") && added.contains("- /var/www/html/bootstrap/cache:mode=1777"), "{added}");
    let (added, said) = planned(&files, "");
    assert!(added.is_empty() && said.contains("held back s: Dockerfile base php:8.4-apache: its database may be SQLite"), "{said}");
}

#[test]
fn what_is_not_known_of_a_program_is_held_back_with_its_own_reason() {
    for (dockerfile, name, manifest, reason) in [
        (NODE, "package.json", r#"{"dependencies": {"express": "5"}}"#, "the base image is known; what your own program writes is not"),
        (NODE, "package.json", r#"{"dependencies": {"express": "5", "multer": "2"}}"#, "multer keeps uploads in a folder"),
        (NODE, "package.json", r#"{"dependencies": {"next": "15", "better-sqlite3": "12"}}"#, "it keeps a database in a file"),
        (NODE, "package.json", r#"{"devDependencies": {"next": "15"}}"#, "the base image is known"),
        (NODE, "requirements.txt", "django\npsycopg\n", "the base image is known"),
        (PYTHON, "requirements.txt", "Django==5\n", "no driver of a database server is among its packages"),
        (PYTHON, "requirements.txt", "Django==5\npsycopg2\nPillow\n", "images that people upload go to MEDIA_ROOT"),
        (
            "FROM node:24\nCMD [\"node\", \"server.js\"]\n",
            "package.json",
            r#"{"dependencies": {"next": "15"}}"#,
            "where <workdir>/.next/cache is",
        ),
    ] {
        let (added, said) = planned(&[("Dockerfile", dockerfile), (name, manifest)], "");
        assert!(added.is_empty() && said.contains("held back s: ") && said.contains(reason), "{manifest}: {added}\n{said}");
    }
    // A web server in front of what was built is no program of that framework.
    let nginx = "FROM node:24 AS build\nFROM nginx\nCOPY --from=build /app/dist /usr/share/nginx/html\n";
    let (added, _) = planned(&[("Dockerfile", nginx), ("package.json", r#"{"dependencies": {"next": "15"}}"#)], "");
    assert!(added.contains("/var/cache/nginx") && !added.contains(".next"), "{added}");
}

#[test]
fn a_command_that_writes_to_the_program_is_refused() {
    let files = [("Dockerfile", PYTHON), ("requirements.txt", "Django==5\npsycopg\n")];
    let (added, said) = planned(&files, "    command: sh -c 'python manage.py collectstatic --noinput && gunicorn app'\n");
    assert!(added.is_empty() && said.contains("[needs-writable-root]") && said.contains("run it in the Dockerfile"), "{said}");
}

#[test]
fn a_manifest_outside_of_the_project_is_not_read() {
    let folder = Folder::new(&[("compose.yaml", "services:\n  s:\n    build: .\n"), ("Dockerfile", NODE)]);
    folder.put("../outside.json", r#"{"dependencies": {"next": "15"}}"#);
    std::os::unix::fs::symlink("../outside.json", folder.path().join("package.json")).unwrap();
    let run = folder.run(&[]).exits(0);
    assert!(run.out.is_empty() && run.err.contains("the base image is known"), "{}", run.err);
}
