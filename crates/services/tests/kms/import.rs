//! Imported material over time: tokens that are over, materials that expire, and what is left of them.

use crate::harness::{Building, HOME};
use crate::{decrypt, encrypt, external, import, kms, metadata, parameters, wrapped};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

const DAY: i64 = 86_400_000;
const KMS_KEY: u16 = 10;
const KEYS_DUE: u16 = 11;
const MATERIAL: &[u8; 32] = b"thirty-two bytes of key material";

/// Documented: a token and its wrapping key are good for 24 hours.
#[tokio::test]
async fn a_token_is_good_for_a_day_and_then_over() {
    let building = Building::new().await;
    let key = external(&building).await;
    let made = parameters(&building, &key, HOME).await;
    let end = made["ParametersValidTo"].as_f64().unwrap();
    assert!((end - building.now().plus_days(1).as_secs_f64()).abs() < 0.001);
    let members = wrapped(&key, &made, MATERIAL);
    building.clock().advance_millis(DAY - 1);
    building.ask(kms("ImportKeyMaterial", members.clone())).await;
    building.clock().advance_millis(1);
    let refused = building.refusal(kms("ImportKeyMaterial", members)).await;
    assert_eq!(refused, "ExpiredImportTokenException");
}

/// Documented: when material expires, the key is unusable at once, until the same material is imported again.
#[tokio::test]
async fn expired_material_is_of_no_use_at_once_and_erased_by_the_next_tick() {
    let building = Building::new().await;
    let key = external(&building).await;
    let end = building.now().plus_days(2);
    let expiring = json!({
        "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": end.as_secs_f64(),
    });
    building.ask(import(&building, &key, HOME, MATERIAL, expiring).await).await;
    let told = metadata(&building, &key, HOME).await;
    assert_eq!(told["ExpirationModel"], "KEY_MATERIAL_EXPIRES");
    let ciphertext = encrypt(&building, &key, HOME).await;
    building.clock().advance_millis(2 * DAY - 1);
    building.settle().await;
    building.ask(decrypt(&ciphertext, HOME)).await;
    assert_eq!(building.indexed(KEYS_DUE).await.len(), 1);
    building.clock().advance_millis(1);
    assert_eq!(building.refusal(decrypt(&ciphertext, HOME)).await, "KMSInvalidStateException");
    assert_eq!(metadata(&building, &key, HOME).await["KeyState"], "PendingImport");
    building.settle().await;
    assert_eq!(building.indexed(KEYS_DUE).await.len(), 0, "there is nothing left to erase");
    building.events().await;
    let before = building.stored();
    assert!(!building.tick().await, "nothing is due");
    assert_eq!(building.stored(), before);
    let told = metadata(&building, &key, HOME).await;
    assert_eq!((&told["KeyState"], told["ValidTo"].is_null()), (&json!("PendingImport"), true));
    let other = import(&building, &key, HOME, &[7; 32], json!({})).await;
    assert_eq!(building.refusal(other).await, "IncorrectKeyMaterialException");
    building.ask(import(&building, &key, HOME, MATERIAL, json!({})).await).await;
    let opened = building.ask(decrypt(&ciphertext, HOME)).await;
    assert_eq!(opened["Plaintext"], STANDARD.encode("hello"));
}

/// More keys than a tick looks at.
#[tokio::test]
async fn all_material_is_erased_however_much_expires_at_once() {
    let building = Building::new().await;
    let end = building.now().plus_days(1);
    for number in 0..20 {
        let key = external(&building).await;
        let expiring = json!({
            "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": end.as_secs_f64(),
        });
        building.ask(import(&building, &key, HOME, &[number; 32], expiring).await).await;
    }
    assert_eq!(building.indexed(KEYS_DUE).await.len(), 20);
    building.clock().advance_millis(DAY);
    building.settle().await;
    assert_eq!(building.indexed(KEYS_DUE).await.len(), 0);
}

/// One that cannot be read does not keep the others' material alive.
#[tokio::test]
async fn a_damaged_key_does_not_keep_others_from_their_end() {
    let building = Building::new().await;
    let end = building.now().plus_days(1);
    let mut made = Vec::new();
    for number in 1..4 {
        let key = external(&building).await;
        let expiring = json!({
            "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": end.as_secs_f64(),
        });
        building.ask(import(&building, &key, HOME, &[number; 32], expiring).await).await;
        made.push(key);
    }
    let damaged = made[0].as_bytes();
    assert_eq!(building.damage(KMS_KEY, &[10, KEYS_DUE], |key| key.ends_with(damaged)).await, 1);
    let building = building.crash_and_start().await;
    building.clock().advance_millis(DAY);
    building.settle().await;
    let left = building.indexed(KEYS_DUE).await;
    assert!(left.len() == 1 && left[0].ends_with(damaged), "{left:?}");
}

#[tokio::test]
async fn neither_material_nor_token_is_in_events() {
    let building = Building::new().await;
    let key = external(&building).await;
    let members = wrapped(&key, &parameters(&building, &key, HOME).await, MATERIAL);
    let call = kms("ImportKeyMaterial", members.clone());
    let reply = building.send(&building.root, &call).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let events = building.events_of(&reply).await;
    assert_eq!(events.len(), 1);
    let text = events[0].to_string();
    assert!(text.contains("KEY_MATERIAL_DOES_NOT_EXPIRE") && text.contains("keyMaterialId"));
    for member in ["ImportToken", "EncryptedKeyMaterial"] {
        let start = members[member].as_str().unwrap().get(..40).unwrap();
        assert!(!text.contains(start), "{member}");
    }
    let everything = building.events().await;
    assert!(!json!(everything).to_string().contains(&STANDARD.encode(MATERIAL)));
}

/// Documented: `ValidTo` is in the future and at most 365 days away.
#[tokio::test]
async fn material_ends_in_the_future_and_within_a_year() {
    let building = Building::new().await;
    let key = external(&building).await;
    let now = building.now();
    for (end, is_good) in [
        (now, false),
        (now.plus_millis(-1), false),
        (now.plus_days(365).plus_millis(1000), false),
        (now.plus_days(365).plus_millis(-1000), true),
        (now.plus_millis(1000), true),
    ] {
        let expiring = json!({
            "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": end.as_secs_f64(),
        });
        let call = import(&building, &key, HOME, MATERIAL, expiring).await;
        let reply = building.send(&building.root, &call).await;
        assert_eq!(reply.status, if is_good { 200 } else { 400 }, "{end:?} {}", reply.body);
    }
}
