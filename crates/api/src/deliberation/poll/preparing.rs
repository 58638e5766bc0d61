//! Preparing polls: what is asked, how ballots are marked and counted, who counts paper ones; and opening them.

use async_graphql::{Enum, InputObject, SimpleObject};
use gongyi_app::deliberation::{
    elections::PrepareElectionPoll,
    poll::preparing::{AppointTellers, OpenPoll, PollPreparation, PrepareCouncilPoll, PrepareMotionPoll, PreparePoll},
};
use gongyi_domain::{
    deliberation::{
        ballot::Method,
        poll_terms::{BallotOption, Channels, Matter, PollTerms, Secrecy, Smallest},
    },
    refusal::Refusal,
    values::{CouncilId, ElectionId, MotionId, PersonId, PollId},
};

use super::{PollPayload, invalid};
use crate::{
    deliberation::{charters::Matter as CouncilMatter, decision_rules::RuleInput},
    scalars::{Area, Moment},
    table::{mutations, wires},
};

/// Where ballots come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Channels")]
pub enum PollChannels {
    /// On paper only.
    InPerson,
    /// Through the platform only.
    Online,
    /// Both; an entry uses one of them, once.
    Mixed,
}

/// How ballots are marked and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MethodKind {
    /// 赞成、反对、弃权: yes, no or abstain to every option.
    Stances,
    /// One option.
    Choice,
    /// 差额选举, plurality at large: several options, most votes fill the places.
    Plurality,
    /// Any number of options; most approvals fill the places.
    Approval,
    /// A score for any option; the highest sums fill the places.
    Score,
    /// Options in order of preference; a single transferable vote by Meek's rules.
    Ranked,
}

/// How ballots are marked and counted.
#[derive(SimpleObject)]
pub struct VotingMethod {
    /// The method.
    kind: MethodKind,
    /// Places to fill; 0 where every option is decided for itself.
    seats: u16,
    /// Options that one ballot may mark, where that is limited.
    marks_max: Option<u16>,
    /// The highest score, where options are scored.
    score_max: Option<u16>,
}

impl From<Method> for VotingMethod {
    fn from(method: Method) -> Self {
        let (kind, marks_max, score_max) = match method {
            Method::Stances => (MethodKind::Stances, None, None),
            Method::Choice => (MethodKind::Choice, Some(1), None),
            Method::Plurality { marks_max, .. } => (MethodKind::Plurality, Some(marks_max), None),
            Method::Approval { .. } => (MethodKind::Approval, None, None),
            Method::Score { most, .. } => (MethodKind::Score, None, Some(most)),
            Method::Ranked { .. } => (MethodKind::Ranked, None, None),
        };
        Self { kind, seats: method.seats(), marks_max, score_max }
    }
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

/// Among how many voters a secret poll's ballots are published one by one; among fewer, sums only are.
#[derive(Clone, Copy, SimpleObject, InputObject)]
#[graphql(input_name = "SmallestVotersInput")]
pub struct SmallestVoters {
    /// On the roll.
    roll: u32,
    /// Who took part.
    turnout: u32,
}

impl From<SmallestVoters> for Smallest {
    fn from(SmallestVoters { roll, turnout }: SmallestVoters) -> Self {
        Self { roll, turnout }
    }
}

impl From<Smallest> for SmallestVoters {
    fn from(Smallest { roll, turnout }: Smallest) -> Self {
        Self { roll, turnout }
    }
}

wires! {
    SmallestVoters => Smallest = |it| it.into();
    PollChannels => Channels = |it| it.into();
    MethodInput => Method = |method| method.method()?;
}

/// What a poll needs that is not on a motion.
fn said<T>(given: Option<T>, field: &'static str) -> Result<T, Refusal> {
    given.ok_or_else(|| invalid(field, "请填写此项", "This is to be said"))
}

mutations! {
    /// The root fields that prepare polls.
    pub struct PollPreparingMutations;

    /// Prepare a poll on a question, or of residents on a motion: that asks yes or no, by the rule and as secretly as the charter of
    /// its council says.
    PreparePoll -> PollPayload {
        /// Where it is held; on a motion, the council's area.
        area: Option<Area>,
        /// The motion it is on, if on one.
        motion: Option<MotionId>,
        /// Of which kind the motion's matter is: the charter in force has rule and secrecy for it.
        matter: Option<CouncilMatter>,
        /// Its title, 1 to 200 characters; on a motion, what voters say yes or no to.
        title: String,
        /// What the options say, in the ballot's order; on a question.
        #[graphql(default)]
        options: Vec<String>,
        /// How ballots are marked and counted; on a question.
        method: Option<MethodInput>,
        /// Nobody learns whose ballot is whose; on a question.
        secret: Option<bool>,
        /// In a secret poll: a voter gets a receipt. Only where a council's charter says so: on a question none does.
        #[graphql(default)]
        receipts: bool,
        /// Among how many voters a secret poll's ballots are published one by one; 5 if not said, and not fewer. On a motion the
        /// charter says.
        smallest: Option<SmallestVoters>,
        /// Where ballots come in.
        channels: PollChannels,
        /// What decides; on a question.
        rule: Option<RuleInput>,
        /// It is not opened before.
        opens_at: Option<Moment>,
        /// No ballot comes in from then on; without it, whoever keeps the poll closes it.
        closes_at: Option<Moment>,
    } = match motion {
        Some(motion) => {
            if area.is_some() || method.is_some() || secret.is_some() || rule.is_some() || smallest.is_some() || !options.is_empty() {
                let (zh, en) = ("议题的投票按章程进行，不另行规定", "A poll on a motion is held as the charter says, and not otherwise");
                return Err(invalid("motion", zh, en));
            }
            let kind = said(matter, "matter")?;
            PollPreparation::Motion(PrepareMotionPoll { motion, kind, title, channels, opens_at, closes_at })
        }
        None => PollPreparation::Question(PreparePoll {
            terms: PollTerms {
                matter: Matter::Question,
                area: said(area, "area")?,
                title,
                options: options.into_iter().map(BallotOption::Text).collect(),
                method: said(method, "method")?,
                secrecy: if said(secret, "secret")? { Secrecy::Secret { receipts } } else { Secrecy::Open },
                channels,
                rule: said(rule, "rule")?,
                opens_at,
                closes_at,
                vote: None,
                smallest,
                chartered: None,
            },
        }),
    };

    /// Prepare a council's poll: rule, secrecy and quorum are its charter's; its roll will be all who sit in it.
    PrepareCouncilPoll -> PollPayload {
        /// Which council.
        council: CouncilId,
        /// Of which kind the matter is: the charter in force has rule, secrecy and quorum for it.
        matter: CouncilMatter,
        /// The poll's title, 1 to 200 characters.
        title: String,
        /// What the options say, in the ballot's order.
        options: Vec<String>,
        /// How ballots are marked and counted.
        method: MethodInput,
        /// Where ballots come in.
        channels: PollChannels,
        /// It is not opened before.
        opens_at: Option<Moment>,
        /// No ballot comes in from then on; without it, whoever keeps the poll closes it.
        closes_at: Option<Moment>,
    } = PrepareCouncilPoll { council, kind: matter, title, options, method, channels, opens_at, closes_at };

    /// Prepare an election's poll: its candidates are the options, and from now on fixed.
    PrepareElectionPoll -> PollPayload {
        /// Which election.
        election: ElectionId,
        /// The poll's title, 1 to 200 characters.
        title: String,
        /// Nobody learns whose ballot is whose.
        #[graphql(default = true)]
        secret: bool,
        /// In a secret poll: a voter gets a receipt. As the council's charter has it if not said; where it has none, none is given.
        receipts: Option<bool>,
        /// Where ballots come in.
        channels: PollChannels,
    }

    /// Appoint the two who count a poll's paper ballots, each for themselves.
    AppointTellers -> PollPayload {
        /// Which poll.
        poll: PollId,
        /// One of them.
        first: PersonId,
        /// The other.
        second: PersonId,
    } = AppointTellers { poll, tellers: [first, second] };

    /// Open a poll: its roll and its rule are frozen.
    OpenPoll -> PollPayload {
        /// Which poll.
        poll: PollId,
    }
}
