//! A poll's roll as one list: read when the poll opens, to count and digest it, and when it is counted, to find every
//! entry. Casting a ballot reads only its own entry ([`super::roll_entry`]).
//!
//! - Every line of the list has its entry's stream, written in the same commit.
//! - The roll of a village election is published twenty days before the poll: everybody sees an entry of theirs from the moment
//!   it is entered, and the poll does not open before it was announced. From then on it changes only while objections to it may
//!   be raised and decided (村民委员会组织法 art. 14: 选举日的二十日前公布，自公布之日起五日内申诉，三日内作出处理决定).
//! - Whoever votes once for everybody else votes once: nobody casts for several households unless a register says so, which is
//!   named. Owners of several properties are one head where floor areas are weighed.
//! - Who is on the roll though at home elsewhere is there with a reason, which everybody can read.
//! - The digest is over the entries in the order of their ids, so that anybody who has the list can compute it.

use std::collections::{BTreeMap, BTreeSet};

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    decision::statutes::{ROLL_FINAL_DAYS, ROLL_PUBLISHED_DAYS},
    roll_entry::{Holder, RollLine},
    text::{Line, Prose},
};
use crate::{
    event::DomainEvent,
    refusal::refusals,
    values::{PersonId, PollId, RollEntryId},
};

/// Entries of one poll, at most.
pub const ROLL_MAX_ENTRIES: usize = 1_000_000;
/// Entries entered or struck by one command, at most.
pub const ROLL_COMMAND_MAX_ENTRIES: usize = 1_000;

const DIGEST_LABEL: &[u8] = b"gongyi roll v1";

/// A roll.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roll {
    /// Its lines by entry.
    pub lines: BTreeMap<RollEntryId, RollLine>,
    /// Why entries are on the roll whose voters live elsewhere.
    pub outside: BTreeMap<RollEntryId, String>,
    /// By which registers one person casts for several, by the entries that were entered by them.
    pub registers: BTreeMap<RollEntryId, String>,
}

/// Lines whose voters live elsewhere, and why they are on the roll nevertheless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outside {
    /// The entries.
    pub entries: Vec<RollEntryId>,
    /// Why; public.
    pub reason: String,
}

/// Lines that are on the roll for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grounds {
    /// The reason, or the register.
    pub text: String,
    /// How many entries.
    pub entries: u64,
}

/// Who a roll is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Composition {
    /// Persons.
    pub persons: u64,
    /// Households.
    pub households: u64,
    /// Properties.
    pub properties: u64,
    /// Those whose voters live elsewhere, by reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outside: Vec<Grounds>,
    /// Those by whose register one person casts for several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registers: Vec<Grounds>,
}

/// What may be asked of a roll. `days_to_poll` are counted in the tenant's time zone, and `None` where no statute gives a roll
/// its days ([`PollTerms::roll_days_end`](super::poll_terms::PollTerms::roll_days_end)).
#[derive(Debug, Clone)]
pub enum RollCommand {
    /// Enter lines.
    Extend {
        /// The poll.
        poll: PollId,
        /// The lines.
        lines: Vec<RollLine>,
        /// Those of them whose voters live elsewhere.
        outside: Option<Outside>,
        /// The register by which one person casts for several.
        register: Option<String>,
        /// Days from today to the poll.
        days_to_poll: Option<i64>,
    },
    /// Strike entries.
    Strike {
        /// The entries.
        entries: Vec<RollEntryId>,
        /// Why; public.
        reason: String,
        /// Days from today to the poll.
        days_to_poll: Option<i64>,
    },
}

/// What happened to a roll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RollEvent {
    /// Lines were entered.
    RollExtended {
        /// The poll.
        poll: PollId,
        /// The lines.
        lines: Vec<RollLine>,
        /// Those of them whose voters live elsewhere; not said before it was asked where they live.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outside: Option<Outside>,
        /// The register by which one person casts for several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        register: Option<String>,
    },
    /// Entries were struck.
    RollEntriesStruck {
        /// The entries.
        entries: Vec<RollEntryId>,
        /// Why; public.
        reason: String,
    },
}
impl DomainEvent for RollEvent {}

refusals! {
    /// Why a roll is refused.
    pub enum RollRefusal {
        /// No line, or too many at once.
        LinesUnfit { most: usize }("lines", "一次须录入 1 至 {most} 条", "Enter 1 to {most} lines at a time"),
        /// The roll is full.
        RollTooLong { most: usize }("lines", "选民名单最多 {most} 条", "A roll has at most {most} entries"),
        /// Somebody is entered already or twice.
        HolderOnRoll { line: usize }("lines", "第 {line} 行已在名单上", "Line {line} is on the roll already"),
        /// An entry to strike is not there.
        EntryNotOnRoll { line: usize }("entries", "第 {line} 个不在名单上", "Entry {line} is not on the roll"),
        /// One vote a voter.
        VoterTwice { line: usize }("lines", "第 {line} 行：该投票人已代表另一户投票；如登记册另有规定，请注明登记册", "Line {line}: this person casts for another already; name the register if it says that one casts for several"),
        /// Registered, and not erased.
        VoterUnknown { line: usize }("lines", "第 {line} 行：投票人未登记", "Line {line}: the voter is not registered"),
        /// At home elsewhere.
        VoterFromElsewhere { line: usize }("lines", "第 {line} 行：投票人不在本区域居住；确需列入的，请说明理由", "Line {line}: the voter lives elsewhere; say why they are on the roll nevertheless"),
        /// A weight that rests on nothing.
        WeightUnregistered { line: usize }("register", "第 {line} 行：权重不为 1 的，须写明所依据的登记册", "Line {line}: a weight other than 1 names the register that it is from"),
        /// A register without a name, or with too long a one.
        RegisterUnfit { most: usize }("register", "登记册名称须为 1 至 {most} 字，不换行", "A register's name has 1 to {most} printable characters in one line"),
        /// An exception without a reason, or with too long a one.
        ExceptionUnfit { most: usize }("exception", "请说明理由，不超过 {most} 字", "Give a reason of at most {most} characters"),
        /// Why?
        StrikeReasonUnfit { most: usize }("reason", "请说明理由，不超过 {most} 字", "Give a reason of at most {most} characters"),
        /// Later than the statute's day.
        RollTooLate { least: u32 }("poll", "选民名单须在选举日的 {least} 日前公布", "The roll is published {least} days before the poll"),
        /// The time for objections, and for deciding them, is over.
        RollIsFinal { least: u32 }("poll", "对选民名单的申诉期已过，选举日前 {least} 日内名单不再更改", "Objections to the roll are over: it changes no more fewer than {least} days before the poll"),
        /// A person votes for somebody else's own vote.
        VoterUnfit { line: usize }("lines", "第 {line} 行：个人的票只能由本人投", "Line {line}: a person's vote is cast by that person"),
    }
}

/// A reason's length, at most.
pub const REASON_MAX_CHARS: usize = 500;
/// A register's name, at most, in characters.
pub const REGISTER_MAX_CHARS: usize = 200;

impl Roll {
    /// The sum of all weights; each is bounded, and so is their number.
    pub fn weight(&self) -> u64 {
        self.lines.values().map(|line| line.weight).sum()
    }

    /// Whether anybody's vote counts for more than one.
    pub fn is_weighted(&self) -> bool {
        self.lines.values().any(|line| line.weight != 1)
    }

    /// Who the roll is made of.
    pub fn composition(&self) -> Composition {
        let mut composition = Composition::default();
        for line in self.lines.values() {
            *match line.holder {
                Holder::Person(_) => &mut composition.persons,
                Holder::Household(_) => &mut composition.households,
                Holder::Property(_) => &mut composition.properties,
            } += 1;
        }
        let by_text = |grounds: &BTreeMap<RollEntryId, String>| {
            let mut entries: BTreeMap<&str, u64> = BTreeMap::new();
            grounds.values().for_each(|text| *entries.entry(text).or_default() += 1);
            entries.into_iter().map(|(text, entries)| Grounds { text: text.to_owned(), entries }).collect()
        };
        (composition.outside, composition.registers) = (by_text(&self.outside), by_text(&self.registers));
        composition
    }

    /// What no register vouches for: one vote a voter, and every vote counts once.
    fn require_one_each(&self, lines: &[RollLine]) -> Result<(), RollRefusal> {
        let mut voters: BTreeSet<PersonId> = self.lines.values().map(|line| line.voter).collect();
        for (line, number) in lines.iter().zip(1..) {
            if line.weight != 1 {
                return Err(RollRefusal::WeightUnregistered { line: number });
            }
            if !voters.insert(line.voter) {
                return Err(RollRefusal::VoterTwice { line: number });
            }
        }
        Ok(())
    }

    /// Whether the roll may change so many days before the poll (村民委员会组织法 art. 14).
    fn require_changeable(&self, days_to_poll: Option<i64>) -> Result<(), RollRefusal> {
        match days_to_poll {
            Some(days) if self.lines.is_empty() && days < i64::from(ROLL_PUBLISHED_DAYS) => {
                Err(RollRefusal::RollTooLate { least: ROLL_PUBLISHED_DAYS })
            }
            Some(days) if days < i64::from(ROLL_FINAL_DAYS) => Err(RollRefusal::RollIsFinal { least: ROLL_FINAL_DAYS }),
            Some(_) | None => Ok(()),
        }
    }

    /// What the roll's digest is made over: the label `gongyi roll v1`, then of every entry, in the order of their ids,
    /// entry and voter (16 bytes each) and weight (8 bytes, big-endian).
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(DIGEST_LABEL.len() + self.lines.len() * 40);
        bytes.extend_from_slice(DIGEST_LABEL);
        for (entry, line) in &self.lines {
            bytes.extend_from_slice(entry.0.as_bytes());
            bytes.extend_from_slice(line.voter.0.as_bytes());
            bytes.extend_from_slice(&line.weight.to_be_bytes());
        }
        bytes
    }

    /// How many entries each voter casts for, where by-head counts need it: whoever owns several properties is one head
    /// (最高人民法院 法释〔2009〕7号 art. 9: 一人计算). The first entry of a voter, by id, is that head.
    pub fn heads(&self) -> BTreeMap<PersonId, RollEntryId> {
        let mut heads = BTreeMap::new();
        for (entry, line) in &self.lines {
            heads.entry(line.voter).or_insert(*entry);
        }
        heads
    }
}

impl Outside {
    fn fitted(self) -> Result<Self, RollRefusal> {
        let reason = Prose::parse(&self.reason, REASON_MAX_CHARS, |most| RollRefusal::ExceptionUnfit { most })?.into();
        Ok(Self { reason, ..self })
    }
}

impl Aggregate for Roll {
    const NAME: &'static str = "roll";
    type State = Self;
    type Command = RollCommand;
    type Event = RollEvent;
    type Error = RollRefusal;

    fn handle_command(roll: &Self, command: RollCommand) -> Result<Vec<RollEvent>, RollRefusal> {
        match command {
            RollCommand::Extend { lines, .. } if !(1..=ROLL_COMMAND_MAX_ENTRIES).contains(&lines.len()) => {
                Err(RollRefusal::LinesUnfit { most: ROLL_COMMAND_MAX_ENTRIES })
            }
            RollCommand::Strike { entries, .. } if !(1..=ROLL_COMMAND_MAX_ENTRIES).contains(&entries.len()) => {
                Err(RollRefusal::LinesUnfit { most: ROLL_COMMAND_MAX_ENTRIES })
            }
            RollCommand::Extend { poll, lines, outside, register, days_to_poll } => {
                roll.require_changeable(days_to_poll)?;
                if roll.lines.len() + lines.len() > ROLL_MAX_ENTRIES {
                    return Err(RollRefusal::RollTooLong { most: ROLL_MAX_ENTRIES });
                }
                let mut seen = BTreeSet::new();
                for (line, number) in lines.iter().zip(1..) {
                    let entry = line.holder.entry(poll);
                    if roll.lines.contains_key(&entry) || !seen.insert(entry) {
                        return Err(RollRefusal::HolderOnRoll { line: number });
                    }
                    if matches!(line.holder, Holder::Person(person) if person != line.voter) {
                        return Err(RollRefusal::VoterUnfit { line: number });
                    }
                }
                let unfit = |most| RollRefusal::RegisterUnfit { most };
                let register = register.map(|name| Line::parse(&name, REGISTER_MAX_CHARS, unfit)).transpose()?.map(String::from);
                if register.is_none() {
                    roll.require_one_each(&lines)?;
                }
                let outside = outside.map(Outside::fitted).transpose()?;
                Ok(vec![RollEvent::RollExtended { poll, lines, outside, register }])
            }
            RollCommand::Strike { entries, reason, days_to_poll } => {
                let reason = Prose::parse(&reason, REASON_MAX_CHARS, |most| RollRefusal::StrikeReasonUnfit { most })?.into();
                let mut seen = BTreeSet::new();
                match entries.iter().position(|entry| !roll.lines.contains_key(entry) || !seen.insert(*entry)) {
                    Some(at) => Err(RollRefusal::EntryNotOnRoll { line: at + 1 }),
                    None => {
                        roll.require_changeable(days_to_poll)?;
                        Ok(vec![RollEvent::RollEntriesStruck { entries, reason }])
                    }
                }
            }
        }
    }

    fn apply_event(mut roll: Self, event: RollEvent) -> Self {
        match event {
            RollEvent::RollExtended { poll, lines, outside, register } => {
                let lines: BTreeMap<RollEntryId, RollLine> = lines.into_iter().map(|line| (line.holder.entry(poll), line)).collect();
                if let Some(Outside { entries, reason }) = outside {
                    roll.outside.extend(entries.into_iter().map(|entry| (entry, reason.clone())));
                }
                if let Some(register) = register {
                    roll.registers.extend(lines.keys().map(|entry| (*entry, register.clone())));
                }
                roll.lines.extend(lines);
            }
            RollEvent::RollEntriesStruck { entries, reason: _ } => {
                for entry in entries {
                    roll.lines.remove(&entry);
                    roll.outside.remove(&entry);
                    roll.registers.remove(&entry);
                }
            }
        }
        roll
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Given, given};
    use proptest::prelude::*;
    use uuid::Uuid;

    const POLL: PollId = PollId(Uuid::from_u128(7));

    fn person(id: u128) -> PersonId {
        PersonId(Uuid::from_u128(id))
    }

    fn line(id: u128) -> RollLine {
        RollLine { holder: Holder::Person(person(id)), voter: person(id), weight: 1 }
    }

    fn extend(lines: &[RollLine]) -> RollCommand {
        RollCommand::Extend { poll: POLL, lines: lines.to_vec(), outside: None, register: None, days_to_poll: None }
    }

    fn by_register(lines: &[RollLine]) -> RollCommand {
        let register = Some("不动产登记簿".into());
        RollCommand::Extend { poll: POLL, lines: lines.to_vec(), outside: None, register, days_to_poll: None }
    }

    fn roll(lines: &[RollLine]) -> Given<Roll> {
        given::<Roll>([]).and(extend(lines))
    }

    #[test]
    fn nobody_is_entered_twice_and_struck_ones_may_come_back() {
        let roll = roll(&[line(1), line(2)]);
        roll.when(extend(&[line(3), line(2)])).then_refused(RollRefusal::HolderOnRoll { line: 2 });
        roll.when(extend(&[line(3), line(3)])).then_refused(RollRefusal::HolderOnRoll { line: 2 });
        let strike = |entries| RollCommand::Strike { entries, reason: "迁出".into(), days_to_poll: None };
        let entry = Holder::Person(person(2)).entry(POLL);
        let struck = roll.and(strike(vec![entry]));
        assert_eq!(struck.lines.len(), 1);
        struck.when(strike(vec![entry])).then_refused(RollRefusal::EntryNotOnRoll { line: 1 });
        assert_eq!(struck.and(extend(&[line(2)])).lines.len(), 2);
    }

    #[test]
    fn a_village_elections_roll_is_published_in_time_and_changes_only_for_objections() {
        let enters = |who, days| {
            let (lines, days_to_poll) = (vec![line(who)], Some(days));
            RollCommand::Extend { poll: POLL, lines, outside: None, register: None, days_to_poll }
        };
        let strikes = |days| {
            let entries = vec![Holder::Person(person(1)).entry(POLL)];
            RollCommand::Strike { entries, reason: "迁出".into(), days_to_poll: Some(days) }
        };
        given::<Roll>([]).when(enters(1, 19)).then_refused(RollRefusal::RollTooLate { least: 20 });
        let published = given::<Roll>([]).and(enters(1, 20));
        // The last day of five to object and three to decide.
        published.when(enters(2, 12)).then_done();
        published.when(strikes(12)).then_done();
        published.when(enters(2, 11)).then_refused(RollRefusal::RollIsFinal { least: 12 });
        published.when(strikes(11)).then_refused(RollRefusal::RollIsFinal { least: 12 });
    }

    #[test]
    fn a_persons_vote_is_cast_by_that_person() {
        let stolen = RollLine { voter: person(2), ..line(1) };
        given::<Roll>([]).when(extend(&[stolen])).then_refused(RollRefusal::VoterUnfit { line: 1 });
    }

    #[test]
    fn the_digest_says_who_and_how_much_in_any_order() {
        let one = roll(&[line(1)]).and(extend(&[line(2)]));
        let other = roll(&[line(2), line(1)]);
        assert_eq!(one.canonical_bytes(), other.canonical_bytes());
        let heavier = given::<Roll>([]).and(by_register(&[line(2), RollLine { weight: 2, ..line(1) }]));
        assert_ne!(one.canonical_bytes(), heavier.canonical_bytes());
        assert!(heavier.is_weighted() && !one.is_weighted());
        assert_eq!((one.weight(), heavier.weight()), (2, 3));
    }

    proptest! {
        /// Whatever is entered and struck as the poll draws near: the roll stands from the day on which its last objection is
        /// decided, and whoever is on it was preceded by a roll that was published in time.
        #[test]
        fn a_village_elections_roll_stands_before_its_poll(mut steps in proptest::collection::vec((0i64..30, 1u128..4, any::<bool>()), 0..30)) {
            steps.sort_by_key(|(days, ..)| -days);
            let (mut roll, mut published) = (Roll::default(), None);
            for (days, who, strikes) in steps {
                let days_to_poll = Some(days);
                let command = if strikes {
                    RollCommand::Strike { entries: vec![line(who).holder.entry(POLL)], reason: "迁出".into(), days_to_poll }
                } else {
                    RollCommand::Extend { poll: POLL, lines: vec![line(who)], outside: None, register: None, days_to_poll }
                };
                for event in Roll::handle_command(&roll, command).unwrap_or_default() {
                    prop_assert!(days >= i64::from(ROLL_FINAL_DAYS));
                    roll = Roll::apply_event(roll, event);
                    published = if roll.lines.is_empty() { None } else { published.or(days_to_poll) };
                }
            }
            prop_assert!(published.is_none_or(|days| days >= i64::from(ROLL_PUBLISHED_DAYS)));
        }
    }

    #[test]
    fn who_owns_several_is_one_head() {
        let flat = |id| RollLine { holder: Holder::Property(Uuid::from_u128(id)), voter: person(1), weight: 8_850 };
        let roll = given::<Roll>([]).and(by_register(&[flat(1), flat(2), line(3)]));
        assert_eq!((roll.lines.len(), roll.heads().len()), (3, 2));
    }

    #[test]
    fn one_person_casts_for_one_household_unless_a_register_says_otherwise() {
        let household = |id, voter| RollLine { holder: Holder::Household(Uuid::from_u128(id)), voter: person(voter), weight: 1 };
        let flat = |id, weight| RollLine { holder: Holder::Property(Uuid::from_u128(id)), voter: person(1), weight };
        let one = roll(&[household(1, 1)]);
        one.when(extend(&[household(2, 1)])).then_refused(RollRefusal::VoterTwice { line: 1 });
        one.when(extend(&[household(2, 2), household(3, 2)])).then_refused(RollRefusal::VoterTwice { line: 2 });
        one.when(extend(&[line(1)])).then_refused(RollRefusal::VoterTwice { line: 1 }); // for a household and for oneself
        one.when(extend(&[flat(2, 1)])).then_refused(RollRefusal::VoterTwice { line: 1 }); // a property that is not weighed
        one.when(extend(&[flat(2, 8_850)])).then_refused(RollRefusal::WeightUnregistered { line: 1 });
        let owner = given::<Roll>([]).and(by_register(&[flat(1, 8_850)]));
        owner.when(extend(&[line(2), flat(2, 3_000)])).then_refused(RollRefusal::WeightUnregistered { line: 2 });
        owner.when(extend(&[flat(2, 1)])).then_refused(RollRefusal::VoterTwice { line: 1 });
        owner.when(by_register(&[flat(2, 3_000)])).then_done(); // one head
        let by_register = |name: &str| RollCommand::Extend {
            poll: POLL,
            lines: vec![household(2, 1), household(3, 1)],
            outside: None,
            register: Some(name.into()),
            days_to_poll: None,
        };
        one.when(by_register(" ")).then_refused(RollRefusal::RegisterUnfit { most: REGISTER_MAX_CHARS });
        let composition = one.and(by_register("2026 年户主代表登记册")).composition();
        assert_eq!((composition.persons, composition.households), (0, 3));
        assert_eq!(composition.registers, [Grounds { text: "2026 年户主代表登记册".into(), entries: 2 }]);
    }

    #[test]
    fn who_lives_elsewhere_stands_there_with_a_reason_until_struck() {
        let entry = Holder::Person(person(2)).entry(POLL);
        let enters = |reason: &str| {
            let outside = Some(Outside { entries: vec![entry], reason: reason.into() });
            RollCommand::Extend { poll: POLL, lines: vec![line(1), line(2)], outside, register: None, days_to_poll: None }
        };
        given::<Roll>([]).when(enters("")).then_refused(RollRefusal::ExceptionUnfit { most: REASON_MAX_CHARS });
        let roll = given::<Roll>([]).and(enters("在本社区经营"));
        assert_eq!(roll.composition().outside, [Grounds { text: "在本社区经营".into(), entries: 1 }]);
        let struck = roll.and(RollCommand::Strike { entries: vec![entry], reason: "迁出".into(), days_to_poll: None });
        assert_eq!((struck.composition().persons, struck.composition().outside), (1, vec![]));
    }
}
