//! `strongroom audit`: reading the audit log. Reads files only; the server may be running.

use crate::config::DataArgs;
use anyhow::Context;
use clap::{Args, Subcommand};
use std::io::Write;
use std::time::Duration;
use strongroom_audit::{AuditError, Reader};
use strongroom_services::event::cloudtrail;

/// What can be done with the log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print the newest events, one JSON object a line
    Tail(TailArgs),
    /// Check the whole chain of hashes and name the first bad place
    Verify(DataArgs),
}

/// What to print.
#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    data: DataArgs,
    /// How many of the newest events
    #[arg(short = 'n', long, default_value_t = 10)]
    lines: u64,
    /// Go on with events as they come
    #[arg(short, long)]
    follow: bool,
}

const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Runs the command.
pub(crate) fn run(command: &AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Tail(args) => tail(args),
        AuditCommand::Verify(args) => verify(args),
    }
}

#[expect(clippy::disallowed_methods, reason = "a command that follows a file sleeps between looks")]
#[expect(
    clippy::print_stderr,
    reason = "damage is told beside the events, which go to standard output"
)]
fn tail(args: &TailArgs) -> anyhow::Result<()> {
    let directory = args.data.data_dir()?.join("audit");
    let cannot_read = || format!("cannot read the audit log in {}", directory.display());
    let mut reader = Reader::tail(&directory, args.lines).with_context(cannot_read)?;
    let mut out = std::io::stdout().lock();
    let mut is_damaged = false;
    loop {
        match reader.next_event() {
            Ok(Some(event)) => {
                let line = cloudtrail::line(&event.bytes)
                    .with_context(|| format!("event {} of the log", event.sequence))?;
                writeln!(out, "{line}")?;
                continue;
            }
            Ok(None) => {}
            Err(damaged @ AuditError::Damaged { .. }) => {
                // What can be read is shown all the same; the exit status says that it is not all.
                eprintln!("strongroom: {damaged}: events are missing here");
                is_damaged = true;
                continue;
            }
            Err(error) => return Err(error).with_context(cannot_read),
        }
        out.flush()?;
        if !args.follow {
            anyhow::ensure!(!is_damaged, "the audit log is damaged");
            return Ok(());
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

#[expect(clippy::print_stdout, reason = "the command's result")]
fn verify(args: &DataArgs) -> anyhow::Result<()> {
    let directory = args.data_dir()?.join("audit");
    let summary = strongroom_audit::verify(&directory)?;
    println!("{} events in {} files: the chain holds", summary.events, summary.segments);
    Ok(())
}
