//! Keys that were fetched from their issuers, and when an issuer may be asked again.
//!
//! Whoever sends a token causes a fetch, and needs no credential for that. So an issuer is asked by one request at a
//! time, its keys are kept for as long as it says, a failure is kept for a while, too, and a token that names an unknown
//! key has the issuer asked again once a minute at most: whoever has a good token is not kept waiting by that. Only
//! issuers of providers that exist get here, and each account has room of its own.

use crate::sts::discovery::{Discovered, FetchError, Issuers, discover};
use jsonwebtoken::jwk::JwkSet;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use strongroom_types::{AccountId, Timestamp};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// After a failure the issuer is not asked again sooner.
const FAILED_MILLIS: i64 = 10_000;
/// For a key that is not among those it has, an issuer is not asked again sooner.
const UNKNOWN_KEY_MILLIS: i64 = 60_000;
/// Before any request.
const NEVER: Timestamp = Timestamp::from_millis(0);
/// Most issuers whose keys are kept for an account.
const ISSUERS_MAX: usize = 256;

/// The keys of an issuer, as they were at some time.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    /// The issuer's name for itself, which its tokens must have exactly. `None`: the operator vouches for the keys.
    pub issuer: Option<String>,
    /// The keys.
    pub keys: JwkSet,
}

/// One issuer of an account.
#[derive(Debug, Default)]
struct Slot {
    held: Mutex<Held>,
    /// Held by whoever asks the issuer.
    turn: Arc<AsyncMutex<()>>,
}

impl Slot {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of an issuer.
#[derive(Debug, Default)]
struct Held {
    keys: Option<(Arc<KeySet>, Lifetime)>,
    /// The last fetch: when, and why it gave nothing if it did not.
    last: Option<(Timestamp, Option<FetchError>)>,
}

#[derive(Debug, Clone, Copy)]
struct Lifetime {
    from: Timestamp,
    millis: i64,
}

type Outcome = Result<Arc<KeySet>, FetchError>;

/// All that were fetched, by the providers' accounts and the issuers' canonical names.
#[derive(Debug)]
pub(super) struct FetchedKeys {
    issuers: Arc<dyn Issuers>,
    slots: Mutex<BTreeMap<(AccountId, String), Arc<Slot>>>,
}

impl FetchedKeys {
    /// None yet.
    pub(super) fn new(issuers: Arc<dyn Issuers>) -> Self {
        Self { issuers, slots: Mutex::default() }
    }

    /// The keys of the issuer of an account's provider. With `lacking`, the caller has those and needs others: they are handed back again if there is
    /// nothing newer or it is too early to ask.
    pub(super) async fn of(
        &self,
        account: &AccountId,
        issuer: &str,
        now: Timestamp,
        lacking: Option<&Arc<KeySet>>,
    ) -> Outcome {
        let slot = self.slot(account, issuer, now)?;
        let known = slot.held().known(now, lacking);
        if let Some(known) = known {
            return known;
        }
        let turn = Arc::clone(&slot.turn).lock_owned().await;
        // Whoever had the turn before may have asked already.
        let known = slot.held().known(now, lacking);
        if let Some(known) = known {
            return known;
        }
        // In a task of its own: a caller that goes away must not stop it, for then every caller could have the issuer
        // asked anew, or keep everybody else from its keys.
        let fetching = fetch(Arc::clone(&self.issuers), issuer.to_owned(), now, (slot, turn));
        let gone = |_| Err(FetchError::Unreachable("the server is stopping".to_owned()));
        tokio::spawn(fetching).await.unwrap_or_else(gone)
    }

    fn slot(
        &self,
        account: &AccountId,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Arc<Slot>, FetchError> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (account.clone(), issuer.to_owned());
        if let Some(slot) = slots.get(&name) {
            return Ok(Arc::clone(slot));
        }
        let own = || {
            let from_first = slots.range((account.clone(), String::new())..);
            from_first.take_while(|((owner, _), _)| owner == account)
        };
        if own().count() >= ISSUERS_MAX {
            // One that may not be asked yet stays: to forget it would be to let it be asked.
            let idle = own().filter_map(|(name, slot)| Some((idle_since(slot, now)?, name)));
            let oldest = idle.min().map(|(_, name)| name.clone());
            let busy = || FetchError::Unreachable("too many issuers are asked for".to_owned());
            slots.remove(&oldest.ok_or_else(busy)?);
        }
        Ok(Arc::clone(slots.entry(name).or_default()))
    }
}

/// When the issuer was asked last, if it may be asked again and nobody waits for it.
fn idle_since(slot: &Arc<Slot>, now: Timestamp) -> Option<Timestamp> {
    let asked = slot.held().last.as_ref().map_or(NEVER, |(asked, _)| *asked);
    let may_be_asked = !is_within(asked, now, UNKNOWN_KEY_MILLIS);
    (may_be_asked && Arc::strong_count(slot) == 1).then_some(asked)
}

/// Whether so little time has passed. Requests overtake each other, so it may have passed backwards.
fn is_within(then: Timestamp, now: Timestamp, millis: i64) -> bool {
    now.as_millis().saturating_sub(then.as_millis()).saturating_abs() < millis
}

impl Held {
    /// The answer, if there is one without asking the issuer.
    fn known(&self, now: Timestamp, lacking: Option<&Arc<KeySet>>) -> Option<Outcome> {
        let has_asked =
            |millis| self.last.as_ref().is_some_and(|(at, _)| is_within(*at, now, millis));
        let in_force =
            |(_, life): &&(Arc<KeySet>, Lifetime)| is_within(life.from, now, life.millis);
        if let Some((keys, _)) = self.keys.as_ref().filter(in_force) {
            let are_wanted = lacking.is_none_or(|lacking| !Arc::ptr_eq(lacking, keys));
            return (are_wanted || has_asked(UNKNOWN_KEY_MILLIS)).then(|| Ok(Arc::clone(keys)));
        }
        let (_, failure) = self.last.as_ref()?;
        failure.clone().filter(|_| has_asked(FAILED_MILLIS)).map(Err)
    }
}

async fn fetch(
    issuers: Arc<dyn Issuers>,
    issuer: String,
    now: Timestamp,
    (slot, _turn): (Arc<Slot>, OwnedMutexGuard<()>),
) -> Outcome {
    let discovered = discover(&*issuers, &issuer).await;
    let mut held = slot.held();
    match discovered {
        Ok(Discovered { issuer, keys, lifetime_secs }) => {
            let keys = Arc::new(KeySet { issuer: Some(issuer), keys });
            let life = Lifetime { from: now, millis: lifetime_secs.saturating_mul(1000) };
            held.keys = Some((Arc::clone(&keys), life));
            held.last = Some((now, None));
            Ok(keys)
        }
        Err(error) => {
            tracing::warn!(issuer, %error, "the keys of an OpenID Connect issuer could not be fetched");
            held.last = Some((now, Some(error.clone())));
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sts::discovery::{Fetching, Page};
    use serde_json::json;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Semaphore;

    /// An issuer for every name, with one key whose id is the number of the fetch.
    #[derive(Debug)]
    struct Counting {
        fetches: AtomicUsize,
        fails: Mutex<Option<FetchError>>,
        /// Permits for as many fetches as may be answered.
        answers: Semaphore,
    }

    impl Counting {
        fn new() -> Arc<Self> {
            let answers = Semaphore::new(100_000);
            Arc::new(Self { fetches: AtomicUsize::new(0), fails: Mutex::default(), answers })
        }

        fn count(&self) -> usize {
            self.fetches.load(Ordering::SeqCst)
        }

        fn fail(&self, error: Option<FetchError>) {
            *self.fails.lock().unwrap() = error;
        }
    }

    impl Issuers for Counting {
        fn get<'a>(&'a self, issuer: &'a str, url: &'a str, _: usize) -> Fetching<'a> {
            Box::pin(async move {
                let page = if url.ends_with("/jwks") {
                    let kid = self.count().to_string();
                    json!({"keys": [{"kty": "RSA", "kid": kid, "n": "AQAB", "e": "AQAB"}]})
                } else {
                    self.fetches.fetch_add(1, Ordering::SeqCst);
                    self.answers.acquire().await.unwrap().forget();
                    if let Some(error) = self.fails.lock().unwrap().clone() {
                        return Err(error);
                    }
                    let name = format!("https://{issuer}");
                    json!({"issuer": name, "jwks_uri": format!("{name}/jwks")})
                };
                let cache_control = "max-age=600".to_owned();
                Ok(Page { body: page.to_string().into_bytes(), cache_control })
            })
        }
    }

    fn owner() -> AccountId {
        AccountId::parse("111111111111").unwrap()
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + secs * 1000)
    }

    fn kid(keys: &KeySet) -> &str {
        keys.keys.keys[0].common.key_id.as_deref().unwrap()
    }

    #[tokio::test]
    async fn keys_are_fetched_once_for_as_long_as_the_issuer_says() {
        let issuers = Counting::new();
        let fetched = FetchedKeys::new(Arc::<Counting>::clone(&issuers));
        for (secs, id) in [(0, "1"), (1, "1"), (599, "1"), (600, "2"), (601, "2")] {
            let keys = fetched.of(&owner(), "a.example", at(secs), None).await.unwrap();
            assert_eq!(kid(&keys), id, "after {secs} seconds");
            assert_eq!(keys.issuer.as_deref(), Some("https://a.example"));
        }
        let before = fetched.of(&owner(), "a.example", at(-10_000), None).await.unwrap();
        assert_eq!(kid(&before), "3", "a clock that was set back makes no key last longer");
    }

    #[tokio::test]
    async fn an_unknown_key_has_the_issuer_asked_again_once_a_minute() {
        let issuers = Counting::new();
        let fetched = FetchedKeys::new(Arc::<Counting>::clone(&issuers));
        let first = fetched.of(&owner(), "a.example", at(0), None).await.unwrap();
        let lacking = async |keys: &Arc<KeySet>, secs| {
            fetched.of(&owner(), "a.example", at(secs), Some(keys)).await.unwrap()
        };
        assert!(Arc::ptr_eq(&lacking(&first, 59).await, &first), "too early");
        let second = lacking(&first, 60).await;
        assert_eq!(kid(&second), "2");
        assert!(Arc::ptr_eq(&lacking(&first, 61).await, &second), "somebody else asked meanwhile");
        assert!(Arc::ptr_eq(&lacking(&second, 119).await, &second));
        issuers.fail(Some(FetchError::Unreachable(String::new())));
        assert!(fetched.of(&owner(), "a.example", at(120), Some(&second)).await.is_err());
        let kept = fetched.of(&owner(), "a.example", at(121), None).await.unwrap();
        assert!(Arc::ptr_eq(&kept, &second), "keys in force outlast an issuer that is away");
        assert!(Arc::ptr_eq(&lacking(&second, 179).await, &second));
        assert_eq!(issuers.count(), 3);
    }

    #[tokio::test]
    async fn a_failure_is_kept_for_ten_seconds_and_keys_that_are_over_are_not_used() {
        let issuers = Counting::new();
        let fetched = FetchedKeys::new(Arc::<Counting>::clone(&issuers));
        fetched.of(&owner(), "a.example", at(0), None).await.unwrap();
        let error = FetchError::Refused("a redirect".to_owned());
        issuers.fail(Some(error.clone()));
        for secs in [600, 601, 609] {
            let asked = fetched.of(&owner(), "a.example", at(secs), None).await;
            assert_eq!(asked.unwrap_err(), error);
        }
        assert_eq!(issuers.count(), 2);
        issuers.fail(None);
        assert_eq!(kid(&fetched.of(&owner(), "a.example", at(610), None).await.unwrap()), "3");
    }

    #[tokio::test]
    async fn many_requests_at_once_are_one_fetch_which_none_of_them_can_stop() {
        let issuers = Counting::new();
        let permits = issuers.answers.forget_permits(usize::MAX);
        assert_eq!(permits, 100_000);
        let fetched = Arc::new(FetchedKeys::new(Arc::<Counting>::clone(&issuers)));
        let ask = || {
            let fetched = Arc::clone(&fetched);
            tokio::spawn(async move { fetched.of(&owner(), "a.example", at(0), None).await })
        };
        let gone = ask();
        while issuers.count() == 0 {
            tokio::task::yield_now().await;
        }
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        let waiting: Vec<_> = (0..50).map(|_| ask()).collect();
        tokio::task::yield_now().await;
        issuers.answers.add_permits(1);
        for waiting in waiting {
            assert_eq!(kid(&waiting.await.unwrap().unwrap()), "1");
        }
        assert_eq!(issuers.count(), 1);
    }

    #[tokio::test]
    async fn keys_that_are_there_are_had_while_the_issuer_is_asked_for_others() {
        let issuers = Counting::new();
        let fetched = Arc::new(FetchedKeys::new(Arc::<Counting>::clone(&issuers)));
        let first = fetched.of(&owner(), "a.example", at(0), None).await.unwrap();
        issuers.answers.forget_permits(usize::MAX);
        let lacking = {
            let (fetched, first) = (Arc::clone(&fetched), Arc::clone(&first));
            tokio::spawn(
                async move { fetched.of(&owner(), "a.example", at(60), Some(&first)).await },
            )
        };
        while issuers.count() < 2 {
            tokio::task::yield_now().await;
        }
        let account = owner();
        let held = fetched.of(&account, "a.example", at(60), None);
        let at_once = tokio::select! {
            biased;
            held = held => held,
            () = tokio::task::yield_now() => panic!("whoever has a good token waits for the issuer"),
        };
        assert!(Arc::ptr_eq(&at_once.unwrap(), &first));
        issuers.answers.add_permits(1);
        assert_eq!(kid(&lacking.await.unwrap().unwrap()), "2");
    }

    #[tokio::test]
    async fn an_account_has_room_of_its_own_and_forgets_no_keys_of_anothers() {
        let issuers = Counting::new();
        let fetched = FetchedKeys::new(Arc::<Counting>::clone(&issuers));
        let neighbour = AccountId::parse("999999999999").unwrap();
        fetched.of(&owner(), "a.example", at(0), None).await.unwrap();
        for number in 0..=ISSUERS_MAX {
            let issuer = format!("{number}.example");
            let asked = fetched.of(&neighbour, &issuer, at(61), None).await;
            assert_eq!(asked.is_ok(), number < ISSUERS_MAX, "{number}");
        }
        let before = issuers.count();
        fetched.of(&owner(), "a.example", at(62), None).await.unwrap();
        assert_eq!(issuers.count(), before, "the keys are still there");
        fetched.of(&owner(), "b.example", at(62), None).await.unwrap();
        fetched.of(&neighbour, "a.example", at(122), None).await.unwrap();
        assert_eq!(issuers.count(), before + 2, "one account's keys are not another's");
    }

    #[tokio::test]
    async fn no_more_issuers_are_kept_than_there_is_room_for_and_none_is_forgotten_too_early() {
        let issuers = Counting::new();
        let fetched = FetchedKeys::new(Arc::<Counting>::clone(&issuers));
        let ask = async |number: usize, secs| {
            fetched.of(&owner(), &format!("{number}.example"), at(secs), None).await
        };
        for number in 0..ISSUERS_MAX {
            ask(number, i64::from(number != 7)).await.unwrap();
        }
        let full = ask(ISSUERS_MAX, 59).await;
        assert!(matches!(full, Err(FetchError::Unreachable(_))), "{full:?}");
        ask(ISSUERS_MAX, 60).await.unwrap();
        assert_eq!(fetched.slots.lock().unwrap().len(), ISSUERS_MAX);
        let oldest = (owner(), "7.example".to_owned());
        assert!(!fetched.slots.lock().unwrap().contains_key(&oldest), "the oldest made room");
        assert_eq!(issuers.count(), ISSUERS_MAX + 1);
    }
}
