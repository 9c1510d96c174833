//! The key `depends_on`: a table or a list. serde's own way with such types loses the places.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::text::{At, Named, Text};
use crate::plan::topology::Milestone;

/// Processes, and the state that each must have reached; in a list: `started`
#[derive(Debug)]
pub(super) enum DependsOn {
    Names(Vec<At<Text<String>>>),
    Milestones(Named<Text<Milestone>>),
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = DependsOn;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table such as { db = \"ready\" }, or an array of names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<DependsOn, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element()? {
            names.push(name);
        }
        Ok(DependsOn::Names(names))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<DependsOn, A::Error> {
        Named::deserialize(MapAccessDeserializer::new(table)).map(DependsOn::Milestones)
    }
}

impl<'de> Deserialize<'de> for DependsOn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for DependsOn {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DependsOn".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let milestones = generator.subschema_for::<Named<Text<Milestone>>>();
        json_schema!({ "anyOf": [milestones, { "type": "array", "items": { "type": "string" } }] })
    }
}
