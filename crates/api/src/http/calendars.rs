//! Meetings as iCalendar feeds (RFC 5545): a council's for everybody, and a person's own under a secret address.
//!
//! - A feed says what is public of meetings, and nothing of persons.
//! - A secret address is in no log: requests are printed by their route.

use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use gongyi_domain::{
    access::authority::{Actor, Subject},
    deliberation::meeting::{MEETINGS, MeetingPhase},
    values::CouncilId,
};
use gongyi_projections::{MeetingFilter, MeetingRow, PageArgs};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus};
use uuid::Uuid;

use super::{RequestId, Shared};
use crate::{fault, settings::PAGE_MAX_ROWS};

/// How many days a meeting stays in the feed after it was held.
const PAST_DAYS: i64 = 365;
/// How long a feed may be kept, in seconds.
const FEED_MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");
const FEED_PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");
const FEED_TYPE: HeaderValue = HeaderValue::from_static("text/calendar; charset=utf-8");

/// The meetings of a feed, the latest first, at most [`PAGE_MAX_ROWS`] of them.
async fn answer(shared: &Shared, id: Uuid, name: &str, filter: MeetingFilter, kept: HeaderValue) -> Response {
    if MEETINGS.may(&Actor::Anonymous, &Subject::default()).is_err() {
        return StatusCode::FORBIDDEN.into_response();
    }
    let from = shared.app.now() - chrono::TimeDelta::days(PAST_DAYS);
    let page = PageArgs { first: Some(PAGE_MAX_ROWS), ..PageArgs::default() };
    match shared.app.views().meetings(&MeetingFilter { from: Some(from), ..filter }, true, &page).await {
        Ok(page) => {
            let feed = feed(name, page.edges.into_iter().map(|(_, row)| row));
            ([(header::CONTENT_TYPE, FEED_TYPE), (header::CACHE_CONTROL, kept)], feed).into_response()
        }
        Err(error) => {
            fault::internal(id, &error);
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `GET /calendar/council/{council}.ics`.
pub(crate) async fn of_council(
    State(shared): State<Shared>,
    Extension(RequestId(id)): Extension<RequestId>,
    Path(file): Path<String>,
) -> Response {
    let Some(council) = file.strip_suffix(".ics").and_then(|council| council.parse::<CouncilId>().ok()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let filter = MeetingFilter { council: Some(council), ..MeetingFilter::default() };
    answer(&shared, id, "议事会会议", filter, FEED_MAX_AGE).await
}

/// `GET /calendar/person/{secret}.ics`: whose calendar it is, the secret alone says. What it shows is public; that it is
/// somebody's is not, so nothing on the way keeps it.
pub(crate) async fn of_person(
    State(shared): State<Shared>,
    Extension(RequestId(id)): Extension<RequestId>,
    Path(file): Path<String>,
) -> Response {
    let Some(secret) = file.strip_suffix(".ics") else { return StatusCode::NOT_FOUND.into_response() };
    let person = match shared.app.person_of_calendar(secret).await {
        Ok(Some(person)) => person,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(rejection) => {
            fault::rejected(rejection, id);
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let filter = MeetingFilter { of_person: Some(person), ..MeetingFilter::default() };
    answer(&shared, id, "我的会议", filter, FEED_PRIVATE).await
}

fn feed(name: &str, meetings: impl Iterator<Item = MeetingRow>) -> String {
    let mut calendar = Calendar::new();
    calendar.name(name);
    for meeting in meetings {
        calendar.push(event(&meeting));
    }
    calendar.done().to_string()
}

fn event(meeting: &MeetingRow) -> Event {
    let mut event = Event::new();
    event.uid(&format!("{}@gongyi", meeting.id)).starts(meeting.starts).ends(meeting.ends).timestamp(meeting.convened_at);
    if let Some(notice) = &meeting.state.notice {
        event.summary(&notice.title).location(&notice.place);
    }
    let agenda = &meeting.state.agenda;
    let items = agenda.items().iter().map(|item| format!("{} {}", agenda.number(item.id).unwrap_or_default(), item.title));
    let reason = meeting.cancel_reason.iter().map(|reason| format!("取消：{reason}"));
    event.description(&reason.chain(items).collect::<Vec<_>>().join("\n"));
    // A client takes a changed event over when its sequence has grown.
    event.sequence(u32::try_from(meeting.position).unwrap_or(u32::MAX));
    event.status(if meeting.phase == MeetingPhase::Cancelled { EventStatus::Cancelled } else { EventStatus::Confirmed });
    event.done()
}
