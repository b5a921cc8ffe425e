//! Ctrl-C and the like: a question that long work asks, so that it cleans up before it ends.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

/// Set by the first signal.
static STOPPED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// What ends the program at the second signal, until [`hold`] takes it away.
#[cfg(unix)]
static ENDINGS: Mutex<Vec<signal_hook::SigId>> = Mutex::new(Vec::new());

/// Watches for Ctrl-C, SIGTERM and SIGHUP from now on; what is set by them is answered. The second
/// one ends the program at once.
///
/// Errors: the system's words.
pub fn watch() -> Result<Arc<AtomicBool>, String> {
    static ARMED: OnceLock<Result<(), String>> = OnceLock::new();
    ARMED.get_or_init(arm).clone().map(|()| STOPPED.clone())
}

/// Watches as well, and from now on no second signal ends the program: it is about to write files,
/// asks between them whether to go on, and must not be ended in between.
///
/// Errors: [`Error::Impossible`] when signals cannot be watched.
pub fn hold() -> Result<()> {
    watch().map_err(|why| Error::Impossible(format!("cannot watch for Ctrl-C: {why}"), None))?;
    #[cfg(unix)]
    for ending in ENDINGS.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        signal_hook::low_level::unregister(ending);
    }
    Ok(())
}

#[cfg(unix)]
fn arm() -> Result<(), String> {
    let mut endings = ENDINGS.lock().unwrap_or_else(PoisonError::into_inner);
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        let ending = signal_hook::flag::register_conditional_shutdown(signal, 130, STOPPED.clone());
        endings.push(ending.map_err(|e| e.to_string())?);
        signal_hook::flag::register(signal, STOPPED.clone()).map_err(|e| e.to_string())?;
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
