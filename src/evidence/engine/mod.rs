//! What a container engine says: a project made safe to run beside the real one ([`isolate`]), what its containers wrote ([`Sight`]),
//! and how they are tried ([`Probe`]).

mod isolate;
mod probe;
mod written;

pub use isolate::{Isolated, Isolation, OnHost, Stand, StandIn, isolate, milliseconds};
pub use probe::{Action, Http, Probe};
pub use written::{Folder, Sight, Written, fit, writable_paths};
