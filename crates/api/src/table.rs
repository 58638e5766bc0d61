//! The write door as a table: one entry a mutation.
//!
//! An entry is the sentence that describes the mutation, the command of `app` it sends, the payload it answers with, and
//! the command's fields with their descriptions. From it come the mutation (the command's name as `lowerCamelCase`), its
//! input (`<Mutation>Input`, with `commandId`), and its resolver, counted by the command's act. A command whose fields are
//! the input's needs no more:
//!
//! ```ignore
//! mutations! {
//!     /// What moves the money of funds.
//!     pub struct FundMutations;
//!
//!     /// Close a year of a fund: nothing more is granted from it.
//!     CloseFundYear -> FundPayload {
//!         /// Of which fund.
//!         fund: FundId,
//!         /// Which year.
//!         year: u16,
//!     }
//! }
//! ```
//!
//! A field's type says how it comes from the wire ([`Wire`]): a typed id is read once, with the field's name for the refusal;
//! [`Oneself`] is a person named by id, or whoever asks. Where a command is put together otherwise than field by field, it
//! stands behind the fields; each of them is there under its name, already read:
//!
//! ```ignore
//!     /// Take up an item of the agenda.
//!     TakeUpItem -> MeetingPayload {
//!         /// Which item of an agenda; its id names the meeting.
//!         item: AgendaItemKey,
//!     } = TakeUpItem { meeting: item.meeting, item: item.item };
//! ```
//!
//! What is done for oneself only says behind the fields which one more of the command's is whoever asks:
//!
//! ```ignore
//!     /// Endorse an issue, for oneself.
//!     EndorseIssue -> IssuePayload {
//!         /// Which issue.
//!         issue: ResidentIssueId,
//!     } for person
//! ```
//!
//! And where the answer alone does not name what the payload shows, what does stands last, made of the answer:
//!
//! ```ignore
//!     /// Take back of a grant what was not paid: it is free again in its line.
//!     ReleaseGrant -> ProjectGrantPayload {
//!         /// Of which grant.
//!         grant: GrantKey,
//!         /// How much.
//!         amount: Money,
//!     } = ReleaseGrant { fund: grant.fund, allocation: grant.allocation, amount }, |_| grant;
//! ```
//!
//! What no table can say (signing in, a secret ballot) is written out in a `#[Object]` of its own.

use async_graphql::{Error, ID, InputType, MaybeUndefined};
use futures::future::BoxFuture;
use gongyi_app::Command;
use gongyi_domain::{refusal::Refusal, values::PersonId};

use crate::{
    access::personal::in_the_name_of,
    door::Door,
    ids::{self, GlobalId},
    outcome::Told,
};

/// Where a field of an input stands: who sends it, and under which name.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) door: &'a Door<'a>,
    /// The field's name, for a refusal.
    pub(crate) field: &'static str,
}

/// How a field of a command comes from the wire.
pub(crate) trait Wire {
    /// What a client sends.
    type Sent: InputType;
    /// What the command takes.
    type Taken;

    /// What the command takes, of what was sent.
    ///
    /// # Errors
    /// What was sent is no such thing; the refusal names the field.
    fn read(sent: Self::Sent, at: At<'_>) -> Result<Self::Taken, Refusal>;
}

/// A typed id.
impl<T: GlobalId> Wire for T {
    type Sent = ID;
    type Taken = T;
    fn read(sent: ID, at: At<'_>) -> Result<T, Refusal> {
        ids::named(&sent, at.field)
    }
}

impl<T: Wire> Wire for Option<T> {
    type Sent = Option<T::Sent>;
    type Taken = Option<T::Taken>;
    fn read(sent: Self::Sent, at: At<'_>) -> Result<Self::Taken, Refusal> {
        sent.map(|sent| T::read(sent, at)).transpose()
    }
}

impl<T: Wire> Wire for Vec<T> {
    type Sent = Vec<T::Sent>;
    type Taken = Vec<T::Taken>;
    fn read(sent: Self::Sent, at: At<'_>) -> Result<Self::Taken, Refusal> {
        sent.into_iter().map(|sent| T::read(sent, at)).collect()
    }
}

impl<T: Wire> Wire for MaybeUndefined<T> {
    type Sent = MaybeUndefined<T::Sent>;
    type Taken = MaybeUndefined<T::Taken>;
    fn read(sent: Self::Sent, at: At<'_>) -> Result<Self::Taken, Refusal> {
        Ok(match sent {
            MaybeUndefined::Undefined => MaybeUndefined::Undefined,
            MaybeUndefined::Null => MaybeUndefined::Null,
            MaybeUndefined::Value(sent) => MaybeUndefined::Value(T::read(sent, at)?),
        })
    }
}

/// Says how types of the schema are taken: as themselves, or through what stands behind the arrow. Whatever is read may be
/// refused with `?`.
macro_rules! wires {
    ($($sent:ty $(=> $taken:ty = |$value:ident| $read:expr)?;)+) => {$(
        wires!(@one $sent $(=> $taken = |$value| $read)?);
    )+};
    (@one $sent:ty) => { wires!(@one $sent => $sent = |sent| sent); };
    (@one $sent:ty => $taken:ty = |$value:ident| $read:expr) => {
        impl $crate::table::Wire for $sent {
            type Sent = Self;
            type Taken = $taken;
            fn read($value: Self, _: $crate::table::At<'_>) -> Result<Self::Taken, gongyi_domain::refusal::Refusal> {
                Ok($read)
            }
        }
    };
}
pub(crate) use wires;

wires! {
    String;
    bool;
    u8;
    u16;
    u32;
    crate::scalars::Area => gongyi_domain::values::AreaCode = |area| area.0;
    crate::scalars::Date => gongyi_domain::values::Day = |date| date.0;
    crate::scalars::Moment => gongyi_domain::values::Instant = |moment| moment.0;
    crate::scalars::Money => gongyi_domain::values::Cents = |money| money.0;
}

/// A person by id; oneself if not said.
pub(crate) enum Oneself {}

impl Wire for Oneself {
    type Sent = Option<ID>;
    type Taken = PersonId;
    fn read(sent: Option<ID>, at: At<'_>) -> Result<PersonId, Refusal> {
        in_the_name_of(at.door, sent.as_ref(), at.field)
    }
}

/// What a mutation answers with: what was changed, and what every payload says.
pub(crate) trait Payload: Sized {
    /// What names that which was changed.
    type Key: Send;

    /// The payload, once the views show what was done; nothing is shown of what was refused.
    fn shown<'a>(door: &'a Door<'a>, told: Told, key: Option<Self::Key>) -> BoxFuture<'a, Result<Self, Error>>;
}

/// Sends a command and answers with what it changed.
pub(crate) async fn sent<C, P>(
    door: &Door<'_>,
    command_id: Option<&ID>,
    asked: Result<(C, impl FnOnce(C::Answer) -> P::Key + Send), Refusal>,
) -> Result<P, Error>
where
    C: Command + Send + 'static,
    C::Answer: 'static,
    P: Payload,
{
    let (command, key) = match asked {
        Ok((command, key)) => (Ok(command), Some(key)),
        Err(refusal) => (Err(refusal), None),
    };
    let done = door.does(command_id, command).await?;
    let key = done.answer.zip(key).map(|(answer, key)| key(answer));
    P::shown(door, done.told, key).await
}

/// Declares the mutations of an area; see the [module](self).
macro_rules! mutations {
    (
        $(#[$group_doc:meta])*
        pub struct $group:ident;
        $(
            $(#[doc = $sentence:literal])+
            $command:ident -> $payload:ident {
                $( $(#[$field_meta:meta])* $field:ident: $wire:ty ),* $(,)?
            } $(for $own:ident)? $(= $built:expr $(, $key:expr)?;)?
        )+
    ) => { pastey::paste! {
        $(
            $(#[doc = $sentence])+
            #[derive(async_graphql::InputObject)]
            pub struct [<$command Input>] {
                $( $(#[$field_meta])* $field: <$wire as $crate::table::Wire>::Sent, )*
                /// The command's id, a UUID; sent again, it is answered as the first time.
                command_id: Option<async_graphql::ID>,
            }
        )+

        $(#[$group_doc])*
        #[derive(Default)]
        pub struct $group;

        #[async_graphql::Object]
        impl $group {
            $(
                $(#[doc = $sentence])+
                async fn [<$command:snake>](
                    &self,
                    ctx: &async_graphql::Context<'_>,
                    input: [<$command Input>],
                ) -> Result<$payload, async_graphql::Error> {
                    let door = $crate::door::Door::of(ctx)?;
                    let [<$command Input>] { $($field,)* command_id } = input;
                    let asked = (|| {
                        $( let $field = <$wire as $crate::table::Wire>::read(
                            $field, $crate::table::At { door: &door, field: stringify!([<$field:lower_camel>]) },
                        )?; )*
                        $( let $own = <$crate::table::Oneself as $crate::table::Wire>::read(
                            None, $crate::table::At { door: &door, field: stringify!([<$own:lower_camel>]) },
                        )?; )?
                        Ok($crate::table::asked!($command { $($field,)* $($own)? } $(= $built $(, $key)?)?))
                    })();
                    $crate::table::sent(&door, command_id.as_ref(), asked).await
                }
            )+
        }
    } };
}
pub(crate) use mutations;

/// A command with what makes the payload's key of its answer.
macro_rules! asked {
    ($command:ident { $($field:ident),* $(,)? }) => { ($command { $($field),* }, |answer| answer) };
    ($command:ident { $($field:ident),* $(,)? } = $built:expr) => { ($built, |answer| answer) };
    ($command:ident { $($field:ident),* $(,)? } = $built:expr, $key:expr) => {{
        let key = $key;
        ($built, key)
    }};
}
pub(crate) use asked;
