//! `strongroom policy`: why somebody may or may not do something, who may, and decisions offline.

use crate::admin::ask;
use crate::config::DataArgs;
use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use strongroom_services::admin::Command;
use strongroom_services::explain::Question;

/// What can be asked about policies.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Print the decision on a request, with the statement that made it
    Explain(ExplainArgs),
    /// List who may do something
    WhoCan(WhoCanArgs),
    /// Decide the cases of a file of JSON lines, offline: the server's evaluator and parser, nothing else
    Eval(EvalArgs),
}

/// A request that somebody may make.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    data: DataArgs,
    /// ARN of a user, role, session or root
    #[arg(long, value_name = "ARN")]
    principal: String,
    /// Such as secretsmanager:GetSecretValue
    #[arg(long)]
    action: String,
    /// ARN of the resource, or *
    #[arg(long, value_name = "ARN")]
    resource: String,
    /// Condition keys besides those that are known, such as aws:SourceIp=10.0.0.1; again for more values
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_pair)]
    context: Vec<(String, String)>,
}

/// What somebody may do.
#[derive(Debug, Args)]
pub(crate) struct WhoCanArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Such as secretsmanager:GetSecretValue
    #[arg(long)]
    action: String,
    /// ARN of the resource
    #[arg(long, value_name = "ARN")]
    resource: String,
}

/// Cases.
#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// One JSON object a line; - reads standard input
    #[arg(value_name = "CASES.jsonl")]
    cases: PathBuf,
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Runs the command.
pub(crate) fn run(command: &PolicyCommand) -> anyhow::Result<()> {
    match command {
        PolicyCommand::Explain(args) => explain(args),
        PolicyCommand::WhoCan(args) => who_can(args),
        PolicyCommand::Eval(args) => eval(args),
    }
}

#[expect(clippy::print_stdout, reason = "the command's result")]
fn explain(args: &ExplainArgs) -> anyhow::Result<()> {
    let mut context: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, value) in &args.context {
        context.entry(key.clone()).or_default().push(value.clone());
    }
    let question = Question {
        principal: args.principal.clone(),
        action: args.action.clone(),
        resource: args.resource.clone(),
        context,
    };
    let explained = ask(&args.data, &Command::PolicyExplain(question))?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let reason = text(explained.get("reason")).map(|reason| format!(" {reason}"));
    let decision = text(explained.get("decision")).unwrap_or_default();
    println!("{decision}{}", reason.unwrap_or_default());
    for statement in explained.get("statements").and_then(Value::as_array).into_iter().flatten() {
        println!("  {statement}");
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the command's result")]
fn who_can(args: &WhoCanArgs) -> anyhow::Result<()> {
    let (action, resource) = (args.action.clone(), args.resource.clone());
    let found = ask(&args.data, &Command::PolicyWhoCan { action, resource })?;
    found.as_array().into_iter().flatten().for_each(|principal| println!("{principal}"));
    Ok(())
}

fn eval(args: &EvalArgs) -> anyhow::Result<()> {
    let cases: Box<dyn BufRead> = if args.cases.as_os_str() == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = std::fs::File::open(&args.cases)
            .with_context(|| format!("cannot read {}", args.cases.display()))?;
        Box::new(BufReader::new(file))
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in cases.lines() {
        let line = line?;
        if !line.trim().is_empty() {
            writeln!(out, "{}", strongroom_services::decide_case(&line))?;
        }
    }
    Ok(out.flush()?)
}
