//! The XML answers of the query protocol. XML is only ever written here, never parsed.

use serde::Serialize;
use serde_json::Value;

/// A map of the query protocol, which stands as a list of `<entry>` elements.
#[derive(Debug, Clone, Serialize)]
pub struct MapMember<T> {
    entry: Vec<MapEntry<T>>,
}

#[derive(Debug, Clone, Serialize)]
struct MapEntry<T> {
    key: String,
    value: T,
}

impl<T> FromIterator<(String, T)> for MapMember<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(entries: I) -> Self {
        let entry = entries.into_iter().map(|(key, value)| MapEntry { key, value });
        Self { entry: entry.collect() }
    }
}

/// Writes a tree: structures as elements, lists as `<member>` elements, maps as `<entry>` elements, `null` as nothing.
pub(crate) fn write(tree: &Value, out: &mut String) {
    match tree {
        Value::Null => {}
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(value) => out.push_str(&value.to_string()),
        Value::String(text) => escape(text, out),
        Value::Array(list) => {
            for entry in list {
                element("member", entry, out);
            }
        }
        Value::Object(members) => {
            if let Some(Value::Array(entries)) = members.get("entry") {
                for entry in entries {
                    element("entry", entry, out);
                }
                return;
            }
            for (name, value) in members {
                element(name, value, out);
            }
        }
    }
}

fn element(name: &str, value: &Value, out: &mut String) {
    if value.is_null() {
        return;
    }
    out.push('<');
    out.push_str(name);
    out.push('>');
    write(value, out);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Text content. Control characters that XML 1.0 cannot carry become U+FFFD.
pub(crate) fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\t' | '\n' => out.push(character),
            c if c < ' ' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn trees_become_elements() {
        let mut out = String::new();
        write(&json!({"A": "x<y>&\"z\"\u{1}", "L": [1, {"B": true}], "N": null}), &mut out);
        assert_eq!(
            out,
            "<A>x&lt;y&gt;&amp;&quot;z&quot;\u{fffd}</A><L><member>1</member><member><B>true</B></member></L>"
        );
    }
    #[test]
    fn maps_are_entries() {
        let map: MapMember<u32> = [("Users".to_owned(), 3)].into_iter().collect();
        let mut out = String::new();
        write(&serde_json::to_value(map).unwrap(), &mut out);
        assert_eq!(out, "<entry><key>Users</key><value>3</value></entry>");
    }
}
