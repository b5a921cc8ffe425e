//! What all requests of one run share: the time, how fast changes may follow each other, and the connections.

use crate::edge::stop;
use crate::error::Result;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use ureq::tls::{RootCerts, TlsConfig};

/// Least time between two changes, as GitHub asks for.
pub const PACE: Duration = Duration::from_secs(1);
/// Time between two questions whether to go on.
const BEAT: Duration = Duration::from_millis(100);
/// Most changes that people are told of, and the time that they count in (GitHub: "Rate limits for the REST API", secondary limits).
const MOST_NEWS: [(usize, Duration); 2] = [(80, Duration::from_mins(1)), (500, Duration::from_hours(1))];

/// Time, and the patience to let it pass.
pub trait Clock {
    /// Time since 1970.
    fn now(&self) -> Duration;
    /// Returns after this time, having said why; an error, as by Ctrl-C, ends the work.
    fn wait(&self, time: Duration, why: &str) -> Result<()>;
    /// Asked before every request: an error, as by Ctrl-C, ends the work.
    fn go_on(&self) -> Result<()> {
        Ok(())
    }
}

/// The system's clock; the function hears how long is waited and why.
pub struct SystemClock<F: Fn(Duration, &str)>(pub F);

impl<F: Fn(Duration, &str)> Clock for SystemClock<F> {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn wait(&self, time: Duration, why: &str) -> Result<()> {
        (self.0)(time, why);
        let since = Instant::now();
        loop {
            stop::go_on()?;
            match time.checked_sub(since.elapsed()) {
                Some(left) if !left.is_zero() => std::thread::sleep(left.min(BEAT)),
                _ => return Ok(()),
            }
        }
    }

    fn go_on(&self) -> Result<()> {
        stop::go_on()
    }
}

/// One run's way to talk to forges, through any number of clients.
pub struct Session {
    clock: Box<dyn Clock>,
    /// How long limits may hold up the work, all together.
    patience: Duration,
    /// Least time between two changes.
    pace: Duration,
    /// How many runs with the same token go on side by side: each takes its share of what is allowed to all.
    share: u32,
    waited: Cell<Duration>,
    last_change: Cell<Option<Duration>>,
    /// When people were told of something, within the longest time that counts.
    news: RefCell<VecDeque<Duration>>,
    remote: OnceCell<ureq::Agent>,
    local: OnceCell<ureq::Agent>,
}

impl Session {
    /// `patience` is how long rate limits may hold up the work, all together; `pace` the least time between two
    /// changes, see [`PACE`]; with none, changes that people are told of are not spread either. `share` is how many such runs, at least
    /// one, go on side by side with the same token.
    pub fn new(clock: Box<dyn Clock>, patience: Duration, pace: Duration, share: u32) -> Self {
        let share = share.max(1);
        Self {
            clock,
            patience,
            pace: pace.saturating_mul(share),
            share,
            waited: Cell::default(),
            last_change: Cell::default(),
            news: RefCell::default(),
            remote: OnceCell::new(),
            local: OnceCell::new(),
        }
    }

    /// Time since 1970.
    pub fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Errors: the work is to end, as by Ctrl-C.
    pub(super) fn go_on(&self) -> Result<()> {
        self.clock.go_on()
    }

    /// Whether there is patience for this long.
    pub(super) fn can_wait(&self, time: Duration) -> bool {
        self.waited.get().saturating_add(time) <= self.patience
    }

    /// Waits at the cost of patience.
    pub(super) fn wait(&self, time: Duration, why: &str) -> Result<()> {
        self.waited.set(self.waited.get().saturating_add(time));
        self.clock.wait(time, why)
    }

    /// Waits until the next change may be made. `is_news` says that people are told of it, as of a branch, a pull request or a comment.
    pub(super) fn pace(&self, is_news: bool) -> Result<()> {
        if let Some(last) = self.last_change.get() {
            let passed = self.now().saturating_sub(last);
            if passed < self.pace {
                self.clock.wait(self.pace.saturating_sub(passed), "forges ask for a moment between changes")?;
            }
        }
        if is_news && !self.pace.is_zero() {
            self.spread_news()?;
        }
        self.last_change.set(Some(self.now()));
        Ok(())
    }

    /// Waits until there is room for one more change that people are told of.
    fn spread_news(&self) -> Result<()> {
        for (most, time) in MOST_NEWS {
            let most = (most / self.share as usize).max(1);
            let news = self.news.borrow();
            let since = news.len().checked_sub(most).and_then(|first| news.get(first)).map(|at| self.now().saturating_sub(*at));
            drop(news);
            if let Some(wait) = since.and_then(|since| time.checked_sub(since)) {
                let span = if time < Duration::from_hours(1) { "minute" } else { "hour" };
                self.clock.wait(wait, &format!("no more than {most} branches, pull requests and comments a {span}"))?;
            }
        }
        let now = self.now();
        let mut news = self.news.borrow_mut();
        news.push_back(now);
        while news.len() > MOST_NEWS[1].0 {
            news.pop_front();
        }
        Ok(())
    }

    /// The connections to the server of an API, on this machine or not.
    pub(super) fn agent(&self, is_local: bool) -> &ureq::Agent {
        (if is_local { &self.local } else { &self.remote }).get_or_init(|| connect(is_local))
    }
}

/// The library's part.
fn connect(is_local: bool) -> ureq::Agent {
    let tls = TlsConfig::builder()
        // The system's roots know the authority of a company's own server; built-in ones would not, and would grow old.
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_connect(Some(Duration::from_secs(15)))
        .timeout_global(Some(Duration::from_secs(90)))
        .http_status_as_error(false)
        // Whoever is moved is told so: a token is not carried on.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("rofs-harden/", env!("CARGO_PKG_VERSION")));
    let config = if is_local { config.proxy(None) } else { config };
    config.build().new_agent()
}
