//! Values: what the organisation holds to be important.

use async_graphql::Object;
use entity::{entry, value::Model};

use super::declare::{api, content, mutations, tables};
use crate::content::{
    Content, field::Field, filter::filter, format::Format, input::input, order::order,
};

content!(Value for value);

#[Object(name = "ValueFields")]
impl Value {
    /// The value in a few words.
    async fn title(&self) -> &str {
        self.0.required_text(&self.0.title)
    }

    /// What it means.
    async fn description(&self) -> Option<&str> {
        self.0.text(&self.0.description)
    }

    /// Name of an icon that the frontend draws.
    async fn icon(&self) -> Option<&str> {
        self.0.icon.as_deref()
    }
}

impl Content for Value {
    tables!(Value for value, ValueFilter, ValueOrder, ValueInput, ValueTranslationInput);
    const ABOUT: &'static str = "Something that the organisation holds to be important.";
    const POSITIONED: bool = true;
    const FIELDS: &'static [Field<Model>] = &[
        Field::required(Field::localized("title", 200, Format::Line, |row| {
            &row.title
        })),
        Field::localized("description", 2_000, Format::Lines, |row| &row.description),
        Field::text("icon", 64, Format::Slug, |row| row.icon.as_deref()),
    ];
}

input!(ValueInput, ValueTranslationInput {
    value icon: String => "icon";
    text title => "title";
    text description => "description";
});
filter!(ValueFilter for value {});
order!(ValueOrder by ValueOrderField for value, default Position {
    Position => entry::Column::Position, |row| (&row.entry.position).into();
});
api!(Value { query: ValueQuery, by: ValueBy, one: value, many: values, where: ValueFilter, order: ValueOrder });
mutations!(Value {
    mutation: ValueMutation, field: value as "value",
    create: create_value(CreateValueInput) -> CreateValuePayload,
    update: update_value(UpdateValueInput) -> UpdateValuePayload
});
