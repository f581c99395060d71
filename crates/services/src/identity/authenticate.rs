//! From a signature to a caller.
//!
//! Unknown keys run the same computation as known ones, against a key nobody holds: time tells nothing.

use crate::error::{ApiError, ErrorCode};
use crate::front::Incoming;
use crate::house::House;
use crate::identity::{AccessKey, AccessKeyStatus, Principal, VerifiedCaller};
use quick_cache::sync::Cache;
use std::sync::Arc;
use strongroom_sigv4::{ErrorKind, Presented, Request, Rules, SignatureError, SigningKey};
use strongroom_types::{Region, Timestamp};

/// Derived signing keys kept: one per access key, day, region and service.
const SIGNERS_MAX: usize = 4096;

/// Who signs with a derived key.
struct Signer {
    key: SigningKey,
    /// With its ARN. `None`: nobody. The key is made of nothing, and verification fails whatever it says.
    principal: Option<(Arc<Principal>, Arc<str>)>,
    /// Commits that had touched access keys when this one was read.
    epoch: u64,
}

/// Derived signing keys, so that a secret access key need not stay in memory. A key that changes drops them all.
pub struct Signers {
    cache: Cache<String, Arc<Signer>>,
}

impl std::fmt::Debug for Signers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signers").finish_non_exhaustive()
    }
}

impl Signers {
    pub(crate) fn new() -> Self {
        Self { cache: Cache::new(SIGNERS_MAX) }
    }

    async fn find(
        &self,
        house: &House,
        presented: &Presented<'_>,
    ) -> Result<Arc<Signer>, ApiError> {
        let scope = presented.scope();
        let name =
            [presented.access_key_id(), scope.date(), scope.region(), scope.service()].join("/");
        let epoch = house.records.epoch(crate::identity::ACCESS_KEY);
        if let Some(signer) = self.cache.get(&name).filter(|signer| signer.epoch == epoch) {
            return Ok(signer);
        }
        let stored =
            house.records.get_uncached::<AccessKey>(presented.access_key_id().as_bytes()).await?;
        let active = stored
            .as_ref()
            .map(|stored| &stored.value)
            .filter(|key| key.status() == AccessKeyStatus::Active);
        let secret = active.map_or(&[][..], AccessKey::expose_secret);
        let key = SigningKey::derive(secret, scope.date(), scope.region(), scope.service());
        let principal =
            active.map(|key| (Arc::new(key.principal().clone()), key.principal().arn().into()));
        let is_known = principal.is_some();
        let signer = Arc::new(Signer { key, principal, epoch });
        if is_known {
            self.cache.insert(name, Arc::clone(&signer));
        }
        Ok(signer)
    }
}

/// Verifies the signature over the raw request. Nothing of the body has been read before.
pub async fn authenticate(
    house: &House,
    incoming: &Incoming<'_>,
    service: &str,
    now: Timestamp,
) -> Result<VerifiedCaller, ApiError> {
    let request = Request {
        method: incoming.method,
        path: incoming.path,
        query: incoming.query,
        headers: incoming.headers,
        body: incoming.body,
    };
    let presented = strongroom_sigv4::parse(&request).map_err(|error| refused(&error))?;
    let signer = house.signers.find(house, &presented).await?;
    let rules = Rules::new(service, now.as_secs(), house.settings.clock_skew_millis_max / 1000);
    let verified = presented.verify(&request, &signer.key, &rules);
    let Some((principal, arn)) = &signer.principal else { return Err(unknown_key()) };
    verified.map_err(|error| refused(&error))?;
    if presented.session_token().is_some() {
        // A long-lived key has no token; one that comes with a token is no key of ours.
        return Err(unknown_key());
    }
    let region = allowed_region(house, presented.scope().region())?;
    Ok(VerifiedCaller {
        principal: Arc::clone(principal),
        arn: Arc::clone(arn),
        access_key_id: presented.access_key_id().to_owned(),
        region,
    })
}

fn unknown_key() -> ApiError {
    ApiError::new(
        ErrorCode::InvalidClientToken,
        "The security token included in the request is invalid.",
    )
}

fn allowed_region(house: &House, name: &str) -> Result<Region, ApiError> {
    let regions = &house.settings.regions;
    Region::parse(name)
        .ok()
        .filter(|region| regions.is_empty() || regions.contains(region))
        .ok_or_else(|| {
            ApiError::new(
                ErrorCode::InvalidSignature,
                "Credential should be scoped to a valid region.",
            )
        })
}

fn refused(error: &SignatureError) -> ApiError {
    let code = match error.kind() {
        ErrorKind::MissingAuthenticationToken => ErrorCode::MissingAuthenticationToken,
        ErrorKind::IncompleteSignature => ErrorCode::IncompleteSignature,
        ErrorKind::InvalidSignature => ErrorCode::InvalidSignature,
    };
    ApiError::new(code, error.to_string())
}
