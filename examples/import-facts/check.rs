//! Health checks, as a catalogue wrote them and in the few words that the project has for them.

/// Ports that the catalogue gives out itself, one to an app.
const OF_CATALOGUE: std::ops::Range<u16> = 30000..32000;

/// Programs that only say that a process is there, not that it works.
const ONLY_THERE: [&str; 4] = ["pgrep", "pidof", "test", "getent"];

/// Options whose values are those of the catalogue's apps, and a file that it mounts.
const OF_APPS: [&str; 12] =
    ["-U", "-a", "-d", "-h", "-p", "-u", "--cluster-read", "--config-file", "--host", "--port", "--port-env", "/health.java"];

/// What is asked, and with which program of the image: `http:8080/health with curl`, `https:8443/ with wget -k`, `tcp:9000 with nc`,
/// `command:/healthcheck.sh`. Empty where a catalogue's apps ask different things, or where the check is of that catalogue alone.
pub(crate) fn plain_check(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut checks = text.split(" || CMD").map(|check| one(check.trim_start_matches("CMD").trim_start_matches("-SHELL").trim()));
    let first = checks.next().flatten();
    first.filter(|first| checks.all(|other| other.as_ref() == Some(first))).unwrap_or_default()
}

/// Whether it is in the project's words already.
fn is_plain(text: &str) -> bool {
    text.is_empty() || ["http:", "https:", "tcp:", "command:"].iter().any(|start| text.starts_with(start))
}

fn one(check: &str) -> Option<String> {
    let words: Vec<&str> = check.split_whitespace().collect();
    match words[..] {
        ["curl", .., url] => url_of(url, if words.contains(&"--insecure") { "curl -k" } else { "curl" }),
        ["wget", .., url] if words.contains(&"POST") || url.contains('{') => None,
        ["wget", .., url] if words.contains(&"-O") => url_of(url, "wget -O"),
        ["wget", .., url] => url_of(url, if words.contains(&"--no-check-certificate") { "wget -k" } else { "wget" }),
        ["nc", "-z", .., "127.0.0.1", port] => port_of(port).map(|port| format!("tcp:{port} with nc")),
        _ if check.contains("/dev/tcp/127.0.0.1/") => {
            let port = port_of(check.split("/dev/tcp/127.0.0.1/").nth(1)?)?;
            let path = check.split_once("GET ").and_then(|(_, rest)| rest.split(' ').next()).filter(|path| is_path(path));
            Some(path.map_or_else(|| format!("tcp:{port} with bash"), |path| format!("http:{port}{path} with bash")))
        }
        ["node", "-e", ..] => {
            let value = |name: &str| Some(check.split_once(&format!("\"{name}\": "))?.1.split([',', '}']).next()?.trim_matches('"'));
            let path = value("path").filter(|path| is_path(path))?;
            Some(format!("http:{}{path}", port_of(value("port")?)?))
        }
        [program, ..] if ONLY_THERE.contains(&program) || program.contains('=') => None,
        [_, ..] => is_bare(check).then(|| format!("command:{}", words.join(" "))),
        [] => None,
    }
}

/// A port that the image has chosen.
fn port_of(text: &str) -> Option<u16> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).map_or(text, |end| &text[..end]);
    digits.parse().ok().filter(|port| *port > 0 && !OF_CATALOGUE.contains(port))
}

fn url_of(url: &str, program: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://127.0.0.1:").filter(|(scheme, _)| ["http", "https"].contains(scheme))?;
    let (port, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    let insecure = if scheme == "https" && !program.ends_with("-k") { return None } else { program };
    is_path(path).then_some(())?;
    Some(format!("{scheme}:{}{path} with {insecure}", port_of(port)?))
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b))
}

/// A command with nothing in it that is the catalogue's own: no user, address, port or file of its apps.
fn is_bare(command: &str) -> bool {
    let is_word = |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    // Long words with digits are hashes.
    let is_hash = |word: &str| word.len() > 20 && word.bytes().any(|b| b.is_ascii_digit());
    command.split(' ').all(|word| is_word(word) && !OF_APPS.contains(&word) && !is_hash(word))
}

#[cfg(test)]
mod tests {
    use super::plain_check;

    #[test]
    fn a_check_is_a_request_a_port_or_a_bare_command() {
        let curl = "CMD curl --request GET --silent --output /dev/null --show-error --fail";
        for (text, expected) in [
            (&*format!("{curl} http://127.0.0.1:8080/health"), "http:8080/health with curl"),
            (&*format!("{curl} --insecure https://127.0.0.1:8443/"), "https:8443/ with curl -k"),
            (&*format!("{curl} http://127.0.0.1:30022/health"), ""),
            (&*format!("{curl} http://other:8080/health"), ""),
            ("CMD wget --quiet --spider http://127.0.0.1:80", "http:80/ with wget"),
            ("CMD wget --quiet -O /dev/null http://127.0.0.1:80/a", "http:80/a with wget -O"),
            ("CMD nc -z -w 1 127.0.0.1 8081", "tcp:8081 with nc"),
            ("CMD timeout 1 bash -c cat < /dev/null > /dev/tcp/127.0.0.1/9000", "tcp:9000 with bash"),
            ("CMD-SHELL /bin/bash -c '{ printf \"GET /ping HTTP/1.1\\r\\n\" >&0; } 0<>/dev/tcp/127.0.0.1/80'", "http:80/ping with bash"),
            ("CMD node -e require('http').get({\"host\": \"127.0.0.1\", \"port\": 3000, \"path\": \"/\"})", "http:3000/"),
            ("CMD /healthcheck.sh", "command:/healthcheck.sh"),
            ("CMD /kiosk --healthcheck", "command:/kiosk --healthcheck"),
            ("CMD pgrep -f java", ""),
            ("CMD pg_isready -h 127.0.0.1 -U app -d app", ""),
            ("CMD redis-cli -a secret ping || CMD redis-cli -a other ping", ""),
            ("CMD nc -z -w 1 127.0.0.1 81 || CMD nc -z -w 1 127.0.0.1 81", "tcp:81 with nc"),
            ("CMD nc -z -w 1 127.0.0.1 81 || CMD nc -z -w 1 127.0.0.1 82", ""),
            ("A=b node /x.js", ""),
            ("", ""),
        ] {
            assert_eq!(plain_check(text), expected, "{text}");
            assert_eq!(plain_check(expected), expected, "what was taken over stays the same");
        }
    }
}
