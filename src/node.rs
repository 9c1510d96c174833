//! What `process.send` of Node writes: JSON texts, a line each, and among them Node's own.
//!
//! Those are the ones that `lib/internal/child_process.js` of Node keeps for itself: objects whose
//! `cmd` begins with `NODE_`.

pub mod chunks;

use memchr::memmem;
use serde::de::IgnoredAny;

use crate::pointer;

/// Speaks of a handle that has not come along. Who takes messages says so behind all that it has
/// sent by then: Node and Bun do, Deno says nothing.
pub const ECHO: &[u8] = b"{\"cmd\":\"NODE_HANDLE\"}\n";

/// The handle that was sent has not come. Without an answer the sender would keep back all that it
/// has to send.
pub const NO_HANDLE: &[u8] = b"{\"cmd\":\"NODE_HANDLE_NACK\"}\n";

/// Why a message cannot be given to a Node process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("a `node` port accepts only JSON: {0}")]
    NotJson(String),
    #[error(
        "a `node` port accepts no message whose `cmd` begins with `NODE_`: those are internal to Node"
    )]
    Own,
}

/// May a Node process be given this? It would end of what is not JSON.
pub fn check(payload: &[u8]) -> Result<(), Unfit> {
    let text = str::from_utf8(payload).map_err(|error| Unfit::NotJson(error.to_string()))?;
    let json = serde_json::from_str::<IgnoredAny>(text);
    json.map_err(|error| Unfit::NotJson(error.to_string()))?;
    if own(payload).is_some() { Err(Unfit::Own) } else { Ok(()) }
}

/// A message that is Node's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own {
    /// It comes with a handle of this type.
    Handle(String),
    /// A handle has come, or has not.
    Receipt,
    Other,
}

/// The message as Node's own, if it is that.
pub fn own(payload: &[u8]) -> Option<Own> {
    // Most are seen not to be one. Any letter of it may be written as an escape.
    const SIGNS: [&[u8]; 3] = [b"NODE_", b"\\u004", b"\\u005"];
    SIGNS.iter().find_map(|sign| memmem::find(payload, sign))?;
    let word = |pointer| {
        // Of several members with one name the last one counts, for Node too.
        let found = pointer::find(payload, pointer).ok()??;
        serde_json::from_str::<String>(found.get()).ok()
    };
    match word("/cmd")?.strip_prefix("NODE_")? {
        // As Node has it.
        "" => None,
        "HANDLE" => Some(Own::Handle(word("/type").unwrap_or_else(|| "of no type".to_owned()))),
        "HANDLE_ACK" | "HANDLE_NACK" => Some(Own::Receipt),
        _ => Some(Own::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nodes_own_is_told_by_its_cmd() {
        let handle = br#"{"cmd":"NODE_HANDLE","type":"net.Socket","msg":{"a":1}}"#;
        assert_eq!(own(handle), Some(Own::Handle("net.Socket".to_owned())));
        assert_eq!(own(ECHO), Some(Own::Handle("of no type".to_owned())));
        assert_eq!(own(NO_HANDLE), Some(Own::Receipt));
        assert_eq!(own(br#" {"a":[],"cmd":"NODE_CLUSTER"}"#), Some(Own::Other));
        assert_eq!(own(br#"{"\u0063md":"\u004eODE\u005fX"}"#), Some(Own::Other));
        assert_eq!(own(br#"{"cmd":1,"cmd":"NODE_X"}"#), Some(Own::Other), "the last one counts");
        let deep =
            format!("{{\"a\":{}{},\"cmd\":\"NODE_X\"}}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(own(deep.as_bytes()), Some(Own::Other));
        assert_eq!(check(deep.as_bytes()), Err(Unfit::Own));
        let others = [
            &br#"{"cmd":"NODE_"}"#[..],
            br#"{"cmd":"NODE_X","cmd":1}"#,
            br#"{"cmd":"start","why":"NODE_HANDLE"}"#,
            br#"{"msg":{"cmd":"NODE_HANDLE"}}"#,
            br#"["NODE_HANDLE"]"#,
            br#""NODE_HANDLE""#,
            br#"{"cmd":"NODE_HANDLE""#,
            b"{}",
        ];
        for other in others {
            assert_eq!(own(other), None, "{}", other.escape_ascii());
        }
    }

    #[test]
    fn json_is_fit_and_nothing_else() {
        for fit in ["null", "3", "\"a\"", " [1, {\"a\": 1e3}] ", "{\"cmd\":\"NODE\"}"] {
            assert_eq!(check(fit.as_bytes()), Ok(()), "{fit}");
        }
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(check(deep.as_bytes()), Ok(()));
        for unfit in ["", "hello", "{} {}", "{\"a\":}", "01"] {
            assert!(matches!(check(unfit.as_bytes()), Err(Unfit::NotJson(_))), "{unfit}");
        }
        assert!(matches!(check(b"\"\xff\""), Err(Unfit::NotJson(_))));
        assert_eq!(check(NO_HANDLE), Err(Unfit::Own));
    }
}
