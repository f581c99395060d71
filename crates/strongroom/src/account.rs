//! `strongroom account`: the accounts of a deployment.

use crate::admin::ask;
use crate::config::DataArgs;
use clap::{Args, Subcommand};
use serde_json::Value;
use strongroom_services::admin::Command;
use strongroom_types::AccountId;

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account, and tell its root credential once
    Create(CreateArgs),
    /// List accounts, one JSON object a line
    List(ListArgs),
}

/// A new account.
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Twelve digits; random if not given
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    id: Option<AccountId>,
    /// What you call it
    #[arg(long, default_value = "")]
    name: String,
}

/// Which data.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    data: DataArgs,
}

fn parse_account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|_| "an account id has 12 digits".to_owned())
}

/// Runs the command.
#[expect(clippy::print_stdout, reason = "the command's result")]
pub(crate) fn run(command: &AccountCommand) -> anyhow::Result<()> {
    match command {
        AccountCommand::Create(args) => {
            let order = Command::AccountCreate { id: args.id.clone(), name: args.name.clone() };
            let made = ask(&args.data, &order)?;
            let text = |member: &str| made.get(member).and_then(Value::as_str).unwrap_or_default();
            println!("# account {}: its root credential, shown only now", text("id"));
            println!("export AWS_ACCESS_KEY_ID={}", text("accessKeyId"));
            println!("export AWS_SECRET_ACCESS_KEY={}", text("secretAccessKey"));
        }
        AccountCommand::List(args) => {
            let accounts = ask(&args.data, &Command::AccountList)?;
            accounts.as_array().into_iter().flatten().for_each(|account| println!("{account}"));
        }
    }
    Ok(())
}
