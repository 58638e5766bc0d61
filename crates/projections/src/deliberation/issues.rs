//! Residents' issues and who endorses them.
//!
//! - An issue's phase is what the domain's own `apply_event` makes of it; nothing here says it a second time.
//! - Its title and text, and why it was turned away, are gone when who raised it is erased.
//! - `endorsements` counts those that stand now.

use chrono::serde::ts_microseconds;
use esrs::Aggregate;
use gongyi_domain::{
    Event,
    deliberation::{
        self,
        issue::{IssuePhase, ResidentIssue, ResidentIssueEvent as E},
        motion_category::MotionCategory,
    },
    values::{AreaCode, CouncilId, Instant, MotionId, PersonId, ResidentIssueId},
};
use serde::Serialize;

use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    stored::flag,
    views::Views,
};

row! {
    /// A resident's issue.
    IssueRow in "issues" {
        key {
            /// The issue.
            id: ResidentIssueId,
        }
        fixed {
            /// The council it is raised to.
            council: CouncilId,
            /// The area it is about.
            area: AreaCode,
            /// Who raised it.
            raised_by: PersonId,
            /// What it is about.
            category: MotionCategory,
            /// When.
            #[serde(with = "ts_microseconds")]
            raised_at: Instant,
            /// Who entered it, as the log names actors.
            entered_by: String,
        }
        live {
            /// Where it stands.
            phase: IssuePhase,
            /// It was admitted once, and is public since.
            #[serde(with = "flag")]
            admitted: bool,
            /// When anything of it changed last.
            #[serde(with = "ts_microseconds")]
            changed_at: Instant,
            /// Endorsements that stand.
            endorsements: u32,
            /// How many the charter asked for when it came before the council.
            needed: Option<u32>,
            /// The motion made of it.
            motion: Option<MotionId>,
            /// What the council answered.
            answer: Option<String>,
            /// Its title; `None` once erased.
            title: Option<String>,
            /// What it says; `None` once erased.
            text: Option<String>,
            /// Why it was turned away; `None` also once erased.
            reason: Option<String>,
        }
    }
}

row! {
    /// An endorsement.
    IssueEndorsementRow in "issue_endorsements" {
        key {
            /// The issue.
            issue: ResidentIssueId,
            /// Who endorses it.
            person: PersonId,
        }
        live {
            /// Not taken back.
            #[serde(with = "flag")]
            stands: bool,
        }
    }
}

#[derive(Default)]
pub(crate) struct IssuesFold {
    issues: Rows<IssueRow>,
    endorsements: Rows<IssueEndorsementRow>,
}

impl IssuesFold {
    fn endorsement(&mut self, change: &Change, person: PersonId, stands: bool) -> Result<(), FoldError> {
        let (issue, position) = (ResidentIssueId(change.stream.id), change.position);
        let before = self.endorsements.get(&(issue, person))?.is_some_and(|row| row.stands);
        if before == stands {
            return Err(FoldError::Unfit(format!("{person} endorses {issue} twice, or takes back what was not given")));
        }
        self.endorsements.put(IssueEndorsementRow { issue, person, stands, position });
        let row = self.issues.change(&(issue,), position)?;
        let count = if stands { row.endorsements.checked_add(1) } else { row.endorsements.checked_sub(1) };
        row.endorsements = count.ok_or(FoldError::Overflow("issues.endorsements"))?;
        Ok(())
    }

    fn issue(&mut self, change: &Change, event: &E, texts: &Texts<'_>) -> Result<(), FoldError> {
        let (id, position) = (ResidentIssueId(change.stream.id), change.position);
        if let E::IssueRaised { council, area, raised_by, category, title, text } = event {
            return self.issues.add(IssueRow {
                id,
                council: *council,
                area: area.clone(),
                raised_by: *raised_by,
                entered_by: change.actor().to_owned(),
                category: *category,
                raised_at: change.recorded_at,
                phase: IssuePhase::Raised,
                admitted: false,
                changed_at: change.recorded_at,
                endorsements: 0,
                needed: None,
                motion: None,
                answer: None,
                title: texts.open(change, "title", title),
                text: texts.open(change, "text", text),
                reason: None,
                position,
            });
        }
        let row = self.issues.change(&(id,), position)?;
        row.changed_at = change.recorded_at;
        row.phase = ResidentIssue::apply_event(ResidentIssue { phase: row.phase, ..ResidentIssue::default() }, event.clone()).phase;
        match event {
            E::IssueEndorsed { person } => self.endorsement(change, *person, true)?,
            E::EndorsementWithdrawn { person } => self.endorsement(change, *person, false)?,
            E::IssueAdmitted {} => row.admitted = true,
            E::IssueTurnedAway { reason } => row.reason = texts.open(change, "reason", reason),
            E::IssueQualified { endorsements: _, needed } => row.needed = Some(*needed),
            E::IssueTakenUp { motion } => row.motion = Some(*motion),
            E::IssueAnswered { answer } => row.answer = Some(answer.clone()),
            E::IssueRaised { .. } | E::IssueWithdrawn {} | E::IssueClosed {} => {}
        }
        Ok(())
    }
}

/// What this fold goes by.
enum Concern<'e> {
    /// Something befell an issue.
    Issue(&'e E),
    /// This person was erased.
    Erased(PersonId),
}

fn concern(change: &Change) -> Option<Concern<'_>> {
    use deliberation::Event as D;
    if let Some(person) = change.erases() {
        return Some(Concern::Erased(person));
    }
    let Event::Deliberation(event) = &change.event else { return None };
    match event {
        D::ResidentIssue(event) => Some(Concern::Issue(event)),
        D::Council(_)
        | D::Motion(_)
        | D::MotionRegister(_)
        | D::Covenant(_)
        | D::Meeting(_)
        | D::Election(_)
        | D::Poll(_)
        | D::Roll(_)
        | D::RollEntry(_)
        | D::BallotList(_)
        | D::Minutes(_) => None,
    }
}

impl Fold for IssuesFold {
    const NAME: &'static str = "issues";
    const KINDS: &'static [&'static str] = &["resident_issue", "person"];

    fn want(&mut self, change: &Change) {
        match concern(change) {
            Some(Concern::Issue(event)) => {
                let issue = ResidentIssueId(change.stream.id);
                self.issues.want((issue,));
                if let E::IssueEndorsed { person } | E::EndorsementWithdrawn { person } = event {
                    self.endorsements.want((issue, *person));
                }
            }
            Some(Concern::Erased(person)) => self.issues.want_by("raised_by", person),
            None => {}
        }
    }

    fn fold(&mut self, change: &Change, texts: &Texts<'_>) -> Result<(), FoldError> {
        match concern(change) {
            Some(Concern::Issue(event)) => self.issue(change, event, texts)?,
            Some(Concern::Erased(person)) => {
                let erase = |row: &mut IssueRow| (row.title, row.text, row.reason) = (None, None, None);
                self.issues.change_all(change.position, |row| row.raised_by == person, erase);
            }
            None => {}
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.issues, &mut self.endorsements]
    }
}

/// Which issues that were never admitted are shown: those raised by this person, and those to councils of these areas.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UnadmittedSeen {
    /// All of them.
    pub everywhere: bool,
    /// Raised by this person.
    pub person: Option<PersonId>,
    /// About these areas or areas within them.
    pub areas: Vec<AreaCode>,
}

/// Which issues.
#[derive(Debug, Clone, Default)]
pub struct IssueFilter {
    /// Raised to this council.
    pub council: Option<CouncilId>,
    /// About this area or one within it.
    pub area: Option<AreaCode>,
    /// That stand in one of these ways; empty for any.
    pub phases: Vec<IssuePhase>,
    /// Of this category.
    pub category: Option<MotionCategory>,
    /// Raised by this person.
    pub raised_by: Option<PersonId>,
    /// Which of those that were never admitted.
    pub unadmitted: UnadmittedSeen,
}

const UNADMITTED: &str = "EXISTS(SELECT 1 FROM (SELECT ? AS seen) WHERE i.admitted=1 OR i.raised_by=seen->>'person'
    OR EXISTS(SELECT 1 FROM json_each(seen,'$.areas') a WHERE i.area>=a.value AND i.area<a.value||':'))";

impl Views {
    /// Issues by the time of raising.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn issues(&self, filter: &IssueFilter, descending: bool, page: &PageArgs) -> Result<Page<IssueRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.maybe("i.council=?", filter.council.map(|id| id.to_string()));
        conditions.in_area("i.area", filter.area.as_ref());
        if !filter.phases.is_empty() {
            conditions.with("i.phase IN (SELECT value FROM json_each(?))", serde_json::to_string(&filter.phases)?);
        }
        conditions.maybe("i.category=?", filter.category.map(MotionCategory::code));
        conditions.maybe("i.raised_by=?", filter.raised_by.map(|id| id.to_string()));
        if !filter.unadmitted.everywhere {
            conditions.with(UNADMITTED, serde_json::to_string(&filter.unadmitted)?);
        }
        let columns = vec![SortColumn::plain("i.raised_at"), SortColumn::plain("i.id")];
        let sort = Sort { name: "issues", columns, descending };
        Listing { select: IssueRow::select("i"), from: "issues i", conditions, sort }.page(self, page).await
    }

    /// Issues by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn issues_by_ids(&self, ids: &[ResidentIssueId]) -> Result<Vec<IssueRow>, QueryError> {
        let sql = format!("SELECT {} FROM issues i WHERE i.id IN (SELECT value FROM json_each(?))", IssueRow::select("i"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// Whether this person's endorsement of the issue stands.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn endorses(&self, issue: ResidentIssueId, person: PersonId) -> Result<bool, QueryError> {
        let sql = "SELECT json_array(person) FROM issue_endorsements WHERE issue=? AND person=? AND stands=1".to_owned();
        let found: Vec<(PersonId,)> =
            fetch(&mut *self.pool().acquire().await?, sql, &[issue.to_string().into(), person.to_string().into()]).await?;
        Ok(!found.is_empty())
    }
}
