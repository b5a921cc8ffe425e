//! What a person does on the page.

use super::{NOTHING, Page, project};
use crate::support::Folder;
use serde_json::{Value, json};

const WEB: &str = "services:\n  web:\n    image: nginx:1.29\n";

#[test]
fn what_is_typed_is_planned() {
    let Some(mut page) = Page::open() else { return };
    page.paste(WEB);
    assert!(page.text("#sum").starts_with("1 of 1 services change"), "{}", page.text("#sum"));
    let diff = page.text("#diff");
    assert!(diff.contains("added: +") || diff.contains("read_only: true"), "{diff}");
    assert!(diff.contains("preset nginx, documented"), "{diff}");
    // Half a line is no reason to lose what was there.
    page.type_text("  db: [");
    assert_eq!(page.text("#sum"), "This cannot be read yet");
    assert!(page.text("#failure").contains("compose.yaml:") && page.text("#diff").contains("read_only: true"));
    page.type_text("]");
    assert!(page.text("#failure").contains("db"), "{}", page.text("#failure"));
    page.paste(WEB);
    assert_eq!(page.value("document.querySelector('#failure')"), Value::Null);
    page.paste("");
    assert!(!page.text("#sum").is_empty());
    page.expect_quiet();
}

#[test]
fn what_strangers_wrote_stays_text() {
    let Some(mut page) = Page::open() else { return };
    let image = "<img src=x onerror=alert(1)>";
    let text = format!(
        "services:\n  'a\"><svg onload=alert(2)>':\n    image: \"{image}\"\n  b:\n    image: nginx\n    volumes: [\"./<b>x:/y'\\\"><script>alert(3)</script>\"]\n"
    );
    let name = "it's <b>.env";
    page.load(&json!({"files": {"compose.yaml": text, name: "<i>"}, "presets": {"<b>": "nginx"}}));
    page.value("document.querySelectorAll('details').forEach(details => { details.open = true })");
    page.settle();
    let markup = "document.querySelectorAll('body img, svg[onload], body script, [onerror], h3 b, [role=tab] b, .place b ~ b').length";
    assert_eq!(page.value(markup), json!(0));
    assert!(page.text("[role=tablist]").contains("<b>.env"));
    page.expect_quiet();
}

#[test]
fn a_person_decides() {
    let Some(mut page) = Page::open() else { return };
    page.go("");
    let says = |page: &mut Page, what: &str| page.text("#diff").contains(what);
    assert!(says(&mut page, "reports: unknown image"));
    let before = page.text("#sum");
    page.click(".remark button");
    assert_eq!(page.value("document.querySelector('.remark')"), Value::Null);
    assert_ne!(page.text("#sum"), before);
    let taken = page.text(".new:has(.assumed)");
    assert!(taken.contains("read_only: true"), "{taken}");
    let card = |name: &str, what: &str| format!("[aria-labelledby='service-{name}'] {what}");
    page.click(&card("db", "input[type=checkbox]"));
    assert!(!says(&mut page, "preset postgres"), "db is left alone");
    assert!(page.text(&card("db", "")).contains("The planned change") || page.text(&card("db", ".same")).contains("The same"));
    // A preset of one's own choice, and one that is not there.
    let choose = |page: &mut Page, name: &str| {
        page.value(&format!(
            "{{ const input = document.querySelector({}); input.value = '{name}'; input.dispatchEvent(new Event('change')) }}",
            Value::from(card("reports", "input[type=text]"))
        ));
        page.settle();
    };
    choose(&mut page, "node");
    assert!(says(&mut page, "preset node"));
    choose(&mut page, "nodes");
    assert_eq!(
        page.value(&format!("document.querySelector({}).validity.valid", Value::from(card("reports", "input[type=text]")))),
        json!(false)
    );
    choose(&mut page, "");
    assert!(!says(&mut page, "preset node"));
    // More is taken away where it is asked for.
    page.click("#extras input[value=cap-drop]");
    assert!(says(&mut page, "cap_drop"));
    page.click("#explain");
    assert!(says(&mut page, "# "), "reasons are comments");
    page.expect_quiet();
}

#[test]
fn the_change_is_taken_over_and_taken_back() {
    let Some(mut page) = Page::open() else { return };
    page.load(&project(&[("compose.yaml", WEB)]));
    page.value("[...document.querySelectorAll('.file .tools button')].at(-1).click()");
    page.settle();
    assert!(page.editor().contains("read_only: true"));
    assert_eq!(page.text("#diff"), "The service has a read-only root already.");
    page.value("document.querySelector('.cm-content').focus()");
    page.browser.shortcut("z");
    page.settle();
    assert_eq!(page.editor(), WEB);
    assert!(page.text("#diff").contains("read_only: true"));
    page.expect_quiet();
}

#[test]
fn what_is_copied_is_what_the_program_writes() {
    let Some(mut page) = Page::open() else { return };
    page.browser.permit_clipboard();
    page.load(&project(&[("compose.yaml", WEB)]));
    let copied = |page: &mut Page, label: &str| {
        page.click(&format!("[aria-label='{label} compose.yaml']"));
        page.value("navigator.clipboard.readText()").as_str().unwrap().to_owned()
    };
    let folder = Folder::compose(WEB);
    let patch = folder.run(&[]).exits(0).out;
    assert_eq!(copied(&mut page, "Copy the patch of"), patch);
    assert!(page.text("#said").contains("copied"));
    folder.run(&["--write", "--yes"]).exits(0);
    assert_eq!(copied(&mut page, "Copy the new"), folder.read("compose.yaml"));
    // The link carries what was typed and chosen, and nothing else has to be there.
    page.click("#extras input[value=user]");
    page.click("#share");
    let link = page.value("navigator.clipboard.readText()").as_str().unwrap().to_owned();
    let (_, fragment) = link.split_once('#').unwrap();
    page.go("");
    page.go(&format!("#{fragment}"));
    assert_eq!(page.editor(), WEB);
    assert_eq!(page.value("document.querySelector('#extras input[value=user]').checked"), json!(true));
    page.expect_quiet();
}

#[test]
fn a_download_has_the_new_text() {
    let Some(mut page) = Page::open() else { return };
    page.load(&project(&[("compose.yaml", WEB)]));
    page.value("window.made = null; { const old = URL.createObjectURL; URL.createObjectURL = (blob) => { window.made = blob; return old.call(URL, blob) } }; HTMLAnchorElement.prototype.click = function () { window.name = this.download }");
    page.click("[aria-label='Download the new compose.yaml']");
    let folder = Folder::compose(WEB);
    folder.run(&["--write", "--yes"]).exits(0);
    assert_eq!(page.value("window.made.text()"), json!(folder.read("compose.yaml")));
    assert_eq!(page.value("window.name"), json!("compose.yaml"));
}

#[test]
fn a_damaged_link_opens_the_first_example() {
    let Some(mut page) = Page::open() else { return };
    let first = page.editor();
    for fragment in ["#p1=", "#p1=%%%", "#p1=AAAA", "#p2=x", "#image=<b>", "#image=", "#x"] {
        page.go(fragment);
        assert_eq!(page.editor(), first, "{fragment}");
        page.expect_quiet();
    }
    for wrong in [json!([]), json!({"files": {}}), json!({"files": {"a": 1}}), json!({"files": "x"}), json!(null)] {
        page.load(&wrong);
        assert_eq!(page.editor(), first, "{wrong}");
        page.expect_quiet();
    }
    page.go("#image=postgres:17");
    assert!(page.editor().contains("image: postgres:17") && page.text("#diff").contains("preset postgres"));
    page.expect_quiet();
}

#[test]
fn a_project_has_several_files() {
    let Some(mut page) = Page::open() else { return };
    // What a program of one's own writes is a guess.
    page.load(&json!({"files": {"compose.yaml": "services:\n  api:\n    build: .\n"}, "assume": true}));
    assert!(!page.text("#diff").contains("preset node"));
    page.click("#add summary");
    page.value("[...document.querySelectorAll('#add-menu button')].find(button => button.textContent === 'Dockerfile').click()");
    page.settle();
    assert!(page.text("#diff").contains("preset node"), "{}", page.text("#diff"));
    assert_eq!(page.text("[role=tab][aria-selected=true]"), "Dockerfile");
    page.value("document.querySelector('[role=tab][aria-selected=true]').focus()");
    for (key, name) in [("ArrowLeft", "compose.yaml"), ("ArrowLeft", "Dockerfile")] {
        page.browser.key(key);
        assert_eq!(page.value("document.activeElement.textContent"), json!(name));
    }
    page.browser.key("Delete");
    page.settle();
    assert_eq!(page.text("[role=tablist]"), "compose.yaml");
    assert!(!page.text("#diff").contains("preset node"));
    page.expect_quiet();
}

#[test]
fn every_example_has_something_to_show() {
    let Some(mut page) = Page::open() else { return };
    let number = page.value("document.querySelectorAll('#example option').length").as_u64().unwrap();
    assert!(number > 3);
    for i in 0..number - 1 {
        page.value(&format!("{{ const e = document.querySelector('#example'); e.value = '{i}'; e.dispatchEvent(new Event('change')) }}"));
        page.settle();
        assert_eq!(page.value("document.querySelector('#failure')"), Value::Null, "{i}");
        let has_something = "document.querySelector('.file, .remark button') !== null";
        assert_eq!(page.value(has_something), json!(true), "{i}");
        assert_eq!(page.value("[...document.querySelectorAll('.card')].every(card => card.querySelector('.box'))"), json!(true), "{i}");
    }
    page.expect_quiet();
}

#[test]
fn its_policy_forbids_every_connection() {
    let Some(mut page) = Page::open() else { return };
    let refused = page.value("fetch('https://example.invalid/').then(() => 'sent', error => error.name)");
    assert_eq!(refused, json!("TypeError"));
    // That is seen, so that the other tests would see a page that tries it.
    assert!(page.browser.complaints().iter().any(|text| text.contains("Content Security Policy")));
    assert_eq!(page.value("new Promise(done => { const image = new Image(); image.onerror = () => done('refused'); image.src = 'https://example.invalid/x.png' })"), json!("refused"));
}

#[test]
fn everybody_can_use_it() {
    let Some(mut page) = Page::open() else { return };
    let axe = page.folder.join("../node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&axe).unwrap_or_else(|e| panic!("{}: {e}", axe.display()));
    for scheme in ["light", "dark"] {
        page.browser.scheme(scheme);
        for width in [1300, 400] {
            page.browser.size(width);
            page.go("");
            page.value("document.querySelectorAll('details:not(#add)').forEach(details => { details.open = true })");
            assert_eq!(page.value("document.documentElement.scrollWidth <= innerWidth"), json!(true), "{width} columns");
            // What follows puts a style into the page, which its policy refuses.
            assert_eq!(page.browser.complaints(), NOTHING);
            page.value(&axe);
            let found = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(v => `${v.impact} ${v.id}: ${v.nodes.map(n => n.html.slice(0, 120)).slice(0, 3).join(' | ')}`))";
            assert_eq!(page.value(found), json!(NOTHING), "{scheme}, {width}");
        }
    }
}

#[test]
fn a_keyboard_is_enough() {
    let Some(mut page) = Page::open() else { return };
    page.browser.key("Tab");
    assert_eq!(page.value("document.activeElement.textContent"), json!("To the changes"));
    let reachable = "[...document.querySelectorAll('a[href], button:not([tabindex=\"-1\"]), input:not([disabled]), select, summary, [tabindex=\"0\"], .cm-content')]\
                     .filter(e => e.checkVisibility()).length";
    let number = page.value(reachable).as_u64().unwrap();
    page.value("document.activeElement.blur(); window.seen = new Set()");
    for _ in 0..=number {
        page.browser.key("Tab");
        page.value("seen.add(document.activeElement)");
    }
    assert!(page.value("seen.size").as_u64().unwrap() >= number, "Tab reaches {} of {number}", page.value("seen.size"));
    page.value("document.querySelector('.findings .plain').focus()");
    page.browser.key("Enter");
    page.settle();
    assert_eq!(page.value("document.querySelector('#rule').open"), json!(true));
    assert!(page.text("#rule-page").len() > 200);
    page.browser.key("Escape");
    assert_eq!(page.value("document.querySelector('#rule').open"), json!(false));
    // From a finding to its place.
    page.value("document.querySelectorAll('.findings .plain')[1].click()");
    assert_eq!(page.value("document.activeElement.className.includes('cm-content')"), json!(true));
    page.expect_quiet();
}
