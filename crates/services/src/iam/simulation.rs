//! Simulations: the server's own evaluator on policies, actions and resources that somebody asks about.
//!
//! What of the outcome is told, and where, is recorded: IAM API reference, `SimulateCustomPolicy`, says less.

use crate::error::ApiError;
use crate::iam::aws_managed;
use crate::iam::context_entry::ContextEntry;
use crate::iam::listing::{PageInput, PageOutput, page_of_list};
use crate::iam::policy_source::SourcePolicies;
use crate::iam::simulated_policy::SimulatedPolicy;
use crate::iam::simulation_input::{Simulation, refused};
use crate::iam::simulation_member::{
    BoundaryDecisionMember, OrganizationsMember, ResourceResultMember, ResultMember,
    SimulationOutput, StatementMember, Verdict, details_member,
};
use crate::iam::simulation_scene::Scene;
use crate::operation::Cx;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use strongroom_iam::{
    Decision, Guardrail, GuardrailKind, Matched, Outcome, Policies, Policy, PolicyKind, Request,
    Source, decide, explain,
};
use strongroom_types::AccountId;
use strongroom_types::limits::{SIMULATED_PAGE_WEIGHT_MAX, SIMULATED_STATEMENTS_MAX};

/// `SourcePolicyType`, and the names of what decides across accounts.
const IAM_POLICY: &str = "IAM Policy";
const RESOURCE_POLICY: &str = "Resource Policy";
const BOUNDARY_POLICY: &str = "Permissions Boundary Policy";

/// Names of resources as AWS generalises them where several are asked about, by service. Recorded.
const TEMPLATES: [(&str, &str); 7] = [
    ("ec2", "arn:aws:ec2:${Region}:${Account}:${ResourceType}/${ResourcePath}"),
    ("iam", "arn:aws:iam::${Account}:${ResourceType}/${ResourceName}"),
    ("kms", "arn:aws:kms:${Region}:${Account}:${ResourceType}/${Id}"),
    ("lambda", "arn:aws:lambda:${Region}:${Account}:${ResourceType}:${ResourceId}"),
    ("s3", "arn:aws:s3:::${BucketName}/${KeyName}"),
    ("sqs", "arn:aws:sqs:${Region}:${Account}:${QueueName}"),
    ("sts", "arn:aws:iam::${Account}:${RelativeId}"),
];

/// All that is simulated.
#[derive(Debug)]
pub(super) struct Simulator<'a> {
    simulation: &'a Simulation,
    scene: Scene,
    /// Policies of identities, boundaries and resources, with their type.
    policies: Vec<(&'a SimulatedPolicy, &'static str)>,
    /// Their places, by the address of what is compiled of them.
    places: BTreeMap<usize, usize>,
    /// Condition keys that they mention and the request does not give.
    missing: Vec<String>,
    statements: usize,
    identity: Vec<Arc<Policy>>,
    boundary: Option<Vec<Arc<Policy>>>,
    organization: Vec<Vec<Arc<Policy>>>,
    /// Allows everything.
    anything: [Arc<Policy>; 1],
}

/// What was found out about an action and a resource.
struct Finding {
    verdict: Verdict,
    /// By the places of the policy and of the statement in it.
    statements: Vec<(usize, usize)>,
    boundary: Option<bool>,
    /// By type of policy, if the resource is another account's.
    details: BTreeMap<&'static str, Verdict>,
}

impl<'s> Simulator<'s> {
    /// Of a question and of what is held.
    pub(super) fn new(
        simulation: &'s Simulation,
        scene: Scene,
        held: &'s SourcePolicies,
    ) -> Result<Self, ApiError> {
        let compiled = |policies: &[SimulatedPolicy]| -> Vec<_> {
            policies.iter().map(|held| Arc::clone(&held.policy)).collect()
        };
        let identity = || held.identity.iter().chain(&simulation.policies);
        let boundary = simulation.boundary.as_deref().or(held.boundary.as_deref());
        let resource = simulation.resource_policy.as_ref();
        let policies: Vec<_> = (identity().map(|held| (held, IAM_POLICY)))
            .chain(boundary.into_iter().flatten().map(|held| (held, BOUNDARY_POLICY)))
            .chain(resource.map(|held| (held, RESOURCE_POLICY)))
            .collect();
        let others = simulation.organization.iter().flatten();
        let all = policies.iter().map(|(held, _)| *held).chain(others);
        let statements = all.map(SimulatedPolicy::statements).sum();
        if statements > SIMULATED_STATEMENTS_MAX {
            return Err(refused(format!(
                "The policies of a simulation cannot have more than {SIMULATED_STATEMENTS_MAX} statements."
            )));
        }
        let places = policies.iter().map(|(held, _)| Arc::as_ptr(&held.policy).addr()).zip(0..);
        let anything = aws_managed::find(aws_managed::ADMINISTRATOR_ACCESS)
            .ok_or_else(|| ApiError::internal("a policy of AWS's is not there"))?
            .document()
            .policy(aws_managed::ADMINISTRATOR_ACCESS, PolicyKind::Identity);
        Ok(Self {
            places: places.collect(),
            missing: missing(&policies, &simulation.context),
            statements,
            identity: identity().map(|held| Arc::clone(&held.policy)).collect(),
            boundary: boundary.map(compiled),
            organization: simulation.organization.iter().map(|level| compiled(level)).collect(),
            anything: [Arc::clone(anything)],
            simulation,
            scene,
            policies,
        })
    }

    /// A page of results.
    pub(super) fn page(&self, cx: &Cx<'_>, operation: &str) -> Result<SimulationOutput, ApiError> {
        let asked = &self.simulation.page;
        let page = PageInput {
            marker: asked.marker.clone(),
            max_items: self.actions_max(asked.max_items)?,
        };
        let (actions, page) = self.actions(cx, operation, &page)?;
        let evaluation_results = actions.into_iter().map(|action| self.result(action)).collect();
        Ok(SimulationOutput { evaluation_results, page })
    }

    fn actions(
        &self,
        cx: &Cx<'_>,
        operation: &str,
        page: &PageInput,
    ) -> Result<(Vec<&str>, PageOutput), ApiError> {
        let actions = (0_usize..).zip(&self.simulation.actions);
        let list =
            actions.map(|(place, action)| (format!("{place:08}"), action.as_str())).collect();
        page_of_list(cx, operation, "", list, page).map_err(|error| {
            let is_internal = error.source_text().is_some();
            if is_internal { error } else { refused("Invalid marker for pagination.") }
        })
    }

    /// How many actions fit on a page: work is bounded, and a shorter page tells that there is more.
    fn actions_max(&self, asked: u32) -> Result<u32, ApiError> {
        let resources = self.simulation.resources.len().max(1);
        let weight = self.statements.saturating_add(self.missing.len()).max(1);
        let weight = weight.saturating_mul(resources);
        let fitting = SIMULATED_PAGE_WEIGHT_MAX.checked_div(weight).unwrap_or(0);
        match u32::try_from(fitting).unwrap_or(u32::MAX).min(asked) {
            0 => Err(refused("The resources and policies of the simulation are too many.")),
            max => Ok(max),
        }
    }

    fn result(&self, action: &str) -> ResultMember {
        let resources = &self.simulation.resources;
        if resources.is_empty() {
            let found = self.find(action, "*");
            return self.summary(action, "*".to_owned(), &[found], None);
        }
        let found: Vec<_> = resources.iter().map(|resource| self.find(action, resource)).collect();
        let results = resources.iter().zip(&found).map(|(resource, found)| ResourceResultMember {
            eval_resource_name: resource.clone(),
            eval_resource_decision: found.verdict,
            matched_statements: self.statement_members(&found.statements),
            missing_context_values: self.missing(found.verdict),
            eval_decision_details: (!found.details.is_empty())
                .then(|| details_member(&found.details)),
            permissions_boundary_decision_detail: boundary_member(found.boundary),
        });
        let results = results.collect();
        self.summary(action, resource_name(action, resources), &found, Some(results))
    }

    /// The result on all resources. Recorded: the strictest decision, and whatever was found on any.
    fn summary(
        &self,
        action: &str,
        resource: String,
        found: &[Finding],
        results: Option<Vec<ResourceResultMember>>,
    ) -> ResultMember {
        let (mut seen, mut details) = (BTreeSet::new(), BTreeMap::new());
        let all = found.iter().flat_map(|finding| &finding.statements).copied();
        let statements: Vec<_> = all.filter(|statement| seen.insert(*statement)).collect();
        for finding in found {
            for (source, verdict) in &finding.details {
                let held = details.entry(*source).or_insert(*verdict);
                *held = (*held).max(*verdict);
            }
        }
        let boundary = found.iter().filter_map(|finding| finding.boundary);
        let verdict = found.iter().map(|finding| finding.verdict).max();
        ResultMember {
            eval_action_name: action.to_owned(),
            eval_resource_name: resource,
            eval_decision: verdict.unwrap_or(Verdict::ImplicitDeny),
            matched_statements: self.statement_members(&statements),
            missing_context_values: found
                .iter()
                .find(|finding| finding.verdict == Verdict::ImplicitDeny)
                .map_or_else(Vec::new, |finding| self.missing(finding.verdict)),
            organizations_decision_detail: self.organizations_member(action),
            permissions_boundary_decision_detail: boundary_member(boundary.min()),
            eval_decision_details: results.is_some().then(|| details_member(&details)),
            resource_specific_results: results,
        }
    }

    fn find(&self, action: &str, resource: &str) -> Finding {
        let owner = self.owner(resource);
        let guardrails = self.guardrails();
        let policies = Policies {
            identity: &self.identity,
            boundary: self.boundary.as_deref(),
            resource: self.resource_policy(),
            guardrails: &guardrails,
            ..Policies::default()
        };
        let decision = explain(&self.request(action, resource, owner), &policies);
        let verdict = Verdict::of(decision.outcome);
        Finding {
            verdict,
            statements: self.statements(&decision),
            boundary: self
                .boundary
                .as_deref()
                .map(|boundary| self.own_verdict(action, resource, boundary) == Verdict::Allowed),
            details: if owner == self.scene.account.as_str() {
                BTreeMap::new()
            } else {
                self.details(action, resource, owner)
            },
        }
    }

    fn request<'a>(&'a self, action: &'a str, resource: &'a str, owner: &'a str) -> Request<'a> {
        Request {
            caller: self.scene.caller(),
            action,
            resource,
            resource_account: owner,
            context: &self.scene.context,
        }
    }

    /// Whose the resource is. IAM API reference: `ResourceOwner` counts where the ARN does not say.
    fn owner<'a>(&'a self, resource: &'a str) -> &'a str {
        let named = resource.split(':').nth(4).filter(|account| is_account(account));
        let given = || self.simulation.owner.as_ref().map(AccountId::as_str);
        named.or_else(given).unwrap_or(self.scene.account.as_str())
    }

    fn resource_policy(&self) -> Option<&Policy> {
        self.simulation.resource_policy.as_ref().map(|held| &*held.policy)
    }

    fn guardrails(&self) -> Vec<Guardrail<'_>> {
        let kind = GuardrailKind::ServiceControl;
        self.organization.iter().map(|policies| Guardrail { kind, policies }).collect()
    }

    /// What policies alone say that need no other account's consent.
    fn own_verdict(&self, action: &str, resource: &str, identity: &[Arc<Policy>]) -> Verdict {
        let request = self.request(action, resource, self.scene.account.as_str());
        let policies = Policies { identity, ..Policies::default() };
        Verdict::of(decide(&request, &policies).outcome)
    }

    /// What each type of policy says about another account's resource.
    fn details(
        &self,
        action: &str,
        resource: &str,
        owner: &str,
    ) -> BTreeMap<&'static str, Verdict> {
        let by_resource = Policies {
            identity: &self.anything,
            resource: self.resource_policy(),
            ..Policies::default()
        };
        let by_resource = decide(&self.request(action, resource, owner), &by_resource);
        let mut details = BTreeMap::from([
            (IAM_POLICY, self.own_verdict(action, resource, &self.identity)),
            (RESOURCE_POLICY, Verdict::of(by_resource.outcome)),
        ]);
        if let Some(boundary) = &self.boundary {
            details.insert(BOUNDARY_POLICY, self.own_verdict(action, resource, boundary));
        }
        details
    }

    /// Recorded: what allows is told of identities' and resources' policies, what denies of boundaries, too.
    fn statements(&self, decision: &Decision<'_>) -> Vec<(usize, usize)> {
        let is_denied = matches!(decision.outcome, Outcome::ExplicitlyDenied(_));
        let place = |matched: &Matched<'_>| {
            let is_told = match matched.source {
                Source::Identity | Source::Resource => true,
                Source::Boundary => is_denied,
                _ => false,
            };
            let place = self.places.get(&std::ptr::from_ref(matched.policy).addr())?;
            is_told.then_some((*place, matched.index))
        };
        decision.statements.iter().filter_map(place).collect()
    }

    fn statement_members(&self, statements: &[(usize, usize)]) -> Vec<StatementMember> {
        let member = |(place, index): &(usize, usize)| {
            let (held, source) = self.policies.get(*place)?;
            Some(StatementMember::new(&held.id, source, held.span(*index)))
        };
        statements.iter().filter_map(member).collect()
    }

    /// Recorded: what is missing is told where nothing allows.
    fn missing(&self, verdict: Verdict) -> Vec<String> {
        if verdict == Verdict::ImplicitDeny { self.missing.clone() } else { Vec::new() }
    }

    fn organizations_member(&self, action: &str) -> Option<OrganizationsMember> {
        if self.organization.is_empty() {
            return None;
        }
        let guardrails = self.guardrails();
        let policies =
            Policies { identity: &self.anything, guardrails: &guardrails, ..Policies::default() };
        let resources = &self.simulation.resources;
        let star = ["*".to_owned()];
        let resources = if resources.is_empty() { &star[..] } else { resources };
        let is_allowed = |resource: &String| {
            let request = self.request(action, resource, self.scene.account.as_str());
            decide(&request, &policies).is_allowed()
        };
        Some(OrganizationsMember { allowed_by_organizations: resources.iter().all(is_allowed) })
    }
}

impl Verdict {
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Allowed => Self::Allowed,
            Outcome::ImplicitlyDenied(_) => Self::ImplicitDeny,
            Outcome::ExplicitlyDenied(_) => Self::ExplicitDeny,
        }
    }
}

fn boundary_member(is_allowed: Option<bool>) -> Option<BoundaryDecisionMember> {
    is_allowed.map(|allowed_by_permissions_boundary| BoundaryDecisionMember {
        allowed_by_permissions_boundary,
    })
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name under which all resources stand.
fn resource_name(action: &str, resources: &[String]) -> String {
    if let [only] = resources {
        return only.clone();
    }
    let service = action.split(':').next().unwrap_or_default();
    let of_service = |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case(service);
    TEMPLATES.iter().find(of_service).map_or("*", |(_, template)| template).to_owned()
}

/// Recorded: all keys that the policies mention count, also in statements that do not apply; the organization's do not.
fn missing(policies: &[(&SimulatedPolicy, &str)], given: &[ContextEntry]) -> Vec<String> {
    let mut seen: BTreeSet<_> = given.iter().map(|(key, _)| key.to_ascii_lowercase()).collect();
    let keys = policies.iter().flat_map(|(policy, _)| policy.keys());
    keys.filter(|key| seen.insert(key.to_ascii_lowercase())).collect()
}
