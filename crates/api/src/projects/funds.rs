//! Funds, their budget lines, grants, payments and ledgers as they are read. What changes them stands in `fund_commands`.

use async_graphql::{Context, Enum, Error, ID, InputObject, Object};
use gongyi_domain::{
    access::authority::Subject,
    projects::{fund::FUNDS, fund_terms::LineKey},
    values::FundId,
};
use gongyi_projections::{FundLine, FundRow, GrantPayment as PaymentRow, LedgerFilter, LedgerRow, Movement, ProjectGrantRow};

use super::{
    project::{self, Project},
    round::{self, Round},
};
use crate::{
    access::areas::{self, Area},
    attachment::{self, Attachment},
    door::Door,
    ids::{self, GrantKey, PaymentKey},
    list::List,
    loaders::{LinesOf, PaymentsOf},
    paging::{self, Paged},
    scalars::{Area as AreaCode, Date, Money, Position},
    table::wires,
};

/// What an entry of a fund's ledger tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Movement")]
pub enum FundMovement {
    /// 拨入: money came into the line.
    Appropriated,
    /// 收回: free money was taken out of it.
    Withdrawn,
    /// 立项拨款: granted to a project.
    Granted,
    /// 核减: of a grant, back before it was paid.
    Released,
    /// 支付: paid out of a grant.
    Disbursed,
    /// 退回: of a payment, back.
    Returned,
    /// 结转转出: to a later year.
    CarriedOut,
    /// 结转转入: from an earlier year.
    CarriedIn,
    /// 上缴: back to the treasury.
    Lapsed,
}

/// A budget line.
pub struct BudgetLine(FundLine);

/// One year's money for one area; every amount is the sum of entries of the ledger.
#[Object]
impl BudgetLine {
    /// The budget year.
    fn year(&self) -> u16 {
        self.0.year
    }
    /// The code of the area.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// The area.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// The year is closed: nothing more is granted from it.
    fn closed(&self) -> bool {
        self.0.closed
    }
    /// What is free.
    fn free(&self) -> Money {
        Money(self.0.free)
    }
    /// What came in: appropriated and carried over, less what was withdrawn.
    fn budget(&self) -> Money {
        Money(self.0.budget)
    }
    /// What is granted, less what was released or came back.
    fn granted(&self) -> Money {
        Money(self.0.granted)
    }
    /// What was paid, less what came back.
    fn disbursed(&self) -> Money {
        Money(self.0.disbursed)
    }
}

/// An entry of a fund's ledger.
pub struct FundEntry(pub(crate) LedgerRow);

/// An entry of a fund's ledger: one event's amount in one budget line.
#[Object]
impl FundEntry {
    /// What it tells.
    fn movement(&self) -> FundMovement {
        self.0.movement.into()
    }
    /// How much.
    fn amount(&self) -> Money {
        Money(self.0.amount)
    }
    /// What it does to what is free in its line: 1 adds, -1 takes, 0 leaves it as it is.
    fn sign(&self) -> i8 {
        self.0.sign
    }
    /// The day it counts for.
    fn moved_on(&self) -> Date {
        Date(self.0.moved_on)
    }
    /// The day it was recorded.
    fn recorded_on(&self) -> Date {
        Date(self.0.recorded_on)
    }
    /// The fund.
    async fn fund(&self, ctx: &Context<'_>) -> Result<Option<Fund>, Error> {
        fund(&Door::of(ctx)?, self.0.fund).await
    }
    /// The year of the line.
    fn year(&self) -> u16 {
        self.0.year
    }
    /// The code of the line's area.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// The grant it is about.
    async fn grant(&self, ctx: &Context<'_>) -> Result<Option<ProjectGrant>, Error> {
        match self.0.allocation {
            Some(allocation) => grant(&Door::of(ctx)?, GrantKey { fund: self.0.fund, allocation }).await,
            None => Ok(None),
        }
    }
    /// The id of the payment it is about.
    fn payment_id(&self) -> Option<ID> {
        self.0.disbursement.map(|disbursement| ids::id(&PaymentKey { fund: self.0.fund, disbursement }))
    }
    /// The project whose grant it is about.
    async fn project(&self, ctx: &Context<'_>) -> Result<Option<Project>, Error> {
        match self.0.project {
            Some(id) => project::project(&Door::of(ctx)?, id).await,
            None => Ok(None),
        }
    }
    /// Why, or by what document.
    fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
    /// Files that show it.
    fn evidence(&self) -> List<Attachment> {
        attachment::shown(&self.0.evidence)
    }
    /// Its event's place in the log.
    fn sequence(&self) -> u64 {
        self.0.event
    }
}

/// A payment of a grant.
pub struct GrantPayment(pub(crate) PaymentRow);

/// A payment out of a grant.
#[Object]
impl GrantPayment {
    /// The global id; it names the fund too.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&PaymentKey { fund: self.0.fund, disbursement: self.0.disbursement })
    }
    /// The grant.
    async fn grant(&self, ctx: &Context<'_>) -> Result<Option<ProjectGrant>, Error> {
        grant(&Door::of(ctx)?, GrantKey { fund: self.0.fund, allocation: self.0.allocation }).await
    }
    /// What was paid.
    fn amount(&self) -> Money {
        Money(self.0.amount)
    }
    /// What of it came back.
    fn returned(&self) -> Money {
        Money(self.0.returned)
    }
    /// The day it was paid.
    fn paid_on(&self) -> Date {
        Date(self.0.paid_on)
    }
}

/// A grant.
pub struct ProjectGrant(pub(crate) ProjectGrantRow);

/// A grant of a fund to a project.
#[Object]
impl ProjectGrant {
    /// The global id; it names the fund too.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&GrantKey { fund: self.0.fund, allocation: self.0.id })
    }
    /// The fund.
    async fn fund(&self, ctx: &Context<'_>) -> Result<Option<Fund>, Error> {
        fund(&Door::of(ctx)?, self.0.fund).await
    }
    /// The year of its line.
    fn year(&self) -> u16 {
        self.0.year
    }
    /// The code of its line's area.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// Whose it is.
    async fn project(&self, ctx: &Context<'_>) -> Result<Option<Project>, Error> {
        project::project(&Door::of(ctx)?, self.0.project).await
    }
    /// The day of the decision.
    fn granted_on(&self) -> Date {
        Date(self.0.granted_on)
    }
    /// What was granted, less what was released or came back.
    fn amount(&self) -> Money {
        Money(self.0.amount)
    }
    /// What was paid and did not come back.
    fn paid(&self) -> Money {
        Money(self.0.paid)
    }
    /// What can still be paid.
    fn unpaid(&self) -> Money {
        Money(self.0.amount.checked_sub(self.0.paid).unwrap_or_default())
    }
    /// Its payments, by the day they were paid; 200 at most.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn payments(&self, ctx: &Context<'_>) -> Result<List<GrantPayment>, Error> {
        let rows = Door::of(ctx)?.load(PaymentsOf(self.0.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(GrantPayment).collect())
    }
}

/// A fund.
pub struct Fund(pub(crate) FundRow);

/// A fund (专项资金) with its budget by year and area. Funds are public and name no person.
#[Object]
impl Fund {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&self.0.id)
    }
    /// Its name.
    fn name(&self) -> &str {
        &self.0.name
    }
    /// The code of the area it is for.
    fn area_code(&self) -> AreaCode {
        AreaCode(self.0.area.clone())
    }
    /// The area it is for.
    async fn area(&self, ctx: &Context<'_>) -> Result<Option<Area>, Error> {
        areas::area(&Door::of(ctx)?, self.0.area.clone()).await
    }
    /// The day it was established.
    fn established_on(&self) -> Date {
        Date(self.0.established_on)
    }
    /// Closed for good.
    fn closed(&self) -> bool {
        self.0.closed
    }
    /// Its budget lines, by year and area.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn lines(&self, ctx: &Context<'_>, #[graphql(desc = "Of this year only.")] year: Option<u16>) -> Result<List<BudgetLine>, Error> {
        let lines = Door::of(ctx)?.load(LinesOf(self.0.id)).await?.unwrap_or_default();
        Ok(lines.into_iter().filter(|line| year.is_none_or(|year| line.year == year)).map(BudgetLine).collect())
    }
    /// Its ledger, in the order of its entries.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries.")] filter: Option<FundLedgerFilter>,
        #[graphql(desc = "The last first.")] descending: Option<bool>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<FundEntry>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        let filter = filter.unwrap_or_default().read()?;
        let page = door.read(door.lists().fund_ledger(self.0.id, &filter, descending.unwrap_or_default(), &page).await)?;
        Ok(paging::paged(page, FundEntry))
    }
    /// Its grants, by the day of the decision.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<ProjectGrant>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        Ok(paging::paged(door.read(door.lists().grants_of_fund(self.0.id, &page).await)?, ProjectGrant))
    }
    /// The rounds that it pays for, the last called first.
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn rounds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Paged<Round>, Error> {
        let (door, page) = (Door::of(ctx)?, paging::asked(ctx, first, after, last, before)?);
        round::of_fund(&door, self.0.id, &page).await
    }
}

/// Which entries of a ledger.
#[derive(Default, InputObject)]
pub struct FundLedgerFilter {
    /// Of this year's lines.
    year: Option<u16>,
    /// Of the lines of this area or areas within it.
    area: Option<AreaCode>,
    /// Of this project's grants.
    project: Option<ID>,
    /// That count for this day or later.
    from: Option<Date>,
    /// That count for this day or earlier.
    to: Option<Date>,
}

impl FundLedgerFilter {
    fn read(self) -> Result<LedgerFilter, Error> {
        Ok(LedgerFilter {
            year: self.year,
            area: self.area.map(|it| it.0),
            project: self.project.as_ref().map(ids::asked).transpose()?,
            from: self.from.map(|it| it.0),
            until: self.to.map(|it| it.0),
        })
    }
}

/// A budget line: one year's money for one area.
#[derive(InputObject)]
pub struct BudgetLineInput {
    /// The budget year.
    year: u16,
    /// The area.
    area: AreaCode,
}

wires! {
    BudgetLineInput => LineKey = |line| LineKey { year: line.year, area: line.area.0 };
}

/// A fund; they are public.
pub(crate) async fn fund(door: &Door<'_>, id: FundId) -> Result<Option<Fund>, Error> {
    Ok(door.load(id).await?.map(Fund))
}

/// A grant; they are public.
pub(crate) async fn grant(door: &Door<'_>, key: GrantKey) -> Result<Option<ProjectGrant>, Error> {
    Ok(door.load(key.allocation).await?.filter(|row| row.fund == key.fund).map(ProjectGrant))
}

/// A payment; they are public.
pub(crate) async fn payment(door: &Door<'_>, key: PaymentKey) -> Result<Option<GrantPayment>, Error> {
    Ok(door.read(door.app.views().grant_payment(key.fund, key.disbursement).await)?.map(GrantPayment))
}

/// The root fields about funds.
#[derive(Default)]
pub struct FundQueries;

#[Object]
impl FundQueries {
    /// Funds by name. Open to everybody.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    #[graphql(complexity = "paging::cost(first, last, child_complexity)")]
    async fn funds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For this area or one within it.")] area: Option<AreaCode>,
        #[graphql(desc = "So many from the front, 20 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the back.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Paged<Fund>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&FUNDS, &Subject::default())?;
        let page = paging::asked(ctx, first, after, last, before)?;
        let area = area.map(|it| it.0);
        Ok(paging::paged(door.read(door.app.views().funds(area.as_ref(), &page).await)?, Fund))
    }

    /// One fund; null if there is none. Open to everybody.
    async fn fund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Fund>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        door.may(&FUNDS, &Subject::default())?;
        fund(&door, ids::asked(&id)?).await
    }
}
