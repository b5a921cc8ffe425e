//! The peak of the heap for the whole pipe, beside the size of the file: read the `max alloc` rows.
#![allow(clippy::unwrap_used, missing_docs)]

mod input;

use divan::{AllocProfiler, Bencher, black_box};
use rofs_harden::text::{FileId, TextFile};
use rofs_harden::yaml::Stream;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const SIZES: [usize; 2] = [1_000_000, 10_000_000];

fn main() {
    divan::main();
}

fn text(size: usize) -> TextFile {
    TextFile::new("compose.yaml", input::compose_file(size, 10).into_bytes(), usize::MAX).unwrap()
}

#[divan::bench(args = SIZES, sample_count = 3)]
fn parse(bencher: Bencher<'_, '_>, size: usize) {
    let text = text(size);
    bencher.bench(|| Stream::parse(black_box(&text), FileId(0)).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 3)]
fn whole_pipe(bencher: Bencher<'_, '_>, size: usize) {
    let text = text(size);
    bencher.bench(|| input::rewritten(black_box(&text)));
}
