//! The pure part of rofs-harden for a page in a browser: a question as JSON in, an answer as JSON out.
//!
//! The page makes room for a question with [`room`], writes it there, calls [`ask`], and finds an answer of the returned length at
//! [`answer`]. One buffer serves both ways, and a question is answered before the next one: a browser runs this on one thread.
//!
//! No binding generator stands between: three functions over bytes need none, and nothing has to be imported. They must be exported
//! under their own names, which the compiler counts as unsafe code; there is none else.

#![allow(unsafe_code, reason = "`no_mangle` is counted as unsafe; a test finds no unsafe block")]

mod question;

use std::sync::Mutex;

/// The question, then its answer.
static BYTES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Makes room for a question of `length` bytes and returns where.
#[unsafe(no_mangle)]
pub extern "C" fn room(length: usize) -> *mut u8 {
    BYTES.lock().map_or(std::ptr::null_mut(), |mut bytes| {
        *bytes = vec![0; length];
        bytes.as_mut_ptr()
    })
}

/// Answers the question that is there. Returns the length of the answer.
#[unsafe(no_mangle)]
pub extern "C" fn ask() -> usize {
    BYTES.lock().map_or(0, |mut bytes| {
        *bytes = question::answer(&bytes);
        bytes.len()
    })
}

/// Where the answer is.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> *const u8 {
    BYTES.lock().map_or(std::ptr::null(), |bytes| bytes.as_ptr())
}
