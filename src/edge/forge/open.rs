//! Which forge a repository is on, and where that forge's API is.

use super::address::{is_loopback, origin};
use super::client::Token;
use super::{Forge, GitHub, GitLab, Gitea, Session};
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

/// A forge that a repository is on, with the token for it from the environment.
///
/// The address of the API is that of `GITHUB_API_URL`, `CI_API_V4_URL` or `GITEA_API_URL` if it belongs to the host (or is on this
/// machine), else made from the host. Workflows of Forgejo set the variables of GitHub, with an address that ends in `/api/v1`. A token
/// goes only to a host that its variable is for.
///
/// The token is returned as well, for Git on the way to the same host.
///
/// Errors: nobody says which kind of forge `host` is; the address is not encrypted.
pub fn open(
    host: &str,
    owner: &str,
    name: &str,
    kind: Option<Kind>,
    environment: &dyn Fn(&str) -> Option<String>,
    session: &Rc<Session>,
) -> Result<(Box<dyn Forge>, Option<Token>)> {
    let variable = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
    let given = |name: &str, kind| variable(name).filter(|api| belongs(api, host)).map(|api| (kind, api));
    let is_forgejo = |api: &str| api.trim_end_matches('/').ends_with("/api/v1");
    let workflow = given("GITHUB_API_URL", Kind::GitHub).map(|(kind, api)| if is_forgejo(&api) { (Kind::Gitea, api) } else { (kind, api) });
    let said: Vec<(Kind, String)> =
        [workflow.clone(), given("CI_API_V4_URL", Kind::GitLab), given("GITEA_API_URL", Kind::Gitea)].into_iter().flatten().collect();

    let Some(kind) = kind.or_else(|| kind_of(host)).or_else(|| said.first().map(|(kind, _)| *kind)) else {
        return Err(Error::Usage(
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
    let token = names.iter().find_map(|name| Token::new(&variable(name)?));
    let place = Place { api, owner: owner.to_owned(), name: name.to_owned() };
    let own = token.clone();
    let forge: Box<dyn Forge> = match kind {
        Kind::GitHub => Box::new(GitHub::new(&place, own, session)?),
        Kind::GitLab => Box::new(GitLab::new(&place, own, session)?),
        Kind::Gitea => Box::new(Gitea::new(&place, own, session)?),
    };
    Ok((forge, token))
}

/// Whether the address of an API is one of this host's.
fn belongs(api: &str, host: &str) -> bool {
    let server = origin(api).rsplit("://").next().unwrap_or_default();
    let bare = |name: &str| name.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let (server, host) = (bare(server), bare(host));
    is_loopback(api) || server == host || server.strip_prefix("api.").is_some_and(|rest| rest == host)
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
