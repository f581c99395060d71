//! Condition keys of a request. Every value comes from the server: from the verified credential, the socket, the record
//! that was found, the parsed request. IAM user guide, "AWS global condition context keys".
//!
//! A key is computed when a policy asks for it, not before.

use crate::authz::Resource;
use crate::identity::{Authority, PrincipalKind, Session};
use crate::operation::Cx;
use std::borrow::Cow;
use strongroom_iam::Context;
use strongroom_types::Tag;
use strongroom_wire::iso8601;

/// Values of a condition key; `None`: the request does not have it.
pub type Values<'a> = Option<Vec<Cow<'a, str>>>;

/// Condition keys that an operation's own request has: `aws:RequestTag/…`, `aws:TagKeys`, the service's own. Keys are
/// asked for in lower case.
pub trait Asked {
    /// Values of the key.
    fn condition(&self, key: &str) -> Values<'_>;
}

/// A request that has no keys of its own.
#[derive(Debug, Clone, Copy)]
pub struct NothingAsked;

impl Asked for NothingAsked {
    fn condition(&self, _key: &str) -> Values<'_> {
        None
    }
}

/// One value.
pub fn one<'a>(value: impl Into<Cow<'a, str>>) -> Values<'a> {
    Some(vec![value.into()])
}

/// One value, if there is one.
pub fn some<'a>(value: Option<impl Into<Cow<'a, str>>>) -> Values<'a> {
    value.and_then(one)
}

/// `true` or `false`.
pub fn flag<'a>(value: bool) -> Values<'a> {
    one(if value { "true" } else { "false" })
}

/// The value of the tag whose key stands behind `prefix` in `key`. Tag keys have no case here, as condition keys have
/// none: in ASCII, as tags' keys are compared everywhere. IAM user guide, "Controlling access to AWS resources using tags".
pub fn tag_value<'a>(tags: &'a [Tag], key: &str, prefix: &str) -> Values<'a> {
    let wanted = key.strip_prefix(prefix)?;
    let tag = tags.iter().find(|tag| tag.key.eq_ignore_ascii_case(wanted))?;
    one(tag.value.as_str())
}

/// `aws:RequestTag/…` and `aws:TagKeys` of a request that gives tags.
pub fn request_tags<'a>(tags: &'a [Tag], key: &str) -> Values<'a> {
    if key == "aws:tagkeys" {
        return tag_keys(tags.iter().map(|tag| tag.key.as_str()));
    }
    tag_value(tags, key, "aws:requesttag/")
}

/// `aws:TagKeys`; absent if no tag is named.
pub fn tag_keys<'a>(keys: impl Iterator<Item = &'a str>) -> Values<'a> {
    let keys: Vec<_> = keys.map(Cow::Borrowed).collect();
    (!keys.is_empty()).then_some(keys)
}

/// The context of one decision.
pub(crate) struct RequestContext<'a, R> {
    pub cx: &'a Cx<'a>,
    pub authority: &'a Authority,
    pub asked: &'a (dyn Asked + Sync),
    pub resource: &'a R,
}

impl<R: Resource> Context for RequestContext<'_, R> {
    fn values<'a>(&'a self, key: &str) -> Option<Vec<Cow<'a, str>>> {
        if let Some(values) = self.global(key) {
            return values;
        }
        self.asked.condition(key).or_else(|| self.resource.condition(self.cx, key))
    }
}

impl<R: Resource> RequestContext<'_, R> {
    /// The keys that every request has or lacks in the same way; `None` if it is no such key. No operation and no
    /// resource can set one of these.
    fn global(&self, key: &str) -> Option<Values<'_>> {
        let Self { cx, authority, resource, .. } = self;
        let (principal, facts) = (cx.caller.principal(), &cx.facts);
        let is_nobody = principal.kind == PrincipalKind::Anonymous;
        if is_nobody && (key.starts_with("aws:principal") || key == "aws:userid") {
            return Some(if key == "aws:principaltype" { one("Anonymous") } else { None });
        }
        let session = cx.caller.session();
        Some(match key {
            "aws:currenttime" => some(iso8601::text(cx.now)),
            "aws:epochtime" => one(cx.now.as_secs().to_string()),
            "aws:federatedprovider" => {
                some(session.and_then(|session| session.federated_provider.as_deref()))
            }
            // There is no second factor here: temporary credentials say so, long-lived ones say nothing.
            "aws:multifactorauthpresent" => session.and_then(|_| flag(false)),
            "aws:principalaccount" => one(principal.account.as_str()),
            "aws:principalarn" => one(principal.principal_arn()),
            "aws:principalisawsservice" => flag(false),
            "aws:viaawsservice" => flag(resource.via_service().is_some()),
            "aws:calledvia" | "aws:calledviafirst" | "aws:calledvialast" => {
                let host = |service| format!("{service}.amazonaws.com");
                some(resource.via_service().map(host))
            }
            "aws:principalorgid" | "aws:resourceorgid" => {
                one(cx.house.home.organization_id.as_str())
            }
            "aws:principaltype" => one(principal.condition_type()),
            "aws:referer" => some(facts.referer),
            "aws:requestedregion" => one(cx.region().as_str()),
            "aws:resourceaccount" => one(resource.account(cx).as_str()),
            "aws:securetransport" => flag(facts.tls.is_some()),
            "aws:sourceidentity" => {
                some(session.and_then(|session| session.source_identity.as_deref()))
            }
            "aws:sourceip" => one(facts.source_ip.to_canonical().to_string()),
            "aws:tokenissuetime" => {
                some(session.and_then(|session: &Session| iso8601::text(session.issued)))
            }
            "aws:useragent" => one(facts.user_agent),
            "aws:userid" => one(principal.unique_id.as_str()),
            "aws:username" => some(principal.user_name()),
            _ if key.starts_with("aws:principaltag/") => match principal.kind {
                PrincipalKind::Anonymous | PrincipalKind::Root => None,
                _ => tag_value(&authority.tags, key, "aws:principaltag/"),
            },
            // Set by AWS services that act for somebody; nobody else may.
            "aws:sourceaccount"
            | "aws:sourcearn"
            | "aws:sourceorgid"
            | "aws:sourceorgpaths"
            | "aws:principalservicename"
            | "aws:principalservicenameslist" => None,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tags_key_has_no_case_as_far_as_ascii_goes_like_everything_else_that_compares_keys() {
        let tags = [("\u{212a}ind", "kelvin"), ("Kind", "plain"), ("Ökonomie", "capital")]
            .map(|(key, value)| Tag { key: key.to_owned(), value: value.to_owned() });
        let value = |key| tag_value(&tags, key, "p/").map(|values| values.concat());
        assert_eq!(value("p/kind").as_deref(), Some("plain"), "not another letter's lower case");
        assert_eq!(value("p/Ökonomie").as_deref(), Some("capital"), "as a policy's key comes");
        assert_eq!(value("p/ökonomie"), None);
    }
}
