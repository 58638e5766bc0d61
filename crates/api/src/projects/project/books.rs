//! The books of projects: money beside grants that came in, money that was spent, what of it came back.

use async_graphql::{Enum, Error, ID, Object};
use gongyi_app::projects::projects::{RecordExpense, RecordRaisedMoney, RecordRefund, VoidBookEntry};
use gongyi_domain::{projects::project_terms::RaisedFrom, values::ProjectId};
use gongyi_projections::BookEntryRow;

use super::{Project, ProjectPayload, project};
use crate::{
    attachment::{self, Attachment},
    door::Door,
    ids::{self, BookEntryKey},
    list::List,
    outcome::payloads,
    projects::evidence::Evidence,
    scalars::{Date, Moment, Money},
    table::{mutations, wires},
};

/// What an entry of a project's books tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum BookEntryKind {
    /// 自筹: raised by who carries it out, residents and owners.
    SelfRaised,
    /// 配套: matched by an authority, enterprise or foundation.
    Matched,
    /// 支出: spent.
    Expense,
    /// 退款: of what was spent, something came back.
    Refund,
}

/// Where money beside grants comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "RaisedFrom")]
pub enum MoneySource {
    /// 自筹: raised by who carries it out, residents and owners.
    SelfRaised,
    /// 配套: matched by an authority, enterprise or foundation.
    Matched,
}

/// An entry of a project's books.
pub struct BookEntry(pub(crate) BookEntryRow);

/// An entry of a project's own books: money beside grants that came in, or money that was spent.
#[Object]
impl BookEntry {
    /// The global id; it names the project too.
    pub(crate) async fn id(&self) -> ID {
        ids::id(&BookEntryKey { project: self.0.project, entry: self.0.entry })
    }
    /// What it tells.
    fn kind(&self) -> BookEntryKind {
        match (self.0.raised, self.0.refunds) {
            (Some(RaisedFrom::SelfRaised), _) => BookEntryKind::SelfRaised,
            (Some(RaisedFrom::Matched), _) => BookEntryKind::Matched,
            (None, Some(_)) => BookEntryKind::Refund,
            (None, None) => BookEntryKind::Expense,
        }
    }
    /// The id of the expense of which it is a refund; null if it is none.
    fn refunds_id(&self) -> Option<ID> {
        self.0.refunds.map(|entry| ids::id(&BookEntryKey { project: self.0.project, entry }))
    }
    /// How much.
    fn amount(&self) -> Money {
        Money(self.0.amount)
    }
    /// The day it came or was spent.
    fn moved_on(&self) -> Date {
        Date(self.0.moved_on)
    }
    /// When it was recorded.
    fn recorded_at(&self) -> Moment {
        Moment(self.0.recorded_at)
    }
    /// What for, or where from.
    fn note(&self) -> &str {
        &self.0.note
    }
    /// Files that show it.
    fn evidence(&self) -> List<Attachment> {
        attachment::shown(&self.0.evidence)
    }
    /// Why it was struck out and counts for nothing; null if it stands.
    fn void_reason(&self) -> Option<&str> {
        self.0.void_reason.as_deref()
    }
}

/// An entry of a project's books; they are public.
pub(crate) async fn book_entry(door: &Door<'_>, key: BookEntryKey) -> Result<Option<BookEntry>, Error> {
    Ok(door.read(door.app.views().book_entry(key.project, key.entry).await)?.map(BookEntry))
}

wires! {
    MoneySource => RaisedFrom = |it| it.into();
}

payloads! {
    /// An entry of a project's books, after a command.
    BookEntryPayload(BookEntryKey) {
        /// The entry.
        entry: BookEntry = |door, key| book_entry(door, *key),
        /// The project.
        project: Project = |door, key| project(door, key.project),
    }
}

mutations! {
    /// The root fields that keep projects' books.
    pub struct ProjectBookMutations;

    /// Record money that a project raised or had matched.
    RecordRaisedMoney -> BookEntryPayload {
        /// Of which project.
        project: ProjectId,
        /// Where it came from.
        source: MoneySource,
        /// How much.
        amount: Money,
        /// The day it came; today if not said.
        on: Option<Date>,
        /// In words, without a person's name: it is public.
        note: String,
        /// Files that show it.
        evidence: Evidence,
    } = RecordRaisedMoney { project, from: source, amount, on, note, evidence }, move |entry| BookEntryKey { project, entry };

    /// Record what a project spent; never more than it has.
    RecordExpense -> BookEntryPayload {
        /// Of which project.
        project: ProjectId,
        /// How much.
        amount: Money,
        /// The day it was spent; today if not said.
        on: Option<Date>,
        /// What for, without a person's name: it is public.
        purpose: String,
        /// Files that show it; at least one.
        evidence: Evidence,
    } = RecordExpense { project, amount, on, purpose, evidence }, move |entry| BookEntryKey { project, entry };

    /// Record what of an expense came back, as a supplier's refund: also after the audit, and to a cancelled project.
    RecordRefund -> BookEntryPayload {
        /// Of which expense.
        expense: BookEntryKey,
        /// How much.
        amount: Money,
        /// The day it came; today if not said.
        on: Option<Date>,
        /// In words, without a person's name: it is public.
        note: String,
        /// Files that show it; at least one.
        evidence: Evidence,
    } = RecordRefund { project: expense.project, expense: expense.entry, amount, on, note, evidence },
        move |entry| BookEntryKey { project: expense.project, entry };

    /// Strike out an entry of a project's books.
    VoidBookEntry -> ProjectPayload {
        /// Which entry.
        entry: BookEntryKey,
        /// Why.
        reason: String,
    } = VoidBookEntry { project: entry.project, entry: entry.entry, reason };
}
