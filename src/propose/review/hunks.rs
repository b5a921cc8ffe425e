//! The diff of one file of a pull request: on which lines of its head comments can be, and what it changes there.

/// The right side of a diff.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Hunks {
    hunks: Vec<Hunk>,
    removed: Vec<Removed>,
}

/// Lines of the head that the diff shows together.
#[derive(Debug, PartialEq, Eq)]
struct Hunk {
    /// Number of the first one, from 1.
    first: usize,
    /// Each without its line break, and whether it is new.
    lines: Vec<(String, bool)>,
}

/// Lines that the head has no more.
#[derive(Debug, PartialEq, Eq)]
struct Removed {
    /// Number of the head's line before them; 0 at the start.
    after: usize,
    /// Blanks before the first of them that says something.
    indent: Option<usize>,
}

impl Hunks {
    /// Reads a patch as far as it is one: what comes behind a line that cannot be there is not known.
    pub(super) fn parse(patch: &str) -> Self {
        let mut read = Self::default();
        let mut lines = patch.split('\n').peekable();
        while let Some((mut old, first, mut new)) = lines.next().and_then(header) {
            let mut hunk = Hunk { first, lines: Vec::new() };
            let mut is_removing = false;
            while old > 0 || new > 0 {
                let Some(line) = lines.next() else { break };
                // Blanks at the end of a line may have been lost on the way.
                let parts = if line.is_empty() { Some((" ", "")) } else { line.split_at_checked(1) };
                let Some((sign, text)) = parts else { return read };
                let text = text.strip_suffix('\r').unwrap_or(text);
                let (is_old, is_new) = match sign {
                    " " => (true, true),
                    "-" => (true, false),
                    "+" => (false, true),
                    "\\" => continue,
                    _ => return read,
                };
                if is_old && old == 0 || is_new && new == 0 {
                    return read;
                }
                (old, new) = (old - usize::from(is_old), new - usize::from(is_new));
                if is_new {
                    hunk.lines.push((text.to_owned(), !is_old));
                    is_removing = false;
                } else {
                    // A hunk without lines of the head counts from the line before it.
                    let after = if hunk.lines.is_empty() && new == 0 { first } else { first + hunk.lines.len() - 1 };
                    read.remove(after, text, is_removing);
                    is_removing = true;
                }
            }
            read.hunks.push(hunk);
            while lines.next_if(|line| line.starts_with('\\')).is_some() {}
        }
        read
    }

    fn remove(&mut self, after: usize, text: &str, continues: bool) {
        let indent = (!text.trim().is_empty()).then(|| text.len() - text.trim_start().len());
        match self.removed.last_mut().filter(|_| continues) {
            Some(removed) => removed.indent = removed.indent.or(indent),
            None => self.removed.push(Removed { after, indent }),
        }
    }

    /// Whether one hunk shows just these lines from the line `first` on: then they can be commented on together.
    pub(super) fn show(&self, first: usize, lines: &[&str]) -> bool {
        self.hunks.iter().any(|hunk| {
            let shown = first.checked_sub(hunk.first).and_then(|start| hunk.lines.get(start..start + lines.len()));
            shown.is_some_and(|shown| !shown.is_empty() && shown.iter().zip(lines).all(|((text, _), line)| text == line))
        })
    }

    /// Whether the lines from `first` to `last` are changed, where the first of them has this many blanks before it. What was removed
    /// right behind the last one belongs to them if it has more.
    pub(super) fn change(&self, first: usize, last: usize, indent: usize) -> bool {
        let is_new = |hunk: &Hunk| {
            let mut lines = hunk.lines.iter().zip(hunk.first..);
            lines.any(|((_, is_new), number)| *is_new && (first..=last).contains(&number))
        };
        let is_within = |removed: &Removed| {
            let is_inside = (first..last).contains(&removed.after);
            is_inside || removed.after == last && removed.indent.is_some_and(|deeper| deeper > indent)
        };
        self.hunks.iter().any(is_new) || self.removed.iter().any(is_within)
    }
}

/// What a hunk's header says: how many old lines there are, the number of the first new one, how many of those there are.
fn header(line: &str) -> Option<(usize, usize, usize)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let range = |text: &str| -> Option<(usize, usize)> {
        let (start, length) = text.split_once(',').unwrap_or((text, "1"));
        // Longer files are not read at all, and sums of such numbers stay small.
        let number = |text: &str| text.parse::<u32>().ok().map(|n| n as usize);
        Some((number(start)?, number(length)?))
    };
    let ((_, old), (first, new)) = (range(old)?, range(new)?);
    (first > 0 || new == 0).then_some((old, first, new))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "@@ -1,4 +1,5 @@ services:\n a:\n-  old: 1\n+  new: 1\r\n+  more: 2\n b:\n   c: 3\n\
                         @@ -10,4 +11,2 @@\n x:\n-  y: 1\n-\n z:\n\\ No newline at end of file";

    #[test]
    fn lines_are_shown_by_one_hunk_with_their_text() {
        let hunks = Hunks::parse(PATCH);
        for (first, lines) in [(1, &["a:"][..]), (2, &["  new: 1", "  more: 2", "b:"]), (5, &["  c: 3"]), (11, &["x:", "z:"])] {
            assert!(hunks.show(first, lines), "{first} {lines:?}");
        }
        for (first, lines) in [(0, &["a:"][..]), (1, &["b:"]), (5, &["  c: 3", "x:"]), (6, &[""]), (12, &["z:", ""]), (1, &[])] {
            assert!(!hunks.show(first, lines), "{first} {lines:?}");
        }
    }

    #[test]
    fn what_is_new_or_gone_changes_the_lines_around_it() {
        let hunks = Hunks::parse(PATCH);
        for (first, last, expected) in [(1, 3, true), (1, 2, true), (1, 1, true), (4, 5, false), (11, 11, true), (12, 12, false)] {
            assert_eq!(hunks.change(first, last, 0), expected, "{first} to {last}");
        }
        // Another service that was there is none of this one's lines.
        let gone = Hunks::parse("@@ -2,4 +2,2 @@\n   a:\n-  b:\n-    image: x\n   c:");
        assert_eq!((gone.change(2, 2, 2), gone.change(2, 2, 0), gone.change(3, 3, 2)), (false, true, false));
        let all = Hunks::parse("@@ -3,2 +2,0 @@\n-    a: 1\n-    b: 1");
        assert_eq!((all.change(1, 2, 2), all.change(1, 5, 2), all.change(3, 5, 2)), (true, true, false));
    }

    #[test]
    fn a_patch_that_is_none_shows_nothing_behind_what_is_wrong() {
        for patch in [
            "",
            "x",
            "@@",
            "@@ -1 +0 @@\n+a",
            "@@ -1,2 +1,99999999999 @@\n+a",
            "@@ -0,0 +1,2 @@\n*a",
            "Binary files differ",
            "@@ é -1 +1 @@",
        ] {
            assert!(!Hunks::parse(patch).show(1, &["a"]), "{patch}");
        }
        let cut = Hunks::parse("@@ -0,0 +1,9 @@\n+a\n+b");
        assert!(cut.show(1, &["a", "b"]) && !cut.show(2, &["b", "c"]));
        assert!(Hunks::parse("@@ -1,1 +1,1 @@\n@@ -1 +1 @@\n+a") == Hunks::default());
        assert!(!Hunks::parse("@@ -0,0 +1 @@\né\n+a").show(1, &["a"]));
    }
}
