//! Secret values: as they come in, sealed for storage, opened for an answer.
//!
//! INVARIANT(grant): both ways take a secret that reached the operation inside a `Grant`.

use crate::error::{ApiError, ErrorCode};
use crate::house::House;
use crate::kms::{self, Asker, ContextPairs, Place};
use crate::operation::Cx;
use crate::records::Stored;
use crate::secretsmanager::encryption_context::{check_given, with_own};
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::version::{
    Content, Form, Memory, Unwrapped, Version, find_version, undecryptable, version_key,
};
use std::sync::Arc;
use strongroom_keys::{EncryptionContext, Envelope};
use strongroom_store::{Expect, Write};
use strongroom_types::{Plaintext, Timestamp, VersionId, VersionStage, limits};
use strongroom_wire::Constraints;
use strongroom_wire::sensitive::{SensitiveBlob, SensitiveText};

/// A value with the member it belongs to.
pub(super) struct SecretValue {
    /// `SecretString` or `SecretBinary`.
    pub form: Form,
    /// The value.
    pub plain: Plaintext,
}

impl SecretValue {
    /// Whether both are the same, form and content.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.form == other.form && self.plain.equals(&other.plain)
    }

    /// `SecretString` and `SecretBinary`: one of them.
    pub(super) fn members(&self) -> (Option<&Plaintext>, Option<&Plaintext>) {
        match self.form {
            Form::Text => (Some(&self.plain), None),
            Form::Binary => (None, Some(&self.plain)),
        }
    }
}

/// Checks the lengths of the two value members. Model: 1 to 65,536.
pub(super) fn check_value(
    check: &mut Constraints,
    text: Option<&SensitiveText>,
    blob: Option<&SensitiveBlob>,
) {
    let allowed = 1..=limits::VALUE_BYTES_MAX;
    check.sensitive_length("secretString", text.map(|text| text.0.len()), allowed.clone());
    check.sensitive_length("secretBinary", blob.map(|blob| blob.0.len()), allowed);
}

/// The value that was given, if any. AWS refuses both at once.
pub(super) fn one_value(
    text: Option<SensitiveText>,
    blob: Option<SensitiveBlob>,
) -> Result<Option<SecretValue>, ApiError> {
    match (text, blob) {
        (Some(_), Some(_)) => Err(ApiError::invalid_parameter(
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        )),
        (Some(text), None) => Ok(Some(SecretValue { form: Form::Text, plain: text.0 })),
        (None, Some(blob)) => Ok(Some(SecretValue { form: Form::Binary, plain: blob.0 })),
        (None, None) => Ok(None),
    }
}

/// Who wants to do something with a secret's values, and with which encryption context.
#[derive(Clone, Copy)]
pub(super) struct Use<'a> {
    asker: Asker<'a>,
    /// `None`: the one that a version is bound to, whoever knows it.
    given: Option<&'a ContextPairs>,
}

impl<'a> Use<'a> {
    /// A caller, with the context that it gives.
    pub(super) fn by(cx: &'a Cx<'a>, given: &'a ContextPairs) -> Self {
        Self { asker: Asker::Caller(cx), given: Some(given) }
    }

    /// A caller who learns nothing of the values: they are sealed again.
    pub(super) fn unread_by(cx: &'a Cx<'a>) -> Self {
        Self { asker: Asker::Caller(cx), given: None }
    }

    /// The server itself.
    pub(super) fn by_server(house: &'a House, now: Timestamp) -> Self {
        Self { asker: Asker::Server(house, now), given: None }
    }
}

/// Where a secret lives, and so where its key is looked for.
pub(super) fn place(secret: &Secret) -> Place<'_> {
    Place { account: &secret.arn.account, region: &secret.arn.region }
}

fn borrowed(pairs: &ContextPairs) -> EncryptionContext<'_> {
    EncryptionContext::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}

/// A version to be sealed.
pub(super) struct NewContent<'a> {
    /// The version's id.
    pub id: VersionId,
    /// When it was made.
    pub created: Timestamp,
    /// Its value.
    pub value: &'a SecretValue,
    /// The encryption context it is to be bound to, besides AWS's own pairs.
    pub bound: ContextPairs,
}

/// Seals a value as a version of the secret, under the secret's key and a fresh data key.
pub(super) async fn seal(
    asker: Asker<'_>,
    secret: &Secret,
    new: NewContent<'_>,
) -> Result<Version, ApiError> {
    let NewContent { id, created, value, bound } = new;
    let pairs = with_own(secret, &id, &bound);
    let named = secret.kms_key_id.as_deref();
    let key = kms::sealing_key(asker, place(secret), named, pairs.clone()).await?;
    let entropy = &*asker.house().env.entropy;
    let sealed = key.current().and_then(|material| {
        Envelope::seal(material, &borrowed(&pairs), &value.plain, entropy).ok()
    });
    let envelope = sealed.ok_or_else(|| {
        ApiError::new(
            ErrorCode::EncryptionFailure,
            "Secrets Manager can't encrypt the protected secret text using the provided KMS key.",
        )
    })?;
    let key_account = Some(key.account).filter(|account| *account != secret.arn.account);
    let content = Content { form: value.form, envelope, key_account, context: bound };
    Ok(Version { uid: secret.uid, id, created, content: Some(content), memory: Memory::default() })
}

/// Checks that the caller may use the key that the secret names, where nothing is sealed yet.
pub(super) async fn check_key(cx: &Cx<'_>, secret: &Secret) -> Result<(), ApiError> {
    let pairs = ContextPairs::from([("SecretARN".to_owned(), secret.arn_text().to_owned())]);
    let named = secret.kms_key_id.as_deref();
    kms::sealing_key(Asker::Caller(cx), place(secret), named, pairs).await.map(drop)
}

/// Opens a version's value. A version without one is, to a reader, not there; the caller says in which words.
pub(super) async fn open(
    used: Use<'_>,
    secret: &Secret,
    version: &Version,
) -> Result<Option<SecretValue>, ApiError> {
    let Some(content) = &version.content else { return Ok(None) };
    let unwrapped = unwrap(used.asker, secret, version, content).await?;
    match unwrapped.as_ref().and_then(|held| held.customer_key.as_ref()) {
        Some(key) => {
            let pairs = with_own(secret, &version.id, &content.context);
            key.may_open(used.asker, place(secret), pairs).await?;
        }
        None => used.asker.may_use_managed(&secret.arn.account)?,
    }
    if let Some(given) = used.given {
        check_given(secret, &content.context, given)?;
    }
    let plain = unwrapped
        .and_then(|held| content.envelope.open(&held.data_key).ok())
        .ok_or_else(undecryptable)?;
    Ok(Some(SecretValue { form: content.form, plain }))
}

/// Whether the caller may use the key that a version's value is sealed under, whose state allows it.
pub(super) async fn may_open(
    cx: &Cx<'_>,
    secret: &Secret,
    version: &Version,
) -> Result<(), ApiError> {
    let Some(content) = &version.content else { return Ok(()) };
    let asker = Asker::Caller(cx);
    let unwrapped = unwrap(asker, secret, version, content).await?;
    match unwrapped.as_ref().and_then(|held| held.customer_key.as_ref()) {
        Some(key) => {
            let pairs = with_own(secret, &version.id, &content.context);
            key.may_open(asker, place(secret), pairs).await
        }
        None => asker.may_use_managed(&secret.arn.account),
    }
}

/// The version's data key, from memory while no KMS key has changed.
async fn unwrap(
    asker: Asker<'_>,
    secret: &Secret,
    version: &Version,
    content: &Content,
) -> Result<Option<Arc<Unwrapped>>, ApiError> {
    let house = asker.house();
    let epoch = house.records.epoch(kms::KMS_KEY);
    if let Some(held) = version.memory.unwrapped(epoch) {
        return Ok(Some(held));
    }
    let envelope = &content.envelope;
    let named = (content.key_account.as_ref(), envelope.key_id());
    let Some(key) = kms::opening_key(house, place(secret), named).await? else { return Ok(None) };
    let pairs = with_own(secret, &version.id, &content.context);
    let Some(material) = key.material(envelope.material_id()) else { return Ok(None) };
    let Ok(data_key) = envelope.unwrap_data_key(material, &borrowed(&pairs)) else {
        return Ok(None);
    };
    let customer_key = (!key.is_managed()).then_some(key);
    let held = Arc::new(Unwrapped { data_key, customer_key });
    version.memory.keep(epoch, Arc::clone(&held));
    Ok(Some(held))
}

/// Whether a version that exists already holds this very value: what makes a retry with its token succeed.
pub(super) async fn is_same(
    used: Use<'_>,
    secret: &Secret,
    version: &Version,
    (value, bound): (&SecretValue, &ContextPairs),
) -> Result<bool, ApiError> {
    if version.content.as_ref().is_some_and(|content| content.context != *bound) {
        return Ok(false);
    }
    Ok(open(used, secret, version).await?.is_some_and(|held| held.equals(value)))
}

/// AWS's answer to a token that was used for another content. Recorded, with the full stop.
pub(super) fn token_in_use(token: &VersionId, secret: &Secret) -> ApiError {
    ApiError::new(
        ErrorCode::ResourceExists,
        format!(
            "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {}.",
            secret.arn
        ),
    )
}

/// Seals the values that AWS says follow a change of the key: AWSCURRENT, AWSPENDING and AWSPREVIOUS.
pub(super) async fn reseal(
    cx: &Cx<'_>,
    stored: &Stored<Secret>,
    changed: &Secret,
) -> Result<Vec<Write>, ApiError> {
    let mut done: Vec<&VersionId> = Vec::new();
    let mut writes = Vec::new();
    for stage in [VersionStage::CURRENT, VersionStage::PENDING, VersionStage::PREVIOUS] {
        let Some(labelled) =
            stored.value.stages.holder(stage).filter(|held| !done.contains(&&held.id))
        else {
            continue;
        };
        done.push(&labelled.id);
        let key = version_key(changed.uid, &labelled.id);
        let Some(version) = find_version(&cx.house.records, changed.uid, &labelled.id).await?
        else {
            continue;
        };
        if let Some(value) = open(Use::unread_by(cx), &stored.value, &version.value).await? {
            let bound = version.value.content.as_ref().map(|content| content.context.clone());
            let new = NewContent {
                id: labelled.id.clone(),
                created: version.value.created,
                value: &value,
                bound: bound.unwrap_or_default(),
            };
            let sealed = seal(Asker::Caller(cx), changed, new).await?;
            writes.push(cx.house.records.put(
                cx.entropy(),
                key,
                &sealed,
                Expect::At(version.revision),
            )?);
        }
    }
    Ok(writes)
}
