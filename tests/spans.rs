//! What must hold for the spans of every file that parses.

use rofs_harden::text::{FileId, TextFile};
use rofs_harden::yaml::{Kind, Node, Stream, Style};

/// Parses `text`. `Err` is the error as `line:column: message`.
pub(crate) fn parse(text: &str) -> Result<Stream, String> {
    let file = TextFile::new("f", text.as_bytes().to_vec(), text.len()).map_err(|e| e.to_string())?;
    Stream::parse(&file, FileId(0)).map_err(|e| {
        let (line, column) = file.line_column(e.span.start as usize);
        format!("{line}:{column}: {}", e.message)
    })
}

/// Checks that nodes nest in order, stand where their indicators say, and that no text is outside of them. `Err` says what is wrong.
pub(crate) fn verify(stream: &Stream) -> Result<(), String> {
    let text = stream.text().text();
    let mut end = stream.text().bom_len();
    for root in stream.roots() {
        nested(root, end..text.len())?;
        end = root.span().end as usize;
    }
    let mut at = stream.text().bom_len();
    let mut nodes = 0;
    for node in stream.nodes() {
        between(text, at..node.span().start as usize)?;
        only_properties(node)?;
        target(node)?;
        at = if is_leaf(node) { node.body().end } else { node.body().start } as usize;
        nodes += 1;
    }
    between(text, at..text.len())?;
    let reached: usize = stream.roots().map(count).sum();
    if reached == nodes { Ok(()) } else { Err(format!("{reached} of {nodes} nodes hang on a root")) }
}

fn is_leaf(node: Node<'_>) -> bool {
    matches!(node.kind(), Kind::Scalar | Kind::Alias)
}

fn count(node: Node<'_>) -> usize {
    1 + node.children().map(count).sum::<usize>()
}

fn ensure(holds: bool, node: Node<'_>, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{node:?}: {what}")) }
}

/// Checks `node` and everything below it; it must stand in `place`.
fn nested(node: Node<'_>, place: std::ops::Range<usize>) -> Result<(), String> {
    let (span, body, source) = (node.span().range(), node.body().range(), node.source());
    let in_order = [place.start, node.indicator(), span.start, body.start, body.end, place.end].is_sorted();
    ensure(in_order && span.end == body.end, node, &format!("is not in order inside {place:?}"))?;
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
    let first_is_blank = source.as_bytes().first().is_some_and(is_blank);
    // The last line of a block scalar may end with blanks, and with it what it stands in.
    let may_end_blank = matches!(node.style(), Style::Literal | Style::Folded | Style::Block);
    let last_is_blank = source.as_bytes().last().is_some_and(is_blank);
    ensure(!first_is_blank && (may_end_blank || !last_is_blank), node, "has a blank at its edge")?;
    shaped(node)?;
    let mut end = body.start;
    for child in node.children() {
        nested(child, end..body.end)?;
        end = child.span().end as usize;
    }
    if node.style() == Style::Block {
        ensure(end == body.end, node, "goes on after its last child")?;
    }
    Ok(())
}

/// Checks that the source of `node` and the indicators of its children look like its kind and style.
fn shaped(node: Node<'_>) -> Result<(), String> {
    let (text, source) = (node.stream().text().text(), node.source());
    let indicators: Vec<(usize, Option<&u8>)> = node.children().map(|c| (c.indicator(), text.as_bytes().get(c.indicator()))).collect();
    let column = |at: usize| node.stream().text().column(at);
    let in_brackets = |open, close| source.len() > 1 && source.starts_with(open) && source.ends_with(close);
    let is_shaped = match (node.kind(), node.style()) {
        (Kind::Alias, style) => style == Style::Plain && source.starts_with('*') && source.len() > 1 && node.text() == source,
        (Kind::Scalar, Style::Empty) => source.is_empty() && node.text().is_empty(),
        (Kind::Scalar, Style::Plain) => !source.is_empty() && !node.text().is_empty(),
        (Kind::Scalar, Style::Single) => in_brackets('\'', '\''),
        (Kind::Scalar, Style::Double) => in_brackets('"', '"'),
        (Kind::Scalar, Style::Literal) => source.starts_with('|'),
        (Kind::Scalar, Style::Folded) => source.starts_with('>'),
        (Kind::Sequence, Style::Flow) => in_brackets('[', ']'),
        (Kind::Sequence, Style::Block) => {
            let first = column(node.body().start as usize);
            !indicators.is_empty() && indicators.iter().all(|&(at, byte)| byte == Some(&b'-') && column(at) == first)
        }
        (Kind::Mapping, Style::Flow) => in_brackets('{', '}'),
        (Kind::Mapping, Style::Block) => {
            let first = column(node.body().start as usize);
            node.entries().all(|(key, _)| column(key.indicator()) == first)
        }
        (Kind::Mapping, Style::Pair) => indicators.len() == 2,
        (Kind::Scalar | Kind::Sequence | Kind::Mapping, _) => false,
    };
    ensure(is_shaped, node, &format!("does not look like a {:?} {:?}", node.style(), node.kind()))?;
    ensure(!is_leaf(node) || indicators.is_empty(), node, "is a leaf with children")?;
    for (key, value) in node.entries() {
        let colon = value.indicator();
        let has_colon = text.as_bytes().get(colon) == Some(&b':') && colon < value.span().start as usize;
        ensure(has_colon || value.style() == Style::Empty, value, "is a value without a colon")?;
        let sign = &text[key.indicator()..key.span().start as usize];
        ensure(sign.is_empty() || sign.starts_with('?'), key, "is a key behind something else than `?`")?;
    }
    ensure(node.kind() != Kind::Mapping || indicators.len().is_multiple_of(2), node, "has a key without a value")
}

/// Checks that an alias stands for the nearest node before it that has its name.
fn target(node: Node<'_>) -> Result<(), String> {
    if node.kind() != Kind::Alias {
        return Ok(());
    }
    let target = node.resolved();
    let has_name = target.kind() != Kind::Alias && target.anchor() == node.text().strip_prefix('*');
    let is_before = target.span().start < node.span().start;
    ensure(has_name && is_before, node, &format!("stands for {target:?}"))
}

/// Checks that only an anchor and a tag stand before the body of `node`.
fn only_properties(node: Node<'_>) -> Result<(), String> {
    let (start, body) = (node.span().start as usize, node.body().start as usize);
    let words = words(node.stream().text().text(), start..body)?;
    let starting = |sign| words.iter().filter(|word| word.starts_with(sign)).count();
    let expected = (usize::from(node.anchor().is_some()), usize::from(node.tag().is_some()));
    ensure((starting('&'), starting('!')) == expected && words.len() == expected.0 + expected.1, node, "has other properties")
}

/// Checks that there is nothing but indicators, document marks and directives in `gap`.
fn between(text: &str, gap: std::ops::Range<usize>) -> Result<(), String> {
    let is_known = |word: &&str| *word == "..." || word.bytes().all(is_indicator);
    match words(text, gap)?.into_iter().find(|word| !is_known(word)) {
        None => Ok(()),
        Some(word) => Err(format!("{word:?} is in no node")),
    }
}

fn is_indicator(byte: u8) -> bool {
    b"-?:,[]{}".contains(&byte)
}

/// The words in `gap`, without comments and directives.
fn words(text: &str, gap: std::ops::Range<usize>) -> Result<Vec<&str>, String> {
    let Some(inside) = text.get(gap.clone()) else { return Err(format!("{gap:?} is no range of the text")) };
    let mut words = Vec::new();
    let mut at = gap.start;
    for line in inside.split_inclusive(['\n', '\r']) {
        let starts_line = at == 0 || text[..at].ends_with(['\n', '\r', '\u{feff}']);
        let is_directive = starts_line && line.starts_with('%');
        for (i, word) in line.split([' ', '\t', '\n', '\r']).take_while(|_| !is_directive).enumerate() {
            // A comment starts behind a blank, or behind the colon of a quoted key.
            let starts_comment = |at: usize| match at {
                0 => i > 0 || starts_line || text[..gap.start].ends_with(':'),
                _ => word[..at].bytes().all(is_indicator),
            };
            let comment = word.find('#').filter(|at| starts_comment(*at));
            let word = &word[..comment.unwrap_or(word.len())];
            words.extend((!word.is_empty()).then_some(word));
            if comment.is_some() {
                break;
            }
        }
        at += line.len();
    }
    Ok(words)
}

/// The scalars whose slices do not read as their texts when they stand alone.
pub(crate) fn misread(stream: &Stream) -> Vec<String> {
    let mut found = Vec::new();
    for root in stream.roots() {
        collect_misread(root, None, &mut found);
    }
    found
}

fn collect_misread(node: Node<'_>, parent: Option<Node<'_>>, found: &mut Vec<String>) {
    if node.kind() == Kind::Scalar && node.style() != Style::Empty && !reads_alone(node, parent) {
        found.push(node.source().to_owned());
    }
    node.children().for_each(|child| collect_misread(child, Some(node), found));
}

fn reads_alone(node: Node<'_>, parent: Option<Node<'_>>) -> bool {
    let (text, source) = (node.stream().text(), node.source());
    let alone = match node.style() {
        // The indentation of the content counts from the parent's; the line break behind it may be part of the value.
        Style::Literal | Style::Folded => {
            let newline = text.break_at(node.span().end as usize).unwrap_or("");
            let before = parent.map_or("--- ".to_owned(), |p| " ".repeat(text.column(p.body().start as usize)) + "k: ");
            vec![format!("{before}{source}{newline}")]
        }
        Style::Plain => {
            vec![source.to_owned(), format!(" {source}"), format!("[{source}]"), format!("{{{source} : v}}"), format!("{source}: v")]
        }
        _ => vec![source.to_owned()],
    };
    alone.iter().any(|alone| {
        let Ok(stream) = parse(alone) else { return false };
        stream.nodes().any(|n| n.source() == source && n.text() == node.text() && n.style() == node.style())
    })
}
