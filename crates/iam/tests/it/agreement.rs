//! The evaluator against the second evaluator, on random cases; and what holds of any decision.

use crate::oracle;
use crate::random::{self, Chance};
use serde_json::{Value, json};
use std::env;

/// Reproduces a run, or makes another.
fn setting(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

fn decision(case: &Value) -> String {
    let answer: Value =
        serde_json::from_str(&strongroom_iam::decide_case(&case.to_string())).unwrap();
    answer["decision"].as_str().unwrap().to_owned()
}

fn disagree(case: &Value) -> bool {
    decision(case) != oracle::decide(&case.to_string())
}

/// The smallest case that is left when whatever can go has gone.
fn smallest(mut case: Value) -> Value {
    while let Some(smaller) = smaller(&case).into_iter().find(disagree) {
        case = smaller;
    }
    case
}

/// The case without one of its parts, for each of them.
fn smaller(case: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    for name in ["boundary", "session", "resourcePolicy"] {
        if !case[name].is_null() {
            let mut without = case.clone();
            without[name] = Value::Null;
            found.push(without);
        }
    }
    for place in places(case, "") {
        let (parent, last) = place.rsplit_once('/').unwrap();
        let mut without = case.clone();
        match without.pointer_mut(parent) {
            Some(Value::Array(values)) => drop(values.remove(last.parse().unwrap())),
            Some(Value::Object(members)) => drop(members.remove(&unescaped(last))),
            _ => continue,
        }
        found.push(without);
    }
    found
}

/// Every place in the policies and the context that may be left out.
fn places(value: &Value, at: &str) -> Vec<String> {
    let optional =
        |name: &str| !["Version", "Effect", "Action", "Resource", "Principal"].contains(&name);
    let inner: Vec<(String, &Value)> = match value {
        Value::Array(list) if list.len() > 1 || at == "/identity" => {
            list.iter().enumerate().map(|(place, value)| (place.to_string(), value)).collect()
        }
        Value::Array(list) => {
            return list.iter().flat_map(|value| places(value, &format!("{at}/0"))).collect();
        }
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    for (name, value) in inner {
        let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        found.extend(places(value, &place));
        if !at.is_empty() && optional(&name) {
            found.push(place);
        }
    }
    found
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

#[test]
fn random_cases_are_decided_as_the_second_evaluator_decides_them() {
    let cases = setting("STRONGROOM_IAM_CASES", 100_000);
    let first = setting("STRONGROOM_IAM_SEED", 1);
    let mut decisions = std::collections::BTreeMap::new();
    for seed in first..first + cases {
        let case = random::case(&mut Chance::of(seed));
        let ours = decision(&case);
        if ours != oracle::decide(&case.to_string()) {
            let small = smallest(case.clone());
            panic!(
                "STRONGROOM_IAM_SEED={seed}: {ours} against {}\n{case}\nsmallest: {} against {}\n{small}",
                oracle::decide(&case.to_string()),
                decision(&small),
                oracle::decide(&small.to_string()),
            );
        }
        *decisions.entry(ours).or_insert(0_u64) += 1;
    }
    // Cases that all come out the same would say nothing.
    let rare = decisions.values().any(|count| count * 100 < cases);
    assert!(cases < 1_000 || (decisions.len() == 4 && !rare), "{decisions:?}");
}

/// Random cases with a change, and whether the decision may change with it.
fn compare(change: impl Fn(&mut Value, &mut Chance), is_fine: impl Fn(&str, &str) -> bool) {
    for seed in 0..500 {
        let case = random::case(&mut Chance::of(1_000_000 + seed));
        let mut changed = case.clone();
        change(&mut changed, &mut Chance::of(seed));
        let (before, after) = (decision(&case), decision(&changed));
        assert!(
            before == "Malformed" || is_fine(&before, &after),
            "{before} became {after}\n{case}\n{changed}"
        );
    }
}

/// Runs over the policies of a case that have a list of statements.
fn statements(case: &mut Value, mut change: impl FnMut(&mut Vec<Value>)) {
    for place in
        ["/identity/0", "/identity/1", "/boundary/0", "/boundary/1", "/session", "/resourcePolicy"]
    {
        let policy = case.pointer_mut(place).and_then(Value::as_object_mut);
        if let Some(Value::Array(list)) = policy.and_then(|policy| policy.get_mut("Statement")) {
            change(list);
        }
    }
}

#[test]
fn the_order_of_policies_and_statements_is_irrelevant() {
    let reverse = |case: &mut Value, _: &mut Chance| {
        statements(case, |list| list.reverse());
        for name in ["identity", "boundary"] {
            if let Some(list) = case[name].as_array_mut() {
                list.reverse();
            }
        }
    };
    compare(reverse, |before, after| before == after);
}

#[test]
fn a_denial_that_is_added_never_allows_more() {
    let add = |case: &mut Value, chance: &mut Chance| {
        let actions = chance.pick(&["*", "secretsmanager:*", "kms:Decrypt"]);
        let denial = json!({"Effect": "Deny", "Action": actions, "Resource": "*"});
        if let Some(list) = case["identity"].as_array_mut() {
            list.push(json!({"Version": "2012-10-17", "Statement": [denial]}));
        }
    };
    compare(add, |before, after| before == after || after == "ExplicitlyDenied");
}

#[test]
fn a_grant_that_is_taken_away_never_allows_more() {
    let take = |case: &mut Value, chance: &mut Chance| {
        statements(case, |list| {
            let at = chance.below(list.len());
            if list.len() > 1 && list[at]["Effect"] == "Allow" {
                list.remove(at);
            }
        });
    };
    compare(take, |before, after| before == after || after != "Allowed");
}

#[test]
fn a_narrower_session_or_boundary_never_allows_more() {
    let narrow = |case: &mut Value, chance: &mut Chance| {
        let fence = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": "*"}});
        if case["boundary"].is_null() && case["principal"].as_str().unwrap().starts_with("arn") {
            case["boundary"] = json!([fence]);
        } else if case["session"].is_null()
            && chance.one_in(2)
            && case["principal"].as_str().unwrap().contains("assumed-role")
        {
            case["session"] = fence;
        }
    };
    compare(narrow, |before, after| before == after || after != "Allowed");
}

#[test]
fn the_case_of_condition_keys_is_irrelevant() {
    let shout = |case: &mut Value, _: &mut Chance| {
        let context = case["context"].as_object().unwrap();
        case["context"] = context
            .iter()
            .map(|(key, value)| (key.to_uppercase(), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into();
    };
    compare(shout, |before, after| before == after);
}
