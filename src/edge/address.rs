//! Addresses: of forges, and of the repositories on them. They are taken apart here and nowhere else, by the library that requests are
//! sent with, and put together again from their parts, so that nobody reads one in another way.

use super::forge::is_name;
use std::fmt::{self, Display};
use ureq::http::Uri;
use ureq::http::uri::Authority;

/// A server of the web: what a token goes to, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    scheme: String,
    host: String,
    /// If it is not the scheme's own.
    port: Option<u16>,
}

impl Server {
    /// The server of an address of the web; `None` for other addresses, and for those with a name or password in front of the host.
    pub fn of(address: &str) -> Option<Self> {
        let parts = Parts::of(address)?;
        (parts.user.is_none() && parts.is_web()).then(|| parts.server())
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// Whether others on the way see nothing of what is sent to it.
    pub fn is_private(&self) -> bool {
        self.scheme == "https" || self.is_loopback()
    }

    /// The host's name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host's name with its port, if it has one of its own.
    pub fn place(&self) -> String {
        place(&self.host, self.port)
    }
}

impl Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.place())
    }
}

/// The name of a host, in lower case, and its port; `None` if the text is anything more, as `evil.example#.ghe.com` is.
pub fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host();
    let port = match authority.as_str().strip_prefix(host)? {
        "" => None,
        rest => {
            let digits = rest.strip_prefix(':').filter(|port| port.bytes().all(|b| b.is_ascii_digit()))?;
            Some(digits.parse().ok()?)
        }
    };
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(number) => number.parse::<std::net::Ipv6Addr>().is_ok(),
        None => is_word(host),
    };
    is_host.then(|| (host.to_ascii_lowercase(), port))
}

/// Whether a host's name is one of this machine's.
pub fn is_loopback(host: &str) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].contains(&host)
}

/// The address of a repository on a forge, as far as Git is to know it: what else stood in it is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    way: Way,
    host: String,
    port: Option<u16>,
    path: String,
}

/// How a repository is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// `https` or `http`.
    Web(String),
    /// SSH, perhaps as somebody.
    Ssh(Option<String>),
    /// Git's own protocol, which nobody can push by.
    Git,
}

impl Address {
    /// Reads an address of the web, of SSH (`ssh://git@host:22/owner/name` or `git@host:owner/name`) or of Git's own protocol.
    ///
    /// A name and password in front of an encrypted address, as CI systems leave them in their checkouts, are left out.
    ///
    /// Errors: why it is none that Git may go to, in words that hold nothing of it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let parts = if text.contains("://") { Parts::of(text) } else { Parts::of_short(text)? };
        let parts = parts.ok_or("it cannot be read without doubt")?;
        let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !"?#\\".contains(c);
        if parts.has_query || !parts.path.chars().all(is_plain) {
            return Err("its path has signs that no forge has in names");
        }
        let way = match (parts.scheme.as_str(), parts.user) {
            // Such a name may look like a host, and hide the one that is gone to.
            ("http", Some(_)) => return Err("it has a name or password in front of the host, and is not encrypted"),
            ("https" | "http", _) => Way::Web(parts.scheme),
            ("ssh" | "git+ssh" | "ssh+git", user) if user.as_deref().is_none_or(is_word) => Way::Ssh(user),
            ("ssh" | "git+ssh" | "ssh+git", Some(_)) => return Err("it has more than a plain name in front of the host"),
            ("git", None) => Way::Git,
            _ => return Err("Git goes only to addresses that begin with https, ssh or git@host"),
        };
        let own = matches!((&way, parts.port), (Way::Web(scheme), Some(port)) if own_port(scheme) == port);
        Ok(Self { way, host: parts.host, port: parts.port.filter(|_| !own), path: parts.path })
    }

    /// The server, if it is one of the web.
    pub fn server(&self) -> Option<Server> {
        let Way::Web(scheme) = &self.way else { return None };
        Some(Server { scheme: scheme.clone(), host: self.host.clone(), port: self.port })
    }

    /// Whose repository it is; `None` if the path names none.
    pub fn remote(&self) -> Option<Remote> {
        let path = self.path.trim_matches('/');
        let (owner, name) = path.strip_suffix(".git").unwrap_or(path).rsplit_once('/')?;
        let host = match self.way {
            Way::Web(_) => place(&self.host, self.port),
            // Where a firewall lets only the web through, it is reached by this name.
            _ if self.host == "ssh.github.com" => "github.com".to_owned(),
            _ => self.host.clone(),
        };
        is_name(owner, name).then(|| Remote { host, owner: owner.to_owned(), name: name.to_owned() })
    }
}

impl Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let place = place(&self.host, self.port);
        match &self.way {
            Way::Web(scheme) => write!(f, "{scheme}://{place}{}", self.path),
            Way::Ssh(user) => {
                let user = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
                // Without a slash it begins at the user's home there, which no address with a scheme can say.
                let (scheme, colon) = if self.path.starts_with('/') { ("ssh://", "") } else { ("", ":") };
                write!(f, "{scheme}{user}{place}{colon}{}", self.path)
            }
            Way::Git => write!(f, "git://{place}{}", self.path),
        }
    }
}

/// Where a repository is, as far as its address says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The host's name, in lower case, with its port if the address is one of the web.
    pub host: String,
    /// Account or group, with its groups above.
    pub owner: String,
    /// Name within that.
    pub name: String,
}

impl Remote {
    /// What an address says; `None` for a path and whatever else is no address of a forge.
    pub fn parse(address: &str) -> Option<Self> {
        Address::parse(address).ok()?.remote()
    }
}

/// An address in parts.
struct Parts {
    scheme: String,
    user: Option<String>,
    host: String,
    port: Option<u16>,
    path: String,
    has_query: bool,
}

impl Parts {
    /// The parts of an address with a scheme; `None` if there is any doubt.
    fn of(text: &str) -> Option<Self> {
        // The library drops what stands behind it.
        let uri: Uri = if text.contains('#') { return None } else { text.parse().ok()? };
        let authority = uri.authority()?.as_str();
        let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user.to_owned()), place));
        let (host, port) = host_and_port(place)?;
        let (scheme, path) = (uri.scheme_str()?.to_ascii_lowercase(), uri.path().to_owned());
        Some(Self { scheme, user, host, port, path, has_query: uri.query().is_some() })
    }

    /// The parts of `user@host:path`.
    ///
    /// Errors: it is a path of this machine, or names a program.
    fn of_short(text: &str) -> Result<Option<Self>, &'static str> {
        const PATH: &str = "it is a path of this machine";
        // A colon before any slash makes it an address. A single letter in front of it is a drive.
        let (place, path) = text.split_once(':').filter(|(place, _)| !place.contains('/') && place.len() > 1).ok_or(PATH)?;
        if path.starts_with(':') {
            return Err("it names a program of Git's");
        }
        if path.starts_with("//") {
            return Err("it cannot be read without doubt");
        }
        let (user, host) = place.rsplit_once('@').map_or((None, place), |(user, host)| (Some(user.to_owned()), host));
        let path = path.to_owned();
        let parts = |(host, port): (String, Option<u16>)| Self { scheme: "ssh".into(), user, host, port, path, has_query: false };
        Ok(host_and_port(host).map(parts))
    }

    fn is_web(&self) -> bool {
        ["https", "http"].contains(&self.scheme.as_str())
    }

    fn server(self) -> Server {
        let port = self.port.filter(|port| *port != own_port(&self.scheme));
        Server { scheme: self.scheme, host: self.host, port }
    }
}

/// The port that a scheme of the web goes to by itself.
fn own_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}

fn place(host: &str, port: Option<u16>) -> String {
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether a text can be nothing but a name: no option and no path.
fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_compared_by_their_parts() {
        let same = |a: &str, b: &str| matches!((Server::of(a), Server::of(b)), (Some(a), Some(b)) if a == b);
        for (a, b) in [
            ("https://api.github.com", "https://API.github.com:443/repos?page=2"),
            ("http://127.0.0.1:8080/api/v3", "http://127.0.0.1:8080/x"),
            ("http://[::1]", "http://[::1]:80/"),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
        for other in [
            "https://api.github.com.evil.example/repos",
            "https://api.github.com:8443/repos",
            "http://api.github.com/repos",
            "https://api.github.comevil/repos",
            "https://api.github.com@evil.example/repos",
            "https://evil.example\\@api.github.com/repos",
            "https://user:x@api.github.com/repos",
            "https://api.github.com#@evil.example/repos",
            "//api.github.com/repos",
            "api.github.com",
            "",
        ] {
            assert!(!same("https://api.github.com", other), "{other}");
        }
    }

    #[test]
    fn what_is_sent_to_a_server_is_seen_by_nobody_else_or_not_private() {
        for (address, is_private) in [
            ("https://git.example/x", true),
            ("http://127.0.0.1:80/x", true),
            ("http://localhost/x", true),
            ("http://[::1]:8080/x", true),
            ("http://git.example/x", false),
            ("http://127.0.0.1.git.example/x", false),
            ("http://localhost.git.example/x", false),
            ("http://0.0.0.0/x", false),
        ] {
            assert_eq!(Server::of(address).expect(address).is_private(), is_private, "{address}");
        }
    }

    #[test]
    fn git_gets_an_address_without_secrets_or_doubts() {
        for (address, expected) in [
            ("https://bob:secret@github.com/octo/shop.git", Some("https://github.com/octo/shop.git")),
            ("https://bob@GitHub.com:443/octo/shop.git", Some("https://github.com/octo/shop.git")),
            ("https://127.0.0.1:80@github.com/octo/shop.git", Some("https://github.com/octo/shop.git")),
            ("http://git.example:8080/octo/shop.git", Some("http://git.example:8080/octo/shop.git")),
            ("git@github.com:octo/shop.git", Some("git@github.com:octo/shop.git")),
            ("work:octo/shop", Some("work:octo/shop")),
            ("ssh://git@git.example:2222/octo/shop", Some("ssh://git@git.example:2222/octo/shop")),
            ("git@git.example:/srv/shop", Some("ssh://git@git.example/srv/shop")),
            ("git://git.example/octo/shop", Some("git://git.example/octo/shop")),
            ("http://127.0.0.1:80@github.com/octo/shop.git", None),
            ("http://bob:secret@git.example/octo/shop.git", None),
            ("ssh://bob:secret@git.example/octo/shop.git", None),
            ("ssh://-oProxyCommand=x@git.example/octo/shop", None),
            ("ssh://-oProxyCommand=x/octo/shop", None),
            ("-oProxyCommand=x:octo/shop", None),
            ("https://git.example/octo/shop?upload=x", None),
            ("https://git.example/octo/shop#x", None),
            ("https://git.example:99999/octo/shop", None),
            ("https://git.example\\.evil.example/octo/shop", None),
            ("https://gi%74.example/octo/shop", None),
            ("https:///octo/shop", None),
            ("file:///srv/shop.git", None),
            ("ext::sh -c touch% /x", None),
            ("ext://x/octo/shop", None),
            ("/srv/shop.git", None),
            ("../shop.git", None),
        ] {
            let read = Address::parse(address).map(|address| address.to_string());
            assert_eq!(read.as_deref().ok(), expected, "{address}: {read:?}");
            assert!(!format!("{read:?}").contains("secret"), "{address}: {read:?}");
        }
    }
}
