//! `strongroom audit`: reading the audit log. Reads files only; the server may be running.

use crate::config::DATA_DIR_DEFAULT;
use anyhow::Context;
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use strongroom_audit::Reader;
use strongroom_services::event::cloudtrail;

/// What can be done with the log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print the newest events, one JSON object a line
    Tail(TailArgs),
    /// Check the whole chain of hashes and name the first bad place
    Verify(LogArgs),
}

/// Where the log is.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// The server's data directory
    #[arg(long, env = "STRONGROOM_DATA_DIR", value_name = "DIR", default_value = DATA_DIR_DEFAULT)]
    data_dir: PathBuf,
}

/// What to print.
#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    log: LogArgs,
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
fn tail(args: &TailArgs) -> anyhow::Result<()> {
    let directory = args.log.data_dir.join("audit");
    let cannot_read = || format!("cannot read the audit log in {}", directory.display());
    let mut reader = Reader::tail(&directory, args.lines).with_context(cannot_read)?;
    let mut out = std::io::stdout().lock();
    loop {
        while let Some(event) = reader.next_event().with_context(cannot_read)? {
            let line = cloudtrail::line(&event.bytes)
                .with_context(|| format!("event {} of the log", event.sequence))?;
            writeln!(out, "{line}")?;
        }
        out.flush()?;
        if !args.follow {
            return Ok(());
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

#[expect(clippy::print_stdout, reason = "the command's result")]
fn verify(args: &LogArgs) -> anyhow::Result<()> {
    let directory = args.data_dir.join("audit");
    let summary = strongroom_audit::verify(&directory)?;
    println!("{} events in {} files: the chain holds", summary.events, summary.segments);
    Ok(())
}
