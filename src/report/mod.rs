//! The versioned report and how it looks, one file a format: from findings to text, without effects.

pub mod advice;
pub mod answers;
pub mod base;
pub mod collect;
pub mod data;
pub mod diff;
pub mod docker_run;
pub mod github;
pub mod html;
pub mod json;
pub mod listing;
pub mod markdown;
mod order;
pub mod remarks;
pub mod sarif;
pub mod style;
pub mod summing;
