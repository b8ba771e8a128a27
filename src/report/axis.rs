//! Round numbers for the axes of pictures.

/// The step between two marks of an axis from 0 to `most`, so that there are at most `marks` of them: 1, 2 or 5 times a
/// power of ten.
pub(super) fn step(most: f64, marks: u32) -> f64 {
    if !(most.is_finite() && most > 0.0) {
        return 1.0;
    }
    let rough = most / f64::from(marks.max(1));
    let power = 10_f64.powf(rough.log10().floor());
    let factors = [1.0, 2.0, 5.0, 10.0];
    factors.into_iter().map(|factor| factor * power).find(|step| *step >= rough * 0.999_999).unwrap_or(10.0 * power)
}

/// The step between two marks of an axis of whole numbers.
pub(super) fn whole_step(most: f64, marks: u32) -> f64 {
    step(most, marks).max(1.0)
}

/// The step between two marks of an axis of time, in seconds.
pub(super) fn time_step(most: f64, marks: u32) -> f64 {
    const STEPS: [f64; 16] = [
        60.0,
        120.0,
        300.0,
        600.0,
        900.0,
        1_800.0,
        3_600.0,
        7_200.0,
        14_400.0,
        21_600.0,
        43_200.0,
        86_400.0,
        172_800.0,
        432_000.0,
        864_000.0,
        1_728_000.0,
    ];
    let rough = most / f64::from(marks.max(1));
    if rough < 30.0 {
        return step(most, marks);
    }
    STEPS.into_iter().find(|step| *step >= rough).unwrap_or(rough)
}

/// The step between two marks of an axis of sizes, in bytes.
pub(super) fn size_step(most: f64, marks: u32) -> f64 {
    let mut unit = 1.0;
    while most / unit >= 1024.0 {
        unit *= 1024.0;
    }
    step(most / unit, marks) * unit
}

/// The marks from 0 to `most`.
pub(super) fn marks(most: f64, step: f64) -> Vec<f64> {
    let mut marks = Vec::new();
    let mut mark = 0.0;
    while mark <= most * 1.000_001 && marks.len() < 100 {
        marks.push(mark);
        mark += step;
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_there_are_not_too_many() {
        let table =
            [(1.0, 5, 0.2), (7.0, 5, 2.0), (10.0, 5, 2.0), (0.03, 5, 0.01), (123_456.0, 4, 50_000.0), (0.0, 5, 1.0)];
        for (most, count, expected) in table {
            let step = step(most, count);
            assert!((step - expected).abs() < expected * 1e-9, "{most}: {step}");
            assert!(marks(most, step).len() <= count as usize + 1, "{most}");
            assert!(whole_step(most, count).fract() == 0.0, "{most}");
        }
        for (most, expected) in [(20.0, 5.0), (600.0, 120.0), (7_000.0, 1_800.0), (1e6, 432_000.0), (1e9, 2e8)] {
            assert!((time_step(most, 5) - expected).abs() < 1e-6, "{most}: {}", time_step(most, 5));
        }
    }
}
