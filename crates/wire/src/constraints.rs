//! The service model's constraints, with the sentences that AWS's own framework answers with.
//!
//! All breaches of a request are collected and answered as one `ValidationException`:
//! `N validation errors detected: Value 'x' at 'secretId' failed to satisfy constraint: Member must …; Value …`.
//!
//! Recorded: IAM repeats numbers and words of a closed set, and neither texts nor lists, nor says that one is null.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// Collects the breaches of one request. Member names are written as AWS does: `secretId`, `tags.1.member.key`.
#[derive(Debug, Default)]
pub struct Constraints {
    breaches: Vec<String>,
    /// Texts are not repeated.
    is_reticent: bool,
}

/// Longest part of a refused value that is repeated in the message.
const ECHO_CHARS_MAX: usize = 512;

impl Constraints {
    /// Nothing breached yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing breached yet, of a service that does not repeat texts.
    pub fn without_texts() -> Self {
        Self { is_reticent: true, ..Self::default() }
    }

    /// A member that must be there.
    pub fn required<T>(&mut self, member: &str, value: Option<&T>) {
        if value.is_none() {
            self.breach_null(member);
        }
    }

    fn breach_null(&mut self, member: &str) {
        let null = if self.is_reticent { "" } else { " null" };
        self.breaches.push(format!(
            "Value{null} at '{member}' failed to satisfy constraint: Member must not be null"
        ));
    }

    fn breach_unseen(&mut self, member: &str, rule: impl Display) {
        self.breaches
            .push(format!("Value at '{member}' failed to satisfy constraint: Member must {rule}"));
    }

    fn breach_text(&mut self, member: &str, value: impl Display, rule: impl Display) {
        if self.is_reticent {
            self.breach_unseen(member, rule);
        } else {
            self.breach(member, value, rule);
        }
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
            self.breach_text(
                member,
                value,
                format_args!("have length greater than or equal to {}", chars.start()),
            );
        } else if count > *chars.end() {
            self.breach_text(
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
        self.breach_unseen(member, format_args!("have length {rule}"));
    }

    /// How many entries a list has.
    pub fn count<T>(&mut self, member: &str, list: Option<&[T]>, allowed: RangeInclusive<usize>) {
        let Some(list) = list else { return };
        if list.len() < *allowed.start() {
            self.breach_text(
                member,
                "[]",
                format_args!("have length greater than or equal to {}", allowed.start()),
            );
        } else if list.len() > *allowed.end() {
            let shown = format_args!("[{} members]", list.len()).to_string();
            self.breach_text(
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
            self.breach_text(
                member,
                value,
                format_args!("satisfy regular expression pattern: {pattern}"),
            );
        }
    }

    /// The entries of a list of texts. Recorded: whichever breaks whichever rule, the list has broken all of them.
    pub fn entries(
        &mut self,
        member: &str,
        entries: Option<&[String]>,
        rules: &str,
        is_good: impl Fn(&str) -> bool,
    ) {
        if !entries.unwrap_or_default().iter().all(|entry| is_good(entry)) {
            self.breach_unseen(member, format_args!("satisfy constraint: [{rules}]"));
        }
    }

    /// The lengths of the entries of a list of texts.
    pub fn entry_lengths(
        &mut self,
        member: &str,
        entries: Option<&[String]>,
        chars: RangeInclusive<usize>,
    ) {
        let rules = format!(
            "Member must have length less than or equal to {}, Member must have length greater than or equal to {}",
            chars.end(),
            chars.start()
        );
        self.entries(member, entries, &rules, |entry| chars.contains(&entry.chars().count()));
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
    fn iam_repeats_numbers_and_words_of_a_set_but_no_texts() {
        // Recorded from IAM: LocalStack's snapshots (February 2026), versitygw's and spinifex's tests.
        let mut check = Constraints::without_texts();
        check.required::<String>("userName", None);
        check.length("tags.1.member.key", Some(""), 1..=128);
        check.pattern("versionId", Some("1"), "v[1-9][0-9]*", |_| false);
        check.count("tags", Some(&[0; 51]), 0..=50);
        check.range("maxItems", Some(0), 1..=1000);
        check.one_of("status", Some("hello"), &["Active", "Inactive"]);
        check.entry_lengths("clientIDList", Some(&["a".to_owned(), String::new()]), 1..=255);
        check.entry_lengths("thumbprintList", Some(&["a".repeat(40)]), 40..=40);
        let at =
            |member: &str| format!("Value at '{member}' failed to satisfy constraint: Member must");
        let expected = [
            format!("{} not be null", at("userName")),
            format!("{} have length greater than or equal to 1", at("tags.1.member.key")),
            format!("{} satisfy regular expression pattern: v[1-9][0-9]*", at("versionId")),
            format!("{} have length less than or equal to 50", at("tags")),
            "Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"
                .to_owned(),
            "Value 'hello' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]"
                .to_owned(),
            format!(
                "{} satisfy constraint: [Member must have length less than or equal to 255, Member must have length \
                 greater than or equal to 1]",
                at("clientIDList")
            ),
        ];
        let expected = format!("7 validation errors detected: {}", expected.join("; "));
        assert_eq!(check.finish().unwrap_err(), expected);
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
