//! Signing in, staying signed in, signing out, choosing one's password. No answer has a position: nothing of it is read.

use async_graphql::{Context, Error, InputObject, Object, SimpleObject};
use gongyi_app::access::sign_in::{Caller, SignedIn};
use gongyi_domain::{
    access::{
        account::{CHANGE_PASSWORD, REFRESH, SET_PASSWORD_BY_CODE, SIGN_IN, SIGN_OUT},
        authority::Subject,
    },
    refusal::Refusal,
};

use crate::{door::Door, outcome::Refused};
use gongyi_app::reading::allowances::Attempt;

/// A session: what a signed-in client keeps.
#[derive(SimpleObject)]
pub struct Session {
    /// The access token, to be sent as `Authorization: Bearer …`. A JSON Web Token; its keys are at
    /// `/.well-known/jwks.json`.
    access_token: String,
    /// How long the access token holds, in seconds.
    expires_in: i64,
    /// Exchanged for a new pair, once. Used a second time it ends the whole session.
    refresh_token: String,
    /// What this device is known by: to be kept, also when the session is over, and sent along with the next sign-in, so that who
    /// guesses the password elsewhere holds nobody up here. Null when a refresh token was exchanged.
    device: Option<String>,
}

impl From<SignedIn> for Session {
    fn from(signed_in: SignedIn) -> Self {
        let SignedIn { account: _, access_token, expires_in, refresh_token, device } = signed_in;
        Self { access_token, expires_in, refresh_token, device }
    }
}

/// A session, after signing in or refreshing.
#[derive(SimpleObject)]
pub struct SessionPayload {
    /// The session; null if refused.
    session: Option<Session>,
    /// Why the rules said no.
    refusal: Option<Refused>,
}

/// Whether a session is over.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// The session is over, whether or not it had been before.
    signed_out: bool,
    /// Why the rules said no.
    refusal: Option<Refused>,
}

/// Whether the password is another.
#[derive(SimpleObject)]
pub struct ChangePasswordPayload {
    /// The password is changed and all sessions are over, their access tokens too.
    changed: bool,
    /// Why the rules said no.
    refusal: Option<Refused>,
}

/// Sign in with phone and password. Open to everybody, so often from one address.
#[derive(InputObject)]
pub struct SignInInput {
    /// The phone number, in any usual way of writing.
    phone: String,
    /// The password.
    password: String,
    /// What `Session.device` told on this device before.
    device: Option<String>,
}

/// Choose a password with a code that was handed over. Open to everybody who is signed out, so often from one address.
#[derive(InputObject)]
pub struct SetPasswordByCodeInput {
    /// The phone number, in any usual way of writing.
    phone: String,
    /// The code, with hyphens and spaces or without.
    code: String,
    /// The password: 10 to 128 characters, not common, without one's own phone number, ID number, name or birth date.
    password: String,
}

/// Exchange a refresh token for a new pair. Open to everybody.
#[derive(InputObject)]
pub struct RefreshInput {
    /// The refresh token.
    refresh_token: String,
}

/// End the session that a refresh token belongs to. Open to everybody.
#[derive(InputObject)]
pub struct SignOutInput {
    /// The refresh token.
    refresh_token: String,
}

/// Change one's own password; all sessions end.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password until now.
    old_password: String,
    /// The new one: 10 to 128 characters, not common, without one's own phone number, ID number, name or birth date.
    new_password: String,
}

impl From<Result<SignedIn, Refusal>> for SessionPayload {
    fn from(told: Result<SignedIn, Refusal>) -> Self {
        match told {
            Ok(signed_in) => Self { session: Some(signed_in.into()), refusal: None },
            Err(refusal) => Self { session: None, refusal: Some(Refused(refusal)) },
        }
    }
}

/// The root fields about sessions.
#[derive(Default)]
pub struct SignInMutations;

#[Object]
impl SignInMutations {
    /// Sign in with phone and password. Open to everybody, so often from one address.
    async fn sign_in(&self, ctx: &Context<'_>, input: SignInInput) -> Result<SessionPayload, Error> {
        let door = Door::of(ctx)?;
        door.may(&SIGN_IN, &Subject::default())?;
        let SignInInput { phone, password, device } = input;
        let (app, now) = (door.app.clone(), door.now());
        let knows = match &device {
            Some(device) => app.knows_device(&phone, device, now).await.map_err(|fault| door.unread(fault.into()))?,
            None => false,
        };
        if !knows && let Err(refusal) = door.allowances.take(Attempt::SignIn, door.asker.address) {
            return Ok(SessionPayload::from(Err(refusal)));
        }
        let caller = Caller { address: door.asker.address, device };
        let signing_in = async move { app.sign_in(&phone, &password, &caller, now).await };
        Ok(door.told_plain(SIGN_IN.name, signing_in).await?.into())
    }

    /// Exchange a refresh token for a new pair. Open to everybody.
    async fn refresh(&self, ctx: &Context<'_>, input: RefreshInput) -> Result<SessionPayload, Error> {
        let door = Door::of(ctx)?;
        door.may(&REFRESH, &Subject::default())?;
        let (app, now) = (door.app.clone(), door.now());
        let refreshing = async move { app.refresh(&input.refresh_token, now).await };
        Ok(door.told_plain(REFRESH.name, refreshing).await?.into())
    }

    /// End the session that a refresh token belongs to. Open to everybody.
    async fn sign_out(&self, ctx: &Context<'_>, input: SignOutInput) -> Result<SignOutPayload, Error> {
        let door = Door::of(ctx)?;
        door.may(&SIGN_OUT, &Subject::default())?;
        let app = door.app.clone();
        let signing_out = async move { app.sign_out(&input.refresh_token).await };
        let told = door.told_plain(SIGN_OUT.name, signing_out).await?;
        Ok(SignOutPayload { signed_out: told.is_ok(), refusal: told.err().map(Refused) })
    }

    /// Choose a password with a code that the staff has handed over in person: for who has none yet, or has forgotten it. The account
    /// is proven by it, and all its sessions end. Open to everybody who is signed out, so often from one address.
    async fn set_password_by_code(&self, ctx: &Context<'_>, input: SetPasswordByCodeInput) -> Result<ChangePasswordPayload, Error> {
        let door = Door::of(ctx)?;
        if let Err(refusal) = door.allowances.take(Attempt::SignIn, door.asker.address) {
            return Ok(ChangePasswordPayload { changed: false, refusal: Some(Refused(refusal)) });
        }
        let SetPasswordByCodeInput { phone, code, password } = input;
        let (app, actor, now) = (door.app.clone(), (*door.actor()).clone(), door.now());
        let caller = Caller { address: door.asker.address, device: None };
        let setting = async move { app.set_password_by_code(&actor, (&phone, &code), &password, &caller, now).await };
        let told = door.told_plain(SET_PASSWORD_BY_CODE.name, setting).await?;
        Ok(ChangePasswordPayload { changed: told.is_ok(), refusal: told.err().map(Refused) })
    }

    /// Change one's own password; all sessions end.
    async fn change_password(&self, ctx: &Context<'_>, input: ChangePasswordInput) -> Result<ChangePasswordPayload, Error> {
        let door = Door::of(ctx)?;
        let (app, actor, now) = (door.app.clone(), (*door.actor()).clone(), door.now());
        let caller = Caller { address: door.asker.address, device: None };
        let changing = async move { app.change_password(&actor, &input.old_password, &input.new_password, &caller, now).await };
        let told = door.told_plain(CHANGE_PASSWORD.name, changing).await?;
        Ok(ChangePasswordPayload { changed: told.is_ok(), refusal: told.err().map(Refused) })
    }
}
