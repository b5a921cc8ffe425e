//! Services: the keys that hardening reads and writes, and some others.

use super::content::{Content, Kind};
use super::tree::{Tree, Value};

/// What a service's mapping has to do.
#[derive(Clone, Copy)]
pub(super) struct Role {
    /// Nothing comes before it: it needs an image.
    whole: bool,
    /// Tags take back what came before.
    tags: bool,
    /// It may extend `base` of its file.
    may_extend: bool,
    /// It may extend a file's.
    may_extend_file: bool,
}

impl Role {
    /// Keys that services merge in.
    pub(super) fn template() -> Self {
        Self { whole: false, tags: false, may_extend: false, may_extend_file: false }
    }
}

const TMPFS: [(&str, &str); 6] = [
    ("/run", "/run"),
    ("/cache", "/cache:size=1m"),
    ("/other", "/other:mode=0700,uid=1000"),
    ("/var/tmp", "/var/tmp"),
    ("/tmp", "/tmp"),
    ("/a b", "/a b"),
];

impl Content<'_, '_> {
    pub(super) fn service(&mut self, name: &str, is_first: bool, has_base: bool) -> Tree {
        let whole = |kind| matches!(kind, Kind::Service { whole: true });
        let any = |kind| matches!(kind, Kind::Service { .. });
        let alias = if is_first { self.alias(whole, 8) } else { self.alias(any, 12) };
        if let Some(alias) = alias {
            return alias;
        }
        if !is_first {
            match self.c.of(24) {
                20 => return Tree::raw("null").tagged("!reset"),
                21 => return Tree::raw(""),
                22 => return Value::Map(Vec::new()).into(),
                23 => {
                    let role = Role { whole: true, tags: self.c.one_in(4), may_extend: false, may_extend_file: false };
                    return self.keys_of_service(role).tagged("!override");
                }
                _ => {}
            }
        }
        let role = Role { whole: is_first, tags: !is_first, may_extend: has_base, may_extend_file: self.has_base_file && name != "base" };
        let tree = self.keys_of_service(role);
        let Value::Map(entries) = &tree.value else { return tree };
        let has_image = entries.iter().any(|(key, _)| key == "image");
        // What extends `base` must not come to be `base` through an alias.
        if has_base && entries.iter().any(|(key, _)| key == "extends") {
            return tree;
        }
        self.named(Kind::Service { whole: has_image }, tree, 5)
    }

    /// A mapping of a service's keys.
    pub(super) fn keys_of_service(&mut self, role: Role) -> Tree {
        let mut entries: Vec<(String, Tree)> = Vec::new();
        let merged = self.merged(role.whole);
        let extends = match self.c.of(4) {
            1 if role.may_extend => {
                let long = Tree::map(&[("service", Tree::text("base"))]);
                Some(if self.c.one_in(2) { long } else { Tree::text("base") })
            }
            2 if role.may_extend_file => Some(Tree::map(&[
                ("file", Tree::text(self.c.pick(&["common/base.yaml", "./common/base.yaml"]))),
                ("service", Tree::text("base")),
            ])),
            _ => None,
        };
        let needs_image = role.whole && extends.is_none() && !merged.as_ref().is_some_and(|m| m.1);
        for part in self.c.order(8) {
            match part {
                0 => entries.extend(merged.clone().map(|(tree, _)| ("<<".to_owned(), tree))),
                1 => entries.extend(extends.clone().map(|tree| ("extends".to_owned(), tree))),
                2 if needs_image || self.c.one_in(4) => entries.push(("image".into(), self.image())),
                3 if self.c.one_in(3) => entries.push(("read_only".into(), self.read_only(role))),
                4 if self.c.of(2) == 1 => {
                    let tree = self.list(Kind::Tmpfs, role);
                    entries.push(("tmpfs".into(), tree));
                }
                5 if self.c.of(2) == 1 => {
                    let tree = self.list(Kind::Mounts, role);
                    entries.push(("volumes".into(), tree));
                }
                6 if self.c.one_in(4) => entries.push(self.privilege(role)),
                7 if self.c.of(3) > 0 => entries.push(self.other()),
                _ => {}
            }
        }
        if entries.is_empty() {
            entries.push(("restart".into(), Tree::text("always")));
        }
        Value::Map(entries).into()
    }

    /// What `<<` brings, and whether there is an image in it.
    fn merged(&mut self, wants_whole: bool) -> Option<(Tree, bool)> {
        let whole = self.alias(|kind| matches!(kind, Kind::Service { whole: true }), 3);
        let any = if whole.is_none() || !wants_whole { self.alias(|kind| matches!(kind, Kind::Service { .. }), 4) } else { None };
        match (whole, any, self.c.of(4)) {
            (Some(a), Some(b), _) => Some((Value::List(vec![a, b]).into(), true)),
            (Some(a), None, 3) => Some((Value::List(vec![a]).into(), true)),
            (Some(a), None, 2) => {
                let inline = Tree::map(&[("init", Tree::raw("true"))]);
                Some((Value::List(vec![inline, a]).into(), true))
            }
            (Some(a), None, _) => Some((a, true)),
            (None, Some(b), _) => Some((b, false)),
            (None, None, 3) if self.c.one_in(6) => Some((Tree::map(&[("init", Tree::raw("true"))]), false)),
            (None, None, _) => None,
        }
    }

    fn image(&mut self) -> Tree {
        if let Some(alias) = self.alias(|kind| kind == Kind::Image, 3) {
            return alias;
        }
        let text = self.c.pick(&["node:22", "node", "node:${TAG:-22}", "nginx", "docker.io/library/node:22-alpine", "example/own"]);
        self.named(Kind::Image, Tree::text(text), 12)
    }

    fn read_only(&mut self, role: Role) -> Tree {
        if role.tags && self.c.one_in(3) {
            return match self.c.of(3) {
                0 => Tree::raw("null").tagged("!reset"),
                1 => Tree::raw("false").tagged("!reset"),
                _ => Tree::raw("false").tagged("!override"),
            };
        }
        if let Some(alias) = self.alias(|kind| kind == Kind::Setting, 3) {
            return alias;
        }
        let tree = match self.c.of(9) {
            0 | 1 => Tree::raw("false"),
            2 => Tree::raw("False"),
            3 => Tree::text("off"),
            4 => Tree::text("No"),
            5 => Tree::raw("true"),
            6 => Tree::text("${HARD:-false}"),
            7 => Tree::raw("false").tagged("!!bool"),
            _ => Tree::text("false").tagged("!!str"),
        };
        self.named(Kind::Setting, tree, 12)
    }

    fn list(&mut self, kind: Kind, role: Role) -> Tree {
        if let Some(alias) = self.alias(|k| k == kind, 3) {
            return alias;
        }
        let tree = match kind {
            Kind::Tmpfs => self.tmpfs(),
            _ => self.mounts(),
        };
        if role.tags && self.c.one_in(3) {
            return match self.c.of(3) {
                0 => Value::List(Vec::new()).into(),
                1 => tree,
                _ => return tree.tagged("!override"),
            }
            .tagged("!reset");
        }
        let tree = if self.c.of(30) == 29 && matches!(tree.value, Value::List(_)) { tree.tagged("!!seq") } else { tree };
        self.named(kind, tree, 6)
    }

    pub(super) fn tmpfs(&mut self) -> Tree {
        if self.c.one_in(5) {
            return Tree::text(self.c.pick(&["/run", "/cache:size=1m", "${TMP:-/scratch}", "/tmp", "/data/"]));
        }
        let number = self.c.pick(&[1, 0, 2, 3]);
        let mut items = Vec::new();
        for index in self.c.order(TMPFS.len()).into_iter().take(number) {
            let tree = self.item(Kind::Tmp, Tree::text(TMPFS[index].1));
            items.push(tree);
        }
        Value::List(items).into()
    }

    fn item(&mut self, kind: Kind, tree: Tree) -> Tree {
        let tree = if self.c.of(30) == 29 && matches!(tree.value, Value::Text(_)) { tree.tagged("!!str") } else { tree };
        self.named(kind, tree, 15)
    }

    pub(super) fn mounts(&mut self) -> Tree {
        let number = self.c.pick(&[1, 0, 2, 3]);
        let mut items = Vec::new();
        for index in self.c.order(6).into_iter().take(number) {
            let tree = self.mount(index);
            items.push(self.item(Kind::Mount, tree));
        }
        Value::List(items).into()
    }

    /// A mount; each index has a target of its own.
    fn mount(&mut self, index: usize) -> Tree {
        let name = self.c.pick(&["shared", "uploads", "files", "web-data", "rows"]);
        let name = self.volumes.iter().find(|n| **n == name).or(self.volumes.first()).copied();
        let slash = self.c.pick(&["", "", "", "/"]);
        let target = ["/data", "/srv", "/app", "/var/lib/x", "/where", "/conf.d"][index].to_owned() + slash;
        let source = name.unwrap_or("./here");
        match self.c.of(12) {
            0 | 1 => Tree::text(&format!("{source}:{target}")),
            2 => Tree::text(&format!("./src:{target}:ro")),
            3 => Tree::text(&target),
            4 => Tree::text(&format!("{source}:{target}:rw,z")),
            5 if index == 4 => Tree::text("${WHERE:-./here}:/where"),
            5 => Tree::text(&format!("./a b:{target}")),
            6 | 7 => {
                let kind = if name.is_some() { "volume" } else { "bind" };
                let mut entries = vec![("type", Tree::text(kind)), ("source", Tree::text(source)), ("target", Tree::text(&target))];
                match self.c.of(5) {
                    1 => entries.push(("read_only", Tree::raw("true"))),
                    2 => entries.push(("read_only", Tree::raw("false"))),
                    3 if name.is_some() => entries.push(("volume", Tree::map(&[("nocopy", Tree::raw("true"))]))),
                    4 => entries.push(("x-why", self.prose())),
                    _ => {}
                }
                Tree::map(&entries)
            }
            8 => Tree::map(&[("type", Tree::text("volume")), ("target", Tree::text(&target))]),
            9 => Tree::map(&[
                ("target", Tree::text(&target)),
                ("type", Tree::text("tmpfs")),
                ("tmpfs", Tree::map(&[("size", Tree::raw("1000"))])),
            ]),
            10 => Tree::map(&[
                ("type", Tree::text("bind")),
                ("source", Tree::text(".")),
                ("target", Tree::text(&target)),
                ("bind", Tree::map(&[("create_host_path", Tree::raw("true"))])),
            ]),
            _ => Tree::text(&format!("./server.conf:{target}")),
        }
    }

    /// What `--with` would touch.
    fn privilege(&mut self, role: Role) -> (String, Tree) {
        let tagged = role.tags && self.c.one_in(3);
        let (key, tree) = match self.c.of(4) {
            0 => ("cap_drop", Tree::texts(self.c.pick(&[&["NET_RAW"][..], &["ALL"], &[]]))),
            1 => ("cap_add", Tree::texts(self.c.pick(&[&["chown", "CAP_KILL"][..], &["KILL"]]))),
            2 => {
                let items = self.c.pick(&[&["no-new-privileges:true"][..], &["seccomp=unconfined"], &["label:disable"]]);
                ("security_opt", Tree::texts(items))
            }
            _ => ("user", Tree::text(self.c.pick(&["node", "1000:1000", "${WHO:-5}"]))),
        };
        let tree = match (tagged, self.c.of(2)) {
            (true, 0) => tree.tagged("!override"),
            (true, _) => tree.tagged("!reset"),
            _ => tree,
        };
        (key.into(), tree)
    }

    fn other(&mut self) -> (String, Tree) {
        let (key, tree) = match self.c.of(10) {
            0 => ("restart", Tree::text("always")),
            1 => ("command", self.prose()),
            2 => ("command", Tree::texts(&["node", "app.js", "a: b"])),
            3 => ("environment", Tree::map(&[("A", self.prose()), ("B", Tree::raw("")), ("C", Tree::raw("1"))])),
            4 => ("labels", Tree::map(&[("a.b", self.prose())])),
            5 => ("profiles", Tree::texts(&["dev"])),
            6 => ("x-own", Tree::map(&[("a", self.prose()), ("b", Value::List(vec![self.prose(), Tree::raw("~")]).into())])),
            7 => ("ports", Tree::texts(&["80:80"])),
            8 => {
                let test = Tree::texts(&["CMD", "true"]);
                ("healthcheck", Tree::map(&[("test", test), ("retries", Tree::raw("3"))]))
            }
            _ => ("init", Tree::raw("true")),
        };
        (key.into(), tree)
    }
}
