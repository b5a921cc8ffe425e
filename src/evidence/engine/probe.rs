//! How a service is tried, as a person writes it or as it is known of its image.

use crate::evidence::preset::Check;

/// A request or a command that shows whether a service does its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The service that is asked.
    pub service: String,
    /// As it was written.
    pub text: String,
    /// What is done.
    pub action: Action,
    /// Whether it is what a preset or the catalogue knows of the image, and not what a person asked for: then an
    /// answer that is none says nothing of the service, which may listen elsewhere.
    pub is_known: bool,
}

/// What a probe does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A request to the container's own address; an answer of 200 to 399 passes, or the one that is expected.
    Http(Http),
    /// A command in the container; status 0 passes.
    Command(Vec<String>),
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Port of the container.
    pub port: u16,
    /// Method, in capitals.
    pub method: String,
    /// Path with its query.
    pub path: String,
    /// What is sent.
    pub body: Option<String>,
    /// Headers, each with its value.
    pub headers: Vec<(String, String)>,
    /// The status that must be answered; else any from 200 to 399.
    pub status: Option<u16>,
    /// What the answer must say.
    pub text: Option<String>,
}

/// Characters that mean something to a shell.
const SHELL: &[char] = &['\'', '"', '$', '`', '\\', '|', '&', ';', '<', '>', '(', ')', '*', '?', '[', ']', '{', '}', '~', '#', '!', '\n'];

impl Probe {
    /// Reads `SERVICE:PORT METHOD PATH [-H 'NAME: VALUE'] [BODY] [=> STATUS [TEXT]]`.
    ///
    /// Errors: what is wrong, as half a sentence.
    pub fn http(text: &str) -> Result<Self, String> {
        const FORM: &str = "write it as `SERVICE:PORT METHOD PATH [BODY] [=> STATUS [TEXT]]`, for example `api:3000 GET /health`";
        let (asked, expected) =
            text.trim().rsplit_once("=> ").map_or((text.trim(), None), |(asked, expected)| (asked.trim(), Some(expected)));
        let is_expectation = |e: &&str| e.len() >= 3 && e.is_char_boundary(3) && e[..3].bytes().all(|b| b.is_ascii_digit());
        // A body may have the sign as well.
        let (asked, expected) = if expected.is_some_and(|e| !is_expectation(&e)) { (text.trim(), None) } else { (asked, expected) };
        let status = expected.and_then(|e| e[..3].parse().ok());
        let wanted = expected.map(|e| e[3..].trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        let mut rest = asked;
        let mut word = || {
            let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            rest = after.trim_start();
            Some(word).filter(|word| !word.is_empty())
        };
        let (Some(whom), Some(method), Some(path)) = (word(), word(), word()) else { return Err(FORM.into()) };
        let mut headers = Vec::new();
        while let Some(after) = rest.strip_prefix("-H ") {
            const HEADER: &str = "write a header as `-H 'NAME: VALUE'`";
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| ['\'', '"'].contains(c)).ok_or(HEADER)?;
            let (header, behind) = after[1..].split_once(quote).ok_or(HEADER)?;
            let (name, value) = header.split_once(':').ok_or(HEADER)?;
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
            rest = behind.trim_start();
        }
        let body = Some(rest).filter(|body| !body.is_empty()).map(str::to_owned);
        let (service, port) = whom.rsplit_once(':').ok_or(FORM)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(|| format!("`{port}` is no port; {FORM}"))?;
        if service.is_empty() || !method.chars().all(|c| c.is_ascii_alphabetic() || c == '-') {
            return Err(FORM.into());
        }
        if !path.starts_with('/') {
            return Err(format!("the path `{path}` does not begin with /; {FORM}"));
        }
        let http = Http { port, method: method.to_ascii_uppercase(), path: path.to_owned(), body, headers, status, text: wanted };
        Ok(Self { service: service.to_owned(), text: text.trim().to_owned(), action: Action::Http(http), is_known: false })
    }

    /// What is known of the image of a service: a request where there is one, else a command.
    pub fn known(service: &str, check: &Check) -> Option<Self> {
        let (text, action) = match (&check.request, check.command.is_empty()) {
            (Some(request), _) => {
                let (headers, status, text) = Default::default();
                let (method, path) = ("GET".to_owned(), request.path.clone());
                let http = Http { port: request.port, method, path, body: None, headers, status, text };
                (request.to_string(), Action::Http(http))
            }
            (None, false) => (check.command.join(" "), Action::Command(check.command.clone())),
            (None, true) => return None,
        };
        Some(Self { service: service.to_owned(), text, action, is_known: true })
    }

    /// Reads `SERVICE: COMMAND`. A command with characters for a shell is given to one; others also run in images without.
    ///
    /// Errors: what is wrong, as half a sentence.
    pub fn command(text: &str) -> Result<Self, String> {
        const FORM: &str = "write it as `SERVICE: COMMAND`, for example `db: pg_isready -q`";
        let (service, command) = text.trim().split_once(':').ok_or(FORM)?;
        let (service, command) = (service.trim(), command.trim());
        if service.is_empty() || service.contains(char::is_whitespace) || command.is_empty() {
            return Err(FORM.into());
        }
        let command = if command.contains(SHELL) {
            vec!["sh".to_owned(), "-c".to_owned(), command.to_owned()]
        } else {
            command.split_whitespace().map(str::to_owned).collect()
        };
        Ok(Self { service: service.to_owned(), text: text.trim().to_owned(), action: Action::Command(command), is_known: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_service_port_method_and_path() {
        let probe = Probe::http(" api:3000 post /memo?x=1 {\"a\": 1} ").expect("reads");
        let (headers, status, text) = Default::default();
        let body = Some("{\"a\": 1}".into());
        let http = Http { port: 3000, method: "POST".into(), path: "/memo?x=1".into(), body, headers, status, text };
        assert_eq!((probe.service.as_str(), probe.action), ("api", Action::Http(http)));
        for bad in ["", "api", "api:3000 GET", "api GET /", "api:x GET /", "api:0 GET /", ":80 GET /", "api:80 GET health", "api:80 G3T /"]
        {
            assert!(Probe::http(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_request_may_have_headers_and_say_what_it_expects() {
        let read = |text: &str| match Probe::http(text).expect("reads").action {
            Action::Http(http) => http,
            Action::Command(_) => panic!("{text}"),
        };
        let http = read("dav:80 PROPFIND / -H 'Depth: 1' -H \"X-A: b c\" <x/> => 207 multistatus here");
        assert_eq!((http.method.as_str(), http.status, http.text.as_deref()), ("PROPFIND", Some(207), Some("multistatus here")));
        assert_eq!(http.headers, [("Depth".to_owned(), "1".to_owned()), ("X-A".to_owned(), "b c".to_owned())]);
        assert_eq!(http.body.as_deref(), Some("<x/>"));
        let http = read("a:80 GET / => 401");
        assert_eq!((http.body, http.status, http.text), (None, Some(401), None));
        // A body may have the sign as well.
        let http = read("a:80 POST / a => b");
        assert_eq!((http.body.as_deref(), http.status), (Some("a => b"), None));
        for bad in ["a:80 GET / -H x", "a:80 GET / -H 'x'", "a:80 GET / -H 'x: y"] {
            assert!(Probe::http(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_command_gets_a_shell_where_it_needs_one() {
        let words = |text: &str| match Probe::command(text).expect("reads").action {
            Action::Command(words) => words,
            Action::Http(_) => Vec::new(),
        };
        assert_eq!(words("db: pg_isready  -q"), ["pg_isready", "-q"]);
        assert_eq!(words("db: echo a > /tmp/x"), ["sh", "-c", "echo a > /tmp/x"]);
        for bad in ["", "db", "db:", ": x", "a b: c"] {
            assert!(Probe::command(bad).is_err(), "{bad}");
        }
    }
}
