//! Funds and their ledgers, in which every cent has its event.
//!
//! - An entry of a ledger is one event's amount in one budget line; carrying over has two, for it touches two lines.
//! - What is free in a line is what its entries brought in less what they took out: no balance is stored.
//! - A payment stands in the line of its grant and changes nothing of what is free there; what comes back does.

use gongyi_domain::{
    Event,
    attachment::Attachment,
    projects::{self, fund::FundEvent as E, fund_terms::LineKey},
    values::{AllocationId, AreaCode, Cents, Day, DisbursementId, FundId, ProjectId},
};
use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    stored::{flag, json},
    views::Views,
};

/// What an entry of a ledger tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// Money came into the line.
    Appropriated,
    /// Free money was taken out of it.
    Withdrawn,
    /// Granted to a project.
    Granted,
    /// Of a grant, back before it was paid.
    Released,
    /// Paid out of a grant.
    Disbursed,
    /// Of a payment, back.
    Returned,
    /// To a later year.
    CarriedOut,
    /// From an earlier year.
    CarriedIn,
    /// Back to the treasury.
    Lapsed,
}

impl Movement {
    /// Every movement.
    pub const ALL: [Self; 9] = [
        Self::Appropriated,
        Self::Withdrawn,
        Self::Granted,
        Self::Released,
        Self::Disbursed,
        Self::Returned,
        Self::CarriedOut,
        Self::CarriedIn,
        Self::Lapsed,
    ];

    /// What it does to what is free in its line: adds, takes or leaves.
    pub fn sign(self) -> i8 {
        match self {
            Self::Appropriated | Self::Released | Self::Returned | Self::CarriedIn => 1,
            Self::Withdrawn | Self::Granted | Self::CarriedOut | Self::Lapsed => -1,
            Self::Disbursed => 0,
        }
    }
}

row! {
    /// A fund.
    FundRow in "funds" {
        key {
            /// The fund.
            id: FundId,
        }
        fixed {
            /// Its name.
            name: String,
            /// The area it is for.
            area: AreaCode,
            /// The day it was established.
            established_on: Day,
        }
        live {
            /// Closed for good.
            #[serde(with = "flag")]
            closed: bool,
        }
    }
}

row! {
    /// A closed year of a fund.
    ClosedYearRow in "fund_years" {
        key {
            /// The fund.
            fund: FundId,
            /// The year.
            year: u16,
        }
        fixed {
            /// The day it was closed.
            closed_on: Day,
        }
    }
}

row! {
    /// A grant.
    ProjectGrantRow in "project_grants" {
        key {
            /// The grant.
            id: AllocationId,
        }
        fixed {
            /// The fund it is of.
            fund: FundId,
            /// The year of its line.
            year: u16,
            /// The area of its line.
            area: AreaCode,
            /// Whose it is.
            project: ProjectId,
            /// The day of the decision.
            granted_on: Day,
        }
        live {
            /// What was granted, less what was released or came back.
            amount: Cents,
            /// What was paid and did not come back.
            paid: Cents,
        }
    }
}

row! {
    /// An entry of a fund's ledger.
    LedgerRow in "fund_ledger" {
        key {
            /// The event's place in the log.
            event: u64,
            /// Which of the event's entries, from 1.
            leg: u8,
        }
        fixed {
            /// The fund.
            fund: FundId,
            /// The year of the line.
            year: u16,
            /// The area of the line.
            area: AreaCode,
            /// What it tells.
            movement: Movement,
            /// How much.
            amount: Cents,
            /// What it does to what is free: 1, -1 or 0.
            sign: i8,
            /// The day it counts for.
            moved_on: Day,
            /// The day it was recorded.
            recorded_on: Day,
            /// The grant.
            allocation: Option<AllocationId>,
            /// The payment.
            disbursement: Option<DisbursementId>,
            /// The project.
            project: Option<ProjectId>,
            /// Why, or by what document.
            reason: Option<String>,
            /// Files that show it.
            #[serde(with = "json")]
            evidence: Vec<Attachment>,
        }
    }
}

/// An entry in the making.
#[derive(Default)]
struct Entry<'a> {
    on: Option<Day>,
    grant: Option<(AllocationId, ProjectId)>,
    disbursement: Option<DisbursementId>,
    reason: Option<&'a String>,
    evidence: &'a [Attachment],
}

#[derive(Default)]
pub(crate) struct FundsFold {
    funds: Rows<FundRow>,
    years: Rows<ClosedYearRow>,
    grants: Rows<ProjectGrantRow>,
    ledger: Rows<LedgerRow>,
}

impl FundsFold {
    fn enter(&mut self, change: &Change, leg: u8, line: &LineKey, movement: Movement, amount: Cents, entry: Entry<'_>) {
        self.ledger.put(LedgerRow {
            event: change.position,
            leg,
            fund: FundId(change.stream.id),
            year: line.year,
            area: line.area.clone(),
            movement,
            amount,
            sign: movement.sign(),
            moved_on: entry.on.unwrap_or(change.recorded_day),
            recorded_on: change.recorded_day,
            allocation: entry.grant.map(|(allocation, _)| allocation),
            disbursement: entry.disbursement,
            project: entry.grant.map(|(_, project)| project),
            reason: entry.reason.cloned(),
            evidence: entry.evidence.to_vec(),
            position: change.position,
        });
    }

    /// Moves money of a grant, and answers its line.
    fn move_grant(
        &mut self,
        change: &Change,
        allocation: AllocationId,
        moved: impl Fn(&ProjectGrantRow) -> Option<(Cents, Cents)>,
    ) -> Result<LineKey, FoldError> {
        let row = self.grants.change(&(allocation,), change.position)?;
        (row.amount, row.paid) = moved(row).ok_or(FoldError::Overflow("project_grants.amount"))?;
        Ok(LineKey { year: row.year, area: row.area.clone() })
    }

    fn fund(&mut self, change: &Change, event: &E) -> Result<(), FoldError> {
        let (fund, position) = (FundId(change.stream.id), change.position);
        match event {
            E::FundEstablished { name, area } => {
                let (name, area, established_on) = (name.clone(), area.clone(), change.recorded_day);
                self.funds.add(FundRow { id: fund, name, area, established_on, closed: false, position })?;
            }
            E::BudgetAppropriated { line, amount, basis } => {
                self.enter(change, 1, line, Movement::Appropriated, *amount, Entry { reason: Some(basis), ..Entry::default() });
            }
            E::BudgetWithdrawn { line, amount, reason } => {
                self.enter(change, 1, line, Movement::Withdrawn, *amount, Entry { reason: Some(reason), ..Entry::default() });
            }
            E::GrantAllocated { allocation, line, project, amount, on } => {
                self.grants.add(ProjectGrantRow {
                    id: *allocation,
                    fund,
                    year: line.year,
                    area: line.area.clone(),
                    project: *project,
                    granted_on: *on,
                    amount: *amount,
                    paid: Cents::ZERO,
                    position,
                })?;
                let entry = Entry { on: Some(*on), grant: Some((*allocation, *project)), ..Entry::default() };
                self.enter(change, 1, line, Movement::Granted, *amount, entry);
            }
            E::GrantReleased { allocation, project, amount, on, reason } => {
                let line = self.move_grant(change, *allocation, |row| Some((row.amount.checked_sub(*amount)?, row.paid)))?;
                let entry = Entry { on: Some(*on), grant: Some((*allocation, *project)), reason: Some(reason), ..Entry::default() };
                self.enter(change, 1, &line, Movement::Released, *amount, entry);
            }
            E::GrantDisbursed { allocation, project, disbursement, amount, on, evidence } => {
                let line = self.move_grant(change, *allocation, |row| Some((row.amount, row.paid.checked_add(*amount)?)))?;
                let (grant, disbursement) = (Some((*allocation, *project)), Some(*disbursement));
                let entry = Entry { on: Some(*on), grant, disbursement, evidence, ..Entry::default() };
                self.enter(change, 1, &line, Movement::Disbursed, *amount, entry);
            }
            E::GrantReturned { allocation, project, disbursement, amount, on, reason, evidence } => {
                let less = |row: &ProjectGrantRow| Some((row.amount.checked_sub(*amount)?, row.paid.checked_sub(*amount)?));
                let line = self.move_grant(change, *allocation, less)?;
                let (grant, disbursement) = (Some((*allocation, *project)), Some(*disbursement));
                let entry = Entry { on: Some(*on), grant, disbursement, reason: Some(reason), evidence };
                self.enter(change, 1, &line, Movement::Returned, *amount, entry);
            }
            E::FundYearClosed { year } => {
                self.years.put(ClosedYearRow { fund, year: *year, closed_on: change.recorded_day, position });
            }
            E::BalanceCarriedOver { line, to, amount } => {
                self.enter(change, 1, line, Movement::CarriedOut, *amount, Entry::default());
                let into = LineKey { year: *to, area: line.area.clone() };
                self.enter(change, 2, &into, Movement::CarriedIn, *amount, Entry::default());
            }
            E::BalanceLapsed { line, amount, reason } => {
                self.enter(change, 1, line, Movement::Lapsed, *amount, Entry { reason: Some(reason), ..Entry::default() });
            }
            E::FundClosed {} => self.funds.change(&(fund,), position)?.closed = true,
        }
        Ok(())
    }
}

/// What an event says of a fund.
fn concern(change: &Change) -> Option<&E> {
    use projects::Event as P;
    let Event::Projects(event) = &change.event else { return None };
    match event {
        P::Fund(event) => Some(event),
        P::Round(_) | P::Project(_) | P::CommunityActivity(_) | P::ServiceLink(_) | P::Incubation(_) => None,
    }
}

impl Fold for FundsFold {
    const NAME: &'static str = "funds";
    const KINDS: &'static [&'static str] = &["fund"];

    fn want(&mut self, change: &Change) {
        let Some(event) = concern(change) else { return };
        self.funds.want((FundId(change.stream.id),));
        if let E::GrantAllocated { allocation, .. }
        | E::GrantReleased { allocation, .. }
        | E::GrantDisbursed { allocation, .. }
        | E::GrantReturned { allocation, .. } = event
        {
            self.grants.want((*allocation,));
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let Some(event) = concern(change) else { return Ok(()) };
        self.fund(change, event)
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.funds, &mut self.years, &mut self.grants, &mut self.ledger]
    }
}

/// A budget line as its entries make it; amounts are cents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundLine {
    /// The fund.
    pub fund: FundId,
    /// The year.
    pub year: u16,
    /// The area.
    pub area: AreaCode,
    /// The year is closed.
    #[serde(with = "flag")]
    pub closed: bool,
    /// What is free.
    pub free: Cents,
    /// What came in: appropriated and carried over, less what was withdrawn.
    pub budget: Cents,
    /// What is granted, less what was released or came back.
    pub granted: Cents,
    /// What was paid, less what came back.
    pub disbursed: Cents,
}

/// A payment of a grant, as the ledger tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantPayment {
    /// The fund.
    pub fund: FundId,
    /// The grant.
    pub allocation: AllocationId,
    /// The payment.
    pub disbursement: DisbursementId,
    /// What was paid.
    pub amount: Cents,
    /// What of it came back.
    pub returned: Cents,
    /// The day it was paid.
    pub paid_on: Day,
}

const PAYMENT: &str = "json_array(l.fund, l.allocation, l.disbursement,
    sum(CASE l.movement WHEN 'disbursed' THEN l.amount ELSE 0 END), sum(CASE l.movement WHEN 'returned' THEN l.amount ELSE 0 END),
    min(CASE l.movement WHEN 'disbursed' THEN l.moved_on END))";

/// Which entries of a ledger.
#[derive(Debug, Clone, Default)]
pub struct LedgerFilter {
    /// Of this year's lines.
    pub year: Option<u16>,
    /// Of the lines of this area or areas within it.
    pub area: Option<AreaCode>,
    /// Of this project's grants.
    pub project: Option<ProjectId>,
    /// That moved money from this day on.
    pub from: Option<Day>,
    /// That moved money until this day, it included.
    pub until: Option<Day>,
}

impl Views {
    /// Funds for an area or areas within it, or all, by name.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn funds(&self, area: Option<&AreaCode>, page: &PageArgs) -> Result<Page<FundRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.in_area("f.area", area);
        let sort = Sort { name: "funds", columns: vec![SortColumn::plain("f.name"), SortColumn::plain("f.id")], descending: false };
        Listing { select: FundRow::select("f"), from: "funds f", conditions, sort }.page(self, page).await
    }

    /// Funds by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn funds_by_ids(&self, ids: &[FundId]) -> Result<Vec<FundRow>, QueryError> {
        let sql = format!("SELECT {} FROM funds f WHERE f.id IN (SELECT value FROM json_each(?))", FundRow::select("f"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// The budget lines of these funds, by year and area: sums of their ledgers.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn fund_lines(&self, funds: &[FundId]) -> Result<Vec<FundLine>, QueryError> {
        let sql = "SELECT json_array(l.fund, l.year, l.area, EXISTS(SELECT 1 FROM fund_years y WHERE y.fund=l.fund AND y.year=l.year),
                sum(l.sign*l.amount),
                sum(CASE l.movement WHEN 'appropriated' THEN l.amount WHEN 'carried_in' THEN l.amount WHEN 'withdrawn' THEN -l.amount ELSE 0 END),
                sum(CASE l.movement WHEN 'granted' THEN l.amount WHEN 'released' THEN -l.amount WHEN 'returned' THEN -l.amount ELSE 0 END),
                sum(CASE l.movement WHEN 'disbursed' THEN l.amount WHEN 'returned' THEN -l.amount ELSE 0 END))
            FROM fund_ledger l WHERE l.fund IN (SELECT value FROM json_each(?)) GROUP BY l.fund, l.year, l.area ORDER BY l.year, l.area";
        fetch(&mut *self.pool().acquire().await?, sql.to_owned(), &[serde_json::to_string(funds)?.into()]).await
    }

    /// A fund's ledger, in the order of its events.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn fund_ledger(
        &self,
        fund: FundId,
        filter: &LedgerFilter,
        descending: bool,
        page: &PageArgs,
    ) -> Result<Page<LedgerRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("l.fund=?", fund.to_string());
        conditions.maybe("l.year=?", filter.year.map(i64::from));
        conditions.in_area("l.area", filter.area.as_ref());
        conditions.maybe("l.project=?", filter.project.map(|id| id.to_string()));
        conditions.maybe("l.moved_on>=?", filter.from.map(|day| day.to_string()));
        conditions.maybe("l.moved_on<=?", filter.until.map(|day| day.to_string()));
        let columns = vec![SortColumn::plain("l.event"), SortColumn::plain("l.leg")];
        let sort = Sort { name: "fund_ledger", columns, descending };
        Listing { select: LedgerRow::select("l"), from: "fund_ledger l", conditions, sort }.page(self, page).await
    }

    /// Grants by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn grants_by_ids(&self, ids: &[AllocationId]) -> Result<Vec<ProjectGrantRow>, QueryError> {
        let select = ProjectGrantRow::select("g");
        let sql = format!("SELECT {select} FROM project_grants g WHERE g.id IN (SELECT value FROM json_each(?))");
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// The grants of a fund, by the day of the decision.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn grants_of_fund(&self, fund: FundId, page: &PageArgs) -> Result<Page<ProjectGrantRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("g.fund=?", fund.to_string());
        let columns = vec![SortColumn::plain("g.granted_on"), SortColumn::plain("g.id")];
        let sort = Sort { name: "grants_of_fund", columns, descending: false };
        Listing { select: ProjectGrantRow::select("g"), from: "project_grants g", conditions, sort }.page(self, page).await
    }

    /// The payments of these grants, by the day they were paid.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn payments_of_grants(&self, grants: &[AllocationId]) -> Result<Vec<GrantPayment>, QueryError> {
        let sql = format!(
            "SELECT {PAYMENT} FROM fund_ledger l WHERE l.allocation IN (SELECT value FROM json_each(?)) AND l.disbursement IS NOT NULL
             GROUP BY l.fund, l.allocation, l.disbursement ORDER BY min(l.moved_on), l.disbursement"
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(grants)?.into()]).await
    }

    /// One payment of a fund.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn grant_payment(&self, fund: FundId, disbursement: DisbursementId) -> Result<Option<GrantPayment>, QueryError> {
        let sql = format!(
            "SELECT {PAYMENT} FROM fund_ledger l WHERE l.fund=? AND l.disbursement=? GROUP BY l.fund, l.allocation, l.disbursement"
        );
        let binds = [fund.to_string().into(), disbursement.to_string().into()];
        Ok(fetch(&mut *self.pool().acquire().await?, sql, &binds).await?.pop())
    }

    /// The grants of these projects, in the order of their ids.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn grants_of(&self, projects: &[ProjectId]) -> Result<Vec<ProjectGrantRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM project_grants g WHERE g.project IN (SELECT value FROM json_each(?)) ORDER BY g.id",
            ProjectGrantRow::select("g")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(projects)?.into()]).await
    }
}
