//! Policies, contexts and requests made by the grammar from a number, so that a failure can be made again.

use crate::scene::{FEDERATED, FEDERATING, ROLE, ROOT, SECRET, SESSION, Scene, USER, policy};
use std::sync::Arc;
use strongroom_iam::{GuardrailKind, PolicyKind, ResourceRule};

/// `SplitMix64`.
pub(crate) struct Source(pub(crate) u64);

impl Source {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    /// One time in so many.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<'p, T: ?Sized>(&mut self, pool: &[&'p T]) -> &'p T {
        pool[self.below(pool.len())]
    }
}

const CALLERS: [&str; 8] = [
    USER,
    SESSION,
    ROLE,
    FEDERATED,
    ROOT,
    "lambda.amazonaws.com",
    "*",
    "arn:aws:iam::444455556666:user/ann",
];

const PRINCIPALS: [&str; 13] = [
    r#""*""#,
    r#"{"AWS":"*"}"#,
    r#"{"AWS":"111122223333"}"#,
    r#"{"AWS":"arn:aws:iam::444455556666:root"}"#,
    r#"{"AWS":"arn:aws:iam::111122223333:user/team/ann"}"#,
    r#"{"AWS":["arn:aws:iam::111122223333:role/app","arn:aws:iam::444455556666:user/ann"]}"#,
    r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/app/s1"}"#,
    r#"{"AWS":"arn:aws:sts::111122223333:federated-user/bob"}"#,
    r#"{"AWS":"arn:aws:iam::111122223333:user/bob"}"#,
    r#"{"Service":"lambda.amazonaws.com"}"#,
    r#"{"Service":["sns.amazonaws.com"],"AWS":"444455556666"}"#,
    r#"{"AWS":["arn:aws:iam::111122223333:user/team/ann","111122223333"]}"#,
    r#"{"AWS":["arn:aws:sts::111122223333:assumed-role/app/s1","arn:aws:iam::111122223333:role/app","111122223333"]}"#,
];

const ACTIONS: [&str; 10] = [
    "*",
    "secretsmanager:*",
    "secretsmanager:GetSecretValue",
    "SecretsManager:getsecret*",
    "secretsmanager:?etSecretValue",
    "secretsmanager:DescribeSecret",
    "secretsmanager:*Value",
    "s3:GetObject",
    "kms:*",
    "*:*",
];

const RESOURCES: [&str; 9] = [
    "*",
    SECRET,
    "arn:aws:secretsmanager:*:*:secret:*",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/*",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-??????",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:${aws:PrincipalTag/team}/*",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:${aws:PrincipalTag/team, 'app'}/*",
    "arn:aws:secretsmanager:eu-west-1:*:secret:*p*d*b*1*3",
    "arn:aws:s3:::bucket/${aws:username}",
];

const KEYS: [&str; 5] =
    ["aws:PrincipalTag/team", "AWS:username", "aws:TagKeys", "aws:PrincipalArn", "aws:x"];

const OPERATORS: [&str; 27] = [
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
    "Null",
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

/// What contexts hold; each operator finds some of its type among them.
const VALUES: [&str; 12] = [
    "app",
    "APP",
    "ann",
    "",
    "*",
    "7",
    "true",
    "2026-11-24T12:00:00Z",
    "10.1.2.3",
    "QUJD",
    ROLE,
    "${aws:username}",
];

fn list(source: &mut Source, pool: &[&str]) -> String {
    let items: Vec<_> =
        (0..=source.below(3)).map(|_| format!("\"{}\"", source.pick(pool))).collect();
    if items.len() == 1 { items.concat() } else { format!("[{}]", items.join(",")) }
}

fn condition(source: &mut Source) -> String {
    let operator = source.pick(&OPERATORS);
    let pool: &[&str] = match operator {
        "Bool" | "Null" => &["true", "false"],
        "BinaryEquals" => &["QUJD", "QQ=="],
        name if name.starts_with("Arn") => {
            &["*", ROLE, FEDERATING, "arn:aws:iam::*:*", "arn:aws:iam::111122223333:role/${aws:x}"]
        }
        name if name.starts_with("Date") => &["2026-11-24", "1795521600", "2026-11-24T12:00:00Z"],
        name if name.contains("Ip") => &["10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32"],
        name if name.starts_with("Numeric") => &["7", "6.5", "-1", "1e3"],
        _ => &["app", "a*", "?pp", "ann", "", "*", "${aws:username}", "${aws:x, 'app'}", "${*}"],
    };
    let is_null = operator == "Null";
    let prefix = source.pick(&["", "", "ForAllValues:", "ForAnyValue:"]);
    let suffix = source.pick(&["", "", "IfExists"]);
    let (prefix, suffix) = if is_null { ("", "") } else { (prefix, suffix) };
    let values = if source.once_in(20) { "[]".to_owned() } else { list(source, pool) };
    format!(r#""{prefix}{operator}{suffix}":{{"{}":{values}}}"#, source.pick(&KEYS))
}

/// A statement of the kind.
pub(crate) fn statement(source: &mut Source, kind: PolicyKind) -> String {
    let effect = source.pick(&["Allow", "Allow", "Allow", "Deny"]);
    let mut members = vec![format!(r#""Effect":"{effect}""#)];
    if source.once_in(3) {
        members.push(format!(r#""Sid":"S{}""#, source.next()));
    }
    if kind != PolicyKind::Identity {
        let but = effect == "Deny" && kind == PolicyKind::Resource && source.once_in(3);
        let element = if but { "NotPrincipal" } else { "Principal" };
        let pool = if kind == PolicyKind::Trust { &PRINCIPALS[1..] } else { &PRINCIPALS };
        members.push(format!(r#""{element}":{}"#, source.pick(pool)));
    }
    let not = if source.once_in(6) { "Not" } else { "" };
    if kind == PolicyKind::Trust {
        members.push(format!(
            r#""{not}Action":{}"#,
            list(source, &["sts:AssumeRole", "sts:TagSession"])
        ));
    } else {
        members.push(format!(r#""{not}Action":{}"#, list(source, &ACTIONS)));
        let not = if source.once_in(6) { "Not" } else { "" };
        members.push(format!(r#""{not}Resource":{}"#, list(source, &RESOURCES)));
    }
    if source.once_in(2) {
        let first = condition(source);
        let second = condition(source);
        let name = |text: &str| text.split_once("\":").map(|(name, _)| name.to_owned());
        let both = source.once_in(2) && name(&first) != name(&second);
        let text = if both { format!("{first},{second}") } else { first };
        members.push(format!(r#""Condition":{{{text}}}"#));
    }
    format!("{{{}}}", members.join(","))
}

pub(crate) fn statements(source: &mut Source, kind: PolicyKind) -> Vec<String> {
    (0..=source.below(4)).map(|_| statement(source, kind)).collect()
}

/// A policy's text.
pub(crate) fn text(source: &mut Source, statements: &[String]) -> String {
    let version = source.pick(&[
        r#""Version":"2012-10-17","#,
        r#""Version":"2012-10-17","#,
        r#""Version":"2008-10-17","#,
        "",
    ]);
    format!(r#"{{{version}"Statement":[{}]}}"#, statements.join(","))
}

/// Policies as lists of statements, so that they can be changed.
#[derive(Debug, Clone)]
pub(crate) struct Drafts {
    pub(crate) identity: Vec<Vec<String>>,
    pub(crate) boundary: Option<Vec<String>>,
    pub(crate) session: Option<Vec<String>>,
    pub(crate) resource: Option<Vec<String>>,
    pub(crate) guardrail: Option<Vec<String>>,
}

impl Drafts {
    pub(crate) fn new(source: &mut Source) -> Self {
        let mut some = |times, kind| (!source.once_in(times)).then(|| statements(source, kind));
        let resource = some(3, PolicyKind::Resource);
        let session = some(2, PolicyKind::Identity);
        let boundary = some(2, PolicyKind::Identity);
        let guardrail = some(2, PolicyKind::Identity);
        let identity = (0..source.below(3)).map(|_| statements(source, PolicyKind::Identity));
        Self { identity: identity.collect(), boundary, session, resource, guardrail }
    }

    /// Each list of statements, with its kind.
    pub(crate) fn each(&mut self) -> Vec<(&mut Vec<String>, PolicyKind)> {
        let identity = self.identity.iter_mut().map(|list| (list, PolicyKind::Identity));
        let others = [&mut self.boundary, &mut self.session, &mut self.guardrail];
        let others = others.into_iter().flatten().map(|list| (list, PolicyKind::Identity));
        let resource = self.resource.iter_mut().map(|list| (list, PolicyKind::Resource));
        identity.chain(others).chain(resource).collect()
    }

    /// A scene of these policies. A list without statements is a policy that says nothing about the request.
    pub(crate) fn scene(&self, frame: &Scene) -> Scene {
        const NOTHING: &str = r#"{"Effect":"Allow","Action":"other:Thing","Resource":"*"}"#;
        let compile = |list: &Vec<String>, kind| {
            let about = if kind == PolicyKind::Resource { r#""Principal":"*","# } else { "" };
            let nothing = NOTHING.replacen('{', &format!("{{{about}"), 1);
            let list = if list.is_empty() { std::slice::from_ref(&nothing) } else { list };
            let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, list.join(","));
            policy("generated", kind, &text)
        };
        let identity = |list| Arc::new(compile(list, PolicyKind::Identity));
        Scene {
            identity: self.identity.iter().map(identity).collect(),
            boundary: self.boundary.as_ref().map(|list| vec![identity(list)]),
            session: self.session.as_ref().map(|list| vec![identity(list)]),
            resource_policy: self.resource.as_ref().map(|list| compile(list, PolicyKind::Resource)),
            guardrails: self
                .guardrail
                .iter()
                .map(|list| (GuardrailKind::ServiceControl, vec![identity(list)]))
                .collect(),
            ..frame.clone()
        }
    }
}

/// A request and its context, without policies.
pub(crate) fn frame(source: &mut Source) -> Scene {
    let mut scene = Scene::of(source.pick(&CALLERS));
    if source.once_in(3) {
        scene = scene.elsewhere();
    }
    if source.once_in(4) {
        scene.rule = ResourceRule::Required;
    }
    let actions =
        ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "S3:GetObject"];
    source.pick(&actions).clone_into(&mut scene.action);
    for key in KEYS {
        let values: Vec<_> =
            (0..source.below(4).saturating_sub(1)).map(|_| source.pick(&VALUES)).collect();
        if !source.once_in(3) {
            scene = scene.with(key, &values);
        }
    }
    scene
}
