//! A poll: who may vote is frozen when it opens, nobody votes once it is closed, and its count says how it was decided.
//!
//! - Prepared, opened, closed, counted, published; or voided with a reason at any time before it is published.
//! - Opening freezes the roll (count and digest) and the rule. What is cast before or after is refused.
//! - In a secret poll every vote weighs the same: who is the only one with a weight would be found by it. Weighted polls are
//!   open, by name, as owners' votes are (民法典 278: by area and by head).
//! - Paper ballots are entered by two tellers, each for themselves; they are counted once both say the same.
//! - A secret poll of few voters, or of ballots on paper and online, is told in sums only; how few is said before anybody votes.
//! - A secret poll has as many online ballots as online participations, or its outcome says that it has not, and it cannot
//!   be published.

use std::collections::BTreeMap;

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ballot::{Ballot, Marks, TAG_MAX_CHARS, TAG_MIN_CHARS},
    counting::{Count, Counter, TooManyToCount, paper::PaperCount, ranked::RankedRule},
    poll_report::{FrozenRoll, Participation, PollOutcome, PollReport, outcome},
    poll_terms::{BallotOption, Channels, PollTerms, Secrecy, TITLE_MAX_CHARS},
    roll::REASON_MAX_CHARS,
    roll_entry::Channel,
    text::Prose,
};
use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    refusal::{Refusal, refusals},
    values::{Instant, PersonId},
};

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Prepare a poll.
pub const PREPARE_POLL: Act = Act { name: "preparePoll", open_to: KEEPERS };
/// Enter holders on its roll.
pub const ENTER_ON_ROLL: Act = Act { name: "enterOnRoll", open_to: KEEPERS };
/// Strike entries from it.
pub const STRIKE_FROM_ROLL: Act = Act { name: "strikeFromRoll", open_to: KEEPERS };
/// Appoint its tellers.
pub const APPOINT_TELLERS: Act = Act { name: "appointTellers", open_to: KEEPERS };
/// Open it.
pub const OPEN_POLL: Act = Act { name: "openPoll", open_to: KEEPERS };
/// Cast a ballot: the voter, or the voter's proxy.
pub const CAST_BALLOT: Act = Act { name: "castBallot", open_to: &[To::Oneself] };
/// Hand out a paper ballot, or enter one of an open poll by name.
pub const RECORD_IN_PERSON: Act = Act { name: "recordInPerson", open_to: KEEPERS };
/// Close it.
pub const CLOSE_POLL: Act = Act { name: "closePoll", open_to: KEEPERS };
/// Enter one's own count of the paper ballots.
pub const ENTER_PAPER_COUNT: Act = Act { name: "enterPaperCount", open_to: &[To::Oneself] };
/// Count it.
pub const COUNT_POLL: Act = Act { name: "countPoll", open_to: KEEPERS };
/// Publish its outcome.
pub const PUBLISH_POLL: Act = Act { name: "publishPoll", open_to: KEEPERS };
/// Void it.
pub const VOID_POLL: Act = Act { name: "voidPoll", open_to: KEEPERS };
/// Read polls: what is asked, how many take part, and the outcome once it is published.
pub const POLLS: Act = Act { name: "polls", open_to: &[To::Anyone] };
/// Read a poll's roll with who has taken part, and its count before it is published.
pub const POLL_RECORDS: Act =
    Act { name: "pollRecords", open_to: &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Auditor)] };

/// How far a poll has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PollPhase {
    /// There is none.
    #[default]
    Unknown,
    /// Its roll is being made.
    Prepared,
    /// Ballots come in.
    Opened,
    /// No ballot comes in any more.
    Closed,
    /// It is counted.
    Counted,
    /// Its outcome is public.
    Published,
    /// It counts for nothing.
    Voided,
}

/// A poll.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// How far it has come.
    pub phase: PollPhase,
    /// What it is.
    pub terms: Option<PollTerms>,
    /// The roll it was opened with.
    pub roll: Option<FrozenRoll>,
    /// Who counts paper.
    pub tellers: Option<[PersonId; 2]>,
    /// Each teller's last count.
    pub paper: BTreeMap<PersonId, PaperCount>,
    /// Its count.
    pub report: Option<PollReport>,
}

/// How the two tellers' counts stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperPhase<'a> {
    /// One count, or both, are missing.
    Awaited,
    /// They differ: both are shown, and both tellers are asked again.
    Disagreed(&'a PaperCount, &'a PaperCount),
    /// They agree.
    Agreed(&'a PaperCount),
}

/// The ballots as they were found.
#[derive(Debug, Clone)]
pub enum Found {
    /// A secret poll's.
    Secret(Vec<Ballot>),
    /// An open poll's.
    Open(Vec<(Marks, Count)>),
}

/// What may be asked of a poll.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "one of each kind a poll; boxing would show in every match")]
pub enum PollCommand {
    /// Prepare it.
    Prepare {
        /// As this says.
        terms: PollTerms,
    },
    /// Appoint two tellers, others than those before.
    AppointTellers {
        /// Who.
        tellers: [PersonId; 2],
    },
    /// Open it.
    Open {
        /// With this roll.
        roll: FrozenRoll,
        /// Now.
        now: Instant,
    },
    /// Close it.
    Close {
        /// Now.
        now: Instant,
    },
    /// Enter a count of the paper ballots.
    EnterPaperCount {
        /// Whose.
        teller: PersonId,
        /// The count.
        count: PaperCount,
    },
    /// Count it.
    Count {
        /// Who took part.
        participation: Participation,
        /// The ballots.
        found: Found,
    },
    /// Publish the outcome.
    Publish,
    /// Void it.
    Void {
        /// Why; public.
        reason: String,
    },
}

/// What happened to a poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::large_enum_variant, reason = "one of each kind a poll; boxing would show in every match")]
pub enum PollEvent {
    /// It was prepared.
    PollPrepared {
        /// As this says.
        terms: PollTerms,
    },
    /// Two tellers were appointed; counts of others no longer matter.
    TellersAppointed {
        /// Who.
        tellers: [PersonId; 2],
    },
    /// It was opened; terms and roll are frozen.
    PollOpened {
        /// With this roll.
        roll: FrozenRoll,
    },
    /// It was closed.
    PollClosed {},
    /// A teller entered a count.
    PaperCountEntered {
        /// Whose.
        teller: PersonId,
        /// The count, in its normal form.
        count: PaperCount,
    },
    /// It was counted.
    PollCounted {
        /// What the count says.
        report: PollReport,
    },
    /// Its outcome was published.
    PollPublished {},
    /// It was voided.
    PollVoided {
        /// Why; public.
        reason: String,
    },
}
impl DomainEvent for PollEvent {}

refusals! {
    /// Why a poll is refused.
    pub enum PollRefusal {
        /// No such poll.
        UnknownPoll("poll", "没有这次投票", "There is no such poll"),
        /// The id is taken.
        PollExists("poll", "该投票已存在", "This poll exists already"),
        /// Only before it opens.
        PollIsOpened("poll", "投票已经开始，不能再更改", "The poll has been opened; nothing of it changes any more"),
        /// Not open yet, or not any more.
        PollNotOpen("poll", "投票未开放", "The poll is not open"),
        /// The time is over.
        PollOver("poll", "投票时间已过", "The time of this poll is over"),
        /// Not before the time that was announced.
        TooEarly("poll", "未到公告的时间", "It is earlier than was announced"),
        /// Not that way.
        ChannelClosed("channel", "本次投票不接受这种投票方式", "Ballots do not come in that way in this poll"),
        /// Only once it is closed.
        PollNotClosed("poll", "投票尚未结束，或已计票", "The poll is not closed, or is counted already"),
        /// Only once it is counted.
        PollNotCounted("poll", "尚未计票", "The poll is not counted"),
        /// It is over.
        PollIsOver("poll", "投票已公布结果或已作废", "The poll is published or voided already"),
        /// The title is no line, or too long.
        PollTitleUnfit { most: usize }("title", "标题须为 1 至 {most} 字，不换行", "A title has 1 to {most} printable characters in one line"),
        /// No option, too many, twice the same, or one that is no line or too long.
        OptionsUnfit { most: usize }("options", "选项须为 1 至 {most} 个，不得重复，每个 1 至 {TITLE_MAX_CHARS} 字，不换行", "A poll has 1 to {most} different options of 1 to {TITLE_MAX_CHARS} printable characters in one line"),
        /// The numbers of the method do not fit the options.
        MethodUnfit("method", "名额、可选数或分值与选项不符", "Places, marks or scores do not fit the options"),
        /// It ends before it begins.
        TimesUnfit("closesAt", "结束时间须晚于开始时间", "A poll ends after it begins"),
        /// Nobody may vote.
        RollEmpty("poll", "选民名单为空", "The roll is empty"),
        /// Weights would give voters away.
        WeightedSecretPoll("secrecy", "按面积等权重计票的表决须记名，否则可由权重认出选票", "A poll with weights is held by name: in a secret one, weights would tell whose ballot it is"),
        /// Two different people, neither of whom stands for election.
        TellersUnfit("tellers", "计票人须为两人，且不得为候选人", "Tellers are two people, none of them a candidate"),
        /// Registered, and not erased.
        TellerUnknown("tellers", "计票人须为已登记的人员", "Tellers are registered persons"),
        /// No tellers for paper ballots.
        TellersMissing("tellers", "有现场投票时须先指定两名计票人", "Appoint two tellers before a poll with paper ballots opens"),
        /// Not a teller.
        NotTeller("teller", "您不是本次投票的计票人", "You are not a teller of this poll"),
        /// The tellers agree already.
        PaperIsAgreed("count", "两名计票人的结果已一致", "The tellers agree already"),
        /// The tellers do not agree yet.
        PaperNotAgreed("count", "两名计票人的结果尚不一致，请双方重新清点录入", "The two tellers' counts are not equal yet; both are asked to count again"),
        /// Ballots and voters differ.
        PollIsDisputed("poll", "票数与投票人数不符，不能公布，只能宣布作废", "Ballots and voters are not equally many: the poll can only be voided"),
        /// Without a reason.
        VoidReasonUnfit { most: usize }("reason", "请说明理由，不超过 {most} 字", "Give a reason of at most {most} characters"),
        /// Open polls are voted in by name, secret ones by ballot.
        OtherSecrecy("poll", "本次投票的记名方式不同", "This poll is held the other way: secret ones by ballot, open ones by name"),
        /// The tag is not random text of the right size.
        TagUnfit("tag", "回执标记须为 {TAG_MIN_CHARS} 至 {TAG_MAX_CHARS} 位 base64url 字符", "A receipt's tag is {TAG_MIN_CHARS} to {TAG_MAX_CHARS} characters of base64url"),
        /// Somebody else's proxy, or nobody's.
        NotItsProxy("proxy", "此人不是其公布的受托人", "This person is not the published proxy"),
        /// It is prepared with its candidates.
        ElectionsOwnPoll("matter", "选举投票须由选举生成", "An election's poll is prepared from the election"),
        /// Its charter says how it is decided.
        CouncilsOwnPoll("matter", "议事会的投票须按其章程生成", "A council's poll is prepared from its charter"),
        /// Its council's charter says how it is decided.
        MotionsOwnPoll("matter", "议题的投票须按其议事会章程生成", "A poll on a motion is prepared from its council's charter"),
        /// Those vote who sit.
        RollNotTheCouncil("poll", "选民名单须为议事会现任全体代表", "The roll of a council's poll is all who sit in it, and nobody else"),
        /// No voter, or more than anybody asks for.
        SmallestUnfit { most: u32 }("smallest", "逐票公布的最少人数须为 1 至 {most}", "Ballots are published one by one from 1 to {most} voters on"),
        /// Fewer than usual, without a charter that says so.
        SmallestNotChartered { least: u32 }("smallest", "逐票公布的最少人数为 {least}；只有章程可以规定得更少", "Ballots are published one by one among {least} voters at least: only a council's charter says fewer"),
        /// Too few voters, or two channels.
        SumsOnly("poll", "投票人过少或兼有现场与线上选票，只公布合计，不逐票公布", "Few voters, or ballots on paper and online: this poll is told in sums only"),
        /// The charter says whether there are receipts.
        ReceiptsNotChartered("receipts", "未经章程规定，不发放回执", "No receipts are given unless the charter says so"),
        /// Too many to count.
        TooMany("poll", "票数超出可计数范围", "There are more ballots than can be counted"),
    }
}

impl Poll {
    /// The poll there is.
    ///
    /// # Errors
    /// [`PollRefusal::UnknownPoll`].
    pub fn terms(&self) -> Result<&PollTerms, PollRefusal> {
        self.terms.as_ref().ok_or(PollRefusal::UnknownPoll)
    }

    /// Its roll may still change.
    ///
    /// # Errors
    /// Unknown, opened or voided polls.
    pub fn require_prepared(&self) -> Result<&PollTerms, PollRefusal> {
        let terms = self.terms()?;
        match self.phase {
            PollPhase::Prepared => Ok(terms),
            PollPhase::Unknown | PollPhase::Opened | PollPhase::Closed | PollPhase::Counted => Err(PollRefusal::PollIsOpened),
            PollPhase::Published | PollPhase::Voided => Err(PollRefusal::PollIsOver),
        }
    }

    /// A ballot may come in this way now.
    ///
    /// # Errors
    /// Before and after the poll, and through a channel that it does not have.
    pub fn require_casting(&self, channel: Channel, now: Instant) -> Result<&PollTerms, PollRefusal> {
        let terms = self.terms()?;
        if self.phase != PollPhase::Opened {
            return Err(PollRefusal::PollNotOpen);
        }
        if terms.closes_at.is_some_and(|closes| now >= closes) {
            return Err(PollRefusal::PollOver);
        }
        if terms.channels.include(channel) { Ok(terms) } else { Err(PollRefusal::ChannelClosed) }
    }

    /// How the tellers' counts stand.
    pub fn paper_phase(&self) -> PaperPhase<'_> {
        let counts = self.tellers.and_then(|[one, other]| Some((self.paper.get(&one)?, self.paper.get(&other)?)));
        match counts {
            None => PaperPhase::Awaited,
            Some((one, other)) if one == other => PaperPhase::Agreed(one),
            Some((one, other)) => PaperPhase::Disagreed(one, other),
        }
    }

    /// Whether its ballots are told in sums only, as far as that is known: it is once the poll is open, unless too few take part.
    /// Ballots on paper and online are told together, for those of a few who came in one way stand out among the others.
    pub fn sums_only(&self) -> bool {
        let Some(PollTerms { secrecy: Secrecy::Secret { .. }, smallest: Some(smallest), channels, .. }) = &self.terms else { return false };
        *channels == Channels::Mixed
            || self.roll.as_ref().is_some_and(|roll| roll.entries < smallest.roll.into())
            || self.report.as_ref().is_some_and(|report| report.participation.heads() < smallest.turnout.into())
    }

    /// Its ballots may be told one by one.
    ///
    /// # Errors
    /// [`PollRefusal::SumsOnly`].
    pub fn require_single_ballots(&self) -> Result<(), PollRefusal> {
        if self.sums_only() { Err(PollRefusal::SumsOnly) } else { Ok(()) }
    }

    /// Whether tellers count paper: an open poll's paper is entered by name.
    fn has_paper(terms: &PollTerms) -> bool {
        terms.channels.include(Channel::InPerson) && matches!(terms.secrecy, Secrecy::Secret { .. })
    }

    /// What these ballots say, ranked ones counted by this rule.
    ///
    /// # Errors
    /// A poll that is not closed, or is counted; paper that the tellers do not agree on; too many ballots.
    pub(super) fn counted(&self, participation: Participation, found: Found, ranked: RankedRule) -> Result<PollReport, Refusal> {
        let terms = self.terms()?;
        if self.phase != PollPhase::Closed {
            return Err(PollRefusal::PollNotClosed.into());
        }
        let roll = self.roll.as_ref().ok_or(PollRefusal::PollNotClosed)?;
        let mut counter = Counter::new(terms.method, terms.option_count()).by(ranked);
        let many = |_: TooManyToCount| Refusal::from(PollRefusal::TooMany);
        let (mut online, mut tags): (u64, BTreeMap<String, u64>) = (0, BTreeMap::new());
        match found {
            Found::Secret(ballots) => {
                for ballot in ballots {
                    counter.add(&ballot.marks, Count::ONE).map_err(many)?;
                    online += 1;
                    ballot.tag.into_iter().for_each(|tag| *tags.entry(tag).or_default() += 1);
                }
                if Self::has_paper(terms) {
                    let PaperPhase::Agreed(paper) = self.paper_phase() else { return Err(PollRefusal::PaperNotAgreed.into()) };
                    counter.add_paper(paper).map_err(many)?;
                }
            }
            Found::Open(ballots) => {
                ballots.iter().try_for_each(|(marks, share)| counter.add(marks, *share)).map_err(many)?;
                online = participation.online.heads;
            }
        }
        let clashing_tags = u64::try_from(tags.values().filter(|times| **times > 1).count()).unwrap_or(u64::MAX);
        let tally = counter.finish().map_err(many)?;
        let outcome = if online == participation.online.heads {
            outcome(terms, roll, participation, &tally)?
        } else {
            PollOutcome::Disputed { participations: participation.online.heads, ballots: online }
        };
        Ok(PollReport { participation, tally, clashing_tags, outcome })
    }
}

impl Aggregate for Poll {
    const NAME: &'static str = "poll";
    type State = Self;
    type Command = PollCommand;
    type Event = PollEvent;
    type Error = Refusal;

    fn handle_command(poll: &Self, command: PollCommand) -> Result<Vec<PollEvent>, Refusal> {
        match command {
            PollCommand::Prepare { .. } if poll.terms.is_some() => Err(PollRefusal::PollExists.into()),
            PollCommand::Prepare { terms } => Ok(vec![PollEvent::PollPrepared { terms: terms.fitted()? }]),
            PollCommand::AppointTellers { tellers } => {
                let terms = poll.terms()?;
                match poll.phase {
                    PollPhase::Prepared | PollPhase::Opened | PollPhase::Closed => {}
                    PollPhase::Unknown | PollPhase::Counted | PollPhase::Published | PollPhase::Voided => {
                        return Err(PollRefusal::PollIsOver.into());
                    }
                }
                let stands = |person: PersonId| terms.options.contains(&BallotOption::Nominee(person));
                if tellers[0] == tellers[1] || tellers.into_iter().any(stands) {
                    return Err(PollRefusal::TellersUnfit.into());
                }
                Ok(vec![PollEvent::TellersAppointed { tellers }])
            }
            PollCommand::Open { roll, now } => {
                let terms = poll.require_prepared()?;
                if terms.opens_at.is_some_and(|opens| now < opens) {
                    return Err(PollRefusal::TooEarly.into());
                }
                if terms.closes_at.is_some_and(|closes| now >= closes) {
                    return Err(PollRefusal::PollOver.into());
                }
                if roll.entries == 0 {
                    return Err(PollRefusal::RollEmpty.into());
                }
                if roll.is_weighted() && terms.secrecy != Secrecy::Open {
                    return Err(PollRefusal::WeightedSecretPoll.into());
                }
                if Self::has_paper(terms) && poll.tellers.is_none() {
                    return Err(PollRefusal::TellersMissing.into());
                }
                Ok(vec![PollEvent::PollOpened { roll }])
            }
            PollCommand::Close { now } => {
                let terms = poll.terms()?;
                if poll.phase != PollPhase::Opened {
                    return Err(PollRefusal::PollNotOpen.into());
                }
                if terms.closes_at.is_some_and(|closes| now < closes) {
                    return Err(PollRefusal::TooEarly.into());
                }
                Ok(vec![PollEvent::PollClosed {}])
            }
            PollCommand::EnterPaperCount { teller, count } => {
                let terms = poll.terms()?;
                if poll.phase != PollPhase::Closed {
                    return Err(PollRefusal::PollNotClosed.into());
                }
                if !poll.tellers.is_some_and(|tellers| tellers.contains(&teller)) {
                    return Err(PollRefusal::NotTeller.into());
                }
                if matches!(poll.paper_phase(), PaperPhase::Agreed(_)) {
                    return Err(PollRefusal::PaperIsAgreed.into());
                }
                count.require_fitting(terms.method, terms.option_count())?;
                let count = count.normal();
                let unchanged = poll.paper.get(&teller) == Some(&count);
                Ok(if unchanged { vec![] } else { vec![PollEvent::PaperCountEntered { teller, count }] })
            }
            PollCommand::Count { participation, found } => {
                Ok(vec![PollEvent::PollCounted { report: poll.counted(participation, found, RankedRule::EveryLot)? }])
            }
            PollCommand::Publish => match (poll.phase, &poll.report) {
                (PollPhase::Counted, Some(PollReport { outcome: PollOutcome::Disputed { .. }, .. })) => {
                    Err(PollRefusal::PollIsDisputed.into())
                }
                (PollPhase::Counted, Some(_)) => Ok(vec![PollEvent::PollPublished {}]),
                (PollPhase::Published | PollPhase::Voided, _) => Err(PollRefusal::PollIsOver.into()),
                (PollPhase::Unknown, _) => Err(PollRefusal::UnknownPoll.into()),
                (PollPhase::Prepared | PollPhase::Opened | PollPhase::Closed | PollPhase::Counted, _) => {
                    Err(PollRefusal::PollNotCounted.into())
                }
            },
            PollCommand::Void { reason } => {
                poll.terms()?;
                if matches!(poll.phase, PollPhase::Published | PollPhase::Voided) {
                    return Err(PollRefusal::PollIsOver.into());
                }
                let reason = Prose::parse(&reason, REASON_MAX_CHARS, |most| PollRefusal::VoidReasonUnfit { most })?;
                Ok(vec![PollEvent::PollVoided { reason: reason.into() }])
            }
        }
    }

    fn apply_event(mut poll: Self, event: PollEvent) -> Self {
        match event {
            PollEvent::PollPrepared { terms } => (poll.phase, poll.terms) = (PollPhase::Prepared, Some(terms)),
            PollEvent::TellersAppointed { tellers } => {
                poll.paper.retain(|teller, _| tellers.contains(teller));
                poll.tellers = Some(tellers);
            }
            PollEvent::PollOpened { roll } => (poll.phase, poll.roll) = (PollPhase::Opened, Some(roll)),
            PollEvent::PollClosed {} => poll.phase = PollPhase::Closed,
            PollEvent::PaperCountEntered { teller, count } => drop(poll.paper.insert(teller, count)),
            PollEvent::PollCounted { report } => (poll.phase, poll.report) = (PollPhase::Counted, Some(report)),
            PollEvent::PollPublished {} => poll.phase = PollPhase::Published,
            PollEvent::PollVoided { reason: _ } => poll.phase = PollPhase::Voided,
        }
        poll
    }
}

#[cfg(test)]
#[path = "poll_tests.rs"]
mod tests;
