//! Names of new volumes: never that of a volume which the engine has by another entry, another project or another start.

use crate::oracle::Compose;
use crate::pipe::{harden, harden_project, selection};
use rofs_harden::audit::{Rule, What};
use rofs_harden::evidence::Selection;
use rofs_harden::rewrite::Options;
use std::collections::{BTreeMap, BTreeSet};

fn node() -> Selection {
    Selection { assume: true, ..selection(&["node"], &[]) }
}

/// The name of the volume that `web` gets, and whether it is said that a variable may decide for the same one.
fn new_name(top: &str) -> (String, bool) {
    let text = format!("services:\n  web: {{image: node}}\n{top}\n");
    let hardened = harden(text.as_bytes(), &node()).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let changes = hardened.fixes.iter().flat_map(|f| &f.changes);
    let names: Vec<String> = changes.filter_map(|c| if let What::Declare(name) = &c.what { Some(name.clone()) } else { None }).collect();
    assert_eq!(names.len(), 1, "{text}");
    (names[0].clone(), hardened.findings.iter().any(|f| f.rule == Rule::UnresolvedVariable))
}

/// Top-level keys, and the name that a new volume gets beside them.
const TABLE: [(&str, &str); 36] = [
    ("", "web-data"),
    // External volumes, in every spelling: their key is their name unless they say another.
    ("volumes: {case_web-data: {external: true}}", "web-data-2"),
    ("volumes: {case_web-data: {external: 'yes'}}", "web-data-2"),
    ("volumes: {case_web-data: {external: '${EXTERNAL:-true}'}}", "web-data-2"),
    ("volumes: {case_web-data: {external: '${EXTERNAL}'}}", "web-data-2"),
    ("volumes: {case_web-data: {external: {}}}", "web-data-2"),
    ("volumes: {case_web-data: {external: {name: other}}}", "web-data"),
    ("volumes: {case_web-data: {external: true, name: other}}", "web-data"),
    ("volumes: {x: {external: {name: case_web-data}}}", "web-data-2"),
    ("volumes: {x: {external: true, name: case_web-data}}", "web-data-2"),
    ("x-e: &e {external: true}\nvolumes: {case_web-data: {<<: *e}}", "web-data-2"),
    ("x-e: &e {external: true}\nvolumes: {case_web-data: *e}", "web-data-2"),
    // What is not external is of this project, under its own prefix.
    ("volumes: {case_web-data: }", "web-data"),
    ("volumes: {case_web-data: {external: false}}", "web-data"),
    ("volumes: {case_web-data: {external: 'off'}}", "web-data"),
    // The project may be started under any name, whatever the file or the folder says.
    ("name: Foo\nvolumes: {x: {name: foo_web-data}}", "web-data-2"),
    ("name: Foo.Bar\nvolumes: {x: {name: foobar_web-data}}", "web-data-2"),
    ("name: '${NAME:-foo}'\nvolumes: {x: {name: foo_web-data}}", "web-data-2"),
    ("name: foo\nvolumes: {x: {name: bar_web-data}}", "web-data-2"),
    ("volumes: {x: {name: a_b_web-data}}", "web-data-2"),
    ("volumes: {x: {name: web-data}}", "web-data"),
    ("volumes: {x: {name: caseweb-data}}", "web-data"),
    ("volumes: {x: {name: case_web-data}, y: {name: case_web-data-2}, web-data-3: }", "web-data-4"),
    ("volumes: {x: {name: ''}}", "web-data"),
    // Variables.
    ("volumes: {x: {name: '${COMPOSE_PROJECT_NAME}_web-data'}}", "web-data-2"),
    ("volumes: {x: {name: '${COMPOSE_PROJECT_NAME:-dev}_web-data'}}", "web-data-2"),
    ("volumes: {x: {name: '${P:-case}_web-data'}}", "web-data-2"),
    ("volumes: {x: {name: '$P-data'}}", "web-data-2"),
    ("volumes: {x: {name: '${P}_${Q}data'}}", "web-data-2"),
    ("volumes: {x: {name: '${P}_db_web-data'}}", "web-data-2"),
    ("volumes: {x: {name: '${P}_uploads'}}", "web-data"),
    ("volumes: {x: {external: {name: '${P}a'}}}", "web-data-2"),
    ("volumes: {'web-data': {name: '$$x'}}", "web-data-2"),
    ("volumes: {x: {name: case_web_data}}", "web-data"),
    ("volumes: {x: {name: '$P}-data'}}", "web-data"),
    ("volumes: {x: {name: '${P:-${Q}}_$$_web-data'}}", "web-data-2"),
];

#[test]
fn a_new_volume_takes_over_none_that_the_engine_may_have() {
    for (top, name) in TABLE {
        assert_eq!(new_name(top), (name.to_owned(), false), "{top}");
    }
}

#[test]
fn a_name_that_a_variable_alone_decides_is_said() {
    for (top, is_said) in [
        ("volumes: {x: {name: '${P}'}}", true),
        ("volumes: {x: {name: 'case_${P}'}}", true),
        ("volumes: {x: {name: 'a_${P:-data}'}}", false),
        ("volumes: {x: {external: {name: $P}}}", true),
        ("volumes: {x: {name: '${P:+a}'}}", false),
    ] {
        assert_eq!(new_name(top), ("web-data".to_owned(), is_said), "{top}");
    }
}

#[test]
fn names_come_from_every_file_with_the_variables_of_each() {
    let base = "services:\n  web: {image: node}\n";
    for (files, layers, name) in [
        // An override file, and a service whose profile is not active: what it names may be declared nowhere.
        (
            vec![("compose.yaml", base), ("more.yaml", "volumes: {case_web-data: {external: true}}\n")],
            vec!["compose.yaml", "more.yaml"],
            "web-data-2",
        ),
        (
            vec![(
                "compose.yaml",
                "services:\n  web: {image: node}\n  job: {image: x, read_only: true, profiles: [p], volumes: ['web-data:/d']}\n",
            )],
            vec!["compose.yaml"],
            "web-data-2",
        ),
        (
            vec![(
                "compose.yaml",
                "services:\n  web: {image: node}\n  job: {image: x, read_only: true, volumes: [{type: volume, source: '${V:-web-data}', target: /d}]}\n",
            )],
            vec!["compose.yaml"],
            "web-data-2",
        ),
        (
            vec![
                ("compose.yaml", "include: [sub/compose.yaml]\nservices:\n  web: {image: node}\n"),
                ("sub/compose.yaml", "services: {}\nvolumes: {x: {name: '${P:-case_uploads}'}}\n"),
                ("sub/.env", "P=case_web-data\n"),
            ],
            vec!["compose.yaml"],
            "web-data-2",
        ),
        (
            vec![("compose.yaml", "services:\n  web: {image: node}\nvolumes: {x: {name: '${P}'}}\n"), (".env", "P=case_web-data\n")],
            vec!["compose.yaml"],
            "web-data-2",
        ),
    ] {
        let files: BTreeMap<String, String> = files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
        let (_, hardened) = harden_project(&files, &layers, &node(), Options::default()).expect("it loads");
        let changes = hardened.fixes.iter().filter(|f| f.service == "web").flat_map(|f| &f.changes);
        let names: Vec<&str> = changes.filter_map(|c| if let What::Declare(name) = &c.what { Some(name.as_str()) } else { None }).collect();
        assert_eq!(names, [name], "{files:?}");
    }
}

#[test]
fn compose_gives_every_volume_a_name_of_its_own() {
    let Some(compose) = Compose::find() else { return };
    let scratch = compose.scratch();
    for (top, _) in TABLE.iter().filter(|(top, _)| !top.contains("external: {}")) {
        let text = format!("services:\n  web: {{image: node}}\n{top}\n");
        let Ok(before) = scratch.effective(&text) else { continue };
        let after = harden(text.as_bytes(), &node()).expect("it loads").after;
        let after = scratch.effective(&after).unwrap_or_else(|e| panic!("{e}\n{after}"));
        let names = |model: &serde_json::Value| -> BTreeSet<String> {
            let all = model["volumes"].as_object().into_iter().flatten();
            all.map(|(key, volume)| volume["name"].as_str().unwrap_or(key).to_owned()).collect()
        };
        assert_eq!(names(&after).len(), names(&before).len() + 1, "{text}\n{after}");
    }
}
