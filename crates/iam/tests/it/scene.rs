//! A request and its policies, written short: what tests of decisions have in common.

use std::sync::Arc;
use strongroom_iam::{
    Caller, ContextMap, Decision, Guardrail, GuardrailKind, Outcome, Policies, Policy, PolicyKind,
    Request, ResourceRule, decide, explain,
};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const OTHER: &str = "444455556666";
pub(crate) const ACTION: &str = "secretsmanager:GetSecretValue";
pub(crate) const SECRET: &str =
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-a1b2c3";

pub(crate) const USER: &str = "arn:aws:iam::111122223333:user/team/ann";
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/app";
pub(crate) const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/s1";
pub(crate) const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/bob";
pub(crate) const FEDERATING: &str = "arn:aws:iam::111122223333:user/bob";
pub(crate) const ROOT: &str = "arn:aws:iam::111122223333:root";

pub(crate) const ALLOW: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
pub(crate) const DENY: &str = r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#;
/// Allows, but something else.
pub(crate) const OTHER_ACTION: &str =
    r#"{"Effect":"Allow","Action":"secretsmanager:DescribeSecret","Resource":"*"}"#;

/// A policy of these statements.
pub(crate) fn document(statements: &[&str]) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

pub(crate) fn policy(label: &str, kind: PolicyKind, text: &str) -> Policy {
    Policy::parse(label, text, kind, 20_480).unwrap_or_else(|error| panic!("{text} {error:?}"))
}

pub(crate) fn identity(statement: &str) -> Arc<Policy> {
    Arc::new(policy("identity", PolicyKind::Identity, &document(&[statement])))
}

/// A resource policy's statement about these principals.
pub(crate) fn about(effect: &str, element: &str, principals: &str) -> String {
    format!(r#"{{"Effect":"{effect}","{element}":{principals},"Action":"*","Resource":"*"}}"#)
}

pub(crate) fn to(principal: &str) -> String {
    about("Allow", "Principal", &format!(r#"{{"AWS":"{principal}"}}"#))
}

#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) caller: Caller<'static>,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) resource_account: &'static str,
    pub(crate) context: ContextMap,
    pub(crate) identity: Vec<Arc<Policy>>,
    pub(crate) boundary: Option<Vec<Arc<Policy>>>,
    pub(crate) session: Option<Vec<Arc<Policy>>>,
    pub(crate) resource_policy: Option<Policy>,
    pub(crate) rule: ResourceRule,
    pub(crate) guardrails: Vec<(GuardrailKind, Vec<Arc<Policy>>)>,
}

impl Scene {
    /// Somebody of account 111122223333 wants a secret of it, without any policy.
    pub(crate) fn of(caller: &'static str) -> Self {
        Self {
            caller: Caller::from_text(caller).unwrap_or_else(|| panic!("{caller}")),
            action: ACTION.to_owned(),
            resource: SECRET.to_owned(),
            resource_account: ACCOUNT,
            context: ContextMap::default(),
            identity: Vec::new(),
            boundary: None,
            session: None,
            resource_policy: None,
            rule: ResourceRule::Union,
            guardrails: Vec::new(),
        }
    }

    pub(crate) fn identity(mut self, statement: &str) -> Self {
        self.identity.push(identity(statement));
        self
    }

    pub(crate) fn boundary(mut self, statement: &str) -> Self {
        self.boundary.get_or_insert_default().push(identity(statement));
        self
    }

    pub(crate) fn session(mut self, statement: &str) -> Self {
        self.session.get_or_insert_default().push(identity(statement));
        self
    }

    pub(crate) fn resource(mut self, statements: &[&str]) -> Self {
        let text = document(statements);
        self.resource_policy = Some(policy("resource", PolicyKind::Resource, &text));
        self
    }

    pub(crate) fn guardrail(mut self, kind: GuardrailKind, statement: &str) -> Self {
        self.guardrails.push((kind, vec![identity(statement)]));
        self
    }

    /// The secret belongs to the other account.
    pub(crate) fn elsewhere(self) -> Self {
        Self { resource_account: OTHER, resource: SECRET.replace(ACCOUNT, OTHER), ..self }
    }

    pub(crate) fn required(self) -> Self {
        Self { rule: ResourceRule::Required, ..self }
    }

    pub(crate) fn with(mut self, key: &str, values: &[&str]) -> Self {
        self.context.insert(key, values.iter().map(ToString::to_string).collect());
        self
    }

    /// Decides both ways, which must agree.
    pub(crate) fn decided<T>(&self, read: impl Fn(&Decision<'_>) -> T) -> T {
        let guardrails: Vec<_> = self
            .guardrails
            .iter()
            .map(|(kind, policies)| Guardrail { kind: *kind, policies })
            .collect();
        let policies = Policies {
            identity: &self.identity,
            boundary: self.boundary.as_deref(),
            session: self.session.as_deref(),
            resource: self.resource_policy.as_ref(),
            resource_rule: self.rule,
            guardrails: &guardrails,
        };
        let request = Request {
            caller: self.caller.clone(),
            action: &self.action,
            resource: &self.resource,
            resource_account: self.resource_account,
            context: &self.context,
        };
        let (quick, thorough) = (decide(&request, &policies), explain(&request, &policies));
        assert_eq!(quick.outcome, thorough.outcome, "{request:?}");
        for matched in &quick.statements {
            let is_same = |other: &strongroom_iam::Matched<'_>| {
                std::ptr::eq(matched.policy, other.policy) && matched.index == other.index
            };
            assert!(thorough.statements.iter().any(is_same), "{matched:?}");
        }
        read(&thorough)
    }

    pub(crate) fn outcome(&self) -> Outcome {
        self.decided(|decision| decision.outcome)
    }

    pub(crate) fn is_allowed(&self) -> bool {
        self.outcome() == Outcome::Allowed
    }
}
