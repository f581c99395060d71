//! Who makes a request, and which principals of a policy that is. IAM user guide, "AWS JSON policy elements: Principal".

use crate::arn::{Arn, is_account, is_partition};
use crate::principal::{is_host, is_identity, is_own_provider, is_service};
use crate::{Context, Principal};
use std::borrow::Cow;

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller<'a> {
    /// An account's root, also with the temporary credentials that it asked for.
    Root {
        /// Twelve digits.
        account: &'a str,
    },
    /// A user, also with the temporary credentials that it asked for.
    User {
        /// Its ARN, path and all.
        arn: &'a str,
    },
    /// A session of a role.
    Role {
        /// The role's ARN, path and all.
        role: Cow<'a, str>,
        /// The session's ARN; `None` for any session, as simulations take it.
        session: Option<&'a str>,
    },
    /// A session that `GetFederationToken` made.
    FederatedUser {
        /// The session's ARN.
        arn: &'a str,
        /// The ARN of the user, or of the root, that asked for it.
        user: Cow<'a, str>,
    },
    /// An AWS service, such as `lambda.amazonaws.com`.
    Service {
        /// Its name.
        name: &'a str,
    },
    /// Somebody whom an identity provider vouches for and who wants to assume a role.
    WebIdentity {
        /// The provider's ARN, or its host if it is open to all.
        provider: &'a str,
    },
    /// Somebody who did not sign.
    Anonymous,
}

/// How closely a principal names a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Its account: the account decides.
    Account,
    /// The role or user behind the session: what limits those limits this.
    Entity,
    /// The caller itself.
    Direct,
}

/// Identity providers that are open to all. IAM user guide, "OIDC federated principals".
const OPEN_PROVIDERS: [&str; 4] = [
    "cognito-identity.amazonaws.com",
    "www.amazon.com",
    "graph.facebook.com",
    "accounts.google.com",
];

impl<'a> Caller<'a> {
    /// From an ARN, an account id, the name of a service or provider, or `*` for somebody who did not sign. The role of a
    /// session is taken to have no path, the user behind a federated one to have its name.
    pub fn from_text(text: &'a str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Anonymous);
        }
        if is_account(text) {
            return Some(Self::Root { account: text });
        }
        match Arn::parse(text) {
            Some(arn) => Self::from_arn(text, &arn),
            None if OPEN_PROVIDERS.contains(&text) => Some(Self::WebIdentity { provider: text }),
            None if is_service(text) => Some(Self::Service { name: text }),
            None => (text.contains('.') && is_host(text))
                .then_some(Self::WebIdentity { provider: text }),
        }
    }

    fn from_arn(text: &'a str, arn: &Arn<'a>) -> Option<Self> {
        if is_own_provider(arn) {
            return Some(Self::WebIdentity { provider: text });
        }
        let is_of_account =
            is_partition(arn.partition) && arn.region.is_empty() && is_account(arn.account);
        if !is_of_account {
            return None;
        }
        if (arn.service, arn.resource) == ("iam", "root") {
            return Some(Self::Root { account: arn.account });
        }
        let (kind, name) = arn.resource.split_once('/').filter(|_| is_identity(arn))?;
        let of_iam = |kind: &str, name: &str| {
            Cow::Owned(format!("arn:{}:iam::{}:{kind}/{name}", arn.partition, arn.account))
        };
        match kind {
            "user" => Some(Self::User { arn: text }),
            "role" => Some(Self::Role { role: Cow::Borrowed(text), session: None }),
            "assumed-role" => {
                let (role, _) = name.split_once('/')?;
                Some(Self::Role { role: of_iam("role", role), session: Some(text) })
            }
            _ => Some(Self::FederatedUser { arn: text, user: of_iam("user", name) }),
        }
    }

    /// The account that it belongs to; services, providers' users and those who did not sign belong to none.
    pub fn account(&self) -> Option<&str> {
        let arn = match self {
            Self::Root { account } => return Some(account),
            Self::User { arn } | Self::FederatedUser { arn, .. } => *arn,
            Self::Role { role, .. } => &**role,
            Self::Service { .. } | Self::WebIdentity { .. } | Self::Anonymous => return None,
        };
        Arn::parse(arn).map(|arn| arn.account)
    }

    /// What `aws:PrincipalArn` is: for a session, its role's ARN.
    pub fn principal_arn(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Root { account } => Some(Cow::Owned(format!("arn:aws:iam::{account}:root"))),
            Self::User { arn } | Self::FederatedUser { arn, .. } => Some(Cow::Borrowed(arn)),
            Self::Role { role, .. } => Some(Cow::Borrowed(role)),
            Self::Service { .. } | Self::WebIdentity { .. } | Self::Anonymous => None,
        }
    }

    /// What `aws:PrincipalType` is. IAM user guide, "Principal key values".
    pub fn principal_type(&self) -> Option<&'static str> {
        match self {
            Self::Root { .. } => Some("Account"),
            Self::User { .. } => Some("User"),
            Self::Role { .. } => Some("AssumedRole"),
            Self::FederatedUser { .. } => Some("FederatedUser"),
            Self::Anonymous => Some("Anonymous"),
            Self::Service { .. } | Self::WebIdentity { .. } => None,
        }
    }

    /// How closely the principal names this caller, if it does.
    pub(crate) fn reach(&self, principal: &Principal, context: &dyn Context) -> Option<Reach> {
        match (principal, self) {
            (Principal::Anyone, _) => Some(Reach::Direct),
            (Principal::Account(named), Self::Root { account }) => {
                (named == account).then_some(Reach::Direct)
            }
            (Principal::Account(named), _) => {
                (self.account() == Some(named.as_str())).then_some(Reach::Account)
            }
            (Principal::Arn(named), _) => self.reach_by_arn(named),
            (Principal::UniqueId(named), _) => self.reach_by_id(named, context),
            (Principal::Service(named), Self::Service { name }) => {
                (named == name).then_some(Reach::Direct)
            }
            (Principal::Federated(named), Self::WebIdentity { provider }) => {
                (named == provider).then_some(Reach::Direct)
            }
            (Principal::Service(_) | Principal::Federated(_) | Principal::CanonicalUser(_), _) => {
                None
            }
        }
    }

    fn reach_by_arn(&self, named: &str) -> Option<Reach> {
        let (own, entity) = match self {
            Self::User { arn } => (Some(*arn), None),
            Self::Role { role, session } => (*session, Some(&**role)),
            Self::FederatedUser { arn, user } => (Some(*arn), Some(&**user)),
            Self::Root { .. }
            | Self::Service { .. }
            | Self::WebIdentity { .. }
            | Self::Anonymous => (None, None),
        };
        if own == Some(named) {
            return Some(Reach::Direct);
        }
        (entity == Some(named)).then_some(Reach::Entity)
    }

    /// IAM user guide, "Principal key values": `aws:userid` is the id of a user, or that of a role, a colon and the
    /// session's name.
    fn reach_by_id(&self, named: &str, context: &dyn Context) -> Option<Reach> {
        let ids = context.values("aws:userid")?;
        let [id] = ids.as_slice() else { return None };
        match self {
            Self::User { .. } => (id == named).then_some(Reach::Direct),
            Self::Role { .. } => {
                let (role, _) = id.split_once(':')?;
                (role == named && named.starts_with("AROA")).then_some(Reach::Entity)
            }
            _ => None,
        }
    }

    /// Whether a denial of everybody but these leaves the caller alone.
    ///
    /// AWS may check the account, then the role, then the session, so each must be there (IAM user guide, "NotPrincipal";
    /// AWS security blog, "How to restrict Amazon S3 bucket access to a specific IAM role"): another user of an account
    /// that is there is denied.
    pub(crate) fn is_exempt(&self, named: &[Principal], context: &dyn Context) -> bool {
        let has =
            |reach| named.iter().any(|principal| self.reach(principal, context) == Some(reach));
        if named.contains(&Principal::Anyone) {
            return true;
        }
        match self {
            Self::User { .. } | Self::FederatedUser { .. } => {
                has(Reach::Direct) && has(Reach::Account)
            }
            Self::Role { session, .. } => {
                (session.is_none() || has(Reach::Direct))
                    && has(Reach::Entity)
                    && has(Reach::Account)
            }
            Self::Root { .. }
            | Self::Service { .. }
            | Self::WebIdentity { .. }
            | Self::Anonymous => has(Reach::Direct),
        }
    }
}
