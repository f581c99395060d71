//! `strongroom`: a self-hosted AWS Secrets Manager.

mod account;
mod admin;
mod audit;
mod background;
mod config;
mod harden;
mod policy;
mod reseal;
mod seal;
mod seal_choice;
mod sealed;
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
    /// Make and list accounts
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Read the audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Ask why, and who can; decide policies offline
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Where the root key is kept: choose, change, move, check
    #[command(subcommand)]
    Seal(seal::SealCommand),
}

#[expect(clippy::print_stderr, reason = "the one place where a command's failure is told")]
fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Account(command) => account::run(&command),
        Command::Audit(command) => audit::run(&command),
        Command::Policy(command) => policy::run(&command),
        Command::Seal(command) => seal::run(&command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("strongroom: {error:#}");
            ExitCode::FAILURE
        }
    }
}
