//! The keys of a service with their kinds, as Compose 2.40 takes them: its schema, and what it turns words into.

use super::{ANY, DIGITS, FLAG, NULL, NUMBER, Shape, TEXT, WORD, either, fields, list, map, one_of, or, scalar, set, with};

static STRING: Shape = scalar(TEXT);
static BOOLEAN: Shape = scalar(FLAG | WORD);
static AMOUNT: Shape = scalar(NUMBER | TEXT);
static COUNT: Shape = scalar(NUMBER | DIGITS);
static NUMBERS: Shape = scalar(NUMBER);
static VALUE: Shape = scalar(NULL | FLAG | NUMBER | TEXT);
static STRINGS: Shape = list(&STRING);
static DISTINCT: Shape = set(&STRING);
static AMOUNTS: Shape = list(&AMOUNT);
static STRING_OR_LIST: Shape = or(TEXT, &STRINGS);
static COMMAND: Shape = or(NULL | TEXT, &STRINGS);
static PAIRS: Shape = either(&STRINGS, &map(&VALUE));
static HOSTS: Shape = either(&STRINGS, &map(&STRING_OR_LIST));
static OPTIONS: Shape = map(&scalar(NULL | NUMBER | TEXT));
static ULIMITS: Shape = map(&or(NUMBER | TEXT, &with(&["soft", "hard"], &[("hard", &AMOUNT), ("soft", &AMOUNT)])));
static GIVEN: Shape =
    list(&or(TEXT, &fields(&[("source", &STRING), ("target", &STRING), ("uid", &STRING), ("gid", &STRING), ("mode", &AMOUNT)])));
static BUILD: Shape = or(
    TEXT,
    &fields(&[
        ("context", &STRING),
        ("dockerfile", &STRING),
        ("dockerfile_inline", &STRING),
        ("entitlements", &STRINGS),
        ("args", &PAIRS),
        ("ssh", &PAIRS),
        ("labels", &PAIRS),
        ("cache_from", &STRINGS),
        ("cache_to", &STRINGS),
        ("no_cache", &BOOLEAN),
        ("additional_contexts", &PAIRS),
        ("network", &STRING),
        ("provenance", &scalar(FLAG | TEXT)),
        ("sbom", &scalar(FLAG | TEXT)),
        ("pull", &BOOLEAN),
        ("target", &STRING),
        ("shm_size", &AMOUNT),
        ("extra_hosts", &HOSTS),
        ("isolation", &STRING),
        ("privileged", &BOOLEAN),
        ("secrets", &GIVEN),
        ("tags", &STRINGS),
        ("ulimits", &ULIMITS),
        ("platforms", &STRINGS),
    ]),
);
static ROLLOUT: Shape = fields(&[
    ("parallelism", &COUNT),
    ("delay", &STRING),
    ("failure_action", &STRING),
    ("monitor", &STRING),
    ("max_failure_ratio", &COUNT),
    ("order", &one_of(&["start-first", "stop-first"])),
]);
static DEVICE: Shape =
    fields(&[("capabilities", &STRINGS), ("count", &AMOUNT), ("device_ids", &STRINGS), ("driver", &STRING), ("options", &PAIRS)]);
static DEPLOY: Shape = or(
    NULL,
    &fields(&[
        ("mode", &STRING),
        ("endpoint_mode", &STRING),
        ("replicas", &COUNT),
        ("labels", &PAIRS),
        ("rollback_config", &ROLLOUT),
        ("update_config", &ROLLOUT),
        (
            "resources",
            &fields(&[
                ("limits", &fields(&[("cpus", &COUNT), ("memory", &STRING), ("pids", &COUNT)])),
                (
                    "reservations",
                    &fields(&[("cpus", &COUNT), ("memory", &STRING), ("generic_resources", &ANY), ("devices", &list(&DEVICE))]),
                ),
            ]),
        ),
        ("restart_policy", &fields(&[("condition", &STRING), ("delay", &STRING), ("max_attempts", &COUNT), ("window", &STRING)])),
        (
            "placement",
            &fields(&[
                ("constraints", &STRINGS),
                ("preferences", &list(&fields(&[("spread", &STRING)]))),
                ("max_replicas_per_node", &COUNT),
            ]),
        ),
    ]),
);
static HEALTHCHECK: Shape = fields(&[
    ("disable", &BOOLEAN),
    ("interval", &STRING),
    ("retries", &COUNT),
    ("test", &STRING_OR_LIST),
    ("timeout", &STRING),
    ("start_period", &STRING),
    ("start_interval", &STRING),
]);
static MOUNTS: Shape = list(&or(
    TEXT,
    &with(
        &["type"],
        &[
            ("type", &one_of(&["bind", "volume", "tmpfs", "cluster", "npipe", "image"])),
            ("source", &STRING),
            ("target", &STRING),
            ("read_only", &BOOLEAN),
            ("consistency", &STRING),
            (
                "bind",
                &fields(&[
                    ("propagation", &STRING),
                    ("create_host_path", &BOOLEAN),
                    ("recursive", &one_of(&["enabled", "disabled", "writable", "readonly"])),
                    ("selinux", &one_of(&["z", "Z"])),
                ]),
            ),
            ("volume", &fields(&[("labels", &PAIRS), ("nocopy", &BOOLEAN), ("subpath", &STRING)])),
            ("tmpfs", &fields(&[("size", &AMOUNT), ("mode", &AMOUNT)])),
            ("image", &fields(&[("subpath", &STRING)])),
        ],
    ),
));
static PORTS: Shape = list(&or(
    NUMBER | TEXT,
    &fields(&[
        ("name", &STRING),
        ("mode", &STRING),
        ("host_ip", &STRING),
        ("target", &AMOUNT),
        ("published", &AMOUNT),
        ("protocol", &STRING),
        ("app_protocol", &STRING),
    ]),
));
static NETWORKS: Shape = either(
    &DISTINCT,
    &map(&or(
        NULL,
        &fields(&[
            ("aliases", &STRINGS),
            ("interface_name", &STRING),
            ("ipv4_address", &STRING),
            ("ipv6_address", &STRING),
            ("link_local_ips", &STRINGS),
            ("mac_address", &STRING),
            ("driver_opts", &OPTIONS),
            ("priority", &NUMBERS),
            ("gw_priority", &NUMBERS),
        ]),
    )),
);
static CONDITIONS: [&str; 3] = ["service_started", "service_healthy", "service_completed_successfully"];
static DEPENDENCIES: Shape =
    either(&STRINGS, &map(&with(&["condition"], &[("restart", &BOOLEAN), ("required", &BOOLEAN), ("condition", &one_of(&CONDITIONS))])));
static HOOKS: Shape = list(&with(
    &["command"],
    &[("command", &COMMAND), ("user", &STRING), ("privileged", &BOOLEAN), ("working_dir", &STRING), ("environment", &PAIRS)],
));
static ENV_FILES: Shape = or(TEXT, &list(&or(TEXT, &with(&["path"], &[("path", &STRING), ("format", &STRING), ("required", &BOOLEAN)]))));

static LIMITS: Shape = list(&fields(&[("path", &STRING), ("rate", &AMOUNT)]));
static BLOCKS: Shape = fields(&[
    ("device_read_bps", &LIMITS),
    ("device_read_iops", &LIMITS),
    ("device_write_bps", &LIMITS),
    ("device_write_iops", &LIMITS),
    ("weight", &AMOUNT),
    ("weight_device", &list(&fields(&[("path", &STRING), ("weight", &AMOUNT)]))),
]);

static EXTERNAL: Shape = or(FLAG | TEXT, &fields(&[("name", &STRING)]));
static NETWORK: Shape = or(
    NULL,
    &fields(&[
        ("name", &STRING),
        ("driver", &STRING),
        ("driver_opts", &OPTIONS),
        ("ipam", &map(&ANY)),
        ("external", &EXTERNAL),
        ("internal", &BOOLEAN),
        ("enable_ipv4", &BOOLEAN),
        ("enable_ipv6", &BOOLEAN),
        ("attachable", &BOOLEAN),
        ("labels", &PAIRS),
    ]),
);
static VOLUME: Shape =
    or(NULL, &fields(&[("name", &STRING), ("driver", &STRING), ("driver_opts", &OPTIONS), ("external", &EXTERNAL), ("labels", &PAIRS)]));
static SECRET: Shape = fields(&[
    ("name", &STRING),
    ("environment", &STRING),
    ("file", &STRING),
    ("external", &EXTERNAL),
    ("labels", &PAIRS),
    ("driver", &STRING),
    ("driver_opts", &OPTIONS),
    ("template_driver", &STRING),
]);
static CONFIG: Shape = fields(&[
    ("name", &STRING),
    ("content", &STRING),
    ("environment", &STRING),
    ("file", &STRING),
    ("external", &EXTERNAL),
    ("labels", &PAIRS),
    ("template_driver", &STRING),
]);

/// Keys of a document beside `services`.
pub(super) static TOP: [(&str, &Shape); 6] = [
    ("configs", &map(&CONFIG)),
    ("name", &STRING),
    ("networks", &map(&NETWORK)),
    ("secrets", &map(&SECRET)),
    ("version", &STRING),
    ("volumes", &map(&VOLUME)),
];

/// The keys of a service.
pub(super) static SERVICE: [(&str, &Shape); 93] = [
    ("annotations", &PAIRS),
    ("attach", &BOOLEAN),
    ("blkio_config", &BLOCKS),
    ("build", &BUILD),
    ("cap_add", &STRINGS),
    ("cap_drop", &STRINGS),
    ("cgroup", &one_of(&["host", "private"])),
    ("cgroup_parent", &STRING),
    ("command", &COMMAND),
    ("configs", &GIVEN),
    ("container_name", &STRING),
    ("cpu_count", &COUNT),
    ("cpu_percent", &COUNT),
    ("cpu_period", &COUNT),
    ("cpu_quota", &COUNT),
    ("cpu_rt_period", &COUNT),
    ("cpu_rt_runtime", &COUNT),
    ("cpu_shares", &COUNT),
    ("cpus", &COUNT),
    ("cpuset", &STRING),
    ("credential_spec", &fields(&[("config", &STRING), ("file", &STRING), ("registry", &STRING)])),
    ("depends_on", &DEPENDENCIES),
    ("deploy", &DEPLOY),
    ("develop", &or(NULL, &fields(&[("watch", &list(&map(&ANY)))]))),
    ("device_cgroup_rules", &DISTINCT),
    ("devices", &list(&or(TEXT, &with(&["source"], &[("source", &STRING), ("target", &STRING), ("permissions", &STRING)])))),
    ("dns", &STRING_OR_LIST),
    ("dns_opt", &STRINGS),
    ("dns_search", &STRING_OR_LIST),
    ("domainname", &STRING),
    ("entrypoint", &COMMAND),
    ("env_file", &ENV_FILES),
    ("environment", &PAIRS),
    ("expose", &AMOUNTS),
    ("extends", &or(TEXT, &with(&["service"], &[("service", &STRING), ("file", &STRING)]))),
    ("external_links", &DISTINCT),
    ("extra_hosts", &HOSTS),
    ("gpus", &or(TEXT, &Shape { words: &["all"], ..list(&map(&ANY)) })),
    ("group_add", &set(&AMOUNT)),
    ("healthcheck", &HEALTHCHECK),
    ("hostname", &STRING),
    ("image", &STRING),
    ("init", &BOOLEAN),
    ("ipc", &STRING),
    ("isolation", &STRING),
    ("label_file", &STRING_OR_LIST),
    ("labels", &PAIRS),
    ("links", &STRINGS),
    ("logging", &fields(&[("driver", &STRING), ("options", &OPTIONS)])),
    ("mac_address", &STRING),
    ("mem_limit", &AMOUNT),
    ("mem_reservation", &AMOUNT),
    ("mem_swappiness", &COUNT),
    ("memswap_limit", &AMOUNT),
    ("models", &either(&DISTINCT, &map(&or(NULL, &fields(&[("endpoint_var", &STRING), ("model_var", &STRING)]))))),
    ("network_mode", &STRING),
    ("networks", &NETWORKS),
    ("oom_kill_disable", &BOOLEAN),
    ("oom_score_adj", &COUNT),
    ("pid", &scalar(NULL | TEXT)),
    ("pids_limit", &COUNT),
    ("platform", &STRING),
    ("ports", &PORTS),
    ("post_start", &HOOKS),
    ("pre_stop", &HOOKS),
    ("privileged", &BOOLEAN),
    ("profiles", &STRINGS),
    ("provider", &with(&["type"], &[("type", &STRING), ("options", &map(&ANY))])),
    ("pull_policy", &STRING),
    ("pull_refresh_after", &STRING),
    ("read_only", &BOOLEAN),
    ("restart", &STRING),
    ("runtime", &STRING),
    ("scale", &COUNT),
    ("secrets", &GIVEN),
    ("security_opt", &DISTINCT),
    ("shm_size", &AMOUNT),
    ("stdin_open", &BOOLEAN),
    ("stop_grace_period", &STRING),
    ("stop_signal", &STRING),
    ("storage_opt", &map(&VALUE)),
    ("sysctls", &PAIRS),
    ("tmpfs", &STRING_OR_LIST),
    ("tty", &BOOLEAN),
    ("ulimits", &ULIMITS),
    ("use_api_socket", &scalar(FLAG)),
    ("user", &STRING),
    ("userns_mode", &STRING),
    ("uts", &STRING),
    ("volumes", &MOUNTS),
    ("volumes_from", &DISTINCT),
    ("working_dir", &STRING),
    ("<<", &ANY),
];
