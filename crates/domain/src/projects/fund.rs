//! A fund (专项资金): budgets by year and area, and every cent that comes in, goes out or comes back.
//!
//! - A budget line is one year's money for one area. What is free in it is what came in less what went out; it is never less
//!   than nothing, so the fund is never overdrawn.
//! - All lines, grants and payments of a fund stand in its one stream: whoever allocates expects that stream unchanged, so
//!   of two who allocate at once one is decided anew, on what the other left.
//! - Every movement is one event with one amount: the balance is the sum of the events.
//! - Nothing is dated before what it pays or takes back, before its project, or in the future. A grant is decided in the year of its line
//!   (预算法 art. 18); it may be paid, released and returned later.
//! - No more is paid than was granted, and no more comes back than was paid. What is released or comes back is free again in
//!   the line it was granted from.
//! - From a closed year nothing is granted; what it has granted may still be paid. What is free in it is carried over to
//!   the same area in a later year, or lapses to the treasury.

use std::collections::BTreeMap;

use chrono::Datelike;
use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fund_terms::{FundRefusal, Grant, Line, LineKey, Payment, Year};
use crate::{
    access::authority::{Act, Role, To},
    attachment::{self, Attachment},
    event::DomainEvent,
    prose::{self, Prose, REASON_MAX_CHARS},
    values::{AllocationId, AreaCode, Cents, Day, DisbursementId, ProjectId},
};

/// Longest name, in characters.
pub const FUND_NAME_MAX_CHARS: usize = 100;
/// Earliest year of a budget.
pub const FUND_YEAR_MIN: u16 = 2_000;
/// Latest year of a budget.
pub const FUND_YEAR_MAX: u16 = 2_200;
/// So far ahead of its year a budget is appropriated at most, in years.
pub const FUND_AHEAD_MAX_YEARS: u16 = 1;
/// Most payments of one grant; they stand in the fund's stream.
pub const DISBURSEMENTS_MAX_COUNT: usize = 200;

const OFFICERS: &[To] = &[To::Holders(Role::DistrictOfficer)];
/// An organiser, too, grants from the lines of the organiser's own area.
const ALLOCATORS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Establish a fund.
pub const ESTABLISH_FUND: Act = Act { name: "establishFund", open_to: OFFICERS };
/// Put money into a budget line.
pub const APPROPRIATE_BUDGET: Act = Act { name: "appropriateBudget", open_to: OFFICERS };
/// Take free money out of a budget line.
pub const WITHDRAW_BUDGET: Act = Act { name: "withdrawBudget", open_to: OFFICERS };
/// Grant money of a line to a project.
pub const ALLOCATE_GRANT: Act = Act { name: "allocateGrant", open_to: ALLOCATORS };
/// Take back of a grant what was not paid.
pub const RELEASE_GRANT: Act = Act { name: "releaseGrant", open_to: ALLOCATORS };
/// Pay out of a grant. Organisers grant and do not pay.
pub const DISBURSE_GRANT: Act = Act { name: "disburseGrant", open_to: OFFICERS };
/// Record what of a payment came back.
pub const RETURN_GRANT: Act = Act { name: "returnGrant", open_to: OFFICERS };
/// Close a year.
pub const CLOSE_FUND_YEAR: Act = Act { name: "closeFundYear", open_to: OFFICERS };
/// Carry free money over.
pub const CARRY_OVER_BALANCE: Act = Act { name: "carryOverBalance", open_to: OFFICERS };
/// Give free money back to the treasury.
pub const LAPSE_BALANCE: Act = Act { name: "lapseBalance", open_to: OFFICERS };
/// Close a fund.
pub const CLOSE_FUND: Act = Act { name: "closeFund", open_to: OFFICERS };
/// Read funds and their ledgers; they are public and name no person.
pub const FUNDS: Act = Act { name: "funds", open_to: &[To::Anyone] };

/// A fund's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fund {
    /// Its name; empty before it was established.
    pub name: String,
    /// The area it is for; `None` before it was established.
    pub area: Option<AreaCode>,
    /// Closed for good.
    pub closed: bool,
    /// Its years.
    pub years: BTreeMap<u16, Year>,
    /// All grants ever made.
    pub grants: BTreeMap<AllocationId, Grant>,
    /// Which grant each payment is of.
    pub disbursements: BTreeMap<DisbursementId, AllocationId>,
}

/// What may be asked of a fund.
#[derive(Debug, Clone)]
pub enum FundCommand {
    /// Establish it.
    Establish {
        /// Its name.
        name: String,
        /// The area it is for.
        area: AreaCode,
    },
    /// Put money into a line.
    Appropriate {
        /// Which.
        line: LineKey,
        /// How much.
        amount: Cents,
        /// The document that says so.
        basis: String,
        /// Today.
        today: Day,
    },
    /// Take free money out of a line.
    Withdraw {
        /// Which.
        line: LineKey,
        /// How much.
        amount: Cents,
        /// Why.
        reason: String,
    },
    /// Grant money to a project.
    Allocate {
        /// The new grant.
        allocation: AllocationId,
        /// From which line.
        line: LineKey,
        /// To which project.
        project: ProjectId,
        /// The project's area.
        area: AreaCode,
        /// The project's first day.
        begun: Day,
        /// How much.
        amount: Cents,
        /// The day of the decision.
        on: Day,
        /// Today.
        today: Day,
    },
    /// Take back of a grant what was not paid.
    Release {
        /// Which grant.
        allocation: AllocationId,
        /// How much.
        amount: Cents,
        /// The day.
        on: Day,
        /// Today.
        today: Day,
        /// Why.
        reason: String,
    },
    /// Pay out of a grant.
    Disburse {
        /// Which grant.
        allocation: AllocationId,
        /// The new payment.
        disbursement: DisbursementId,
        /// How much.
        amount: Cents,
        /// The day it was paid.
        on: Day,
        /// Today.
        today: Day,
        /// Files that show it: the order, the receipt; at least one.
        evidence: Vec<Attachment>,
    },
    /// Record what of a payment came back.
    Return {
        /// Which payment.
        disbursement: DisbursementId,
        /// How much.
        amount: Cents,
        /// The day it came.
        on: Day,
        /// Today.
        today: Day,
        /// Why.
        reason: String,
        /// Files that show it; at least one.
        evidence: Vec<Attachment>,
    },
    /// Close a year.
    CloseYear {
        /// Which.
        year: u16,
    },
    /// Carry what is free in a closed year over to a later one.
    CarryOver {
        /// The line it leaves.
        line: LineKey,
        /// The year it goes to.
        to: u16,
        /// How much.
        amount: Cents,
    },
    /// Give what is free in a closed year back to the treasury.
    Lapse {
        /// The line it leaves.
        line: LineKey,
        /// How much.
        amount: Cents,
        /// Why.
        reason: String,
    },
    /// Close the fund: every year is closed, every line empty, every grant paid out or released.
    Close,
}

/// What happened to a fund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FundEvent {
    /// Established.
    FundEstablished {
        /// Its name.
        name: String,
        /// The area it is for.
        area: AreaCode,
    },
    /// Money came into a line.
    BudgetAppropriated {
        /// Which.
        line: LineKey,
        /// How much.
        amount: Cents,
        /// The document that says so.
        basis: String,
    },
    /// Free money was taken out of a line.
    BudgetWithdrawn {
        /// Which.
        line: LineKey,
        /// How much.
        amount: Cents,
        /// Why.
        reason: String,
    },
    /// Money was granted.
    GrantAllocated {
        /// The grant.
        allocation: AllocationId,
        /// From which line.
        line: LineKey,
        /// To which project.
        project: ProjectId,
        /// How much.
        amount: Cents,
        /// The day of the decision.
        on: Day,
    },
    /// A grant was made smaller by what was not paid.
    GrantReleased {
        /// The grant.
        allocation: AllocationId,
        /// Its project.
        project: ProjectId,
        /// How much.
        amount: Cents,
        /// The day.
        on: Day,
        /// Why.
        reason: String,
    },
    /// Paid out of a grant.
    GrantDisbursed {
        /// The grant.
        allocation: AllocationId,
        /// Its project.
        project: ProjectId,
        /// The payment.
        disbursement: DisbursementId,
        /// How much.
        amount: Cents,
        /// The day it was paid.
        on: Day,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// Of a payment something came back; the grant is smaller by that.
    GrantReturned {
        /// The grant.
        allocation: AllocationId,
        /// Its project.
        project: ProjectId,
        /// The payment.
        disbursement: DisbursementId,
        /// How much.
        amount: Cents,
        /// The day it came.
        on: Day,
        /// Why.
        reason: String,
        /// Files that show it.
        evidence: Vec<Attachment>,
    },
    /// A year was closed.
    FundYearClosed {
        /// Which.
        year: u16,
    },
    /// Free money went to a later year.
    BalanceCarriedOver {
        /// The line it left.
        line: LineKey,
        /// The year it went to, same area.
        to: u16,
        /// How much.
        amount: Cents,
    },
    /// Free money went back to the treasury.
    BalanceLapsed {
        /// The line it left.
        line: LineKey,
        /// How much.
        amount: Cents,
        /// Why.
        reason: String,
    },
    /// Closed for good.
    FundClosed {},
}
impl DomainEvent for FundEvent {}

use FundEvent as E;
use FundRefusal as R;
type Decision = Result<Vec<E>, R>;

fn check(fits: bool, refusal: R) -> Result<(), R> {
    if fits { Ok(()) } else { Err(refusal) }
}

fn require_amount(amount: Cents) -> Result<(), R> {
    check(amount > Cents::ZERO, R::AmountUnfit)
}

/// A reason or basis as it is stored.
fn written(text: &str) -> Result<String, R> {
    Prose::parse(text, REASON_MAX_CHARS, |most| R::FundReasonUnfit { most }).map(String::from)
}

/// Files as they are stored; there is one at least.
fn proven(evidence: Vec<Attachment>) -> Result<Vec<Attachment>, R> {
    check(!evidence.is_empty(), R::EvidenceMissing)?;
    Ok(attachment::fitted(evidence)?)
}

/// The day is not in the future, and not before what the movement is about.
fn require_day(on: Day, earliest: Day, today: Day) -> Result<(), R> {
    check(on <= today, R::MoneyMovedInFuture)?;
    check(earliest <= on, R::MoneyMovedTooEarly { earliest })
}

impl Fund {
    /// The fund is established and not closed.
    ///
    /// # Errors
    /// Unknown and closed funds.
    pub fn require_working(&self) -> Result<&AreaCode, R> {
        let area = self.area.as_ref().ok_or(R::UnknownFund)?;
        check(!self.closed, R::FundIsClosed)?;
        Ok(area)
    }

    /// A grant of it.
    ///
    /// # Errors
    /// No such grant.
    pub fn grant(&self, allocation: AllocationId) -> Result<&Grant, R> {
        self.grants.get(&allocation).ok_or(R::UnknownGrant)
    }

    /// The grant that a payment is of.
    ///
    /// # Errors
    /// No such payment.
    pub fn grant_of(&self, disbursement: DisbursementId) -> Result<(AllocationId, &Grant, &Payment), R> {
        let allocation = *self.disbursements.get(&disbursement).ok_or(R::UnknownDisbursement)?;
        let grant = self.grant(allocation)?;
        let payment = grant.payments.get(&disbursement).ok_or(R::UnknownDisbursement)?;
        Ok((allocation, grant, payment))
    }

    /// What is free in a line; nothing in one that does not exist.
    pub fn free(&self, line: &LineKey) -> Cents {
        self.years.get(&line.year).and_then(|year| year.lines.get(&line.area)).map_or(Cents::ZERO, Line::free)
    }

    fn require_open_year(&self, year: u16) -> Result<(), R> {
        check((FUND_YEAR_MIN..=FUND_YEAR_MAX).contains(&year), R::FundYearUnfit)?;
        check(!self.years.get(&year).is_some_and(|it| it.closed), R::FundYearIsClosed { year })
    }

    fn require_closed_year(&self, year: u16) -> Result<(), R> {
        check(self.years.get(&year).is_some_and(|it| it.closed), R::FundYearIsOpen { year })
    }

    fn require_free(&self, line: &LineKey, amount: Cents) -> Result<(), R> {
        require_amount(amount)?;
        let free = self.free(line);
        check(amount <= free, R::FundOverdrawn { free })
    }

    /// So much more can come into the line.
    fn require_room(&self, line: &LineKey, amount: Cents) -> Result<(), R> {
        let paid_in = self.years.get(&line.year).and_then(|year| year.lines.get(&line.area)).map_or(Cents::ZERO, |it| it.paid_in);
        paid_in.checked_add(amount).map(drop).ok_or(R::AmountUnfit)
    }

    fn granting(&self, command: FundCommand) -> Decision {
        match command {
            FundCommand::Allocate { allocation, line, project, area, begun, amount, on, today } => {
                self.require_open_year(line.year)?;
                require_day(on, begun, today)?;
                check(on.year() == i32::from(line.year), R::GrantOutsideYear { year: line.year })?;
                check(!self.grants.contains_key(&allocation), R::GrantExists)?;
                check(line.area.contains(&area), R::ProjectOutsideLine)?;
                self.require_free(&line, amount)?;
                Ok(vec![E::GrantAllocated { allocation, line, project, amount, on }])
            }
            FundCommand::Release { allocation, amount, on, today, reason } => {
                let grant = self.grant(allocation)?;
                require_amount(amount)?;
                require_day(on, grant.on, today)?;
                let reason = written(&reason)?;
                let unpaid = grant.unpaid();
                check(amount <= unpaid, R::GrantExceeded { unpaid })?;
                self.require_room(&grant.line, amount)?;
                Ok(vec![E::GrantReleased { allocation, project: grant.project, amount, on, reason }])
            }
            FundCommand::Disburse { allocation, disbursement, amount, on, today, evidence } => {
                let grant = self.grant(allocation)?;
                check(!self.disbursements.contains_key(&disbursement), R::DisbursementExists)?;
                check(grant.payments.len() < DISBURSEMENTS_MAX_COUNT, R::TooManyDisbursements { most: DISBURSEMENTS_MAX_COUNT })?;
                require_amount(amount)?;
                require_day(on, grant.on, today)?;
                let evidence = proven(evidence)?;
                let unpaid = grant.unpaid();
                check(amount <= unpaid, R::GrantExceeded { unpaid })?;
                Ok(vec![E::GrantDisbursed { allocation, project: grant.project, disbursement, amount, on, evidence }])
            }
            FundCommand::Return { disbursement, amount, on, today, reason, evidence } => {
                let (allocation, grant, payment) = self.grant_of(disbursement)?;
                require_amount(amount)?;
                require_day(on, payment.on, today)?;
                let reason = written(&reason)?;
                let evidence = proven(evidence)?;
                let kept = payment.kept();
                check(amount <= kept, R::RefundExceedsPaid { kept })?;
                self.require_room(&grant.line, amount)?;
                Ok(vec![E::GrantReturned { allocation, project: grant.project, disbursement, amount, on, reason, evidence }])
            }
            other => self.budgeting(other),
        }
    }

    fn budgeting(&self, command: FundCommand) -> Decision {
        let area = self.require_working()?;
        match command {
            FundCommand::Appropriate { line, amount, basis, today } => {
                self.require_open_year(line.year)?;
                let last = u16::try_from(today.year()).unwrap_or(FUND_YEAR_MAX).saturating_add(FUND_AHEAD_MAX_YEARS);
                check(line.year <= last, R::FundYearAhead { last })?;
                check(area.contains(&line.area), R::LineOutsideFund)?;
                require_amount(amount)?;
                let basis = written(&basis)?;
                self.require_room(&line, amount)?;
                Ok(vec![E::BudgetAppropriated { line, amount, basis }])
            }
            FundCommand::Withdraw { line, amount, reason } => {
                self.require_open_year(line.year)?;
                let reason = written(&reason)?;
                self.require_free(&line, amount)?;
                Ok(vec![E::BudgetWithdrawn { line, amount, reason }])
            }
            FundCommand::CloseYear { year } => {
                check(self.years.contains_key(&year), R::FundYearUnfit)?;
                self.require_open_year(year)?;
                Ok(vec![E::FundYearClosed { year }])
            }
            FundCommand::CarryOver { line, to, amount } => {
                self.require_closed_year(line.year)?;
                check(to > line.year, R::FundYearUnfit)?;
                self.require_open_year(to)?;
                self.require_free(&line, amount)?;
                self.require_room(&LineKey { year: to, area: line.area.clone() }, amount)?;
                Ok(vec![E::BalanceCarriedOver { line, to, amount }])
            }
            FundCommand::Lapse { line, amount, reason } => {
                self.require_closed_year(line.year)?;
                let reason = written(&reason)?;
                self.require_free(&line, amount)?;
                Ok(vec![E::BalanceLapsed { line, amount, reason }])
            }
            FundCommand::Close => {
                let settled = self.years.values().all(|year| year.closed && year.lines.values().all(|line| line.free() == Cents::ZERO));
                check(settled && self.grants.values().all(|grant| grant.unpaid() == Cents::ZERO), R::FundNotSettled)?;
                Ok(vec![E::FundClosed {}])
            }
            FundCommand::Establish { .. }
            | FundCommand::Allocate { .. }
            | FundCommand::Release { .. }
            | FundCommand::Disburse { .. }
            | FundCommand::Return { .. } => Err(R::FundExists),
        }
    }

    fn line(&mut self, key: LineKey) -> &mut Line {
        self.years.entry(key.year).or_default().lines.entry(key.area).or_default()
    }
}

impl Aggregate for Fund {
    const NAME: &'static str = "fund";
    type State = Self;
    type Command = FundCommand;
    type Event = E;
    type Error = R;

    fn handle_command(fund: &Self, command: FundCommand) -> Decision {
        match command {
            FundCommand::Establish { name, area } => {
                check(fund.area.is_none(), R::FundExists)?;
                let name = prose::Line::parse(&name, FUND_NAME_MAX_CHARS, |most| R::FundNameUnfit { most })?;
                Ok(vec![E::FundEstablished { name: name.into(), area }])
            }
            other => {
                fund.require_working()?;
                fund.granting(other)
            }
        }
    }

    fn apply_event(mut fund: Self, event: E) -> Self {
        match event {
            E::FundEstablished { name, area } => (fund.name, fund.area) = (name, Some(area)),
            E::BudgetAppropriated { line, amount, .. } => fund.line(line).take_in(amount),
            E::BudgetWithdrawn { line, amount, .. } | E::BalanceLapsed { line, amount, .. } => fund.line(line).give_out(amount),
            E::GrantAllocated { allocation, line, project, amount, on } => {
                fund.line(line.clone()).give_out(amount);
                fund.grants.insert(allocation, Grant::new(project, line, amount, on));
            }
            E::GrantReleased { allocation, amount, .. } => {
                if let Some(grant) = fund.grants.get_mut(&allocation) {
                    grant.shrink(amount);
                    let line = grant.line.clone();
                    fund.line(line).take_in(amount);
                }
            }
            E::GrantDisbursed { allocation, disbursement, amount, on, .. } => {
                if let Some(grant) = fund.grants.get_mut(&allocation) {
                    grant.payments.insert(disbursement, Payment { paid: amount, returned: Cents::ZERO, on });
                    fund.disbursements.insert(disbursement, allocation);
                }
            }
            E::GrantReturned { allocation, disbursement, amount, .. } => {
                if let Some(grant) = fund.grants.get_mut(&allocation) {
                    grant.give_back(disbursement, amount);
                    let line = grant.line.clone();
                    fund.line(line).take_in(amount);
                }
            }
            E::FundYearClosed { year } => fund.years.entry(year).or_default().closed = true,
            E::BalanceCarriedOver { line, to, amount } => {
                let into = LineKey { year: to, area: line.area.clone() };
                fund.line(line).give_out(amount);
                fund.line(into).take_in(amount);
            }
            E::FundClosed {} => fund.closed = true,
        }
        fund
    }
}

#[cfg(test)]
#[path = "fund_tests.rs"]
mod tests;
