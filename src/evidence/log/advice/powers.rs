//! What is refused whatever is mounted: a capability that is missing, and a place that is full.

use super::AdviceContext;
use crate::compose::{Coverage, MountKind};
use crate::evidence::RunUser;
use crate::evidence::log::{Deed, Symptom};

/// What to do where a change of owner or mode, or another call, is refused.
pub(super) fn refused(symptom: &Symptom, context: AdviceContext<'_, '_>) -> Option<String> {
    let drops = context.service.is_some_and(|service| {
        service.list("cap_drop").iter().any(|(_, text)| matches!(text.trim_start_matches("CAP_"), "ALL" | "all" | "CHOWN" | "FOWNER"))
    });
    let text = symptom.text.to_ascii_lowercase();
    let is_mode = text.contains("chmod") || text.contains("permissions");
    let is_owner = text.contains("chown") || text.contains("chgrp") || text.contains("owner") || text.contains("changing group");
    if symptom.deed != Deed::Own && !is_mode && !is_owner {
        return drops.then(|| {
            "the file drops capabilities: `cap_add` gives back the one that the call needs (`explain spare-capabilities`)".to_owned()
        });
    }
    let (capability, what) = if is_mode && !is_owner { ("FOWNER", "mode") } else { ("CHOWN", "owner") };
    if drops {
        return Some(format!(
            "the file drops capabilities: `cap_add: [{capability}]` gives back what a change of the {what} needs; the extra `cap-drop` drops \
             only what the preset knows to be spare"
        ));
    }
    let user = context.need.map_or(&RunUser::Unknown, |need| &need.run_user);
    Some(match user {
        RunUser::Number(uid, _) if *uid != 0 => format!(
            "only root and the owner may change the {what}, and it runs as {uid}: give the folder to {uid} before (`explain volume-owner`)"
        ),
        _ => format!(
            "only root with the capability {capability}, or the owner, may change the {what}: a bind of a network share or of a rootless \
             engine refuses it as well; give the folder to the service's user on the host (`explain volume-owner`)"
        ),
    })
}

/// What to do where nothing more fits.
pub(super) fn full(path: Option<&str>, context: AdviceContext<'_, '_>) -> String {
    let disk = "free space on the disk of the engine: `docker system df` says what takes it".to_owned();
    let sizes = "a tmpfs with `size=` is full at that size, and the disk of the engine when nothing is free: give the tmpfs more, or \
                 free space (`docker system df`)";
    let (Some(path), Some(service)) = (path, context.service) else { return sizes.to_owned() };
    match service.coverage(path) {
        Coverage::Writable(mount) if mount.kind == MountKind::Tmpfs => format!(
            "the tmpfs at {} is full: give it a larger `size=`; the extra `sizes` writes only sizes that the presets suggest \
             (`explain unlimited-tmpfs`)",
            mount.shown_target()
        ),
        Coverage::Writable(mount) if mount.kind == MountKind::Bind => {
            format!("free space on the host's disk behind the mount at {}", mount.shown_target())
        }
        Coverage::Engine => format!("{path} has the size that `shm_size` gives it: 64m, where nobody says more"),
        _ => disk,
    }
}
