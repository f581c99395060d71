//! A second evaluator, written from AWS's documentation alone and for plainness: it walks the JSON of a case anew for every
//! question, compiles nothing, keeps nothing, and knows nothing of the crate it is a check of.

mod caller;
mod conditions;
mod patterns;
mod values;
mod wellformed;

use caller::{Caller, Kind, Reach};
use serde_json::Value;
use values::Context;
use wellformed::Place;

const ALLOWED: &str = "Allowed";
const EXPLICIT: &str = "ExplicitlyDenied";
const IMPLICIT: &str = "ImplicitlyDenied";
const MALFORMED: &str = "Malformed";

/// A request, and what its policies are read against.
struct Request {
    caller: Caller,
    action: String,
    resource: String,
    context: Context,
    /// "Deny with NotPrincipal always denies a principal with a permissions boundary".
    is_bounded: bool,
}

/// The decision on one case: a line as `decide_case` reads it.
pub(crate) fn decide(line: &str) -> &'static str {
    let Some(case) = values::json_without_twins(line) else { return MALFORMED };
    if !policies_are_wellformed(&case) {
        return MALFORMED;
    }
    let request = request(&case);
    if is_explicitly_denied(&case, &request) {
        return EXPLICIT;
    }
    if is_allowed(&case, &request) { ALLOWED } else { IMPLICIT }
}

fn policies_are_wellformed(case: &Value) -> bool {
    let all = |name: &str, place| {
        values::listed(member(case, name)).iter().all(|policy| wellformed::policy(policy, place))
    };
    let one = |name: &str, place| {
        member(case, name).is_null() || wellformed::policy(member(case, name), place)
    };
    all("identity", Place::Identity)
        && (member(case, "boundary").is_null() || all("boundary", Place::Identity))
        && one("session", Place::Session)
        && one("resourcePolicy", if is_assumption(case) { Place::Trust } else { Place::Resource })
}

/// A request of STS about a role: the role's own policy is its trust policy.
fn is_assumption(case: &Value) -> bool {
    let text = |name| member(case, name).as_str().unwrap_or_default();
    text("action").to_lowercase().starts_with("sts:") && text("resource").contains(":role/")
}

/// "IAM role trust policies and KMS key policies are exceptions to this logic, because they must explicitly allow access."
fn must_be_allowed_by_resource(case: &Value) -> bool {
    let resource = member(case, "resource").as_str().unwrap_or_default();
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let is_key = matches!(parts.as_slice(), [_, _, "kms", _, _, name] if name.starts_with("key/"));
    is_key || is_assumption(case)
}

fn request(case: &Value) -> Request {
    let text = |name| member(case, name).as_str().unwrap_or_default().to_owned();
    let mut context = Context::of(member(case, "context"));
    let caller = Caller::of(&text("principal"), &context);
    for (key, value) in caller.keys() {
        context.add_if_missing(key, value);
    }
    context.add_if_missing("aws:resourceaccount", text("account"));
    let is_bounded = !member(case, "boundary").is_null();
    Request { caller, action: text("action"), resource: text("resource"), context, is_bounded }
}

fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// The policies that are attached to the caller, of which the root user has none.
fn callers_own<'a>(case: &'a Value, request: &Request, name: &str) -> Vec<&'a Value> {
    match request.caller.kind {
        Kind::Root => Vec::new(),
        _ => values::listed(member(case, name)),
    }
}

/// "An explicit deny in any of these policies overrides the allow."
fn is_explicitly_denied(case: &Value, request: &Request) -> bool {
    let own = ["identity", "boundary", "session"]
        .into_iter()
        .flat_map(|name| callers_own(case, request, name))
        .any(|policy| !applicable(policy, request, "Deny").is_empty());
    own || applicable(member(case, "resourcePolicy"), request, "Deny")
        .into_iter()
        .any(|statement| denies_caller(statement, request))
}

fn denies_caller(statement: &Value, request: &Request) -> bool {
    let excepted = member(statement, "NotPrincipal");
    if excepted.is_null() {
        return request.caller.reached_by(member(statement, "Principal"), &request.context)
            != Reach::No;
    }
    let is_entity = matches!(request.caller.kind, Kind::User | Kind::Session { .. });
    (request.is_bounded && is_entity) || !request.caller.is_excepted_by(excepted, &request.context)
}

fn is_allowed(case: &Value, request: &Request) -> bool {
    let is_own_account = request.caller.account.as_deref() == member(case, "account").as_str();
    let granted = granted_by_resource(case, request);
    let any_allows = |name| {
        callers_own(case, request, name)
            .iter()
            .any(|policy| !applicable(policy, request, "Allow").is_empty())
    };
    let within_boundary = member(case, "boundary").is_null() || any_allows("boundary");
    // A federated user's session without a session policy has no permissions of its own.
    let needs_session = matches!(request.caller.kind, Kind::Federated);
    let within_session =
        if member(case, "session").is_null() { !needs_session } else { any_allows("session") };
    match request.caller.kind {
        Kind::Root => {
            (is_own_account && !must_be_allowed_by_resource(case)) || granted != Reach::No
        }
        Kind::Service | Kind::Provider | Kind::Anonymous => granted == Reach::Caller,
        Kind::User | Kind::Session { .. } | Kind::Federated => {
            let own = any_allows("identity") && within_boundary && within_session;
            if !is_own_account || (must_be_allowed_by_resource(case) && granted == Reach::Account) {
                return own && granted != Reach::No;
            }
            let as_role = granted == Reach::Role && within_boundary && within_session;
            let alone = own && !must_be_allowed_by_resource(case);
            alone || as_role || granted == Reach::Caller
        }
    }
}

/// How closely the resource's policy names the caller in the statements that allow.
fn granted_by_resource(case: &Value, request: &Request) -> Reach {
    applicable(member(case, "resourcePolicy"), request, "Allow")
        .into_iter()
        .map(|statement| {
            request.caller.reached_by(member(statement, "Principal"), &request.context)
        })
        .max()
        .unwrap_or(Reach::No)
}

/// The statements of this effect whose action, resource and condition match; principals aside.
fn applicable<'a>(policy: &'a Value, request: &Request, effect: &str) -> Vec<&'a Value> {
    let has_variables = member(policy, "Version").as_str() == Some("2012-10-17");
    values::listed(member(policy, "Statement"))
        .into_iter()
        .filter(|statement| member(statement, "Effect").as_str() == Some(effect))
        .filter(|statement| action_matches(statement, request))
        .filter(|statement| resource_matches(statement, request, has_variables))
        .filter(|statement| {
            let condition = member(statement, "Condition");
            conditions::all_hold(condition, &request.context, has_variables, effect == "Deny")
        })
        .collect()
}

fn action_matches(statement: &Value, request: &Request) -> bool {
    let asked = request.action.to_lowercase();
    let any = |name: &str| {
        values::texts(member(statement, name)).iter().any(|written| {
            let pattern = patterns::plain(&written.to_lowercase());
            patterns::matches(&pattern, &asked)
        })
    };
    if member(statement, "NotAction").is_null() { any("Action") } else { !any("NotAction") }
}

fn resource_matches(statement: &Value, request: &Request, has_variables: bool) -> bool {
    let any = |name: &str| {
        values::texts(member(statement, name)).iter().any(|written| {
            let whole = patterns::completed_arn(written);
            // "The resource that includes a policy variable with no value will not match any resource."
            let pattern = patterns::read(&whole, &request.context, has_variables);
            pattern.is_some_and(|pattern| {
                patterns::arn_of_resource_matches(&pattern, &request.resource)
            })
        })
    };
    if !member(statement, "NotResource").is_null() {
        return !any("NotResource");
    }
    // A trust policy names no resource: it belongs to its role.
    member(statement, "Resource").is_null() || any("Resource")
}
