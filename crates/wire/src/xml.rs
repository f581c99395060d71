//! The XML answers of the query protocol. XML is only ever written here, never parsed.

use serde_json::Value;

/// Writes a tree: structures as elements, lists as `<member>` elements, `null` as nothing.
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
}
