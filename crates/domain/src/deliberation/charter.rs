//! A council's charter (章程) as data: how many sit for how long, how they decide, who speaks, who raises an issue.
//!
//! - A [`Charter`] is well formed by construction; a council keeps every version it ever had.
//! - Each kind of matter has a whole decision rule, quorum included. What names no rule of its own is an ordinary matter.
//! - A rule that bears a statute's name reads as that statute.
//! - Representatives have no weights: a council counts by heads. Polls of owners bring a rule of their own.

use std::{collections::BTreeMap, ops::Deref};

use chrono::{Days, Months};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    decision::{Abstentions, Basis, Fraction, Majority, Measure, Quorum, Rule, Step, Threshold, Turnout, Wording, statutes},
    poll_terms::{Matter as PollMatter, Secrecy as PollSecrecy, Smallest},
    text::Line,
};
use crate::{
    refusal::refusals,
    values::{CouncilId, Day},
};

/// Most seats of a council.
pub const COUNCIL_SEATS_MAX: u32 = 3_000;
/// Longest term, in months.
pub const TERM_MAX_MONTHS: u32 = 120;
/// Longest notice, in days.
pub const NOTICE_MAX_DAYS: u32 = 90;
/// Shortest turn at speaking, in seconds.
pub const TURN_MIN_SECONDS: u32 = 10;
/// Longest turn at speaking, in seconds.
pub const TURN_MAX_SECONDS: u32 = 3_600;
/// Most turns of one speaker on one matter.
pub const TURNS_MAX_COUNT: u32 = 100;
/// Most endorsements that may be demanded.
pub const ENDORSEMENTS_MAX_COUNT: u32 = 1_000_000;
/// Most absences that may be borne.
pub const ABSENCES_MAX_COUNT: u32 = 100;
/// Longest name, title or source of a rule, in characters.
pub const RULE_TEXT_MAX_CHARS: usize = 200;
/// Most quorums and most majorities in one rule.
pub const RULE_PARTS_MAX_COUNT: usize = 8;

/// What kind of matter is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// 一般事项.
    Ordinary,
    /// 程序事项: agenda, order, closing of a debate.
    Procedural,
    /// 人事: recall, appointment within the council.
    Personnel,
    /// 居民公约: the covenant.
    Covenant,
    /// 经费: budget and project money.
    Budget,
    /// 重大事项.
    Grave,
    /// 章程: the charter itself.
    Charter,
}

impl Matter {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Ordinary, Self::Procedural, Self::Personnel, Self::Covenant, Self::Budget, Self::Grave, Self::Charter];
}

/// Whether a vote shows who voted what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Secrecy {
    /// 记名: by name.
    Open,
    /// 无记名: by secret ballot.
    Secret,
}

/// How a kind of matter is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MatterTerms {
    /// The decision rule; whether abstentions count is said in it.
    pub rule: Rule,
    /// Open or secret.
    pub secrecy: Secrecy,
}

/// Who «all» are: the denominator of what is due of those entitled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntitledBasis {
    /// Representatives who sit now.
    SeatsFilled,
    /// All seats of the charter, vacant ones too.
    SeatsOfTheCharter,
}

/// Who may raise an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Raisers {
    /// Representatives only.
    Representatives,
    /// Representatives and residents at home in the council's area.
    Residents,
    /// Everybody signed in.
    Anyone,
}

/// How issues come before the council.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct IssueTerms {
    /// Who may raise one.
    pub raised_by: Raisers,
    /// How many residents' endorsements put one before the council; at least one.
    pub endorsements_needed: u32,
}

/// Who speaks when, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct TurnPolicy {
    /// A turn's length, in seconds.
    pub seconds_per_turn: u32,
    /// How often one person speaks on one matter.
    pub turns_per_speaker: u32,
    /// Speakers for and against take turns.
    pub sides_alternate: bool,
    /// Who has not spoken goes before who has.
    pub unspoken_first: bool,
}

/// How absences add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Absences {
    /// 连续: one meeting attended begins the count anew.
    InARow,
    /// 累计: over the whole term.
    InTotal,
}

/// When unexcused absences cost the seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct AbsenceRule {
    /// How many unexcused absences cost the seat.
    pub limit: u32,
    /// How they add up.
    pub counted: Absences,
}

/// What a charter says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CharterTerms {
    /// How many representatives there are to be.
    pub seats: u32,
    /// How long they sit, in months.
    pub term_months: u32,
    /// Who «all» are.
    pub entitled: EntitledBasis,
    /// How many of all must be present for a meeting to be open.
    pub quorum: Threshold,
    /// How ordinary matters are decided, and all that have no rule of their own.
    pub ordinary: MatterTerms,
    /// How other kinds of matter are decided.
    pub special: BTreeMap<Matter, MatterTerms>,
    /// Seconds a motion needs beside its mover; none if zero.
    pub seconds_needed: u32,
    /// How issues come before the council.
    pub issues: IssueTerms,
    /// Who speaks when.
    pub turns: TurnPolicy,
    /// Days between the notice and the meeting.
    pub notice_days: u32,
    /// When absences cost the seat; `None` if never.
    pub absences: Option<AbsenceRule>,
    /// Whether a secret ballot gives its voter a receipt; off against coercion.
    pub receipts: bool,
    /// Among how many voters a secret poll's ballots are published one by one; the platform's default if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smallest: Option<Smallest>,
}

impl CharterTerms {
    /// A model to draft a charter from, for so many seats; every figure is the drafters' to change. More than half must
    /// be present; more than half of those present decide, two thirds of them what is grave and the charter itself;
    /// personnel is decided by secret ballot. Speaking is as 议事协商会 commonly have it: two turns of two minutes.
    pub fn model(seats: u32) -> Self {
        let rule = |id: &str, zh: &str, en: &str, threshold| Rule {
            id: id.to_owned(),
            version: 1,
            title: Wording::new(zh, en),
            source: Wording::new("示范章程", "Model charter"),
            quorum: vec![Quorum { counts: Turnout::Present, by: Measure::Heads, threshold: Threshold::MORE_THAN_HALF }],
            majority: vec![Majority { of: Basis::Present, by: Measure::Heads, threshold }],
            abstentions: Abstentions::Count,
        };
        let ordinary = rule("model/ordinary", "一般事项", "Ordinary matters", Threshold::MORE_THAN_HALF);
        let grave = rule("model/grave", "重大事项", "Grave matters", Threshold::AtLeast(Fraction::TWO_THIRDS));
        let grave = MatterTerms { rule: grave, secrecy: Secrecy::Open };
        let personnel = MatterTerms { rule: ordinary.clone(), secrecy: Secrecy::Secret };
        Self {
            seats,
            term_months: 36,
            entitled: EntitledBasis::SeatsFilled,
            quorum: Threshold::MORE_THAN_HALF,
            ordinary: MatterTerms { rule: ordinary, secrecy: Secrecy::Open },
            special: BTreeMap::from([(Matter::Personnel, personnel), (Matter::Grave, grave.clone()), (Matter::Charter, grave)]),
            seconds_needed: 2.min(seats.saturating_sub(1)),
            issues: IssueTerms { raised_by: Raisers::Residents, endorsements_needed: 10 },
            turns: TurnPolicy { seconds_per_turn: 120, turns_per_speaker: 2, sides_alternate: true, unspoken_first: true },
            notice_days: 3,
            absences: Some(AbsenceRule { limit: 3, counted: Absences::InARow }),
            receipts: false,
            smallest: None,
        }
    }
}

/// A charter whose terms fit together. Stored charters are trusted: what was once adopted stays readable when the
/// limits change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Charter(CharterTerms);

refusals! {
    /// Why a charter is refused.
    pub enum CharterRefusal {
        /// Between 1 and the limit.
        SeatsUnfit { most: u32 }("seats", "名额须为 1 至 {most}", "A council has 1 to {most} seats"),
        /// Between 1 and the limit.
        TermUnfit { most: u32 }("termMonths", "任期须为 1 至 {most} 个月", "A term has 1 to {most} months"),
        /// A motion cannot need more seconds than there are other seats.
        SecondsUnfit { most: u32 }("secondsNeeded", "附议人数不能超过 {most}", "A motion needs at most {most} seconds"),
        /// Between 1 and the limit.
        EndorsementsUnfit { most: u32 }("endorsementsNeeded", "联署人数须为 1 至 {most}", "An issue needs 1 to {most} endorsements"),
        /// Turns too short, too long or too many.
        TurnsUnfit { shortest: u32, longest: u32, most: u32 }(
            "turns",
            "每次发言须为 {shortest} 至 {longest} 秒，次数须为 1 至 {most}",
            "A turn has {shortest} to {longest} seconds, a speaker 1 to {most} turns"
        ),
        /// At most the limit.
        NoticeUnfit { most: u32 }("noticeDays", "提前通知不能超过 {most} 天", "Notice is at most {most} days"),
        /// Between 1 and the limit.
        AbsencesUnfit { most: u32 }("absences", "缺席次数须为 1 至 {most}", "The seat is lost after 1 to {most} absences"),
        /// No voter, or more than anybody asks for.
        SmallestUnfit("smallest", "逐票公布的最少人数不合规定", "The fewest voters among whom ballots are published one by one do not fit"),
        /// More than all is more than there is.
        Unreachable("quorum", "不可能超过全部", "Nothing is ever more than all"),
        /// A rule's name, title or source is no line, or too long, or it has no version.
        RuleTextUnfit { most: usize }(
            "rule",
            "表决规则须有编号、版本、名称和依据，各不超过 {most} 字",
            "A rule has a name, version, title and source of at most {most} characters each"
        ),
        /// More conditions than anybody reads.
        RulePartsTooMany { most: usize }("rule", "一项规则的条件不能超过 {most} 个", "A rule has at most {most} quorums and as many majorities"),
        /// A decision needs a quorum.
        RuleWithoutQuorum("rule", "表决规则须规定法定人数", "A council's rule has a quorum"),
        /// Representatives have no areas.
        RuleByArea("rule", "议事会按人数表决，不能按面积", "A council votes by heads, not by area"),
        /// The name of a statute with other words.
        RuleNotTheStatutes { id: String }("rule", "规则 {id} 与法规原文不符", "Rule {id} does not read as the statute does"),
        /// One kind of matter has one rule.
        MatterTwice("matters", "同一类事项的规则不能重复规定", "A kind of matter has one rule only"),
        /// Ordinary matters are decided as `ordinary` says.
        OrdinaryTwice("special", "一般事项的规则不能重复规定", "Ordinary matters have their rule already"),
    }
}

type Refused = CharterRefusal;

fn within(value: u32, range: std::ops::RangeInclusive<u32>, refusal: Refused) -> Result<(), Refused> {
    if range.contains(&value) { Ok(()) } else { Err(refusal) }
}

fn fitting_rule(rule: &mut Rule) -> Result<(), Refused> {
    let text_unfit = |most| Refused::RuleTextUnfit { most };
    for text in [&mut rule.id, &mut rule.title.zh, &mut rule.title.en, &mut rule.source.zh, &mut rule.source.en] {
        *text = Line::parse(text, RULE_TEXT_MAX_CHARS, text_unfit)?.into();
    }
    if rule.version == 0 {
        return Err(text_unfit(RULE_TEXT_MAX_CHARS));
    }
    if rule.quorum.len() > RULE_PARTS_MAX_COUNT || rule.majority.len() > RULE_PARTS_MAX_COUNT {
        return Err(Refused::RulePartsTooMany { most: RULE_PARTS_MAX_COUNT });
    }
    if rule.quorum.is_empty() {
        return Err(Refused::RuleWithoutQuorum);
    }
    let measures = rule.quorum.iter().map(|it| it.by).chain(rule.majority.iter().map(|it| it.by));
    if measures.into_iter().any(|by| by != Measure::Heads) {
        return Err(Refused::RuleByArea);
    }
    let mut thresholds = rule.quorum.iter().map(|it| it.threshold).chain(rule.majority.iter().map(|it| it.threshold));
    if !thresholds.all(Threshold::is_reachable) {
        return Err(Refused::Unreachable);
    }
    rule.recheck().map_err(|_| Refused::RuleNotTheStatutes { id: rule.id.clone() })
}

impl Charter {
    /// A charter of these terms.
    ///
    /// # Errors
    /// The first term that does not fit.
    pub fn try_new(mut terms: CharterTerms) -> Result<Self, CharterRefusal> {
        within(terms.seats, 1..=COUNCIL_SEATS_MAX, Refused::SeatsUnfit { most: COUNCIL_SEATS_MAX })?;
        within(terms.term_months, 1..=TERM_MAX_MONTHS, Refused::TermUnfit { most: TERM_MAX_MONTHS })?;
        let others = terms.seats - 1;
        within(terms.seconds_needed, 0..=others, Refused::SecondsUnfit { most: others })?;
        let endorsements = Refused::EndorsementsUnfit { most: ENDORSEMENTS_MAX_COUNT };
        within(terms.issues.endorsements_needed, 1..=ENDORSEMENTS_MAX_COUNT, endorsements)?;
        let turns = Refused::TurnsUnfit { shortest: TURN_MIN_SECONDS, longest: TURN_MAX_SECONDS, most: TURNS_MAX_COUNT };
        within(terms.turns.seconds_per_turn, TURN_MIN_SECONDS..=TURN_MAX_SECONDS, turns.clone())?;
        within(terms.turns.turns_per_speaker, 1..=TURNS_MAX_COUNT, turns)?;
        within(terms.notice_days, 0..=NOTICE_MAX_DAYS, Refused::NoticeUnfit { most: NOTICE_MAX_DAYS })?;
        if let Some(absences) = terms.absences {
            within(absences.limit, 1..=ABSENCES_MAX_COUNT, Refused::AbsencesUnfit { most: ABSENCES_MAX_COUNT })?;
        }
        if terms.smallest.is_some_and(|smallest| smallest.require_fitting().is_err()) {
            return Err(Refused::SmallestUnfit);
        }
        if !terms.quorum.is_reachable() {
            return Err(Refused::Unreachable);
        }
        if terms.special.contains_key(&Matter::Ordinary) {
            return Err(Refused::OrdinaryTwice);
        }
        for matter in std::iter::once(&mut terms.ordinary).chain(terms.special.values_mut()) {
            fitting_rule(&mut matter.rule)?;
        }
        Ok(Self(terms))
    }

    /// How this kind of matter is decided.
    pub fn matter(&self, matter: Matter) -> &MatterTerms {
        self.special.get(&matter).unwrap_or(&self.ordinary)
    }

    /// What a poll of the council on a matter of this kind is about, how secret it is and what decides it.
    pub fn poll_terms(&self, council: CouncilId, kind: Matter, charter_version: u32) -> (PollMatter, PollSecrecy, Rule) {
        let MatterTerms { rule, secrecy } = self.matter(kind).clone();
        let seats = self.seats_that_count();
        let secrecy = match secrecy {
            Secrecy::Open => PollSecrecy::Open,
            Secrecy::Secret => PollSecrecy::Secret { receipts: self.receipts },
        };
        (PollMatter::Council { council, kind, charter_version, seats }, secrecy, rule)
    }

    /// Days of notice that a statute asks for, because the charter decides a kind of matter by the statute's rule: fewer
    /// are no notice, whatever the charter's own days. `None` if no statute does.
    pub fn statute_notice_days(&self) -> Option<u32> {
        std::iter::once(&self.ordinary).chain(self.special.values()).filter_map(|matter| statutes::notice_days(&matter.rule)).max()
    }

    /// Among how many voters a secret poll's ballots are published one by one.
    pub fn smallest(&self) -> Smallest {
        self.0.smallest.unwrap_or_default()
    }

    /// All seats, if vacant ones count too among those entitled.
    pub fn seats_that_count(&self) -> Option<u32> {
        match self.0.entitled {
            EntitledBasis::SeatsFilled => None,
            EntitledBasis::SeatsOfTheCharter => Some(self.seats),
        }
    }

    /// How many «all» are while so many seats are filled.
    pub fn entitled(&self, seats_filled: u64) -> u64 {
        match self.0.entitled {
            EntitledBasis::SeatsFilled => seats_filled,
            EntitledBasis::SeatsOfTheCharter => u64::from(self.seats),
        }
    }

    /// Whether so many representatives present keep a meeting open while so many are entitled, with the words for it.
    pub fn meeting_quorum(&self, present: u64, entitled: u64) -> Step {
        Quorum { counts: Turnout::Present, by: Measure::Heads, threshold: self.quorum }.step(present, entitled)
    }

    /// The last day of a term that begins on `from`; `None` beyond the calendar.
    pub fn last_day_of_term(&self, from: Day) -> Option<Day> {
        from.checked_add_months(Months::new(self.term_months))?.checked_sub_days(Days::new(1))
    }
}

impl Deref for Charter {
    type Target = CharterTerms;
    fn deref(&self) -> &CharterTerms {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    //! What breaks silently elsewhere: a council nobody can seat, a rule that can never hold, one that bears a statute's
    //! name with other figures.

    use super::*;
    use crate::deliberation::decision::{Counts, Outcome, Tally};

    fn refusal(change: impl Fn(&mut CharterTerms)) -> CharterRefusal {
        let mut terms = CharterTerms::model(9);
        change(&mut terms);
        Charter::try_new(terms).unwrap_err()
    }

    #[test]
    fn the_model_is_a_charter_of_any_size() {
        for seats in [1, 2, 3, 9, 450, COUNCIL_SEATS_MAX] {
            assert!(Charter::try_new(CharterTerms::model(seats)).is_ok(), "{seats}");
        }
    }

    #[test]
    fn terms_that_do_not_fit_are_refused_one_by_one() {
        assert_eq!(refusal(|it| it.seats = 0), CharterRefusal::SeatsUnfit { most: COUNCIL_SEATS_MAX });
        assert_eq!(refusal(|it| it.seats = COUNCIL_SEATS_MAX + 1), CharterRefusal::SeatsUnfit { most: COUNCIL_SEATS_MAX });
        assert_eq!(refusal(|it| it.term_months = 0), CharterRefusal::TermUnfit { most: TERM_MAX_MONTHS });
        assert_eq!(refusal(|it| it.seconds_needed = 9), CharterRefusal::SecondsUnfit { most: 8 });
        assert_eq!(refusal(|it| it.issues.endorsements_needed = 0), CharterRefusal::EndorsementsUnfit { most: ENDORSEMENTS_MAX_COUNT });
        let turns = CharterRefusal::TurnsUnfit { shortest: TURN_MIN_SECONDS, longest: TURN_MAX_SECONDS, most: TURNS_MAX_COUNT };
        assert_eq!(refusal(|it| it.turns.seconds_per_turn = TURN_MIN_SECONDS - 1), turns);
        assert_eq!(refusal(|it| it.turns.turns_per_speaker = 0), turns);
        assert_eq!(refusal(|it| it.notice_days = NOTICE_MAX_DAYS + 1), CharterRefusal::NoticeUnfit { most: NOTICE_MAX_DAYS });
        let absences = |it: &mut CharterTerms| it.absences = Some(AbsenceRule { limit: 0, counted: Absences::InTotal });
        assert_eq!(refusal(absences), CharterRefusal::AbsencesUnfit { most: ABSENCES_MAX_COUNT });
        assert_eq!(refusal(|it| it.quorum = Threshold::MoreThan(Fraction::ALL)), CharterRefusal::Unreachable);
        let twice = |it: &mut CharterTerms| drop(it.special.insert(Matter::Ordinary, it.ordinary.clone()));
        assert_eq!(refusal(twice), CharterRefusal::OrdinaryTwice);
    }

    #[test]
    fn rules_that_do_not_fit_are_refused_one_by_one() {
        let untitled = CharterRefusal::RuleTextUnfit { most: RULE_TEXT_MAX_CHARS };
        assert_eq!(refusal(|it| it.ordinary.rule.source.zh.clear()), untitled);
        assert_eq!(refusal(|it| it.ordinary.rule.title.en = "x".repeat(RULE_TEXT_MAX_CHARS + 1)), untitled);
        assert_eq!(refusal(|it| it.ordinary.rule.version = 0), untitled);
        assert_eq!(refusal(|it| it.ordinary.rule.quorum.clear()), CharterRefusal::RuleWithoutQuorum);
        assert_eq!(refusal(|it| it.ordinary.rule.majority[0].by = Measure::Area), CharterRefusal::RuleByArea);
        let beyond = |it: &mut CharterTerms| it.ordinary.rule.majority[0].threshold = Threshold::MoreThan(Fraction::ALL);
        assert_eq!(refusal(beyond), CharterRefusal::Unreachable);
        let many = |it: &mut CharterTerms| it.ordinary.rule.majority = vec![it.ordinary.rule.majority[0]; RULE_PARTS_MAX_COUNT + 1];
        assert_eq!(refusal(many), CharterRefusal::RulePartsTooMany { most: RULE_PARTS_MAX_COUNT });
        // Special matters are looked at as ordinary ones are.
        let grave = |it: &mut CharterTerms| it.special.values_mut().for_each(|matter| matter.rule.quorum.clear());
        assert_eq!(refusal(grave), CharterRefusal::RuleWithoutQuorum);
    }

    #[test]
    fn a_statutes_name_stands_for_the_statutes_words() {
        let with = |change: fn(&mut Rule)| {
            let mut rule = statutes::find(statutes::VILLAGERS_REPRESENTATIVES, 1).unwrap();
            change(&mut rule);
            let mut terms = CharterTerms::model(9);
            terms.ordinary.rule = rule;
            Charter::try_new(terms)
        };
        assert!(with(|_| {}).is_ok());
        let refused = Err(CharterRefusal::RuleNotTheStatutes { id: statutes::VILLAGERS_REPRESENTATIVES.into() });
        assert_eq!(with(|rule| rule.quorum[0].threshold = Threshold::AtLeast(Fraction::HALF)), refused);
        assert_eq!(with(|rule| rule.version = 2), refused);
    }

    #[test]
    fn a_statutes_notice_days_come_with_its_rule() {
        let with = |matter, id| {
            let mut terms = CharterTerms::model(9);
            let rule = statutes::find(id, 1).unwrap();
            terms.special.insert(matter, MatterTerms { rule, secrecy: Secrecy::Open });
            Charter::try_new(terms).unwrap().statute_notice_days()
        };
        assert_eq!(with(Matter::Grave, statutes::VILLAGERS_MEETING), Some(statutes::VILLAGERS_MEETING_NOTICE_DAYS));
        assert_eq!(with(Matter::Budget, statutes::VILLAGERS_MEETING_HOUSEHOLDS), Some(statutes::VILLAGERS_MEETING_NOTICE_DAYS));
        assert_eq!(with(Matter::Grave, statutes::VILLAGERS_REPRESENTATIVES), None);
        assert_eq!(Charter::try_new(CharterTerms::model(9)).unwrap().statute_notice_days(), None);
    }

    #[test]
    fn what_has_no_rule_of_its_own_is_decided_as_ordinary_matters_are() {
        let charter = Charter::try_new(CharterTerms::model(9)).unwrap();
        assert_eq!(charter.matter(Matter::Budget), &charter.ordinary);
        assert_eq!(charter.matter(Matter::Personnel).secrecy, Secrecy::Secret);
        let outcome = |matter| {
            let counts = Counts { entitled: 9, present: 9, yes: 5, no: 4, ..Counts::default() };
            charter.matter(matter).rule.decide(&Tally::by_heads(counts)).unwrap().outcome
        };
        assert_eq!((outcome(Matter::Ordinary), outcome(Matter::Grave)), (Outcome::Carried, Outcome::Failed));
    }

    #[test]
    fn a_meetings_quorum_is_a_step_with_words() {
        let charter = Charter::try_new(CharterTerms::model(9)).unwrap();
        let (short, enough) = (charter.meeting_quorum(4, 8), charter.meeting_quorum(5, 8));
        assert!(!short.held() && enough.held());
        assert_eq!(short.wording().en, "present 4 of 8, not more than half ✗");
        assert_eq!(charter.entitled(8), 8);
    }

    #[test]
    fn a_terms_last_day_is_the_day_before_its_anniversary() {
        let charter = Charter::try_new(CharterTerms::model(9)).unwrap();
        let last = |from: &str| charter.last_day_of_term(from.parse().unwrap()).map(|day| day.to_string());
        assert_eq!(last("2026-01-01").as_deref(), Some("2028-12-31"));
        assert_eq!(last("2024-02-29").as_deref(), Some("2027-02-27"));
        assert_eq!(charter.last_day_of_term(Day::MAX), None);
    }

    #[test]
    fn a_stored_charter_is_read_as_it_was() {
        let charter = Charter::try_new(CharterTerms::model(9)).unwrap();
        let stored = serde_json::to_string(&charter).unwrap();
        assert_eq!(serde_json::from_str::<Charter>(&stored).unwrap(), charter);
    }
}
