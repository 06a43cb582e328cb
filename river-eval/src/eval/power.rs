//! Powers of floating-point numbers with the results of Go's `math.Pow`, which is not always the nearest number:
//! `10000000000 ^ 1.5` is 1.0000000000000001e+15 there.

/// Scaled so far, a mantissa's exponent overflows or underflows whatever follows.
const EXPONENT_BOUND: i32 = 1 << 12;

/// `base` to the power of `exponent`.
pub(super) fn power(base: f64, exponent: f64) -> f64 {
    let size = exponent.abs();
    if !base.is_finite() || !exponent.is_finite() || base == 0.0 || size == 0.0 || base == 1.0 {
        // The special cases are those of C, which Rust's function has.
        return base.powf(exponent);
    }
    if size == 0.5 {
        return if exponent > 0.0 {
            base.sqrt()
        } else {
            1.0 / base.sqrt()
        };
    }
    let mut whole = size.trunc();
    let mut fraction = size - whole;
    if fraction != 0.0 && base < 0.0 {
        return f64::NAN;
    }
    if whole >= (1_u64 << 63) as f64 {
        return base.powf(exponent);
    }
    let mut result = 1.0;
    if fraction != 0.0 {
        if fraction > 0.5 {
            fraction -= 1.0;
            whole += 1.0;
        }
        result = (fraction * base.ln()).exp();
    }
    let (result, scale) = whole_power(base, whole as u64, result);
    if exponent < 0.0 {
        scaled(1.0 / result, -scale)
    } else {
        scaled(result, scale)
    }
}

/// `start * base ^ exponent` by repeated squaring, as a mantissa and a power of two.
fn whole_power(base: f64, mut exponent: u64, start: f64) -> (f64, i32) {
    let (mut square, mut square_scale) = split(base);
    let (mut result, mut scale) = (start, 0_i32);
    while exponent != 0 {
        if square_scale.abs() > EXPONENT_BOUND {
            scale += square_scale;
            break;
        }
        if exponent & 1 == 1 {
            result *= square;
            scale += square_scale;
        }
        square *= square;
        square_scale *= 2;
        if square < 0.5 {
            square += square;
            square_scale -= 1;
        }
        exponent >>= 1;
    }
    (result, scale)
}

/// A finite number other than zero as a mantissa of a size from 0.5 to 1 and a power of two.
fn split(number: f64) -> (f64, i32) {
    const FRACTION_BITS: u32 = 52;
    let (number, shift) = if number.is_subnormal() {
        (number * (1_u64 << FRACTION_BITS) as f64, FRACTION_BITS as i32)
    } else {
        (number, 0)
    };
    let bits = number.to_bits();
    let exponent = ((bits >> FRACTION_BITS) & 0x7ff) as i32 - 1022;
    let mantissa = f64::from_bits(bits & !(0x7ff << FRACTION_BITS) | 1022 << FRACTION_BITS);
    (mantissa, exponent - shift)
}

/// `number * 2 ^ scale`, rounded once.
fn scaled(number: f64, scale: i32) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    let (mantissa, exponent) = split(number);
    let exponent = exponent.saturating_add(scale);
    // 2^(exponent) of a normal number; below, a last multiplication rounds into the subnormal ones.
    let two_to = |power: i32| f64::from_bits(((power + 1023) as u64) << 52);
    match exponent {
        ..-1080 => 0.0_f64.copysign(number),
        -1080..-1021 => mantissa * two_to(exponent + 100) * two_to(-100),
        -1021..=1023 => mantissa * two_to(exponent),
        1024 => mantissa * two_to(1023) * 2.0,
        _ => f64::INFINITY.copysign(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn results_are_those_of_go() {
        for (base, exponent, expected) in [
            (1e10, 1.5, 1.000_000_000_000_000_1e15),
            (1e10, -0.5, 1e-5),
            (-0.5, 7.0, -0.0078125),
            (-0.5, -2.0, 4.0),
            (2.0, -1074.0, 5e-324),
            (2.0, 1023.0, 8.98846567431158e307),
            (2.0, 1024.0, f64::INFINITY),
            (-2.0, 1025.0, f64::NEG_INFINITY),
            (10.0, 400.0, f64::INFINITY),
            (10.0, -400.0, 0.0),
            (5e-324, 1.0, 5e-324),
            (1.0000001, 1e18, f64::INFINITY),
            (0.9999999, 1e18, 0.0),
            (-1.0, 1e300, 1.0),
        ] {
            assert_eq!(power(base, exponent), expected, "{base} ^ {exponent}");
        }
        assert!(power(-2.0, 1.5).is_nan());
    }

    proptest! {
        #[test]
        fn it_is_near_the_exact_power(base in 0.001_f64..1000.0, exponent in -50.0_f64..50.0) {
            let (got, exact) = (power(base, exponent), base.powf(exponent));
            prop_assert!((got - exact).abs() <= exact * 1e-12, "{} {}", got, exact);
        }
    }
}
