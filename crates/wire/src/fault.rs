//! Answers and errors in the caller's protocol.

use crate::{Protocol, xml};
use serde::Serialize;
use serde_json::Value;
use strongroom_types::WipedBytes;

/// An error as the caller is to see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault<'a> {
    /// The code, e.g. `ResourceNotFoundException`.
    pub code: &'a str,
    /// The message for the caller.
    pub message: &'a str,
    /// Whether the service model names the error. AWS writes `Message` for those and `message` for the framework's own.
    pub is_modelled: bool,
    /// Whether the caller is to blame (`Sender`) or the server (`Receiver`); only XML says it.
    pub is_callers: bool,
    /// For services that moved from the query protocol: the code old clients know, sent as `x-amzn-query-error`.
    pub query_code: Option<&'a str>,
}

/// Bytes for the wire. Wiped when dropped: an answer may carry a secret's value.
#[expect(missing_debug_implementations, reason = "the body may hold a secret's value")]
pub struct Rendered {
    /// The body.
    pub body: WipedBytes,
    /// `Content-Type`.
    pub content_type: &'static str,
}

const JSON: &str = "application/x-amz-json-1.1";
const XML: &str = "text/xml";

/// Writes an operation's answer; `write_json` does so for JSON. Fails only on a value that cannot be written, such as text
/// that is not UTF-8.
pub fn render_answer<T: Serialize>(
    protocol: Protocol,
    operation: &str,
    namespace: &str,
    request_id: &str,
    output: &T,
    write_json: impl FnOnce(&T, &mut Vec<u8>) -> Result<(), serde_json::Error>,
) -> Result<Rendered, serde_json::Error> {
    match protocol {
        Protocol::Json11 => {
            let mut body = WipedBytes::new(Vec::with_capacity(512));
            write_json(output, &mut body)?;
            Ok(Rendered { body, content_type: JSON })
        }
        Protocol::Query => {
            let tree = serde_json::to_value(output)?;
            let mut text = format!("<{operation}Response xmlns=\"{namespace}\">");
            // An operation without an answer of its own has no result element.
            if !tree.is_null() {
                write_all(&mut text, &["<", operation, "Result>"]);
                xml::write(&tree, &mut text);
                write_all(&mut text, &["</", operation, "Result>"]);
            }
            write_all(&mut text, &["<ResponseMetadata><RequestId>", request_id, "</RequestId>"]);
            write_all(&mut text, &["</ResponseMetadata></", operation, "Response>"]);
            Ok(Rendered { body: WipedBytes::new(text.into_bytes()), content_type: XML })
        }
    }
}

fn write_all(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
}

/// Writes an error.
pub fn render_fault(
    protocol: Protocol,
    namespace: &str,
    request_id: &str,
    fault: &Fault<'_>,
) -> Rendered {
    match protocol {
        Protocol::Json11 => {
            let key = if fault.is_modelled { "Message" } else { "message" };
            let code = Value::from(fault.code);
            let text = if fault.message.is_empty() {
                format!("{{\"__type\":{code}}}")
            } else {
                format!("{{\"__type\":{code},\"{key}\":{}}}", Value::from(fault.message))
            };
            Rendered { body: WipedBytes::new(text.into_bytes()), content_type: JSON }
        }
        Protocol::Query => {
            let side = if fault.is_callers { "Sender" } else { "Receiver" };
            let mut text =
                format!("<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{side}</Type><Code>");
            xml::escape(fault.code, &mut text);
            text.push_str("</Code><Message>");
            xml::escape(fault.message, &mut text);
            text.push_str("</Message></Error><RequestId>");
            text.push_str(request_id);
            text.push_str("</RequestId></ErrorResponse>");
            Rendered { body: WipedBytes::new(text.into_bytes()), content_type: XML }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(is_modelled: bool) -> Fault<'static> {
        Fault { code: "X", message: "a \"b\" <c>", is_modelled, is_callers: true, query_code: None }
    }

    #[test]
    fn modelled_errors_have_a_capital_message() {
        let body = |modelled| {
            String::from_utf8(
                render_fault(Protocol::Json11, "", "r", &fault(modelled)).body.to_vec(),
            )
            .unwrap()
        };
        assert_eq!(body(true), r#"{"__type":"X","Message":"a \"b\" <c>"}"#);
        assert_eq!(body(false), r#"{"__type":"X","message":"a \"b\" <c>"}"#);
    }

    #[test]
    fn query_answers_and_errors_are_xml() {
        let answer = render_answer(
            Protocol::Query,
            "Op",
            "urn:x",
            "rid",
            &serde_json::json!({"Account": "1"}),
            |output, body| serde_json::to_writer(body, output),
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(answer.body.to_vec()).unwrap(),
            "<OpResponse xmlns=\"urn:x\"><OpResult><Account>1</Account></OpResult><ResponseMetadata><RequestId>rid\
             </RequestId></ResponseMetadata></OpResponse>"
        );
        let refused = render_fault(Protocol::Query, "urn:x", "rid", &fault(true));
        assert_eq!(
            String::from_utf8(refused.body.to_vec()).unwrap(),
            "<ErrorResponse xmlns=\"urn:x\"><Error><Type>Sender</Type><Code>X</Code><Message>a &quot;b&quot; \
             &lt;c&gt;</Message></Error><RequestId>rid</RequestId></ErrorResponse>"
        );
    }
}
