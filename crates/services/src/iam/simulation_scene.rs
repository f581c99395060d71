//! Who asks in a simulation, and the condition keys that follow from that.

use crate::iam::context_entry::ContextEntry;
use std::borrow::Cow;
use strongroom_iam::{Caller, ContextMap};
use strongroom_types::AccountId;

/// Who asks, and in which context.
#[derive(Debug)]
pub(super) struct Scene {
    /// The account that the caller is of.
    pub(super) account: AccountId,
    /// The condition keys.
    pub(super) context: ContextMap,
    arn: String,
}

impl Scene {
    /// Of a caller that is named, or nobody in particular of an account. Recorded: the id that stands for a caller in
    /// `aws:userid` is its ARN, or a word where none is named; keys that are given count more.
    pub(super) fn new(caller: Option<&str>, account: &AccountId, given: &[ContextEntry]) -> Self {
        let named = caller.and_then(|arn| AccountId::parse(arn.split(':').nth(4)?).ok());
        let account = named.unwrap_or_else(|| account.clone());
        let mut context = ContextMap::default();
        let mut set = |key: &str, value: &str| context.insert(key, vec![value.to_owned()]);
        set("aws:PrincipalAccount", account.as_str());
        set("aws:userid", caller.unwrap_or("STUB_PRINCIPAL_FOR_POLICY_SIMULATOR"));
        if let Some(arn) = caller {
            set("aws:PrincipalArn", arn);
            if kind(arn) == Some("user") {
                set("aws:username", arn.rsplit('/').next().unwrap_or_default());
            }
        }
        for (key, values) in given {
            context.insert(key, values.clone());
        }
        let nobody = || format!("arn:aws:iam::{account}:user/");
        let arn = caller.map_or_else(nobody, str::to_owned);
        Self { account, context, arn }
    }

    /// The caller as the evaluator knows it. A group is taken for somebody in it, whom no policy names.
    pub(super) fn caller(&self) -> Caller<'_> {
        if kind(&self.arn) == Some("role") {
            return Caller::Role { role: Cow::Borrowed(&self.arn), session: None };
        }
        Caller::User { arn: &self.arn }
    }
}

/// `user`, `role` or `group`.
fn kind(arn: &str) -> Option<&str> {
    Some(arn.splitn(6, ':').nth(5)?.split_once('/')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_counts_more_than_what_follows_from_the_caller() {
        let account = AccountId::parse("123456789012").unwrap();
        let given = [("AWS:UserName".to_owned(), vec!["eve".to_owned()])];
        let bob = "arn:aws:iam::210987654321:user/a/bob";
        let scene = Scene::new(Some(bob), &account, &given);
        let mut expected = ContextMap::default();
        expected.insert("aws:principalaccount", vec!["210987654321".to_owned()]);
        expected.insert("aws:userid", vec![bob.to_owned()]);
        expected.insert("aws:principalarn", vec![bob.to_owned()]);
        expected.insert("aws:username", vec!["eve".to_owned()]);
        assert_eq!(scene.context, expected);
        assert!(!Scene::new(None, &account, &[]).context.contains("aws:PrincipalArn"));
    }
}
