//! The decision. IAM user guide, "How AWS enforcement code logic evaluates requests to allow or deny access" and
//! "Cross-account policy evaluation logic".

use crate::caller::Reach;
use crate::policy::{Rule, Wanted};
use crate::{
    Caller, Decision, Effect, Matched, Outcome, Policies, Policy, PolicyKind, Request,
    ResourceRule, Source,
};
use std::collections::HashSet;
use std::sync::Arc;

/// Decides a request, no further than until it is certain.
pub fn decide<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Decision<'a> {
    Question::new(request, policies, false).decide()
}

/// Decides a request as [`decide`] does, and names every statement that made it so.
pub fn explain<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Decision<'a> {
    Question::new(request, policies, true).decide()
}

struct Question<'r, 'a> {
    request: &'r Request<'r>,
    policies: &'r Policies<'a>,
    wanted: Wanted<'r>,
    /// Every statement is wanted, not one of each type of policy.
    is_thorough: bool,
}

/// Statements that apply.
type Found<'a> = Vec<Matched<'a>>;

impl<'r, 'a> Question<'r, 'a> {
    fn new(request: &'r Request<'r>, policies: &'r Policies<'a>, is_thorough: bool) -> Self {
        let wanted = Wanted::new(request.action, request.resource);
        Self { request, policies, wanted, is_thorough }
    }

    fn decide(&self) -> Decision<'a> {
        let denials = self.denials();
        if let Some(first) = denials.first() {
            let outcome = Outcome::ExplicitlyDenied(first.source);
            return Decision { outcome, statements: denials };
        }
        match self.allowances() {
            Ok(statements) => Decision { outcome: Outcome::Allowed, statements },
            Err(source) => {
                Decision { outcome: Outcome::ImplicitlyDenied(source), statements: Vec::new() }
            }
        }
    }

    /// Whether the caller's own policies have a say: the root has none, nor has who is of no account.
    fn has_own_policies(&self) -> bool {
        match self.request.caller {
            Caller::User { .. } | Caller::Role { .. } | Caller::FederatedUser { .. } => true,
            Caller::Root { .. }
            | Caller::Service { .. }
            | Caller::WebIdentity { .. }
            | Caller::Anonymous => false,
        }
    }

    /// A denial in any policy wins. Which is named where there are several: recorded (Secrets Manager, two accounts),
    /// identity before resource.
    fn denials(&self) -> Found<'a> {
        let mut found = Vec::new();
        for guardrail in self.policies.guardrails {
            self.find_denials(guardrail.kind.into(), guardrail.policies, &mut found);
        }
        if self.has_own_policies() {
            self.find_denials(Source::Identity, self.policies.identity, &mut found);
        }
        if let Some(policy) = self.policies.resource {
            self.find_denials_in(resource_source(policy), policy, &mut found);
        }
        if self.has_own_policies() {
            let boundary = self.policies.boundary.unwrap_or_default();
            self.find_denials(Source::Boundary, boundary, &mut found);
            let session = self.policies.session.unwrap_or_default();
            self.find_denials(Source::Session, session, &mut found);
        }
        once(found)
    }

    fn find_denials(&self, source: Source, policies: &'a [Arc<Policy>], found: &mut Found<'a>) {
        for policy in policies {
            self.find_denials_in(source, policy, found);
        }
    }

    fn find_denials_in(&self, source: Source, policy: &'a Policy, found: &mut Found<'a>) {
        let is_enough = |found: &Found<'_>| !self.is_thorough && !found.is_empty();
        if is_enough(found) {
            return;
        }
        if !policy.is_readable() {
            found.push(Matched { source, policy, index: 0 });
            return;
        }
        let has_boundary = self.policies.boundary.is_some() && self.has_own_policies();
        let context = self.request.context;
        let concerns = |rule: &Rule| rule.concerns(&self.request.caller, has_boundary, context);
        let rules = policy.rules(Effect::Deny, &self.wanted);
        let mut applying = rules
            .filter(|(_, rule)| concerns(rule) && rule.applies(&self.wanted, context))
            .map(|(index, _)| Matched { source, policy, index });
        if self.is_thorough {
            found.extend(applying);
        } else {
            found.extend(applying.next());
        }
    }

    /// The statements that allow the request, or the type of policy for want of which it is denied.
    fn allowances(&self) -> Result<Found<'a>, Source> {
        let mut found = Vec::new();
        for guardrail in self.policies.guardrails {
            found.extend(self.allow(guardrail.kind.into(), guardrail.policies)?);
        }
        let by_resource = self.by_resource();
        let account = self.request.caller.account();
        found.extend(match self.policies.resource_rule {
            _ if account.is_none() => by_resource.demand()?.statements,
            _ if account != Some(self.request.resource_account) => {
                self.across_accounts(by_resource)?
            }
            ResourceRule::Union => self.by_either(by_resource)?,
            ResourceRule::Required => self.by_both(by_resource)?,
        });
        Ok(found)
    }

    /// From another account: both must allow. The resource's policy lifts no limit that the caller's account has set.
    fn across_accounts(&self, by_resource: ByResource<'a>) -> Result<Found<'a>, Source> {
        let by_resource = by_resource.demand()?;
        // Recorded (Secrets Manager, two accounts): where the account is named and does not allow, the resource's policy is
        // said not to.
        let blamed = |source| match (by_resource.reach, source) {
            (Some(Reach::Account), Source::Identity) => by_resource.source,
            (_, source) => source,
        };
        let mut found = self.own().map_err(blamed)?;
        found.extend(by_resource.statements);
        Ok(found)
    }

    /// In the same account, one suffices.
    fn by_either(&self, by_resource: ByResource<'a>) -> Result<Found<'a>, Source> {
        if !self.has_own_policies() {
            return Ok(by_resource.statements);
        }
        match by_resource.reach {
            Some(Reach::Direct) => {
                let more = if self.is_thorough { self.own().ok() } else { None };
                Ok(more.into_iter().flatten().chain(by_resource.statements).collect())
            }
            Some(Reach::Entity) => {
                let limits = self.limits()?;
                Ok(limits.into_iter().chain(by_resource.statements).collect())
            }
            // An account that is named decides for itself, which it may without.
            Some(Reach::Account) | None => self.own(),
        }
    }

    /// In the same account, where the resource's policy must allow.
    fn by_both(&self, by_resource: ByResource<'a>) -> Result<Found<'a>, Source> {
        let by_resource = by_resource.demand()?;
        let mut found = match by_resource.reach {
            Some(Reach::Entity) => self.limits()?,
            Some(Reach::Account) => self.own()?,
            Some(Reach::Direct) | None => Vec::new(),
        };
        found.extend(by_resource.statements);
        Ok(found)
    }

    /// What the caller's account allows it.
    fn own(&self) -> Result<Found<'a>, Source> {
        if !self.has_own_policies() {
            return Ok(Vec::new());
        }
        let mut found = self.allow(Source::Identity, self.policies.identity)?;
        found.extend(self.limits()?);
        Ok(found)
    }

    /// The boundary and the session's policies must allow, if there are any.
    fn limits(&self) -> Result<Found<'a>, Source> {
        let mut found = Vec::new();
        if let Some(boundary) = self.policies.boundary {
            found.extend(self.allow(Source::Boundary, boundary)?);
        }
        match (self.policies.session, &self.request.caller) {
            (Some(session), _) => found.extend(self.allow(Source::Session, session)?),
            // STS API reference, `GetFederationToken`: without a session policy the session has no permissions but those
            // that a resource's policy gives it by name.
            (None, Caller::FederatedUser { .. }) => return Err(Source::Session),
            (None, _) => {}
        }
        Ok(found)
    }

    /// The statements of these policies that allow.
    fn allow(&self, source: Source, policies: &'a [Arc<Policy>]) -> Result<Found<'a>, Source> {
        let mut found = Vec::new();
        for policy in policies {
            let allowing = self.allowing(source, policy).map(|(matched, _)| matched);
            if self.is_thorough {
                found.extend(allowing);
            } else {
                found.extend(allowing.take(1));
                if !found.is_empty() {
                    break;
                }
            }
        }
        if found.is_empty() { Err(source) } else { Ok(once(found)) }
    }

    fn by_resource(&self) -> ByResource<'a> {
        let Some(policy) = self.policies.resource else {
            return ByResource { source: Source::Resource, reach: None, statements: Vec::new() };
        };
        let source = resource_source(policy);
        let (mut best, mut found) = (None, Vec::new());
        for (matched, reach) in self.allowing(source, policy) {
            if best < Some(reach) {
                best = Some(reach);
                found.clear();
            }
            if best == Some(reach) && (self.is_thorough || found.is_empty()) {
                found.push(matched);
            }
            if !self.is_thorough && best == Some(Reach::Direct) {
                break;
            }
        }
        ByResource { source, reach: best, statements: once(found) }
    }

    fn allowing(
        &self,
        source: Source,
        policy: &'a Policy,
    ) -> impl Iterator<Item = (Matched<'a>, Reach)> {
        let Request { caller, context, .. } = self.request;
        policy.rules(Effect::Allow, &self.wanted).filter_map(move |(index, rule)| {
            let reach = rule.reach(caller, *context)?;
            rule.applies(&self.wanted, *context)
                .then_some((Matched { source, policy, index }, reach))
        })
    }
}

/// What the resource's policy allows.
struct ByResource<'a> {
    source: Source,
    /// How closely it names the caller at best.
    reach: Option<Reach>,
    /// The statements that do.
    statements: Found<'a>,
}

impl ByResource<'_> {
    fn demand(self) -> Result<Self, Source> {
        if self.reach.is_some() { Ok(self) } else { Err(self.source) }
    }
}

fn resource_source(policy: &Policy) -> Source {
    match policy.kind() {
        PolicyKind::Trust => Source::Trust,
        PolicyKind::Identity | PolicyKind::Session | PolicyKind::Resource => Source::Resource,
    }
}

/// A statement that speaks of an action in two ways is found twice, as is one of a policy that somebody has in two ways.
fn once(mut found: Found<'_>) -> Found<'_> {
    if found.len() > 1 {
        let mut told = HashSet::with_capacity(found.len());
        found.retain(|held| told.insert((std::ptr::from_ref(held.policy).addr(), held.index)));
    }
    found
}
