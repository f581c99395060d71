//! The repository's own checks and generated documents: `cargo xtask tidy`, `cargo xtask docs [--check]`.

mod docs;
mod tidy;

use anyhow::bail;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["tidy"] => tidy::run(),
        ["docs"] => docs::write(),
        ["docs", "--check"] => docs::check(),
        _ => bail!("usage: cargo xtask tidy | docs [--check]"),
    }
}
