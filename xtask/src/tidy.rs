//! House rules that no compiler lint knows.

use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Longest file, without a reason given in [`LONG_FILES`].
const LINES_MAX: usize = 600;
/// Files that may be longer, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];
/// Names that say nothing.
const EMPTY_NAMES: [&str; 5] = ["utils", "helpers", "common", "misc", "manager"];
/// Marks of unfinished work.
const MARKS: [&str; 4] = ["TO\u{44}O", "FIX\u{4d}E", "X\u{58}X", "HAC\u{4b}"];

/// Which of our crates may know which: the plan of the building (`ARCHITECTURE.md`).
const LAYERS: &[(&str, &[&str])] = &[
    ("strongroom-types", &[]),
    ("strongroom-schedule", &[]),
    ("strongroom-sigv4", &[]),
    ("strongroom-iam", &[]),
    ("strongroom-audit", &[]),
    ("strongroom-store", &[]),
    ("strongroom-keys", &["strongroom-types"]),
    ("strongroom-wire", &["strongroom-types"]),
    ("strongroom-store-sqlite", &["strongroom-store"]),
    (
        "strongroom-services",
        &[
            "strongroom-audit",
            "strongroom-iam",
            "strongroom-keys",
            "strongroom-schedule",
            "strongroom-sigv4",
            "strongroom-store",
            "strongroom-types",
            "strongroom-wire",
        ],
    ),
    ("strongroom-http", &["strongroom-services", "strongroom-types", "strongroom-wire"]),
    (
        "strongroom",
        &[
            "strongroom-audit",
            "strongroom-http",
            "strongroom-keys",
            "strongroom-services",
            "strongroom-store",
            "strongroom-store-sqlite",
            "strongroom-types",
        ],
    ),
];

/// Libraries that only these crates of ours may use.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("rusqlite", &["strongroom-store-sqlite"]),
    ("hyper", &["strongroom-http", "ceiling"]),
    ("aws-lc-rs", &["strongroom-audit", "strongroom-keys", "strongroom-sigv4", "strongroom-types"]),
    ("anyhow", &["strongroom", "xtask"]),
    ("jsonwebtoken", &["strongroom-services"]),
    ("rustls-native-certs", &["strongroom-http"]),
    ("tokio-rustls", &["strongroom-http"]),
];

pub(crate) fn run() -> anyhow::Result<()> {
    let mut faults = Vec::new();
    for path in rust_files(Path::new("."))? {
        check_file(&path, &mut faults)?;
    }
    check_layers(&mut faults)?;
    if faults.is_empty() {
        return Ok(());
    }
    bail!("tidy found:\n  {}", faults.join("\n  "))
}

fn rust_files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let output = Command::new("git").args(["ls-files", "*.rs"]).current_dir(root).output()?;
    let listed = String::from_utf8(output.stdout)?;
    let files: Vec<_> = listed.lines().map(PathBuf::from).filter(|path| path.exists()).collect();
    if files.is_empty() {
        bail!("git lists no Rust files here");
    }
    Ok(files)
}

fn check_file(path: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let name = path.display().to_string();
    let mut fault = |what: String| faults.push(format!("{name}: {what}"));
    if !text.starts_with("//!") {
        fault("does not open with `//!` saying what lives there".to_owned());
    }
    let lines = text.lines().count();
    if lines > LINES_MAX && !LONG_FILES.iter().any(|(known, _)| *known == name) {
        fault(format!("has {lines} lines, more than {LINES_MAX}"));
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if EMPTY_NAMES.contains(&stem) {
        fault("is named after nothing".to_owned());
    }
    for (number, line) in text.lines().enumerate() {
        if MARKS.iter().any(|mark| line.contains(mark)) {
            fault(format!("line {}: unfinished work is an issue, not a mark", number + 1));
        }
    }
    Ok(())
}

/// Direct dependencies by crate, out of `cargo metadata`; development dependencies do not count.
fn dependencies() -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output =
        Command::new(cargo).args(["metadata", "--format-version", "1", "--no-deps"]).output()?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let packages = metadata.get("packages").map(list).unwrap_or_default();
    let of_package = |package: &serde_json::Value| {
        let dependencies = package.get("dependencies").map(list).unwrap_or_default();
        let normal = dependencies
            .iter()
            .filter(|dependency| dependency.get("kind").is_none_or(serde_json::Value::is_null));
        let names = normal.filter_map(|dependency| dependency.get("name").map(text)).collect();
        Some((text(package.get("name")?), names))
    };
    Ok(packages.iter().filter_map(of_package).collect())
}

fn check_layers(faults: &mut Vec<String>) -> anyhow::Result<()> {
    let dependencies = dependencies()?;
    for (name, allowed) in LAYERS {
        let Some(found) = dependencies.get(*name) else {
            faults.push(format!("{name} is in the plan and not in the workspace"));
            continue;
        };
        let ours = found.iter().filter(|dependency| dependency.starts_with("strongroom"));
        for dependency in ours.filter(|dependency| !allowed.contains(&dependency.as_str())) {
            faults.push(format!("{name} may not know {dependency}"));
        }
    }
    for (library, users) in WRAPPERS {
        for (name, found) in &dependencies {
            if found.iter().any(|dependency| dependency == library)
                && !users.contains(&name.as_str())
            {
                faults.push(format!("{name} may not use {library}"));
            }
        }
    }
    Ok(())
}
