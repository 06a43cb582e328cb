//! Arithmetic: exact on whole numbers or an error, never a wrap; and how numbers print.

use super::power::power;
use crate::ir::BinaryOp;
use crate::value::Value;
use std::cmp::Ordering;

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Overflow,
    DivisionByZero,
}

/// A number that an operator can work on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Uint(u64),
    Float(f64),
}

impl Number {
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(Number::Int(*number)),
            Value::Uint(number) => Some(Number::Uint(*number)),
            Value::Float(number) => Some(Number::Float(*number)),
            _ => None,
        }
    }

    fn float(self) -> f64 {
        match self {
            Number::Int(number) => number as f64,
            Number::Uint(number) => number as f64,
            Number::Float(number) => number,
        }
    }

    /// The exact number; `None` for floating-point ones.
    fn whole(self) -> Option<i128> {
        match self {
            Number::Int(number) => Some(number.into()),
            Number::Uint(number) => Some(number.into()),
            Number::Float(_) => None,
        }
    }

    fn is_zero(self) -> bool {
        match self {
            Number::Int(number) => number == 0,
            Number::Uint(number) => number == 0,
            Number::Float(number) => number == 0.0,
        }
    }
}

/// Whether two numbers are equal, whatever their kinds. Exact for whole numbers.
pub(super) fn equal(a: Number, b: Number) -> bool {
    match (a.whole(), b.whole()) {
        (Some(a), Some(b)) => a == b,
        _ => a.float() == b.float(),
    }
}

/// The order of two numbers; `None` where one is NaN.
pub(super) fn compare(a: Number, b: Number) -> Option<Ordering> {
    match (a.whole(), b.whole()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.float().partial_cmp(&b.float()),
    }
}

/// `a op b` for `+ - * / % ^`.
pub(super) fn arithmetic(op: BinaryOp, a: Number, b: Number) -> Result<Value, Trouble> {
    if matches!(op, BinaryOp::Div | BinaryOp::Mod) && b.is_zero() {
        return Err(Trouble::DivisionByZero);
    }
    if let (Number::Int(a), Number::Int(b)) = (a, b) {
        return signed(op, a, b).map(Value::Int).ok_or(Trouble::Overflow);
    }
    if let (Some(a), Some(b)) = (a.whole(), b.whole()) {
        return exact(op, a, b);
    }
    let (a, b) = (a.float(), b.float());
    Ok(Value::Float(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        _ => power(a, b),
    }))
}

fn signed(op: BinaryOp, a: i64, b: i64) -> Option<i64> {
    match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::Div => a.checked_div(b),
        // The one remainder that the processor overflows on is 0.
        BinaryOp::Mod => Some(a.wrapping_rem(b)),
        _ => signed_power(a, b),
    }
}

/// With an unsigned operand: the exact result in whichever kind holds it.
fn exact(op: BinaryOp, a: i128, b: i128) -> Result<Value, Trouble> {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::Div => a.checked_div(b),
        BinaryOp::Mod => a.checked_rem(b),
        _ => exact_power(a, b),
    }
    .ok_or(Trouble::Overflow)?;
    i64::try_from(result)
        .map(Value::Int)
        .or_else(|_| u64::try_from(result).map(Value::Uint))
        .map_err(|_| Trouble::Overflow)
}

/// The reference's power of whole numbers: a negative exponent gives the number itself.
fn signed_power(base: i64, exponent: i64) -> Option<i64> {
    match (base, exponent) {
        (_, 0) | (1, _) => Some(1),
        (0, _) => Some(0),
        (-1, exponent) if exponent > 0 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        (base, exponent) if exponent < 0 => Some(base),
        // Any other base overflows before the exponent leaves 32 bits.
        (base, exponent) => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

fn exact_power(base: i128, exponent: i128) -> Option<i128> {
    match (base, exponent) {
        (_, 0) | (1, _) => Some(1),
        (0, _) => Some(0),
        (-1, exponent) if exponent > 0 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        (base, exponent) if exponent < 0 => Some(base),
        (base, exponent) => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

/// Whether a power is one of those where the reference's result is not arithmetic's.
pub(super) fn is_surprising_power(a: Number, b: Number) -> bool {
    match (a.whole(), b.whole()) {
        (Some(a), Some(b)) => b < 0 && a != 1,
        _ => false,
    }
}

/// `-x`. The second field tells that the number was too big for its negative, which wraps around as in the reference.
pub(super) fn negative(number: Number) -> (Value, bool) {
    match number {
        Number::Int(number) => match number.checked_neg() {
            Some(negative) => (Value::Int(negative), false),
            None => (Value::Int(number), true),
        },
        Number::Uint(number) => {
            const SMALLEST: u64 = i64::MIN.unsigned_abs();
            let wrapped = number.wrapping_neg().cast_signed();
            (Value::Int(wrapped), number > SMALLEST)
        }
        Number::Float(number) => (Value::Float(-number), false),
    }
}

/// A number as it becomes text by itself: without an exponent, with as few digits as tell it apart.
pub fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::Int(number) => Some(number.to_string()),
        Value::Uint(number) => Some(number.to_string()),
        Value::Float(number) => Some(crate::stdlib::shortest(*number, 'f')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BinaryOp::*;

    fn whole(op: BinaryOp, a: i64, b: i64) -> Result<Value, Trouble> {
        arithmetic(op, Number::Int(a), Number::Int(b))
    }

    #[test]
    fn overflow_is_an_error_and_never_a_wrap() {
        for (op, a, b) in [
            (Add, i64::MAX, 1),
            (Sub, i64::MIN, 1),
            (Mul, i64::MAX, 2),
            (Div, i64::MIN, -1),
            (Pow, 2, 63),
            (Pow, 2, 10_000_000_000),
            (Pow, -2, i64::MAX),
        ] {
            assert_eq!(whole(op, a, b), Err(Trouble::Overflow), "{a} {op:?} {b}");
        }
        assert_eq!(whole(Mod, i64::MIN, -1), Ok(Value::Int(0)));
        assert_eq!(whole(Pow, -2, 63), Ok(Value::Int(i64::MIN)));
        assert_eq!(whole(Pow, -1, i64::MAX), Ok(Value::Int(-1)));
    }

    #[test]
    fn unsigned_operands_give_exact_results() {
        let big = Number::Uint(u64::MAX);
        assert_eq!(
            arithmetic(Sub, big, Number::Int(1)),
            Ok(Value::Uint(u64::MAX - 1))
        );
        assert_eq!(arithmetic(Sub, big, big), Ok(Value::Int(0)));
        assert_eq!(arithmetic(Add, big, Number::Int(1)), Err(Trouble::Overflow));
        assert_eq!(arithmetic(Pow, big, Number::Int(1 << 40)), Err(Trouble::Overflow));
        assert!(!equal(big, Number::Int(-1)));
        assert_eq!(compare(big, Number::Int(-1)), Some(Ordering::Greater));
    }

    #[test]
    fn zero_divides_nothing() {
        assert_eq!(whole(Div, 1, 0), Err(Trouble::DivisionByZero));
        assert_eq!(
            arithmetic(Mod, Number::Float(1.0), Number::Float(-0.0)),
            Err(Trouble::DivisionByZero)
        );
    }

    #[test]
    fn negatives_wrap_only_where_the_reference_does_and_say_so() {
        assert_eq!(negative(Number::Uint(1 << 63)), (Value::Int(i64::MIN), false));
        assert_eq!(
            negative(Number::Uint((1 << 63) + 1)),
            (Value::Int(i64::MAX), true)
        );
        assert_eq!(negative(Number::Int(i64::MIN)), (Value::Int(i64::MIN), true));
    }
}
