//! What simulations of given and of held policies are asked alike.

use crate::error::{ApiError, ErrorCode};
use crate::iam::context_entry::{ContextEntry, ContextEntryMember, check_entries, parse_entries};
use crate::iam::listing::{PageInput, check_page};
use crate::iam::simulated_policy::{SimulatedPolicy, given_policies};
use serde::{Deserialize, Serialize};
use strongroom_iam::{Match, PolicyDocument, PolicyKind};
use strongroom_types::{AccountId, limits};
use strongroom_wire::{Constraints, Object};

/// Levels of an organization. Model: `OrganizationPolicyListType`.
const ORGANIZATION_LEVELS_MAX: usize = 7;
/// Scenarios of `ec2:RunInstances`. IAM API reference, `SimulateCustomPolicy`.
const HANDLING_OPTIONS: [&str; 6] = [
    "EC2-Classic-InstanceStore",
    "EC2-Classic-EBS",
    "EC2-VPC-InstanceStore",
    "EC2-VPC-InstanceStore-Subnet",
    "EC2-VPC-EBS",
    "EC2-VPC-EBS-Subnet",
];

/// The members that both operations have.
#[derive(Debug, Default)]
pub(super) struct SimulationInput {
    pub(super) policies: Option<Vec<String>>,
    pub(super) boundary: Option<Vec<String>>,
    pub(super) organization: Option<Vec<Object<LevelMember>>>,
    pub(super) actions: Option<Vec<String>>,
    pub(super) resources: Option<Vec<String>>,
    pub(super) resource_policy: Option<String>,
    pub(super) resource_owner: Option<String>,
    pub(super) caller: Option<String>,
    pub(super) context: Option<Vec<Object<ContextEntryMember>>>,
    pub(super) handling: Option<String>,
    pub(super) marker: Option<String>,
    pub(super) max_items: Option<i64>,
}

/// A level of an organization. Model: `OrderedOrganizationPolicyType`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub(super) struct LevelMember {
    #[serde(skip_serializing_if = "Option::is_none")]
    service_control_policy_input_list: Option<Vec<String>>,
}

/// A valid question.
#[derive(Debug)]
pub(super) struct Simulation {
    /// Policies that are given.
    pub(super) policies: Vec<SimulatedPolicy>,
    /// A permissions boundary that is given.
    pub(super) boundary: Option<Vec<SimulatedPolicy>>,
    /// Service control policies, level by level.
    pub(super) organization: Vec<Vec<SimulatedPolicy>>,
    /// Actions, in the order in which they are answered.
    pub(super) actions: Vec<String>,
    /// ARNs; none stand for `*`.
    pub(super) resources: Vec<String>,
    /// The policy that every resource has.
    pub(super) resource_policy: Option<SimulatedPolicy>,
    /// Owner of resources whose ARN names none.
    pub(super) owner: Option<AccountId>,
    /// Who asks.
    pub(super) caller: Option<String>,
    /// Condition keys.
    pub(super) context: Vec<ContextEntry>,
    /// Which of the actions.
    pub(super) page: PageInput,
}

/// Checks the lengths of policies in a list.
pub(super) fn check_policies(check: &mut Constraints, member: &str, list: Option<&[String]>) {
    check.entry_lengths(member, list, 1..=limits::IAM_DOCUMENT_CHARS_MAX);
}

impl SimulationInput {
    /// Checks the members.
    pub(super) fn check(&self, check: &mut Constraints) {
        check_policies(check, "policyInputList", self.policies.as_deref());
        check_policies(check, "permissionsBoundaryPolicyInputList", self.boundary.as_deref());
        let organization = self.organization.as_deref();
        let member = "orderedOrganizationPolicyInputList";
        check.count(member, organization, 0..=ORGANIZATION_LEVELS_MAX);
        check.required("actionNames", self.actions.as_ref());
        check.entry_lengths("actionNames", self.actions.as_deref(), 3..=128);
        let name = 1..=limits::IAM_ARN_CHARS_MAX;
        check.entry_lengths("resourceArns", self.resources.as_deref(), name.clone());
        let policy = self.resource_policy.as_deref();
        check.length("resourcePolicy", policy, 1..=limits::IAM_DOCUMENT_CHARS_MAX);
        check.length("resourceOwner", self.resource_owner.as_deref(), name.clone());
        check.length("callerArn", self.caller.as_deref(), name);
        check_entries(check, self.context.as_deref());
        check.length("resourceHandlingOption", self.handling.as_deref(), 1..=64);
        check_page(check, self.marker.as_deref(), self.max_items);
    }

    /// The question, of members that were checked.
    pub(super) fn parse(self) -> Result<Simulation, ApiError> {
        let actions = self.actions.unwrap_or_default();
        if actions.iter().any(|action| !action.contains(':')) {
            return Err(refused("The action is invalid since it is missing names"));
        }
        let resources = parse_resources(self.resources.unwrap_or_default())?;
        check_handling(self.handling.as_deref(), &actions, &resources)?;
        let boundary = parse_boundary(self.boundary)?;
        let policies = given_policies("PolicyInputList", self.policies)?;
        let resource_policy = self.resource_policy.map(parse_resource_policy).transpose()?;
        if resource_policy.is_some() && resources.is_empty() {
            let message = "Invalid Entity Arn: * does not clearly define entity type and name.";
            return Err(refused(message));
        }
        Ok(Simulation {
            policies,
            boundary,
            organization: parse_organization(self.organization)?,
            actions,
            resources,
            resource_policy,
            owner: self.resource_owner.as_deref().map(parse_owner).transpose()?,
            caller: self.caller.map(parse_caller).transpose()?,
            context: parse_entries(self.context)?,
            page: PageInput::new(self.marker, self.max_items),
        })
    }
}

/// ARNs, or nothing for `*` alone.
fn parse_resources(resources: Vec<String>) -> Result<Vec<String>, ApiError> {
    if matches!(resources.as_slice(), [only] if only == "*") {
        return Ok(Vec::new());
    }
    match resources.iter().find(|resource| !is_arn(resource)) {
        Some(bad) => Err(no_arn(bad)),
        None => Ok(resources),
    }
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.matches(':').count() >= 5
}

fn no_arn(text: &str) -> ApiError {
    refused(format!("ResourceNames are not in a valid ARN format: {text}."))
}

/// AWS: a scenario belongs to `ec2:RunInstances`, and matters only where resources are named.
fn check_handling(
    option: Option<&str>,
    actions: &[String],
    resources: &[String],
) -> Result<(), ApiError> {
    let Some(option) = option.filter(|_| !resources.is_empty()) else { return Ok(()) };
    let has_it = |action: &String| {
        action.eq_ignore_ascii_case("ec2:RunInstances") && HANDLING_OPTIONS.contains(&option)
    };
    match actions.iter().find(|action| !has_it(action)) {
        None => Ok(()),
        Some(action) => Err(refused(format!(
            "Invalid input resource handling options. Action does not support resource handling options: {action}."
        ))),
    }
}

fn parse_boundary(texts: Option<Vec<String>>) -> Result<Option<Vec<SimulatedPolicy>>, ApiError> {
    let Some(texts) = texts.filter(|texts| !texts.is_empty()) else { return Ok(None) };
    if texts.len() > 1 {
        let message = "The list of Permissions Boundary policies cannot exceed 1 items.";
        return Err(refused(message));
    }
    given_policies("PermissionsBoundaryPolicyInputList", Some(texts)).map(Some)
}

fn parse_organization(
    levels: Option<Vec<Object<LevelMember>>>,
) -> Result<Vec<Vec<SimulatedPolicy>>, ApiError> {
    let mut parsed = Vec::new();
    for (place, Object(level)) in (0_usize..).zip(levels.unwrap_or_default()) {
        let texts = level.service_control_policy_input_list.unwrap_or_default();
        if texts.is_empty() {
            return Err(refused(format!(
                "Organization policy at index {place} must contain at least one service control policy"
            )));
        }
        parsed.push(given_policies("ServiceControlPolicyInputList", Some(texts))?);
    }
    Ok(parsed)
}

/// Recorded: the statements of a resource's policy must name resources by their ARN, and so `*` is none.
fn parse_resource_policy(text: String) -> Result<SimulatedPolicy, ApiError> {
    let invalid = || refused("Resource policy has invalid content");
    let kind = PolicyKind::Resource;
    let document = PolicyDocument::parse(&text, kind, limits::IAM_DOCUMENT_CHARS_MAX)
        .map_err(|_| invalid())?;
    for statement in &document.statements {
        if let Some(Match::Any(named) | Match::None(named)) = &statement.resources
            && let Some(bad) = named.iter().find(|named| !is_arn(named))
        {
            return Err(no_arn(bad));
        }
    }
    SimulatedPolicy::given("ResourcePolicy".to_owned(), text, kind).ok_or_else(invalid)
}

fn parse_owner(arn: &str) -> Result<AccountId, ApiError> {
    let account = arn.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root"));
    account
        .and_then(|account| AccountId::parse(account).ok())
        .ok_or_else(|| refused(format!("'{arn}' is not a valid as a Resource Owner.")))
}

fn parse_caller(arn: String) -> Result<String, ApiError> {
    let is_caller = arn.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(':'));
    let is_caller = is_caller.is_some_and(|(account, resource)| {
        let name = resource.split_once('/').filter(|(kind, _)| CALLERS.contains(kind));
        AccountId::parse(account).is_ok() && name.is_some_and(|(_, name)| !name.is_empty())
    });
    if is_caller {
        return Ok(arn);
    }
    Err(refused("Invalid caller - Caller must be an IAM user, role or group in this context."))
}

const CALLERS: [&str; 3] = ["user", "role", "group"];

/// `InvalidInput`.
pub(super) fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::new(ErrorCode::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_arns_or_a_star_alone() {
        let parse = |list: &[&str]| {
            parse_resources(list.iter().map(|resource| (*resource).to_owned()).collect())
        };
        assert!(parse(&["*"]).unwrap().is_empty());
        assert_eq!(parse(&["arn:aws:s3:::bucket", "arn:aws:s3:::*"]).unwrap().len(), 2);
        for bad in [&["*", "arn:aws:s3:::b"][..], &["bucket"], &["arn:aws:s3"], &[""]] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
