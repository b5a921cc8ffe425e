//! Flow style: what stands within brackets.

use super::Writer;
use crate::generate::tree::{Tree, Value};

impl Writer<'_, '_> {
    /// A node in flow style, with its properties. `column` is that of the line it began on.
    pub(super) fn flow_value(&mut self, tree: &Tree, column: usize) {
        let mut properties = String::new();
        std::mem::swap(&mut properties, &mut self.out);
        self.properties(&Tree { value: Value::Raw(String::new()), ..tree.clone() }, column);
        std::mem::swap(&mut properties, &mut self.out);
        let properties = properties.replace('\n', " ");
        let without_comments = properties.split('#').next().unwrap_or_default().trim();
        if !without_comments.is_empty() {
            self.out.push_str(without_comments);
            self.out.push(' ');
        }
        match &tree.value {
            Value::Raw(text) if text.is_empty() => {
                if self.json {
                    self.out.push_str("null");
                }
            }
            Value::Raw(text) => self.out.push_str(text),
            Value::Text(text) | Value::Prose(text) => {
                let inner = column + self.step.max(1);
                self.scalar(text, true, Some(inner));
            }
            Value::List(items) => {
                self.members(['[', ']'], items.len(), column, &mut |writer, i, column| {
                    writer.flow_value(&items[i], column);
                });
            }
            Value::Map(entries) => {
                self.members(['{', '}'], entries.len(), column, &mut |writer, i, column| {
                    let (key, value) = &entries[i];
                    let is_empty = matches!(&value.value, Value::Raw(text) if text.is_empty());
                    if is_empty && value.anchor.is_none() && writer.c.one_in(3) && !writer.json {
                        return writer.key(key, true);
                    }
                    if key != "<<" && writer.c.of(60) == 59 {
                        writer.out.push_str("? ");
                    }
                    writer.key(key, true);
                    writer.out.push_str(": ");
                    if writer.is_noisy() {
                        writer.flow_gap(column);
                    }
                    writer.flow_value(value, column);
                });
            }
        }
    }

    fn members(&mut self, [open, close]: [char; 2], number: usize, column: usize, member: &mut dyn FnMut(&mut Self, usize, usize)) {
        let layout = self.c.pick(&[0, 0, 1, 2, 3]);
        let inner = column + self.step.max(1);
        self.out.push(open);
        for i in 0..number {
            self.between(layout, inner, if i > 0 { " " } else { "" });
            member(self, i, inner);
            if layout == 3 && self.is_noisy() {
                self.flow_gap(inner);
            }
            if i + 1 < number {
                self.out.push(',');
            } else if !self.json && self.c.of(8) == 7 {
                self.out.push_str(if self.out.ends_with(' ') { "," } else { " ," });
            }
        }
        let closing = if layout == 2 && self.c.one_in(6) { 0 } else { column };
        self.between(layout, closing, "");
        self.out.push(close);
    }

    fn between(&mut self, layout: usize, column: usize, blank: &str) {
        match layout {
            0 => self.out.push_str(blank),
            1 => self.out.push(' '),
            2 => {
                if self.is_noisy() {
                    self.flow_gap(column);
                } else {
                    self.out.push('\n');
                    self.pad(column);
                }
            }
            _ => {
                self.out.push_str(blank);
                if self.is_noisy() {
                    self.flow_gap(column);
                }
            }
        }
    }

    /// Blanks, breaks and comments inside brackets.
    fn flow_gap(&mut self, column: usize) {
        match self.c.of(6) {
            0 => self.out.push(' '),
            1 => {
                self.out.push_str("  ");
                self.comment();
                self.pad(column);
            }
            2 => {
                self.out.push_str("\n\n");
                self.pad(column);
            }
            3 => {
                self.out.push('\n');
                self.comment_line(column);
                self.pad(column);
            }
            4 => {
                self.out.push('\n');
                self.pad(column + 3);
            }
            _ => {
                self.out.push('\t');
                self.comment();
                self.comment_line(0);
                self.pad(column);
            }
        }
    }
}
