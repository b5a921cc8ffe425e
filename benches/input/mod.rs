//! A Compose file of a wanted size that looks like those that people write, and its plan.

use rofs_harden::evidence::Selection;
use rofs_harden::plan::source::MapFiles;
use rofs_harden::plan::{Files, Input, Options, Plan, Start};
use rofs_harden::rewrite::Rewrite;
use rofs_harden::text::TextFile;
use std::fmt::Write;

/// The whole pipe with all fixes, also those that are assumed.
pub(crate) fn rewritten(text: &TextFile) -> Vec<Rewrite> {
    let (none, input) = (MapFiles::default(), Input { start: Start::Text(text.clone()), ..Input::default() });
    let files = Files::read(&none, &input).unwrap();
    let options = Options { selection: Selection { auto: true, ..Selection::default() }, ..Options::default() };
    let mut plan = Plan::found(&files, &options).unwrap();
    plan.accepted = plan.findings.iter().filter_map(|f| f.fix.clone()).collect();
    plan.carry_out().unwrap();
    plan.rewrites
}

/// A file of about `bytes` bytes, in which one service of `every` is not hardened yet.
pub(crate) fn compose_file(bytes: usize, every: usize) -> String {
    let mut text = String::from("name: large\n\nservices:\n");
    let mut number = 0;
    while text.len() < bytes {
        let _ = write!(
            text,
            "  service-{number}:\n    image: registry.example.com/team/service-{number}:1.{number}   # pinned\n    restart: unless-stopped\n    \
             environment:\n      LOG_LEVEL: info\n      DATABASE_URL: \"postgres://user@db:5432/app\"\n      FEATURE_FLAGS: a,b,c\n    ports:\n      \
             - \"127.0.0.1:{}:8080\"\n    volumes:\n      - ./config/{number}.yaml:/etc/app/config.yaml:ro\n    depends_on:\n      - db\n    \
             healthcheck:\n      test: [\"CMD\", \"curl\", \"-f\", \"http://localhost:8080/health\"]\n      interval: 30s\n",
            10_000 + number % 50_000
        );
        if number % every != 0 {
            text.push_str("    read_only: true\n    tmpfs:\n      - /tmp:mode=1777\n\n");
        }
        number += 1;
    }
    text.push_str("  db:\n    image: example/db\n");
    text
}
