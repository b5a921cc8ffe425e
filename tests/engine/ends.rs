//! What services do as they are asked to end, and how much is said of those that work.

use super::stand::Stand;
use serde_json::Value;

const BUSYBOX: &str = "rofs-test-busybox:1";
const NODE: &str = "rofs-test-node:1";

/// A service that runs until it is asked to end, and then does this.
fn at_its_end(deed: &str, keys: &str) -> String {
    let script = format!("trap '{deed}' TERM; while true; do sleep 0.1; done");
    format!("services:\n  app:\n    image: {BUSYBOX}\n    command: [sh, -c, {script:?}]\n{keys}")
}

#[test]
fn what_fails_at_the_end_fails() {
    let hard = "    read_only: true\n";
    for (kind, deed, args, verdict, why) in [
        ("nothing is done", "exit 0", &["--as-is"][..], "works", "it stayed up"),
        (
            "what is said at the end",
            "echo x > /var/spool/state; exit 0",
            &["--as-is"],
            "fails",
            "as it was asked to end, it could not write",
        ),
        (
            "nothing is said, and the status is another one",
            // What a variable names is not read from the command, so that nothing is planned for it.
            "f=/var/spool/state; touch $$f 2> /dev/null || exit 3; exit 0",
            &["--against-original"],
            "fails",
            "as it was asked to end, it ended with status 3; on a writable root with 0",
        ),
    ] {
        let keys = if args[0] == "--as-is" { hard } else { "" };
        let Some(stand) = Stand::new(&[BUSYBOX], &at_its_end(deed, keys)) else { return };
        let (found, said, details) = stand.verdict(args);
        assert_eq!((found.as_str(), said.as_str()), (verdict, why), "{kind}: {details}");
        assert_eq!(details.contains("/var/spool"), said.ends_with("could not write"), "{kind}: {details}");
        assert_eq!(stand.leftovers(), [""; 0], "{kind}");
    }
}

#[test]
fn a_service_gets_the_time_to_end_that_it_asks_for() {
    // It takes longer than a moment, and is given what engines give, what the file says, or too little.
    let file = at_its_end("sleep 3; echo x > /late/x; exit 0", "    tmpfs: [/run]\n").replace("echo x", "mkdir -p /late; echo x");
    for (grace, is_seen) in [("", true), ("    stop_grace_period: 20s\n", true), ("    stop_grace_period: 1s\n", false)] {
        let Some(stand) = Stand::new(&[BUSYBOX], &format!("{file}{grace}")) else { return };
        let run = stand.run(&["observe", "--settle", "1s"]);
        assert_eq!(run.out.contains("/late"), is_seen, "{grace}: {run:?}");
    }
}

#[test]
fn probes_are_repeated() {
    let counts = "n=$(cat /tmp/n || echo 0); echo $((n+1)) > /tmp/n; [ $n -lt 2 ]";
    let file = format!("services:\n  app:\n    image: {BUSYBOX}\n    command: [sleep, '100']\n    tmpfs: [/tmp]\n");
    let Some(stand) = Stand::new(&[BUSYBOX], &file) else { return };
    let probe = format!("app: {counts}");
    let verdict = |times: &str| stand.verdict(&["--as-is", "--timeout", "2s", "--probe", &probe, "--repeat", times]);
    assert_eq!(verdict("2").1, "it stayed up, 2 probes passed");
    assert_eq!(verdict("3").0, "fails");
    assert_eq!(stand.run(&["verify", "--repeat", "0"]).code, Some(2));
}

/// The grade of the one service, and what is said of it.
fn grade(stand: &Stand, args: &[&str]) -> (String, String) {
    let run = stand.run(&[&["verify", "--as-is", "--json"], args].concat());
    let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {run:?}"));
    let service = &report["services"][0];
    let details: Vec<&str> = service["details"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    (service["grade"].as_str().unwrap_or_default().to_owned(), details.join("\n"))
}

#[test]
fn a_verdict_says_how_much_was_seen() {
    let memo = "const fs=require('fs');require('http').createServer((q,a)=>{if(q.method==='POST'){q.on('data',d=>fs.appendFileSync('/data/memo',d));\
                q.on('end',()=>a.end('saved'))}else a.end(fs.existsSync('/data/memo')?fs.readFileSync('/data/memo'):'nothing')}).listen(3000)";
    let file = format!(
        "services:\n  app:\n    image: {NODE}\n    command: [node, -e, {memo:?}]\n    read_only: true\n    volumes: ['data:/data']\nvolumes:\n  data:\n"
    );
    let Some(stand) = Stand::new(&[NODE], &file) else { return };
    let came_back = "it came back after a restart, and after it was killed and recreated";
    let (found, said) = grade(&stand, &[]);
    assert_eq!(
        (found.as_str(), said.as_str()),
        ("starts", &*format!("{came_back}\nonly its start was seen: --http or --probe makes it do its work"))
    );
    let (store, look) = ("app:3000 POST / hello", "app:3000 GET / => 200 hello");
    let (found, said) = grade(&stand, &["--http", store, "--http", "app:3000 GET /"]);
    assert_eq!((found.as_str(), said.as_str()), ("answers", came_back));
    let (found, said) = grade(&stand, &["--http", store, "--http", look]);
    assert_eq!((found.as_str(), said.as_str()), ("keeps", "it kept its data over a restart, and after it was killed and recreated"));
}

#[test]
fn a_probe_that_fails_anyway_ends_the_healing_of_its_service() {
    let file = format!(
        "services:\n  app:\n    image: {BUSYBOX}\n    command: [sleep, '1000']\n  other:\n    image: {BUSYBOX}\n    command: [sh, -c, 'touch /tmp/x && exec sleep 1000']\n"
    );
    let Some(stand) = Stand::new(&[BUSYBOX], &file) else { return };
    let all = stand.verdicts(&["--heal", "--timeout", "10s", "--probe", "app: test -e /no/such"]);
    let said: Vec<String> = all.into_iter().map(|(service, verdict, why, _)| format!("{service} {verdict}: {why}")).collect();
    assert_eq!(said[0], "app unprovable: it fails on a writable root too: `app: test -e /no/such`: exit status: 1");
    assert_eq!(said[1], "other works: it stayed up");
}
