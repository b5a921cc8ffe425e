//! `include`: other projects whose services, volumes and the rest come into this one.

use super::{Model, Named, Reader, missing, outside, path_of};
use crate::compose::env::{Env, NoEnv};
use crate::compose::service::{Part, Scope, has_hidden_below, is_reset};
use crate::compose::sources::Wanted;
use crate::compose::{invalid, merge};
use crate::text::FileId;
use crate::yaml::{Kind, Node, SyntaxError};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Deepest nesting of `include`.
const MAX_INCLUDES: usize = 64;

impl<'a> Reader<'a> {
    /// Reads what a document includes into the project so far.
    pub(super) fn include(
        &mut self,
        model: &mut Model<'a>,
        list: Node<'a>,
        index: usize,
        scope: &Arc<Scope>,
        including: &mut Vec<FileId>,
    ) -> Result<(), SyntaxError> {
        let value = list.resolved();
        if value.kind() != Kind::Sequence {
            return if value.is_null() || is_reset(value) {
                Ok(())
            } else {
                Err(invalid(list, "include must be a list", Some("write a list of files")))
            };
        }
        // What this document defines itself may come in as well only if it is the same.
        let own = |p: &&Part<'a>| p.document == Some(index as u32);
        let own: HashMap<&str, Node<'a>> =
            model.services.iter().filter_map(|d| Some((d.name, d.parts.iter().find(own)?.definition))).collect();
        let mut imported: HashMap<&'a str, Node<'a>> = own;
        for item in value.items() {
            let Some(included) = self.included(item, scope, including)? else { continue };
            for mut draft in included.services {
                let Some(definition) = draft.parts.last().map(|p| p.definition) else { continue };
                if let Some(&twin) = imported.get(draft.name) {
                    if !merge::same_value(twin, definition) {
                        let message = format!("services.{} conflicts with imported resource", draft.name);
                        let hint = "rename one of the two, or change the included service in an override file";
                        return Err(invalid(item, message, Some(hint)));
                    }
                    if let Some(&known) = model.by_name.get(draft.name).filter(|_| twin != definition) {
                        let why = "two files of one project define it, and both must stay equal".to_owned();
                        model.services[known].unread = Some(Box::new((item.span(), why.into())));
                    }
                    continue;
                }
                imported.insert(draft.name, definition);
                // The included project is merged before it comes in.
                let before = model.parts(draft.name);
                draft.parts.iter_mut().for_each(|part| part.reach += before);
                model.add(draft);
            }
            model.volumes.extend(included.volumes);
        }
        Ok(())
    }

    /// One entry of `include`. `None` when it is not on this machine, or not read yet.
    fn included(&mut self, item: Node<'a>, scope: &Arc<Scope>, including: &mut Vec<FileId>) -> Result<Option<Model<'a>>, SyntaxError> {
        let value = item.resolved();
        let texts = |node: Node<'a>| if node.kind() == Kind::Sequence { node.items().collect() } else { vec![node] };
        let field = |key: &str| merge::get(value, key).map(Node::resolved).filter(|n| !n.is_null());
        let paths = if value.kind() == Kind::Mapping { field("path").map(texts).unwrap_or_default() } else { vec![item] };
        let (mut files, mut folder) = (Vec::new(), None);
        for node in paths {
            match path_of(node, scope)? {
                Ok(path) => {
                    folder.get_or_insert_with(|| path.parent().map(Path::to_owned).unwrap_or_default());
                    match self.file(&path, node, scope)? {
                        Named::Here(file) => files.push(Some(file)),
                        Named::Wanted => files.push(None),
                        Named::Not(why) => {
                            self.unread.push((node.span(), why));
                            return Ok(None);
                        }
                    }
                }
                Err(why) => {
                    self.unread.push((node.span(), why));
                    return Ok(None);
                }
            }
        }
        let (Some(mut folder), Some(&first)) = (folder, files.first()) else {
            return Err(invalid(item, "an include without a path", Some("name the file: `- path: FILE`")));
        };
        if let Some(node) = field("project_directory") {
            match path_of(node, scope)? {
                Ok(path) => folder = path,
                Err(file) => return Err(invalid(node, file.why, None)),
            }
        }
        if let Some(first) = first
            && (including.contains(&first) || self.sources.layers().contains(&first))
        {
            let name = |id: &FileId| self.sources.file(*id).map_or(String::new(), |s| s.path.display().to_string());
            let way: Vec<String> = self.sources.layers().first().into_iter().chain(&*including).chain([&first]).map(name).collect();
            let message = format!("include cycle detected: {}", way.join(" includes "));
            return Err(invalid(item, message, Some("remove one of these includes")));
        }
        if including.len() == MAX_INCLUDES {
            let message = format!("more than {MAX_INCLUDES} includes are nested");
            return Err(invalid(item, message, Some("include these files from one that is less deep")));
        }
        let env = self.included_env(item, field("env_file").map(texts), &folder, scope)?;
        let Some(env) = env else { return Ok(None) };
        let files: Vec<FileId> = files.into_iter().flatten().collect();
        including.extend(first);
        let model = self.model(&files, &Arc::new(Scope { folder, env }), including);
        including.truncate(including.len() - usize::from(first.is_some()));
        model.map(Some)
    }

    /// The variables of an included project: its own below those of the project that includes it. `None` when they are not read yet.
    fn included_env(
        &mut self,
        item: Node<'a>,
        files: Option<Vec<Node<'a>>>,
        folder: &Path,
        scope: &Arc<Scope>,
    ) -> Result<Option<Arc<Env>>, SyntaxError> {
        let mut paths = Vec::new();
        match files {
            None => paths.push((folder.join(".env"), None)),
            Some(nodes) => {
                for node in nodes {
                    match path_of(node, scope)? {
                        Ok(path) => paths.push((path, Some(node))),
                        Err(file) => return Err(invalid(node, file.why, None)),
                    }
                }
            }
        }
        let key = (paths.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>(), Arc::as_ptr(&scope.env));
        if let Some((_, known)) = self.envs.get(&key) {
            return Ok(Some(known.clone()));
        }
        let mut own = Env::new();
        for (path, node) in paths {
            if let Some(why) = self.sources.why_outside(&path) {
                let node = node.unwrap_or(item);
                self.unread.push((node.span(), outside(why, node, scope)));
                return Ok(None);
            }
            match (self.sources.env_text(&path), self.sources.why_missing(&path), node) {
                (Some(text), _, _) => {
                    own.add_file(text, &scope.env).map_err(|NoEnv { line, what }| {
                        let node = node.unwrap_or(item);
                        let is_hidden = has_hidden_below(node, &scope.env);
                        let shown = if is_hidden { "what it names".to_owned() } else { path.display().to_string() };
                        let message = format!("{shown} is not a file of variables: {what}, in line {line}");
                        invalid(node, message, Some("Compose reads lines of NAME=value, and stops at this file as well"))
                    })?;
                }
                (None, Some(why), Some(node)) => return Err(missing(&path, node, scope, why)),
                (None, Some(_), None) => {}
                (None, None, _) => {
                    self.wanted.push((Wanted::Env(path), item.span()));
                    return Ok(None);
                }
            }
        }
        let outer = scope.env.clone();
        let env = if own.is_empty() { outer.clone() } else { Arc::new(own.below(outer.clone())) };
        // The outer ones are kept, so that no others get their place in memory.
        self.envs.insert(key, (outer, env.clone()));
        Ok(Some(env))
    }
}
