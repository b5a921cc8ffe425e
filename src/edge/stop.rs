//! Ctrl-C and the like: a question that long work asks, so that it cleans up before it ends.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

/// Set by the first signal.
static STOPPED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Watches for Ctrl-C, SIGTERM and SIGHUP from now on; what is set by them is answered. The second one ends the program at once.
///
/// Errors: the system's words.
pub fn watch() -> Result<Arc<AtomicBool>, String> {
    static ARMED: OnceLock<Result<(), String>> = OnceLock::new();
    ARMED.get_or_init(arm).clone().map(|()| STOPPED.clone())
}

#[cfg(unix)]
fn arm() -> Result<(), String> {
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        let armed = signal_hook::flag::register_conditional_shutdown(signal, 130, STOPPED.clone());
        armed.and_then(|_| signal_hook::flag::register(signal, STOPPED.clone())).map_err(|e| e.to_string())?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn arm() -> Result<(), String> {
    Ok(())
}

/// Errors: [`Error::Interrupted`] after a signal, if they are watched for.
pub fn go_on() -> Result<()> {
    if STOPPED.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
}
