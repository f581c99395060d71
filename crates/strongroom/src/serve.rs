//! `strongroom serve`: puts the server together, runs it, stops it in order.

use crate::background::{forward_events, work};
use crate::config::{Config, ServeArgs};
use crate::seal_choice::SealChoice;
use crate::{admin, harden, sealed};
use anyhow::{Context, bail};
use std::io::Write;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use strongroom_audit::AuditLog;
use strongroom_http::{Exposure, IssuerClient, Limits, Listening, ServerConfig, Terms};
use strongroom_keys::{Sealing, StorageKeys};
use strongroom_services::background::finish;
use strongroom_services::bootstrap::{self, Preset, RootCredential};
use strongroom_services::forward::forward;
use strongroom_services::house::{Env, Home, House};
use strongroom_services::records::Records;
use strongroom_services::sts::Issuers;
use strongroom_store::Store;
use strongroom_store_sqlite::SqliteStore;
use strongroom_types::{AccountId, Clock, RandomId, Region, SystemClock, SystemEntropy};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use zeroize::Zeroizing;

const ACCOUNT_VARIABLE: &str = "STRONGROOM_ACCOUNT_ID";
const KEY_ID_VARIABLE: &str = "STRONGROOM_ROOT_ACCESS_KEY_ID";
const SECRET_VARIABLE: &str = "STRONGROOM_ROOT_SECRET_ACCESS_KEY";
const DEV_ACCOUNT: &str = "000000000000";
const DEV_KEY: &str = "test";
/// Where AWS keeps what belongs to no region.
const GLOBAL_REGION: &str = "us-east-1";

/// Runs until told to stop.
pub(crate) fn run(args: &ServeArgs) -> anyhow::Result<()> {
    harden::forbid_dumps()?;
    let config = Config::resolve(args)?;
    start_logging();
    let throwaway = Throwaway::of(args, &config)?;
    let config =
        Config { data_dir: throwaway.data_dir.clone(), seal: throwaway.seal.clone(), ..config };
    let runtime = runtime()?;
    let preset = preset(config.dev)?;
    if std::env::var_os(SECRET_VARIABLE).is_some() && !config.dev {
        // Set to nothing it presets nothing: the credential is then made, and told, behind the restart.
        if let Some((_, secret)) = &preset.root_key {
            match runtime.block_on(waits_for_people(&config))? {
                Some(false) => return Err(harden::restart_with_input(SECRET_VARIABLE, secret)),
                Some(true) => {}
                None => runtime.block_on(async { open(&config, preset).await.map(drop) })?,
            }
        }
        drop(runtime);
        return Err(harden::restart_without(SECRET_VARIABLE));
    }
    let outcome = runtime.block_on(serve(&config, preset));
    drop(runtime);
    drop(throwaway);
    outcome
}

/// Events that go to the disk without waiting for a quiet moment.
const AUDIT_GATHER: u32 = 40;

/// One core: everything on one thread, which is cheapest. More: a worker each.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder =
        if cores == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.enable_all().build().context("cannot start the runtime")
}

fn start_logging() {
    // Standard output belongs to what the operator is told; the log goes to standard error.
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::INFO)
        .json();
    log.init();
}

/// A data directory that goes away with the process, in `--dev` without one of the user's own.
struct Throwaway {
    data_dir: PathBuf,
    seal: SealChoice,
    remove: bool,
}

impl Throwaway {
    fn of(args: &ServeArgs, config: &Config) -> anyhow::Result<Self> {
        let is_own = args.data_dir.is_some() || !args.dev;
        if is_own {
            make_private_dir(&config.data_dir)?;
            return Ok(Self {
                data_dir: config.data_dir.clone(),
                seal: config.seal.clone(),
                remove: false,
            });
        }
        let data_dir = make_throwaway_dir()?;
        Ok(Self { seal: SealChoice::key_file_in(&data_dir), data_dir, remove: true })
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if self.remove
            && let Err(error) = std::fs::remove_dir_all(&self.data_dir)
        {
            tracing::warn!(%error, "throwaway data could not be removed");
        }
    }
}

pub(crate) fn make_private_dir(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make {}", path.display()))
}

/// A directory that nobody can have made before: its name is not to be guessed, and one that is there is not taken.
fn make_throwaway_dir() -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let name = format!("strongroom-dev-{}", &*RandomId::draw(&SystemEntropy).text());
    let path = std::env::temp_dir().join(name);
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(&path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    Ok(path)
}

fn preset(dev: bool) -> anyhow::Result<Preset> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let account = variable(ACCOUNT_VARIABLE).or_else(|| dev.then(|| DEV_ACCOUNT.to_owned()));
    let account = account
        .map(|id| {
            AccountId::parse(&id).with_context(|| format!("{ACCOUNT_VARIABLE} must be 12 digits"))
        })
        .transpose()?;
    let secret = match variable(SECRET_VARIABLE) {
        Some(secret) => Some(Zeroizing::new(secret)),
        None => harden::input_of_restart()?,
    };
    let root_key = match (variable(KEY_ID_VARIABLE), secret) {
        (Some(id), Some(secret)) => {
            check_access_key(&id, &secret)?;
            Some((id, secret))
        }
        (None, None) => dev.then(|| (DEV_KEY.to_owned(), Zeroizing::new(DEV_KEY.to_owned()))),
        (Some(_), None) => None,
        (None, Some(_)) => bail!("{SECRET_VARIABLE} is set without {KEY_ID_VARIABLE}"),
    };
    Ok(Preset { account, root_key })
}

fn check_access_key(id: &str, secret: &str) -> anyhow::Result<()> {
    let is_word =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !(4..=128).contains(&id.len()) || !is_word(id) {
        bail!("{KEY_ID_VARIABLE} must be 4 to 128 letters, digits or underscores");
    }
    if !(4..=128).contains(&secret.len()) {
        bail!("{SECRET_VARIABLE} must have 4 to 128 characters");
    }
    Ok(())
}

/// A preset counts at the first start only. Half of one is refused then; one that differs later is told of, for whoever
/// set it may believe that it holds.
fn check_preset(is_new: bool, preset: &Preset) -> anyhow::Result<()> {
    let has_id_alone = preset.root_key.is_none() && std::env::var_os(KEY_ID_VARIABLE).is_some();
    if is_new && has_id_alone {
        bail!("{KEY_ID_VARIABLE} is set without {SECRET_VARIABLE}");
    }
    Ok(())
}

fn warn_of_preset(preset_account: Option<&AccountId>, root: &RootCredential) {
    let key_id = std::env::var(KEY_ID_VARIABLE).ok().filter(|id| !id.is_empty());
    if preset_account.is_some_and(|account| *account != root.account) {
        tracing::warn!(account = %root.account, "{ACCOUNT_VARIABLE} is not this data's account: it counts at the first start only");
    }
    if key_id.is_some_and(|id| id != root.access_key_id) {
        tracing::warn!(access_key_id = %root.access_key_id, "{KEY_ID_VARIABLE} is not this data's root key: it counts at the first start only");
    }
}

/// Everything that is open while the server runs.
struct Opened {
    house: House,
    root: RootCredential,
    outbox_through: u64,
}

/// The database's file in the data directory.
pub(crate) const DATABASE: &str = "strongroom.db";

/// Opens the database. Only one process at a time can.
pub(crate) fn open_store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let options = strongroom_store_sqlite::Options {
        exclusive: config.exclusive_storage,
        durability: config.durability,
        ..strongroom_store_sqlite::Options::default()
    };
    let database = config.data_dir.join(DATABASE);
    let store = SqliteStore::open(&database, options)
        .with_context(|| format!("cannot open {}", database.display()))?;
    Ok(Arc::new(store))
}

async fn open(config: &Config, preset: Preset) -> anyhow::Result<Opened> {
    open_in(config, open_store(config)?, preset).await
}

async fn open_in(config: &Config, store: Arc<dyn Store>, preset: Preset) -> anyhow::Result<Opened> {
    let sealing = stored_sealing(&*store).await?;
    check_preset(sealing.is_none(), &preset)?;
    let keys = match sealing {
        Some(sealing) => open_keys(config, &sealing)?,
        None => make_keys(config, &*store).await?,
    };
    furnish(config, store, keys, preset).await
}

/// The same, where people may have to bring the root key first. `None`: the server is to stop.
async fn open_with_people(
    config: &Config,
    preset: Preset,
    doors: sealed::Doors<'_>,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Option<Opened>> {
    let store = open_store(config)?;
    if let Some(sealing) = stored_sealing(&*store).await?
        && config.seal.waits_for_people(&sealing.record()?)?
    {
        check_preset(false, &preset)?;
        let keys = sealed::wait(doors, &store, &sealing, stop).await?;
        let Some(keys) = keys else { return Ok(None) };
        return furnish(config, store, keys, preset).await.map(Some);
    }
    open_in(config, store, preset).await.map(Some)
}

async fn stored_sealing(store: &dyn Store) -> anyhow::Result<Option<Sealing>> {
    Ok(bootstrap::sealing(store).await?.map(|stored| stored.sealing))
}

/// Whether this data cannot be opened before people have come; and if so, whether it has its account already.
async fn waits_for_people(config: &Config) -> anyhow::Result<Option<bool>> {
    let store = open_store(config)?;
    let Some(sealing) = stored_sealing(&*store).await? else { return Ok(None) };
    if !config.seal.waits_for_people(&sealing.record()?)? {
        return Ok(None);
    }
    Ok(Some(bootstrap::sealed_sample(&*store).await?.is_some()))
}

fn open_keys(config: &Config, sealing: &Sealing) -> anyhow::Result<StorageKeys> {
    let record = sealing.record()?;
    let seal = config.seal.of_data(&record)?;
    let keys = StorageKeys::open(&*seal, sealing).context("cannot use the root key")?;
    // A change of the root key was cut off behind its commit. That it stays so harms nothing.
    if let Err(error) = seal.settle(&record) {
        tracing::warn!(%error, "the root key could not be put in its place");
    }
    Ok(keys)
}

async fn make_keys(config: &Config, store: &dyn Store) -> anyhow::Result<StorageKeys> {
    let seal = config.seal.of_new_data()?;
    let (keys, sealing) = StorageKeys::create(&*seal, &SystemEntropy, SystemClock.now())
        .context("cannot use the root key")?;
    bootstrap::keep_sealing(store, sealing).await?;
    Ok(keys)
}

/// The rest of what is open, once the storage keys are.
async fn furnish(
    config: &Config,
    store: Arc<dyn Store>,
    keys: StorageKeys,
    preset: Preset,
) -> anyhow::Result<Opened> {
    let entropy = SystemEntropy;
    let records = Records::new(store, keys, config.settings.cache_bytes);
    let audit_dir = config.data_dir.join("audit");
    let (audit, recovered) = AuditLog::open(&audit_dir, strongroom_audit::Options::default())
        .with_context(|| format!("cannot open the audit log in {}", audit_dir.display()))?;
    // Last: its secret is told once, so nothing that can fail may stand between this and the telling.
    let clock = SystemClock;
    let region = Region::parse(GLOBAL_REGION)?;
    let preset_account = preset.account.clone();
    let root =
        bootstrap::root_credential(&records, &entropy, clock.now(), preset).await.map_err(loud)?;
    warn_of_preset(preset_account.as_ref(), &root);
    let (account, organization_id) = (root.account.clone(), root.organization_id.clone());
    let home = Home { account, region, organization_id };
    let issuers = issuers(config)?;
    let env = Env { clock: Box::new(clock), entropy: Box::new(entropy), issuers };
    let house = House::new(env, config.settings.clone(), home, records, Arc::new(audit));
    Ok(Opened { house, root, outbox_through: recovered.outbox_through })
}

/// The way out to OpenID Connect issuers, if there is to be one.
fn issuers(config: &Config) -> anyhow::Result<Option<Arc<dyn Issuers>>> {
    let Some(authorities) = &config.issuer_authorities else { return Ok(None) };
    Ok(Some(Arc::new(IssuerClient::new(authorities.clone())?)))
}

fn loud(error: strongroom_services::error::ApiError) -> anyhow::Error {
    anyhow::anyhow!("{}", error.source_text().unwrap_or_else(|| error.message.into_owned()))
}

/// Opens the data of a server that does not run, does something with it, and leaves it as the server would.
pub(crate) fn with_data<T>(
    config: &Config,
    work: impl AsyncFnOnce(&House) -> T,
) -> anyhow::Result<T> {
    harden::forbid_dumps()?;
    runtime()?.block_on(async { use_house(open(config, Preset::default()).await?, work).await })
}

/// The same with a store and keys that are open already.
pub(crate) async fn with_keys<T>(
    config: &Config,
    store: Arc<dyn Store>,
    keys: StorageKeys,
    work: impl AsyncFnOnce(&House) -> T,
) -> anyhow::Result<T> {
    use_house(furnish(config, store, keys, Preset::default()).await?, work).await
}

async fn use_house<T>(opened: Opened, work: impl AsyncFnOnce(&House) -> T) -> anyhow::Result<T> {
    let Opened { house, outbox_through, .. } = opened;
    let done = work(&house).await;
    forward(&house, outbox_through).await.context("cannot move events to the audit log")?;
    Ok(done)
}

async fn serve(config: &Config, preset: Preset) -> anyhow::Result<()> {
    let tls = match &config.tls {
        Some((certificate, key)) => Some(strongroom_http::load_tls(certificate, key)?),
        None => None,
    };
    let has_tls = tls.is_some();
    let listening = bind(config.listen, tls).await?;
    let listening_metrics = match config.metrics_listen {
        Some(address) => Some(bind(address, None).await?),
        None => None,
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let limits = limits()?;
    let doors = sealed::Doors {
        data_dir: &config.data_dir,
        listening: &listening,
        listening_metrics: listening_metrics.as_ref(),
        limits,
    };
    let told_to_stop = told(&mut terminate, &mut interrupt);
    let opened = open_with_people(config, preset, doors, told_to_stop).await?;
    let Some(Opened { house, root, outbox_through }) = opened else { return Ok(()) };
    let is_untold = root.new_secret.is_some();
    greet(config, &listening, has_tls, root)?;
    if is_untold {
        bootstrap::note_told(&house.records, &*house.env.entropy).await.map_err(loud)?;
    }
    let house = Arc::new(house);
    let (stop_background, stopped) = watch::channel(false);
    house.audit.gather(AUDIT_GATHER);
    let ringer = tokio::spawn(house.audit.ring().run(tokio::task::yield_now));
    let forwarder =
        tokio::spawn(forward_events(Arc::clone(&house), outbox_through, stopped.clone()));
    let worker = tokio::spawn(work(Arc::clone(&house), stopped.clone()));
    let administration = admin::listen(&config.data_dir)?
        .map(|listener| tokio::spawn(admin::answer(Arc::clone(&house), listener, stopped.clone())));
    let mut stopped_metrics = stopped;
    let stop = async move { told(&mut terminate, &mut interrupt).await };
    let until_stopped = async move { drop(stopped_metrics.changed().await) };
    let metrics = listening_metrics.map(|listening| {
        let exposure = Exposure { api: false, metrics: true };
        let terms = Terms { limits, exposure };
        tokio::spawn(strongroom_http::serve(Arc::clone(&house), listening, terms, until_stopped))
    });
    let exposure = Exposure { api: true, metrics: config.metrics_public };
    let terms = Terms { limits, exposure };
    strongroom_http::serve(Arc::clone(&house), listening, terms, stop).await;
    finish(&house).await;
    stop_background.send_replace(true);
    worker.await.context("background work ended badly")?;
    forwarder.await.context("the audit forwarder ended badly")?;
    if let Some(metrics) = metrics {
        metrics.await.context("the metrics listener ended badly")?;
    }
    if let Some(administration) = administration {
        administration.await.context("the operator's socket ended badly")?;
    }
    ringer.abort();
    Ok(())
}

async fn told(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

async fn bind(address: SocketAddr, tls: Option<Arc<ServerConfig>>) -> anyhow::Result<Listening> {
    Listening::bind(address, tls).await.with_context(|| format!("cannot listen on {address}"))
}

/// As many connections as there are file descriptors for, with some left for the store and the log.
fn limits() -> anyhow::Result<Limits> {
    const RESERVED: u64 = 128;
    let files = harden::raise_open_files()?;
    let connections = usize::try_from(files.saturating_sub(RESERVED).max(16)).unwrap_or(usize::MAX);
    let limits = Limits::default();
    Ok(Limits { connections_max: limits.connections_max.min(connections), ..limits })
}

/// Tells the operator where the server is and, once, how to sign.
fn greet(
    config: &Config,
    listening: &Listening,
    has_tls: bool,
    root: RootCredential,
) -> anyhow::Result<()> {
    let address = listening.address()?;
    let scheme = if has_tls { "https" } else { "http" };
    // Past the standard library's buffer, which would keep the secret as long as the process lives.
    let mut out = std::fs::File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    writeln!(out, "strongroom serves {scheme}://{address} for account {}", root.account)?;
    let secret = match root.new_secret {
        Some(secret) => Some(secret),
        None if config.dev && root.access_key_id == DEV_KEY => {
            Some(Zeroizing::new(DEV_KEY.to_owned()))
        }
        None => None,
    };
    if let Some(secret) = secret {
        if !config.dev {
            writeln!(out, "This is the root credential. It is shown only now: keep it.")?;
        }
        writeln!(out)?;
        writeln!(out, "export AWS_ENDPOINT_URL={scheme}://{address}")?;
        writeln!(out, "export AWS_ACCESS_KEY_ID={}", root.access_key_id)?;
        let line = Zeroizing::new(format!("export AWS_SECRET_ACCESS_KEY={}\n", secret.as_str()));
        out.write_all(line.as_bytes())?;
        writeln!(out, "export AWS_DEFAULT_REGION=us-east-1")?;
        writeln!(out)?;
    }
    Ok(())
}
