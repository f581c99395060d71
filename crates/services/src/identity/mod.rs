//! Who is calling: principals, access keys, and the proof that a request was signed by one of them.

mod access_key;
mod authenticate;

pub use access_key::{
    ACCESS_KEY, AccessKey, AccessKeyStatus, new_access_key_id, new_secret_access_key,
};
pub use authenticate::{Signers, authenticate};

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_types::{AccountId, Region};

/// Somebody or something that may act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    /// The account itself.
    Root {
        /// The account.
        account: AccountId,
    },
}

impl Principal {
    /// The account that the principal belongs to.
    pub fn account(&self) -> &AccountId {
        match self {
            Self::Root { account } => account,
        }
    }

    /// The principal's ARN, as `GetCallerIdentity` and access refusals name it.
    fn arn(&self) -> String {
        match self {
            Self::Root { account } => format!("arn:aws:iam::{account}:root"),
        }
    }

    /// The unique id: for the root user the account id.
    pub fn user_id(&self) -> &str {
        match self {
            Self::Root { account } => account.as_str(),
        }
    }

    /// CloudTrail's `userIdentity.type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Root { .. } => "Root",
        }
    }
}

/// Proof that the request was signed with a live credential. Only [`authenticate`] makes one.
#[derive(Debug, Clone)]
pub struct VerifiedCaller {
    principal: Arc<Principal>,
    arn: Arc<str>,
    access_key_id: String,
    region: Region,
}

impl VerifiedCaller {
    /// Who signed.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The principal's ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// With which key.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The region in the credential's scope: the request belongs to it.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The caller's account.
    pub fn account(&self) -> &AccountId {
        self.principal.account()
    }
}
