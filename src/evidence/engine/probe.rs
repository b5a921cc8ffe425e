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
    /// A request to the container's own address; an answer of 200 to 399 passes.
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
}

/// Characters that mean something to a shell.
const SHELL: &[char] = &['\'', '"', '$', '`', '\\', '|', '&', ';', '<', '>', '(', ')', '*', '?', '[', ']', '{', '}', '~', '#', '!', '\n'];

impl Probe {
    /// Reads `SERVICE:PORT METHOD PATH [BODY]`.
    ///
    /// Errors: what is wrong, as half a sentence.
    pub fn http(text: &str) -> Result<Self, String> {
        const FORM: &str = "write it as `SERVICE:PORT METHOD PATH [BODY]`, for example `api:3000 GET /health`";
        let mut rest = text.trim();
        let mut word = || {
            let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            rest = after.trim_start();
            Some(word).filter(|word| !word.is_empty())
        };
        let (Some(whom), Some(method), Some(path)) = (word(), word(), word()) else { return Err(FORM.into()) };
        let body = Some(rest).filter(|body| !body.is_empty()).map(str::to_owned);
        let (service, port) = whom.rsplit_once(':').ok_or(FORM)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(|| format!("`{port}` is no port; {FORM}"))?;
        if service.is_empty() || !method.chars().all(|c| c.is_ascii_alphabetic()) {
            return Err(FORM.into());
        }
        if !path.starts_with('/') {
            return Err(format!("the path `{path}` does not begin with /; {FORM}"));
        }
        let http = Http { port, method: method.to_ascii_uppercase(), path: path.to_owned(), body };
        Ok(Self { service: service.to_owned(), text: text.trim().to_owned(), action: Action::Http(http), is_known: false })
    }

    /// What is known of the image of a service: a request where there is one, else a command.
    pub fn known(service: &str, check: &Check) -> Option<Self> {
        let (text, action) = match (&check.request, check.command.is_empty()) {
            (Some(request), _) => {
                let http = Http { port: request.port, method: "GET".to_owned(), path: request.path.clone(), body: None };
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
        let http = Http { port: 3000, method: "POST".into(), path: "/memo?x=1".into(), body: Some("{\"a\": 1}".into()) };
        assert_eq!((probe.service.as_str(), probe.action), ("api", Action::Http(http)));
        for bad in ["", "api", "api:3000 GET", "api GET /", "api:x GET /", "api:0 GET /", ":80 GET /", "api:80 GET health", "api:80 G3T /"]
        {
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
