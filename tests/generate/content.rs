//! What the files of a project say, by the rules of Compose.

use super::tree::{Tree, Value};
use super::write::Writer;
use super::{Choices, Generated};

/// What an anchor stands for, so that its aliases stand where they may.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A service's keys: whether there is an image among them.
    Service {
        whole: bool,
    },
    Tmpfs,
    Mounts,
    Tmp,
    Mount,
    Setting,
    Image,
    Volumes,
    Volume,
    Other,
}

/// One file while it is made.
pub(super) struct Content<'w, 'c> {
    pub(super) c: &'w mut Choices<'c>,
    /// Anchors so far.
    anchors: Vec<(Kind, String)>,
    /// Named volumes that services may use.
    pub(super) volumes: Vec<&'static str>,
    pub(super) has_base_file: bool,
}

/// What one document of a file holds.
struct Document {
    /// No other document of the project has it.
    number: usize,
    /// Whether nothing comes before it: every service is whole then.
    is_first: bool,
    /// Whether it declares the volumes that services use.
    declares: bool,
    names: Vec<&'static str>,
    includes: bool,
}

const NAMES: [&str; 8] = ["web", "api", "cron-2", "1", "true", "0x1F", "a.b_c", "null"];
const DECLARED: [&str; 4] = ["shared", "uploads", "files", "web-data"];

/// Makes the files and names the layers. Returns the services of the first.
pub(super) fn fill(c: &mut Choices<'_>, generated: &mut Generated) -> Vec<&'static str> {
    let has_base_file = c.one_in(3);
    let includes = c.one_in(4);
    let volumes = DECLARED[..c.pick(&[0, 1, 2, 3, 4])].to_vec();
    let names: Vec<&'static str> = NAMES[..=c.pick(&[0, 1, 2, 3, 7])].to_vec();
    let layers: Vec<&str> = ["compose.yaml", "more.yaml", "last.yaml"][..=c.pick(&[0, 0, 0, 1, 1, 2])].to_vec();
    for (number, layer) in layers.iter().enumerate() {
        let documents = c.pick(&[1, 1, 1, 1, 2, 3]);
        let plans = (0..documents).map(|document| Document {
            number: number * 3 + document,
            is_first: number + document == 0,
            declares: number + document == 0,
            names: names.clone(),
            includes: includes && number + document == 0,
        });
        let plans: Vec<Document> = plans.collect();
        let mut content = Content { c, anchors: Vec::new(), volumes: volumes.clone(), has_base_file };
        let roots: Vec<Tree> = plans.iter().map(|plan| content.document(plan)).collect();
        generated.files.insert((*layer).to_owned(), file(c, &roots));
        generated.layers.push((*layer).to_owned());
    }
    for (name, wanted, service) in [("common/base.yaml", has_base_file, "base"), ("db/compose.yaml", includes, "db")] {
        if !wanted {
            continue;
        }
        let is_base = service == "base";
        let volumes = if is_base { volumes.clone() } else { vec!["rows"] };
        let mut content = Content { c, anchors: Vec::new(), volumes, has_base_file: false };
        let plan = Document { number: 0, is_first: true, declares: !is_base || content.c.one_in(2), names: vec![service], includes: false };
        let root = content.document(&plan);
        generated.files.insert(name.into(), file(c, &[root]));
    }
    if c.one_in(3) {
        let env = c.pick(&["WHERE=/srv\n", "WHERE=/data\nHARD=true\n", "HARD=false\nTMP=/scratch\n"]);
        generated.files.insert(".env".into(), env.into());
    }
    names
}

/// The text of a file with these documents.
fn file(c: &mut Choices<'_>, roots: &[Tree]) -> String {
    let head = c.pick(&["", "", "", "---\n", "# head\n---\n", "%YAML 1.1\n---\n", "\n\n", "--- # c\n"]);
    let mut writer = Writer::new(c);
    writer.push(head);
    for (i, root) in roots.iter().enumerate() {
        if i > 0 {
            writer.push("---\n");
        }
        writer.document(root);
    }
    writer.gap(0);
    let mut text = writer.finish();
    match c.of(12) {
        8 => text += "...\n",
        9 => text += "# end",
        10 => text.truncate(text.trim_end().len()),
        11 => text += "\n\n",
        _ => {}
    }
    let newline = c.pick(&["\n", "\n", "\n", "\r\n"]);
    let bom = c.pick(&["", "", "", "", "\u{feff}"]);
    bom.to_owned() + &text.replace('\n', newline)
}

impl Content<'_, '_> {
    fn document(&mut self, plan: &Document) -> Tree {
        let mut root = Vec::new();
        if plan.includes {
            let entry = Tree::map(&[("path", Tree::text("db/compose.yaml"))]);
            let item = if self.c.one_in(2) { entry } else { Tree::text("db/compose.yaml") };
            root.push(("include".to_owned(), Value::List(vec![item]).into()));
        }
        let templates = self.c.pick(&[0, 0, 1, 2, 3, 4]);
        for section in self.c.order(5) {
            match section {
                0 => {
                    for number in 0..templates {
                        root.extend(self.template(&format!("{}-{number}", plan.number)));
                    }
                }
                1 => root.push(("services".into(), self.services(plan))),
                2 => root.extend(self.top_volumes(plan).map(|value| ("volumes".into(), value))),
                3 if self.c.one_in(6) => {
                    let networks = Tree::map(&[("front", Tree::raw("")), ("back", Tree::map(&[]))]);
                    root.push(("networks".into(), networks));
                }
                4 if self.c.one_in(5) => {
                    let text = self.prose();
                    root.push(("x-last".into(), text));
                }
                _ => {}
            }
        }
        Value::Map(root).into()
    }

    /// Gives a node an anchor, sometimes.
    pub(super) fn named(&mut self, kind: Kind, mut tree: Tree, one_in: usize) -> Tree {
        if tree.is_alias() || !self.c.one_in(one_in) {
            return tree;
        }
        let name = match self.c.of(6) {
            5 if !self.anchors.is_empty() && matches!(tree.value, Value::Raw(_) | Value::Text(_)) => {
                // An old name for something new.
                let name = self.anchors[0].1.clone();
                self.anchors.retain(|(_, other)| *other != name);
                name
            }
            n => format!("{}{}", ["a", "base", "list-", "x_", "A", "1"][n], self.anchors.len()),
        };
        self.anchors.push((kind, name.clone()));
        tree.anchor = Some(name);
        tree
    }

    /// An alias of something of this kind, sometimes.
    pub(super) fn alias(&mut self, fits: impl Fn(Kind) -> bool, one_in: usize) -> Option<Tree> {
        let known: Vec<String> = self.anchors.iter().filter(|(kind, _)| fits(*kind)).map(|(_, name)| name.clone()).collect();
        if known.is_empty() || !self.c.one_in(one_in) {
            return None;
        }
        let index = self.c.of(known.len());
        Some(Tree::alias(&known[index]))
    }

    /// An `x-` block that others use.
    fn template(&mut self, number: &str) -> Option<(String, Tree)> {
        let key = format!("x-{}{number}", self.c.pick(&["a", "base", "é", "\"q\" "]));
        let (kind, tree) = match self.c.of(8) {
            0 | 1 => {
                let tree = self.keys_of_service(super::service::Role::template());
                let Value::Map(entries) = &tree.value else { return None };
                let whole = entries.iter().any(|(key, _)| key == "image");
                (Kind::Service { whole }, tree)
            }
            2 => (Kind::Tmpfs, self.tmpfs()),
            3 => (Kind::Mounts, self.mounts()),
            4 => (Kind::Setting, Tree::raw(self.c.pick(&["false", "False", "FALSE"]))),
            5 => (Kind::Image, Tree::text("node:22")),
            6 => {
                let entries: Vec<(String, Tree)> = self.volumes.clone().iter().map(|name| ((*name).to_owned(), self.volume())).collect();
                (Kind::Volumes, Value::Map(entries).into())
            }
            _ => (Kind::Volume, self.volume()),
        };
        if tree.is_alias() {
            return Some((key, tree));
        }
        let tree = self.named(kind, tree, 1);
        let tree = if tree.anchor.is_none() { self.sure(kind, tree) } else { tree };
        Some((key, tree))
    }

    fn sure(&mut self, kind: Kind, mut tree: Tree) -> Tree {
        let name = format!("t{}", self.anchors.len());
        self.anchors.push((kind, name.clone()));
        tree.anchor = Some(name);
        tree
    }

    fn services(&mut self, plan: &Document) -> Tree {
        let mut entries: Vec<(String, Tree)> = Vec::new();
        // Bases first or last; nothing extends but these.
        let may_have_base = plan.is_first && !plan.names.iter().any(|name| ["base", "db"].contains(name));
        let has_base = may_have_base && self.c.one_in(3);
        let mut names: Vec<&str> = plan.names.clone();
        if has_base {
            names.push("base");
        }
        for index in self.c.order(names.len()) {
            let name = names[index];
            if !plan.is_first && self.c.one_in(3) {
                continue;
            }
            let value = self.service(name, plan.is_first, has_base && name != "base");
            entries.push((name.to_owned(), value));
        }
        if entries.is_empty() && self.c.one_in(2) {
            entries.push((plan.names[0].to_owned(), Tree::map(&[("restart", Tree::text("always"))])));
            if plan.is_first {
                entries[0].1 = Tree::map(&[("image", Tree::text("node"))]);
            }
        }
        Value::Map(entries).into()
    }

    /// The top-level volumes: all that services use, here or merged in, and more.
    fn top_volumes(&mut self, plan: &Document) -> Option<Tree> {
        if !plan.declares {
            return match self.c.of(8) {
                5 => Some(Value::Map(Vec::new()).into()),
                6 => Some(Tree::map(&[("more", self.volume())])),
                7 if !self.volumes.is_empty() => Some(self.all_volumes().tagged("!override")),
                _ => None,
            };
        }
        if self.volumes.is_empty() {
            return match self.c.of(4) {
                1 => Some(Value::Map(Vec::new()).into()),
                2 => Some(Tree::map(&[("cache", self.volume())])),
                3 => Some(Tree::map(&[("cache", self.volume()), ("data", self.volume())])),
                _ => None,
            };
        }
        if let Some(alias) = self.alias(|kind| kind == Kind::Volumes, 3) {
            return Some(alias);
        }
        if let Some(alias) = self.alias(|kind| kind == Kind::Volumes, 3) {
            let own = ("cache".to_owned(), self.volume());
            return Some(Value::Map(vec![("<<".into(), alias), own]).into());
        }
        let all = self.all_volumes();
        Some(self.named(Kind::Volumes, all, 12))
    }

    fn all_volumes(&mut self) -> Tree {
        let mut entries = Vec::new();
        for name in self.volumes.clone() {
            entries.push((name.to_owned(), self.volume()));
        }
        if self.c.one_in(4) {
            entries.push(("1".into(), self.volume()));
        }
        Value::Map(entries).into()
    }

    /// The settings of one volume.
    fn volume(&mut self) -> Tree {
        if let Some(alias) = self.alias(|kind| kind == Kind::Volume, 4) {
            return alias;
        }
        let tree = match self.c.of(10) {
            1 => Value::Map(Vec::new()).into(),
            2 => Tree::raw("~"),
            3 => Tree::raw("null"),
            4 => Tree::raw(self.c.pick(&["Null", "NULL"])),
            5 => Tree::map(&[("driver", Tree::text("local"))]),
            6 => Tree::map(&[("labels", Tree::texts(&["a=b"]))]),
            7 => Tree::map(&[("name", Tree::text("other")), ("x-a", self.prose())]),
            _ => Tree::raw(""),
        };
        self.named(Kind::Volume, tree, 12)
    }

    /// Text of no importance.
    pub(super) fn prose(&mut self) -> Tree {
        if let Some(alias) = self.alias(|kind| kind == Kind::Other, 4) {
            return alias;
        }
        let text = self.c.pick(&["a", "node app.js", "sh -c 'echo $$X' \"b\"", "é 日本 🎈", "a: b # c", "x\\y", "- z"]);
        self.named(Kind::Other, Tree::prose(text), 10)
    }
}
