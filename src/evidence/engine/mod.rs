//! What a container engine says: what the containers of a service wrote ([`Observation`]), and how they are tried ([`Probe`]).

mod probe;
mod written;

pub use probe::{Action, Http, Probe};
pub use written::{Folder, Observation, Written, fit, is_placeholder, is_program_file, second_thoughts, writable_paths};
