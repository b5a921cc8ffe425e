//! What is to be written, before its spelling is chosen.

pub(super) use crate::compose::merge::{all, same_value};
use crate::compose::{Env, MountKind, boolean, escaped, merge, mount};
use crate::yaml::{Kind, Node, Scalar};

/// A new value. How it is spelled follows the file around it.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    /// `true`
    True,
    /// A string.
    Text(String),
    /// A named volume at a path: `name:target`, or a mapping where the list is written so.
    Mount { name: String, target: String },
    /// The entry of a volume with default settings: null or `{}`, as its neighbours.
    Plain,
    /// A list.
    Seq(Vec<Value<'a>>),
    /// A list that takes the place of what earlier layers have.
    Override(Vec<Value<'a>>),
    /// Keys and values.
    Map(Vec<(String, Value<'a>)>),
    /// An alias of this anchor.
    Alias(String),
    /// The same value as a node of the file.
    Copy(Node<'a>),
}

/// A mount in long syntax, as keys and values.
pub(super) fn long_mount(name: &str, target: &str) -> [(&'static str, String); 3] {
    [("type", "volume".to_owned()), ("source", name.to_owned()), ("target", escaped(target).into_owned())]
}

/// The same in short syntax.
pub(super) fn short_mount(name: &str, target: &str) -> String {
    format!("{name}:{}", escaped(target))
}

impl Value<'_> {
    /// Whether two new values are the same.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::True, Self::True) => true,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Mount { name, target }, Self::Mount { name: n, target: t }) => name == n && target == t,
            (Self::Seq(a), Self::Seq(b)) => all(a, b, Self::same),
            (Self::Map(a), Self::Map(b)) => all(a, b, |(key, value), (k, v)| key == k && value.same(v)),
            _ => false,
        }
    }

    /// Whether `node` reads as this value.
    pub(super) fn is(&self, node: Node<'_>) -> bool {
        match self {
            Self::True => node.kind() == Kind::Scalar && boolean(node) == Some(true) && matches!(node.scalar(), Some(Scalar::Bool(_))),
            Self::Text(text) => node.as_str() == Some(text),
            Self::Mount { name, target } => mount::volume_item(node, 0, &Env::new()).is_ok_and(|(_, m)| {
                let items = if node.kind() == Kind::Mapping { merge::entries(node).len() } else { 3 };
                m.kind == MountKind::Volume
                    && m.source.as_deref() == Some(name)
                    && m.target == *target
                    && m.writable == crate::compose::Known::Yes
                    && items == 3
            }),
            Self::Plain => node.is_null() || node.kind() == Kind::Mapping && node.children().next().is_none(),
            Self::Override(values) => {
                node.tag() == Some("!override") && node.kind() == Kind::Sequence && all(values.iter(), node.items(), Value::is)
            }
            Self::Seq(values) => node.kind() == Kind::Sequence && all(values.iter(), node.items(), Value::is),
            Self::Map(pairs) => {
                node.kind() == Kind::Mapping
                    && all(pairs.iter(), node.entries(), |(key, value), (k, v)| k.text() == key && k.kind() == Kind::Scalar && value.is(v))
            }
            Self::Alias(name) => node.kind() == Kind::Alias && node.text().strip_prefix('*') == Some(name),
            Self::Copy(original) => same_value(*original, node),
        }
    }
}
