//! Results of simulations in answers.

use crate::iam::listing::PageOutput;
use crate::iam::written_policy::{Position, Span};
use serde::Serialize;
use std::collections::BTreeMap;
use strongroom_wire::MapMember;

/// The answer. Model: `SimulatePolicyResponse`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulationOutput {
    /// One result for each action.
    pub(super) evaluation_results: Vec<ResultMember>,
    #[serde(flatten)]
    pub(super) page: PageOutput,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Verdict {
    /// Yes.
    Allowed,
    /// No, for want of a yes.
    ImplicitDeny,
    /// No, because a policy says so.
    ExplicitDeny,
}

/// The result on an action. Model: `EvaluationResult`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ResultMember {
    pub(super) eval_action_name: String,
    pub(super) eval_resource_name: String,
    pub(super) eval_decision: Verdict,
    pub(super) matched_statements: Vec<StatementMember>,
    pub(super) missing_context_values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) organizations_decision_detail: Option<OrganizationsMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) permissions_boundary_decision_detail: Option<BoundaryDecisionMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) eval_decision_details: Option<MapMember<Verdict>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource_specific_results: Option<Vec<ResourceResultMember>>,
}

/// The result on a resource. Model: `ResourceSpecificResult`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ResourceResultMember {
    pub(super) eval_resource_name: String,
    pub(super) eval_resource_decision: Verdict,
    pub(super) matched_statements: Vec<StatementMember>,
    pub(super) missing_context_values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) eval_decision_details: Option<MapMember<Verdict>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) permissions_boundary_decision_detail: Option<BoundaryDecisionMember>,
}

/// Model: `OrganizationsDecisionDetail`.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OrganizationsMember {
    pub(super) allowed_by_organizations: bool,
}

/// Model: `PermissionsBoundaryDecisionDetail`.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BoundaryDecisionMember {
    pub(super) allowed_by_permissions_boundary: bool,
}

/// A statement that made the decision. Model: `Statement`; AWS answers other types of source than its model lists
/// (recorded).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StatementMember {
    source_policy_id: String,
    source_policy_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_position: Option<PositionMember>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_position: Option<PositionMember>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PositionMember {
    line: usize,
    column: usize,
}

impl StatementMember {
    /// A statement of a policy of a type.
    pub(super) fn new(policy: &str, source: &'static str, span: Option<Span>) -> Self {
        let member = |Position { line, column }| PositionMember { line, column };
        Self {
            source_policy_id: policy.to_owned(),
            source_policy_type: source,
            start_position: span.map(|span| member(span.start)),
            end_position: span.map(|span| member(span.end)),
        }
    }
}

/// `EvalDecisionDetails`.
pub(super) fn details_member(details: &BTreeMap<&'static str, Verdict>) -> MapMember<Verdict> {
    details.iter().map(|(source, verdict)| ((*source).to_owned(), *verdict)).collect()
}
