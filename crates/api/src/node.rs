//! Anything with a global id, by that id.

use async_graphql::{Context, Error, ID, Interface, Object};
use gongyi_domain::access::{area::AREAS, authority::Subject};
use gongyi_domain::deliberation::{
    council::COUNCILS, covenant::COVENANTS, election::ELECTIONS, meeting::MEETINGS, motion::MOTIONS, poll::POLLS,
};
use gongyi_domain::projects::{
    community_activity::COMMUNITY_ACTIVITIES, fund::FUNDS, incubation::SELF_ORGANISATIONS, project::PROJECTS, round::ROUNDS,
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
        motions::{self, Motion},
        poll::{self, Poll},
    },
    door::Door,
    fault::{self, Code},
    ids::{self, GlobalId, SelfOrganisationKey},
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
        organisations::{self, Organisation},
        services::{self, ServiceRecord},
        volunteers::{self, Volunteer},
    },
};

/// Anything with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
#[expect(clippy::large_enum_variant, reason = "made for one answer, never kept")]
pub enum Node {
    /// An administrative area.
    Area(Area),
    /// A person's sign-in.
    Account(Account),
    /// A person who has registered to serve.
    Volunteer(Volunteer),
    /// An organisation.
    Organisation(Organisation),
    /// An activity.
    Activity(Activity),
    /// A shift of an activity.
    Shift(Shift),
    /// A stay at an activity.
    Attendance(Attendance),
    /// A service record.
    ServiceRecord(ServiceRecord),
    /// A council.
    Council(Council),
    /// A resident's issue.
    ResidentIssue(ResidentIssue),
    /// A motion.
    Motion(Motion),
    /// An election.
    Election(Election),
    /// A poll.
    Poll(Poll),
    /// A council's meeting.
    Meeting(Meeting),
    /// A vote within a meeting.
    Vote(Vote),
    /// A residents' covenant.
    Covenant(Covenant),
    /// A fund.
    Fund(Fund),
    /// A grant of a fund.
    ProjectGrant(ProjectGrant),
    /// A payment out of a grant.
    GrantPayment(GrantPayment),
    /// A round of selection.
    Round(Round),
    /// An application in a round.
    RoundApplication(RoundApplication),
    /// An objection against a selection.
    RoundObjection(RoundObjection),
    /// A project.
    Project(Project),
    /// An entry of a project's books.
    BookEntry(BookEntry),
    /// A community benefit activity.
    CommunityActivity(CommunityActivity),
    /// A residents' self-organisation.
    SelfOrganisation(SelfOrganisation),
}

/// What a global id names, for whoever may read it: each type asks its own act.
async fn found(door: &Door<'_>, id: &ID) -> Result<Option<Node>, Error> {
    let unknown = || fault::error(Code::BadInput, "not a global id");
    let (kind, text) = ids::parts(id).ok_or_else(unknown)?;
    fn read<T: GlobalId>(text: &str) -> Result<T, Error> {
        T::read(text).ok_or_else(|| fault::error(Code::BadInput, "not a global id"))
    }
    let public = Subject::default();
    Ok(match kind.as_str() {
        "Area" => {
            door.may(&AREAS, &public)?;
            areas::area(door, read(&text)?).await?.map(Node::Area)
        }
        "Organisation" => {
            door.may(&ORGANISATIONS, &public)?;
            organisations::organisation(door, read(&text)?).await?.map(Node::Organisation)
        }
        "Activity" => {
            door.may(&ACTIVITIES, &public)?;
            activities::activity(door, read(&text)?).await?.map(Node::Activity)
        }
        "Shift" => {
            door.may(&ACTIVITIES, &public)?;
            activities::shift(door, read(&text)?).await?.map(Node::Shift)
        }
        "Meeting" => {
            door.may(&MEETINGS, &public)?;
            meeting::meeting(door, read(&text)?).await?.map(Node::Meeting)
        }
        "Vote" => {
            door.may(&MEETINGS, &public)?;
            voting::of_id(door, read(&text)?).await?.map(Node::Vote)
        }
        "Covenant" => {
            door.may(&COVENANTS, &public)?;
            covenants::covenant(door, read(&text)?).await?.map(Node::Covenant)
        }
        "Account" => accounts::account_node(door, read(&text)?).await?.map(Node::Account),
        "Volunteer" => volunteers::volunteer_node(door, read(&text)?).await?.map(Node::Volunteer),
        "Attendance" => attendance::attendance_node(door, read(&text)?).await?.map(Node::Attendance),
        "ServiceRecord" => services::service_record_node(door, read(&text)?).await?.map(Node::ServiceRecord),
        "Council" => {
            door.may(&COUNCILS, &public)?;
            councils::council(door, read(&text)?).await?.map(Node::Council)
        }
        "ResidentIssue" => issues::issue_node(door, read(&text)?).await?.map(Node::ResidentIssue),
        "Motion" => {
            door.may(&MOTIONS, &public)?;
            motions::motion(door, read(&text)?).await?.map(Node::Motion)
        }
        "Election" => {
            door.may(&ELECTIONS, &public)?;
            elections::election(door, read(&text)?).await?.map(Node::Election)
        }
        "Poll" => {
            door.may(&POLLS, &public)?;
            poll::poll(door, read(&text)?).await?.map(Node::Poll)
        }
        "Fund" => {
            door.may(&FUNDS, &public)?;
            funds::fund(door, read(&text)?).await?.map(Node::Fund)
        }
        "ProjectGrant" => {
            door.may(&FUNDS, &public)?;
            funds::grant(door, read(&text)?).await?.map(Node::ProjectGrant)
        }
        "GrantPayment" => {
            door.may(&FUNDS, &public)?;
            funds::payment(door, read(&text)?).await?.map(Node::GrantPayment)
        }
        "Round" => {
            door.may(&ROUNDS, &public)?;
            round::round(door, read(&text)?).await?.map(Node::Round)
        }
        "RoundApplication" => {
            door.may(&ROUNDS, &public)?;
            applying::application(door, read(&text)?).await?.map(Node::RoundApplication)
        }
        "RoundObjection" => selecting::objection_node(door, read(&text)?).await?.map(Node::RoundObjection),
        "Project" => {
            door.may(&PROJECTS, &public)?;
            project::project(door, read(&text)?).await?.map(Node::Project)
        }
        "BookEntry" => {
            door.may(&PROJECTS, &public)?;
            books::book_entry(door, read(&text)?).await?.map(Node::BookEntry)
        }
        "CommunityActivity" => {
            door.may(&COMMUNITY_ACTIVITIES, &public)?;
            community_activities::community_activity(door, read(&text)?).await?.map(Node::CommunityActivity)
        }
        "SelfOrganisation" => {
            door.may(&SELF_ORGANISATIONS, &public)?;
            let SelfOrganisationKey(organisation) = read(&text)?;
            self_organisations::self_organisation(door, organisation).await?.map(Node::SelfOrganisation)
        }
        _ => return Err(unknown()),
    })
}

/// The root fields about nodes.
#[derive(Default)]
pub struct NodeQueries;

#[Object]
impl NodeQueries {
    /// Anything by its global id, for whoever may read it; null if there is no such thing.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] id: ID,
        #[graphql(desc = "What must be seen first: the position of an earlier answer.")] position: Option<Position>,
    ) -> Result<Option<Node>, Error> {
        let door = Door::reading(ctx, position.as_ref()).await?;
        found(&door, &id).await
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
