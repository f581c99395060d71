//! Why somebody may or may not do something, and who may: the server's own evaluator over the stored policies, for an
//! administrator at the command line.

use crate::accounts;
use crate::authz;
use crate::error::{ApiError, ErrorCode};
use crate::house::House;
use crate::iam::entity::{Entity, find};
use crate::iam::role::{ROLES, Role};
use crate::iam::user::{USERS, User};
use crate::identity::{Authority, Principal, PrincipalKind};
use crate::secretsmanager::find_secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use strongroom_iam::{ContextMap, Outcome, Policies, Policy, Request, ResourceRule, explain};
use strongroom_store::{Direction, Index, PageQuery};
use strongroom_types::{AccountId, SecretId, Tag};
use strongroom_wire::iso8601;

/// What is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Question {
    /// ARN of a user, a role, a session of a role, or a root.
    pub principal: String,
    /// `secretsmanager:GetSecretValue` or so.
    pub action: String,
    /// An ARN, or `*`.
    pub resource: String,
    /// Condition keys with their values, besides those that the records say.
    pub context: BTreeMap<String, Vec<String>>,
}

/// The decision, with what made it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Explanation {
    /// `Allowed`, `ExplicitlyDenied` or `ImplicitlyDenied`.
    pub decision: String,
    /// In the words of a refusal; absent if allowed.
    pub reason: Option<String>,
    /// The statements that made it.
    pub statements: Vec<MadeBy>,
}

/// A statement that made a decision.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MadeBy {
    /// The type of policy.
    pub source: String,
    /// The policy.
    pub policy: String,
    /// The statement's `Sid`, if it has one.
    pub sid: Option<String>,
    /// The statement's place, counted from 1.
    pub statement: usize,
}

/// Explains the decision on one question.
pub async fn explain_one(house: &House, question: &Question) -> Result<Explanation, ApiError> {
    let principal = principal_of(house, &question.principal).await?;
    let resource = Target::of(house, &principal.account, &question.resource).await?;
    decide(house, &principal, &resource, question).await
}

/// The ARNs of all who may take an action on a resource, with the decision on each. Roots included.
pub async fn who_can(
    house: &House,
    action: &str,
    resource: &str,
) -> Result<Vec<(String, Explanation)>, ApiError> {
    let mut found = Vec::new();
    let accounts = accounts::list(&house.records).await?;
    for account in accounts {
        let target = Target::of(house, &account.id, resource).await?;
        let mut principals = vec![Principal::root(account.id.clone())];
        principals.extend(all::<User>(house, USERS, &account.id).await?.iter().map(of_user));
        principals.extend(all::<Role>(house, ROLES, &account.id).await?.iter().map(of_role));
        for principal in principals {
            let question = Question {
                principal: principal.principal_arn().to_owned(),
                action: action.to_owned(),
                resource: resource.to_owned(),
                context: BTreeMap::new(),
            };
            let explained = decide(house, &principal, &target, &question).await?;
            if explained.decision == "Allowed" {
                found.push((question.principal, explained));
            }
        }
    }
    Ok(found)
}

/// What a question is about, as far as the records know it.
struct Target {
    arn: String,
    account: AccountId,
    policy: Option<(Arc<Policy>, ResourceRule)>,
    tags: Vec<Tag>,
}

impl Target {
    async fn of(house: &House, default: &AccountId, arn: &str) -> Result<Self, ApiError> {
        let account = arn.split(':').nth(4).and_then(|account| AccountId::parse(account).ok());
        let mut target = Self {
            arn: arn.to_owned(),
            account: account.unwrap_or_else(|| default.clone()),
            policy: None,
            tags: Vec::new(),
        };
        let home = &house.home;
        if let Ok(id @ SecretId::Arn { .. }) = SecretId::parse(arn)
            && let Some(secret) =
                find_secret(&house.records, &home.account, &home.region, &id).await?
        {
            secret.value.arn_text().clone_into(&mut target.arn);
            target.tags = secret.value.tags.clone().unwrap_or_default();
            target.policy = secret.value.own_policy().map(|policy| (policy, ResourceRule::Union));
        }
        if let Some((_, name)) = arn.split_once(":role/")
            && let Some(name) = name.rsplit('/').next()
            && let Some(role) = find::<Role>(&house.records, &target.account, name).await?
        {
            target.tags.clone_from(&role.value.tags);
            target.policy = Some((role.value.trust_policy(), ResourceRule::Required));
        }
        Ok(target)
    }
}

async fn decide(
    house: &House,
    principal: &Principal,
    target: &Target,
    question: &Question,
) -> Result<Explanation, ApiError> {
    let authority = Authority::gather(&house.records, principal, None).await?;
    let context = context_of(house, principal, &authority, target, question);
    let is_trust = question.action.eq_ignore_ascii_case("sts:AssumeRole");
    let own =
        target.policy.as_ref().filter(|(_, rule)| *rule != ResourceRule::Required || is_trust);
    let request = Request {
        caller: authz::caller(principal),
        action: &question.action,
        resource: &target.arn,
        resource_account: target.account.as_str(),
        context: &context,
    };
    let policies = Policies {
        identity: &authority.identity,
        boundary: authority.boundary.as_deref(),
        session: authority.session.as_deref(),
        resource: own.map(|(policy, _)| &**policy),
        resource_rule: own.map_or_else(ResourceRule::default, |(_, rule)| *rule),
        guardrails: &[],
    };
    let decision = explain(&request, &policies);
    let made_by = |matched: &strongroom_iam::Matched<'_>| MadeBy {
        source: format!("{:?}", matched.source),
        policy: matched.label().to_owned(),
        sid: matched.sid().map(str::to_owned),
        statement: matched.index + 1,
    };
    Ok(Explanation {
        decision: match decision.outcome {
            Outcome::Allowed => "Allowed",
            Outcome::ExplicitlyDenied(_) => "ExplicitlyDenied",
            Outcome::ImplicitlyDenied(_) => "ImplicitlyDenied",
        }
        .to_owned(),
        reason: decision.reason(&question.action),
        statements: decision.statements.iter().map(made_by).collect(),
    })
}

/// What the records say of both sides, with what the question gives over it.
fn context_of(
    house: &House,
    principal: &Principal,
    authority: &Authority,
    target: &Target,
    question: &Question,
) -> ContextMap {
    let now = house.env.clock.now();
    let mut context = ContextMap::default();
    let mut put = |key: &str, value: String| context.insert(key, vec![value]);
    put("aws:currenttime", iso8601::text(now).unwrap_or_default());
    put("aws:epochtime", now.as_secs().to_string());
    put("aws:principalaccount", principal.account.to_string());
    put("aws:principalarn", principal.principal_arn().to_owned());
    put("aws:principalorgid", house.home.organization_id.clone());
    put("aws:principaltype", principal.condition_type().to_owned());
    put("aws:resourceaccount", target.account.to_string());
    put("aws:resourceorgid", house.home.organization_id.clone());
    put("aws:userid", principal.unique_id.clone());
    if let Some(name) = principal.user_name() {
        put("aws:username", name.to_owned());
    }
    for tag in &authority.tags {
        put(&format!("aws:principaltag/{}", tag.key.to_ascii_lowercase()), tag.value.clone());
    }
    for tag in &target.tags {
        put(&format!("aws:resourcetag/{}", tag.key.to_ascii_lowercase()), tag.value.clone());
        put(
            &format!("secretsmanager:resourcetag/{}", tag.key.to_ascii_lowercase()),
            tag.value.clone(),
        );
    }
    put("secretsmanager:secretid", target.arn.clone());
    for (key, values) in &question.context {
        context.insert(&key.to_ascii_lowercase(), values.clone());
    }
    context
}

fn of_user(user: &User) -> Principal {
    let naming = &user.naming;
    Principal::user(naming.account.clone(), user.arn(), naming.id.clone(), naming.name.clone())
}

/// Some session of the role.
fn of_role(role: &Role) -> Principal {
    let naming = &role.naming;
    let session = "session".to_owned();
    let (account, name, id) = (naming.account.clone(), naming.name.clone(), naming.id.clone());
    Principal::role_session(account, name, role.arn(), id, session)
}

async fn all<E: Entity>(
    house: &House,
    index: Index,
    account: &AccountId,
) -> Result<Vec<E>, ApiError> {
    let mut entities = Vec::new();
    let mut after = None;
    loop {
        let query = PageQuery {
            index,
            prefix: account.as_str().as_bytes(),
            after: after.as_ref(),
            limit: 500,
            direction: Direction::Ascending,
        };
        let entries = house.records.page(query).await?;
        let Some(last) = entries.last().cloned() else { return Ok(entities) };
        let keys: Vec<_> = entries.into_iter().map(|entry| entry.key).collect();
        let found = house.records.get_many::<E>(&keys).await?;
        entities.extend(found.into_iter().flatten().map(|entity| entity.value.clone()));
        after = Some(last);
    }
}

/// Somebody by the ARN.
async fn principal_of(house: &House, arn: &str) -> Result<Principal, ApiError> {
    let unknown = || {
        let message = format!("There is no principal {arn}.");
        ApiError::new(ErrorCode::NoSuchEntity, message)
    };
    let account = arn.split(':').nth(4).and_then(|account| AccountId::parse(account).ok());
    let account = account.ok_or_else(unknown)?;
    let (kind, rest) =
        arn.splitn(6, ':').nth(5).and_then(|rest| rest.split_once('/')).unwrap_or(("root", ""));
    let name = rest.rsplit('/').next().unwrap_or_default();
    let records = &house.records;
    match kind {
        "root" if accounts::find(records, &account).await?.is_some() => {
            Ok(Principal::root(account))
        }
        "user" => {
            let user = find::<User>(records, &account, name).await?;
            user.map(|user| of_user(&user.value)).ok_or_else(unknown)
        }
        "role" => {
            let role = find::<Role>(records, &account, name).await?;
            role.map(|role| of_role(&role.value)).ok_or_else(unknown)
        }
        "assumed-role" => {
            let (role, session) = rest.split_once('/').ok_or_else(unknown)?;
            let role = find::<Role>(records, &account, role).await?.ok_or_else(unknown)?;
            let Principal { kind, .. } = of_role(&role.value);
            let PrincipalKind::RoleSession { role, role_arn, role_id, .. } = kind else {
                return Err(unknown());
            };
            Ok(Principal::role_session(account, role, role_arn, role_id, session.to_owned()))
        }
        _ => Err(unknown()),
    }
}
