//! Organisations, their tree and their members.
//!
//! - `members` counts the memberships that hold now.

use chrono::serde::{ts_microseconds, ts_microseconds_option};
use gongyi_domain::{
    Event,
    values::{AreaCode, Instant, OrganisationId, VolunteerId},
    volunteering::{
        self,
        credit_code::CreditCode,
        membership::MembershipEvent,
        organisation::{OrganisationEvent, OrganisationKind, Profile},
    },
};

use crate::{
    change::Change,
    opener::Texts,
    paging::{Conditions, Listing, Page, PageArgs, QueryError, Sort, SortColumn, fetch},
    read_model::{Fold, FoldError},
    rows::{Row, Rows, Table, row},
    stored::flag,
    views::Views,
};

/// How far up [`Views::organisation_ancestors`] looks, in organisations: a circle ends there.
const ANCESTORS_MAX: i64 = 64;

row! {
    /// An organisation.
    OrganisationRow in "organisations" {
        key {
            /// The organisation.
            id: OrganisationId,
        }
        fixed {
            /// Its kind.
            kind: OrganisationKind,
            /// When it was founded, as recorded.
            #[serde(with = "ts_microseconds")]
            founded_at: Instant,
        }
        rare {
            /// Its name.
            name: String,
            /// The area it works in.
            area: AreaCode,
            /// The organisation above it.
            parent: Option<OrganisationId>,
            /// Its unified social credit code.
            credit_code: Option<CreditCode>,
        }
        live {
            /// Dissolved for good.
            #[serde(with = "flag")]
            dissolved: bool,
            /// Members now.
            members: u32,
        }
    }
}

row! {
    /// A volunteer's membership in an organisation; the last one if there were several.
    MembershipRow in "memberships" {
        key {
            /// The organisation.
            organisation: OrganisationId,
            /// The volunteer.
            volunteer: VolunteerId,
        }
        live {
            /// Since when.
            #[serde(with = "ts_microseconds")]
            joined_at: Instant,
            /// Until when, if left.
            #[serde(with = "ts_microseconds_option")]
            left_at: Option<Instant>,
            /// It holds now.
            #[serde(with = "flag")]
            active: bool,
        }
    }
}

#[derive(Default)]
pub(crate) struct OrganisationsFold {
    organisations: Rows<OrganisationRow>,
    memberships: Rows<MembershipRow>,
}

impl OrganisationsFold {
    fn members(&mut self, organisation: OrganisationId, position: u64, joins: bool) -> Result<(), FoldError> {
        let row = self.organisations.change(&(organisation,), position)?;
        let members = if joins { row.members.checked_add(1) } else { row.members.checked_sub(1) };
        row.members = members.ok_or(FoldError::Overflow("organisations.members"))?;
        Ok(())
    }
}

/// What this fold goes by.
enum Concern<'e> {
    Organisation(&'e OrganisationEvent),
    Membership(&'e MembershipEvent),
}

fn concern(change: &Change) -> Option<Concern<'_>> {
    use volunteering::Event as V;
    let Event::Volunteering(event) = &change.event else { return None };
    match event {
        V::Organisation(event) => Some(Concern::Organisation(event)),
        V::Membership(event) => Some(Concern::Membership(event)),
        V::Volunteer(_) | V::Calendar(_) | V::Activity(_) | V::ServiceLedger(_) | V::StarScheme(_) => None,
    }
}

impl Fold for OrganisationsFold {
    const NAME: &'static str = "organisations";
    const KINDS: &'static [&'static str] = &["organisation", "membership"];

    fn want(&mut self, change: &Change) {
        match concern(change) {
            Some(Concern::Organisation(_)) => self.organisations.want((OrganisationId(change.stream.id),)),
            Some(Concern::Membership(
                MembershipEvent::OrganisationJoined { organisation, volunteer }
                | MembershipEvent::OrganisationLeft { organisation, volunteer },
            )) => {
                self.organisations.want((*organisation,));
                self.memberships.want((*organisation, *volunteer));
            }
            None => {}
        }
    }

    fn fold(&mut self, change: &Change, _: &Texts<'_>) -> Result<(), FoldError> {
        let (id, position) = (OrganisationId(change.stream.id), change.position);
        match concern(change) {
            Some(Concern::Organisation(OrganisationEvent::OrganisationFounded { profile })) => {
                let Profile { kind, name, area, parent, credit_code } = profile.clone();
                self.organisations.add(OrganisationRow {
                    id,
                    kind,
                    founded_at: change.recorded_at,
                    name,
                    area,
                    parent,
                    credit_code,
                    dissolved: false,
                    members: 0,
                    position,
                })?;
            }
            Some(Concern::Organisation(OrganisationEvent::OrganisationAmended { profile })) => {
                let row = self.organisations.change(&(id,), position)?;
                Profile { kind: row.kind, name: row.name, area: row.area, parent: row.parent, credit_code: row.credit_code } =
                    profile.clone();
            }
            Some(Concern::Organisation(OrganisationEvent::OrganisationDissolved {})) => {
                self.organisations.change(&(id,), position)?.dissolved = true;
            }
            Some(Concern::Membership(MembershipEvent::OrganisationJoined { organisation, volunteer })) => {
                let key = (*organisation, *volunteer);
                if self.memberships.get(&key)?.is_some_and(|row| row.active) {
                    return Err(FoldError::Exists { table: MembershipRow::TABLE, key: format!("{key:?}") });
                }
                self.members(*organisation, position, true)?;
                self.memberships.put(MembershipRow {
                    organisation: *organisation,
                    volunteer: *volunteer,
                    joined_at: change.recorded_at,
                    left_at: None,
                    active: true,
                    position,
                });
            }
            Some(Concern::Membership(MembershipEvent::OrganisationLeft { organisation, volunteer })) => {
                let key = (*organisation, *volunteer);
                if !self.memberships.get(&key)?.is_some_and(|row| row.active) {
                    return Err(FoldError::Missing { table: MembershipRow::TABLE, key: format!("{key:?}") });
                }
                self.members(*organisation, position, false)?;
                let row = self.memberships.change(&key, position)?;
                (row.active, row.left_at) = (false, Some(change.recorded_at));
            }
            None => {}
        }
        Ok(())
    }

    fn tables(&mut self) -> Vec<&mut dyn Table> {
        vec![&mut self.organisations, &mut self.memberships]
    }
}

/// Which organisations.
#[derive(Debug, Clone, Default)]
pub struct OrganisationFilter {
    /// That work in this area or within it.
    pub area: Option<AreaCode>,
    /// Of this kind.
    pub kind: Option<OrganisationKind>,
    /// Directly below this one.
    pub parent: Option<OrganisationId>,
    /// Whose name contains this.
    pub name_contains: Option<String>,
    /// Of this unified social credit code.
    pub credit_code: Option<String>,
    /// Also dissolved ones.
    pub include_dissolved: bool,
}

impl Views {
    /// Organisations by name.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn organisations(&self, filter: &OrganisationFilter, page: &PageArgs) -> Result<Page<OrganisationRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.in_area("o.area", filter.area.as_ref());
        conditions.maybe("o.kind=?", filter.kind.map(OrganisationKind::code));
        conditions.maybe("o.parent=?", filter.parent.map(|id| id.to_string()));
        conditions.maybe("o.credit_code=?", filter.credit_code.as_deref());
        conditions.maybe("instr(o.name,?)>0", filter.name_contains.as_deref());
        if !filter.include_dissolved {
            conditions.plain("o.dissolved=0");
        }
        let columns = vec![SortColumn::plain("o.name"), SortColumn::plain("o.id")];
        let sort = Sort { name: "organisations", columns, descending: false };
        Listing { select: OrganisationRow::select("o"), from: "organisations o", conditions, sort }.page(self, page).await
    }

    /// Organisations by their ids, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn organisations_by_ids(&self, ids: &[OrganisationId]) -> Result<Vec<OrganisationRow>, QueryError> {
        let sql = format!("SELECT {} FROM organisations o WHERE o.id IN (SELECT value FROM json_each(?))", OrganisationRow::select("o"));
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(ids)?.into()]).await
    }

    /// One organisation.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn organisation(&self, id: OrganisationId) -> Result<Option<OrganisationRow>, QueryError> {
        Ok(self.organisations_by_ids(&[id]).await?.pop())
    }

    /// The organisations above this one, the nearest first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn organisation_ancestors(&self, id: OrganisationId) -> Result<Vec<OrganisationRow>, QueryError> {
        let sql = format!(
            "WITH RECURSIVE above(id, depth) AS (
                SELECT parent, 1 FROM organisations WHERE id=?1 AND parent IS NOT NULL
                UNION ALL
                SELECT o.parent, depth+1 FROM above JOIN organisations o ON o.id=above.id WHERE o.parent IS NOT NULL AND depth<?2)
             SELECT {} FROM above JOIN organisations o ON o.id=above.id ORDER BY above.depth",
            OrganisationRow::select("o")
        );
        let mut rows: Vec<OrganisationRow> =
            fetch(&mut *self.pool().acquire().await?, sql, &[id.to_string().into(), ANCESTORS_MAX.into()]).await?;
        // Were there ever a circle, each is told once.
        let mut seen = std::collections::HashSet::from([id]);
        rows.retain(|row| seen.insert(row.id));
        Ok(rows)
    }

    /// Several volunteers' memberships that hold now, in the order of joining.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn memberships_of_volunteers(&self, volunteers: &[VolunteerId]) -> Result<Vec<MembershipRow>, QueryError> {
        let sql = format!(
            "SELECT {} FROM memberships m WHERE m.volunteer IN (SELECT value FROM json_each(?)) AND m.active=1
             ORDER BY m.volunteer, m.joined_at, m.organisation",
            MembershipRow::select("m")
        );
        fetch(&mut *self.pool().acquire().await?, sql, &[serde_json::to_string(volunteers)?.into()]).await
    }

    /// An organisation's memberships that hold now, in the order of joining.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn members_of_organisation(&self, organisation: OrganisationId, page: &PageArgs) -> Result<Page<MembershipRow>, QueryError> {
        let mut conditions = Conditions::default();
        conditions.with("m.organisation=?", organisation.to_string());
        conditions.plain("m.active=1");
        let columns = vec![SortColumn::plain("m.joined_at"), SortColumn::plain("m.volunteer")];
        let sort = Sort { name: "members", columns, descending: false };
        Listing { select: MembershipRow::select("m"), from: "memberships m", conditions, sort }.page(self, page).await
    }
}
