//! Policies made ready for requests.

use crate::caller::Reach;
use crate::compare::Test;
use crate::grams::Grams;
use crate::pattern::Pattern;
use crate::template::{self, Like, Wildcards};
use crate::{
    Caller, Context, Effect, Match, PolicyDocument, PolicyError, PolicyKind, Principals, Statement,
    Version,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A policy, compiled: what can be prepared before a request is, and statements are found by action.
#[derive(Debug, Clone)]
pub struct Policy {
    label: Box<str>,
    kind: PolicyKind,
    statements: Box<[Rule]>,
    /// For each statement, what a resource must have for it to apply.
    needed: Box<[Grams]>,
    allows: Index,
    denies: Index,
    context_keys: Box<[Box<str>]>,
    is_readable: bool,
}

impl Policy {
    /// Reads and compiles a policy of at most `chars_max` characters. Reasons name it by its label: its ARN, or what it
    /// is of.
    ///
    /// # Errors
    ///
    /// As [`PolicyDocument::parse`].
    pub fn parse(
        label: &str,
        text: &str,
        kind: PolicyKind,
        chars_max: usize,
    ) -> Result<Self, PolicyError> {
        Ok(Self::compile(label, &PolicyDocument::parse(text, kind, chars_max)?, kind))
    }

    /// Compiles a policy. A statement that no parsed text can have never allows.
    pub fn compile(label: &str, document: &PolicyDocument, kind: PolicyKind) -> Self {
        let rules: Vec<_> = document
            .statements
            .iter()
            .map(|statement| Rule::new(statement, document.version))
            .collect();
        let keys: BTreeSet<&str> = rules.iter().flat_map(Rule::keys).collect();
        Self {
            label: label.into(),
            kind,
            allows: Index::new(Effect::Allow, &document.statements),
            denies: Index::new(Effect::Deny, &document.statements),
            context_keys: keys.into_iter().map(Into::into).collect(),
            needed: rules.iter().map(|rule| rule.resources.needed()).collect(),
            statements: rules.into(),
            is_readable: true,
        }
    }

    /// A policy that is held and cannot be read: it denies everything.
    pub fn unreadable(label: &str, kind: PolicyKind) -> Self {
        Self {
            label: label.into(),
            kind,
            statements: Box::default(),
            needed: Box::default(),
            allows: Index::default(),
            denies: Index::default(),
            context_keys: Box::default(),
            is_readable: false,
        }
    }

    /// What reasons name it by.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The keys of the context that its conditions and variables mention: in lower case, in order, each once.
    pub fn context_keys(&self) -> &[Box<str>] {
        &self.context_keys
    }

    pub(crate) fn kind(&self) -> PolicyKind {
        self.kind
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.is_readable
    }

    pub(crate) fn sid(&self, index: usize) -> Option<&str> {
        self.statements.get(index)?.sid.as_deref().filter(|sid| !sid.is_empty())
    }

    /// The statements of an effect that speak of the action and may speak of the resource.
    pub(crate) fn rules<'p>(
        &'p self,
        effect: Effect,
        wanted: &'p Wanted<'p>,
    ) -> impl Iterator<Item = (usize, &'p Rule)> {
        let index = match effect {
            Effect::Allow => &self.allows,
            Effect::Deny => &self.denies,
        };
        let is_left_out = |rule: &Rule| {
            rule.actions_left_out.iter().any(|pattern| pattern.matches(&wanted.action))
        };
        index
            .places(wanted)
            .filter(|place| self.needed.get(*place).is_some_and(|all| wanted.grams.cover(*all)))
            .filter_map(|place| Some((place, self.statements.get(place)?)))
            .filter(move |(_, rule)| !is_left_out(rule))
    }
}

/// What is wanted, as policies look it up.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// In lower case.
    action: Cow<'a, str>,
    action_hash: u64,
    service_hash: u64,
    resource: &'a str,
    grams: Grams,
}

impl<'a> Wanted<'a> {
    pub(crate) fn new(action: &'a str, resource: &'a str) -> Self {
        let has_capitals = action.bytes().any(|byte| byte.is_ascii_uppercase());
        let action = if has_capitals {
            Cow::Owned(action.to_ascii_lowercase())
        } else {
            Cow::Borrowed(action)
        };
        Self {
            action_hash: hash(&action),
            service_hash: hash(service(&action)),
            action,
            resource,
            grams: Grams::of(resource),
        }
    }
}

fn service(action: &str) -> &str {
    action.split_once(':').map_or(action, |(service, _)| service)
}

/// A statement, compiled.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    sid: Option<Box<str>>,
    effect: Effect,
    principals: Option<Principals>,
    /// Of `NotAction`; what is in `Action` the index knows.
    actions_left_out: Box<[Pattern]>,
    resources: Resources,
    /// `None`: not to be understood. It never allows, and denies whatever the condition would be.
    tests: Option<Box<[Test]>>,
}

impl Rule {
    fn new(statement: &Statement, version: Version) -> Self {
        let tests = statement.conditions.iter().map(|condition| Test::new(condition, version));
        Self {
            sid: statement.sid.as_deref().map(Into::into),
            effect: statement.effect,
            principals: statement.principals.clone(),
            actions_left_out: left_out(&statement.actions),
            resources: Resources::new(statement.resources.as_ref(), version),
            tests: tests.collect(),
        }
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        let tests = self.tests.iter().flatten().flat_map(Test::keys);
        tests.chain(self.resources.patterns().iter().flat_map(Like::keys))
    }

    /// Whether the statement, if it speaks of the action, applies to the resource in this context.
    pub(crate) fn applies(&self, wanted: &Wanted<'_>, context: &dyn Context) -> bool {
        let holds = |tests: &[Test]| tests.iter().all(|test| test.holds(context, self.effect));
        self.resources.matches(wanted.resource, context)
            && self.tests.as_deref().map_or(self.effect == Effect::Deny, holds)
    }

    /// How closely an allowance names the caller. Nobody is allowed by being left out.
    pub(crate) fn reach(&self, caller: &Caller<'_>, context: &dyn Context) -> Option<Reach> {
        match &self.principals {
            None => Some(Reach::Direct),
            Some(Principals::Is(named)) => {
                named.iter().filter_map(|principal| caller.reach(principal, context)).max()
            }
            Some(Principals::IsNot(_)) => None,
        }
    }

    /// Whether a denial is about the caller. IAM user guide, "NotPrincipal": somebody with a permissions boundary always
    /// is, whoever is left out.
    pub(crate) fn concerns(
        &self,
        caller: &Caller<'_>,
        has_boundary: bool,
        context: &dyn Context,
    ) -> bool {
        match &self.principals {
            None => true,
            Some(Principals::Is(named)) => {
                named.iter().any(|principal| caller.reach(principal, context).is_some())
            }
            Some(Principals::IsNot(named)) => has_boundary || !caller.is_exempt(named, context),
        }
    }
}

fn left_out(actions: &Match) -> Box<[Pattern]> {
    match actions {
        Match::Any(_) => Box::default(),
        Match::None(actions) => actions.iter().map(|action| action_pattern(action)).collect(),
    }
}

/// In lower case: actions have no case.
fn action_pattern(action: &str) -> Pattern {
    Pattern::parse(&action.to_ascii_lowercase())
}

#[derive(Debug, Clone)]
enum Resources {
    /// A trust policy's: its role.
    Own,
    /// And what they need alike.
    Any(Box<[Like]>, Grams),
    None(Box<[Like]>),
}

impl Resources {
    fn new(resources: Option<&Match>, version: Version) -> Self {
        let parse = |text: &String| template::parse(text, version, Wildcards::Yes);
        match resources {
            None => Self::Own,
            Some(Match::Any(texts)) => {
                let pieces: Vec<_> = texts.iter().map(parse).collect();
                let needed = pieces.iter().map(|pieces| template::grams(pieces));
                let needed = needed.reduce(Grams::shared).unwrap_or(Grams::NONE);
                Self::Any(pieces.into_iter().map(Like::new).collect(), needed)
            }
            Some(Match::None(texts)) => {
                Self::None(texts.iter().map(parse).map(Like::new).collect())
            }
        }
    }

    fn needed(&self) -> Grams {
        match self {
            Self::Any(_, needed) => *needed,
            Self::Own | Self::None(_) => Grams::NONE,
        }
    }

    fn patterns(&self) -> &[Like] {
        match self {
            Self::Own => &[],
            Self::Any(patterns, _) | Self::None(patterns) => patterns,
        }
    }

    fn matches(&self, resource: &str, context: &dyn Context) -> bool {
        let matches = |like: &Like| like.matches(resource, context);
        match self {
            Self::Own => true,
            Self::Any(patterns, _) => patterns.iter().any(matches),
            Self::None(patterns) => !patterns.iter().any(matches),
        }
    }
}

/// Where statements of one effect stand, by the actions they speak of.
#[derive(Debug, Clone, Default)]
struct Index {
    /// By an action's whole name.
    names: Table<Places>,
    /// By the service of a pattern, and the pattern.
    services: Table<Box<[(Pattern, Places)]>>,
    /// Those that may speak of any service.
    every: Places,
}

type Places = Box<[usize]>;

impl Index {
    fn new(effect: Effect, statements: &[Statement]) -> Self {
        let (mut names, mut services) = (BTreeMap::new(), BTreeMap::new());
        let mut every = BTreeSet::new();
        let of_effect = statements.iter().enumerate().filter(|(_, other)| other.effect == effect);
        for (place, statement) in of_effect {
            let Match::Any(actions) = &statement.actions else {
                every.insert(place);
                continue;
            };
            for action in actions {
                let action = action.to_ascii_lowercase();
                let places: &mut BTreeSet<usize> = match action.split_once(':') {
                    _ if !action.contains(['*', '?']) => names.entry(action).or_default(),
                    Some((service, _)) if !service.contains(['*', '?']) => {
                        let patterns: &mut BTreeMap<_, _> =
                            services.entry(service.to_owned()).or_default();
                        patterns.entry(action).or_default()
                    }
                    _ => &mut every,
                };
                places.insert(place);
            }
        }
        let places = |places: BTreeSet<usize>| places.into_iter().collect::<Places>();
        let patterns = |patterns: BTreeMap<String, _>| {
            patterns.into_iter().map(|(text, all)| (Pattern::parse(&text), places(all))).collect()
        };
        Self {
            names: Table::new(names.into_iter().map(|(name, all)| (name, places(all)))),
            services: Table::new(services.into_iter().map(|(name, all)| (name, patterns(all)))),
            every: places(every),
        }
    }

    /// Of the statements that may speak of the action. Those that do so twice are there twice.
    fn places<'i>(&'i self, wanted: &'i Wanted<'i>) -> impl Iterator<Item = usize> {
        let by_name = self.names.get(wanted.action_hash, &wanted.action);
        let patterns = self.services.get(wanted.service_hash, service(&wanted.action));
        let by_pattern = patterns.into_iter().flatten();
        let by_pattern = by_pattern.filter(move |(pattern, _)| pattern.matches(&wanted.action));
        let by_name = by_name.into_iter().flatten();
        by_name.chain(by_pattern.flat_map(|(_, places)| places)).chain(&self.every).copied()
    }
}

/// Entries by name, found by its hash first.
#[derive(Debug, Clone)]
struct Table<T>(Box<[(u64, Box<str>, T)]>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<T> Table<T> {
    fn new(entries: impl Iterator<Item = (String, T)>) -> Self {
        let entries = entries.map(|(name, entry)| (hash(&name), name.into_boxed_str(), entry));
        let mut entries: Vec<_> = entries.collect();
        entries.sort_by(|(a, a_name, _), (b, b_name, _)| (a, a_name).cmp(&(b, b_name)));
        Self(entries.into())
    }

    fn get(&self, name_hash: u64, name: &str) -> Option<&T> {
        let order = |(hash, held, _): &(u64, Box<str>, T)| {
            hash.cmp(&name_hash).then_with(|| (**held).cmp(name))
        };
        let place = self.0.binary_search_by(order).ok()?;
        self.0.get(place).map(|(_, _, entry)| entry)
    }
}

/// FNV-1a. Collisions cost a comparison.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
