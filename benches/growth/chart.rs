//! The table as a picture.

use std::{path::Path, time::Duration};

use plotters::prelude::*;

use super::{Outcome, QUESTIONS};

const SIZE: (u32, u32) = (760, 440);
/// The picture shows costs up to so many times the cost with the fewest entries.
const HIGHEST: f64 = 4.0;

/// Draws how the cost of each question grows with the number of entries, both beside the smallest of them.
pub(crate) fn draw(engine: &str, sizes: &[u32], costs: &[Vec<Duration>]) -> Outcome<()> {
    let file = format!("growth-{}.svg", engine.to_lowercase());
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target")
        .join(file);
    let (Some(fewest), Some(most)) = (sizes.first(), sizes.last()) else {
        return Ok(());
    };
    let area = SVGBackend::new(&path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(format!("Cost of one answer, {engine}"), ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(44)
        .build_cartesian_2d(
            (f64::from(*fewest)..f64::from(*most)).log_scale(),
            0.0..HIGHEST,
        )?;
    chart
        .configure_mesh()
        .x_desc("entries")
        .y_desc(format!("times the cost with {fewest} entries"))
        .x_label_formatter(&|size| format!("{size:.0}"))
        .draw()?;
    for (number, ((question, _), costs)) in QUESTIONS.iter().zip(costs).enumerate() {
        let color = Palette99::pick(number).to_rgba();
        let points = sizes.iter().zip(costs).map(|(size, cost)| {
            let ratio = cost.div_duration_f64(costs[0]);
            (f64::from(*size), ratio.min(HIGHEST))
        });
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(2)))?
            .label(*question)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    println!("drawn into {}", path.display());
    Ok(())
}
