//! The server's state: what every request may use.

use crate::error::ApiError;
use crate::event::Event;
use crate::identity::{Credentials, LastUsedLedger};
use crate::metrics::Metrics;
use crate::records::Records;
use crate::round::Round;
use crate::secretsmanager::AccessLedger;
use crate::sts::{IssuerKeys, Issuers};
use crate::turns::Turns;
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use strongroom_audit::{Append, AuditLog};
use strongroom_store::{Batch, Committed, StoreError};
use strongroom_types::{AccountId, Clock, Entropy, RandomIds, Region};
use tokio::sync::Notify;

/// Time, randomness and the way out, handed down from where the server is put together.
#[derive(Debug)]
pub struct Env {
    /// The clock.
    pub clock: Box<dyn Clock>,
    /// Randomness.
    pub entropy: Box<dyn Entropy>,
    /// The way out to OpenID Connect issuers. `None`: none is ever asked for its keys.
    pub issuers: Option<Arc<dyn Issuers>>,
}

/// What the operator set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Regions that requests may belong to; empty: any well-formed name.
    pub regions: Vec<Region>,
    /// How far a client's clock may be off, in milliseconds. AWS: five minutes; fifteen where AWS allows it.
    pub clock_skew_millis_max: i64,
    /// Memory for decoded records, in bytes.
    pub cache_bytes: u64,
    /// Proxies whose `X-Forwarded-For` is believed; from anybody else it says nothing.
    pub trusted_proxies: Vec<IpNet>,
    /// Files with the keys of OpenID Connect issuers, by URL. Those issuers are not asked.
    pub issuer_keys: BTreeMap<String, PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            regions: Vec::new(),
            clock_skew_millis_max: strongroom_types::limits::CLOCK_SKEW_MILLIS_MAX,
            cache_bytes: 512 * 1024 * 1024,
            trusted_proxies: Vec::new(),
            issuer_keys: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Whether requests to the region are taken.
    pub(crate) fn takes(&self, region: &Region) -> bool {
        self.regions.is_empty() || self.regions.contains(region)
    }

    /// Whom a request comes from: the peer, or, if that is a trusted proxy, the last address of `X-Forwarded-For` that
    /// is not one. What cannot be read there ends the walk: the address before it is then the answer.
    pub fn source_ip(&self, peer: IpAddr, forwarded_for: &str) -> IpAddr {
        let is_trusted =
            |ip: IpAddr| self.trusted_proxies.iter().any(|net| net.contains(&ip.to_canonical()));
        let mut source = peer.to_canonical();
        for hop in forwarded_for.rsplit(',') {
            if !is_trusted(source) {
                break;
            }
            let Ok(before) = hop.trim().parse::<IpAddr>() else { break };
            source = before.to_canonical();
        }
        source
    }
}

/// The deployment, and where a request belongs that nobody signed.
#[derive(Debug, Clone)]
pub struct Home {
    /// The first account.
    pub account: AccountId,
    /// AWS's region for what is global.
    pub region: Region,
    /// `aws:PrincipalOrgID`: all accounts belong to it.
    pub organization_id: String,
}

/// The state.
#[derive(Debug)]
pub struct House {
    /// Time and randomness.
    pub env: Env,
    /// What the operator set.
    pub settings: Settings,
    /// Where a request belongs that nobody signed.
    pub home: Home,
    /// Ids of requests and events.
    pub ids: RandomIds,
    /// All records.
    pub records: Records,
    /// The audit log.
    pub audit: Arc<AuditLog>,
    /// Live credentials.
    pub credentials: Credentials,
    /// When access keys and roles were last used.
    pub last_used: LastUsedLedger,
    /// When secrets were last read.
    pub accesses: AccessLedger,
    /// Where the carrying of changes to replicas is.
    pub replication_round: Round,
    /// Where the erasing of expired key material is.
    pub material_expiry_round: Round,
    /// Where the purge of secrets is whose recovery window is over.
    pub purge_round: Round,
    /// Where the rotation of keys is.
    pub rotation_round: Round,
    /// Where the work on keys is that have something to come.
    pub keys_round: Round,
    /// Keys of OpenID Connect issuers.
    pub issuer_keys: IssuerKeys,
    /// Who goes first when many change one resource.
    pub turns: Turns,
    /// Counts of requests.
    pub metrics: Metrics,
    /// Rung after each commit: the outbox has events for the log.
    pub committed: Notify,
    /// Rung when background work has become due: a change is to be carried to replicas, a secret to be purged.
    pub work_due: Notify,
}

impl House {
    /// Puts the state together.
    pub fn new(
        env: Env,
        settings: Settings,
        home: Home,
        records: Records,
        audit: Arc<AuditLog>,
    ) -> Self {
        let accesses = AccessLedger::new();
        let issuer_keys = IssuerKeys::new(&settings.issuer_keys, env.issuers.clone());
        Self {
            env,
            settings,
            ids: RandomIds::default(),
            records,
            audit,
            credentials: Credentials::new(),
            last_used: LastUsedLedger::default(),
            home,
            accesses,
            replication_round: Round::default(),
            material_expiry_round: Round::default(),
            purge_round: Round::default(),
            rotation_round: Round::default(),
            keys_round: Round::default(),
            issuer_keys,
            turns: Turns::new(),
            metrics: Metrics::default(),
            committed: Notify::new(),
            work_due: Notify::new(),
        }
    }

    /// Commits a change with its events.
    pub async fn commit(&self, mut batch: Batch) -> Result<Committed, StoreError> {
        for event in &mut batch.events {
            *event = self.records.seal_event(event, &*self.env.entropy)?;
        }
        let committed = self.records.commit(batch).await;
        self.committed.notify_one();
        committed
    }

    /// Hands an event to the log. What this resolves to says whether it would survive a power cut: no answer leaves
    /// before.
    pub fn append_event(&self, event: &Event<'_>) -> Result<Append, ApiError> {
        Ok(self.audit.append(&event.encode()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_where_a_request_comes_from() {
        let settings = Settings {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
            ..Settings::default()
        };
        for (peer, forwarded, source) in [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
            ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("::1", "2001:db8::7", "2001:db8::7"),
        ] {
            let found = settings.source_ip(peer.parse().unwrap(), forwarded);
            assert_eq!(found, source.parse::<IpAddr>().unwrap(), "{peer} {forwarded}");
        }
    }
}
