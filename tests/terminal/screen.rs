//! A pseudo-terminal with the program in it, and what its screen shows.

use crate::support::{ENVIRONMENT, Folder, PROGRAM};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(super) const CTRL_C: &str = "\x03";
pub(super) const ENTER: &str = "\r";
pub(super) const ESCAPE: &str = "\x1b";

/// How long anything may take before the test gives up. Nothing waits this long unless it fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing comes from a program that has drawn all.
const QUIET: Duration = Duration::from_millis(200);
/// The bit of a terminal's local flags that means line editing, on Linux.
const ICANON: u32 = 0o2;
/// Rows of every screen: enough that nothing scrolls away.
const ROWS: u16 = 150;

pub(super) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    /// Dropping it, with all that was made of it, hangs up.
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    reader: JoinHandle<()>,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    /// Whether to look no further.
    stop: bool,
}

/// How a program at a terminal ended.
pub(super) struct Ended {
    pub(super) screen: vt100::Screen,
    /// All that the program wrote.
    pub(super) bytes: Vec<u8>,
}

impl Terminal {
    /// Starts the program in a folder, at a terminal of so many columns.
    pub(super) fn start(folder: &Folder, columns: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_sized(folder, (ROWS, columns), arguments, environment)
    }

    /// The same at a terminal of so many rows and columns.
    pub(super) fn start_sized(folder: &Folder, size: (u16, u16), arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(arguments);
        Self::start_command_sized(folder, size, command, environment)
    }

    pub(super) fn start_command(folder: &Folder, columns: u16, command: CommandBuilder, environment: &[(&str, &str)]) -> Self {
        Self::start_command_sized(folder, (ROWS, columns), command, environment)
    }

    fn start_command_sized(
        folder: &Folder,
        (rows, columns): (u16, u16),
        mut command: CommandBuilder,
        environment: &[(&str, &str)],
    ) -> Self {
        command.cwd(folder.path());
        command.env_clear();
        for (name, value) in ENVIRONMENT.iter().chain(environment) {
            command.env(name, value);
        }
        let pair = native_pty_system().openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let size = |n| NonZeroU16::new(n).unwrap();
        let seen = Arc::new(Mutex::new(Seen { parser: vt100::Parser::new(size(rows), size(columns), 0), bytes: Vec::new(), stop: false }));
        let mut output = pair.master.try_clone_reader().unwrap();
        let reader = thread::spawn({
            let seen = Arc::clone(&seen);
            move || {
                let mut buffer = [0; 4096];
                // The read fails when the other end is closed.
                while let Ok(read @ 1..) = output.read(&mut buffer) {
                    let mut seen = seen.lock().unwrap();
                    seen.parser.process(&buffer[..read]);
                    seen.bytes.extend(&buffer[..read]);
                    if seen.stop {
                        break;
                    }
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, master: pair.master, keys, reader, seen }
    }

    pub(super) fn screen_now(&self) -> String {
        self.seen.lock().unwrap().parser.screen().contents()
    }

    /// Waits until the screen shows a text so many times.
    #[track_caller]
    pub(super) fn shows_times(&mut self, text: &str, times: usize) -> &mut Self {
        let start = Instant::now();
        while self.screen_now().matches(text).count() < times {
            assert!(start.elapsed() < PATIENCE, "no {text:?} on the screen:\n{}", self.screen_now());
            thread::sleep(Duration::from_millis(2));
        }
        self
    }

    /// Waits until the screen shows a text.
    #[track_caller]
    pub(super) fn shows(&mut self, text: &str) -> &mut Self {
        self.shows_times(text, 1)
    }

    /// Presses keys once the program listens for them: it does so key by key, with line editing off. A key that comes earlier is kept
    /// for it, but echoed, and Ctrl-C then is a signal.
    #[track_caller]
    pub(super) fn press(&mut self, keys: &str) {
        let start = Instant::now();
        while self.master.get_termios().unwrap().local_flags.bits() & ICANON != 0 {
            assert!(start.elapsed() < PATIENCE, "it does not listen:\n{}", self.screen_now());
            thread::sleep(Duration::from_millis(1));
        }
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).unwrap();
    }

    /// Types keys while the program does not listen, so that the terminal itself acts on them.
    pub(super) fn signals(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).unwrap();
    }

    /// Waits for each text and then presses the keys that go with it.
    #[track_caller]
    pub(super) fn dialogue(&mut self, steps: &[(&str, &str)]) {
        for (text, keys) in steps {
            self.shows(text).press(keys);
        }
    }

    /// Makes the window larger or smaller, as a person does with the mouse.
    pub(super) fn resize(&mut self, rows: u16, columns: u16) {
        let size = |n| NonZeroU16::new(n).unwrap();
        self.seen.lock().unwrap().parser.screen_mut().set_size(size(rows), size(columns));
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Sends a signal to the program.
    pub(super) fn kill(&mut self, signal: Signal) {
        let number = self.child.process_id().and_then(|id| Pid::from_raw(id.try_into().unwrap())).unwrap();
        rustix::process::kill_process(number, signal).unwrap();
    }

    /// Whether the program has the whole screen to itself.
    pub(super) fn is_taken(&self) -> bool {
        self.seen.lock().unwrap().parser.screen().alternate_screen()
    }

    /// What the screen looks like once nothing more comes: what is drawn may come in parts.
    pub(super) fn look(&self) -> vt100::Screen {
        let bytes = || self.seen.lock().unwrap().bytes.len();
        let mut before = bytes();
        loop {
            thread::sleep(QUIET);
            match bytes() {
                now if now == before => return self.seen.lock().unwrap().parser.screen().clone(),
                now => before = now,
            }
        }
    }

    /// Closes the terminal under the program. Gives back the program.
    pub(super) fn hang_up(self) -> Box<dyn Child + Send + Sync> {
        self.seen.lock().unwrap().stop = true;
        // The reader sleeps until there is something to read.
        let name = self.master.tty_name().unwrap();
        std::fs::OpenOptions::new().write(true).open(name).and_then(|mut slave| slave.write_all(b".")).unwrap();
        self.reader.join().unwrap();
        self.child
    }

    /// Waits for the end of the program and gives its exit status.
    #[track_caller]
    fn wait(&mut self) -> u32 {
        wait(&mut *self.child).unwrap_or_else(|| panic!("it does not end:\n{}", self.screen_now()))
    }

    /// Waits for the end of the program and expects an exit status.
    #[track_caller]
    pub(super) fn ends(mut self, code: u32) -> Ended {
        let ended = self.wait();
        // With the program gone the reader comes to the end of its output.
        self.reader.join().unwrap();
        let seen = self.seen.lock().unwrap();
        let screen = seen.parser.screen().clone();
        assert_eq!(ended, code, "{}", screen.contents());
        assert!(!screen.hide_cursor(), "the cursor is not visible again");
        assert!(!screen.alternate_screen(), "the screen is not given back");
        let flags = self.master.get_termios().unwrap().local_flags.bits();
        assert!(flags & ICANON != 0, "the terminal is left without line editing");
        Ended { screen, bytes: seen.bytes.clone() }
    }
}

/// The exit status of a program that ends; one that does not is killed.
pub(super) fn wait(child: &mut (dyn Child + Send + Sync)) -> Option<u32> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.exit_code());
        }
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    None
}

impl Ended {
    /// The lines of the screen that are not empty.
    pub(super) fn lines(&self) -> Vec<String> {
        self.screen.contents().lines().filter(|l| !l.trim().is_empty()).map(str::to_owned).collect()
    }

    /// Expects a line on the screen, but for blanks around it.
    #[track_caller]
    pub(super) fn says(&self, line: &str) {
        assert!(self.lines().iter().any(|l| l.trim() == line), "no {line:?} in\n{}", self.screen.contents());
    }

    /// The characters of the row with `text` in it for which `attribute` holds, with `_` for the others.
    #[track_caller]
    pub(super) fn marked(&self, text: &str, attribute: fn(&vt100::Cell) -> bool) -> String {
        let (rows, columns) = self.screen.size();
        let (rows, columns) = (rows.get(), columns.get());
        let row = (0..rows).find(|r| self.screen.contents_between(*r, 0, *r, columns).contains(text));
        let row = row.unwrap_or_else(|| panic!("no {text:?} in\n{}", self.screen.contents()));
        let cell = |column| self.screen.cell(row, column).unwrap();
        let marked = (0..columns).map(|c| if attribute(cell(c)) { cell(c).contents().to_owned() } else { "_".to_owned() });
        marked.collect::<String>().trim_end_matches('_').to_owned()
    }
}
