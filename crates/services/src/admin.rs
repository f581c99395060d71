//! What an operator asks of a deployment at its own machine: accounts, questions about policies, the seal. Nobody signs
//! here; whoever may use the data directory may ask.

use crate::accounts::{self, NewAccount};
use crate::error::ApiError;
use crate::event::Event;
use crate::explain::{self, Question};
use crate::house::House;
use crate::sealing::{self, Replacement};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use strongroom_store::{Batch, StoreError};
use strongroom_types::AccountId;
use strongroom_wire::iso8601;
use zeroize::Zeroizing;

/// A question or an order.
#[derive(Clone, Serialize, Deserialize)]
#[expect(missing_debug_implementations, reason = "may hold a share of the root key")]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// Makes an account.
    AccountCreate {
        /// Its id; a random one if none is given.
        id: Option<AccountId>,
        /// What the operator calls it.
        name: String,
    },
    /// Lists accounts.
    AccountList,
    /// Why somebody may or may not do something.
    PolicyExplain(Question),
    /// Who may do something.
    PolicyWhoCan {
        /// The action.
        action: String,
        /// The resource's ARN.
        resource: String,
    },
    /// The wrapped storage keys with the record of their seal, and where they are in use.
    SealRead,
    /// A share of the root key, or another part of what a sealed server waits for.
    SealOpen {
        /// Its text.
        share: Zeroizing<String>,
    },
    /// Puts the storage keys under another root key.
    SealReplace(Replacement),
}

/// Does it. The answer of `AccountCreate` holds the root's secret access key, this once.
pub async fn run(house: &House, command: Command) -> Result<Value, ApiError> {
    match command {
        Command::AccountCreate { id, name } => create_account(house, id, name).await,
        Command::AccountList => {
            let accounts = accounts::list(&house.records).await?;
            let shown = accounts.iter().map(|account| {
                json!({
                    "id": account.id,
                    "name": account.name,
                    "alias": account.alias,
                    "created": iso8601::text(account.created),
                    "organization": house.home.organization_id,
                })
            });
            Ok(shown.collect())
        }
        Command::PolicyExplain(question) => {
            let explained = explain::explain_one(house, &question).await?;
            serde_json::to_value(explained).map_err(ApiError::internal)
        }
        Command::PolicyWhoCan { action, resource } => {
            let found = explain::who_can(house, &action, &resource).await?;
            let shown = found.into_iter().map(|(principal, explained)| {
                json!({ "principal": principal, "statements": explained.statements })
            });
            Ok(shown.collect())
        }
        Command::SealRead => Ok(sealing::read(&**house.records.store()).await?),
        Command::SealOpen { .. } => Ok(json!({ "sealed": false })),
        Command::SealReplace(replacement) => sealing::replace(house, replacement).await,
    }
}

async fn create_account(
    house: &House,
    id: Option<AccountId>,
    name: String,
) -> Result<Value, ApiError> {
    let (entropy, now) = (&*house.env.entropy, house.env.clock.now());
    let new = NewAccount { id, name, root_key: None };
    let made = accounts::make(&house.records, entropy, now, new)?;
    let id = made.account.id.clone();
    let [request_id, event_id] = house.ids.next(entropy).map(strongroom_types::RandomId::text);
    let parameters = json!({ "accountName": made.account.name }).to_string();
    let response = json!({ "accountId": id }).to_string();
    let event = Event::of_operator(
        (now, &request_id, &event_id),
        house.home.account.as_str(),
        ("organizations.amazonaws.com", "CreateAccount"),
        (&parameters, &response),
    );
    let batch = Batch { writes: made.writes, events: vec![event.encode()?] };
    match house.commit(batch).await {
        Ok(_) => Ok(json!({
            "id": id,
            "name": made.account.name,
            "accessKeyId": made.access_key_id,
            "secretAccessKey": made.secret.as_str(),
        })),
        Err(StoreError::Conflict { .. }) => Err(accounts::taken(&id)),
        Err(error) => Err(error.into()),
    }
}
