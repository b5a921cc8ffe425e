//! The program at a real terminal: what a person sees, what the keys do, and how it ends.
#![cfg(unix)]

mod looks;
mod questions;
mod review;
mod screen;
