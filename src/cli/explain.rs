//! The pages that the program carries: those of the rules, and the guides.

use super::harden::Status;
use super::ui::Ui;
use crate::audit::Rule;
use crate::error::{Error, Result};
use crate::evidence::preset::nearest;

/// Pages that are about no rule: name, text.
const TOPICS: [(&str, &str); 5] = [
    ("configuration", include_str!("../../docs/configuration.md")),
    ("engine", include_str!("../../docs/engine.md")),
    ("guide", include_str!("../../docs/guide.md")),
    ("moving-data", include_str!("../../docs/moving-data.md")),
    ("pull-requests", include_str!("../../docs/pull-requests.md")),
];

/// Prints the page of a rule or topic, or the list of all rules with what each says.
pub(super) fn run(ui: &Ui, rule: Option<&str>) -> Result<Status> {
    let Some(name) = rule else {
        for rule in Rule::ALL.iter().copied() {
            // The sentence below the title.
            let summary = rule.page().lines().skip(1).find(|line| !line.is_empty()).unwrap_or_default();
            ui.out(&format!("{:<20}  {summary}\n", rule.id()));
        }
        ui.hint("`rofs-harden explain RULE` says more; there are also `explain guide`, `explain engine`, `explain configuration`, `explain moving-data` and `explain pull-requests`");
        return Ok(Status::Done);
    };
    if let Some((_, page)) = TOPICS.iter().find(|(topic, _)| *topic == name) {
        ui.out(page);
        return Ok(Status::Done);
    }
    let Some(rule) = Rule::ALL.iter().copied().find(|r| r.id() == name) else {
        let hint = match nearest(name, Rule::ALL.iter().map(|r| r.id())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`rofs-harden explain` lists the rules".to_owned(),
        };
        return Err(Error::Usage(format!("there is no rule `{name}`"), Some(hint)));
    };
    ui.out(rule.page());
    Ok(Status::Done)
}
