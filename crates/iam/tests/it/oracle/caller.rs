//! Who asks, and which principals of a policy name it.

use super::values::{self, Context};
use serde_json::Value;

pub(super) enum Kind {
    Root,
    User,
    /// A session of a role; the role's ARN includes its path.
    Session {
        role: String,
    },
    Federated,
    Service,
    /// An identity provider's user before there is a session.
    Provider,
    Anonymous,
}

/// How closely a principal names the caller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    No,
    /// By its account: authority is delegated to the account.
    Account,
    /// By the role whose session it is, or the user who federated.
    Role,
    /// By itself, or as everyone.
    Caller,
}

pub(super) struct Caller {
    text: String,
    pub(super) account: Option<String>,
    pub(super) kind: Kind,
}

impl Caller {
    pub(super) fn of(text: &str, context: &Context) -> Self {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [_, partition, service, _, account, resource] = parts.as_slice() else {
            let kind = match text {
                "*" => Kind::Anonymous,
                _ if text.ends_with(".amazonaws.com") => Kind::Service,
                _ => Kind::Provider,
            };
            return Self { text: text.to_owned(), account: None, kind };
        };
        let (first, rest) = resource.split_once('/').unwrap_or((resource, ""));
        let (kind, account) = match (*service, first) {
            ("iam", "root") => (Kind::Root, Some(*account)),
            ("iam", "user") => (Kind::User, Some(*account)),
            ("sts", "assumed-role") => {
                let name = rest.split('/').next().unwrap_or_default();
                let short = format!("arn:{partition}:iam::{account}:role/{name}");
                let pathed = context.single("aws:PrincipalArn").filter(|role| {
                    role.starts_with(&format!("arn:{partition}:iam::{account}:role/"))
                        && role.ends_with(&format!("/{name}"))
                });
                (Kind::Session { role: pathed.unwrap_or(&short).to_owned() }, Some(*account))
            }
            ("sts", "federated-user") => (Kind::Federated, Some(*account)),
            _ => (Kind::Provider, None),
        };
        Self { text: text.to_owned(), account: account.map(str::to_owned), kind }
    }

    /// The keys of the request that follow from the caller.
    pub(super) fn keys(&self) -> Vec<(&'static str, String)> {
        let (arn, kind) = match &self.kind {
            Kind::Root => (Some(self.text.clone()), Some("Account")),
            Kind::User => (Some(self.text.clone()), Some("User")),
            Kind::Session { role } => (Some(role.clone()), Some("AssumedRole")),
            Kind::Federated => (Some(self.text.clone()), Some("FederatedUser")),
            Kind::Anonymous => (None, Some("Anonymous")),
            Kind::Service | Kind::Provider => (None, None),
        };
        let name = match self.kind {
            Kind::User => self.text.rsplit('/').next().map(str::to_owned),
            _ => None,
        };
        let account = match self.kind {
            Kind::Anonymous => Some("anonymous".to_owned()),
            _ => self.account.clone(),
        };
        let keys = [
            ("aws:principalarn", arn),
            ("aws:principaltype", kind.map(str::to_owned)),
            ("aws:username", name),
            ("aws:principalaccount", account),
        ];
        keys.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    pub(super) fn reached_by(&self, principal: &Value, context: &Context) -> Reach {
        if principal.as_str() == Some("*") {
            return Reach::Caller;
        }
        let kinds = principal.as_object().into_iter().flatten();
        kinds
            .flat_map(|(kind, names)| {
                values::texts(names)
                    .into_iter()
                    .map(|name| self.reached_by_name(kind, &name, context))
            })
            .max()
            .unwrap_or(Reach::No)
    }

    fn reached_by_name(&self, kind: &str, name: &str, context: &Context) -> Reach {
        let is_itself = match self.kind {
            Kind::Service => kind == "Service" && name == self.text,
            Kind::Provider => kind == "Federated" && name == self.text,
            Kind::Anonymous => false,
            _ => kind == "AWS" && (name == self.text || self.has_unique_id(name, context)),
        };
        let is_everyone = kind == "AWS" && name == "*";
        let is_account = kind == "AWS" && self.is_account(name);
        if is_itself || is_everyone || (is_account && matches!(self.kind, Kind::Root)) {
            Reach::Caller
        } else if kind == "AWS" && (self.is_role(name, context) || self.is_federator(name)) {
            Reach::Role
        } else if is_account {
            Reach::Account
        } else {
            Reach::No
        }
    }

    /// The account's number and the ARN of its root mean the same.
    fn is_account(&self, name: &str) -> bool {
        let number =
            name.strip_suffix(":root").and_then(|arn| arn.rsplit(':').next()).unwrap_or(name);
        self.account.as_deref() == Some(number)
    }

    fn is_role(&self, name: &str, context: &Context) -> bool {
        let Kind::Session { role } = &self.kind else { return false };
        let id = context.single("aws:userid").and_then(|id| id.split(':').next());
        name == role || (name.starts_with("AROA") && id == Some(name))
    }

    /// A federated user is taken for a session of the user of that name: "this session's ARN is based on the original
    /// identity that was federated".
    fn is_federator(&self, name: &str) -> bool {
        matches!(self.kind, Kind::Federated)
            && self.text.replace(":sts:", ":iam:").replace(":federated-user/", ":user/") == name
    }

    fn has_unique_id(&self, name: &str, context: &Context) -> bool {
        matches!(self.kind, Kind::User) && context.single("aws:userid") == Some(name)
    }

    /// An exception must list every principal that the caller is: its account, its role, itself.
    pub(super) fn is_excepted_by(&self, principals: &Value, context: &Context) -> bool {
        let lists = |wanted: Reach| {
            let kinds = principals.as_object().into_iter().flatten();
            kinds.into_iter().any(|(kind, names)| {
                values::texts(names).iter().any(|name| {
                    self.reached_by_name(kind, name, context) == wanted
                        || (kind == "AWS" && name == "*")
                })
            })
        };
        if principals.as_str() == Some("*") {
            return true;
        }
        match self.kind {
            Kind::Session { .. } => {
                lists(Reach::Account) && lists(Reach::Role) && lists(Reach::Caller)
            }
            Kind::User | Kind::Federated => lists(Reach::Account) && lists(Reach::Caller),
            Kind::Root | Kind::Service | Kind::Provider | Kind::Anonymous => lists(Reach::Caller),
        }
    }
}
