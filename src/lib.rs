//! Architecture document: written below.
pub mod text;
pub mod error;
pub mod yaml;
pub mod compose;
pub mod evidence;
