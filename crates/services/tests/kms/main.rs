//! KMS's imported material and multi-Region keys from outside, with a clock that tests move. The building is that of the
//! other tests from outside.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail the test; clippy knows only functions marked as tests"
)]

#[path = "../it/environment.rs"]
mod environment;
#[path = "../it/harness.rs"]
#[expect(dead_code, reason = "the building has rooms that only the other tests use")]
mod harness;
mod import;
mod multi_region;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::{Building, Call};
use serde_json::{Value, json};
use strongroom_keys::kms::{EncryptionAlgorithm, PairSpec, PublicKey, RsaSpec};

#[expect(clippy::needless_pass_by_value, reason = "members are written in the call")]
fn kms(operation: &str, members: Value) -> Call {
    Call::of("kms", operation, &members)
}

/// A new key's id.
async fn create(building: &Building, members: Value) -> String {
    let made = building.ask(kms("CreateKey", members)).await;
    made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
}

async fn external(building: &Building) -> String {
    create(building, json!({"Origin": "EXTERNAL"})).await
}

async fn parameters(building: &Building, key: &str, region: &str) -> Value {
    let members = json!({
        "KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048",
    });
    building.ask(kms("GetParametersForImport", members).in_region(region)).await
}

/// The members that import a material with these parameters.
fn wrapped(key: &str, parameters: &Value, material: &[u8]) -> Value {
    let der = STANDARD.decode(parameters["PublicKey"].as_str().unwrap()).unwrap();
    let public = PublicKey::from_der(PairSpec::Rsa(RsaSpec::Rsa2048), &der).unwrap();
    let sealed = public.encrypt(EncryptionAlgorithm::RsaesOaepSha256, material).unwrap();
    json!({
        "KeyId": key, "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": STANDARD.encode(sealed),
        "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE",
    })
}

/// The call that imports a material, with further members.
async fn import(
    building: &Building,
    key: &str,
    region: &str,
    material: &[u8],
    more: Value,
) -> Call {
    let mut members = wrapped(key, &parameters(building, key, region).await, material);
    for (member, value) in more.as_object().unwrap() {
        members[member] = value.clone();
    }
    kms("ImportKeyMaterial", members).in_region(region)
}

async fn metadata(building: &Building, key: &str, region: &str) -> Value {
    let call = kms("DescribeKey", json!({"KeyId": key})).in_region(region);
    building.ask(call).await["KeyMetadata"].clone()
}

async fn encrypt(building: &Building, key: &str, region: &str) -> Value {
    let members = json!({"KeyId": key, "Plaintext": STANDARD.encode("hello")});
    building.ask(kms("Encrypt", members).in_region(region)).await["CiphertextBlob"].clone()
}

fn decrypt(ciphertext: &Value, region: &str) -> Call {
    kms("Decrypt", json!({"CiphertextBlob": ciphertext})).in_region(region)
}
