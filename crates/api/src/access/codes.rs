//! Opening accounts with a code to be handed over, and another code for who has forgotten the password. The code is made here and
//! told once, in the first answer; it is no part of what is stored.

use async_graphql::{Context, Error, ID, InputObject, Object};
use futures::future;
use gongyi_app::access::accounts::{IssueSignInCode, OpenAccount, SignInCode};
use gongyi_domain::values::AccountId;

use super::accounts::{Account, account};
use crate::{
    door::Door,
    ids,
    outcome::{Outcome, payloads},
    table::Payload,
};

payloads! {
    /// An account with a code, after a command.
    SignInCodePayload((AccountId, Option<String>)) {
        /// The account.
        account: Account = |door, issued| account(door, issued.0),
        /// What its owner chooses the password with, within seven days, by `setPasswordByCode`: 16 digits in groups, to be handed over
        /// in person. Told once, in the first answer.
        code: String = |_door, issued| future::ok::<_, Error>(issued.1.clone()),
    }
}

async fn told(door: &Door<'_>, code: &SignInCode, done: Outcome<AccountId>) -> Result<SignInCodePayload, Error> {
    let code = (!done.told.unchanged).then(|| code.in_groups());
    SignInCodePayload::shown(door, done.told, done.answer.map(|account| (account, code))).await
}

/// Open an account for a person who has none; the answer tells a code for its owner, once.
#[derive(InputObject)]
pub struct OpenAccountInput {
    /// The person, as `Volunteer.person` has it. The sign-in name is the person's phone number.
    person: ID,
    /// The command's id, a UUID; sent again, the first code stays and none is told.
    command_id: Option<ID>,
}

/// Issue another code to who has no password yet or has forgotten it; the answer tells it, once.
#[derive(InputObject)]
pub struct IssueSignInCodeInput {
    /// To whose account.
    account: ID,
    /// The command's id, a UUID; sent again, the first code stays and none is told.
    command_id: Option<ID>,
}

/// The root fields that hand out codes.
#[derive(Default)]
pub struct SignInCodeMutations;

#[Object]
impl SignInCodeMutations {
    /// Open an account for a person who has none, or whose account was closed. Its owner chooses the password with the code that is
    /// told here; until then the account is not proven.
    async fn open_account(&self, ctx: &Context<'_>, input: OpenAccountInput) -> Result<SignInCodePayload, Error> {
        let (door, code) = (Door::of(ctx)?, SignInCode::generate());
        let command = ids::named(&input.person, "person").map(|person| OpenAccount { person, code: code.clone() });
        told(&door, &code, door.does(input.command_id.as_ref(), command).await?).await
    }

    /// Issue another code to who has no password yet or has forgotten it; the one before holds no more. Nobody issues one to
    /// themselves, or to who holds a role that is not below theirs.
    async fn issue_sign_in_code(&self, ctx: &Context<'_>, input: IssueSignInCodeInput) -> Result<SignInCodePayload, Error> {
        let (door, code) = (Door::of(ctx)?, SignInCode::generate());
        let command = ids::named(&input.account, "account").map(|account| IssueSignInCode { account, code: code.clone() });
        told(&door, &code, door.does(input.command_id.as_ref(), command).await?).await
    }
}
