//! An election of representatives, its run-off, or a representative's recall: from the call to the certificate.
//!
//! - Nominations come in until the day that was announced; a nominee stands once they have accepted. Whoever puts
//!   themselves forward has accepted.
//! - A village election leaves the days after its nominations that its roll needs.
//! - A proxy votes for three at most, passes no vote on, and has not given their own away; the list of proxies is
//!   published before the poll opens, and closed by it (村民委员会组织法 art. 15: 公布委托人和受委托人的名单; 浙江: 不得超过三人).
//! - Once the poll is attached, the candidates and their order are fixed; once it opens, the electorate is.
//! - The result is certified as the decision engine says, or the election is void with the reason. Either is final.
//! - A run-off is called for the seats left, between those whom the result names.

use std::collections::{BTreeMap, BTreeSet};

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    decision::statutes::PROXY_MAX_PRINCIPALS,
    election_terms::{ElectionKind, ElectionTerms, VoidReason},
    poll_report::{FrozenRoll, PollOutcome},
    roll::REASON_MAX_CHARS,
    text::Prose,
};
use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    refusal::refusals,
    values::{ElectionId, Instant, PersonId, PollId},
};

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
const ONESELF_AND_KEEPERS: &[To] = &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Call an election.
pub const CALL_ELECTION: Act = Act { name: "callElection", open_to: KEEPERS };
/// Put somebody forward, oneself or another.
pub const NOMINATE: Act = Act { name: "nominate", open_to: ONESELF_AND_KEEPERS };
/// Accept or withdraw one's nomination.
pub const ANSWER_NOMINATION: Act = Act {
    name: "answerNomination",
    open_to: &[To::Oneself, To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Process],
};
/// Give one's vote to a proxy, or take it back.
pub const REGISTER_PROXY: Act = Act { name: "registerProxy", open_to: ONESELF_AND_KEEPERS };
/// Publish the list of proxies.
pub const PUBLISH_PROXIES: Act = Act { name: "publishProxies", open_to: KEEPERS };
/// Certify the result.
pub const CERTIFY_ELECTION: Act = Act { name: "certifyElection", open_to: KEEPERS };
/// Void an election.
pub const VOID_ELECTION: Act = Act { name: "voidElection", open_to: KEEPERS };
/// Call a run-off.
pub const CALL_RUN_OFF: Act = Act { name: "callRunOff", open_to: KEEPERS };
/// Read elections: who stands, and what came of it.
pub const ELECTIONS: Act = Act { name: "elections", open_to: &[To::Anyone] };

/// Nominees of one election, at most.
pub const NOMINEES_MAX: usize = 500;
/// Nominators of one nominee that are kept, at most.
pub const NOMINATORS_MAX: usize = 200;
/// Somebody put forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nominee {
    /// Who.
    pub person: PersonId,
    /// By whom.
    pub nominators: Vec<PersonId>,
    /// They stand.
    pub accepted: bool,
}

/// How far an election has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ElectionPhase {
    /// There is none.
    #[default]
    Unknown,
    /// Nominations and proxies come in.
    Called,
    /// The candidates are fixed.
    PollAttached,
    /// The electorate is fixed.
    Frozen,
    /// The result stands.
    Certified,
    /// It counts for nothing.
    Voided,
}

/// An election.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Election {
    /// How far it has come.
    pub phase: ElectionPhase,
    /// What it is.
    pub terms: Option<ElectionTerms>,
    /// In the order they were put forward; once the poll is attached, candidates in the ballot's order.
    pub nominees: Vec<Nominee>,
    /// Whose vote is cast by whom.
    pub proxies: BTreeMap<PersonId, PersonId>,
    /// The list of proxies was published as it is now.
    pub proxies_published: bool,
    /// Its poll.
    pub poll: Option<PollId>,
    /// Who was elected, once that is certified.
    pub elected: Vec<PersonId>,
    /// In a recall, once that is certified: whether the representative is recalled.
    pub recalled: Option<bool>,
    /// Seats left, and who would stand in a run-off.
    pub left: Option<(u16, Vec<PersonId>)>,
    /// Its run-off.
    pub run_off: Option<ElectionId>,
}

/// What may be asked of an election.
#[derive(Debug, Clone)]
pub enum ElectionCommand {
    /// Call it.
    Call {
        /// As this says.
        terms: ElectionTerms,
        /// Who stands from the beginning: those named by the election of which it is the run-off.
        candidates: Vec<PersonId>,
        /// Now.
        now: Instant,
    },
    /// Put somebody forward.
    Nominate {
        /// Whom.
        nominee: PersonId,
        /// By whom.
        by: PersonId,
        /// Now.
        now: Instant,
    },
    /// Stand.
    Accept {
        /// Who.
        nominee: PersonId,
        /// Now.
        now: Instant,
    },
    /// Stand no more, or not at all.
    Withdraw {
        /// Who.
        nominee: PersonId,
    },
    /// Give a vote to a proxy, another than before.
    RegisterProxy {
        /// Whose.
        principal: PersonId,
        /// To whom.
        proxy: PersonId,
    },
    /// Take it back.
    RevokeProxy {
        /// Whose.
        principal: PersonId,
    },
    /// Publish the list of proxies as it is.
    PublishProxies,
    /// Attach the poll: candidates are fixed.
    AttachPoll {
        /// It.
        poll: PollId,
        /// All candidates in the order of the ballot; `None` as they were put forward.
        order: Option<Vec<PersonId>>,
        /// Now.
        now: Instant,
    },
    /// The poll opens: the electorate is fixed.
    Freeze {
        /// The poll's roll.
        roll: FrozenRoll,
    },
    /// Certify, or void, as the poll's outcome says.
    Certify {
        /// The poll's outcome.
        outcome: PollOutcome,
    },
    /// Void it.
    Void {
        /// Why; public.
        reason: String,
    },
    /// Call a run-off.
    CallRunOff {
        /// Its id.
        run_off: ElectionId,
    },
}

/// What happened to an election.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ElectionEvent {
    /// It was called.
    ElectionCalled {
        /// As this says.
        terms: ElectionTerms,
        /// Who stands from the beginning.
        candidates: Vec<PersonId>,
    },
    /// Somebody was put forward.
    NomineePutForward {
        /// Who.
        nominee: PersonId,
        /// By whom.
        by: PersonId,
    },
    /// A nominee stands.
    NominationAccepted {
        /// Who.
        nominee: PersonId,
    },
    /// A nominee stands no more.
    NominationWithdrawn {
        /// Who.
        nominee: PersonId,
    },
    /// A vote was given to a proxy.
    ProxyRegistered {
        /// Whose.
        principal: PersonId,
        /// To whom.
        proxy: PersonId,
    },
    /// It was taken back.
    ProxyRevoked {
        /// Whose.
        principal: PersonId,
    },
    /// The list of proxies was published.
    ProxiesPublished {
        /// How many.
        proxies: u64,
    },
    /// The poll was attached.
    PollAttached {
        /// It.
        poll: PollId,
        /// The candidates, in the ballot's order.
        candidates: Vec<PersonId>,
    },
    /// The electorate was fixed.
    ElectorateFrozen {
        /// The poll's roll.
        roll: FrozenRoll,
    },
    /// The result stands.
    ElectionCertified {
        /// The poll's outcome, with counts, rule and reasons.
        outcome: PollOutcome,
        /// Who is elected; in a recall nobody.
        elected: Vec<PersonId>,
        /// In a recall: whether the representative is recalled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recalled: Option<bool>,
        /// Seats without anybody.
        seats_left: u16,
        /// Who would stand in a run-off for them.
        run_off: Vec<PersonId>,
    },
    /// It counts for nothing.
    ElectionVoided {
        /// Why.
        reason: VoidReason,
        /// The poll's outcome, if that is why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<PollOutcome>,
    },
    /// A run-off was called.
    RunOffCalled {
        /// It.
        run_off: ElectionId,
    },
}
impl DomainEvent for ElectionEvent {}

refusals! {
    /// Why an election is refused.
    pub enum ElectionRefusal {
        /// No such election.
        UnknownElection("election", "没有这次选举", "There is no such election"),
        /// The id is taken.
        ElectionExists("election", "该选举已存在", "This election exists already"),
        /// Seats, method or candidates do not fit.
        ElectionUnfit("seats", "名额、投票方式或候选人不符合该选举类型", "Seats, method or candidates do not fit this kind of election"),
        /// The dates are not in order.
        DatesUnfit("pollOpens", "提名截止、投票开始和结束时间须依次在后", "Nominations end before the poll opens, and it opens before it closes"),
        /// The roll cannot be published in time (村民委员会组织法 art. 14).
        RollTimeTooShort { least: u32 }("pollOpens", "选民名单须在选举日的 {least} 日前公布，提名截止至投票开始的时间不足", "The roll is published {least} days before the poll, and there are fewer between the nominations' end and the poll"),
        /// Nominations are over.
        NominationsClosed("nominee", "提名已截止", "Nominations are closed"),
        /// Nominations are not over.
        NominationsOpen("election", "提名尚未截止", "Nominations are still open"),
        /// Put forward by that person already.
        AlreadyNominated("nominee", "您已提名此人", "You have put this person forward already"),
        /// Too many.
        TooManyNominees { most: usize }("nominee", "提名人数已达上限 {most}", "There are {most} nominees or nominators already"),
        /// Nobody has put them forward.
        NotNominated("nominee", "此人未被提名", "This person has not been put forward"),
        /// They stand already.
        AlreadyAccepted("nominee", "已接受提名", "The nomination is accepted already"),
        /// Who stands does not vote for others.
        ProxyStands("proxy", "候选人不能受托投票", "A candidate does not vote for others"),
        /// Nobody is their own proxy.
        ProxyOfOneself("proxy", "不能委托本人", "Nobody is their own proxy"),
        /// A proxy of a proxy.
        ProxyPassedOn("proxy", "受托人不得转委托，已委托他人者也不得受托", "A proxy passes no vote on, and who has given their own away is nobody's proxy"),
        /// Enough principals.
        ProxyFull { most: u32 }("proxy", "每人最多接受 {most} 人委托", "A proxy votes for {most} others at most"),
        /// The vote is given already.
        ProxyExists("proxy", "已委托此人", "The vote is given to this person already"),
        /// No proxy.
        NoProxy("principal", "没有委托", "There is no proxy"),
        /// The list is not published as it is.
        ProxiesNotPublished("election", "委托投票名单须在投票前公布", "The list of proxies is published before the poll opens"),
        /// Nothing more changes.
        ElectorateIsFrozen("election", "投票已开始，不能再更改", "The poll has begun; this changes no more"),
        /// Nobody stands.
        NoCandidates("election", "没有候选人", "Nobody stands"),
        /// An order of other people than those who stand.
        OrderUnfit("election", "候选人名单与排序不一致", "The order is not of those who stand"),
        /// Not in this phase.
        NotInThisPhase("election", "选举当前阶段不能进行此操作", "The election is not in that phase"),
        /// Final.
        ElectionIsOver("election", "选举结果已确认或已作废", "The election is certified or void already"),
        /// The poll answers another question.
        OutcomeUnfit("poll", "该投票结果不属于此类选举", "The poll's outcome is not of this kind of election"),
        /// Nothing to run for.
        NoSeatsLeft("election", "没有剩余名额需要另行选举", "No seats are left for a run-off"),
        /// One run-off.
        RunOffExists("election", "已组织另行选举", "A run-off is called already"),
        /// Without a reason.
        ElectionReasonUnfit { most: usize }("reason", "请说明理由，不超过 {most} 字", "Give a reason of at most {most} characters"),
    }
}

impl Election {
    /// The election there is.
    ///
    /// # Errors
    /// [`ElectionRefusal::UnknownElection`].
    pub fn terms(&self) -> Result<&ElectionTerms, ElectionRefusal> {
        self.terms.as_ref().ok_or(ElectionRefusal::UnknownElection)
    }

    /// Who stands, in the order they were put forward; once the poll is attached, in the ballot's order.
    pub fn candidates(&self) -> Vec<PersonId> {
        self.nominees.iter().filter(|nominee| nominee.accepted).map(|nominee| nominee.person).collect()
    }

    /// Who casts this person's vote in their place.
    pub fn proxy_of(&self, principal: PersonId) -> Option<PersonId> {
        self.proxies.get(&principal).copied()
    }

    fn is_proxy(&self, person: PersonId) -> bool {
        self.proxies.values().any(|proxy| *proxy == person)
    }

    fn nominee(&self, person: PersonId) -> Result<&Nominee, ElectionRefusal> {
        self.nominees.iter().find(|nominee| nominee.person == person).ok_or(ElectionRefusal::NotNominated)
    }

    fn at(&self, phase: ElectionPhase) -> Result<&ElectionTerms, ElectionRefusal> {
        let terms = self.terms()?;
        match self.phase {
            now if now == phase => Ok(terms),
            ElectionPhase::Certified | ElectionPhase::Voided => Err(ElectionRefusal::ElectionIsOver),
            ElectionPhase::Unknown | ElectionPhase::Called | ElectionPhase::PollAttached | ElectionPhase::Frozen => {
                Err(ElectionRefusal::NotInThisPhase)
            }
        }
    }

    /// Nominations come in now.
    fn require_nominating(&self, now: Instant) -> Result<(), ElectionRefusal> {
        let terms = self.at(ElectionPhase::Called)?;
        let open = now < terms.nominations_until && terms.kind == ElectionKind::Seats;
        if open { Ok(()) } else { Err(ElectionRefusal::NominationsClosed) }
    }

    /// Proxies may change: until the poll opens.
    fn require_proxies_open(&self) -> Result<(), ElectionRefusal> {
        self.terms()?;
        match self.phase {
            ElectionPhase::Called | ElectionPhase::PollAttached => Ok(()),
            ElectionPhase::Unknown | ElectionPhase::Frozen => Err(ElectionRefusal::ElectorateIsFrozen),
            ElectionPhase::Certified | ElectionPhase::Voided => Err(ElectionRefusal::ElectionIsOver),
        }
    }

    fn require_proxy(&self, principal: PersonId, proxy: PersonId) -> Result<(), ElectionRefusal> {
        self.require_proxies_open()?;
        if principal == proxy {
            return Err(ElectionRefusal::ProxyOfOneself);
        }
        if self.proxy_of(principal) == Some(proxy) {
            return Err(ElectionRefusal::ProxyExists);
        }
        if self.proxies.contains_key(&proxy) || self.is_proxy(principal) {
            return Err(ElectionRefusal::ProxyPassedOn);
        }
        if self.nominees.iter().any(|nominee| nominee.person == proxy && nominee.accepted) {
            return Err(ElectionRefusal::ProxyStands);
        }
        let principals = self.proxies.iter().filter(|(of, it)| **it == proxy && **of != principal).count();
        if u32::try_from(principals).is_ok_and(|many| many < PROXY_MAX_PRINCIPALS) {
            Ok(())
        } else {
            Err(ElectionRefusal::ProxyFull { most: PROXY_MAX_PRINCIPALS })
        }
    }
}

impl Aggregate for Election {
    const NAME: &'static str = "election";
    type State = Self;
    type Command = ElectionCommand;
    type Event = ElectionEvent;
    type Error = ElectionRefusal;

    fn handle_command(election: &Self, command: ElectionCommand) -> Result<Vec<ElectionEvent>, ElectionRefusal> {
        match command {
            ElectionCommand::Call { .. } if election.terms.is_some() => Err(ElectionRefusal::ElectionExists),
            ElectionCommand::Call { terms, candidates, now } => {
                terms.require_callable(&candidates, now)?;
                Ok(vec![ElectionEvent::ElectionCalled { terms, candidates }])
            }
            ElectionCommand::Nominate { nominee, by, now } => {
                election.require_nominating(now)?;
                let known = election.nominee(nominee).ok();
                if known.is_some_and(|it| it.nominators.contains(&by)) {
                    return Err(ElectionRefusal::AlreadyNominated);
                }
                let (many, most) = known.map_or((election.nominees.len(), NOMINEES_MAX), |it| (it.nominators.len(), NOMINATORS_MAX));
                if many >= most {
                    return Err(ElectionRefusal::TooManyNominees { most });
                }
                let accepts = nominee == by && !known.is_some_and(|it| it.accepted);
                if accepts && election.is_proxy(nominee) {
                    return Err(ElectionRefusal::ProxyStands);
                }
                let accepted = accepts.then_some(ElectionEvent::NominationAccepted { nominee });
                Ok([ElectionEvent::NomineePutForward { nominee, by }].into_iter().chain(accepted).collect())
            }
            ElectionCommand::Accept { nominee, now } => {
                election.require_nominating(now)?;
                if election.nominee(nominee)?.accepted {
                    return Err(ElectionRefusal::AlreadyAccepted);
                }
                if election.is_proxy(nominee) {
                    return Err(ElectionRefusal::ProxyStands);
                }
                Ok(vec![ElectionEvent::NominationAccepted { nominee }])
            }
            ElectionCommand::Withdraw { nominee } => {
                election.at(ElectionPhase::Called)?;
                election.nominee(nominee)?;
                Ok(vec![ElectionEvent::NominationWithdrawn { nominee }])
            }
            ElectionCommand::RegisterProxy { principal, proxy } => {
                election.require_proxy(principal, proxy)?;
                Ok(vec![ElectionEvent::ProxyRegistered { principal, proxy }])
            }
            ElectionCommand::RevokeProxy { principal } => {
                election.require_proxies_open()?;
                election.proxy_of(principal).ok_or(ElectionRefusal::NoProxy)?;
                Ok(vec![ElectionEvent::ProxyRevoked { principal }])
            }
            ElectionCommand::PublishProxies => {
                election.require_proxies_open()?;
                let proxies = u64::try_from(election.proxies.len()).unwrap_or(u64::MAX);
                Ok(if election.proxies_published { vec![] } else { vec![ElectionEvent::ProxiesPublished { proxies }] })
            }
            ElectionCommand::AttachPoll { poll, order, now } => {
                let terms = election.at(ElectionPhase::Called)?;
                if now < terms.nominations_until && terms.kind == ElectionKind::Seats {
                    return Err(ElectionRefusal::NominationsOpen);
                }
                let standing = election.candidates();
                if standing.is_empty() {
                    return Err(ElectionRefusal::NoCandidates);
                }
                let candidates = order.unwrap_or_else(|| standing.clone());
                let all = |list: &[PersonId]| list.iter().copied().collect::<BTreeSet<_>>();
                if candidates.len() != standing.len() || all(&candidates) != all(&standing) {
                    return Err(ElectionRefusal::OrderUnfit);
                }
                Ok(vec![ElectionEvent::PollAttached { poll, candidates }])
            }
            ElectionCommand::Freeze { roll } => {
                election.at(ElectionPhase::PollAttached)?;
                if !election.proxies.is_empty() && !election.proxies_published {
                    return Err(ElectionRefusal::ProxiesNotPublished);
                }
                Ok(vec![ElectionEvent::ElectorateFrozen { roll }])
            }
            ElectionCommand::Certify { outcome } => Ok(vec![election.at(ElectionPhase::Frozen)?.certified(outcome)?]),
            ElectionCommand::Void { reason } => {
                election.terms()?;
                if matches!(election.phase, ElectionPhase::Certified | ElectionPhase::Voided) {
                    return Err(ElectionRefusal::ElectionIsOver);
                }
                let reason = Prose::parse(&reason, REASON_MAX_CHARS, |most| ElectionRefusal::ElectionReasonUnfit { most })?.into();
                Ok(vec![ElectionEvent::ElectionVoided { reason: VoidReason::Decided { reason }, outcome: None }])
            }
            ElectionCommand::CallRunOff { run_off } => {
                election.terms()?;
                match (&election.left, election.run_off) {
                    (_, Some(_)) => Err(ElectionRefusal::RunOffExists),
                    (Some((seats, candidates)), None) if *seats > 0 && !candidates.is_empty() => {
                        Ok(vec![ElectionEvent::RunOffCalled { run_off }])
                    }
                    (_, None) => Err(ElectionRefusal::NoSeatsLeft),
                }
            }
        }
    }

    fn apply_event(mut election: Self, event: ElectionEvent) -> Self {
        match event {
            ElectionEvent::ElectionCalled { terms, candidates } => {
                let standing = |person| Nominee { person, nominators: vec![], accepted: true };
                election.nominees = candidates.into_iter().map(standing).collect();
                (election.phase, election.terms) = (ElectionPhase::Called, Some(terms));
            }
            ElectionEvent::NomineePutForward { nominee, by } => match election.nominees.iter_mut().find(|it| it.person == nominee) {
                Some(known) => known.nominators.push(by),
                None => election.nominees.push(Nominee { person: nominee, nominators: vec![by], accepted: false }),
            },
            ElectionEvent::NominationAccepted { nominee } => {
                election.nominees.iter_mut().filter(|it| it.person == nominee).for_each(|it| it.accepted = true);
            }
            ElectionEvent::NominationWithdrawn { nominee } => election.nominees.retain(|it| it.person != nominee),
            ElectionEvent::ProxyRegistered { principal, proxy } => {
                election.proxies.insert(principal, proxy);
                election.proxies_published = false;
            }
            ElectionEvent::ProxyRevoked { principal } => {
                election.proxies.remove(&principal);
                election.proxies_published = false;
            }
            ElectionEvent::ProxiesPublished { proxies: _ } => election.proxies_published = true,
            ElectionEvent::PollAttached { poll, candidates } => {
                let place = |nominee: &Nominee| candidates.iter().position(|person| *person == nominee.person).unwrap_or(usize::MAX);
                election.nominees.sort_by_key(place);
                (election.phase, election.poll) = (ElectionPhase::PollAttached, Some(poll));
            }
            ElectionEvent::ElectorateFrozen { roll: _ } => election.phase = ElectionPhase::Frozen,
            ElectionEvent::ElectionCertified { outcome: _, elected, recalled, seats_left, run_off } => {
                (election.phase, election.left) = (ElectionPhase::Certified, Some((seats_left, run_off)));
                (election.elected, election.recalled) = (elected, recalled);
            }
            ElectionEvent::ElectionVoided { .. } => election.phase = ElectionPhase::Voided,
            ElectionEvent::RunOffCalled { run_off } => election.run_off = Some(run_off),
        }
        election
    }
}

#[cfg(test)]
#[path = "election_tests.rs"]
mod tests;
