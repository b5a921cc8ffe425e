use super::*;
use crate::compose::{Project, Sources};
use crate::text::{FileId, MAX_FILE_BYTES, TextFile};
use crate::yaml::Stream;

/// What a command is read to write, with `?` where there may be more and `+` where it installs.
fn read(command: &str) -> String {
    let text = format!("services:\n  s:\n    image: nginx\n    command: {command}\n");
    let file = TextFile::new("f", text.into_bytes(), MAX_FILE_BYTES).unwrap();
    let sources = Sources::single(Stream::parse(&file, FileId(0)).unwrap());
    let project = Project::read(&sources).unwrap();
    let Written { paths, doubts, installer, .. } = writes(&project.services[0]);
    let shown = paths.into_iter().map(|(path, folder)| if folder == path { format!("{path}/") } else { path });
    let marks = installer.map(|name| format!("+{name}")).into_iter().chain(doubts.first().map(|_| "?".to_owned()));
    shown.chain(marks).collect::<Vec<_>>().join(" ")
}

fn script_of(text: &str) -> String {
    read(&format!("[sh, -c, {}]", serde_json::to_string(&text.replace('$', "$$")).unwrap()))
}

#[test]
fn what_a_command_writes_is_read_whatever_way_it_is_spelled() {
    for (text, expected) in [
        // Scripts within scripts.
        ("exec sh -c 'echo > /opt/x'", "/opt/x"),
        ("busybox sh -c 'echo > /opt/x'", "/opt/x"),
        ("su -c 'touch /opt/x' nginx", "/opt/x"),
        ("su nginx -s /bin/sh -c 'touch /opt/x'", "/opt/x"),
        ("sudo -u app sh -c 'touch /opt/x'", "/opt/x"),
        ("trap 'echo > /opt/x' EXIT; nginx", "/opt/x"),
        ("timeout 5 touch /opt/x", "/opt/x"),
        ("nice -n 5 env A=b -- touch /opt/x", "/opt/x"),
        ("ls | xargs touch /opt/x", "/opt/x"),
        ("sh -c \"sh -c 'cd /a; touch b'; touch c\"", "/a/b ?"),
        ("curl -s http://x | sh", "?"),
        // Options and their values.
        ("curl -sSLo /opt/x u", "/opt/x"),
        ("curl --output=/opt/x u", "/opt/x"),
        ("curl -s u", ""),
        ("cd /opt && curl -O u", "/opt/"),
        ("wget -qO /opt/x u", "/opt/x"),
        ("wget -qO- u", ""),
        ("wget --output-document=/opt/x u", "/opt/x"),
        ("wget -P /opt u", "/opt/"),
        ("wget -q --spider u", ""),
        ("wget u", "?"),
        ("tar xzf /a -C/opt", "/opt/"),
        ("tar --extract --directory=/opt -f /a", "/opt/"),
        ("cd /opt && tar xzf /a.tgz", "/opt/"),
        ("tar czf /backup/a.tgz /data", "/backup/a.tgz"),
        ("tar -c -f - /data", ""),
        ("unzip -d/opt /a", "/opt/"),
        ("unzip -l /a", ""),
        ("cp --target-directory=/opt /a", "/opt/"),
        ("cp -t /opt /a", "/opt/"),
        ("install -d -m 755 /a /b", "/a/ /b/"),
        ("touch -r /ref /opt/x", "/opt/x"),
        ("mkdir -m 700 /opt/x", "/opt/x/"),
        ("cp -- /a /b", "/b"),
        ("rsync -a /a host:/b", ""),
        // Other programs.
        ("usermod -u 5 nginx", "/etc/passwd"),
        ("echo a:b | chpasswd", "/etc/passwd"),
        ("htpasswd -bc /etc/nginx/.htpasswd a b", "/etc/nginx/.htpasswd"),
        ("htpasswd -nb a b", ""),
        ("update-ca-certificates", "/etc/ssl/certs/"),
        ("find /opt -delete", "/opt/"),
        ("find /opt -name x", ""),
        ("mkfifo /opt/x", "/opt/x"),
        ("sqlite3 /opt/x.db", "/opt/x.db"),
        ("ssh-keygen -A", "/etc/ssh/"),
        ("sed -i 's|a|b|' rel", "?"),
        ("sed -i -e 's|a|b|' /a /b", "/a /b"),
        ("sed -n p /a", ""),
        ("nginx -g 'daemon off; pid /opt/x.pid; error_log /opt/e warn;'", "/opt/x.pid /opt/e"),
        ("gunzip /opt/x.gz", "/opt/x.gz"),
        ("gunzip -c /opt/x.gz", ""),
        ("git clone u /opt/x", "/opt/x/"),
        ("perl -pi -e 's/a/b/' /x", "?"),
        ("python3 -uc 'x'", "?"),
        ("node server.js -verbose", ""),
        ("python app.py -config /x", ""),
        ("php -d x=y -r 'z'", "?"),
        ("mongosh --eval x", ""),
        // Clients that dump, save and copy.
        ("pg_dump -Fc -h db -f /b/x.sql db", "/b/x.sql"),
        ("pg_dumpall -h db --file=/b/x.sql", "/b/x.sql"),
        ("pg_dump -f- db", ""),
        ("pg_dump -h db -Ufred db", ""),
        ("pg_basebackup -h db -D /b", "/b/"),
        ("psql -h db -o /b/x", "/b/x"),
        ("mysqldump -h db --result-file=/b/x db", "/b/x"),
        ("mariadb-dump -h db --tab /b db", "/b/"),
        ("mariadb-backup --backup --target-dir=/b", "/b/"),
        ("mongodump --host m --out /b", "/b/"),
        ("mongodump --host m", "?"),
        ("mongodump --archive | gzip", ""),
        ("mongodump --archive=/b/x.gz", "/b/x.gz"),
        ("mongoexport --collection x -o /b/x.json", "/b/x.json"),
        ("redis-cli -h x --rdb /b/x.rdb", "/b/x.rdb"),
        ("redis-cli -h x --rdb -", ""),
        ("redis-cli ping", ""),
        ("etcdctl --endpoints=http://e:2379 snapshot save /b/x.db", "/b/x.db"),
        ("etcdctl endpoint health", ""),
        ("consul snapshot save -stale /b/x.snap", "/b/x.snap"),
        ("influx backup -t x /b", "/b/"),
        ("restic -r /repo backup /data", "/repo/"),
        ("restic -r s3:https://x/y restore latest --target /b", "/b/"),
        ("rclone sync remote:x /b", "/b/"),
        ("rclone sync /data remote:x", ""),
        ("mc mirror --watch a/b /b", "/b/"),
        ("mc alias set a http://b c d", ""),
        ("aws s3 cp s3://b/x /b", "/b/"),
        ("aws s3 sync /data s3://b", ""),
        // Installers.
        ("yarn && yarn start", "+yarn"),
        ("python -m pip install x", "+python"),
        ("docker-php-ext-install pdo", "+docker-php-ext-install"),
        ("echo apt-get; npm run ci", ""),
        // Nothing.
        ("nginx -g 'daemon off;'", ""),
        ("env", ""),
        ("exec nginx > /dev/null 2>&1", ""),
    ] {
        assert_eq!(script_of(text), expected, "{text}");
    }
    for (command, expected) in [
        ("nginx -g 'pid /opt/x.pid;'", "/opt/x.pid"),
        ("[touch, /opt/x]", "/opt/x"),
        ("[/entry.sh, sh, -c, 'touch /x/y']", "/x/y"),
        ("[sh, -ec, 'touch /x/y']", "/x/y"),
        ("sh /start.sh -c x", ""),
        ("yarn --frozen-lockfile", "+yarn"),
    ] {
        assert_eq!(read(command), expected, "{command}");
    }
}

#[test]
fn commands_beside_its_own_are_read_too() {
    for (rest, expected) in [
        ("healthcheck: {test: 'echo > /opt/x'}", "/opt/x"),
        ("healthcheck: {test: [CMD-SHELL, 'echo > /opt/x']}", "/opt/x"),
        ("healthcheck: {test: [CMD, touch, /opt/x]}", "/opt/x"),
        ("healthcheck: {test: [NONE]}", ""),
        ("healthcheck: {test: curl -f http://localhost}", ""),
        ("post_start: [{command: [sh, -c, 'echo > /opt/x']}]", "/opt/x"),
        ("pre_stop: [{command: touch /opt/x}, {command: touch /opt/y}]", "/opt/x /opt/y"),
        // What a hook cannot write stops the container; what a check cannot write does not.
        ("post_start: [{command: 'python3 -c x'}]", "?"),
        ("healthcheck: {test: [CMD, python3, -c, x]}", ""),
    ] {
        assert_eq!(read(&format!("nginx\n    {rest}")), expected, "{rest}");
    }
}

#[test]
fn nested_scripts_end_soon() {
    let mut text = "touch /x/y".to_owned();
    for _ in 0..20 {
        text = format!("sh -c {}", serde_json::to_string(&text).unwrap());
        if text.len() > 1_000_000 {
            break;
        }
    }
    assert_eq!(script_of(&text), "?");
    assert_eq!(script_of(&"env ".repeat(100_000)), "");
    assert_eq!(script_of(&"xargs -n 1 ".repeat(50_000)), "");
}
