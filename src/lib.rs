//! Architecture document: written below.
pub mod audit;
pub mod cli;
pub mod compose;
pub mod edge;
pub mod error;
pub mod evidence;
pub mod rewrite;
pub mod text;
pub mod yaml;
