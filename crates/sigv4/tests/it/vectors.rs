//! AWS's signing test suite, out of the package `aws-sigv4` as cargo fetched it. Recorded: AWS publishes it.

use crate::harness::Owned;
use std::path::{Path, PathBuf};
use std::process::Command;
use strongroom_sigv4::{Rules, SigningKey, parse};

fn suite() -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let manifest = packages.iter().find(|package| package["name"] == "aws-sigv4").unwrap();
    let manifest = Path::new(manifest["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().join("aws-signing-test-suite/v4")
}

/// A request as the suite writes it: request line, headers, an empty line, the body.
fn read_request(path: &Path) -> Owned {
    let text = std::fs::read(path).unwrap();
    let split = text.windows(2).position(|pair| pair == b"\n\n").unwrap_or(text.len());
    let body = text.get(split + 2..).unwrap_or_default().to_vec();
    let head = String::from_utf8(text[..split].to_vec()).unwrap().replace('\r', "");
    let mut lines = head.lines();
    let line = lines.next().unwrap();
    let (method, rest) = line.split_once(' ').unwrap();
    let target = rest.rsplit_once(' ').unwrap().0;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    for line in lines {
        match line.split_once(':') {
            Some((name, value)) if !line.starts_with([' ', '\t']) => {
                headers.push((name.to_ascii_lowercase(), value.as_bytes().to_vec()));
            }
            // A folded line goes on where the one before ended.
            _ => {
                let (_, value) = headers.last_mut().unwrap();
                value.push(b'\n');
                value.extend_from_slice(line.as_bytes());
            }
        }
    }
    Owned {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body,
    }
}

fn verify_case(case: &Path, form: &str) {
    let context: serde_json::Value =
        serde_json::from_slice(&std::fs::read(case.join("context.json")).unwrap()).unwrap();
    let text = |pointer: &str| {
        context.pointer(pointer).and_then(|value| value.as_str()).unwrap().to_owned()
    };
    let request = read_request(&case.join(format!("{form}-signed-request.txt")));
    let now = text("/timestamp").parse::<jiff::Timestamp>().unwrap().as_second();
    let service = text("/service");
    let mut rules = Rules::new(&service, now, 300);
    if context["normalize"] == false {
        rules = rules.with_path_as_is();
    }
    if context["omit_session_token"] == true {
        rules = rules.with_unsigned_token();
    }
    let name = case.display();
    request.with(|request| {
        let presented = parse(request).unwrap_or_else(|error| panic!("{name} {form}: {error}"));
        let (date, secret) =
            (presented.scope().date().to_owned(), text("/credentials/secret_access_key"));
        let key = SigningKey::derive(secret.as_bytes(), &date, &text("/region"), &service);
        let verified = presented.verify(request, &key, &rules);
        assert!(verified.is_ok(), "{name} {form}: {:?}", verified.err());
        let wrong = SigningKey::derive(b"another", &date, &text("/region"), &service);
        assert!(presented.verify(request, &wrong, &rules).is_err(), "{name} {form}: another key");
    });
}

#[test]
fn every_published_vector_verifies_in_both_forms() {
    let mut cases = 0;
    for entry in std::fs::read_dir(suite()).unwrap() {
        let case = entry.unwrap().path();
        for form in ["header", "query"] {
            // One folder comes without its context, so nobody can say what it was signed with.
            if case.join("context.json").exists()
                && case.join(format!("{form}-signed-request.txt")).exists()
            {
                verify_case(&case, form);
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 76, "the suite has 38 cases in two forms");
}
