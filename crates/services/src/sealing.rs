//! The wrapped storage keys with the record of their seal, between the store and the operator's command.
//!
//! What goes out is sealed or public. Whoever has another root key take the place of the present one proves that the
//! present one was open to it: the socket is not a way around the shares.

use crate::bootstrap;
use crate::error::{ApiError, ErrorCode};
use crate::event::Event;
use crate::house::House;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use strongroom_keys::Sealing;
use strongroom_keys::seal::SealRecord;
use strongroom_store::{Batch, Store, StoreError};

/// Sealed bytes as text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Base64(pub Vec<u8>);

impl TryFrom<String> for Base64 {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        BASE64_STANDARD.decode(text).map(Self)
    }
}

impl From<Base64> for String {
    fn from(bytes: Base64) -> Self {
        BASE64_STANDARD.encode(bytes.0)
    }
}

/// [`Sealing`] as text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealingText {
    record: Option<Base64>,
    wrapped: Base64,
}

impl From<&Sealing> for SealingText {
    fn from(sealing: &Sealing) -> Self {
        Self {
            record: sealing.record.clone().map(Base64),
            wrapped: Base64(sealing.wrapped.clone()),
        }
    }
}

impl From<SealingText> for Sealing {
    fn from(text: SealingText) -> Self {
        Self { record: text.record.map(|record| record.0), wrapped: text.wrapped.0 }
    }
}

/// A record that opens under the storage keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sample {
    /// Its kind.
    pub kind: u16,
    /// Its key.
    pub key: Base64,
    /// As it is stored.
    pub sealed: Base64,
}

/// The answer to `SealRead`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Read {
    /// What is stored. `None`: nothing yet.
    pub sealing: Option<SealingText>,
    /// To try storage keys on.
    pub sample: Option<Sample>,
    /// Of a sealed server: how many shares it was given.
    pub shares_given: Option<u32>,
}

/// Why the root key is replaced, as its event is named.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Reason {
    /// For another one under the same seal.
    RotateRootKey,
    /// To be kept by another seal.
    MigrateSeal,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::RotateRootKey => "RotateRootKey",
            Self::MigrateSeal => "MigrateSeal",
        }
    }
}

/// The storage keys under another root key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Replacement {
    /// What is to be stored.
    pub sealing: SealingText,
    /// That it holds the storage keys in use, by one who has them.
    pub proof: Base64,
    /// Why.
    pub reason: Reason,
}

/// What a store keeps of its seal.
pub async fn read(store: &dyn Store) -> Result<Value, StoreError> {
    let sealing = bootstrap::sealing(store).await?;
    let sample = bootstrap::sealed_sample(store).await?;
    let read = Read {
        sealing: sealing.map(|stored| SealingText::from(&stored.sealing)),
        sample: sample.map(|(kind, key, sealed)| Sample {
            kind,
            key: Base64(key.to_vec()),
            sealed: Base64(sealed),
        }),
        shares_given: None,
    };
    Ok(json!(read))
}

/// Stores it, with the event that tells of it, if it is proved to hold the storage keys in use.
pub(crate) async fn replace(house: &House, replacement: Replacement) -> Result<Value, ApiError> {
    let refused = |why: &'static str| ApiError::new(ErrorCode::InvalidRequest, why);
    let Replacement { sealing, proof, reason } = replacement;
    let sealing = Sealing::from(sealing);
    let stored = bootstrap::sealing(&**house.records.store()).await?;
    let stored = stored.ok_or_else(|| refused("there are no storage keys"))?;
    let keys = house.records.keys();
    if !keys.is_attested(&sealing, &stored.sealing, &proof.0) {
        return Err(refused("nothing proves that these are the storage keys in use"));
    }
    let read = |sealing: &Sealing| sealing.record().map_err(ApiError::internal);
    let (new, old) = (read(&sealing)?, read(&stored.sealing)?);
    if new.terms != keys.terms() {
        return Err(refused("these are not all storage keys in use"));
    }
    let (entropy, now) = (&*house.env.entropy, house.env.clock.now());
    let [request_id, event_id] = house.ids.next(entropy).map(strongroom_types::RandomId::text);
    let (was, is) = (told(&old), told(&new));
    let event = Event::of_operator(
        (now, &request_id, &event_id),
        house.home.account.as_str(),
        ("strongroom", reason.name()),
        (&was, &is),
    );
    let writes = bootstrap::put_sealing(sealing, Some(&stored));
    match house.commit(Batch { writes, events: vec![event.encode()?] }).await {
        Ok(_) => Ok(Value::Null),
        Err(StoreError::Conflict { .. }) => Err(refused("the root key was replaced meanwhile")),
        Err(error) => Err(error.into()),
    }
}

fn told(record: &SealRecord) -> String {
    json!({ "rootKeyId": record.root.to_string(), "seal": record.keeping.kind() }).to_string()
}
