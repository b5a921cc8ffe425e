//! Image references: which repository a service runs, and which tag of it.

use super::interpolate::has_variable;
use std::borrow::Cow;

/// Names of Docker Hub, and of mirrors that serve its repositories under their own names.
const HUB: [&str; 6] =
    ["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "mirror.gcr.io", "public.ecr.aws/docker"];

/// Names under which the same people publish the same images, and the name that counts. With a `/` at
/// the end it is the start of names.
const PUBLISHED_AS: [(&str, &str); 34] = [
    ("bitnamilegacy/", "bitnami/"),
    ("docker.gitea.com/gitea", "gitea/gitea"),
    ("docker.n8n.io/n8nio/", "n8nio/"),
    ("ghcr.io/advplyr/audiobookshelf", "advplyr/audiobookshelf"),
    ("ghcr.io/alexta69/metube", "alexta69/metube"),
    ("ghcr.io/c4illin/convertx", "c4illin/convertx"),
    ("ghcr.io/dani-garcia/vaultwarden", "vaultwarden/server"),
    ("ghcr.io/drakkan/sftpgo", "drakkan/sftpgo"),
    ("ghcr.io/esphome/esphome", "esphome/esphome"),
    ("ghcr.io/fallenbagel/jellyseerr", "fallenbagel/jellyseerr"),
    ("ghcr.io/flaresolverr/flaresolverr", "flaresolverr/flaresolverr"),
    ("ghcr.io/gotify/server", "gotify/server"),
    ("ghcr.io/home-assistant/home-assistant", "homeassistant/home-assistant"),
    ("ghcr.io/itzg/minecraft-server", "itzg/minecraft-server"),
    ("ghcr.io/jellyfin/jellyfin", "jellyfin/jellyfin"),
    ("ghcr.io/koenkk/zigbee2mqtt", "koenkk/zigbee2mqtt"),
    ("ghcr.io/linuxserver/", "linuxserver/"),
    ("ghcr.io/lissy93/dashy", "lissy93/dashy"),
    ("ghcr.io/louislam/uptime-kuma", "louislam/uptime-kuma"),
    ("ghcr.io/miniflux/miniflux", "miniflux/miniflux"),
    ("ghcr.io/paperless-ngx/paperless-ngx", "paperlessngx/paperless-ngx"),
    ("ghcr.io/requarks/wiki", "requarks/wiki"),
    ("ghcr.io/searxng/searxng", "searxng/searxng"),
    ("ghcr.io/slskd/slskd", "slskd/slskd"),
    ("ghcr.io/tailscale/tailscale", "tailscale/tailscale"),
    ("ghcr.io/tautulli/tautulli", "tautulli/tautulli"),
    ("ghcr.io/triliumnext/trilium", "triliumnext/trilium"),
    ("lscr.io/linuxserver/", "linuxserver/"),
    ("public.ecr.aws/bitnami/", "bitnami/"),
    ("quay.io/miniflux/miniflux", "miniflux/miniflux"),
    ("quay.io/minio/", "minio/"),
    ("quay.io/netdata/netdata", "netdata/netdata"),
    ("quay.io/prometheus/", "prom/"),
    ("quay.io/vaultwarden/server", "vaultwarden/server"),
];

/// The name that counts for a repository that is published under several.
pub fn published_as(repository: &str) -> Cow<'_, str> {
    let at = PUBLISHED_AS.partition_point(|(name, _)| *name <= repository);
    // Names that begin alike stand beside each other, so the one before is the only one that can fit.
    match at.checked_sub(1).map(|at| PUBLISHED_AS[at]) {
        Some((name, main)) if name == repository && !name.ends_with('/') => main.into(),
        Some((start, main)) if start.ends_with('/') && repository.len() > start.len() => {
            repository.strip_prefix(start).map_or(repository.into(), |rest| format!("{main}{rest}").into())
        }
        _ => repository.into(),
    }
}

/// What an image reference says, as far as it takes part in recognising the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image<'t> {
    /// Repository without tag and digest: `node`, `grafana/grafana`, `ghcr.io/owner/name`. Those of Docker Hub lose the registry, and
    /// official ones `library/`.
    pub repository: &'t str,
    /// Its tag.
    pub tag: Tag<'t>,
}

/// The tag of an image reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag<'t> {
    /// None is written: the newest image.
    Newest,
    /// As written.
    Named(&'t str),
    /// A variable decides, or there is only a digest.
    Unknown,
}

impl<'t> Image<'t> {
    /// Reads a reference. `None` when a variable decides the repository, or nothing is left of it. Other registries and other owners
    /// are never taken for the official image: `bitnami/node` is not `node`.
    pub fn parse(reference: &'t str) -> Option<Self> {
        let (name, digest) = reference.split_once('@').map_or((reference, None), |(name, digest)| (name, Some(digest)));
        let last = name.rfind('/').map_or(0, |i| i + 1);
        // A `:` before the last `/` belongs to the registry's port.
        let (name, tag) = match name[last..].find(':') {
            Some(colon) => (&name[..last + colon], Some(&name[last + colon + 1..])),
            None => (name, None),
        };
        let tag = match (tag, digest) {
            (Some(tag), _) if has_variable(tag) || tag.is_empty() => Tag::Unknown,
            (Some(tag), _) => Tag::Named(tag),
            (None, Some(_)) => Tag::Unknown,
            (None, None) => Tag::Newest,
        };
        let own = HUB.iter().find_map(|host| name.strip_prefix(host)?.strip_prefix('/')).unwrap_or(name);
        let repository = own.strip_prefix("library/").unwrap_or(own);
        (!repository.is_empty() && !has_variable(repository)).then_some(Self { repository, tag })
    }

    /// Reads a reference to an image that may come through one of `mirrors`: what is behind such a start is
    /// the reference of the image itself.
    pub fn behind(mirrors: &[String], reference: &'t str) -> Option<Self> {
        let rest = mirrors.iter().find_map(|mirror| reference.strip_prefix(mirror.as_str())?.strip_prefix('/'));
        rest.and_then(Self::parse).or_else(|| Self::parse(reference))
    }

    /// The numbers of the tag (17, 2 of `17.2-alpine`, also of `v17.2`), or of its part that begins with the
    /// word `after` (`pg17`). A tag without one, such as `latest` or `bookworm`, is the newest image, and what is
    /// left out is the newest of its kind: both are `u32::MAX`. A release that is named by its day
    /// (`RELEASE.2023-03-20T20-16-18Z`) has the numbers of that. `None` when the tag is unknown.
    pub fn version(self, after: Option<&str>) -> Option<[u32; 3]> {
        let tag = match self.tag {
            Tag::Newest => return Some([u32::MAX; 3]),
            Tag::Unknown => return None,
            Tag::Named(tag) => tag,
        };
        let is_number = |part: &&str| part.starts_with(|c: char| c.is_ascii_digit());
        let behind = |word: &str| tag.split('-').filter_map(|part| part.strip_prefix(word)).find(is_number);
        let day = tag.strip_prefix("RELEASE.");
        let text = after.and_then(behind).or(day).or_else(|| tag.strip_prefix('v')).unwrap_or(tag);
        let mut numbers = [u32::MAX; 3];
        for (number, part) in numbers.iter_mut().zip(text.split(if day.is_some() { '-' } else { '.' })) {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            *number = part[..end].parse().unwrap_or(u32::MAX);
            if end < part.len() {
                break;
            }
        }
        Some(numbers)
    }
}

/// Longest name and longest digest that people are shown, in characters.
const MAX_NAME: usize = 60;
const MAX_DIGEST: usize = 12;

/// A reference for people: of a digest the beginning, `postgres:17@sha256:0123456789ab…`, and of a long name too.
pub fn shown_reference(reference: &str) -> String {
    let cut = |text: &str, max: usize| match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    match reference.split_once('@').and_then(|(name, digest)| Some((name, digest.split_once(':')?))) {
        Some((name, (kind, digest))) if digest.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("{}@{kind}:{}", cut(name, MAX_NAME), cut(digest, MAX_DIGEST))
        }
        _ => cut(reference, MAX_NAME),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_their_repository_and_tag() {
        for (reference, expected) in [
            ("node", Some(("node", Tag::Newest))),
            ("node:22-alpine", Some(("node", Tag::Named("22-alpine")))),
            ("node:22@sha256:abc", Some(("node", Tag::Named("22")))),
            ("node@sha256:abc", Some(("node", Tag::Unknown))),
            ("library/node", Some(("node", Tag::Newest))),
            ("docker.io/node", Some(("node", Tag::Newest))),
            ("docker.io/library/node:22", Some(("node", Tag::Named("22")))),
            ("docker.io/grafana/grafana", Some(("grafana/grafana", Tag::Newest))),
            ("mirror.gcr.io/library/node", Some(("node", Tag::Newest))),
            ("public.ecr.aws/docker/library/node", Some(("node", Tag::Newest))),
            ("localhost:5000/node:22", Some(("localhost:5000/node", Tag::Named("22")))),
            ("quay.io/library/node", Some(("quay.io/library/node", Tag::Newest))),
            ("docker.iox/node", Some(("docker.iox/node", Tag::Newest))),
            ("bitnami/node", Some(("bitnami/node", Tag::Newest))),
            ("node:${TAG:-22}", Some(("node", Tag::Unknown))),
            ("node:22-${V}", Some(("node", Tag::Unknown))),
            ("node:", Some(("node", Tag::Unknown))),
            ("${IMAGE:-node:22}", None),
            ("${REGISTRY}/node:22", None),
            ("node${X}", None),
            ("library/", None),
            ("", None),
        ] {
            assert_eq!(Image::parse(reference).map(|i| (i.repository, i.tag)), expected, "{reference}");
        }
    }

    #[test]
    fn a_mirror_that_is_named_is_looked_behind() {
        let mirrors = ["registry.example.com/proxy".to_owned(), "mirror.example.com:5000".to_owned()];
        for (reference, expected) in [
            ("registry.example.com/proxy/library/node:22", "node"),
            ("registry.example.com/proxy/node:22", "node"),
            ("registry.example.com/proxy/docker.io/library/node", "node"),
            ("registry.example.com/proxy/ghcr.io/owner/name", "ghcr.io/owner/name"),
            ("mirror.example.com:5000/grafana/grafana", "grafana/grafana"),
            ("registry.example.com/proxynode/node", "registry.example.com/proxynode/node"),
            ("registry.example.com/node", "registry.example.com/node"),
            ("registry.example.com/proxy/", "registry.example.com/proxy/"),
        ] {
            assert_eq!(Image::behind(&mirrors, reference).map(|i| i.repository), Some(expected), "{reference}");
        }
        assert_eq!(Image::behind(&[], "registry.example.com/proxy/node").map(|i| i.repository), Some("registry.example.com/proxy/node"));
    }

    #[test]
    fn a_repository_with_several_names_has_one_that_counts() {
        assert!(PUBLISHED_AS.is_sorted());
        for (name, _) in PUBLISHED_AS {
            let next_to = PUBLISHED_AS.iter().filter(|(other, _)| other.starts_with(name));
            assert_eq!(next_to.count(), 1, "{name} hides a longer name");
        }
        for (name, main) in [
            ("lscr.io/linuxserver/sonarr", "linuxserver/sonarr"),
            ("ghcr.io/linuxserver/sonarr", "linuxserver/sonarr"),
            ("linuxserver/sonarr", "linuxserver/sonarr"),
            ("bitnamilegacy/redis", "bitnami/redis"),
            ("public.ecr.aws/bitnami/redis", "bitnami/redis"),
            ("quay.io/prometheus/blackbox-exporter", "prom/blackbox-exporter"),
            ("ghcr.io/louislam/uptime-kuma", "louislam/uptime-kuma"),
            ("ghcr.io/louislam/uptime-kuma-beta", "ghcr.io/louislam/uptime-kuma-beta"),
            ("ghcr.io/owner/redis", "ghcr.io/owner/redis"),
            ("bitnamilegacy/", "bitnamilegacy/"),
            ("zzz", "zzz"),
            ("", ""),
        ] {
            assert_eq!(published_as(name), main, "{name}");
        }
    }

    #[test]
    fn tags_have_numbers() {
        const NEW: u32 = u32::MAX;
        for (reference, after, version) in [
            ("p:17", None, Some([17, NEW, NEW])),
            ("p:17.2-alpine", None, Some([17, 2, NEW])),
            ("p:3.8.34-management", None, Some([3, 8, 34])),
            ("p:v3.1", None, Some([3, 1, NEW])),
            ("p:3-2", None, Some([3, NEW, NEW])),
            ("p:1.2.3.4", None, Some([1, 2, 3])),
            ("p:2.0rc1", None, Some([2, 0, NEW])),
            ("p:RELEASE.2023-03-20T20-16-18Z", None, Some([2023, 3, 20])),
            ("p:pg17", Some("pg"), Some([17, NEW, NEW])),
            ("p:0.8.0-pg17-trixie", Some("pg"), Some([17, NEW, NEW])),
            ("p:latest-pg16.4", Some("pg"), Some([16, 4, NEW])),
            ("p:14-vectorchord0.3.0-pgvectors0.2.0", Some("pg"), Some([14, NEW, NEW])),
            ("p:alpine", None, Some([NEW; 3])),
            ("p", None, Some([NEW; 3])),
            ("p:99999999999", None, Some([NEW; 3])),
            ("p:$V", None, None),
            ("p@sha256:abc", None, None),
        ] {
            let image = Image::parse(reference).expect("a reference");
            assert_eq!(image.version(after), version, "{reference}");
        }
    }

    #[test]
    fn people_are_shown_the_beginning_of_a_digest() {
        let digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        let long = "registry.example.com/a/quite/long/name/of/an/image/that/nobody/reads:1.2.3";
        for (reference, expected) in [
            ("postgres:17".to_owned(), "postgres:17".to_owned()),
            (format!("postgres:17@sha256:{digest}"), "postgres:17@sha256:0123456789ab…".to_owned()),
            (format!("postgres@sha512:{digest}{digest}"), "postgres@sha512:0123456789ab…".to_owned()),
            ("node@sha256:abc".to_owned(), "node@sha256:abc".to_owned()),
            ("node@sha256:${DIGEST}".to_owned(), "node@sha256:${DIGEST}".to_owned()),
            (long.to_owned(), format!("{}…", &long[..60])),
            (format!("{long}@sha256:{digest}"), format!("{}…@sha256:0123456789ab…", &long[..60])),
        ] {
            assert_eq!(shown_reference(&reference), expected, "{reference}");
        }
    }
}
