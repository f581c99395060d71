//! The filters of `ListSecrets` and `BatchGetSecretValue`.
//!
//! AWS: `name`, `tag-key`, `tag-value`, `primary-region` and `owning-service` match a prefix, case-sensitive;
//! `description` matches without regard to case if each word of the value is a prefix of some word; `all` looks for the
//! words in all of them, without regard to case. `!` before a value negates it. Several filters mean and, several values
//! of one mean or. (User guide, "Find secrets in AWS Secrets Manager"; recorded in `aws-behaviour.md`.)

use crate::error::ApiError;
use crate::secretsmanager::secret::{Replication, Secret};
use serde::{Deserialize, Serialize};
use strongroom_types::limits;
use strongroom_wire::{Constraints, Object};

/// A filter on the wire.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub(super) struct FilterInput {
    key: Option<String>,
    values: Option<Vec<String>>,
}

const KEYS: [&str; 7] =
    ["description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"];

/// Checks filters. Model: at most 10 of at most 10 values of at most 512 characters, out of a set of characters.
pub(super) fn check_filters(check: &mut Constraints, filters: Option<&[Object<FilterInput>]>) {
    check.count("filters", filters, 0..=limits::FILTERS_MAX);
    for (place, Object(filter)) in filters.unwrap_or_default().iter().enumerate() {
        let member = format!("filters.{}.member", place + 1);
        check.one_of(&format!("{member}.key"), filter.key.as_deref(), &KEYS);
        let values = format!("{member}.values");
        check.count(&values, filter.values.as_deref(), 1..=limits::FILTER_VALUES_MAX);
        for (place, value) in filter.values.iter().flatten().enumerate() {
            let value_member = format!("{values}.{}.member", place + 1);
            check.length(&value_member, Some(value), 0..=limits::FILTER_VALUE_CHARS_MAX);
            let pattern = "^\\!?[a-zA-Z0-9 :_@\\/\\+\\=\\.\\-\\!]*$";
            check.pattern(&value_member, Some(value), pattern, |value| {
                value.bytes().all(is_filter_byte)
            });
        }
    }
}

fn is_filter_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" :_@/+=.-!".contains(&byte)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    All,
    Description,
    Name,
    OwningService,
    PrimaryRegion,
    TagKey,
    TagValue,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Value {
    text: String,
    is_negated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Filter {
    key: Member,
    values: Vec<Value>,
}

/// All filters of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filters(Vec<Filter>);

impl Filters {
    /// Reads filters that passed [`check_filters`].
    pub(super) fn parse(filters: Option<Vec<Object<FilterInput>>>) -> Result<Self, ApiError> {
        let filters =
            filters.unwrap_or_default().into_iter().map(|Object(filter)| parse_one(filter));
        filters.collect::<Result<_, _>>().map(Self)
    }

    /// Whether the secret passes all filters.
    pub(super) fn matches(&self, secret: &Secret) -> bool {
        self.0.iter().all(|filter| filter.matches(secret))
    }

    /// The prefix that the name must have, if that is all there is to know: the listing then starts there.
    pub(super) fn name_prefix(&self) -> Option<&str> {
        let names = self.0.iter().filter(|filter| filter.key == Member::Name);
        let single = names.filter_map(|filter| match filter.values.as_slice() {
            [value] if !value.is_negated => Some(value.text.as_str()),
            _ => None,
        });
        single.max_by_key(|prefix| prefix.len())
    }

    /// The same bytes for the same filters: binds a page token to its query.
    pub(super) fn fingerprint(&self) -> Vec<u8> {
        format!("{:?}", self.0).into_bytes()
    }
}

fn parse_one(filter: FilterInput) -> Result<Filter, ApiError> {
    let key = match filter.key.as_deref() {
        Some("all") => Member::All,
        Some("description") => Member::Description,
        Some("name") => Member::Name,
        Some("owning-service") => Member::OwningService,
        Some("primary-region") => Member::PrimaryRegion,
        Some("tag-key") => Member::TagKey,
        Some("tag-value") => Member::TagValue,
        _ => return Err(ApiError::invalid_parameter("Invalid filter key")),
    };
    let values =
        filter.values.ok_or_else(|| ApiError::invalid_parameter("Invalid filter values"))?;
    let value = |text: String| match text.strip_prefix('!') {
        Some(rest) => Value { text: rest.to_owned(), is_negated: true },
        None => Value { text, is_negated: false },
    };
    Ok(Filter { key, values: values.into_iter().map(value).collect() })
}

impl Filter {
    fn matches(&self, secret: &Secret) -> bool {
        self.values.iter().any(|value| self.key.finds(secret, &value.text) != value.is_negated)
    }
}

impl Member {
    fn finds(self, secret: &Secret, text: &str) -> bool {
        let tags = || secret.tags.iter().flatten();
        match self {
            Self::Name => secret.arn.name.as_str().starts_with(text),
            Self::TagKey => tags().any(|tag| tag.key.starts_with(text)),
            Self::TagValue => tags().any(|tag| tag.value.starts_with(text)),
            Self::PrimaryRegion => {
                primary_region(secret).is_some_and(|region| region.starts_with(text))
            }
            Self::OwningService => {
                secret.owning_service.as_ref().is_some_and(|service| service.starts_with(text))
            }
            Self::Description => {
                finds_words(&[secret.description.as_deref().unwrap_or_default()], text)
            }
            Self::All => {
                let mut texts = vec![
                    secret.arn.name.as_str(),
                    secret.description.as_deref().unwrap_or_default(),
                ];
                texts.extend(tags().flat_map(|tag| [tag.key.as_str(), tag.value.as_str()]));
                texts.extend(secret.owning_service.as_deref());
                texts.extend(primary_region(secret));
                finds_words(&texts, text)
            }
        }
    }
}

fn primary_region(secret: &Secret) -> Option<&str> {
    match &secret.replication {
        Replication::None => None,
        Replication::Primary { .. } => Some(secret.arn.region.as_str()),
        Replication::ReplicaOf { primary } => Some(primary.as_str()),
    }
}

/// Each word of the value is a prefix of some word of the texts. Words end at anything but letters and digits.
fn finds_words(texts: &[&str], value: &str) -> bool {
    let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    let words = || texts.iter().flat_map(|text| words_of(text));
    let value = value.to_lowercase();
    words_of(&value).all(|wanted| words().any(|word| word.starts_with(wanted)))
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secretsmanager::secret::Uid;
    use strongroom_types::{AccountId, ArnSuffix, Region, SecretArn, SecretName, Tag, Timestamp};

    fn secret() -> Secret {
        let arn = SecretArn {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
            name: SecretName::parse("prod/App/mysql").unwrap(),
            suffix: ArnSuffix::parse("AAAAAA").unwrap(),
        };
        let mut secret = Secret::new(arn, Uid([0; 16]), Timestamp::from_millis(0));
        secret.description = Some("The MySQL password, for Production".to_owned());
        secret.tags =
            Some(vec![Tag { key: "Environment".to_owned(), value: "Blue green".to_owned() }]);
        secret
    }

    fn finds(key: &str, values: &[&str]) -> bool {
        let filter = FilterInput {
            key: Some(key.to_owned()),
            values: Some(values.iter().map(|value| (*value).to_owned()).collect()),
        };
        Filters::parse(Some(vec![Object(filter)])).unwrap().matches(&secret())
    }

    #[test]
    fn filters_match_as_recorded() {
        for (key, values, expected) in [
            ("name", &["prod/"][..], true),
            ("name", &["Prod/"], false),
            ("name", &["App"], false),
            ("name", &["!prod"], false),
            ("name", &["!dev"], true),
            ("name", &["dev", "prod"], true),
            ("tag-key", &["Env"], true),
            ("tag-key", &["env"], false),
            ("tag-value", &["Blue"], true),
            ("tag-value", &["green"], false),
            ("description", &["mysql prod"], true),
            ("description", &["ysql"], false),
            ("description", &["prod the"], true),
            ("description", &["!staging"], true),
            ("all", &["environment mysql"], true),
            ("all", &["staging"], false),
            ("primary-region", &["us"], false),
            ("owning-service", &["!rds"], true),
        ] {
            assert_eq!(finds(key, values), expected, "{key} {values:?}");
        }
    }
}
