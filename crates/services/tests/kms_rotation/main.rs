//! The rotation of KMS's keys by a server whose clock the tests move: which rotations come when, and that nothing that was
//! ever sealed is lost by one.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail the test; clippy knows only functions marked as tests"
)]

#[path = "../it/environment.rs"]
mod environment;
#[path = "../it/harness.rs"]
#[expect(dead_code, reason = "another test binary uses the rest")]
mod harness;

use harness::{Building, Call};
use serde_json::{Value, json};

const DAY: i64 = 24 * 60 * 60 * 1000;

struct Kms {
    building: Building,
}

impl Kms {
    async fn new() -> Self {
        Self { building: Building::new().await }
    }

    async fn in_region(&self, region: &str, operation: &str, members: Value) -> Value {
        let call = Call::of("kms", operation, &members).in_region(region);
        let reply = self.building.send(&self.building.root, &call).await;
        assert_eq!(reply.status, 200, "{operation}: {}", reply.body);
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    async fn ask(&self, operation: &str, members: Value) -> Value {
        self.in_region(harness::HOME, operation, members).await
    }

    async fn new_key(&self, members: Value) -> String {
        let made = self.ask("CreateKey", members).await;
        made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
    }

    async fn encrypt(&self, key: &str) -> String {
        let members = json!({"KeyId": key, "Plaintext": "c2VjcmV0"});
        self.ask("Encrypt", members).await["CiphertextBlob"].as_str().unwrap().to_owned()
    }

    /// The id of the material that opened it.
    async fn decrypt(&self, blob: &str) -> String {
        let opened = self.ask("Decrypt", json!({"CiphertextBlob": blob})).await;
        assert_eq!(opened["Plaintext"], "c2VjcmV0");
        opened["KeyMaterialId"].as_str().unwrap().to_owned()
    }

    async fn materials(&self, key: &str) -> Vec<Value> {
        let members = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
        self.ask("ListKeyRotations", members).await["Rotations"].as_array().unwrap().clone()
    }

    async fn pass(&self, days: i64) {
        self.building.clock().advance_millis(days * DAY);
        self.building.settle().await;
    }
}

#[tokio::test]
async fn a_key_is_rotated_when_its_period_is_over_and_every_period_after() {
    // Documented: KMS API reference, EnableKeyRotation.
    let kms = Kms::new().await;
    let key = kms.new_key(json!({})).await;
    kms.ask("EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 90})).await;
    let mut blobs = vec![kms.encrypt(&key).await];
    for round in 1..=3 {
        kms.pass(89).await;
        assert_eq!(kms.materials(&key).await.len(), round, "a day too early");
        kms.pass(1).await;
        let materials = kms.materials(&key).await;
        assert_eq!(materials.len(), round + 1);
        assert_eq!(materials[round]["RotationType"], "AUTOMATIC");
        blobs.push(kms.encrypt(&key).await);
        for (blob, material) in blobs.iter().zip(&materials) {
            assert_eq!(kms.decrypt(blob).await, material["KeyMaterialId"].as_str().unwrap());
        }
    }
}

#[tokio::test]
async fn a_disabled_key_is_rotated_once_it_is_enabled() {
    // Documented: KMS API reference, GetKeyRotationStatus.
    let kms = Kms::new().await;
    let key = kms.new_key(json!({})).await;
    kms.ask("EnableKeyRotation", json!({"KeyId": key})).await;
    kms.ask("DisableKey", json!({"KeyId": key})).await;
    kms.pass(800).await;
    assert_eq!(kms.materials(&key).await.len(), 1);
    let status = kms.ask("GetKeyRotationStatus", json!({"KeyId": key})).await;
    assert_eq!(status["KeyRotationEnabled"], true);
    kms.ask("EnableKey", json!({"KeyId": key})).await;
    kms.pass(0).await;
    assert_eq!(kms.materials(&key).await.len(), 2);
    kms.pass(364).await;
    assert_eq!(kms.materials(&key).await.len(), 2, "every year after");
    kms.pass(1).await;
    assert_eq!(kms.materials(&key).await.len(), 3);
}

#[tokio::test]
async fn a_key_that_waits_for_its_deletion_is_not_rotated_until_that_is_cancelled() {
    // Documented: KMS API reference, GetKeyRotationStatus; a key is disabled after CancelKeyDeletion.
    let kms = Kms::new().await;
    let key = kms.new_key(json!({})).await;
    kms.ask("EnableKeyRotation", json!({"KeyId": key})).await;
    kms.pass(360).await;
    kms.ask("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 30})).await;
    kms.pass(20).await;
    assert_eq!(kms.materials(&key).await.len(), 1);
    let status = kms.ask("GetKeyRotationStatus", json!({"KeyId": key})).await;
    assert_eq!(status, json!({"KeyId": key, "KeyRotationEnabled": false}));
    kms.ask("CancelKeyDeletion", json!({"KeyId": key})).await;
    let status = kms.ask("GetKeyRotationStatus", json!({"KeyId": key})).await;
    assert_eq!(status["KeyRotationEnabled"], true);
    kms.ask("EnableKey", json!({"KeyId": key})).await;
    kms.pass(0).await;
    assert_eq!(kms.materials(&key).await.len(), 2);
}

#[tokio::test]
async fn nothing_is_rotated_after_rotation_is_turned_off() {
    let kms = Kms::new().await;
    let key = kms.new_key(json!({})).await;
    kms.ask("EnableKeyRotation", json!({"KeyId": key})).await;
    kms.ask("DisableKeyRotation", json!({"KeyId": key})).await;
    kms.pass(3000).await;
    assert_eq!(kms.materials(&key).await.len(), 1);
}

#[tokio::test]
async fn a_crash_loses_neither_a_rotation_nor_the_plan() {
    let kms = Kms::new().await;
    let key = kms.new_key(json!({})).await;
    kms.ask("EnableKeyRotation", json!({"KeyId": key})).await;
    let first = kms.encrypt(&key).await;
    kms.ask("RotateKeyOnDemand", json!({"KeyId": key})).await;
    let second = kms.encrypt(&key).await;
    let kms = Kms { building: kms.building.crash_and_start().await };
    let materials = kms.materials(&key).await;
    assert_eq!(kms.decrypt(&first).await, materials[0]["KeyMaterialId"].as_str().unwrap());
    assert_eq!(kms.decrypt(&second).await, materials[1]["KeyMaterialId"].as_str().unwrap());
    kms.pass(365).await;
    assert_eq!(kms.materials(&key).await.len(), 3);
    let kms = Kms { building: kms.building.crash_and_start().await };
    assert_eq!(kms.materials(&key).await.len(), 3);
    kms.decrypt(&first).await;
}

#[tokio::test]
async fn more_keys_than_are_looked_at_at_a_time_are_rotated_though_some_never_can_be() {
    let kms = Kms::new().await;
    let mut keys = Vec::new();
    for place in 0..150 {
        let key = kms.new_key(json!({})).await;
        kms.ask("EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 90})).await;
        if place % 2 == 0 {
            keys.push(key);
        } else {
            kms.ask("DisableKey", json!({"KeyId": key})).await;
        }
    }
    kms.pass(90).await;
    for key in &keys {
        assert_eq!(kms.materials(key).await.len(), 2);
    }
}

#[tokio::test]
async fn the_servers_own_key_is_rotated_yearly_and_old_secrets_stay_readable() {
    // Documented: KMS API reference, EnableKeyRotation: AWS managed keys are rotated every year.
    let kms = Kms::new().await;
    let read = async |name: &str| {
        kms.building.ask(Call::to("GetSecretValue", json!({"SecretId": name}))).await
    };
    for (year, name) in ["first", "second", "third"].into_iter().enumerate() {
        let value = format!("value of {name}");
        let token = format!("token-of-the-secret-of-year-number-{year}");
        let members = json!({"Name": name, "SecretString": value, "ClientRequestToken": token});
        kms.building.ask(Call::to("CreateSecret", members)).await;
        for earlier in ["first", "second", "third"].into_iter().take(year + 1) {
            assert_eq!(read(earlier).await["SecretString"], format!("value of {earlier}"));
        }
        let described = kms.ask("DescribeKey", json!({"KeyId": "alias/aws/secretsmanager"})).await;
        let key = described["KeyMetadata"]["KeyId"].as_str().unwrap();
        let status = kms.ask("GetKeyRotationStatus", json!({"KeyId": key})).await;
        assert_eq!(status["RotationPeriodInDays"], 365);
        assert_eq!(kms.materials(key).await.len(), year + 1);
        kms.pass(365).await;
    }
}

#[tokio::test]
async fn a_multi_region_key_and_its_replica_get_the_same_material() {
    // Documented: KMS developer guide, "Multi-Region keys": rotation is a shared property, set on the primary.
    let kms = Kms::new().await;
    let key = kms.new_key(json!({"MultiRegion": true})).await;
    let replicate = json!({"KeyId": key, "ReplicaRegion": "eu-west-1"});
    kms.ask("ReplicateKey", replicate).await;
    kms.ask("EnableKeyRotation", json!({"KeyId": key})).await;
    let status = json!({"KeyId": key});
    let status = kms.in_region("eu-west-1", "GetKeyRotationStatus", status).await;
    assert_eq!(status["KeyRotationEnabled"], true);
    kms.pass(365).await;
    kms.ask("RotateKeyOnDemand", json!({"KeyId": key})).await;
    let members = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let of_replica = kms.in_region("eu-west-1", "ListKeyRotations", members).await;
    let of_primary = kms.materials(&key).await;
    assert_eq!(of_primary.len(), 3);
    assert_eq!(of_replica["Rotations"], json!(of_primary));
    let blob = kms.encrypt(&key).await;
    let members = json!({"KeyId": key, "CiphertextBlob": blob});
    let opened = kms.in_region("eu-west-1", "Decrypt", members).await;
    assert_eq!(opened["Plaintext"], "c2VjcmV0");
    for operation in ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"] {
        let call = Call::of("kms", operation, &json!({"KeyId": key})).in_region("eu-west-1");
        let reply = kms.building.send(&kms.building.root, &call).await;
        assert_eq!(reply.code().as_deref(), Some("UnsupportedOperationException"), "{operation}");
    }
}

#[tokio::test]
async fn a_key_is_rotated_on_demand_twenty_five_times_and_no_more() {
    // Documented: KMS API reference, RotateKeyOnDemand. Message recorded.
    let kms = Kms::new().await;
    let key = kms.new_key(json!({})).await;
    kms.ask("EnableKeyRotation", json!({"KeyId": key})).await;
    let blob = kms.encrypt(&key).await;
    for _ in 0..25 {
        kms.ask("RotateKeyOnDemand", json!({"KeyId": key})).await;
    }
    let call = Call::of("kms", "RotateKeyOnDemand", &json!({"KeyId": key}));
    let reply = kms.building.send(&kms.building.root, &call).await;
    assert_eq!(reply.code().as_deref(), Some("LimitExceededException"));
    let message = "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: arn:aws:kms:us-east-1:";
    assert!(reply.message().starts_with(message), "{}", reply.message());
    kms.pass(365).await;
    assert_eq!(kms.materials(&key).await.len(), 27, "the plan goes on");
    kms.decrypt(&blob).await;
}

#[tokio::test]
async fn a_keys_grants_go_with_it_however_many_there_are() {
    // Ours: more grants than are removed in one commit.
    let kms = Kms::new().await;
    let (key, kept) = (kms.new_key(json!({})).await, kms.new_key(json!({})).await);
    let principal = format!("arn:aws:iam::{}:root", harness::ACCOUNT);
    let grant = |key: &str| {
        json!({
            "KeyId": key, "GranteePrincipal": principal, "RetiringPrincipal": principal,
            "Operations": ["Decrypt"],
        })
    };
    kms.ask("CreateGrant", grant(&kept)).await;
    for _ in 0..600 {
        kms.ask("CreateGrant", grant(&key)).await;
    }
    kms.ask("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7})).await;
    kms.pass(6).await;
    let retirable = json!({"RetiringPrincipal": principal, "Limit": 100});
    assert_eq!(kms.ask("ListRetirableGrants", retirable.clone()).await["Truncated"], true);
    kms.pass(2).await;
    let left = kms.ask("ListRetirableGrants", retirable).await;
    assert_eq!(left["Grants"].as_array().unwrap().len(), 1);
    assert!(left["Grants"][0]["KeyId"].as_str().unwrap().ends_with(&kept));
    assert_eq!(left["Truncated"], false);
    let call = Call::of("kms", "ListGrants", &json!({"KeyId": key}));
    let reply = kms.building.send(&kms.building.root, &call).await;
    assert_eq!(reply.code().as_deref(), Some("NotFoundException"));
}
