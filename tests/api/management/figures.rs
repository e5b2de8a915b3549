//! Figures in the text format of Prometheus, read as strictly as its own checker does.

use std::collections::{BTreeMap, BTreeSet};

/// All samples, by their names with their labels.
#[derive(Debug)]
pub(super) struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// Reads what `/metrics` gives. Every metric must have one HELP and one TYPE, before its samples, and all samples together.
    pub(super) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut samples = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let (mut name, mut kind, mut helped) = ("", "", "");
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (named, help) = rest.split_once(' ').expect("a help");
                assert!(help.ends_with('.') && seen.insert(named), "{line}");
                helped = named;
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                (name, kind) = rest.split_once(' ').expect("a type");
                assert_eq!(name, helped, "{line}");
                check_name(name, kind);
            } else {
                let (sample, value) = line.rsplit_once(' ').expect("a sample");
                let bare = sample.split('{').next().unwrap_or(sample);
                let suffixes: &[&str] = match kind {
                    "histogram" => &["_bucket", "_sum", "_count"],
                    _ => &[""],
                };
                let of = bare.strip_prefix(name).expect("a sample of this metric");
                assert!(suffixes.contains(&of), "{line}");
                let value: f64 = value.parse().expect("a number");
                assert!(value.is_finite() && value >= 0.0, "{line}");
                let again = samples.insert(sample.to_owned(), value);
                assert!(again.is_none(), "twice: {line}");
            }
        }
        let figures = Self(samples);
        figures.check_histograms();
        figures
    }

    /// One of them.
    pub(super) fn get(&self, sample: &str) -> f64 {
        let value = self.0.get(sample);
        *value.unwrap_or_else(|| panic!("no {sample} in {:#?}", self.0.keys()))
    }

    /// Everything in labels.
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.0
            .keys()
            .filter_map(|sample| Some(sample.split_once('{')?.1))
    }

    /// The buckets of a histogram grow, and the last one has all.
    fn check_histograms(&self) {
        for (sample, count) in &self.0 {
            let Some((name, labels)) = sample.split_once("_count{") else {
                continue;
            };
            let labels = labels.trim_end_matches('}');
            let last = self.get(&format!("{name}_bucket{{{labels},le=\"+Inf\"}}"));
            assert!((last - count).abs() < 0.5, "{sample}");
            self.get(&format!("{name}_sum{{{labels}}}"));
        }
    }
}

fn check_name(name: &str, kind: &str) {
    let is_sane = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    assert!(name.chars().all(is_sane), "{name}");
    assert!(
        name.starts_with("kindling_") || name.starts_with("process_"),
        "{name}"
    );
    assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
    assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
    for unit in ["_ms", "_milliseconds", "_kb", "_minutes"] {
        assert!(!name.contains(unit), "{name} has no base unit");
    }
}
