//! The pages of the rules, each once. They are ours and simple: titles, sentences, code, lists and tables.

use super::page::Page;
use crate::audit::Rule;
use crate::report::data::Report;

/// The section: every rule that has a finding on the page.
pub(super) fn write(page: &mut Page, report: &Report) {
    let findings = || report.projects.iter().flat_map(|p| &p.findings);
    let found = |rule: &&Rule| findings().any(|f| f.rule == rule.id());
    let mut rules = Rule::ALL.iter().filter(found).peekable();
    if rules.peek().is_none() {
        return;
    }
    page.raw("<section class=\"rules\" aria-labelledby=\"rules-title\">\n<h2 id=\"rules-title\">Rules</h2>\n");
    for rule in rules {
        let number = findings().filter(|f| f.rule == rule.id() && f.ignored.is_none()).count();
        page.put("<details><summary><code>{}</code> <span>{}</span></summary>\n", &[&rule.id(), &number]);
        // A link to something within opens the details, without a script.
        page.put("<div id=\"rule-{}\" tabindex=\"-1\">\n", &[&rule.id()]);
        markdown(page, rule.page());
        page.raw("</div></details>\n");
    }
    page.raw("</section>\n");
}

/// What may be open.
#[derive(Clone, Copy, PartialEq)]
enum Block {
    None,
    Paragraph,
    Code,
    Table,
}

/// The text below the title of a page.
pub(super) fn markdown(page: &mut Page, text: &str) {
    let mut block = Block::None;
    let mut in_list = false;
    let mut blank = false;
    let mut margin = 0;
    for line in text.lines().skip(1) {
        let indent = line.len() - line.trim_start().len();
        if line.trim().is_empty() {
            blank = true;
            if block != Block::Code {
                close(page, &mut block);
            }
            continue;
        }
        let starts_code = indent >= 4 && block == Block::None;
        if block == Block::Code && indent < 4 {
            close(page, &mut block);
        }
        if in_list && indent == 0 && !line.starts_with("- ") && (blank || line.starts_with('#')) {
            close(page, &mut block);
            page.raw("</li></ul>\n");
            in_list = false;
        }
        if starts_code {
            margin = indent;
            page.raw("<pre><code>");
            block = Block::Code;
        } else if block == Block::Code {
            page.raw(if blank { "\n\n" } else { "\n" });
        }
        blank = false;
        if block == Block::Code {
            page.put("{}", &[&line.get(margin..).unwrap_or(line.trim_start())]);
        } else if let Some(title) = line.strip_prefix("## ") {
            page.put("<h3>{}</h3>\n", &[&title]);
        } else if let Some(item) = line.strip_prefix("- ") {
            close(page, &mut block);
            page.raw(if in_list { "</li>\n<li>" } else { "<ul>\n<li>" });
            in_list = true;
            sentence(page, item);
        } else if line.starts_with('|') {
            row(page, line, &mut block);
        } else {
            if block == Block::None && !in_list {
                page.raw("<p>");
                block = Block::Paragraph;
            } else {
                page.raw("\n");
            }
            sentence(page, line.trim_start());
        }
    }
    close(page, &mut block);
    if in_list {
        page.raw("</li></ul>\n");
    }
}

fn close(page: &mut Page, block: &mut Block) {
    page.raw(match block {
        Block::None => "",
        Block::Paragraph => "</p>\n",
        Block::Code => "</code></pre>\n",
        Block::Table => "</tbody></table>\n",
    });
    *block = Block::None;
}

fn row(page: &mut Page, line: &str, block: &mut Block) {
    if line.chars().all(|c| matches!(c, '|' | '-' | ' ' | ':')) {
        return;
    }
    let is_head = *block != Block::Table;
    page.raw(if is_head { "<table><thead><tr>" } else { "<tr>" });
    for cell in line.trim_matches('|').split('|') {
        page.raw(if is_head { "<th scope=\"col\">" } else { "<td>" });
        sentence(page, cell.trim());
        page.raw(if is_head { "</th>" } else { "</td>" });
    }
    page.raw(if is_head { "</tr></thead><tbody>\n" } else { "</tr>\n" });
    *block = Block::Table;
}

/// A sentence with bold words and code.
fn sentence(page: &mut Page, text: &str) {
    for (i, part) in text.split("**").enumerate() {
        if i % 2 == 1 {
            page.raw("<b>");
        }
        page.prose(part);
        if i % 2 == 1 {
            page.raw("</b>");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_as_markup() {
        for (text, expected) in [
            ("A `b`\n**c**.\n\nD", "<p>A <code>b</code>\n<b>c</b>.</p>\n<p>D</p>\n"),
            ("## A <b>\n\n    x:\n      y\n\n    z\n\nB", "<h3>A &lt;b&gt;</h3>\n<pre><code>x:\n  y\n\nz</code></pre>\n<p>B</p>\n"),
            ("- a\n  b:\n\n      c\n\n- d\n\nE", "<ul>\n<li>a\nb:<pre><code>c</code></pre>\n</li>\n<li>d</li></ul>\n<p>E</p>\n"),
            (
                "| a | b |\n|---|---|\n| c | `d` |\n\nE",
                "<table><thead><tr><th scope=\"col\">a</th><th scope=\"col\">b</th></tr></thead><tbody>\n\
                 <tr><td>c</td><td><code>d</code></td></tr>\n</tbody></table>\n<p>E</p>\n",
            ),
        ] {
            let mut page = Page::default();
            markdown(&mut page, &format!("# title\n\n{text}\n"));
            assert_eq!(page.text(), expected, "{text}");
        }
    }

    #[test]
    fn every_page_is_closed() {
        for rule in Rule::ALL {
            let mut page = Page::default();
            markdown(&mut page, rule.page());
            for name in ["p", "ul", "li", "pre", "code", "table", "tbody", "h3", "b"] {
                let count = |mark: String| page.text().matches(&mark).count();
                assert_eq!(count(format!("<{name}>")), count(format!("</{name}>")), "{}: {name}", rule.id());
            }
        }
    }
}
