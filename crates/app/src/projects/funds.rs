//! Funds and their money.
//!
//! Whoever moves a grant queues for the fund's stream, and tells the project in the same commit: so neither the fund nor the
//! project's plan is overdrawn, whoever else moves money at the same time.

use gongyi_domain::{
    access::authority::{Act, Subject},
    attachment::Attachment,
    projects::{
        fund::{
            ALLOCATE_GRANT, APPROPRIATE_BUDGET, CARRY_OVER_BALANCE, CLOSE_FUND, CLOSE_FUND_YEAR, DISBURSE_GRANT, ESTABLISH_FUND, Fund,
            FundCommand, LAPSE_BALANCE, RELEASE_GRANT, RETURN_GRANT, WITHDRAW_BUDGET,
        },
        fund_terms::{FundRefusal, LineKey},
        project::{Project, ProjectCommand},
        project_terms::{GrantMovement, ProjectRefusal},
    },
    values::{AllocationId, AreaCode, Cents, Day, DisbursementId, FundId, ProjectId},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Command,
    rejection::{Rejection, refused},
    work::{Loaded, Work},
};

/// A fund that was established, if the actor may do `act` to it or to this line of it.
async fn kept(work: &mut Work<'_>, act: &Act, id: FundId, line: Option<&AreaCode>) -> Result<Loaded<Fund>, Rejection> {
    let fund = work.lock::<Fund>(id).await?;
    let area = fund.inner().area.clone().ok_or_else(|| refused(FundRefusal::UnknownFund))?;
    // A line outside the fund is refused by the fund itself.
    let about = line.filter(|line| area.contains(line)).cloned().unwrap_or(area);
    work.may(act, &Subject::area(about))?;
    Ok(fund)
}

/// The area of the line that a grant came from.
async fn kept_grant(work: &mut Work<'_>, act: &Act, id: FundId, allocation: AllocationId) -> Result<(Loaded<Fund>, ProjectId), Rejection> {
    let known = work.load::<Fund>(id).await?.into_inner();
    let line = known.grants.get(&allocation).map(|grant| grant.line.area.clone());
    let fund = kept(work, act, id, line.as_ref()).await?;
    let project = fund.inner().grant(allocation).map_err(refused)?.project;
    Ok((fund, project))
}

/// Tells the project what its fund does.
async fn tell(
    work: &Work<'_>,
    fund: FundId,
    project: ProjectId,
    allocation: AllocationId,
    movement: GrantMovement,
    amount: Cents,
) -> Result<(), Rejection> {
    work.load_and_decide::<Project>(project, ProjectCommand::MoveGrant { fund, allocation, movement, amount }).await?;
    Ok(())
}

/// Establish a fund.
#[derive(Debug, Serialize)]
pub struct EstablishFund {
    /// Its name.
    pub name: String,
    /// The area it is for.
    pub area: AreaCode,
}

impl Command for EstablishFund {
    const ACT: &'static Act = &ESTABLISH_FUND;
    type Answer = FundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<FundId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.area.clone()))?;
        work.require_area(&self.area).await?;
        let id = FundId(Uuid::now_v7());
        let command = FundCommand::Establish { name: self.name.clone(), area: self.area.clone() };
        work.load_and_decide::<Fund>(id, command).await?;
        Ok(id)
    }
}

/// Put money into a budget line.
#[derive(Debug, Serialize)]
pub struct AppropriateBudget {
    /// Of which fund.
    pub fund: FundId,
    /// Which line.
    pub line: LineKey,
    /// How much.
    pub amount: Cents,
    /// The document that says so.
    pub basis: String,
}

impl Command for AppropriateBudget {
    const ACT: &'static Act = &APPROPRIATE_BUDGET;
    type Answer = FundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<FundId, Rejection> {
        let fund = kept(work, Self::ACT, self.fund, None).await?;
        work.require_area(&self.line.area).await?;
        let (line, amount, basis) = (self.line.clone(), self.amount, self.basis.clone());
        let command = FundCommand::Appropriate { line, amount, basis, today: work.today() };
        work.decide::<Fund>(fund, command).await?;
        Ok(self.fund)
    }
}

/// Take free money out of a budget line.
#[derive(Debug, Serialize)]
pub struct WithdrawBudget {
    /// Of which fund.
    pub fund: FundId,
    /// Which line.
    pub line: LineKey,
    /// How much.
    pub amount: Cents,
    /// Why.
    pub reason: String,
}

impl Command for WithdrawBudget {
    const ACT: &'static Act = &WITHDRAW_BUDGET;
    type Answer = FundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<FundId, Rejection> {
        let fund = kept(work, Self::ACT, self.fund, None).await?;
        let command = FundCommand::Withdraw { line: self.line.clone(), amount: self.amount, reason: self.reason.clone() };
        work.decide::<Fund>(fund, command).await?;
        Ok(self.fund)
    }
}

/// Grant money of a line to a project.
#[derive(Debug, Serialize)]
pub struct AllocateGrant {
    /// Of which fund.
    pub fund: FundId,
    /// Which line.
    pub line: LineKey,
    /// To which project.
    pub project: ProjectId,
    /// How much.
    pub amount: Cents,
    /// The day of the decision; `None` for today.
    pub on: Option<Day>,
}

impl Command for AllocateGrant {
    const ACT: &'static Act = &ALLOCATE_GRANT;
    type Answer = AllocationId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AllocationId, Rejection> {
        let fund = kept(work, Self::ACT, self.fund, Some(&self.line.area)).await?;
        let known = work.load::<Project>(self.project).await?;
        let area = known.inner().area.clone().ok_or_else(|| refused(ProjectRefusal::UnknownProject))?;
        let (today, allocation) = (work.today(), AllocationId(Uuid::now_v7()));
        let begun = known.inner().require_begun(today).map_err(refused)?;
        let (line, project, amount, on) = (self.line.clone(), self.project, self.amount, self.on.unwrap_or(today));
        work.decide::<Fund>(fund, FundCommand::Allocate { allocation, line, project, area, begun, amount, on, today }).await?;
        tell(work, self.fund, project, allocation, GrantMovement::Allocated, amount).await?;
        Ok(allocation)
    }
}

/// Take back of a grant what was not paid.
#[derive(Debug, Serialize)]
pub struct ReleaseGrant {
    /// Of which fund.
    pub fund: FundId,
    /// Which grant.
    pub allocation: AllocationId,
    /// How much.
    pub amount: Cents,
    /// The day; `None` for today.
    pub on: Option<Day>,
    /// Why.
    pub reason: String,
}

impl Command for ReleaseGrant {
    const ACT: &'static Act = &RELEASE_GRANT;
    type Answer = AllocationId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<AllocationId, Rejection> {
        let (allocation, amount, today, reason) = (self.allocation, self.amount, work.today(), self.reason.clone());
        let (fund, project) = kept_grant(work, Self::ACT, self.fund, allocation).await?;
        let on = self.on.unwrap_or(today);
        work.decide::<Fund>(fund, FundCommand::Release { allocation, amount, on, today, reason }).await?;
        tell(work, self.fund, project, allocation, GrantMovement::Released, amount).await?;
        Ok(allocation)
    }
}

/// Pay out of a grant.
#[derive(Debug, Serialize)]
pub struct DisburseGrant {
    /// Of which fund.
    pub fund: FundId,
    /// Which grant.
    pub allocation: AllocationId,
    /// How much.
    pub amount: Cents,
    /// The day it was paid; `None` for today.
    pub on: Option<Day>,
    /// Files that show it.
    pub evidence: Vec<Attachment>,
}

impl Command for DisburseGrant {
    const ACT: &'static Act = &DISBURSE_GRANT;
    type Answer = DisbursementId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<DisbursementId, Rejection> {
        let (allocation, amount, today, evidence) = (self.allocation, self.amount, work.today(), self.evidence.clone());
        let (fund, project) = kept_grant(work, Self::ACT, self.fund, allocation).await?;
        let (disbursement, on) = (DisbursementId(Uuid::now_v7()), self.on.unwrap_or(today));
        work.decide::<Fund>(fund, FundCommand::Disburse { allocation, disbursement, amount, on, today, evidence }).await?;
        tell(work, self.fund, project, allocation, GrantMovement::Disbursed, amount).await?;
        Ok(disbursement)
    }
}

/// Record what of a payment came back.
#[derive(Debug, Serialize)]
pub struct ReturnGrant {
    /// To which fund.
    pub fund: FundId,
    /// Of which payment.
    pub disbursement: DisbursementId,
    /// How much.
    pub amount: Cents,
    /// The day it came; `None` for today.
    pub on: Option<Day>,
    /// Why.
    pub reason: String,
    /// Files that show it.
    pub evidence: Vec<Attachment>,
}

impl Command for ReturnGrant {
    const ACT: &'static Act = &RETURN_GRANT;
    type Answer = DisbursementId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<DisbursementId, Rejection> {
        let fund = kept(work, Self::ACT, self.fund, None).await?;
        let (allocation, grant, _) = fund.inner().grant_of(self.disbursement).map_err(refused)?;
        let (project, disbursement, amount, today) = (grant.project, self.disbursement, self.amount, work.today());
        let (on, reason, evidence) = (self.on.unwrap_or(today), self.reason.clone(), self.evidence.clone());
        work.decide::<Fund>(fund, FundCommand::Return { disbursement, amount, on, today, reason, evidence }).await?;
        tell(work, self.fund, project, allocation, GrantMovement::Returned, amount).await?;
        Ok(disbursement)
    }
}

/// Close a year of a fund.
#[derive(Debug, Serialize)]
pub struct CloseFundYear {
    /// Of which fund.
    pub fund: FundId,
    /// Which year.
    pub year: u16,
}

impl Command for CloseFundYear {
    const ACT: &'static Act = &CLOSE_FUND_YEAR;
    type Answer = FundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<FundId, Rejection> {
        let fund = kept(work, Self::ACT, self.fund, None).await?;
        work.decide::<Fund>(fund, FundCommand::CloseYear { year: self.year }).await?;
        Ok(self.fund)
    }
}

/// Carry what is free in a closed year over to a later one.
#[derive(Debug, Serialize)]
pub struct CarryOverBalance {
    /// Of which fund.
    pub fund: FundId,
    /// From which line.
    pub line: LineKey,
    /// To which year.
    pub to: u16,
    /// How much.
    pub amount: Cents,
}

impl Command for CarryOverBalance {
    const ACT: &'static Act = &CARRY_OVER_BALANCE;
    type Answer = FundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<FundId, Rejection> {
        let fund = kept(work, Self::ACT, self.fund, None).await?;
        work.decide::<Fund>(fund, FundCommand::CarryOver { line: self.line.clone(), to: self.to, amount: self.amount }).await?;
        Ok(self.fund)
    }
}

/// Give what is free in a closed year back to the treasury.
#[derive(Debug, Serialize)]
pub struct LapseBalance {
    /// Of which fund.
    pub fund: FundId,
    /// From which line.
    pub line: LineKey,
    /// How much.
    pub amount: Cents,
    /// Why.
    pub reason: String,
}

impl Command for LapseBalance {
    const ACT: &'static Act = &LAPSE_BALANCE;
    type Answer = FundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<FundId, Rejection> {
        let fund = kept(work, Self::ACT, self.fund, None).await?;
        let command = FundCommand::Lapse { line: self.line.clone(), amount: self.amount, reason: self.reason.clone() };
        work.decide::<Fund>(fund, command).await?;
        Ok(self.fund)
    }
}

/// Close a fund.
#[derive(Debug, Serialize)]
pub struct CloseFund {
    /// Which.
    pub fund: FundId,
}

impl Command for CloseFund {
    const ACT: &'static Act = &CLOSE_FUND;
    type Answer = FundId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<FundId, Rejection> {
        let fund = kept(work, Self::ACT, self.fund, None).await?;
        work.decide::<Fund>(fund, FundCommand::Close).await?;
        Ok(self.fund)
    }
}
