//! What moves the money of funds.

use async_graphql::{Context, Error, ID, InputObject, Object};
use gongyi_app::{
    Command,
    projects::funds::{
        AllocateGrant, AppropriateBudget, CarryOverBalance, CloseFund, CloseFundYear, DisburseGrant, EstablishFund, LapseBalance,
        ReleaseGrant, ReturnGrant, WithdrawBudget,
    },
};
use gongyi_domain::{
    refusal::Refusal,
    values::{AllocationId, DisbursementId, FundId},
};

use super::funds::{self, BudgetLineInput, Fund, GrantPayment, ProjectGrant};
use crate::{
    deliberation::motion_inputs::{AttachmentInput, attachments},
    door::Door,
    ids::{self, GrantKey, PaymentKey},
    outcome::payloads,
    scalars::{Area as AreaCode, Date, Money},
};

payloads! {
    /// What became of a command to a fund.
    FundPayload {
        /// The fund.
        fund: Fund,
    }
    /// What became of a command to a grant.
    ProjectGrantPayload {
        /// The grant.
        grant: ProjectGrant,
        /// The fund it is of.
        fund: Fund,
    }
    /// What became of a command to a payment.
    GrantPaymentPayload {
        /// The payment.
        payment: GrantPayment,
        /// The fund it is of.
        fund: Fund,
    }
}

async fn fund_of(door: &Door<'_>, id: Option<FundId>) -> Result<Option<Fund>, Error> {
    match id {
        Some(id) => funds::fund(door, id).await,
        None => Ok(None),
    }
}

async fn done<C>(ctx: &Context<'_>, command_id: Option<&ID>, command: Result<C, Refusal>) -> Result<FundPayload, Error>
where
    C: Command<Answer = FundId> + Send + 'static,
{
    let door = Door::of(ctx)?;
    let done = door.does(command_id, command).await?;
    Ok(FundPayload::new(done.told, fund_of(&door, done.answer).await?))
}

/// As [`done`], for a grant of the fund that the command names.
async fn granted<C>(ctx: &Context<'_>, command_id: Option<&ID>, command: Result<(FundId, C), Refusal>) -> Result<ProjectGrantPayload, Error>
where
    C: Command<Answer = AllocationId> + Send + 'static,
{
    let door = Door::of(ctx)?;
    let fund = command.as_ref().ok().map(|(fund, _)| *fund);
    let done = door.does(command_id, command.map(|(_, command)| command)).await?;
    let (grant, fund) = match fund.zip(done.answer) {
        Some((fund, allocation)) => (funds::grant(&door, GrantKey { fund, allocation }).await?, fund_of(&door, Some(fund)).await?),
        None => (None, None),
    };
    Ok(ProjectGrantPayload::new(done.told, grant, fund))
}

/// As [`granted`], for a payment.
async fn paid<C>(ctx: &Context<'_>, command_id: Option<&ID>, command: Result<(FundId, C), Refusal>) -> Result<GrantPaymentPayload, Error>
where
    C: Command<Answer = DisbursementId> + Send + 'static,
{
    let door = Door::of(ctx)?;
    let fund = command.as_ref().ok().map(|(fund, _)| *fund);
    let done = door.does(command_id, command.map(|(_, command)| command)).await?;
    let (payment, fund) = match fund.zip(done.answer) {
        Some((fund, disbursement)) => (funds::payment(&door, PaymentKey { fund, disbursement }).await?, fund_of(&door, Some(fund)).await?),
        None => (None, None),
    };
    Ok(GrantPaymentPayload::new(done.told, payment, fund))
}

/// What establishing takes.
#[derive(InputObject)]
pub struct EstablishFundInput {
    /// Its name.
    name: String,
    /// The area it is for.
    area: AreaCode,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What appropriating takes.
#[derive(InputObject)]
pub struct AppropriateBudgetInput {
    /// To which fund.
    fund: ID,
    /// Into which line.
    line: BudgetLineInput,
    /// How much.
    amount: Money,
    /// The document that says so.
    basis: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What withdrawing takes.
#[derive(InputObject)]
pub struct WithdrawBudgetInput {
    /// Of which fund.
    fund: ID,
    /// Out of which line.
    line: BudgetLineInput,
    /// How much.
    amount: Money,
    /// Why.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What granting takes.
#[derive(InputObject)]
pub struct AllocateGrantInput {
    /// Of which fund.
    fund: ID,
    /// From which line.
    line: BudgetLineInput,
    /// To which project.
    project: ID,
    /// How much.
    amount: Money,
    /// The day of the decision; today if not said.
    on: Option<Date>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What releasing takes.
#[derive(InputObject)]
pub struct ReleaseGrantInput {
    /// Of which grant.
    grant: ID,
    /// How much.
    amount: Money,
    /// The day; today if not said.
    on: Option<Date>,
    /// Why.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What paying takes.
#[derive(InputObject)]
pub struct DisburseGrantInput {
    /// Out of which grant.
    grant: ID,
    /// How much.
    amount: Money,
    /// The day it was paid; today if not said.
    on: Option<Date>,
    /// Files that show it: the order, the receipt; at least one.
    evidence: Option<Vec<AttachmentInput>>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What recording takes that a payment came back.
#[derive(InputObject)]
pub struct ReturnGrantInput {
    /// Of which payment.
    payment: ID,
    /// How much.
    amount: Money,
    /// The day it came; today if not said.
    on: Option<Date>,
    /// Why.
    reason: String,
    /// Files that show it; at least one.
    evidence: Option<Vec<AttachmentInput>>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What closing a year takes.
#[derive(InputObject)]
pub struct CloseFundYearInput {
    /// Of which fund.
    fund: ID,
    /// Which year.
    year: u16,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What carrying over takes.
#[derive(InputObject)]
pub struct CarryOverBalanceInput {
    /// Of which fund.
    fund: ID,
    /// From which line.
    line: BudgetLineInput,
    /// To which year; the area stays.
    to: u16,
    /// How much.
    amount: Money,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What giving back to the treasury takes.
#[derive(InputObject)]
pub struct LapseBalanceInput {
    /// Of which fund.
    fund: ID,
    /// From which line.
    line: BudgetLineInput,
    /// How much.
    amount: Money,
    /// Why.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What closing a fund takes.
#[derive(InputObject)]
pub struct CloseFundInput {
    /// Which fund.
    fund: ID,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// The root fields that move the money of funds.
#[derive(Default)]
pub struct FundMutations;

#[Object]
impl FundMutations {
    /// Establish a fund.
    async fn establish_fund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: EstablishFundInput,
    ) -> Result<FundPayload, Error> {
        done(ctx, input.command_id.as_ref(), Ok(EstablishFund { name: input.name, area: input.area.0 })).await
    }

    /// Put money into a budget line.
    async fn appropriate_budget(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: AppropriateBudgetInput,
    ) -> Result<FundPayload, Error> {
        let (line, amount, basis) = (input.line.key(), input.amount.0, input.basis);
        let command = ids::named(&input.fund, "fund").map(|fund| AppropriateBudget { fund, line, amount, basis });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Take free money out of a budget line.
    async fn withdraw_budget(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: WithdrawBudgetInput,
    ) -> Result<FundPayload, Error> {
        let (line, amount, reason) = (input.line.key(), input.amount.0, input.reason);
        let command = ids::named(&input.fund, "fund").map(|fund| WithdrawBudget { fund, line, amount, reason });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Grant money of a line to a project: never more than is free in the line, nor than the project's plan says.
    async fn allocate_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: AllocateGrantInput,
    ) -> Result<ProjectGrantPayload, Error> {
        let (line, amount, on) = (input.line.key(), input.amount.0, input.on.map(|it| it.0));
        let command = ids::named(&input.fund, "fund").and_then(|fund| {
            let project = ids::named(&input.project, "project")?;
            Ok((fund, AllocateGrant { fund, line, project, amount, on }))
        });
        granted(ctx, input.command_id.as_ref(), command).await
    }

    /// Take back of a grant what was not paid: it is free again in its line.
    async fn release_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: ReleaseGrantInput,
    ) -> Result<ProjectGrantPayload, Error> {
        let (amount, on, reason) = (input.amount.0, input.on.map(|it| it.0), input.reason);
        let command = ids::named(&input.grant, "grant")
            .map(|GrantKey { fund, allocation }| (fund, ReleaseGrant { fund, allocation, amount, on, reason }));
        granted(ctx, input.command_id.as_ref(), command).await
    }

    /// Pay out of a grant.
    async fn disburse_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: DisburseGrantInput,
    ) -> Result<GrantPaymentPayload, Error> {
        let (amount, on) = (input.amount.0, input.on.map(|it| it.0));
        let command = ids::named(&input.grant, "grant").and_then(|GrantKey { fund, allocation }| {
            let evidence = attachments(input.evidence)?;
            Ok((fund, DisburseGrant { fund, allocation, amount, on, evidence }))
        });
        paid(ctx, input.command_id.as_ref(), command).await
    }

    /// Record what of a payment came back: it is free again in the grant's line.
    async fn return_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: ReturnGrantInput,
    ) -> Result<GrantPaymentPayload, Error> {
        let (amount, on, reason) = (input.amount.0, input.on.map(|it| it.0), input.reason);
        let command = ids::named(&input.payment, "payment").and_then(|PaymentKey { fund, disbursement }| {
            let evidence = attachments(input.evidence)?;
            Ok((fund, ReturnGrant { fund, disbursement, amount, on, reason, evidence }))
        });
        paid(ctx, input.command_id.as_ref(), command).await
    }

    /// Close a year of a fund: nothing more is granted from it.
    async fn close_fund_year(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CloseFundYearInput,
    ) -> Result<FundPayload, Error> {
        let command = ids::named(&input.fund, "fund").map(|fund| CloseFundYear { fund, year: input.year });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Carry what is free in a closed year over to a later one.
    async fn carry_over_balance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CarryOverBalanceInput,
    ) -> Result<FundPayload, Error> {
        let (line, to, amount) = (input.line.key(), input.to, input.amount.0);
        let command = ids::named(&input.fund, "fund").map(|fund| CarryOverBalance { fund, line, to, amount });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Give what is free in a closed year back to the treasury.
    async fn lapse_balance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: LapseBalanceInput,
    ) -> Result<FundPayload, Error> {
        let (line, amount, reason) = (input.line.key(), input.amount.0, input.reason);
        let command = ids::named(&input.fund, "fund").map(|fund| LapseBalance { fund, line, amount, reason });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Close a fund for good: every year closed, every line empty, every grant paid or released.
    async fn close_fund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CloseFundInput,
    ) -> Result<FundPayload, Error> {
        let command = ids::named(&input.fund, "fund").map(|fund| CloseFund { fund });
        done(ctx, input.command_id.as_ref(), command).await
    }
}
