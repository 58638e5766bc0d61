//! Meetings and shifts as iCalendar feeds (RFC 5545, RFC 7986): a council's meetings for everybody, and a person's own meetings
//! and shifts under a secret address.
//!
//! - A feed says what is public of meetings and activities, and nothing of persons.
//! - A secret address is in no log: requests are printed by their route.
//! - Every sitting of a meeting is an event with an id of its own. One recurring event would do for clients that know RDATE,
//!   which not all do.
//! - An event is stamped with the moment at which what it says was changed last, not with the moment of asking: an unchanged
//!   feed is the same bytes, under the same tag.

use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gongyi_app::Rejection;
use gongyi_domain::{
    access::authority::{Act, Actor, Subject},
    deliberation::{
        council::COUNCILS,
        meeting::{MEETINGS, MeetingPhase},
    },
    values::{CouncilId, Instant},
    volunteering::{
        activity::{ActivityPhase, SIGN_UPS},
        volunteer::volunteer_of,
    },
};
use gongyi_projections::{CouncilRow, MeetingFilter, MeetingRow, PageArgs, QueryError, SignUpPhase, VolunteerShift};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Parameter, Property};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{RequestId, Shared};
use crate::{fault, settings::PAGE_MAX_ROWS};

/// How many days a meeting or shift stays in the feed after it was held.
const PAST_DAYS: i64 = 365;
/// How often a client may well ask again, in minutes.
const FEED_REFRESH_MINUTES: i64 = 60;
/// How long a feed may be kept, in seconds.
const FEED_MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");
const FEED_PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");
const FEED_TYPE: HeaderValue = HeaderValue::from_static("text/calendar; charset=utf-8");
const PRODUCT: &str = "-//gongyi//gongyi//ZH";
/// What stands in a feed without events: a calendar has one component at least (RFC 5545 section 3.6), and every client knows
/// this one. By hand, for the library puts into every component what may not stand in this.
const UTC: &str = "BEGIN:VTIMEZONE\r\nTZID:UTC\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0000\r\n\
    END:STANDARD\r\nEND:VTIMEZONE\r\n";
const CALENDAR_END: &str = "END:VCALENDAR\r\n";

/// Why there is no feed.
enum Missing {
    /// There is no such thing.
    Unknown,
    /// It may not be read.
    Forbidden,
    /// Something broke.
    Views(QueryError),
    Rejected(Rejection),
}

impl From<QueryError> for Missing {
    fn from(error: QueryError) -> Self {
        Self::Views(error)
    }
}

impl From<Rejection> for Missing {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// `GET /calendar/council/{council}.ics`.
pub(crate) async fn of_council(
    State(shared): State<Shared>,
    Extension(RequestId(id)): Extension<RequestId>,
    headers: HeaderMap,
    Path(file): Path<String>,
) -> Response {
    answer(id, &headers, FEED_MAX_AGE, councils_feed(&shared, &file).await)
}

/// `GET /calendar/person/{secret}.ics`: whose calendar it is, the secret alone says. What it shows is public; that it is
/// somebody's is not, so nothing on the way keeps it.
pub(crate) async fn of_person(
    State(shared): State<Shared>,
    Extension(RequestId(id)): Extension<RequestId>,
    headers: HeaderMap,
    Path(file): Path<String>,
) -> Response {
    answer(id, &headers, FEED_PRIVATE, persons_feed(&shared, &file).await)
}

/// The feed, or that it is the one that the client has.
fn answer(id: Uuid, asked: &HeaderMap, kept: HeaderValue, feed: Result<String, Missing>) -> Response {
    let feed = match feed {
        Ok(feed) => feed,
        Err(Missing::Unknown) => return StatusCode::NOT_FOUND.into_response(),
        Err(Missing::Forbidden) => return StatusCode::FORBIDDEN.into_response(),
        Err(Missing::Views(error)) => {
            fault::internal(id, &error);
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        Err(Missing::Rejected(rejection)) => {
            fault::rejected(rejection, id);
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(&feed)));
    let held = is_held(asked, &tag);
    let told = [(header::ETAG, HeaderValue::try_from(tag).ok()), (header::CACHE_CONTROL, Some(kept))];
    let mut response =
        if held { StatusCode::NOT_MODIFIED.into_response() } else { ([(header::CONTENT_TYPE, FEED_TYPE)], feed).into_response() };
    response.headers_mut().extend(told.into_iter().filter_map(|(name, value)| Some((name, value?))));
    response
}

/// Whether the client has what is under this tag (RFC 9110 section 13.1.2).
fn is_held(asked: &HeaderMap, tag: &str) -> bool {
    let values = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == tag)
}

fn may(act: &Act, actor: &Actor, subject: &Subject) -> Result<(), Missing> {
    act.may(actor, subject).map_err(|_refused| Missing::Forbidden)
}

async fn councils_feed(shared: &Shared, file: &str) -> Result<String, Missing> {
    let id: CouncilId = file.strip_suffix(".ics").and_then(|council| council.parse().ok()).ok_or(Missing::Unknown)?;
    may(&COUNCILS, &Actor::Anonymous, &Subject::default())?;
    may(&MEETINGS, &Actor::Anonymous, &Subject::default())?;
    let council = shared.app.views().councils_by_ids(&[id]).await?.pop().ok_or(Missing::Unknown)?;
    let meetings = meetings(shared, MeetingFilter { council: Some(id), ..MeetingFilter::default() }).await?;
    let events = meetings.iter().flat_map(|meeting| sittings(meeting, None)).collect();
    Ok(feed(&format!("{}会议", council.name), events))
}

async fn persons_feed(shared: &Shared, file: &str) -> Result<String, Missing> {
    let secret = file.strip_suffix(".ics").ok_or(Missing::Unknown)?;
    let actor = shared.app.owner_of_calendar(secret).await?.ok_or(Missing::Unknown)?;
    let person = actor.person().ok_or(Missing::Unknown)?;
    may(&MEETINGS, &actor, &Subject::default())?;
    may(&SIGN_UPS, &actor, &Subject { person: Some(person), ..Subject::default() })?;
    let meetings = meetings(shared, MeetingFilter { of_person: Some(person), ..MeetingFilter::default() }).await?;
    let ids: Vec<_> = meetings.iter().map(|meeting| meeting.council).collect();
    let councils = shared.app.views().councils_by_ids(&ids).await?;
    let council = |meeting: &MeetingRow| councils.iter().find(|it| it.id == meeting.council);
    let shifts = shared.app.views().shifts_of_volunteer(volunteer_of(person), since(shared), PAGE_MAX_ROWS).await?;
    let sittings = meetings.iter().flat_map(|meeting| sittings(meeting, council(meeting)));
    Ok(feed("我的日程", sittings.chain(shifts.iter().map(shift)).collect()))
}

/// From when on things are shown.
fn since(shared: &Shared) -> Instant {
    shared.app.now() - chrono::TimeDelta::days(PAST_DAYS)
}

/// The meetings of a feed, the latest first, at most [`PAGE_MAX_ROWS`] of them.
async fn meetings(shared: &Shared, filter: MeetingFilter) -> Result<Vec<MeetingRow>, QueryError> {
    let page = PageArgs { first: Some(PAGE_MAX_ROWS), uncounted: true, ..PageArgs::default() };
    let filter = MeetingFilter { from: Some(since(shared)), ..filter };
    Ok(shared.app.views().meetings(&filter, true, &page).await?.edges.into_iter().map(|(_, row)| row).collect())
}

fn feed(name: &str, events: Vec<Event>) -> String {
    let empty = events.is_empty();
    let mut calendar = Calendar::empty();
    for (key, value) in [("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN"), ("X-WR-CALNAME", name)] {
        calendar.append_property(Property::new(key, value));
    }
    // The library escapes only what it knows as text, and does not know this name.
    calendar.append_property(Property::new("NAME", name).append_parameter(Parameter::new("VALUE", "TEXT")).done());
    calendar.ttl(&chrono::TimeDelta::minutes(FEED_REFRESH_MINUTES));
    calendar.extend(events);
    let text = calendar.to_string();
    match text.strip_suffix(CALENDAR_END) {
        Some(head) if empty => [head, UTC, CALENDAR_END].concat(),
        Some(_) | None => text,
    }
}

/// An event that was changed last at a moment, by the event of the log at a position.
fn stamped(uid: &str, (starts, ends): (Instant, Instant), changed_at: Instant, changed: u64) -> Event {
    let mut event = Event::new();
    event.uid(uid).starts(starts).ends(ends).timestamp(changed_at).last_modified(changed_at);
    // A client takes a changed event over when its sequence has grown; it is a signed number of 32 bits.
    event.sequence(u32::try_from(changed).unwrap_or(u32::MAX).min(i32::MAX.unsigned_abs()));
    event.done()
}

/// A meeting's sittings; with the name of its council, where the feed has no council of its own.
fn sittings<'a>(meeting: &'a MeetingRow, council: Option<&'a CouncilRow>) -> impl Iterator<Item = Event> + use<'a> {
    let agenda = &meeting.state.agenda;
    let items = agenda.items().iter().map(|item| format!("{} {}", agenda.number(item.id).unwrap_or_default(), item.title));
    let reason = meeting.cancel_reason.iter().map(|reason| format!("取消：{reason}"));
    let lines: Vec<_> = reason.chain(items).chain(council.map(|it| it.name.clone())).collect();
    let description = lines.join("\n");
    let (uid, cancelled) = (format!("{}@gongyi", meeting.id), meeting.phase == MeetingPhase::Cancelled);
    (1_u32..).zip(meeting.state.sittings()).map(move |(number, (notice, called_off))| {
        let own = if number == 1 { uid.clone() } else { format!("{}-{number}@gongyi", meeting.id) };
        let mut event = stamped(&own, (notice.starts, notice.ends), meeting.revised_at, meeting.revised);
        event.summary(&notice.title).location(&notice.place).description(&description);
        if number > 1 {
            event.add_property("RELATED-TO", &uid);
        }
        event.status(if cancelled || called_off { EventStatus::Cancelled } else { EventStatus::Confirmed });
        event.done()
    })
}

/// A shift for which the person signed up; one who waits for a place may yet come.
fn shift(shift: &VolunteerShift) -> Event {
    let uid = format!("{}-{}@gongyi", shift.activity, shift.shift);
    let mut event = stamped(&uid, (shift.starts, shift.ends), shift.revised_at, shift.revised);
    event.summary(&shift.title).location(&shift.place);
    if let Some(reason) = &shift.cancel_reason {
        event.description(&format!("取消：{reason}"));
    }
    event.status(match (shift.phase, shift.sign_up) {
        (ActivityPhase::Cancelled, _) | (_, SignUpPhase::Withdrawn) => EventStatus::Cancelled,
        (_, SignUpPhase::Waiting) => EventStatus::Tentative,
        (_, SignUpPhase::Taken) => EventStatus::Confirmed,
    });
    event.done()
}
