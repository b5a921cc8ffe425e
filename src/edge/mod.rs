//! The world outside: files, engines, Git, forges and signals. Effects without knowledge: nothing here knows what Compose means,
//! and of the core it names only [`crate::text`], [`crate::error`], [`crate::plan::source`] plain data of [`crate::trial`],
//! and [`crate::propose`], whose questions it answers and whose decisions it carries out.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "this is the place for effects")]

pub mod address;
pub mod commit;
pub mod compose;
pub mod disk;
pub mod docker;
pub mod forge;
pub mod git;
pub mod http;
pub mod pager;
pub mod propose;
pub mod stop;
