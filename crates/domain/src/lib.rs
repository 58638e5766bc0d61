//! The rules of gongyi. Pure, synchronous, deterministic: no clock, no randomness, no IO.
//!
//! One aggregate a file: purpose and invariants, ids, state, commands, events, refusals, `decide` (esrs calls it
//! [`esrs::Aggregate::handle_command`]), `apply`, tests. A context imports only [`access`] and [`values`].

pub mod access;
pub mod attachment;
pub mod deliberation;
pub mod dissolution;
pub mod event;
pub mod fraction;
pub mod projects;
pub mod prose;
pub mod refusal;
pub mod report;
#[cfg(test)]
mod scenario;
pub mod typed_time;
pub mod values;
pub mod volunteering;

use access::{account, area, authority::Act, person, public_function, redaction, working_calendar};
use deliberation::{
    council, covenant, election, issue, meeting, minutes,
    motion::{self, amending, carrying_out, deciding, drafting},
    poll,
};
use event::contexts;
use projects::{community_activity, fund, incubation, project, round, service_link};
use volunteering::{activity, membership, organisation, service_ledger, star_scheme, volunteer};

contexts! {
    /// An event of any aggregate, by its context. A read model folds one context or two, and names all of their events.
    #[expect(clippy::large_enum_variant, reason = "decoded one at a time; boxing a context would show in every fold's match")]
    pub enum Event {
        /// Who is who and who may do what.
        Access(access),
        /// Volunteers, organisations, activities, service.
        Volunteering(volunteering),
        /// Councils, motions, meetings, elections.
        Deliberation(deliberation),
        /// Funds, rounds, projects, community activities, self-organisations.
        Projects(projects),
    }
}

/// The JSON Schema of every aggregate's events, by the aggregate's name.
pub fn event_schemas() -> Vec<(&'static str, schemars::Schema)> {
    Event::schemas()
}

/// Every act there is, for the who-may-do-what matrix and its tests.
pub const ACTS: &[&Act] = &[
    &area::IMPORT_AREAS,
    &area::AREAS,
    &working_calendar::IMPORT_WORKING_DAYS,
    &working_calendar::WORKING_DAYS,
    &account::SIGN_IN,
    &account::REFRESH,
    &account::SIGN_OUT,
    &account::ME,
    &account::OPEN_ACCOUNT,
    &account::ISSUE_SIGN_IN_CODE,
    &account::SET_PASSWORD_BY_CODE,
    &account::CHANGE_PASSWORD,
    &account::END_SESSIONS,
    &account::CLOSE_ACCOUNT,
    &account::MAKE_CALENDAR_ADDRESS,
    &account::REVOKE_CALENDAR_ADDRESS,
    &account::GRANT_ROLE,
    &account::REVOKE_ROLE,
    &public_function::ACCEPT_FUNCTION,
    &public_function::TAKE_BACK_ACCEPTANCE,
    &account::ACCOUNTS,
    &access::authority::PARKED_EVENTS,
    &person::ERASE_PERSON,
    &redaction::NAMED_ELSEWHERE,
    &redaction::REDACT_TEXTS,
    &person::PERSONAL_DATA,
    &person::WHOLE_ID_NUMBER,
    &volunteer::REGISTER_VOLUNTEER,
    &volunteer::CORRECT_VOLUNTEER,
    &volunteer::SUSPEND_VOLUNTEER,
    &volunteer::REINSTATE_VOLUNTEER,
    &volunteer::WITHDRAW_VOLUNTEER,
    &volunteer::RETURN_VOLUNTEER,
    &volunteer::IMPORT_VOLUNTEERS,
    &volunteer::VOLUNTEERS,
    &volunteer::VOLUNTEER,
    &organisation::FOUND_ORGANISATION,
    &organisation::AMEND_ORGANISATION,
    &organisation::DISSOLVE_ORGANISATION,
    &organisation::IMPORT_ORGANISATIONS,
    &organisation::ORGANISATIONS,
    &membership::JOIN_ORGANISATION,
    &membership::LEAVE_ORGANISATION,
    &activity::PUBLISH_ACTIVITY,
    &activity::AMEND_ACTIVITY,
    &activity::CANCEL_ACTIVITY,
    &activity::CLOSE_ACTIVITY,
    &activity::SIGN_UP,
    &activity::WITHDRAW_SIGN_UP,
    &activity::CHECK_IN,
    &activity::CHECK_OUT,
    &activity::CHECK_IN_BY_CODE,
    &activity::CHECK_OUT_BY_CODE,
    &activity::ATTENDANCE_CODE,
    &activity::ACTIVITIES,
    &activity::SIGN_UPS,
    &service_ledger::LOG_SERVICE,
    &service_ledger::CONFIRM_SERVICE,
    &service_ledger::CONFIRM_SERVICES,
    &service_ledger::REJECT_SERVICE,
    &service_ledger::DISPUTE_SERVICE,
    &service_ledger::CORRECT_SERVICE,
    &service_ledger::VOID_SERVICE,
    &service_ledger::IMPORT_HOURS,
    &service_ledger::SERVICE_RECORDS,
    &service_ledger::PARTICIPATION,
    &report::DISTRICT_REPORT,
    &star_scheme::SET_STAR_SCHEME,
    &star_scheme::STAR_SCHEME,
    &council::ESTABLISH_COUNCIL,
    &council::RENAME_COUNCIL,
    &council::AMEND_CHARTER,
    &council::DISSOLVE_COUNCIL,
    &council::SEAT_REPRESENTATIVES,
    &council::LEAVE_SEAT,
    &council::RECALL_REPRESENTATIVE,
    &council::FORFEIT_SEAT,
    &council::END_TERMS,
    &council::REGISTER_GUEST,
    &council::COUNCILS,
    &issue::RAISE_ISSUE,
    &issue::ENDORSE_ISSUE,
    &issue::WITHDRAW_ENDORSEMENT,
    &issue::WITHDRAW_ISSUE,
    &issue::ADMIT_ISSUE,
    &issue::TURN_ISSUE_AWAY,
    &issue::TAKE_UP_ISSUE,
    &issue::ANSWER_ISSUE,
    &issue::CLOSE_ISSUE,
    &issue::ISSUES,
    &drafting::DRAFT_MOTION,
    &drafting::REVISE_MOTION,
    &drafting::JOIN_MOTION,
    &drafting::WITHDRAW_MOTION,
    &drafting::ATTACH_TO_MOTION,
    &drafting::DETACH_FROM_MOTION,
    &drafting::SUBMIT_MOTION,
    &drafting::SECOND_MOTION,
    &drafting::WITHDRAW_SECOND,
    &drafting::ACCEPT_MOTION,
    &drafting::RETURN_MOTION,
    &amending::PROPOSE_AMENDMENT,
    &amending::REVISE_AMENDMENT,
    &amending::WITHDRAW_AMENDMENT,
    &amending::ACCEPT_AMENDMENT,
    &amending::REJECT_AMENDMENT,
    &deciding::REFER_MOTION,
    &deciding::ANSWER_REFERRAL,
    &deciding::POSTPONE_MOTION,
    &deciding::MERGE_MOTIONS,
    &deciding::RELATE_MOTIONS,
    &deciding::ANNUL_DECISION,
    &deciding::RECONSIDER_MOTION,
    &carrying_out::REPORT_PROGRESS,
    &carrying_out::COMPLETE_MOTION,
    &carrying_out::REVOKE_COMPLETION,
    &carrying_out::REVIEW_MOTION,
    &motion::MOTIONS,
    &motion::MOTION_DRAFTS,
    // Elections and polls.
    &election::CALL_ELECTION,
    &election::NOMINATE,
    &election::ANSWER_NOMINATION,
    &election::REGISTER_PROXY,
    &election::PUBLISH_PROXIES,
    &election::CERTIFY_ELECTION,
    &election::VOID_ELECTION,
    &election::CALL_RUN_OFF,
    &election::ELECTIONS,
    &poll::PREPARE_POLL,
    &poll::ENTER_ON_ROLL,
    &poll::STRIKE_FROM_ROLL,
    &poll::APPOINT_TELLERS,
    &poll::OPEN_POLL,
    &poll::CAST_BALLOT,
    &poll::RECORD_IN_PERSON,
    &poll::CLOSE_POLL,
    &poll::ENTER_PAPER_COUNT,
    &poll::COUNT_POLL,
    &poll::PUBLISH_POLL,
    &poll::VOID_POLL,
    &poll::POLLS,
    &poll::POLL_RECORDS,
    &meeting::CONVENE_MEETING,
    &meeting::AMEND_MEETING,
    &meeting::CANCEL_MEETING,
    &meeting::INVITE_TO_MEETING,
    &meeting::EXCUSE_ABSENCE,
    &meeting::RECORD_PRESENCE,
    &meeting::OPEN_MEETING,
    &meeting::ADJOURN_MEETING,
    &meeting::RESUME_MEETING,
    &meeting::CLOSE_MEETING,
    &meeting::TAKE_UP_ITEM,
    &meeting::REQUEST_TO_SPEAK,
    &meeting::WITHDRAW_REQUEST_TO_SPEAK,
    &meeting::CALL_NEXT_SPEAKER,
    &meeting::END_TURN,
    &meeting::OPEN_VOTE,
    &meeting::CAST_MEETING_BALLOT,
    &meeting::COUNT_HANDS,
    &meeting::CLOSE_VOTE,
    &meeting::ANNUL_VOTE,
    &meeting::MEETINGS,
    &minutes::DRAFT_MINUTES,
    &minutes::EDIT_MINUTES,
    &minutes::APPROVE_MINUTES,
    &minutes::PUBLISH_MINUTES,
    &minutes::REOPEN_MINUTES,
    &covenant::ADOPT_COVENANT,
    &covenant::REVISE_COVENANT,
    &covenant::REPEAL_COVENANT,
    &covenant::FILE_COVENANT,
    &covenant::COVENANTS,
    &fund::ESTABLISH_FUND,
    &fund::APPROPRIATE_BUDGET,
    &fund::WITHDRAW_BUDGET,
    &fund::ALLOCATE_GRANT,
    &fund::RELEASE_GRANT,
    &fund::DISBURSE_GRANT,
    &fund::RETURN_GRANT,
    &fund::CLOSE_FUND_YEAR,
    &fund::CARRY_OVER_BALANCE,
    &fund::LAPSE_BALANCE,
    &fund::CLOSE_FUND,
    &fund::FUNDS,
    &round::CALL_ROUND,
    &round::APPLY_IN_ROUND,
    &round::WITHDRAW_APPLICATION,
    &round::CLOSE_APPLICATIONS,
    &round::SCREEN_APPLICATION,
    &round::FORM_EXCLUSIVE_GROUP,
    &round::APPOINT_REVIEWER,
    &round::DECLARE_CONFLICT,
    &round::SCORE_APPLICATION,
    &round::PREPARE_BALLOT,
    &round::SELECT_PROJECTS,
    &round::OBJECT_TO_SELECTION,
    &round::SETTLE_OBJECTION,
    &round::ANNOUNCE_SELECTION,
    &round::DECLINE_AWARD,
    &round::CANCEL_ROUND,
    &round::ROUNDS,
    &round::ROUND_RECORDS,
    &project::START_PROJECT,
    &project::REVISE_PLAN,
    &project::REACH_MILESTONE,
    &project::RECORD_RAISED_MONEY,
    &project::RECORD_EXPENSE,
    &project::RECORD_REFUND,
    &project::VOID_BOOK_ENTRY,
    &project::COMPLETE_PROJECT,
    &project::AUDIT_PROJECT,
    &project::REVIEW_PROJECT,
    &project::CANCEL_PROJECT,
    &project::PROJECTS,
    &community_activity::BEGIN_COMMUNITY_ACTIVITY,
    &community_activity::HOLD_COMMUNITY_ACTIVITY,
    &community_activity::CORRECT_PERSON_TIMES,
    &community_activity::CANCEL_COMMUNITY_ACTIVITY,
    &community_activity::VOID_COMMUNITY_ACTIVITY,
    &community_activity::COMMUNITY_ACTIVITIES,
    &service_link::LINK_SERVICE,
    &service_link::UNLINK_SERVICE,
    &incubation::INCUBATE_SELF_ORGANISATION,
    &incubation::REGISTER_SELF_ORGANISATION,
    &incubation::END_INCUBATION,
    &incubation::SELF_ORGANISATIONS,
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// Whoever adds an act here says that it harms nobody's say if somebody else than the account's owner does it.
    #[test]
    fn what_an_unproven_account_may_do_for_itself_is_told_here() {
        let bearers: Vec<_> = ACTS.iter().filter(|act| act.open_to.contains(&access::authority::To::Bearer)).map(|act| act.name).collect();
        let account = ["setPasswordByCode", "changePassword", "endSessions", "makeCalendarAddress", "revokeCalendarAddress"];
        let seen = ["personalData", "volunteer"];
        let service = ["signUp", "withdrawSignUp", "signUps", "logService", "serviceRecords"];
        assert_eq!(bearers, [&account[..], &seen, &service].concat());
    }

    /// What the log holds is found by a stream's kind: two contexts with one kind would read each other's events.
    #[test]
    fn every_kind_is_of_one_context_and_stored_as_committed() {
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/events");
        let mut kinds = BTreeSet::new();
        for (kind, schema) in event_schemas() {
            let contexts = [
                access::Event::schema_version(kind, ""),
                volunteering::Event::schema_version(kind, ""),
                deliberation::Event::schema_version(kind, ""),
                projects::Event::schema_version(kind, ""),
            ];
            assert_eq!(contexts.iter().flatten().count(), 1, "{kind}");
            assert!(kinds.insert(format!("{kind}.json")), "{kind} is declared twice");
            let text = fs::read_to_string(committed.join(format!("{kind}.json"))).unwrap_or_else(|error| panic!("{kind}: {error}"));
            let text: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_value(schema).unwrap(), text, "schema/events/{kind}.json is what is stored");
        }
        let files = fs::read_dir(committed).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        assert_eq!(files.filter(|name| name.ends_with(".json")).collect::<BTreeSet<_>>(), kinds);
    }
}
