//! Traces: what one request or one piece of due work consists of, and how long each part took, told to a collector over
//! OTLP. Without one, nothing is noted and nothing is told.
//!
//! Spans have names of routes, operations and tables. They never have a text of a document, a statement, or a value of either.

mod collector;
mod statement;

use std::{sync::Arc, time::Duration};

pub use opentelemetry::trace::SpanKind;
use opentelemetry::{
    Context, KeyValue,
    context::{FutureExt, WithContext},
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanBuilder, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider},
};

pub use self::statement::statement;
use crate::{
    config::Config,
    error::{Error, Result},
    id,
};

/// How many spans may wait for the collector; further ones are dropped.
const MOST_WAITING: usize = 2_048;
const MOST_AT_ONCE: usize = 512;
/// How long spans wait for others that go with them.
const TOLD_EVERY: Duration = Duration::from_secs(2);

/// What notes spans, if anything does. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Traces(Option<Arc<Telling>>);

#[derive(Debug)]
struct Telling {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// What a span tells beside its name.
pub type Attributes = Vec<KeyValue>;

/// What is told of something when it begins.
pub struct Beginning {
    /// Its name.
    pub name: String,
    /// On which side of a request it stands.
    pub kind: SpanKind,
    /// What else there is to tell.
    pub attributes: Attributes,
    /// What it is a part of, elsewhere.
    pub parent: Context,
}

impl Traces {
    /// Tells the collector that the settings name, if they name any.
    pub fn open(config: &Config) -> Result<Self> {
        let Some(endpoint) = &config.otlp_endpoint else {
            return Ok(Self(None));
        };
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(MOST_WAITING)
            .with_max_export_batch_size(MOST_AT_ONCE)
            .with_scheduled_delay(TOLD_EVERY)
            .build();
        let exporter = collector::exporter(endpoint).map_err(Error::internal)?;
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches);
        let resource = Resource::builder_empty()
            .with_service_name("kindling")
            .with_attributes([
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                KeyValue::new("service.instance.id", id::new().to_string()),
            ]);
        let sampler = Sampler::TraceIdRatioBased(config.otlp_sample_ratio);
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor.build())
            .with_resource(resource.build())
            .with_sampler(Sampler::ParentBased(Box::new(sampler)))
            .build();
        let tracer = provider.tracer("kindling");
        Ok(Self(Some(Arc::new(Telling { provider, tracer }))))
    }

    /// What the parts of something are noted in that is itself a part of nothing here. It ends when this goes.
    pub fn begin(&self, told: impl FnOnce() -> Beginning) -> Context {
        let Some(Telling { tracer, .. }) = self.0.as_deref() else {
            return Context::current();
        };
        let told = told();
        let span = SpanBuilder::from_name(told.name)
            .with_kind(told.kind)
            .with_attributes(told.attributes);
        let span = tracer.build_with_context(span, &told.parent);
        Context::new().with_span(span).with_value(tracer.clone())
    }

    /// Tells the collector what it has not been told; gives up after this time.
    pub async fn close(&self, within: Duration) {
        let Some(telling) = self.0.clone() else {
            return;
        };
        let close = move || telling.provider.shutdown_with_timeout(within);
        let closed = tokio::task::spawn_blocking(close);
        if let Ok(Err(error)) = closed.await {
            tracing::warn!(%error, "the collector of traces was not told everything");
        }
    }
}

/// What a client says of the trace that its request is a part of.
pub fn parent(headers: &dyn Extractor) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), headers)
}

/// What a part of what goes on is noted in, if that is noted. It ends when this goes.
pub fn part(told: impl FnOnce() -> (String, Attributes)) -> Context {
    Context::map_current(|current| {
        let Some(tracer) = tracer_of(current) else {
            return current.clone();
        };
        let (name, attributes) = told();
        let span = SpanBuilder::from_name(name).with_attributes(attributes);
        let span = tracer.build_with_context(span, current);
        current.with_span(span)
    })
}

/// Work that goes on elsewhere, as a part of what goes on here.
pub fn carried<F: Future>(work: F) -> WithContext<F> {
    work.with_current_context()
}

/// What notes the parts of a span; none if it is not told.
fn tracer_of(context: &Context) -> Option<&SdkTracer> {
    let tracer = context.get::<SdkTracer>()?;
    context.span().span_context().is_sampled().then_some(tracer)
}
