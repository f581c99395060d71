//! GetRandomPassword: a password out of the characters that were not excluded, uniform over them.

use crate::authz::{Grant, WholeAccount};
use crate::error::ApiError;
use crate::operation::{Cx, Done, Effect, Operation, Spec};
use serde::{Deserialize, Serialize};
use strongroom_types::{Entropy, Plaintext, limits};
use strongroom_wire::{Constraints, sensitive};

const LOWERCASE: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &[u8] = b"0123456789";
/// API reference, `ExcludePunctuation`.
const PUNCTUATION: &[u8] = b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const SPACE: &[u8] = b" ";

/// The valid request.
#[derive(Debug)]
pub struct GetRandomPassword {
    length: usize,
    /// The types that are left, each with the characters that are left of it; none is empty.
    types: Vec<Vec<u8>>,
    each_type: bool,
}

/// The request on the wire.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub struct Input {
    #[serde(skip_serializing_if = "Option::is_none")]
    password_length: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_characters: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_numbers: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_punctuation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_uppercase: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_lowercase: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_space: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    require_each_included_type: Option<bool>,
}

/// The answer on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_debug_implementations, reason = "holds a password")]
pub struct Output {
    #[serde(serialize_with = "sensitive::write_text")]
    random_password: Plaintext,
}

impl Operation for GetRandomPassword {
    const SPEC: Spec = Spec {
        service: "secretsmanager",
        name: "GetRandomPassword",
        effect: Effect::Read,
        summary: "Makes a random password.",
    };
    type Input = Input;
    type Output = Output;
    type Resource = WholeAccount;

    fn parse(input: Input) -> Result<Self, ApiError> {
        let mut check = Constraints::new();
        let longest = i64::try_from(limits::PASSWORD_CHARS_MAX).unwrap_or(i64::MAX);
        check.range("passwordLength", input.password_length, 1..=longest);
        check.length("excludeCharacters", input.exclude_characters.as_deref(), 0..=4096);
        check.finish().map_err(ApiError::validation)?;
        let length = input.password_length.and_then(|length| usize::try_from(length).ok());
        let length = length.unwrap_or(limits::PASSWORD_CHARS_DEFAULT);
        let types = included_types(&input);
        let each_type = input.require_each_included_type.unwrap_or(true);
        if types.is_empty() {
            return Err(ApiError::invalid_parameter(
                "No characters are left for the password: every character is excluded.",
            ));
        }
        if each_type && length < types.len() {
            return Err(ApiError::invalid_parameter(
                "Password length is too short based on the required types.",
            ));
        }
        Ok(Self { length, types, each_type })
    }

    async fn load(&self, _cx: &Cx<'_>) -> Result<WholeAccount, ApiError> {
        Ok(WholeAccount)
    }

    async fn run(
        &self,
        cx: &Cx<'_>,
        _grant: Grant<WholeAccount>,
    ) -> Result<Done<Output>, ApiError> {
        Ok(Done::read(Output { random_password: self.password(cx.entropy()) }))
    }
}

fn included_types(input: &Input) -> Vec<Vec<u8>> {
    let excluded = input.exclude_characters.as_deref().unwrap_or_default();
    let is_set = |flag: Option<bool>| flag.unwrap_or(false);
    let types = [
        (LOWERCASE, !is_set(input.exclude_lowercase)),
        (UPPERCASE, !is_set(input.exclude_uppercase)),
        (NUMBERS, !is_set(input.exclude_numbers)),
        (PUNCTUATION, !is_set(input.exclude_punctuation)),
        (SPACE, is_set(input.include_space)),
    ];
    let left = |characters: &[u8]| -> Vec<u8> {
        characters.iter().copied().filter(|byte| !excluded.contains(char::from(*byte))).collect()
    };
    let types = types
        .into_iter()
        .filter(|(_, is_included)| *is_included)
        .map(|(characters, _)| left(characters));
    types.filter(|characters| !characters.is_empty()).collect()
}

impl GetRandomPassword {
    /// Drawn until each required type is there: so every password that fulfils the request is as likely as the other.
    /// With many types in few characters that may take long, so after some tries one character of each type is placed.
    fn password(&self, entropy: &dyn Entropy) -> Plaintext {
        const TRIES_MAX: usize = 100;
        let all: Vec<u8> = self.types.concat();
        for _ in 0..TRIES_MAX {
            let drawn: Vec<u8> = (0..self.length).map(|_| entropy.choose(&all)).collect();
            let has_type =
                |characters: &Vec<u8>| drawn.iter().any(|byte| characters.contains(byte));
            if !self.each_type || self.types.iter().all(has_type) {
                return Plaintext::new(drawn);
            }
        }
        self.placed(&all, entropy)
    }

    fn placed(&self, all: &[u8], entropy: &dyn Entropy) -> Plaintext {
        let mut drawn: Vec<u8> =
            self.types.iter().map(|characters| entropy.choose(characters)).collect();
        drawn.extend((drawn.len()..self.length).map(|_| entropy.choose(all)));
        for last in (1..drawn.len()).rev() {
            let other = entropy.below(u32::try_from(last + 1).unwrap_or(u32::MAX));
            drawn.swap(last, usize::try_from(other).unwrap_or(last));
        }
        Plaintext::new(drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_types::SystemEntropy;

    fn input(json: &str) -> Input {
        strongroom_wire::decode(json.as_bytes()).unwrap()
    }

    fn draw(json: &str) -> Vec<u8> {
        GetRandomPassword::parse(input(json)).unwrap().password(&SystemEntropy).expose().to_vec()
    }

    #[test]
    fn the_default_has_thirty_two_characters_of_each_type_but_space() {
        for _ in 0..200 {
            let password = draw("{}");
            assert_eq!(password.len(), 32);
            for characters in [LOWERCASE, UPPERCASE, NUMBERS, PUNCTUATION] {
                assert!(password.iter().any(|byte| characters.contains(byte)));
            }
            assert!(!password.contains(&b' '));
        }
    }

    #[test]
    fn exclusions_hold_and_short_passwords_still_have_each_type() {
        for _ in 0..200 {
            let password = draw(r#"{"PasswordLength":4,"ExcludeCharacters":"abc/@\"'\\"}"#);
            assert_eq!(password.len(), 4);
            assert!(!password.iter().any(|byte| b"abc/@\"'\\".contains(byte)));
            for characters in [LOWERCASE, UPPERCASE, NUMBERS, PUNCTUATION] {
                assert!(password.iter().any(|byte| characters.contains(byte)));
            }
        }
        assert!(
            draw(r#"{"ExcludeNumbers":true,"ExcludePunctuation":true,"ExcludeUppercase":true}"#)
                .iter()
                .all(u8::is_ascii_lowercase)
        );
    }

    #[test]
    fn what_cannot_be_made_is_refused() {
        let everything: String = (33..127_u8).map(char::from).collect();
        let everything = serde_json::to_string(&everything).unwrap();
        for json in [
            r#"{"PasswordLength":0}"#.to_owned(),
            r#"{"PasswordLength":4097}"#.to_owned(),
            r#"{"PasswordLength":3}"#.to_owned(),
            r#"{"PasswordLength":4,"IncludeSpace":true}"#.to_owned(),
            format!(r#"{{"ExcludeCharacters":{everything}}}"#),
            r#"{"ExcludeNumbers":true,"ExcludePunctuation":true,"ExcludeUppercase":true,"ExcludeLowercase":true}"#.to_owned(),
        ] {
            assert!(GetRandomPassword::parse(input(&json)).is_err(), "{json}");
        }
    }

    #[test]
    fn characters_are_uniform() {
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..20 {
            for byte in draw(r#"{"PasswordLength":4096,"RequireEachIncludedType":false}"#) {
                *counts.entry(byte).or_insert(0_u32) += 1;
            }
        }
        assert_eq!(counts.len(), 94);
        assert!(counts.values().all(|count| (650..1100).contains(count)), "{counts:?}");
    }
}
