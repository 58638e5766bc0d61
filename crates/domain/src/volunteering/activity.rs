//! An activity: published by an organisation, with shifts to sign up for and the attendance at them.
//!
//! - Two people never get one last place: places are taken, freed and given on in one stream.
//! - The waitlist is kept in order; who moves up is told by an event of its own: the first who may serve, until the shift
//!   ends.
//! - A volunteer has one sign-up a shift; the calendar keeps shifts of different activities apart.
//! - At most three check-ins a person, day and activity; nobody is checked in twice at once.
//! - Nobody witnesses their own attendance: who keeps the activity is checked in by somebody else, or by the code.
//! - An organisation is active within, around or beside its own area, in one district: its figures count nowhere else.
//! - Cancelled and closed activities take nobody in. Who is there when one is cancelled is checked out with it.

use std::collections::{BTreeMap, BTreeSet};

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    activity_details::{Details, DetailsRefusal, NOTICE_MAX_CHARS, SHIFT_MAX_HOURS, Shift},
    skill::Skill,
};
pub use super::{
    attendance::{Attendance, Witness},
    places::Places,
};
use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    prose::Prose,
    refusal::{Refusal, refusals},
    values::{AreaCode, AttendanceId, Day, Instant, OrganisationId, ShiftId, VolunteerId},
};

/// Most check-ins of one person on one day at one activity.
pub const CHECK_INS_MAX_PER_DAY: usize = 3;
/// Check-in opens this long before the shift starts, in minutes.
pub const CHECK_IN_EARLY_MINUTES: i64 = 60;
/// Check-out is believed until this long after the shift ends, in minutes: later somebody forgot it.
pub const CHECK_OUT_LATE_MINUTES: i64 = 4 * 60;
/// The same in hours, as refusals tell it.
const CHECK_OUT_LATE_HOURS: i64 = CHECK_OUT_LATE_MINUTES / 60;

const KEEPERS: &[To] =
    &[To::Holders(Role::Coordinator), To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)];
const BEARER_AND_KEEPERS: &[To] = &[
    To::Bearer,
    To::Holders(Role::Coordinator),
    To::Holders(Role::Organiser),
    To::Holders(Role::DistrictOfficer),
    To::Holders(Role::Operator),
];
/// Publish an activity.
pub const PUBLISH_ACTIVITY: Act = Act { name: "publishActivity", open_to: KEEPERS };
/// Amend it.
pub const AMEND_ACTIVITY: Act = Act { name: "amendActivity", open_to: KEEPERS };
/// Cancel it.
pub const CANCEL_ACTIVITY: Act = Act { name: "cancelActivity", open_to: KEEPERS };
/// Close it when all is done.
pub const CLOSE_ACTIVITY: Act = Act { name: "closeActivity", open_to: KEEPERS };
/// Sign up for a shift.
pub const SIGN_UP: Act = Act { name: "signUp", open_to: BEARER_AND_KEEPERS };
/// Withdraw from a shift or its waitlist.
pub const WITHDRAW_SIGN_UP: Act = Act { name: "withdrawSignUp", open_to: BEARER_AND_KEEPERS };
/// Check a volunteer in or out.
pub const CHECK_IN: Act = Act { name: "checkIn", open_to: KEEPERS };
/// See check-in's counterpart.
pub const CHECK_OUT: Act = Act { name: "checkOut", open_to: KEEPERS };
/// Check oneself in with the activity's rotating code.
pub const CHECK_IN_BY_CODE: Act = Act { name: "checkInByCode", open_to: &[To::Oneself] };
/// Check oneself out with the activity's rotating code.
pub const CHECK_OUT_BY_CODE: Act = Act { name: "checkOutByCode", open_to: &[To::Oneself] };
/// Show the rotating code.
pub const ATTENDANCE_CODE: Act = Act { name: "attendanceCode", open_to: KEEPERS };
/// Read activities; they are public.
pub const ACTIVITIES: Act = Act { name: "activities", open_to: &[To::Anyone] };
/// Read who signed up and who was there.
pub const SIGN_UPS: Act = Act {
    name: "signUps",
    open_to: &[
        To::Bearer,
        To::Holders(Role::Coordinator),
        To::Holders(Role::Organiser),
        To::Holders(Role::DistrictOfficer),
        To::Holders(Role::Auditor),
        To::Holders(Role::Operator),
    ],
};

/// Whether the activity takes people in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ActivityPhase {
    /// Not published.
    #[default]
    Unknown,
    /// Published.
    Open,
    /// Cancelled for good.
    Cancelled,
    /// Closed for good.
    Closed,
}

/// An activity's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// Whether it takes people in.
    pub phase: ActivityPhase,
    /// Who organises it.
    pub organisation: Option<OrganisationId>,
    /// What was published.
    pub details: Option<Details>,
    /// Places of each shift.
    pub places: BTreeMap<ShiftId, Places>,
    /// All stays.
    pub attendance: BTreeMap<AttendanceId, Attendance>,
}

/// What may be asked of an activity.
#[derive(Debug, Clone)]
pub enum ActivityCommand {
    /// Publish it.
    Publish {
        /// Who organises it.
        organisation: OrganisationId,
        /// What is published.
        details: Details,
        /// Now.
        now: Instant,
    },
    /// Amend it: all details anew. Shifts with sign-ups keep their times and are not removed; more places move the
    /// waitlist up.
    Amend {
        /// The new details.
        details: Details,
        /// Who of those waiting may serve, by the new details.
        fit: BTreeSet<(ShiftId, VolunteerId)>,
        /// How many who signed up for shifts to come are too young or lack a skill, by the new details.
        unqualified: usize,
        /// Now.
        now: Instant,
    },
    /// Cancel it; who is still in is checked out.
    Cancel {
        /// Why; about the activity, not about a person.
        reason: String,
        /// When those who are in came to another activity after they came here, if they did.
        elsewhere: BTreeMap<VolunteerId, Instant>,
        /// Now.
        now: Instant,
    },
    /// Close it.
    Close {
        /// Now.
        now: Instant,
    },
    /// Take a place or a place on the waitlist.
    SignUp {
        /// Which shift.
        shift: ShiftId,
        /// Who.
        volunteer: VolunteerId,
        /// The volunteer's age on the day of the shift, in years.
        age: u32,
        /// What the volunteer can do.
        skills: BTreeSet<Skill>,
        /// Now.
        now: Instant,
    },
    /// Give a place back; the first on the waitlist who may serve moves up.
    Withdraw {
        /// Which shift.
        shift: ShiftId,
        /// Who.
        volunteer: VolunteerId,
        /// Who of those waiting may serve.
        fit: BTreeSet<VolunteerId>,
        /// Now.
        now: Instant,
        /// By a coordinator, who is not bound by the deadline.
        by_coordinator: bool,
    },
    /// Give free places to those on the waitlist who may serve.
    MoveUp {
        /// Which shift.
        shift: ShiftId,
        /// Who of those waiting may serve.
        fit: BTreeSet<VolunteerId>,
        /// Now.
        now: Instant,
    },
    /// Check in.
    CheckIn {
        /// The stay that begins.
        attendance: AttendanceId,
        /// Which shift.
        shift: ShiftId,
        /// Who.
        volunteer: VolunteerId,
        /// When.
        at: Instant,
        /// Its day in the tenant's time zone.
        day: Day,
        /// Now.
        now: Instant,
        /// By whom it is witnessed.
        witness: Witness,
        /// Who has no place takes a free one, if qualified: age on the day of the shift, and skills.
        walk_in: Option<(u32, BTreeSet<Skill>)>,
    },
    /// Check out.
    CheckOut {
        /// Who.
        volunteer: VolunteerId,
        /// When.
        at: Instant,
        /// Now.
        now: Instant,
        /// By whom it is witnessed.
        witness: Witness,
    },
}

/// What happened to an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ActivityEvent {
    /// Published.
    ActivityPublished {
        /// Who organises it.
        organisation: OrganisationId,
        /// What was published.
        details: Details,
    },
    /// Amended.
    ActivityAmended {
        /// What it is now.
        details: Details,
    },
    /// Cancelled.
    ActivityCancelled {
        /// Why.
        reason: String,
    },
    /// Closed.
    ActivityClosed {},
    /// A place was taken.
    VolunteerSignedUp {
        /// Which shift.
        shift: ShiftId,
        /// Who.
        volunteer: VolunteerId,
    },
    /// All places were taken; the volunteer waits.
    VolunteerWaitlisted {
        /// Which shift.
        shift: ShiftId,
        /// Who.
        volunteer: VolunteerId,
    },
    /// A place became free and went to the first on the waitlist.
    VolunteerPromoted {
        /// Which shift.
        shift: ShiftId,
        /// Who.
        volunteer: VolunteerId,
    },
    /// A place, or a place on the waitlist, was given back.
    SignUpWithdrawn {
        /// Which shift.
        shift: ShiftId,
        /// Who.
        volunteer: VolunteerId,
    },
    /// Checked in.
    VolunteerCheckedIn {
        /// The stay that began.
        attendance: AttendanceId,
        /// Which shift.
        shift: ShiftId,
        /// Who.
        volunteer: VolunteerId,
        /// When.
        at: Instant,
        /// Its day in the tenant's time zone.
        day: Day,
        /// By whom it was witnessed.
        witness: Witness,
    },
    /// Checked out.
    VolunteerCheckedOut {
        /// The stay that ended.
        attendance: AttendanceId,
        /// Who.
        volunteer: VolunteerId,
        /// When.
        at: Instant,
        /// By whom it was witnessed.
        witness: Witness,
    },
}
impl DomainEvent for ActivityEvent {}

refusals! {
    /// Why an activity says no.
    pub enum ActivityRefusal {
        /// Nothing of this id.
        UnknownActivity("activity", "没有此活动", "There is no such activity"),
        /// Published already.
        ActivityExists("activity", "该活动已发布", "This activity is published already"),
        /// Cancelled or closed.
        ActivityNotOpen("activity", "该活动已取消或结束", "This activity is cancelled or closed"),
        /// The details are wrong; the sentence says how.
        DetailsUnfit { zh: String, en: String }("details", "{zh}", "{en}"),
        /// An organisation serves in its own district.
        AreaOutOfReach("area", "活动区域不在该组织所在的区内", "The activity's area is outside the organisation's district"),
        /// No shift of this id.
        UnknownShift("shift", "没有此班次", "There is no such shift"),
        /// A shift with sign-ups keeps its times and is not removed.
        ShiftInUse("shifts", "已有人报名的班次不能改时间或删除", "A shift with sign-ups keeps its times and is not removed"),
        /// Who has signed up would no longer be let in.
        SignedUpUnqualified { count: usize }("details", "已报名者中有 {count} 人不符合新的条件，请先为其退出报名", "{count} who signed up do not meet the new conditions; withdraw their sign-ups first"),
        /// Fewer places than are taken.
        CapacityBelowTaken("shifts", "名额不能少于已报名人数", "There cannot be fewer places than are taken"),
        /// No reason, or too long a one.
        CancelReasonUnfit { most: usize }("reason", "请说明取消理由，1 至 {most} 字", "Say why it is cancelled in 1 to {most} characters"),
        /// Somebody is still checked in, or a shift still lies ahead.
        NotOver("activity", "活动尚未结束或仍有人未签退", "A shift lies ahead or somebody has not been checked out"),
        /// Sign-up is not open now.
        SignUpNotOpen("shift", "不在报名时间内", "Sign-up is not open now"),
        /// The shift has begun.
        ShiftBegun("shift", "该班次已开始", "The shift has begun"),
        /// A sign-up exists.
        AlreadySignedUp("volunteer", "已报名或已在候补名单中", "The volunteer has signed up or waits already"),
        /// No sign-up exists.
        NotSignedUp("volunteer", "未报名该班次", "The volunteer has not signed up for this shift"),
        /// Too young on the day of the shift.
        TooYoung { least: u32 }("volunteer", "该活动要求年满 {least} 岁", "Volunteers must be {least} on the day"),
        /// A required skill is missing.
        SkillMissing { zh: &'static str, en: &'static str }("volunteer", "该活动要求具备“{zh}”", "The activity asks for «{en}»"),
        /// The deadline for withdrawal has passed.
        WithdrawalTooLate("shift", "已过退出截止时间", "It is too late to withdraw"),
        /// Somebody who was there does not withdraw.
        HasAttended("volunteer", "已签到，不能退出", "The volunteer has been checked in already"),
        /// No place is free for who comes without one.
        ShiftFull("shift", "该班次名额已满；未到者退出后方可顶替", "No place is free; withdraw first who has not come"),
        /// Too early before the shift, after its end, or in the future.
        CheckInTimeUnfit("at", "签到须在班次开始前 {CHECK_IN_EARLY_MINUTES} 分钟至班次结束之间，且不能晚于现在", "Check-in is possible from {CHECK_IN_EARLY_MINUTES} minutes before the shift to its end, not in the future"),
        /// Three times a day is the limit.
        TooManyCheckIns { most: usize }("volunteer", "同一活动每日最多签到 {most} 次", "At most {most} check-ins a day"),
        /// Still checked in.
        AlreadyCheckedIn("volunteer", "已签到，尚未签退", "The volunteer is checked in"),
        /// Not checked in.
        NotCheckedIn("volunteer", "尚未签到", "The volunteer is not checked in"),
        /// At the same time as another stay here.
        StaysOverlap("at", "与该志愿者在本活动的另一次签到时间重叠", "This overlaps another stay of the volunteer at this activity"),
        /// At the same time as a stay elsewhere.
        InElsewhere("at", "该志愿者当时在另一项活动中，请先在该活动签退", "The volunteer is in at another activity then; check out there first"),
        /// Somebody forgot to check out.
        CheckOutLate("at", "班次结束已超过 {CHECK_OUT_LATE_HOURS} 小时，请填写实际离开时间", "The shift ended more than {CHECK_OUT_LATE_HOURS} hours before; say when the volunteer really left"),
        /// Check-out lies before check-in, in the future, or later than the longest shift would end.
        CheckOutTimeUnfit("at", "签退须在签到之后 {SHIFT_MAX_HOURS} 小时内，且不能晚于现在", "Check-out lies after check-in, within {SHIFT_MAX_HOURS} hours, not in the future"),
        /// Nobody witnesses their own attendance.
        OwnAttendance("volunteer", "不能为本人签到或签退", "Nobody witnesses their own attendance"),
        /// The rotating code is wrong or has passed.
        CodeWrong("code", "签到码不正确或已过期", "The code is wrong or has passed"),
        /// Too many wrong codes for this shift.
        TooManyCodes { seconds: u64 }("code", "签到码输错次数过多，请 {seconds} 秒后再试", "Too many wrong codes; try again in {seconds} s"),
    }
}

impl From<DetailsRefusal> for ActivityRefusal {
    fn from(refusal: DetailsRefusal) -> Self {
        let Refusal { zh, en, .. } = refusal.into();
        Self::DetailsUnfit { zh, en }
    }
}

pub(super) type Decision = Result<Vec<ActivityEvent>, ActivityRefusal>;

impl Activity {
    /// An organisation of `organisation_area` may be active in `area`: one contains the other, or both lie in one district.
    ///
    /// # Errors
    /// Areas of another district.
    pub fn require_reach(area: &AreaCode, organisation_area: &AreaCode) -> Result<(), ActivityRefusal> {
        if area.shares_district(organisation_area) { Ok(()) } else { Err(ActivityRefusal::AreaOutOfReach) }
    }

    /// The activity takes people in.
    ///
    /// # Errors
    /// Unknown, cancelled or closed activities.
    pub fn require_open(&self) -> Result<(OrganisationId, &Details), ActivityRefusal> {
        let (organisation, details) = self.require_known()?;
        if self.phase == ActivityPhase::Open { Ok((organisation, details)) } else { Err(ActivityRefusal::ActivityNotOpen) }
    }

    /// The activity was published once.
    ///
    /// # Errors
    /// Unknown activities.
    pub fn require_known(&self) -> Result<(OrganisationId, &Details), ActivityRefusal> {
        self.organisation.zip(self.details.as_ref()).ok_or(ActivityRefusal::UnknownActivity)
    }

    /// A published shift.
    ///
    /// # Errors
    /// Unknown shifts.
    pub fn shift(&self, id: ShiftId) -> Result<&Shift, ActivityRefusal> {
        let shifts = self.details.as_ref().map_or(&[][..], |details| &details.shifts);
        shifts.iter().find(|shift| shift.id == id).ok_or(ActivityRefusal::UnknownShift)
    }

    /// Everybody with a place or waiting, with the shift.
    pub fn signed_up(&self) -> impl Iterator<Item = (ShiftId, VolunteerId)> {
        self.places.iter().flat_map(|(shift, places)| places.taken.iter().chain(&places.waiting).map(|who| (*shift, *who)))
    }

    /// Whether the volunteer has a place in any shift; waiting for one is none.
    pub fn has_place(&self, volunteer: VolunteerId) -> bool {
        self.places.values().any(|places| places.taken.contains(&volunteer))
    }

    /// The volunteer has a place in this shift.
    ///
    /// # Errors
    /// Unknown shifts; who has not signed up or still waits.
    pub fn require_place(&self, shift: ShiftId, volunteer: VolunteerId) -> Result<(), ActivityRefusal> {
        self.shift(shift)?;
        let has_place = self.places.get(&shift).is_some_and(|places| places.taken.contains(&volunteer));
        if has_place { Ok(()) } else { Err(ActivityRefusal::NotSignedUp) }
    }

    fn publish(&self, organisation: OrganisationId, details: Details, now: Instant) -> Decision {
        if self.phase != ActivityPhase::Unknown {
            return Err(ActivityRefusal::ActivityExists);
        }
        let details = details.fitted(&[], now)?;
        Ok(vec![ActivityEvent::ActivityPublished { organisation, details }])
    }

    fn amend(&self, details: Details, fit: &BTreeSet<(ShiftId, VolunteerId)>, unqualified: usize, now: Instant) -> Decision {
        let (_, old) = self.require_open()?;
        let details = details.fitted(&old.shifts, now)?;
        let mut promoted = vec![];
        for (id, places) in self.places.iter().filter(|(_, places)| !places.are_empty()) {
            let before = self.shift(*id)?;
            let after = details.shifts.iter().find(|shift| shift.id == *id).ok_or(ActivityRefusal::ShiftInUse)?;
            if (before.starts, before.ends) != (after.starts, after.ends) {
                return Err(ActivityRefusal::ShiftInUse);
            }
            if places.taken.len() > after.capacity as usize {
                return Err(ActivityRefusal::CapacityBelowTaken);
            }
            promoted.extend(places.moving_up(after, places.taken.len(), now, |who| fit.contains(&(*id, who))));
        }
        if unqualified > 0 {
            return Err(ActivityRefusal::SignedUpUnqualified { count: unqualified });
        }
        Ok([vec![ActivityEvent::ActivityAmended { details }], promoted].concat())
    }

    fn cancel(&self, reason: &str, elsewhere: &BTreeMap<VolunteerId, Instant>, now: Instant) -> Decision {
        self.require_open()?;
        let reason = Prose::parse(reason, NOTICE_MAX_CHARS, |most| ActivityRefusal::CancelReasonUnfit { most })?;
        Ok([self.all_checked_out(elsewhere, now), vec![ActivityEvent::ActivityCancelled { reason: reason.into() }]].concat())
    }

    fn close(&self, now: Instant) -> Decision {
        let (_, details) = self.require_open()?;
        let over = details.shifts.iter().all(|shift| shift.ends <= now);
        if over && self.attendance.values().all(|stay| stay.checked_out.is_some()) {
            Ok(vec![ActivityEvent::ActivityClosed {}])
        } else {
            Err(ActivityRefusal::NotOver)
        }
    }
}

impl Aggregate for Activity {
    const NAME: &'static str = "activity";
    type State = Self;
    type Command = ActivityCommand;
    type Event = ActivityEvent;
    type Error = ActivityRefusal;

    fn handle_command(activity: &Self, command: ActivityCommand) -> Decision {
        match command {
            ActivityCommand::Publish { organisation, details, now } => activity.publish(organisation, details, now),
            ActivityCommand::Amend { details, fit, unqualified, now } => activity.amend(details, &fit, unqualified, now),
            ActivityCommand::Cancel { reason, elsewhere, now } => activity.cancel(&reason, &elsewhere, now),
            ActivityCommand::Close { now } => activity.close(now),
            ActivityCommand::SignUp { shift, volunteer, age, skills, now } => activity.sign_up(shift, volunteer, age, &skills, now),
            ActivityCommand::Withdraw { shift, volunteer, fit, now, by_coordinator } => {
                activity.withdraw(shift, volunteer, &fit, now, by_coordinator)
            }
            ActivityCommand::MoveUp { shift, fit, now } => activity.move_up(shift, &fit, now),
            ActivityCommand::CheckIn { attendance, shift, volunteer, at, day, now, witness, walk_in } => {
                let stay = Attendance { volunteer, shift, day, checked_in: at, checked_out: None };
                activity.check_in(attendance, stay, now, witness, walk_in)
            }
            ActivityCommand::CheckOut { volunteer, at, now, witness } => activity.check_out(volunteer, at, now, witness),
        }
    }

    fn apply_event(mut activity: Self, event: ActivityEvent) -> Self {
        match event {
            ActivityEvent::ActivityPublished { organisation, details } => {
                activity.phase = ActivityPhase::Open;
                activity.organisation = Some(organisation);
                activity.details = Some(details);
            }
            ActivityEvent::ActivityAmended { details } => {
                activity.places.retain(|id, _| details.shifts.iter().any(|shift| shift.id == *id));
                activity.details = Some(details);
            }
            ActivityEvent::ActivityCancelled { .. } => activity.phase = ActivityPhase::Cancelled,
            ActivityEvent::ActivityClosed {} => activity.phase = ActivityPhase::Closed,
            ActivityEvent::VolunteerSignedUp { shift, volunteer } => activity.places.entry(shift).or_default().taken.push(volunteer),
            ActivityEvent::VolunteerWaitlisted { shift, volunteer } => activity.places.entry(shift).or_default().waiting.push(volunteer),
            ActivityEvent::VolunteerPromoted { shift, volunteer } => {
                let places = activity.places.entry(shift).or_default();
                places.waiting.retain(|who| *who != volunteer);
                places.taken.push(volunteer);
            }
            ActivityEvent::SignUpWithdrawn { shift, volunteer } => {
                let places = activity.places.entry(shift).or_default();
                places.waiting.retain(|who| *who != volunteer);
                places.taken.retain(|who| *who != volunteer);
            }
            ActivityEvent::VolunteerCheckedIn { attendance, shift, volunteer, at, day, .. } => {
                activity.attendance.insert(attendance, Attendance { volunteer, shift, day, checked_in: at, checked_out: None });
            }
            ActivityEvent::VolunteerCheckedOut { attendance, at, .. } => {
                if let Some(stay) = activity.attendance.get_mut(&attendance) {
                    stay.checked_out = Some(at);
                }
            }
        }
        activity
    }
}

#[cfg(test)]
#[path = "activity_tests.rs"]
mod tests;
