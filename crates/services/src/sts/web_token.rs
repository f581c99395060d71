//! The token of an OpenID Connect provider: is it signed by its issuer, is it in force, what does it claim?
//!
//! Only signatures with a public key are taken, each with the one algorithm that the key is for: a token cannot choose
//! to be unsigned, or to be checked with the public key as if that were a shared secret.

use crate::error::{ApiError, ErrorCode};
use crate::sts::fetched_keys::KeySet;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use strongroom_types::{Tag, Timestamp, limits};

/// How far an issuer's clock may be off.
const LEEWAY_SECS: i64 = 60;
/// Session tags. IAM user guide, "Pass session tags using AssumeRoleWithWebIdentity": one object, or a claim for each.
const TAGS: &str = "https://aws.amazon.com/tags";
/// The session's source identity. IAM user guide, "Monitor and control actions taken with assumed roles".
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

/// What a verified token claims.
#[derive(Debug, Clone)]
pub(super) struct WebToken {
    claims: Map<String, Value>,
    /// `sub`.
    pub subject: String,
    /// `azp` or those of `aud` that the provider takes. Never empty.
    pub audiences: Vec<String>,
    /// Session tags.
    pub tags: Vec<Tag>,
    /// Keys of those that go on to further roles.
    pub transitive: Vec<String>,
    /// The source identity.
    pub source_identity: Option<String>,
}

/// `InvalidIdentityToken`.
pub(super) fn invalid(message: impl Into<Cow<'static, str>>) -> ApiError {
    ApiError::new(ErrorCode::InvalidIdentityToken, message)
}

fn no_jwt() -> ApiError {
    // Told in users' reports of AWS's own answers, as are the other messages here unless they are marked.
    invalid(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    )
}

/// None of the keys is one that the token may be signed with, or there are none.
pub(super) fn no_key() -> ApiError {
    // The two blanks are AWS's.
    invalid(
        "Couldn't retrieve verification key from your identity provider,  please reference \
         AssumeRoleWithWebIdentity documentation for requirements",
    )
}

/// The issuer that a token names, before anything of it is verified: it says whose keys are to be tried. As it is
/// written there.
pub(super) fn claimed_issuer(token: &str) -> Result<String, ApiError> {
    let claims: Map<String, Value> =
        jsonwebtoken::dangerous::insecure_decode(token).map_err(|_| no_jwt())?.claims;
    let issuer = text(&claims, "iss").ok_or_else(|| missing("iss"))?;
    if !issuer.starts_with("https://") {
        return Err(invalid("Issuer must be a valid URL"));
    }
    Ok(issuer.to_owned())
}

impl WebToken {
    /// Verifies a token whose `iss` chose these keys.
    pub(super) fn verify(
        token: &str,
        keys: &KeySet,
        client_ids: &[String],
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let claims = verified_claims(token, &keys.keys)?;
        if keys.issuer.is_some() && keys.issuer.as_deref() != text(&claims, "iss") {
            // OpenID Connect Core 1.0, 3.1.3.7: exactly the name that discovery gave. Message inferred.
            return Err(invalid("The token's issuer is not spelled as the issuer spells itself"));
        }
        check_times(&claims, now.as_secs())?;
        let audiences = audiences(&claims, client_ids)?;
        let subject = text(&claims, "sub").ok_or_else(|| missing("sub"))?.to_owned();
        // STS model: `webIdentitySubjectType`. Shorter ones exist outside AWS and do no harm.
        if subject.is_empty() || subject.chars().count() > SUBJECT_CHARS_MAX {
            return Err(ApiError::new(ErrorCode::IdpRejectedClaim, "Invalid claim: sub"));
        }
        let (tags, transitive) = session_tags(&claims)?;
        let source_identity = source_identity(&claims)?;
        Ok(Self { claims, subject, audiences, tags, transitive, source_identity })
    }

    /// The audience that answers and events tell.
    pub(super) fn audience(&self) -> &str {
        self.audiences.first().map_or("", String::as_str)
    }

    /// What the condition key `ISSUER:claim` is, in lower case. AWS: `aud` is `azp` where there is one, and then `oaud`
    /// is `aud`. Claims whose name is not all lower case have no key: two could not be told apart.
    pub(super) fn condition(&self, claim: &str) -> Option<Vec<Cow<'_, str>>> {
        match claim {
            "aud" => Some(self.audiences.iter().map(|aud| aud.as_str().into()).collect()),
            "oaud" => {
                self.claims.get("azp")?;
                values(self.claims.get("aud")?)
            }
            _ => values(self.claims.get(claim)?),
        }
    }
}

/// Longest subject. STS model.
const SUBJECT_CHARS_MAX: usize = 255;

fn verified_claims(token: &str, keys: &JwkSet) -> Result<Map<String, Value>, ApiError> {
    let header = decode_header(token).map_err(|_| no_jwt())?;
    if header.crit.is_some() {
        // RFC 7515, 4.1.11: an extension that must be understood, and is not. Message inferred.
        return Err(invalid("The token's header names an extension that is not supported"));
    }
    let key = only_key(&header, keys).ok_or_else(no_key)?;
    let key = DecodingKey::from_jwk(key).map_err(|_| no_key())?;
    // Times and audience are checked by us, against our clock and the provider's record.
    let mut rules = Validation::new(header.alg);
    (rules.validate_exp, rules.validate_nbf, rules.validate_aud) = (false, false, false);
    rules.required_spec_claims.clear();
    let decoded = decode::<Map<String, Value>>(token, &key, &rules);
    let decoded = decoded.map_err(|error| match error.kind() {
        // Message inferred.
        ErrorKind::InvalidSignature => invalid("The token's signature is not valid"),
        _ => no_jwt(),
    })?;
    Ok(decoded.claims)
}

/// The one key that the token may be signed with.
fn only_key<'a>(header: &Header, keys: &'a JwkSet) -> Option<&'a Jwk> {
    let is_meant = |key: &&Jwk| match &header.kid {
        Some(kid) => key.common.key_id.as_ref() == Some(kid),
        None => true,
    };
    let fits = |key: &&Jwk| is_for(key, header.alg);
    let mut candidates = keys.keys.iter().filter(is_meant).filter(fits);
    candidates.next().filter(|_| candidates.next().is_none())
}

/// Whether a token that these keys do not verify may be signed with a key that its issuer has had since: one that is not
/// among them, or one without a name.
pub(super) fn may_have_newer_key(token: &str, keys: &KeySet) -> bool {
    decode_header(token)
        .is_ok_and(|header| header.kid.is_none() || only_key(&header, &keys.keys).is_none())
}

/// Whether the key is one for signatures of this algorithm. AWS takes RS256 to RS512, ES256 and ES384.
fn is_for(key: &Jwk, algorithm: Algorithm) -> bool {
    let has_kind = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512) => {
            true
        }
        (AlgorithmParameters::EllipticCurve(curve), Algorithm::ES256) => {
            curve.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::EllipticCurve(curve), Algorithm::ES384) => {
            curve.curve == EllipticCurve::P384
        }
        _ => false,
    };
    let is_named =
        key.common.key_algorithm.is_none_or(|named| named.to_string() == format!("{algorithm:?}"));
    let signs = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
    has_kind && is_named && signs
}

fn missing(claim: &str) -> ApiError {
    invalid(format!("Missing a required claim: {claim}"))
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// A time in seconds. RFC 7519: it may have a fraction, which is left off. One that is so large that it would be written with
/// an exponent is none.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, ApiError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let whole = |number: &Number| {
        let digits = number.to_string();
        digits
            .split('.')
            .next()
            .filter(|_| !digits.contains(['e', 'E']))
            .and_then(|whole| whole.parse::<i64>().ok())
    };
    let found = value.as_number().and_then(|number| number.as_i64().or_else(|| whole(number)));
    match found {
        Some(found) => Ok(Some(found)),
        None => Err(invalid(format!("Invalid claim: {name}"))),
    }
}

fn check_times(claims: &Map<String, Value>, now: i64) -> Result<(), ApiError> {
    let expires = seconds(claims, "exp")?.ok_or_else(|| missing("exp"))?;
    if now >= expires.saturating_add(LEEWAY_SECS) {
        return Err(ApiError::new(
            ErrorCode::ExpiredIdentityToken,
            format!(
                "Token expired: current date/time {now} must be before the expiration date/time {expires}"
            ),
        ));
    }
    for name in ["nbf", "iat"] {
        let begins = seconds(claims, name)?;
        if begins.is_some_and(|begins| begins > now.saturating_add(LEEWAY_SECS)) {
            // Message inferred.
            return Err(invalid(format!("The token is not valid yet: {name} is in the future")));
        }
    }
    Ok(())
}

/// AWS: the authorized party, where there is one, must be a client id of the provider; else one of the audiences.
fn audiences(claims: &Map<String, Value>, client_ids: &[String]) -> Result<Vec<String>, ApiError> {
    let named = match claims.get("azp") {
        Some(party) => party.as_str().map(|party| vec![Cow::Borrowed(party)]),
        None => claims.get("aud").ok_or_else(|| missing("aud")).map(values)?,
    };
    let is_client = |named: &Cow<'_, str>| client_ids.iter().any(|id| *id == **named);
    let taken: Vec<_> =
        named.into_iter().flatten().filter(is_client).map(Cow::into_owned).collect();
    if taken.is_empty() {
        return Err(invalid("Incorrect token audience"));
    }
    Ok(taken)
}

/// A claim as values of a condition key: a text, a number, a truth value, or a list of texts.
fn values(claim: &Value) -> Option<Vec<Cow<'_, str>>> {
    match claim {
        Value::String(text) => Some(vec![text.as_str().into()]),
        Value::Number(number) => Some(vec![number.to_string().into()]),
        Value::Bool(truth) => Some(vec![truth.to_string().into()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(Cow::Borrowed)).collect(),
        Value::Null | Value::Object(_) => None,
    }
}

fn source_identity(claims: &Map<String, Value>) -> Result<Option<String>, ApiError> {
    let Some(claim) = claims.get(SOURCE_IDENTITY) else { return Ok(None) };
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let named = claim
        .as_str()
        .filter(|name| (2..=64).contains(&name.chars().count()) && name.chars().all(is_allowed));
    match named {
        Some(named) => Ok(Some(named.to_owned())),
        None => Err(rejected(SOURCE_IDENTITY)),
    }
}

/// Message inferred.
fn rejected(claim: &str) -> ApiError {
    invalid(format!("The claim {claim} is not of the form that it must have"))
}

/// The session's tags and the keys of the transitive ones.
fn session_tags(claims: &Map<String, Value>) -> Result<(Vec<Tag>, Vec<String>), ApiError> {
    let (mut tags, mut transitive) = (Vec::new(), Vec::new());
    if let Some(nested) = claims.get(TAGS) {
        let nested = nested.as_object().ok_or_else(|| rejected(TAGS))?;
        let given = nested.get("principal_tags").map(|given| given.as_object());
        for (key, value) in given
            .map(|given| given.ok_or_else(|| rejected(TAGS)))
            .transpose()?
            .into_iter()
            .flatten()
        {
            tags.push(tag(key, value)?);
        }
        transitive.extend(keys(nested.get("transitive_tag_keys"))?);
    }
    let (of_tag, of_keys) =
        (format!("{TAGS}/principal_tags/"), format!("{TAGS}/transitive_tag_keys"));
    for (name, value) in claims {
        if let Some(key) = name.strip_prefix(&of_tag) {
            tags.push(tag(key, value)?);
        }
    }
    transitive.extend(keys(claims.get(&of_keys))?);
    for (place, tag) in tags.iter().enumerate() {
        if tags.iter().skip(place + 1).any(|other| other.key.eq_ignore_ascii_case(&tag.key)) {
            return Err(rejected(TAGS));
        }
    }
    let is_tag = |key: &String| tags.iter().any(|tag| tag.key.eq_ignore_ascii_case(key));
    if tags.len() > limits::IAM_TAGS_MAX || !transitive.iter().all(is_tag) {
        return Err(rejected(TAGS));
    }
    Ok((tags, transitive))
}

/// A tag: its value is a text, or a list of one text.
fn tag(key: &str, value: &Value) -> Result<Tag, ApiError> {
    let is_text = |text: &str| {
        let is_space = |c: char| c.is_whitespace() && !c.is_control();
        text.chars().all(|c| c.is_alphanumeric() || is_space(c) || "_.:/=+-@".contains(c))
    };
    let single = match values(value).as_deref() {
        Some([one]) if value.is_string() || value.is_array() => Some(one.clone().into_owned()),
        _ => None,
    };
    let value = single.ok_or_else(|| rejected(TAGS))?;
    let has_length = (1..=limits::TAG_KEY_CHARS_MAX).contains(&key.chars().count())
        && value.chars().count() <= limits::TAG_VALUE_CHARS_MAX;
    if !has_length || !is_text(key) || !is_text(&value) || is_reserved(key) {
        return Err(rejected(TAGS));
    }
    Ok(Tag { key: key.to_owned(), value })
}

/// AWS keeps this prefix for itself.
fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

fn keys(claim: Option<&Value>) -> Result<Vec<String>, ApiError> {
    let Some(claim) = claim else { return Ok(Vec::new()) };
    let listed = if claim.is_array() { values(claim) } else { None };
    let listed = listed.ok_or_else(|| rejected(TAGS))?;
    Ok(listed.into_iter().map(Cow::into_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, encode};
    use serde_json::json;

    // A key made for this test, and tokens signed with it by another library: {"iss":"https://issuer.example",
    // "sub":"alice","aud":"app","exp":1000}.
    const X: &str = "isBP6QT6jTHpPA-dBTQppkvSRrPqk3r_uQwh4wEmmck";
    const Y: &str = "iQRJZCqdOgNfGwBj17dXaXC2GRCKYA3-0pjPrKpB850";
    const GOOD: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJhcHAiLCJleHAiOjEwMDB9.mdrWq7uaoMxQ8gnh43HrOOrOxQN99IyZS2yAIPySfCtRoSazIFxe_cJzQBY88ZERhnp8FCfd64IK5vn6WuNsmA";
    const WITH_CRIT: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIiwiY3JpdCI6WyJiNjQiXX0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWxpY2UiLCJhdWQiOiJhcHAiLCJleHAiOjEwMDB9.PLsBF3JM1zWZyqiWQ-tKDt-zRxxb8Q-kz-IxKo9HgLXoWPOXLBL_Uc8MUtCG57dMJYBYiIfLlUflztrPIIcUtw";

    fn keys(kid: &str, algorithm: Option<&str>) -> KeySet {
        let mut key = json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": X, "y": Y});
        if let Some(algorithm) = algorithm {
            key["alg"] = algorithm.into();
        }
        let keys = serde_json::from_value(json!({ "keys": [key] })).unwrap();
        KeySet { issuer: None, keys }
    }

    fn verify(token: &str, keys: &KeySet) -> Result<WebToken, ErrorCode> {
        let clients = ["app".to_owned()];
        WebToken::verify(token, keys, &clients, Timestamp::from_millis(900_000))
            .map_err(|error| error.code)
    }

    fn claims(value: Value) -> Map<String, Value> {
        let Value::Object(claims) = value else { panic!("no object: {value}") };
        claims
    }

    #[test]
    fn a_signature_of_the_issuers_key_is_taken_and_no_other() {
        let verified = verify(GOOD, &keys("k1", None)).unwrap();
        assert_eq!(
            (verified.subject.as_str(), &*verified.audiences),
            ("alice", &["app".into()][..])
        );
        assert!(verify(GOOD, &keys("k1", Some("ES256"))).is_ok());
        let refused = Some(ErrorCode::InvalidIdentityToken);
        assert_eq!(verify(GOOD, &keys("k2", None)).err(), refused, "another key's id");
        assert_eq!(
            verify(GOOD, &keys("k1", Some("ES384"))).err(),
            refused,
            "a key for another use"
        );
        assert_eq!(verify(WITH_CRIT, &keys("k1", None)).err(), refused, "RFC 7515, 4.1.11");
        let (signed, _) = GOOD.rsplit_once('.').unwrap();
        let changed = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([7; 64]));
        assert_eq!(verify(&changed, &keys("k1", None)).err(), refused);
        assert_eq!(verify(&format!("{signed}."), &keys("k1", None)).err(), refused);
    }

    #[test]
    fn a_token_names_its_issuer_exactly_as_the_issuer_does() {
        let by = |issuer: &str| KeySet { issuer: Some(issuer.to_owned()), ..keys("k1", None) };
        assert!(verify(GOOD, &by("https://issuer.example")).is_ok());
        for other in ["https://issuer.example/", "https://ISSUER.example", ""] {
            let refused = verify(GOOD, &by(other)).err();
            assert_eq!(refused, Some(ErrorCode::InvalidIdentityToken), "{other}");
        }
    }

    #[test]
    fn a_newer_key_may_help_where_the_tokens_key_is_not_known_or_has_no_name() {
        assert!(!may_have_newer_key(GOOD, &keys("k1", None)));
        assert!(may_have_newer_key(GOOD, &keys("k2", None)));
        assert!(may_have_newer_key(GOOD, &KeySet::default()));
        let (_, rest) = GOOD.split_once('.').unwrap();
        let nameless = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#);
        assert!(may_have_newer_key(&format!("{nameless}.{rest}"), &keys("k1", None)));
        assert!(!may_have_newer_key("abcd", &KeySet::default()), "no token at all");
    }

    #[test]
    fn a_token_cannot_choose_to_be_unsigned_or_to_be_signed_with_what_is_public() {
        let (_, payload) = GOOD.rsplit_once('.').unwrap().0.split_once('.').unwrap();
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"k1"}"#);
        assert!(verify(&format!("{header}.{payload}."), &keys("k1", None)).is_err());
        let claims =
            json!({"iss": "https://issuer.example", "sub": "alice", "aud": "app", "exp": 1000});
        let header = Header { kid: Some("k1".to_owned()), ..Header::default() };
        let secret = EncodingKey::from_secret(X.as_bytes());
        let token = encode(&header, &claims, &secret).unwrap();
        assert!(verify(&token, &keys("k1", None)).is_err());
        let shared = json!({"keys": [{"kty": "oct", "kid": "k1", "k": URL_SAFE_NO_PAD.encode(X)}]});
        let shared = KeySet { issuer: None, keys: serde_json::from_value(shared).unwrap() };
        assert!(verify(&token, &shared).is_err(), "a shared secret is no issuer's key");
    }

    #[test]
    fn a_token_holds_from_its_beginning_to_its_end_with_a_minute_to_spare() {
        let at = |claim: Value, now| check_times(&claims(claim), now).map_err(|error| error.code);
        assert_eq!(at(json!({"exp": 100}), 159), Ok(()));
        assert_eq!(at(json!({"exp": 100}), 160), Err(ErrorCode::ExpiredIdentityToken));
        assert_eq!(at(json!({"exp": 100.9}), 159), Ok(()));
        assert_eq!(at(json!({"exp": 1000, "nbf": 160, "iat": 160}), 100), Ok(()));
        for bad in [
            json!({"exp": 1000, "nbf": 161}),
            json!({"exp": 1000, "iat": 161}),
            json!({"exp": 1000, "iat": "1"}),
            json!({"exp": "1000"}),
            json!({"exp": null}),
            json!({}),
        ] {
            assert_eq!(at(bad.clone(), 100), Err(ErrorCode::InvalidIdentityToken), "{bad}");
        }
    }

    #[test]
    fn the_authorized_party_goes_before_the_audience() {
        let clients = ["app".to_owned(), "web".to_owned()];
        let taken = |claim: Value| audiences(&claims(claim), &clients).ok();
        assert_eq!(taken(json!({"aud": "app"})), Some(vec!["app".to_owned()]));
        assert_eq!(taken(json!({"aud": ["other", "web"]})), Some(vec!["web".to_owned()]));
        assert_eq!(taken(json!({"aud": "other", "azp": "web"})), Some(vec!["web".to_owned()]));
        for bad in [
            json!({"aud": "app", "azp": "other"}),
            json!({"aud": []}),
            json!({}),
            json!({"aud": "app", "azp": null}),
            json!({"aud": ["app", 1]}),
            json!({"aud": "APP"}),
        ] {
            assert_eq!(taken(bad.clone()), None, "{bad}");
        }
    }

    #[test]
    fn tags_are_read_in_both_forms_and_nothing_else_is_taken_for_one() {
        // Documented: IAM user guide, "Pass session tags using AssumeRoleWithWebIdentity".
        let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
        let nested =
            json!({TAGS: {"principal_tags": {"Team": ["a"]}, "transitive_tag_keys": ["Team"]}});
        let read = session_tags(&claims(nested)).unwrap();
        assert_eq!(read, (vec![tag("Team", "a")], vec!["Team".to_owned()]));
        let flat = json!({"https://aws.amazon.com/tags/principal_tags/Team": "a"});
        assert_eq!(session_tags(&claims(flat)).unwrap().0, [tag("Team", "a")]);
        for bad in [
            json!({TAGS: []}),
            json!({TAGS: {"principal_tags": []}}),
            json!({TAGS: {"principal_tags": {"a": ["b", "c"]}}}),
            json!({TAGS: {"principal_tags": {"a": []}}}),
            json!({TAGS: {"principal_tags": {"aws:a": ["b"]}}}),
            json!({TAGS: {"principal_tags": {"a": ["b"], "A": ["b"]}}}),
            json!({TAGS: {"principal_tags": {"a": ["b"]}, "transitive_tag_keys": ["c"]}}),
            json!({TAGS: {"principal_tags": {"a": ["<"]}}}),
        ] {
            assert!(session_tags(&claims(bad.clone())).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_issuer_is_an_https_url() {
        let token = |iss: &Value| {
            let payload = URL_SAFE_NO_PAD.encode(json!({ "iss": iss }).to_string());
            format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#))
        };
        assert_eq!(
            claimed_issuer(&token(&"https://a.example/".into())).unwrap(),
            "https://a.example/"
        );
        for bad in [json!("http://a.example"), json!("a.example"), json!(["https://a.example"])] {
            assert!(claimed_issuer(&token(&bad)).is_err(), "{bad}");
        }
        assert!(claimed_issuer("abcd").is_err());
    }
    #[test]
    fn a_time_may_have_a_fraction_and_must_be_one_that_can_be_reached() {
        let read = |text: &str| {
            let claims = serde_json::from_str(&format!(r#"{{"t":{text}}}"#)).unwrap();
            seconds(&claims, "t").map_err(|error| error.code)
        };
        for (text, value) in [("1000", 1000), ("1000.9", 1000), ("-1.5", -1), ("1.5e3", 1500)] {
            assert_eq!(read(text), Ok(Some(value)), "{text}");
        }
        for text in ["1.5e300", "1.9e30", "1e19", "18446744073709551615", "\"1\"", "null"] {
            assert_eq!(read(text), Err(ErrorCode::InvalidIdentityToken), "{text}");
        }
    }
}
