//! Sockets of container engines.

/// Their names: who can speak to one owns the host. Read-only does not help: that is about the file.
const ENGINE_SOCKETS: [&str; 4] = ["docker.sock", "podman.sock", "containerd.sock", "crio.sock"];

/// Whether a path is where an engine listens.
pub fn is_engine_socket(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| ENGINE_SOCKETS.contains(&name))
}
