//! The first text of minutes, made from what happened: an account to be edited, in Chinese.
//!
//! - Persons are named by `@{person id}` only; times are the tenant's.
//! - What was written for the meeting is quoted as minutes may hold it.
//! - What does not fit is left out from the end of the longest part, and the text says so: the meeting itself keeps it all.

use std::fmt::Write;

use chrono_tz::Tz;
use gongyi_domain::{
    deliberation::{
        decision::{Measure, Quorum, Turnout},
        meeting::{Meeting, MeetingEvent, VoteKind},
        minutes::{MINUTES_MAX_CHARS, Resolution},
        sitting::{Attendee, Capacity},
        speakers::Side,
    },
    prose::quoted,
    values::{AgendaItemId, Instant, PersonId, VoteId},
};

/// Where a text that is too long is cut: room is left to say so.
const ROOM_CHARS: usize = 100;

/// A meeting that is over, and what belongs to its minutes.
pub(super) struct Happened<'a> {
    pub council: &'a str,
    pub meeting: &'a Meeting,
    pub events: &'a [MeetingEvent],
    /// Who sat in the council then.
    pub representatives: &'a [PersonId],
    pub resolutions: &'a [Resolution],
    pub zone: Tz,
}

fn name(person: PersonId) -> String {
    format!("@{{{person}}}")
}

fn names(people: impl IntoIterator<Item = PersonId>) -> String {
    let names: Vec<_> = people.into_iter().map(name).collect();
    if names.is_empty() { "无".to_owned() } else { names.join("、") }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::For => "赞成",
        Side::Against => "反对",
        Side::Neutral => "中立",
    }
}

/// The draft.
pub(super) fn draft(happened: &Happened<'_>) -> String {
    let parts = [happened.head(), happened.course(), happened.items(), happened.resolved()].map(|part| quoted(&part));
    let text = parts.join("\n\n");
    if text.chars().count() <= MINUTES_MAX_CHARS {
        return text;
    }
    // Resolutions are what nobody may miss: the account before them is cut, at the end of a line.
    let [head, course, items, resolved] = parts;
    let most = MINUTES_MAX_CHARS.saturating_sub(resolved.chars().count() + ROOM_CHARS);
    let account: String = [head, course, items].join("\n\n").chars().take(most).collect();
    let account = account.rsplit_once('\n').map_or(account.as_str(), |(kept, _)| kept);
    let text = format!("{account}\n（篇幅所限，其余从略；完整经过以会议记录为准。）\n\n{resolved}");
    text.chars().take(MINUTES_MAX_CHARS).collect()
}

impl Happened<'_> {
    fn time(&self, at: Instant) -> String {
        at.with_timezone(&self.zone).format("%H:%M").to_string()
    }

    fn moment(&self, at: Instant) -> String {
        at.with_timezone(&self.zone).format("%Y年%-m月%-d日 %H:%M").to_string()
    }

    fn stays(&self, person: PersonId, attendee: &Attendee) -> String {
        let stay = |from, until: Option<Instant>| match until {
            Some(until) => format!("{}—{}", self.time(from), self.time(until)),
            None => format!("{}起", self.time(from)),
        };
        let stays: Vec<_> = attendee.stays.iter().map(|it| stay(it.from, it.until)).collect();
        format!("{}（{}）", name(person), stays.join("，"))
    }

    fn attended(&self, capacity: Capacity) -> String {
        let there: Vec<_> = self.meeting.sitting.all().filter(|(_, it)| it.capacity == capacity).collect();
        if there.is_empty() {
            return "无".to_owned();
        }
        there.into_iter().map(|(person, it)| self.stays(person, it)).collect::<Vec<_>>().join("、")
    }

    fn head(&self) -> String {
        let (title, place, starts) =
            self.meeting.notice.as_ref().map_or(("", "", String::new()), |it| (&it.title, &it.place, self.moment(it.starts)));
        let missing = self.representatives.iter().copied().filter(|it| self.meeting.sitting.of(*it).is_none());
        let absent = missing.clone().filter(|it| !self.meeting.excused.contains(it));
        let mut lines = vec![
            format!("{}{title}会议纪要", self.council),
            String::new(),
            format!("通知时间：{starts}"),
            format!("地点：{place}"),
            format!("应到代表：{} 人", self.meeting.entitled),
            format!("到会代表：{}", self.attended(Capacity::Representative)),
            format!("特邀专家：{}", self.attended(Capacity::Expert)),
            format!("列席：{}", self.attended(Capacity::Observer)),
            format!("请假：{}", names(missing.filter(|it| self.meeting.excused.contains(it)))),
            format!("缺席：{}", names(absent)),
        ];
        for event in self.events {
            if let MeetingEvent::MeetingConvened { short_notice: Some(reason), .. } = event {
                lines.push(format!("未按章程期限通知的理由：{reason}"));
            }
        }
        lines.join("\n")
    }

    fn quorum(&self, present: u64, entitled: u64) -> String {
        let Some(orders) = &self.meeting.orders else { return String::new() };
        let quorum = Quorum { counts: Turnout::Present, by: Measure::Heads, threshold: orders.quorum };
        quorum.step(present, entitled).wording().zh
    }

    fn course(&self) -> String {
        let mut lines = vec!["会议经过".to_owned()];
        for event in self.events {
            let line = match event {
                MeetingEvent::MeetingOpened { at, present, entitled } => {
                    format!("{} 会议开始：{}", self.moment(*at), self.quorum(*present, *entitled))
                }
                MeetingEvent::QuorumLost { at, present, entitled } => {
                    format!("{} 不足法定人数：{}", self.moment(*at), self.quorum(*present, *entitled))
                }
                MeetingEvent::QuorumReached { at, present, entitled } => {
                    format!("{} 恢复法定人数：{}", self.moment(*at), self.quorum(*present, *entitled))
                }
                MeetingEvent::MeetingAdjourned { at, until, reason } => {
                    let until = until.map_or(String::new(), |it| format!("，拟于 {} 复会", self.moment(it)));
                    format!("{} 休会{until}：{reason}", self.moment(*at))
                }
                MeetingEvent::ContinuationAnnounced { notice } => {
                    format!("复会时间定于 {}，地点：{}", self.moment(notice.starts), notice.place)
                }
                MeetingEvent::MeetingResumed { at, present, entitled } => {
                    format!("{} 复会：{}", self.moment(*at), self.quorum(*present, entitled.unwrap_or(self.meeting.entitled)))
                }
                MeetingEvent::MeetingClosed { at } => format!("{} 会议结束", self.moment(*at)),
                MeetingEvent::MeetingConvened { .. }
                | MeetingEvent::MeetingAmended { .. }
                | MeetingEvent::MeetingCancelled { .. }
                | MeetingEvent::GuestInvited { .. }
                | MeetingEvent::AbsenceExcused { .. }
                | MeetingEvent::AttendeeCame { .. }
                | MeetingEvent::AttendeeWent { .. }
                | MeetingEvent::ItemTakenUp { .. }
                | MeetingEvent::SpeakerListed { .. }
                | MeetingEvent::SpeakerUnlisted { .. }
                | MeetingEvent::SpeakerCalled { .. }
                | MeetingEvent::TurnEnded { .. }
                | MeetingEvent::VoteOpened { .. }
                | MeetingEvent::BallotCast { .. }
                | MeetingEvent::HandsCounted { .. }
                | MeetingEvent::VoteClosed { .. }
                | MeetingEvent::VoteAnnulled { .. } => continue,
            };
            lines.push(format!("- {line}"));
        }
        lines.join("\n")
    }

    fn items(&self) -> String {
        let mut lines = vec!["审议事项".to_owned()];
        for item in self.meeting.agenda.items() {
            let number = self.meeting.agenda.number(item.id).unwrap_or_default();
            lines.push(format!("{number} {}", item.title));
            lines.extend(self.item(item.id).into_iter().map(|line| format!("- {line}")));
        }
        lines.join("\n")
    }

    /// The item under which a vote was taken.
    fn item_of(&self, vote: VoteId) -> Option<AgendaItemId> {
        self.meeting.votes.get(&vote).map(|vote| vote.question.item)
    }

    fn item(&self, id: AgendaItemId) -> Vec<String> {
        let line = |event: &MeetingEvent| match event {
            MeetingEvent::ItemTakenUp { item, at } if *item == id => Some(format!("{} 开始审议", self.moment(*at))),
            MeetingEvent::SpeakerCalled { item, person, side: it, at, .. } if *item == id => {
                Some(format!("{} {}发言（{}）", self.time(*at), name(*person), side(*it)))
            }
            MeetingEvent::VoteOpened { question, voters, recused, at, .. } if question.item == id => {
                let how = match question.kind {
                    VoteKind::ByName => "记名表决",
                    VoteKind::ShowOfHands => "举手表决",
                    VoteKind::Secret { .. } => "无记名投票",
                };
                let mut line = format!("{} {how}：{}（可投票 {} 人）", self.time(*at), question.text, voters.len());
                if !recused.is_empty() {
                    // A string takes whatever is written into it.
                    let _ = write!(line, "，回避：{}", names(recused.iter().copied()));
                }
                Some(line)
            }
            MeetingEvent::VoteClosed { vote, at, decision, on: _ } if self.item_of(*vote) == Some(id) => {
                let (counts, verdict) = (decision.tally.heads, &decision.verdict);
                Some(format!(
                    "{} 表决结果：赞成 {}，反对 {}，弃权 {}，无效 {}。按「{}」（{}）{}：{}",
                    self.time(*at),
                    counts.yes,
                    counts.no,
                    counts.abstain,
                    counts.invalid,
                    decision.rule.title.zh,
                    decision.rule.source.zh,
                    verdict.outcome.wording().zh,
                    verdict.reason().zh
                ))
            }
            MeetingEvent::VoteAnnulled { vote, reason } if self.item_of(*vote) == Some(id) => Some(format!("表决作废：{reason}")),
            MeetingEvent::ItemTakenUp { .. }
            | MeetingEvent::SpeakerCalled { .. }
            | MeetingEvent::VoteOpened { .. }
            | MeetingEvent::VoteClosed { .. }
            | MeetingEvent::VoteAnnulled { .. }
            | MeetingEvent::MeetingConvened { .. }
            | MeetingEvent::MeetingAmended { .. }
            | MeetingEvent::ContinuationAnnounced { .. }
            | MeetingEvent::MeetingCancelled { .. }
            | MeetingEvent::GuestInvited { .. }
            | MeetingEvent::AbsenceExcused { .. }
            | MeetingEvent::AttendeeCame { .. }
            | MeetingEvent::AttendeeWent { .. }
            | MeetingEvent::QuorumReached { .. }
            | MeetingEvent::QuorumLost { .. }
            | MeetingEvent::MeetingOpened { .. }
            | MeetingEvent::MeetingAdjourned { .. }
            | MeetingEvent::MeetingResumed { .. }
            | MeetingEvent::MeetingClosed { .. }
            | MeetingEvent::SpeakerListed { .. }
            | MeetingEvent::SpeakerUnlisted { .. }
            | MeetingEvent::TurnEnded { .. }
            | MeetingEvent::BallotCast { .. }
            | MeetingEvent::HandsCounted { .. } => None,
        };
        self.events.iter().filter_map(line).collect()
    }

    fn resolved(&self) -> String {
        let mut lines = vec!["决议".to_owned()];
        if self.resolutions.is_empty() {
            lines.push("本次会议未作出决议。".to_owned());
        }
        for (place, it) in self.resolutions.iter().enumerate() {
            let outcome = if it.carried { "通过" } else { "未通过" };
            lines.push(format!("{}. {}：{outcome}。{}", place + 1, it.question, it.reason_zh));
        }
        lines.join("\n")
    }
}
