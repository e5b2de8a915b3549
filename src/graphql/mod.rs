//! The schema: built once at start, the same for everybody.

mod account;
mod actor;
mod api_token;
mod audit_event;
mod content_types;
mod declared;
pub(crate) mod document;
mod email_change;
mod entry;
pub(crate) mod errors;
mod event;
mod execution;
mod factor;
mod factor_policy;
mod history;
pub(crate) mod idempotency;
mod invitation;
mod job;
mod limits;
mod meter;
mod page;
mod passkey;
mod passkey_sign_in;
mod password;
mod people;
mod people_list;
mod preview_link;
mod publication;
mod publish_plan;
mod retry;
mod session;
mod sessions;
mod sign_in_methods;
mod single_entry;
mod site;
pub(crate) mod transport;
mod usage;
mod work_list;

use std::{collections::BTreeSet, sync::Arc};

use async_graphql::{
    EmptySubscription, IntrospectionMode, MergedObject, OutputType, Request, Response,
    SDLExportOptions, Schema as StaticSchema, SchemaBuilder, ServerError, ValidationMode,
    registry::{MetaType, Registry},
};

use tracing::Instrument;

pub use self::execution::Document;
pub(crate) use self::execution::Types;
use self::{
    content_types::ContentTypesQuery,
    declared::Declared,
    execution::{Plan, Plans, coerce, complete_response, with_suggestion},
    meter::Meter,
    retry::Retrying,
    site::SiteQuery,
};
use crate::{
    app::App,
    auth::{Client, Principal},
    budget::{Budget, ChargedBy},
    content::types::{AnyEntry, ContentMutation, ContentQuery, Reader},
    database::Reads,
    error::Error,
    idempotency::Claim,
    telemetry::{metrics::cache::CacheState, traces},
};

/// Everything that can be read.
#[derive(Default, MergedObject)]
pub struct Query(
    ContentQuery,
    entry::EntryQuery,
    history::HistoryQuery,
    publication::PublicationQuery,
    publish_plan::PublishPlanQuery,
    usage::UsageQuery,
    work_list::WorkListQuery,
    ContentTypesQuery,
    SiteQuery,
    event::EventQuery,
    AccessQueries,
);

/// What can be read about people and their keys. Objects are merged one into the other, and a field is looked for as deep on
/// the stack as they lie: so there are two short lists instead of a long one.
#[derive(Default, MergedObject)]
pub struct AccessQueries(
    account::AccountQuery,
    people_list::PeopleQuery,
    factor_policy::FactorPolicyQuery,
    api_token::ApiTokenQuery,
    preview_link::PreviewLinkQuery,
    sign_in_methods::SignInMethodsQuery,
    sessions::SessionQuery,
    audit_event::AuditEventQuery,
    job::JobQuery,
);

/// Everything that can be changed.
#[derive(Default, MergedObject)]
pub struct Mutation(
    ContentMutation,
    entry::EntryMutation,
    single_entry::SingleEntryMutation,
    publication::PublicationMutation,
    PeopleMutations,
    AccessMutations,
);

/// What can be changed about people.
#[derive(Default, MergedObject)]
pub struct PeopleMutations(
    account::AccountMutation,
    invitation::InvitationMutation,
    password::PasswordMutation,
    email_change::EmailChangeMutation,
    people::PeopleMutation,
    job::JobMutation,
);

/// What can be changed about the ways in.
#[derive(Default, MergedObject)]
pub struct AccessMutations(
    session::SessionMutation,
    factor::FactorMutation,
    passkey::PasskeyMutation,
    passkey_sign_in::PasskeySignInMutation,
    factor_policy::FactorPolicyMutation,
    api_token::ApiTokenMutation,
    preview_link::PreviewLinkMutation,
    sessions::EndMutation,
);

/// The executable schema. Clones share it.
#[derive(Clone)]
pub struct Schema {
    /// For operations whose containers charge the memory budget themselves.
    plain: StaticSchema<Query, Retrying<Mutation>, EmptySubscription>,
    /// The same for all others.
    metered: StaticSchema<Query, Retrying<Mutation>, EmptySubscription>,
    plans: Plans,
    app: App,
}

/// What came of an operation.
pub(crate) struct Executed {
    /// What is to be answered.
    pub(crate) response: Response,
    /// The content that was read for it.
    pub(crate) reads: Reads,
    /// How many statements that took.
    pub(crate) statements: usize,
}

impl From<Response> for Executed {
    /// What needed no reading.
    fn from(response: Response) -> Self {
        Self {
            response,
            reads: Reads::default(),
            statements: 0,
        }
    }
}

/// What introspection says of the schema as a whole: that of async-graphql.
const DESCRIPTION: &str = "A GraphQL Schema defines the capabilities of a GraphQL server. It exposes all available types and \
    directives on the server, as well as the entry points for query, mutation, and subscription operations.";
/// Selections one in the other that an operation may have once its fragments are resolved: more than the limits of documents
/// let through.
const DEEPEST: usize = 1_000;

/// Whether the schema is told to whoever asks, also where it is no secret.
fn may_introspect(principal: &Principal) -> bool {
    !matches!(principal, Principal::Anonymous | Principal::Preview { .. })
}

fn builder() -> SchemaBuilder<Query, Retrying<Mutation>, EmptySubscription> {
    let mutation = Retrying::<Mutation>::default();
    StaticSchema::build(Query::default(), mutation, EmptySubscription)
        .register_output_type::<AnyEntry>()
        .register_output_type::<Declared>()
}

/// The schema in GraphQL's schema definition language, as it stands in `schema.graphql`.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .include_specified_by();
    let sdl = builder().finish().sdl_with_options(options);
    // Introspection describes the schema itself, which the library does not write down.
    let described = format!("\n\"\"\"\n{DESCRIPTION}\n\"\"\"\nschema {{");
    sdl.replacen("\nschema {", &described, 1)
}

/// The root fields that read nothing but content and settings, as far as whoever asks may know of it.
pub(crate) fn content_fields() -> BTreeSet<String> {
    let fields = [fields_of::<ContentQuery>(), fields_of::<SiteQuery>()];
    fields.into_iter().flatten().collect()
}

/// The mutations that the content types declare.
fn content_mutations() -> BTreeSet<String> {
    fields_of::<ContentMutation>()
}

fn fields_of<T: OutputType>() -> BTreeSet<String> {
    let mut registry = Registry::default();
    T::create_type_info(&mut registry);
    let found = registry.types.get(&*T::type_name());
    let fields = found.and_then(MetaType::fields).into_iter().flatten();
    fields.map(|(name, _)| name.clone()).collect()
}

/// The types of the schema, as they are known inside.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::default();
    Query::create_type_info(&mut registry);
    Mutation::create_type_info(&mut registry);
    AnyEntry::create_type_info(&mut registry);
    registry
}

impl Schema {
    /// The schema over an application. In development it answers introspection by everybody, and tells what an answer cost.
    pub fn new(app: &App) -> Self {
        // Documents are validated before, by all rules.
        let builder = || {
            builder()
                .validation_mode(ValidationMode::Fast)
                .limit_recursive_depth(DEEPEST)
        };
        Self {
            plain: builder().finish(),
            metered: builder().extension(Meter).finish(),
            plans: Plans::new(app.config.document_cache_bytes / 2),
            app: app.clone(),
        }
    }

    /// How full the cache of plans is, and how often it helped.
    pub(crate) fn state(&self) -> CacheState {
        self.plans.state()
    }

    /// Executes an operation of a document for a principal. All of it sees one state of the database. What the document may cost
    /// at most must have been looked at before: validation takes any time. What it loads and writes charges the budget.
    pub(crate) async fn execute(
        &self,
        document: &Document,
        mut request: Request,
        principal: Principal,
        budget: &Arc<Budget>,
    ) -> Executed {
        let claim = idempotency::claim(document, &request, &principal);
        let plan = match self.plan(document, &mut request, &principal) {
            Ok(plan) => plan,
            Err(errors) => {
                let errors = errors.into_iter().map(errors::told);
                return Response::from_errors(errors.collect()).into();
            }
        };
        let Some(claim) = claim else {
            return self.run(plan, request, principal, None, budget).await;
        };
        if let Some(response) = idempotency::answered(&claim, &self.app).await {
            return response.into();
        }
        // Whoever asks may go away before the answer is kept, and it is kept for just that.
        let (schema, budget) = (self.clone(), Arc::clone(budget));
        let kept = tokio::spawn(traces::carried(
            async move {
                let by = Some(Arc::clone(&claim));
                let executed = schema.run(plan, request, principal, by, &budget).await;
                let response = idempotency::keep(&claim, &schema.app, executed.response).await;
                Executed {
                    response,
                    ..executed
                }
            }
            .in_current_span(),
        ));
        kept.await.unwrap_or_else(|error| {
            let error = errors::of(Error::internal(error));
            Response::from_errors(vec![errors::told(error)]).into()
        })
    }

    /// The plan of the operation that a request names, whose variables are coerced; or why there is none.
    fn plan(
        &self,
        document: &Document,
        request: &mut Request,
        principal: &Principal,
    ) -> Result<Arc<Plan>, Vec<ServerError>> {
        let types = Types::get().map_err(|error| vec![errors::of(error)])?;
        let faults = document.faults(types);
        if !faults.is_empty() {
            let faults = faults.iter().cloned();
            return Err(if self.app.config.development {
                faults.map(|fault| with_suggestion(types, fault)).collect()
            } else {
                faults.collect()
            });
        }
        let name = request.operation_name.take();
        let operation = document.operation(name.as_deref()).map_err(|it| vec![it])?;
        request.variables = coerce(types, operation, &request.variables).map_err(|it| vec![it])?;
        if !self.app.config.development && !may_introspect(principal) {
            if document.describes(types, operation, &request.variables) {
                return Err(vec![errors::no_introspection()]);
            }
            request.introspection_mode = IntrospectionMode::Disabled;
        }
        let plan = self
            .plans
            .plan(types, document, name.as_deref(), &request.variables);
        plan.map_err(|it| vec![it])
    }

    async fn run(
        &self,
        plan: Arc<Plan>,
        mut request: Request,
        principal: Principal,
        claim: Option<Arc<Claim>>,
        budget: &Arc<Budget>,
    ) -> Executed {
        let client = idempotency::data::<Client>(&request);
        let client = client.cloned().unwrap_or_default();
        let reader = Arc::new(Reader::new(&self.app, principal, client).claiming(claim));
        let schema = match budget.charged_by {
            ChargedBy::Containers => &self.plain,
            ChargedBy::Extension => &self.metered,
        };
        request.set_parsed_query(plan.document.clone());
        let executed = schema.execute(request.data(Arc::clone(&reader)));
        let mut response = match budget.run(executed).await {
            Ok(mut response) => {
                complete_response(&mut response, &plan);
                response
            }
            // Everything that was loaded and written has been dropped by now.
            Err(ended) => Response::from_errors(vec![errors::of_ended(ended)]),
        };
        // Where a field could not be loaded within the budget, the others are not answered, either.
        let mut errors = response.errors.iter();
        if let Some(error) = errors.find(|error| errors::is_of_budget(error)) {
            response = Response::from_errors(vec![error.clone()]);
        }
        response.errors = response.errors.into_iter().map(errors::told).collect();
        let (statements, reads) = (reader.snapshot.statements(), reader.snapshot.reads());
        // Nobody else holds the reader once the operation has ended.
        if let Some(reader) = Arc::into_inner(reader) {
            reader.close().await;
        }
        Executed {
            response,
            reads,
            statements,
        }
    }
}
