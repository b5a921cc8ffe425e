//! Which forge a repository is on, and where that forge's API is.

use super::client::Token;
use super::{Forge, GitHub, GitLab, Gitea, Session};
use crate::edge::address::{Server, host_and_port, is_loopback};
use crate::error::{Error, Result};
use std::rc::Rc;

/// Kinds of forges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// github.com, or GitHub on a company's own server.
    GitHub,
    /// gitlab.com, or a GitLab elsewhere.
    GitLab,
    /// Gitea or Forgejo, as on codeberg.org.
    Gitea,
}

/// Where a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Address of the forge's API.
    pub api: String,
    /// Account or group, with its groups above.
    pub owner: String,
    /// Name within that.
    pub name: String,
}

/// The host of a forge.
#[derive(Clone, Copy, Debug)]
pub struct Host<'h> {
    /// Its name, with its port if it has one of its own.
    pub name: &'h str,
    /// Whether the person named it, not only a checkout or nobody.
    pub is_named: bool,
}

/// Whether this is an account or group, with its groups above, and a name within that.
pub fn is_name(owner: &str, name: &str) -> bool {
    let is_plain = |part: &str| {
        let is_wrong = |c: char| c.is_control() || c.is_whitespace() || ":?#%\\".contains(c);
        !part.is_empty() && part != "." && part != ".." && !part.contains(is_wrong)
    };
    is_plain(name) && owner.split('/').all(is_plain)
}

/// A forge that a repository is on, with the token for it from the environment.
///
/// The address of the API is that of `GITHUB_API_URL`, `CI_API_V4_URL` or `GITEA_API_URL` if it belongs to the host (or is on this
/// machine), else made from the host. Workflows of Forgejo set the variables of GitHub, with an address that ends in `/api/v1`. A token
/// goes only to a host that its variable is for, and that is known to everybody, or named by the person or the CI system: a checkout's
/// remote may be a stranger's.
///
/// The token is returned as well, for Git on the way to the same host.
///
/// Errors: the names are none; nobody says which kind of forge `host` is; there is a token, and nobody but the checkout names the host; the
/// address is not encrypted.
pub fn open(
    host: Host<'_>,
    owner: &str,
    name: &str,
    kind: Option<Kind>,
    environment: &dyn Fn(&str) -> Option<String>,
    session: &Rc<Session>,
) -> Result<(Box<dyn Forge>, Option<Token>)> {
    if !is_name(owner, name) {
        return Err(Error::Impossible(format!("`{owner}/{name}` names no repository"), Some("write OWNER/NAME".into())));
    }
    let Host { name: host, is_named } = host;
    let host = &*host.to_ascii_lowercase();
    let Some((bare, _)) = host_and_port(host) else {
        let hint = "write it without a scheme and a path, as in `git.example` or `git.example:8443`";
        return Err(Error::Impossible(format!("`{host}` is no name of a host"), Some(hint.into())));
    };
    let variable = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
    let given = |name: &str, kind| variable(name).filter(|api| belongs(api, &bare)).map(|api| (kind, api));
    let is_forgejo = |api: &str| api.trim_end_matches('/').ends_with("/api/v1");
    let workflow = given("GITHUB_API_URL", Kind::GitHub).map(|(kind, api)| if is_forgejo(&api) { (Kind::Gitea, api) } else { (kind, api) });
    let said: Vec<(Kind, String)> =
        [workflow.clone(), given("CI_API_V4_URL", Kind::GitLab), given("GITEA_API_URL", Kind::Gitea)].into_iter().flatten().collect();

    let Some(kind) = kind.or_else(|| kind_of(host)).or_else(|| said.first().map(|(kind, _)| *kind)) else {
        return Err(Error::Impossible(
            format!("nothing says what kind of forge {host} is"),
            Some("set GITHUB_API_URL, CI_API_V4_URL or GITEA_API_URL to the address of its API".into()),
        ));
    };
    let api = said.iter().find(|(k, _)| *k == kind).map(|(_, api)| api.clone());
    let api = api.unwrap_or_else(|| match kind {
        Kind::GitHub if host == "github.com" => "https://api.github.com".into(),
        Kind::GitHub if host.ends_with(".ghe.com") => format!("https://api.{host}"),
        Kind::GitHub => format!("https://{host}/api/v3"),
        Kind::GitLab => format!("https://{host}/api/v4"),
        Kind::Gitea => format!("https://{host}/api/v1"),
    });
    let is_workflow = workflow.is_some_and(|(k, _)| k == kind);
    let names: &[&str] = match kind {
        Kind::GitHub if host == "github.com" || is_workflow => &["GH_TOKEN", "GITHUB_TOKEN"],
        Kind::GitHub => &["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"],
        Kind::GitLab => &["GITLAB_TOKEN"],
        Kind::Gitea if is_workflow => &["GITEA_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN"],
        Kind::Gitea => &["GITEA_TOKEN", "FORGEJO_TOKEN"],
    };
    debug_assert!(names.iter().all(|name| TOKENS.contains(name)), "{names:?}");
    let found = names.iter().find_map(|name| Some((*name, Token::new(&variable(name)?)?)));
    let is_of_ci = SERVERS.iter().filter_map(|name| variable(name)).any(|server| belongs_to(&server, &bare));
    let is_known = is_named || is_well_known(host, kind) || is_of_ci;
    if let Some((variable, _)) = found.as_ref().filter(|_| !is_known && !said.iter().any(|(k, _)| *k == kind)) {
        return Err(Error::Impossible(
            format!("the token in {variable} is not sent to {host}, which is named by the checkout's remote alone"),
            Some(format!("if this is your forge, say so with `--host {host}`; else take the token out of the environment").into()),
        ));
    }
    let token = found.map(|(_, token)| token);
    let place = Place { api, owner: owner.to_owned(), name: name.to_owned() };
    let own = token.clone();
    let forge: Box<dyn Forge> = match kind {
        Kind::GitHub => Box::new(GitHub::new(&place, own, session)?),
        Kind::GitLab => Box::new(GitLab::new(&place, own, session)?),
        Kind::Gitea => Box::new(Gitea::new(&place, own, session)?),
    };
    // An address on this machine stands for any host; Git goes to the host itself.
    Ok((forge, token.filter(|_| is_known || is_loopback(&bare))))
}

/// Variables in which a person or the CI system names a host.
const SERVERS: [&str; 7] =
    ["GITHUB_API_URL", "GITHUB_SERVER_URL", "GH_HOST", "CI_API_V4_URL", "CI_SERVER_URL", "CI_SERVER_HOST", "GITEA_API_URL"];

/// Every variable that a token is taken from. What runs a stranger's project goes without them.
pub const TOKENS: [&str; 8] = [
    "FORGEJO_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GH_TOKEN",
    "GITEA_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    // Of GitLab's runners, for their API.
    "CI_JOB_TOKEN",
];

/// Whether everybody knows this host as one of this kind.
fn is_well_known(host: &str, kind: Kind) -> bool {
    match kind {
        // Only GitHub itself gives out names below ghe.com.
        Kind::GitHub => host == "github.com" || host.ends_with(".ghe.com"),
        Kind::GitLab => host == "gitlab.com",
        Kind::Gitea => ["codeberg.org", "gitea.com"].contains(&host),
    }
}

/// Whether the address of an API is one of this host's.
fn belongs(api: &str, host: &str) -> bool {
    Server::of(api).is_some_and(|server| server.is_loopback()) || belongs_to(api, host)
}

/// The same, wherever the address leads. It may also be a host's name alone.
fn belongs_to(address: &str, host: &str) -> bool {
    let server = Server::of(address).map(|server| server.host().to_owned()).or_else(|| Some(host_and_port(address)?.0));
    server.is_some_and(|server| server == host || server.strip_prefix("api.") == Some(host))
}

/// The kind of forge that a host tells by its name.
fn kind_of(host: &str) -> Option<Kind> {
    match host {
        "github.com" => Some(Kind::GitHub),
        "gitlab.com" => Some(Kind::GitLab),
        "codeberg.org" | "gitea.com" => Some(Kind::Gitea),
        _ if host.starts_with("github.") || host.ends_with(".ghe.com") => Some(Kind::GitHub),
        _ if host.starts_with("gitlab.") => Some(Kind::GitLab),
        _ if host.starts_with("gitea.") || host.starts_with("forgejo.") => Some(Kind::Gitea),
        _ => None,
    }
}
