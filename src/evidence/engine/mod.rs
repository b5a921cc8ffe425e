//! What a container engine says: what the containers of a service wrote ([`Sight`]), and how they are tried ([`Probe`]).

mod probe;
mod written;

pub use probe::{Action, Http, Probe};
pub use written::{Folder, Sight, Written, fit, writable_paths};
