//! `strongroom`: a self-hosted AWS Secrets Manager.

mod audit;
mod background;
mod config;
mod harden;
mod serve;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Memory is wiped when it is freed: a request's buffers may have held a secret.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> =
    zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

#[derive(Debug, Parser)]
#[command(name = "strongroom", version, about = "A self-hosted AWS Secrets Manager")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the AWS APIs
    Serve(config::ServeArgs),
    /// Read the audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
}

#[expect(clippy::print_stderr, reason = "the one place where a command's failure is told")]
fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Audit(command) => audit::run(&command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("strongroom: {error:#}");
            ExitCode::FAILURE
        }
    }
}
