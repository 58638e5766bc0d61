//! What a fund is made of: budget lines, grants, payments, and why it says no.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    attachment::AttachmentRefusal,
    refusal::{Refusal, refusals},
    values::{AreaCode, Cents, Day, DisbursementId, ProjectId},
};

/// One budget line: a year's money for an area.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct LineKey {
    /// The budget year (the calendar year: 预算法 art. 18).
    pub year: u16,
    /// The area.
    pub area: AreaCode,
}

/// A year of a fund.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Year {
    /// Nothing is granted from it any more.
    pub closed: bool,
    /// Its lines, by area.
    pub lines: BTreeMap<AreaCode, Line>,
}

/// What went through a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// All that ever came in: appropriated, carried over from earlier years, released, returned.
    pub paid_in: Cents,
    /// All that ever went out: withdrawn, granted, carried over to later years, lapsed.
    pub paid_out: Cents,
}

impl Line {
    /// What is left.
    pub fn free(&self) -> Cents {
        self.paid_in.checked_sub(self.paid_out).unwrap_or_default()
    }

    pub(super) fn take_in(&mut self, amount: Cents) {
        self.paid_in = self.paid_in.checked_add(amount).unwrap_or(Cents::MAX);
    }

    pub(super) fn give_out(&mut self, amount: Cents) {
        self.paid_out = self.paid_out.checked_add(amount).unwrap_or(Cents::MAX);
    }
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Whose.
    pub project: ProjectId,
    /// From which line.
    pub line: LineKey,
    /// What was granted, less what was released or came back.
    pub amount: Cents,
    /// The day of the decision.
    pub on: Day,
    /// What was paid.
    pub payments: BTreeMap<DisbursementId, Payment>,
}

/// A payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// What was paid.
    pub paid: Cents,
    /// What of it came back.
    pub returned: Cents,
    /// The day it was paid.
    pub on: Day,
}

impl Payment {
    /// What did not come back.
    pub fn kept(&self) -> Cents {
        self.paid.checked_sub(self.returned).unwrap_or_default()
    }
}

impl Grant {
    pub(super) fn new(project: ProjectId, line: LineKey, amount: Cents, on: Day) -> Self {
        Self { project, line, amount, on, payments: BTreeMap::new() }
    }

    /// What of all payments did not come back.
    pub fn paid(&self) -> Cents {
        self.payments.values().fold(Cents::ZERO, |sum, payment| sum.checked_add(payment.kept()).unwrap_or(Cents::MAX))
    }

    /// What can still be paid.
    pub fn unpaid(&self) -> Cents {
        self.amount.checked_sub(self.paid()).unwrap_or_default()
    }

    pub(super) fn shrink(&mut self, amount: Cents) {
        self.amount = self.amount.checked_sub(amount).unwrap_or_default();
    }

    pub(super) fn give_back(&mut self, disbursement: DisbursementId, amount: Cents) {
        if let Some(payment) = self.payments.get_mut(&disbursement) {
            payment.returned = payment.returned.checked_add(amount).unwrap_or(payment.paid);
            self.shrink(amount);
        }
    }
}

refusals! {
    /// Why a fund says no.
    pub enum FundRefusal {
        /// Nothing of this id.
        UnknownFund("fund", "没有此专项资金", "There is no such fund"),
        /// Established already.
        FundExists("fund", "该专项资金已设立", "This fund is established already"),
        /// Closed for good.
        FundIsClosed("fund", "该专项资金已关闭", "This fund is closed"),
        /// The name is no line, or too long.
        FundNameUnfit { most: usize }("name", "名称须为 1 至 {most} 字，不换行", "A name has 1 to {most} printable characters in one line"),
        /// No year of a budget.
        FundYearUnfit("year", "预算年度不正确", "This is not a fitting budget year"),
        /// A budget of a far year.
        FundYearAhead { last: u16 }("year", "预算年度最晚为 {last}", "The latest budget year is {last}"),
        /// Nothing is granted from a closed year.
        FundYearIsClosed { year: u16 }("year", "{year} 年度已结账", "The year {year} is closed"),
        /// Only what is left of a closed year is carried over or lapses.
        FundYearIsOpen { year: u16 }("year", "{year} 年度尚未结账", "The year {year} is not closed yet"),
        /// The line's area is not in the fund's.
        LineOutsideFund("area", "预算区域须在专项资金的区域之内", "The budget line's area lies outside the fund's"),
        /// The project's area is not in the line's.
        ProjectOutsideLine("area", "项目所在区域须在预算区域之内", "The project's area lies outside the budget line's"),
        /// Nothing, or more than there is an amount for.
        AmountUnfit("amount", "金额须大于零且不能过大", "An amount is more than nothing and not too large"),
        /// More than is free.
        FundOverdrawn { free: Cents }("amount", "可用余额仅 {free} 元", "Only {free} yuan are free"),
        /// More than is left of the grant.
        GrantExceeded { unpaid: Cents }("amount", "该拨款未支付部分仅 {unpaid} 元", "Only {unpaid} yuan of this grant are not paid"),
        /// More than was paid and did not come back.
        RefundExceedsPaid { kept: Cents }("amount", "该笔支付未退回部分仅 {kept} 元", "Only {kept} yuan of this payment have not come back"),
        /// No such grant.
        UnknownGrant("allocation", "没有此笔拨款", "There is no such grant"),
        /// Granted already.
        GrantExists("allocation", "该笔拨款已存在", "This grant exists already"),
        /// No such payment.
        UnknownDisbursement("disbursement", "没有此笔支付", "There is no such payment"),
        /// Paid already.
        DisbursementExists("disbursement", "该笔支付已存在", "This payment exists already"),
        /// As many as the stream takes.
        TooManyDisbursements { most: usize }("allocation", "一笔拨款最多支付 {most} 次", "A grant is paid in at most {most} payments"),
        /// Nothing shows it.
        EvidenceMissing("evidence", "须附凭证", "Evidence is needed"),
        /// A file is wrong; the sentence says how.
        FundEvidenceUnfit { zh: String, en: String }("evidence", "{zh}", "{en}"),
        /// Money moves today or has moved before.
        MoneyMovedInFuture("on", "日期不能晚于今天", "The day lies in the future"),
        /// Before the project, the grant or the payment that it is about.
        MoneyMovedTooEarly { earliest: Day }("on", "日期不能早于 {earliest}", "The day is {earliest} at the earliest"),
        /// A grant is decided in the year of the line that it comes from.
        GrantOutsideYear { year: u16 }("on", "拨款日期须在 {year} 年度之内", "What is granted from the budget of {year} is granted in {year}"),
        /// No reason, or too long a one.
        FundReasonUnfit { most: usize }("reason", "请说明，1 至 {most} 字", "Say why or by what document in 1 to {most} characters"),
        /// Open years, free money or unpaid grants are left.
        FundNotSettled("fund", "尚有未结账年度、余额或未支付的拨款", "Years are open, money is free or grants are not paid"),
    }
}

impl From<AttachmentRefusal> for FundRefusal {
    fn from(refusal: AttachmentRefusal) -> Self {
        let Refusal { zh, en, .. } = refusal.into();
        Self::FundEvidenceUnfit { zh, en }
    }
}
