//! Funds and projects of a test.

use gongyi_app::projects::{
    funds::{AllocateGrant, AppropriateBudget, EstablishFund},
    project_starts::StartProject,
};
use gongyi_domain::{
    attachment::Attachment,
    projects::{
        applicant::Applicant,
        fund::Fund,
        fund_terms::LineKey,
        project::Project,
        project_plan::{Milestone, Plan},
    },
    values::{Cents, Day, FundId, OrganisationId, ProjectId},
};

use super::{COMMUNITY, DISTRICT, District, Resident, STREET, area};

pub fn cents(amount: u64) -> Cents {
    Cents::try_new(amount).unwrap()
}

/// The street's budget line of this year.
pub fn line() -> LineKey {
    LineKey { year: 2026, area: area(STREET) }
}

pub fn evidence() -> Vec<Attachment> {
    let sha256 = "ab".repeat(32).parse().unwrap();
    vec![Attachment { sha256, name: "凭证.pdf".into(), media_type: "application/pdf".into(), bytes: 1 }]
}

pub fn plan(grant: u64) -> Plan {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let milestones = vec![Milestone { title: "安装".into(), due: day("2026-06-30") }];
    Plan { grant: cents(grant), raised: cents(1), starts_on: day("2026-03-01"), ends_on: day("2026-12-31"), milestones }
}

/// A grant from the street's line.
pub fn grant(fund: FundId, project: ProjectId, amount: u64) -> AllocateGrant {
    AllocateGrant { fund, line: line(), project, amount: cents(amount), on: None }
}

impl District {
    /// A fund of the district with so much for the street.
    pub async fn endows(&self, amount: u64) -> FundId {
        let officer = self.officer().await;
        let fund = officer.does(&EstablishFund { name: "社会建设创新专项资金".into(), area: area(DISTRICT) }).await.unwrap();
        let appropriate = AppropriateBudget { fund, line: line(), amount: cents(amount), basis: "珠香财〔2026〕1 号".into() };
        officer.does(&appropriate).await.unwrap();
        fund
    }

    /// What the command says that starts a project of the organisation, resolved by a council of the street.
    pub async fn resolves(&self, carrier: OrganisationId, grant: u64) -> StartProject {
        let people = [self.registers("甲").await, self.registers("乙").await, self.registers("丙").await];
        let all: Vec<&Resident<'_>> = people.iter().collect();
        let council = self.establishes(STREET, &all).await;
        let motion = self.moves(council, STREET, [&people[0], &people[1], &people[2]]).await;
        self.votes(council, STREET, motion, true).await;
        let (carrier, plan) = (Applicant::Organisation(carrier), plan(grant));
        StartProject { motion, title: "楼道长者扶手".into(), area: area(COMMUNITY), carrier, plan }
    }

    pub async fn fund(&self, fund: FundId) -> Fund {
        self.app.state::<Fund>(fund).await.unwrap()
    }

    pub async fn project(&self, project: ProjectId) -> Project {
        self.app.state::<Project>(project).await.unwrap()
    }
}
