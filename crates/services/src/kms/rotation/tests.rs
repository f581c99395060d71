//! A key through any sequence of rotations and changes of state, beside a slow model of it: which material is current, when
//! the next rotation is due, and what opens what.

use super::*;
use crate::kms::key::{About, Deletion, KeyState};
use crate::kms::material::{KeySecret, new_material_id};
use crate::records::RecordType;
use proptest::prelude::*;
use std::sync::Arc;
use strongroom_keys::kms::CiphertextBlob;
use strongroom_keys::{EncryptionContext, KeyMaterial};
use strongroom_types::SystemEntropy;

const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

fn account() -> AccountId {
    AccountId::parse("111122223333").unwrap()
}

fn material(now: Timestamp) -> Material {
    let id = new_material_id(&SystemEntropy);
    let secret = KeySecret::Symmetric(KeyMaterial::generate(ID, &id, &SystemEntropy));
    Material { id, since: now, rotation: None, import: None, secret: Some(Arc::new(secret)) }
}

fn new_key(now: Timestamp) -> Key {
    let about = About { manager: KeyManager::Customer, ..About::managed(ID.to_owned(), now) };
    Key::new(about, vec![material(now)])
}

#[derive(Debug, Clone)]
enum Step {
    Wait { days: i64 },
    Tick,
    Plan { days: i64 },
    Unplan,
    RotateOnDemand,
    Disable,
    Enable,
    Delete,
    Cancel,
    Encrypt,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1_i64..500).prop_map(|days| Step::Wait { days }),
        4 => Just(Step::Tick),
        2 => prop_oneof![Just(90_i64), Just(365), 90_i64..=2560].prop_map(|days| Step::Plan { days }),
        1 => Just(Step::Unplan),
        3 => Just(Step::RotateOnDemand),
        1 => Just(Step::Disable),
        2 => Just(Step::Enable),
        1 => Just(Step::Delete),
        2 => Just(Step::Cancel),
        4 => Just(Step::Encrypt),
    ]
}

/// A ciphertext, what is in it, and the number of the material that made it.
type Sealed = (Vec<u8>, Vec<u8>, usize);

/// What is known of a key without looking at it. Days are counted from 0.
struct Model {
    today: i64,
    rotations: Vec<Option<RotationType>>,
    plan: Option<(i64, i64)>,
    enabled: bool,
    deleting: bool,
    sealed: Vec<Sealed>,
}

impl Model {
    fn is_usable(&self) -> bool {
        self.enabled && !self.deleting
    }

    fn due(&self) -> Option<i64> {
        self.plan.map(|(_, next)| next).filter(|_| self.is_usable())
    }
}

fn at(day: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_123).plus_days(day)
}

fn take(step: &Step, key: &mut Key, model: &mut Model) {
    let now = at(model.today);
    match step {
        Step::Wait { days } => model.today += days,
        Step::Tick => {
            let is_due = model.due().is_some_and(|next| next <= model.today);
            assert_eq!(key.is_rotation_due(now), is_due);
            if is_due {
                key.rotate(material(now), RotationType::Automatic, now);
                model.rotations.push(Some(RotationType::Automatic));
                model.plan = model.plan.map(|(days, _)| (days, model.today + days));
            }
        }
        Step::Plan { days } => {
            key.plan_rotation(*days, now);
            if model.plan.is_none_or(|(held, _)| held != *days) {
                model.plan = Some((*days, model.today + days));
            }
        }
        Step::Unplan => {
            key.rotation = None;
            model.plan = None;
        }
        Step::RotateOnDemand => {
            let done = model.rotations.iter().filter(|by| **by == Some(RotationType::OnDemand));
            let may = done.count() < 25;
            assert_eq!(key.has_rotations_left(ARN).is_ok(), may);
            if may {
                key.rotate(material(now), RotationType::OnDemand, now);
                model.rotations.push(Some(RotationType::OnDemand));
            }
        }
        Step::Disable => (key.enabled, model.enabled) = (false, false),
        Step::Enable => (key.enabled, model.enabled) = (true, true),
        Step::Delete => {
            key.deletion = Some(Deletion { days: 3650, due: Some(at(1_000_000)) });
            model.deleting = true;
        }
        Step::Cancel => {
            key.deletion = None;
            model.deleting = false;
        }
        Step::Encrypt => encrypt(key, model, now),
    }
}

fn encrypt(key: &Key, model: &mut Model, now: Timestamp) {
    let usable = key.usable(ARN, now);
    assert_eq!(usable.is_ok(), model.is_usable());
    let Ok(secret) = usable else { return };
    let KeySecret::Symmetric(current) = &**secret else { panic!("another sort of key") };
    let plain = model.sealed.len().to_be_bytes().to_vec();
    let none = EncryptionContext::from_pairs([("", ""); 0]);
    let sealed = current.encrypt(&account(), &none, &plain, &SystemEntropy).unwrap();
    model.sealed.push((sealed, plain, model.rotations.len() - 1));
}

fn agrees(key: &Key, model: &Model) {
    let now = at(model.today);
    let rotations: Vec<_> = key.materials.iter().map(|material| material.rotation).collect();
    assert_eq!(rotations, model.rotations);
    assert_eq!(
        key.rotation.map(|plan| (plan.days, plan.next)),
        model.plan.map(|(days, next)| (days, at(next)))
    );
    assert_eq!(key.state(now) == KeyState::Enabled, model.is_usable());
    let due = key.terms(b"key").into_iter().filter(|term| term.index == KEYS_DUE);
    let expected = if model.deleting { Some(1_000_000) } else { model.due() };
    let expected = expected.map(|day| at(day).sortable().to_vec());
    assert_eq!(due.map(|term| term.term).collect::<Vec<_>>(), Vec::from_iter(expected));
    for sealed in &model.sealed {
        opens(key, model, sealed);
    }
}

/// What a key ever sealed its materials open, each what it sealed itself and nothing else.
fn opens(key: &Key, model: &Model, (sealed, plain, by): &Sealed) {
    let none = EncryptionContext::from_pairs([("", ""); 0]);
    let blob = CiphertextBlob::parse(sealed).unwrap();
    assert_eq!(blob.material_id(), key.materials[*by].id);
    let found = key.usable_material(ARN, blob.material_id(), at(model.today));
    assert_eq!(found.is_ok(), model.is_usable());
    for (place, material) in key.materials.iter().enumerate() {
        let Some(KeySecret::Symmetric(secret)) = material.secret.as_deref() else {
            panic!("a material is gone")
        };
        let opened = secret.decrypt(&blob, &none).ok().map(|opened| opened.to_vec());
        assert_eq!(opened.as_ref(), (place == *by).then_some(plain));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn a_key_rotates_as_planned_and_opens_all_that_it_ever_sealed(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut key = new_key(at(0));
        let mut model = Model {
            today: 0,
            rotations: vec![None],
            plan: None,
            enabled: true,
            deleting: false,
            sealed: Vec::new(),
        };
        for step in &steps {
            take(step, &mut key, &mut model);
            key = Key::decode(&key.encode().unwrap()).unwrap();
            agrees(&key, &model);
        }
    }
}

#[test]
fn rotations_on_demand_leave_the_plan_as_it_is() {
    // Documented: KMS API reference, RotateKeyOnDemand.
    let mut key = new_key(at(0));
    key.plan_rotation(730, at(0));
    key.rotate(material(at(700)), RotationType::OnDemand, at(700));
    assert_eq!(key.rotation, Some(RotationPlan { days: 730, next: at(730) }));
    assert!(!key.is_rotation_due(at(729)) && key.is_rotation_due(at(730)));
    key.rotate(material(at(730)), RotationType::Automatic, at(730));
    assert_eq!(key.rotation, Some(RotationPlan { days: 730, next: at(1460) }));
}

#[test]
fn a_key_that_was_disabled_past_its_time_is_rotated_once_it_is_enabled() {
    // Documented: KMS API reference, GetKeyRotationStatus.
    let mut key = new_key(at(0));
    key.plan_rotation(365, at(0));
    key.enabled = false;
    assert!(!key.is_rotation_due(at(500)));
    key.enabled = true;
    assert!(key.is_rotation_due(at(500)));
    key.rotate(material(at(500)), RotationType::Automatic, at(500));
    assert_eq!(key.rotation.unwrap().next, at(865));
}

#[test]
fn a_record_key_begins_with_its_account() {
    let region = strongroom_types::Region::parse("us-east-1").unwrap();
    let key = crate::kms::target::record_key(&account(), &region, ID);
    assert_eq!(account_of(&key).unwrap(), account());
    assert!(account_of(b"12").is_err() && account_of(b"not an account at all").is_err());
}
