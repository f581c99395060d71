//! The OpenID Connect provider: an issuer whose tokens let somebody assume a role.

use crate::authz::Resource;
use crate::conditions::{Values, tag_value};
use crate::error::{ApiError, ErrorCode};
use crate::iam::usage::count;
use crate::operation::Cx;
use crate::records::{RecordType, Records, Stored, decode_as, encode_as};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strongroom_store::{Change, Expect, Index, Kind, StoreError, Term, Write};
use strongroom_types::{AccountId, Tag, Timestamp, limits};
use strongroom_wire::Constraints;
use zeroize::Zeroizing;

/// The kind of record that holds a provider. Its key is the account and the URL without its scheme, with the host in
/// lower case.
const OIDC_PROVIDER: Kind = Kind { id: 35, name: "OpenID Connect provider" };
/// Providers by account and URL.
pub(super) const PROVIDERS: Index = Index { id: 46, name: "OpenID Connect providers" };

/// Most client ids of a provider. IAM quotas.
const CLIENT_IDS_MAX: usize = 100;
/// Most providers of an account. IAM quotas: 100, adjustable to 700.
const PROVIDERS_MAX: u64 = 700;
/// Most thumbprints of a provider. IAM model.
const THUMBPRINTS_MAX: usize = 5;

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcProvider {
    /// The account that trusts it.
    pub account: AccountId,
    /// The issuer's URL without `https://`, as it was given.
    pub url: String,
    /// Audiences that are taken.
    pub client_ids: Vec<String>,
    /// Thumbprints of its certificates, kept and not used (docs/decisions/0009).
    pub thumbprints: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Vec<Tag>,
}

impl OidcProvider {
    /// Its ARN.
    pub fn arn(&self) -> String {
        provider_arn(&self.account, &self.url)
    }
}

impl RecordType for OidcProvider {
    const KIND: Kind = OIDC_PROVIDER;

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        encode_as(1, self)
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        decode_as(1, bytes)
    }

    fn terms(&self, key: &[u8]) -> Vec<Term> {
        vec![Term { index: PROVIDERS, term: key.to_vec() }]
    }
}

fn provider_arn(account: &AccountId, url: &str) -> String {
    format!("arn:aws:iam::{account}:oidc-provider/{url}")
}

fn key_of(account: &AccountId, url: &str) -> Vec<u8> {
    let (host, path) = split(url);
    [account.as_str(), &host.to_ascii_lowercase(), path].concat().into_bytes()
}

/// A URL, with or without its scheme, as all spellings of it that mean one issuer are kept: without the scheme, the
/// host in lower case, without the port that goes with the scheme, no slash at the end.
pub fn canonical_url(url: &str) -> String {
    let (host, path) = split(url.strip_prefix("https://").unwrap_or(url));
    [&without_port(host).to_ascii_lowercase(), path.trim_end_matches('/')].concat()
}

/// The host without the port that `https` means anyway.
fn without_port(host: &str) -> &str {
    host.strip_suffix(":443").unwrap_or(host)
}

/// Host and path, the path with its slash.
fn split(url: &str) -> (&str, &str) {
    url.split_at_checked(url.find('/').unwrap_or(url.len())).unwrap_or((url, ""))
}

/// The provider of a token's issuer, which is a URL with its scheme.
pub(crate) async fn find_provider(
    records: &Records,
    account: &AccountId,
    issuer: &str,
) -> Result<Option<Arc<Stored<OidcProvider>>>, ApiError> {
    let (host, path) = split(issuer.strip_prefix("https://").unwrap_or(issuer));
    of_url(records, account, &[without_port(host), path].concat()).await
}

/// The provider of a URL without its scheme. AWS: a slash at the end counts, so that with and without it there are two.
/// Recorded (versitygw).
async fn of_url(
    records: &Records,
    account: &AccountId,
    url: &str,
) -> Result<Option<Arc<Stored<OidcProvider>>>, ApiError> {
    Ok(records.get::<OidcProvider>(&key_of(account, url)).await?)
}

/// The URL of a new provider, without its scheme and without the port that goes with it. Recorded.
pub(super) fn parse_url(url: &str) -> Result<String, ApiError> {
    let invalid = || ApiError::validation("Invalid Open ID Connect Provider URL");
    let rest = url.strip_prefix("https://").ok_or_else(invalid)?;
    if rest.contains(['?', '#']) {
        return Err(ApiError::new(ErrorCode::InvalidInput, "Unknown"));
    }
    let (host, path) = split(rest);
    let host = without_port(host);
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
    let is_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%:@+,=".contains(&byte);
    if host.is_empty() || !host.bytes().all(is_host) || !path.bytes().all(is_path) {
        return Err(invalid());
    }
    Ok([host, path].concat())
}

/// Checks the ARN of a provider.
pub(super) fn check_provider_arn(check: &mut Constraints, arn: Option<&str>) {
    check.required_length("openIDConnectProviderArn", arn, 20..=limits::IAM_ARN_CHARS_MAX);
}

/// The URL that the ARN of a provider names.
pub(super) fn url_of_arn(arn: Option<String>) -> Result<String, ApiError> {
    let arn = arn.unwrap_or_default();
    let url = arn
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.split_once(":oidc-provider/"))
        .map(|(_, url)| url.to_owned());
    url.filter(|url| !url.is_empty()).ok_or_else(|| {
        let message = format!("Invalid ARN: {arn}");
        ApiError::new(ErrorCode::InvalidInput, message)
    })
}

/// Model: `clientIDType`.
const CLIENT_ID_CHARS: std::ops::RangeInclusive<usize> = 1..=255;

/// Checks a client id.
pub(super) fn check_client_id(check: &mut Constraints, member: &str, id: Option<&str>) {
    check.length(member, id, CLIENT_ID_CHARS);
}

/// Checks client ids.
pub(super) fn check_client_ids(check: &mut Constraints, ids: Option<&[String]>) {
    check.entry_lengths("clientIDList", ids, CLIENT_ID_CHARS);
}

/// Thumbprints that were given. Model: 40 characters each.
pub(super) fn check_thumbprints(check: &mut Constraints, thumbprints: Option<&[String]>) {
    check.entry_lengths("thumbprintList", thumbprints, 40..=40);
}

/// Refuses more thumbprints than a provider may have. Recorded: they are told in lower case.
pub(super) fn parse_thumbprints(given: Option<Vec<String>>) -> Result<Vec<String>, ApiError> {
    let given = given.unwrap_or_default();
    if given.len() > THUMBPRINTS_MAX {
        return Err(ApiError::new(
            ErrorCode::InvalidInput,
            format!("Thumbprint list must contain fewer than {THUMBPRINTS_MAX} entries."),
        ));
    }
    Ok(given.iter().map(|thumbprint| thumbprint.to_ascii_lowercase()).collect())
}

/// Refuses more client ids than a provider may have.
pub(super) fn check_client_count(ids: &[String]) -> Result<(), ApiError> {
    if ids.len() > CLIENT_IDS_MAX {
        return Err(ApiError::limit_exceeded(format!(
            "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENT_IDS_MAX}"
        )));
    }
    Ok(())
}

/// Refuses one more provider than an account may have.
pub(super) async fn check_provider_count(cx: &Cx<'_>) -> Result<(), ApiError> {
    let account = cx.account().as_str().as_bytes();
    if count(&cx.house.records, PROVIDERS, account).await? < PROVIDERS_MAX {
        return Ok(());
    }
    let message =
        format!("Cannot exceed quota for OpenIdConnectProvidersPerAccount: {PROVIDERS_MAX}");
    Err(ApiError::limit_exceeded(message))
}

/// A provider by its URL, there or not.
#[derive(Debug)]
pub struct ProviderTarget {
    account: AccountId,
    url: String,
    /// What is there.
    pub found: Option<Arc<Stored<OidcProvider>>>,
}

impl ProviderTarget {
    /// Looks it up.
    pub(super) async fn load(cx: &Cx<'_>, url: &str) -> Result<Self, ApiError> {
        let found = of_url(&cx.house.records, cx.account(), url).await?;
        Ok(Self { account: cx.account().clone(), url: url.to_owned(), found })
    }

    /// It, or `NoSuchEntity`.
    pub(super) fn found(&self) -> Result<&Arc<Stored<OidcProvider>>, ApiError> {
        self.found.as_ref().ok_or_else(|| {
            let arn = provider_arn(&self.account, &self.url);
            let message = format!("OpenIDConnect Provider not found for arn {arn}");
            ApiError::new(ErrorCode::NoSuchEntity, message)
        })
    }

    /// The write that puts it changed in place of what was read, or as a new one.
    pub(super) fn put(&self, cx: &Cx<'_>, changed: &OidcProvider) -> Result<Write, ApiError> {
        let expect = self.found.as_ref().map_or(Expect::Absent, |found| Expect::At(found.revision));
        let key = key_of(&self.account, &self.url);
        cx.house.records.put(cx.entropy(), key, changed, expect)
    }

    /// The write that removes it.
    pub(super) fn delete(&self) -> Result<Write, ApiError> {
        let stored = self.found()?;
        Ok(Write {
            kind: OIDC_PROVIDER,
            key: stored.key.clone(),
            expect: Expect::At(stored.revision),
            change: Change::Delete,
        })
    }
}

impl Resource for ProviderTarget {
    fn account<'a>(&'a self, _cx: &'a Cx<'_>) -> &'a AccountId {
        &self.account
    }

    fn arn(&self, _cx: &Cx<'_>) -> String {
        let found = self.found.as_ref().map(|found| found.value.arn());
        found.unwrap_or_else(|| provider_arn(&self.account, &self.url))
    }

    fn condition<'a>(&'a self, _cx: &'a Cx<'_>, key: &str) -> Values<'a> {
        let provider = &self.found.as_ref()?.value;
        tag_value(&provider.tags, key, "aws:resourcetag/")
            .or_else(|| tag_value(&provider.tags, key, "iam:resourcetag/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_https_urls_without_query() {
        for (url, parsed) in [
            ("https://Issuer.example.com/", "Issuer.example.com/"),
            ("https://issuer.example.com:443/a/B", "issuer.example.com/a/B"),
            ("https://issuer.example.com:8443", "issuer.example.com:8443"),
            (
                "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC",
                "oidc.eks.eu-west-1.amazonaws.com/id/ABC",
            ),
        ] {
            assert_eq!(parse_url(url).unwrap(), parsed);
        }
        for bad in [
            "http://a",
            "a",
            "https://",
            "https:///a",
            "https://a?b",
            "https://a/#b",
            "https://a b",
        ] {
            assert!(parse_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_issuer_is_found_however_its_host_is_written_and_with_its_own_end_only() {
        let account = AccountId::parse("123456789012").unwrap();
        let key = |url| key_of(&account, url);
        assert_eq!(key("Issuer.Example.com/A"), key("issuer.example.com/A"));
        assert_ne!(key("issuer.example.com/a"), key("issuer.example.com/A"));
        assert_ne!(key("issuer.example.com/"), key("issuer.example.com"));
        assert_ne!(key("issuer.example.com/a/"), key("issuer.example.com/a"));
    }
    #[test]
    fn the_port_that_https_means_makes_no_other_issuer() {
        assert_eq!(canonical_url("https://Host:443/r/"), canonical_url("host/r"));
        assert_ne!(canonical_url("https://host:4430/r"), canonical_url("host/r"));
    }
}
