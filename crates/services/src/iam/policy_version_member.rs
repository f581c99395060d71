//! A version of a managed policy in an answer.

use crate::error::{ApiError, ErrorCode};
use crate::iam::aws_managed::AwsManagedPolicy;
use crate::iam::managed::Managed;
use crate::iam::managed_policy::{ManagedPolicy, PolicyVersion};
use crate::iam::members::encoded_document;
use serde::Serialize;
use strongroom_types::Timestamp;
use strongroom_wire::{Constraints, iso8601};

/// A version. Model: `PolicyVersion`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PolicyVersionMember {
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    version_id: String,
    is_default_version: bool,
    #[serde(serialize_with = "iso8601::serialize")]
    create_date: Timestamp,
}

impl PolicyVersionMember {
    fn whole(policy: &ManagedPolicy, version: &PolicyVersion) -> Self {
        let document = Some(encoded_document(version.document.text()));
        Self { document, ..Self::listed(policy, version) }
    }

    /// As lists answer: without the text. Recorded.
    pub(super) fn listed(policy: &ManagedPolicy, version: &PolicyVersion) -> Self {
        Self {
            document: None,
            version_id: version.id(),
            is_default_version: version.number == policy.default,
            create_date: version.created,
        }
    }

    /// The only version of one of AWS's policies.
    fn of_aws(policy: &AwsManagedPolicy) -> Self {
        Self {
            document: Some(encoded_document(policy.document().text())),
            version_id: "v1".to_owned(),
            is_default_version: true,
            create_date: AwsManagedPolicy::created(),
        }
    }

    /// Without the text, as lists answer.
    pub(super) fn without_document(self) -> Self {
        Self { document: None, ..self }
    }

    /// The version of this id, with its text.
    pub(super) fn find(policy: &Managed, id: &str) -> Option<Self> {
        match policy {
            Managed::Aws(policy) => (id == "v1").then(|| Self::of_aws(policy)),
            Managed::Own(stored) => {
                stored.value.version(id).map(|version| Self::whole(&stored.value, version))
            }
        }
    }

    /// All versions with their texts, newest first: so AWS lists them. Recorded.
    pub(super) fn all(policy: &Managed) -> Vec<Self> {
        Self::ordered(policy).into_iter().map(|(_, version)| version).collect()
    }

    /// The same, each with a name that orders it whatever versions come and go.
    pub(super) fn ordered(policy: &Managed) -> Vec<(String, Self)> {
        match policy {
            Managed::Aws(policy) => vec![(String::from("0"), Self::of_aws(policy))],
            Managed::Own(stored) => {
                let order = |version: &PolicyVersion| format!("{:010}", u32::MAX - version.number);
                let versions = stored.value.versions.iter().rev();
                versions.map(|one| (order(one), Self::whole(&stored.value, one))).collect()
            }
        }
    }
}

/// Checks the form of a version's id. Model: `policyVersionIdType`.
pub(super) fn check_version_id(check: &mut Constraints, id: Option<&str>) {
    check.required("versionId", id.as_ref());
    check.pattern("versionId", id, r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?", is_version_id);
}

fn is_version_id(id: &str) -> bool {
    let Some(rest) = id.strip_prefix('v') else { return false };
    let (number, label) = rest.split_once('.').unwrap_or((rest, ""));
    !number.is_empty()
        && !number.starts_with('0')
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// `NoSuchEntity` of a version; also where the policy itself is not there. Recorded.
pub(super) fn no_such_version(arn: &str, id: &str) -> ApiError {
    let message = format!("Policy {arn} version {id} does not exist or is not attachable.");
    ApiError::new(ErrorCode::NoSuchEntity, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_ids_are_those_of_the_model() {
        for good in ["v1", "v10", "v203", "v1.", "v1.a-Z9"] {
            assert!(is_version_id(good), "{good}");
        }
        for bad in ["", "v", "1", "v0", "v01", "V1", "v1a", "v1.a.b", "v1.é", "v-1"] {
            assert!(!is_version_id(bad), "{bad}");
        }
    }
}
