//! Whether a caller may have a secret's values copied: to replicas in other regions, or to another account.
//!
//! The server carries the values later, in nobody's name. So whoever asks for it must be able to open them then and there, and
//! to seal with the keys that it names for the copies: KMS would demand both of a caller that copied them itself.

use crate::error::{ApiError, ErrorCode};
use crate::kms::{self, Asker, ContextPairs, Place};
use crate::operation::Cx;
use crate::secretsmanager::secret::{Replica, Secret};
use crate::secretsmanager::value::may_open;
use crate::secretsmanager::version::find_version;
use strongroom_types::SecretArn;

/// Refuses a caller who may not use the keys of the values that would be copied. A value that is damaged is copied nowhere.
pub(super) async fn may_copy(cx: &Cx<'_>, secret: &Secret) -> Result<(), ApiError> {
    for labelled in secret.stages.iter() {
        match find_version(&cx.house.records, secret.uid, &labelled.id).await {
            Ok(Some(version)) => may_open(cx, secret, &version.value).await?,
            Ok(None) => {}
            Err(error) if error.code == ErrorCode::DecryptionFailure => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Refuses a caller who may not use a key that it names for a replica. What else is wrong with a key is told by the replica's
/// status, as on AWS.
pub(super) async fn may_seal_replicas(
    cx: &Cx<'_>,
    secret: &Secret,
    replicas: &[Replica],
) -> Result<(), ApiError> {
    for replica in replicas {
        let Some(named) = replica.kms_key_id.as_deref() else { continue };
        let arn = SecretArn { region: replica.region.clone(), ..secret.arn.clone() };
        let place = Place { account: &arn.account, region: &arn.region };
        let pairs = ContextPairs::from([("SecretARN".to_owned(), arn.to_string())]);
        let asker = Asker::Caller(cx);
        let sealing = match kms::stored_name(asker, place, Some(named)).await {
            Ok(name) => kms::sealing_key(asker, place, name.as_deref(), pairs).await.map(drop),
            Err(error) => Err(error),
        };
        match sealing {
            Err(error) if is_of_the_caller(&error) => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Whether it is the caller whom the key is refused, and not the key that is unfit.
fn is_of_the_caller(error: &ApiError) -> bool {
    error.code == ErrorCode::AccessDenied
        || error.code == ErrorCode::InvalidRequest
        || error.code.is_servers()
}
