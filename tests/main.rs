//! Every test that looks from outside, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs
)]

mod answers;
mod architecture;
mod audit;
mod cases;
mod cli;
mod comments;
mod corpus;
mod diagnose;
mod disk;
mod docs;
mod engine;
mod env;
mod env_file;
mod extras;
mod forge;
mod frameworks;
mod generate;
mod generated;
mod html;
mod ignoring;
mod laws;
mod multiplied;
mod mutations;
mod names;
mod oracle;
#[cfg(unix)]
mod outside;
mod pipe;
mod plain;
mod plan;
mod playground;
mod pr;
mod presets;
mod projects;
mod reading;
mod readme;
mod refused;
mod server;
mod settings;
mod spans;
mod spellings;
mod suite;
mod support;
mod targets;
mod terminal;
mod told;
mod truth;
mod values;
mod versions;
mod yaml_fuzz;
mod yaml_hostile;
mod yaml_quoting;
mod yaml_tables;
