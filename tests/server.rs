//! The language server as an editor has it: whole sessions with the program, over its standard input and output.

mod editor;
mod hostile;
mod layers;
mod places;
mod sessions;
mod typing;
