//! What is taken for a message to a Node process is JSON, and is none of those that Node keeps for
//! itself.

#![no_main]

use gipc::node;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|payload: &[u8]| {
    if node::check(payload).is_err() {
        return;
    }
    // As `JSON.parse` has it: the last of several members with one name counts.
    let Ok(Value::Object(message)) = serde_json::from_slice(payload) else { return };
    let cmd = message.get("cmd").and_then(Value::as_str).unwrap_or_default();
    assert!(!cmd.starts_with("NODE_") || cmd == "NODE_", "Node would keep it for itself");
});
