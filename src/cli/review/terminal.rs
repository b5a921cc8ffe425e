//! The terminal as a screen: taken over at the start, given back at the end however that comes, and
//! in between given to the shell by Ctrl-Z.

use super::keys::Key;
use crate::edge::stop;
use crate::error::{Error, Result};
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::{Frame, Terminal};
use std::io::{self, BufWriter, Stderr, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

/// How long a signal may wait for an answer.
const TICK: Duration = Duration::from_millis(50);

/// How long to look for what is there already; the library does not look in no time.
const GLANCE: Duration = Duration::from_millis(1);

/// Whether the screen is ours, for whoever gives it back.
static IS_OURS: AtomicBool = AtomicBool::new(false);

/// The screen, ours until it is dropped.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Out>>,
    /// Set by a signal that asks to stop until the shell says otherwise.
    suspended: Arc<AtomicBool>,
    /// The key behind an escape that came with it.
    waiting: Option<KeyEvent>,
}

impl Screen {
    /// Takes the screen over.
    ///
    /// Errors: the terminal cannot be one.
    pub(super) fn open() -> Result<Self> {
        give_back_at_panic();
        stop::watch().map_err(|why| Error::Usage(format!("cannot watch for Ctrl-C: {why}"), None))?;
        let suspended = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        signal_hook::flag::register(signal_hook::consts::SIGTSTP, suspended.clone()).map_err(|e| failed(&e))?;
        taken_over().map(|terminal| Self { terminal, suspended, waiting: None }).map_err(|e| {
            give_back();
            failed(&e)
        })
    }

    /// Draws what `draw` says, at the size that the terminal has now.
    ///
    /// Errors: the terminal is gone.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Result<()> {
        self.terminal.draw(draw).map(drop).map_err(|e| failed(&e))
    }

    /// Waits for a key; `None` says that there is a reason to draw anew.
    ///
    /// Errors: [`Error::Interrupted`] after a signal; the terminal is gone.
    pub(super) fn key(&mut self) -> Result<Option<Key>> {
        if let Some(key) = self.waiting.take() {
            return Ok(Some(read(key)));
        }
        loop {
            stop::go_on()?;
            if self.suspended.swap(false, Ordering::Relaxed) {
                self.suspend()?;
                return Ok(None);
            }
            // Of keys that came together, all but the first are with the library already.
            if !event::poll(GLANCE).map_err(|e| failed(&e))? {
                wait_for_input()?;
                continue;
            }
            match event::read().map_err(|e| failed(&e))? {
                // Who is quick presses the next key before the escape was read; together they look like one with Alt, which means nothing here.
                Event::Key(key) if key.kind != KeyEventKind::Release && is_behind_escape(key) => {
                    self.waiting = Some(KeyEvent { modifiers: KeyModifiers::NONE, ..key });
                    return Ok(Some(Key::Escape));
                }
                Event::Key(key) if key.kind != KeyEventKind::Release => match read(key) {
                    Key::Ctrl('z') => ask_to_suspend(),
                    key => return Ok(Some(key)),
                },
                Event::Resize(..) => return Ok(None),
                _ => {}
            }
        }
    }

    /// Gives the terminal to the shell until it continues this program.
    fn suspend(&mut self) -> Result<()> {
        give_back();
        #[cfg(unix)]
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP).map_err(|e| failed(&e))?;
        // A new one draws all of it.
        self.terminal = taken_over().map_err(|e| failed(&e))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Standard error for as long as the screen is ours. After that, or where the terminal is gone, the
/// library's last words reach nobody.
struct Out(BufWriter<Stderr>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if IS_OURS.load(Ordering::Relaxed) { self.0.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if IS_OURS.load(Ordering::Relaxed) { self.0.flush() } else { Ok(()) }
    }
}

fn taken_over() -> io::Result<Terminal<CrosstermBackend<Out>>> {
    enable_raw_mode()?;
    IS_OURS.store(true, Ordering::Relaxed);
    execute!(io::stderr(), EnterAlternateScreen)?;
    Terminal::new(CrosstermBackend::new(Out(BufWriter::new(io::stderr()))))
}

fn give_back() {
    if IS_OURS.swap(false, Ordering::Relaxed) {
        // A terminal that is gone needs nothing.
        let _ = execute!(io::stderr(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// What a panic says is seen on the screen that was there before.
fn give_back_at_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            give_back();
            before(about);
        }));
    });
}

/// Waits until there may be something to read, or a signal came.
///
/// Errors: the terminal is gone. The reader of keys would look for one there for ever.
#[cfg(unix)]
fn wait_for_input() -> Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdin = io::stdin();
    let mut waiting = [PollFd::new(&stdin, PollFlags::IN)];
    let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(TICK.subsec_nanos()) };
    match poll(&mut waiting, Some(&tick)) {
        Err(rustix::io::Errno::INTR) | Ok(0) => Ok(()),
        Err(error) => Err(failed(&error.into())),
        Ok(_) if waiting[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) => {
            Err(failed(&io::Error::other("it is gone")))
        }
        Ok(_) => Ok(()),
    }
}

#[cfg(not(unix))]
fn wait_for_input() -> Result<()> {
    event::poll(TICK).map(drop).map_err(|e| failed(&e))
}

/// Stops the whole job, as the terminal would. Where no shell waits for it, nobody could continue it.
#[cfg(unix)]
fn ask_to_suspend() {
    use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
    if getsid(None).is_ok_and(|session| session != getpgrp()) {
        // The answer is the same signal, which is watched for.
        let _ = kill_current_process_group(Signal::TSTP);
    }
}

#[cfg(not(unix))]
fn ask_to_suspend() {}

fn is_behind_escape(key: KeyEvent) -> bool {
    matches!(key.code, KeyCode::Char(_)) && key.modifiers.contains(KeyModifiers::ALT) && !key.modifiers.contains(KeyModifiers::CONTROL)
}

fn read(key: KeyEvent) -> Key {
    match key.code {
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::CONTROL) => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        _ => Key::Other,
    }
}

fn failed(error: &io::Error) -> Error {
    let hint = "--plain asks line by line; leave out -i to see the diff".to_owned();
    Error::Usage(format!("cannot use this terminal: {error}"), Some(hint))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use std::io::Read;

    /// Says that the test is the program at the terminal.
    const INSIDE: &str = "ROFS_TEST_INSIDE";
    /// The bit of a terminal's local flags that means line editing, on Linux.
    const ICANON: u32 = 0o2;

    #[test]
    fn a_panic_gives_the_screen_back() {
        if std::env::var_os(INSIDE).is_some() {
            let _screen = Screen::open().expect("a terminal");
            panic!("out of the blue");
        }
        let pair = native_pty_system().openpty(PtySize::default()).expect("a terminal");
        let mut command = CommandBuilder::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "cli::review::terminal::tests::a_panic_gives_the_screen_back", "--nocapture"]);
        command.env(INSIDE, "1");
        let mut child = pair.slave.spawn_command(command).expect("a child");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("its output");
        let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(read @ 1..) = reader.read(&mut buffer) {
            seen.extend(&buffer[..read]);
        }
        child.wait().expect("its end");
        let seen = String::from_utf8_lossy(&seen);
        let at = |text| seen.find(text).unwrap_or_else(|| panic!("no {text:?} in {seen:?}"));
        assert!(at("\x1b[?1049h") < at("\x1b[?1049l") && at("\x1b[?1049l") < at("out of the blue"), "{seen:?}");
        let flags = pair.master.get_termios().expect("its settings").local_flags.bits();
        assert!(flags & ICANON != 0, "line editing is on again");
    }
}
