//! The service model's constraints, with the sentences that AWS's own framework answers with.
//!
//! All breaches of a request are collected and answered as one `ValidationException`:
//! `N validation errors detected: Value 'x' at 'secretId' failed to satisfy constraint: Member must …; Value …`.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// Collects the breaches of one request. Member names are written as AWS does: `secretId`, `tags.1.member.key`.
#[derive(Debug, Default)]
pub struct Constraints {
    breaches: Vec<String>,
}

/// Longest part of a refused value that is repeated in the message.
const ECHO_CHARS_MAX: usize = 512;

impl Constraints {
    /// Nothing breached yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A member that must be there.
    pub fn required<T>(&mut self, member: &str, value: Option<&T>) {
        if value.is_none() {
            self.breach_null(member);
        }
    }

    fn breach_null(&mut self, member: &str) {
        self.breaches.push(format!(
            "Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ));
    }

    fn breach(&mut self, member: &str, value: impl Display, rule: impl Display) {
        let value: String = value.to_string().chars().take(ECHO_CHARS_MAX).collect();
        self.breaches.push(format!(
            "Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
        ));
    }

    /// A string's length in characters.
    pub fn length(&mut self, member: &str, value: Option<&str>, chars: RangeInclusive<usize>) {
        let Some(value) = value else { return };
        let count = value.chars().count();
        if count < *chars.start() {
            self.breach(
                member,
                value,
                format_args!("have length greater than or equal to {}", chars.start()),
            );
        } else if count > *chars.end() {
            self.breach(
                member,
                value,
                format_args!("have length less than or equal to {}", chars.end()),
            );
        }
    }

    /// A string's length, and that it is there.
    pub fn required_length(
        &mut self,
        member: &str,
        value: Option<&str>,
        chars: RangeInclusive<usize>,
    ) {
        self.required(member, value.as_ref());
        self.length(member, value, chars);
    }

    /// The length of a value that must not be repeated.
    pub fn sensitive_length(
        &mut self,
        member: &str,
        length: Option<usize>,
        allowed: RangeInclusive<usize>,
    ) {
        let Some(length) = length else { return };
        let rule = if length < *allowed.start() {
            format!("greater than or equal to {}", allowed.start())
        } else if length > *allowed.end() {
            format!("less than or equal to {}", allowed.end())
        } else {
            return;
        };
        self.breaches.push(format!(
            "Value at '{member}' failed to satisfy constraint: Member must have length {rule}"
        ));
    }

    /// How many entries a list has.
    pub fn count<T>(&mut self, member: &str, list: Option<&[T]>, allowed: RangeInclusive<usize>) {
        let Some(list) = list else { return };
        if list.len() < *allowed.start() {
            self.breach(
                member,
                "[]",
                format_args!("have length greater than or equal to {}", allowed.start()),
            );
        } else if list.len() > *allowed.end() {
            let shown = format_args!("[{} members]", list.len()).to_string();
            self.breach(
                member,
                shown,
                format_args!("have length less than or equal to {}", allowed.end()),
            );
        }
    }

    /// A number's range.
    pub fn range(&mut self, member: &str, value: Option<i64>, allowed: RangeInclusive<i64>) {
        let Some(value) = value else { return };
        if value < *allowed.start() {
            self.breach(
                member,
                value,
                format_args!("have value greater than or equal to {}", allowed.start()),
            );
        } else if value > *allowed.end() {
            self.breach(
                member,
                value,
                format_args!("have value less than or equal to {}", allowed.end()),
            );
        }
    }

    /// A string out of a closed set.
    pub fn one_of(&mut self, member: &str, value: Option<&str>, allowed: &[&str]) {
        let Some(value) = value else { return };
        if !allowed.contains(&value) {
            self.breach(
                member,
                value,
                format_args!("satisfy enum value set: [{}]", allowed.join(", ")),
            );
        }
    }

    /// A string that must match the model's pattern; `matches` is the pattern in code.
    pub fn pattern(
        &mut self,
        member: &str,
        value: Option<&str>,
        pattern: &str,
        matches: impl Fn(&str) -> bool,
    ) {
        let Some(value) = value else { return };
        if !matches(value) {
            self.breach(
                member,
                value,
                format_args!("satisfy regular expression pattern: {pattern}"),
            );
        }
    }

    /// The message of the `ValidationException`, if anything was breached.
    pub fn finish(self) -> Result<(), String> {
        match self.breaches.as_slice() {
            [] => Ok(()),
            [one] => Err(format!("1 validation error detected: {one}")),
            many => Err(format!("{} validation errors detected: {}", many.len(), many.join("; "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaches_are_told_in_awss_words() {
        let mut check = Constraints::new();
        check.required_length("secretId", None, 1..=2048);
        assert_eq!(
            check.finish().unwrap_err(),
            "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null"
        );
        let mut check = Constraints::new();
        check.range("maxResults", Some(101), 1..=100);
        check.length("versionId", Some("ab"), 32..=64);
        assert_eq!(
            check.finish().unwrap_err(),
            "2 validation errors detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have \
             value less than or equal to 100; Value 'ab' at 'versionId' failed to satisfy constraint: Member must have \
             length greater than or equal to 32"
        );
    }

    #[test]
    fn both_sides_of_a_limit_are_held() {
        for (length, ok) in [(0, false), (1, true), (4, true), (5, false)] {
            let mut check = Constraints::new();
            check.length("m", Some(&"é".repeat(length)), 1..=4);
            assert_eq!(check.finish().is_ok(), ok, "{length}");
            let mut check = Constraints::new();
            check.sensitive_length("m", Some(length), 1..=4);
            assert_eq!(check.finish().is_ok(), ok, "{length}");
            let mut check = Constraints::new();
            check.count("m", Some(&vec![0; length]), 1..=4);
            assert_eq!(check.finish().is_ok(), ok, "{length}");
        }
    }
}
