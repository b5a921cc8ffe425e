//! A change as options of `docker run`, for those who have no Compose file.

use crate::audit::{Fix, What};
use crate::text::shell_word;

/// The command that starts an image with the change.
pub fn docker_run(fix: &Fix, image: &str) -> String {
    let option = |what: &What| match what {
        What::ReadOnly => Some("--read-only".to_owned()),
        What::Tmpfs(item) => Some(format!("--tmpfs {}", shell_word(&item.as_meant()))),
        What::Volume { name, target } => Some(format!("--volume {}", shell_word(&format!("{name}:{target}")))),
        What::User(user) => Some(format!("--user {}", shell_word(user))),
        _ => None,
    };
    let options: Vec<String> = fix.changes.iter().filter_map(|change| option(&change.what)).collect();
    format!("docker run {} {}", options.join(" "), shell_word(image))
}
