//! What a file says, before it is written.

/// A node.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) anchor: Option<String>,
    pub(super) tag: Option<&'static str>,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Written as it stands: a number, a boolean, an alias, nothing.
    Raw(String),
    /// A string that matters.
    Text(String),
    /// A string whose final breaks do not matter.
    Prose(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl From<Value> for Tree {
    fn from(value: Value) -> Self {
        Self { anchor: None, tag: None, value }
    }
}

impl Tree {
    pub(super) fn raw(text: &str) -> Self {
        Value::Raw(text.to_owned()).into()
    }

    pub(super) fn alias(name: &str) -> Self {
        Value::Raw(format!("*{name}")).into()
    }

    pub(super) fn text(text: &str) -> Self {
        Value::Text(text.to_owned()).into()
    }

    pub(super) fn prose(text: &str) -> Self {
        Value::Prose(text.to_owned()).into()
    }

    pub(super) fn texts(items: &[&str]) -> Self {
        Value::List(items.iter().map(|item| Self::text(item)).collect()).into()
    }

    pub(super) fn map(entries: &[(&str, Self)]) -> Self {
        let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        Value::Map(entries.collect()).into()
    }

    pub(super) fn tagged(mut self, tag: &'static str) -> Self {
        self.tag = Some(tag);
        self
    }

    pub(super) fn is_alias(&self) -> bool {
        matches!(&self.value, Value::Raw(text) if text.starts_with('*'))
    }
}
