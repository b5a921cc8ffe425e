//! How a tree is written: every style, with comments and blanks in every gap.

mod flow;

use super::Choices;
use super::tree::{Tree, Value};

const COMMENTS: [&str; 8] = ["# c", "#", "# é: [1, {", "# read_only: true", "#\tx", "# \"it's", "# - a", "#### 日本 🎈"];

/// One file while it is written.
pub(super) struct Writer<'w, 'c> {
    c: &'w mut Choices<'c>,
    out: String,
    /// Columns between a key and the keys below it.
    step: usize,
    /// Columns between a key and the dashes below it.
    dash: usize,
    /// One gap in so many has a comment or blanks.
    noise: usize,
    /// One collection in so many is written in flow style.
    flow: usize,
    /// Keys and strings stand in double quotes.
    json: bool,
    /// The last line may belong to a block scalar: an indented comment would too.
    after_block_scalar: bool,
}

impl<'w, 'c> Writer<'w, 'c> {
    pub(super) fn new(c: &'w mut Choices<'c>) -> Self {
        let step = c.pick(&[2, 4, 3, 1]);
        let dash = c.pick(&[step, 0, 2]);
        let noise = c.pick(&[1000, 20, 6, 3]);
        let json = c.one_in(12);
        let flow = if json { 1 } else { c.pick(&[30, 6, 3, 1]) };
        Self { c, out: String::new(), step, dash, noise, flow, json, after_block_scalar: false }
    }

    /// Writes one document.
    pub(super) fn document(&mut self, root: &Tree) {
        let Value::Map(entries) = &root.value else { return };
        if self.json || self.c.one_in(40) {
            self.flow_value(root, 0);
            self.end_line();
        } else {
            self.block_map(entries, 0, false);
        }
    }

    /// Text between documents.
    pub(super) fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.after_block_scalar = false;
    }

    pub(super) fn gap(&mut self, column: usize) {
        if !self.is_noisy() {
            return;
        }
        let column = if self.after_block_scalar { 0 } else { self.c.pick(&[column, 0, column + 2, 1]) };
        match self.c.of(4) {
            0 => self.out.push('\n'),
            1 => {
                self.pad(column);
                self.comment();
            }
            2 => {
                self.out.push('\n');
                self.pad(column);
                self.comment();
                self.out.push('\n');
            }
            _ => {
                self.comment_line(column);
                self.comment_line(if self.after_block_scalar { 0 } else { column + 1 });
            }
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn is_noisy(&mut self) -> bool {
        self.noise < 1000 && self.c.one_in(self.noise)
    }

    fn comment(&mut self) {
        let comment = self.c.pick(&COMMENTS);
        self.out.push_str(comment);
        self.out.push('\n');
    }

    fn comment_line(&mut self, column: usize) {
        self.pad(column);
        self.comment();
    }

    fn pad(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
    }

    fn end_line(&mut self) {
        self.line_with_rest(["  ", " \t", "  ", "\t"]);
    }

    /// The end of a line whose value is a block below it: a tab there is no blank to Compose.
    fn open_line(&mut self) {
        self.line_with_rest(["  ", " ", "  ", " "]);
    }

    /// Ends a line with one of two kinds of blanks, or with one of two and a comment.
    fn line_with_rest(&mut self, blanks: [&str; 4]) {
        self.after_block_scalar = false;
        if self.is_noisy() {
            let kind = self.c.of(4);
            self.out.push_str(blanks[kind]);
            if kind > 1 {
                return self.comment();
            }
        }
        self.out.push('\n');
    }

    fn block_map(&mut self, entries: &[(String, Tree)], column: usize, first_is_inline: bool) {
        for (i, (key, value)) in entries.iter().enumerate() {
            if i > 0 || !first_is_inline {
                self.gap(column);
                self.pad(column);
            }
            if key != "<<" && self.c.of(40) == 39 {
                self.out.push_str("? ");
                self.key(key, false);
                self.open_line();
                self.pad(column);
                self.out.push(':');
            } else {
                self.key(key, false);
                self.out.push_str(if self.c.of(50) == 49 { " :" } else { ":" });
            }
            self.value(value, column, self.dash);
        }
    }

    fn key(&mut self, key: &str, in_flow: bool) {
        if key == "<<" {
            return self.out.push_str("<<");
        }
        match self.c.of(60) {
            59 => self.out.push_str("!!str "),
            58 => self.out.push_str("&key "),
            _ => {}
        }
        let quotes = if self.json { 19 } else { self.c.of(20) };
        match quotes {
            18 => self.single(key, None),
            19 => self.double(key, None),
            _ if plain(key, in_flow) => self.out.push_str(key),
            n if n % 2 == 0 => self.double(key, None),
            _ => self.single(key, None),
        }
    }

    /// What follows `key:` or `-`, to the end of its lines. `column` is that of the key or dash.
    fn value(&mut self, tree: &Tree, column: usize, dash: usize) {
        let in_block = self.flow > 1 && !self.c.one_in(self.flow);
        match &tree.value {
            Value::Map(entries) if in_block && !entries.is_empty() => {
                self.properties(tree, column);
                self.open_line();
                let deeper = self.step.max(1);
                self.block_map(entries, column + deeper, false);
            }
            Value::List(items) if in_block && !items.is_empty() => {
                self.properties(tree, column);
                self.open_line();
                self.block_list(items, column + dash);
            }
            Value::Raw(text) if text.is_empty() => {
                self.properties(tree, column);
                self.end_line();
            }
            Value::Text(text) | Value::Prose(text) => {
                let is_prose = matches!(tree.value, Value::Prose(_));
                let style = self.c.of(if is_prose { 5 } else { 24 });
                if !self.json && style == 1 {
                    self.properties(tree, column);
                    self.block_scalar(text, column, is_prose);
                } else {
                    let inner = self.separate(tree, column);
                    self.scalar(text, false, Some(inner));
                    self.end_line();
                }
            }
            Value::Raw(text) => {
                self.separate(tree, column);
                self.out.push_str(text);
                self.end_line();
            }
            Value::Map(_) | Value::List(_) => {
                self.separate(tree, column);
                self.flow_value(&Tree { anchor: None, tag: None, ..tree.clone() }, column);
                self.end_line();
            }
        }
    }

    fn block_list(&mut self, items: &[Tree], column: usize) {
        let gap = self.c.pick(&[1, 1, 1, 3]);
        for item in items {
            self.gap(column);
            self.pad(column);
            self.out.push('-');
            match &item.value {
                Value::Map(entries) if self.flow > 1 && !entries.is_empty() && !self.c.one_in(self.flow) => {
                    let inner = column + 1 + gap;
                    let is_inline = item.anchor.is_none() && item.tag.is_none() && !self.c.one_in(10);
                    if is_inline {
                        self.pad(gap);
                    } else {
                        self.properties(item, column);
                        self.open_line();
                    }
                    self.block_map(entries, inner, is_inline);
                }
                _ => self.value(item, column, 2),
            }
        }
    }

    /// A blank, or a new line, with the anchor and tag of the node on either side. Returns the
    /// column of lines that go on.
    fn separate(&mut self, tree: &Tree, column: usize) -> usize {
        let inner = column + self.step.max(1);
        let has_properties = tree.anchor.is_some() || tree.tag.is_some();
        match self.c.of(40) {
            37 => {
                self.properties(tree, column);
                self.open_line();
                self.gap(inner);
                self.pad(inner);
            }
            38 => {
                self.open_line();
                self.gap(inner);
                self.pad(inner - 1);
                self.properties(tree, column);
                if has_properties {
                    self.out.push(' ');
                } else {
                    self.pad(1);
                }
            }
            n => {
                self.properties(tree, column);
                // No tab: Compose takes none before a value without quotes.
                self.out.push_str(if n == 36 { "   " } else { " " });
            }
        }
        inner
    }

    fn properties(&mut self, tree: &Tree, column: usize) {
        let anchor = tree.anchor.as_ref().map(|name| format!("&{name}"));
        let tag = tree.tag.map(str::to_owned);
        let both = if self.c.one_in(2) { [tag, anchor] } else { [anchor, tag] };
        for (i, property) in both.into_iter().flatten().enumerate() {
            if i > 0 && self.c.of(20) == 19 {
                self.open_line();
                self.pad(column + self.step.max(1) - 1);
            }
            self.out.push(' ');
            self.out.push_str(&property);
        }
    }

    /// A scalar on one line, or on several where `inner` is the column of the others.
    fn scalar(&mut self, text: &str, in_flow: bool, inner: Option<usize>) {
        let folds = inner.filter(|_| text.contains(' ') && self.c.one_in(4));
        let quotes = if self.json { 9 } else { self.c.of(10) };
        match quotes {
            7 => self.single(text, folds),
            8 | 9 => self.double(text, folds),
            _ if plain(text, in_flow) => match folds {
                Some(column) => self.folded(text, column, ""),
                None => self.out.push_str(text),
            },
            n if n % 2 == 0 => self.double(text, folds),
            _ => self.single(text, folds),
        }
    }

    /// Words on lines of their own.
    fn folded(&mut self, text: &str, column: usize, before_break: &str) {
        for (i, word) in text.split(' ').enumerate() {
            if i > 0 {
                self.out.push_str(before_break);
                self.out.push('\n');
                self.pad(column);
                if !before_break.is_empty() {
                    self.out.push_str("\\ ");
                }
            }
            self.out.push_str(word);
        }
    }

    fn single(&mut self, text: &str, folds: Option<usize>) {
        self.out.push('\'');
        let text = text.replace('\'', "''");
        match folds {
            Some(column) => self.folded(&text, column, ""),
            None => self.out.push_str(&text),
        }
        self.out.push('\'');
    }

    fn double(&mut self, text: &str, folds: Option<usize>) {
        self.out.push('"');
        let mut escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        if self.c.of(12) == 11 {
            escaped = match escaped.find('/') {
                Some(at) => format!("{}\\x2f{}", &escaped[..at], &escaped[at + 1..]),
                None => escaped.replacen('e', "\\u0065", 1),
            };
        }
        match folds {
            Some(column) => {
                let before_break = self.c.pick(&["", "\\"]);
                self.folded(&escaped, column, before_break);
            }
            None => self.out.push_str(&escaped),
        }
        self.out.push('"');
    }

    /// A literal or folded scalar with every indicator. Only in prose with a final break.
    fn block_scalar(&mut self, text: &str, column: usize, is_prose: bool) {
        let deeper = self.c.pick(&[2, 1, 4]);
        let digit = self.c.one_in(4);
        let chomp = if is_prose { self.c.pick(&["", "-", "+"]) } else { "-" };
        self.out.push(' ');
        self.out.push_str(self.c.pick(&["|", ">"]));
        let indent = if digit { deeper.to_string() } else { String::new() };
        let header = if self.c.one_in(2) { [&indent, chomp] } else { [chomp, &indent] };
        self.out.push_str(&header.concat());
        self.open_line();
        let line = |writer: &mut Self, text: &str| {
            writer.pad(column + deeper);
            writer.out.push_str(text);
            writer.out.push('\n');
        };
        if !is_prose {
            line(self, text);
        } else if self.c.one_in(8) {
            // Nothing in it.
        } else {
            for (i, word) in text.split(' ').enumerate() {
                match self.c.of(12) {
                    8 if i > 0 => line(self, &format!("  {word}")),
                    9 => line(self, "# no comment"),
                    10 => {
                        self.out.push('\n');
                        line(self, word);
                    }
                    11 if digit => line(self, &format!(" {word}")),
                    _ => line(self, word),
                }
            }
        }
        for _ in 0..self.c.pick(&[0, 0, 0, 1, 2]) {
            self.out.push('\n');
        }
        self.after_block_scalar = true;
    }
}

/// Whether a string may stand without quotes. Says no in some cases where it could.
fn plain(text: &str, in_flow: bool) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '.' | '_' | '$') || !c.is_ascii());
    let is_word = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    let is_number = text.starts_with('.') && !text.contains('/');
    let has_marks = text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']);
    let has_brackets = in_flow && text.contains([',', '[', ']', '{', '}', '?']);
    starts_well && !is_word && !is_number && !has_marks && !has_brackets
}
