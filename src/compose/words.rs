//! The words of commands: as Compose parts a command that is one text, and as a shell reads a script.

use super::interpolate::{has_hidden, has_variable, resolve};
use super::{PartValue, Service};
use crate::yaml::{Kind, Node};

/// Most commands of a script that are looked at, and deepest nesting of substitutions.
const MAX_COMMANDS: usize = 1000;
const MAX_NESTING: usize = 8;

/// A text of the file, with its variables replaced where all of them are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// The text; as written where it is not known.
    pub text: String,
    /// Whether no variable decides it that is not set here.
    pub is_known: bool,
    /// Whether the value of a variable, which may be a secret, is in it.
    pub is_hidden: bool,
}

/// One command of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simple {
    /// The program and what it is given.
    pub words: Vec<Word>,
    /// The files that its output goes to.
    pub outputs: Vec<Word>,
}

/// A script as far as it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Its commands in the order in which they are written, those of substitutions before the one that has them.
    pub commands: Vec<Simple>,
    /// Whether nothing of it was left unread.
    pub is_whole: bool,
}

impl<'a> Service<'a> {
    /// `text` of the part with this index, its variables replaced.
    pub fn word(&self, part: usize, text: &str) -> Word {
        let Some(part) = self.parts.get(part) else { return Word { text: text.to_owned(), is_known: false, is_hidden: false } };
        match resolve(text, &part.scope.env) {
            Some(value) => Word { text: value.into_owned(), is_known: true, is_hidden: has_hidden(text, &part.scope.env) },
            None => Word { text: text.to_owned(), is_known: !has_variable(text), is_hidden: false },
        }
    }

    /// The value of a key that is one text.
    pub fn word_of(&self, key: &str) -> Option<Word> {
        let PartValue { part, entry } = self.values(key).pop()?;
        Some(self.word(part, entry.value().resolved().as_str()?))
    }

    /// The words of `command` or `entrypoint`; `None` where it has none of its own.
    pub fn words(&self, key: &str) -> Option<Vec<Word>> {
        let PartValue { part, entry } = self.values(key).pop()?;
        let value = entry.value().resolved();
        let has_words = value.kind() == Kind::Sequence || self.parts[part].text(value).is_some();
        has_words.then(|| self.words_in(part, value))
    }

    /// The words of a command that stands in the part with this index, in either form.
    pub fn words_in(&self, part: usize, value: Node<'a>) -> Vec<Word> {
        let value = value.resolved();
        match self.parts[part].text(value) {
            Some(text) => self.parted(part, text),
            None => value.items().map(|item| self.word(part, item.resolved().text())).collect(),
        }
    }

    /// The words of a command that is one text. Compose replaces its variables before it parts it.
    fn parted(&self, part: usize, text: &str) -> Vec<Word> {
        let whole = self.word(part, text);
        let mut words = split(&whole.text);
        for word in &mut words {
            word.is_known = whole.is_known || !has_variable(&word.text);
            // What stands in the file like this is no variable's value.
            word.is_hidden = whole.is_hidden && !text.contains(&word.text);
        }
        words
    }
}

/// The words of a line, without the quotes that hold them together.
pub fn split(text: &str) -> Vec<Word> {
    let mut reader = Reader { rest: text, is_shell: false, depth: 0, script: Script::default() };
    let mut words = Vec::new();
    loop {
        reader.rest = reader.rest.trim_start();
        match reader.word() {
            Some(word) => words.push(word),
            None => return words,
        }
    }
}

/// Reads a script of a POSIX shell. What the shell itself replaces is not known.
pub fn script(text: &str) -> Script {
    script_in(text, 0)
}

fn script_in(text: &str, depth: usize) -> Script {
    let script = Script { commands: Vec::new(), is_whole: depth <= MAX_NESTING };
    let mut reader = Reader { rest: text, is_shell: true, depth, script };
    if depth <= MAX_NESTING {
        reader.read();
    }
    reader.script
}

struct Reader<'t> {
    rest: &'t str,
    is_shell: bool,
    depth: usize,
    script: Script,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut command = Simple::default();
        let mut documents: Vec<String> = Vec::new();
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
            if let Some(behind) = self.rest.strip_prefix("\\\n") {
                self.rest = behind;
                continue;
            }
            let Some(first) = self.rest.chars().next() else { break };
            if self.script.commands.len() > MAX_COMMANDS {
                self.script.is_whole = false;
                return;
            }
            if first == '#' {
                self.rest = &self.rest[self.rest.find('\n').unwrap_or(self.rest.len())..];
            } else if let Some(length) = self.redirection() {
                let operator = &self.rest[..length];
                self.rest = self.rest[length..].trim_start_matches([' ', '\t']);
                let is_output = operator.contains('>');
                let is_document = operator.contains("<<") && !operator.contains("<<<");
                // `2>&1` and `>&-` name no file.
                let names_file = !(operator.ends_with('&') && self.rest.starts_with(|c: char| c.is_ascii_digit() || c == '-'));
                match self.word() {
                    Some(word) if is_document => documents.push(word.text.trim_start_matches('-').to_owned()),
                    Some(word) if is_output && names_file => command.outputs.push(word),
                    Some(_) => {}
                    None => self.script.is_whole = false,
                }
            } else if matches!(first, '\n' | ';' | '&' | '|' | '(' | ')') {
                self.rest = &self.rest[1..];
                self.end(&mut command);
                if first == '\n' {
                    documents.drain(..).for_each(|end| self.skip_document(&end));
                }
            } else if let Some(word) = self.word() {
                command.words.push(word);
            } else {
                self.script.is_whole = false;
                return;
            }
        }
        self.end(&mut command);
    }

    fn end(&mut self, command: &mut Simple) {
        let command = std::mem::take(command);
        if command != Simple::default() {
            self.script.commands.push(command);
        }
    }

    /// The length of the operator at which a file is named, with the number before it.
    fn redirection(&self) -> Option<usize> {
        let number = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let behind = &self.rest[number..];
        let operators = ["&>>", "&>", "<<<", "<<-", "<<", ">>", ">|", ">&", "<>", "<&", ">", "<"];
        let operator = operators.into_iter().find(|o| behind.starts_with(o))?;
        Some(number + operator.len())
    }

    /// The lines of a text for a command's input, up to the one that ends it.
    fn skip_document(&mut self, end: &str) {
        while !self.rest.is_empty() {
            let (line, behind) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
            self.rest = behind;
            if line.trim() == end {
                return;
            }
        }
        self.script.is_whole = false;
    }

    fn word(&mut self) -> Option<Word> {
        let start = self.rest;
        let mut word = Word { text: String::new(), is_known: true, is_hidden: false };
        let mut quote: Option<char> = None;
        while let Some(c) = self.rest.chars().next() {
            let behind = &self.rest[c.len_utf8()..];
            match (c, quote) {
                ('\'' | '"', None) => quote = Some(c),
                (_, Some(open)) if c == open => quote = None,
                ('\\', None | Some('"')) => {
                    let Some(next) = behind.chars().next() else { break };
                    if next != '\n' {
                        word.text.push(next);
                    }
                    self.rest = &behind[next.len_utf8()..];
                    continue;
                }
                ('$', None | Some('"')) => {
                    self.variable(&mut word);
                    continue;
                }
                ('`', None | Some('"')) if self.is_shell => {
                    let Some(end) = behind.find('`') else { break };
                    self.substitution(&behind[..end]);
                    word.is_known = false;
                    word.text.push('`');
                    self.rest = &behind[end + 1..];
                    continue;
                }
                (_, None) if c.is_whitespace() || self.is_shell && ";&|()<>".contains(c) => break,
                _ => {
                    // What a pattern stands for is not known.
                    word.is_known &= !(self.is_shell && quote.is_none() && "*?".contains(c));
                    word.text.push(c);
                }
            }
            self.rest = behind;
        }
        if quote.is_some() {
            self.script.is_whole = false;
        }
        (self.rest.len() < start.len()).then_some(word)
    }

    /// A `$` with what belongs to it.
    fn variable(&mut self, word: &mut Word) {
        let behind = &self.rest[1..];
        let is_substitution = behind.starts_with('(');
        let length = match behind.chars().next() {
            Some('{') => closing(behind, '{', '}'),
            Some('(') if self.is_shell => closing(behind, '(', ')'),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                Some(behind.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(behind.len()))
            }
            Some(c) if self.is_shell && (c.is_ascii_digit() || "@*#?$!-".contains(c)) => Some(1),
            _ => Some(0),
        };
        let Some(length) = length else {
            self.script.is_whole = false;
            word.is_known = false;
            self.rest = "";
            return;
        };
        if is_substitution && self.is_shell {
            self.substitution(&behind[1..length - 1]);
        }
        word.is_known &= length == 0;
        word.text.push_str(&self.rest[..=length]);
        self.rest = &behind[length..];
    }

    fn substitution(&mut self, text: &str) {
        let inner = script_in(text, self.depth + 1);
        self.script.is_whole &= inner.is_whole;
        self.script.commands.extend(inner.commands);
    }
}

/// The length of what stands between brackets at the start of `text`, with them.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (i, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some(i + c.len_utf8());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &Word) -> String {
        format!("{}{}", word.text, if word.is_known { "" } else { "?" })
    }

    #[test]
    fn a_text_is_parted_as_compose_does_it() {
        for (text, expected) in [
            ("redis-server --dir /x", &["redis-server", "--dir", "/x"][..]),
            ("sh -c \"a 'b c' > /d\"", &["sh", "-c", "a 'b c' > /d"]),
            ("a\\ b 'c  d'e", &["a b", "c  de"]),
            ("--dir ${A:-x y}/z", &["--dir", "${A:-x y}/z?"]),
            ("a;b|c", &["a;b|c"]),
            ("  ", &[]),
        ] {
            assert_eq!(split(text).iter().map(shown).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn a_script_is_read_as_a_shell_does_it() {
        for (text, expected) in [
            ("date > /stamp && exec nginx", &["date > /stamp", "exec nginx"][..]),
            ("a>>b 2>&1; c &>/d", &["a > b", "c > /d"]),
            ("echo \"x > y\" # > z\nb", &["echo x > y", "b"]),
            ("x=$(cat /a > /b) c", &["cat /a > /b", "x=$(cat /a > /b)? c"]),
            ("cat > /a <<EOF\ntouch /b\nEOF\nc", &["cat > /a", "c"]),
            ("touch $X/a `id`", &["id", "touch $X/a? `?"]),
            ("a 3> /x | tee -a \"/y\" \\\n /z", &["a > /x", "tee -a /y /z"]),
            ("touch /x/*.log", &["touch /x/*.log?"]),
        ] {
            let script = script(text);
            assert!(script.is_whole, "{text}");
            let command = |c: &Simple| {
                let words = c.words.iter().map(shown);
                words.chain(c.outputs.iter().map(|o| format!("> {}", shown(o)))).collect::<Vec<_>>().join(" ")
            };
            assert_eq!(script.commands.iter().map(command).collect::<Vec<_>>(), expected, "{text}");
        }
        for text in ["a \"b", "cat <<EOF\nx", "a $(b", &"$(".repeat(100), "a >"] {
            assert!(!script(text).is_whole, "{text}");
        }
    }
}
