//! Line numbers as the file will have them: what is only proposed is no line of it yet.

use super::Row;
use std::collections::HashSet;

/// The number of each row in the file without the lines in `dimmed`; none for those, for removed lines and for gaps.
pub(super) fn numbers(rows: &[Row], dimmed: &HashSet<usize>) -> Vec<Option<usize>> {
    let is_dim = |row: &Row| row.sign == '+' && row.number.is_some_and(|number| dimmed.contains(&number));
    let (mut fewer, mut found) = (0, Vec::with_capacity(rows.len()));
    for run in rows.chunk_by(|a, b| (a.sign == ' ') == (b.sign == ' ')) {
        let proposed = run.iter().filter(|row| is_dim(row)).count();
        let stays = proposed > 0 && proposed == run.iter().filter(|row| row.sign == '+').count();
        let mut before = 0;
        for row in run {
            before += usize::from(is_dim(row));
            found.push(row.number.filter(|_| !is_dim(row)).map(|number| number.saturating_sub(fewer + before)));
        }
        fewer += proposed;
        // A line that nothing takes the place of is still there.
        fewer = fewer.saturating_sub(if stays { run.iter().filter(|row| row.sign == '-').count() } else { 0 });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_proposed_has_no_number() {
        let row = |(sign, number): (char, usize)| Row { number: Some(number).filter(|_| sign != '-'), sign, parts: Vec::new() };
        let rows: Vec<Row> =
            [(' ', 1), ('+', 2), ('+', 3), (' ', 4), ('-', 0), ('+', 5), (' ', 6), ('+', 7), (' ', 8)].into_iter().map(row).collect();
        let dimmed = HashSet::from([3, 5]);
        let expected = [Some(1), Some(2), None, Some(3), None, None, Some(5), Some(6), Some(7)];
        assert_eq!(numbers(&rows, &dimmed), expected);
        assert_eq!(numbers(&rows, &HashSet::new()), rows.iter().map(|row| row.number).collect::<Vec<_>>());
    }
}
