//! The peak of the heap for the whole pipe, beside the size of the file: read the `max alloc` rows.
#![allow(clippy::unwrap_used, missing_docs)]

mod input;

use divan::{AllocProfiler, Bencher, black_box};
use rofs_harden::audit::audit;
use rofs_harden::compose::dockerfile::Dockerfiles;
use rofs_harden::compose::{Project, Sources};
use rofs_harden::evidence::{Selection, needs};
use rofs_harden::rewrite::{Options, rewrite};
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
    bencher.bench(|| {
        let sources = Sources::single(Stream::parse(black_box(&text), FileId(0)).unwrap());
        let project = Project::read(&sources).unwrap();
        let needs = needs(&project, &Selection { auto: true, ..Selection::default() }, &Dockerfiles::new()).unwrap();
        let findings = audit(&project, &needs);
        let fixes: Vec<_> = findings.iter().filter_map(|f| f.fix.as_ref()).collect();
        rewrite(&project, &fixes, &needs, Options::default()).unwrap()
    });
}
