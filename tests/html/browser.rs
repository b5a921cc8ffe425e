//! A headless Chromium, spoken to by its debugging protocol through two pipes: no port, no network, no library.

use crate::oracle::skipped;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A browser with one tab, which ends with this value.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    /// Number of the last question.
    last: u64,
    /// What names the tab.
    session: Value,
    /// What was told without being asked, since the page was opened.
    events: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    /// Starts the browser, or says that there is none.
    pub(crate) fn start() -> Option<Self> {
        if !Command::new("chromium").arg("--version").output().is_ok_and(|o| o.status.success()) {
            skipped("no chromium", "ROFS_REQUIRE_BROWSER");
            return None;
        }
        let profile = tempfile::tempdir().unwrap();
        // The browser reads questions at descriptor 3 and answers at 4.
        let script = "exec chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
                      --remote-debugging-pipe --user-data-dir=\"$0\" about:blank 3<&0 4>&1 0</dev/null 1>/dev/null 2>&1";
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).arg(profile.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let to = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let (sender, from) = channel();
        std::thread::spawn(move || {
            let mut answer = Vec::new();
            while answers.read_until(0, &mut answer).is_ok_and(|length| length > 0) {
                answer.pop();
                if sender.send(serde_json::from_slice(&answer).unwrap()).is_err() {
                    return;
                }
                answer.clear();
            }
        });
        let mut browser = Self { child, to, from, last: 0, session: Value::Null, events: Vec::new(), _profile: profile };
        let tab = browser.ask("Target.createTarget", json!({"url": "about:blank"}))["targetId"].take();
        browser.session = browser.ask("Target.attachToTarget", json!({"targetId": tab, "flatten": true}))["sessionId"].take();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        // Of the page's own thread, so that what else the machine does is not counted.
        browser.ask("Performance.enable", json!({"timeDomain": "threadTicks"}));
        let offline = json!({"offline": true, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0});
        browser.ask("Network.emulateNetworkConditions", offline);
        Some(browser)
    }

    /// Opens a file and waits until it is there.
    pub(crate) fn open(&mut self, file: &Path) {
        self.open_url(&format!("file://{}", file.display()));
    }

    /// Opens an address and waits until it is there.
    pub(crate) fn open_url(&mut self, url: &str) {
        self.events.clear();
        self.ask("Page.navigate", json!({"url": url}));
        while !self.events.iter().any(|e| e["method"] == "Page.loadEventFired") {
            let event = self.from.recv_timeout(PATIENCE).unwrap();
            self.events.push(event);
        }
    }

    /// How many requests the page made, itself included.
    pub(crate) fn requests(&self) -> usize {
        self.events.iter().filter(|e| e["method"] == "Network.requestWillBeSent").count()
    }

    /// What the page asked for, itself first.
    pub(crate) fn asked_for(&self) -> Vec<String> {
        let requests = self.events.iter().filter(|e| e["method"] == "Network.requestWillBeSent");
        requests.map(|e| e["params"]["request"]["url"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Lets pages read and write the clipboard, as a person would when asked.
    pub(crate) fn permit_clipboard(&mut self) {
        for name in ["clipboard-read", "clipboard-write"] {
            let permission = json!({"permission": {"name": name}, "setting": "granted"});
            self.ask("Browser.setPermission", permission);
        }
    }

    /// Everything that the browser logged: errors, warnings, and what the page's policy refused.
    pub(crate) fn complaints(&self) -> Vec<String> {
        const COMPLAINTS: [&str; 4] =
            ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening"];
        let is_one = |e: &&Value| COMPLAINTS.iter().any(|method| e["method"] == *method);
        self.events.iter().filter(is_one).map(|e| e["params"].to_string()).collect()
    }

    /// Processor time that the page's thread has used, in milliseconds.
    pub(crate) fn processor_time(&mut self) -> f64 {
        let metrics = self.ask("Performance.getMetrics", json!({}));
        let tasks = metrics["metrics"].as_array().unwrap().iter().find(|metric| metric["name"] == "TaskDuration").unwrap();
        tasks["value"].as_f64().unwrap() * 1000.0
    }

    /// Whether scripts run in what is opened next.
    pub(crate) fn scripts(&mut self, run: bool) {
        self.ask("Emulation.setScriptExecutionDisabled", json!({"value": !run}));
    }

    /// Says that the system is `light` or `dark`.
    pub(crate) fn scheme(&mut self, name: &str) {
        self.ask("Emulation.setEmulatedMedia", json!({"features": [{"name": "prefers-color-scheme", "value": name}]}));
    }

    /// Makes the window so wide.
    pub(crate) fn size(&mut self, width: u32) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", size);
    }

    /// The value of an expression in the page, or of its promise.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let question = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.ask("Runtime.evaluate", question);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Presses a key.
    pub(crate) fn key(&mut self, key: &str) {
        let (code, number, text) = match key {
            "/" => ("Slash", 191, "/"),
            "Enter" => ("Enter", 13, "\r"),
            "Tab" => ("Tab", 9, ""),
            "Escape" => ("Escape", 27, ""),
            "ArrowUp" => ("ArrowUp", 38, ""),
            "ArrowDown" => ("ArrowDown", 40, ""),
            "ArrowLeft" => ("ArrowLeft", 37, ""),
            "Delete" => ("Delete", 46, ""),
            other => panic!("which key is {other}?"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut press = json!({"type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number});
            if kind == "keyDown" && !text.is_empty() {
                press["text"] = json!(text);
            }
            self.ask("Input.dispatchKeyEvent", press);
        }
    }

    /// Presses a letter with Control held.
    pub(crate) fn shortcut(&mut self, letter: &str) {
        let number = letter.to_uppercase().bytes().next();
        for kind in ["rawKeyDown", "keyUp"] {
            let code = format!("Key{}", letter.to_uppercase());
            let press = json!({"type": kind, "key": letter, "code": code, "windowsVirtualKeyCode": number, "modifiers": 2});
            self.ask("Input.dispatchKeyEvent", press);
        }
    }

    /// Types a text where the focus is.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.ask("Input.insertText", json!({"text": text}));
    }

    #[track_caller]
    fn ask(&mut self, method: &str, params: impl Into<Value>) -> Value {
        self.last += 1;
        let mut question = json!({"id": self.last, "method": method, "params": params.into()});
        if !self.session.is_null() {
            question["sessionId"] = self.session.clone();
        }
        self.to.write_all(format!("{question}\0").as_bytes()).unwrap();
        loop {
            let mut answer = self.from.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("no answer to {method}: {e}"));
            if answer["id"] != self.last {
                self.events.push(answer);
                continue;
            }
            assert!(answer["error"].is_null(), "{method}: {answer}");
            return answer["result"].take();
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its helpers end with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
