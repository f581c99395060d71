//! What holds of any decision: denials never add rights, nor does taking allowances away, nor a narrower limit; and order
//! means nothing.

use crate::generate::{Drafts, Source, frame, statement};
use crate::scene::{DENY, FEDERATED, Scene, about};
use proptest::prelude::*;
use strongroom_iam::{Caller, Outcome, PolicyKind};

/// Of each property; higher for a release: `STRONGROOM_IAM_CASES=1000000`.
const CASES: u32 = 2_000;

fn cases() -> u32 {
    let asked = std::env::var("STRONGROOM_IAM_CASES").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(CASES)
}

/// Drafts, the scene of them, and more numbers.
fn start(seed: u64) -> (Drafts, Scene, Source) {
    let mut source = Source(seed);
    let drafts = Drafts::new(&mut source);
    let frame = frame(&mut source);
    (drafts, frame, source)
}

fn denial(kind: PolicyKind) -> String {
    if kind == PolicyKind::Resource {
        about("Deny", "Principal", r#""*""#)
    } else {
        DENY.to_owned()
    }
}

fn shuffle<T>(source: &mut Source, list: &mut [T]) {
    for place in (1..list.len()).rev() {
        list.swap(place, source.below(place + 1));
    }
}

/// The outcome without whom to blame.
fn kind(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allowed",
        Outcome::ExplicitlyDenied(_) => "denied",
        Outcome::ImplicitlyDenied(_) => "not allowed",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_denial_never_allows_more(seed in any::<u64>()) {
        let (mut drafts, frame, mut source) = start(seed);
        let before = drafts.scene(&frame).is_allowed();
        let mut lists = drafts.each();
        let place = source.below(lists.len());
        if let Some((list, list_kind)) = lists.get_mut(place) {
            let denial = statement(&mut source, *list_kind).replace(r#""Effect":"Allow""#, r#""Effect":"Deny""#);
            list.insert(source.below(list.len() + 1), denial);
        }
        prop_assert!(before || !drafts.scene(&frame).is_allowed());
    }

    #[test]
    fn a_denial_of_everything_denies_wherever_it_applies(seed in any::<u64>()) {
        let (mut drafts, frame, mut source) = start(seed);
        let mut lists = drafts.each();
        let place = source.below(lists.len());
        let Some((list, list_kind)) = lists.get_mut(place) else { return Ok(()) };
        list.push(denial(*list_kind));
        let is_resource = *list_kind == PolicyKind::Resource;
        let has_own = matches!(frame.caller, Caller::User { .. } | Caller::Role { .. } | Caller::FederatedUser { .. });
        let is_allowed = drafts.scene(&frame).is_allowed();
        prop_assert!(!is_allowed || !(is_resource || has_own));
    }

    #[test]
    fn an_allowance_less_never_allows_more(seed in any::<u64>()) {
        let (mut drafts, frame, mut source) = start(seed);
        let before = drafts.scene(&frame).is_allowed();
        let mut lists = drafts.each();
        let place = source.below(lists.len());
        if let Some((list, _)) = lists.get_mut(place) {
            let at = source.below(list.len());
            if list[at].contains(r#""Effect":"Allow""#) {
                list.remove(at);
            }
        }
        prop_assert!(before || !drafts.scene(&frame).is_allowed());
    }

    #[test]
    fn a_new_or_narrower_limit_never_allows_more(seed in any::<u64>()) {
        let (drafts, frame, mut source) = start(seed);
        let before = drafts.scene(&frame).is_allowed();
        // Without a session policy a federated user has nothing: there, one gives.
        let limits_session = drafts.session.is_some() || frame.caller != Caller::from_text(FEDERATED).unwrap();
        for which in 0..3 {
            let mut narrower = drafts.clone();
            let limit = match which {
                0 => &mut narrower.boundary,
                1 => &mut narrower.guardrail,
                _ if limits_session => &mut narrower.session,
                _ => continue,
            };
            match limit {
                None => *limit = Some(crate::generate::statements(&mut source, PolicyKind::Identity)),
                Some(list) => {
                    let at = source.below(list.len());
                    if list[at].contains(r#""Effect":"Allow""#) {
                        list.remove(at);
                    }
                }
            }
            prop_assert!(before || !narrower.scene(&frame).is_allowed(), "{}", which);
        }
    }

    #[test]
    fn order_means_nothing(seed in any::<u64>()) {
        let (mut drafts, frame, mut source) = start(seed);
        let before = kind(drafts.scene(&frame).outcome());
        for (list, _) in drafts.each() {
            shuffle(&mut source, list);
        }
        shuffle(&mut source, &mut drafts.identity);
        prop_assert_eq!(kind(drafts.scene(&frame).outcome()), before);
        let shouted = Scene { action: frame.action.to_uppercase(), ..frame };
        prop_assert_eq!(kind(drafts.scene(&shouted).outcome()), before);
    }

    #[test]
    fn statements_that_are_named_make_the_decision(seed in any::<u64>()) {
        let (drafts, frame, _) = start(seed);
        let scene = drafts.scene(&frame);
        let (outcome, count, first) = scene.decided(|decision| {
            let first = decision.statements.first().map(|matched| matched.source);
            (decision.outcome, decision.statements.len(), first)
        });
        match outcome {
            Outcome::ExplicitlyDenied(source) => prop_assert_eq!(Some(source), first),
            Outcome::ImplicitlyDenied(_) => prop_assert_eq!(count, 0),
            Outcome::Allowed => {
                let is_root = matches!(frame.caller, Caller::Root { .. });
                prop_assert!(count > 0 || is_root);
            }
        }
    }
}
