//! Users and roles by their unique ids, whatever their names are by now.

use crate::error::ApiError;
use crate::iam::entity::Entity;
use crate::iam::role::Role;
use crate::iam::user::User;
use crate::records::{Records, Stored};
use std::sync::Arc;
use strongroom_store::{Direction, Index, PageQuery, Term};

/// Users by unique id.
pub(super) const USERS_BY_ID: Index = Index { id: 38, name: "users by id" };
/// Roles by unique id.
pub(super) const ROLES_BY_ID: Index = Index { id: 39, name: "roles by id" };
/// So often somebody's place is looked up again who was renamed meanwhile.
const RENAMES_MAX: usize = 16;

/// The term under which somebody is found by unique id.
pub(super) fn id_term<E: Entity>(index: Index, entity: &E) -> Term {
    Term { index, term: term_of(&entity.naming().id) }
}

fn term_of(id: &str) -> Vec<u8> {
    [id.as_bytes(), &[0]].concat()
}

/// The ARN that the user or role of a unique id has by now. `None`: there is none.
pub(crate) async fn arn_of_id(records: &Records, id: &str) -> Result<Option<String>, ApiError> {
    if id.starts_with("AROA") {
        return Ok(role_of_id(records, id).await?.map(|role| role.value.arn()));
    }
    Ok(user_of_id(records, id).await?.map(|user| user.value.arn()))
}

/// The role of a unique id.
pub(crate) async fn role_of_id(
    records: &Records,
    id: &str,
) -> Result<Option<Arc<Stored<Role>>>, ApiError> {
    find_in::<Role>(records, ROLES_BY_ID, id).await
}

/// The user of a unique id.
pub(crate) async fn user_of_id(
    records: &Records,
    id: &str,
) -> Result<Option<Arc<Stored<User>>>, ApiError> {
    find_in::<User>(records, USERS_BY_ID, id).await
}

/// A rename moves the record between the two reads that this takes; then its place is looked up again.
async fn find_in<E: Entity>(
    records: &Records,
    index: Index,
    id: &str,
) -> Result<Option<Arc<Stored<E>>>, ApiError> {
    let prefix = term_of(id);
    let direction = Direction::Ascending;
    let query = PageQuery { index, prefix: &prefix, after: None, limit: 1, direction };
    for _ in 0..RENAMES_MAX {
        let Some(entry) = records.page(query).await?.pop() else { return Ok(None) };
        let found = records.get::<E>(&entry.key).await?;
        if let Some(found) = found.filter(|found| found.value.naming().id == id) {
            return Ok(Some(found));
        }
    }
    Err(ApiError::internal("somebody kept being renamed while they were looked up"))
}
