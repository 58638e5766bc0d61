//! What people write, at the doors it comes in by. Makes loud: a name, a title or minutes that print otherwise than they are
//! stored, a text of which nothing is seen, a text stored under older rules that stands in the way of new ones.

use gongyi_app::{
    Rejection,
    deliberation::{
        meeting::{
            convening::{AgendaDraft, ConveneMeeting},
            minutes::{DraftMinutes, EditMinutes},
            sitting::{CloseMeeting, OpenMeeting, Passage, RecordPresence, TakeUpItem},
            voting::{OpenVote, VoteKind},
        },
        poll::preparing::PreparePoll,
    },
    volunteering::{
        activities::ActivityDraft,
        organisations::{AmendOrganisation, DissolveOrganisation, FoundOrganisation},
        volunteers::{RegisterVolunteer, SuspendVolunteer},
    },
};
use gongyi_domain::{
    access::authority::{Role, Scope},
    deliberation::{
        charter::Matter,
        meeting::{Meeting, MeetingEvent, Notice},
        minutes::Minutes,
        poll::Poll,
        poll_terms::{BallotOption, PollTerms},
    },
    values::MeetingId,
    volunteering::organisation::OrganisationKind,
};
use gongyi_eventlog::{NewEvent, StreamId};

use crate::harness::{COMMUNITY, District, STREET, Sitting, area, choice_terms, expect_refused, expect_refused_at};

/// Texts that no door takes: one reads backwards, of the others nothing is seen.
const UNFIT: [&str; 4] = ["东门\u{202e}车停", "\u{200b}\u{200d}\u{feff}", "\u{2800}", "\u{3164} \u{2060}"];

fn convene(district: &District, sitting: &Sitting, title: &str, item: &str) -> ConveneMeeting {
    let starts = district.in_minutes(4 * 24 * 60);
    let notice = Notice { title: title.into(), place: "社区活动室".into(), starts, ends: starts + chrono::TimeDelta::hours(3) };
    let agenda = vec![AgendaDraft { id: None, title: item.into(), motion: None, parts: vec![] }];
    ConveneMeeting { council: sitting.council, notice, agenda, short_notice: None }
}

async fn convened(district: &District, sitting: &Sitting) -> MeetingId {
    district.organiser().does(&convene(district, sitting, "三月例会", "停车")).await.unwrap()
}

/// The day has come: in session, its only item in hand.
async fn begins(district: &District, sitting: &Sitting, meeting: MeetingId) {
    let organiser = district.organiser();
    district.waits_minutes(4 * 24 * 60);
    for voter in &sitting.representatives {
        let came = RecordPresence { meeting, person: voter.person, passage: Passage::Came, at: None };
        organiser.does(&came).await.unwrap();
    }
    organiser.does(&OpenMeeting { meeting }).await.unwrap();
    let item = district.app.state::<Meeting>(meeting).await.unwrap().agenda.items()[0].id;
    organiser.does(&TakeUpItem { meeting, item }).await.unwrap();
}

#[tokio::test]
async fn minutes_are_printed_as_they_are_stored() {
    let district = District::new().await;
    let sitting = district.council_with(9, |_| ()).await;
    let (organiser, meeting) = (district.organiser(), convened(&district, &sitting).await);
    begins(&district, &sitting, meeting).await;
    organiser.does(&CloseMeeting { meeting }).await.unwrap();
    organiser.does(&DraftMinutes { meeting }).await.unwrap();
    for text in UNFIT {
        let edit = EditMinutes { meeting, revision: 1, text: text.into() };
        expect_refused_at("MinutesTextUnfit", "text", organiser.does(&edit).await);
    }
    let edit = EditMinutes { meeting, revision: 1, text: " 会议纪要\r\n\t一、停车\n".into() };
    organiser.does(&edit).await.unwrap();
    assert_eq!(district.app.state::<Minutes>(meeting).await.unwrap().text, "会议纪要\n 一、停车");
}

/// A meeting may have been convened before its title had to be printable.
#[tokio::test]
async fn what_was_stored_under_older_rules_is_read_and_quoted() {
    let district = District::new().await;
    let sitting = district.council_with(9, |_| ()).await;
    let (organiser, meeting) = (district.organiser(), convened(&district, &sitting).await);
    let state = district.app.state::<Meeting>(meeting).await.unwrap();
    let notice = Notice { title: "三月\u{202e}例会\u{7}".into(), ..state.notice.unwrap() };
    let amended = MeetingEvent::MeetingAmended { notice, agenda: state.agenda };
    let stream = StreamId::of::<Meeting>(meeting.0);
    district.appends(vec![(stream.clone(), 1)], vec![(stream, NewEvent::of(&amended).unwrap())]).await;
    begins(&district, &sitting, meeting).await;
    organiser.does(&CloseMeeting { meeting }).await.unwrap();
    assert_eq!(district.app.state::<Meeting>(meeting).await.unwrap().notice.unwrap().title, "三月\u{202e}例会\u{7}");
    organiser.does(&DraftMinutes { meeting }).await.unwrap();
    let minutes = district.app.state::<Minutes>(meeting).await.unwrap();
    assert!(minutes.text.starts_with("紫荆社区议事会三月例会会议纪要\n"), "{}", minutes.text);
}

#[tokio::test]
async fn titles_of_meetings_and_items_are_lines() {
    let district = District::new().await;
    let sitting = district.council_with(9, |_| ()).await;
    let organiser = district.organiser();
    for text in UNFIT.into_iter().chain(["三月\n例会"]) {
        let told = organiser.does(&convene(&district, &sitting, text, "停车")).await;
        expect_refused_at("MeetingNoticeUnfit", "notice", told);
        expect_refused_at("AgendaTitleUnfit", "agenda", organiser.does(&convene(&district, &sitting, "三月例会", text)).await);
    }
    let meeting = organiser.does(&convene(&district, &sitting, "\u{3000}三月例会\n", " 停车")).await.unwrap();
    let state = district.app.state::<Meeting>(meeting).await.unwrap();
    assert_eq!((state.notice.unwrap().title.as_str(), state.agenda.items()[0].title.as_str()), ("三月例会", "停车"));
}

#[tokio::test]
async fn a_question_of_several_lines_is_a_poll_with_a_title_of_one() {
    let district = District::new().await;
    let sitting = district.council_with(9, |_| ()).await;
    let (organiser, meeting) = (district.organiser(), convened(&district, &sitting).await);
    begins(&district, &sitting, meeting).await;
    let item = district.app.state::<Meeting>(meeting).await.unwrap().agenda.items()[0].id;
    let (matter, kind) = (Matter::Personnel, VoteKind::Secret);
    let open =
        |question: &str| OpenVote { meeting, item, question: question.into(), matter, kind, version: None, recused: vec![], repeats: None };
    for text in UNFIT {
        expect_refused_at("QuestionUnfit", "question", organiser.does(&open(text)).await);
    }
    let opened = organiser.does(&open("是否同意：\n东门停车？")).await.unwrap();
    let terms = district.app.state::<Poll>(opened.poll.unwrap()).await.unwrap().terms.unwrap();
    assert_eq!(terms.title, "是否同意： 东门停车？");
}

#[tokio::test]
async fn options_on_a_ballot_are_lines() {
    let district = District::new().await;
    let organiser = district.organiser();
    let prepares = |terms: PollTerms| {
        let organiser = organiser.clone();
        async move { organiser.does(&PreparePoll { terms }).await }
    };
    let with = |text: &str| {
        let mut terms = choice_terms();
        terms.options[2] = BallotOption::Text(text.into());
        terms
    };
    for text in UNFIT.into_iter().chain(["东\n门"]) {
        expect_refused_at("OptionsUnfit", "options", prepares(with(text)).await);
        expect_refused_at("PollTitleUnfit", "title", prepares(PollTerms { title: text.into(), ..choice_terms() }).await);
    }
    // Two that print alike are the same.
    expect_refused_at("OptionsUnfit", "options", prepares(with(" 东门\t")).await);
    let poll = prepares(with("cafe\u{301}")).await.unwrap();
    let terms = district.app.state::<Poll>(poll).await.unwrap().terms.unwrap();
    assert_eq!(terms.options[2], BallotOption::Text("café".into()));
}

#[tokio::test]
async fn titles_of_activities_are_lines() {
    let district = District::new().await;
    let team = district.founds("巡河队").await;
    let organiser = district.with_role(Role::Organiser, Scope::Area(area(STREET)));
    for text in UNFIT.into_iter().chain(["巡\n河"]) {
        let refusal = expect_refused("DetailsUnfit", organiser.publishes(team, district.draft(text)).await);
        assert!(refusal.en.starts_with("A title has 1 to 120 printable characters"), "{}", refusal.en);
        assert_eq!(refusal.field, Some("details"));
    }
    let nowhere = ActivityDraft { place: "\u{200b}".into(), ..district.draft("巡河") };
    expect_refused_at("DetailsUnfit", "details", organiser.publishes(team, nowhere).await);
    organiser.publishes(team, district.draft("巡河")).await.unwrap();
}

#[tokio::test]
async fn names_of_organisations_are_lines() {
    let district = District::new().await;
    let operator = district.operator();
    let found = |name: &str| FoundOrganisation {
        kind: OrganisationKind::Group,
        name: name.to_owned(),
        area: area(COMMUNITY),
        parent: None,
        credit_code: None,
    };
    for text in UNFIT.into_iter().chain(["巡河\n队"]) {
        expect_refused_at("OrganisationNameUnfit", "name", operator.does(&found(text)).await);
    }
    // What is claimed is what is stored, so that the name is free again with the organisation's end.
    let team = operator.does(&found("巡河\t队")).await.unwrap();
    expect_refused_at("OrganisationNameTaken", "name", operator.does(&found("巡河 队")).await);
    let renamed =
        AmendOrganisation { organisation: team, name: Some("护\u{202d}河".into()), area: None, parent: None, credit_code: None };
    expect_refused_at("OrganisationNameUnfit", "name", operator.does(&renamed).await);
    operator.does(&DissolveOrganisation { organisation: team }).await.unwrap();
    operator.does(&found("巡河 队")).await.unwrap();
}

#[tokio::test]
async fn names_of_people_and_what_is_said_of_them_are_printable() {
    let district = District::new().await;
    let named = |text: &str| RegisterVolunteer { name: text.to_owned(), ..district.application("张三") };
    for text in UNFIT[1..].iter().chain(&["张\n三"]) {
        expect_refused_at("InvalidInput", "name", district.stranger().does(&named(text)).await);
    }
    let turned = district.registers_with(named("张\u{202e}三")).await;
    assert_eq!(district.sees(turned.volunteer).await.name.as_deref(), Some("张三"), "what turns the direction of reading is taken out");
    let zhang = district.registers("张三").await;
    for text in UNFIT {
        let suspend = SuspendVolunteer { volunteer: zhang.volunteer, reason: text.into() };
        let told: Result<_, Rejection> = district.operator().does(&suspend).await;
        expect_refused_at("ReasonUnfit", "reason", told);
    }
}
