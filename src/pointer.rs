//! What is at a place of a JSON text (RFC 6901), however deep the text is.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess};
use serde_json::value::RawValue;

/// What is at the place that a pointer leads to. Of several members with one name the last one counts.
///
/// # Errors
/// Where it is no JSON, all of it.
pub(crate) fn find<'a>(
    json: &'a [u8],
    pointer: &str,
) -> Result<Option<&'a RawValue>, serde_json::Error> {
    let text = str::from_utf8(json).map_err(serde::de::Error::custom)?;
    let mut steps = pointer.split('/');
    let leads = steps.next() == Some("");
    let steps: Vec<_> = steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let mut json = serde_json::Deserializer::from_str(text);
    let found = Steps(&steps).deserialize(&mut json)?;
    json.end()?;
    Ok(found.filter(|_| leads))
}

/// The way that is left. What is beside it is not looked at, only checked.
struct Steps<'s>(&'s [String]);

impl<'a> DeserializeSeed<'a> for Steps<'_> {
    type Value = Option<&'a RawValue>;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Self::Value, D::Error> {
        match self.0 {
            [] => <&RawValue>::deserialize(json).map(Some),
            _ => json.deserialize_any(self),
        }
    }
}

impl<'a> serde::de::Visitor<'a> for Steps<'_> {
    type Value = Option<&'a RawValue>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let [step, rest @ ..] = self.0 else { return Ok(None) };
        let mut found = None;
        while let Some(name) = members.next_key::<String>()? {
            if name == *step {
                found = members.next_value_seed(Steps(rest))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let [step, rest @ ..] = self.0 else { return Ok(None) };
        let is_number = step.bytes().all(|byte| byte.is_ascii_digit());
        let is_plain = is_number && (step == "0" || !step.starts_with('0'));
        let wanted: Option<usize> = if is_plain { step.parse().ok() } else { None };
        let (mut found, mut place) = (None, 0);
        loop {
            if wanted == Some(place) {
                let Some(there) = elements.next_element_seed(Steps(rest))? else { break };
                found = there;
            } else if elements.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
            place += 1;
        }
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn value(json: &str, pointer: &str) -> Option<Value> {
        let found = find(json.as_bytes(), pointer).unwrap();
        found.map(|it| serde_json::from_str(it.get()).unwrap())
    }

    #[test]
    fn a_place_is_found_as_serde_json_finds_it() {
        let text = r#" {"a": {"b": [10, {"c~/": null}], "": 3}, "b": "x", "b": [true], "0": 1.5} "#;
        let all: Value = serde_json::from_str(text).unwrap();
        for pointer in [
            "",
            "/",
            "/a",
            "/a/b",
            "/a/b/0",
            "/a/b/1",
            "/a/b/2",
            "/a/b/00",
            "/a/b/+1",
            "/a/b/-",
            "/a/b/1/c~0~1",
            "/a/",
            "/b",
            "/b/0",
            "/b/0/x",
            "/0",
            "/0/0",
            "/a/b/0/0",
            "a",
            "x/a",
            "/c",
            "/a/b/",
            "/a/b/18446744073709551616",
        ] {
            assert_eq!(value(text, pointer), all.pointer(pointer).cloned(), "{pointer}");
        }
        assert_eq!(value("3", ""), Some(json!(3)));
        for wrong in ["", "{", "{} {}", "{\"a\":}", "[1,]", "{'a': 1}"] {
            find(wrong.as_bytes(), "/a").unwrap_err();
        }
        find(b"\"\xff\"", "").unwrap_err();
    }

    #[test]
    fn what_is_beside_a_place_may_be_nested_as_deep_as_it_likes() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let text = format!("{{\"x\":{deep},\"key\":7,\"y\":{deep}}}");
        assert_eq!(value(&text, "/key"), Some(json!(7)));
        assert_eq!(find(text.as_bytes(), "/y").unwrap().map(RawValue::get), Some(&*deep));
    }

    proptest! {
        #[test]
        fn no_text_and_no_pointer_makes_it_panic(text in "[\\[\\]{}a:,\"0-9 ]{0,40}", pointer in "[/a0~1]{0,8}") {
            let all = serde_json::from_str::<Value>(&text);
            let found = find(text.as_bytes(), &pointer);
            prop_assert_eq!(found.is_ok(), all.is_ok());
            if let (Ok(found), Ok(all)) = (found, all) {
                let found = found.map(|it| serde_json::from_str::<Value>(it.get()).unwrap());
                prop_assert_eq!(found.as_ref(), all.pointer(&pointer));
            }
        }
    }
}
