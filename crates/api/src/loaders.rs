//! Everything referenced by id is loaded in batches: a page of a hundred records asks for its volunteers once.

use std::{collections::HashMap, pin::Pin, sync::Arc};

use async_graphql::{
    dataloader::{DataLoader, Loader},
    runtime::{TokioSpawner, TokioTimer},
};
use gongyi_app::App;
use gongyi_domain::access::public_function::PublicFunction;
use gongyi_domain::values::{
    AccountId, ActivityId, AllocationId, ApplicationId, AreaCode, CommunityActivityId, CouncilId, CovenantId, ElectionId, FundId,
    MeetingId, MotionId, OrganisationId, PersonId, PollId, ProjectId, RecordId, ResidentIssueId, RoundId, ShiftId, VolunteerId, VoteId,
};
use gongyi_projections::{
    AccountView, ActivityRow, AreaRow, AttendanceRow, CharterVersionRow, CommunityActivityRow, CouncilRow, CovenantRow, ElectionRow,
    FundLine, FundRow, GrantPayment, IncubationRow, IssueRow, MeetingRow, MembershipRow, MinutesRow, MotionRow, MotionVersionRow,
    OrganisationRow, PageAnswer, PageQuery, PersonRow, PersonTimesCorrectionRow, PollRow, ProjectGrantRow, ProjectRow, QueryError,
    RatingCount, RoundApplicationRow, RoundRow, RoundScoreRow, RoundSelectionRow, ServiceLinkRow, ServiceOf, ServiceRecordRow, ServiceSum,
    ShiftRow, SignUpRow, StarSchemeRow, Together, Views, VolunteerView, VoteRow,
};
use uuid::Uuid;

/// Longest line of organisations above one another that is followed, in organisations.
const LINE_MAX_ORGANISATIONS: usize = 64;

/// Loads from the views.
pub(crate) struct FromViews(App);

/// Batches what is asked for at one time.
pub(crate) type Loaders = DataLoader<FromViews>;

pub(crate) fn loaders(app: App) -> Loaders {
    DataLoader::new(FromViews(app), TokioSpawner::current(), TokioTimer::default())
}

/// Pages that fields ask for at one time: a connection of each of many things, in one statement.
pub(crate) struct PagesTogether(pub(crate) Arc<Loaders>);

impl Together for PagesTogether {
    fn page(&self, asked: PageQuery) -> Pin<Box<dyn Future<Output = Result<PageAnswer, QueryError>> + Send + '_>> {
        Box::pin(async move {
            let answer = self.0.load_one(asked).await;
            Ok(answer.map_err(|fault| QueryError::Together(Box::new(fault)))?.unwrap_or_default())
        })
    }
}

impl Loader<PageQuery> for FromViews {
    type Value = PageAnswer;
    type Error = LoadFault;

    async fn load(&self, keys: &[PageQuery]) -> Result<HashMap<PageQuery, PageAnswer>, LoadFault> {
        Ok(keys.iter().cloned().zip(self.views().pages(keys).await?).collect())
    }
}

impl FromViews {
    fn views(&self) -> &Views {
        self.0.views()
    }
}

/// A failed batch, shared by all that asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the views were not read")]
pub(crate) struct LoadFault(#[source] Arc<QueryError>);

impl From<QueryError> for LoadFault {
    fn from(error: QueryError) -> Self {
        Self(Arc::new(error))
    }
}

macro_rules! by_id {
    ($($key:ty => $row:ty, $query:ident, $field:ident;)+) => {$(
        impl Loader<$key> for FromViews {
            type Value = $row;
            type Error = LoadFault;
            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $row>, LoadFault> {
                let rows = self.views().$query(keys).await?;
                Ok(rows.into_iter().map(|row| (row.$field.clone(), row)).collect())
            }
        }
    )+};
}
by_id! {
    AreaCode => AreaRow, areas_by_codes, code;
    AccountId => AccountView, accounts_by_ids, account;
    VolunteerId => VolunteerView, volunteers_by_ids, id;
    OrganisationId => OrganisationRow, organisations_by_ids, id;
    ActivityId => ActivityRow, activities_by_ids, id;
    RecordId => ServiceRecordRow, service_records_by_ids, record;
    PersonId => PersonRow, persons_by_ids, person;
    CouncilId => CouncilRow, councils_by_ids, id;
    ResidentIssueId => IssueRow, issues_by_ids, id;
    MotionId => MotionRow, motions_by_ids, id;
}
// Elections and polls.
by_id! {
    ElectionId => ElectionRow, elections_by_ids, id;
    PollId => PollRow, polls_by_ids, id;
}

by_id! {
    VoteId => VoteRow, votes_by_ids, id;
    CovenantId => CovenantRow, covenants_by_ids, id;
}

// Shared among all who load it at once: a meeting's state is large, and a change of it is shown to thousands.
impl Loader<MeetingId> for FromViews {
    type Value = Arc<MeetingRow>;
    type Error = LoadFault;

    async fn load(&self, keys: &[MeetingId]) -> Result<HashMap<MeetingId, Arc<MeetingRow>>, LoadFault> {
        let rows = self.views().meetings_by_ids(keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
    }
}

// Projects and money.
by_id! {
    FundId => FundRow, funds_by_ids, id;
    AllocationId => ProjectGrantRow, grants_by_ids, id;
    ProjectId => ProjectRow, projects_by_ids, id;
    RoundId => RoundRow, rounds_by_ids, id;
    CommunityActivityId => CommunityActivityRow, community_activities_by_ids, id;
}

/// What stands in the way of a record that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct InTheWayOf(pub(crate) RecordId);

impl Loader<InTheWayOf> for FromViews {
    type Value = Vec<ServiceRecordRow>;
    type Error = LoadFault;

    async fn load(&self, keys: &[InTheWayOf]) -> Result<HashMap<InTheWayOf, Vec<ServiceRecordRow>>, LoadFault> {
        let held: Vec<_> = keys.iter().map(|key| key.0).collect();
        let mut lists: HashMap<_, Vec<_>> = HashMap::new();
        for (held, row) in self.views().records_in_the_way(&held).await? {
            lists.entry(InTheWayOf(held)).or_default().push(row);
        }
        Ok(lists)
    }
}

/// A meeting's minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MinutesOf(pub(crate) MeetingId);

impl Loader<MinutesOf> for FromViews {
    type Value = MinutesRow;
    type Error = LoadFault;

    async fn load(&self, keys: &[MinutesOf]) -> Result<HashMap<MinutesOf, MinutesRow>, LoadFault> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.views().minutes_by_meetings(&ids).await?;
        Ok(rows.into_iter().map(|row| (MinutesOf(row.meeting), row)).collect())
    }
}

macro_rules! lists_of {
    ($($(#[$doc:meta])* $key:ident($id:ty) => $row:ty, $query:ident, $field:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) struct $key(pub(crate) $id);

        impl Loader<$key> for FromViews {
            type Value = Vec<$row>;
            type Error = LoadFault;
            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Vec<$row>>, LoadFault> {
                let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
                let mut lists: HashMap<$key, Vec<$row>> = HashMap::new();
                for row in self.views().$query(&ids).await? {
                    lists.entry($key(row.$field)).or_default().push(row);
                }
                Ok(lists)
            }
        }
    )+};
}
lists_of! {
    /// A volunteer's memberships that hold now.
    MembershipsOf(VolunteerId) => MembershipRow, memberships_of_volunteers, volunteer;
    /// An activity's shifts.
    ShiftsOf(ActivityId) => ShiftRow, shifts_of_activities, activity;
    /// The versions of a council's charter.
    ChartersOf(CouncilId) => CharterVersionRow, charters_of_councils, council;
    /// The stays at an activity.
    AttendancesOf(ActivityId) => AttendanceRow, attendances_of_activities, activity;
    /// A project's grants.
    GrantsOf(ProjectId) => ProjectGrantRow, grants_of, project;
    /// A fund's budget lines.
    LinesOf(FundId) => FundLine, fund_lines, fund;
    /// A grant's payments.
    PaymentsOf(AllocationId) => GrantPayment, payments_of_grants, allocation;
    /// A round's selections, annulled ones too.
    SelectionsOf(RoundId) => RoundSelectionRow, round_selections, round;
    /// The corrections of how many an activity reached.
    CorrectionsOf(CommunityActivityId) => PersonTimesCorrectionRow, person_times_corrections, community_activity;
}

/// That a person has accepted a public function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Accepted(pub(crate) PersonId, pub(crate) PublicFunction);

impl Loader<Accepted> for FromViews {
    type Value = ();
    type Error = LoadFault;

    async fn load(&self, keys: &[Accepted]) -> Result<HashMap<Accepted, ()>, LoadFault> {
        let asked: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        Ok(self.views().accepted(&asked).await?.into_iter().map(|(person, function)| (Accepted(person, function), ())).collect())
    }
}

/// Who entered the places and stays that a volunteer has at an activity, as the log names actors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct EnteredBy(pub(crate) ActivityId, pub(crate) VolunteerId);

impl Loader<EnteredBy> for FromViews {
    type Value = Vec<String>;
    type Error = LoadFault;

    async fn load(&self, keys: &[EnteredBy]) -> Result<HashMap<EnteredBy, Vec<String>>, LoadFault> {
        let asked: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let mut lists: HashMap<EnteredBy, Vec<String>> = HashMap::new();
        for (activity, volunteer, by) in self.views().entered_by(&asked).await? {
            lists.entry(EnteredBy(activity, volunteer)).or_default().push(by);
        }
        Ok(lists)
    }
}

macro_rules! ratings_of {
    ($($(#[$doc:meta])* $key:ident($id:ty), $query:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) struct $key(pub(crate) $id);

        impl Loader<$key> for FromViews {
            type Value = Vec<RatingCount>;
            type Error = LoadFault;
            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Vec<RatingCount>>, LoadFault> {
                let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
                let mut ratings: HashMap<$key, Vec<RatingCount>> = HashMap::new();
                for (of, count) in self.views().$query(&ids).await? {
                    ratings.entry($key(of)).or_default().push(count);
                }
                Ok(ratings)
            }
        }
    )+};
}
ratings_of! {
    /// A motion's ratings.
    MotionRatingsOf(MotionId), motion_ratings;
    /// A project's ratings.
    ProjectRatingsOf(ProjectId), project_ratings;
}

/// A district's stars, if it has set any.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StarsOf(pub(crate) AreaCode);

impl Loader<StarsOf> for FromViews {
    type Value = StarSchemeRow;
    type Error = LoadFault;

    async fn load(&self, keys: &[StarsOf]) -> Result<HashMap<StarsOf, StarSchemeRow>, LoadFault> {
        let districts: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
        let rows = self.views().star_schemes_by_districts(&districts).await?;
        Ok(rows.into_iter().map(|row| (StarsOf(row.district.clone()), row)).collect())
    }
}

/// A motion's text at a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TextAt(pub(crate) MotionId, pub(crate) u32);

impl Loader<TextAt> for FromViews {
    type Value = MotionVersionRow;
    type Error = LoadFault;

    async fn load(&self, keys: &[TextAt]) -> Result<HashMap<TextAt, MotionVersionRow>, LoadFault> {
        let keys: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let rows = self.views().motion_versions_by_keys(&keys).await?;
        Ok(rows.into_iter().map(|row| (TextAt(row.motion, row.version), row)).collect())
    }
}

/// An organisation and all above it, nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LineOf(pub(crate) OrganisationId);

impl Loader<LineOf> for FromViews {
    type Value = Vec<OrganisationId>;
    type Error = LoadFault;

    async fn load(&self, keys: &[LineOf]) -> Result<HashMap<LineOf, Vec<OrganisationId>>, LoadFault> {
        let mut parents: HashMap<OrganisationId, Option<OrganisationId>> = HashMap::new();
        let mut next: Vec<_> = keys.iter().map(|key| key.0).collect();
        while !next.is_empty() {
            let rows = self.views().organisations_by_ids(&next).await?;
            parents.extend(rows.iter().map(|row| (row.id, row.parent)));
            next = rows.iter().filter_map(|row| row.parent).filter(|id| !parents.contains_key(id)).collect();
            next.sort_unstable();
            next.dedup();
        }
        let line = |id: OrganisationId| {
            let above = |id: &OrganisationId| parents.get(id).copied().flatten();
            std::iter::successors(Some(id), above).take(LINE_MAX_ORGANISATIONS).collect()
        };
        Ok(keys.iter().filter(|key| parents.contains_key(&key.0)).map(|key| (*key, line(key.0))).collect())
    }
}

/// What the service at an activity of volunteering is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LinkOf(pub(crate) ActivityId);

impl Loader<LinkOf> for FromViews {
    type Value = ServiceLinkRow;
    type Error = LoadFault;

    async fn load(&self, keys: &[LinkOf]) -> Result<HashMap<LinkOf, ServiceLinkRow>, LoadFault> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.views().service_links_of(&ids).await?;
        Ok(rows.into_iter().map(|row| (LinkOf(row.activity), row)).collect())
    }
}

/// How a self-organisation came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct IncubationOf(pub(crate) OrganisationId);

impl Loader<IncubationOf> for FromViews {
    type Value = IncubationRow;
    type Error = LoadFault;

    async fn load(&self, keys: &[IncubationOf]) -> Result<HashMap<IncubationOf, IncubationRow>, LoadFault> {
        let ids: Vec<_> = keys.iter().map(|key| key.0).collect();
        let rows = self.views().incubations_of(&ids).await?;
        Ok(rows.into_iter().map(|row| (IncubationOf(row.organisation), row)).collect())
    }
}

/// An application in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ApplicationIn(pub(crate) RoundId, pub(crate) ApplicationId);

impl Loader<ApplicationIn> for FromViews {
    type Value = RoundApplicationRow;
    type Error = LoadFault;

    async fn load(&self, keys: &[ApplicationIn]) -> Result<HashMap<ApplicationIn, RoundApplicationRow>, LoadFault> {
        let keys: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let rows = self.views().round_applications_by_keys(&keys).await?;
        Ok(rows.into_iter().map(|row| (ApplicationIn(row.round, row.application), row)).collect())
    }
}

/// A volunteer's sign-up for a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SignUpOf(pub(crate) ActivityId, pub(crate) ShiftId, pub(crate) VolunteerId);

impl Loader<SignUpOf> for FromViews {
    type Value = SignUpRow;
    type Error = LoadFault;

    async fn load(&self, keys: &[SignUpOf]) -> Result<HashMap<SignUpOf, SignUpRow>, LoadFault> {
        let keys: Vec<_> = keys.iter().map(|key| (key.0, key.1, key.2)).collect();
        let rows = self.views().sign_ups_by_keys(&keys).await?;
        Ok(rows.into_iter().map(|row| (SignUpOf(row.activity, row.shift, row.volunteer), row)).collect())
    }
}

/// What reviewers say of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ScoresOf(pub(crate) RoundId, pub(crate) ApplicationId);

impl Loader<ScoresOf> for FromViews {
    type Value = Vec<RoundScoreRow>;
    type Error = LoadFault;

    async fn load(&self, keys: &[ScoresOf]) -> Result<HashMap<ScoresOf, Vec<RoundScoreRow>>, LoadFault> {
        let keys: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let mut lists: HashMap<ScoresOf, Vec<RoundScoreRow>> = HashMap::new();
        for row in self.views().round_scores(&keys).await? {
            lists.entry(ScoresOf(row.round, row.application)).or_default().push(row);
        }
        Ok(lists)
    }
}

/// The confirmed service for something, or at an activity of volunteering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ServedFor(pub(crate) ServiceOf, pub(crate) Uuid);

impl Loader<ServedFor> for FromViews {
    type Value = ServiceSum;
    type Error = LoadFault;

    async fn load(&self, keys: &[ServedFor]) -> Result<HashMap<ServedFor, ServiceSum>, LoadFault> {
        let mut sums = HashMap::new();
        for of in [ServiceOf::Project, ServiceOf::CommunityActivity, ServiceOf::Activity] {
            let ids: Vec<_> = keys.iter().filter(|key| key.0 == of).map(|key| key.1).collect();
            if !ids.is_empty() {
                let rows = self.views().service_sums(of, &ids).await?;
                sums.extend(rows.into_iter().map(|(id, sum)| (ServedFor(of, id), sum)));
            }
        }
        Ok(sums)
    }
}
