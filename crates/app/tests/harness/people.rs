//! Who acts in a district, and the verbs they have.

use std::collections::BTreeSet;

use std::ops::Deref;

use gongyi_app::{
    App, Command, Done, Rejection, Request,
    access::{
        accounts::{GrantRole, RevokeRole},
        erasure::ErasePerson,
    },
    volunteering::{
        activities::{ActivityDraft, CancelActivity, PublishActivity, ShiftDraft},
        attendance::{CheckIn, CheckOut},
        organisations::FoundOrganisation,
        services::{ConfirmService, CorrectService, DisputeService, LogService, RejectService, VoidService},
        sign_ups::{SignUp, SignedUp, WithdrawSignUp},
        volunteers::{CorrectVolunteer, JoinOrganisation, RegisterVolunteer, Registered, ReinstateVolunteer, SuspendVolunteer},
    },
};
use gongyi_domain::{
    access::authority::{Actor, Grant, Role, Scope},
    values::{AccountId, ActivityId, AttendanceId, Instant, Minutes, OrganisationId, PersonId, RecordId, ShiftId, VolunteerId},
    volunteering::{
        activity::Activity,
        category::Category,
        organisation::OrganisationKind,
        service_ledger::{Record, ServiceLedger},
        volunteer::Consents,
    },
};
use gongyi_projections::VolunteerView;
use uuid::Uuid;

use super::{COMMUNITY, District, PASSWORD, STREET, area, id_number};

/// A correction in which everything stays; for struct updates.
pub fn correction_of(who: &Resident<'_>) -> CorrectVolunteer {
    let (name, id_number, document_kind, issuing_country, birth_date) = (None, None, None, None, None);
    let (phone, home_area, skills, reason) = (None, None, None, None);
    CorrectVolunteer {
        volunteer: who.volunteer,
        name,
        id_number,
        document_kind,
        issuing_country,
        birth_date,
        phone,
        home_area,
        skills,
        reason,
    }
}

/// Somebody who acts.
#[derive(Clone)]
pub struct Hand<'d> {
    pub district: &'d District,
    pub app: App,
    pub actor: Actor,
}

/// A registered volunteer.
pub struct Resident<'d> {
    hand: Hand<'d>,
    pub person: PersonId,
    pub volunteer: VolunteerId,
    pub phone: String,
    pub id_number: String,
}

impl<'d> Deref for Resident<'d> {
    type Target = Hand<'d>;
    fn deref(&self) -> &Hand<'d> {
        &self.hand
    }
}

/// A published activity and its first shift.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    pub activity: ActivityId,
    pub shift: ShiftId,
    pub starts: Instant,
    pub ends: Instant,
}

/// A service record and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    pub volunteer: VolunteerId,
    pub record: RecordId,
}

impl District {
    /// What somebody who registers fills in; each with another ID number and phone.
    pub fn application(&self, name: &str) -> RegisterVolunteer {
        let n = self.invents();
        RegisterVolunteer {
            name: name.to_owned(),
            id_number: id_number("1990-05-17", n),
            document_kind: None,
            issuing_country: None,
            birth_date: None,
            phone: format!("139{n:08}"),
            home_area: area(COMMUNITY),
            organisation: None,
            skills: BTreeSet::new(),
            consents: Consents::default(),
            registered_on: None,
            password: Some(PASSWORD.to_owned()),
        }
    }

    async fn takes_in<'d>(&'d self, by: Hand<'d>, application: RegisterVolunteer) -> Resident<'d> {
        let Registered { person, volunteer, account } = by.does(&application).await.unwrap();
        let actor = match account {
            Some(account) => self.app.actor_of(account).await.unwrap().unwrap(),
            None => Actor::Anonymous,
        };
        let RegisterVolunteer { phone, id_number, .. } = application;
        Resident { hand: self.hand(actor), person, volunteer, phone, id_number }
    }

    /// Somebody registers for oneself.
    pub async fn registers(&self, name: &str) -> Resident<'_> {
        self.takes_in(self.stranger(), self.application(name)).await
    }

    /// Somebody registers with these particulars.
    pub async fn registers_with(&self, application: RegisterVolunteer) -> Resident<'_> {
        self.takes_in(self.stranger(), application).await
    }

    /// The operator takes somebody in, without an account.
    pub async fn enrols(&self, name: &str) -> Resident<'_> {
        let application = RegisterVolunteer { password: None, ..self.application(name) };
        self.takes_in(self.operator(), application).await
    }

    /// An organisation in the street.
    pub async fn founds(&self, name: &str) -> OrganisationId {
        self.founds_in(name, STREET, None).await
    }

    pub async fn founds_in(&self, name: &str, code: &str, parent: Option<OrganisationId>) -> OrganisationId {
        let found = FoundOrganisation { kind: OrganisationKind::Group, name: name.to_owned(), area: area(code), parent, credit_code: None };
        self.operator().does(&found).await.unwrap()
    }

    /// An activity of one shift tomorrow from nine to eleven, with five places.
    pub fn draft(&self, title: &str) -> ActivityDraft {
        let tomorrow = self.in_minutes(24 * 60);
        ActivityDraft {
            title: title.to_owned(),
            category: Category::RiverPatrol,
            place: "前山河水闸".to_owned(),
            area: area(COMMUNITY),
            shifts: vec![ShiftDraft { id: None, starts: tomorrow, ends: tomorrow + chrono::TimeDelta::hours(2), capacity: 5 }],
            minimum_age: 0,
            required_skills: BTreeSet::new(),
            risk: None,
            sign_up_opens: self.in_minutes(-60),
            sign_up_closes: tomorrow,
            withdrawal_minutes: Minutes(60),
        }
    }

    pub async fn activity(&self, activity: ActivityId) -> Activity {
        self.app.state::<Activity>(activity).await.unwrap()
    }

    pub async fn record(&self, served: Served) -> Record {
        let ledger = self.app.state::<ServiceLedger>(served.volunteer).await.unwrap();
        ledger.records[&served.record].clone()
    }

    /// A volunteer as people see one, once the read models show everything.
    pub async fn sees(&self, volunteer: VolunteerId) -> VolunteerView {
        self.settles().await;
        self.app.views().volunteer(volunteer).await.unwrap().unwrap()
    }
}

impl Hand<'_> {
    /// A request under this command id.
    pub fn request(&self, id: Uuid) -> Request {
        Request { command_id: id, correlation: id, ..self.app.request(self.actor.clone()) }
    }

    /// Sends a command under an id of its own choosing.
    pub async fn sends<C: Command>(&self, id: Uuid, command: &C) -> Result<Done<C::Answer>, Rejection> {
        self.app.dispatch(&self.request(id), command).await
    }

    /// Does a command.
    pub async fn does<C: Command>(&self, command: &C) -> Result<C::Answer, Rejection> {
        Ok(self.sends(Uuid::now_v7(), command).await?.answer)
    }

    fn account(&self) -> AccountId {
        match self.actor {
            Actor::Account { account, .. } => account,
            Actor::Anonymous | Actor::Operator(_) | Actor::Process(_) => panic!("{:?} has no account", self.actor),
        }
    }

    pub async fn grants(&self, to: &Resident<'_>, role: Role, scope: Scope) -> Result<AccountId, Rejection> {
        self.does(&GrantRole { account: to.account(), grant: Grant { role, scope } }).await
    }

    pub async fn revokes(&self, from: &Resident<'_>, role: Role, scope: Scope) -> Result<AccountId, Rejection> {
        self.does(&RevokeRole { account: from.account(), grant: Grant { role, scope } }).await
    }

    pub async fn publishes(&self, organisation: OrganisationId, draft: ActivityDraft) -> Result<Published, Rejection> {
        let activity = self.does(&PublishActivity { organisation, draft }).await?;
        let state = self.district.activity(activity).await;
        let first = state.details.unwrap().shifts.swap_remove(0);
        Ok(Published { activity, shift: first.id, starts: first.starts, ends: first.ends })
    }

    pub async fn cancels(&self, published: Published) -> Result<ActivityId, Rejection> {
        self.does(&CancelActivity { activity: published.activity, reason: "台风".to_owned() }).await
    }

    pub async fn signs_up(&self, who: &Resident<'_>, at: Published) -> Result<SignedUp, Rejection> {
        self.does(&SignUp { activity: at.activity, shift: at.shift, volunteer: who.volunteer }).await
    }

    pub async fn withdraws(&self, who: &Resident<'_>, from: Published) -> Result<(), Rejection> {
        self.does(&WithdrawSignUp { activity: from.activity, shift: from.shift, volunteer: who.volunteer }).await
    }

    pub async fn checks_in(&self, who: &Resident<'_>, at: Published) -> Result<AttendanceId, Rejection> {
        self.does(&CheckIn { activity: at.activity, shift: at.shift, volunteer: who.volunteer, at: None }).await
    }

    pub async fn checks_out(&self, who: &Resident<'_>, at: Published) -> Result<(), Rejection> {
        self.does(&CheckOut { activity: at.activity, volunteer: who.volunteer, at: None }).await
    }

    /// Logs service by hand.
    pub async fn logs(
        &self,
        who: &Resident<'_>,
        organisation: OrganisationId,
        started: Instant,
        ended: Instant,
    ) -> Result<Served, Rejection> {
        let volunteer = who.volunteer;
        let category = Category::CommunityService;
        let log =
            LogService { volunteer, organisation, activity: None, category, started, ended, content: Some("派发传单".to_owned()) };
        Ok(Served { volunteer, record: self.does(&log).await? })
    }

    pub async fn confirms(&self, served: Served) -> Result<RecordId, Rejection> {
        self.does(&ConfirmService { volunteer: served.volunteer, record: served.record }).await
    }

    pub async fn rejects(&self, served: Served, reason: &str) -> Result<RecordId, Rejection> {
        self.does(&RejectService { volunteer: served.volunteer, record: served.record, reason: reason.to_owned() }).await
    }

    pub async fn disputes(&self, served: Served, reason: &str) -> Result<RecordId, Rejection> {
        self.does(&DisputeService { volunteer: served.volunteer, record: served.record, reason: reason.to_owned() }).await
    }

    pub async fn voids(&self, served: Served, reason: &str) -> Result<RecordId, Rejection> {
        self.does(&VoidService { volunteer: served.volunteer, record: served.record, reason: reason.to_owned() }).await
    }

    /// Moves the end of a record.
    pub async fn corrects(&self, served: Served, ended: Instant, reason: &str) -> Result<RecordId, Rejection> {
        let Served { volunteer, record } = served;
        let (started, category, reason) = (None, None, reason.to_owned());
        self.does(&CorrectService { volunteer, record, started, ended: Some(ended), category, reason }).await
    }

    pub async fn suspends(&self, who: &Resident<'_>) -> Result<VolunteerId, Rejection> {
        self.does(&SuspendVolunteer { volunteer: who.volunteer, reason: "核实身份".to_owned() }).await
    }

    pub async fn reinstates(&self, who: &Resident<'_>) -> Result<VolunteerId, Rejection> {
        self.does(&ReinstateVolunteer { volunteer: who.volunteer, reason: "身份无误".to_owned() }).await
    }

    pub async fn erases(&self, who: &Resident<'_>) -> Result<PersonId, Rejection> {
        self.does(&ErasePerson { person: who.person }).await
    }
}

impl Resident<'_> {
    /// Joins an organisation.
    pub async fn joins(&self, organisation: OrganisationId) -> Result<(), Rejection> {
        self.does(&JoinOrganisation { volunteer: self.volunteer, organisation }).await
    }

    pub fn account(&self) -> AccountId {
        self.hand.account()
    }
}
