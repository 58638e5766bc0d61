//! Anything with a global id, by that id.

use async_graphql::{Context, Error, ID, Interface, Object};
use gongyi_domain::access::{area::AREAS, authority::Subject};
use gongyi_domain::deliberation::{
    council::COUNCILS, covenant::COVENANTS, election::ELECTIONS, meeting::MEETINGS, motion::MOTIONS, poll::POLLS,
};
use gongyi_domain::projects::{
    community_activity::COMMUNITY_ACTIVITIES, fund::FUNDS, incubation::SELF_ORGANISATIONS, project::PROJECTS, round::ROUNDS,
};
use gongyi_domain::values::{
    AccountId, ActivityId, AreaCode, CommunityActivityId, CouncilId, CovenantId, ElectionId, FundId, MeetingId, MotionId, OrganisationId,
    PollId, ProjectId, ResidentIssueId, RoundId, VolunteerId, VoteId,
};
use gongyi_domain::volunteering::{activity::ACTIVITIES, organisation::ORGANISATIONS};

use crate::{
    access::{
        accounts::{self, Account},
        areas::{self, Area},
    },
    deliberation::{
        councils::{self, Council},
        covenants::{self, Covenant},
        elections::{self, Election},
        issues::{self, ResidentIssue},
        meeting::{
            self, Meeting,
            voting::{self, Vote},
        },
        motion::{self, Motion},
        poll::{self, Poll},
    },
    door::Door,
    fault::{self, Code},
    ids::{
        self, ApplicationKey, AttendanceKey, BookEntryKey, GlobalId, GrantKey, MembershipKey, ObjectionKey, PaymentKey, RecordKey,
        SelfOrganisationKey, ShiftKey, SignUpKey, Text,
    },
    projects::{
        community_activities::{self, CommunityActivity},
        funds::{self, Fund, GrantPayment, ProjectGrant},
        project::{
            self, Project,
            books::{self, BookEntry},
        },
        round::{
            self, Round,
            applying::{self, RoundApplication},
            selecting::{self, RoundObjection},
        },
        self_organisations::{self, SelfOrganisation},
    },
    scalars::Position,
    settings::NODES_MAX_COUNT,
    volunteering::{
        activities::{self, Activity, Shift},
        attendance::{self, Attendance},
        organisations::{self, Membership, Organisation},
        services::{self, ServiceRecord},
        sign_ups::{self, SignUp},
        volunteers::{self, Volunteer},
    },
};

/// The types with a global id, a line each: what its id is made of, the act of reading it, and how one is found. Where no act
/// stands, finding asks by itself, for who may depends on what was found. The type's name in the schema, its place among the
/// nodes and [`found`] come of it.
macro_rules! nodes {
    ($($(#[$doc:meta])* $name:ident($key:ty) $(may $act:ident)? by $find:path;)+) => {
        /// Anything with a global id.
        #[derive(Interface)]
        #[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
        #[expect(clippy::large_enum_variant, reason = "made for one answer, never kept")]
        pub enum Node {
            $($(#[$doc])* $name($name),)+
        }

        $(impl GlobalId for $key {
            const TYPE: &'static str = stringify!($name);
        })+

        /// What a global id names, for whoever may read it.
        async fn found(door: &Door<'_>, id: &ID) -> Result<Option<Node>, Error> {
            let unknown = || fault::error(Code::BadInput, "not a global id");
            let (kind, text) = ids::parts(id).ok_or_else(unknown)?;
            Ok(match kind.as_str() {
                $(stringify!($name) => {
                    let key = <$key as Text>::read(&text).ok_or_else(unknown)?;
                    $(door.may(&$act, &Subject::default())?;)?
                    $find(door, key).await?.map(Node::$name)
                })+
                _ => return Err(unknown()),
            })
        }
    };
}

nodes! {
    /// An administrative area.
    Area(AreaCode) may AREAS by areas::area;
    /// A person's sign-in.
    Account(AccountId) by accounts::account_node;
    /// A person who has registered to serve.
    Volunteer(VolunteerId) by volunteers::volunteer_node;
    /// An organisation.
    Organisation(OrganisationId) may ORGANISATIONS by organisations::organisation;
    /// A volunteer's membership in an organisation.
    Membership(MembershipKey) by organisations::membership_node;
    /// An activity.
    Activity(ActivityId) may ACTIVITIES by activities::activity;
    /// A shift of an activity.
    Shift(ShiftKey) may ACTIVITIES by activities::shift;
    /// A volunteer's sign-up for a shift.
    SignUp(SignUpKey) by sign_ups::sign_up_node;
    /// A stay at an activity.
    Attendance(AttendanceKey) by attendance::attendance_node;
    /// A service record.
    ServiceRecord(RecordKey) by services::service_record_node;
    /// A council.
    Council(CouncilId) may COUNCILS by councils::council;
    /// A resident's issue.
    ResidentIssue(ResidentIssueId) by issues::issue_node;
    /// A motion.
    Motion(MotionId) may MOTIONS by motion::motion;
    /// An election.
    Election(ElectionId) may ELECTIONS by elections::election;
    /// A poll.
    Poll(PollId) may POLLS by poll::poll;
    /// A council's meeting.
    Meeting(MeetingId) may MEETINGS by meeting::meeting;
    /// A vote within a meeting.
    Vote(VoteId) may MEETINGS by voting::of_id;
    /// A residents' covenant.
    Covenant(CovenantId) may COVENANTS by covenants::covenant;
    /// A fund.
    Fund(FundId) may FUNDS by funds::fund;
    /// A grant of a fund.
    ProjectGrant(GrantKey) may FUNDS by funds::grant;
    /// A payment out of a grant.
    GrantPayment(PaymentKey) may FUNDS by funds::payment;
    /// A round of selection.
    Round(RoundId) may ROUNDS by round::round;
    /// An application in a round.
    RoundApplication(ApplicationKey) may ROUNDS by applying::application;
    /// An objection against a selection.
    RoundObjection(ObjectionKey) by selecting::objection_node;
    /// A project.
    Project(ProjectId) may PROJECTS by project::project;
    /// An entry of a project's books.
    BookEntry(BookEntryKey) may PROJECTS by books::book_entry;
    /// A community benefit activity.
    CommunityActivity(CommunityActivityId) may COMMUNITY_ACTIVITIES by community_activities::community_activity;
    /// A residents' self-organisation.
    SelfOrganisation(SelfOrganisationKey) may SELF_ORGANISATIONS by self_organisations::self_organisation_node;
}

/// The root fields about nodes.
#[derive(Default)]
pub struct NodeQueries;

#[Object]
impl NodeQueries {
    /// Anything by its global id, for whoever may read it; null if there is no such thing. Clients that fetch anew by an id know
    /// this field with this argument alone: what must be seen first is said in the header `X-Gongyi-Position`, or to `nodes`.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] id: ID) -> Result<Option<Node>, Error> {
        found(&Door::reading(ctx, None).await?, &id).await
    }

    /// Several things by their global ids, 100 at most, in the order asked for; null where there is no such thing.
    #[graphql(complexity = "1 + ids.len() * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] ids: Vec<ID>,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Vec<Option<Node>>, Error> {
        if ids.len() > NODES_MAX_COUNT {
            return Err(fault::limit_of_field("nodes", NODES_MAX_COUNT));
        }
        let door = Door::reading(ctx, position.as_ref()).await?;
        futures::future::try_join_all(ids.iter().map(|id| found(&door, id))).await
    }
}
