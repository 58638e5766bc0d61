//! Money: a fund, a round in which projects are selected, and what they do with what they are granted and raise.

use std::{num::NonZeroU64, sync::Arc};

use anyhow::Context;
use chrono::Datelike;
use gongyi_app::projects::{
    funds::{AllocateGrant, AppropriateBudget, DisburseGrant, EstablishFund, ReleaseGrant, ReturnGrant},
    project_starts::StartSelectedProject,
    projects::{AuditProject, CompleteProject, ReachMilestone, RecordExpense, RecordRaisedMoney, VoidBookEntry},
    round::{
        applying::{ApplyInRound, AppointReviewer, CloseApplications, ScoreApplication, ScreenApplication},
        calling::CallRound,
        selecting::{AnnounceSelection, SelectProjects},
    },
};
use gongyi_domain::{
    attachment::Attachment,
    projects::{
        applicant::Applicant,
        fund_terms::LineKey,
        project_plan::{Milestone, Plan},
        project_terms::RaisedFrom,
        round::terms::{Criterion, RoundTerms, SelectedBy},
        selection::{Method, SelectionRule, TieBreak},
    },
    report::Figure,
    values::{ApplicationId, Cents, Day, FundId, OrganisationId, ProjectId, RoundId},
};

use super::{
    split::split,
    time::Course,
    world::{STAFF, Somebody, Staff, World, after, before},
};

/// A project's grant, about, in cents.
const GRANT_USUAL: u64 = 10_000_000;
/// Most projects of the round.
const PROJECTS_MAX: u64 = 300;
/// Applications that are not selected.
const NOT_SELECTED: usize = 5;
/// Days before the period on which the round is called.
const CALLED_DAYS_BEFORE: u64 = 40;

/// What one project is granted and raises, in cents.
#[derive(Debug, Clone, Copy)]
struct Share {
    grant: u64,
    raised: u64,
    /// Granted beyond that, and given back.
    back: u64,
}

fn cents(amount: u64) -> anyhow::Result<Cents> {
    Ok(Cents::try_new(amount)?)
}

fn shares(world: &World) -> Option<Vec<Share>> {
    let (grant, raised) = (world.profile.get(Figure::ProjectGrantCents), world.profile.get(Figure::ProjectSelfRaisedCents));
    if grant + raised == 0 {
        return Some(vec![]);
    }
    let many = (grant.max(raised) / GRANT_USUAL).clamp(1, PROJECTS_MAX);
    let many = usize::try_from(if grant > 0 { many.min(grant) } else { many }).ok()?;
    let mut random = world.random(4);
    let grants = split(&mut random, grant, many, u64::from(grant > 0), grant)?;
    let raised = split(&mut random, raised, many, 0, raised)?;
    let back = |nth: usize, grant: u64| if grant > 0 && nth % 6 == 2 { grant / 10 + 1 } else { 0 };
    Some(grants.into_iter().zip(raised).enumerate().map(|(nth, (grant, raised))| Share { grant, raised, back: back(nth, grant) }).collect())
}

/// How many steps the bar has for all projects, about.
pub fn steps(world: &World) -> u64 {
    shares(world).map_or(0, |shares| 14 * shares.len() as u64)
}

/// Whether there is any money.
pub fn is_there(world: &World) -> bool {
    world.profile.get(Figure::ProjectGrantCents) + world.profile.get(Figure::ProjectSelfRaisedCents) > 0
}

fn file(name: &str) -> anyhow::Result<Vec<Attachment>> {
    let sha256 = "5a".repeat(32).parse().ok().context("a digest")?;
    Ok(vec![Attachment { sha256, name: name.into(), media_type: "application/pdf".into(), bytes: 65_536 }])
}

/// The fund, the round, the projects.
pub async fn is_granted(
    world: Arc<World>,
    course: Course,
    staff: Arc<Staff>,
    people: Arc<Vec<Somebody>>,
    organisations: Arc<Vec<OrganisationId>>,
) -> anyhow::Result<()> {
    let Some(shares) = shares(&world) else {
        return Err(world.profile.impossible("projectGrantCents", "无法分配", "it cannot be split").into());
    };
    if shares.is_empty() {
        return Ok(());
    }
    let opens = before(world.profile.from, CALLED_DAYS_BEFORE);
    course.until(world.at(opens, 9, 0)).await;
    let (officer, area) = (&staff.officer, world.profile.area.clone());
    let fund = world
        .does(officer, &course, &EstablishFund { name: format!("{}社会建设创新专项资金", world.profile.name), area: area.clone() })
        .await?;
    let line = LineKey { year: u16::try_from(world.profile.from.year())?, area: area.clone() };
    let asks: Vec<u64> = shares.iter().map(|share| (share.grant + share.back).max(1)).collect();
    let budget = cents(asks.iter().sum())?;
    let appropriate = AppropriateBudget { fund, line: line.clone(), amount: budget, basis: "年度预算批复".into() };
    world.does(officer, &course, &appropriate).await?;
    let terms = RoundTerms {
        title: "公益项目遴选".into(),
        area,
        fund,
        line: line.clone(),
        budget,
        criteria: vec![
            Criterion { title: "居民需求".into(), most: 10, weight: 2 },
            Criterion { title: "可行性".into(), most: 10, weight: 1 },
        ],
        scores_needed: 1,
        selected_by: SelectedBy::Scores,
        rule: SelectionRule { method: Method::Greedy, threshold: None, tie_break: TieBreak::LowerNumber },
        applications_until: before(world.profile.from, CALLED_DAYS_BEFORE - 15),
        objection_days: 7,
    };
    let round = world.does(officer, &course, &CallRound { terms }).await?;
    let selected = apply_and_select(&world, &course, &staff, &people, &organisations, round, &asks).await?;
    course.until(world.at(before(world.profile.from, 5), 9, 0)).await;
    world.does(officer, &course, &AnnounceSelection { round }).await?;
    // Each a course of its own, all of them begun before this one ends.
    let mut projects = tokio::task::JoinSet::new();
    for (nth, (share, application)) in shares.into_iter().zip(selected).enumerate() {
        let (world, staff, course, line) = (world.clone(), staff.clone(), world.time.course(), line.clone());
        let carried = Carried { world, staff, round, application, fund, line, share, nth };
        projects.spawn(async move { carried.out(course).await });
    }
    drop(course);
    while let Some(project) = projects.join_next().await {
        project??;
    }
    Ok(())
}

/// The applications that are selected, in the order of what they ask for; a few others are not.
async fn apply_and_select(
    world: &Arc<World>,
    course: &Course,
    staff: &Staff,
    people: &[Somebody],
    organisations: &[OrganisationId],
    round: RoundId,
    asks: &[u64],
) -> anyhow::Result<Vec<ApplicationId>> {
    let officer = &staff.officer;
    let mut applications = vec![];
    for nth in 0..asks.len() + NOT_SELECTED {
        let apply = ApplyInRound {
            round,
            applicant: Applicant::Organisation(organisations[nth % organisations.len()]),
            by: people[STAFF + nth % (people.len() - STAFF)].person,
            title: format!("{}公益项目（{}）", world.place(nth * 5).name, nth + 1),
            text: "面向社区老人和儿童，每月开展服务，居民参与管理。".into(),
            area: world.place(nth * 5).code.clone(),
            ask: cents(asks.get(nth).copied().unwrap_or(GRANT_USUAL.min(asks.iter().sum())))?,
        };
        applications.push(world.does(officer, course, &apply).await?);
    }
    course.until(world.at(before(world.profile.from, CALLED_DAYS_BEFORE - 16), 9, 0)).await;
    world.does(officer, course, &CloseApplications { round }).await?;
    let [_, (reviewer, scorer)] = &staff.tellers;
    world.does(officer, course, &AppointReviewer { round, reviewer: *reviewer }).await?;
    for (nth, application) in applications.iter().copied().enumerate() {
        let eligible = nth != asks.len();
        let reason = if eligible { "材料齐全" } else { "缺少预算表" };
        world.does(officer, course, &ScreenApplication { round, application, eligible, reason: reason.into() }).await?;
        if eligible {
            // Those that ask for what there is have the better scores.
            let points = if nth < asks.len() { vec![8 + (nth % 3) as u16, 8] } else { vec![3, 5] };
            world.does(scorer, course, &ScoreApplication { round, reviewer: *reviewer, application, points }).await?;
        }
    }
    course.until(world.at(before(world.profile.from, CALLED_DAYS_BEFORE - 20), 9, 0)).await;
    world.does(officer, course, &SelectProjects { round }).await?;
    applications.truncate(asks.len());
    Ok(applications)
}

/// A project, from its start to its audit.
struct Carried {
    world: Arc<World>,
    staff: Arc<Staff>,
    round: RoundId,
    application: ApplicationId,
    fund: FundId,
    line: LineKey,
    share: Share,
    nth: usize,
}

impl Carried {
    /// A day of the period, by its share of it in hundredths.
    fn day(&self, hundredths: usize) -> Day {
        let days = self.world.profile.days();
        let place = days.len() * hundredths / 100 + self.nth % (days.len() / 10).max(1);
        days[place.min(days.len() - 1)]
    }

    async fn out(self, course: Course) -> anyhow::Result<()> {
        let (world, officer) = (&self.world, &self.staff.officer);
        let Share { grant, raised, back } = self.share;
        course.until(world.at(world.profile.from, 10, 0)).await;
        let ends_on = after(world.profile.as_of, 90);
        let milestone = |title: &str, due| Milestone { title: title.into(), due };
        let plan = Plan {
            grant: cents((grant + back).max(1))?,
            raised: cents(raised)?,
            starts_on: world.profile.from,
            ends_on,
            milestones: vec![milestone("完成需求调查", self.day(50)), milestone("完成服务", ends_on)],
        };
        let start = StartSelectedProject { round: self.round, application: self.application, plan };
        let project = world.does(officer, &course, &start).await?;
        if grant > 0 {
            self.spends(&course, project).await?;
        }
        if raised > 0 {
            self.raises(&course, project).await?;
        }
        course.until(world.at(self.day(55), 15, 0)).await;
        let reach = ReachMilestone { project, milestone: 1, report: "已走访 120 户".into(), evidence: vec![] };
        world.does(officer, &course, &reach).await?;
        if self.nth.is_multiple_of(3) {
            course.until(world.at(self.day(85), 15, 0)).await;
            let reach = ReachMilestone { project, milestone: 2, report: "服务已完成".into(), evidence: vec![] };
            world.does(officer, &course, &reach).await?;
            let complete = CompleteProject { project, report: "按计划完成，居民满意".into(), evidence: vec![] };
            world.does(officer, &course, &complete).await?;
            let audit = AuditProject { project, passed: true, findings: "账目清楚".into(), evidence: vec![] };
            world.does(officer, &course, &audit).await?;
        }
        Ok(())
    }

    async fn spends(&self, course: &Course, project: ProjectId) -> anyhow::Result<()> {
        let (world, officer, fund) = (&self.world, &self.staff.officer, self.fund);
        let Share { grant, back, .. } = self.share;
        // A grant is decided in the year of its line, also in a period that goes on into the next.
        let year_ends = Day::from_ymd_opt(world.profile.from.year(), 12, 31).unwrap_or(world.profile.from);
        course.until(world.at(self.day(5).min(year_ends), 10, 30)).await;
        let allocate = |amount: Cents| AllocateGrant { fund, line: self.line.clone(), project, amount, on: None };
        if self.nth == 0 {
            let too_much = cents((grant + back).saturating_mul(2).min(Cents::MAX.get()))?;
            world.is_refused(&["GrantBeyondPlan", "FundOverdrawn"], officer, course, &allocate(too_much)).await?;
        }
        let allocation = world.does(officer, course, &allocate(cents(grant + back)?)).await?;
        // What is too much is released before it is paid, or returned afterwards.
        let releases = self.nth % 12 == 2;
        if back > 0 && releases {
            let release = ReleaseGrant { fund, allocation, amount: cents(back)?, on: None, reason: "预算核减".into() };
            world.does(officer, course, &release).await?;
        }
        course.until(world.at(self.day(15), 10, 30)).await;
        let paid = if releases { grant } else { grant + back };
        let disburse = DisburseGrant { fund, allocation, amount: cents(paid)?, on: None, evidence: file("拨款单.pdf")? };
        let disbursement = world.does(officer, course, &disburse).await?;
        if back > 0 && !releases {
            course.until(world.at(self.day(40), 10, 30)).await;
            let returned = ReturnGrant {
                fund,
                disbursement,
                amount: cents(back)?,
                on: None,
                reason: "结余退回".into(),
                evidence: file("退款单.pdf")?,
            };
            world.does(officer, course, &returned).await?;
        }
        course.until(world.at(self.day(45), 10, 30)).await;
        if let Some(spent) = NonZeroU64::new(grant / 2) {
            let expense =
                RecordExpense {
                    project, amount: cents(spent.get())?, on: None, purpose: "物料和场地".into(), evidence: file("发票.pdf")?
                };
            world.does(officer, course, &expense).await?;
        }
        Ok(())
    }

    async fn raises(&self, course: &Course, project: ProjectId) -> anyhow::Result<()> {
        let (world, officer, raised) = (&self.world, &self.staff.officer, self.share.raised);
        course.until(world.at(self.day(48), 11, 0)).await;
        let record = |amount: u64, from| -> anyhow::Result<RecordRaisedMoney> {
            Ok(RecordRaisedMoney {
                project,
                from,
                amount: cents(amount)?,
                on: None,
                note: "居民和商户捐赠".into(),
                evidence: file("收据.pdf")?,
            })
        };
        if self.nth % 8 == 1 {
            let entry = world.does(officer, course, &record(raised, RaisedFrom::SelfRaised)?).await?;
            world.does(officer, course, &VoidBookEntry { project, entry, reason: "重复登记".into() }).await?;
        }
        let matched = raised / 3;
        for (amount, from) in [(matched, RaisedFrom::Matched), (raised - matched, RaisedFrom::SelfRaised)] {
            if amount > 0 {
                world.does(officer, course, &record(amount, from)?).await?;
            }
        }
        Ok(())
    }
}
