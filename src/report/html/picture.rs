//! A container as a picture: its root filesystem is a box, memory is inside, and what comes from outside goes through the wall.

use super::page::Page;
use crate::report::data::{Answer, Kind, Mount, Service};

/// The container now, and after the plan if that changes it.
pub(super) fn write(page: &mut Page, service: &Service, otherwise: &str) {
    page.raw("<div class=\"pictures\">\n");
    let surface = &service.surface;
    let now: Vec<&Mount> = service.mounts.iter().filter(|m| !m.planned).collect();
    picture(page, "Now", surface.before.root, &now, false);
    if is_changed(service) {
        picture(page, "After the plan", surface.after.root, &service.mounts.iter().collect::<Vec<_>>(), true);
    } else {
        page.raw("<div class=\"same\"><p class=\"when\">After the plan</p>\n<p>The same. ");
        page.prose(otherwise);
        page.raw("</p></div>\n");
    }
    page.raw("</div>\n");
}

/// Whether the plan changes what is writable.
pub(super) fn is_changed(service: &Service) -> bool {
    service.surface.before.root != service.surface.after.root
        || service.mounts.iter().any(|m| m.planned || m.writable.before != m.writable.after)
}

fn picture(page: &mut Page, when: &'static str, root: bool, mounts: &[&Mount], after: bool) {
    page.put("<figure class=\"{}\">\n<figcaption class=\"when\">{}</figcaption>\n", &[if root { &"open" } else { &"closed" }, &when]);
    page.raw("<div class=\"box\">\n");
    page.raw(if root {
        "<p class=\"wall\"><span><code>/</code> <b>writable</b> everywhere</span></p>\n"
    } else {
        "<p class=\"wall\"><span><code>/</code> <b>read-only</b></span></p>\n"
    });
    if !mounts.is_empty() {
        page.raw("<ul>\n");
        mounts.iter().for_each(|m| mount(page, m, after));
        page.raw("</ul>\n");
    } else if !root {
        page.raw("<p class=\"none\">nothing can be written</p>\n");
    }
    page.raw("</div>\n</figure>\n");
}

fn mount(page: &mut Page, mount: &Mount, after: bool) {
    let (class, kind) = match mount.kind {
        Kind::Bind => ("bind", "host bind"),
        Kind::EngineSocket => ("socket", "engine socket"),
        Kind::Volume => ("volume", "volume"),
        Kind::AnonymousVolume => ("volume", "unnamed volume"),
        Kind::Tmpfs => ("tmpfs", "tmpfs"),
        Kind::Image => ("image", "image"),
        Kind::Unknown => ("unknown", "volume or bind"),
    };
    let writable = if after { mount.writable.after } else { mount.writable.before };
    // The socket's file may be read-only: whoever can connect commands the engine.
    let (access, word) = match writable {
        Answer::Yes => ("rw", ""),
        Answer::No => ("ro", "read-only"),
        Answer::Unknown => ("rw maybe", "a variable decides"),
    };
    let is_new = after && mount.planned;
    let is_closed = after && mount.writable.before != mount.writable.after && !is_new;
    page.put("<li class=\"{} {}", &[&class, &access]);
    page.raw(if is_new || is_closed { " new\">" } else { "\">" });
    page.put("<span class=\"place\"><code class=\"q\">{}</code>", &[&mount.target]);
    if is_new {
        page.raw(" <mark>new</mark>");
    }
    if is_closed {
        page.raw(" <mark>now read-only</mark>");
    } else if !word.is_empty() {
        page.put(" <small>{}</small>", &[&word]);
    }
    if class == "tmpfs" {
        page.put(" <b>{}</b></span>", &[&kind]);
    } else {
        page.put("</span><span class=\"from\"><b>{}</b>", &[&kind]);
        if let Some(source) = &mount.source {
            page.put(" <code class=\"q\">{}</code>", &[source]);
        }
        page.raw("</span>");
    }
    if let (true, Some(reason)) = (is_new || is_closed, &mount.reason) {
        page.raw("<span class=\"why\">");
        page.prose(reason);
        page.raw("</span>");
    }
    page.raw("</li>\n");
}
