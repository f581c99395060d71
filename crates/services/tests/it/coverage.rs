//! What the table of operations says of itself, and that documentation, client tests and metrics know each of its rows.

use crate::samples::{furnished, samples};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use strongroom_services::SERVICES;
use strongroom_services::operation::{Access, Effect, Spec};

/// Operations that no test calls through a real client. An entry that has its test by now fails; so may only go.
const WITHOUT_CLIENT_TEST: [&str; 0] = [];

fn specs() -> impl Iterator<Item = &'static Spec> {
    SERVICES.iter().flat_map(|service| service.operations.iter().map(|entry| entry.spec))
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_operation_has_a_sample_and_every_sample_its_operation() {
    // What nobody signs proves itself in its own tests: conformance/test_web_identity.py.
    let entries = SERVICES.iter().flat_map(|service| service.operations);
    let signed = entries.filter(|entry| entry.access != Access::Open);
    let known: Vec<_> = signed.map(|entry| (entry.spec.service, entry.spec.name)).collect();
    let sampled: Vec<_> =
        samples().iter().map(|sample| (sample.service, sample.operation)).collect();
    for operation in &known {
        let count = sampled.iter().filter(|sampled| *sampled == operation).count();
        assert_eq!(count, 1, "{operation:?} needs one sample in samples.rs");
    }
    for operation in &sampled {
        assert!(known.contains(operation), "samples.rs has {operation:?}, which is no operation");
    }
}

#[test]
fn operations_stand_in_alphabetical_order_each_once() {
    for service in SERVICES {
        let names: Vec<_> = service.operations.iter().map(|entry| entry.spec.name).collect();
        for (one, next) in names.iter().zip(names.iter().skip(1)) {
            assert!(one < next, "{}: {next} stands behind {one}", service.name);
        }
        for entry in service.operations {
            assert_eq!(entry.spec.service, service.name, "{}", entry.spec.name);
        }
    }
}

#[test]
fn services_cannot_be_taken_for_one_another() {
    let mut names = BTreeSet::new();
    let mut prefixes: Vec<&str> = Vec::new();
    let mut queries = BTreeMap::new();
    for service in SERVICES {
        assert!(names.insert(service.name), "{} twice", service.name);
        assert!(
            service.target_prefix.is_some() || service.xml_namespace.is_some(),
            "{} speaks no protocol",
            service.name
        );
        prefixes.extend(service.target_prefix);
        // The query protocol names an operation and a date, no service.
        for entry in service.operations.iter().filter(|_| service.xml_namespace.is_some()) {
            let other = queries.insert(entry.spec.name, service.name);
            assert_eq!(other, None, "{} of {}", entry.spec.name, service.name);
        }
    }
    for one in &prefixes {
        let like = prefixes.iter().filter(|other| other.starts_with(one)).count();
        assert_eq!(like, 1, "{one} is the beginning of another service's targets");
    }
}

#[test]
fn a_summary_is_one_sentence() {
    for spec in specs() {
        let Spec { name, summary, .. } = spec;
        let body = summary.strip_suffix('.').unwrap_or_else(|| panic!("{name}: no full stop"));
        assert!(!body.contains(". ") && !body.contains(['|', '\n']), "{name}: {summary}");
        assert!(body.starts_with(|first: char| first.is_ascii_uppercase()), "{name}: {summary}");
    }
}

#[test]
fn every_operation_has_its_row_in_the_reference_and_there_are_no_others() {
    let page = repository().join("docs/reference/compatibility.md");
    let text = std::fs::read_to_string(page).unwrap();
    let mut rows = Vec::new();
    let mut service = "";
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            service = heading;
        } else if line.starts_with("| ") && line != "| operation | changes | what it does |" {
            rows.push((service, line.to_owned()));
        }
    }
    rows.retain(|(_, line)| !line.starts_with("| ---"));
    let row = |spec: &Spec| {
        let changes = if spec.effect == Effect::Write { "yes" } else { "no" };
        (spec.service, format!("| {} | {changes} | {} |", spec.name, spec.summary))
    };
    let expected: Vec<_> = specs().map(row).collect();
    for row in &expected {
        assert!(rows.contains(row), "run `cargo xtask docs`: {row:?} is missing");
    }
    for row in &rows {
        assert!(expected.contains(row), "run `cargo xtask docs`: {row:?} is no operation's");
    }
    assert_eq!(rows.len(), expected.len());
}

fn plain(word: &str) -> String {
    word.replace('_', "").to_ascii_lowercase()
}

/// Every word of the tests that go through real clients, without case and underscores: `list_secret_version_ids` of
/// boto3 is ListSecretVersionIds.
fn client_test_words() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for file in std::fs::read_dir(repository().join("conformance")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "py") {
            let text = std::fs::read_to_string(path).unwrap();
            let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            words.extend(text.split(|letter| !is_part(letter)).map(plain));
        }
    }
    words
}

#[test]
fn every_operation_is_called_by_a_test_through_a_real_client() {
    let words = client_test_words();
    for spec in specs() {
        let is_tested = words.contains(&plain(spec.name));
        let is_excepted = WITHOUT_CLIENT_TEST.contains(&spec.name);
        assert!(is_tested || is_excepted, "{} appears in no conformance/*.py", spec.name);
        assert!(!is_tested || !is_excepted, "{} has a test: take it off the list", spec.name);
    }
    for name in WITHOUT_CLIENT_TEST {
        assert!(specs().any(|spec| spec.name == name), "{name} is no operation");
    }
}

#[tokio::test]
async fn every_operation_is_counted_under_its_own_name() {
    for sample in samples() {
        let building = furnished().await;
        let line = |outcome: &str| {
            let name =
                format!("{{service=\"{}\",operation=\"{}\"", sample.service, sample.operation);
            let start = format!("strongroom_requests_total{name},outcome=\"{outcome}\"}} ");
            let text = building.metrics();
            let found = text.lines().find_map(|line| line.strip_prefix(&start));
            found.unwrap_or_else(|| panic!("{} has no metric", sample.operation)).parse::<u64>()
        };
        let counts = || ["success", "client_error", "server_error"].map(|name| line(name).unwrap());
        let [success, refused, failed] = counts();
        let call = sample.call(&sample.members);
        let is_error = building.send(&building.root, &call).await.code().is_some();
        building.deliver(&call.unsigned()).await;
        let expected = [success + u64::from(!is_error), refused + u64::from(is_error) + 1, failed];
        assert_eq!(counts(), expected, "{}", sample.operation);
    }
}
