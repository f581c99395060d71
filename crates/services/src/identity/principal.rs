//! Somebody or something that acts.

use serde::{Deserialize, Serialize};
use strongroom_types::AccountId;

/// Whom a long-lived access key belongs to, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyOwner {
    /// The account itself.
    Root {
        /// The account.
        account: AccountId,
    },
    /// A user.
    User {
        /// The account.
        account: AccountId,
        /// The user's unique id: a user of the same name made later is another.
        id: String,
        /// The user's name.
        name: String,
    },
}

impl KeyOwner {
    /// The account.
    pub fn account(&self) -> &AccountId {
        match self {
            Self::Root { account } | Self::User { account, .. } => account,
        }
    }
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The account that it belongs to.
    pub account: AccountId,
    /// As `GetCallerIdentity` and refusals name it.
    pub arn: String,
    /// `aws:userid`: the account id for the root, `AIDA…` for users, `AROA…:session` for sessions of roles.
    pub unique_id: String,
    /// What sort it is.
    pub kind: PrincipalKind,
}

/// What sort of principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalKind {
    /// Nobody signed.
    Anonymous,
    /// A session that `GetFederationToken` made.
    FederatedUser {
        /// Its name.
        name: String,
        /// Name of the user who asked for it; `None` is the root.
        issuer: Option<String>,
        /// ARN of whoever asked for it.
        issuer_arn: String,
    },
    /// The account itself.
    Root,
    /// A session of a role.
    RoleSession {
        /// The role's name.
        role: String,
        /// The role's ARN, with its path.
        role_arn: String,
        /// The role's unique id.
        role_id: String,
        /// The session's name.
        session: String,
    },
    /// A user.
    User {
        /// The user's name.
        name: String,
    },
}

impl Principal {
    /// The account itself.
    pub fn root(account: AccountId) -> Self {
        Self {
            arn: format!("arn:aws:iam::{account}:root"),
            unique_id: account.to_string(),
            kind: PrincipalKind::Root,
            account,
        }
    }

    /// A user.
    pub fn user(account: AccountId, arn: String, id: String, name: String) -> Self {
        Self { account, arn, unique_id: id, kind: PrincipalKind::User { name } }
    }

    /// A session of a role.
    pub fn role_session(
        account: AccountId,
        role: String,
        role_arn: String,
        role_id: String,
        session: String,
    ) -> Self {
        Self {
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
            unique_id: format!("{role_id}:{session}"),
            kind: PrincipalKind::RoleSession { role, role_arn, role_id, session },
            account,
        }
    }

    /// A federated user, and who asked for it.
    pub fn federated_user(name: String, issuer: Self) -> Self {
        let Self { account, arn: issuer_arn, kind, .. } = issuer;
        let issuer = match kind {
            PrincipalKind::User { name } => Some(name),
            _ => None,
        };
        Self {
            arn: format!("arn:aws:sts::{account}:federated-user/{name}"),
            unique_id: format!("{account}:{name}"),
            kind: PrincipalKind::FederatedUser { name, issuer, issuer_arn },
            account,
        }
    }

    /// Whoever did not sign. The account is the one whose resource is asked for.
    pub fn anonymous(account: AccountId) -> Self {
        let (arn, unique_id) = ("anonymous".to_owned(), "anonymous".to_owned());
        Self { account, arn, unique_id, kind: PrincipalKind::Anonymous }
    }

    /// CloudTrail's `userIdentity.type`.
    pub fn event_type(&self) -> &'static str {
        match self.kind {
            PrincipalKind::Anonymous => "Unknown",
            PrincipalKind::FederatedUser { .. } => "FederatedUser",
            PrincipalKind::Root => "Root",
            PrincipalKind::RoleSession { .. } => "AssumedRole",
            PrincipalKind::User { .. } => "IAMUser",
        }
    }

    /// `aws:PrincipalType`. IAM user guide, "Principal key values".
    pub fn condition_type(&self) -> &'static str {
        match self.kind {
            PrincipalKind::Anonymous => "Anonymous",
            PrincipalKind::FederatedUser { .. } => "FederatedUser",
            PrincipalKind::Root => "Account",
            PrincipalKind::RoleSession { .. } => "AssumedRole",
            PrincipalKind::User { .. } => "User",
        }
    }

    /// `aws:PrincipalArn`: for the session of a role, the role's ARN.
    pub fn principal_arn(&self) -> &str {
        match &self.kind {
            PrincipalKind::RoleSession { role_arn, .. } => role_arn,
            _ => &self.arn,
        }
    }

    /// `aws:username`: users only.
    pub fn user_name(&self) -> Option<&str> {
        match &self.kind {
            PrincipalKind::User { name } => Some(name),
            _ => None,
        }
    }
}
