//! Every decision of the corpus, as the evaluator makes it and as the second evaluator does.

use crate::oracle;
use serde_json::Value;
use std::fs;
use std::path::Path;

struct Case {
    id: String,
    line: String,
    expected: String,
    reason: String,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files
        .iter()
        .flat_map(|file| fs::read_to_string(file).unwrap().lines().map(case).collect::<Vec<_>>())
        .collect()
}

fn case(line: &str) -> Case {
    let value: Value = serde_json::from_str(line).unwrap();
    let text = |name: &str| value[name].as_str().unwrap().to_owned();
    Case {
        id: text("id"),
        line: line.to_owned(),
        expected: text("expected"),
        reason: text("reason"),
    }
}

fn compare(decide: impl Fn(&str) -> String) {
    let cases = cases();
    assert!(cases.len() >= 1_500, "{} cases", cases.len());
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let decision = decide(&case.line);
            (decision != case.expected).then(|| {
                format!("{}: {decision} instead of {} ({})", case.id, case.expected, case.reason)
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn the_second_evaluator_decides_every_case_as_documented() {
    compare(|line| oracle::decide(line).to_owned());
}

#[test]
fn the_evaluator_decides_every_case_as_documented() {
    compare(|line| {
        let answer: Value = serde_json::from_str(&strongroom_iam::decide_case(line)).unwrap();
        answer["decision"].as_str().unwrap_or("no decision").to_owned()
    });
}
