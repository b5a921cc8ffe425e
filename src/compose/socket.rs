//! Sockets of container engines.

/// Where engines listen, if nothing else is said: who can speak to one owns the host. Read-only does
/// not help: that is about the file.
pub const ENGINE_SOCKETS: [&str; 4] =
    ["/var/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock", "/var/run/crio/crio.sock"];

/// Whether a path has the name of a socket at which an engine listens.
pub fn is_engine_socket(path: &str) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    ENGINE_SOCKETS.iter().any(|socket| name(socket) == name(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_known_by_its_name_wherever_it_is_mounted() {
        for path in ENGINE_SOCKETS.into_iter().chain(["/run/docker.sock", "/x/crio.sock", "podman.sock"]) {
            assert!(is_engine_socket(path), "{path}");
        }
        for path in ["", "/", "/var/run", "/var/run/docker.sock/x", "/run/mydocker.sock"] {
            assert!(!is_engine_socket(path), "{path}");
        }
    }
}
