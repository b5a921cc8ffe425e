//! Requests to a forge: the token, patience with limits and bad lines, pages.

use super::Session;
use super::fault::{Asked, explain};
use crate::edge::address::Server;
use crate::error::{Error, Fault, ForgeError, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;
use ureq::http::Request;

/// Most bytes of an answer that are read.
const MAX_BODY: u64 = 32 << 20;
/// Most pages of a list that are read.
const MAX_PAGES: usize = 50;
/// How often a request is sent that is the same whether it arrives once or more often.
const TRIES: u32 = 4;
/// Longest time that a limit is taken to last, whatever a forge says.
const LONGEST_LIMIT: Duration = Duration::from_hours(365 * 24);
/// How long is waited for a limit that does not say when it ends; doubled each time.
const UNSAID_LIMIT: Duration = Duration::from_mins(1);

/// A secret that is shown to the forge only.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A token without the blanks around it; `None` if nothing is left or it cannot be sent in a header.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    /// The secret, for a header.
    pub(in crate::edge) fn secret(&self) -> &str {
        &self.0
    }

    /// A text without the secret.
    pub fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "[token]")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("[token]")
    }
}

/// What one forge does in its own way.
pub(super) struct Dialect {
    /// The forge's name.
    pub(super) name: &'static str,
    /// Headers of every request.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The header with the token: its name and what stands before the secret.
    pub(super) credentials: (&'static str, &'static str),
}

/// A way to talk to a forge.
pub(super) struct Client {
    dialect: &'static Dialect,
    /// Address of its API, without a slash at the end.
    api: String,
    /// Its server, which alone gets the token.
    server: Server,
    repository: String,
    token: Option<Token>,
    session: Rc<Session>,
    /// Answers that the forge can confirm instead of sending them again.
    known: RefCell<HashMap<String, Answer>>,
}

/// A request.
pub(super) struct Call<'a> {
    pub(super) method: &'static str,
    /// Path below the API's address with its query, or a full address at the same server.
    pub(super) path: &'a str,
    pub(super) body: Option<Value>,
    /// What it is for: goes after "will not" and "cannot".
    pub(super) doing: &'a str,
    /// Whether sending it twice is the same as sending it once.
    pub(super) repeatable: bool,
}

/// How often a request was sent in vain.
#[derive(Default)]
pub(super) struct Tries {
    /// Because of a limit.
    limits: u32,
    /// Because nobody answered, or the server had a problem.
    silences: u32,
}

/// Why there is no answer.
enum Trouble {
    /// Nobody answers.
    Silent(String),
    /// Something else is in the way, which a further try would meet again.
    Unexpected(String),
}

/// An answer.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: ureq::http::HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The address of the next page.
    fn next(&self) -> Option<String> {
        let links = self.header("link")?;
        let next = links.split(',').find(|link| link.split(';').skip(1).any(|p| p.trim() == "rel=\"next\""))?;
        Some(next.split_once('<')?.1.split_once('>')?.0.to_owned())
    }
}

impl Client {
    /// A client for a repository; nothing is sent yet.
    ///
    /// Errors: a token would go over the network in the clear; the address cannot be read without doubt.
    pub(super) fn new(dialect: &'static Dialect, api: &str, repository: &str, token: Option<Token>, session: &Rc<Session>) -> Result<Self> {
        let api = api.trim_end_matches('/').to_owned();
        let refuse = |what: &str| {
            let hint = "use an address such as https://HOST/PATH, as the token is sent to it";
            Err(Error::Impossible(format!("the address of the API of {} {what}", dialect.name), Some(hint.into())))
        };
        let Some(server) = Server::of(&api) else { return refuse("is none, or has a name or password in front of the host") };
        if !server.is_private() {
            return refuse(&format!("is not encrypted: {api}"));
        }
        Ok(Self { dialect, api, server, repository: repository.to_owned(), token, session: Rc::clone(session), known: RefCell::default() })
    }

    /// Reads.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str, doing: &str) -> Result<T> {
        let call = Call { method: "GET", path, body: None, doing, repeatable: true };
        self.parse(&self.send(&call)?, doing)
    }

    /// Reads all pages of a list.
    pub(super) fn list<T: DeserializeOwned>(&self, path: &str, doing: &str) -> Result<Vec<T>> {
        let (found, is_cut) = self.pages(path, doing, MAX_PAGES)?;
        if is_cut { Err(self.unexpected(doing, &format!("its list has more than {MAX_PAGES} pages"))) } else { Ok(found) }
    }

    /// Reads the pages of a list up to a number of them, and says whether there are more.
    pub(super) fn pages<T: DeserializeOwned>(&self, path: &str, doing: &str, most: usize) -> Result<(Vec<T>, bool)> {
        let mut found = Vec::new();
        let mut path = path.to_owned();
        for _ in 0..most {
            let answer = self.send(&Call { method: "GET", path: &path, body: None, doing, repeatable: true })?;
            found.extend(self.parse::<Vec<T>>(&answer, doing)?);
            match answer.next() {
                Some(next) => path = next,
                None => return Ok((found, false)),
            }
        }
        Ok((found, true))
    }

    /// Changes something, and reads what the forge says about it.
    pub(super) fn change<T: DeserializeOwned>(&self, call: &Call) -> Result<T> {
        self.parse(&self.send(call)?, call.doing)
    }

    /// Sends a request that must not be repeated blindly. When it is not known whether it had its effect, `left` looks for that; if
    /// nothing is there, it is sent a second time.
    pub(super) fn change_once<Raw, T>(&self, call: &Call, left: impl Fn() -> Result<Option<T>>) -> Result<T>
    where
        Raw: DeserializeOwned,
        T: From<Raw>,
    {
        let first = match self.change::<Raw>(call) {
            Err(Error::Forge(e)) if e.fault.is_unsaid() => e,
            done => return done.map(T::from),
        };
        // What was written may take a moment to be seen.
        for pause in [1, 2, 4] {
            self.wait(Duration::from_secs(pause), "looking for what an interrupted request has done")?;
            if let Some(found) = left()? {
                return Ok(found);
            }
        }
        match self.change::<Raw>(call) {
            // Now it is there after all.
            Err(Error::Forge(e)) if e.fault == Fault::Exists => left()?.ok_or(Error::Forge(e)),
            Err(Error::Forge(e)) if e.fault.is_unsaid() => left()?.ok_or(Error::Forge(first)),
            done => done.map(T::from),
        }
    }

    /// Sends a request and returns a good answer, after as many tries as are right.
    pub(super) fn send(&self, call: &Call) -> Result<Answer> {
        let mut tries = Tries::default();
        loop {
            if call.method != "GET" {
                self.pace(!call.repeatable)?;
            }
            if let Some(answer) = self.attempt(call, &mut tries)? {
                return Ok(answer);
            }
        }
    }

    /// Waits until the next change may be sent, see [`Session::pace`].
    pub(super) fn pace(&self, is_news: bool) -> Result<()> {
        self.session.pace(is_news)
    }

    /// Sends a request once, at once. `None`: it may be sent again, and what had to be waited for that is over. Who must not send it again
    /// without having looked at something looks then.
    pub(super) fn attempt(&self, call: &Call, tries: &mut Tries) -> Result<Option<Answer>> {
        self.session.go_on()?;
        let (error, is_silence) = match self.send_once(call) {
            Ok(answer) if answer.status < 300 => return Ok(Some(answer)),
            Ok(answer) => {
                if let Some(wait) = self.limit(&answer, tries.limits) {
                    // Longer each time, should the forge keep saying that now is the time.
                    let wait = wait.max(Duration::from_secs(1 << tries.limits.min(10)));
                    tries.limits += 1;
                    self.sit_out(wait, call, &answer)?;
                    return Ok(None);
                }
                let mut error = explain(&self.asked(call.doing), &answer);
                error.what = self.redact(&error.what);
                error.remedy = self.redact(&error.remedy);
                (error.into(), answer.status >= 500)
            }
            Err(Trouble::Silent(why)) => (self.unavailable(call.doing, &why), true),
            Err(Trouble::Unexpected(why)) => (self.unexpected(call.doing, &why), false),
        };
        if is_silence && call.repeatable && tries.silences + 1 < TRIES {
            self.wait(Duration::from_secs(1 << tries.silences), &format!("{} did not answer well", self.dialect.name))?;
            tries.silences += 1;
            return Ok(None);
        }
        Err(error)
    }

    /// Sends a request and returns the answer, whatever it is.
    fn send_once(&self, call: &Call) -> Result<Answer, Trouble> {
        let uri = self.address(call.path).map_err(Trouble::Unexpected)?;
        let mut request = Request::builder().method(call.method).uri(&uri);
        for (name, value) in self.dialect.headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            let (name, before) = self.dialect.credentials;
            request = request.header(name, format!("{before}{}", token.secret()));
        }
        let known = (call.method == "GET").then(|| self.known.borrow().get(&uri).cloned()).flatten();
        if let Some(tag) = known.as_ref().and_then(|k| k.header("etag")) {
            request = request.header("if-none-match", tag);
        }
        let agent = self.session.agent(self.server.is_loopback());
        let reply = match &call.body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()).map(|r| agent.run(r)),
            None => request.body(()).map(|r| agent.run(r)),
        };
        let mut reply = reply.map_err(|e| Trouble::Unexpected(e.to_string()))?.map_err(|e| Trouble::Silent(e.to_string()))?;
        let body = reply.body_mut().with_config().limit(MAX_BODY).read_to_vec().map_err(|e| match e {
            ureq::Error::BodyExceedsLimit(_) => Trouble::Unexpected(format!("its answer has more than {} MiB", MAX_BODY >> 20)),
            other => Trouble::Silent(other.to_string()),
        })?;
        let answer = Answer { status: reply.status().as_u16(), headers: reply.headers().clone(), body };
        if let (304, Some(known)) = (answer.status, known) {
            return Ok(known);
        }
        if call.method == "GET" && answer.status == 200 && answer.header("etag").is_some() {
            self.known.borrow_mut().insert(uri, answer.clone());
        }
        Ok(answer)
    }

    /// A path's full address. Never one of another server, which would get the token.
    fn address(&self, path: &str) -> Result<String, String> {
        if path.starts_with('/') {
            return Ok(format!("{}{path}", self.api));
        }
        match Server::of(path) {
            Some(server) if server == self.server => Ok(path.to_owned()),
            Some(server) => Err(format!("it refers to another server, {server}")),
            None => Err("it refers to what is no address".to_owned()),
        }
    }

    /// How long an answer asks to wait before the same request.
    fn limit(&self, answer: &Answer, before: u32) -> Option<Duration> {
        if ![403, 429].contains(&answer.status) {
            return None;
        }
        let number = |name| answer.header(name)?.trim().parse::<u64>().ok();
        if let Some(seconds) = number("retry-after") {
            return Some(Duration::from_secs(seconds).min(LONGEST_LIMIT));
        }
        let reset = number("x-ratelimit-reset").or_else(|| number("ratelimit-reset"));
        let is_used_up = [number("x-ratelimit-remaining"), number("ratelimit-remaining")].contains(&Some(0));
        if let (true, Some(reset)) = (is_used_up, reset) {
            // One more second, as the two clocks need not agree.
            return Some(Duration::from_secs(reset.saturating_add(1)).saturating_sub(self.session.now()).min(LONGEST_LIMIT));
        }
        let says_so = || String::from_utf8_lossy(&answer.body).to_ascii_lowercase().contains("rate limit");
        (answer.status == 429 || says_so()).then(|| UNSAID_LIMIT * 2u32.saturating_pow(before.min(6)))
    }

    /// Waits for a limit to end, if that is soon enough.
    fn sit_out(&self, wait: Duration, call: &Call, answer: &Answer) -> Result<()> {
        let name = self.dialect.name;
        let at = self.session.now().saturating_add(wait).as_secs();
        if !self.session.can_wait(wait) {
            return Err(ForgeError {
                fault: Fault::Busy,
                what: format!(
                    "{}: cannot {}: {name} takes no more requests from this token for {}",
                    self.repository,
                    call.doing,
                    spoken(wait)
                ),
                remedy: format!("run the command again after {}; what is done is found again and not repeated", time_of_day(at)),
                status: Some(answer.status),
                retry_at: Some(at),
            }
            .into());
        }
        self.wait(wait, &format!("{name} takes no more requests until {}", time_of_day(at)))
    }

    /// Waits at the cost of patience.
    pub(super) fn wait(&self, time: Duration, why: &str) -> Result<()> {
        self.session.wait(time, why)
    }

    /// What an answer says.
    fn parse<T: DeserializeOwned>(&self, answer: &Answer, doing: &str) -> Result<T> {
        let body: &[u8] = if answer.body.is_empty() { b"null" } else { &answer.body };
        serde_json::from_slice(body).map_err(|e| self.unexpected(doing, &format!("its answer is not what its API promises: {e}")))
    }

    fn asked<'a>(&'a self, doing: &'a str) -> Asked<'a> {
        Asked { forge: self.dialect.name, doing, repository: &self.repository, has_token: self.token.is_some() }
    }

    /// The failure of being answered in a way that cannot be gone on with.
    fn unexpected(&self, doing: &str, why: &str) -> Error {
        let (name, api) = (self.dialect.name, &self.api);
        let remedy = "check that this is the address of the forge's API; if it is, please report this with the forge's version";
        self.fault(Fault::Unexpected, &format!("cannot {doing}: {name} at {api} gave an unexpected answer: {why}"), remedy)
    }

    /// The failure of not being answered.
    fn unavailable(&self, doing: &str, why: &str) -> Error {
        let (name, api) = (self.dialect.name, &self.api);
        let remedy = if why.contains("certificate") {
            "check the address; if the server's authority is your company's, add its certificate to the system's or name its file in SSL_CERT_FILE"
        } else {
            "check the address and the network, and run the command again; what is done is found again and not repeated \
             (`pr --patch FOLDER` needs no forge)"
        };
        ForgeError {
            fault: Fault::Unavailable,
            what: self.redact(&format!("{}: cannot {doing}: {name} cannot be reached at {api}: {why}", self.repository)),
            remedy: remedy.into(),
            status: None,
            retry_at: None,
        }
        .into()
    }

    /// A failure of this program's own finding.
    pub(super) fn fault(&self, fault: Fault, what: &str, remedy: &str) -> Error {
        ForgeError { fault, what: self.about(what), remedy: remedy.to_owned(), status: None, retry_at: None }.into()
    }

    /// A sentence about this repository.
    pub(super) fn about(&self, what: &str) -> String {
        self.redact(&format!("{}: {what}", self.repository))
    }

    fn redact(&self, text: &str) -> String {
        self.token.as_ref().map_or_else(|| text.to_owned(), |token| token.redact(text))
    }
}

/// A time as a person says it, rounded up.
fn spoken(time: Duration) -> String {
    let (count, unit) = match time.as_secs() {
        s @ ..=90 => (s, "second"),
        s @ ..=5400 => (s.div_ceil(60), "minute"),
        s => (s.div_ceil(3600), "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// The time of day of a moment, in UTC.
fn time_of_day(at: u64) -> String {
    format!("{:02}:{:02} UTC", at / 3600 % 24, at / 60 % 60)
}
