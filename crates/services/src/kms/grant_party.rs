//! Whom a grant names: bound to a unique id, so that whoever is made anew under the name is not meant, and whoever is
//! renamed still is.

use crate::accounts;
use crate::error::{ApiError, ErrorCode};
use crate::iam::unique_id::arn_of_id;
use crate::identity::{FoundPrincipal, Principal, PrincipalKind, bound_principal, session_of};
use crate::records::Records;
use serde::{Deserialize, Serialize};
use strongroom_types::AccountId;
use strongroom_wire::Constraints;

/// A principal that a grant names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Party {
    /// Its ARN as it was written.
    arn: String,
    /// Unique id of a user or role; of a role's session, its role's, a colon and the session's name.
    id: Option<String>,
}

impl Party {
    /// What it is found under: the unique id; the ARN of who has none.
    pub(crate) fn name(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.arn)
    }

    /// The account, if it is one as a whole.
    pub(crate) fn account(&self) -> Option<AccountId> {
        let account = self.arn.strip_prefix("arn:aws:iam::")?.strip_suffix(":root")?;
        AccountId::parse(account).ok()
    }

    /// Reads a principal. `None`: it is nobody's ARN, or that of nobody who is here.
    pub(crate) async fn find(records: &Records, arn: &str) -> Result<Option<Self>, ApiError> {
        let written = arn.to_owned();
        if let Some(account) = account_of_unbound(arn) {
            let found = accounts::find(records, &account).await?;
            return Ok(found.map(|_| Self { arn: written, id: None }));
        }
        if !arn.starts_with("arn:") {
            return Ok(None);
        }
        Ok(match bound_principal(records, arn).await? {
            FoundPrincipal::Id(id) => {
                let id = session_of(arn).map_or_else(|| id.clone(), |name| format!("{id}:{name}"));
                Some(Self { arn: written, id: Some(id) })
            }
            FoundPrincipal::Unknown | FoundPrincipal::NotBound => None,
        })
    }

    /// The same, or AWS's refusal. Message recorded.
    pub(crate) async fn parse(records: &Records, arn: &str) -> Result<Self, ApiError> {
        Self::find(records, arn).await?.ok_or_else(|| {
            let message = format!("ARN does not refer to a valid principal: {arn}");
            ApiError::new(ErrorCode::InvalidArn, message)
        })
    }

    /// As it is shown: with the ARN that it has by now, or with the id of who is gone. Recorded of roles that are gone.
    pub(crate) async fn shown(&self, records: &Records) -> Result<String, ApiError> {
        let Some(id) = &self.id else { return Ok(self.arn.clone()) };
        let owner = id.split(':').next().unwrap_or(id);
        Ok(match arn_of_id(records, owner).await? {
            Some(_) if session_of(&self.arn).is_some() => self.arn.clone(),
            Some(arn) => arn,
            None => id.clone(),
        })
    }
}

/// The account of a principal that has no unique id: an account, a federated user.
fn account_of_unbound(arn: &str) -> Option<AccountId> {
    if let Some(rest) = arn.strip_prefix("arn:aws:iam::") {
        return AccountId::parse(rest.strip_suffix(":root")?).ok();
    }
    let (account, name) = arn.strip_prefix("arn:aws:sts::")?.split_once(":federated-user/")?;
    let is_name = !name.is_empty() && !name.contains(['/', ':']);
    is_name.then(|| AccountId::parse(account).ok()).flatten()
}

/// A name under which grants may mean somebody.
pub(crate) struct MeantAs {
    /// The name, as [`Party::name`] gives it.
    pub name: String,
    /// The principal of a policy that means the same.
    pub principal: String,
}

impl MeantAs {
    /// Whether that is the account as a whole.
    pub(super) fn is_account(&self) -> bool {
        self.principal.ends_with(":root")
    }
}

/// All names under which grants may mean a principal: itself, its role, its account.
pub(crate) fn meant_as(principal: &Principal) -> Vec<MeantAs> {
    let own = |name: &String| MeantAs { name: name.clone(), principal: principal.arn.clone() };
    let id = |id: &String| MeantAs { name: id.clone(), principal: id.clone() };
    let root = format!("arn:aws:iam::{}:root", principal.account);
    let account = MeantAs { name: root.clone(), principal: root };
    match &principal.kind {
        PrincipalKind::Anonymous => Vec::new(),
        PrincipalKind::Root => vec![account],
        PrincipalKind::User { .. } => vec![id(&principal.unique_id), account],
        PrincipalKind::FederatedUser { .. } => vec![own(&principal.arn), account],
        PrincipalKind::RoleSession { role_id, .. } => {
            vec![own(&principal.unique_id), id(role_id), account]
        }
    }
}

/// Checks a principal. Model: `PrincipalIdType`.
pub(super) fn check_principal(check: &mut Constraints, member: &str, principal: Option<&str>) {
    check.length(member, principal, 1..=256);
    check.pattern(member, principal, r"^[\w+=,.@:/-]+$", |text| {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
        !text.is_empty() && text.bytes().all(is_good)
    });
}

/// Checks a service's principal. Model: `ServicePrincipalType`.
pub(super) fn check_service(check: &mut Constraints, member: &str, service: Option<&str>) {
    check.length(member, service, 1..=128);
    let pattern = r"^([A-Za-z0-9\-]+)\.([A-Za-z0-9\-]+)(\.[A-Za-z0-9\-]+)+$";
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    check.pattern(member, service, pattern, |text| {
        text.split('.').count() >= 3 && text.split('.').all(is_part)
    });
}

/// Services of AWS have no grants here: none of them acts on its own.
pub(super) fn no_service(member: &str, service: Option<&str>) -> Result<(), ApiError> {
    match service {
        None => Ok(()),
        Some(_) => Err(ApiError::new(
            ErrorCode::UnsupportedOperation,
            format!("{member} is not supported: no AWS service is a principal here."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_and_federated_users_have_no_unique_id() {
        for arn in ["arn:aws:iam::123456789012:root", "arn:aws:sts::123456789012:federated-user/b"]
        {
            assert_eq!(account_of_unbound(arn).unwrap().as_str(), "123456789012", "{arn}");
        }
        for arn in [
            "arn:aws:iam::123456789012:user/root",
            "arn:aws:iam::1:root",
            "arn:aws:sts::123456789012:federated-user/",
            "arn:aws:sts::123456789012:federated-user/a/b",
            "123456789012",
            "ec2.amazonaws.com",
        ] {
            assert_eq!(account_of_unbound(arn), None, "{arn}");
        }
    }

    #[test]
    fn a_session_is_meant_by_itself_by_its_role_and_by_its_account() {
        let account = AccountId::parse("123456789012").unwrap();
        let texts = ["R", "arn:aws:iam::123456789012:role/p/R", "AROA1", "s"].map(str::to_owned);
        let [role, arn, id, session] = texts;
        let names = |principal: &Principal| {
            meant_as(principal).into_iter().map(|meant| meant.name).collect::<Vec<_>>()
        };
        let of_role = Principal::role_session(account.clone(), role, arn, id, session);
        assert_eq!(names(&of_role), ["AROA1:s", "AROA1", "arn:aws:iam::123456789012:root"]);
        assert_eq!(names(&Principal::root(account.clone())), ["arn:aws:iam::123456789012:root"]);
        assert!(names(&Principal::anonymous(account)).is_empty());
    }

    #[test]
    fn principals_are_checked_by_the_models_patterns() {
        let is_principal = |text: &str| {
            let mut check = Constraints::new();
            check_principal(&mut check, "p", Some(text));
            check.finish().is_ok()
        };
        let is_service = |text: &str| {
            let mut check = Constraints::new();
            check_service(&mut check, "s", Some(text));
            check.finish().is_ok()
        };
        assert!(is_principal("arn:aws:iam::123456789012:user/a+b=c,d.e@f_g-h"));
        assert!(!is_principal("") && !is_principal("a b") && !is_principal(&"a".repeat(257)));
        assert!(is_service("ec2.amazonaws.com") && is_service("a.b.c.d"));
        assert!(!is_service("amazonaws.com") && !is_service("a..b.c") && !is_service("a.b.c_d"));
    }
}
