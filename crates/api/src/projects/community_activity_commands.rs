//! What changes community activities, and what says what service was for.

use async_graphql::{Context, Error, ID, InputObject, Object, OneofObject};
use gongyi_app::{
    Command,
    projects::community_activities::{
        BeginCommunityActivity, CancelCommunityActivity, CorrectPersonTimes, HoldCommunityActivity, LinkService, UnlinkService,
        VoidCommunityActivity,
    },
};
use gongyi_domain::{
    projects::{community_activity::Beginner, service_link::ServicePurpose},
    refusal::Refusal,
    values::{ActivityId, CommunityActivityId},
};

use super::{
    community_activities::{self, CommunityActivity},
    service_links::{self, ServiceLink},
};
use crate::{
    access::personal::in_the_name_of,
    attachment::{AttachmentInput, attachments},
    door::Door,
    ids,
    outcome::payloads,
    scalars::{Area as AreaCode, Date},
    volunteering::activities::{self, Activity},
};

payloads! {
    /// What became of a command to a community activity.
    CommunityActivityPayload {
        /// The community activity.
        community_activity: CommunityActivity,
    }
    /// What became of saying what service is for, or of taking that back.
    ServiceLinkPayload {
        /// What the service is for now; null if for nothing.
        link: ServiceLink,
        /// The activity of volunteering.
        activity: Activity,
    }
}

async fn done<C>(ctx: &Context<'_>, command_id: Option<&ID>, command: Result<C, Refusal>) -> Result<CommunityActivityPayload, Error>
where
    C: Command<Answer = CommunityActivityId> + Send + 'static,
{
    let door = Door::of(ctx)?;
    let done = door.does(command_id, command).await?;
    let shown = match done.answer {
        Some(id) => community_activities::community_activity(&door, id).await?,
        None => None,
    };
    Ok(CommunityActivityPayload::new(done.told, shown))
}

async fn linked<C>(ctx: &Context<'_>, command_id: Option<&ID>, command: Result<C, Refusal>) -> Result<ServiceLinkPayload, Error>
where
    C: Command<Answer = ActivityId> + Send + 'static,
{
    let door = Door::of(ctx)?;
    let done = door.does(command_id, command).await?;
    let (link, activity) = match done.answer {
        Some(id) => (service_links::link(&door, id).await?, activities::activity(&door, id).await?),
        None => (None, None),
    };
    Ok(ServiceLinkPayload::new(done.told, link, activity))
}

/// What beginning takes: a council, a project, or both.
#[derive(InputObject)]
pub struct BeginCommunityActivityInput {
    /// The council from whose seat a representative begins it.
    council: Option<ID>,
    /// The representative, by the person's id; oneself if not said. Only with a council.
    begun_by: Option<ID>,
    /// The project it is for.
    project: Option<ID>,
    /// Its title.
    title: String,
    /// Where: in the council's or the project's area.
    area: AreaCode,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

impl BeginCommunityActivityInput {
    fn beginner(&self, door: &Door<'_>) -> Result<Option<Beginner>, Refusal> {
        match (&self.council, &self.begun_by) {
            (Some(council), begun_by) => {
                let person = in_the_name_of(door, begun_by.as_ref(), "begunBy")?;
                Ok(Some(Beginner { person, council: ids::named(council, "council")? }))
            }
            (None, Some(_)) => Err(Refusal {
                code: "InvalidInput",
                field: Some("council"),
                zh: "请指明代表所在的议事会".to_owned(),
                en: "Say in which council the representative sits".to_owned(),
            }),
            (None, None) => Ok(None),
        }
    }
}

/// What reporting takes that it was held.
#[derive(InputObject)]
pub struct HoldCommunityActivityInput {
    /// Which community activity.
    community_activity: ID,
    /// When; today if not said.
    on: Option<Date>,
    /// 服务人次: how many it reached, each time a person came.
    person_times: u32,
    /// What was done.
    report: String,
    /// Files that show it.
    evidence: Option<Vec<AttachmentInput>>,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What correcting takes.
#[derive(InputObject)]
pub struct CorrectPersonTimesInput {
    /// Of which community activity.
    community_activity: ID,
    /// How many it reached.
    person_times: u32,
    /// Why.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// Which community activity, and why.
#[derive(InputObject)]
pub struct CommunityActivityReasonInput {
    /// Which community activity.
    community_activity: ID,
    /// Why.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What service is for.
#[derive(OneofObject)]
pub enum ServicePurposeInput {
    /// A project.
    Project(ID),
    /// A community activity.
    CommunityActivity(ID),
}

/// What saying takes what service is for.
#[derive(InputObject)]
pub struct LinkServiceInput {
    /// The activity of volunteering.
    activity: ID,
    /// What its service is for.
    purpose: ServicePurposeInput,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

/// What taking that back takes.
#[derive(InputObject)]
pub struct UnlinkServiceInput {
    /// The activity of volunteering.
    activity: ID,
    /// Why.
    reason: String,
    /// The command's id, a UUID; sent again, it is answered as the first time.
    command_id: Option<ID>,
}

fn named(id: &ID) -> Result<CommunityActivityId, Refusal> {
    ids::named(id, "communityActivity")
}

/// The root fields that change community activities.
#[derive(Default)]
pub struct CommunityActivityMutations;

#[Object]
impl CommunityActivityMutations {
    /// Begin a community activity: a representative from the seat held today, or who carries out its project.
    async fn begin_community_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: BeginCommunityActivityInput,
    ) -> Result<CommunityActivityPayload, Error> {
        let door = Door::of(ctx)?;
        let command = input.beginner(&door).and_then(|begun_by| {
            let project = ids::named_maybe(input.project.as_ref(), "project")?;
            Ok(BeginCommunityActivity { begun_by, project, title: input.title, area: input.area.0 })
        });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Report that a community activity was held, and how many it reached.
    async fn hold_community_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: HoldCommunityActivityInput,
    ) -> Result<CommunityActivityPayload, Error> {
        let (on, person_times, report) = (input.on.map(|it| it.0), input.person_times, input.report);
        let command = named(&input.community_activity).and_then(|community_activity| {
            let evidence = attachments(input.evidence)?;
            Ok(HoldCommunityActivity { community_activity, on, person_times, report, evidence })
        });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Correct how many a community activity reached.
    async fn correct_person_times(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CorrectPersonTimesInput,
    ) -> Result<CommunityActivityPayload, Error> {
        let (person_times, reason) = (input.person_times, input.reason);
        let command =
            named(&input.community_activity).map(|community_activity| CorrectPersonTimes { community_activity, person_times, reason });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Cancel a community activity before it is held.
    async fn cancel_community_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CommunityActivityReasonInput,
    ) -> Result<CommunityActivityPayload, Error> {
        let reason = input.reason;
        let command = named(&input.community_activity).map(|community_activity| CancelCommunityActivity { community_activity, reason });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Void what was reported of a community activity: it counts for nothing.
    async fn void_community_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: CommunityActivityReasonInput,
    ) -> Result<CommunityActivityPayload, Error> {
        let reason = input.reason;
        let command = named(&input.community_activity).map(|community_activity| VoidCommunityActivity { community_activity, reason });
        done(ctx, input.command_id.as_ref(), command).await
    }

    /// Say what the service at an activity of volunteering is for.
    async fn link_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: LinkServiceInput,
    ) -> Result<ServiceLinkPayload, Error> {
        let command = ids::named(&input.activity, "activity").and_then(|activity| {
            let purpose = match &input.purpose {
                ServicePurposeInput::Project(id) => ServicePurpose::Project(ids::named(id, "purpose")?),
                ServicePurposeInput::CommunityActivity(id) => ServicePurpose::CommunityActivity(ids::named(id, "purpose")?),
            };
            Ok(LinkService { activity, purpose })
        });
        linked(ctx, input.command_id.as_ref(), command).await
    }

    /// Take back what the service at an activity of volunteering is for.
    async fn unlink_service(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: UnlinkServiceInput,
    ) -> Result<ServiceLinkPayload, Error> {
        let reason = input.reason;
        let command = ids::named(&input.activity, "activity").map(|activity| UnlinkService { activity, reason });
        linked(ctx, input.command_id.as_ref(), command).await
    }
}
