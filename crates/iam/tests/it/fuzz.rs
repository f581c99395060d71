//! Policies of the grammar, and damaged ones: no text makes the parser or the evaluator panic or linger.

use crate::generate::{Source, frame, statements, text};
use crate::scene::{Scene, policy};
use std::sync::Arc;
use strongroom_iam::{Outcome, Policy, PolicyKind, decide_case, public_access};

const MADE: u64 = 10_000;
/// Set higher for a release: `STRONGROOM_IAM_MUTATIONS=1000000`.
const MUTATED: u64 = 50_000;

const KINDS: [PolicyKind; 3] = [PolicyKind::Identity, PolicyKind::Resource, PolicyKind::Trust];

/// Decides with the policy in every place that it could have.
fn try_out(policy: Policy, kind: PolicyKind, frame: &Scene) -> Outcome {
    assert!(policy.context_keys().is_sorted());
    let scene = frame.clone();
    let scene = if kind == PolicyKind::Identity {
        let policy = Arc::new(policy);
        Scene {
            identity: vec![Arc::clone(&policy)],
            boundary: Some(vec![Arc::clone(&policy)]),
            session: Some(vec![policy]),
            ..scene
        }
    } else {
        Scene { resource_policy: Some(policy), ..scene }
    };
    scene.decided(|decision| {
        assert_eq!(decision.reason(&scene.action).is_none(), decision.is_allowed());
        decision.outcome
    })
}

#[test]
fn policies_of_the_grammar_are_policies_and_decide() {
    let (mut allowed, mut denied) = (0, 0);
    for seed in 0..MADE {
        let mut source = Source(seed);
        let kind = KINDS[source.below(KINDS.len())];
        let list = statements(&mut source, kind);
        let text = text(&mut source, &list);
        let frame = frame(&mut source);
        match try_out(policy("made", kind, &text), kind, &frame) {
            Outcome::Allowed => allowed += 1,
            Outcome::ExplicitlyDenied(_) => denied += 1,
            Outcome::ImplicitlyDenied(_) => {}
        }
    }
    let is_enough = |count: u64| (MADE / 20..MADE / 2).contains(&count);
    assert!(is_enough(allowed) && is_enough(denied), "{allowed} allowed, {denied} denied");
}

fn mutate(source: &mut Source, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=source.below(4) {
        let at = source.below(bytes.len());
        let end = (at + source.below(20)).min(bytes.len());
        match source.below(6) {
            0 => bytes[at] = u8::try_from(source.below(256)).unwrap(),
            1 => bytes.truncate(at + 1),
            2 => {
                bytes.drain(at..end);
            }
            3 => {
                let piece = bytes[at..end].to_vec();
                let to = source.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            4 => {
                let word = source.pick(&[
                    "\"",
                    "{",
                    "}",
                    "[",
                    "]",
                    ",",
                    ":",
                    "*",
                    "?",
                    "${",
                    "}",
                    "'",
                    "\\u0000",
                    "null",
                    "é",
                    "-",
                    "1e999",
                    "ForAllValues:",
                    "Not",
                    "IfExists",
                    "/",
                    "\u{1f600}",
                ]);
                bytes.splice(at..at, word.bytes());
            }
            _ => {
                let other = source.below(bytes.len());
                bytes.swap(at, other);
            }
        }
        if bytes.is_empty() {
            bytes.push(b'{');
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn damaged_policies_are_refused_or_decide_but_never_panic() {
    let count = std::env::var("STRONGROOM_IAM_MUTATIONS");
    let count = count.ok().and_then(|count| count.parse().ok()).unwrap_or(MUTATED);
    let mut survivors = 0_u64;
    for seed in 0..count {
        let mut source = Source(seed ^ 0x5eed);
        let kind = KINDS[source.below(KINDS.len())];
        let list = statements(&mut source, kind);
        let whole = text(&mut source, &list);
        let damaged = mutate(&mut source, &whole);
        match Policy::parse("damaged", &damaged, kind, 20_480) {
            Ok(policy) => {
                survivors += 1;
                try_out(policy, kind, &frame(&mut source));
            }
            Err(error) => {
                assert!(error.iam_message().len() < 300 && error.to_string().len() < 100);
            }
        }
        if seed % 50 == 0 {
            let case = format!(
                r#"{{"id":{seed},"principal":"*","action":"a:B","resource":"*","account":"111122223333","resourcePolicy":{damaged}}}"#
            );
            assert!(decide_case(&case).contains("\"decision\""));
        }
    }
    assert!(
        survivors * 20 > count,
        "{survivors} of {count}: most damage is found before the evaluator"
    );
}

/// A policy of 20 KiB made to be slow: an evaluator that tries every way to match would not end.
#[test]
fn patterns_made_to_be_slow_end() {
    let name = format!("arn:aws:x:::{}", "a".repeat(600));
    let mut patterns = Vec::new();
    for piece in ["*a", "a*", "*aa", "*a?", "?*a", "*a*a?a", "**a"] {
        patterns.push(format!("arn:aws:x:::{}b", piece.repeat(200)));
    }
    for length in [50, 150, 290] {
        patterns.push(format!("arn:aws:x:::*{}b*", "a".repeat(length)));
        patterns.push(format!("arn:aws:x:::*{}b*", "a?".repeat(length)));
        patterns.push(format!("arn:aws:x:::*{}b*{0}b*", "a?a".repeat(length / 3)));
    }
    let listed: Vec<_> = patterns.iter().map(|pattern| format!("\"{pattern}\"")).collect();
    let listed = listed.join(",");
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{}*","Resource":[{listed}]}},{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringLike":{{"aws:x":[{listed}]}},"ArnNotLike":{{"aws:x":[{listed}]}}}}}}]}}"#,
        "x:*a".to_owned() + &"*a".repeat(500)
    );
    assert!(text.len() > 20_000, "{}", text.len());
    let mut scene = Scene::of(crate::scene::USER).with("aws:x", &[&name]);
    scene.action = format!("x:{}", "a".repeat(200));
    scene.resource.clone_from(&name);
    scene
        .identity
        .push(Arc::new(Policy::parse("slow", &text, PolicyKind::Identity, 100_000).unwrap()));
    assert!(!scene.is_allowed());
}

#[test]
fn texts_made_to_be_slow_to_read_end() {
    for piece in ["${", "${a,", "${a, '", "${a:b", "${}", "${$}", "?", "*?", "é${"] {
        let name = piece.repeat(19_000 / piece.len());
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"x:Get","Resource":"arn:aws:x:::{name}"}}}}"#
        );
        let read = Policy::parse("slow", &text, PolicyKind::Identity, 20_480).unwrap();
        let frame = Scene::of(crate::scene::USER);
        let resource = format!("arn:aws:x:::{}", "a".repeat(2_000));
        let scene =
            Scene { resource, action: "x:Get".to_owned(), identity: vec![Arc::new(read)], ..frame };
        // 9,500 question marks are more than there are letters; stars between as many are not.
        assert!(!scene.is_allowed(), "{piece}");
    }
}

#[test]
fn any_policy_can_be_asked_whether_it_is_public() {
    for seed in 0..1_000 {
        let mut source = Source(seed);
        let list = statements(&mut source, PolicyKind::Resource);
        let text = text(&mut source, &list);
        let read = crate::parse(&text).unwrap();
        assert!(public_access(&read).len() <= list.len());
    }
}
