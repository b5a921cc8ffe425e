//! TOML as typed data. The parser is the library's; its values are handed to serde here, because the library has four ways to hand
//! over a text or a table, each of which becomes code for every type: more than a tenth of the program of the playground.

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_spanned::de::{SpannedDeserializer, is_spanned};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use toml::de::{DeArray, DeTable, DeValue};

/// A value and where it stands in its text.
pub(crate) use toml::Spanned;

/// What is wrong with a text.
#[derive(Debug)]
pub(crate) struct Wrong(Box<(String, Option<Range<usize>>)>);

impl Wrong {
    /// What is wrong, in one sentence without a place.
    pub(crate) fn message(&self) -> &str {
        &self.0.0
    }

    /// Where, in bytes: the start of the text where no place is known.
    pub(crate) fn range(&self) -> Range<usize> {
        self.0.1.clone().unwrap_or(0..0)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Wrong {}

impl serde::de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Box::new((message.to_string(), None)))
    }
}

/// Reads a document. Errors: no TOML, or not what `T` wants.
pub(crate) fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Wrong> {
    let table = DeTable::parse(text).map_err(|e| Wrong(Box::new((e.message().to_owned(), e.span()))))?;
    let range = table.span();
    Value { value: DeValue::Table(table.into_inner()), range }.read(PhantomData)
}

struct Value<'a> {
    value: DeValue<'a>,
    range: Range<usize>,
}

impl<'a> Value<'a> {
    fn new(value: Spanned<DeValue<'a>>) -> Self {
        let range = value.span();
        Self { value: value.into_inner(), range }
    }

    /// What is wrong in it without a place of its own is wrong with it as a whole.
    fn read<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Wrong> {
        let range = self.range.clone();
        seed.deserialize(self).map_err(|mut wrong| {
            wrong.0.1.get_or_insert(range);
            wrong
        })
    }
}

impl<'de> IntoDeserializer<'de, Wrong> for Value<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let kind = |kind| serde::de::Error::invalid_type(Unexpected::Other(kind), &visitor);
        match self.value {
            DeValue::String(text) => visitor.visit_str(&text),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => Err(serde::de::Error::custom("integer number overflowed")),
            },
            DeValue::Boolean(is) => visitor.visit_bool(is),
            DeValue::Float(_) => Err(kind("floating point number")),
            DeValue::Datetime(_) => Err(kind("date or time")),
            DeValue::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            DeValue::Table(table) => visitor.visit_map(Entries { rest: table.into_iter(), value: None }),
        }
    }

    // A value that is there is never "none".
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(self, name: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        if is_spanned(name) {
            let range = self.range.clone();
            return visitor.visit_map(SpannedDeserializer::new(self, range));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_enum(self)
    }

    // A number with a point, a date: whoever does not want to know need not.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool u8 u16 u32 u64 i8 i16 i32 i64 u128 i128 f32 f64 char str string seq bytes byte_buf map unit unit_struct tuple_struct tuple
        identifier
    }
}

/// One word of a few.
impl<'de> EnumAccess<'de> for Value<'de> {
    type Error = Wrong;
    type Variant = <StrDeserializer<'de, Wrong> as EnumAccess<'de>>::Variant;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), Wrong> {
        let DeValue::String(text) = &self.value else { return Err(serde::de::Error::custom("wanted a string")) };
        StrDeserializer::new(text).variant_seed(seed)
    }
}

struct Items<'a>(<DeArray<'a> as IntoIterator>::IntoIter);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        self.0.next().map(|item| Value::new(item).read(seed)).transpose()
    }
}

struct Entries<'a> {
    rest: <DeTable<'a> as IntoIterator>::IntoIter,
    value: Option<Value<'a>>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(Value::new(value));
        let range = key.span();
        Value { value: DeValue::String(key.into_inner()), range }.read(seed).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        self.value.take().unwrap_or_else(|| unreachable!("serde asks for a value after its key")).read(seed)
    }
}
