//! Councils: elections, motions, meetings, activities that representatives begin, self-organisations that come of it.

use std::sync::{Arc, Mutex};

use anyhow::{Context, bail};
use gongyi_app::{
    deliberation::{
        councils::{EstablishCouncil, LeaveSeat, SeatRepresentatives, SourceGiven},
        elections::{AnswerNomination, CallElection, CertifyElection, Nominate, PrepareElectionPoll},
        meeting::{
            convening::{AgendaDraft, ConveneMeeting},
            sitting::{CloseMeeting, OpenMeeting, Passage, RecordPresence, TakeUpItem},
            voting::{CloseVote, CountHands, OpenVote, VoteKind},
        },
        motion::{
            carrying_out::{CompleteMotion, ReportProgress},
            drafting::{AcceptMotion, DraftMotion, ParagraphDraft, ReturnMotion, SecondMotion, SubmitMotion, TextDraft},
        },
        poll::{
            casting::RecordInPerson,
            counting::{ClosePoll, CountPoll, EnterPaperCount, PublishPoll},
            preparing::{AppointTellers, OpenPoll},
            roll::EnterOnRoll,
        },
    },
    projects::{
        community_activities::{
            BeginCommunityActivity, CancelCommunityActivity, CorrectPersonTimes, HoldCommunityActivity, VoidCommunityActivity,
        },
        self_organisations::{IncubateSelfOrganisation, RegisterSelfOrganisation},
    },
    volunteering::volunteers::JoinOrganisation,
};
use gongyi_domain::{
    access::authority::Role,
    deliberation::{
        ballot::Method,
        charter::{CharterTerms, Matter},
        council::Council,
        counting::paper::PaperCount,
        decision::statutes,
        election_terms::{CandidateOrder, ElectionKind, ElectionTerms},
        meeting::{Hands, Meeting, Notice},
        motion_category::MotionCategory,
        poll_terms::Channels,
        roll_entry::{Holder, RollLine},
    },
    projects::community_activity::Beginner,
    report::Figure,
    values::{CouncilId, Day, MeetingId, MotionId, PersonId},
};

use super::{
    split::{deal, split},
    time::Course,
    world::{Place, STAFF, Somebody, Staff, World, after, before, operator},
};

/// Most seats that one election fills; others are taken over from a register.
const SEATS_OF_AN_ELECTION: u64 = 15;
/// Seats of a council that must work though nobody is to sit in it in the end.
const SEATS_FOR_A_WHILE: u64 = 3;
/// Who votes in an election.
const VOTERS: usize = 9;
/// Why somebody votes who lives elsewhere: people are few, and each council's voters are drawn from all of them.
const WORKS_HERE: &str = "在本社区工作";
/// Seats that a council has, where the profile leaves that open.
const SEATS_USUAL: u64 = 7;
/// Days before the period on which councils are established.
const ESTABLISHED_DAYS_BEFORE: u64 = 50;

/// What one council does in the period.
#[derive(Debug, Clone, Default)]
struct Task {
    nth: usize,
    /// Elections, each with the seats it fills.
    elections: Vec<u64>,
    /// Seats taken over from a register, before anything else.
    taken_over: u64,
    /// Of all of these, so many leave on the last day.
    leave: u64,
    meetings: u64,
    motions: u64,
    /// Person-times of each activity.
    activities: Vec<u32>,
}

impl Task {
    fn seats(&self) -> u64 {
        self.elections.iter().sum::<u64>() + self.taken_over
    }
}

/// How all councils share the profile's figures.
fn tasks(world: &World) -> anyhow::Result<Vec<Task>> {
    let profile = &world.profile;
    let (elections, seats) = (profile.get(Figure::CertifiedElections), profile.get(Figure::SeatedRepresentatives));
    let (meetings, motions) = (profile.get(Figure::MeetingsHeld), profile.get(Figure::MotionsReceived));
    let activities = profile.count(Figure::ActivitiesByRepresentatives);
    let work = meetings + motions + activities as u64;
    if elections + seats + work + profile.get(Figure::SelfOrganisations) == 0 {
        return Ok(vec![]);
    }
    let usual = if elections > 0 { elections } else { seats.div_ceil(SEATS_USUAL) };
    // Where there is work, there are representatives.
    let wanted = if seats > 0 { usual.min(seats) } else { usual.min(1) };
    let many = usize::try_from(wanted)?.clamp(1, world.places.len());
    let mut random = world.random(2);
    let reached = split(&mut random, profile.get(Figure::ActivityPersonTimes), activities, 1, 1_000_000).context("activityPersonTimes")?;
    let mut reached = reached.into_iter().map(|it| it as u32);
    let shares = |total: u64| deal(total, many);
    let (elections, seats, meetings, motions) = (shares(elections), shares(seats), shares(meetings), shares(motions));
    let activities = shares(activities as u64);
    let task = |nth: usize| {
        let held = elections[nth];
        let by_election = seats[nth].min(held * SEATS_OF_AN_ELECTION);
        let mut filled = deal(by_election, usize::try_from(held)?);
        // An election fills a seat at least; who is too many leaves in the end.
        filled.iter_mut().for_each(|it| *it = (*it).max(1));
        let mut taken_over = seats[nth] - by_election;
        if held + taken_over == 0 && meetings[nth] + motions[nth] + activities[nth] > 0 {
            taken_over = SEATS_FOR_A_WHILE;
        }
        let leave = filled.iter().sum::<u64>() + taken_over - seats[nth];
        let activities = reached.by_ref().take(usize::try_from(activities[nth])?).collect();
        Ok(Task { nth, elections: filled, taken_over, leave, meetings: meetings[nth], motions: motions[nth], activities })
    };
    (0..many).map(task).collect()
}

/// People whom the councils need at least, beside the staff.
pub fn people_needed(world: &World) -> anyhow::Result<usize> {
    let most = tasks(world)?.iter().map(Task::seats).max();
    Ok(most.map_or(0, |seats| usize::try_from(seats).unwrap_or(usize::MAX).saturating_add(VOTERS + 1)))
}

/// A council at work.
struct Chamber {
    world: Arc<World>,
    staff: Arc<Staff>,
    people: Arc<Vec<Somebody>>,
    task: Task,
    council: CouncilId,
    place: Place,
    /// Everybody can work from this day on.
    opens: Day,
    /// Motions that were taken in and wait for a meeting.
    accepted: Mutex<Vec<MotionId>>,
}

/// All councils, each its own course of events; to be begun before time goes on.
pub fn begins(
    world: &Arc<World>,
    staff: &Arc<Staff>,
    people: &Arc<Vec<Somebody>>,
    courses: &mut tokio::task::JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let tasks = tasks(world)?;
    let owners = tasks.len();
    let mut random = world.random(3);
    let own = world.profile.count(Figure::SelfOrganisations);
    let most = people.len().saturating_sub(STAFF) as u64;
    let members = split(&mut random, world.profile.get(Figure::SelfOrganisationMembers), own, 0, most);
    let Some(members) = members else {
        return Err(world.profile.impossible("selfOrganisationMembers", "成员多于志愿者", "more members than there are volunteers").into());
    };
    for task in tasks {
        let (world, staff, people, course) = (world.clone(), staff.clone(), people.clone(), world.time.course());
        let nth = task.nth;
        let founded: Vec<(usize, u64)> = members.iter().copied().enumerate().filter(|(it, _)| it % owners == nth).collect();
        courses.spawn(async move {
            let chamber = Chamber::establish(world, staff, people, task, &course).await?;
            let chamber = Arc::new(chamber);
            chamber.works(course, founded).await
        });
    }
    Ok(())
}

impl Chamber {
    async fn establish(
        world: Arc<World>,
        staff: Arc<Staff>,
        people: Arc<Vec<Somebody>>,
        task: Task,
        course: &Course,
    ) -> anyhow::Result<Self> {
        let place = world.place(task.nth).clone();
        course.until(world.at(before(world.profile.from, ESTABLISHED_DAYS_BEFORE), 9, 0)).await;
        let seats = u32::try_from(task.seats().max(3))?;
        let establish = EstablishCouncil {
            area: place.code.clone(),
            name: format!("{}议事会", place.name),
            charter: CharterTerms::model(seats),
            authority: "民政局".into(),
            reason: "关于设立居民议事会的批复".into(),
            on: None,
        };
        let council = world.does(&staff.officer, course, &establish).await?;
        let days = world.profile.days();
        let opens = match (task.elections.is_empty(), task.taken_over) {
            (false, 0) => days[days.len() * (task.nth % 10) / 40],
            _ => world.profile.from,
        };
        Ok(Self { world, staff, people, task, council, place, opens, accepted: Mutex::default() })
    }

    /// Somebody who is not of the staff, another for each number.
    fn person(&self, nth: usize) -> PersonId {
        let others = self.people.len() - STAFF;
        self.people[STAFF + (self.task.nth * 31 + nth) % others].person
    }

    /// The day of the `nth` of so many things from when the council can work to the end.
    fn day(&self, nth: u64, of: u64) -> Day {
        let days = self.opens.iter_days().take_while(|day| *day <= self.world.profile.as_of).count() as u64;
        // Not all councils on the same days.
        let shift = self.task.nth as u64 * 7 % (days / of.max(1)).max(1);
        after(self.opens, (nth * days / of.max(1) + shift).min(days - 1))
    }

    async fn representatives(&self, day: Day) -> anyhow::Result<Vec<PersonId>> {
        Ok(self.world.app.state::<Council>(self.council).await?.representatives(day).collect())
    }

    async fn works(self: Arc<Self>, course: Course, founded: Vec<(usize, u64)>) -> anyhow::Result<()> {
        let world = self.world.clone();
        if self.task.taken_over > 0 {
            let people = (0..usize::try_from(self.task.taken_over)?).map(|nth| self.person(nth)).collect();
            let source = SourceGiven::Transition { source: "换届前代表名册".into() };
            let seat = SeatRepresentatives { council: self.council, people, from: None, until: None, source };
            world.does(&self.staff.officer, &course, &seat).await?;
        }
        // Each a course of its own, all of them begun before this one ends.
        let mut parts = tokio::task::JoinSet::new();
        let mut seated = usize::try_from(self.task.taken_over)?;
        for (nth, seats) in self.task.elections.iter().enumerate() {
            let (this, course, seats) = (self.clone(), world.time.course(), usize::try_from(*seats)?);
            let certified = self.day(nth as u64, self.task.elections.len() as u64);
            let certified = if nth == 0 { self.opens } else { certified };
            let first = seated;
            seated += seats;
            parts.spawn(async move { this.elects(course, nth, certified, first, seats).await });
        }
        for nth in 0..self.task.motions {
            let (this, course, day) = (self.clone(), world.time.course(), self.day(nth, self.task.motions));
            parts.spawn(async move { this.moves(course, nth, day).await });
        }
        for nth in 0..self.task.meetings {
            let (this, course, day) = (self.clone(), world.time.course(), self.day(nth, self.task.meetings));
            parts.spawn(async move { this.meets(course, nth, day).await });
        }
        for (nth, reached) in self.task.activities.iter().copied().enumerate() {
            let (this, course) = (self.clone(), world.time.course());
            let day = self.day(nth as u64, self.task.activities.len() as u64);
            parts.spawn(async move { this.begins_activity(course, nth, day, reached).await });
        }
        for (place, (nth, members)) in founded.iter().copied().enumerate() {
            let (this, course, day) = (self.clone(), world.time.course(), self.day(place as u64, founded.len() as u64));
            parts.spawn(async move { this.incubates(course, nth, day, members).await });
        }
        if self.task.leave > 0 {
            let (this, course) = (self.clone(), world.time.course());
            parts.spawn(async move { this.some_leave(course).await });
        }
        drop(course);
        while let Some(part) = parts.join_next().await {
            part??;
        }
        Ok(())
    }

    /// An election by paper ballots, from the call to the certificate.
    async fn elects(&self, course: Course, nth: usize, certified: Day, first: usize, seats: usize) -> anyhow::Result<()> {
        let (world, officer) = (&self.world, &self.staff.officer);
        let back = |days: u64, hour: u32| world.at(before(certified, days), hour, 0);
        course.until(back(32, 9)).await;
        let many = u16::try_from(seats)?;
        let terms = ElectionTerms {
            council: self.council,
            area: self.place.code.clone(),
            kind: ElectionKind::Seats,
            seats: many,
            method: Method::Plurality { seats: many, marks_max: many },
            rule: statutes::find(statutes::VILLAGE_ELECTION, 1).context("the statutes' rule of elections")?,
            nominations_until: back(26, 18),
            poll_opens: back(4, 8),
            poll_closes: back(1, 18),
            candidate_order: CandidateOrder::default(),
        };
        let election = world.does(officer, &course, &CallElection { terms }).await?;
        course.until(back(30, 10)).await;
        for candidate in first..=first + seats {
            let nominee = self.person(candidate);
            world.does(officer, &course, &Nominate { election, nominee, by: nominee }).await?;
            // Who put themselves forward stands.
            let answer = AnswerNomination { election, nominee, stands: true };
            if candidate == first {
                world.is_refused(&["AlreadyAccepted"], officer, &course, &answer).await?;
            }
        }
        // The roll stands for more than the twenty days before the poll that the statute asks for.
        course.until(back(25, 9)).await;
        let title = format!("{}议事代表选举", self.place.name);
        let prepare = PrepareElectionPoll { election, title, secret: true, receipts: None, channels: Channels::InPerson };
        let poll = world.does(officer, &course, &prepare).await?;
        let voters: Vec<PersonId> = (0..VOTERS).map(|it| self.person(first + seats + 1 + it)).collect();
        let voters: std::collections::BTreeSet<PersonId> = voters.into_iter().collect();
        let line = |person: &PersonId| RollLine { holder: Holder::Person(*person), voter: *person, weight: 1 };
        world
            .does(
                officer,
                &course,
                &EnterOnRoll { poll, lines: voters.iter().map(line).collect(), exception: Some(WORKS_HERE.into()), register: None },
            )
            .await?;
        let [(one, teller), (two, other)] = &self.staff.tellers;
        world.does(officer, &course, &AppointTellers { poll, tellers: [*one, *two] }).await?;
        course.until(back(4, 8)).await;
        world.does(officer, &course, &OpenPoll { poll }).await?;
        course.until(back(2, 10)).await;
        for voter in &voters {
            let record = RecordInPerson { poll, entry: Holder::Person(*voter).entry(poll), proxy: None, marks: None };
            world.does(officer, &course, &record).await?;
        }
        course.until(back(1, 18)).await;
        world.does(officer, &course, &ClosePoll { poll }).await?;
        // All but one vote for who is elected, the last for whoever is left.
        let valid = voters.len() as u64;
        let votes = |left: u64| [vec![valid - 1; seats], vec![left]].concat();
        let sheet = |left: u64| EnterPaperCount { poll, count: PaperCount::Options { valid, blank: 0, invalid: 0, votes: votes(left) } };
        world.does(teller, &course, &sheet(1)).await?;
        if (self.task.nth + nth) % 9 == 4 {
            world.does(other, &course, &sheet(0)).await?;
            world.is_refused(&["PaperNotAgreed"], officer, &course, &CountPoll { poll }).await?;
        }
        world.does(other, &course, &sheet(1)).await?;
        world.does(officer, &course, &CountPoll { poll }).await?;
        course.until(world.at(certified, 8, 0)).await;
        world.does(officer, &course, &CertifyElection { election }).await?;
        world.does(officer, &course, &PublishPoll { poll }).await?;
        Ok(())
    }

    fn motion_text(&self, nth: u64) -> (MotionCategory, TextDraft) {
        let category = MotionCategory::ALL[(self.task.nth + nth as usize) % MotionCategory::ALL.len()];
        let paragraph = |text: String| ParagraphDraft { id: None, text };
        let paragraphs = vec![
            paragraph(format!("{}居民多次反映{}方面的问题。", self.place.name, category.zh())),
            paragraph("建议由社区牵头，三个月内提出办法并公示。".into()),
        ];
        (category, TextDraft { title: format!("关于{}{}的议题（第 {} 号）", self.place.name, category.zh(), nth + 1), paragraphs })
    }

    /// A motion, from the draft to whether it is taken in; some are returned.
    async fn moves(&self, course: Course, nth: u64, day: Day) -> anyhow::Result<()> {
        let (world, officer) = (&self.world, &self.staff.officer);
        course.until(world.at(day, 10, 0)).await;
        let people = self.representatives(day).await?;
        let Some(mover) = people.get(nth as usize % people.len().max(1)).copied() else { bail!("a council without representatives") };
        let (category, text) = self.motion_text(nth);
        let motion = world.does(officer, &course, &DraftMotion { council: self.council, mover, category, text }).await?;
        world.does(officer, &course, &SubmitMotion { motion, by: mover }).await?;
        let needed = usize::try_from(CharterTerms::model(u32::try_from(self.task.seats().max(3))?).seconds_needed)?;
        let seconders: Vec<PersonId> = people.iter().copied().filter(|it| *it != mover).take(needed).collect();
        for by in &seconders {
            world.does(officer, &course, &SecondMotion { motion, by: *by }).await?;
        }
        if seconders.len() < needed {
            return Ok(());
        }
        course.until(world.at(day, 11, 0)).await;
        if nth % 5 == 4 {
            world.does(officer, &course, &ReturnMotion { motion, reason: "不属于居民自治范围".into() }).await?;
            return Ok(());
        }
        world.does(officer, &course, &AcceptMotion { motion }).await?;
        self.accepted.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(motion);
        Ok(())
    }

    /// A motion that waits for a meeting.
    fn waiting_motion(&self) -> Option<MotionId> {
        self.accepted.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop()
    }

    async fn present(&self, course: &Course, meeting: MeetingId, people: &[PersonId]) -> anyhow::Result<()> {
        let came = |person: &PersonId| RecordPresence { meeting, person: *person, passage: Passage::Came, at: None };
        for person in people {
            self.world.does(&self.staff.officer, course, &came(person)).await?;
        }
        Ok(())
    }

    /// A meeting, from the notice to the close; every second one decides something by show of hands.
    async fn meets(&self, course: Course, nth: u64, day: Day) -> anyhow::Result<()> {
        let (world, officer) = (&self.world, &self.staff.officer);
        let begins = world.at(day, 14, 0);
        // Whoever sits by then is told a week ahead, or as soon as the council can work.
        let told = world.at(before(day, 7), 9, 0).max(world.at(self.opens, 9, 0));
        course.until(told).await;
        let notice = Notice {
            title: format!("第 {} 次议事协商会", nth + 1),
            place: format!("{}会议室", self.place.name),
            starts: begins,
            ends: begins + chrono::TimeDelta::hours(2),
        };
        let decides = nth.is_multiple_of(2);
        let motion = if decides { self.waiting_motion() } else { None };
        let item = |title: &str, motion| AgendaDraft { id: None, title: title.into(), motion, parts: vec![] };
        let agenda = vec![item("通报上次决定的落实情况", None), item("协商本月事项", motion)];
        let soon = (begins - told).num_days() < 4;
        let short_notice = soon.then(|| "代表到任后首次会议".to_owned());
        let convene = ConveneMeeting { council: self.council, notice, agenda, short_notice };
        let meeting = world.does(officer, &course, &convene).await?;
        course.until(world.at(day, 13, 50)).await;
        let people = self.representatives(day).await?;
        let stay_away = if people.len() > 4 { 1 } else { 0 };
        let here = &people[..people.len() - stay_away];
        if nth == 0 && here.len() > 2 {
            self.present(&course, meeting, &here[..1]).await?;
            course.until(begins).await;
            world.is_refused(&["NoQuorum"], officer, &course, &OpenMeeting { meeting }).await?;
            self.present(&course, meeting, &here[1..]).await?;
        } else {
            self.present(&course, meeting, here).await?;
            course.until(begins).await;
        }
        world.does(officer, &course, &OpenMeeting { meeting }).await?;
        if decides {
            self.votes(&course, meeting, u32::try_from(here.len())?).await?;
        }
        course.until(world.at(day, 15, 30)).await;
        world.does(officer, &course, &CloseMeeting { meeting }).await?;
        match motion {
            Some(motion) => self.carries_out(&course, motion, day).await,
            None => Ok(()),
        }
    }

    /// What was adopted is done, as far as there is time.
    async fn carries_out(&self, course: &Course, motion: MotionId, day: Day) -> anyhow::Result<()> {
        let (world, officer, as_of) = (&self.world, &self.staff.officer, self.world.profile.as_of);
        if after(day, 14) <= as_of {
            course.until(world.at(after(day, 14), 11, 15)).await;
            let report = "已确定办法并公示".to_owned();
            world.does(officer, course, &ReportProgress { motion, percent: 50, report, evidence: vec![] }).await?;
        }
        if after(day, 35) <= as_of {
            course.until(world.at(after(day, 35), 11, 15)).await;
            world.does(officer, course, &CompleteMotion { motion, report: "已办结".into(), evidence: vec![] }).await?;
        }
        Ok(())
    }

    async fn votes(&self, course: &Course, meeting: MeetingId, here: u32) -> anyhow::Result<()> {
        let world = &self.world;
        let [(_, teller), (_, other)] = &self.staff.tellers;
        let agenda = world.app.state::<Meeting>(meeting).await?.agenda;
        let Some(item) = agenda.items().get(1).map(|it| it.id) else { bail!("a meeting without its agenda") };
        world.does(teller, course, &TakeUpItem { meeting, item }).await?;
        let question = "是否同意按公示的办法办理？".to_owned();
        let (matter, kind) = (Matter::Ordinary, VoteKind::ShowOfHands);
        let open = OpenVote { meeting, item, question, matter, kind, version: None, recused: vec![], repeats: None };
        let vote = world.does(teller, course, &open).await?.vote;
        let no = here / 4;
        let count = CountHands { meeting, vote, hands: Hands { yes: here - no, no, abstain: 0 } };
        world.does(teller, course, &count).await?;
        world.does(other, course, &CountHands { ..count }).await?;
        world.does(teller, course, &CloseVote { meeting, vote }).await?;
        Ok(())
    }

    /// An activity that a representative begins; some numbers are corrected, some others called off or struck out.
    async fn begins_activity(&self, course: Course, nth: usize, day: Day, reached: u32) -> anyhow::Result<()> {
        let (world, officer) = (&self.world, &self.staff.officer);
        course.until(world.at(before(day, 3).max(self.opens), 11, 30)).await;
        let people = self.representatives(course.now().with_timezone(&world.app.zone()).date_naive()).await?;
        let Some(person) = people.get(nth % people.len().max(1)).copied() else { bail!("a council without representatives") };
        let begin = |title: &str| BeginCommunityActivity {
            begun_by: Some(Beginner { person, council: self.council }),
            project: None,
            title: title.into(),
            area: self.place.code.clone(),
        };
        let hold = |community_activity, person_times| HoldCommunityActivity {
            community_activity,
            on: None,
            person_times,
            report: "活动照片和签到表存社区".into(),
            evidence: vec![],
        };
        let activity = world.does(officer, &course, &begin("邻里便民服务日")).await?;
        let beside = if nth % 12 == 5 { Some(world.does(officer, &course, &begin("楼道清理")).await?) } else { None };
        course.until(world.at(day, 18, 0)).await;
        if nth % 17 == 3 {
            world.does(officer, &course, &hold(activity, reached + 5)).await?;
            let reason = "签到表重复计数".to_owned();
            world.does(officer, &course, &CorrectPersonTimes { community_activity: activity, person_times: reached, reason }).await?;
        } else {
            world.does(officer, &course, &hold(activity, reached)).await?;
        }
        match beside {
            Some(community_activity) if nth % 24 == 5 => {
                let reason = "因雨取消".to_owned();
                world.does(officer, &course, &CancelCommunityActivity { community_activity, reason }).await?;
            }
            Some(community_activity) => {
                world.does(officer, &course, &hold(community_activity, 12)).await?;
                let reason = "与另一次活动重复".to_owned();
                world.does(officer, &course, &VoidCommunityActivity { community_activity, reason }).await?;
            }
            None => {}
        }
        Ok(())
    }

    /// A self-organisation with its members.
    async fn incubates(&self, course: Course, nth: usize, day: Day, members: u64) -> anyhow::Result<()> {
        let (world, officer) = (&self.world, &self.staff.officer);
        course.until(world.at(day, 12, 0)).await;
        let incubate = IncubateSelfOrganisation {
            name: format!("{}居民互助社（{}）", self.place.name, nth + 1),
            area: self.place.code.clone(),
            parent: None,
            council: self.council,
            motion: None,
            on: None,
        };
        let organisation = world.does(officer, &course, &incubate).await?;
        course.until(world.at(day, 13, 0)).await;
        let others = self.people.len() - STAFF;
        let member = |it: usize| {
            let volunteer = self.people[STAFF + (nth * 131 + it) % others].volunteer;
            (operator(Role::Operator), JoinOrganisation { volunteer, organisation })
        };
        world.each(course.now(), (0..usize::try_from(members)?).map(member).collect()).await?;
        course.until(world.at(day, 16, 0)).await;
        let number = format!("社备 {} 号", nth + 1);
        world.does(officer, &course, &RegisterSelfOrganisation { organisation, number, on: None }).await?;
        Ok(())
    }

    /// Who is not to sit in the end leaves on the last day.
    async fn some_leave(&self, course: Course) -> anyhow::Result<()> {
        let day = self.world.profile.as_of;
        course.until(self.world.at(day, 23, 30)).await;
        for person in self.representatives(day).await?.into_iter().take(usize::try_from(self.task.leave)?) {
            let leave = LeaveSeat { council: self.council, person, reason: None, on: None };
            self.world.does(&self.staff.officer, &course, &leave).await?;
        }
        Ok(())
    }
}

/// How many steps the bar has for all councils, about.
pub fn steps(world: &World) -> u64 {
    let get = |figure| world.profile.get(figure);
    get(Figure::CertifiedElections) * 40
        + get(Figure::MeetingsHeld) * 12
        + get(Figure::MotionsReceived) * 5
        + get(Figure::ActivitiesByRepresentatives) * 2
        + get(Figure::SelfOrganisations) * 2
        + get(Figure::SelfOrganisationMembers)
}
