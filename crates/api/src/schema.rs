//! The schema: its roots, merged from the areas of the platform.

use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, Schema as Built};
use gongyi_app::{App, reading::allowances::Allowances};

use crate::{
    access::{accounts, areas, calendars, codes, processes, redaction, sign_in, working_days},
    budget::Budget,
    deliberation::{council_commands, councils, covenants, elections, issues, meeting, minutes, motion, poll},
    execution::Rehearsing,
    http::metrics::Metrics,
    limits::Limits,
    loaders,
    node::NodeQueries,
    projects::{community_activities, fund_commands, funds, project, round, self_organisations, service_links},
    report,
    settings::{ApiSettings, QUERY_NESTING_MAX_LEVELS},
    volunteering::{
        activities, attendance, batch_confirmation, categories, organisations, participation, services, sign_ups, skills, stars,
        subscriptions, volunteers,
    },
};

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    NodeQueries,
    accounts::AccountQueries,
    areas::AreaQueries,
    working_days::WorkingDayQueries,
    processes::ProcessQueries,
    categories::CategoryQueries,
    skills::SkillQueries,
    volunteers::VolunteerQueries,
    organisations::OrganisationQueries,
    activities::ActivityQueries,
    sign_ups::SignUpQueries,
    attendance::AttendanceQueries,
    services::ServiceQueries,
    participation::ParticipationQueries,
    stars::StarQueries,
    councils::CouncilQueries,
    issues::IssueQueries,
    motion::MotionQueries,
    elections::ElectionQueries,
    poll::PollQueries,
    meeting::MeetingQueries,
    covenants::CovenantQueries,
    report::ReportQueries,
    funds::FundQueries,
    round::RoundQueries,
    project::ProjectQueries,
    community_activities::CommunityActivityQueries,
    self_organisations::SelfOrganisationQueries,
    redaction::RedactionQueries,
);

/// Everything that can be done. What the rules refuse is data in the payload, not an error.
#[derive(MergedObject, Default)]
pub struct Mutation(
    codes::SignInCodeMutations,
    sign_in::SignInMutations,
    accounts::AccountMutations,
    volunteers::RegistrationMutations,
    volunteers::VolunteerMutations,
    organisations::OrganisationMutations,
    activities::ActivityMutations,
    sign_ups::SignUpMutations,
    attendance::AttendanceMutations,
    services::ServiceMutations,
    batch_confirmation::BatchConfirmationMutations,
    stars::StarMutations,
    council_commands::CouncilMutations,
    issues::IssueMutations,
    motion::drafting::DraftingMutations,
    motion::amending::AmendingMutations,
    motion::deciding::DecidingMutations,
    motion::carrying_out::CarryingOutMutations,
    elections::ElectionCallMutations,
    elections::ElectionMutations,
    poll::preparing::PollPreparingMutations,
    poll::roll::PollRollMutations,
    poll::casting::SecretBallotMutations,
    poll::casting::PollCastingMutations,
    poll::counting::PollCountingMutations,
    meeting::convening::MeetingConveningMutations,
    meeting::sitting::MeetingSittingMutations,
    meeting::voting::MeetingVotingMutations,
    minutes::MinutesMutations,
    covenants::CovenantMutations,
    fund_commands::FundMutations,
    round::calling::RoundCallingMutations,
    round::applying::RoundApplyingMutations,
    round::selecting::RoundSelectingMutations,
    project::planning::ProjectPlanningMutations,
    project::books::ProjectBookMutations,
    project::course::ProjectCourseMutations,
    project::reviews::ProjectReviewMutations,
    community_activities::CommunityActivityMutations,
    service_links::ServiceLinkMutations,
    self_organisations::SelfOrganisationMutations,
    calendars::CalendarMutations,
    redaction::RedactionMutations,
);

/// Everything that is told as it happens. Each item says its position; subscribe again after it to miss nothing.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    subscriptions::Subscriptions,
    motion::history::MotionSubscriptions,
    poll::progress::PollSubscriptions,
    meeting::changes::MeetingSubscriptions,
);

/// The schema.
pub type Schema = Built<Query, Mutation, Subscription>;

/// Builds the schema; without a platform behind it, to print it only.
pub fn schema(app: Option<App>, settings: &ApiSettings, metrics: Metrics) -> Schema {
    let mut builder = Built::build(Query::default(), Mutation::default(), Subscription::default())
        // Limits says the depth; this one only keeps the library's own recursion flat.
        .limit_recursive_depth(QUERY_NESTING_MAX_LEVELS)
        .extension(Limits)
        .extension(Rehearsing)
        .extension(Budget::new(settings))
        .data(Allowances::new(settings.sign_ins_per_minute, settings.registrations_per_hour, settings.refused_registrations_per_hour))
        .data(metrics);
    if let Some(app) = app {
        builder = builder.data(Arc::new(loaders::loaders(app.clone()))).data(app);
    }
    builder.finish()
}

/// The schema in the schema definition language, sorted, as it is committed in `schema/schema.graphql`.
pub fn sdl() -> String {
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items().include_specified_by();
    let printed = schema(None, &ApiSettings::default(), Metrics::default()).sdl_with_options(options);
    format!("{}\n", printed.trim())
}
