//! Figures as Prometheus reads them.

use std::{
    fmt::{self, Result},
    sync::{Arc, atomic::Ordering::Relaxed},
};

use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet, prometheus_text,
    },
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use super::{
    label::Label,
    meter::{BOUNDS, Counters, Durations, Level},
};

/// The media type of what [`write()`] gives.
pub const MEDIA_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// What has figures.
pub trait Figures: Send + Sync + 'static {
    /// Writes all of them down. Their names begin with `kindling_`, which stands there already.
    fn write(&self, sheet: &mut Sheet<'_>) -> Result;
}

impl<F: Figures> Figures for Arc<F> {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        F::write(self, sheet)
    }
}

/// All figures, in the text format of Prometheus. The names of the second ones stand as they are.
pub fn write(ours: Vec<Box<dyn Figures>>, others: Vec<Box<dyn Figures>>) -> String {
    let mut text = String::new();
    for (mut registry, figures) in [
        (Registry::with_prefix("kindling"), ours),
        (Registry::default(), others),
    ] {
        for figures in figures {
            registry.register_collector(Box::new(Collected(figures)));
        }
        // Writing to a `String` cannot fail.
        let _ = prometheus_text::encode(&mut text, &registry);
    }
    text
}

struct Collected(Box<dyn Figures>);

impl fmt::Debug for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> Result {
        f.write_str("Collected")
    }
}

impl Collector for Collected {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result {
        self.0.write(&mut Sheet(encoder))
    }
}

/// Where figures are written down.
pub struct Sheet<'a>(DescriptorEncoder<'a>);

impl Sheet<'_> {
    /// A counter for each label; `_total` is added to the name.
    pub fn counters<L: Label>(&mut self, name: &str, help: &str, counters: &Counters<L>) -> Result {
        let mut metric = self.begin(name, help, MetricType::Counter)?;
        for place in 0..L::COUNT {
            one(
                &mut metric,
                &L::at(place),
                &ConstCounter::new(counters.at(place)),
            )?;
        }
        Ok(())
    }

    /// Counters with labels of their own; `_total` is added to the name.
    pub fn counts<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        counts: impl IntoIterator<Item = (L, u64)>,
    ) -> Result {
        let mut metric = self.begin(name, help, MetricType::Counter)?;
        for (labels, count) in counts {
            one(&mut metric, &labels, &ConstCounter::new(count))?;
        }
        Ok(())
    }

    /// A sum of seconds, or of anything that is no whole number; `_total` is added to the name.
    pub fn sum(&mut self, name: &str, help: &str, sum: f64) -> Result {
        let metric = self.begin(name, help, MetricType::Counter)?;
        ConstCounter::new(sum).encode(metric)
    }

    /// Such a sum for each label.
    pub fn sums<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        sums: impl IntoIterator<Item = (L, f64)>,
    ) -> Result {
        let mut metric = self.begin(name, help, MetricType::Counter)?;
        for (labels, sum) in sums {
            one(&mut metric, &labels, &ConstCounter::new(sum))?;
        }
        Ok(())
    }

    /// What goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: f64) -> Result {
        let metric = self.begin(name, help, MetricType::Gauge)?;
        ConstGauge::new(value).encode(metric)
    }

    /// How many there are right now.
    pub fn level(&mut self, name: &str, help: &str, level: &Level) -> Result {
        self.gauge(name, help, level.as_gauge())
    }

    /// What goes up and down, for several labels.
    pub fn gauges<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, f64)>,
    ) -> Result {
        let mut metric = self.begin(name, help, MetricType::Gauge)?;
        for (labels, value) in values {
            one(&mut metric, &labels, &ConstGauge::new(value))?;
        }
        Ok(())
    }

    /// How long things took, in seconds, for several labels.
    pub fn durations<'d, L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        durations: impl IntoIterator<Item = (L, &'d Durations)>,
    ) -> Result {
        let mut metric = self.begin(name, help, MetricType::Histogram)?;
        for (labels, durations) in durations {
            one(&mut metric, &labels, durations)?;
        }
        Ok(())
    }

    fn begin<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
        kind: MetricType,
    ) -> std::result::Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, kind)
    }
}

/// Writes the figure of one label.
fn one(
    metric: &mut MetricEncoder<'_>,
    labels: &impl EncodeLabelSet,
    figure: &impl EncodeMetric,
) -> Result {
    figure.encode(metric.encode_family(labels)?)
}

impl EncodeMetric for Durations {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result {
        let counts = self.buckets.iter().map(|count| count.load(Relaxed));
        let bounds = BOUNDS.iter().map(|bound| seconds(bound * 1_000));
        let bounds = bounds.chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = seconds(self.nanoseconds.load(Relaxed));
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// Nanoseconds in seconds.
pub(super) fn seconds(nanoseconds: u64) -> f64 {
    std::time::Duration::from_nanos(nanoseconds).as_secs_f64()
}
