//! A server whose root key is in shares waits for them: it answers that it lives, and takes shares through the
//! operator's socket.

use crate::admin;
use anyhow::Context;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use strongroom_http::{Limits, Listening, serve_sealed};
use strongroom_keys::seal::{GivenShares, Keeping, SealRecord, Share};
use strongroom_keys::{Sealing, StorageKeys};
use strongroom_services::admin::Command;
use strongroom_services::sealing;
use strongroom_store::Store;
use tokio::net::UnixListener;
use tokio::sync::watch;

/// Where a sealed server is reached.
pub(crate) struct Doors<'a> {
    pub data_dir: &'a Path,
    pub listening: &'a Listening,
    pub listening_metrics: Option<&'a Listening>,
    pub limits: Limits,
}

/// Waits until the storage keys are open. `None`: the server is to stop.
pub(crate) async fn wait(
    doors: Doors<'_>,
    store: &Arc<dyn Store>,
    sealed: &Sealing,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<Option<StorageKeys>> {
    let socket = admin::listen(doors.data_dir)?
        .context("there is no socket to take shares through, so this server cannot be unsealed")?;
    tracing::info!("sealed: waiting for shares of the root key");
    let (opened, is_opened) = watch::channel(false);
    let refusing = serve_sealed(doors.listening, doors.limits, is_opened.clone());
    let refusing_metrics = async {
        if let Some(metrics) = doors.listening_metrics {
            serve_sealed(metrics, doors.limits, is_opened.clone()).await;
        }
    };
    let mut waiting =
        Waiting { store, sealed, record: sealed.record()?, given: GivenShares::default() };
    let taking = async {
        let keys = tokio::select! {
            keys = waiting.take_shares(&socket) => keys.map(Some),
            () = stop => Ok(None),
        };
        opened.send_replace(true);
        keys
    };
    let ((), (), keys) = tokio::join!(refusing, refusing_metrics, taking);
    keys
}

struct Waiting<'a> {
    store: &'a Arc<dyn Store>,
    sealed: &'a Sealing,
    record: SealRecord,
    given: GivenShares,
}

impl Waiting<'_> {
    async fn take_shares(&mut self, socket: &UnixListener) -> anyhow::Result<StorageKeys> {
        loop {
            let (stream, _) = socket.accept().await.context("the operator's socket failed")?;
            let mut keys = None;
            let conversation =
                admin::converse(stream, async |line| match self.answer(line).await {
                    Ok((answer, opened)) => {
                        keys = opened;
                        json!({ "answer": answer })
                    }
                    Err(error) => json!({ "error": format!("{error:#}") }),
                });
            if let Err(error) = conversation.await {
                tracing::debug!(%error, "an operator's command ended early");
            }
            if let Some(keys) = keys {
                return Ok(keys);
            }
        }
    }

    async fn answer(&mut self, line: &str) -> anyhow::Result<(Value, Option<StorageKeys>)> {
        match serde_json::from_str(line)? {
            Command::SealRead => {
                let mut read = sealing::read(&**self.store).await?;
                if let Some(members) = read.as_object_mut() {
                    members.insert("shares_given".to_owned(), self.given.count().into());
                }
                Ok((read, None))
            }
            Command::SealOpen { share } => self.open(&share),
            _ => {
                anyhow::bail!("the server is sealed: give it shares with `strongroom seal unseal`")
            }
        }
    }

    fn open(&mut self, share: &str) -> anyhow::Result<(Value, Option<StorageKeys>)> {
        self.given.add(Share::parse(share)?, &self.record)?;
        let Keeping::Shares(kept) = &self.record.keeping else {
            anyhow::bail!("this data is not sealed with shares");
        };
        let (given, needed) = (self.given.count(), usize::from(kept.threshold()));
        if given < needed {
            return Ok((json!({ "sealed": true, "given": given, "needed": needed }), None));
        }
        let keys = StorageKeys::open(&self.given, self.sealed)?;
        Ok((json!({ "sealed": false, "given": given, "needed": needed }), Some(keys)))
    }
}
