//! Adding a version to a secret: what `PutSecretValue` and `UpdateSecret` have in common.
//!
//! AWS: the token becomes the version's id and makes a retry idempotent. Same token and same content succeeds and changes
//! nothing; another content is `ResourceExistsException`.

use crate::error::ApiError;
use crate::house::House;
use crate::kms::{Asker, ContextPairs};
use crate::operation::Cx;
use crate::records::Stored;
use crate::secretsmanager::encryption_context::bound;
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::value::{NewContent, SecretValue, Use, is_same, seal, token_in_use};
use crate::secretsmanager::version::{VERSIONS, Version, find_version, is_labelled, version_key};
use std::sync::Arc;
use strongroom_store::{Change, Direction, Expect, PageQuery, Write};
use strongroom_types::{Timestamp, VersionId, VersionStage, limits};

/// A version to be.
pub(super) struct NewVersion<'a> {
    /// Its id.
    pub token: &'a VersionId,
    /// Its value.
    pub value: &'a SecretValue,
    /// Its labels.
    pub stages: &'a [VersionStage],
    /// The encryption context that the request gives.
    pub context: &'a ContextPairs,
}

/// Old versions removed at a time. A new version makes at most one old; a replica may be some versions behind.
const PRUNED_MAX: u32 = 16;

/// Adds the version to `secret`, a changed copy of `stored`. Answers the writes; none if the version is there already
/// with this very content.
pub(super) async fn add_version(
    cx: &Cx<'_>,
    stored: &Stored<Secret>,
    secret: &mut Secret,
    new: &NewVersion<'_>,
) -> Result<Vec<Write>, ApiError> {
    secret.cross_account.not_replica()?;
    secret.own_value(cx)?;
    let bound = bound(secret, new.context)?;
    let key = version_key(secret.uid, new.token);
    let held = find_version(&cx.house.records, secret.uid, new.token).await?;
    let expect = match &held {
        None => Expect::Absent,
        Some(held) if held.value.content.is_none() => Expect::At(held.revision),
        Some(held)
            if is_same(Use::unread_by(cx), secret, &held.value, (new.value, &bound)).await? =>
        {
            return Ok(Vec::new());
        }
        Some(_) => return Err(token_in_use(new.token, secret)),
    };
    let created = held.map_or(cx.now, |held| held.value.created);
    place_stages(secret, new, created)?;
    secret.note_change(cx.now);
    let content = NewContent { id: new.token.clone(), created, value: new.value, bound };
    let version = seal(Asker::Caller(cx), secret, content).await?;
    let mut writes = prune(cx.house, cx.now, secret).await?;
    writes.push(cx.house.records.put(cx.entropy(), key, &version, expect)?);
    writes.push(cx.house.records.put(
        cx.entropy(),
        stored.key.clone(),
        secret,
        Expect::At(stored.revision),
    )?);
    Ok(writes)
}

/// AWS, recorded: when a put moves AWSCURRENT off a version that also has AWSPENDING, that AWSPENDING is dropped.
fn place_stages(
    secret: &mut Secret,
    new: &NewVersion<'_>,
    created: Timestamp,
) -> Result<(), ApiError> {
    let is_current = |stage: &VersionStage| stage.as_str() == VersionStage::CURRENT;
    if new.stages.iter().any(is_current) {
        let pending = secret.stages.holder(VersionStage::PENDING).map(|held| &held.id);
        if pending.is_some() && pending == secret.current() && pending != Some(new.token) {
            secret.detach_stage(VersionStage::PENDING);
        }
    }
    secret.attach_stages(new.token, created, new.stages)
}

/// Removes the oldest versions without a label beyond 100, if they are older than a day.
///
/// The secret's own count says at most when to look: a version that got a label again is still in it. What goes is
/// decided on the versions that are there.
pub(super) async fn prune(
    house: &House,
    now: Timestamp,
    secret: &mut Secret,
) -> Result<Vec<Write>, ApiError> {
    if secret.deprecated <= limits::DEPRECATED_VERSIONS_KEPT {
        return Ok(Vec::new());
    }
    let labelled = u32::try_from(secret.stages.iter().count()).unwrap_or(u32::MAX);
    let limit =
        limits::DEPRECATED_VERSIONS_KEPT.saturating_add(PRUNED_MAX).saturating_add(labelled);
    let oldest = PageQuery {
        index: VERSIONS,
        prefix: &secret.uid.0,
        after: None,
        limit,
        direction: Direction::Ascending,
    };
    let mut keys: Vec<_> =
        house.records.page(oldest).await?.into_iter().map(|entry| entry.key).collect();
    let are_all = keys.len() < usize::try_from(limit).unwrap_or(usize::MAX);
    keys.retain(|key| !is_labelled(secret, key));
    let count = u32::try_from(keys.len()).unwrap_or(u32::MAX);
    if are_all {
        secret.deprecated = count;
    }
    let excess = count.saturating_sub(limits::DEPRECATED_VERSIONS_KEPT).min(PRUNED_MAX);
    keys.truncate(usize::try_from(excess).unwrap_or(0));
    let young = now.plus_millis(-limits::VERSION_KEPT_MILLIS_MIN);
    let found = house.records.get_many::<Version>(&keys).await?.into_iter().flatten();
    let delete = |version: Arc<Stored<Version>>| Write {
        kind: super::version::VERSION,
        key: version.key.clone(),
        expect: Expect::At(version.revision),
        change: Change::Delete,
    };
    let writes: Vec<_> =
        found.filter(|version| version.value.created <= young).map(delete).collect();
    let removed = u32::try_from(writes.len()).unwrap_or(u32::MAX);
    secret.deprecated = secret.deprecated.saturating_sub(removed);
    Ok(writes)
}
