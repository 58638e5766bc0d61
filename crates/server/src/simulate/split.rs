//! Splitting a total into parts that are not alike and add up to it exactly.

/// `total` as `parts` numbers from `least` to `most`, scattered around their mean; `None` if there are none such.
pub fn split(random: &mut fastrand::Rng, total: u64, parts: usize, least: u64, most: u64) -> Option<Vec<u64>> {
    let count = parts as u64;
    let (smallest, largest) = (least.checked_mul(count)?, most.saturating_mul(count));
    if least > most || total < smallest || total > largest {
        return None;
    }
    if parts == 0 {
        return (total == 0).then(Vec::new);
    }
    // Half to one and a half of the mean, as far as that is allowed; the rest goes where there is room.
    let mean = total / count;
    let (low, high) = ((mean / 2).max(least), mean.saturating_add(mean / 2).min(most).max(least));
    let mut split: Vec<u64> = (0..parts).map(|_| random.u64(low.min(high)..=high)).collect();
    let mut sum: u64 = split.iter().sum();
    while sum != total {
        let (gap, grow) = if sum < total { (total - sum, true) } else { (sum - total, false) };
        let room = |part: u64| if grow { most - part } else { part - least };
        let open = split.iter().filter(|part| room(**part) > 0).count().max(1) as u64;
        let share = gap.div_ceil(open);
        let mut left = gap;
        for part in &mut split {
            let by = room(*part).min(share).min(left);
            *part = if grow { *part + by } else { *part - by };
            left -= by;
        }
        sum = split.iter().sum();
    }
    Some(split)
}

/// `total` things dealt to `hands` in turn: the first have one more if it does not come out even.
pub fn deal(total: u64, hands: usize) -> Vec<u64> {
    let count = hands as u64;
    (0..count).map(|hand| total / count + u64::from(hand < total % count)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_add_up_and_keep_their_bounds(seed: u64, parts in 1usize..200, least in 0u64..50, room in 0u64..1_000, at in 0.0f64..=1.0) {
            let most = least + room;
            let total = least * parts as u64 + ((room * parts as u64) as f64 * at) as u64;
            let split = split(&mut fastrand::Rng::with_seed(seed), total, parts, least, most).unwrap();
            prop_assert_eq!(split.len(), parts);
            prop_assert_eq!(split.iter().sum::<u64>(), total);
            prop_assert!(split.iter().all(|part| (least..=most).contains(part)));
        }
    }

    #[test]
    fn what_cannot_be_split_is_not() {
        let random = &mut fastrand::Rng::with_seed(1);
        assert_eq!(split(random, 3, 4, 1, 9), None);
        assert_eq!(split(random, 41, 4, 1, 10), None);
        assert_eq!(split(random, 1, 0, 0, 9), None);
        assert_eq!(split(random, 0, 0, 1, 9), Some(vec![]));
        assert_eq!(deal(7, 3), [3, 2, 2]);
    }
}
