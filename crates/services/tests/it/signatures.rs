//! Whoever does not sign, or signs wrongly, is refused before anything is looked up: the answer is the same for what is
//! there and for what is not, and nothing changes.
//!
//! Codes: documented, "Common errors" of both API references; as users see them in boto/boto3#4716 (Secrets Manager,
//! expired) and aws/aws-cli#6676 (STS, expired).

use crate::harness::{Building, Call, Key, Wire};
use crate::samples::{Sample, furnished, samples};
use strongroom_types::Timestamp;

/// Operations that are about no secret, so that there is nothing to reveal.
const NAMELESS: [&str; 1] = ["GetRandomPassword"];

/// The code in AWS JSON, with status 400, and in the query protocol, with status 403.
type Codes = (&'static str, &'static str);

async fn refuse_all(flaw: impl Fn(&Building, &Call) -> Wire, codes: Codes) {
    let building = furnished().await;
    building.events().await;
    let before = building.stored();
    for sample in samples() {
        let opposite = sample.opposite();
        let is_named = opposite != sample.members;
        if sample.service == "secretsmanager" {
            assert_eq!(is_named, !NAMELESS.contains(&sample.operation), "{}", sample.operation);
        }
        let one = building.deliver(&flaw(&building, &sample.call(&sample.members))).await;
        let other = building.deliver(&flaw(&building, &sample.call(&opposite))).await;
        assert_eq!(one.without_id(), other.without_id(), "{}", sample.operation);
        assert_ne!(one.request_id, other.request_id, "{}", sample.operation);
        let (status, code) = expected(&sample, codes);
        assert_eq!(one.status, status, "{}: {}", sample.operation, one.body);
        assert_eq!(one.code().as_deref(), Some(code), "{}", sample.operation);
        let header = (status == 400).then_some(code);
        assert_eq!(one.error_type, header, "{}: x-amzn-ErrorType", sample.operation);
        assert_eq!(building.stored(), before, "{} changed something", sample.operation);
    }
}

fn expected(sample: &Sample, (json, query): Codes) -> (u16, &'static str) {
    let service = sample.call(&sample.members).service;
    if service.target_prefix.is_some() { (400, json) } else { (403, query) }
}

#[tokio::test]
async fn without_a_signature_nothing_is_answered() {
    let codes = ("MissingAuthenticationTokenException", "MissingAuthenticationToken");
    refuse_all(|_, call| call.unsigned(), codes).await;
}

#[tokio::test]
async fn a_key_that_nobody_holds_signs_nothing() {
    let codes = ("UnrecognizedClientException", "InvalidClientTokenId");
    let unknown = |building: &Building, call: &Call| {
        let key = Key { id: "AKIAIOSFODNN7EXAMPLE".to_owned(), ..building.root.clone() };
        call.signed(&key, building.now())
    };
    refuse_all(unknown, codes).await;
}

#[tokio::test]
async fn a_session_token_that_was_never_given_out_makes_a_good_key_unknown() {
    let codes = ("UnrecognizedClientException", "InvalidClientTokenId");
    let invented = |building: &Building, call: &Call| {
        let key = Key { session_token: Some("FwoGZXIvYXdz".to_owned()), ..building.root.clone() };
        call.signed(&key, building.now())
    };
    refuse_all(invented, codes).await;
}

#[tokio::test]
async fn a_wrong_secret_signs_nothing() {
    let codes = ("InvalidSignatureException", "SignatureDoesNotMatch");
    let wrong = |building: &Building, call: &Call| {
        let key = Key { secret: "not the secret".to_owned(), ..building.root.clone() };
        call.signed(&key, building.now())
    };
    refuse_all(wrong, codes).await;
}

#[tokio::test]
async fn a_signature_does_not_hold_for_another_body() {
    let codes = ("InvalidSignatureException", "SignatureDoesNotMatch");
    let changed = |building: &Building, call: &Call| {
        let mut wire = call.signed(&building.root, building.now());
        // White space behind JSON, and a member that no operation has.
        wire.body.extend(if call.service.target_prefix.is_some() { " " } else { "&X=1" }.bytes());
        wire
    };
    refuse_all(changed, codes).await;
}

/// Older and younger than AWS takes anywhere: 15 minutes.
const TOO_FAR_MILLIS: i64 = 15 * 60_000 + 1_000;

fn signed_at(building: &Building, call: &Call, time: Timestamp) -> Wire {
    call.signed(&building.root, time)
}

#[tokio::test]
async fn a_signature_that_is_too_old_or_from_the_future_does_not_hold() {
    let codes = ("InvalidSignatureException", "SignatureDoesNotMatch");
    for away in [-TOO_FAR_MILLIS, TOO_FAR_MILLIS] {
        let aged = |building: &Building, call: &Call| {
            signed_at(building, call, building.now().plus_millis(away))
        };
        refuse_all(aged, codes).await;
    }
}

#[tokio::test]
async fn a_signature_ages_with_the_clock() {
    let building = furnished().await;
    let reads = samples().into_iter().filter(|sample| sample.operation.starts_with("Get"));
    for sample in reads {
        let wire = signed_at(&building, &sample.call(&sample.members), building.now());
        building.clock().advance_millis(4 * 60_000);
        assert_eq!(
            building.deliver(&wire).await.code().as_deref(),
            sample.code,
            "{}",
            sample.operation
        );
        building.clock().advance_millis(TOO_FAR_MILLIS);
        let refused = building.deliver(&wire).await;
        assert!(refused.message().starts_with("Signature expired: "), "{}", refused.body);
    }
}
