//! A council's register of motions: it gives each its number within the year, «2026-007».
//!
//! - Numbers of a year are 1, 2, 3 … in the order of registration: no gap, no number twice.
//! - A motion keeps its number: registered again, as when it was returned and comes back, nothing changes.
//!
//! The stream's id is the council's. The number comes in the same commit as the motion's submission.

use std::{collections::BTreeMap, fmt};

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{event::DomainEvent, refusal::refusals, values::MotionId};

/// Years that can be registered in.
pub const REGISTER_YEARS: std::ops::RangeInclusive<u16> = 1949..=9999;

/// A motion's number within its council.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct MotionNumber {
    /// The year it was first submitted in, in the tenant's time zone.
    pub year: u16,
    /// Its place in that year, from 1.
    pub number: u32,
}

impl fmt::Display for MotionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:03}", self.year, self.number)
    }
}

/// A register's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MotionRegister {
    /// Each registered motion's number.
    pub numbers: BTreeMap<MotionId, MotionNumber>,
    /// The last number of each year.
    pub last: BTreeMap<u16, u32>,
}

/// What may be asked of a register.
#[derive(Debug, Clone)]
pub enum MotionRegisterCommand {
    /// Give a motion its number.
    Number {
        /// The motion.
        motion: MotionId,
        /// The year, in the tenant's time zone.
        year: u16,
    },
}

/// What happened to a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MotionRegisterEvent {
    /// A motion got its number.
    MotionNumbered {
        /// The motion.
        motion: MotionId,
        /// The year.
        year: u16,
        /// Its place in that year, from 1.
        number: u32,
    },
}
impl DomainEvent for MotionRegisterEvent {}

refusals! {
    /// Why a register says no.
    pub enum MotionRegisterRefusal {
        /// Not a year of four digits since 1949.
        YearUnfit("year", "年份不正确", "This is not a year to register motions in"),
        /// Four thousand million motions in one year.
        RegisterFull("year", "该年度编号已用尽", "There are no numbers left in this year"),
    }
}

impl Aggregate for MotionRegister {
    const NAME: &'static str = "motion_register";
    type State = Self;
    type Command = MotionRegisterCommand;
    type Event = MotionRegisterEvent;
    type Error = MotionRegisterRefusal;

    fn handle_command(register: &Self, command: MotionRegisterCommand) -> Result<Vec<MotionRegisterEvent>, MotionRegisterRefusal> {
        let MotionRegisterCommand::Number { motion, year } = command;
        if register.numbers.contains_key(&motion) {
            return Ok(vec![]);
        }
        if !REGISTER_YEARS.contains(&year) {
            return Err(MotionRegisterRefusal::YearUnfit);
        }
        let last = register.last.get(&year).copied().unwrap_or(0);
        let number = last.checked_add(1).ok_or(MotionRegisterRefusal::RegisterFull)?;
        Ok(vec![MotionRegisterEvent::MotionNumbered { motion, year, number }])
    }

    fn apply_event(mut register: Self, event: MotionRegisterEvent) -> Self {
        let MotionRegisterEvent::MotionNumbered { motion, year, number } = event;
        register.numbers.insert(motion, MotionNumber { year, number });
        register.last.insert(year, number);
        register
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::given;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn number(motion: u128, year: u16) -> MotionRegisterCommand {
        MotionRegisterCommand::Number { motion: MotionId(Uuid::from_u128(motion)), year }
    }

    #[test]
    fn a_motion_gets_one_number_and_keeps_it() {
        let register = given::<MotionRegister>([]).and(number(1, 2026));
        assert_eq!(register.numbers[&MotionId(Uuid::from_u128(1))].to_string(), "2026-001");
        register.when(number(1, 2027)).then([]);
        register.when(number(2, 0)).then_refused(MotionRegisterRefusal::YearUnfit);
        let last = MotionRegisterEvent::MotionNumbered { motion: MotionId(Uuid::from_u128(1)), year: 2026, number: u32::MAX };
        given::<MotionRegister>([last]).when(number(2, 2026)).then_refused(MotionRegisterRefusal::RegisterFull);
    }

    proptest! {
        #[test]
        fn numbers_of_a_year_have_no_gap_and_no_double(wishes in proptest::collection::vec((0u128..30, 2025u16..2028), 0..80)) {
            let register = given::<MotionRegister>([]).and_all(wishes.into_iter().map(|(motion, year)| number(motion, year)));
            for year in 2025..2028 {
                let mut numbers: Vec<_> = register.numbers.values().filter(|it| it.year == year).map(|it| it.number).collect();
                numbers.sort_unstable();
                prop_assert_eq!(&numbers, &(1..=u32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
            }
        }
    }
}
