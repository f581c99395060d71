//! Shamir's secret sharing, byte by byte over GF(2^8) (A. Shamir, "How to share a secret", 1979).
//!
//! No branch and no place in memory depends on a secret: products are added up bit by bit behind masks. All coefficients
//! are uniform over the whole field, the highest included: without zero among them, shares rule out values of the secret
//! (RUSTSEC-2024-0398).

use std::hint::black_box;
use strongroom_types::Entropy;
use zeroize::Zeroizing;

/// A secret of 32 bytes, or a share of one.
pub(super) type Bytes32 = Zeroizing<[u8; 32]>;

/// Of x^8 + x^4 + x^3 + x + 1, without its first term.
const REDUCTION: u8 = 0x1b;

/// All ones if the lowest bit is set, otherwise all zeroes.
fn mask(bit: u8) -> u8 {
    black_box((bit & 1).wrapping_neg())
}

fn multiply(mut left: u8, right: u8) -> u8 {
    let mut product = 0;
    for bit in 0..8 {
        product ^= left & mask(right >> bit);
        left = (left << 1) ^ (REDUCTION & mask(left >> 7));
    }
    product
}

/// The 254th power: of zero it is zero.
fn invert(value: u8) -> u8 {
    let (mut inverse, mut power) = (1, value);
    for _ in 0..7 {
        power = multiply(power, power);
        inverse = multiply(inverse, power);
    }
    inverse
}

/// Shares of the secret at the places 1 to `count`; any `threshold` of them give it back.
pub(super) fn split(
    secret: &[u8; 32],
    threshold: u8,
    count: u8,
    entropy: &dyn Entropy,
) -> Vec<Bytes32> {
    // The highest power first.
    let mut coefficients = Vec::with_capacity(usize::from(threshold));
    for _ in 1..threshold {
        let mut coefficient = Zeroizing::new([0; 32]);
        entropy.fill(&mut *coefficient);
        coefficients.push(coefficient);
    }
    coefficients.push(Zeroizing::new(*secret));
    (1..=count).map(|place| evaluate(&coefficients, place)).collect()
}

fn evaluate(coefficients: &[Bytes32], place: u8) -> Bytes32 {
    let mut value = Zeroizing::new([0; 32]);
    for coefficient in coefficients {
        for (byte, add) in value.iter_mut().zip(coefficient.iter()) {
            *byte = multiply(*byte, place) ^ add;
        }
    }
    value
}

/// The polynomial at 0 that goes through the shares. `None` if two are of one place, or one is of place 0.
pub(super) fn combine(shares: &[(u8, &[u8; 32])]) -> Option<Bytes32> {
    let mut secret = Zeroizing::new([0; 32]);
    for (turn, (place, share)) in shares.iter().enumerate() {
        let mut weight = 1;
        for (_, (other, _)) in shares.iter().enumerate().filter(|(index, _)| *index != turn) {
            if other == place {
                return None;
            }
            weight = multiply(weight, multiply(*other, invert(other ^ place)));
        }
        if *place == 0 {
            return None;
        }
        for (byte, part) in secret.iter_mut().zip(share.iter()) {
            *byte ^= multiply(*part, weight);
        }
    }
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strongroom_types::SystemEntropy;

    /// Polynomials over GF(2), as a school would multiply and divide them.
    mod model {
        fn bits(value: u8) -> Vec<bool> {
            (0..8).map(|bit| value & (1 << bit) != 0).collect()
        }

        pub(super) fn multiply(left: u8, right: u8) -> u8 {
            let mut product = [false; 16];
            for (i, a) in bits(left).into_iter().enumerate() {
                for (j, b) in bits(right).into_iter().enumerate() {
                    product[i + j] ^= a && b;
                }
            }
            // x^8 + x^4 + x^3 + x + 1. FIPS 197, section 4.2.
            let divisor = [true, true, false, true, true, false, false, false, true];
            for degree in (8..16).rev() {
                if product[degree] {
                    for (power, coefficient) in divisor.iter().enumerate() {
                        product[degree - 8 + power] ^= coefficient;
                    }
                }
            }
            assert!(product[8..].iter().all(|bit| !bit));
            (0..8).map(|bit| u8::from(product[bit]) << bit).sum()
        }

        pub(super) fn invert(value: u8) -> u8 {
            (0..=255).find(|other| multiply(value, *other) == 1).unwrap_or(0)
        }

        /// Sums powers, where the code nests them.
        pub(super) fn evaluate(rising: &[u8], place: u8) -> u8 {
            let mut power = 1;
            let mut sum = 0;
            for coefficient in rising {
                sum ^= multiply(*coefficient, power);
                power = multiply(power, place);
            }
            sum
        }

        /// Solves the equations of the shares by elimination. Answers all coefficients, rising.
        pub(super) fn interpolate(points: &[(u8, u8)]) -> Vec<u8> {
            let size = points.len();
            let mut rows: Vec<Vec<u8>> = points
                .iter()
                .map(|(x, y)| {
                    let mut row = vec![1];
                    for _ in 1..size {
                        row.push(multiply(*row.last().unwrap(), *x));
                    }
                    row.push(*y);
                    row
                })
                .collect();
            for column in 0..size {
                let pivot = (column..size).find(|row| rows[*row][column] != 0).unwrap();
                rows.swap(column, pivot);
                let scale = invert(rows[column][column]);
                rows[column].iter_mut().for_each(|cell| *cell = multiply(*cell, scale));
                let subtracted = rows[column].clone();
                for row in (0..size).filter(|row| *row != column) {
                    let factor = rows[row][column];
                    for (cell, other) in rows[row].iter_mut().zip(&subtracted) {
                        *cell ^= multiply(factor, *other);
                    }
                }
            }
            rows.iter().map(|row| row[size]).collect()
        }
    }

    #[test]
    fn products_and_inverses_are_those_of_the_model_everywhere() {
        for left in 0..=255 {
            for right in 0..=255 {
                assert_eq!(multiply(left, right), model::multiply(left, right), "{left} {right}");
            }
            assert_eq!(invert(left), model::invert(left), "{left}");
        }
        // FIPS 197, section 4.2: {57} x {83} = {c1}; section 4.2.1: {57} x {13} = {fe}.
        assert_eq!((multiply(0x57, 0x83), multiply(0x57, 0x13)), (0xc1, 0xfe));
    }

    /// Subsets of so many of the shares.
    fn subsets(count: u8, size: u8) -> impl Iterator<Item = Vec<u8>> {
        (0_u32..1 << count).filter(move |set| set.count_ones() == u32::from(size)).map(move |set| {
            (0..count).filter(|place| set & (1 << place) != 0).map(|place| place + 1).collect()
        })
    }

    fn chosen<'a>(shares: &'a [Bytes32], places: &[u8]) -> Vec<(u8, &'a [u8; 32])> {
        places.iter().map(|place| (*place, &*shares[usize::from(*place) - 1])).collect()
    }

    #[test]
    fn every_subset_of_the_threshold_gives_the_secret_and_no_smaller_one_does() {
        for (threshold, count) in
            [(2, 2), (2, 3), (3, 5), (5, 5), (4, 8), (8, 11), (2, 16), (15, 16), (16, 16)]
        {
            let mut secret = [0; 32];
            SystemEntropy.fill(&mut secret);
            let shares = split(&secret, threshold, count, &SystemEntropy);
            for places in subsets(count, threshold) {
                assert_eq!(*combine(&chosen(&shares, &places)).unwrap(), secret, "{places:?}");
            }
            for size in 0..threshold {
                for places in subsets(count, size).take(2000) {
                    assert_ne!(*combine(&chosen(&shares, &places)).unwrap(), secret, "{places:?}");
                }
            }
            let all: Vec<_> = (1..=count).collect();
            assert_eq!(*combine(&chosen(&shares, &all)).unwrap(), secret, "more than are needed");
        }
    }

    #[test]
    fn the_same_share_twice_or_the_secret_itself_is_no_share() {
        let shares = split(&[7; 32], 2, 3, &SystemEntropy);
        assert!(combine(&chosen(&shares, &[1, 1])).is_none());
        assert!(combine(&chosen(&shares, &[1, 2, 1])).is_none());
        assert!(combine(&[(0, &shares[0]), (1, &shares[1])]).is_none());
    }

    /// Every value of a coefficient comes, zero too, about as often as any other; so does every value of a share, whatever
    /// the secret. 256 values over 2^17 draws: a chi-squared of 255 degrees of freedom is above 400 once in 10^8 runs.
    #[test]
    fn coefficients_and_lone_shares_are_uniform() {
        let (mut highest, mut lone) = ([0_u32; 256], [0_u32; 256]);
        for _ in 0..4096 {
            let shares = split(&[0x55; 32], 2, 2, &SystemEntropy);
            for (first, second) in shares[0].iter().zip(shares[1].iter()) {
                // A straight line: the places 1 and 2 differ by 3 times its slope.
                highest[usize::from(multiply(first ^ second, invert(3)))] += 1;
                lone[usize::from(*second)] += 1;
            }
        }
        let expected = 4096.0 * 32.0 / 256.0;
        for counts in [highest, lone] {
            let chi: f64 =
                counts.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
            assert!(chi < 400.0, "{chi}: {counts:?}");
        }
    }

    #[derive(Debug)]
    struct Given(std::sync::Mutex<Vec<[u8; 32]>>);

    impl Entropy for Given {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.copy_from_slice(&self.0.lock().unwrap().remove(0));
        }
    }

    proptest! {
        #[test]
        fn shares_are_points_of_the_models_polynomial(
            secret in any::<[u8; 32]>(),
            coefficients in prop::collection::vec(any::<[u8; 32]>(), 1..16),
            more in 0_u8..8,
        ) {
            let threshold = u8::try_from(coefficients.len()).unwrap() + 1;
            let count = (threshold + more).min(16);
            let shares = split(&secret, threshold, count, &Given(coefficients.clone().into()));
            for (share, place) in shares.iter().zip(1..) {
                for byte in 0..32 {
                    let mut rising = vec![secret[byte]];
                    rising.extend(coefficients.iter().rev().map(|coefficient| coefficient[byte]));
                    prop_assert_eq!(share[byte], model::evaluate(&rising, place));
                }
            }
        }

        #[test]
        fn combining_is_the_models_interpolation_for_any_points(
            points in prop::collection::btree_map(1_u8..=255, any::<[u8; 32]>(), 1..9),
        ) {
            let shares: Vec<_> = points.iter().map(|(place, share)| (*place, share)).collect();
            let secret = combine(&shares).unwrap();
            for byte in [0, 31] {
                let column: Vec<_> = points.iter().map(|(x, share)| (*x, share[byte])).collect();
                prop_assert_eq!(secret[byte], model::interpolate(&column)[0]);
            }
        }
    }
}
