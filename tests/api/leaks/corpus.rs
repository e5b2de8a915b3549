//! What somebody who is not signed in may ask to find out about drafts: generated from the schema, so that it
//! covers whatever is added to it.

use serde_json::Value;

use crate::{
    introspection::{Introspection, is_list, named, text},
    support::world::{FORMER, HIGH, LOW, Mark, World},
};

/// Cursors that an editor was given, by the root field and the `orderBy` that they belong to.
pub(super) type Cursors = Vec<(String, String, String)>;

/// The questions, each a document with many root fields.
pub(super) fn questions(api: &Introspection, world: &World) -> Vec<String> {
    let asker = Asker { api, world };
    let mut questions = Vec::new();
    for field in api.members("Query", "fields") {
        let argument =
            |name: &str| members(field, "args").find(|argument| text(&argument["name"]) == name);
        if is_content_list(field) {
            questions.extend(asker.lists(field));
        } else if let Some(by) = argument("by") {
            questions.extend(asker.by_name(field, named(&by["type"])));
        } else if ["node", "nodes"].contains(&text(&field["name"])) {
            questions.extend(asker.by_id(field));
        } else if members(field, "args").any(|argument| text(&argument["name"]) == "first")
            && members(field, "args").all(|argument| PAGING.contains(&text(&argument["name"])))
        {
            let (name, whole) = (text(&field["name"]), api.whole(named(&field["type"])));
            questions.push(format!("{{ {name} {whole} }}"));
            questions.push(format!("{{ {name}(last: 2) {whole} }}"));
        } else if argument("id").is_some() {
            questions.extend(asker.about_entries(field));
        } else if let Some(filter) = argument("where") {
            questions.extend(asker.across_types(field, named(&filter["type"])));
        } else if argument("input")
            .is_some_and(|input| named(&input["type"]) == "PublishEntriesInput")
        {
            questions.extend(asker.checks(field));
        } else if members(field, "args").all(|argument| text(&argument["name"]) == "account") {
            let whole = api.whole(named(&field["type"]));
            questions.push(format!("{{ {} {whole} }}", text(&field["name"])));
        } else {
            panic!("the corpus does not know how to ask {}", field["name"]);
        }
    }
    questions
}

/// The pages beside the cursors.
pub(super) fn replays(cursors: &Cursors) -> Vec<String> {
    let pages = |(name, order, cursor): &(String, String, String)| {
        ["first: 2, after", "last: 2, before"]
            .map(|page| format!("{name}(orderBy: {order}, {page}: \"{cursor}\") {PAGE}"))
    };
    cursors
        .iter()
        .flat_map(pages)
        .collect::<Vec<_>>()
        .chunks(60)
        .map(together)
        .collect()
}

/// All orders of the list that a root field gives, as values of `orderBy`.
pub(super) fn orders(api: &Introspection, field: &Value) -> Vec<String> {
    let order = members(field, "args")
        .find(|argument| text(&argument["name"]) == "orderBy")
        .expect("an order");
    let fields = api.members(named(&order["type"]), "inputFields");
    let by = fields
        .iter()
        .find(|field| text(&field["name"]) == "field")
        .expect("what to order by");
    let values = api
        .members(named(&by["type"]), "enumValues")
        .iter()
        .map(|value| text(&value["name"]));
    let values: Vec<&str> = values.collect();
    let one =
        |field: &&str| ["ASC", "DESC"].map(|way| format!("[{{field: {field}, direction: {way}}}]"));
    let two = values.windows(2).map(|pair| {
        format!(
            "[{{field: {}, direction: DESC}}, {{field: {}}}]",
            pair[0], pair[1]
        )
    });
    values
        .iter()
        .flat_map(one)
        .chain(two)
        .chain(["[]".to_owned()])
        .collect()
}

/// Whether the root field lists the entries of a content type.
pub(super) fn is_content_list(field: &Value) -> bool {
    let takes = |name: &str| members(field, "args").any(|argument| text(&argument["name"]) == name);
    takes("where") && takes("view")
}

pub(super) fn members<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of[name].as_array().into_iter().flatten()
}

const PAGE: &str = "{ totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } }";
/// The arguments of lists that can be asked in one way only.
const PAGING: [&str; 4] = ["first", "after", "last", "before"];
pub(super) const VIEWS: [&str; 4] = [
    "view: {locales: [\"es\"]}",
    "view: {perspective: DRAFT}",
    "view: {asOf: \"2026-05-03T00:00:00Z\"}",
    "view: {perspective: DRAFT, asOf: \"2026-06-10T00:00:00Z\"}",
];

pub(super) struct Asker<'a> {
    pub(super) api: &'a Introspection,
    pub(super) world: &'a World,
}

impl Asker<'_> {
    fn lists(&self, field: &Value) -> Vec<String> {
        let name = text(&field["name"]);
        let whole = self.api.whole(named(&field["type"]));
        let mut asked: Vec<String> = orders(self.api, field)
            .iter()
            .map(|order| format!("{name}(orderBy: {order}, first: 2) {PAGE}"))
            .collect();
        let filter = members(field, "args")
            .find(|argument| text(&argument["name"]) == "where")
            .expect("a filter");
        let type_name = named(&field["type"]).trim_end_matches("Connection");
        for condition in self.conditions(named(&filter["type"]), type_name) {
            asked.push(format!(
                "{name}(where: {condition}) {{ totalCount nodes {{ id }} }}"
            ));
        }
        let mut documents = vec![format!("{{ {name}(first: 100) {whole} }}")];
        documents.extend(VIEWS.map(|view| format!("{{ {name}(first: 100, {view}) {{ totalCount nodes {{ id locale updatedAt fallbacks }} }} }}")));
        documents.extend(asked.chunks(60).map(together));
        documents
    }

    /// Every field with every operator and values of drafts, as they are and turned round.
    fn conditions(&self, filter: &str, type_name: &str) -> Vec<String> {
        let mut conditions = Vec::new();
        for field in self.api.members(filter, "inputFields") {
            let (name, operators) = (text(&field["name"]), named(&field["type"]));
            if operators == filter {
                continue;
            }
            let before = conditions.len();
            for operator in self.api.members(operators, "inputFields") {
                let is_list = is_list(&operator["type"]);
                for (at, value) in self
                    .values(named(&operator["type"]), type_name)
                    .iter()
                    .enumerate()
                {
                    let value = if is_list {
                        format!("[{value}]")
                    } else {
                        value.clone()
                    };
                    let condition = format!("{{{name}: {{{}: {value}}}}}", text(&operator["name"]));
                    if at == 0 {
                        conditions.push(format!("{{not: {condition}}}"));
                        conditions.push(format!(
                            "{{or: [{condition}, {{and: [{{not: {condition}}}, {condition}]}}]}}"
                        ));
                    }
                    conditions.push(condition);
                }
            }
            assert!(
                conditions.len() > before,
                "the corpus does not know how to filter by {name}"
            );
        }
        conditions
    }

    /// Values of a scalar that stand in drafts of the type.
    pub(super) fn values(&self, scalar: &str, type_name: &str) -> Vec<String> {
        let entry = self
            .world
            .hidden(type_name)
            .first()
            .copied()
            .unwrap_or_default();
        let drafts = [LOW, HIGH];
        match scalar {
            "String" => drafts
                .iter()
                .flat_map(|mark| [mark.text(entry), mark.word[..2].to_owned()])
                .chain([FORMER.text(entry)])
                .map(quoted)
                .collect(),
            "Int" => drafts
                .iter()
                .map(|mark| mark.number(entry).to_string())
                .collect(),
            "Decimal" => drafts
                .iter()
                .map(|mark| quoted(format!("{}.5", mark.number(entry))))
                .collect(),
            "Date" => drafts
                .iter()
                .map(|mark| quoted(format!("{}-03-04", mark.year)))
                .collect(),
            "PartialDate" => drafts
                .iter()
                .flat_map(|mark| [mark.year.to_owned(), format!("{}-12", mark.year)])
                .map(quoted)
                .collect(),
            "DateTime" => drafts.iter().flat_map(Mark::days).map(quoted).collect(),
            "Boolean" => vec!["true".to_owned(), "false".to_owned()],
            "ID" => self.world.ids.iter().map(quoted).collect(),
            name if self.api.kind(name) == "ENUM" => self
                .api
                .members(name, "enumValues")
                .iter()
                .map(|value| text(&value["name"]).to_owned())
                .collect(),
            name => panic!("the corpus has no values of {name}"),
        }
    }

    fn by_name(&self, field: &Value, by: &str) -> Vec<String> {
        let (name, type_name) = (text(&field["name"]), named(&field["type"]));
        let whole = self.api.whole(type_name);
        let of_type = self.world.ids_of(type_name);
        let mut documents: Vec<String> = of_type
            .iter()
            .map(|id| format!("{{ {name}(by: {{id: \"{id}\"}}) {whole} }}"))
            .collect();
        let id = of_type[0];
        documents.extend(VIEWS.map(|view| {
            format!("{{ {name}(by: {{id: \"{id}\"}}, {view}) {{ id updatedAt locale }} }}")
        }));
        let mut asked: Vec<String> = self
            .world
            .ids
            .iter()
            .map(|id| format!("{name}(by: {{id: \"{id}\"}}) {{ id }}"))
            .collect();
        for way in self
            .api
            .members(by, "inputFields")
            .iter()
            .map(|way| text(&way["name"]))
            .filter(|way| *way != "id")
        {
            for number in 0..self.world.ids.len() {
                let names = [LOW, HIGH, FORMER].map(|mark| mark.text(number));
                let by_name = names
                    .into_iter()
                    .chain(self.world.key(number))
                    .map(|value| {
                        format!("{name}(by: {{{way}: \"{value}\"}}) {{ id key updatedAt }}")
                    });
                asked.extend(by_name);
            }
        }
        documents.extend(asked.chunks(60).map(together));
        documents
    }

    fn by_id(&self, field: &Value) -> Vec<String> {
        let name = text(&field["name"]);
        let whole = self.api.whole(named(&field["type"]));
        let ids: Vec<String> = self.world.ids.iter().map(quoted).collect();
        if is_list(&field["type"]) {
            let ids = ids.join(", ");
            let plain = [format!("{{ {name}(ids: [{ids}]) {whole} }}")];
            return plain
                .into_iter()
                .chain(VIEWS.map(|view| format!("{{ {name}(ids: [{ids}], {view}) {{ id }} }}")))
                .collect();
        }
        // The views of `VIEWS`, as ids name them.
        let names = ["", "~draft", "~es", "~draft~es"];
        let ids_in_views = self.world.ids.iter().flat_map(|id| {
            names.map(|view| format!("{name}(id: \"{id}{view}\") {{ id __typename }}"))
        });
        let asked: Vec<String> = ids_in_views.collect();
        vec![
            together(&asked),
            format!("{{ {name}(id: {}) {whole} }}", ids[0]),
        ]
    }
}

fn quoted(value: impl std::fmt::Display) -> String {
    format!("\"{value}\"")
}

fn together(asked: &[String]) -> String {
    let fields = asked
        .iter()
        .enumerate()
        .map(|(at, asked)| format!("a{at}: {asked}"));
    format!("{{ {} }}", fields.collect::<Vec<_>>().join("\n"))
}
