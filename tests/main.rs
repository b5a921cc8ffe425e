//! Every test that looks from outside, in one binary.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, clippy::disallowed_methods, missing_docs)]

mod architecture;
mod cases;
mod disk;
mod generated;
mod laws;
mod oracle;
mod pipe;
mod spans;
mod suite;
mod values;
mod yaml_fuzz;
mod yaml_hostile;
mod yaml_quoting;
mod yaml_tables;
