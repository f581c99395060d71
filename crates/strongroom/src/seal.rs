//! `strongroom seal`: where the root key is kept.
//!
//! Keys, passphrases and shares are read and used in this process. A server that runs gives out what is sealed, and
//! takes what is sealed again under another root key, with the proof that the present one was open here.

use crate::admin::{ask_house, ask_running, check_data};
use crate::config::{Config, DataArgs, path};
use crate::reseal::{Seals, reseal};
use crate::seal_choice::{SealArgs, SealChoice, SealKind};
use crate::{harden, serve};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use std::fs::{File, TryLockError};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use strongroom_keys::seal::{Keeping, NewShares, Seal, SealRecord, Share};
use strongroom_keys::{Sealing, StorageKeys};
use strongroom_services::admin::Command;
use strongroom_services::bootstrap;
use strongroom_services::sealing::{Base64, Read, Reason, Replacement, SealingText};
use strongroom_store::{Batch, Store};
use strongroom_types::{Clock, SystemClock, SystemEntropy, Timestamp};
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

/// What can be done with the seal.
#[derive(Debug, Subcommand)]
pub(crate) enum SealCommand {
    /// Make a data directory whose root key is kept as chosen
    Init(InitArgs),
    /// Print which seal the data has, and what it needs
    Status(DataArgs),
    /// Put another root key in the place of the present one; the server may be running
    Rotate(RotateArgs),
    /// Have another seal keep the root key; the server may be running
    Migrate(MigrateArgs),
    /// Prove that a key file, passphrase or shares open the data, without changing anything
    Verify(HeldArgs),
    /// Give a share to a server that waits for it; from standard input if no file is named
    Unseal(UnsealArgs),
}

/// Shares.
#[derive(Debug, Args)]
pub(crate) struct UnsealArgs {
    #[command(flatten)]
    data: DataArgs,
    /// File that holds a share; again for more
    #[arg(long, value_parser = path(), value_name = "FILE")]
    share_file: Vec<PathBuf>,
}

/// Which data, and what opens it.
#[derive(Debug, Args)]
pub(crate) struct HeldArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    held: SealArgs,
    /// File that holds a share; again for more
    #[arg(long, value_parser = path(), value_name = "FILE")]
    share_file: Vec<PathBuf>,
}

impl HeldArgs {
    fn data(&self) -> anyhow::Result<Data> {
        let mut data = Data::of(&self.data, self.held.clone())?;
        data.config.seal.share_files.clone_from(&self.share_file);
        Ok(data)
    }
}

/// Shares that are to be made.
#[derive(Debug, Args)]
pub(crate) struct SharesArgs {
    /// Directory to write shares to, each in a file for who is to keep it
    #[arg(long, value_parser = path(), value_name = "DIR")]
    shares_dir: Option<PathBuf>,
    /// How many shares are needed, 2 to 16
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    threshold: u8,
    /// How many shares there are, at most 16
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    shares: u8,
}

impl SharesArgs {
    fn seal(&self) -> anyhow::Result<Box<dyn Seal>> {
        let directory = self
            .shares_dir
            .as_deref()
            .context("name the directory that shares are to be written to with --shares-dir")?;
        Ok(Box::new(NewShares::new(directory, self.threshold, self.shares)?))
    }
}

/// What is to hold the next root key, where it is not what holds the present one.
#[derive(Debug, Args)]
pub(crate) struct NextArgs {
    /// File that holds the next passphrase
    #[arg(long, value_parser = path(), value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    /// Where the next root key's file is to be
    #[arg(long, value_parser = path(), value_name = "FILE")]
    new_key_file: Option<PathBuf>,
    #[command(flatten)]
    shares: SharesArgs,
}

/// New data.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    held: HeldArgs,
    /// Which seal; the configuration's if not given
    #[arg(long, value_name = "SEAL")]
    kind: Option<SealKind>,
    #[command(flatten)]
    shares: SharesArgs,
}

/// Another root key.
#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    held: HeldArgs,
    /// File that holds the next passphrase; the same passphrase if not given
    #[arg(long, value_parser = path(), value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    shares: SharesArgs,
}

/// Another seal.
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    held: HeldArgs,
    /// Which seal
    #[arg(long, value_name = "SEAL")]
    to: SealKind,
    #[command(flatten)]
    next: NextArgs,
}

/// Runs the command.
pub(crate) fn run(command: &SealCommand) -> anyhow::Result<()> {
    harden::forbid_dumps()?;
    match command {
        SealCommand::Init(args) => init(args),
        SealCommand::Status(args) => status(args),
        SealCommand::Rotate(args) => rotate(args),
        SealCommand::Migrate(args) => migrate(args),
        SealCommand::Verify(args) => verify(args),
        SealCommand::Unseal(args) => unseal(args),
    }
}

#[expect(clippy::print_stdout, reason = "the command's result")]
fn init(args: &InitArgs) -> anyhow::Result<()> {
    let data_dir = args.held.data.data_dir()?;
    let config = args.held.data.config(&data_dir, args.held.held.clone())?;
    let kind = args.kind.or(config.seal.kind).unwrap_or(SealKind::KeyFile);
    check_agreed(&config, kind)?;
    serve::make_private_dir(&data_dir)?;
    let _lock = Lock::take(&data_dir)?;
    let store = serve::open_store(&config)?;
    let runtime = serve::runtime()?;
    if runtime.block_on(bootstrap::sealing(&*store))?.is_some() {
        bail!("{} holds data already: see `strongroom seal status`", data_dir.display());
    }
    let seal = match kind {
        SealKind::Shares => args.shares.seal()?,
        kind => config.seal.seal(kind)?,
    };
    let (_, sealing) = StorageKeys::create(&*seal, &SystemEntropy, SystemClock.now())?;
    StorageKeys::open(&*seal, &sealing).context("the root key was made and does not open")?;
    runtime.block_on(bootstrap::keep_sealing(&*store, sealing.clone()))?;
    println!("{}", described(&sealing.record()?));
    Ok(())
}

/// A configuration that names another seal would keep the server from starting.
fn check_agreed(config: &Config, kind: SealKind) -> anyhow::Result<()> {
    if let Some(other) = config.seal.kind.filter(|other| *other != kind) {
        bail!("the configuration has the seal {}", other.name());
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the command's result")]
fn status(args: &DataArgs) -> anyhow::Result<()> {
    let data = Data::of(args, SealArgs::of_environment())?;
    let Read { sealing, shares_given, .. } = data.read()?;
    let record = Sealing::from(sealing.context(NOT_SET_UP)?).record()?;
    println!("{}", described(&record));
    let server = match (&data.store, shares_given) {
        (Some(_), _) => "not running".to_owned(),
        (None, None) => "running".to_owned(),
        (None, Some(given)) => format!("sealed, {given} shares given"),
    };
    println!("server: {server}");
    Ok(())
}

const NOT_SET_UP: &str = "this data directory is not set up yet";

fn described(record: &SealRecord) -> String {
    let since = record.since.and_then(Timestamp::to_jiff);
    let since = since.map_or_else(|| "an older release".to_owned(), |since| since.to_string());
    let kind = record.keeping.kind();
    let seal = match &record.keeping {
        Keeping::KeyFile => kind.to_owned(),
        Keeping::Passphrase(kept) => {
            let cost = kept.cost();
            let mib = cost.memory_kib / 1024;
            format!("{kind} (Argon2id, {mib} MiB, {} passes, {} lanes)", cost.passes, cost.lanes)
        }
        Keeping::Shares(kept) => format!("{kind} ({} of {})", kept.threshold(), kept.count()),
    };
    let (root, terms) = (record.root, record.terms);
    format!("seal: {seal}\nroot key: {root}\nsince: {since}\nstorage keys: {terms}")
}

#[expect(clippy::print_stdout, reason = "the command's result")]
fn verify(args: &HeldArgs) -> anyhow::Result<()> {
    let data = args.data()?;
    let Read { sealing, sample, .. } = data.read()?;
    let sealing = Sealing::from(sealing.context(NOT_SET_UP)?);
    let record = sealing.record()?;
    let seal = data.config.seal.seal(SealKind::of_record(&record)?)?;
    let keys = StorageKeys::open(&*seal, &sealing)?;
    if let Some(sample) = sample {
        keys.open_record(sample.kind, &sample.key.0, &sample.sealed.0)
            .context("the root key opens the storage keys, and they do not open the data")?;
    }
    println!("this opens the data: root key {}, storage keys: {}", record.root, keys.terms());
    Ok(())
}

fn rotate(args: &RotateArgs) -> anyhow::Result<()> {
    let data = args.held.data()?;
    let (sealing, record) = data.begin()?;
    let kind = SealKind::of_record(&record)?;
    let old = data.config.seal.seal(kind)?;
    let next = SealChoice {
        passphrase_file: args.new_passphrase_file.clone(),
        ..data.config.seal.clone()
    };
    let is_passphrase = kind == SealKind::Passphrase;
    if args.new_passphrase_file.is_some() && !is_passphrase {
        bail!("the seal is {}: there is no passphrase to change", kind.name());
    }
    let changed = match kind {
        SealKind::Shares => Some(args.shares.seal()?),
        _ => args.new_passphrase_file.as_ref().map(|_| next.seal(kind)).transpose()?,
    };
    let seals = Seals { old: &*old, new: changed.as_deref().unwrap_or(&*old), moves: false };
    data.replace_root(&sealing, seals, Reason::RotateRootKey)
}

fn migrate(args: &MigrateArgs) -> anyhow::Result<()> {
    let data = args.held.data()?;
    let (sealing, record) = data.begin()?;
    let kind = SealKind::of_record(&record)?;
    let current = &data.config.seal;
    let next = SealChoice {
        kind: None,
        key_file: args.next.new_key_file.clone().unwrap_or_else(|| current.key_file.clone()),
        passphrase_file: args
            .next
            .new_passphrase_file
            .clone()
            .or_else(|| current.passphrase_file.clone()),
        share_files: Vec::new(),
    };
    let is_same = match args.to {
        SealKind::KeyFile => is_same_file(&next.key_file, &current.key_file),
        SealKind::Passphrase | SealKind::Shares => true,
    };
    if kind == args.to && is_same {
        bail!("the root key is kept there: `strongroom seal rotate` puts another in its place");
    }
    let old = current.seal(kind)?;
    let new = match args.to {
        SealKind::Shares => args.next.shares.seal()?,
        kind => next.seal(kind)?,
    };
    let seals = Seals { old: &*old, new: &*new, moves: true };
    data.replace_root(&sealing, seals, Reason::MigrateSeal)
}

/// Each share by itself: of several that are given at once, one that is wrong keeps no other out.
#[expect(clippy::print_stdout, reason = "the command's result")]
fn unseal(args: &UnsealArgs) -> anyhow::Result<()> {
    let data_dir = args.data.data_dir()?;
    let mut texts = Vec::new();
    for file in &args.share_file {
        texts.push(Share::read(file)?.text());
    }
    if texts.is_empty() {
        let mut text = Zeroizing::new(String::with_capacity(4096));
        std::io::stdin().lock().take(1024).read_to_string(&mut text)?;
        texts.push(Share::parse(&text)?.text());
    }
    for share in texts {
        let command = Command::SealOpen { share };
        let answer = ask_running(&data_dir, &command)?
            .with_context(|| format!("there is no server on {}", data_dir.display()))?;
        let is_sealed = answer.get("sealed").and_then(serde_json::Value::as_bool);
        if is_sealed == Some(false) {
            println!("server: unsealed");
            return Ok(());
        }
        let number = |name| answer.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
        println!("shares: {} of {}", number("given"), number("needed"));
    }
    Ok(())
}

/// Whether two paths lead to one place, by whatever way.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    place(one) == place(other)
}

/// Data with its server, or without one.
struct Data {
    directory: PathBuf,
    config: Config,
    runtime: Runtime,
    /// `None`: a server has it.
    store: Option<Arc<dyn Store>>,
}

impl Data {
    fn of(args: &DataArgs, held: SealArgs) -> anyhow::Result<Self> {
        let data_dir = args.data_dir()?;
        let config = args.config(&data_dir, held)?;
        let runtime = serve::runtime()?;
        let store = if ask_running(&data_dir, &Command::SealRead)?.is_some() {
            None
        } else {
            check_data(&data_dir)?;
            Some(serve::open_store(&config)?)
        };
        Ok(Self { directory: data_dir, config, runtime, store })
    }

    fn read(&self) -> anyhow::Result<Read> {
        let answer = match &self.store {
            Some(store) => self.runtime.block_on(strongroom_services::sealing::read(&**store))?,
            None => self.ask_server(&Command::SealRead)?,
        };
        serde_json::from_value(answer).context("the server's answer cannot be read")
    }

    fn ask_server(&self, command: &Command) -> anyhow::Result<serde_json::Value> {
        ask_running(&self.directory, command)?.context("the server has stopped")
    }

    fn begin(&self) -> anyhow::Result<(Sealing, SealRecord)> {
        let sealing = Sealing::from(self.read()?.sealing.context(NOT_SET_UP)?);
        let record = sealing.record()?;
        Ok((sealing, record))
    }

    #[expect(clippy::print_stdout, reason = "the command's result")]
    fn replace_root(
        &self,
        sealing: &Sealing,
        seals: Seals<'_>,
        reason: Reason,
    ) -> anyhow::Result<()> {
        check_owner(&self.directory)?;
        let _lock = Lock::take(&self.directory)?;
        if self.begin()?.0 != *sealing {
            bail!("the root key was replaced meanwhile");
        }
        let replace = |new: &Sealing, proof: Vec<u8>| {
            let replacement =
                Replacement { sealing: SealingText::from(new), proof: Base64(proof), reason };
            match &self.store {
                None => self
                    .ask_server(&Command::SealReplace(replacement))
                    .map(drop)
                    .context("the server did not say that the next root key counts; `strongroom seal status` tells"),
                Some(store) => self.commit(store, sealing, seals.old, replacement),
            }
        };
        let now = SystemClock.now();
        let record = reseal(sealing, seals, &replace, (&SystemEntropy, now))?;
        println!("{}", described(&record));
        Ok(())
    }

    /// Without a server: the same commit, with its audit event. Before the first start there is no account that an event
    /// could belong to.
    fn commit(
        &self,
        store: &Arc<dyn Store>,
        current: &Sealing,
        old: &dyn Seal,
        replacement: Replacement,
    ) -> anyhow::Result<()> {
        self.runtime.block_on(async {
            if bootstrap::sealed_sample(&**store).await?.is_none() {
                let stored = bootstrap::sealing(&**store).await?;
                let writes = bootstrap::put_sealing(replacement.sealing.into(), stored.as_ref());
                store.commit(Batch { writes, events: Vec::new() }).await?;
                return Ok(());
            }
            let keys = StorageKeys::open(old, current)?;
            let command = Command::SealReplace(replacement);
            let work = async |house: &_| ask_house(house, command).await.map(drop);
            serve::with_keys(&self.config, Arc::clone(store), keys, work).await?
        })
    }
}

/// Files that are made here must be the server's to read.
fn check_owner(data_dir: &Path) -> anyhow::Result<()> {
    let owner = std::fs::metadata(data_dir)?.uid();
    let me = rustix::process::geteuid().as_raw();
    if owner != me {
        bail!("{} belongs to the user {owner}: run this as that user", data_dir.display());
    }
    Ok(())
}

/// Held while a root key is replaced: another one would be written over the first.
struct Lock {
    _directory: File,
}

impl Lock {
    fn take(data_dir: &Path) -> anyhow::Result<Self> {
        let directory = File::open(data_dir)?;
        match directory.try_lock() {
            Err(TryLockError::WouldBlock) => {
                bail!("the root key of {} is just being replaced", data_dir.display())
            }
            // An error: a file system without locks, the operator's own care.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { _directory: directory }),
        }
    }
}
