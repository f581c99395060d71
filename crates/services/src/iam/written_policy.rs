//! A policy's text as simulations tell of it: where its statements stand, how it writes its condition keys.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::CharIndices;
use strongroom_iam::Policy;

/// A place between two characters. Lines and columns count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// The line: any of `\n`, `\r\n`, `\r` ends one.
    pub(super) line: usize,
    /// The column, in characters.
    pub(super) column: usize,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Its begin.
    pub(super) start: Position,
    /// Its end.
    pub(super) end: Position,
}

/// Where the statements of a valid policy stand.
///
/// Recorded: the first of a list starts behind the list's bracket, each further one where the one before it ends; one
/// that stands alone starts behind its own brace. Each ends behind its last brace.
pub(super) fn statement_spans(text: &str) -> Vec<Span> {
    let mut tokens = Tokens::of(text);
    let (mut spans, mut depth, mut key, mut list) = (Vec::new(), 0_usize, None, None);
    while let Some(token) = tokens.next() {
        match (depth, token) {
            (1, Token::Text(name)) => key = Some(name),
            (1, Token::Open(bracket)) if key == Some("Statement") => {
                list = Some((tokens.at, if bracket == '[' { 3 } else { 2 }));
            }
            (1, Token::Comma) => key = None,
            _ => {}
        }
        match token {
            Token::Open(_) => depth = depth.saturating_add(1),
            Token::Close => {
                if let Some((start, of_statement)) = &mut list
                    && depth == *of_statement
                {
                    spans.push(Span { start: *start, end: tokens.at });
                    *start = tokens.at;
                }
                depth = depth.saturating_sub(1);
                list = list.filter(|_| depth > 1);
            }
            Token::Text(_) | Token::Comma => {}
        }
    }
    spans
}

/// The condition keys and variables of a policy as it writes them, in the order in which they come, each once.
pub(super) fn key_names(policy: &Policy, text: &str) -> Vec<String> {
    let wanted: BTreeSet<&str> = policy.context_keys().iter().map(|key| &**key).collect();
    let mut written = BTreeSet::new();
    let mut names = Vec::new();
    for token in Tokens::of(text) {
        let Token::Text(text) = token else { continue };
        for name in std::iter::once(text).chain(variables(text)) {
            let key = name.to_ascii_lowercase();
            if wanted.contains(key.as_str()) && written.insert(key) {
                names.push(name.to_owned());
            }
        }
    }
    // A key that is written with escapes is none of these.
    let others = wanted.into_iter().filter(|key| !written.contains(*key));
    names.extend(others.map(str::to_owned));
    names
}

/// The keys of `${key}` and `${key, 'default'}`.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    let inner = text.split("${").skip(1);
    inner.filter_map(|rest| Some(rest.split_at_checked(rest.find([',', '}'])?)?.0.trim()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Open(char),
    Close,
    Comma,
    /// What stands between quotation marks.
    Text(&'t str),
}

/// The tokens of JSON that matter here.
struct Tokens<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
    /// Behind what was taken last.
    at: Position,
}

impl<'t> Tokens<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, chars: text.char_indices().peekable(), at: Position { line: 1, column: 1 } }
    }

    fn take(&mut self) -> Option<(usize, char)> {
        let (place, taken) = self.chars.next()?;
        let is_break = match taken {
            '\n' => true,
            '\r' => self.chars.peek().is_none_or(|(_, next)| *next != '\n'),
            _ => false,
        };
        if is_break {
            self.at = Position { line: self.at.line.saturating_add(1), column: 1 };
        } else {
            self.at.column = self.at.column.saturating_add(1);
        }
        Some((place, taken))
    }

    /// The rest of a string whose opening mark was taken.
    fn string(&mut self, start: usize) -> Option<Token<'t>> {
        loop {
            match self.take()? {
                (_, '\\') => drop(self.take()),
                (end, '"') => return self.text.get(start..end).map(Token::Text),
                _ => {}
            }
        }
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            match self.take()? {
                (_, bracket @ ('{' | '[')) => return Some(Token::Open(bracket)),
                (_, '}' | ']') => return Some(Token::Close),
                (_, ',') => return Some(Token::Comma),
                (place, '"') => return self.string(place.saturating_add(1)),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_iam::PolicyKind;

    fn spans(text: &str) -> Vec<(usize, usize, usize, usize)> {
        let flat = |Span { start, end }| (start.line, start.column, end.line, end.column);
        statement_spans(text).into_iter().map(flat).collect()
    }

    #[test]
    fn statements_of_a_list_start_where_the_one_before_ends() {
        let text =
            r#"{"Statement":[{"Sid":"a}"}, {"Condition":{"x":{"y":["Statement"]}}}],"Id":"b"}"#;
        assert_eq!(spans(text), [(1, 15, 1, 27), (1, 27, 1, 68)]);
    }

    #[test]
    fn a_statement_that_stands_alone_starts_behind_its_brace() {
        let text = "{\"Id\":\"Statement\",\r\n \"Statement\":\n  {\"Sid\":\"é\\\"\"\r}}";
        assert_eq!(spans(text), [(3, 4, 4, 2)]);
    }

    #[test]
    fn keys_are_told_as_the_policy_writes_them() {
        let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*",
            "Resource":"arn:aws:s3:::b/${aws:UserName}/${ aws:PrincipalTag/Team , 'none'}/${*}",
            "Condition":{"StringLike":{"aws:SourceVpc":"aws:UserId","aws:\u0055serAgent":"x"}}}}"#;
        let policy = Policy::parse("p", text, PolicyKind::Identity, 1000).unwrap();
        assert_eq!(
            key_names(&policy, text),
            ["aws:UserName", "aws:PrincipalTag/Team", "aws:SourceVpc", "aws:useragent"]
        );
    }
}
