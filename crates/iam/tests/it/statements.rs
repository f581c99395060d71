//! What a statement applies to, and how it is named. IAM user guide, "IAM JSON policy elements reference" and "Variables and
//! tags".

use crate::scene::{
    ALLOW, DENY, OTHER_ACTION, ROOT, SESSION, Scene, USER, about, document, policy,
};
use std::sync::Arc;
use strongroom_iam::{
    Condition, Effect, GuardrailKind, Match, Operator, Policy, PolicyDocument, PolicyKind,
    Principal, Principals, Quantifier, Source, Statement, Version,
};

#[test]
fn actions_have_no_case_and_resources_do() {
    let statement =
        |action: &str, resource: &str| format!(r#"{{"Effect":"Allow",{action},{resource}}}"#);
    let secret = |name: &str| {
        format!(r#""Resource":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{name}""#)
    };
    for (action, resource, allows) in [
        (r#""Action":"SecretsManager:getsecretvalue""#, secret("app/*"), true),
        (r#""Action":"secretsmanager:Get*""#, secret("app/db-??????"), true),
        (r#""Action":"secretsmanager:get?ecret*""#, secret("*"), true),
        (r#""Action":"*""#, r#""Resource":"*""#.to_owned(), true),
        (r#""Action":"*:*""#, r#""Resource":"*""#.to_owned(), true),
        (r#""Action":["s3:*","secretsmanager:GetSecretValue"]"#, secret("app/*"), true),
        (r#""Action":"secretsmanager:GetSecret""#, secret("app/*"), false),
        (r#""Action":"secretsmanage:*""#, secret("*"), false),
        (r#""Action":"secretsmanager:*Value?""#, secret("*"), false),
        (r#""Action":"secretsmanager:GetSecretValue""#, secret("App/*"), false),
        (r#""Action":"secretsmanager:GetSecretValue""#, secret("app/db"), false),
        (r#""NotAction":"secretsmanager:Describe*""#, secret("*"), true),
        (r#""NotAction":["s3:*","SECRETSMANAGER:GETSECRETVALUE"]"#, secret("*"), false),
        (r#""NotAction":"*""#, secret("*"), false),
        (r#""Action":"*""#, secret("app/*").replace("Resource", "NotResource"), false),
        (r#""Action":"*""#, secret("other/*").replace("Resource", "NotResource"), true),
        (r#""Action":"*""#, r#""NotResource":"*""#.to_owned(), false),
        (
            r#""Action":"*""#,
            r#""Resource":["arn:aws:s3:::zq-9","arn:aws:secretsmanager:*:*:secret:app/*"]"#
                .to_owned(),
            true,
        ),
        (
            r#""Action":"*""#,
            r#""Resource":["arn:aws:s3:::zq-9","arn:aws:s3:::zq-8"]"#.to_owned(),
            false,
        ),
        (r#""Action":"*""#, r#""Resource":"arn:aws:secretsmanager:*:*:*""#.to_owned(), true),
        (r#""Action":"*""#, r#""Resource":"arn:aws-cn:secretsmanager:*:*:*""#.to_owned(), false),
    ] {
        let scene = Scene::of(USER).identity(&statement(action, &resource));
        assert_eq!(scene.is_allowed(), allows, "{action} {resource}");
        let shouted = Scene { action: scene.action.to_uppercase(), ..scene };
        assert_eq!(shouted.is_allowed(), allows, "{action} {resource}");
    }
}

/// No text that is parsed makes such statements; a model made by hand can.
#[test]
fn a_statement_that_cannot_be_understood_never_allows_and_denies_if_it_could() {
    let document = |effect, operator, values: &[&str], principals| PolicyDocument {
        version: Version::V2012,
        id: None,
        statements: vec![Statement {
            sid: None,
            effect,
            principals,
            actions: Match::Any(vec!["*".to_owned()]),
            resources: Some(Match::Any(vec!["*".to_owned()])),
            conditions: vec![Condition {
                operator,
                quantifier: Quantifier::Single,
                if_exists: false,
                key: "aws:x".to_owned(),
                values: values.iter().map(ToString::to_string).collect(),
            }],
        }],
    };
    let with = |document: &PolicyDocument| {
        let mut scene = Scene::of(USER).with("aws:x", &["7"]);
        let kind = PolicyKind::Identity;
        scene.identity.push(Arc::new(Policy::compile("made", document, kind)));
        scene
    };
    for (operator, values) in [
        (Operator::NumericNotEquals, &["many"][..]),
        (Operator::NumericEquals, &["7", "many"]),
        (Operator::NotIpAddress, &["everywhere"]),
        (Operator::Bool, &["perhaps"]),
        (Operator::ArnNotLike, &["me"]),
    ] {
        let allows = with(&document(Effect::Allow, operator, values, None));
        assert!(!allows.is_allowed(), "{operator:?} {values:?}");
        let denies = with(&document(Effect::Deny, operator, values, None)).identity(ALLOW);
        assert!(!denies.is_allowed(), "{operator:?} {values:?}");
    }
    let somebody = Principals::IsNot(vec![Principal::Account("999999999999".to_owned())]);
    let everybody_else = document(Effect::Allow, Operator::NumericEquals, &["7"], Some(somebody));
    let policy = Policy::compile("made", &everybody_else, PolicyKind::Resource);
    for caller in [USER, SESSION, "*"] {
        let scene = Scene::of(caller).with("aws:x", &["7"]);
        let scene = Scene { resource_policy: Some(policy.clone()), ..scene };
        assert!(!scene.is_allowed(), "{caller}");
    }
}

#[test]
fn an_action_without_resource_needs_a_star() {
    let scene = |resource: &str| {
        let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"{resource}"}}"#);
        Scene { resource: "*".to_owned(), ..Scene::of(USER).identity(&statement) }
    };
    assert!(scene("*").is_allowed());
    assert!(!scene("arn:aws:secretsmanager:*:*:*").is_allowed());
}

/// "Policy variables with no value": the resource matches none, in `NotResource`, too.
#[test]
fn variables_in_resources_stand_for_the_callers_values() {
    let scene = |element: &str, name: &str| {
        let statement = format!(
            r#"{{"Effect":"Allow","Action":"*","{element}":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{name}"}}"#
        );
        Scene::of(USER).identity(&statement)
    };
    for (name, team, allows) in [
        ("${aws:PrincipalTag/team}/*", Some("app"), true),
        ("${aws:PrincipalTag/team}/*", Some("other"), false),
        ("${aws:PrincipalTag/team}/*", Some("*"), false),
        ("${aws:PrincipalTag/team}/*", Some("a?p"), false),
        ("${aws:PrincipalTag/team}/*", None, false),
        ("${aws:PrincipalTag/team, 'app'}/*", None, true),
        ("${aws:PrincipalTag/team, '*'}/*", None, false),
    ] {
        let scene = |element| {
            let scene = scene(element, name);
            match team {
                Some(team) => scene.with("aws:PrincipalTag/team", &[team]),
                None => scene,
            }
        };
        assert_eq!(scene("Resource").is_allowed(), allows, "{name} {team:?}");
        assert_eq!(scene("NotResource").is_allowed(), !allows, "{name} {team:?}");
    }
}

/// "Policy variables with no value": no positive operator matches, every inverted one does.
#[test]
fn a_variable_without_value_in_a_condition_matches_only_what_is_inverted() {
    let scene = |operator: &str, owner: &[&str]| {
        let statement = format!(
            r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"{operator}":{{"aws:ResourceTag/owner":"${{aws:PrincipalTag/owner}}"}}}}}}"#
        );
        let scene = Scene::of(USER).identity(&statement).with("aws:ResourceTag/owner", &["ann"]);
        if owner.is_empty() { scene } else { scene.with("aws:PrincipalTag/owner", owner) }
    };
    for (operator, owner, allows) in [
        ("StringEquals", &["ann"][..], true),
        ("StringEquals", &["bob"], false),
        ("StringEquals", &["*"], false),
        ("StringEquals", &[], false),
        ("StringLike", &["ann"], true),
        ("StringLike", &["*"], false),
        ("StringLike", &["a*"], false),
        ("StringLike", &[], false),
        ("StringNotEquals", &["ann"], false),
        ("StringNotEquals", &[], true),
        ("StringNotLike", &["*"], true),
        ("StringNotLike", &[], true),
        ("StringEquals", &["ann", "bob"], false),
        ("StringNotEquals", &["ann", "bob"], true),
    ] {
        assert_eq!(scene(operator, owner).is_allowed(), allows, "{operator} {owner:?}");
    }
}

#[test]
fn the_old_version_has_no_variables() {
    let text = |version: &str| {
        format!(
            r#"{{{version}"Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringEquals":{{"aws:username":"${{aws:username}}"}}}}}}}}"#
        )
    };
    for (version, allows) in
        [(r#""Version":"2012-10-17","#, true), (r#""Version":"2008-10-17","#, false), ("", false)]
    {
        let mut scene = Scene::of(USER).with("aws:username", &["ann"]);
        scene.identity.push(Arc::new(policy("old", PolicyKind::Identity, &text(version))));
        assert_eq!(scene.is_allowed(), allows, "{version}");
        let literal = scene.with("aws:username", &["${aws:username}"]);
        assert!(literal.is_allowed(), "{version}");
    }
}

#[test]
fn whole_arns_may_come_from_variables_but_parts_of_arns_bring_no_colons() {
    let scene = |pattern: &str, value: &str| {
        let statement = format!(
            r#"{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"ArnLike":{{"aws:SourceArn":"{pattern}"}}}}}}"#
        );
        Scene::of(USER)
            .identity(&statement)
            .with("aws:SourceArn", &["arn:aws:sns:eu-west-1:111122223333:topic"])
            .with("aws:x", &[value])
    };
    for (pattern, value, allows) in [
        ("${aws:x}", "arn:aws:sns:eu-west-1:111122223333:topic", true),
        ("${aws:x}", "arn:aws:sns:eu-west-1:111122223333:*", false),
        ("arn:aws:sns:*:111122223333:${aws:x}", "topic", true),
        ("arn:aws:sns:*:111122223333:${aws:x}", "*", false),
        ("arn:aws:sns:*:${aws:x}:topic", "111122223333", true),
        ("arn:aws:sns:*:${aws:x}", "111122223333:topic", false),
        ("arn:aws:sns:${aws:x}:topic", "eu-west-1:111122223333", false),
    ] {
        assert_eq!(scene(pattern, value).is_allowed(), allows, "{pattern} {value}");
    }
}

#[test]
fn the_statements_that_decide_are_named() {
    let named = |sid: &str, effect: &str, action: &str| {
        format!(r#"{{"Sid":"{sid}","Effect":"{effect}","Action":{action},"Resource":"*"}}"#)
    };
    let first = named("First", "Allow", r#""s3:*""#);
    let twice = named("Twice", "Allow", r#"["secretsmanager:GetSecretValue","secretsmanager:*"]"#);
    let third = named("", "Allow", r#""*""#);
    let text = document(&[&first, &twice, &third]);
    let mut scene = Scene::of(USER);
    scene.identity.push(Arc::new(policy(
        "arn:aws:iam::111122223333:policy/P",
        PolicyKind::Identity,
        &text,
    )));
    let found = |scene: &Scene| {
        scene.decided(|decision| {
            let each = decision.statements.iter();
            each.map(|m| (m.label().to_owned(), m.index, m.sid().map(str::to_owned), m.source))
                .collect::<Vec<_>>()
        })
    };
    let label = || "arn:aws:iam::111122223333:policy/P".to_owned();
    let both = vec![
        (label(), 1, Some("Twice".to_owned()), Source::Identity),
        (label(), 2, None, Source::Identity),
    ];
    assert_eq!(found(&scene), both);
    let denying = scene.identity(&named("No", "Deny", r#""*""#));
    let no = vec![("identity".to_owned(), 0, Some("No".to_owned()), Source::Identity)];
    assert_eq!(found(&denying), no, "a denial alone decides");
    assert_eq!(found(&Scene::of(USER)), vec![]);
    assert_eq!(found(&Scene::of(ROOT)), vec![]);
}

/// IAM user guide, "Troubleshoot access denied error messages"; session policies as the S3 user guide words it.
#[test]
fn reasons_are_worded_as_awss() {
    let scenes = [
        (Scene::of(USER), "because no identity-based policy allows the {} action"),
        (
            Scene::of(USER).identity(ALLOW).boundary(OTHER_ACTION),
            "because no permissions boundary allows the {} action",
        ),
        (
            Scene::of(SESSION).identity(ALLOW).session(OTHER_ACTION),
            "because no session policy allows the {} action",
        ),
        (Scene::of(USER).elsewhere(), "because no resource-based policy allows the {} action"),
        (
            Scene::of(USER).guardrail(GuardrailKind::ServiceControl, OTHER_ACTION),
            "because no service control policy allows the {} action",
        ),
        (
            Scene::of(USER).guardrail(GuardrailKind::Endpoint, OTHER_ACTION),
            "because no VPC endpoint policy allows the {} action",
        ),
        (Scene::of(USER).identity(DENY), "with an explicit deny in an identity-based policy"),
        (Scene::of(USER).boundary(DENY), "with an explicit deny in a permissions boundary"),
        (Scene::of(SESSION).session(DENY), "with an explicit deny in a session policy"),
        (
            Scene::of(USER).resource(&[&about("Deny", "Principal", r#""*""#)]),
            "with an explicit deny in a resource-based policy",
        ),
        (
            Scene::of(USER).guardrail(GuardrailKind::ServiceControl, DENY),
            "with an explicit deny in a service control policy",
        ),
        (
            Scene::of(USER).guardrail(GuardrailKind::ResourceControl, DENY),
            "with an explicit deny in a resource control policy",
        ),
        (
            Scene::of(USER).guardrail(GuardrailKind::Endpoint, DENY),
            "with an explicit deny in a VPC endpoint policy",
        ),
    ];
    for (scene, reason) in scenes {
        let found = scene.decided(|decision| decision.reason(&scene.action));
        assert_eq!(found, Some(reason.replace("{}", &scene.action)));
    }
    assert_eq!(Scene::of(ROOT).decided(|decision| decision.reason("x:Y")), None);
}
