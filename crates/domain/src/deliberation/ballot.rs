//! What is marked on a ballot, which marks fit a method, and the published list of a poll's ballots.
//!
//! - Options are told by their number on the ballot, from 1.
//! - An over-voted ballot is invalid, never cut down to fit (浙江省村民委员会选举办法: 所选人数多于应选人数的选票无效).
//! - A blank ballot is a ballot: it is cast, and it is valid for nobody.
//! - A published ballot has no voter, no time and no place in any order but a shuffled one; and it is written in one way, so
//!   that neither the order in which options were marked nor the form of a blank one is a sign of whose it is.

use std::collections::{BTreeMap, BTreeSet};

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{event::DomainEvent, refusal::refusals};

/// Options on one ballot, at most.
pub const OPTIONS_MAX: usize = 500;
/// A score, at most.
pub const SCORE_MAX: u16 = 1_000;
/// A receipt's tag, at least and at most, in characters. 22 characters of base64url are 16 bytes.
pub const TAG_MIN_CHARS: usize = 22;
/// See [`TAG_MIN_CHARS`].
pub const TAG_MAX_CHARS: usize = 64;
/// Ballots in one event of the published list, at most in bytes of JSON; half of what an event may hold.
pub const BALLOTS_CHUNK_MAX_BYTES: usize = 512 * 1024;

/// How a ballot is marked, and how those ballots are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// 赞成、反对、弃权: yes, no or abstain to every option.
    Stances,
    /// One option.
    Choice,
    /// 差额选举, plurality at large: up to `marks_max` options, most votes fill `seats`.
    Plurality {
        /// Places to fill.
        seats: u16,
        /// Options one ballot may mark.
        marks_max: u16,
    },
    /// Any number of options; most approvals fill `seats`.
    Approval {
        /// Places to fill.
        seats: u16,
    },
    /// A score for any option; the highest sums fill `seats`.
    Score {
        /// Places to fill.
        seats: u16,
        /// The highest score.
        most: u16,
    },
    /// Options in order of preference, the first first; counted as single transferable vote by Meek's rules.
    Ranked {
        /// Places to fill.
        seats: u16,
    },
}

/// What a voter says to one option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// 赞成.
    Yes,
    /// 反对.
    No,
    /// 弃权.
    Abstain,
}

/// What is marked on one ballot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Marks {
    /// Nothing.
    Blank,
    /// These options.
    Chosen(Vec<u16>),
    /// What is said to each option; one that is not named is left blank.
    Stances(Vec<(u16, Stance)>),
    /// The score of each option; one that is not named has none.
    Scores(Vec<(u16, u16)>),
    /// The options in order of preference; those left out come after all of these.
    Ranked(Vec<u16>),
}

refusals! {
    /// Why a ballot does not fit its poll.
    pub enum MarksRefusal {
        /// Over-voted.
        TooManyMarks { most: u16 }("marks", "最多只能选 {most} 项", "At most {most} options may be marked"),
        /// The ballot has no option of that number.
        UnknownOption { option: u16 }("marks", "选票上没有第 {option} 项", "The ballot has no option {option}"),
        /// One option is named twice.
        OptionMarkedTwice { option: u16 }("marks", "第 {option} 项重复", "Option {option} is named twice"),
        /// The score is too high.
        ScoreTooHigh { most: u16 }("marks", "分数不得超过 {most}", "A score is at most {most}"),
        /// Marked as for another method.
        OtherMethod("marks", "填写方式与本次表决不符", "The ballot is marked as for another kind of vote"),
    }
}

impl Marks {
    /// Nothing is marked, however that is written.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Blank => true,
            Self::Chosen(options) | Self::Ranked(options) => options.is_empty(),
            Self::Stances(stances) => stances.is_empty(),
            Self::Scores(scores) => scores.is_empty(),
        }
    }

    /// The same marks in the ballot's order, unless the order is what is marked; nothing marked is [`Marks::Blank`].
    #[must_use]
    pub fn sorted(mut self) -> Self {
        match &mut self {
            Self::Chosen(options) => options.sort_unstable(),
            Self::Stances(stances) => stances.sort_unstable(),
            Self::Scores(scores) => scores.sort_unstable(),
            Self::Blank | Self::Ranked(_) => {}
        }
        if self.is_blank() { Self::Blank } else { self }
    }

    /// The one way in which these marks are published: sorted, and where something is said to an option, silence about
    /// another is written as what it counts for, abstention or no points.
    #[must_use]
    pub fn normal(self, options: u16) -> Self {
        fn filled<T: Copy>(said: &[(u16, T)], options: u16, silence: T) -> Vec<(u16, T)> {
            let said: BTreeMap<u16, T> = said.iter().copied().collect();
            (1..=options).map(|option| (option, said.get(&option).copied().unwrap_or(silence))).collect()
        }
        match self.sorted() {
            Self::Stances(stances) => Self::Stances(filled(&stances, options, Stance::Abstain)),
            Self::Scores(scores) => Self::Scores(filled(&scores, options, 0)),
            marks @ (Self::Blank | Self::Chosen(_) | Self::Ranked(_)) => marks,
        }
    }

    /// The options that are named, in the order they are named in.
    pub fn named(&self) -> Vec<u16> {
        match self {
            Self::Blank => vec![],
            Self::Chosen(options) | Self::Ranked(options) => options.clone(),
            Self::Stances(stances) => stances.iter().map(|(option, _)| *option).collect(),
            Self::Scores(scores) => scores.iter().map(|(option, _)| *option).collect(),
        }
    }

    /// The marks fit `method` on a ballot of `options` options. A blank ballot fits every method.
    ///
    /// # Errors
    /// See [`MarksRefusal`].
    pub fn require_fitting(&self, method: Method, options: u16) -> Result<(), MarksRefusal> {
        let (named, mut seen) = (self.named(), BTreeSet::new());
        for option in named.iter().copied() {
            if !(1..=options).contains(&option) {
                return Err(MarksRefusal::UnknownOption { option });
            }
            if !seen.insert(option) {
                return Err(MarksRefusal::OptionMarkedTwice { option });
            }
        }
        match (self, method) {
            (Self::Blank, _)
            | (Self::Stances(_), Method::Stances)
            | (Self::Ranked(_), Method::Ranked { .. })
            | (Self::Chosen(_), Method::Approval { .. }) => Ok(()),
            (Self::Chosen(_), Method::Choice) => at_most(named.len(), 1),
            (Self::Chosen(_), Method::Plurality { marks_max, .. }) => at_most(named.len(), marks_max),
            (Self::Scores(scores), Method::Score { most, .. }) if scores.iter().any(|(_, score)| *score > most) => {
                Err(MarksRefusal::ScoreTooHigh { most })
            }
            (Self::Scores(_), Method::Score { .. }) => Ok(()),
            (Self::Chosen(_) | Self::Stances(_) | Self::Scores(_) | Self::Ranked(_), _) => Err(MarksRefusal::OtherMethod),
        }
    }
}

fn at_most(marks: usize, most: u16) -> Result<(), MarksRefusal> {
    if marks > usize::from(most) { Err(MarksRefusal::TooManyMarks { most }) } else { Ok(()) }
}

impl Method {
    /// Places to fill; 0 where every option is decided for itself.
    pub fn seats(self) -> u16 {
        match self {
            Self::Stances => 0,
            Self::Choice => 1,
            Self::Plurality { seats, .. } | Self::Approval { seats } | Self::Score { seats, .. } | Self::Ranked { seats } => seats,
        }
    }

    /// Bytes that hold any fitting ballot of `options` options and its tag as JSON. Every sealed ballot of a poll is padded
    /// to this, so that its length says nothing.
    pub fn ballot_max_bytes(self, options: u16) -> usize {
        // `65535,` or `[65535,"abstain"],`
        let each = match self {
            Self::Stances | Self::Score { .. } => 18,
            Self::Choice | Self::Plurality { .. } | Self::Approval { .. } | Self::Ranked { .. } => 6,
        };
        let marked = match self {
            Self::Choice => 1,
            Self::Plurality { marks_max, .. } => marks_max.min(options),
            Self::Stances | Self::Approval { .. } | Self::Score { .. } | Self::Ranked { .. } => options,
        };
        r#"{"tag":"","marks":{"stances":[]}}"#.len() + TAG_MAX_CHARS + each * usize::from(marked)
    }
}

/// A ballot as it is sealed and published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ballot {
    /// The receipt's tag, which only its voter knows to be theirs; none where receipts are off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// What is marked.
    pub marks: Marks,
}

impl Ballot {
    /// The ballot as it is published; see [`Marks::normal`].
    #[must_use]
    pub fn normal(self, options: u16) -> Self {
        Self { marks: self.marks.normal(options), ..self }
    }
}

/// Whether a text may be a receipt's tag: 22 to 64 characters of base64url, so at least 16 bytes.
pub fn is_tag(text: &str) -> bool {
    let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    (TAG_MIN_CHARS..=TAG_MAX_CHARS).contains(&text.len()) && text.bytes().all(fits)
}

/// A secret poll's ballots, published when it is counted: a stream of its own, so that the poll's stays short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BallotList {
    /// Every ballot that was cast online, shuffled.
    pub ballots: Vec<Ballot>,
}

/// What may be asked of a list of ballots.
#[derive(Debug, Clone)]
pub enum BallotListCommand {
    /// Publish all of them, once.
    Publish {
        /// In shuffled order.
        ballots: Vec<Ballot>,
    },
}

/// What happened to a list of ballots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BallotListEvent {
    /// A part of the list was published; all parts come in one commit.
    BallotsPublished {
        /// Ballots, in shuffled order.
        ballots: Vec<Ballot>,
    },
}
impl DomainEvent for BallotListEvent {}

refusals! {
    /// Why a list of ballots is refused.
    pub enum BallotListRefusal {
        /// It is published already.
        BallotsArePublished("poll", "选票已公布", "The ballots are published already"),
    }
}

impl Aggregate for BallotList {
    const NAME: &'static str = "ballot_list";
    type State = Self;
    type Command = BallotListCommand;
    type Event = BallotListEvent;
    type Error = BallotListRefusal;

    fn handle_command(
        list: &Self,
        BallotListCommand::Publish { ballots }: BallotListCommand,
    ) -> Result<Vec<BallotListEvent>, BallotListRefusal> {
        if !list.ballots.is_empty() {
            return Err(BallotListRefusal::BallotsArePublished);
        }
        let (mut events, mut part, mut bytes) = (vec![], vec![], 0);
        for ballot in ballots {
            // An upper bound of its JSON, so that no part outgrows an event.
            let size = TAG_MAX_CHARS + 48 + ballot.marks.named().len() * 20;
            if bytes + size > BALLOTS_CHUNK_MAX_BYTES && !part.is_empty() {
                events.push(BallotListEvent::BallotsPublished { ballots: std::mem::take(&mut part) });
                bytes = 0;
            }
            bytes += size;
            part.push(ballot);
        }
        if !part.is_empty() {
            events.push(BallotListEvent::BallotsPublished { ballots: part });
        }
        Ok(events)
    }

    fn apply_event(mut list: Self, BallotListEvent::BallotsPublished { ballots }: BallotListEvent) -> Self {
        list.ballots.extend(ballots);
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        deliberation::counting::{Count, Counter, Tally},
        scenario::given,
    };
    use proptest::prelude::*;

    #[test]
    fn an_over_voted_ballot_is_refused_and_a_blank_one_is_not() {
        let three = Method::Plurality { seats: 3, marks_max: 3 };
        assert_eq!(Marks::Chosen(vec![1, 2, 3]).require_fitting(three, 5), Ok(()));
        assert_eq!(Marks::Chosen(vec![1, 2, 3, 4]).require_fitting(three, 5), Err(MarksRefusal::TooManyMarks { most: 3 }));
        assert_eq!(Marks::Chosen(vec![1, 2]).require_fitting(Method::Choice, 2), Err(MarksRefusal::TooManyMarks { most: 1 }));
        assert_eq!(Marks::Blank.require_fitting(three, 5), Ok(()));
        assert!(Marks::Blank.is_blank() && Marks::Chosen(vec![]).is_blank() && !Marks::Chosen(vec![1]).is_blank());
    }

    #[test]
    fn options_that_are_not_there_or_there_twice_are_refused() {
        for option in [0, 3, u16::MAX] {
            assert_eq!(
                Marks::Ranked(vec![option]).require_fitting(Method::Ranked { seats: 1 }, 2),
                Err(MarksRefusal::UnknownOption { option })
            );
        }
        let twice = Marks::Stances(vec![(1, Stance::Yes), (1, Stance::No)]);
        assert_eq!(twice.require_fitting(Method::Stances, 1), Err(MarksRefusal::OptionMarkedTwice { option: 1 }));
        let score = Marks::Scores(vec![(1, 6)]);
        assert_eq!(score.require_fitting(Method::Score { seats: 1, most: 5 }, 1), Err(MarksRefusal::ScoreTooHigh { most: 5 }));
        assert_eq!(score.require_fitting(Method::Choice, 1), Err(MarksRefusal::OtherMethod));
    }

    #[test]
    fn a_list_is_published_once_and_in_parts_that_fit_an_event() {
        let ballot = |n: u16| Ballot { tag: Some("x".repeat(22)), marks: Marks::Chosen(vec![n]) };
        let ballots: Vec<_> = (0..20_000).map(ballot).collect();
        let publish = BallotListCommand::Publish { ballots: ballots.clone() };
        let events = given::<BallotList>([]).when(publish.clone()).events();
        assert!(events.len() > 1);
        assert!(events.iter().all(|event| event.encode().unwrap().1.len() <= 1024 * 1024));
        let list = given::<BallotList>(events);
        assert_eq!(list.ballots, ballots);
        list.when(publish).then_refused(BallotListRefusal::BallotsArePublished);
    }

    #[test]
    fn a_tag_has_at_least_sixteen_bytes() {
        assert!(is_tag("AAECAwQFBgcICQoLDA0ODw") && is_tag(&"-_".repeat(32)));
        for wrong in ["", "AAECAwQFBgcICQoLDA0OD", "AAECAwQFBgcICQoLDA0OD=", "议议议议议议议议", &"a".repeat(65)] {
            assert!(!is_tag(wrong), "{wrong}");
        }
    }

    fn methods() -> impl Strategy<Value = Method> {
        prop_oneof![
            Just(Method::Stances),
            Just(Method::Choice),
            (1u16..9, 1u16..9).prop_map(|(seats, marks_max)| Method::Plurality { seats, marks_max }),
            (1u16..9).prop_map(|seats| Method::Approval { seats }),
            (1u16..9, 1u16..=SCORE_MAX).prop_map(|(seats, most)| Method::Score { seats, most }),
            (1u16..9).prop_map(|seats| Method::Ranked { seats }),
        ]
    }

    fn marks() -> impl Strategy<Value = Marks> {
        let option = || 0u16..9;
        let stance = prop_oneof![Just(Stance::Yes), Just(Stance::No), Just(Stance::Abstain)];
        prop_oneof![
            Just(Marks::Blank),
            proptest::collection::vec(option(), 0..6).prop_map(Marks::Chosen),
            proptest::collection::vec(option(), 0..6).prop_map(Marks::Ranked),
            proptest::collection::vec((option(), stance), 0..6).prop_map(Marks::Stances),
            proptest::collection::vec((option(), 0u16..9), 0..6).prop_map(Marks::Scores),
        ]
    }

    #[test]
    fn published_marks_say_nothing_by_their_order_or_form() {
        let published = |marks: Marks| marks.normal(3);
        assert_eq!(published(Marks::Chosen(vec![3, 1])), published(Marks::Chosen(vec![1, 3])));
        assert_eq!(published(Marks::Ranked(vec![3, 1])), Marks::Ranked(vec![3, 1]));
        for blank in [Marks::Chosen(vec![]), Marks::Ranked(vec![]), Marks::Stances(vec![]), Marks::Scores(vec![])] {
            assert_eq!(published(blank), Marks::Blank);
        }
        let (silent, said) = (vec![(2, Stance::Yes)], vec![(3, Stance::Abstain), (2, Stance::Yes), (1, Stance::Abstain)]);
        assert_eq!(published(Marks::Stances(silent)), published(Marks::Stances(said)));
        assert_eq!(published(Marks::Scores(vec![(2, 5)])), Marks::Scores(vec![(1, 0), (2, 5), (3, 0)]));
    }

    proptest! {
        /// Whatever bytes lie in a drawer: they are a ballot or they are not, and a ballot is read as it was written.
        #[test]
        fn any_bytes_are_read_as_a_ballot_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in r#"[{}":,\[\]a-z0-9]{0,80}"#) {
            for bytes in [&bytes[..], text.as_bytes()] {
                if let Ok(ballot) = serde_json::from_slice::<Ballot>(bytes) {
                    let written = serde_json::to_vec(&ballot).unwrap();
                    prop_assert_eq!(serde_json::from_slice::<Ballot>(&written).unwrap(), ballot);
                }
            }
        }

        /// Whatever is sent: it fits or is refused; if it fits, it is published as one of those that count the same, and in no
        /// other way when it is published again.
        #[test]
        fn what_is_published_counts_as_what_was_cast(marks in marks(), method in methods(), options in 1u16..9) {
            let ballot = Ballot { tag: None, marks };
            let read: Ballot = serde_json::from_slice(&serde_json::to_vec(&ballot).unwrap()).unwrap();
            prop_assert_eq!(&read, &ballot);
            if ballot.marks.require_fitting(method, options).is_ok() {
                let published = ballot.clone().normal(options);
                prop_assert_eq!(published.marks.require_fitting(method, options), Ok(()));
                prop_assert_eq!(published.clone().normal(options), published.clone());
                let counted = |marks: &Marks| {
                    let mut counter = Counter::new(method, options);
                    counter.add(marks, Count::ONE).unwrap();
                    counter.finish().unwrap()
                };
                let (cast, told) = (counted(&ballot.marks), counted(&published.marks));
                let votes = |tally: &Tally| tally.options.iter().map(|it| (it.votes, it.against)).collect::<Vec<_>>();
                prop_assert_eq!((votes(&cast), cast.blank, cast.valid, cast.invalid), (votes(&told), told.blank, told.valid, told.invalid));
                prop_assert_eq!((cast.leading, cast.tied), (told.leading, told.tied));
            }
        }

        /// A ballot longer than its drawer would have to be refused when it is cast.
        #[test]
        fn every_fitting_ballot_fits_its_padding(method in methods(), options in 1u16..=500, pick in any::<u64>()) {
            let some: Vec<u16> = (1..=options).filter(|it| pick == 0 || (u64::from(*it) ^ pick) % 3 > 0).collect();
            let marks = match method {
                Method::Stances => Marks::Stances(some.iter().map(|it| (*it, Stance::Abstain)).collect()),
                Method::Choice => Marks::Chosen(some.into_iter().take(1).collect()),
                Method::Plurality { marks_max, .. } => Marks::Chosen(some.into_iter().take(marks_max.into()).collect()),
                Method::Approval { .. } => Marks::Chosen(some),
                Method::Score { most, .. } => Marks::Scores(some.iter().map(|it| (*it, most)).collect()),
                Method::Ranked { .. } => Marks::Ranked(some),
            };
            prop_assert_eq!(marks.require_fitting(method, options), Ok(()));
            let ballot = Ballot { tag: Some("t".repeat(TAG_MAX_CHARS)), marks };
            prop_assert!(serde_json::to_vec(&ballot).unwrap().len() <= method.ballot_max_bytes(options));
        }
    }
}
