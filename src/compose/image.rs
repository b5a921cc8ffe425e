//! Image references: which repository a service runs, and which tag of it.

use super::interpolate::has_variable;

/// Names of Docker Hub, and of mirrors that serve its repositories under their own names.
const HUB: [&str; 6] =
    ["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "mirror.gcr.io", "public.ecr.aws/docker"];

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

    /// The leading number of the tag (`17` of `17.2-alpine`, also of `v17`). A tag without one, such as `latest` or `bookworm`, is the
    /// newest image: `u32::MAX`. `None` when the tag is unknown.
    pub fn major(self) -> Option<u32> {
        match self.tag {
            Tag::Newest => Some(u32::MAX),
            Tag::Unknown => None,
            Tag::Named(tag) => {
                let tag = tag.strip_prefix('v').unwrap_or(tag);
                let digits = tag.find(|c: char| !c.is_ascii_digit()).map_or(tag, |end| &tag[..end]);
                Some(digits.parse().unwrap_or(u32::MAX))
            }
        }
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
    fn tags_have_a_number() {
        for (reference, major) in [
            ("p:17", Some(17)),
            ("p:17.2-alpine", Some(17)),
            ("p:v3.1", Some(3)),
            ("p:alpine", Some(u32::MAX)),
            ("p", Some(u32::MAX)),
            ("p:99999999999", Some(u32::MAX)),
            ("p:$V", None),
            ("p@sha256:abc", None),
        ] {
            let image = Image::parse(reference).expect("a reference");
            assert_eq!(image.major(), major, "{reference}");
        }
    }
}
