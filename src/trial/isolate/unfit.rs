//! What cannot be run beside the real project.

use super::LeftOut;
use super::{OnHost, plain};
use crate::compose::is_engine_socket;
use crate::remedy::Remedy;

use serde_json::{Value, json};

/// Why a service cannot be run beside the real one.
pub(super) fn unfit(service: &Value, model: &Value, allow_binds: bool, kind: &dyn Fn(&str) -> OnHost) -> Option<LeftOut> {
    let has = |key: &str| service.get(key).is_some_and(|v| !v.is_null() && *v != Value::Bool(false) && *v != json!([]) && *v != json!({}));
    let text = |key: &str| service.get(key).and_then(Value::as_str).unwrap_or_default();
    let items = |key: &str| service.get(key).and_then(Value::as_array).into_iter().flatten();
    let names =
        |key: &str| -> Vec<&str> { items(key).filter_map(|i| i.as_str().or_else(|| i.get("source").and_then(Value::as_str))).collect() };
    if has("provider") {
        return Some("it is no container (`provider`)".to_owned().into());
    }
    if has("models") {
        return Some("it uses a model".to_owned().into());
    }
    let none = service.get("scale").or_else(|| service.get("deploy")?.get("replicas")) == Some(&json!(0));
    if none {
        return Some("the project asks for none of it".to_owned().into());
    }
    if ["network_mode", "ipc", "pid"].iter().any(|key| text(key).starts_with("container:"))
        || names("volumes_from").iter().any(|n| n.starts_with("container:"))
        || has("external_links")
    {
        return Some("it uses a container of another project".to_owned().into());
    }
    for key in ["configs", "secrets"] {
        let top = model.get(key).and_then(Value::as_object);
        if names(key).iter().any(|name| top.and_then(|t| t.get(*name)).is_some_and(is_external)) {
            return Some(format!("its {key} are external").into());
        }
    }
    if allow_binds {
        return None;
    }
    let sources = || items("volumes").filter_map(|v| v.get("source").and_then(Value::as_str)).map(plain);
    let capability =
        names("cap_add").into_iter().map(|c| c.trim_start_matches("CAP_").to_ascii_uppercase()).find(|c| OVER_HOST.contains(&c.as_str()));
    let reserved = service.get("deploy").and_then(|d| d.get("resources")?.get("reservations")?.get("devices"));
    let why = match () {
        () if has("use_api_socket") || sources().any(|path| is_engine_socket(&path)) => "it has the engine's socket",
        () if has("privileged") => "it is privileged",
        () if has("devices") || has("device_cgroup_rules") || has("gpus") || reserved.is_some() => "it uses devices of the host",
        () if text("pid") == "host" => "it shares the host's processes",
        () if text("ipc") == "host" => "it shares the host's memory segments",
        () if text("network_mode") == "host" => "it shares the host's network",
        () if ["uts", "cgroup", "userns_mode"].iter().any(|key| text(key) == "host") => "it shares the host's names",
        () if names("security_opt").iter().any(|o| o.contains("unconfined") || o.contains("disable")) => "its confinement is off",
        () if sources().any(|path| kind(&path) == OnHost::Special) => {
            "it binds a socket or a device of the host, or a folder from where one can be reached"
        }
        () => match capability {
            Some(capability) => {
                return Some(at_your_risk(format!("it has {capability}, which is power over the host")));
            }
            None => return None,
        },
    };
    Some(at_your_risk(why.to_owned()))
}

/// What reaches the host is run only for those who ask for it.
fn at_your_risk(why: String) -> LeftOut {
    LeftOut { why, remedy: Some(Remedy::RunWithHost) }
}

/// Capabilities that reach beyond the container (capabilities(7)).
const OVER_HOST: [&str; 15] = [
    "ALL",
    "AUDIT_CONTROL",
    "BPF",
    "DAC_READ_SEARCH",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "PERFMON",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_TIME",
    "WAKE_ALARM",
];

pub(super) fn is_external(value: &Value) -> bool {
    value.get("external").is_some_and(|e| *e != Value::Bool(false))
}
