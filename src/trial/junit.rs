//! A trial as JUnit, which every CI server shows: a suite for each project, a case for each service.

use super::Verdict;
use super::answer::{Service, Verdicts};
use crate::text::clean;
use std::fmt::Write;

/// The answer as a JUnit report.
pub fn render(verdicts: &Verdicts) -> String {
    let count = |is_meant: &dyn Fn(&Service) -> bool| verdicts.services.iter().filter(|s| is_meant(s)).count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<testsuites name=\"rofs-harden verify\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">",
        verdicts.services.len(),
        count(&|s| s.verdict == Verdict::Fails),
        count(&|s| s.verdict == Verdict::Unprovable),
    );
    for project in verdicts.services.chunk_by(|one, other| one.project == other.project) {
        suite(&mut text, project);
    }
    text + "</testsuites>\n"
}

fn suite(text: &mut String, services: &[Service]) {
    let number = |verdict| services.iter().filter(|s| s.verdict == verdict).count();
    let name = match services.first() {
        Some(first) if !first.project.is_empty() => escaped(&first.project),
        _ => ".".to_owned(),
    };
    let _ = writeln!(
        text,
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
        services.len(),
        number(Verdict::Fails),
        number(Verdict::Unprovable),
    );
    for service in services {
        let why = escaped(&service.why);
        let _ = write!(text, "    <testcase name=\"{}\" classname=\"{name}\"", escaped(&service.service));
        let _ = match service.verdict {
            Verdict::Works => writeln!(text, "/>"),
            Verdict::Unprovable => writeln!(text, ">\n      <skipped message=\"{why}\"/>\n    </testcase>"),
            Verdict::Fails => {
                let details: Vec<String> = service.details.iter().map(|line| escaped(line)).collect();
                let details = details.join("\n");
                writeln!(text, ">\n      <failure message=\"{why}\">{details}</failure>\n    </testcase>")
            }
        };
    }
    *text += "  </testsuite>\n";
}

/// A text as XML holds it, within quotes as well. What XML cannot hold is shown as for a terminal.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(project: &str, service: &str, verdict: Verdict, why: &str) -> Service {
        Service {
            project: project.into(),
            service: service.into(),
            verdict,
            why: why.into(),
            short: String::new(),
            grade: None,
            read_only: true,
            details: vec!["<&>\u{1b}[2J".into()],
        }
    }

    #[test]
    fn a_suite_a_project_and_a_case_a_service() {
        let services = vec![
            service("a", "web", Verdict::Works, "it stays up"),
            service("a", "db", Verdict::Fails, "says \"no\" & <ends>"),
            service("b", "agent", Verdict::Unprovable, "it is privileged"),
        ];
        let text = render(&Verdicts { version: 1, services });
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"rofs-harden verify\" tests=\"3\" failures=\"1\" skipped=\"1\">\n\
             \u{20} <testsuite name=\"a\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">\n\
             \u{20}   <testcase name=\"web\" classname=\"a\"/>\n\
             \u{20}   <testcase name=\"db\" classname=\"a\">\n\
             \u{20}     <failure message=\"says &quot;no&quot; &amp; &lt;ends&gt;\">&lt;&amp;&gt;\\u{1b}[2J</failure>\n\
             \u{20}   </testcase>\n\
             \u{20} </testsuite>\n\
             \u{20} <testsuite name=\"b\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\">\n\
             \u{20}   <testcase name=\"agent\" classname=\"b\">\n\
             \u{20}     <skipped message=\"it is privileged\"/>\n\
             \u{20}   </testcase>\n\
             \u{20} </testsuite>\n\
             </testsuites>\n"
        );
    }
}
