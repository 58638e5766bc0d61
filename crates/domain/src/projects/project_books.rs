//! A project's own books: what it raised, what it spent, and what of that came back.
//!
//! - They are kept to the end: an instalment that is paid after the audit is spent, and a supplier's refund to a cancelled
//!   project comes in and goes back to its fund.
//! - They are never below nothing, nothing is in them of before the project, and no more comes back than was spent.
//! - What was audited stays: an entry that an audit has passed is not struck out.
//! - An expense of which something came back is not struck out before that is.

use super::{
    project::{BOOK_ENTRIES_MAX_COUNT, Decision, Project, ProjectCommand as C, ProjectEvent as E, check, reported, written},
    project_terms::{BookEntry, BookEntryKind as Kind, ProjectRefusal as R},
};
use crate::values::{BookEntryId, Cents, Day};

/// What a project has: all that came in (paid by funds and not given back, raised, matched), less what was spent. A project's
/// books never go below nothing, and hold no more than [`Cents::MAX`].
pub fn left(came_in: impl IntoIterator<Item = Cents>, spent: Cents) -> Cents {
    let all = came_in.into_iter().try_fold(Cents::ZERO, Cents::checked_add);
    all.and_then(|all| all.checked_sub(spent)).unwrap_or_default()
}

/// The sum of amounts; they hold no more than [`Cents::MAX`] all together.
fn sum(amounts: impl Iterator<Item = Cents>) -> Cents {
    amounts.fold(Cents::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(Cents::MAX))
}

impl Project {
    fn total(&self, wanted: impl Fn(Kind) -> bool) -> Cents {
        sum(self.books.values().filter(|it| wanted(it.kind)).map(|it| it.amount))
    }

    /// What it raised or had matched.
    pub fn raised(&self) -> Cents {
        self.total(|kind| matches!(kind, Kind::Raised(_)))
    }

    /// What it spent, less what of it came back.
    pub fn spent(&self) -> Cents {
        let refunded = self.total(|kind| matches!(kind, Kind::Refund { .. }));
        self.total(|kind| kind == Kind::Expense).checked_sub(refunded).unwrap_or_default()
    }

    /// What it has, see [`left`].
    pub fn left(&self) -> Cents {
        left([self.received, self.raised()], self.spent())
    }

    pub(super) fn require_left(&self, amount: Cents) -> Result<(), R> {
        let left = self.left();
        check(amount <= left, R::BooksOverdrawn { left })
    }

    /// An expense, with what of it did not come back.
    fn require_expense(&self, expense: BookEntryId) -> Result<(&BookEntry, Cents), R> {
        let held = self.books.get(&expense).filter(|held| held.kind == Kind::Expense).ok_or(R::UnknownBookEntry)?;
        let refunded = self.total(|kind| kind == Kind::Refund { of: expense });
        Ok((held, held.amount.checked_sub(refunded).unwrap_or_default()))
    }

    fn require_entry(&self, entry: BookEntryId, amount: Cents, on: Day, today: Day) -> Result<(), R> {
        let earliest = self.require_begun(today)?;
        check(!self.books.contains_key(&entry) && !self.voided.contains(&entry), R::BookEntryExists)?;
        let count = self.books.len().saturating_add(self.voided.len());
        check(count < BOOK_ENTRIES_MAX_COUNT, R::TooManyBookEntries { most: BOOK_ENTRIES_MAX_COUNT })?;
        check(amount > Cents::ZERO, R::BookAmountUnfit)?;
        check(on <= today, R::BookedInFuture)?;
        check(earliest <= on, R::BookedTooEarly { earliest })
    }

    pub(super) fn keep_books(&self, command: C) -> Decision {
        match command {
            C::RecordRaised { entry, from, amount, on, today, note, evidence } => {
                self.require_entry(entry, amount, on, today)?;
                let (note, evidence) = reported(&note, evidence)?;
                let sum = self.received.checked_add(self.raised()).and_then(|all| all.checked_add(amount));
                check(sum.is_some(), R::BookAmountUnfit)?;
                Ok(vec![E::MoneyRaised { entry, from, amount, on, note, evidence }])
            }
            C::RecordExpense { entry, amount, on, today, purpose, evidence } => {
                self.require_entry(entry, amount, on, today)?;
                let (purpose, evidence) = reported(&purpose, evidence)?;
                check(!evidence.is_empty(), R::ExpenseUnproven)?;
                self.require_left(amount)?;
                Ok(vec![E::ExpenseRecorded { entry, amount, on, purpose, evidence }])
            }
            C::RecordRefund { entry, expense, amount, on, today, note, evidence } => {
                self.require_entry(entry, amount, on, today)?;
                let (spent, kept) = self.require_expense(expense)?;
                check(spent.on <= on, R::BookedTooEarly { earliest: spent.on })?;
                let (note, evidence) = reported(&note, evidence)?;
                check(!evidence.is_empty(), R::ExpenseUnproven)?;
                check(amount <= kept, R::RefundExceedsExpense { kept })?;
                Ok(vec![E::ExpenseRefunded { entry, expense, amount, on, note, evidence }])
            }
            C::VoidEntry { entry, reason } => {
                self.plan.as_ref().ok_or(R::UnknownProject)?;
                let reason = written(&reason)?;
                let held = self.books.get(&entry).ok_or(R::UnknownBookEntry)?;
                check(!self.audited.contains(&entry), R::BookEntryAudited)?;
                match held.kind {
                    Kind::Raised(_) | Kind::Refund { .. } => self.require_left(held.amount)?,
                    Kind::Expense => check(self.require_expense(entry)?.1 == held.amount, R::ExpenseIsRefunded)?,
                }
                Ok(vec![E::BookEntryVoided { entry, reason }])
            }
            other => self.carry_out(other),
        }
    }
}
