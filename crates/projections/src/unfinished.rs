//! What organisations and councils have begun and not brought to an end.

use gongyi_domain::{
    dissolution::Unfinished,
    values::{CouncilId, Instant, OrganisationId},
};

use crate::{
    paging::{Bind, QueryError, fetch},
    views::Views,
};

impl Views {
    /// What an organisation is not done with at this moment.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn unfinished_of_organisation(&self, id: OrganisationId, now: Instant) -> Result<Unfinished, QueryError> {
        let sql = "SELECT json_array(
            (SELECT count(*) FROM activities a WHERE a.organisation=? AND a.phase='open'
                AND (a.ends>? OR EXISTS(SELECT 1 FROM attendances t WHERE t.activity=a.id AND t.checked_out IS NULL))),
            (SELECT count(*) FROM projects p WHERE p.organisation=? AND p.phase='under_way'))";
        let binds = [id.to_string().into(), now.timestamp_micros().into(), id.to_string().into()];
        let (activities, projects) = self.counts(sql, &binds).await?;
        Ok(Unfinished { activities, projects, ..Unfinished::default() })
    }

    /// What a council is not done with.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn unfinished_of_council(&self, id: CouncilId) -> Result<Unfinished, QueryError> {
        let sql = "SELECT json_array(
            (SELECT count(*) FROM meetings m WHERE m.council=? AND m.phase IN ('convened','open','adjourned')),
            (SELECT count(*) FROM elections e WHERE e.council=? AND e.phase NOT IN ('certified','voided')),
            (SELECT count(*) FROM polls p WHERE p.phase NOT IN ('published','voided')
                AND (p.motion IN (SELECT o.id FROM motions o WHERE o.council=?)
                     OR p.election IN (SELECT e.id FROM elections e WHERE e.council=?)
                     OR json_extract(p.state, '$.terms.matter.council.council')=?)),
            (SELECT count(*) FROM projects p WHERE p.council=? AND p.phase='under_way'))";
        let binds: Vec<Bind> = (0..6).map(|_| id.to_string().into()).collect();
        let (meetings, elections, polls, projects) = self.counts(sql, &binds).await?;
        Ok(Unfinished { meetings, elections, polls, projects, ..Unfinished::default() })
    }

    async fn counts<T: serde::de::DeserializeOwned + Default>(&self, sql: &str, binds: &[Bind]) -> Result<T, QueryError> {
        let rows = fetch(&mut *self.pool().acquire().await?, sql.to_owned(), binds).await?;
        Ok(rows.into_iter().next().unwrap_or_default())
    }
}
