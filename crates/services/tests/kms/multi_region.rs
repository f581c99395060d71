//! Sets of multi-Region keys: what is shared, whatever goes wrong in between.

use crate::harness::{Building, Call, HOME};
use crate::{create, decrypt, encrypt, import, kms, metadata};
use serde_json::{Value, json};

const EUROPE: &str = "eu-west-1";
const ASIA: &str = "ap-south-1";

async fn multi_region(building: &Building) -> String {
    create(building, json!({"MultiRegion": true})).await
}

fn replicate(key: &str, region: &str) -> Call {
    kms("ReplicateKey", json!({"KeyId": key, "ReplicaRegion": region}))
}

fn regions(told: &Value) -> (String, Vec<String>) {
    let set = &told["MultiRegionConfiguration"];
    let region = |key: &Value| key["Region"].as_str().unwrap().to_owned();
    let replicas = set["ReplicaKeys"].as_array().unwrap().iter().map(region);
    (region(&set["PrimaryKey"]), replicas.collect())
}

/// Documented: related keys have the same id and material; each is used on its own.
#[tokio::test]
async fn what_is_encrypted_in_one_region_opens_in_another() {
    let building = Building::new().await;
    let key = multi_region(&building).await;
    let ciphertext = encrypt(&building, &key, HOME).await;
    building.ask(replicate(&key, EUROPE)).await;
    building.ask(decrypt(&ciphertext, EUROPE)).await;
    let back = encrypt(&building, &key, EUROPE).await;
    building.ask(decrypt(&back, HOME)).await;
    assert_eq!(building.refusal(decrypt(&ciphertext, ASIA)).await, "AccessDeniedException");
}

#[tokio::test]
async fn every_key_of_a_set_tells_the_same_of_it() {
    let building = Building::new().await;
    let key = multi_region(&building).await;
    building.ask(replicate(&key, EUROPE)).await;
    building.ask(replicate(&key, ASIA)).await;
    let expected = (HOME.to_owned(), vec![EUROPE.to_owned(), ASIA.to_owned()]);
    for region in [HOME, EUROPE, ASIA] {
        assert_eq!(regions(&metadata(&building, &key, region).await), expected);
    }
    let update = kms("UpdatePrimaryRegion", json!({"KeyId": key, "PrimaryRegion": ASIA}));
    building.ask(update.clone()).await;
    let expected = (ASIA.to_owned(), vec![EUROPE.to_owned(), HOME.to_owned()]);
    for region in [HOME, EUROPE, ASIA] {
        let told = metadata(&building, &key, region).await;
        assert_eq!(regions(&told), expected);
        let kind = if region == ASIA { "PRIMARY" } else { "REPLICA" };
        assert_eq!(told["MultiRegionConfiguration"]["MultiRegionKeyType"], kind);
    }
    assert_eq!(building.refusal(update).await, "UnsupportedOperationException");
    assert_eq!(
        building.refusal(replicate(&key, "us-west-2")).await,
        "UnsupportedOperationException"
    );
}

/// Documented: ReplicateKey creates a replica without imported material, which is then imported there.
#[tokio::test]
async fn imported_material_is_imported_in_each_region() {
    let building = Building::new().await;
    let key = create(&building, json!({"MultiRegion": true, "Origin": "EXTERNAL"})).await;
    assert_eq!(building.refusal(replicate(&key, EUROPE)).await, "KMSInvalidStateException");
    building.ask(import(&building, &key, HOME, &[1; 32], json!({})).await).await;
    let ciphertext = encrypt(&building, &key, HOME).await;
    building.ask(replicate(&key, EUROPE)).await;
    assert_eq!(metadata(&building, &key, EUROPE).await["KeyState"], "PendingImport");
    assert_eq!(building.refusal(decrypt(&ciphertext, EUROPE)).await, "KMSInvalidStateException");
    let other = import(&building, &key, EUROPE, &[2; 32], json!({})).await;
    assert_eq!(building.refusal(other).await, "IncorrectKeyMaterialException");
    let new = json!({"ImportType": "NEW_KEY_MATERIAL"});
    let new = import(&building, &key, EUROPE, &[1; 32], new).await;
    assert_eq!(building.refusal(new).await, "UnsupportedOperationException");
    building.ask(import(&building, &key, EUROPE, &[1; 32], json!({})).await).await;
    building.ask(decrypt(&ciphertext, EUROPE)).await;
    let here = metadata(&building, &key, HOME).await;
    let there = metadata(&building, &key, EUROPE).await;
    assert_eq!(here["CurrentKeyMaterialId"], there["CurrentKeyMaterialId"]);
    building.ask(kms("DeleteImportedKeyMaterial", json!({"KeyId": key}))).await;
    assert_eq!(metadata(&building, &key, HOME).await["KeyState"], "PendingImport");
    assert_eq!(metadata(&building, &key, EUROPE).await["KeyState"], "Enabled");
}

/// Two requests at once: the set has both replicas, and every key knows of both.
#[tokio::test]
async fn replicas_that_are_made_at_once_know_of_each_other() {
    let building = Building::new().await;
    let key = multi_region(&building).await;
    tokio::join!(building.ask(replicate(&key, EUROPE)), building.ask(replicate(&key, ASIA)));
    let (_, expected) = regions(&metadata(&building, &key, HOME).await);
    assert_eq!(expected.len(), 2);
    for region in [EUROPE, ASIA] {
        assert_eq!(regions(&metadata(&building, &key, region).await).1, expected);
    }
}

#[tokio::test]
async fn two_replicas_for_one_region_at_once_give_one() {
    let building = Building::new().await;
    let key = multi_region(&building).await;
    let call = replicate(&key, EUROPE);
    let (one, two) =
        tokio::join!(building.send(&building.root, &call), building.send(&building.root, &call));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert!(one.body.contains("create only one") || two.body.contains("create only one"));
    assert_eq!(regions(&metadata(&building, &key, HOME).await).1, [EUROPE]);
}

/// A hundred requests in an order that a seed gives, and after each of them what a plain list says. Inferred: which refusal
/// comes first.
#[tokio::test]
async fn a_set_is_as_a_plain_list_says_whatever_is_asked_of_it() {
    const REGIONS: [&str; 4] = [HOME, EUROPE, ASIA, "us-west-2"];
    let building = Building::new().await;
    let key = multi_region(&building).await;
    let (mut primary, mut replicas) = (HOME, Vec::<&str>::new());
    let mut state = 7_u32;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 16).unwrap() % below
    };
    for _ in 0..100 {
        let (asked, named) = (REGIONS[draw(4)], REGIONS[draw(4)]);
        let is_there = |region: &str| region == primary || replicas.contains(&region);
        let is_replication = draw(2) == 0;
        let expected = if !is_there(asked) {
            Some("NotFoundException")
        } else if asked != primary {
            Some("UnsupportedOperationException")
        } else if is_replication {
            is_there(named).then_some("AlreadyExistsException")
        } else if named == primary {
            Some("UnsupportedOperationException")
        } else {
            (!is_there(named)).then_some("NotFoundException")
        };
        let call = if is_replication {
            replicate(&key, named)
        } else {
            kms("UpdatePrimaryRegion", json!({"KeyId": key, "PrimaryRegion": named}))
        };
        let reply = building.send(&building.root, &call.in_region(asked)).await;
        assert_eq!(reply.code().as_deref(), expected, "{asked} {named}: {}", reply.body);
        match (expected, is_replication) {
            (Some(_), _) => {}
            (None, true) => replicas.push(named),
            (None, false) => {
                let place = replicas.iter().position(|replica| *replica == named).unwrap();
                replicas[place] = primary;
                primary = named;
            }
        }
        for region in replicas.iter().chain([&primary]) {
            let told = regions(&metadata(&building, &key, region).await);
            let replicas = replicas.iter().map(|region| (*region).to_owned()).collect();
            assert_eq!(told, (primary.to_owned(), replicas), "{region}");
        }
    }
    assert_eq!(replicas.len(), 3, "the seed reaches every Region");
}
