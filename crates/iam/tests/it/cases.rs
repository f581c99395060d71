//! Cases in text, as `strongroom policy eval` takes them.

use serde_json::{Value, json};
use strongroom_iam::decide_case;

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-a1b2c3";

/// A user of the secret's account and an identity policy that allows it everything, with members replaced.
fn case(changes: &Value) -> Value {
    let mut case = json!({
        "id": "c-1",
        "principal": "arn:aws:iam::111122223333:user/team/ann",
        "action": "secretsmanager:GetSecretValue",
        "resource": SECRET,
        "account": "111122223333",
        "context": {},
        "identity": [allow()],
        "boundary": null,
        "session": null,
        "resourcePolicy": null,
    });
    for (name, value) in changes.as_object().unwrap() {
        case[name] = value.clone();
    }
    case
}

fn allow() -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}})
}

fn when(condition: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}})
}

fn granting(principal: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"}})
}

fn answer(case: &Value) -> Value {
    serde_json::from_str(&decide_case(&case.to_string())).unwrap()
}

fn decision(changes: &Value) -> String {
    answer(&case(changes))["decision"].as_str().unwrap().to_owned()
}

#[test]
fn an_answer_has_the_decision_and_the_statements_that_made_it() {
    let statements = json!([{"policy": "identity[0]", "index": 0, "sid": "All"}]);
    assert_eq!(
        answer(&case(&json!({}))),
        json!({"id": "c-1", "decision": "Allowed", "statements": statements})
    );
    let deny = json!({"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}]});
    let denied = answer(&case(&json!({"session": deny})));
    assert_eq!(denied["decision"], "ExplicitlyDenied");
    assert_eq!(denied["statements"], json!([{"policy": "session", "index": 1}]));
    assert_eq!(denied["reason"], "with an explicit deny in a session policy");
    let lacking = answer(&case(&json!({"id": 7, "identity": []})));
    assert_eq!(lacking["id"], 7);
    assert_eq!(lacking["decision"], "ImplicitlyDenied");
    assert_eq!(lacking["statements"], json!([]));
}

#[test]
fn policies_may_stand_as_text() {
    let text = allow().to_string();
    let members = json!({"identity": [text], "boundary": [text], "session": text});
    assert_eq!(decision(&members), "Allowed");
    let text = granting(&json!({"AWS": "arn:aws:iam::111122223333:user/team/ann"})).to_string();
    assert_eq!(decision(&json!({"identity": null, "resourcePolicy": text})), "Allowed");
}

#[test]
fn a_policy_that_cannot_be_stored_makes_a_case_malformed() {
    for bad in [
        json!("{"),
        json!(7),
        json!(null),
        json!({}),
        json!({"Statement": []}),
        json!({"Version": "2013-10-17", "Statement": allow()["Statement"]}),
        when(&json!({"StringEqual": {"aws:x": "1"}})),
        granting(&json!("*")),
    ] {
        for member in ["identity", "boundary"] {
            assert_eq!(decision(&json!({member: [allow(), bad]})), "Malformed", "{member} {bad}");
        }
        if !bad.is_null() {
            assert_eq!(decision(&json!({"session": bad})), "Malformed", "{bad}");
        }
    }
    assert_eq!(decision(&json!({"resourcePolicy": allow()})), "Malformed");
    let twice = case(&json!({}))
        .to_string()
        .replace(r#""Effect":"Allow""#, r#""Effect":"Allow","Effect":"Allow""#);
    let answer: Value = serde_json::from_str(&decide_case(&twice)).unwrap();
    assert_eq!(answer["decision"], "Malformed", "{twice}");
    assert_eq!(answer["error"], "identity[0]: Syntax errors in policy.");
}

#[test]
fn a_line_that_is_no_case_is_malformed_and_says_why() {
    for line in ["", "x", "[]", "7", "{}", r#"{"id":null}"#, "{\"id\":\"a\"", "\u{0}"] {
        let answer: Value = serde_json::from_str(&decide_case(line)).unwrap();
        assert_eq!(
            (&answer["id"], &answer["decision"]),
            (&Value::Null, &json!("Malformed")),
            "{line}"
        );
        assert!(answer["error"].as_str().is_some_and(|error| !error.is_empty()), "{line}");
    }
    for changes in [
        json!({"principal": "ann"}),
        json!({"principal": 7}),
        json!({"account": "mine"}),
        json!({"context": {"aws:x": {}}}),
        json!({"context": {"aws:x": null}}),
        json!({"identity": allow()}),
        json!({"resourceRule": "sometimes"}),
    ] {
        let answer = answer(&case(&changes));
        assert_eq!(
            (&answer["id"], &answer["decision"]),
            (&json!("c-1"), &json!("Malformed")),
            "{changes}"
        );
    }
}

#[test]
fn what_is_known_of_the_caller_is_in_the_context_unless_the_case_says_otherwise() {
    let session = "arn:aws:sts::111122223333:assumed-role/app/s1";
    let user = "arn:aws:iam::111122223333:user/team/ann";
    let held = |principal: &str, key: &str, value: Value, context: Value| {
        let operator = if value.is_null() { "Null" } else { "StringEquals" };
        let value = if value.is_null() { json!("true") } else { value };
        let policy = when(&json!({operator: {key: value}}));
        decision(&json!({"principal": principal, "identity": [policy], "context": context}))
    };
    for (principal, key, value) in [
        (user, "aws:PrincipalArn", json!(user)),
        (user, "aws:username", json!("ann")),
        (user, "aws:PrincipalType", json!("User")),
        (user, "aws:PrincipalAccount", json!("111122223333")),
        (user, "aws:ResourceAccount", json!("111122223333")),
        (user, "aws:userid", Value::Null),
        (session, "aws:PrincipalArn", json!("arn:aws:iam::111122223333:role/app")),
        (session, "aws:PrincipalType", json!("AssumedRole")),
        (session, "aws:username", Value::Null),
    ] {
        assert_eq!(held(principal, key, value, json!({})), "Allowed", "{principal} {key}");
    }
    for key in ["aws:username", "AWS:UserName"] {
        let given = held(user, "aws:username", json!("eve"), json!({key: "eve"}));
        assert_eq!(given, "Allowed", "{key}");
    }
    assert_eq!(held(user, "aws:x", json!("7"), json!({"aws:x": 7})), "Allowed");
    assert_eq!(held(user, "aws:x", json!("true"), json!({"aws:x": [true]})), "Allowed");
}

#[test]
fn the_role_of_a_session_has_the_path_that_is_known() {
    let session = "arn:aws:sts::111122223333:assumed-role/app/s1";
    let (plain, deep) =
        ("arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/a/b/app");
    let other = "arn:aws:iam::111122223333:role/a/b/other";
    for (granted, context, more, expected) in [
        (plain, json!({}), json!({}), "Allowed"),
        (deep, json!({}), json!({}), "ImplicitlyDenied"),
        (deep, json!({"aws:PrincipalArn": deep}), json!({}), "Allowed"),
        (plain, json!({"aws:PrincipalArn": deep}), json!({}), "ImplicitlyDenied"),
        (other, json!({"aws:PrincipalArn": other}), json!({}), "ImplicitlyDenied"),
        (plain, json!({"aws:PrincipalArn": other}), json!({}), "Allowed"),
        (deep, json!({}), json!({"roleArn": deep}), "Allowed"),
    ] {
        let mut changes = json!({"principal": session, "identity": [], "context": context,
            "resourcePolicy": granting(&json!({"AWS": granted}))});
        for (name, value) in more.as_object().unwrap() {
            changes[name] = value.clone();
        }
        assert_eq!(decision(&changes), expected, "{changes}");
    }
}

#[test]
fn the_user_behind_a_federated_user_has_its_name_or_is_told() {
    let federated = "arn:aws:sts::111122223333:federated-user/bob";
    let changes = |user: &str| {
        json!({"principal": federated, "identity": [], "session": allow(),
            "resourcePolicy": granting(&json!({"AWS": user}))})
    };
    assert_eq!(decision(&changes("arn:aws:iam::111122223333:user/bob")), "Allowed");
    let ann = "arn:aws:iam::111122223333:user/ann";
    assert_eq!(decision(&changes(ann)), "ImplicitlyDenied");
    let mut told = changes(ann);
    told["roleArn"] = json!(ann);
    assert_eq!(decision(&told), "Allowed");
}

#[test]
fn keys_and_roles_must_be_granted_by_their_own_policies() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let of_key = |policy: Value| {
        decision(&json!({"action": "kms:Decrypt", "resource": key, "resourcePolicy": policy}))
    };
    assert_eq!(of_key(json!(null)), "ImplicitlyDenied");
    assert_eq!(of_key(granting(&json!({"AWS": "arn:aws:iam::111122223333:root"}))), "Allowed");
    assert_eq!(of_key(granting(&json!({"AWS": "444455556666"}))), "ImplicitlyDenied");
    let alias = json!({"action": "kms:CreateAlias", "resource": "arn:aws:kms:eu-west-1:111122223333:alias/x"});
    assert_eq!(decision(&alias), "Allowed");

    let role = "arn:aws:iam::111122223333:role/app";
    let trust = |principal: Value, more: Value| {
        let mut statement =
            json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"});
        for (name, value) in more.as_object().unwrap() {
            statement[name] = value.clone();
        }
        json!({"Version": "2012-10-17", "Statement": statement})
    };
    let of_role = |policy: Value| json!({"action": "sts:AssumeRole", "resource": role, "resourcePolicy": policy});
    let account = || json!({"AWS": "arn:aws:iam::111122223333:root"});
    assert_eq!(decision(&of_role(json!(null))), "ImplicitlyDenied");
    assert_eq!(decision(&of_role(trust(account(), json!({})))), "Allowed");
    assert_eq!(decision(&of_role(trust(account(), json!({"Resource": "*"})))), "Malformed");
    assert_eq!(
        decision(&of_role(trust(json!({"AWS": "444455556666"}), json!({})))),
        "ImplicitlyDenied"
    );
    let mut service = of_role(trust(json!({"Service": "lambda.amazonaws.com"}), json!({})));
    service["principal"] = json!("lambda.amazonaws.com");
    assert_eq!(decision(&service), "Allowed");
    let get_role = json!({"action": "iam:GetRole", "resource": role});
    assert_eq!(decision(&get_role), "Allowed");

    let told = json!({"resourceRule": "required"});
    assert_eq!(decision(&told), "ImplicitlyDenied");
    let told = json!({"action": "kms:Decrypt", "resource": key, "resourceRule": "union"});
    assert_eq!(decision(&told), "Allowed");
}

#[test]
fn a_boundary_of_no_policy_allows_nothing() {
    assert_eq!(decision(&json!({"boundary": []})), "ImplicitlyDenied");
    assert_eq!(decision(&json!({"boundary": [allow()]})), "Allowed");
    let mut case = case(&json!({}));
    for member in ["boundary", "session", "resourcePolicy", "context"] {
        case.as_object_mut().unwrap().remove(member);
    }
    assert_eq!(answer(&case)["decision"], "Allowed", "members may be left out");
}
