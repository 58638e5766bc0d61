//! Registering, correcting, suspending, reinstating and withdrawing volunteers; joining and leaving organisations.

use std::collections::BTreeSet;

use esrs::Aggregate;
use gongyi_domain::{
    access::{
        account::{Account, AccountRefusal, account_of},
        authority::{Act, Actor, Role, Subject},
        claim::{ClaimRefusal, Purpose},
        contact::{PersonName, Phone},
        identity_document::{DocumentKind, IdentityDocument, NotADocument},
        password::OwnData,
        person::{Identity, Kept, Person, PersonCommand, PersonCorrection, PersonRefusal},
    },
    prose::Prose,
    refusal::Refusal,
    values::{AccountId, AreaCode, Day, Instant, OrganisationId, PersonId, Sealed, VolunteerId},
    volunteering::{
        membership::{JOIN_ORGANISATION, LEAVE_ORGANISATION, Membership, MembershipCommand, membership_stream},
        organisation::Organisation,
        service_ledger::SERVICE_TEXT_MAX_CHARS,
        skill::Skill,
        volunteer::{
            CORRECT_VOLUNTEER, Consents, Inactive, REGISTER_VOLUNTEER, REINSTATE_VOLUNTEER, RETURN_VOLUNTEER, SUSPEND_VOLUNTEER, Volunteer,
            VolunteerCommand, VolunteerEvent, VolunteerPhase, VolunteerRefusal, WITHDRAW_VOLUNTEER, volunteer_number, volunteer_of,
        },
    },
};
use gongyi_eventlog::StreamId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Command,
    access::{accounts::open_account, passwords::require_fit},
    rejection::{Fault, Rejection, refused},
    volunteering::sign_ups::{give_back_coming_places, give_back_coming_shifts, take_up_waiting},
    work::{Kind, Loaded, Sealer, Work},
};

/// What is wrong with a typed field, as a refusal: code `InvalidInput`.
fn invalid(field: &'static str, (zh, en): (&str, &str)) -> Rejection {
    Rejection::Refused(Refusal { code: "InvalidInput", field: Some(field), zh: zh.to_owned(), en: en.to_owned() })
}

fn name_of(text: &str) -> Result<PersonName, Rejection> {
    PersonName::parse(text).map_err(|problem| invalid("name", problem.about_name()))
}

fn phone_of(text: &str) -> Result<Phone, Rejection> {
    Phone::parse(text).map_err(|problem| invalid("phone", problem.about_phone()))
}

fn unfit_document(problem: NotADocument) -> Rejection {
    invalid(problem.field(), problem.words())
}

/// A document with its holder's birth date, sealed for the person's event.
fn sealed_identity(seal: &Sealer<'_>, document: &IdentityDocument, birth_date: Day) -> Identity {
    Identity {
        id_number: seal.seal("id_number", document.number()),
        document: document.kept_kind().map(|kind| seal.seal("document", &kind)),
        birth_date: seal.seal("birth_date", &birth_date.to_string()),
    }
}

/// Register a person as a volunteer; somebody who has withdrawn is taken back by it.
#[derive(Debug, Serialize)]
pub struct RegisterVolunteer {
    /// Name, as typed.
    pub name: String,
    /// The identity document's number, as typed.
    pub id_number: String,
    /// The document's kind; told from the number if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_kind: Option<DocumentKind>,
    /// The country that issued a passport, as typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuing_country: Option<String>,
    /// The birth date, needed where the number carries none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Day>,
    /// Phone number, as typed.
    pub phone: String,
    /// Home area.
    pub home_area: AreaCode,
    /// A first organisation to join.
    pub organisation: Option<OrganisationId>,
    /// Skills.
    pub skills: BTreeSet<Skill>,
    /// Consents for a minor.
    pub consents: Consents,
    /// The day of registration; `None` for today. Only operators register for another day.
    pub registered_on: Option<Day>,
    /// Opens an account with this password, for who registers oneself; not part of the command's identity.
    #[serde(skip)]
    pub password: Option<String>,
}

/// Who was registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Registered {
    /// The person.
    pub person: PersonId,
    /// The volunteer.
    pub volunteer: VolunteerId,
    /// The account, if one was opened.
    pub account: Option<AccountId>,
}

impl Command for RegisterVolunteer {
    const ACT: &'static Act = &REGISTER_VOLUNTEER;
    type Answer = Registered;

    async fn decide(&self, work: &mut Work<'_>) -> Result<Registered, Rejection> {
        let given = self.given(work).await?;
        let registered = match self.withdrawn(work, &given).await? {
            Some(person) => self.take_back(work, person, given).await,
            None => self.take_in(work, given).await,
        };
        registered.map_err(|rejection| if is_staff(&work.actor) { rejection } else { told_to_strangers(rejection) })
    }
}

/// Who takes in others sees who they are.
fn is_staff(actor: &Actor) -> bool {
    matches!(actor, Actor::Process(_)) || !actor.grants().is_empty()
}

/// Whoever holds no role is not told whether it is the ID number or the phone number that somebody has.
fn told_to_strangers(rejection: Rejection) -> Rejection {
    let taken = [ClaimRefusal::IdNumberTaken, ClaimRefusal::PhoneTaken].map(Refusal::from);
    match rejection {
        Rejection::Refused(refusal) if taken.iter().any(|it| it.code == refusal.code) => refused(VolunteerRefusal::NumberOrPhoneTaken),
        other => other,
    }
}

/// What was typed, as it is kept.
struct Given {
    name: PersonName,
    phone: Phone,
    document: IdentityDocument,
    birth_date: Day,
}

impl RegisterVolunteer {
    /// Checks who may and what was typed.
    async fn given(&self, work: &mut Work<'_>) -> Result<Given, Rejection> {
        work.may(&REGISTER_VOLUNTEER, &Subject::area(self.home_area.clone()))?;
        let (name, phone) = (name_of(&self.name)?, phone_of(&self.phone)?);
        let (kind, issuer) = (self.document_kind, self.issuing_country.as_deref());
        let document = IdentityDocument::parse(kind, issuer, &self.id_number, work.today()).map_err(unfit_document)?;
        let birth_date = document.birth_date(self.birth_date, work.today()).map_err(unfit_document)?;
        // Judged before anything that tells who is registered.
        match (&work.actor, &self.password) {
            (Actor::Anonymous, None) => return Err(invalid("password", ("请设置登录密码", "A password is needed"))),
            (Actor::Anonymous, Some(password)) => {
                let (name, phone, id_number, born) = (name.as_str(), phone.as_str(), document.number(), birth_date);
                require_fit(password, &OwnData { name, phone, id_number, born })?;
            }
            (Actor::Account { .. } | Actor::Operator(_) | Actor::Process(_), Some(_)) => {
                return Err(refused(AccountRefusal::PasswordOfAnother));
            }
            (Actor::Account { .. } | Actor::Operator(_) | Actor::Process(_), None) => {}
        }
        if !is_staff(&work.actor) {
            Volunteer::require_consents(birth_date, work.today(), self.consents).map_err(refused)?;
        }
        work.require_area(&self.home_area).await?;
        Ok(Given { name, phone, document, birth_date })
    }

    /// Who has this document and has withdrawn, if the actor may take them back.
    async fn withdrawn(&self, work: &Work<'_>, given: &Given) -> Result<Option<PersonId>, Rejection> {
        let holder = work.claim_holder(Purpose::IdNumber, &given.document.claim()).await?;
        let Some(person) = holder.map(PersonId) else { return Ok(None) };
        let volunteer = work.load::<Volunteer>(volunteer_of(person)).await?.into_inner();
        let subject = Subject::person(person, volunteer.home_area);
        let may = volunteer.phase == VolunteerPhase::Withdrawn && RETURN_VOLUNTEER.may(&work.actor, &subject).is_ok();
        Ok(may.then_some(person))
    }

    /// Registers somebody new.
    async fn take_in(&self, work: &mut Work<'_>, given: Given) -> Result<Registered, Rejection> {
        let Given { name, phone, document, birth_date } = given;
        let today = work.today();
        let backdates = work.actor.holds(Role::Operator, &Subject::area(self.home_area.clone()));
        let registered_on = self.registered_on.unwrap_or(today);
        if registered_on != today && !backdates {
            return Err(invalid("registeredOn", ("注册日期须为今天", "The day of registration is today")));
        }
        let person = work.new_person();
        work.take_claim(Purpose::IdNumber, &document.claim(), person.0).await?;

        Volunteer::require_consents(birth_date, registered_on, self.consents).map_err(refused)?;
        let seal = work.sealer::<Person>(person, person, "PersonRegistered").await?;
        let command = PersonCommand::Register {
            name: seal.seal("name", name.as_str()),
            identity: sealed_identity(&seal, &document, birth_date),
            phone: seal.seal("phone", phone.as_str()),
            home_area: self.home_area.clone(),
        };
        work.load_and_decide::<Person>(person, command).await?;

        let volunteer = volunteer_of(person);
        let command = VolunteerCommand::Register {
            person,
            number: volunteer_number(random_bits()),
            birth_date,
            registered_on,
            today,
            home_area: self.home_area.clone(),
            skills: self.skills.clone(),
            consents: self.consents,
        };
        work.load_and_decide::<Volunteer>(volunteer, command).await?;
        if let Some(organisation) = self.organisation {
            join(work, organisation, volunteer).await?;
        }
        let account = match &self.password {
            Some(password) => {
                open_account(work, person, phone.as_str(), true).await?;
                work.set_password(account_of(person), password);
                Some(account_of(person))
            }
            None => None,
        };
        Ok(Registered { person, volunteer, account })
    }

    /// Takes a withdrawn volunteer back: the same number and ledger, with what was typed now.
    async fn take_back(&self, work: &mut Work<'_>, person: PersonId, given: Given) -> Result<Registered, Rejection> {
        let Given { name, phone, document, birth_date } = given;
        let (today, volunteer) = (work.today(), volunteer_of(person));
        if self.registered_on.is_some_and(|day| day != today) {
            return Err(invalid("registeredOn", ("重新注册的日期须为今天", "Who registers again does so today")));
        }
        let loaded = work.load::<Person>(person).await?;
        let Person::Registered { phone: old_phone, birth_date: old_birth, .. } = loaded.inner().clone() else {
            return Err(refused(PersonRefusal::PersonIsErased));
        };
        // Consents go by the birth date that is known; another one is corrected by the staff.
        if work.open_person(person, &old_birth, "birth_date").await? != birth_date.to_string() {
            return Err(invalid("birthDate", ("出生日期与登记的不符", "The birth date is not the one that is registered")));
        }
        let is_renewed = work.open_document(person, loaded.inner()).await? != document;
        move_sign_in(work, person, &old_phone, &phone).await?;
        let seal = work.sealer::<Person>(person, person, "PersonCorrected").await?;
        let correction = PersonCorrection {
            name: Some(seal.seal("name", name.as_str())),
            identity: is_renewed.then(|| sealed_identity(&seal, &document, birth_date)),
            phone: Some(seal.seal("phone", phone.as_str())),
            home_area: Some(self.home_area.clone()),
            ..PersonCorrection::default()
        };
        work.decide::<Person>(loaded, PersonCommand::Correct(correction)).await?;
        let command = VolunteerCommand::Return {
            birth_date,
            today,
            home_area: self.home_area.clone(),
            skills: self.skills.clone(),
            consents: self.consents,
        };
        let returned = work.load_and_decide::<Volunteer>(volunteer, command).await?;
        if let Some(organisation) = self.organisation {
            let subject = work.line(organisation).await?.subject(Some(person));
            work.may(&JOIN_ORGANISATION, &subject)?;
            returned.require_active().map_err(refused)?;
            join(work, organisation, volunteer).await?;
        }
        Ok(Registered { person, volunteer, account: None })
    }

    /// Registers somebody new; who has withdrawn comes back by asking for it, not by a file.
    pub(crate) async fn import(&self, work: &mut Work<'_>) -> Result<Registered, Rejection> {
        let given = self.given(work).await?;
        self.take_in(work, given).await
    }
}

/// 64 random bits for a volunteer number.
fn random_bits() -> u64 {
    Uuid::new_v4().as_u64_pair().1 ^ Uuid::new_v4().as_u64_pair().0
}

async fn join(work: &Work<'_>, organisation: OrganisationId, volunteer: VolunteerId) -> Result<(), Rejection> {
    work.line(organisation).await?;
    let command = MembershipCommand::Join { organisation, volunteer };
    work.load_and_decide::<Membership>(membership_stream(organisation, volunteer), command).await?;
    Ok(())
}

/// A volunteer as the subject of an act, and whose person it is.
pub(crate) async fn subject_of(work: &Work<'_>, volunteer: VolunteerId) -> Result<(PersonId, Subject), Rejection> {
    let loaded = work.load::<Volunteer>(volunteer).await?;
    let person = loaded.inner().require_known().map_err(refused)?;
    Ok((person, Subject::person(person, loaded.inner().home_area.clone())))
}

/// The actor, who may do `act` to `subject` of `organisation`, may do it for this volunteer: for oneself, by a role from the
/// district officer's up, by a say where the volunteer lives, or because the volunteer is a member.
pub(crate) async fn require_no_stranger(
    work: &Work<'_>,
    act: &Act,
    subject: &Subject,
    organisation: OrganisationId,
    volunteer: &Loaded<Volunteer>,
) -> Result<(), Rejection> {
    let person = volunteer.inner().require_known().map_err(refused)?;
    if work.has_a_say(act, subject, person, volunteer.inner().home_area.clone()) {
        return Ok(());
    }
    let membership = membership_stream(organisation, VolunteerId(*volunteer.id()));
    work.load::<Membership>(membership).await?.inner().require_member().map_err(refused)
}

/// When the volunteer was suspended, withdrawn or erased: the log itself tells, for no event of a phase says since when it holds.
pub(crate) async fn inactive_times(work: &Work<'_>, volunteer: &Loaded<Volunteer>) -> Result<Vec<Inactive>, Rejection> {
    if !volunteer.inner().interrupted {
        return Ok(vec![]);
    }
    let (mut state, mut phases) = (Volunteer::default(), vec![]);
    for event in work.app.log().read_stream(&StreamId::of::<Volunteer>(*volunteer.id()), 0).await? {
        state = Volunteer::apply_event(state, work.app.upcasters().decode::<VolunteerEvent>(&event).map_err(Fault::Decoding)?);
        phases.push((event.commit.metadata.recorded_at, state.phase));
    }
    Ok(Inactive::among(phases))
}

/// The volunteer may have served from `started` to `ended`.
///
/// # Errors
/// As [`Volunteer::require_active_during`].
pub(crate) async fn require_active_during(
    work: &Work<'_>,
    volunteer: &Loaded<Volunteer>,
    time: (Instant, Instant),
) -> Result<PersonId, Rejection> {
    let inactive = inactive_times(work, volunteer).await?;
    volunteer.inner().require_active_during(time, &inactive).map_err(refused)
}

/// Seals a reason about `person`.
///
/// # Errors
/// A blank, too long or unprintable reason.
pub(crate) async fn sealed_reason<A: Kind>(
    work: &Work<'_>,
    person: PersonId,
    id: impl Into<Uuid>,
    event_type: &str,
    reason: &str,
) -> Result<Sealed, Rejection> {
    let reason = Prose::parse(reason, SERVICE_TEXT_MAX_CHARS, |most| refused(VolunteerRefusal::ReasonUnfit { most }))?;
    Ok(work.sealer::<A>(person, id, event_type).await?.seal("reason", reason.as_str()))
}

/// Correct what is known of a volunteer; `None` stays.
#[derive(Debug, Serialize)]
pub struct CorrectVolunteer {
    /// Who.
    pub volunteer: VolunteerId,
    /// The right name.
    pub name: Option<String>,
    /// The number of another document, or the right one.
    pub id_number: Option<String>,
    /// That document's kind; told from the number if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_kind: Option<DocumentKind>,
    /// The country that issued it, if it is a passport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuing_country: Option<String>,
    /// The right birth date; the one that is known stays if neither this nor the number says another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Day>,
    /// The right phone number.
    pub phone: Option<String>,
    /// The right home area.
    pub home_area: Option<AreaCode>,
    /// The right skills.
    pub skills: Option<BTreeSet<Skill>>,
    /// Why.
    pub reason: Option<String>,
}

impl Command for CorrectVolunteer {
    const ACT: &'static Act = &CORRECT_VOLUNTEER;
    type Answer = VolunteerId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<VolunteerId, Rejection> {
        let volunteer = self.volunteer;
        let (person, subject) = subject_of(work, volunteer).await?;
        work.may(Self::ACT, &subject)?;
        self.require_staff(work, person)?;
        if let Some(area) = &self.home_area {
            work.require_area(area).await?;
        }
        let loaded = work.load::<Person>(person).await?;
        let Person::Registered { phone: old_phone, .. } = loaded.inner().clone() else {
            return Err(refused(PersonRefusal::PersonIsErased));
        };
        let seal = work.sealer::<Person>(person, person, "PersonCorrected").await?;
        let mut correction = PersonCorrection { home_area: self.home_area.clone(), ..PersonCorrection::default() };
        if let Some(name) = &self.name {
            correction.name = Some(seal.seal("name", name_of(name)?.as_str()));
        }
        if self.id_number.is_some() || self.birth_date.is_some() {
            let (document, birth_date) = self.identity(work, person, loaded.inner()).await?;
            work.load::<Volunteer>(volunteer).await?.inner().require_consents_for(birth_date).map_err(refused)?;
            match document {
                Some(document) => correction.identity = Some(sealed_identity(&seal, &document, birth_date)),
                None => correction.birth_date = Some(seal.seal("birth_date", &birth_date.to_string())),
            }
        }
        if let Some(phone) = &self.phone {
            let phone = phone_of(phone)?;
            move_sign_in(work, person, &old_phone, &phone).await?;
            correction.phone = Some(seal.seal("phone", phone.as_str()));
        }
        if let Some(reason) = &self.reason {
            correction.reason = Some(sealed_reason::<Person>(work, person, person, "PersonCorrected", reason).await?);
        }
        let personal = correction != PersonCorrection { reason: correction.reason.clone(), ..PersonCorrection::default() };
        if personal {
            work.decide::<Person>(loaded, PersonCommand::Correct(correction)).await?;
        }
        if self.home_area.is_some() || self.skills.is_some() || !personal {
            let command = VolunteerCommand::Correct { home_area: self.home_area.clone(), skills: self.skills.clone() };
            work.load_and_decide::<Volunteer>(volunteer, command).await?;
        }
        Ok(volunteer)
    }
}

impl CorrectVolunteer {
    /// Who somebody is, is corrected by the staff: by nobody for oneself.
    fn require_staff(&self, work: &Work<'_>, person: PersonId) -> Result<(), Rejection> {
        let told = self.document_kind.is_some() || self.issuing_country.is_some();
        if told && self.id_number.is_none() {
            return Err(invalid("idNumber", ("请一并填写证件号码", "The document's number is needed too")));
        }
        if work.actor.person() != Some(person) {
            return Ok(());
        }
        match (&self.id_number, self.birth_date) {
            (Some(_), _) => Err(invalid("idNumber", ("证件号码须由工作人员更正", "An ID number is corrected by the staff"))),
            (None, Some(_)) => Err(invalid("birthDate", ("出生日期须由工作人员更正", "A birth date is corrected by the staff"))),
            (None, None) => Ok(()),
        }
    }

    /// The right document, if one is given, with its claim in the old one's place; and the right birth date.
    async fn identity(&self, work: &Work<'_>, id: PersonId, person: &Person) -> Result<(Option<IdentityDocument>, Day), Rejection> {
        let Person::Registered { birth_date, .. } = person else { return Err(refused(PersonRefusal::PersonIsErased)) };
        let (old, today) = (work.open_document(id, person).await?, work.today());
        let Some(number) = &self.id_number else {
            return Ok((None, old.birth_date(self.birth_date, today).map_err(unfit_document)?));
        };
        let issuer = self.issuing_country.as_deref();
        let document = IdentityDocument::parse(self.document_kind, issuer, number, today).map_err(unfit_document)?;
        let known = work.open_person(id, birth_date, "birth_date").await?.parse().map_err(|_| Fault::Unsealing)?;
        let given = self.birth_date.or_else(|| document.carried_birth().is_none().then_some(known));
        let birth_date = document.birth_date(given, today).map_err(unfit_document)?;
        move_claim(work, Purpose::IdNumber, id.0, &old.claim(), &document.claim()).await?;
        Ok((Some(document), birth_date))
    }
}

/// A person's account, if one is open, is signed in to with the new phone number.
async fn move_sign_in(work: &Work<'_>, person: PersonId, old: &Kept, new: &Phone) -> Result<(), Rejection> {
    let account = account_of(person);
    if work.load::<Account>(account).await?.inner().require_open().is_err() {
        return Ok(());
    }
    let old = work.open_person(person, old, "phone").await?;
    move_claim(work, Purpose::Phone, account.0, &old, new.as_str()).await
}

async fn move_claim(work: &Work<'_>, purpose: Purpose, holder: Uuid, old: &str, new: &str) -> Result<(), Rejection> {
    if old != new {
        work.take_claim(purpose, new, holder).await?;
        work.release_claim(purpose, old, holder).await?;
    }
    Ok(())
}

macro_rules! standing_commands {
    ($($(#[$doc:meta])* $name:ident, $act:ident, $event:literal, $decide:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize)]
        pub struct $name {
            /// Who.
            pub volunteer: VolunteerId,
            /// Why.
            pub reason: String,
        }

        impl Command for $name {
            const ACT: &'static Act = &$act;
            type Answer = VolunteerId;

            async fn decide(&self, work: &mut Work<'_>) -> Result<VolunteerId, Rejection> {
                let (person, subject) = subject_of(work, self.volunteer).await?;
                work.may(Self::ACT, &subject)?;
                let reason = sealed_reason::<Volunteer>(work, person, self.volunteer, $event, &self.reason).await?;
                let decide: fn(Sealed) -> VolunteerCommand = $decide;
                let after = work.load_and_decide::<Volunteer>(self.volunteer, decide(reason)).await?;
                match after.phase {
                    VolunteerPhase::Withdrawn => give_back_coming_shifts(work, self.volunteer).await?,
                    VolunteerPhase::Suspended => give_back_coming_places(work, self.volunteer).await?,
                    VolunteerPhase::Active => take_up_waiting(work, self.volunteer).await?,
                    VolunteerPhase::Unknown | VolunteerPhase::Erased => {}
                }
                Ok(self.volunteer)
            }
        }
    )+};
}

standing_commands! {
    /// Suspend a volunteer; places in coming shifts go to those who wait.
    SuspendVolunteer, SUSPEND_VOLUNTEER, "VolunteerSuspended", VolunteerCommand::Suspend;
    /// Reinstate a suspended volunteer, who takes up the places that stayed free meanwhile.
    ReinstateVolunteer, REINSTATE_VOLUNTEER, "VolunteerReinstated", VolunteerCommand::Reinstate;
    /// Withdraw; coming shifts are given back, memberships end.
    WithdrawVolunteer, WITHDRAW_VOLUNTEER, "VolunteerWithdrawn", |reason| VolunteerCommand::Withdraw(Some(reason));
}

fn membership_reads(organisation: OrganisationId, volunteer: VolunteerId) -> Vec<StreamId> {
    vec![
        StreamId::of::<Volunteer>(volunteer),
        StreamId::of::<Organisation>(organisation),
        StreamId::of::<Membership>(membership_stream(organisation, volunteer)),
    ]
}

/// Join an organisation.
#[derive(Debug, Serialize)]
pub struct JoinOrganisation {
    /// Who.
    pub volunteer: VolunteerId,
    /// Which.
    pub organisation: OrganisationId,
}

impl Command for JoinOrganisation {
    const ACT: &'static Act = &JOIN_ORGANISATION;
    type Answer = ();

    fn reads(&self) -> Vec<StreamId> {
        membership_reads(self.organisation, self.volunteer)
    }

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Rejection> {
        let volunteer = work.load::<Volunteer>(self.volunteer).await?;
        let person = volunteer.inner().require_known().map_err(refused)?;
        let subject = work.line(self.organisation).await?.subject(Some(person));
        work.may(Self::ACT, &subject)?;
        // Members' particulars open to who coordinates them: it takes a say about the volunteer too.
        work.may(Self::ACT, &Subject::person(person, volunteer.inner().home_area.clone()))?;
        volunteer.inner().require_active().map_err(refused)?;
        join(work, self.organisation, self.volunteer).await
    }
}

/// Leave an organisation.
#[derive(Debug, Serialize)]
pub struct LeaveOrganisation {
    /// Who.
    pub volunteer: VolunteerId,
    /// Which.
    pub organisation: OrganisationId,
}

impl Command for LeaveOrganisation {
    const ACT: &'static Act = &LEAVE_ORGANISATION;
    type Answer = ();

    fn reads(&self) -> Vec<StreamId> {
        membership_reads(self.organisation, self.volunteer)
    }

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Rejection> {
        let (person, _) = subject_of(work, self.volunteer).await?;
        let subject = work.line_of_any(self.organisation).await?.subject(Some(person));
        work.may(Self::ACT, &subject)?;
        let (organisation, volunteer) = (self.organisation, self.volunteer);
        let command = MembershipCommand::Leave { organisation, volunteer };
        work.load_and_decide::<Membership>(membership_stream(organisation, volunteer), command).await?;
        Ok(())
    }
}
