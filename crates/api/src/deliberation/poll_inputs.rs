//! What commands about elections and polls take.

use async_graphql::{ID, InputObject, OneofObject};
use gongyi_domain::{
    deliberation::{
        ballot::{Marks, Method},
        counting::paper::{Batch, PaperCount},
        roll_entry::{Holder, RollLine},
    },
    refusal::Refusal,
};
use uuid::Uuid;

use super::{poll_outcomes::Stance, polls::MethodKind};
use crate::{ids, table::wires};

fn invalid(field: &'static str, zh: &str, en: &str) -> Refusal {
    Refusal { code: "InvalidInput", field: Some(field), zh: zh.to_owned(), en: en.to_owned() }
}

/// How ballots are marked and counted.
#[derive(InputObject)]
pub struct MethodInput {
    /// The method.
    kind: MethodKind,
    /// Places to fill; where options are decided for themselves, or one is chosen, it is left out.
    seats: Option<u16>,
    /// Options that one ballot may mark, for plurality; as many as there are places if not said.
    marks_max: Option<u16>,
    /// The highest score, for scores.
    score_max: Option<u16>,
}

impl MethodInput {
    pub(crate) fn method(self) -> Result<Method, Refusal> {
        let Self { kind, seats, marks_max, score_max } = self;
        let unfit = || invalid("method", "请填写该投票方式所需的名额或分值", "Say the places or the highest score that this method needs");
        let places = || seats.ok_or_else(unfit);
        Ok(match kind {
            MethodKind::Stances => Method::Stances,
            MethodKind::Choice => Method::Choice,
            MethodKind::Plurality => Method::Plurality { seats: places()?, marks_max: marks_max.map_or_else(places, Ok)? },
            MethodKind::Approval => Method::Approval { seats: places()? },
            MethodKind::Score => Method::Score { seats: places()?, most: score_max.ok_or_else(unfit)? },
            MethodKind::Ranked => Method::Ranked { seats: places()? },
        })
    }
}

/// What is said to one option.
#[derive(InputObject)]
pub struct OptionStanceInput {
    /// The option's number.
    option: u16,
    /// What is said.
    stance: Stance,
}

/// The score of one option.
#[derive(InputObject)]
pub struct OptionScoreInput {
    /// The option's number.
    option: u16,
    /// The score.
    score: u16,
}

/// What is marked on a ballot, as the poll's method has it; exactly one of these.
#[derive(OneofObject)]
pub enum MarksInput {
    /// Nothing; say `true`.
    Blank(bool),
    /// These options, by number.
    Chosen(Vec<u16>),
    /// What is said to each option.
    Stances(Vec<OptionStanceInput>),
    /// The options' scores.
    Scores(Vec<OptionScoreInput>),
    /// Options in order of preference, the first first.
    Ranked(Vec<u16>),
}

impl MarksInput {
    pub(crate) fn marks(self) -> Marks {
        match self {
            Self::Blank(_) => Marks::Blank,
            Self::Chosen(options) => Marks::Chosen(options),
            Self::Ranked(options) => Marks::Ranked(options),
            Self::Stances(stances) => Marks::Stances(stances.into_iter().map(|it| (it.option, it.stance.into())).collect()),
            Self::Scores(scores) => Marks::Scores(scores.into_iter().map(|it| (it.option, it.score)).collect()),
        }
    }
}

/// A count by option: strokes on a tally sheet (画“正”).
#[derive(InputObject)]
pub struct PaperOptionsInput {
    /// Valid ballots.
    valid: u64,
    /// Blank ones.
    #[graphql(default)]
    blank: u64,
    /// Over-voted or otherwise invalid ones.
    #[graphql(default)]
    invalid: u64,
    /// Votes for each option, in the ballot's order.
    votes: Vec<u64>,
}

/// Ballots marked alike.
#[derive(InputObject)]
pub struct PaperBatchInput {
    /// What is marked.
    marks: MarksInput,
    /// On so many ballots.
    ballots: u64,
}

/// A count in batches of ballots marked alike.
#[derive(InputObject)]
pub struct PaperBatchesInput {
    /// The batches, each marks once.
    batches: Vec<PaperBatchInput>,
    /// Invalid ballots, which are in no batch.
    #[graphql(default)]
    invalid: u64,
}

/// A teller's count of the paper ballots; exactly one of these.
#[derive(OneofObject)]
pub enum PaperCountInput {
    /// By option, for choice, plurality and approval.
    Options(PaperOptionsInput),
    /// In batches, for every method.
    Batches(PaperBatchesInput),
}

impl PaperCountInput {
    fn count(self) -> PaperCount {
        match self {
            Self::Options(PaperOptionsInput { valid, blank, invalid, votes }) => PaperCount::Options { valid, blank, invalid, votes },
            Self::Batches(PaperBatchesInput { batches, invalid }) => {
                let batches = batches.into_iter().map(|it| Batch { marks: it.marks.marks(), ballots: it.ballots });
                PaperCount::Batches { batches: batches.collect(), invalid }
            }
        }
    }
}

/// Who or what has a vote; exactly one of these.
#[derive(OneofObject)]
pub enum HolderInput {
    /// A person.
    Person(ID),
    /// 户: a household, by its id in the register of households, a UUID.
    Household(String),
    /// 专有部分: a property, by its id in the register of properties, a UUID.
    Property(String),
}

/// A line of a roll.
#[derive(InputObject)]
pub struct RollLineInput {
    /// Who or what has the vote.
    holder: HolderInput,
    /// Who casts it; a person's is cast by that person, so that it need not be said.
    voter: Option<ID>,
    /// 1, or a weight such as the floor area in cm².
    #[graphql(default = 1)]
    weight: u64,
}

impl RollLineInput {
    fn line(&self) -> Result<RollLine, Refusal> {
        let register = |text: &str| {
            let unfit = |_| invalid("lines", "户或专有部分的编号须为 UUID", "The id of a household or a property is a UUID");
            text.parse::<Uuid>().map_err(unfit)
        };
        let holder = match &self.holder {
            HolderInput::Person(id) => Holder::Person(ids::named(id, "lines")?),
            HolderInput::Household(id) => Holder::Household(register(id)?),
            HolderInput::Property(id) => Holder::Property(register(id)?),
        };
        let voter = match (&self.voter, holder) {
            (Some(id), _) => ids::named(id, "lines")?,
            (None, Holder::Person(person)) => person,
            (None, Holder::Household(_) | Holder::Property(_)) => {
                return Err(invalid("lines", "请指明户或专有部分的投票人", "Say who casts the vote of a household or a property"));
            }
        };
        Ok(RollLine { holder, voter, weight: self.weight })
    }
}

wires! {
    MethodInput => Method = |method| method.method()?;
    MarksInput => Marks = |marks| marks.marks();
    PaperCountInput => PaperCount = |count| count.count();
    RollLineInput => RollLine = |line| line.line()?;
}
