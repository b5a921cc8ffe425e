//! Pushes over HTTP to a web server that others made, with the program that Git brings behind it.

use super::fake::TOKEN;
use super::fake::objects::{Objects, git_in};
use super::git::{change, identity};
use super::{BRANCH, HARDENED};
use rofs_harden::edge::forge::Token;
use rofs_harden::edge::git::Git;
use rofs_harden::error::{Error, Fault};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// lighttpd with a repository that only who has the token may read and write.
struct Site {
    objects: Objects,
    address: String,
    server: Child,
    _folder: TempDir,
}

impl Site {
    /// `None` where lighttpd is not installed, which must not be in CI.
    fn new() -> Option<Self> {
        let program = ["/usr/sbin/lighttpd", "/usr/bin/lighttpd"].into_iter().find(|path| Path::new(path).exists());
        let Some(program) = program else {
            assert!(std::env::var_os("ROFS_REQUIRE_SHELLS").is_none(), "lighttpd is not installed");
            eprintln!("skipped: lighttpd is not installed");
            return None;
        };
        let objects = Objects::new();
        objects.commit("main", &[("100644", "compose.yaml", b"services: {}\n"), ("120000", "link", b"compose.yaml")], "Start");
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().display();
        let backend = String::from_utf8(git_in(folder.path(), &["--exec-path"], b"").unwrap()).unwrap();
        let backend = Path::new(backend.trim()).join("git-http-backend");
        std::fs::write(folder.path().join("users"), format!("x-access-token:{TOKEN}\n")).unwrap();
        // Whoever had the port a moment ago has given it back.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let configuration = format!(
            "server.modules = (\"mod_auth\", \"mod_authn_file\", \"mod_alias\", \"mod_setenv\", \"mod_cgi\")\n\
             server.bind = \"127.0.0.1\"\nserver.port = {port}\nserver.document-root = \"{top}\"\nserver.upload-dirs = (\"{top}\")\n\
             alias.url = (\"/git\" => \"{}\")\ncgi.assign = (\"\" => \"\")\n\
             setenv.set-environment = (\"GIT_PROJECT_ROOT\" => \"{}\", \"GIT_HTTP_EXPORT_ALL\" => \"1\")\n\
             auth.backend = \"plain\"\nauth.backend.plain.userfile = \"{top}/users\"\n\
             auth.require = (\"\" => (\"method\" => \"basic\", \"realm\" => \"git\", \"require\" => \"valid-user\"))\n",
            backend.display(),
            objects.path().display(),
        );
        std::fs::write(folder.path().join("site.conf"), configuration).unwrap();
        let mut command = Command::new(program);
        command.arg("-D").arg("-f").arg(folder.path().join("site.conf")).stdin(Stdio::null()).stderr(Stdio::null());
        let server = command.spawn().unwrap();
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Some(Self { objects, address: format!("http://127.0.0.1:{port}/git/"), server, _folder: folder })
    }

    /// A checkout of it, and Git there with a token.
    fn checkout(&self, token: &str) -> (TempDir, Git) {
        let folder = tempfile::tempdir().unwrap();
        git_in(folder.path(), &["clone", "--quiet", self.objects.path().to_str().unwrap(), "."], b"").unwrap();
        git_in(folder.path(), &["remote", "set-url", "origin", &self.address], b"").unwrap();
        identity(folder.path());
        let git = Git::open(folder.path(), Token::new(token)).unwrap();
        (folder, git)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn a_branch_is_pushed_cloned_again_and_never_pushed_over() {
    let Some(site) = Site::new() else { return };
    let (_folder, git) = site.checkout(TOKEN);
    let main = git.remote_branch("origin", "main").unwrap().unwrap();
    let files = [change("compose.yaml", HARDENED, false), change("run.sh", b"#!/bin/sh\nexit\n", true)];
    let commit = git.commit(&main, &[&main], &files, "Harden").unwrap();
    git.push("origin", &commit, BRANCH, None).unwrap();

    // Cloned by Git alone, over the same server.
    let again = tempfile::tempdir().unwrap();
    let address = site.address.replace("http://", &format!("http://x-access-token:{TOKEN}@"));
    git_in(again.path(), &["clone", "--quiet", "--branch", BRANCH, &address, "."], b"").unwrap();
    assert_eq!(std::fs::read(again.path().join("compose.yaml")).unwrap(), HARDENED);
    assert_eq!(std::fs::read_link(again.path().join("link")).unwrap(), Path::new("compose.yaml"));
    let listed = git_in(again.path(), &["ls-tree", "-r", "--format=%(objectmode) %(path)", "HEAD"], b"").unwrap();
    assert_eq!(String::from_utf8(listed).unwrap(), "100644 compose.yaml\n120000 link\n100755 run.sh\n");
    site.objects.assert_sound();

    let human = site.objects.commit(BRANCH, &[("100644", "mine.txt", b"mine\n")], "By hand");
    let other = git.commit(&main, &[&main], &[change("compose.yaml", b"b\n", false)], "Two").unwrap();
    for expected in [None, Some(main.as_str()), Some(commit.as_str())] {
        let Err(Error::Forge(error)) = git.push("origin", &other, BRANCH, expected) else { panic!("pushed over a stale head") };
        assert_eq!(error.fault, Fault::Stale, "{error}");
    }
    assert_eq!(git.remote_branch("origin", BRANCH).unwrap(), Some(human));
}

#[test]
fn who_has_another_token_is_refused() {
    let Some(site) = Site::new() else { return };
    let (_folder, git) = site.checkout("wrong-secret");
    let Err(Error::Forge(error)) = git.remote_branch("origin", "main") else { panic!("not refused") };
    assert_eq!(error.fault, Fault::Credentials, "{error}");
    assert!(!format!("{error:?}").contains("wrong-secret"));
}
