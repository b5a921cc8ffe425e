//! The stages of the pipe beside yaml-rust2's bare event pass: `cargo bench`. Compare within one run.
//!
//! `cargo bench --bench stages -- 10000000` runs one size alone. The largest is beyond the limit of the shipped program.
#![allow(clippy::unwrap_used, missing_docs)]

mod input;

use divan::{Bencher, black_box};
use rofs_harden::audit::{Fix, audit};
use rofs_harden::compose::{Project, Sources, Texts};
use rofs_harden::evidence::{Need, Selection, needs};
use rofs_harden::rewrite::{Options, rewrite};
use rofs_harden::text::{FileId, TextFile};
use rofs_harden::yaml::Stream;
use yaml_rust2::parser::{Event, Parser};

const SIZES: [usize; 4] = [4_000, 1_000_000, 10_000_000, 50_000_000];

fn main() {
    divan::main();
}

fn text(size: usize) -> TextFile {
    text_with(size, 10)
}

/// A file in which one service of `every` lacks its hardening.
fn text_with(size: usize, every: usize) -> TextFile {
    TextFile::new("compose.yaml", input::compose_file(size, every).into_bytes(), usize::MAX).unwrap()
}

fn selection() -> Selection {
    Selection { presets: Vec::new(), auto: true, ..Selection::default() }
}

fn plan(project: &Project<'_>) -> (Vec<Need>, Vec<Fix>) {
    let needs = needs(project, &selection(), &Texts::new()).unwrap();
    let fixes = audit(project, &needs).into_iter().filter_map(|f| f.fix).collect();
    (needs, fixes)
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn a_events(bencher: Bencher<'_, '_>, size: usize) {
    let text = text(size);
    bencher.bench(|| {
        let mut parser = Parser::new_from_str(text.text());
        let mut events = 0;
        while parser.next_token().unwrap().0 != Event::StreamEnd {
            events += 1;
        }
        events
    });
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn b_parse(bencher: Bencher<'_, '_>, size: usize) {
    let text = text(size);
    bencher.bench(|| Stream::parse(black_box(&text), FileId(0)).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn c_effective_view(bencher: Bencher<'_, '_>, size: usize) {
    let sources = Sources::single(Stream::parse(&text(size), FileId(0)).unwrap());
    bencher.bench(|| Project::read(black_box(&sources)).unwrap().services.len());
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn d_plan(bencher: Bencher<'_, '_>, size: usize) {
    let sources = Sources::single(Stream::parse(&text(size), FileId(0)).unwrap());
    let project = Project::read(&sources).unwrap();
    bencher.bench(|| plan(black_box(&project)).1.len());
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn e_rewrite_and_verify(bencher: Bencher<'_, '_>, size: usize) {
    let sources = Sources::single(Stream::parse(&text(size), FileId(0)).unwrap());
    let project = Project::read(&sources).unwrap();
    let (needs, fixes) = plan(&project);
    let fixes: Vec<&Fix> = fixes.iter().collect();
    bencher.bench(|| rewrite(black_box(&project), &fixes, &needs, Options::default()).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn f_whole_pipe(bencher: Bencher<'_, '_>, size: usize) {
    whole_pipe(bencher, &text(size));
}

/// The same with every service changed, so that the result is a fifth longer.
#[divan::bench(args = SIZES, sample_count = 10)]
fn g_whole_pipe_all_changed(bencher: Bencher<'_, '_>, size: usize) {
    whole_pipe(bencher, &text_with(size, 1));
}

fn whole_pipe(bencher: Bencher<'_, '_>, text: &TextFile) {
    bencher.bench(|| input::rewritten(black_box(text)));
}
