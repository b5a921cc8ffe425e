//! What a run of a project is: a project made safe to run beside the real one ([`isolate`]), a
//! judge of what is seen of its services ([`Judge`]), and what that means ([`Outcome`]). All of it
//! is pure: whoever has an engine carries out [`Command`]s and tells of [`Event`]s.

pub mod answer;
pub mod capabilities;
mod changes;
mod complaints;
mod container;
mod isolate;
mod judge;
pub mod junit;
mod lives;
mod log;
mod outcome;
mod running;
mod service;
mod signs;
mod symptoms;
pub mod through;
mod words;

pub use crate::compose::ENGINE_SOCKETS;
pub use changes::{image_observation, observation};
pub use container::{Container, Entry, Health, Listing, Scan, seconds};
pub use isolate::{Isolated, IsolatedService, Isolation, LeftOut, OnHost, StandIn, isolate, milliseconds};
pub use judge::{Answer, Command, Event, Judge, Limits};
pub use lives::{Life, asked_again, ended, lived, may_come_back};
pub use log::ServiceLog;
pub use outcome::{Grade, Outcome, RunResult, Verdict};
pub use running::{Looks, age, merge, running_scan};
pub use signs::Signs;
pub use symptoms::explain;
