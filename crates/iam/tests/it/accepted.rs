//! Texts that are policies, and what they are read as.

use crate::{GOOD, edited, parse, policy, with_condition, with_principal};
use strongroom_iam::{
    Effect, Match, Operator, PolicyDocument, PolicyKind, Principal, Principals, Quantifier, Version,
};

#[test]
fn the_briefs_policies_are_policies() {
    let resource = include_str!("cross_account.json");
    let identity = include_str!("identity.json");
    assert!(parse(resource).is_ok());
    assert!(PolicyDocument::parse(identity, PolicyKind::Identity, 6_144).is_ok());
    assert!(parse(identity).is_err(), "a resource policy names its principals");
    assert!(PolicyDocument::parse(resource, PolicyKind::Identity, 6_144).is_err());
    let trust = edited(r#","Resource":"*""#, "").replace("secretsmanager:*", "sts:AssumeRole");
    assert!(PolicyDocument::parse(&trust, PolicyKind::Trust, 2_048).is_ok());
    assert!(PolicyDocument::parse(&policy(GOOD), PolicyKind::Trust, 2_048).is_err());
    assert!(parse(&trust).is_err());
}

#[test]
fn a_policy_is_read_as_written() {
    let text = r#"{"Version":"2012-10-17","Id":"all of it","Statement":[{"Sid":"one two","Effect":"Deny",
        "NotPrincipal":{"AWS":"arn:aws:iam::123456789012:root","Service":["lambda.amazonaws.com"]},
        "NotAction":["secretsmanager:Get*","*"],"NotResource":"arn:aws:secretsmanager:*:123456789012:secret:a-?",
        "Condition":{"ForAllValues:StringLikeIfExists":{"aws:TagKeys":["a",7,true,1.5]}}}]}"#;
    let read = parse(text).unwrap();
    assert_eq!((read.version, read.id.as_deref()), (Version::V2012, Some("all of it")));
    let [statement] = read.statements.as_slice() else { panic!("{read:?}") };
    assert_eq!((statement.sid.as_deref(), statement.effect), (Some("one two"), Effect::Deny));
    let everybody_but = vec![
        Principal::Account("123456789012".to_owned()),
        Principal::Service("lambda.amazonaws.com".to_owned()),
    ];
    assert_eq!(statement.principals, Some(Principals::IsNot(everybody_but)));
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(statement.actions, Match::None(texts(&["secretsmanager:Get*", "*"])));
    let resources = texts(&["arn:aws:secretsmanager:*:123456789012:secret:a-?"]);
    assert_eq!(statement.resources, Some(Match::None(resources)));
    let [condition] = statement.conditions.as_slice() else { panic!("{read:?}") };
    assert_eq!(condition.operator, Operator::StringLike);
    assert_eq!((condition.quantifier, condition.if_exists), (Quantifier::AllValues, true));
    assert_eq!(condition.key, "aws:tagkeys");
    assert_eq!(condition.values, ["a", "7", "true", "1.5"]);
}

#[test]
fn without_a_version_the_old_one_is_meant() {
    let text = policy(GOOD).replace(r#""Version":"2012-10-17","#, "");
    assert_eq!(parse(&text).unwrap().version, Version::V2008);
}

#[test]
fn every_form_of_principal_is_read() {
    let account = || Principal::Account("123456789012".to_owned());
    let arn = |text: &str| Principal::Arn(text.to_owned());
    for (written, read) in [
        (r#""*""#.to_owned(), Principal::Anyone),
        (r#"{"AWS":"*"}"#.to_owned(), Principal::Anyone),
        (r#"{"AWS":["123456789012"]}"#.to_owned(), account()),
        (r#"{"AWS":"arn:aws:iam::123456789012:root"}"#.to_owned(), account()),
        (r#"{"AWS":"arn:aws-us-gov:iam::123456789012:root"}"#.to_owned(), account()),
        (
            r#"{"Service":"secretsmanager.eu-west-1.amazonaws.com"}"#.to_owned(),
            Principal::Service("secretsmanager.eu-west-1.amazonaws.com".to_owned()),
        ),
        (
            r#"{"Federated":"arn:aws:iam::123456789012:saml-provider/Okta"}"#.to_owned(),
            Principal::Federated("arn:aws:iam::123456789012:saml-provider/Okta".to_owned()),
        ),
        (
            r#"{"Federated":"accounts.google.com"}"#.to_owned(),
            Principal::Federated("accounts.google.com".to_owned()),
        ),
        (
            format!(r#"{{"CanonicalUser":"{}"}}"#, "0a".repeat(32)),
            Principal::CanonicalUser("0a".repeat(32)),
        ),
        (
            r#"{"AWS":"AROAEXAMPLEID123456"}"#.to_owned(),
            Principal::UniqueId("AROAEXAMPLEID123456".to_owned()),
        ),
    ] {
        let policy = parse(&with_principal(&written)).unwrap_or_else(|e| panic!("{written} {e}"));
        assert_eq!(policy.statements[0].principals, Some(Principals::Is(vec![read])), "{written}");
    }
    for text in [
        "arn:aws:iam::123456789012:user/a",
        "arn:aws:iam::123456789012:user/path/to/a+b=c,d.e@f_g-h",
        "arn:aws-cn:iam::123456789012:role/MyRole",
        "arn:aws:iam::123456789012:role/service-role/MyRole",
        "arn:aws:sts::123456789012:assumed-role/MyRole/session",
        "arn:aws:sts::123456789012:federated-user/bob",
    ] {
        let policy = parse(&with_principal(&format!(r#"{{"AWS":"{text}"}}"#))).unwrap();
        assert_eq!(policy.statements[0].principals, Some(Principals::Is(vec![arn(text)])));
    }
}

#[test]
fn every_operator_is_known_with_its_forms() {
    let of_type = |operator: &str| match operator {
        text if text.starts_with("Numeric") => r#"["1",2,-1.5]"#,
        text if text.starts_with("Date") => r#"["2026-11-24T00:00:00Z",1795478400]"#,
        text if text.contains("IpAddress") => r#"["10.0.0.0/8","2001:db8::/32"]"#,
        "Bool" => r#"["true",false]"#,
        "BinaryEquals" => r#""QmluYXJ5""#,
        text if text.starts_with("Arn") => {
            r#"["*","arn:*:s3:::b","arn:aws:iam::123456789012:user/${aws:username}"]"#
        }
        _ => r#"["a",1,true,"*","${aws:username}"]"#,
    };
    let names = [
        "ArnEquals",
        "ArnLike",
        "ArnNotEquals",
        "ArnNotLike",
        "BinaryEquals",
        "Bool",
        "DateEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateNotEquals",
        "IpAddress",
        "NotIpAddress",
        "NumericEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericNotEquals",
        "StringEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "StringNotEquals",
        "StringNotEqualsIgnoreCase",
        "StringNotLike",
    ];
    let mut seen = Vec::new();
    for name in names {
        let forms = [
            (name.to_owned(), Quantifier::Single, false),
            (format!("{name}IfExists"), Quantifier::Single, true),
            (format!("ForAllValues:{name}"), Quantifier::AllValues, false),
            (format!("ForAnyValue:{name}IfExists"), Quantifier::AnyValue, true),
        ];
        for (written, quantifier, if_exists) in forms {
            let values = of_type(name);
            let read = parse(&with_condition(&format!(r#"{{"{written}":{{"aws:x":{values}}}}}"#)));
            let read = read.unwrap_or_else(|error| panic!("{written} {error:?}"));
            let condition = &read.statements[0].conditions[0];
            assert_eq!(format!("{:?}", condition.operator), name);
            assert_eq!((condition.quantifier, condition.if_exists), (quantifier, if_exists));
            seen.push(condition.operator);
        }
    }
    assert!(parse(&with_condition(r#"{"Null":{"aws:x":true}}"#)).is_ok());
    seen.dedup();
    assert_eq!(seen.len(), names.len(), "each name is its own operator");
}

#[test]
fn what_resources_may_and_iam_may_not_is_told_apart() {
    let twice = policy(&format!("[{0},{0}]", GOOD.replacen('{', r#"{"Sid":"a b","#, 1)));
    assert!(parse(&twice).is_ok());
    let identity = |sids: [&str; 2]| {
        let statement =
            |sid| format!(r#"{{"Sid":"{sid}","Effect":"Allow","Action":"*","Resource":"*"}}"#);
        let text = policy(&format!("[{},{}]", statement(sids[0]), statement(sids[1])));
        PolicyDocument::parse(&text, PolicyKind::Identity, 6_144)
    };
    assert!(identity(["One", "Two"]).is_ok());
    assert!(identity(["", ""]).is_ok());
    assert!(identity(["One", "One"]).is_err());
    assert!(identity(["One", "T wo"]).is_err());
}

#[test]
fn conditions_that_say_nothing_are_none() {
    for condition in ["{}", r#"{"StringEquals":{}}"#] {
        assert_eq!(parse(&with_condition(condition)).unwrap().statements[0].conditions, []);
    }
}

#[test]
fn the_length_is_bounded_in_characters() {
    let sized = |size: usize| {
        let bare = edited(r#""Effect""#, r#""Sid":"","Effect""#).chars().count();
        edited(r#""Effect""#, &format!(r#""Sid":"{}","Effect""#, "é".repeat(size - bare)))
    };
    assert!(parse(&sized(20_479)).is_ok());
    assert!(parse(&sized(20_480)).is_ok());
    for text in [sized(20_481), "{".repeat(1_000_000)] {
        assert!(parse(&text).is_err_and(|error| error.is_too_long()));
    }
    assert!(parse("{").is_err_and(|error| !error.is_too_long()));
}
