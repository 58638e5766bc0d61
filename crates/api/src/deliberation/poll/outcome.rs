//! What a poll's count says, and what its rule makes of it.

use async_graphql::{Context, Enum, Error, Object, SimpleObject};
use gongyi_domain::deliberation::{
    counting::{Count as Counted, Tally, ranked::Stage},
    decision::{Decision as Decided, election::ElectionOutcome},
    poll_report::{Participation, PollOutcome as Outcome, PollReport},
    poll_terms::BallotOption,
};
use gongyi_projections::PublishedBallotRow;
use uuid::Uuid;

use super::{Options, PollOption, casting::Marks};
use crate::{
    access::personal::Named,
    deliberation::{
        decision_rules::{DecisionRule, Wording},
        decisions::{Decision, DecisionStep},
    },
    door::Door,
    list::List,
};

/// A published ballot.
pub struct PublishedBallot(pub(crate) PublishedBallotRow);

/// A ballot of a secret poll as it was published: in a shuffled list, without voter and time.
#[Object]
impl PublishedBallot {
    /// Its number in the list, from 1.
    fn number(&self) -> u64 {
        self.0.number
    }
    /// The receipt's tag, which only its voter knows to be theirs; null where receipts are off.
    fn tag(&self) -> Option<&str> {
        self.0.tag.as_deref()
    }
    /// What is marked.
    fn marks(&self) -> Marks {
        // Lists of earlier polls have marks in the order they were sent in.
        (&self.0.marks.clone().sorted()).into()
    }
}

/// A count by head and by weight.
#[derive(SimpleObject)]
pub struct Count {
    /// By head.
    heads: u64,
    /// By weight: the same as by head where nothing is weighted, else in the roll's unit, as cm².
    weight: u64,
}

impl From<Counted> for Count {
    fn from(Counted { heads, weight }: Counted) -> Self {
        Self { heads, weight }
    }
}

/// Who took part, as it was counted.
#[derive(SimpleObject)]
pub struct PollParticipation {
    /// Online.
    online: Count,
    /// In person.
    in_person: Count,
    /// Of both, entries whose proxy voted.
    by_proxy: u64,
}

impl From<Participation> for PollParticipation {
    fn from(Participation { online, in_person, by_proxy }: Participation) -> Self {
        Self { online: online.into(), in_person: in_person.into(), by_proxy }
    }
}

/// What was said to one option.
#[derive(SimpleObject)]
pub struct OptionTally {
    /// The option.
    option: PollOption,
    /// Votes for it: marks, approvals, yes; the sum of scores; the first preferences.
    votes: Count,
    /// No.
    against: Count,
    /// Abstain.
    abstaining: Count,
}

/// The votes of one option in a stage.
#[derive(SimpleObject)]
pub struct StageVotes {
    /// The option.
    option: PollOption,
    /// Its votes, as a decimal number; what is behind six places is cut off.
    votes: String,
}

/// A stage of a count by transferred votes: what the ballots gave, and what followed.
#[derive(SimpleObject)]
pub struct CountStage {
    /// Its number, from 1.
    number: usize,
    /// The votes of all who are neither elected nor excluded yet, in the ballot's order.
    votes: List<StageVotes>,
    /// Who has more than this is elected: the votes that are not exhausted, by the places and one more.
    threshold: String,
    /// Votes on which nobody more is named.
    exhausted: String,
    /// Elected now, most votes first.
    elected: List<PollOption>,
    /// Excluded now.
    excluded: List<PollOption>,
    /// These have the fewest votes alike, and a lot would exclude one of them: every lot is followed from here, and the stages
    /// end.
    alike: List<PollOption>,
    /// The stage in a sentence; options by their numbers on the ballot.
    wording: Wording,
}

impl CountStage {
    fn new(number: usize, stage: &Stage, options: &Options) -> Self {
        let named = |numbers: &[u16]| numbers.iter().filter_map(|number| options.one(*number)).collect();
        Self {
            number,
            votes: stage
                .votes
                .iter()
                .filter_map(|it| Some(StageVotes { option: options.one(it.option)?, votes: it.votes.clone() }))
                .collect(),
            threshold: stage.threshold.clone(),
            exhausted: stage.exhausted.clone(),
            elected: named(&stage.elected),
            excluded: named(&stage.excluded),
            alike: named(&stage.alike),
            wording: stage.wording(|option| format!("#{option}")).into(),
        }
    }
}

/// What the ballots say.
#[derive(SimpleObject)]
pub struct PollTally {
    /// Ballots in the box, paper and online.
    cast: Count,
    /// Of these, nothing is marked.
    blank: Count,
    /// Of these, over-voted or otherwise not fitting.
    invalid: Count,
    /// The rest.
    valid: Count,
    /// What was said to each option, in the ballot's order.
    options: List<OptionTally>,
    /// The course of a count by transferred votes; none of other counts, nor of those by earlier releases.
    stages: List<CountStage>,
}

impl PollTally {
    fn new(tally: &Tally, options: &Options) -> Self {
        let of_options = options.all().into_iter().zip(&tally.options).map(|(option, count)| OptionTally {
            option,
            votes: count.votes.into(),
            against: count.against.into(),
            abstaining: count.abstaining.into(),
        });
        Self {
            cast: tally.cast.into(),
            blank: tally.blank.into(),
            invalid: tally.invalid.into(),
            valid: tally.valid.into(),
            options: of_options.collect(),
            stages: (1..).zip(&tally.stages).map(|(number, stage)| CountStage::new(number, stage, options)).collect(),
        }
    }
}

/// A poll's count.
pub struct PollResult {
    pub(crate) report: PollReport,
    pub(crate) options: Options,
    pub(crate) is_of_a_meeting: bool,
}

/// What a poll's count says.
#[Object]
impl PollResult {
    /// Who took part.
    fn participation(&self) -> PollParticipation {
        self.report.participation.into()
    }
    /// The ballots.
    fn tally(&self) -> PollTally {
        PollTally::new(&self.report.tally, &self.options)
    }
    /// Tags that more than one ballot bears: their voters cannot tell their ballots apart.
    fn clashing_tags(&self) -> u64 {
        self.report.clashing_tags
    }
    /// What the rule makes of it; null in a meeting's secret vote, which the meeting decides by its own rule, of those entitled
    /// and present: see the vote's decision.
    fn outcome(&self) -> Option<PollOutcome> {
        let outcome = || PollOutcome { outcome: self.report.outcome.clone(), options: self.options.clone() };
        (!self.is_of_a_meeting).then(outcome)
    }
}

/// How a poll ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum PollOutcomeKind {
    /// The ballots are not as many as the participations: nothing is decided.
    Disputed,
    /// Every option was decided for itself.
    Decided,
    /// By votes.
    Elected,
    /// By scores or transferred votes.
    Placed,
}

/// What a rule makes of a poll.
pub struct PollOutcome {
    pub(crate) outcome: Outcome,
    pub(crate) options: Options,
}

impl PollOutcome {
    fn named(&self, wanted: &[Uuid]) -> List<PollOption> {
        self.options.named(wanted)
    }
}

/// What decided a poll, and how.
#[Object]
impl PollOutcome {
    /// How it ended.
    fn kind(&self) -> PollOutcomeKind {
        match self.outcome {
            Outcome::Disputed { .. } => PollOutcomeKind::Disputed,
            Outcome::Decided { .. } => PollOutcomeKind::Decided,
            Outcome::Elected { .. } => PollOutcomeKind::Elected,
            Outcome::Placed { .. } => PollOutcomeKind::Placed,
        }
    }
    /// Enough took part, and the counts do not contradict each other.
    fn valid(&self) -> bool {
        use gongyi_domain::deliberation::decision::Outcome as Of;
        match &self.outcome {
            Outcome::Disputed { .. } => false,
            Outcome::Decided { decisions } => decisions.iter().all(|it| match it.verdict.outcome {
                Of::Carried | Of::Failed => true,
                Of::NoQuorum | Of::Void => false,
            }),
            Outcome::Elected { result } => match result.verdict.outcome {
                ElectionOutcome::Filled | ElectionOutcome::SeatsLeft => true,
                ElectionOutcome::TooFewVoted | ElectionOutcome::Void => false,
            },
            Outcome::Placed { valid, .. } => *valid,
        }
    }
    /// The rule that elected; a decision on an option has its own.
    fn rule(&self) -> Option<DecisionRule> {
        match &self.outcome {
            Outcome::Elected { result } => Some(DecisionRule::from(result.rule.clone())),
            Outcome::Decided { decisions } => decisions.first().map(|it| DecisionRule::from(it.rule.clone())),
            Outcome::Disputed { .. } | Outcome::Placed { .. } => None,
        }
    }
    /// The decision on every option, in the ballot's order; none where places were filled.
    fn decisions(&self) -> List<Decision> {
        let decided: &[Decided] = if let Outcome::Decided { decisions } = &self.outcome { decisions } else { &[] };
        decided.iter().cloned().map(Decision).collect()
    }
    /// Everything that was compared to find out whether the poll counts, in order.
    fn steps(&self) -> Vec<DecisionStep> {
        match &self.outcome {
            Outcome::Elected { result } => result.verdict.steps.iter().map(DecisionStep::from).collect(),
            Outcome::Placed { steps, .. } => steps.iter().map(DecisionStep::from).collect(),
            Outcome::Decided { decisions } => decisions.iter().flat_map(|it| &it.verdict.steps).map(DecisionStep::from).collect(),
            Outcome::Disputed { .. } => vec![],
        }
    }
    /// Who is elected or placed, first first.
    fn elected(&self) -> List<PollOption> {
        match &self.outcome {
            Outcome::Elected { result } => self.named(&result.verdict.elected),
            Outcome::Placed { elected, .. } => self.named(elected),
            Outcome::Disputed { .. } | Outcome::Decided { .. } => List::default(),
        }
    }
    /// Who ties for the last places: none of them is elected.
    fn tied(&self) -> List<PollOption> {
        match &self.outcome {
            Outcome::Elected { result } => self.named(&result.verdict.tied),
            Outcome::Placed { tied, .. } => self.named(tied),
            Outcome::Disputed { .. } | Outcome::Decided { .. } => List::default(),
        }
    }
    /// The reason in both languages: every step, in order, and what became of whom.
    async fn reason(&self, ctx: &Context<'_>) -> Result<Wording, Error> {
        let door = Door::of(ctx)?;
        let mut names = std::collections::HashMap::new();
        for (number, option) in (1..).zip(&self.options.of) {
            let name = match option {
                BallotOption::Text(text) => Some(text.clone()),
                BallotOption::Nominee(person) => self.options.met(*person).name(&door).await?,
            };
            names.insert(option.id(number), name.unwrap_or_else(|| number.to_string()));
        }
        Ok(Wording::from(self.outcome.reason(self.options.seats, |id| names.get(&id).cloned().unwrap_or_else(|| id.to_string()))))
    }
}
