//! A page of Markdown as lines of a terminal. Text is indented, so that headings are seen without
//! colour too.

use crate::report::style::{Look, paint, width};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// Most columns of text: longer lines are hard to read.
const MOST: usize = 100;
/// Columns before text, and before code.
const TEXT: usize = 2;
const CODE: usize = 6;

/// A word in pieces of different looks.
type Word = Vec<(String, Option<Look>)>;
type Cell = Vec<Word>;

/// The page.
pub(super) fn render(text: &str, columns: usize, color: bool) -> String {
    let mut page = Page { columns: columns.min(MOST), color, ..Page::default() };
    Parser::new_ext(text, Options::ENABLE_TABLES).for_each(|event| page.take(event));
    page.out
}

#[derive(Default)]
struct Page {
    out: String,
    columns: usize,
    color: bool,
    /// What is not printed yet.
    words: Vec<Word>,
    /// Whether what comes belongs to the last word.
    goes_on: bool,
    look: Option<Look>,
    /// Numbers of the lists that are open; none of those with points.
    lists: Vec<Option<u64>>,
    /// What stands before the next line of an item.
    point: String,
    is_code: bool,
    /// Where the links that are open go.
    links: Vec<String>,
    table: Vec<Vec<Cell>>,
}

impl Page {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.is_code => {
                for line in text.lines() {
                    if !line.is_empty() {
                        self.out += &format!("{}{}", " ".repeat(CODE), paint(self.color, Look::Hint, line));
                    }
                    self.out.push('\n');
                }
            }
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.add(&text, self.look),
            // Colour says what is code; without it the quotes stay.
            Event::Code(text) if self.color => self.add(&text, Some(Look::Hint)),
            Event::Code(text) => self.add(&format!("`{text}`"), None),
            Event::SoftBreak | Event::HardBreak => self.goes_on = false,
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => {
                self.gap();
                self.look = Some(Look::Bold);
            }
            Tag::Paragraph if self.lists.is_empty() => self.gap(),
            Tag::CodeBlock(_) => {
                self.print_words();
                self.gap();
                self.is_code = true;
            }
            Tag::List(first) => {
                self.print_words();
                if self.lists.is_empty() {
                    self.gap();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.point = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                }
            }
            Tag::Strong | Tag::Emphasis => self.look = Some(Look::Bold),
            Tag::Link { dest_url, .. } => self.links.push(dest_url.into_string()),
            Tag::Table(_) => self.gap(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                let indent = usize::from(level > HeadingLevel::H2);
                self.print(indent, indent);
                self.look = None;
            }
            TagEnd::Paragraph | TagEnd::Item => self.print_words(),
            TagEnd::CodeBlock => self.is_code = false,
            TagEnd::List(_) => _ = self.lists.pop(),
            TagEnd::Strong | TagEnd::Emphasis => self.look = None,
            TagEnd::Link => {
                let to = self.links.pop().unwrap_or_default();
                let is_said = self.words.last().is_some_and(|word| word.iter().any(|(text, _)| text.contains(&to)));
                if to.contains("://") && !is_said {
                    self.goes_on = false;
                    self.add(&format!("<{to}>"), Some(Look::Dim));
                }
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.words);
                self.goes_on = false;
                match self.table.last_mut() {
                    Some(row) => row.push(cell),
                    None => self.table.push(vec![cell]),
                }
            }
            TagEnd::TableRow | TagEnd::TableHead => self.table.push(Vec::new()),
            TagEnd::Table => self.print_table(),
            _ => {}
        }
    }

    /// An empty line, unless there is one.
    fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn add(&mut self, text: &str, look: Option<Look>) {
        for (i, part) in text.split(char::is_whitespace).enumerate() {
            self.goes_on &= i == 0;
            if part.is_empty() {
                continue;
            }
            match self.words.last_mut().filter(|_| self.goes_on) {
                Some(word) => word.push((part.to_owned(), look)),
                None => self.words.push(vec![(part.to_owned(), look)]),
            }
            self.goes_on = true;
        }
    }

    /// Prints a paragraph or an item of a list.
    fn print_words(&mut self) {
        let point = std::mem::take(&mut self.point);
        let indent = TEXT + 2 * self.lists.len().saturating_sub(1);
        let further = indent + if self.lists.is_empty() { 0 } else { 2.max(point.len()) };
        if point.is_empty() {
            self.print(further, further);
        } else {
            self.words.insert(0, vec![(point.trim_end().to_owned(), None)]);
            self.print(indent, further);
        }
    }

    fn print(&mut self, indent: usize, further: usize) {
        let words = std::mem::take(&mut self.words);
        self.goes_on = false;
        for (i, line) in lines(&words, self.columns, indent, further).iter().enumerate() {
            self.out += &" ".repeat(if i == 0 { indent } else { further });
            self.out += &self.shown(line);
            self.out.push('\n');
        }
    }

    fn shown(&self, words: &[Word]) -> String {
        let piece = |(text, look): &(String, Option<Look>)| look.map_or(text.clone(), |look| paint(self.color, look, text));
        let word = |word: &Word| word.iter().map(piece).collect::<String>();
        words.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// Prints a table: in columns if all fit, else each row as an entry with the rest below the
    /// first cell.
    fn print_table(&mut self) {
        let mut rows = std::mem::take(&mut self.table);
        rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |i: usize| rows.iter().filter_map(|row| row.get(i)).map(|cell| width_of(cell)).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(widest).collect();
        let fits = TEXT + widths.iter().map(|width| width + 2).sum::<usize>() <= self.columns + 2;
        for (i, row) in rows.iter().enumerate() {
            if fits {
                let mut line = " ".repeat(TEXT);
                for (cell, width) in row.iter().zip(&widths) {
                    line += &format!("{}{}  ", self.shown(cell), " ".repeat(width - width_of(cell)));
                }
                let line = line.trim_end();
                self.out += &format!("{}\n", if i == 0 { paint(self.color, Look::Dim, line) } else { line.to_owned() });
            } else if i > 0 {
                for (i, cell) in row.iter().enumerate() {
                    self.words.clone_from(cell);
                    let indent = if i == 0 { TEXT } else { CODE };
                    self.print(indent, indent);
                }
            }
        }
    }
}

fn width_of(words: &[Word]) -> usize {
    let letters = words.iter().flatten().map(|(text, _)| width(text)).sum::<usize>();
    letters + words.len().saturating_sub(1)
}

/// Words in lines of at most `columns`; a longer word has its own.
fn lines(words: &[Word], columns: usize, indent: usize, further: usize) -> Vec<Vec<Word>> {
    let mut lines: Vec<Vec<Word>> = Vec::new();
    let mut used = 0;
    for word in words {
        let wide = width_of(std::slice::from_ref(word));
        match lines.last_mut().filter(|_| used + 1 + wide <= columns) {
            Some(line) => {
                used += 1 + wide;
                line.push(word.clone());
            }
            None => {
                used = wide + if lines.is_empty() { indent } else { further };
                lines.push(vec![word.clone()]);
            }
        }
    }
    lines
}
