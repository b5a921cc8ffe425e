//! The audit as a page: what strangers wrote stays text, and a real browser finds nothing to complain about.

mod browser;

use crate::support::{Folder, Run, golden};
use browser::Browser;
use serde_json::{Value, json};

/// A project with every kind of place and most kinds of findings.
const SHOP: &str = include_str!("html/shop.yaml");

/// Values as a stranger would choose them.
const HOSTILE: &str = r#"services:
  a:
    image: "</style><script>alert(1)</script>"
    volumes:
      - "</title><svg/onload=alert(2)>:/a' onclick='alert(3)"
      - "./x:/\"><!--"
  b: # rofs-harden: ignore[unknown-image] </details><base href=//example.org>
    image: "\u202Eevil&lt;{}"
    read_only: "${ROFS:-<b>`}"
"#;

/// A name that no service can have.
const HOSTILE_NAME: &str = "services: { '\"><img src=x onerror=alert(4)>': { image: nginx } }";

fn hostile() -> Folder {
    Folder::new(&[("compose.yaml", HOSTILE), ("it's <b>/compose.yaml", HOSTILE_NAME)])
}

fn page(folder: &Folder) -> Run {
    folder.run(&["audit", "-r", "--fail-on", "never", "--format", "html"])
}

fn shop() -> Folder {
    let files = [
        ("compose.yaml", SHOP),
        ("rofs-harden.toml", "[[exclude]]\nservice = \"jobs\"\nreason = \"goes away in May\"\n"),
        ("worker/Dockerfile", "FROM python:3.13-slim\nUSER 1000\n"),
    ];
    Folder::new(&files)
}

#[test]
fn a_page_is_as_it_was() {
    golden("html/example.html", &page(&shop()).exits(0).out);
}

#[test]
fn what_strangers_wrote_stays_text() {
    let out = page(&hostile()).exits(2).out;
    let body = out.split_once("</style>").unwrap().1;
    for markup in ["<img", "<svg/", "<script>alert", "</style>", "</title>", "<!--", "' onclick", "<base", "<b>`", "it's <b>", "\u{202e}"] {
        assert!(!body.contains(markup), "{markup}");
    }
    for text in [
        "&lt;/style&gt;&lt;script&gt;alert(1)",
        "&lt;/title&gt;&lt;svg/onload=alert(2)&gt;",
        "/a&#39; onclick=&#39;alert(3)",
        "&quot;&gt;&lt;!--",
        "&lt;/details&gt;&lt;base",
        "\\u{202e}evil&amp;lt;{}",
        "&quot;&gt;&lt;img src=x onerror=alert(4)&gt;",
        "it&#39;s &lt;b&gt;/",
    ] {
        assert!(body.contains(text), "{text}");
    }
    assert_eq!(out.matches("<script>").count(), 1);
}

#[test]
fn nothing_is_loaded_and_nothing_is_in_an_attribute_that_a_policy_refuses() {
    let out = page(&shop()).out;
    for markup in [" style=", " onclick=", " src=", "<link", "@import", "url(", "javascript:"] {
        assert!(!out.contains(markup), "{markup}");
    }
}

#[test]
fn a_browser_shows_it() {
    let Some(mut browser) = Browser::start() else { return };
    for folder in [shop(), hostile()] {
        folder.put("page.html", page(&folder).out);
        browser.open(&folder.path().join("page.html"));
        assert_eq!(browser.requests(), 1, "only the page itself");
        for width in [1280, 400] {
            browser.size(width);
            assert_eq!(browser.value("document.documentElement.scrollWidth <= innerWidth"), json!(true), "{width} columns");
        }
        assert_eq!(browser.value("document.querySelectorAll('body img, body script:not(:last-child), [onclick]').length"), json!(0));
        assert_eq!(browser.complaints(), [""; 0]);
    }
}

#[test]
fn a_browser_tells_what_is_wrong() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = shop();
    let out = page(&folder).exits(0).out;
    for wrong in ["<p style=\"color: red\">", "<script>1</script>", "<img src=\"https://example.invalid/x.png\">"] {
        folder.put("page.html", out.replace("<main>", &format!("<main>{wrong}")));
        browser.open(&folder.path().join("page.html"));
        assert_ne!(browser.complaints(), [""; 0], "{wrong}");
    }
}

#[test]
fn it_reads_well_without_its_script() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = shop();
    folder.put("page.html", page(&folder).out);
    browser.scripts(false);
    browser.open(&folder.path().join("page.html"));
    for (selector, is_seen) in [(".tools", false), ("#theme", false), (".order", false), ("#bars li", true), (".card .box", true)] {
        assert_eq!(browser.value(&format!("document.querySelector('{selector}').checkVisibility()")), json!(is_seen), "{selector}");
    }
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn every_text_can_be_read() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = shop();
    folder.put("page.html", page(&folder).out);
    for scheme in ["light", "dark"] {
        browser.scheme(scheme);
        browser.open(&folder.path().join("page.html"));
        browser.value("document.querySelectorAll('details').forEach(details => { details.open = true })");
        assert_eq!(browser.value(include_str!("html/contrast.js")), json!([]), "{scheme}: less than 4.5 to 1");
    }
}

#[test]
fn its_filters_filter() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = shop();
    folder.put("page.html", page(&folder).out);
    browser.open(&folder.path().join("page.html"));
    let shown = |browser: &mut Browser| {
        let names = "[...document.querySelectorAll('.card h4 a')].filter(a => a.checkVisibility()).map(a => a.textContent).join(' ')";
        let bars = "[...document.querySelectorAll('#bars li')].filter(a => a.checkVisibility()).length";
        let [names, bars, said] = [names, bars, "document.querySelector('#shown').textContent"].map(|e| browser.value(e));
        assert_eq!(bars, json!(names.as_str().unwrap().split_whitespace().count()), "a bar for each");
        (names.as_str().unwrap().to_owned(), said.as_str().unwrap().to_owned())
    };
    let is = |names: &str, said: &str| (names.to_owned(), said.to_owned());
    let all = is("api web proxy db agent worker done", "7 services");
    assert_eq!(shown(&mut browser), all);
    for (find, names, said) in [
        ("post", "db", "1 of 7 services"),
        ("/VAR/run", "proxy", "1 of 7 services"),
        ("unknown-image", "agent", "1 of 7 services"),
        ("nginx site.conf", "web", "1 of 7 services"),
        ("<nobody>", "", "0 of 7 services"),
    ] {
        browser.key("/");
        browser.type_text(find);
        assert_eq!(shown(&mut browser), is(names, said), "{find}");
        assert_eq!(browser.value("!document.querySelector('#nothing').hidden"), json!(names.is_empty()));
        browser.key("Escape");
        assert_eq!(shown(&mut browser), all);
        browser.value("document.activeElement.blur()");
    }
    browser.value("document.querySelector('[value=error]').click()");
    let (names, _) = shown(&mut browser);
    let wrong = "[...document.querySelectorAll('.findings > li')].filter(f => f.checkVisibility() && !f.matches('.error')).length";
    assert_eq!((names.as_str(), browser.value(wrong)), ("api", json!(0)), "errors alone; an ignored one does not count");
    browser.value("document.querySelector('[type=reset]').click()");
    browser.value("new Promise(done => setTimeout(done, 20))");
    assert_eq!(shown(&mut browser), all);
    browser.value("document.querySelector('[value=any]').click()");
    assert_eq!(shown(&mut browser), is("api web proxy db agent worker", "6 of 7 services"));
    browser.value("document.querySelector('[type=reset]').click()");
    browser.value("new Promise(done => setTimeout(done, 20))");
    choose(&mut browser, "#preset", "unknown");
    assert_eq!(shown(&mut browser), is("agent", "1 of 7 services"));
    choose(&mut browser, "#preset", "");
    let first = "document.querySelector('#bars li .name').textContent.trim()";
    for (order, name) in [("worst", "proxy"), ("file", "web"), ("gain", "proxy")] {
        choose(&mut browser, "#order", order);
        assert_eq!(browser.value(first), json!(name), "{order}");
    }
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_keyboard_is_enough() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = shop();
    folder.put("page.html", page(&folder).out);
    browser.open(&folder.path().join("page.html"));
    let focus = "document.activeElement.id || document.activeElement.textContent";
    browser.key("Tab");
    assert_eq!(browser.value(focus), json!("To the services"));
    browser.key("/");
    assert_eq!(browser.value(focus), json!("find"));
    // Tab comes past everything and out again: what can be reached is all there is, and nothing holds it.
    let reachable = "[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')]\
                     .filter(e => e.checkVisibility()).length";
    let number = browser.value(reachable).as_u64().unwrap();
    browser.value("document.activeElement.blur(); window.seen = new Set()");
    for _ in 0..=number {
        browser.key("Tab");
        browser.value("seen.add(document.activeElement)");
    }
    assert!(browser.value("seen.size").as_u64().unwrap() >= number, "{number} things to reach");
    assert_ne!(browser.value("getComputedStyle(document.querySelector('#theme')).display"), json!("none"));
    for (key, name) in [("ArrowDown", "web"), ("ArrowDown", "proxy"), ("ArrowUp", "web"), ("ArrowUp", "api"), ("ArrowUp", "api")] {
        browser.value("document.activeElement.matches('h4 a') || document.querySelector('.card h4 a').focus()");
        browser.key(key);
        assert_eq!(browser.value("document.activeElement.textContent"), json!(name), "{key}");
    }
    // A link to a rule opens its page.
    browser.value("document.querySelector('a[href=\"#rule-writable-root\"]').click()");
    browser.value("new Promise(done => setTimeout(done, 50))");
    assert_eq!(browser.value("document.querySelector('#rule-writable-root').checkVisibility()"), json!(true));
    let theme = |browser: &mut Browser| browser.value("getComputedStyle(document.body).backgroundColor");
    let before = theme(&mut browser);
    browser.value("document.querySelector('#theme').focus()");
    browser.key("Enter");
    assert_ne!(theme(&mut browser), before);
    assert_eq!(browser.complaints(), [""; 0]);
}

fn choose(browser: &mut Browser, list: &str, value: &str) {
    let (list, value) = (Value::from(list), Value::from(value));
    browser.value(&format!(
        "{{ const e = document.querySelector({list}); e.value = {value};
        for (const kind of ['input', 'change']) e.dispatchEvent(new Event(kind, {{ bubbles: true }})) }}"
    ));
}
