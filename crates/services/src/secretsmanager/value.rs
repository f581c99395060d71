//! Secret values: as they come in, sealed for storage, opened for an answer.
//!
//! INVARIANT(grant): both ways take a secret that reached the operation inside a `Grant`.

use crate::error::{ApiError, ErrorCode};
use crate::house::House;
use crate::kms;
use crate::operation::Cx;
use crate::records::Stored;
use crate::secretsmanager::secret::Secret;
use crate::secretsmanager::version::{
    Content, Form, Memory, Version, find_version, undecryptable, version_key,
};
use std::sync::Arc;
use strongroom_keys::{DataKey, EncryptionContext, Envelope};
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

/// KMS's encryption context of a version, as AWS's user guide has it ("Encryption context").
fn context<'a>(secret: &'a Secret, id: &'a VersionId) -> EncryptionContext<'a> {
    EncryptionContext::from_pairs([
        ("SecretARN", secret.arn_text()),
        ("SecretVersionId", id.as_str()),
    ])
}

/// Seals a value as a version of the secret, under the secret's key and a fresh data key.
pub(super) async fn seal(
    house: &House,
    secret: &Secret,
    id: VersionId,
    created: Timestamp,
    value: &SecretValue,
) -> Result<Version, ApiError> {
    let key = kms::key_for(house, secret).await?;
    let entropy = &*house.env.entropy;
    let sealed = key.material().and_then(|material| {
        Envelope::seal(material, &context(secret, &id), &value.plain, entropy).ok()
    });
    let envelope = sealed.ok_or_else(|| {
        ApiError::new(
            ErrorCode::EncryptionFailure,
            "Secrets Manager can't encrypt the protected secret text using the provided KMS key.",
        )
    })?;
    Ok(Version {
        uid: secret.uid,
        id,
        created,
        content: Some(Content { form: value.form, envelope }),
        memory: Memory::default(),
    })
}

/// Opens a version's value. A version without one is, to a reader, not there; the caller says in which words.
pub(super) async fn open(
    house: &House,
    secret: &Secret,
    version: &Version,
) -> Result<Option<SecretValue>, ApiError> {
    let Some(content) = &version.content else { return Ok(None) };
    let data_key = data_key(house, secret, version, &content.envelope).await?;
    let plain =
        data_key.and_then(|key| content.envelope.open(&key).ok()).ok_or_else(undecryptable)?;
    Ok(Some(SecretValue { form: content.form, plain }))
}

/// The version's data key, from memory while no KMS key has changed.
async fn data_key(
    house: &House,
    secret: &Secret,
    version: &Version,
    envelope: &Envelope,
) -> Result<Option<Arc<DataKey>>, ApiError> {
    let epoch = house.records.epoch(kms::KMS_KEY);
    if let Some(held) = version.memory.data_key(epoch) {
        return Ok(Some(held));
    }
    let Some(key) = kms::key_of(house, secret, envelope).await? else { return Ok(None) };
    let unwrapped = key
        .material()
        .and_then(|key| envelope.unwrap_data_key(key, &context(secret, &version.id)).ok());
    Ok(unwrapped.map(|unwrapped| {
        let data_key = Arc::new(unwrapped);
        version.memory.keep(epoch, Arc::clone(&data_key));
        data_key
    }))
}

/// Whether a version that exists already holds this very value: what makes a retry with its token succeed.
pub(super) async fn is_same(
    cx: &Cx<'_>,
    secret: &Secret,
    version: &Version,
    value: &SecretValue,
) -> Result<bool, ApiError> {
    Ok(open(cx.house, secret, version).await?.is_some_and(|held| held.equals(value)))
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
        if let Some(value) = open(cx.house, &stored.value, &version.value).await? {
            let sealed =
                seal(cx.house, changed, labelled.id.clone(), version.value.created, &value).await?;
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
