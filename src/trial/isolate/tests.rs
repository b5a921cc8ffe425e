use super::*;

#[allow(clippy::needless_pass_by_value, reason = "a literal reads better")]
fn isolated(services: Value, isolation: &Isolation) -> Isolated {
    let model = json!({
        "name": "shop",
        "services": services,
        "networks": { "default": { "name": "shop_default", "external": true }, "back": { "driver": "macvlan" } },
        "volumes": { "data": { "name": "production", "external": true } },
        "configs": { "own": { "name": "shop_own", "file": "/srv/own" }, "theirs": { "external": true } },
    });
    let kind = |path: &str| match path {
        "/srv/none" => OnHost::Nothing,
        "/srv/large" => OnHost::LargeFolder,
        "/srv/above" => OnHost::Special,
        "/srv/own" | "/srv/file" => OnHost::File,
        _ => OnHost::Folder,
    };
    isolate(&model, isolation, &kind)
}

fn plain_isolation() -> Isolation {
    Isolation { name: "t1".into(), labels: [("trial".into(), "here".into())].into(), ..Isolation::default() }
}

#[test]
fn nothing_of_the_persons_is_shared() {
    let all = json!({ "web": {
        "image": "nginx", "container_name": "web", "ports": [{ "target": 80, "published": "80" }], "restart": "always",
        "labels": { "traefik.enable": "true" }, "annotations": { "a": "b" }, "cgroup_parent": "x", "mac_address": "02:00:00:00:00:01",
        "logging": { "driver": "gelf" }, "deploy": { "replicas": 3, "labels": { "x": "y" }, "resources": { "limits": { "memory": "64m" } } },
        "networks": { "back": { "aliases": ["www"], "ipv4_address": "10.0.0.2" }, "default": null }, "pull_policy": "always",
        "depends_on": { "db": { "condition": "service_started", "restart": true } }, "scale": 2, "profiles": ["x"], "build": { "context": "/srv" },
        "volumes": [{ "type": "volume", "source": "data", "target": "/data" }],
    }, "db": { "image": "postgres", "network_mode": "production" } });
    let found = isolated(all, &plain_isolation());
    let web = &found.model["services"]["web"];
    let gone = ["container_name", "ports", "annotations", "cgroup_parent", "mac_address", "pull_policy", "scale", "profiles", "build"];
    assert!(gone.iter().all(|key| web.get(*key).is_none()), "{web}");
    assert_eq!(web["labels"], json!({ "trial": "here" }));
    assert_eq!((&web["restart"], &web["logging"]["driver"]), (&json!("no"), &json!("json-file")));
    assert_eq!(web["deploy"], json!({ "resources": { "limits": { "memory": "64m" } } }));
    assert_eq!(web["networks"], json!({ "back": { "aliases": ["www", "web"] }, "default": { "aliases": ["web"] } }));
    assert_eq!(web["depends_on"], json!({ "db": { "condition": "service_started" } }));
    assert!(found.model["services"]["db"].get("network_mode").is_none(), "a network of the person's own");
    let network = json!({ "labels": { "trial": "here" }, "internal": true });
    assert_eq!(found.model["networks"], json!({ "back": network, "default": network }));
    assert_eq!(found.model["volumes"], json!({ "data": { "labels": { "trial": "here" } } }));
    assert_eq!(found.model["configs"], json!({ "own": { "file": "/srv/own" } }));
    assert_eq!(found.model["name"], "t1");
    assert_eq!(found.buildable, ["web"]);
}

#[test]
fn binds_are_copied_or_read_only() {
    let bind = |source: &str, read_only: bool| json!({ "type": "bind", "source": source, "target": "/t", "read_only": read_only });
    let run = |source: &str, read_only: bool, allow_binds: bool| {
        let isolation = Isolation { allow_binds, ..plain_isolation() };
        let found = isolated(json!({ "s": { "image": "i", "volumes": [bind(source, read_only)] } }), &isolation);
        (found.model["services"]["s"]["volumes"][0].clone(), found.stand_ins.len(), found.held.len())
    };
    let volume = |read_only: bool| json!({ "type": "volume", "source": "stand-in-0", "target": "/t", "read_only": read_only, "volume": { "nocopy": true } });
    assert_eq!(run("/srv/data", false, false), (volume(false), 1, 0));
    assert_eq!(run("/srv/data", true, false), (bind("/srv/data", true), 0, 0));
    assert_eq!(run("/srv/large", false, false), (bind("/srv/large", true), 0, 1));
    assert_eq!(run("/srv/file", false, false), (bind("/srv/file", true), 0, 1));
    // Compose would make a folder on the host.
    assert_eq!(run("/srv/none", false, false), (volume(false), 1, 0));
    assert_eq!(run("/srv/none", true, false), (volume(true), 1, 0));
    // A `$` in a name is doubled, or Compose would take it for a variable.
    assert_eq!(run("/srv/a$$b", false, false).0["source"], "stand-in-0");
    assert_eq!(run("/srv/data", false, true), (bind("/srv/data", false), 0, 0));
    let two = json!({ "a": { "image": "i", "volumes": [bind("/srv/data", false)] }, "b": { "image": "i", "volumes": [bind("/srv/data", false)] } });
    let found = isolated(two, &plain_isolation());
    assert_eq!(found.stand_ins.len(), 1, "who shares a folder shares its copy");
    assert_eq!(found.model["volumes"], json!({ "stand-in-0": { "labels": { "trial": "here" } } }));
}

#[test]
fn what_cannot_run_beside_the_real_one_is_left_out() {
    let socket = json!([{ "type": "bind", "source": "/var/run/docker.sock", "target": "/var/run/docker.sock" }]);
    for (service, why) in [
        (json!({ "image": "i", "volumes": socket }), Some("it has the engine's socket")),
        (json!({ "image": "i", "volumes": [{ "type": "volume", "source": "mydocker.sock", "target": "/x" }] }), None),
        (json!({ "image": "i", "use_api_socket": true }), Some("it has the engine's socket")),
        (json!({ "image": "i", "privileged": true }), Some("it is privileged")),
        (json!({ "image": "i", "privileged": false, "devices": [] }), None),
        (json!({ "image": "i", "devices": ["/dev/ttyUSB0:/dev/ttyUSB0"] }), Some("it uses devices of the host")),
        (json!({ "image": "i", "pid": "host" }), Some("it shares the host's processes")),
        (json!({ "image": "i", "ipc": "host" }), Some("it shares the host's memory segments")),
        (json!({ "image": "i", "network_mode": "host" }), Some("it shares the host's network")),
        (json!({ "image": "i", "uts": "host" }), Some("it shares the host's names")),
        (json!({ "image": "i", "cap_add": ["NET_ADMIN"] }), None),
        (json!({ "image": "i", "cap_add": ["CAP_SYS_TIME"] }), Some("it has SYS_TIME, which is power over the host")),
        (json!({ "image": "i", "security_opt": ["seccomp:unconfined"] }), Some("its confinement is off")),
        (json!({ "image": "i", "gpus": "all" }), Some("it uses devices of the host")),
        (json!({ "image": "i", "volumes": [{ "type": "bind", "source": "/srv/above", "target": "/x" }] }), Some("it binds a socket")),
        (json!({ "image": "i", "models": { "llm": {} } }), Some("it uses a model")),
        (json!({ "image": "i", "scale": 0 }), Some("the project asks for none of it")),
        (json!({ "image": "i", "network_mode": "container:other" }), Some("it uses a container of another project")),
        (json!({ "image": "i", "external_links": ["other"] }), Some("it uses a container of another project")),
        (json!({ "provider": { "type": "x" } }), Some("it is no container (`provider`)")),
        (json!({ "image": "i", "configs": [{ "source": "theirs" }] }), Some("its configs are external")),
        (json!({ "image": "i", "configs": [{ "source": "own" }] }), None),
    ] {
        let all =
            json!({ "s": service, "user": { "image": "i", "depends_on": { "s": { "condition": "service_started", "required": true } } } });
        let found = isolated(all, &plain_isolation());
        match why {
            None => assert_eq!((found.services.len(), found.left_out.len()), (2, 0), "{service}"),
            Some(why) => {
                assert!(found.left_out[0].1.why.starts_with(why), "{:?}", found.left_out);
                assert_eq!(found.left_out[1].1.why, "it needs s, which is not run");
                assert_eq!(found.model["services"], json!({}));
            }
        }
    }
}

#[test]
fn what_somebody_needs_runs_beside_it() {
    let needs = |name: &str| json!({ name: { "condition": "service_completed_successfully" } });
    let all = json!({
        "api": { "image": "i", "depends_on": needs("migrate") },
        "migrate": { "image": "i", "links": ["db:database"] },
        "db": { "image": "i" },
        "other": { "image": "i" },
    });
    let found = isolated(all, &Isolation { only: vec!["api".into()], ..plain_isolation() });
    let names: Vec<(&str, bool)> = found.services.iter().map(|s| (s.service.as_str(), s.is_task)).collect();
    assert_eq!(names, [("api", false), ("db", false), ("migrate", true)]);
}

#[test]
fn images_have_the_names_that_compose_gives_them() {
    let all = json!({ "a": { "build": { "context": "/a" } }, "b": { "build": { "context": "/b" }, "image": "mine" }, "c": { "image": "theirs" } });
    let images = |build: bool| {
        let found = isolated(all.clone(), &Isolation { build, ..plain_isolation() });
        let own: Vec<Value> = ["a", "b", "c"].map(|name| found.model["services"][name]["image"].clone()).into();
        (found.services.into_iter().map(|s| (s.image, s.is_built)).collect::<Vec<_>>(), own)
    };
    let found = images(false);
    assert_eq!(found.0, [("shop-a".into(), false), ("mine".into(), false), ("theirs".into(), false)]);
    assert_eq!(found.1, ["shop-a", "mine", "theirs"]);
    // What is built gets no name of the person's.
    let found = images(true);
    assert_eq!(found.0, [("t1-a".into(), true), ("t1-b".into(), true), ("theirs".into(), false)]);
    assert_eq!(found.1, [Value::Null, Value::Null, "theirs".into()]);
}

#[test]
fn health_checks_ask_each_second_and_get_their_time() {
    let run = |check: Value| {
        let found = isolated(json!({ "s": { "image": "i", "healthcheck": check } }), &plain_isolation());
        (found.services[0].health, found.model["services"]["s"]["healthcheck"].clone())
    };
    let (health, check) = run(
        json!({ "test": ["CMD", "true"], "interval": "30s", "timeout": "5s", "retries": 2, "start_period": "1m0s", "start_interval": "5s" }),
    );
    assert_eq!(health, Some(60_000 + 2 * 35_000));
    assert_eq!(check, json!({ "test": ["CMD", "true"], "interval": "1s", "timeout": "5s", "retries": 130, "start_period": "1m0s" }));
    let (health, check) = run(json!({ "test": ["CMD", "true"], "interval": "500ms", "timeout": "1s", "retries": 4 }));
    assert_eq!((health, &check["interval"], &check["retries"]), (Some(6000), &json!("500ms"), &json!(12)));
    // That of the image, if it has one.
    let (health, check) = run(Value::Null);
    assert_eq!((health, &check["interval"]), (None, &json!("1s")));
    assert_eq!(run(json!({ "test": ["NONE"] })).0, None);
    assert_eq!(run(json!({ "disable": true })), (None, json!({ "disable": true })));
}

#[test]
fn durations_of_go() {
    for (text, expected) in [
        ("1m30s", Some(90_000)),
        ("500ms", Some(500)),
        ("1h0m0s", Some(3_600_000)),
        ("1.5s", Some(1500)),
        ("10us", Some(0)),
        ("", None),
        ("3", None),
        ("s", None),
        ("1d", None),
        ("-1s", None),
    ] {
        assert_eq!(milliseconds(text), expected, "{text}");
    }
}

#[test]
fn what_may_be_absent_does_not_stop_the_others() {
    let optional = json!({ "gone": { "condition": "service_started", "required": false } });
    let all = json!({ "a": { "image": "i", "depends_on": optional }, "gone": { "image": "i", "privileged": true } });
    let found = isolated(all, &plain_isolation());
    assert_eq!(found.model["services"]["a"]["depends_on"], json!({}));
    assert_eq!(found.left_out.len(), 1);
}

#[test]
fn who_shares_a_folder_with_its_writer_shares_the_copy() {
    let bind = |read_only: bool| json!([{ "type": "bind", "source": "/srv/pub", "target": "/t", "read_only": read_only }]);
    let all = json!({ "app": { "image": "i", "volumes": bind(false) }, "web": { "image": "i", "volumes": bind(true) } });
    let found = isolated(all, &plain_isolation());
    let sources = ["app", "web"].map(|name| found.model["services"][name]["volumes"][0]["source"].clone());
    assert_eq!(sources, ["stand-in-0", "stand-in-0"]);
    assert_eq!(found.model["services"]["web"]["volumes"][0]["read_only"], true);
}

#[test]
fn a_build_names_and_shares_nothing() {
    let build = json!({ "context": "/a", "target": "t", "tags": ["mine:prod"], "cache_to": ["type=local,dest=/x"], "network": "host" });
    let found = isolated(json!({ "a": { "build": build } }), &Isolation { build: true, ..plain_isolation() });
    assert_eq!(found.model["services"]["a"]["build"], json!({ "context": "/a", "target": "t" }));
}

#[test]
fn who_shares_a_volume_with_its_like_is_run_twice() {
    let names = |service: &Value| {
        let found = isolated(json!({ "app": service, "app-2": { "image": "i" } }), &plain_isolation());
        let twin = found.services.iter().find(|s| s.twin_of.is_some()).map(|twin| (twin.service.clone(), twin.own().to_owned()));
        if let Some((name, _)) = &twin {
            assert_eq!(found.model["services"][name], found.model["services"]["app"]);
        }
        twin
    };
    let mount = json!({ "type": "volume", "source": "data", "target": "/data" });
    let twin = Some(("app-3".to_owned(), "app".to_owned()));
    assert_eq!(names(&json!({ "image": "i", "deploy": { "replicas": 3 }, "volumes": [mount] })), twin);
    assert_eq!(names(&json!({ "image": "i", "scale": 2, "volumes": [mount] })), twin);
    // One alone, or nothing that is shared: those without a name are each container's own.
    let nameless = json!({ "type": "volume", "target": "/data" });
    let read = json!({ "type": "volume", "source": "data", "target": "/data", "read_only": true });
    let bind = json!({ "type": "bind", "source": "/srv/none", "target": "/data" });
    assert_eq!(names(&json!({ "image": "i", "deploy": { "replicas": 1 }, "volumes": [mount] })), None);
    for mount in [nameless, read, bind] {
        assert_eq!(names(&json!({ "image": "i", "scale": 2, "volumes": [mount] })), None);
    }
}

#[test]
fn a_volume_that_is_a_tmpfs_stays_one() {
    let run = |volume: Value| {
        let service = json!({ "image": "i", "volumes": [{ "type": "volume", "source": "data", "target": "/data" }] });
        let model = json!({ "name": "shop", "services": { "app": service }, "volumes": { "data": volume } });
        let found = isolate(&model, &plain_isolation(), &|_| OnHost::Nothing);
        (found.model["volumes"]["data"].clone(), !found.replaced.is_empty())
    };
    let plain = json!({ "labels": { "trial": "here" } });
    let options = json!({ "type": "tmpfs", "device": "tmpfs", "o": "mode=1777,uid=1000,size=10m" });
    let kept = json!({ "labels": { "trial": "here" }, "driver_opts": options });
    assert_eq!(run(json!({ "name": "shop_data", "driver_opts": options })), (kept, false));
    assert_eq!(run(json!({ "name": "shop_data" })), (plain.clone(), false));
    for other in [
        json!({ "driver_opts": { "type": "nfs", "device": ":/x", "o": "addr=10.0.0.1" } }),
        json!({ "driver_opts": { "type": "none", "device": "/srv", "o": "bind" } }),
        json!({ "driver_opts": { "type": "tmpfs", "device": "/srv", "o": "bind" } }),
        json!({ "driver_opts": { "type": "tmpfs", "device": "tmpfs", "o": "bind,mode=1777" } }),
        json!({ "driver": "rclone", "driver_opts": { "type": "tmpfs" } }),
        json!({ "driver": "rclone" }),
    ] {
        assert_eq!(run(other.clone()), (plain.clone(), true), "{other}");
    }
}
