//! What must hold for the spans of every parsed file.

use rofs_harden::text::{FileId, TextFile};
use rofs_harden::yaml::{Kind, Node, Stream, Style};
use std::fmt::Write as _;

/// Parses `text`; the error as `line:column: message`.
pub(super) fn parse(text: &str) -> Result<Stream, String> {
    let file = TextFile::new("f", text.as_bytes().to_vec(), text.len()).map_err(|e| e.to_string())?;
    Stream::parse(&file, FileId(0)).map_err(|e| {
        let (line, column) = file.line_column(e.span.start as usize);
        format!("{line}:{column}: {}", e.message)
    })
}

/// Checks that spans nest and do not overlap, that scalars' slices read as their texts, and that nothing is lost between them.
pub(super) fn verify(stream: &Stream) -> Result<(), String> {
    let mut end = 0;
    for root in stream.roots() {
        nests(root, end, stream.text().text().len())?;
        end = root.span().end as usize;
    }
    nothing_between(stream)
}

/// The same, and that every scalar's slice alone reads as its text. Costs a parse for each scalar.
pub(super) fn verify_slices(stream: &Stream) -> Result<(), String> {
    verify(stream)?;
    let mut parents = vec![None; stream.nodes().len()];
    for node in stream.nodes() {
        let own = parents[node.id().index()];
        reads_alone(node, own)?;
        node.children().for_each(|child| parents[child.id().index()] = Some(node));
    }
    Ok(())
}

fn nests(node: Node<'_>, from: usize, to: usize) -> Result<(), String> {
    let (span, body) = (node.span().range(), node.body().range());
    let ordered = from <= node.indicator() && node.indicator() <= span.start && span.start <= body.start && body.start <= body.end;
    if !ordered || span.end != body.end || body.end > to {
        return Err(format!("{node:?} (indicator {}) is not inside {from}..{to}", node.indicator()));
    }
    let is_leaf = matches!(node.kind(), Kind::Scalar | Kind::Alias);
    // The end of a block scalar, and so of what it stands in, may be blanks or an empty line.
    let is_block = matches!(node.style(), Style::Literal | Style::Folded | Style::Block);
    if !is_block && node.source() != node.source().trim_matches([' ', '\t', '\n', '\r']) {
        return Err(format!("{node:?} has blanks at its edge"));
    }
    if is_leaf && (node.children().next().is_some() || node.source().is_empty() != (node.style() == Style::Empty)) {
        return Err(format!("{node:?} is no leaf"));
    }
    let mut end = body.start;
    for child in node.children() {
        nests(child, end, body.end)?;
        end = child.span().end as usize;
    }
    Ok(())
}

fn reads_alone(node: Node<'_>, parent: Option<Node<'_>>) -> Result<(), String> {
    if node.kind() != Kind::Scalar || node.style() == Style::Empty {
        return Ok(());
    }
    let (text, source) = (node.stream().text(), node.source());
    let rest = &text.text()[node.span().end as usize..];
    let tries = match node.style() {
        // The indentation of the content counts from the parent's.
        Style::Literal | Style::Folded => {
            let column = parent.map(|p| text.column(p.body().start as usize));
            let newline = text.break_at(node.span().end as usize).unwrap_or("");
            vec![column.map_or(format!("{source}{newline}"), |c| format!("{:c$}k: {source}{newline}", ""))]
        }
        // A plain scalar may depend on the style around it.
        _ => vec![source.to_owned(), format!("- {source}"), format!("[{source}]")],
    };
    let reads = |alone: &String| {
        let Ok(stream) = parse(alone) else { return false };
        let leaf = stream.nodes().last();
        leaf.is_some_and(|leaf| leaf.text() == node.text() && leaf.style() == node.style())
    };
    if tries.iter().any(reads) {
        return Ok(());
    }
    Err(format!("{source:?}, followed by {:?}, does not read as {:?}", rest.chars().take(9).collect::<String>(), node.text()))
}

/// All that stands outside leaves is blanks, breaks, comments, indicators, properties and directives.
fn nothing_between(stream: &Stream) -> Result<(), String> {
    let text = stream.text().text();
    let mut at = stream.text().bom_len();
    for node in stream.nodes() {
        let (span, body) = (node.span().range(), node.body().range());
        between(&text[at.min(span.start)..span.start], false)?;
        between(&text[span.start..body.start], true)?;
        at = if matches!(node.kind(), Kind::Scalar | Kind::Alias) { body.end } else { body.start };
    }
    between(&text[at..], false)
}

fn between(gap: &str, is_properties: bool) -> Result<(), String> {
    for line in gap.split(['\n', '\r']) {
        let line = line.split('#').next().unwrap_or_default().trim_matches([' ', '\t']);
        let is_known = |word: &str| match is_properties {
            true => word.starts_with(['&', '!']),
            false => word.chars().all(|c| "-?:,[]{}".contains(c)) || word == "...",
        };
        if !line.starts_with('%') && !line.split([' ', '\t']).filter(|word| !word.is_empty()).all(is_known) {
            return Err(format!("{line:?} stands in no node"));
        }
    }
    Ok(())
}

/// The tree as the test suite writes events, without the marks of documents.
pub(super) fn events(stream: &Stream) -> String {
    let mut out = "+STR\n".to_owned();
    for root in stream.roots() {
        out.push_str("+DOC\n");
        write_events(root, &mut out);
        out.push_str("-DOC\n");
    }
    out + "-STR\n"
}

fn write_events(node: Node<'_>, out: &mut String) {
    let flow = |mark| if node.style() == Style::Block { "" } else { mark };
    let anchor = node.anchor().map_or(String::new(), |name| format!(" &{name}"));
    let tag = node.tag().map_or(String::new(), |tag| format!(" <{tag}>"));
    match node.kind() {
        Kind::Sequence => writeln!(out, "+SEQ{}{anchor}{tag}", flow(" []")),
        Kind::Mapping => writeln!(out, "+MAP{}{anchor}{tag}", flow(" {}")),
        Kind::Alias => writeln!(out, "=ALI {}", node.text()),
        Kind::Scalar => {
            let mark = match node.style() {
                Style::Single => '\'',
                Style::Double => '"',
                Style::Literal => '|',
                Style::Folded => '>',
                _ => ':',
            };
            let text = node.text().replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t").replace('\u{8}', "\\b");
            writeln!(out, "=VAL{anchor}{tag} {mark}{}", text.replace('\r', "\\r"))
        }
    }
    .unwrap();
    node.children().for_each(|child| write_events(child, out));
    match node.kind() {
        Kind::Sequence => out.push_str("-SEQ\n"),
        Kind::Mapping => out.push_str("-MAP\n"),
        Kind::Scalar | Kind::Alias => {}
    }
}
