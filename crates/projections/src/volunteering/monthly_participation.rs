//! Participation by whole months, ready to be read: minutes, records and who served, by area, in all categories together
//! and in each. A question about months reads some hundred rows instead of every record.
//!
//! - The figures are those of the records that count now; a month's row follows every one of them in and out.
//! - Sets of volunteers can be united without asking who they are: a volunteer stands in them as a number of this log.

use base64::{Engine, engine::general_purpose::STANDARD};
use gongyi_domain::{
    values::{AreaCode, Day},
    volunteering::category::Category,
};
use roaring::RoaringTreemap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::{participation, service_records::ServiceRecordRow};
use crate::{
    period::month,
    read_model::FoldError,
    rows::{Rows, row},
};

row! {
    /// What counts in one month and area.
    MonthlyParticipation in "monthly_participation" {
        key {
            /// The month of the service, `YYYY-MM`.
            month: String,
            /// Where it counts.
            area: AreaCode,
            /// In what.
            categories: Categories,
        }
        live {
            /// Minutes with evidence of attendance.
            attested_minutes: i64,
            /// Minutes entered by hand.
            declared_minutes: i64,
            /// Records.
            records: i64,
            /// Who served, and how often.
            volunteers: HeadCount,
        }
    }
}

/// The categories that a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Categories {
    /// All of them together.
    All,
    /// One.
    One(Category),
}

impl Categories {
    /// The stored name of all categories together.
    pub(crate) const ALL: &'static str = "all";
}

impl Serialize for Categories {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str(Self::ALL),
            Self::One(category) => category.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Categories {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == Self::ALL {
            return Ok(Self::All);
        }
        Category::deserialize(de::value::StringDeserializer::new(text)).map(Self::One)
    }
}

/// How often each volunteer counts: the first set holds who counts at all, the second who counts more than once, and so on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HeadCount(Vec<RoaringTreemap>);

impl HeadCount {
    fn add(&mut self, volunteer: u64) {
        if !self.0.iter_mut().any(|set| set.insert(volunteer)) {
            self.0.push([volunteer].into_iter().collect());
        }
    }

    fn remove(&mut self, volunteer: u64) -> Result<(), FoldError> {
        if !self.0.iter_mut().rev().any(|set| set.remove(volunteer)) {
            return Err(FoldError::Unfit(format!("volunteer {volunteer} is not counted in this month")));
        }
        self.0.retain(|set| !set.is_empty());
        Ok(())
    }
}

impl Serialize for HeadCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        for set in &self.0 {
            set.serialize_into(&mut bytes).map_err(ser::Error::custom)?;
        }
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

fn decoded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)
}

impl<'de> Deserialize<'de> for HeadCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = decoded(deserializer)?;
        let (mut left, mut sets) = (bytes.as_slice(), Vec::new());
        while !left.is_empty() {
            sets.push(RoaringTreemap::deserialize_from(&mut left).map_err(de::Error::custom)?);
        }
        Ok(Self(sets))
    }
}

/// Who counts at all: a [`HeadCount`] without how often.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heads(pub(crate) RoaringTreemap);

impl<'de> Deserialize<'de> for Heads {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = decoded(deserializer)?;
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        RoaringTreemap::deserialize_from(bytes.as_slice()).map(Self).map_err(de::Error::custom)
    }
}

/// The rows in which a service on this day counts.
pub(crate) fn keys(day: Day, area: &AreaCode, category: Category) -> [(String, AreaCode, Categories); 2] {
    [Categories::All, Categories::One(category)].map(|categories| (month(day), area.clone(), categories))
}

/// Counts a record of a volunteer in (`sign` 1) or out (-1).
pub(crate) fn count(
    months: &mut Rows<MonthlyParticipation>,
    position: u64,
    record: &ServiceRecordRow,
    volunteer: u64,
    sign: i64,
) -> Result<(), FoldError> {
    let (attested, declared) = participation::counted(record);
    let add = |to: i64, by: i64| {
        let sum = by.checked_mul(sign).and_then(|by| to.checked_add(by)).filter(|sum| *sum >= 0);
        sum.ok_or(FoldError::Overflow("monthly_participation"))
    };
    for key in keys(record.day, &record.area, record.category) {
        if months.get(&key)?.is_none() {
            let (month, area, categories) = key.clone();
            let (attested_minutes, declared_minutes, records, volunteers) = (0, 0, 0, HeadCount::default());
            months.put(MonthlyParticipation { month, area, categories, attested_minutes, declared_minutes, records, volunteers, position });
        }
        let row = months.change(&key, position)?;
        row.attested_minutes = add(row.attested_minutes, attested)?;
        row.declared_minutes = add(row.declared_minutes, declared)?;
        row.records = add(row.records, 1)?;
        if sign > 0 { row.volunteers.add(volunteer) } else { row.volunteers.remove(volunteer)? }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_head_count_is_a_multiset_that_survives_storage(steps in proptest::collection::vec((0u64..40, any::<bool>()), 0..300)) {
            let (mut count, mut model) = (HeadCount::default(), BTreeMap::<u64, u32>::new());
            for (who, into) in steps {
                if into {
                    count.add(who);
                    *model.entry(who).or_default() += 1;
                } else if let Some(times) = model.get_mut(&who) {
                    count.remove(who).unwrap();
                    *times -= 1;
                    model.retain(|_, times| *times > 0);
                } else {
                    prop_assert!(count.remove(who).is_err());
                }
            }
            let stored = serde_json::to_string(&count).unwrap();
            prop_assert_eq!(serde_json::from_str::<HeadCount>(&stored).unwrap(), count);
            let heads: Heads = serde_json::from_str(&stored).unwrap();
            prop_assert!(heads.0.iter().eq(model.keys().copied()));
        }
    }
}
