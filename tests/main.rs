//! Every test that looks from outside, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::format_collect,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    missing_docs
)]

mod architecture;
mod cases;
mod disk;
mod generated;
mod laws;
mod oracle;
mod pipe;
