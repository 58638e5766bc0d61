//! Queries on activities, shifts, sign-ups and attendances.

use chrono::serde::ts_microseconds;
use gongyi_domain::{
    values::{ActivityId, AreaCode, Instant, OrganisationId, ShiftId, VolunteerId},
    volunteering::{activity::ActivityPhase, category::Category},
};
use serde::{Deserialize, Serialize};

use super::activities::{ActivityRow, AttendanceRow, ShiftRow, SignUpPhase, SignUpRow};
use crate::{
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    rows::Row,
    stored::activity_phase,
    views::Views,
};

/// Which activities.
#[derive(Debug, Clone, Default)]
pub struct ActivityFilter {
    /// In this area or within it.
    pub area: Option<AreaCode>,
    /// Organised by this one.
    pub organisation: Option<OrganisationId>,
    /// Also by those below it.
    pub include_below: bool,
    /// Of this category.
    pub category: Option<Category>,
    /// In this phase.
    pub phase: Option<ActivityPhase>,
    /// That end after this moment.
    pub from: Option<Instant>,
    /// That start before this moment.
    pub to: Option<Instant>,
    /// With a shift that has a free place.
    pub with_free_places: bool,
    /// Whose title contains this.
    pub title_contains: Option<String>,
}

/// A shift for which somebody signed up, as a calendar tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolunteerShift {
    /// The activity.
    pub activity: ActivityId,
    /// The shift.
    pub shift: ShiftId,
    /// The activity's title.
    pub title: String,
    /// Where to meet.
    pub place: String,
    /// When it starts.
    #[serde(with = "ts_microseconds")]
    pub starts: Instant,
    /// When it ends.
    #[serde(with = "ts_microseconds")]
    pub ends: Instant,
    /// Where the sign-up stands.
    pub sign_up: SignUpPhase,
    /// Whether the activity takes people in.
    #[serde(with = "activity_phase")]
    pub phase: ActivityPhase,
    /// Why it was cancelled.
    pub cancel_reason: Option<String>,
    /// When the activity or the sign-up was changed last, as recorded.
    #[serde(with = "ts_microseconds")]
    pub revised_at: Instant,
    /// The event that did.
    pub revised: u64,
}

impl Views {
    /// Activities by the start of their first shift.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn activities(&self, filter: &ActivityFilter, descending: bool, page: &PageArgs) -> Result<Page<ActivityRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.in_area("a.area", filter.area.as_ref());
        conditions.in_organisation("a.organisation", filter.organisation, filter.include_below);
        conditions.maybe("a.category=?", filter.category.map(Category::code));
        conditions.maybe("a.phase=?", filter.phase.map(activity_phase::name));
        conditions.maybe("a.ends>?", filter.from.map(|at| at.timestamp_micros()));
        conditions.maybe("a.starts<?", filter.to.map(|at| at.timestamp_micros()));
        conditions.maybe("instr(a.title,?)>0", filter.title_contains.as_deref());
        if filter.with_free_places {
            conditions.plain("EXISTS(SELECT 1 FROM shifts s WHERE s.activity=a.id AND s.removed=0 AND s.taken<s.capacity)");
        }
        let columns = vec![SortColumn::plain("a.starts"), SortColumn::plain("a.id")];
        let sort = Sort { name: "activities", columns, descending };
        Listing { select: ActivityRow::select("a"), from: "activities a", conditions, sort }.page(self, page).await
    }

    /// Activities by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn activities_by_ids(&self, ids: &[ActivityId]) -> Result<Vec<ActivityRow>, QueryError> {
        let sql = format!("SELECT {} FROM activities a WHERE a.id IN (SELECT value FROM json_each(?))", ActivityRow::select("a"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// One activity.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn activity(&self, id: ActivityId) -> Result<Option<ActivityRow>, QueryError> {
        Ok(self.activities_by_ids(&[id]).await?.pop())
    }

    /// The shifts of several activities, by start; without those that were taken out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn shifts_of_activities(&self, ids: &[ActivityId]) -> Result<Vec<ShiftRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM shifts s WHERE s.activity IN (SELECT value FROM json_each(?)) AND s.removed=0
             ORDER BY s.activity, s.starts, s.shift",
            ShiftRow::select("s")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// The sign-ups of an activity: by place in the order they came to stand as they do. Withdrawn ones on request.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn sign_ups_of_activity(
        &self,
        activity: ActivityId,
        include_withdrawn: bool,
        page: &PageArgs,
    ) -> Result<Page<SignUpRow>, QueryError> {
        self.sign_ups("u.activity=?", activity.to_string(), include_withdrawn, page).await
    }

    /// Sign-ups by activity, shift and volunteer, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn sign_ups_by_keys(&self, keys: &[(ActivityId, ShiftId, VolunteerId)]) -> Result<Vec<SignUpRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM jsonb_each(?) j CROSS JOIN sign_ups u
             ON u.activity=j.value->>0 AND u.shift=j.value->>1 AND u.volunteer=j.value->>2",
            SignUpRow::select("u")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(keys)?.into()]).await
    }

    /// The sign-ups of a volunteer, the earliest first. Withdrawn ones on request.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn sign_ups_of_volunteer(
        &self,
        volunteer: VolunteerId,
        include_withdrawn: bool,
        page: &PageArgs,
    ) -> Result<Page<SignUpRow>, QueryError> {
        self.sign_ups("u.volunteer=?", volunteer.to_string(), include_withdrawn, page).await
    }

    async fn sign_ups(&self, whose: &str, id: String, include_withdrawn: bool, page: &PageArgs) -> Result<Page<SignUpRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with(whose, id);
        if !include_withdrawn {
            conditions.plain("u.phase<>'withdrawn'");
        }
        // An amendment withdraws many at once, each at the position where it stood before: `queued` stays distinct.
        let sort = Sort { name: "sign-ups", columns: vec![SortColumn::plain("u.queued")], descending: false };
        Listing { select: SignUpRow::select("u"), from: "sign_ups u", conditions, sort }.page(self, page).await
    }

    /// The shifts for which a volunteer has a place or waits for one, that end after a moment: the latest first, at most so many.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn shifts_of_volunteer(
        &self,
        volunteer: VolunteerId,
        ends_after: Instant,
        most: u32,
    ) -> Result<Vec<VolunteerShift>, QueryError> {
        let sql = "SELECT json_array(u.activity, u.shift, a.title, a.place, s.starts, s.ends, u.phase, a.phase, a.cancel_reason,
                max(a.revised_at, u.since), max(a.revised, u.queued))
            FROM sign_ups u JOIN shifts s ON s.activity=u.activity AND s.shift=u.shift JOIN activities a ON a.id=u.activity
            WHERE u.volunteer=? AND u.phase<>'withdrawn' AND s.removed=0 AND s.ends>? ORDER BY s.starts DESC, s.activity, s.shift LIMIT ?";
        let binds = [volunteer.to_string().into(), ends_after.timestamp_micros().into(), i64::from(most).into()];
        fetch(&mut *self.pool().acquire().await?, sql.to_owned(), &binds).await
    }

    /// Who entered the places and stays that these volunteers have at these activities, as the log names actors; a place
    /// that was given back is none.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn entered_by(&self, asked: &[(ActivityId, VolunteerId)]) -> Result<Vec<(ActivityId, VolunteerId, String)>, QueryError> {
        let sql = "WITH asked (activity, volunteer) AS
                 (SELECT json_extract(value,'$[0]'), json_extract(value,'$[1]') FROM json_each(?))
             SELECT json_array(u.activity,u.volunteer,u.entered_by) FROM asked a
                 JOIN sign_ups u ON u.volunteer=a.volunteer AND u.activity=a.activity WHERE u.phase<>'withdrawn'
             UNION SELECT json_array(t.activity,t.volunteer,t.entered_by) FROM asked a
                 JOIN attendances t ON t.activity=a.activity AND t.volunteer=a.volunteer";
        fetch(&mut *self.pool().acquire().await?, sql.to_owned(), &[serde_json::to_string(asked)?.into()]).await
    }

    /// The stays at several activities, by check-in.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn attendances_of_activities(&self, ids: &[ActivityId]) -> Result<Vec<AttendanceRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM attendances t WHERE t.activity IN (SELECT value FROM json_each(?))
             ORDER BY t.activity, t.checked_in, t.attendance",
            AttendanceRow::select("t")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }
}
