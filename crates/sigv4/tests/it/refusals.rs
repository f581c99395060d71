//! What AWS answers to each kind of bad signature.

use crate::harness::{NOW, Owned, SECRET, get_secret_value, moment, rules};
use strongroom_sigv4::{Credential, ErrorKind, Rules, SignatureError, presign};

fn signed() -> Owned {
    let mut request = get_secret_value();
    request.sign(None);
    request
}

fn refusal(request: &Owned) -> SignatureError {
    request.verify(&rules()).unwrap_err()
}

fn edited(from: &str, to: &str) -> Owned {
    let mut request = signed();
    let (_, value) = request.headers.iter_mut().find(|(name, _)| name == "authorization").unwrap();
    let text = String::from_utf8(value.clone()).unwrap();
    assert!(text.contains(from), "{text}");
    *value = text.replace(from, to).into_bytes();
    request
}

#[test]
fn no_signature_is_a_missing_token() {
    let error = refusal(&get_secret_value());
    assert_eq!(error.kind(), ErrorKind::MissingAuthenticationToken);
    assert_eq!(error.to_string(), "Missing Authentication Token");
}

#[test]
fn missing_parts_are_named() {
    for (from, to, message) in [
        (
            "Signature=",
            "Sig=",
            "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256",
        ),
        (
            "Credential=",
            "Cred=",
            "Authorization header requires 'Credential' parameter. Authorization=AWS4-HMAC-SHA256",
        ),
        (
            "SignedHeaders=",
            "Headers=",
            "Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256",
        ),
    ] {
        let error = refusal(&edited(from, to));
        assert_eq!(error.kind(), ErrorKind::IncompleteSignature);
        assert_eq!(error.to_string(), message);
    }
    let mut undated = signed();
    undated.headers.retain(|(name, _)| name != "x-amz-date");
    assert_eq!(
        refusal(&undated).to_string(),
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. \
         Authorization=AWS4-HMAC-SHA256"
    );
}

#[test]
fn each_wrong_part_has_its_own_answer() {
    use SignatureError as E;
    let scope = "/20150830/us-east-1/secretsmanager/aws4_request";
    for (from, to, expected) in [
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", E::Algorithm),
        ("AWS4-HMAC-SHA256", "Bearer", E::Algorithm),
        (scope, "/20150830/us-east-1/aws4_request", E::Credential),
        (scope, "/20150830/us-east-1/secretsmanager/x/aws4_request", E::Credential),
        (scope, "/20150829/us-east-1/secretsmanager/aws4_request", E::ScopeDate),
        (scope, "/20150830/us-east-1/kms/aws4_request", E::ScopeService("secretsmanager".into())),
        (scope, "/20150830/us-east-1/secretsmanager/aws5_request", E::ScopeTerminator),
        (scope, "/20150830/eu-west-1/secretsmanager/aws4_request", E::Mismatch),
        ("Signature=", "Signature=0", E::SignatureForm),
        ("Signature=", "Signature=Z", E::SignatureForm),
        ("content-type;host;", "content-type;", E::HostNotSigned),
        ("host;x-amz-date", "host;host;x-amz-date", E::SignedHeaders),
        ("content-type;host;", "host;content-type;", E::SignedHeaders),
        (";x-amz-target", "", E::HeadersNotSigned("x-amz-target".into())),
        ("host;x-amz-date", "host;missing;x-amz-date", E::Mismatch),
    ] {
        assert_eq!(refusal(&edited(from, to)), expected, "{from} -> {to}");
    }
}

#[test]
fn old_and_early_signatures_say_how_far_they_are_off() {
    let at = |now, skew| signed().verify(&Rules::new("secretsmanager", now, skew)).map(drop);
    assert!(at(NOW + 300, 300).is_ok());
    assert!(at(NOW - 300, 300).is_ok());
    assert_eq!(
        at(NOW + 301, 300).unwrap_err().to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
    );
    assert_eq!(
        at(NOW - 301, 300).unwrap_err().to_string(),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"
    );
    assert!(at(NOW + 900, 900).is_ok());
    assert!(at(NOW + 901, 900).is_err());
}

#[test]
fn a_presigned_request_lives_as_long_as_it_says() {
    let mut request = get_secret_value();
    request.headers.retain(|(name, _)| name == "host");
    let credential =
        Credential { access_key_id: "AKIDEXAMPLE", secret: SECRET, session_token: None };
    request.query = request.with(|request| presign(request, &credential, &moment(), 60));
    let at = |now| request.verify(&Rules::new("secretsmanager", now, 300)).map(drop);
    assert!(at(NOW + 60).is_ok());
    assert!(at(NOW + 61).unwrap_err().to_string().starts_with("Signature expired"));
    assert!(at(NOW - 300).is_ok());
    assert!(at(NOW - 301).is_err());
    for expires in ["0", "604801", "-1", "x", "99999999999999999999"] {
        let mut edited = request.clone();
        edited.query =
            edited.query.replace("X-Amz-Expires=60", &format!("X-Amz-Expires={expires}"));
        assert_eq!(refusal(&edited), SignatureError::Expires, "{expires}");
    }
}

#[test]
fn the_body_must_be_what_was_signed() {
    for claimed in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "", &"0".repeat(64)] {
        let mut request = get_secret_value();
        request.headers.push(("x-amz-content-sha256".to_owned(), claimed.as_bytes().to_vec()));
        request.sign(None);
        assert_eq!(refusal(&request), SignatureError::PayloadHash, "{claimed}");
    }
}

#[test]
fn a_plain_date_header_will_do_and_must_be_signed() {
    let mut request = get_secret_value();
    request.headers.push(("date".to_owned(), b"Sun, 30 Aug 2015 12:36:00 GMT".to_vec()));
    request.sign(None);
    assert!(request.verify(&rules()).is_ok(), "x-amz-date counts, date is signed beside it");
    // With only a Date header the signature is made over the same moment.
    request.headers.retain(|(name, _)| name != "x-amz-date");
    assert!(request.verify(&rules()).is_err(), "x-amz-date was signed and is gone");
}

#[test]
fn an_informational_header_may_stay_unsigned() {
    let mut request = signed();
    request.headers.push(("x-amz-user-agent".to_owned(), b"load/1".to_vec()));
    assert!(request.verify(&rules()).is_ok());
}

#[test]
fn no_refusal_repeats_what_was_sent() {
    let canary = "canary0123456789";
    let mut request = signed();
    for (name, value) in &mut request.headers {
        if name != "host" && name != "x-amz-date" {
            *value = format!("{canary} {}", String::from_utf8(value.clone()).unwrap()).into_bytes();
        }
    }
    assert!(!refusal(&request).to_string().contains(canary));
}
