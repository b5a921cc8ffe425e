//! Edits and how they become new text: sorted, never overlapping, everything else copied.

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
    fn overlapping_edits_are_refused() {
        assert_eq!(splice("abc", &mut [edit(0, 2, "", 0), edit(1, 3, "", 0)]), None);
        assert_eq!(splice("abc", &mut [edit(2, 9, "", 0)]), None);
    }
}
