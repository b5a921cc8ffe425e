//! Image references: which repository a service runs.

use super::interpolate::has_variable;

/// Prefixes under which the same official images are served.
const OFFICIAL: [&str; 6] = [
    "docker.io/library/",
    "index.docker.io/library/",
    "registry-1.docker.io/library/",
    "public.ecr.aws/docker/library/",
    "mirror.gcr.io/library/",
    "library/",
];

/// The repository that `reference` names, without tag and digest: `node`, `grafana/grafana`, `ghcr.io/owner/name`. Official images lose
/// their prefix. `None` when a variable decides; a variable in the tag does not matter.
pub fn repository(reference: &str) -> Option<&str> {
    let name = reference.split('@').next().unwrap_or(reference);
    let last = name.rfind('/').map_or(0, |i| i + 1);
    // The first `:` behind the last `/`, or the start of a variable before it.
    let end = name[last..].find(':').map_or(name.len(), |i| last + i);
    let name = &name[..end];
    if name.is_empty() || has_variable(name) {
        return None;
    }
    let official = OFFICIAL.iter().find_map(|prefix| name.strip_prefix(prefix));
    Some(official.or_else(|| name.strip_prefix("docker.io/")).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_their_repository() {
        for (reference, expected) in [
            ("node", Some("node")),
            ("node:22-alpine", Some("node")),
            ("node:22@sha256:abc", Some("node")),
            ("docker.io/library/node:22", Some("node")),
            ("docker.io/grafana/grafana", Some("grafana/grafana")),
            ("localhost:5000/node:22", Some("localhost:5000/node")),
            ("bitnami/node", Some("bitnami/node")),
            ("node:${TAG:-22}", Some("node")),
            ("${IMAGE:-node:22}", None),
            ("${REGISTRY}/node:22", None),
            ("", None),
        ] {
            assert_eq!(repository(reference), expected, "{reference}");
        }
    }
}
