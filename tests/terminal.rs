//! The program at a real terminal: what a person sees, what the keys do, and how it ends.
#![cfg(target_os = "linux")]

mod audit;
mod choices;
mod explain;
mod lines;
mod lines_keys;
mod looks;
mod moving;
mod progress;
mod questions;
mod review;
mod review_keys;
mod review_screens;
mod screen;
mod shells;
