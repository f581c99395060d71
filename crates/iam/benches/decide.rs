//! What a decision costs: `cargo bench -p strongroom-iam`. Targets: 10 µs for a principal with 20 policies of 6 KB, 2 ms for
//! policies made to be slow.

use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};
use strongroom_iam::{
    Caller, ContextMap, Decision, Policies, Policy, PolicyKind, Request, decide, explain,
};

const ACCOUNT: &str = "111122223333";
const POLICY_CHARS: usize = 6_000;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let mixed: Vec<_> = (0..20).map(typical).collect();
    let narrow: Vec<_> = (0..20).map(|number| of_secrets(number, "")).collect();
    let condition = r#","Condition":{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"},"Bool":{"aws:SecureTransport":"true"}}"#;
    let conditional: Vec<_> = (0..20).map(|number| of_secrets(number, condition)).collect();
    let allowed = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:team-19/app-29-a1b2c3";
    let unknown = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:nobody/db-a1b2c3";
    let rows = [
        ("20 typical policies, allowed by the last", &mixed, allowed),
        ("20 typical policies, allowed by none", &mixed, unknown),
        ("20 policies of secrets alone, allowed by the last", &narrow, allowed),
        ("20 policies of secrets alone, allowed by none", &narrow, unknown),
        ("the same with conditions, allowed by the last", &conditional, allowed),
    ];
    for (name, policies, resource) in rows {
        let quick = measure(policies, resource, decide);
        let thorough = measure(policies, resource, explain);
        writeln!(out, "{name:52} decide {quick:>10.2?}   explain {thorough:>10.2?}")?;
    }
    for (name, count) in [("1 policy of 20 KiB made to be slow", 1), ("10 of them", 10)] {
        for (kind, text) in slow_texts() {
            let policies: Vec<_> = (0..count).map(|_| Arc::new(parse(&text, 20_480))).collect();
            // Each pair of letters that the patterns have is there, too.
            let resource = format!("arn:aws:x:::abx{}", "a".repeat(600));
            let time = measure(&policies, &resource, decide);
            writeln!(out, "{:52} decide {time:>10.2?}", format!("{name}: {kind}"))?;
        }
    }
    let text = of_secrets_text(0, condition);
    let time = best(|| drop(black_box(parse(black_box(&text), POLICY_CHARS * 2))));
    writeln!(out, "{:52} parse  {time:>10.2?}", format!("a policy of {} characters", text.len()))
}

#[expect(clippy::panic, reason = "a bench of a policy that is none would measure nothing")]
fn parse(text: &str, chars_max: usize) -> Policy {
    match Policy::parse("bench", text, PolicyKind::Identity, chars_max) {
        Ok(policy) => policy,
        Err(error) => panic!("{error:?}"),
    }
}

/// Statements about many services, of which one is ours.
fn typical(number: usize) -> Arc<Policy> {
    let services = ["s3", "ec2", "dynamodb", "lambda", "logs", "kms", "sqs", "sns", "ssm"];
    let mut statements = vec![of_secret(number, 29, "")];
    let mut length = 0;
    for place in 0.. {
        let service = services.get(place % services.len()).copied().unwrap_or("s3");
        let statement = format!(
            r#"{{"Sid":"S{number}x{place}","Effect":"{}","Action":["{service}:Get*","{service}:List*","{service}:Describe*"],"Resource":"arn:aws:{service}:eu-west-1:{ACCOUNT}:thing/team-{number}/{place}/*"}}"#,
            if place % 10 == 0 { "Deny" } else { "Allow" }
        );
        length += statement.len();
        if length > POLICY_CHARS {
            break;
        }
        statements.push(statement);
    }
    Arc::new(parse(&document(&statements), POLICY_CHARS * 2))
}

fn of_secret(number: usize, place: usize, condition: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","secretsmanager:Describe*"],"Resource":"arn:aws:secretsmanager:*:{ACCOUNT}:secret:team-{number}/app-{place}-??????"{condition}}}"#
    )
}

fn of_secrets_text(number: usize, condition: &str) -> String {
    let one = of_secret(number, 0, condition).len();
    let count = (POLICY_CHARS / one).max(30);
    let statements: Vec<_> = (0..count).map(|place| of_secret(number, place, condition)).collect();
    document(&statements)
}

fn of_secrets(number: usize, condition: &str) -> Arc<Policy> {
    Arc::new(parse(&of_secrets_text(number, condition), POLICY_CHARS * 3))
}

fn document(statements: &[String]) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
}

/// Policies of 20 KiB of patterns that almost match.
fn slow_texts() -> Vec<(&'static str, String)> {
    let of = |pattern: String| {
        let pattern = format!("\"arn:aws:x:::{pattern}\"");
        let listed = vec![pattern.as_str(); 20_300 / (pattern.len() + 1)].join(",");
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"x:*","Resource":[{listed}]}}}}"#
        )
    };
    vec![
        ("a star after each letter", of("*a".repeat(250) + "b")),
        ("long pieces between stars", of(format!("*{}b*", "a".repeat(290)))),
        ("long pieces of question marks", of(format!("*{}b*", "a?".repeat(145)))),
        ("short pieces", of("*aaaab*".to_owned())),
        ("short pieces with question marks", of("*a?a?b*".to_owned())),
        ("shortest pieces with question marks", of("*?aab*?x".to_owned())),
    ]
}

fn measure(
    policies: &[Arc<Policy>],
    resource: &str,
    decide: for<'a> fn(&Request<'_>, &Policies<'a>) -> Decision<'a>,
) -> Duration {
    let context: ContextMap = [
        ("aws:ResourceTag/team", "red"),
        ("aws:PrincipalTag/team", "red"),
        ("aws:SecureTransport", "true"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), vec![value.to_owned()]))
    .collect();
    let request = Request {
        caller: Caller::User { arn: "arn:aws:iam::111122223333:user/ann" },
        action: if resource.starts_with("arn:aws:x:") {
            "x:Get"
        } else {
            "secretsmanager:GetSecretValue"
        },
        resource,
        resource_account: ACCOUNT,
        context: &context,
    };
    let policies = Policies { identity: policies, ..Policies::default() };
    best(|| drop(black_box(decide(black_box(&request), &policies))))
}

/// The best mean of ten runs, which other work on the machine disturbs least.
#[expect(clippy::disallowed_methods, reason = "a bench measures with the clock that there is")]
fn best(work: impl Fn()) -> Duration {
    const RUNS: u32 = 200;
    let run = |_| {
        let start = Instant::now();
        (0..RUNS).for_each(|_| work());
        start.elapsed() / RUNS
    };
    (0..10).map(run).min().unwrap_or_default()
}
