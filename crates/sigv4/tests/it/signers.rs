//! AWS's own signer as the other side, over random requests.

use crate::harness::{NOW, Owned, SECRET, moment, rules};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use proptest::prelude::*;
use std::time::{Duration, SystemTime};
use strongroom_sigv4::{Credential, presign};

fn sign_as_aws(request: &mut Owned, token: Option<&str>, in_query: bool) {
    let secret = String::from_utf8(SECRET.to_vec()).unwrap();
    let identity =
        Credentials::new("AKIDEXAMPLE", secret, token.map(str::to_owned), None, "test").into();
    let mut settings = SigningSettings::default();
    if in_query {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_mins(15));
    }
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(NOW).unwrap());
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("secretsmanager")
        .time(time)
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let host = request
        .headers
        .iter()
        .find(|(name, _)| name == "host")
        .map(|(_, value)| value.clone())
        .unwrap();
    let separator = if request.query.is_empty() { "" } else { "?" };
    let uri = format!(
        "http://{}{}{separator}{}",
        String::from_utf8(host).unwrap(),
        request.path,
        request.query
    );
    let headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), String::from_utf8(value.clone()).unwrap()))
        .collect();
    let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let signable =
        SignableRequest::new(&request.method, uri, pairs, SignableBody::Bytes(&request.body))
            .unwrap();
    let (instructions, _) = sign(signable, &params).unwrap().into_parts();
    let (added, query) = instructions.into_parts();
    for header in added {
        request.headers.push((header.name().to_owned(), header.value().as_bytes().to_vec()));
    }
    for (name, value) in query {
        let encode = |text: &str| -> String {
            text.bytes()
                .map(|byte| match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        char::from(byte).to_string()
                    }
                    other => format!("%{other:02X}"),
                })
                .collect()
        };
        let separator = if request.query.is_empty() { "" } else { "&" };
        request.query = format!("{}{separator}{}={}", request.query, encode(name), encode(&value));
    }
}

fn request() -> impl Strategy<Value = Owned> {
    let word = "[a-zA-Z0-9._~-]{1,8}";
    let path = prop::collection::vec(
        prop_oneof![word.boxed(), Just("%3A".to_owned()).boxed(), Just("a%20b".to_owned()).boxed()],
        0..4,
    );
    let query = prop::collection::vec(
        (word, prop_oneof![word.boxed(), Just("%2F%3D".to_owned()).boxed()]),
        0..4,
    );
    let header = ("x-amz-meta-[a-z]{1,6}", "[ -~]{0,20}");
    let body = prop::collection::vec(any::<u8>(), 0..200);
    (path, query, prop::collection::btree_map(header.0, header.1, 0..3), body).prop_map(
        |(path, query, headers, body)| {
            let mut all = vec![("host".to_owned(), b"127.0.0.1:8700".to_vec())];
            all.extend(headers.into_iter().map(|(name, value)| (name, value.into_bytes())));
            let query: Vec<_> =
                query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            Owned {
                method: "POST".to_owned(),
                path: format!("/{}", path.join("/")),
                query: query.join("&"),
                headers: all,
                body,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_aws_signs_in_the_header_verifies(request in request(), with_token in any::<bool>()) {
        let mut request = request;
        sign_as_aws(&mut request, with_token.then_some("token/+="), false);
        prop_assert!(request.verify(&rules()).is_ok());
    }

    #[test]
    fn what_aws_presigns_verifies(request in request(), with_token in any::<bool>()) {
        let mut request = request;
        // AWS signs only the host and what is marked; the other headers would have to be signed, too.
        request.headers.truncate(1);
        sign_as_aws(&mut request, with_token.then_some("token/+="), true);
        let verified = request.verify(&rules());
        prop_assert!(verified.is_ok(), "{:?} {}", verified.err(), request.query);
    }

    #[test]
    fn what_we_sign_verifies(request in request(), with_token in any::<bool>()) {
        let mut request = request;
        request.sign(with_token.then_some("token/+="));
        prop_assert!(request.verify(&rules()).is_ok());
    }

    #[test]
    fn what_we_presign_verifies(request in request(), with_token in any::<bool>()) {
        let mut request = request;
        request.headers.truncate(1);
        let token = with_token.then_some("token/+=");
        let credential = Credential { access_key_id: "AKIDEXAMPLE", secret: SECRET, session_token: token };
        request.query = request.with(|request| presign(request, &credential, &moment(), 900));
        prop_assert!(request.verify(&rules()).is_ok());
    }
}
