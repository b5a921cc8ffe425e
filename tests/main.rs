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

mod architecture;
mod cases;
mod cli;
mod disk;
mod engine;
mod generated;
mod laws;
mod layers;
mod mutations;
mod oracle;
mod pipe;
mod presets;
mod projects;
mod reading;
mod readme;
mod spans;
mod suite;
mod support;
mod terminal;
mod values;
mod yaml_fuzz;
mod yaml_hostile;
mod yaml_quoting;
mod yaml_tables;
