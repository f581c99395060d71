//! Who is calling: principals, access keys, sessions, and the proof that a request was signed by one of them.

mod access_key;
mod authenticate;
mod authority;
mod bound_principals;
mod credential;
mod last_used;
mod principal;
mod session;

pub(crate) use access_key::account_of_session_key;
pub use access_key::{
    ACCESS_KEY, AccessKey, AccessKeyStatus, new_access_key_id, new_secret_access_key,
};
pub use authenticate::authenticate;
pub(crate) use authority::Authority;
pub use bound_principals::PrincipalIds;
pub(crate) use bound_principals::{
    Found as FoundPrincipal, bind, bound as bound_principal, session_of, shown,
};
pub use credential::Credentials;
pub use last_used::{LastUsed, LastUsedLedger, flush as flush_last_used};
pub use principal::{KeyOwner, Principal, PrincipalKind};
pub(crate) use session::issue;
pub use session::{Session, SessionCredentials, SessionOf};

use crate::error::ApiError;
use crate::house::House;
use credential::Holder;
use std::sync::Arc;
use strongroom_types::{AccountId, Region};

/// Proof that the request was signed with a live credential, or that its operation asks for no signature. Only this
/// module makes one.
#[derive(Clone)]
pub struct VerifiedCaller {
    holder: Arc<Holder>,
    region: Arc<Region>,
}

impl std::fmt::Debug for VerifiedCaller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("VerifiedCaller").field(&self.holder.principal.arn).finish()
    }
}

impl VerifiedCaller {
    /// Whoever asks for an operation that needs no signature.
    pub(crate) fn anonymous(account: AccountId, region: Region) -> Self {
        let holder = Holder::new(Principal::anonymous(account), None, String::new());
        Self { holder: Arc::new(holder), region: Arc::new(region) }
    }

    /// Who signed.
    pub fn principal(&self) -> &Principal {
        &self.holder.principal
    }

    /// The principal's ARN.
    pub fn arn(&self) -> &str {
        &self.holder.principal.arn
    }

    /// The session, if the credentials are temporary.
    pub fn session(&self) -> Option<&Session> {
        self.holder.session.as_ref()
    }

    /// With which key; empty if nobody signed.
    pub fn access_key_id(&self) -> &str {
        &self.holder.access_key_id
    }

    /// The region in the credential's scope: the request belongs to it.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The caller's account.
    pub fn account(&self) -> &AccountId {
        &self.holder.principal.account
    }

    /// The policies that say what the caller may do.
    pub(crate) async fn authority(&self, house: &House) -> Result<&Authority, ApiError> {
        self.holder.authority(house).await
    }
}
