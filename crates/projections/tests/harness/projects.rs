//! Random but valid courses of funds, projects, rounds, community activities, links and incubations: what may be next, decided
//! by the domain's own rules.

use chrono::Days;
use esrs::Aggregate;
use gongyi_domain::{
    attachment::Attachment,
    projects::{
        applicant::Applicant,
        community_activity::{Beginner, CommunityActivity, CommunityActivityCommand},
        fund::{Fund, FundCommand},
        fund_terms::LineKey,
        incubation::{Incubation, IncubationCommand},
        project::{Project, ProjectCommand},
        project_plan::{Milestone, Plan},
        project_terms::{GrantMovement, ProjectOrigin, ProjectPhase, RaisedFrom},
        round::{
            Round, RoundCommand,
            terms::{ApplicationPhase, ConflictGround, Criterion, RoundPhase, RoundTerms, SelectedBy},
        },
        selection::{Method, SelectionRule, TieBreak},
        service_link::{ServiceLink, ServiceLinkCommand, ServicePurpose},
    },
    values::{
        ActivityId, AllocationId, ApplicationId, AreaCode, BookEntryId, Cents, CommunityActivityId, CouncilId, Day, DisbursementId, FundId,
        MotionId, ObjectionId, OrganisationId, ProjectId, RoundId, VoteId,
    },
};
use uuid::Uuid;

use super::{
    Platform, seal,
    story::{States, person},
};

/// Projects and their money in the making.
#[derive(Default)]
pub struct Projects {
    funds: States<Fund>,
    projects: States<Project>,
    rounds: States<Round>,
    activities: States<CommunityActivity>,
    links: States<ServiceLink>,
    incubations: States<Incubation>,
    serial: u128,
}

const COUNCIL: CouncilId = CouncilId(Uuid::from_u128(0x7000));

pub fn fund(n: u32) -> FundId {
    FundId(Uuid::from_u128(0xc000 + u128::from(n % 2)))
}
pub fn project(n: u32) -> ProjectId {
    ProjectId(Uuid::from_u128(0xc100 + u128::from(n % 2)))
}
pub fn round(n: u32) -> RoundId {
    RoundId(Uuid::from_u128(0xc200 + u128::from(n % 2)))
}
pub fn community_activity(n: u32) -> CommunityActivityId {
    CommunityActivityId(Uuid::from_u128(0xc300 + u128::from(n % 3)))
}
fn organisation(n: u32) -> OrganisationId {
    OrganisationId(Uuid::from_u128(0x2000 + u128::from(n % 4)))
}
fn activity(n: u32) -> ActivityId {
    ActivityId(Uuid::from_u128(0x3000 + u128::from(n % 3)))
}
pub fn area() -> AreaCode {
    "440402001001".parse().unwrap()
}
pub fn cents(amount: u32) -> Cents {
    Cents::try_new(amount.into()).unwrap()
}
pub fn line(n: u32) -> LineKey {
    LineKey { year: if n.is_multiple_of(5) { 2025 } else { 2026 }, area: area() }
}
pub fn evidence() -> Vec<Attachment> {
    vec![Attachment { sha256: "ab".repeat(32).parse().unwrap(), name: "凭证.pdf".into(), media_type: "application/pdf".into(), bytes: 9 }]
}
pub fn plan(grant: u32, today: Day) -> Plan {
    let milestone = |n: u64| Milestone { title: format!("step {n}"), due: today.checked_add_days(Days::new(n)).unwrap() };
    let (starts_on, ends_on) = (today, today.checked_add_days(Days::new(30)).unwrap());
    Plan { grant: cents(grant), raised: cents(100), starts_on, ends_on, milestones: vec![milestone(1), milestone(2)] }
}
fn because(b: u32) -> String {
    format!("because {b}")
}

impl Projects {
    fn fresh(&mut self) -> Uuid {
        self.serial += 1;
        Uuid::from_u128(0xd0_0000 + self.serial)
    }

    /// Something may happen to money, or to what it is for.
    pub async fn wish(&mut self, platform: &mut Platform, a: u32, b: u32) {
        match a % 16 {
            0 | 1 => self.fund(platform, a, b).await,
            2..5 => self.grant(platform, a, b).await,
            5 | 6 => self.project(platform, a, b).await,
            7 => self.books(platform, a, b).await,
            8..13 => self.round(platform, a, b).await,
            13 => self.activity(platform, a, b).await,
            14 => self.link(platform, a, b).await,
            _ => self.incubation(platform, a, b).await,
        }
    }

    async fn fund(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let (id, amount, reason) = (fund(a / 16), cents(1 + b % 1_000), because(b));
        let known = self.funds.0.contains_key(&id.0);
        let command = match b % 8 {
            _ if !known => FundCommand::Establish { name: format!("fund {b}"), area: area() },
            0..4 => FundCommand::Appropriate { line: line(b / 8), amount, basis: reason, today: platform.now.date_naive() },
            4 => FundCommand::Withdraw { line: line(b / 8), amount, reason },
            5 => FundCommand::CloseYear { year: 2025 },
            6 => FundCommand::CarryOver { line: line(0), to: 2026, amount },
            _ if b.is_multiple_of(3) => FundCommand::Lapse { line: line(0), amount, reason },
            _ => FundCommand::Close,
        };
        self.funds.act::<Fund>(platform, id.0, command).await;
    }

    /// Fund and project agree, or nothing happens.
    async fn grant(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let (id, today) = (fund(a / 16), platform.now.date_naive());
        let (on, amount, fresh) = (today, cents(1 + b % 300), self.fresh());
        let state = self.funds.0.get(&id.0).cloned().unwrap_or_default();
        let grant = state.grants.iter().nth(b as usize % state.grants.len().max(1)).map(|(id, grant)| (*id, grant.project));
        let (command, movement, of) = match (b % 7, grant) {
            (0..3, _) | (_, None) => {
                let (allocation, project) = (AllocationId(fresh), project(b / 7));
                let (line, begun) = (line(b / 9), today);
                let command = FundCommand::Allocate { allocation, line, project, area: area(), begun, amount, on, today };
                (command, GrantMovement::Allocated, (allocation, project))
            }
            (3, Some(of)) => {
                (FundCommand::Release { allocation: of.0, amount, on, today, reason: because(b) }, GrantMovement::Released, of)
            }
            (4 | 5, Some(of)) => {
                let (disbursement, evidence) = (DisbursementId(fresh), evidence());
                let command = FundCommand::Disburse { allocation: of.0, disbursement, amount, on, today, evidence };
                (command, GrantMovement::Disbursed, of)
            }
            (_, Some(of)) => {
                let Some(disbursement) = state.grants[&of.0].payments.keys().next().copied() else { return };
                let command = FundCommand::Return { disbursement, amount, on, today, reason: because(b), evidence: evidence() };
                (command, GrantMovement::Returned, of)
            }
        };
        let moves = || ProjectCommand::MoveGrant { fund: id, allocation: of.0, movement, amount };
        let known = self.projects.0.get(&of.1.0).cloned().unwrap_or_default();
        if Project::handle_command(&known, moves()).is_ok() && self.funds.act::<Fund>(platform, id.0, command).await {
            self.projects.act::<Project>(platform, of.1.0, moves()).await;
        }
    }

    async fn project(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let (id, today, who) = (project(a / 16), platform.now.date_naive(), person(b / 8));
        let state = self.projects.0.get(&id.0).cloned().unwrap_or_default();
        let next = (1..=2).find(|number| !state.reached.contains(number));
        let (report, evidence) = (because(b), evidence());
        let command = match (state.phase, b % 8) {
            (ProjectPhase::Unknown, _) => {
                let resolution = ProjectOrigin::Resolution { council: COUNCIL, motion: MotionId(id.0), vote: VoteId(id.0) };
                let selected = ProjectOrigin::Round { round: round(b), application: ApplicationId(id.0) };
                let organisation = Applicant::Organisation(organisation(b));
                let carrier = if b.is_multiple_of(2) { organisation } else { Applicant::Council(COUNCIL) };
                let origin = if b.is_multiple_of(3) { selected } else { resolution };
                ProjectCommand::Start { origin, title: format!("project {b}"), area: area(), carrier, plan: plan(900, today), on: today }
            }
            (ProjectPhase::UnderWay, 0) => {
                let plan = Plan { raised: cents(b % 99), ..state.plan.clone().unwrap() };
                ProjectCommand::RevisePlan { plan, reason: report }
            }
            (ProjectPhase::UnderWay, 1) if b.is_multiple_of(5) => ProjectCommand::Cancel { reason: report },
            (ProjectPhase::UnderWay, _) => match next {
                Some(milestone) => ProjectCommand::ReachMilestone { milestone, report, evidence },
                None => ProjectCommand::Complete { report, evidence },
            },
            (ProjectPhase::Completed, 0 | 1) => ProjectCommand::Audit { passed: b.is_multiple_of(3), findings: report, evidence },
            (_, _) => {
                let text = b.is_multiple_of(2).then(|| seal(who, "ProjectReviewed", "text", &format!("review {b}")));
                ProjectCommand::Review { by: who, rating: 1 + u8::try_from(b % 5).unwrap(), text }
            }
        };
        self.projects.act::<Project>(platform, id.0, command).await;
    }

    async fn books(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let (id, today, entry) = (project(a / 16), platform.now.date_naive(), BookEntryId(self.fresh()));
        let state = self.projects.0.get(&id.0).cloned().unwrap_or_default();
        let (amount, on) = (cents(1 + b % 200), today);
        let command = match (b % 4, state.books.keys().next()) {
            (0, Some(entry)) => ProjectCommand::VoidEntry { entry: *entry, reason: because(b) },
            (1, _) => ProjectCommand::RecordExpense { entry, amount, on, today, purpose: because(b), evidence: evidence() },
            (2, Some(expense)) if b.is_multiple_of(3) => {
                let (expense, note, evidence) = (*expense, because(b), evidence());
                ProjectCommand::RecordRefund { entry, expense, amount, on, today, note, evidence }
            }
            _ => {
                let from = if b.is_multiple_of(3) { RaisedFrom::Matched } else { RaisedFrom::SelfRaised };
                ProjectCommand::RecordRaised { entry, from, amount, on, today, note: because(b), evidence: vec![] }
            }
        };
        self.projects.act::<Project>(platform, id.0, command).await;
    }

    async fn round(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let (id, today, who) = (round(a / 16), platform.now.date_naive(), person(b / 9));
        let later = today.checked_add_days(Days::new(9)).unwrap();
        let state = self.rounds.0.get(&id.0).cloned().unwrap_or_default();
        let of_order = |phase| state.in_phase(phase).next();
        let any = state.order.get(b as usize % state.order.len().max(1)).copied();
        let open = state.objections.iter().find(|(_, settled)| settled.is_none()).map(|(id, _)| *id);
        let reason = because(b);
        let command = match (state.phase, b % 9, any) {
            (RoundPhase::Unknown, _, _) => RoundCommand::Call { terms: terms(b, today), today },
            (RoundPhase::Called, 0..4, _) | (RoundPhase::Called, _, None) => {
                let (application, applicant, area) = (ApplicationId(self.fresh()), Applicant::Organisation(organisation(b)), area());
                let (title, text, ask) = (format!("application {b}"), reason, cents(100 + b % 400));
                RoundCommand::Apply { application, applicant, by: who, title, text, area, ask, today }
            }
            (RoundPhase::Called, 4, Some(application)) if b.is_multiple_of(5) => RoundCommand::Withdraw { application },
            (RoundPhase::Called | RoundPhase::Evaluating, 5, _) => RoundCommand::Appoint { reviewer: who },
            (RoundPhase::Called, 8, _) => RoundCommand::CloseApplications { today: later },
            (RoundPhase::Called | RoundPhase::Evaluating, 6, Some(application)) => {
                RoundCommand::DeclareConflict { reviewer: who, application, ground: ConflictGround::Kinship }
            }
            (RoundPhase::Evaluating, 0, Some(_)) => RoundCommand::FormGroup { applications: state.order.clone(), reason },
            (RoundPhase::Evaluating, 1..=3, Some(application)) => {
                RoundCommand::Score { reviewer: who, application, points: vec![1 + u16::try_from(b % 5).unwrap()] }
            }
            (RoundPhase::Evaluating, 7, _) => RoundCommand::Select { ballots: None, today },
            (RoundPhase::Called | RoundPhase::Evaluating, _, Some(any)) => {
                let application = of_order(ApplicationPhase::Submitted).unwrap_or(any);
                RoundCommand::Screen { application, screener: None, eligible: !b.is_multiple_of(4), reason }
            }
            (RoundPhase::Selected, 0 | 1, _) => {
                let (objection, text) = (ObjectionId(self.fresh()), seal(who, "ObjectionRaised", "text", &format!("objects {b}")));
                RoundCommand::Object { objection, by: who, text, today }
            }
            (RoundPhase::Selected | RoundPhase::Evaluating, _, _) => match open {
                Some(objection) => RoundCommand::Settle { objection, upheld: b.is_multiple_of(2), reason },
                None => RoundCommand::Announce { today: later },
            },
            (RoundPhase::Announced, n, _) => match (n, of_order(ApplicationPhase::Funded)) {
                (0..4, Some(application)) => RoundCommand::Decline { application, reason },
                (_, Some(application)) => RoundCommand::Award { application, project: project(b), grant: cents(1) },
                (_, None) => return,
            },
            (RoundPhase::Cancelled, _, _) => return,
        };
        self.rounds.act::<Round>(platform, id.0, command).await;
    }

    async fn activity(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let (id, today, reason) = (community_activity(a / 16), platform.now.date_naive(), because(b));
        let begun_by = (!b.is_multiple_of(3)).then(|| Beginner { person: person(b), council: COUNCIL });
        let command = match b % 5 {
            _ if !self.activities.0.contains_key(&id.0) => {
                let project = (begun_by.is_none() || b.is_multiple_of(2)).then(|| project(b));
                CommunityActivityCommand::Begin { begun_by, project, title: format!("activity {b}"), area: area() }
            }
            0 | 1 => CommunityActivityCommand::Hold { on: today, today, person_times: 1 + b % 90, report: reason, evidence: evidence() },
            2 | 3 => CommunityActivityCommand::CorrectPersonTimes { person_times: 1 + b % 80, reason },
            _ if b.is_multiple_of(3) => CommunityActivityCommand::Cancel { reason },
            _ => CommunityActivityCommand::Void { reason },
        };
        self.activities.act::<CommunityActivity>(platform, id.0, command).await;
    }

    async fn link(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let activity = activity(a / 16);
        let (project, of_activity) = (ServicePurpose::Project(project(b)), ServicePurpose::CommunityActivity(community_activity(b)));
        let command = match b % 3 {
            0 => ServiceLinkCommand::Unlink { reason: because(b) },
            1 => ServiceLinkCommand::Link { activity, purpose: project },
            _ => ServiceLinkCommand::Link { activity, purpose: of_activity },
        };
        self.links.act::<ServiceLink>(platform, activity.0, command).await;
    }

    async fn incubation(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let (organisation, today) = (organisation(a / 16), platform.now.date_naive());
        let command = match b % 3 {
            0 => IncubationCommand::Register { number: format!("no. {b}"), on: today, today },
            1 if b.is_multiple_of(2) => IncubationCommand::End { reason: because(b) },
            _ => {
                let motion = b.is_multiple_of(2).then_some(MotionId(organisation.0));
                IncubationCommand::Begin { organisation, council: COUNCIL, motion, on: today, today }
            }
        };
        self.incubations.act::<Incubation>(platform, organisation.0, command).await;
    }
}

pub fn terms(b: u32, today: Day) -> RoundTerms {
    RoundTerms {
        title: format!("round {b}"),
        area: area(),
        fund: fund(b),
        line: line(1),
        budget: cents(700),
        criteria: vec![Criterion { title: "needed".into(), most: 10, weight: 1 }],
        scores_needed: 1,
        selected_by: SelectedBy::Scores,
        rule: SelectionRule { method: Method::Greedy, threshold: None, tie_break: TieBreak::Cheaper },
        applications_until: today,
        objection_days: 7,
    }
}
