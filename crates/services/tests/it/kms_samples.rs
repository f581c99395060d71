//! Requests of every operation of KMS. Those on a key are about one that is not there, which is told only to those who
//! may know; those that take an alias have the alias of a key that is there as their opposite.

use crate::harness::{ACCOUNT, Building, Call, HOME};
use crate::samples::{CANARY_BASE64, Sample};
use serde_json::{Value, json};

/// The alias of a key.
pub(crate) const KEPT_ALIAS: &str = "alias/kept";
/// An alias that no key has.
pub(crate) const ABSENT_ALIAS: &str = "alias/absent";

const ABSENT_KEY: &str = "12345678-1234-4234-8234-123456789012";
const MISSING: &str = "NotFoundException";
/// Sixteen bytes in base64.
const BYTES: &str = "AAECAwQFBgcICQoLDA0ODw==";

fn root() -> String {
    format!("arn:aws:iam::{ACCOUNT}:root")
}

fn sample(operation: &'static str, members: Value, code: Option<&'static str>) -> Sample {
    Sample { service: "kms", operation, region: HOME, members, code, refused: None }
}

/// One of each operation. Codes: documented in the KMS API reference.
pub(crate) fn samples() -> Vec<Sample> {
    let mut samples = on_keys();
    samples.extend(with_keys());
    samples.extend(
        [
            ("CreateKey", json!({"Description": "d", "Tags": [{"TagKey": "k", "TagValue": "v"}]})),
            ("GenerateRandom", json!({"NumberOfBytes": 16})),
            ("ListAliases", json!({})),
            ("ListKeys", json!({})),
            ("ListRetirableGrants", json!({"RetiringPrincipal": root()})),
        ]
        .map(|(operation, members)| sample(operation, members, None)),
    );
    samples
}

/// Operations that look after a key, which is not there.
fn on_keys() -> Vec<Sample> {
    let (key, alias) = (json!(ABSENT_KEY), json!(ABSENT_ALIAS));
    let grant = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let wrapping = json!({
        "KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048",
    });
    let import = json!({
        "KeyId": key, "ImportToken": BYTES, "EncryptedKeyMaterial": BYTES,
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    });
    [
        ("CancelKeyDeletion", json!({"KeyId": key})),
        ("CreateAlias", json!({"AliasName": alias, "TargetKeyId": key})),
        (
            "CreateGrant",
            json!({"KeyId": key, "GranteePrincipal": root(), "Operations": ["Decrypt"]}),
        ),
        ("DeleteAlias", json!({"AliasName": alias})),
        ("DeleteImportedKeyMaterial", json!({"KeyId": key})),
        ("DisableKey", json!({"KeyId": key})),
        ("DisableKeyRotation", json!({"KeyId": key})),
        ("EnableKey", json!({"KeyId": key})),
        ("EnableKeyRotation", json!({"KeyId": key})),
        ("GetKeyPolicy", json!({"KeyId": key})),
        ("GetKeyRotationStatus", json!({"KeyId": key})),
        ("GetParametersForImport", wrapping),
        ("ImportKeyMaterial", import),
        ("ListGrants", json!({"KeyId": key})),
        ("ListKeyPolicies", json!({"KeyId": key})),
        ("ListKeyRotations", json!({"KeyId": key})),
        ("ListResourceTags", json!({"KeyId": key})),
        ("PutKeyPolicy", json!({"KeyId": key, "Policy": "{}"})),
        ("ReplicateKey", json!({"KeyId": key, "ReplicaRegion": "eu-west-1"})),
        ("RetireGrant", json!({"KeyId": key, "GrantId": grant})),
        ("RevokeGrant", json!({"KeyId": key, "GrantId": grant})),
        ("RotateKeyOnDemand", json!({"KeyId": key})),
        ("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7})),
        ("TagResource", json!({"KeyId": key, "Tags": [{"TagKey": "k", "TagValue": "v"}]})),
        ("UntagResource", json!({"KeyId": key, "TagKeys": ["k"]})),
        ("UpdateAlias", json!({"AliasName": alias, "TargetKeyId": key})),
        ("UpdateKeyDescription", json!({"KeyId": key, "Description": "d"})),
        ("UpdatePrimaryRegion", json!({"KeyId": key, "PrimaryRegion": "eu-west-1"})),
    ]
    .map(|(operation, members)| sample(operation, members, Some(MISSING)))
    .into()
}

/// Operations that do cryptography with a key, which is not there.
fn with_keys() -> Vec<Sample> {
    let alias = json!(ABSENT_ALIAS);
    let ecdsa = "ECDSA_SHA_256";
    let of_pairs = json!({"KeyId": alias, "KeyPairSpec": "ECC_NIST_P256"});
    [
        ("Decrypt", json!({"KeyId": alias, "CiphertextBlob": BYTES})),
        (
            "DeriveSharedSecret",
            json!({"KeyId": alias, "KeyAgreementAlgorithm": "ECDH", "PublicKey": BYTES}),
        ),
        ("DescribeKey", json!({"KeyId": alias})),
        ("Encrypt", json!({"KeyId": alias, "Plaintext": CANARY_BASE64})),
        ("GenerateDataKey", json!({"KeyId": alias, "KeySpec": "AES_256"})),
        ("GenerateDataKeyPair", of_pairs.clone()),
        ("GenerateDataKeyPairWithoutPlaintext", of_pairs),
        ("GenerateDataKeyWithoutPlaintext", json!({"KeyId": alias, "KeySpec": "AES_256"})),
        (
            "GenerateMac",
            json!({"KeyId": alias, "Message": CANARY_BASE64, "MacAlgorithm": "HMAC_SHA_256"}),
        ),
        ("GetPublicKey", json!({"KeyId": alias})),
        (
            "ReEncrypt",
            json!({"SourceKeyId": alias, "DestinationKeyId": alias, "CiphertextBlob": BYTES}),
        ),
        ("Sign", json!({"KeyId": alias, "Message": CANARY_BASE64, "SigningAlgorithm": ecdsa})),
        (
            "Verify",
            json!({
                "KeyId": alias, "Message": CANARY_BASE64, "Signature": BYTES,
                "SigningAlgorithm": ecdsa,
            }),
        ),
        (
            "VerifyMac",
            json!({
                "KeyId": alias, "Message": CANARY_BASE64, "Mac": BYTES,
                "MacAlgorithm": "HMAC_SHA_256",
            }),
        ),
    ]
    .map(|(operation, members)| sample(operation, members, Some(MISSING)))
    .into()
}

/// Makes what the opposites of the samples are about.
pub(crate) async fn furnish(building: &Building) {
    let made = building.send(&building.root, &Call::of("kms", "CreateKey", &json!({}))).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let key = made.json()["KeyMetadata"]["KeyId"].clone();
    let members = json!({"AliasName": KEPT_ALIAS, "TargetKeyId": key});
    let named = building.send(&building.root, &Call::of("kms", "CreateAlias", &members)).await;
    assert_eq!(named.status, 200, "{}", named.body);
}
