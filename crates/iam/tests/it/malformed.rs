//! Texts that are no policies, with the refusal that each earns.

use crate::{GOOD, edited, parse, policy, with_condition, with_principal};

const SYNTAX: &str = "This resource policy contains a syntax error.";
const PRINCIPAL: &str = "This resource policy contains an unsupported principal.";
const SERVICE: &str = "This resource policy contains an unsupported service principal.";

fn refused(texts: &[String], message: &str) -> usize {
    for text in texts {
        let error = parse(text).expect_err(text);
        assert_eq!(error.to_string(), message, "{text}");
        let detail = error.detail().unwrap_or_default();
        assert!(detail.len() < 300 && !detail.contains(char::is_control), "{detail}");
    }
    texts.len()
}

#[test]
fn what_is_no_document_is_refused() {
    let texts = [
        String::new(),
        " ".to_owned(),
        "{".to_owned(),
        "}".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "null".to_owned(),
        "7".to_owned(),
        "\"x\"".to_owned(),
        "\u{feff}{}".to_owned(),
        format!("[{}]", policy(GOOD)),
        policy(GOOD) + "x",
        policy(GOOD) + &policy(GOOD),
        policy(GOOD).replace('"', "'"),
        policy(GOOD).replace("}}", "},}"),
        policy(GOOD).replacen('{', "{/* */", 1),
        policy("[]"),
        policy("{}"),
        policy("[[]]"),
        policy("7"),
        policy("null"),
        policy("\"Allow\""),
        policy(&format!("[{GOOD},null]")),
        policy(&format!("[{GOOD},[{GOOD}]]")),
        edited("2012-10-17", "2012-10-18"),
        edited("2012-10-17", "2012-10-17 "),
        edited("2012-10-17", ""),
        edited(r#""2012-10-17""#, "2012"),
        edited(r#""2012-10-17""#, r#"["2012-10-17"]"#),
        edited(r#""2012-10-17""#, "null"),
        edited(r#""Version""#, r#""Versoin""#),
        edited(r#""Version""#, r#""version""#),
        edited(r#""Version""#, r#""Extra":1,"Version""#),
        edited(r#""Version""#, r#""Version":"2012-10-17","Version""#),
        edited(r#""Version""#, r#""Statement":[],"Version""#),
        edited(r#""Version""#, r#""Id":7,"Version""#),
        edited(r#""Version""#, r#""Id":"\u0000","Version""#),
        edited(r#""Version""#, r#""Id":"\ud800","Version""#),
        edited(r#""Statement""#, r#""Statements""#),
        "[".repeat(9_000) + &"]".repeat(9_000),
        r#"{"a":"#.repeat(3_000) + "1" + &"}".repeat(3_000),
    ];
    assert!(refused(&texts, SYNTAX) > 40);
}

#[test]
fn what_is_no_statement_is_refused() {
    let action = |to: &str| edited(r#""Action":"secretsmanager:*""#, to);
    let resource = |to: &str| edited(r#""Resource":"*""#, to);
    let effect = |to: &str| edited(r#""Effect":"Allow""#, to);
    let texts = [
        edited(r#""Effect":"Allow","#, ""),
        effect(r#""Effect":"allow""#),
        effect(r#""Effect":"AllowSomething""#),
        effect(r#""Effect":"""#),
        effect(r#""Effect":["Allow"]"#),
        effect(r#""Effect":true"#),
        effect(r#""Effect":null"#),
        effect(r#""effect":"Allow""#),
        effect(r#""Effect":"Allow","Effect":"Deny""#),
        effect(r#""Effect":"Allow","\u0045ffect":"Allow""#),
        effect(r#""Effect":"Allow","Sid":7"#),
        effect(r#""Effect":"Allow","Sid":"a\nb""#),
        effect(r#""Effect":"Allow","Other":7"#),
        edited(r#""Principal":{"AWS":"123456789012"},"#, ""),
        edited(r#""Action":"secretsmanager:*","#, ""),
        edited(r#","Resource":"*""#, ""),
        action(r#""Action":[]"#),
        action(r#""Action":"""#),
        action(r#""Action":["secretsmanager:*",""]"#),
        action(r#""Action":"GetSecretValue""#),
        action(r#""Action":"secretsmanager""#),
        action(r#""Action":"secretsmanager:""#),
        action(r#""Action":":GetSecretValue""#),
        action(r#""Action":"secretsmanager:Get:Value""#),
        action(r#""Action":"secrets*:GetSecretValue""#),
        action(r#""Action":"*:GetSecretValue""#),
        action(r#""Action":"a b:c""#),
        action(r#""Action":"secretsmanager:${x}""#),
        action(r#""Action":7"#),
        action(r#""Action":{"secretsmanager:*":1}"#),
        action(r#""Action":null"#),
        action(r#""Action":["secretsmanager:*",["*"]]"#),
        action(r#""Action":"*","NotAction":"*""#),
        action(r#""Action":"*","Action":"*""#),
        resource(r#""Resource":[]"#),
        resource(r#""Resource":"""#),
        resource(r#""Resource":"my-secret""#),
        resource(r#""Resource":"**""#),
        resource(r#""Resource":"arn:aws:s3""#),
        resource(r#""Resource":"arn:*""#),
        resource(r#""Resource":"arn:*:secretsmanager:*:*:secret:a""#),
        resource(r#""Resource":"arn:aws:*:*:*:secret:a""#),
        resource(r#""Resource":"arn:aws:secretsmanager:*:${aws:PrincipalAccount}:secret:a""#),
        resource(r#""Resource":"arn:amazon:secretsmanager:*:*:secret:a""#),
        resource(r#""Resource":"arn:aws:secretsmanager:us-east-1:123456789012:""#),
        resource(r#""Resource":"ARN:aws:secretsmanager:*:*:secret:a""#),
        resource(r#""Resource":"arn:aws:secretsmanager:*:*:secret:a\u0000b""#),
        resource(r#""Resource":["*",7]"#),
        resource(r#""Resource":null"#),
        resource(r#""Resource":"*","NotResource":"*""#),
    ];
    assert!(refused(&texts, SYNTAX) > 40);
}

#[test]
fn what_is_nobody_is_refused() {
    let mut texts: Vec<String> = [
        r#""123456789012""#,
        r#""**""#,
        r#""""#,
        "7",
        "null",
        "{}",
        "[]",
        r#"["*"]"#,
        r#"{"AWS":[]}"#,
        r#"{"AWS":["123456789012",[]]}"#,
        r#"{"AWS":"*","Service":[]}"#,
        r#"{"AWS":7}"#,
        r#"{"AWS":123456789012}"#,
        r#"{"AWS":null}"#,
        r#"{"AWS":""}"#,
        r#"{"AWS":"12345"}"#,
        r#"{"AWS":"1234567890123"}"#,
        r#"{"AWS":"12345678901x"}"#,
        r#"{"AWS":"1234*"}"#,
        r#"{"AWS":"**"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:role/*"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:user/a?c"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:*"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:group/x"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:policy/x"}"#,
        r#"{"AWS":"arn:aws:iam::*:root"}"#,
        r#"{"AWS":"arn:aws:iam:::root"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:root/x"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:user/"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:user//a"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:role/a b"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012:role/${aws:username}"}"#,
        r#"{"AWS":"arn:aws:iam:us-east-1:123456789012:role/x"}"#,
        r#"{"AWS":"arn:aws:iam::123456789012"}"#,
        r#"{"AWS":"arn:*:iam::123456789012:root"}"#,
        r#"{"AWS":"arn:awsx:iam::123456789012:root"}"#,
        r#"{"AWS":"arn:aws:sts::123456789012:assumed-role/r"}"#,
        r#"{"AWS":"arn:aws:sts::123456789012:assumed-role/r/*"}"#,
        r#"{"AWS":"arn:aws:sts::123456789012:assumed-role/r/s/t"}"#,
        r#"{"AWS":"arn:aws:sts::123456789012:role/r"}"#,
        r#"{"AWS":"arn:aws:s3:::bucket"}"#,
        r#"{"AWS":"AKIAIOSFODNN7EXAMPLE"}"#,
        r#"{"AWS":"AIDAshort"}"#,
        r#"{"AWS":"AROA*"}"#,
        r#"{"aws":"123456789012"}"#,
        r#"{"*":"*"}"#,
        r#"{"Other":"x"}"#,
        r#"{"Federated":"*"}"#,
        r#"{"Federated":""}"#,
        r#"{"Federated":"arn:aws:iam::123456789012:saml-provider/*"}"#,
        r#"{"Federated":"arn:aws:iam::*:saml-provider/x"}"#,
        r#"{"CanonicalUser":"*"}"#,
        r#"{"CanonicalUser":"abc"}"#,
    ]
    .map(with_principal)
    .to_vec();
    texts.push(edited(r#""Principal""#, r#""NotPrincipal""#));
    assert!(refused(&texts, PRINCIPAL) > 50);
    let services = [
        r#"{"Service":"*"}"#,
        r#"{"Service":"lambda"}"#,
        r#"{"Service":"*.amazonaws.com"}"#,
        r#"{"Service":".amazonaws.com"}"#,
        r#"{"Service":"lambda.amazonaws.com.evil.example"}"#,
        r#"{"AWS":"123456789012","Service":["lambda.amazonaws.com","x"]}"#,
    ]
    .map(with_principal);
    refused(&services, SERVICE);
    let twice = [
        with_principal(r#"{"AWS":"123456789012","AWS":"*"}"#),
        edited(r#""Principal""#, r#""NotPrincipal":"*","Principal""#),
    ];
    refused(&twice[..1], SYNTAX);
    assert!(parse(&twice[1]).is_err());
}

#[test]
fn what_is_no_condition_is_refused() {
    let texts = [
        "7",
        "[]",
        "null",
        r#""StringEquals""#,
        r#"{"StringEqual":{"aws:x":"1"}}"#,
        r#"{"stringequals":{"aws:x":"1"}}"#,
        r#"{"StringEquals ":{"aws:x":"1"}}"#,
        r#"{"":{"aws:x":"1"}}"#,
        r#"{"IfExists":{"aws:x":"1"}}"#,
        r#"{"StringEqualsIfExistsIfExists":{"aws:x":"1"}}"#,
        r#"{"IfExistsStringEquals":{"aws:x":"1"}}"#,
        r#"{"ForSomeValues:StringEquals":{"aws:x":"1"}}"#,
        r#"{"ForAllValues:ForAnyValue:StringEquals":{"aws:x":"1"}}"#,
        r#"{"ForAllValues:":{"aws:x":"1"}}"#,
        r#"{"ForAnyValue:Null":{"aws:x":"true"}}"#,
        r#"{"NullIfExists":{"aws:x":"true"}}"#,
        r#"{"Unknown":{}}"#,
        r#"{"StringEquals":"x"}"#,
        r#"{"StringEquals":["x"]}"#,
        r#"{"StringEquals":null}"#,
        r#"{"StringEquals":{"aws:x":{"y":1}}}"#,
        r#"{"StringEquals":{"aws:x":null}}"#,
        r#"{"StringEquals":{"aws:x":["a",null]}}"#,
        r#"{"StringEquals":{"aws:x":[["a"]]}}"#,
        r#"{"StringEquals":{"aws:x":123456789012345678901234567890}}"#,
        r#"{"StringEquals":{"nocolon":"1"}}"#,
        r#"{"StringEquals":{"":"1"}}"#,
        r#"{"StringEquals":{":x":"1"}}"#,
        r#"{"StringEquals":{"aws:":"1"}}"#,
        r#"{"StringEquals":{"aws:x":"1"},"StringEquals":{"aws:y":"2"}}"#,
        r#"{"StringEquals":{"aws:x":"1","aws:x":"2"}}"#,
        r#"{"StringEquals":{"aws:x":"1","AWS:X":"2"}}"#,
        r#"{"Null":{"aws:x":"yes"}}"#,
        r#"{"Null":{"aws:x":null}}"#,
        r#"{"Bool":{"aws:SecureTransport":"on"}}"#,
        r#"{"Bool":{"aws:SecureTransport":"${aws:SecureTransport}"}}"#,
        r#"{"IpAddress":{"aws:SourceIp":"*"}}"#,
        r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}}"#,
        r#"{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","10.0.0"]}}"#,
        r#"{"NumericLessThan":{"aws:MultiFactorAuthAge":"soon"}}"#,
        r#"{"NumericEquals":{"aws:x":"inf"}}"#,
        r#"{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}"#,
        r#"{"DateGreaterThan":{"aws:CurrentTime":"2026-02-30T25:00:00Z"}}"#,
        r#"{"BinaryEquals":{"aws:x":"not base64"}}"#,
        r#"{"ArnLike":{"aws:SourceArn":"123456789012"}}"#,
        r#"{"ArnNotEquals":{"aws:SourceArn":"arn:aws:s3:b"}}"#,
        r#"{"DateLessThan":{"aws:CurrentTime":"2026-02-30"}}"#,
    ]
    .map(with_condition);
    assert!(refused(&texts, SYNTAX) > 40);
}

#[test]
fn a_refusal_names_the_element_but_not_the_policy() {
    for (text, detail) in [
        (edited(r#""Effect":"Allow","#, ""), Some("missing element Effect")),
        (edited("secretsmanager:*", "Get"), Some("invalid action Get")),
        (edited(r#""Version""#, r#""Extra":1,"Version""#), Some("invalid element Extra")),
        (with_condition(r#"{"StringEqual":{}}"#), Some("invalid condition operator StringEqual")),
        ("{".to_owned(), None),
    ] {
        let error = parse(&text).unwrap_err();
        assert_eq!(error.detail(), detail, "{text}");
    }
    assert_eq!(parse(&with_principal("7")).unwrap_err().to_string(), PRINCIPAL);
    let long = edited("secretsmanager:*", &"x".repeat(5_000));
    assert!(parse(&long).unwrap_err().detail().unwrap().len() < 100);
}
