//! What moves the money of funds.

use gongyi_app::projects::funds::{
    AllocateGrant, AppropriateBudget, CarryOverBalance, CloseFund, CloseFundYear, DisburseGrant, EstablishFund, LapseBalance, ReleaseGrant,
    ReturnGrant, WithdrawBudget,
};
use gongyi_domain::values::{FundId, ProjectId};

use super::{
    evidence::Evidence,
    funds::{self, BudgetLineInput, Fund, GrantPayment, ProjectGrant},
};
use crate::{
    ids::{GrantKey, PaymentKey},
    outcome::payloads,
    scalars::{Area, Date, Money},
    table::mutations,
};

payloads! {
    /// A fund, after a command.
    FundPayload(FundId) {
        /// The fund.
        fund: Fund = |door, id| funds::fund(door, *id),
    }
    /// A grant of a fund, after a command.
    ProjectGrantPayload(GrantKey) {
        /// The grant.
        grant: ProjectGrant = |door, key| funds::grant(door, *key),
        /// The fund it is of.
        fund: Fund = |door, key| funds::fund(door, key.fund),
    }
    /// A payment out of a grant, after a command.
    GrantPaymentPayload(PaymentKey) {
        /// The payment.
        payment: GrantPayment = |door, key| funds::payment(door, *key),
        /// The fund it is of.
        fund: Fund = |door, key| funds::fund(door, key.fund),
    }
}

mutations! {
    /// The root fields that move the money of funds.
    pub struct FundMutations;

    /// Establish a fund.
    EstablishFund -> FundPayload {
        /// Its name.
        name: String,
        /// The area it is for.
        area: Area,
    }

    /// Put money into a budget line.
    AppropriateBudget -> FundPayload {
        /// To which fund.
        fund: FundId,
        /// Into which line.
        line: BudgetLineInput,
        /// How much.
        amount: Money,
        /// The document that says so.
        basis: String,
    }

    /// Take free money out of a budget line.
    WithdrawBudget -> FundPayload {
        /// Of which fund.
        fund: FundId,
        /// Out of which line.
        line: BudgetLineInput,
        /// How much.
        amount: Money,
        /// Why.
        reason: String,
    }

    /// Grant money of a line to a project: never more than is free in the line, nor than the project's plan says.
    AllocateGrant -> ProjectGrantPayload {
        /// Of which fund.
        fund: FundId,
        /// From which line.
        line: BudgetLineInput,
        /// To which project.
        project: ProjectId,
        /// How much.
        amount: Money,
        /// The day of the decision; today if not said.
        on: Option<Date>,
    } = AllocateGrant { fund, line, project, amount, on }, move |allocation| GrantKey { fund, allocation };

    /// Take back of a grant what was not paid: it is free again in its line.
    ReleaseGrant -> ProjectGrantPayload {
        /// Of which grant.
        grant: GrantKey,
        /// How much.
        amount: Money,
        /// The day; today if not said.
        on: Option<Date>,
        /// Why.
        reason: String,
    } = ReleaseGrant { fund: grant.fund, allocation: grant.allocation, amount, on, reason }, move |_| grant;

    /// Pay out of a grant.
    DisburseGrant -> GrantPaymentPayload {
        /// Out of which grant.
        grant: GrantKey,
        /// How much.
        amount: Money,
        /// The day it was paid; today if not said.
        on: Option<Date>,
        /// Files that show it: the order, the receipt; at least one.
        evidence: Evidence,
    } = DisburseGrant { fund: grant.fund, allocation: grant.allocation, amount, on, evidence },
        move |disbursement| PaymentKey { fund: grant.fund, disbursement };

    /// Record what of a payment came back: it is free again in the grant's line.
    ReturnGrant -> GrantPaymentPayload {
        /// Of which payment.
        payment: PaymentKey,
        /// How much.
        amount: Money,
        /// The day it came; today if not said.
        on: Option<Date>,
        /// Why.
        reason: String,
        /// Files that show it; at least one.
        evidence: Evidence,
    } = ReturnGrant { fund: payment.fund, disbursement: payment.disbursement, amount, on, reason, evidence },
        move |disbursement| PaymentKey { fund: payment.fund, disbursement };

    /// Close a year of a fund: nothing more is granted from it.
    CloseFundYear -> FundPayload {
        /// Of which fund.
        fund: FundId,
        /// Which year.
        year: u16,
    }

    /// Carry what is free in a closed year over to a later one.
    CarryOverBalance -> FundPayload {
        /// Of which fund.
        fund: FundId,
        /// From which line.
        line: BudgetLineInput,
        /// To which year; the area stays.
        to: u16,
        /// How much.
        amount: Money,
    }

    /// Give what is free in a closed year back to the treasury.
    LapseBalance -> FundPayload {
        /// Of which fund.
        fund: FundId,
        /// From which line.
        line: BudgetLineInput,
        /// How much.
        amount: Money,
        /// Why.
        reason: String,
    }

    /// Close a fund for good: every year closed, every line empty, every grant paid or released.
    CloseFund -> FundPayload {
        /// Which fund.
        fund: FundId,
    }
}
