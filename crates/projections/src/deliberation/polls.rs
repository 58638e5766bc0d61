//! Polls, their rolls, and the published ballots of secret ones.
//!
//! - `state` is what the domain's own `apply_event` makes of the poll's events.
//! - Who took part is a mark on the entry, without a time. A published ballot is a number in a shuffled list, a tag and
//!   marks. No column of one is a column of the other, but the poll.

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use esrs::Aggregate;
use gongyi_domain::{
    Event,
    deliberation::{
        self,
        ballot::{BallotListEvent, Marks},
        poll::{Poll, PollEvent, PollPhase},
        poll_terms::Matter,
        roll_entry::{Channel, Holder, RollEntryEvent},
    },
    values::{AreaCode, ElectionId, Instant, MotionId, PersonId, PollId, RollEntryId},
};

use crate::{
    change::Change,
    opener::Texts,
    read_model::{Fold, FoldError},
    rows::{Rows, Table, row},
    stored::{flag, json},
};

row! {
    /// A poll.
    PollRow in "polls" {
        key {
            /// The poll.
            id: PollId,
        }
        fixed {
            /// Where.
            area: AreaCode,
            /// The election it is of, if it is one's.
            election: Option<ElectionId>,
            /// The motion it is about, if it is about one.
            motion: Option<MotionId>,
            /// When it was prepared, as recorded.
            #[serde(with = "ts_microseconds")]
            prepared_at: Instant,
        }
        rare {
            /// How far it has come.
            phase: PollPhase,
        }
        live {
            /// When it was opened.
            #[serde(with = "ts_microseconds_option")]
            opened_at: Option<Instant>,
            /// When it was closed.
            #[serde(with = "ts_microseconds_option")]
            closed_at: Option<Instant>,
            /// When its outcome was published, or it was voided.
            #[serde(with = "ts_microseconds_option")]
            concluded_at: Option<Instant>,
            /// Entries of the roll now.
            entries: u64,
            /// Of these, that took part online.
            online: u64,
            /// Of these, that took part in person.
            in_person: u64,
            /// Of both, whose proxy voted.
            by_proxy: u64,
            /// Ballots in the published list.
            ballots: u64,
            /// Why it was voided.
            void_reason: Option<String>,
            /// The domain's state of it.
            #[serde(with = "json")]
            state: Poll,
        }
    }
}

row! {
    /// An entry of a poll's roll; one that was struck is not here.
    RollEntryRow in "roll_entries" {
        key {
            /// The entry.
            id: RollEntryId,
        }
        fixed {
            /// The poll.
            poll: PollId,
            /// Who or what has the vote.
            #[serde(with = "json")]
            holder: Holder,
        }
        rare {
            /// Who casts it.
            voter: PersonId,
        }
        live {
            /// 1, or a weight such as the floor area in cm².
            weight: u64,
            /// It has voted.
            #[serde(with = "flag")]
            voted: bool,
            /// How.
            channel: Option<Channel>,
            /// By whom, if not by the voter.
            proxy: Option<PersonId>,
            /// What, in an open poll.
            #[serde(with = "json")]
            marks: Option<Marks>,
        }
    }
}

row! {
    /// A ballot of a secret poll, as it was published.
    PublishedBallotRow in "published_ballots" {
        key {
            /// The poll.
            poll: PollId,
            /// Its number in the shuffled list, from 1.
            number: u64,
        }
        fixed {
            /// The receipt's tag.
            tag: Option<String>,
            /// What is marked.
            #[serde(with = "json")]
            marks: Marks,
        }
    }
}

#[derive(Default)]
pub(crate) struct PollsFold {
    polls: Rows<PollRow>,
    entries: Rows<RollEntryRow>,
    ballots: Rows<PublishedBallotRow>,
}

/// One more.
fn more(count: &mut u64) -> Result<(), FoldError> {
    *count = count.checked_add(1).ok_or(FoldError::Overflow("polls"))?;
    Ok(())
}

impl PollsFold {
    fn poll(&mut self, id: PollId, change: &Change, event: &PollEvent) -> Result<(), FoldError> {
        let (position, now) = (change.position, change.recorded_at);
        if let PollEvent::PollPrepared { terms } = event {
            let (election, motion) = match terms.matter {
                Matter::Election(election) => (Some(election), None),
                Matter::Motion(motion) => (None, Some(motion)),
                Matter::Council { .. } | Matter::Question => (None, None),
            };
            return self.polls.add(PollRow {
                id,
                area: terms.area.clone(),
                election,
                motion,
                prepared_at: now,
                phase: PollPhase::Prepared,
                opened_at: None,
                closed_at: None,
                concluded_at: None,
                entries: 0,
                online: 0,
                in_person: 0,
                by_proxy: 0,
                ballots: 0,
                void_reason: None,
                state: Poll::apply_event(Poll::default(), event.clone()),
                position,
            });
        }
        let row = self.polls.change(&(id,), position)?;
        row.state = Poll::apply_event(std::mem::take(&mut row.state), event.clone());
        row.phase = row.state.phase;
        match event {
            PollEvent::PollOpened { .. } => row.opened_at = Some(now),
            PollEvent::PollClosed {} => row.closed_at = Some(now),
            PollEvent::PollPublished {} => row.concluded_at = Some(now),
            PollEvent::PollVoided { reason } => (row.concluded_at, row.void_reason) = (Some(now), Some(reason.clone())),
            PollEvent::PollPrepared { .. }
            | PollEvent::TellersAppointed { .. }
            | PollEvent::PaperCountEntered { .. }
            | PollEvent::PollCounted { .. } => {}
        }
        Ok(())
    }

    fn entry(&mut self, id: RollEntryId, position: u64, event: &RollEntryEvent) -> Result<(), FoldError> {
        let (channel, proxy, marks) = match event {
            RollEntryEvent::EntitledOnRoll { poll, line } => {
                more(&mut self.polls.change(&(*poll,), position)?.entries)?;
                return self.entries.add(RollEntryRow {
                    id,
                    poll: *poll,
                    holder: line.holder,
                    voter: line.voter,
                    weight: line.weight,
                    voted: false,
                    channel: None,
                    proxy: None,
                    marks: None,
                    position,
                });
            }
            RollEntryEvent::StruckFromRoll {} => {
                let struck = self.entries.remove(&(id,))?;
                let poll = self.polls.change(&(struck.poll,), position)?;
                poll.entries = poll.entries.checked_sub(1).ok_or(FoldError::Overflow("polls.entries"))?;
                return Ok(());
            }
            RollEntryEvent::BallotCast { channel, proxy } => (*channel, *proxy, None),
            RollEntryEvent::OpenBallotCast { channel, proxy, marks } => (*channel, *proxy, Some(marks.clone())),
        };
        let row = self.entries.change(&(id,), position)?;
        (row.voted, row.channel, row.proxy, row.marks) = (true, Some(channel), proxy, marks);
        let poll = row.poll;
        let poll = self.polls.change(&(poll,), position)?;
        more(match channel {
            Channel::Online => &mut poll.online,
            Channel::InPerson => &mut poll.in_person,
        })?;
        if proxy.is_some() {
            more(&mut poll.by_proxy)?;
        }
        Ok(())
    }
}

/// What this fold goes by.
enum Concern<'e> {
    /// Something befell a poll.
    Poll(&'e PollEvent),
    /// Something befell an entry of a roll.
    Entry(&'e RollEntryEvent),
    /// The ballots of a secret poll were published.
    Ballots(&'e BallotListEvent),
}

fn concern(change: &Change) -> Option<Concern<'_>> {
    use deliberation::Event as D;
    let Event::Deliberation(event) = &change.event else { return None };
    match event {
        D::Poll(event) => Some(Concern::Poll(event)),
        D::RollEntry(event) => Some(Concern::Entry(event)),
        D::BallotList(event) => Some(Concern::Ballots(event)),
        D::Council(_)
        | D::ResidentIssue(_)
        | D::Motion(_)
        | D::MotionRegister(_)
        | D::Covenant(_)
        | D::Meeting(_)
        | D::Election(_)
        | D::Roll(_)
        | D::Minutes(_) => None,
    }
}

impl Fold for PollsFold {
    const NAME: &'static str = "polls";
    const KINDS: &'static [&'static str] = &["poll", "roll_entry", "ballot_list"];

    fn want(&mut self, change: &Change) {
        match concern(change) {
            Some(Concern::Poll(_) | Concern::Ballots(_)) => self.polls.want((PollId(change.stream.id),)),
            Some(Concern::Entry(event)) => {
                self.entries.want((RollEntryId(change.stream.id),));
                if let RollEntryEvent::EntitledOnRoll { poll, .. } = event {
                    self.polls.want((*poll,));
                }
            }
            None => {}
        }
    }

    fn want_next(&mut self, change: &Change) {
        let Some(Concern::Entry(_)) = concern(change) else { return };
        let known = self.entries.get(&(RollEntryId(change.stream.id),)).ok().flatten().map(|row| row.poll);
        if let Some(poll) = known {
            self.polls.want((poll,));
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let (id, position) = (change.stream.id, change.position);
        match concern(change) {
            Some(Concern::Poll(event)) => self.poll(PollId(id), change, event),
            Some(Concern::Entry(event)) => self.entry(RollEntryId(id), position, event),
            Some(Concern::Ballots(BallotListEvent::BallotsPublished { ballots })) => {
                let poll = self.polls.change(&(PollId(id),), position)?;
                for ballot in ballots {
                    more(&mut poll.ballots)?;
                    let (tag, marks) = (ballot.tag.clone(), ballot.marks.clone());
                    self.ballots.put(PublishedBallotRow { poll: PollId(id), number: poll.ballots, tag, marks, position });
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.polls, &mut self.entries, &mut self.ballots]
    }
}
