//! Which texts are policies.

use proptest::prelude::*;
use strongroom_iam::{PolicyDocument, PolicyError, PolicyKind, public_access};

fn parse(text: &str) -> Result<PolicyDocument, PolicyError> {
    PolicyDocument::parse(text, PolicyKind::Resource, 20_480)
}

const GOOD: &str = r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"secretsmanager:*","Resource":"*"}"#;

fn policy(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#)
}

#[test]
fn the_briefs_policies_are_policies() {
    let brief = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/cross_account.json"
    ))
    .unwrap();
    assert!(parse(&brief).is_ok());
    let identity =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/identity.json"))
            .unwrap();
    assert!(PolicyDocument::parse(&identity, PolicyKind::Identity, 20_480).is_ok());
    assert!(parse(&identity).is_err(), "a resource policy names its principals");
}

#[test]
fn statements_may_stand_alone_or_in_a_list() {
    for text in [policy(GOOD), policy(&format!("[{GOOD}]")), policy(&format!("[{GOOD},{GOOD}]"))] {
        assert!(parse(&text).is_ok(), "{text}");
    }
    let without_version = policy(GOOD).replace(r#""Version":"2012-10-17","#, "");
    assert!(parse(&without_version).is_ok());
}

#[test]
fn malformed_policies_are_refused() {
    let edited = |from: &str, to: &str| {
        let text = policy(GOOD).replace(from, to);
        assert_ne!(text, policy(GOOD), "{from}");
        text
    };
    let conditioned = |condition: &str| {
        edited(r#""Resource":"*""#, &format!(r#""Resource":"*","Condition":{condition}"#))
    };
    let principal = |principal: &str| edited(r#"{"AWS":"123456789012"}"#, principal);
    let mut texts = vec![
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "null".to_owned(),
        "\"x\"".to_owned(),
        policy("[]"),
        policy("[[]]"),
        policy("7"),
        policy(GOOD) + "x",
        edited("2012-10-17", "2012-10-18"),
        edited(r#""2012-10-17""#, "2012"),
        edited(r#""Version""#, r#""Versoin""#),
        edited(r#""Version""#, r#""Extra":1,"Version""#),
        edited(r#""Effect":"Allow","#, ""),
        edited("Allow", "allow"),
        edited("Allow", "Permit"),
        edited(r#""Effect":"Allow""#, r#""Effect":["Allow"]"#),
        edited(r#""Effect":"Allow""#, r#""Effect":"Allow","Effect":"Deny""#),
        edited(r#""Principal":{"AWS":"123456789012"},"#, ""),
        edited(r#""Action":"secretsmanager:*","#, ""),
        edited(r#","Resource":"*""#, ""),
        edited(r#""Action":"secretsmanager:*""#, r#""Action":[]"#),
        edited(r#""Action":"secretsmanager:*""#, r#""Action":"""#),
        edited(r#""Action":"secretsmanager:*""#, r#""Action":"GetSecretValue""#),
        edited(r#""Action":"secretsmanager:*""#, r#""Action":"secretsmanager:""#),
        edited(r#""Action":"secretsmanager:*""#, r#""Action":":Get""#),
        edited(r#""Action":"secretsmanager:*""#, r#""Action":"a b:c""#),
        edited(r#""Action":"secretsmanager:*""#, r#""Action":7"#),
        edited(r#""Action":"secretsmanager:*""#, r#""Action":"*","NotAction":"*""#),
        edited(r#""Resource":"*""#, r#""Resource":"my-secret""#),
        edited(r#""Resource":"*""#, r#""Resource":"arn:aws:s3""#),
        edited(r#""Resource":"*""#, r#""Resource":["*",7]"#),
        edited(r#""Resource":"*""#, r#""Resource":"*","NotResource":"*""#),
        edited(r#""Effect""#, r#""Sid":7,"Effect""#),
        edited(r#""Effect""#, r#""Other":7,"Effect""#),
        edited("\"Principal\"", "\"NotPrincipal\""),
    ];
    for bad in [
        "\"123456789012\"",
        "{}",
        "[]",
        r#"{"AWS":[]}"#,
        r#"{"AWS":7}"#,
        r#"{"AWS":"12345"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:role/*"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:group/x"}"#,
        r#"{"AWS":"arn:aws:iam::*:root"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:user/"}"#,
        r#"{"AWS":"arn:aws:s3:::bucket"}"#,
        r#"{"aws":"123456789012"}"#,
        r#"{"Service":"lambda"}"#,
        r#"{"Service":"*"}"#,
        r#"{"Federated":"*"}"#,
        r#"{"Other":"x"}"#,
        r#"{"AWS":"1","AWS":"*"}"#,
    ] {
        texts.push(principal(bad));
    }
    for bad in [
        "7",
        "[]",
        r#"{"StringEqual":{"aws:x":"1"}}"#,
        r#"{"stringequals":{"aws:x":"1"}}"#,
        r#"{"ForSomeValues:StringEquals":{"aws:x":"1"}}"#,
        r#"{"NullIfExists":{"aws:x":"true"}}"#,
        r#"{"StringEquals":"x"}"#,
        r#"{"StringEquals":{"aws:x":{"y":1}}}"#,
        r#"{"StringEquals":{"aws:x":null}}"#,
        r#"{"StringEquals":{"nocolon":"1"}}"#,
        r#"{"StringEquals":{"":"1"}}"#,
        r#"{"StringEquals":{"aws:x":"1"},"StringEquals":{"aws:y":"2"}}"#,
        r#"{"StringEquals":{"aws:x":"1","aws:x":"2"}}"#,
    ] {
        texts.push(conditioned(bad));
    }
    for text in &texts {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(texts.len() > 60);
}

#[test]
fn every_operator_is_known_with_its_forms() {
    for operator in [
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
        "DateEquals",
        "DateNotEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
        "Bool",
        "BinaryEquals",
        "IpAddress",
        "NotIpAddress",
        "ArnEquals",
        "ArnLike",
        "ArnNotEquals",
        "ArnNotLike",
    ] {
        for written in [
            operator.to_owned(),
            format!("{operator}IfExists"),
            format!("ForAllValues:{operator}"),
            format!("ForAnyValue:{operator}IfExists"),
        ] {
            let text = policy(&GOOD.replace(
                r#""Resource":"*""#,
                &format!(r#""Resource":"*","Condition":{{"{written}":{{"aws:x":["a",1,true]}}}}"#),
            ));
            assert!(parse(&text).is_ok(), "{written}");
        }
    }
}

#[test]
fn the_length_is_bounded() {
    let long = policy(
        &GOOD.replace("\"Effect\"", &format!("\"Sid\":\"{}\",\"Effect\"", "x".repeat(20_480))),
    );
    assert_eq!(parse(&long), Err(PolicyError::TooLong));
    assert!(parse(&format!("{}{}", "[".repeat(9_000), "]".repeat(9_000))).is_err());
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("7".to_owned()),
        Just(r#""*""#.to_owned()),
        Just(r#""Allow""#.to_owned()),
        Just(r#""secretsmanager:*""#.to_owned()),
        Just(r#""123456789012""#.to_owned()),
    ];
    let names = prop::sample::select(vec![
        "Version",
        "Statement",
        "Effect",
        "Principal",
        "AWS",
        "Action",
        "Resource",
        "Condition",
        "StringEquals",
        "aws:x",
    ]);
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((names.clone(), inner), 0..5).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,200}") {
        prop_assert!(parse(&text).is_err());
    }

    #[test]
    fn no_json_makes_the_parser_panic(text in json()) {
        if let Ok(policy) = parse(&text) {
            prop_assert!(!policy.statements.is_empty());
        }
    }

    #[test]
    fn an_open_statement_makes_any_policy_public_wherever_it_stands(place in 0..4usize, count in 0..4usize) {
        let listed = |statements: &[String]| parse(&policy(&format!("[{}]", statements.join(",")))).unwrap();
        let mut statements = vec![GOOD.to_owned(); count];
        if count > 0 {
            prop_assert!(public_access(&listed(&statements)).is_empty());
        }
        statements.insert(place.min(count), GOOD.replace(r#"{"AWS":"123456789012"}"#, "\"*\""));
        prop_assert_eq!(public_access(&listed(&statements)).len(), 1);
    }
}
