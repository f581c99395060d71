//! What holds of any text and any policy.

use crate::{GOOD, parse, policy};
use proptest::prelude::*;
use strongroom_iam::{PolicyDocument, PolicyKind, public_access};

const OPEN: &str = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;

const NAMES: [&str; 20] = [
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "AWS",
    "Service",
    "Federated",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "StringEquals",
    "IpAddress",
    "Null",
    "aws:SourceIp",
    "aws:PrincipalOrgID",
];

const TEXTS: [&str; 16] = [
    "2012-10-17",
    "Allow",
    "Deny",
    "*",
    "secretsmanager:*",
    "123456789012",
    "arn:aws:iam::123456789012:root",
    "lambda.amazonaws.com",
    "accounts.google.com",
    "0.0.0.0/0",
    "203.0.113.0/24",
    "o-a1b2c3d4e5",
    "o-*",
    "true",
    "false",
    "",
];

/// JSON of the words that policies are made of, duplicates and wrong types included.
fn json() -> impl Strategy<Value = String> {
    let text = prop::sample::select(TEXTS.to_vec()).prop_map(|text| format!("\"{text}\""));
    let leaf = prop_oneof![
        6 => text,
        1 => prop::sample::select(vec!["null", "true", "7", "-1.5", "1e400"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(7, 64, 6, |inner| {
        let member = (prop::sample::select(NAMES.to_vec()), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec(member, 0..6).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn statement() -> impl Strategy<Value = String> {
    let principal = prop::sample::select(vec![
        r#""Principal":"*""#,
        r#""Principal":{"AWS":["123456789012","*"]}"#,
        r#""Principal":{"AWS":"123456789012"}"#,
        r#""Principal":{"Service":"lambda.amazonaws.com"}"#,
        r#""Principal":{"Federated":"accounts.google.com"}"#,
    ]);
    let operator = prop::sample::select(vec![
        "StringEquals",
        "StringLike",
        "StringNotEquals",
        "StringEqualsIfExists",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringLike",
    ]);
    let key = prop::sample::select(vec![
        "aws:PrincipalOrgID",
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalOrgPaths",
        "aws:SourceVpc",
        "aws:UserAgent",
    ]);
    let value = prop::sample::select(vec![
        r#""o-1""#,
        r#""o-1/*""#,
        r#""123456789012""#,
        r#"["123456789012","*"]"#,
        r#""arn:aws:iam::123456789012:role/*""#,
        r#""*""#,
        "[]",
    ]);
    let condition = prop::option::of((operator, key, value)).prop_map(|condition| {
        let text = |(operator, key, value)| {
            format!(r#","Condition":{{"{operator}":{{"{key}":{value}}}}}"#)
        };
        condition.map(text).unwrap_or_default()
    });
    let effect = prop::sample::select(vec!["Allow", "Allow", "Deny"]);
    (effect, principal, condition).prop_map(|(effect, principal, condition)| {
        format!(r#"{{"Effect":"{effect}",{principal},"Action":"*","Resource":"*"{condition}}}"#)
    })
}

fn listed(statements: &[String]) -> PolicyDocument {
    parse(&policy(&format!("[{}]", statements.join(",")))).unwrap()
}

fn is_public(statements: &[String]) -> bool {
    !statements.is_empty() && !public_access(&listed(statements)).is_empty()
}

fn parse_as_anything(text: &str) -> Vec<PolicyDocument> {
    [PolicyKind::Identity, PolicyKind::Resource, PolicyKind::Trust]
        .into_iter()
        .filter_map(|kind| PolicyDocument::parse(text, kind, 20_480).ok())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes);
        prop_assert!(parse_as_anything(&text).is_empty());
    }

    #[test]
    fn no_json_makes_the_parser_panic(text in json()) {
        for read in parse_as_anything(&text) {
            prop_assert!(!read.statements.is_empty());
            prop_assert!(public_access(&read).len() <= read.statements.len());
        }
    }

    #[test]
    fn no_member_of_a_statement_makes_the_parser_panic(
        name in prop::sample::select(NAMES.to_vec()), value in json()
    ) {
        let text = policy(&GOOD.replacen('{', &format!("{{\"{name}\":{value},"), 1));
        for read in parse_as_anything(&text) {
            prop_assert_eq!(read.statements.len(), 1);
        }
    }

    #[test]
    fn a_damaged_policy_is_refused_or_another_policy_but_never_a_panic(
        statements in prop::collection::vec(statement(), 1..4), at in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let mut bytes = policy(&format!("[{}]", statements.join(","))).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        for read in parse_as_anything(&String::from_utf8_lossy(&bytes)) {
            prop_assert!(!read.statements.is_empty());
        }
    }

    #[test]
    fn an_open_statement_makes_any_policy_public_wherever_it_stands(
        mut statements in prop::collection::vec(statement(), 0..6), place in any::<prop::sample::Index>()
    ) {
        statements.insert(place.index(statements.len() + 1), OPEN.to_owned());
        prop_assert!(is_public(&statements));
    }

    #[test]
    fn taking_statements_away_never_makes_a_policy_public(
        statements in prop::collection::vec((statement(), any::<bool>()), 1..6)
    ) {
        let all: Vec<_> = statements.iter().map(|(statement, _)| statement.clone()).collect();
        let kept: Vec<_> =
            statements.into_iter().filter_map(|(statement, keep)| keep.then_some(statement)).collect();
        prop_assert!(is_public(&all) || !is_public(&kept));
    }

    #[test]
    fn the_order_of_statements_is_irrelevant(
        (statements, shuffled) in prop::collection::vec(statement(), 1..6)
            .prop_flat_map(|statements| (Just(statements.clone()), Just(statements).prop_shuffle()))
    ) {
        let count = |statements: &[String]| public_access(&listed(statements)).len();
        prop_assert_eq!(count(&statements), count(&shuffled));
    }

    #[test]
    fn a_denial_changes_nothing(
        mut statements in prop::collection::vec(statement(), 1..6), place in any::<prop::sample::Index>()
    ) {
        let before = is_public(&statements);
        statements.insert(place.index(statements.len() + 1), OPEN.replace("Allow", "Deny"));
        prop_assert_eq!(is_public(&statements), before);
    }
}
