//! IAM's own words for what is no policy, as other projects recorded them from IAM: moto and cdk-preflight for identity
//! policies, versitygw for trust policies.

use strongroom_iam::{PolicyDocument, PolicyKind};

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";
const VENDOR: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";

fn message(text: &str, kind: PolicyKind) -> String {
    PolicyDocument::parse(text, kind, 6_144).expect_err(text).iam_message()
}

fn check(kind: PolicyKind, rows: &[(&str, &str)]) {
    for (statement, expected) in rows {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
        assert_eq!(message(&text, kind), *expected, "{statement}");
    }
}

fn check_all(kind: PolicyKind, rows: &[(String, &str)]) {
    let rows: Vec<_> = rows.iter().map(|(text, expected)| (text.as_str(), *expected)).collect();
    check(kind, &rows);
}

#[test]
fn statements_are_refused_in_iams_words() {
    let rest = r#""Action":"s3:ListBucket","Resource":"arn:aws:s3:::example_bucket""#;
    let with = |more: &str| format!(r#"{{"Effect":"Allow",{rest},{more}}}"#);
    let rows = [
        ("[]".to_owned(), SYNTAX),
        (r#"["afd"]"#.to_owned(), SYNTAX),
        (with(r#""Extra field":"value""#), SYNTAX),
        (with(r#""Sid":{}"#), SYNTAX),
        (
            with(r#""Sid":"a b""#),
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ),
        (format!("{{{rest}}}"), SYNTAX),
        (format!(r#"{{"Effect":"invalid",{rest}}}"#), SYNTAX),
        (format!(r#"{{"Effect":"denY",{rest}}}"#), LEGACY),
        (format!(r#"{{"Effect":"allow",{rest}}}"#), LEGACY),
        (with(r#""NotAction":"iam:dsf""#), SYNTAX),
        (with(r#""NotResource":"*""#), SYNTAX),
        (with(r#""Principal":"*""#), "Policy document should not specify a principal."),
        (with(r#""NotPrincipal":{"AWS":"*"}"#), "Policy document should not specify a principal."),
        (
            r#"{"Effect":"Allow","Resource":"*"}"#.to_owned(),
            "Policy statement must contain actions.",
        ),
        (
            r#"{"Effect":"Allow","Action":"s3:ListBucket"}"#.to_owned(),
            "Policy statement must contain resources.",
        ),
    ];
    check_all(PolicyKind::Identity, &rows);
    let twice = r#"[{"Sid":"sdf","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"sdf","Effect":"Deny","Action":"*","Resource":"*"}]"#;
    check(
        PolicyKind::Identity,
        &[(twice, "Statement IDs (SID) in a single policy must be unique.")],
    );
    for text in [
        "This is not a json document",
        "{}",
        r#"{"Version":"2012-10-17"}"#,
        r#"{"Version":"2013-10-17","Statement":[]}"#,
    ] {
        assert_eq!(message(text, PolicyKind::Identity), SYNTAX, "{text}");
    }
}

#[test]
fn actions_are_refused_in_iams_words() {
    let action = |action: &str| format!(r#"{{"Effect":"Allow","Action":{action},"Resource":"*"}}"#);
    let rows = [
        (action("[]"), "Policy statement must contain actions."),
        (action(r#""invalid""#), VENDOR),
        (action(r#""""#), VENDOR),
        (action(r#""a a:ListBucket""#), "Vendor a a is not valid"),
        (action(r#"":GetObject""#), "Vendor  is not valid"),
        (action(r#""s3:List:Bucket""#), "Actions/Condition can contain only one colon."),
        (
            action(r#""*:GetObject""#),
            "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.",
        ),
        (
            action(r#""s3*:GetObject""#),
            "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.",
        ),
        (action("{}"), SYNTAX),
        (action("[[]]"), SYNTAX),
    ];
    check_all(PolicyKind::Identity, &rows);
}

#[test]
fn resources_are_refused_in_iams_words() {
    let resource = |resource: &str| {
        format!(r#"{{"Effect":"Allow","Action":"s3:ListBucket","Resource":{resource}}}"#)
    };
    let rows = [
        (resource("[]"), "Policy statement must contain resources."),
        (
            resource(r#""invalid resource""#),
            r#"Resource invalid resource must be in ARN format or "*"."#,
        ),
        (resource(r#""""#), r#"Resource  must be in ARN format or "*"."#),
        (
            resource(r#""a:bsdfdsafsad""#),
            r#"Partition "bsdfdsafsad" is not valid for resource "arn:bsdfdsafsad:*:*:*:*"."#,
        ),
        (
            resource(r#""a:b:c:d:e:f:g:h""#),
            r#"Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h"."#,
        ),
        (
            resource(r#""aws:s3:::example_bucket""#),
            r#"Partition "s3" is not valid for resource "arn:s3:::example_bucket:*"."#,
        ),
        (
            resource(r#"["*","arn:error:s3:::b"]"#),
            r#"Partition "error" is not valid for resource "arn:error:s3:::b"."#,
        ),
        (
            resource(r#""arn:aws""#),
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ),
        (
            resource(r#""arn:aws:*:::x""#),
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ),
        (resource(r#""arn:aws:s3::example_bucket""#), LEGACY),
        (resource(r#""arn:aws::::example_bucket""#), LEGACY),
        (resource(r#""arn:aws:iam::${aws:PrincipalAccount}:role/x""#), LEGACY),
        (resource(r#"{"a":"arn:aws:s3:::b"}"#), SYNTAX),
    ];
    check_all(PolicyKind::Identity, &rows);
}

#[test]
fn conditions_are_refused_in_iams_words() {
    let condition = |condition: &str| {
        format!(r#"{{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Condition":{condition}}}"#)
    };
    let rows = [
        (condition("[]"), SYNTAX),
        (condition(r#"{"a":"b"}"#), SYNTAX),
        (condition(r#"{"x":{"a:b":"1"}}"#), SYNTAX),
        (condition(r#"{"StringEqualz":{"aws:x":"1"}}"#), SYNTAX),
        (condition(r#"{"NullIfExists":{"aws:x":"true"}}"#), SYNTAX),
        (condition(r#"{"StringEquals":{"aws:x":{"a":"b"}}}"#), SYNTAX),
        (condition(r#"{"BinaryEquals":{"s3:x":"!!!"}}"#), SYNTAX),
        (condition(r#"{"BinaryEquals":{"s3:x":"abc"}}"#), SYNTAX),
        (condition(r#"{"DateGreaterThan":{"aws:CurrentTime":"tomorrow"}}"#), LEGACY),
        (condition(r#"{"DateLessThan":{"aws:x":"9223372036854775808"}}"#), LEGACY),
        (condition(r#"{"NumericLessThan":{"s3:max-keys":"abc"}}"#), LEGACY),
        (condition(r#"{"IpAddress":{"aws:SourceIp":"203.0.113.999/24"}}"#), LEGACY),
        (condition(r#"{"ArnLike":{"aws:SourceArn":"nope"}}"#), LEGACY),
    ];
    check_all(PolicyKind::Identity, &rows);
}

#[test]
fn what_iam_was_recorded_to_accept_is_accepted() {
    let condition = |condition: &str| {
        format!(r#"{{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Condition":{condition}}}"#)
    };
    let rows = [
        r#"{"Effect":"Allow","Action":"*","Resource":["arn:aws:s3:::example_bucket","*"]}"#.to_owned(),
        r#"{"Effect":"Allow","Action":"aaaaaadsfdsafsadfsadfaaaaa:ListBucket","Resource":"arn:aws:iam:::user/b"}"#.to_owned(),
        r#"{"Effect":"Allow","Action":["s3-s:ListBucket","s3.s:ListBucket"],"Resource":"arn:aws:s33:::b"}"#.to_owned(),
        r#"{"Effect":"Allow","NotAction":"s3:ListBucket","NotResource":"*"}"#.to_owned(),
        r#"{"Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::*:user/${aws:username}"}"#.to_owned(),
        condition("{}"),
        condition(r#"{"DateGreaterThan":{}}"#),
        condition(r#"{"ForAnyValue:StringEqualsIfExists":{"aws:x":"asf"}}"#),
        condition(r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}"#),
        condition(r#"{"StringLike":{"s3:prefix":["","home/","home/${aws:userid}/*"]}}"#),
        condition(r#"{"DateLessThanEquals":{"aws:x":["2016-12-13T21:20:37.593194+00:00","2026","2026-01","2026-01-01","2026-01-01T00:00Z","1767225600"]}}"#),
        condition(r#"{"NumericLessThan":{"aws:x":["10",10,"10.5","-1","1e3"]}}"#),
        condition(r#"{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","0.0.0.0/0","2001:db8::/32","::/0"]}}"#),
        condition(r#"{"ArnLike":{"aws:SourceArn":["arn:*:s3:::b","arn:aws:*:*:*:*","*"]}}"#),
        condition(r#"{"BinaryEquals":{"s3:x":["YWJj","YWJjZA=="]}}"#),
        condition(r#"{"StringEqualsIfExists":{"a":"asf"}}"#),
        condition(r#"{"DateGreaterThan":{"a":[]}}"#),
        condition(r#"{"DateLessThanEquals":{"a":"2019-07-01T13:20:15Z"}}"#),
    ];
    for statement in rows {
        let text =
            format!(r#"{{"Version":"2012-10-17","Id":"sdfsdfsdf","Statement":{statement}}}"#);
        let read = PolicyDocument::parse(&text, PolicyKind::Identity, 6_144);
        assert!(read.is_ok(), "{statement} {read:?}");
    }
}

#[test]
fn resources_of_iam_and_s3_are_held_to_what_those_services_have() {
    // Recorded: LocalStack's snapshots of CreatePolicy, February 2026. Documented: S3 user guide, "Access point ARNs".
    let refusal = |resource: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:*","Resource":"*"}},
               {{"Effect":"Allow","Action":"s3:ListBucket","NotResource":["*","{resource}"]}}]}}"#
        );
        let document = PolicyDocument::parse(&text, PolicyKind::Identity, 6_144).expect(resource);
        document.refused_resource()
    };
    let kinds = r#"IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/."#;
    for (resource, expected) in [
        ("arn:aws:iam:::example_bucket", kinds),
        ("arn:aws:iam::123456789012:roles/*", kinds),
        ("arn:aws:iam::123456789012:user", kinds),
        (
            "arn:aws:iam:us-east-1::example_bucket",
            "IAM resource arn:aws:iam:us-east-1::example_bucket cannot contain region information.",
        ),
        (
            "arn:aws:s3:us-east-1::example_bucket",
            "Resource arn:aws:s3:us-east-1::example_bucket can not contain region information.",
        ),
    ] {
        assert_eq!(refusal(resource).as_deref(), Some(expected), "{resource}");
    }
    for resource in [
        "*",
        "arn:aws:iam::123456789012:*",
        "arn:aws:iam::*:role/team/*",
        "arn:aws:iam::123456789012:r*",
        "arn:aws:iam:::user/example_bucket",
        "arn:aws:iam",
        "arn:aws:s3",
        "arn:aws:s3:::example_bucket",
        "arn:aws:s3:us-west-2:123456789012:accesspoint/mine",
        "arn:aws:ec2:us-east-1::example_bucket",
        "arn:aws:invalid-service:us-east-1::example_bucket",
    ] {
        assert_eq!(refusal(resource), None, "{resource}");
    }
}

#[test]
fn trust_policies_are_refused_in_iams_words() {
    let actions = "AssumeRole policy may only specify STS AssumeRole actions.";
    let principal = |principal: &str| {
        format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}"#)
    };
    let action = |action: &str| {
        format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"*"}},"Action":{action}}}"#)
    };
    let with = |more: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"*"}},"Action":"sts:AssumeRole",{more}}}"#
        )
    };
    let rows = [
        ("[]".to_owned(), "Could not parse the policy: Statement is empty!"),
        (
            r#"{"Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}"#.to_owned(),
            "Missing required field Effect",
        ),
        (
            r#"{"Effect":"Maybe","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}"#.to_owned(),
            "Invalid effect: Maybe",
        ),
        (
            r#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#.to_owned(),
            "Missing required field Principal",
        ),
        (
            r#"{"Effect":"Allow","Principal":{"AWS":"*"}}"#.to_owned(),
            "Missing required field Action",
        ),
        (principal("{}"), "Missing required field Principal cannot be empty!"),
        (principal(r#""*""#), "Principal must be a JSON object."),
        (
            principal(r#"{"AWS":"arn:aws::iam::111122223333:root"}"#),
            r#"Invalid principal in policy: "AWS":"arn:aws::iam::111122223333:root""#,
        ),
        (principal(r#"{"Service":"s3"}"#), r#"Invalid principal in policy: "SERVICE":"s3""#),
        (principal(r#"{"Other":"x"}"#), r#"Invalid principal in policy: "Other""#),
        (action(r#""*""#), actions),
        (action(r#""sts:*""#), actions),
        (action(r#""sts:assumerole""#), actions),
        (action(r#"["sts:AssumeRole","s3:GetObject"]"#), actions),
        (with(r#""Resource":"*""#), "Has prohibited field Resource"),
        (with(r#""NotResource":"*""#), "AssumeRole policy must not contain resources."),
        (
            r#"{"Effect":"Allow","NotPrincipal":{"AWS":"*"},"Action":"sts:AssumeRole"}"#.to_owned(),
            "Allow with NotPrincipal is not allowed.",
        ),
        (
            r#"{"Effect":"Deny","NotPrincipal":{"AWS":"*"},"Action":"sts:AssumeRole"}"#.to_owned(),
            "AssumeRole policy must not contain NotPrincipal field.",
        ),
        (with(r#""Condition":{"Unknown":{"aws:x":"1"}}"#), "Syntax error in policy."),
    ];
    check_all(PolicyKind::Trust, &rows);
    assert_eq!(message("{invalid", PolicyKind::Trust), "This policy contains invalid Json");
    let version = r#"{"Version":"2020-01-01","Statement":[]}"#;
    assert_eq!(
        message(version, PolicyKind::Trust),
        "The policy must contain a valid version string"
    );
}

#[test]
fn trust_policies_of_every_kind_are_accepted() {
    for (principal, action) in [
        (r#"{"AWS":"*"}"#, r#""sts:AssumeRole""#),
        (
            r#"{"AWS":["111122223333","arn:aws:iam::444455556666:role/x"]}"#,
            r#"["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity","sts:SetContext"]"#,
        ),
        (r#"{"Service":["ecs.amazonaws.com","lambda.amazonaws.com"]}"#, r#""sts:AssumeRole""#),
        (r#"{"Federated":"cognito-identity.amazonaws.com"}"#, r#""sts:AssumeRoleWithWebIdentity""#),
        (
            r#"{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"}"#,
            r#""sts:AssumeRoleWithWebIdentity""#,
        ),
        (
            r#"{"Federated":"arn:aws:iam::111122223333:saml-provider/Okta"}"#,
            r#""sts:AssumeRoleWithSAML""#,
        ),
    ] {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":{action},"Condition":{{"StringEquals":{{"sts:ExternalId":"1"}}}}}}}}"#
        );
        let read = PolicyDocument::parse(&text, PolicyKind::Trust, 2_048);
        assert!(read.is_ok(), "{text} {read:?}");
    }
}

#[test]
fn a_message_repeats_little_of_the_text() {
    for kind in [PolicyKind::Identity, PolicyKind::Trust, PolicyKind::Resource] {
        let long = "x".repeat(5_000);
        for text in [
            format!(r#"{{"Version":"{long}","Statement":[]}}"#),
            format!(r#"{{"Statement":{{"Effect":"{long}"}}}}"#),
            format!(r#"{{"Statement":{{"Effect":"Allow","Action":"{long}\u0007"}}}}"#),
            format!(r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"{long}"}}}}}}"#),
            format!(r#"{{"Statement":{{"Effect":"Allow","Principal":{{"{long}":"*"}}}}}}"#),
            format!(r#"{{"Statement":{{"Effect":"Allow","Resource":"{long}"}}}}"#),
        ] {
            let error = PolicyDocument::parse(&text, kind, 20_480).expect_err(&text);
            let message = error.iam_message();
            assert!(message.len() < 250 && !message.contains(char::is_control), "{message}");
            assert!(error.detail().unwrap_or_default().len() < 250);
        }
    }
}
