//! Values as they stand in a description: with their places, and with variables still in them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::Value;
use toml::Spanned;

use super::mistake::Place;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) place: Place,
    pub(super) value: T,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(Self { place: Place::in_file(spanned.span()), value: spanned.into_inner() })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// What text can mean.
pub(super) trait Meaning: Sized {
    /// What it is called in the schema.
    const NAME: &str;
    /// What belongs here, for whoever wrote something else.
    const EXPECTED: &str;
    /// What may stand here besides a string.
    const BESIDES: Besides = Besides::Nothing;
    /// The words that it can be, where it is one of a few.
    const WORDS: &[&str] = &[];

    /// The text form, as a schema of strings.
    fn schema() -> Value;

    /// Takes the text, without variables.
    fn of(text: &str) -> Result<Self, String>;
}

/// What may stand in place of a string.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Besides {
    Nothing,
    /// Whole numbers in this range.
    Integers(i64, i64),
    /// Any number, true and false.
    Scalars,
    /// True and false.
    Booleans,
}

/// Text that means a `T` once its variables are replaced.
pub(super) struct Text<T> {
    pub(super) text: String,
    meaning: PhantomData<fn() -> T>,
}

impl<T> Text<T> {
    /// The text.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), meaning: PhantomData }
    }

    /// Text that has no variables in it, whatever it looks like.
    pub(super) fn literal(text: &str) -> Self {
        Self::new(text.replace('$', "$$"))
    }
}

impl<T> At<Text<T>> {
    /// As [`Text::literal`], at this place.
    pub(super) fn literal(place: &Place, text: &str) -> Self {
        Self { place: place.clone(), value: Text::literal(text) }
    }
}

impl<T> Clone for Text<T> {
    fn clone(&self) -> Self {
        Self::new(&self.text)
    }
}

impl<T> fmt::Debug for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

struct TextVisitor<T>(PhantomData<fn() -> T>);

impl<T: Meaning> Visitor<'_> for TextVisitor<T> {
    type Value = Text<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<T>, E> {
        Ok(Text::new(text))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Text<T>, E> {
        match T::BESIDES {
            Besides::Nothing | Besides::Booleans => {
                Err(E::invalid_type(Unexpected::Signed(number), &self))
            }
            Besides::Integers(..) | Besides::Scalars => Ok(Text::new(number.to_string())),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Text<T>, E> {
        match T::BESIDES {
            // With its point: 1.0 is not 1.
            Besides::Scalars => Ok(Text::new(format!("{number:?}"))),
            _ => Err(E::invalid_type(Unexpected::Float(number), &self)),
        }
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Text<T>, E> {
        match T::BESIDES {
            Besides::Scalars | Besides::Booleans => Ok(Text::new(value.to_string())),
            _ => Err(E::invalid_type(Unexpected::Bool(value), &self)),
        }
    }
}

impl<'de, T: Meaning> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor(PhantomData))
    }
}

impl<T: Meaning> JsonSchema for Text<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let strings = T::schema();
        let mut forms = vec![strings.clone()];
        if strings.get("enum").is_some() || strings.get("pattern").is_some() {
            let variables = r"\$\{";
            forms.push(serde_json::json!({ "type": "string", "pattern": variables }));
        }
        match T::BESIDES {
            Besides::Nothing => {}
            Besides::Integers(min, max) => {
                let mut integers = serde_json::json!({ "type": "integer", "minimum": min });
                if max < i64::MAX {
                    integers["maximum"] = max.into();
                }
                forms.push(integers);
            }
            Besides::Scalars => forms.push(serde_json::json!({ "type": ["number", "boolean"] })),
            Besides::Booleans => forms.push(serde_json::json!({ "type": "boolean" })),
        }
        match <[Value; 1]>::try_from(forms) {
            Ok([only]) => only.try_into().unwrap_or_default(),
            Err(forms) => json_schema!({ "anyOf": forms }),
        }
    }
}

/// One, or a list.
#[derive(Clone, Debug)]
pub(super) enum OneOrMany<T> {
    One(Text<T>),
    Many(Vec<At<Text<T>>>),
}

struct OneOrManyVisitor<T>(PhantomData<fn() -> T>);

impl<'de, T: Meaning> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} or an array of strings", T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(OneOrMany::One(Text::new(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut many = Vec::new();
        while let Some(one) = list.next_element()? {
            many.push(one);
        }
        Ok(OneOrMany::Many(many))
    }
}

impl<'de, T: Meaning> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

impl<T: Meaning> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}s", T::NAME).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Text<T>>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

/// A table with names of the user's own, in the order of the description.
#[derive(Clone, Debug)]
pub(super) struct Named<T>(pub(super) Vec<(At<String>, At<T>)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

struct NamedVisitor<T>(PhantomData<fn() -> T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NamedVisitor<T> {
    type Value = Named<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Named<T>, A::Error> {
        let mut entries: Vec<(At<String>, At<T>)> = Vec::new();
        while let Some(entry) = table.next_entry()? {
            entries.push(entry);
        }
        // The parser has them in the order of the alphabet.
        entries.sort_by_key(|(name, _)| name.place.start);
        Ok(Named(entries))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamedVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let each = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": each })
    }
}
