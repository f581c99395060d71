//! Live credentials: what an access key id, with its session token if it has one, stands for right now.

use crate::error::ApiError;
use crate::house::House;
use crate::iam;
use crate::iam::entity::{Entity, find};
use crate::iam::role::Role;
use crate::iam::unique_id::user_of_id;
use crate::iam::user::User;
use crate::identity::authority::Authority;
use crate::identity::principal::{KeyOwner, Principal};
use crate::identity::session::{self, Session, SessionOf};
use crate::identity::{ACCESS_KEY, AccessKey, AccessKeyStatus};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use strongroom_sigv4::{Presented, SigningKey};
use strongroom_types::{AccountId, Region, Timestamp};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

/// Credentials kept: one per access key, day, region and service.
const CREDENTIALS_MAX: usize = 4096;

/// A credential that was found to be live when it was read.
pub(crate) struct Credential {
    pub(super) key: SigningKey,
    /// `None`: nobody. The key is made of nothing, and verification fails whatever it says.
    pub(super) holder: Option<Arc<Holder>>,
    /// The region that it is scoped to, if requests to it are taken.
    pub(super) region: Option<Arc<Region>>,
    /// The token that it came with.
    token: Option<Box<str>>,
    /// Commits to anything in IAM that had been made when this was read.
    epoch: u64,
}

/// Who holds a credential.
pub(crate) struct Holder {
    pub(super) principal: Principal,
    pub(super) session: Option<Session>,
    pub(super) access_key_id: String,
    authority: OnceCell<Authority>,
    /// The minute in which the last use was noted.
    noted_minute: AtomicI64,
}

impl Holder {
    pub(super) fn new(
        principal: Principal,
        session: Option<Session>,
        access_key_id: String,
    ) -> Self {
        let authority = OnceCell::new();
        Self { principal, session, access_key_id, authority, noted_minute: AtomicI64::new(0) }
    }

    /// Whether this minute's use is still to be noted; true once a minute.
    pub(super) fn is_news(&self, now: Timestamp) -> bool {
        let minute = now.as_secs().div_euclid(60);
        self.noted_minute.swap(minute, Ordering::Relaxed) != minute
    }

    /// The policies that say what the holder may do, read when they are needed for the first time.
    pub(super) async fn authority(&self, house: &House) -> Result<&Authority, ApiError> {
        self.authority
            .get_or_try_init(|| {
                Authority::gather(&house.records, &self.principal, self.session.as_ref())
            })
            .await
    }
}

/// Live credentials by access key, day, region and service, so that a secret access key need not stay in memory and
/// policies are gathered once. A commit to anything in IAM drops them all: revocation takes effect with the next request.
pub struct Credentials {
    cache: Cache<Name, Arc<Credential>>,
}

/// What a credential is kept under: access key, date, region, service.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Name([Box<str>; 4]);

/// The same, as a request has it.
#[derive(Hash)]
struct NameRef<'a>([&'a str; 4]);

impl Equivalent<Name> for NameRef<'_> {
    fn equivalent(&self, name: &Name) -> bool {
        self.0.iter().zip(&name.0).all(|(asked, held)| **asked == **held)
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Credentials {
    pub(crate) fn new() -> Self {
        Self { cache: Cache::new(CREDENTIALS_MAX) }
    }

    /// What the request's credential stands for. Unknown ones cost what known ones do.
    pub(super) async fn find(
        &self,
        house: &House,
        presented: &Presented<'_>,
    ) -> Result<Arc<Credential>, ApiError> {
        let scope = presented.scope();
        let access_key_id = presented.access_key_id();
        let name = NameRef([access_key_id, scope.date(), scope.region(), scope.service()]);
        let token = presented.session_token();
        let epoch = epoch(house);
        let is_current =
            |held: &Arc<Credential>| held.epoch == epoch && held.token.as_deref() == token;
        if let Some(held) = self.cache.get(&name).filter(is_current) {
            return Ok(held);
        }
        let live = match token {
            None => long_lived(house, access_key_id).await?,
            Some(token) => temporary(house, access_key_id, token).await?,
        };
        let secret = live.as_ref().map_or(&[][..], |(_, secret)| secret.as_bytes());
        let key = SigningKey::derive(secret, scope.date(), scope.region(), scope.service());
        let region = Region::parse(scope.region()).ok();
        let credential = Arc::new(Credential {
            key,
            region: region.filter(|region| house.settings.takes(region)).map(Arc::new),
            holder: live.map(|(holder, _)| Arc::new(holder)),
            token: token.map(Into::into),
            epoch,
        });
        if credential.holder.is_some() {
            self.cache.insert(Name(name.0.map(Into::into)), Arc::clone(&credential));
        }
        Ok(credential)
    }
}

/// Counts the commits to everything that says who somebody is and what they may do.
fn epoch(house: &House) -> u64 {
    let kinds = [ACCESS_KEY].iter().chain(iam::DECIDING_KINDS);
    kinds.map(|kind| house.records.epoch(*kind)).fold(0, u64::wrapping_add)
}

type Live = Option<(Holder, Zeroizing<String>)>;

async fn long_lived(house: &House, access_key_id: &str) -> Result<Live, ApiError> {
    let stored = house.records.get_uncached::<AccessKey>(access_key_id.as_bytes()).await?;
    let Some(key) =
        stored.map(|stored| stored.value).filter(|key| key.status() == AccessKeyStatus::Active)
    else {
        return Ok(None);
    };
    let principal = match key.owner() {
        KeyOwner::Root { account } => Some(Principal::root(account.clone())),
        KeyOwner::User { account, id, name } => user(house, account, id, name).await?,
    };
    Ok(principal.map(|principal| {
        let holder = Holder::new(principal, None, access_key_id.to_owned());
        (holder, key.into_secret())
    }))
}

async fn temporary(house: &House, access_key_id: &str, token: &str) -> Result<Live, ApiError> {
    let Some((session, secret)) = session::open(house, access_key_id, token) else {
        return Ok(None);
    };
    let account = session.account.clone();
    let principal = match &session.of {
        SessionOf::Root => Some(Principal::root(account)),
        SessionOf::User { id, name } => user(house, &account, id, name).await?,
        SessionOf::Federated { name, issuer } => {
            let issuer = match issuer {
                None => Some(Principal::root(account)),
                Some((id, issuer)) => user(house, &account, id, issuer).await?,
            };
            issuer.map(|issuer| Principal::federated_user(name.clone(), issuer))
        }
        SessionOf::Role { id, name, session } => {
            let role = find::<Role>(&house.records, &account, name).await?;
            role.filter(|role| role.value.naming.id == *id).map(|role| {
                let naming = &role.value.naming;
                let (name, arn) = (naming.name.clone(), role.value.arn());
                Principal::role_session(account, name, arn, id.clone(), session.clone())
            })
        }
    };
    Ok(principal.map(|principal| {
        let holder = Holder::new(principal, Some(session), access_key_id.to_owned());
        (holder, secret)
    }))
}

/// The user, if it is there and still the one that was meant, whatever its name is by now.
async fn user(
    house: &House,
    account: &AccountId,
    id: &str,
    name: &str,
) -> Result<Option<Principal>, ApiError> {
    let named = find::<User>(&house.records, account, name).await?;
    let found = match named.filter(|user| user.value.naming.id == id) {
        Some(user) => Some(user),
        None => user_of_id(&house.records, id).await?,
    };
    Ok(found.map(|user| {
        let naming = &user.value.naming;
        Principal::user(account.clone(), user.value.arn(), id.to_owned(), naming.name.clone())
    }))
}
