//! The JSON Schema of `gipc.toml`, for editors.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::meaning::LimitValue;
use super::raw::{Channel, File, Process};
use super::text::Text;
use crate::value::PLAIN_NAME;

/// The schema, as text that ends in a newline.
pub(crate) fn schema() -> String {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<File>();
    let mut schema = schema.to_value();
    forbid_null(&mut schema);
    schema["required"] = json!(["process"]);
    // Either is the command; which is left to the process alone, not to its defaults.
    schema["$defs"]["Process"]["oneOf"] =
        json!([{ "required": ["command"] }, { "required": ["shell"] }]);
    // Nobody may write, but somebody must read.
    if let Some(Value::Object(list)) = schema.pointer_mut("/$defs/Channel/properties/from/anyOf/1")
    {
        list.remove("minItems");
    }
    let defaults = defaults_of(&schema["$defs"]["Process"]);
    schema["$defs"]["Defaults"] = defaults;
    let mut text = format!("{schema:#}");
    text.push('\n');
    text
}

/// TOML has no null: a key that may be left out is left out.
fn forbid_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|it| it != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(forms)) = object.get_mut("anyOf") {
                forms.retain(|form| *form != json!({ "type": "null" }));
                if let [Value::Object(only)] = &mut forms[..] {
                    let only = std::mem::take(only);
                    object.remove("anyOf");
                    object.extend(only);
                }
            }
            object.values_mut().for_each(forbid_null);
        }
        Value::Array(list) => list.iter_mut().for_each(forbid_null),
        _ => {}
    }
}

/// As a process, without what each has for itself.
fn defaults_of(process: &Value) -> Value {
    let mut defaults = process.clone();
    if let Some(defaults) = defaults.as_object_mut() {
        defaults.remove("oneOf");
        defaults.insert(
            "description".to_owned(),
            "Default values for the keys of all processes".into(),
        );
        if let Some(Value::Object(keys)) = defaults.get_mut("properties") {
            for own in ["command", "shell", "replicas", "depends_on"] {
                keys.remove(own);
            }
        }
    }
    defaults
}

pub(super) fn defaults(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "$ref": "#/$defs/Defaults" })
}

pub(super) fn processes(generator: &mut SchemaGenerator) -> Schema {
    let process = generator.subschema_for::<Process>();
    json_schema!({
        "type": "object",
        "minProperties": 1,
        "propertyNames": { "pattern": format!("^{PLAIN_NAME}$") },
        "additionalProperties": process,
    })
}

pub(super) fn channels(generator: &mut SchemaGenerator) -> Schema {
    let channel = generator.subschema_for::<Channel>();
    json_schema!({
        "type": "object",
        "propertyNames": { "pattern": format!("^{PLAIN_NAME}$") },
        "additionalProperties": channel,
    })
}

pub(super) fn limits(generator: &mut SchemaGenerator) -> Schema {
    let limit = generator.subschema_for::<Text<LimitValue>>();
    let names = gipc::spawn::Resource::names();
    json_schema!({
        "type": "object",
        "propertyNames": { "enum": names.collect::<Vec<_>>() },
        "additionalProperties": limit,
    })
}
