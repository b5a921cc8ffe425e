//! Edits and how they become new text: sorted, never overlapping, everything else copied.

use super::Touched;
use std::ops::Range;

/// New text for a range of bytes. Made only by `rewrite`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) text: String,
    /// Rank among edits at one place: of nested nodes that end there, the inner goes first.
    pub(super) rank: u32,
}

/// Applies `edits` to `before`. `None` when two of them overlap.
pub(super) fn splice(before: &str, edits: &mut [Edit]) -> Option<String> {
    edits.sort_by_key(|e| (e.start, e.end, std::cmp::Reverse(e.rank)));
    let mut after = String::with_capacity(before.len() + edits.iter().map(|e| e.text.len()).sum::<usize>());
    let mut copied = 0;
    for edit in edits.iter() {
        if edit.start < copied || edit.end < edit.start {
            return None;
        }
        after.push_str(before.get(copied..edit.start)?);
        after.push_str(&edit.text);
        copied = edit.end;
    }
    after.push_str(before.get(copied..)?);
    Some(after)
}

/// The lines that (sorted) edits touch. All lines between are as they were.
pub(super) fn touched(before: &str, edits: &[Edit]) -> Vec<Touched> {
    let breaks = |text: &str| text.bytes().filter(|b| *b == b'\n').count();
    let mut touched: Vec<Touched> = Vec::new();
    let (mut old, mut new, mut position) = (0, 0, 0);
    for edit in edits {
        let kept = breaks(&before[position..edit.start]);
        let (old_start, new_start) = (old + kept, new + kept);
        (old, new) = (old_start + breaks(&before[edit.start..edit.end]), new_start + breaks(&edit.text));
        match touched.last_mut() {
            // Both on one line.
            Some(last) if kept == 0 => (last.before.end, last.after.end) = (old + 1, new + 1),
            _ => touched.push(Touched { before: old_start..old + 1, after: new_start..new + 1 }),
        }
        position = edit.end;
    }
    touched
}

/// A part of a text that came out of edits.
enum Piece {
    /// Bytes of the text before all of them.
    Kept(Range<usize>),
    New(String),
}

/// What two rounds of (sorted) edits do together: `second` are edits of what `first` made of a text of `length` bytes.
pub(super) fn composed(length: usize, first: &[Edit], second: &[Edit]) -> Vec<Edit> {
    let mut between = pieces(length, first).into_iter();
    let mut rest = None;
    let mut position = 0;
    let mut after = Vec::new();
    // Takes what is between up to a place, to keep it or to drop it.
    let mut take_to = |end: usize, mut keep: Option<&mut Vec<Piece>>| {
        while position < end {
            let Some(piece) = rest.take().or_else(|| between.next()) else { return };
            let (piece, beyond) = split(piece, end - position);
            position += size(&piece);
            rest = beyond;
            if let Some(after) = keep.as_deref_mut() {
                after.push(piece);
            }
        }
    };
    for edit in second {
        take_to(edit.start, Some(&mut after));
        after.push(Piece::New(edit.text.clone()));
        take_to(edit.end, None);
    }
    take_to(usize::MAX, Some(&mut after));
    edits_of(length, after)
}

fn pieces(length: usize, edits: &[Edit]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut kept = 0;
    for edit in edits {
        pieces.push(Piece::Kept(kept..edit.start));
        pieces.push(Piece::New(edit.text.clone()));
        kept = edit.end;
    }
    pieces.push(Piece::Kept(kept..length));
    pieces
}

fn size(piece: &Piece) -> usize {
    match piece {
        Piece::Kept(range) => range.len(),
        Piece::New(text) => text.len(),
    }
}

/// The first `length` bytes of a piece, and what is behind them.
fn split(piece: Piece, length: usize) -> (Piece, Option<Piece>) {
    if size(&piece) <= length {
        return (piece, None);
    }
    match piece {
        Piece::Kept(range) => {
            let middle = range.start + length;
            (Piece::Kept(range.start..middle), Some(Piece::Kept(middle..range.end)))
        }
        Piece::New(text) => (Piece::New(text[..length].to_owned()), Some(Piece::New(text[length..].to_owned()))),
    }
}

/// The edits that make these pieces of a text of `length` bytes.
fn edits_of(length: usize, pieces: Vec<Piece>) -> Vec<Edit> {
    let mut edits = Vec::new();
    let (mut start, mut text) = (0, String::new());
    for piece in pieces.into_iter().chain([Piece::Kept(length..length)]) {
        match piece {
            Piece::New(new) => text += &new,
            Piece::Kept(range) if range.is_empty() && range.start < length => {}
            Piece::Kept(range) => {
                if start < range.start || !text.is_empty() {
                    edits.push(Edit { start, end: range.start, text: std::mem::take(&mut text), rank: 0 });
                }
                start = range.end;
            }
        }
    }
    edits
}

/// The third law: outside the (sorted) edits, `after` has the bytes of `before`.
pub(super) fn outside_is_equal(before: &str, after: &str, edits: &[Edit]) -> bool {
    let (mut old, mut new) = (before.as_bytes(), after.as_bytes());
    let mut position = 0;
    for edit in edits {
        let kept = edit.start - position;
        if old.len() < kept || new.len() < kept + edit.text.len() || old[..kept] != new[..kept] {
            return false;
        }
        (old, new) = (&old[kept + (edit.end - edit.start)..], &new[kept + edit.text.len()..]);
        position = edit.end;
    }
    old == new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str, rank: u32) -> Edit {
        Edit { start, end, text: text.into(), rank }
    }

    #[test]
    fn edits_apply_in_order_and_inner_ones_first_at_one_place() {
        let mut edits = [edit(3, 3, "X", 1), edit(0, 1, "Z", 9), edit(3, 3, "Y", 5)];
        let after = splice("abc", &mut edits).expect("no overlap");
        assert_eq!(after, "ZbcYX");
        assert!(outside_is_equal("abc", &after, &edits));
        assert!(!outside_is_equal("abc", "ZbdYX", &edits));
    }

    #[test]
    fn the_touched_lines_are_those_around_edits() {
        let before = "a\nb\nc\nd\n";
        let edits = [edit(1, 1, "\nx\ny", 0), edit(1, 1, "z", 0), edit(4, 6, "", 0), edit(8, 8, "e\n", 0)];
        let expected = [(0..1, 0..3), (2..4, 4..5), (4..5, 5..7)].map(|(before, after)| Touched { before, after });
        assert_eq!(touched(before, &edits), expected);
    }

    #[test]
    fn two_rounds_of_edits_are_one() {
        let before = "abcdef";
        for (first, second) in [
            (vec![edit(1, 2, "XY", 0)], vec![edit(0, 0, "-", 0), edit(2, 4, "Z", 0), edit(7, 7, "!", 0)]),
            (vec![edit(0, 6, "", 0)], vec![edit(0, 0, "new", 0)]),
            (vec![edit(6, 6, "gh", 0)], vec![edit(7, 8, "", 0), edit(8, 8, "i", 0)]),
            (vec![edit(2, 2, "12", 0), edit(4, 5, "", 0)], vec![edit(1, 7, "", 0)]),
            (vec![], vec![edit(3, 3, "x", 0), edit(3, 3, "y", 0)]),
            (vec![edit(3, 3, "x", 0)], vec![]),
        ] {
            let between = splice(before, &mut first.clone()).expect("no overlap");
            let after = splice(&between, &mut second.clone()).expect("no overlap");
            let mut both = composed(before.len(), &first, &second);
            assert!(both.windows(2).all(|pair| pair[0].end < pair[1].start), "{both:?}");
            assert_eq!(splice(before, &mut both).as_deref(), Some(&*after), "{first:?} {second:?}");
        }
    }

    #[test]
    fn overlapping_edits_are_refused() {
        assert_eq!(splice("abc", &mut [edit(0, 2, "", 0), edit(1, 3, "", 0)]), None);
        assert_eq!(splice("abc", &mut [edit(2, 9, "", 0)]), None);
    }
}
