//! Which seal holds the root key: what the configuration chooses, held against what the data says.

use crate::config::path;
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use strongroom_keys::seal::{GivenShares, KeyFile, Passphrase, Seal, SealRecord, Share};

const PASSPHRASE_VARIABLE: &str = "STRONGROOM_SEAL_PASSPHRASE_FILE";

/// A kind of seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SealKind {
    /// A file of its own
    KeyFile,
    /// Wrapped under a passphrase
    Passphrase,
    /// In shares that people keep
    Shares,
}

impl SealKind {
    /// As records name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KeyFile => "key-file",
            Self::Passphrase => "passphrase",
            Self::Shares => "shares",
        }
    }

    pub(crate) fn of_record(record: &SealRecord) -> anyhow::Result<Self> {
        let kind = record.keeping.kind();
        let known = Self::value_variants().iter().find(|known| known.name() == kind);
        known.copied().with_context(|| format!("this program does not know the seal {kind}"))
    }
}

/// `seal` in the configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealSettings {
    kind: Option<SealKind>,
    key_file: Option<PathBuf>,
    passphrase_file: Option<PathBuf>,
}

/// What opens the seal.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SealArgs {
    /// The root key's file
    #[arg(long, value_parser = path(), value_name = "FILE")]
    pub seal_key_file: Option<PathBuf>,
    /// File that holds the passphrase; /dev/fd/3 for a pipe
    #[arg(long, env = PASSPHRASE_VARIABLE, value_parser = path(), value_name = "FILE")]
    pub seal_passphrase_file: Option<PathBuf>,
}

impl SealArgs {
    /// For commands that have no flags for it.
    pub(crate) fn of_environment() -> Self {
        let passphrase = std::env::var_os(PASSPHRASE_VARIABLE).map(PathBuf::from);
        Self { seal_key_file: None, seal_passphrase_file: passphrase }
    }
}

/// Where the root key is kept, as far as the operator says.
#[derive(Debug, Clone)]
pub(crate) struct SealChoice {
    /// If set, data under another seal is refused.
    pub kind: Option<SealKind>,
    /// Of the key file.
    pub key_file: PathBuf,
    /// Of the passphrase.
    pub passphrase_file: Option<PathBuf>,
    /// Shares of the root key, as given to a command: the server takes them from people.
    pub share_files: Vec<PathBuf>,
}

impl SealChoice {
    pub(crate) fn of(args: &SealArgs, settings: SealSettings, data_dir: &Path) -> Self {
        let set = |argument: &Option<PathBuf>| {
            argument.clone().filter(|path| !path.as_os_str().is_empty())
        };
        let key_file = set(&args.seal_key_file).or(settings.key_file);
        Self {
            kind: settings.kind,
            key_file: key_file.unwrap_or_else(|| data_dir.join("root.key")),
            passphrase_file: set(&args.seal_passphrase_file).or(settings.passphrase_file),
            share_files: Vec::new(),
        }
    }

    /// A key file, in the data directory.
    pub(crate) fn key_file_in(data_dir: &Path) -> Self {
        Self::of(&SealArgs::default(), SealSettings::default(), data_dir)
    }

    /// The seal of data that is there. It is the one that the data's record names; a configuration that names another is
    /// refused.
    pub(crate) fn of_data(&self, record: &SealRecord) -> anyhow::Result<Box<dyn Seal>> {
        let kind = SealKind::of_record(record)?;
        self.check(kind)?;
        self.seal(kind)
    }

    fn check(&self, kind: SealKind) -> anyhow::Result<()> {
        if let Some(wanted) = self.kind.filter(|wanted| *wanted != kind) {
            bail!(
                "the configuration has the seal {}, and this data has {}: move the root key with \
                 `strongroom seal migrate`, or change the configuration",
                wanted.name(),
                kind.name()
            );
        }
        Ok(())
    }

    /// Whether the seal of this data is opened by people only, once the server runs.
    pub(crate) fn waits_for_people(&self, record: &SealRecord) -> anyhow::Result<bool> {
        let kind = SealKind::of_record(record)?;
        self.check(kind)?;
        Ok(kind == SealKind::Shares)
    }

    /// The seal for data that is to be made.
    pub(crate) fn of_new_data(&self) -> anyhow::Result<Box<dyn Seal>> {
        if self.kind == Some(SealKind::Shares) {
            bail!("shares are handed out before the first start, by `strongroom seal init`");
        }
        self.seal(self.kind.unwrap_or(SealKind::KeyFile))
    }

    /// The seal of this kind.
    pub(crate) fn seal(&self, kind: SealKind) -> anyhow::Result<Box<dyn Seal>> {
        Ok(match kind {
            SealKind::KeyFile => Box::new(KeyFile::new(&self.key_file)),
            SealKind::Passphrase => {
                let path = self.passphrase_file.as_deref().with_context(|| {
                    format!(
                        "the root key is under a passphrase, and no file is named that holds it: \
                         set seal.passphrase_file or {PASSPHRASE_VARIABLE}"
                    )
                })?;
                Box::new(Passphrase::read(path).context("cannot use the passphrase")?)
            }
            SealKind::Shares => Box::new(GivenShares::of(self.shares()?)),
        })
    }

    fn shares(&self) -> anyhow::Result<Vec<Share>> {
        if self.share_files.is_empty() {
            bail!(
                "the root key is in shares: start the server, give it shares with \
                 `strongroom seal unseal`, and ask it; or give this command --share-file, where it has that"
            );
        }
        Ok(self.share_files.iter().map(|file| Share::read(file)).collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_keys::StorageKeys;
    use strongroom_types::{SystemEntropy, Timestamp};

    #[test]
    fn a_configuration_that_names_another_seal_than_the_data_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let mut choice = SealChoice::key_file_in(directory.path());
        let seal = choice.of_new_data().unwrap();
        let now = Timestamp::from_millis(0);
        let (_, sealing) = StorageKeys::create(&*seal, &SystemEntropy, now).unwrap();
        let record = sealing.record().unwrap();
        for kind in [None, Some(SealKind::KeyFile)] {
            choice.kind = kind;
            let seal = choice.of_data(&record).unwrap();
            assert!(StorageKeys::open(&*seal, &sealing).is_ok());
        }
        choice.kind = Some(SealKind::Passphrase);
        assert!(choice.of_data(&record).is_err());
        assert!(choice.of_new_data().is_err(), "no passphrase is named");
    }
}
