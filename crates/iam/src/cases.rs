//! Cases in text: a request with its policies on a line of JSON, its decision on another.

use crate::arn::{Arn, is_account};
use crate::{
    Caller, Context, ContextMap, Decision, Matched, Outcome, Policies, Policy, PolicyKind, Request,
    ResourceRule, explain,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What IAM takes as a policy's text (`policyDocumentType`). Quotas, which count otherwise, are no matter of a case.
const POLICY_CHARS_MAX: usize = 131_072;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case<'a> {
    id: serde_json::Value,
    principal: String,
    action: String,
    resource: String,
    account: String,
    #[serde(default)]
    context: Option<BTreeMap<String, Values>>,
    #[serde(borrow, default)]
    identity: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    boundary: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    session: Option<&'a RawValue>,
    #[serde(borrow, default)]
    resource_policy: Option<&'a RawValue>,
    /// Ours: the ARN of the role behind a session, or of the user behind a federated one.
    #[serde(default)]
    role_arn: Option<String>,
    /// Ours: `union` or `required`, where the resource's ARN does not tell.
    #[serde(default)]
    resource_rule: Option<Rule>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum Rule {
    Union,
    Required,
}

/// Numbers and booleans may stand without quotes, as in policies.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(Scalar),
    Several(Vec<Scalar>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Bool(bool),
    Number(serde_json::Number),
}

impl Scalar {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.to_string(),
        }
    }
}

impl Values {
    fn into_texts(self) -> Vec<String> {
        match self {
            Self::One(value) => vec![value.into_text()],
            Self::Several(values) => values.into_iter().map(Scalar::into_text).collect(),
        }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    id: serde_json::Value,
    decision: &'static str,
    statements: Vec<Statement<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct Statement<'a> {
    /// The member of the case.
    policy: &'a str,
    /// Counted from 0.
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
}

impl<'a> Answer<'a> {
    fn malformed(id: serde_json::Value, error: String) -> Self {
        Self { id, decision: "Malformed", statements: Vec::new(), reason: None, error: Some(error) }
    }

    fn of(id: serde_json::Value, decision: &Decision<'a>, action: &str) -> Self {
        let statement = |matched: &Matched<'a>| Statement {
            policy: matched.label(),
            index: matched.index,
            sid: matched.sid(),
        };
        Self {
            id,
            decision: match decision.outcome {
                Outcome::Allowed => "Allowed",
                Outcome::ExplicitlyDenied(_) => "ExplicitlyDenied",
                Outcome::ImplicitlyDenied(_) => "ImplicitlyDenied",
            },
            statements: decision.statements.iter().map(statement).collect(),
            reason: decision.reason(action),
            error: None,
        }
    }
}

/// Decides a case: an object with the members `id`, `principal`, `action`, `resource`, `account`, `context`, `identity`,
/// `boundary`, `session` and `resourcePolicy`. The answer has `id`, `decision` and `statements`; a case with a policy
/// that cannot be stored, and a line that is no case, are `Malformed`.
///
/// A role's trust policy and a KMS key's policy must allow, others may. A context that lacks `aws:PrincipalArn`,
/// `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:username` or `aws:ResourceAccount` is given them.
pub fn decide_case(line: &str) -> String {
    match serde_json::from_str::<Case<'_>>(line) {
        Ok(case) => case.decide(),
        Err(error) => serialize(&Answer::malformed(id_of(line), error.to_string())),
    }
}

fn id_of(line: &str) -> serde_json::Value {
    let mut value = serde_json::from_str::<serde_json::Value>(line).unwrap_or_default();
    value.get_mut("id").map(serde_json::Value::take).unwrap_or_default()
}

fn serialize(answer: &Answer<'_>) -> String {
    serde_json::to_string(answer).unwrap_or_default()
}

/// A case's policies, compiled.
struct Held {
    identity: Vec<Arc<Policy>>,
    boundary: Option<Vec<Arc<Policy>>>,
    session: Option<Vec<Arc<Policy>>>,
    resource: Option<Policy>,
}

impl Case<'_> {
    fn decide(mut self) -> String {
        let id = self.id.take();
        match self.answer(id.clone()) {
            Ok(answer) => answer,
            Err(error) => serialize(&Answer::malformed(id, error)),
        }
    }

    fn answer(mut self, id: serde_json::Value) -> Result<String, String> {
        let held = self.policies()?;
        let mut context: ContextMap = self
            .context
            .take()
            .into_iter()
            .flatten()
            .map(|(key, values)| (key, values.into_texts()))
            .collect();
        let caller = self
            .caller(&context)
            .ok_or_else(|| format!("principal: {} is nobody", self.principal))?;
        if !is_account(&self.account) {
            return Err("account: not twelve digits".to_owned());
        }
        add_known(&mut context, &caller, &self.account);
        let policies = Policies {
            identity: &held.identity,
            boundary: held.boundary.as_deref(),
            session: held.session.as_deref(),
            resource: held.resource.as_ref(),
            resource_rule: self.rule(),
            guardrails: &[],
        };
        let request = Request {
            caller,
            action: &self.action,
            resource: &self.resource,
            resource_account: &self.account,
            context: &context,
        };
        Ok(serialize(&Answer::of(id, &explain(&request, &policies), &self.action)))
    }

    fn policies(&self) -> Result<Held, String> {
        let list = |member: &str, policies: &[&RawValue]| {
            let numbered = policies.iter().enumerate();
            numbered
                .map(|(place, raw)| {
                    compile(&format!("{member}[{place}]"), raw, PolicyKind::Identity).map(Arc::new)
                })
                .collect::<Result<Vec<_>, _>>()
        };
        let one = |member: &str, raw, kind| compile(member, raw, kind);
        let kind = if self.is_of_role() { PolicyKind::Trust } else { PolicyKind::Resource };
        let session = self.session.map(|raw| one("session", raw, PolicyKind::Session));
        let resource = self.resource_policy.map(|raw| one("resourcePolicy", raw, kind));
        Ok(Held {
            identity: list("identity", self.identity.as_deref().unwrap_or_default())?,
            boundary: self.boundary.as_deref().map(|all| list("boundary", all)).transpose()?,
            session: session.transpose()?.map(|policy| vec![Arc::new(policy)]),
            resource: resource.transpose()?,
        })
    }

    /// The role of a session is the one that the case names, or that `aws:PrincipalArn` names under the same name.
    fn caller<'c>(&'c self, context: &ContextMap) -> Option<Caller<'c>> {
        let caller = Caller::from_text(&self.principal)?;
        let known = context.values("aws:principalarn").unwrap_or_default();
        Some(match (caller, self.role_arn.as_deref()) {
            (Caller::Role { session: Some(session), .. }, Some(role)) => {
                Caller::Role { role: Cow::Borrowed(role), session: Some(session) }
            }
            (Caller::FederatedUser { arn, .. }, Some(user)) => {
                Caller::FederatedUser { arn, user: Cow::Borrowed(user) }
            }
            (Caller::Role { role, session: Some(session) }, None) => {
                let known = known.into_iter().find(|arn| is_same_role(arn, &role));
                let role = known.map_or(role, |arn| Cow::Owned(arn.into_owned()));
                Caller::Role { role, session: Some(session) }
            }
            (caller, _) => caller,
        })
    }

    fn rule(&self) -> ResourceRule {
        let is_key = Arn::parse(&self.resource)
            .is_some_and(|arn| arn.service == "kms" && arn.resource.starts_with("key/"));
        match self.resource_rule {
            Some(Rule::Required) => ResourceRule::Required,
            None if is_key || self.is_of_role() => ResourceRule::Required,
            Some(Rule::Union) | None => ResourceRule::Union,
        }
    }

    /// Whether a role is to be assumed, so that the resource's policy is its trust policy.
    fn is_of_role(&self) -> bool {
        let is_of_sts = self
            .action
            .split_once(':')
            .is_some_and(|(service, _)| service.eq_ignore_ascii_case("sts"));
        let is_role = Arn::parse(&self.resource)
            .is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/"));
        is_of_sts && is_role
    }
}

fn compile(label: &str, raw: &RawValue, kind: PolicyKind) -> Result<Policy, String> {
    let text = match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => Cow::Owned(text),
        Err(_) => Cow::Borrowed(raw.get()),
    };
    Policy::parse(label, &text, kind, POLICY_CHARS_MAX).map_err(|error| {
        let message = error.iam_message();
        match error.detail() {
            Some(detail) => format!("{label}: {message} ({detail})"),
            None => format!("{label}: {message}"),
        }
    })
}

/// The same account and name, whatever the path.
fn is_same_role(a: &str, b: &str) -> bool {
    let parts = |text| {
        let arn = Arn::parse(text).filter(|arn| arn.service == "iam")?;
        let path = arn.resource.strip_prefix("role/")?;
        Some((arn.account, path.rsplit('/').next()?))
    };
    parts(a).is_some_and(|role| Some(role) == parts(b))
}

fn add_known(context: &mut ContextMap, caller: &Caller<'_>, resource_account: &str) {
    let name = match caller {
        Caller::User { arn } => arn.rsplit('/').next(),
        _ => None,
    };
    let known = [
        ("aws:PrincipalArn", caller.principal_arn()),
        ("aws:PrincipalAccount", caller.account().map(Cow::Borrowed)),
        ("aws:PrincipalType", caller.principal_type().map(Cow::Borrowed)),
        ("aws:username", name.map(Cow::Borrowed)),
        ("aws:ResourceAccount", Some(Cow::Borrowed(resource_account))),
    ];
    for (key, value) in known {
        if let Some(value) = value.filter(|_| !context.contains(key)) {
            context.insert(key, vec![value.into_owned()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_the_same_under_another_path_but_not_in_another_account() {
        let role = "arn:aws:iam::123456789012:role/app";
        assert!(is_same_role(role, role));
        assert!(is_same_role("arn:aws:iam::123456789012:role/a/b/app", role));
        assert!(!is_same_role("arn:aws:iam::123456789012:role/a/b/other", role));
        assert!(!is_same_role("arn:aws:iam::210987654321:role/app", role));
        assert!(!is_same_role("arn:aws:iam::123456789012:user/app", role));
    }
}
