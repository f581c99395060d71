//! How policies of several types decide together. IAM user guide, "Policy evaluation logic", "Permissions boundaries",
//! "Session policies", "Principal" and "NotPrincipal"; where nothing is said of a source, it is documented there.

use crate::scene::{
    ALLOW, DENY, FEDERATED, FEDERATING, OTHER, OTHER_ACTION, ROLE, ROOT, SESSION, Scene, USER,
    about, document, policy, to,
};
use std::borrow::Cow;
use std::sync::Arc;
use strongroom_iam::{Caller, GuardrailKind, Outcome, Policy, PolicyKind, Source};

const ALLOWED: Outcome = Outcome::Allowed;

fn denied(source: Source) -> Outcome {
    Outcome::ExplicitlyDenied(source)
}

fn lacking(source: Source) -> Outcome {
    Outcome::ImplicitlyDenied(source)
}

#[test]
fn nothing_is_allowed_by_default_but_the_root() {
    for caller in [USER, SESSION, ROLE] {
        assert_eq!(Scene::of(caller).outcome(), lacking(Source::Identity), "{caller}");
        assert_eq!(Scene::of(caller).identity(ALLOW).outcome(), ALLOWED, "{caller}");
        let other = Scene::of(caller).identity(OTHER_ACTION);
        assert_eq!(other.outcome(), lacking(Source::Identity), "{caller}");
    }
    assert_eq!(Scene::of(ROOT).outcome(), ALLOWED);
    assert_eq!(Scene::of("111122223333").outcome(), ALLOWED);
    for caller in ["*", "lambda.amazonaws.com"] {
        assert_eq!(Scene::of(caller).outcome(), lacking(Source::Resource), "{caller}");
    }
}

#[test]
fn a_denial_in_any_policy_wins() {
    let open = || {
        let statement = about("Allow", "Principal", r#""*""#);
        Scene::of(SESSION).identity(ALLOW).boundary(ALLOW).session(ALLOW).resource(&[&statement])
    };
    assert_eq!(open().outcome(), ALLOWED);
    assert_eq!(open().identity(DENY).outcome(), denied(Source::Identity));
    assert_eq!(open().boundary(DENY).outcome(), denied(Source::Boundary));
    assert_eq!(open().session(DENY).outcome(), denied(Source::Session));
    let by_resource = [about("Allow", "Principal", r#""*""#), about("Deny", "Principal", r#""*""#)];
    let by_resource = open().resource(&by_resource.each_ref().map(String::as_str));
    assert_eq!(by_resource.outcome(), denied(Source::Resource));
    // Recorded (Secrets Manager): of identity and resource, the identity's is named.
    assert_eq!(by_resource.identity(DENY).outcome(), denied(Source::Identity));
    for (kind, source) in [
        (GuardrailKind::ServiceControl, Source::ServiceControl),
        (GuardrailKind::ResourceControl, Source::ResourceControl),
        (GuardrailKind::Endpoint, Source::Endpoint),
    ] {
        assert_eq!(open().guardrail(kind, DENY).outcome(), denied(source));
        assert_eq!(open().guardrail(kind, OTHER_ACTION).outcome(), lacking(source));
        assert_eq!(open().guardrail(kind, ALLOW).outcome(), ALLOWED);
        let both = open().guardrail(kind, ALLOW).guardrail(kind, OTHER_ACTION);
        assert_eq!(both.outcome(), lacking(source), "each must allow");
    }
}

#[test]
fn boundaries_and_session_policies_limit_and_never_give() {
    let session = || Scene::of(SESSION).identity(ALLOW);
    assert_eq!(session().boundary(OTHER_ACTION).outcome(), lacking(Source::Boundary));
    assert_eq!(session().session(OTHER_ACTION).outcome(), lacking(Source::Session));
    assert_eq!(session().boundary(ALLOW).session(OTHER_ACTION).outcome(), lacking(Source::Session));
    assert_eq!(session().boundary(ALLOW).session(ALLOW).outcome(), ALLOWED);
    assert_eq!(session().session(OTHER_ACTION).session(ALLOW).outcome(), ALLOWED, "one union");
    let nothing_of_its_own = Scene::of(SESSION).boundary(ALLOW).session(ALLOW);
    assert_eq!(nothing_of_its_own.outcome(), lacking(Source::Identity));
    let empty = Scene { boundary: Some(Vec::new()), ..session() };
    assert_eq!(empty.outcome(), lacking(Source::Boundary));
}

/// "Resource-based policies and implicit denies in other policy types (same account)".
#[test]
fn a_grant_to_the_caller_itself_passes_limits_and_one_to_its_role_does_not() {
    let limited = |caller| Scene::of(caller).boundary(OTHER_ACTION).session(OTHER_ACTION);
    for (caller, principal, outcome) in [
        (SESSION, ROLE, lacking(Source::Boundary)),
        (SESSION, SESSION, ALLOWED),
        (USER, USER, ALLOWED),
        (FEDERATED, FEDERATING, lacking(Source::Boundary)),
        (FEDERATED, FEDERATED, ALLOWED),
        (ROOT, ROOT, ALLOWED),
        (SESSION, "*", ALLOWED),
        (USER, "*", ALLOWED),
    ] {
        let scene = limited(caller).resource(&[&to(principal)]);
        assert_eq!(scene.outcome(), outcome, "{caller} {principal}");
    }
    let by_role = || Scene::of(SESSION).resource(&[&to(ROLE)]);
    assert_eq!(by_role().outcome(), ALLOWED, "the role's own policies are not needed");
    assert_eq!(by_role().session(OTHER_ACTION).outcome(), lacking(Source::Session));
    assert_eq!(by_role().boundary(ALLOW).session(ALLOW).outcome(), ALLOWED);
    let by_user = || Scene::of(FEDERATED).resource(&[&to(FEDERATING)]);
    assert_eq!(by_user().session(ALLOW).outcome(), ALLOWED);
    assert_eq!(by_user().session(OTHER_ACTION).outcome(), lacking(Source::Session));
    let some_session = Scene::of(ROLE).resource(&[&to(ROLE)]);
    assert_eq!(some_session.outcome(), ALLOWED);
}

/// "Permissions boundaries and session policies do not limit permissions granted using the aws:PrincipalArn condition key
/// with a wildcard(*) in the Principal element".
#[test]
fn everybody_with_the_roles_arn_passes_limits() {
    let statement = format!(
        r#"{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{{"ArnEquals":{{"aws:PrincipalArn":"{ROLE}"}}}}}}"#
    );
    let scene = || {
        let limited = Scene::of(SESSION).boundary(OTHER_ACTION).session(OTHER_ACTION);
        limited.resource(&[&statement]).with("aws:PrincipalArn", &[ROLE])
    };
    assert_eq!(scene().outcome(), ALLOWED);
    assert_eq!(scene().session(DENY).outcome(), denied(Source::Session));
    let another = scene().with("aws:PrincipalArn", &["arn:aws:iam::111122223333:role/other"]);
    assert_eq!(another.outcome(), lacking(Source::Identity));
}

#[test]
fn an_account_that_is_named_still_decides_itself() {
    for named in ["111122223333", ROOT] {
        let scene = Scene::of(USER).resource(&[&to(named)]);
        assert_eq!(scene.outcome(), lacking(Source::Identity), "{named}");
        assert_eq!(scene.identity(ALLOW).outcome(), ALLOWED, "{named}");
    }
}

/// STS API reference, `GetFederationToken`: without a session policy, no permissions but by name.
#[test]
fn a_federated_user_needs_a_session_policy() {
    let federated = || Scene::of(FEDERATED).identity(ALLOW);
    assert_eq!(federated().outcome(), lacking(Source::Session));
    assert_eq!(federated().session(ALLOW).outcome(), ALLOWED);
    assert_eq!(federated().resource(&[&to(FEDERATING)]).outcome(), lacking(Source::Session));
    assert_eq!(federated().resource(&[&to(FEDERATED)]).outcome(), ALLOWED);
}

#[test]
fn across_accounts_both_must_allow() {
    let elsewhere = |caller| Scene::of(caller).elsewhere();
    for principal in [SESSION, ROLE, ROOT, "111122223333", "*"] {
        let granted = || elsewhere(SESSION).resource(&[&to(principal)]);
        assert_eq!(granted().identity(ALLOW).outcome(), ALLOWED, "{principal}");
        assert!(!granted().is_allowed(), "{principal}");
        let limited = granted().identity(ALLOW).boundary(OTHER_ACTION);
        assert_eq!(limited.outcome(), lacking(Source::Boundary), "{principal}");
        let limited = granted().identity(ALLOW).session(OTHER_ACTION);
        assert_eq!(limited.outcome(), lacking(Source::Session), "{principal}");
    }
    // Recorded (Secrets Manager, two accounts): whose want is named.
    let user = || elsewhere(USER);
    assert_eq!(user().outcome(), lacking(Source::Resource));
    assert_eq!(user().identity(ALLOW).outcome(), lacking(Source::Resource));
    assert_eq!(user().resource(&[&to(ROOT)]).outcome(), lacking(Source::Resource));
    assert_eq!(user().resource(&[&to(USER)]).outcome(), lacking(Source::Identity));
    let stranger = user().identity(ALLOW).resource(&[&to(OTHER)]);
    assert_eq!(stranger.outcome(), lacking(Source::Resource));
    assert_eq!(user().identity(DENY).resource(&[&to(USER)]).outcome(), denied(Source::Identity));
}

#[test]
fn the_root_is_denied_by_resource_policies_and_guardrails_only() {
    let root = || Scene::of(ROOT);
    assert_eq!(root().identity(DENY).boundary(DENY).session(DENY).outcome(), ALLOWED);
    let everybody = about("Deny", "Principal", r#""*""#);
    assert_eq!(root().resource(&[&everybody]).outcome(), denied(Source::Resource));
    let own_account = about("Deny", "Principal", r#"{"AWS":"111122223333"}"#);
    assert_eq!(root().resource(&[&own_account]).outcome(), denied(Source::Resource));
    let scp = root().guardrail(GuardrailKind::ServiceControl, OTHER_ACTION);
    assert_eq!(scp.outcome(), lacking(Source::ServiceControl));
    assert_eq!(root().elsewhere().outcome(), lacking(Source::Resource));
    assert_eq!(root().elsewhere().resource(&[&to(ROOT)]).outcome(), ALLOWED);
    assert_eq!(root().elsewhere().resource(&[&to(USER)]).outcome(), lacking(Source::Resource));
}

#[test]
fn services_providers_and_those_who_did_not_sign_need_the_resource_policy_alone() {
    let by_service = about("Allow", "Principal", r#"{"Service":"lambda.amazonaws.com"}"#);
    let by_provider = about("Allow", "Principal", r#"{"Federated":"accounts.google.com"}"#);
    let anyone = about("Allow", "Principal", r#""*""#);
    for (caller, statement, outcome) in [
        ("lambda.amazonaws.com", &by_service, ALLOWED),
        ("events.amazonaws.com", &by_service, lacking(Source::Resource)),
        ("accounts.google.com", &by_provider, ALLOWED),
        ("www.amazon.com", &by_provider, lacking(Source::Resource)),
        ("*", &anyone, ALLOWED),
        ("*", &by_service, lacking(Source::Resource)),
        ("lambda.amazonaws.com", &anyone, ALLOWED),
        (USER, &by_service, lacking(Source::Identity)),
    ] {
        let scene = Scene::of(caller).resource(&[statement]);
        assert_eq!(scene.outcome(), outcome, "{caller} {statement}");
    }
    let denied_elsewhere = Scene::of("lambda.amazonaws.com").identity(DENY).boundary(DENY);
    assert_eq!(denied_elsewhere.resource(&[&by_service]).outcome(), ALLOWED);
}

#[test]
fn a_denial_of_a_role_or_an_account_is_one_of_everybody_in_it() {
    for (denied_principal, hit, missed) in [
        (
            SESSION,
            &[SESSION][..],
            &[ROLE, USER, FEDERATED, "arn:aws:sts::111122223333:assumed-role/app/s2"][..],
        ),
        (ROLE, &[SESSION, ROLE], &[USER, "arn:aws:sts::111122223333:assumed-role/other/s1"]),
        (USER, &[USER], &[SESSION, "arn:aws:iam::111122223333:user/ann"]),
        (FEDERATING, &[FEDERATING, FEDERATED], &[USER]),
        (FEDERATED, &[FEDERATED], &[FEDERATING]),
        (
            "111122223333",
            &[SESSION, ROLE, USER, FEDERATED, ROOT],
            &["arn:aws:iam::444455556666:user/ann"],
        ),
        ("*", &[SESSION, USER, ROOT, "*", "lambda.amazonaws.com"], &[]),
    ] {
        let deny = about("Deny", "Principal", &format!(r#"{{"AWS":"{denied_principal}"}}"#));
        let allow = about("Allow", "Principal", r#""*""#);
        for (callers, outcome) in [(hit, denied(Source::Resource)), (missed, ALLOWED)] {
            for caller in callers {
                let account = if caller.contains(OTHER) { OTHER } else { "111122223333" };
                let scene = Scene { resource_account: account, ..Scene::of(caller) };
                let scene = scene.resource(&[&allow, &deny]).session(ALLOW);
                assert_eq!(scene.outcome(), outcome, "{denied_principal} {caller}");
            }
        }
    }
}

/// "NotPrincipal": the account, the role and the session must all be there; somebody with a boundary is denied whoever is.
#[test]
fn a_denial_of_all_but_some_spares_only_who_is_there_with_account_and_role() {
    let another = "arn:aws:iam::111122223333:user/other";
    for (spared, caller, is_spared) in [
        (&[USER, ROOT][..], USER, true),
        (&[USER], USER, false),
        (&[ROOT], USER, false),
        (&[USER, ROOT], another, false),
        (&[USER, "444455556666"], USER, false),
        (&[SESSION, ROLE, ROOT], SESSION, true),
        (&[ROLE, ROOT], SESSION, false),
        (&[SESSION, ROOT], SESSION, false),
        (&[SESSION, ROLE], SESSION, false),
        (&[ROLE, ROOT], ROLE, true),
        (&[FEDERATED, ROOT], FEDERATED, true),
        (&[ROOT], ROOT, true),
        (&[USER], ROOT, false),
        (&["*"], USER, true),
        (&[USER, ROOT], "*", false),
    ] {
        let named: Vec<_> = spared.iter().map(|name| format!("\"{name}\"")).collect();
        let deny = about("Deny", "NotPrincipal", &format!(r#"{{"AWS":[{}]}}"#, named.join(",")));
        let allow = about("Allow", "Principal", r#""*""#);
        let scene = || Scene::of(caller).resource(&[&allow, &deny]);
        let outcome = if is_spared { ALLOWED } else { denied(Source::Resource) };
        assert_eq!(scene().outcome(), outcome, "{spared:?} {caller}");
        if caller != ROOT && caller != "*" {
            let bounded = scene().boundary(ALLOW);
            assert_eq!(bounded.outcome(), denied(Source::Resource), "{spared:?} {caller}");
        }
    }
    let deny = about("Deny", "NotPrincipal", r#"{"Service":"lambda.amazonaws.com"}"#);
    let allow = about("Allow", "Principal", r#""*""#);
    for (caller, outcome) in
        [("lambda.amazonaws.com", ALLOWED), ("sns.amazonaws.com", denied(Source::Resource))]
    {
        assert_eq!(Scene::of(caller).resource(&[&allow, &deny]).outcome(), outcome, "{caller}");
    }
}

/// Trust policies and key policies: "they must explicitly allow access for principals".
#[test]
fn where_the_resource_policy_must_allow_identity_policies_do_not_suffice() {
    let required = |caller| Scene::of(caller).identity(ALLOW).required();
    assert_eq!(required(USER).outcome(), lacking(Source::Resource));
    assert_eq!(required(USER).resource(&[&to(SESSION)]).outcome(), lacking(Source::Resource));
    assert_eq!(required(USER).resource(&[&to(ROOT)]).outcome(), ALLOWED);
    assert_eq!(required(USER).resource(&[&to(USER)]).outcome(), ALLOWED);
    let without = |caller| Scene::of(caller).required();
    assert_eq!(without(USER).resource(&[&to(USER)]).outcome(), ALLOWED);
    assert_eq!(without(USER).resource(&[&to(ROOT)]).outcome(), lacking(Source::Identity));
    assert_eq!(without(SESSION).resource(&[&to(ROLE)]).outcome(), ALLOWED);
    let limited = without(SESSION).resource(&[&to(ROLE)]).session(OTHER_ACTION);
    assert_eq!(limited.outcome(), lacking(Source::Session));
    let limited = required(SESSION).resource(&[&to(ROOT)]).boundary(OTHER_ACTION);
    assert_eq!(limited.outcome(), lacking(Source::Boundary));
    assert_eq!(without(ROOT).outcome(), lacking(Source::Resource), "a key is not even its root's");
    assert_eq!(without(ROOT).resource(&[&to(ROOT)]).outcome(), ALLOWED);
    let across = || required(USER).elsewhere();
    assert_eq!(across().resource(&[&to(ROOT)]).outcome(), ALLOWED);
    assert_eq!(across().outcome(), lacking(Source::Resource));
}

#[test]
fn a_trust_policy_is_named_as_such() {
    let trust = |statement: &str| {
        let text = document(&[statement]);
        let scene = Scene::of(USER).required();
        Scene {
            action: "sts:AssumeRole".to_owned(),
            resource: ROLE.to_owned(),
            resource_policy: Some(policy("trust", PolicyKind::Trust, &text)),
            ..scene
        }
    };
    let statement = |effect: &str, principal: &str, action: &str| {
        format!(
            r#"{{"Effect":"{effect}","Principal":{{"AWS":"{principal}"}},"Action":"{action}"}}"#
        )
    };
    let scene = trust(&statement("Allow", USER, "sts:AssumeRole"));
    assert_eq!(scene.outcome(), ALLOWED);
    let other = trust(&statement("Allow", USER, "sts:TagSession"));
    assert_eq!(other.outcome(), lacking(Source::Trust));
    let reason = other.decided(|decision| decision.reason("sts:AssumeRole"));
    assert_eq!(
        reason.as_deref(),
        Some("because no role trust policy allows the sts:AssumeRole action")
    );
    let no = trust(&statement("Deny", USER, "sts:AssumeRole"));
    let reason = no.decided(|decision| decision.reason("sts:AssumeRole"));
    assert_eq!(reason.as_deref(), Some("with an explicit deny in the role trust policy"));
}

/// IAM user guide, "Principal": an ARN of a role or user that is gone becomes its id, which the next of that name has not.
#[test]
fn unique_ids_name_whom_they_belong_to() {
    let by_id = |id: &str, caller, userid: &str| {
        Scene::of(caller).resource(&[&to(id)]).with("aws:userid", &[userid])
    };
    let (role, user) = ("AROAEXAMPLEID1234567", "AIDAEXAMPLEID1234567");
    assert_eq!(by_id(role, SESSION, &format!("{role}:s1")).outcome(), ALLOWED);
    let limited = by_id(role, SESSION, &format!("{role}:s1")).session(OTHER_ACTION);
    assert_eq!(limited.outcome(), lacking(Source::Session));
    let limited = by_id(user, USER, user).boundary(OTHER_ACTION);
    assert_eq!(limited.outcome(), ALLOWED, "a user's id names it itself");
    for (id, caller, userid) in [
        (role, SESSION, "AROAOTHERID123456789:s1"),
        (role, SESSION, role),
        (role, USER, &*format!("{role}:s1")),
        (user, USER, "AIDAOTHERID123456789"),
        (user, SESSION, &*format!("{user}:s1")),
        (user, FEDERATED, user),
    ] {
        assert!(!by_id(id, caller, userid).is_allowed(), "{id} {caller} {userid}");
    }
    assert!(!Scene::of(USER).resource(&[&to(user)]).is_allowed());
}

#[test]
fn a_policy_that_cannot_be_read_denies() {
    let unreadable = |kind| Policy::unreadable("damaged", kind);
    let scene = Scene::of(SESSION).identity(ALLOW);
    let held = Arc::new(unreadable(PolicyKind::Identity));
    let mut damaged = scene.clone();
    damaged.identity.push(Arc::clone(&held));
    assert_eq!(damaged.outcome(), denied(Source::Identity));
    damaged.decided(|decision| {
        assert_eq!(
            decision.statements.first().map(strongroom_iam::Matched::label),
            Some("damaged")
        );
        assert_eq!(decision.statements.first().and_then(strongroom_iam::Matched::sid), None);
    });
    let damaged = Scene { boundary: Some(vec![Arc::clone(&held)]), ..scene.clone() };
    assert_eq!(damaged.outcome(), denied(Source::Boundary));
    let damaged = Scene { session: Some(vec![held]), ..scene.clone() };
    assert_eq!(damaged.outcome(), denied(Source::Session));
    let damaged = Scene { resource_policy: Some(unreadable(PolicyKind::Resource)), ..scene };
    assert_eq!(damaged.outcome(), denied(Source::Resource));
    let of_root = Scene { resource_policy: damaged.resource_policy, ..Scene::of(ROOT) };
    assert_eq!(
        of_root.outcome(),
        denied(Source::Resource),
        "the root can delete it where it may not read"
    );
}

#[test]
fn who_is_behind_a_session_is_told_by_the_caller() {
    let role = "arn:aws:iam::111122223333:role/deep/path/app";
    let caller = Caller::Role { role: Cow::Borrowed(role), session: Some(SESSION) };
    let scene = |principal: &str| {
        Scene { caller: caller.clone(), ..Scene::of(SESSION) }.resource(&[&to(principal)])
    };
    assert_eq!(scene(role).outcome(), ALLOWED);
    assert_eq!(scene(SESSION).outcome(), ALLOWED);
    assert_eq!(scene(ROLE).outcome(), lacking(Source::Identity));
    assert_eq!(caller.principal_arn().as_deref(), Some(role));
}

#[test]
fn texts_are_callers_or_nobody() {
    for (text, account, kind) in [
        (USER, Some("111122223333"), Some("User")),
        (ROLE, Some("111122223333"), Some("AssumedRole")),
        (SESSION, Some("111122223333"), Some("AssumedRole")),
        (FEDERATED, Some("111122223333"), Some("FederatedUser")),
        (ROOT, Some("111122223333"), Some("Account")),
        ("111122223333", Some("111122223333"), Some("Account")),
        ("*", None, Some("Anonymous")),
        ("lambda.amazonaws.com", None, None),
        ("states.cn-north-1.amazonaws.com.cn", None, None),
        ("cognito-identity.amazonaws.com", None, None),
        ("arn:aws:iam::111122223333:oidc-provider/token.example.com", None, None),
    ] {
        let caller = Caller::from_text(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!((caller.account(), caller.principal_type()), (account, kind), "{text}");
    }
    assert_eq!(Caller::from_text(SESSION).unwrap().principal_arn().as_deref(), Some(ROLE));
    let wants_provider = Caller::from_text("cognito-identity.amazonaws.com").unwrap();
    assert!(matches!(wants_provider, Caller::WebIdentity { .. }));
    for text in [
        "",
        "ann",
        "1111222233334",
        "arn:aws:iam::111122223333:group/x",
        "arn:aws:iam::111122223333:user/*",
        "arn:aws:iam::aws:policy/X",
        "arn:aws:s3:::bucket",
        "arn:aws:sts::111122223333:assumed-role/app",
        "arn:aws:iam:eu-west-1:111122223333:user/ann",
    ] {
        assert_eq!(Caller::from_text(text), None, "{text}");
    }
}
