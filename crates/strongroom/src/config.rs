//! The configuration: flags win over environment, environment over file.
//!
//! A configuration is parsed into valid values or refused; unknown settings are refused. Nothing here holds a secret but
//! the preset root credential, which has no `Debug`.

use crate::seal_choice::{SealArgs, SealChoice, SealSettings};
use anyhow::{Context, bail};
use clap::Args;
use clap::builder::{FalseyValueParser, OsStringValueParser, TypedValueParser};
use ipnet::IpNet;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use strongroom_services::house::Settings;
use strongroom_services::sts::canonical_issuer;
use strongroom_store_sqlite::Durability;
use strongroom_types::Region;

/// The address when none is set.
const LISTEN_DEFAULT: &str = "127.0.0.1:8700";
/// The data directory when none is set.
const DATA_DIR_DEFAULT: &str = "strongroom-data";

/// A path, which may be empty: a variable that is set to nothing counts as unset.
pub(crate) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// What `strongroom serve` takes. Each flag has a variable and a setting of the same meaning.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// Where data, keys and the audit log are kept; made if it is not there
    #[arg(long, env = "STRONGROOM_DATA_DIR", value_parser = path(), value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address to serve on
    #[arg(long, env = "STRONGROOM_LISTEN", value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Configuration file (TOML)
    #[arg(long, env = "STRONGROOM_CONFIG", value_parser = path(), value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Throwaway data and known credentials on loopback: for trying out and for tests
    #[arg(long)]
    pub dev: bool,
    /// Certificate chain (PEM)
    #[arg(long, env = "STRONGROOM_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, env = "STRONGROOM_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Serve plain HTTP on an address that is not loopback
    #[arg(long, env = "STRONGROOM_INSECURE_HTTP", value_parser = FalseyValueParser::new())]
    pub insecure_http: bool,
    #[command(flatten)]
    pub seal: SealArgs,
}

/// The file's form.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data_dir: Option<PathBuf>,
    listen: Option<String>,
    #[serde(default)]
    insecure_http: bool,
    #[serde(default)]
    regions: Vec<String>,
    clock_skew_minutes: Option<i64>,
    cache_mib: Option<u64>,
    #[serde(default)]
    trusted_proxies: Vec<String>,
    #[serde(default)]
    oidc: Vec<FileOidc>,
    oidc_fetch: Option<bool>,
    #[serde(default)]
    tls: FileTls,
    #[serde(default)]
    seal: SealSettings,
    #[serde(default)]
    metrics: FileMetrics,
    #[serde(default)]
    storage: FileStorage,
}

/// An OpenID Connect issuer, and where its keys are or who vouches for its certificate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileOidc {
    issuer: String,
    jwks_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTls {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMetrics {
    #[serde(default)]
    public: bool,
    listen: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileStorage {
    #[serde(default)]
    exclusive: bool,
    #[serde(default)]
    durability: FileDurability,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FileDurability {
    #[default]
    Full,
    ProcessOnly,
}

/// A valid configuration of the server.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Where the root key is kept.
    pub seal: SealChoice,
    /// The address.
    pub listen: SocketAddr,
    /// Certificate chain and key, if connections are encrypted.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whether `/metrics` is answered on the public address.
    pub metrics_public: bool,
    /// The address of a listener for `/metrics` alone.
    pub metrics_listen: Option<SocketAddr>,
    /// Whether the database file is locked for this process alone, as file systems without shared memory need it.
    pub exclusive_storage: bool,
    /// How durable a commit is. Anything but full is for seeing the power-cut test fail.
    pub durability: Durability,
    /// Files of certificates of authorities by issuer, for those that the operating system's do not vouch for. `None`:
    /// no issuer is asked for its keys.
    pub issuer_authorities: Option<BTreeMap<String, PathBuf>>,
    /// For the services.
    pub settings: Settings,
    /// Whether data is thrown away.
    pub dev: bool,
}

impl Config {
    /// Reads the file, lays the arguments over it, checks what comes of it.
    pub(crate) fn resolve(args: &ServeArgs) -> anyhow::Result<Self> {
        let file = File::read(args.config.as_deref())?;
        let listen = resolve_address(
            args.listen
                .as_deref()
                .filter(|listen| !listen.is_empty())
                .or(file.listen.as_deref())
                .unwrap_or(LISTEN_DEFAULT),
        )?;
        let tls = pair(
            args.tls_certificate.clone().or(file.tls.certificate),
            args.tls_key.clone().or(file.tls.key),
        )?;
        check_exposure(
            listen.ip(),
            tls.is_some(),
            args.dev,
            args.insecure_http || file.insecure_http,
        )?;
        let data_dir = data_dir(args.data_dir.as_deref(), file.data_dir);
        let metrics_listen = file.metrics.listen.as_deref().map(resolve_address).transpose()?;
        let Oidc { keys, authorities } = Oidc::of(file.oidc, file.oidc_fetch.unwrap_or(true))?;
        let mut settings =
            Settings { regions: regions(&file.regions)?, issuer_keys: keys, ..Settings::default() };
        if let Some(minutes) = file.clock_skew_minutes {
            if !(1..=15).contains(&minutes) {
                bail!("clock_skew_minutes must be between 1 and 15");
            }
            settings.clock_skew_millis_max = minutes * 60_000;
        }
        settings.trusted_proxies = networks(&file.trusted_proxies)?;
        if let Some(mib) = file.cache_mib {
            settings.cache_bytes = mib.saturating_mul(1024 * 1024);
        }
        Ok(Self {
            seal: SealChoice::of(&args.seal, file.seal, &data_dir),
            data_dir,
            listen,
            tls,
            metrics_public: file.metrics.public,
            metrics_listen,
            exclusive_storage: file.storage.exclusive,
            durability: match file.storage.durability {
                FileDurability::Full => Durability::Full,
                FileDurability::ProcessOnly => Durability::ProcessOnly,
            },
            issuer_authorities: authorities,
            settings,
            dev: args.dev,
        })
    }
}

impl File {
    /// The file's settings; none if no file is named. A variable that is set to nothing names none.
    fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        // Not with the line that was refused: it may hold what belongs elsewhere.
        let line = |error: &toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            before.map_or(1, |before| before.matches('\n').count() + 1)
        };
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            let (path, line, message) = (path.display(), line(&error), error.message());
            anyhow::anyhow!("{path} is not a valid configuration: line {line}: {message}")
        })
    }
}

/// Where a command that is not the server finds the server's data.
#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// The server's data directory
    #[arg(long, env = "STRONGROOM_DATA_DIR", value_parser = path(), value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Configuration file (TOML)
    #[arg(long, env = "STRONGROOM_CONFIG", value_parser = path(), value_name = "FILE")]
    config: Option<PathBuf>,
}

impl DataArgs {
    /// The data directory, found as the server finds it.
    pub(crate) fn data_dir(&self) -> anyhow::Result<PathBuf> {
        let file = File::read(self.config.as_deref())?;
        Ok(data_dir(self.data_dir.as_deref(), file.data_dir))
    }

    /// The server's configuration, for a command that opens its data.
    pub(crate) fn config(&self, data_dir: &Path, seal: SealArgs) -> anyhow::Result<Config> {
        Config::resolve(&ServeArgs {
            data_dir: Some(data_dir.to_owned()),
            listen: None,
            config: self.config.clone(),
            dev: false,
            tls_certificate: None,
            tls_key: None,
            // Nothing is served: what the file says of addresses is no matter here.
            insecure_http: true,
            seal,
        })
    }
}

fn data_dir(argument: Option<&Path>, file: Option<PathBuf>) -> PathBuf {
    let argument = argument.filter(|path| !path.as_os_str().is_empty()).map(Path::to_owned);
    argument.or(file).unwrap_or_else(|| DATA_DIR_DEFAULT.into())
}

fn resolve_address(text: &str) -> anyhow::Result<SocketAddr> {
    let mut found = text
        .to_socket_addrs()
        .with_context(|| format!("`{text}` is no address of the form HOST:PORT"))?;
    found.next().with_context(|| format!("`{text}` names no address"))
}

fn pair(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
) -> anyhow::Result<Option<(PathBuf, PathBuf)>> {
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (None, None) => Ok(None),
        _ => bail!("TLS needs both a certificate and its key"),
    }
}

/// Secrets do not cross a network in the clear, unless the operator says so.
fn check_exposure(ip: IpAddr, has_tls: bool, dev: bool, insecure: bool) -> anyhow::Result<()> {
    if ip.is_loopback() {
        return Ok(());
    }
    if dev {
        bail!("--dev has known credentials and serves loopback only; {ip} is not");
    }
    if !has_tls && !insecure {
        bail!(
            "{ip} is not loopback, and without TLS secrets would cross the network in the clear; \
             set a certificate (--tls-certificate, --tls-key) or, behind a proxy that encrypts, --insecure-http"
        );
    }
    Ok(())
}

/// Files by issuer.
#[derive(Debug)]
struct Oidc {
    /// With keys.
    keys: BTreeMap<String, PathBuf>,
    /// With certificates of authorities. `None`: no issuer is asked.
    authorities: Option<BTreeMap<String, PathBuf>>,
}

impl Oidc {
    /// The issuer is as its tokens name it, but for a slash at the end and the host's case.
    fn of(issuers: Vec<FileOidc>, fetch: bool) -> anyhow::Result<Self> {
        let (mut keys, mut authorities) = (BTreeMap::new(), BTreeMap::new());
        for FileOidc { issuer, jwks_file, ca_file } in issuers {
            let name = canonical_issuer(&issuer);
            if !issuer.starts_with("https://") || name.is_empty() {
                bail!("the issuer `{issuer}` is no https:// URL");
            }
            if keys.contains_key(&name) || authorities.contains_key(&name) {
                bail!("the issuer `{issuer}` stands twice");
            }
            let (files, path, what) = match (jwks_file, ca_file) {
                (Some(path), None) => (&mut keys, path, "the keys"),
                (None, Some(_)) if !fetch => {
                    bail!("the issuer `{issuer}` has a ca_file, and oidc_fetch is false")
                }
                (None, Some(path)) => (&mut authorities, path, "the authorities"),
                _ => bail!("the issuer `{issuer}` needs either a jwks_file or a ca_file"),
            };
            if !path.is_file() {
                bail!("{}, {what} of {issuer}, is no file", path.display());
            }
            files.insert(name, path);
        }
        Ok(Self { keys, authorities: fetch.then_some(authorities) })
    }
}

fn regions(names: &[String]) -> anyhow::Result<Vec<Region>> {
    names
        .iter()
        .map(|name| Region::parse(name).with_context(|| format!("`{name}` is no region name")))
        .collect()
}

/// Networks, or single addresses.
fn networks(texts: &[String]) -> anyhow::Result<Vec<IpNet>> {
    let network = |text: &String| {
        let parsed = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        parsed.with_context(|| format!("`{text}` is no network or address"))
    };
    texts.iter().map(network).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ip: &str, tls: bool, dev: bool, insecure: bool) -> bool {
        check_exposure(ip.parse().unwrap(), tls, dev, insecure).is_ok()
    }

    #[test]
    fn plain_http_stays_on_loopback_unless_told_otherwise() {
        assert!(check("127.0.0.1", false, true, false));
        assert!(check("::1", false, false, false));
        assert!(!check("0.0.0.0", false, false, false));
        assert!(check("0.0.0.0", true, false, false));
        assert!(check("10.0.0.1", false, false, true));
        assert!(!check("0.0.0.0", true, true, true), "dev credentials are known to everybody");
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(toml::from_str::<File>("lissen = '127.0.0.1:1'").is_err());
        assert!(toml::from_str::<File>("[tls]\ncertificat = 'a'").is_err());
        assert!(
            toml::from_str::<File>("listen = '127.0.0.1:1'\n[tls]\ncertificate = 'a'\nkey = 'b'")
                .is_ok()
        );
    }

    #[test]
    fn an_issuer_has_keys_or_authorities_in_a_file_that_is_there() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let oidc = |tables: &str, fetch| {
            let file: File = toml::from_str(&tables.replace("HERE", here)).unwrap();
            Oidc::of(file.oidc, fetch)
        };
        let keys = "[[oidc]]\nissuer = 'https://A.example/'\njwks_file = 'HERE'\n";
        let authorities = "[[oidc]]\nissuer = 'https://b.example/r'\nca_file = 'HERE'\n";
        let both = oidc(&[keys, authorities].concat(), true).unwrap();
        assert_eq!(both.keys, BTreeMap::from([("a.example".to_owned(), here.into())]));
        let expected = BTreeMap::from([("b.example/r".to_owned(), here.into())]);
        assert_eq!(both.authorities, Some(expected));
        assert_eq!(oidc(keys, false).unwrap().authorities, None);
        assert_eq!(oidc("", true).unwrap().authorities, Some(BTreeMap::new()));
        for bad in [
            "[[oidc]]\nissuer = 'http://a.example'\njwks_file = 'HERE'",
            "[[oidc]]\nissuer = 'https://'\njwks_file = 'HERE'",
            "[[oidc]]\nissuer = 'https://a.example'",
            "[[oidc]]\nissuer = 'https://a.example'\njwks_file = 'HERE'\nca_file = 'HERE'",
            "[[oidc]]\nissuer = 'https://a.example'\nca_file = '/nonexistent'",
        ] {
            assert!(oidc(bad, true).is_err(), "{bad}");
        }
        assert!(oidc(authorities, false).is_err(), "nobody is asked, so nobody vouches");
        let twice = authorities.replace("b.example", "B.example");
        assert!(oidc(&[authorities, &twice].concat(), true).is_err());
    }

    /// Names that the parser says it expected, where it got another.
    fn settings(section: &str) -> Vec<String> {
        let text =
            if section.is_empty() { "?".to_owned() } else { format!("[{section}]\n\"?\" = 1") };
        let text = text.replace('?', if section.is_empty() { "\"?\" = 1" } else { "?" });
        let error = toml::from_str::<File>(&text).unwrap_err().to_string();
        let expected = error.split("expected ").nth(1).unwrap().split('\n').next().unwrap();
        let names = expected.split('`').skip(1).step_by(2);
        let dotted = |name: &str| {
            if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
        };
        names.map(dotted).collect()
    }

    #[test]
    fn the_reference_page_names_every_setting_and_no_other() {
        let sections = ["tls", "seal", "metrics", "storage"];
        let mut known: Vec<_> = settings("");
        known.retain(|name| !sections.contains(&name.as_str()));
        known.extend(sections.iter().flat_map(|section| settings(section)));
        let page = include_str!("../../../docs/reference/configuration.md");
        let cell =
            |row: &str| row.split('|').nth(3).map(|cell| cell.trim().trim_matches('`').to_owned());
        let mut told: Vec<_> = page
            .lines()
            .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
            .skip(1)
            .filter_map(cell)
            .filter(|name| !name.is_empty())
            .collect();
        known.sort();
        told.sort();
        assert_eq!(told, known);
    }
}
