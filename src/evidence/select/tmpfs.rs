//! Lines of `tmpfs` that an earlier plan wrote: they may follow what is asked for now, so that the order of steps does not matter.

use super::paths::{Gathered, owned};
use super::{Extended, Part};
use crate::compose::{Mount, MountKind, TmpfsItem, TmpfsOptions, has_variable};
use crate::evidence::context::{ServiceContext, Unseen};
use crate::evidence::{Confidence, Storage, Target, WritablePath};
use crate::text::FileId;
use std::collections::HashMap;

/// Where the service has a line that is, but for its size, as a plan without extras writes it, and that nothing else in the file uses.
/// With a `layer`, only its lines.
pub(super) fn own<'p>(
    context: &mut ServiceContext<'_, '_>,
    parts: impl Iterator<Item = &'p Part> + Clone,
    named: &[WritablePath],
    (extended, layer): (&Extended, Option<FileId>),
) -> Vec<Target> {
    let service = context.service;
    let is_tmpfs = |m: &&Mount<'_>| m.kind == MountKind::Tmpfs && m.node.as_str().is_some_and(|text| !has_variable(text));
    let lines: Vec<&Mount<'_>> = service.mounts.iter().filter(is_tmpfs).collect();
    let lists = service.values("tmpfs").len();
    if lines.is_empty() || lists > 1 && layer.is_none() {
        return Vec::new();
    }
    // Before that plan, none of them was there.
    context.unseen = Unseen::AllTmpfs;
    let context = &*context;
    let mut presets = parts.clone().map(|part| &*part.preset);
    let Some(base) = presets.next() else { return Vec::new() };
    let users = &context.users(base, presets);
    let known = Gathered::of(context, parts, users, false).paths;
    let options = |path: &WritablePath| match &path.storage {
        Storage::Scratch(options) => Some((path.target.clone(), unlimited(options))),
        Storage::State => None,
    };
    let mut planned: HashMap<Target, TmpfsOptions> = known.iter().filter_map(options).collect();
    let with_owner = |(target, options)| (target, owned(&options, Confidence::Documented, &users.run_user).0);
    planned.extend(named.iter().filter_map(options).map(with_owner));
    let mut mounted: HashMap<&str, usize> = HashMap::new();
    service.mounts.iter().for_each(|mount| *mounted.entry(&*mount.target).or_default() += 1);
    let is_own = |mount: &Mount<'_>| {
        let item = mount.node.as_str().map(TmpfsItem::written)?;
        let (target, options) = planned.get_key_value(item.target.as_str())?;
        let definition = service.alone(mount, "tmpfs")?;
        // Of two lists, Compose makes one by what stands before the first `=` of an item, which stays as it is.
        let stays_one = lists == 1 || mount.node.text().contains('=');
        let may_change = layer.is_none_or(|file| mount.node.span().file == file) && stays_one;
        // Of two mounts at one place, nobody wrote both.
        let is_alone = mounted.get(&**target) == Some(&1);
        let is_as_planned = is_alone && *options == unlimited(&item.options) && item.to_string() == mount.node.text();
        (is_as_planned && may_change && !extended.contains(&(definition.span().file, definition.id()))).then(|| target.clone())
    };
    lines.into_iter().filter_map(is_own).collect()
}

fn unlimited(options: &TmpfsOptions) -> TmpfsOptions {
    TmpfsOptions { size: None, ..options.clone() }
}
