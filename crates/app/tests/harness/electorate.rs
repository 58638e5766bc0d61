//! Who votes in a district: many at once, with accounts that are written straight into the log, and the polls they vote in.

use std::path::{Path, PathBuf};

use chrono::Days;
use gongyi_app::{
    App, Rejection, Request,
    deliberation::poll::{
        casting::{Cast, CastBallot},
        counting::{ClosePoll, CountPoll},
        preparing::{OpenPoll, PreparePoll},
        roll::EnterOnRoll,
    },
};
use gongyi_domain::{
    access::{
        account::{Account, AccountEvent, account_of},
        authority::{Actor, Role, Scope, Session},
        person::{Person, PersonEvent},
    },
    deliberation::{
        ballot::{Marks, Method},
        charter::{Charter, CharterTerms},
        council::{Council, CouncilEvent},
        decision::statutes,
        poll::Poll,
        poll_report::PollReport,
        poll_terms::{BallotOption, Channels, Matter, PollTerms, Secrecy},
        roll::ROLL_COMMAND_MAX_ENTRIES,
        roll_entry::{Holder, RollLine},
        seat::{Mandate, SeatSource},
    },
    values::{CouncilId, PersonId, PollId, RollEntryId, Sealed},
};
use gongyi_eventlog::{Commit, Metadata, NewEvent, StreamId};
use uuid::Uuid;

use super::{COMMUNITY, District, Hand, area};

/// A voter: a person of the community with an account and nothing else.
#[derive(Debug, Clone)]
pub struct Voter {
    pub person: PersonId,
    pub actor: Actor,
}

impl Voter {
    pub fn new(person: PersonId) -> Self {
        let actor = Actor::Account {
            account: account_of(person),
            person,
            volunteer: None,
            grants: vec![],
            proven: true,
            session: Session::default(),
        };
        Self { person, actor }
    }

    pub fn entry(&self, poll: PollId) -> RollEntryId {
        Holder::Person(self.person).entry(poll)
    }

    /// A line of a roll, for this person.
    pub fn line(&self) -> RollLine {
        RollLine { holder: Holder::Person(self.person), voter: self.person, weight: 1 }
    }

    /// Casts for oneself under this command id.
    pub async fn casts(&self, app: &App, poll: PollId, marks: Marks, id: Uuid, tag: Option<String>) -> Result<Cast, Rejection> {
        self.casts_for(app, poll, self.entry(poll), marks, id, tag).await
    }

    pub async fn casts_for(
        &self,
        app: &App,
        poll: PollId,
        entry: RollEntryId,
        marks: Marks,
        id: Uuid,
        tag: Option<String>,
    ) -> Result<Cast, Rejection> {
        let request = Request { command_id: id, correlation: id, ..app.request(self.actor.clone()) };
        app.cast_ballot(&request, CastBallot { poll, entry, marks, tag }).await
    }
}

/// A secret online choice between four, decided by the most votes.
pub fn choice_terms() -> PollTerms {
    PollTerms {
        matter: Matter::Question,
        area: area(COMMUNITY),
        title: "小区出入口选址".to_owned(),
        options: ["东门", "南门", "西门", "北门"].map(|it| BallotOption::Text(it.to_owned())).to_vec(),
        method: Method::Choice,
        secrecy: Secrecy::Secret { receipts: false },
        channels: Channels::Online,
        rule: statutes::find(statutes::VILLAGE_TIE, 1).unwrap(),
        opens_at: None,
        closes_at: None,
        vote: None,
        smallest: None,
        chartered: None,
    }
}

/// A commit has a largest number of events, two for each voter.
const ACCOUNTS_AT_ONCE: usize = 25_000;

/// Taken in with a home there; what is sealed was never written by anybody.
fn registered(person: PersonId, home: &str) -> PersonEvent {
    let sealed = || Sealed { of: person, text: String::new() };
    PersonEvent::PersonRegistered {
        document: None,
        name: sealed(),
        id_number: sealed(),
        phone: sealed(),
        birth_date: sealed(),
        home_area: area(home),
    }
}

impl District {
    /// So many people with accounts.
    pub async fn electorate(&self, many: usize) -> Vec<Voter> {
        let voters: Vec<_> = (0..many).map(|_| Voter::new(PersonId(Uuid::now_v7()))).collect();
        for some in voters.chunks(ACCOUNTS_AT_ONCE) {
            let opened = |voter: &Voter| {
                let account = StreamId::of::<Account>(account_of(voter.person).0);
                let opened = NewEvent::of(&AccountEvent::AccountOpened { person: voter.person, proven: true }).unwrap();
                [(account, opened), (StreamId::of::<Person>(voter.person.0), NewEvent::of(&registered(voter.person, COMMUNITY)).unwrap())]
            };
            let events: Vec<_> = some.iter().flat_map(opened).collect();
            self.appends(events.iter().map(|(stream, _)| (stream.clone(), 0)).collect(), events).await;
        }
        voters
    }

    /// Somebody registered with a home elsewhere.
    pub async fn registers_in(&self, home: &str) -> PersonId {
        let person = PersonId(Uuid::now_v7());
        let stream = StreamId::of::<Person>(person.0);
        self.appends(vec![(stream.clone(), 0)], vec![(stream, NewEvent::of(&registered(person, home)).unwrap())]).await;
        person
    }

    /// A council of the community in which these sit.
    pub async fn council(&self, representatives: &[PersonId]) -> CouncilId {
        let (id, on) = (CouncilId(Uuid::now_v7()), self.now().date_naive());
        let mandate = Mandate::Authority { authority: "香洲区民政局".into(), reason: "设立".into() };
        let charter = Charter::try_new(CharterTerms::model(9)).unwrap();
        let established = CouncilEvent::CouncilEstablished { area: area(COMMUNITY), name: "紫荆议事会".into(), charter, mandate, on };
        let source = || SeatSource::Transition { source: "名册".into() };
        let seated = |person: &PersonId| CouncilEvent::RepresentativeSeated {
            person: *person,
            from: on,
            until: on + Days::new(90),
            source: source(),
        };
        let events = [established].into_iter().chain(representatives.iter().map(seated));
        let stream = StreamId::of::<Council>(id);
        let events = events.map(|event| (stream.clone(), NewEvent::of(&event).unwrap())).collect();
        self.appends(vec![(stream, 0)], events).await;
        id
    }

    pub async fn appends(&self, expectations: Vec<(StreamId, u64)>, events: Vec<(StreamId, NewEvent)>) {
        let id = Uuid::now_v7();
        let metadata = Metadata { actor: "test".into(), command_id: id, correlation: id, causation: None, recorded_at: self.now() };
        let commit = Commit { metadata, command_digest: [0; 32], answer: "null".into(), expectations, events };
        self.app.log().append(commit).await.unwrap();
    }

    pub fn organiser(&self) -> Hand<'_> {
        self.with_role(Role::Organiser, Scope::Area(area(COMMUNITY)))
    }

    pub async fn prepares(&self, terms: PollTerms, voters: &[Voter]) -> PollId {
        let poll = self.organiser().does(&PreparePoll { terms }).await.unwrap();
        for some in voters.chunks(ROLL_COMMAND_MAX_ENTRIES) {
            let lines = some.iter().map(Voter::line).collect();
            self.organiser().does(&EnterOnRoll { poll, lines, exception: None, register: None }).await.unwrap();
        }
        poll
    }

    pub async fn opens(&self, terms: PollTerms, voters: &[Voter]) -> PollId {
        let poll = self.prepares(terms, voters).await;
        self.organiser().does(&OpenPoll { poll }).await.unwrap()
    }

    pub async fn closes(&self, poll: PollId) -> PollId {
        self.organiser().does(&ClosePoll { poll }).await.unwrap()
    }

    pub async fn counts(&self, poll: PollId) -> PollReport {
        self.organiser().does(&CountPoll { poll }).await.unwrap();
        self.app.state::<Poll>(poll).await.unwrap().report.unwrap()
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Leaves the key-encryption key in a file, for another process that opens this folder.
    pub fn hands_over_its_key(&self, file: &Path) {
        self.kek.store_new(file).unwrap();
    }
}
