//! AWS query: a form with `Action`, `Version` and flattened members (`Tags.member.1.Key`).

use serde_json::{Map, Value};

/// Most parameters of a form. Ours: IAM's longest list is 50 tags of two members.
const PARAMETERS_MAX: usize = 1024;
/// Deepest nesting of a parameter's name.
const DEPTH_MAX: usize = 16;

/// A form that cannot be read as an AWS query request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed query string or form")]
pub struct MalformedQuery;

/// A query request.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryRequest {
    /// Value of `Action`.
    pub action: String,
    /// Value of `Version`, if given.
    pub version: Option<String>,
    /// All other parameters as a tree: `.member.N` and `.N` become lists, everything else structures of strings.
    pub input: Value,
}

/// Reads a form. A parameter given twice is refused: two readers could take different ones.
pub fn parse(form: &[u8]) -> Result<QueryRequest, MalformedQuery> {
    let mut action = None;
    let mut version = None;
    let mut input = Value::Object(Map::new());
    for (count, (name, value)) in form_urlencoded::parse(form).enumerate() {
        if count >= PARAMETERS_MAX {
            return Err(MalformedQuery);
        }
        let target = match name.as_ref() {
            "Action" => &mut action,
            "Version" => &mut version,
            _ => {
                insert(&mut input, &name, value.into_owned())?;
                continue;
            }
        };
        if target.replace(value.into_owned()).is_some() {
            return Err(MalformedQuery);
        }
    }
    Ok(QueryRequest { action: action.ok_or(MalformedQuery)?, version, input: lists(input) })
}

fn insert(tree: &mut Value, name: &str, value: String) -> Result<(), MalformedQuery> {
    if name.split('.').count() > DEPTH_MAX {
        return Err(MalformedQuery);
    }
    let mut place = tree;
    for part in name.split('.') {
        place = place
            .as_object_mut()
            .ok_or(MalformedQuery)?
            .entry(part)
            .or_insert_with(|| Value::Object(Map::new()));
    }
    match place {
        Value::Object(empty) if empty.is_empty() => *place = Value::String(value),
        _ => return Err(MalformedQuery),
    }
    Ok(())
}

/// Turns `{"member": {"1": a, "2": b}}` into `[a, b]`, in the order of the numbers.
fn lists(tree: Value) -> Value {
    let Value::Object(members) = tree else { return tree };
    if members.len() == 1
        && let Some(Value::Object(entries)) = members.get("member")
        && let Some(list) = numbered(entries)
    {
        return list;
    }
    Value::Object(members.into_iter().map(|(name, value)| (name, lists(value))).collect())
}

fn numbered(entries: &Map<String, Value>) -> Option<Value> {
    let mut list = entries
        .iter()
        .map(|(name, value)| Some((name.parse::<u32>().ok()?, value)))
        .collect::<Option<Vec<_>>>()?;
    list.sort_by_key(|(number, _)| *number);
    Some(Value::Array(list.into_iter().map(|(_, value)| lists(value.clone())).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_become_a_tree() {
        let request =
            parse(b"Action=CreateRole&Version=2010-05-08&RoleName=a%20b+c&Tags.member.2.Key=y&Tags.member.1.Key=x")
                .unwrap();
        assert_eq!(request.action, "CreateRole");
        assert_eq!(request.version.as_deref(), Some("2010-05-08"));
        assert_eq!(
            request.input,
            json!({"RoleName": "a b c", "Tags": [{"Key": "x"}, {"Key": "y"}]})
        );
    }

    #[test]
    fn ambiguous_forms_are_refused() {
        for form in [
            "",
            "Version=1",
            "Action=A&Action=B",
            "Action=A&X=1&X=2",
            "Action=A&X=1&X.Y=2",
            "Action=A&X.Y=2&X=1",
        ] {
            assert_eq!(parse(form.as_bytes()), Err(MalformedQuery), "{form}");
        }
        let deep = format!("Action=A&{}=1", vec!["x"; 40].join("."));
        assert_eq!(parse(deep.as_bytes()), Err(MalformedQuery));
        let many = (0..2000).map(|i| format!("&p{i}=1")).collect::<Vec<_>>().concat();
        assert_eq!(parse(format!("Action=A{many}").as_bytes()), Err(MalformedQuery));
    }
}
