//! Edits and how they become new text: sorted, never overlapping, everything else copied.

use super::Touched;

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

/// All lines from the first to the last in which two texts differ.
pub(super) fn difference(before: &str, after: &str) -> Touched {
    let lines = |text: &str| text.split('\n').count();
    let same = before.split('\n').zip(after.split('\n')).take_while(|(b, a)| b == a).count();
    let most = lines(before).min(lines(after)) - same;
    let same_at_end = before.rsplit('\n').zip(after.rsplit('\n')).take(most).take_while(|(b, a)| b == a).count();
    Touched { before: same..lines(before) - same_at_end, after: same..lines(after) - same_at_end }
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
    fn overlapping_edits_are_refused() {
        assert_eq!(splice("abc", &mut [edit(0, 2, "", 0), edit(1, 3, "", 0)]), None);
        assert_eq!(splice("abc", &mut [edit(2, 9, "", 0)]), None);
    }
}
