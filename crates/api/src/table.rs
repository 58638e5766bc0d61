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
#[diagnostic::on_unimplemented(
    message = "nothing says how `{Self}` comes from the wire",
    label = "no global id, and in no `wires!`",
    note = "`wires!` says it beside the type that is sent, and that type stands in the entry"
)]
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
#[diagnostic::do_not_recommend]
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
    i32;
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

/// What a mutation answers with: what was changed, which the key names, and what every payload says.
#[diagnostic::on_unimplemented(
    message = "what `{Self}` shows is not named by `{Key}`",
    label = "not named by `{Key}`",
    note = "the command's answer is the key, unless the entry ends in what makes the key of it: `}} = Command {{ … }}, |answer| key;`"
)]
pub(crate) trait Payload<Key: Send>: Sized {
    /// The payload, once the views show what was done; nothing is shown of what was refused.
    fn shown<'a>(door: &'a Door<'a>, told: Told, key: Option<Key>) -> BoxFuture<'a, Result<Self, Error>>;
}

/// A command with what makes the payload's key of its answer.
pub(crate) fn named_by<P, C, Key, F>(key: F, command: C) -> (C, F)
where
    C: Command,
    Key: Send,
    F: FnOnce(C::Answer) -> Key + Send,
    P: Payload<Key>,
{
    (command, key)
}

/// A command with what makes the payload's key of its answer: the answer itself.
type NamedByAnswer<C> = (C, fn(<C as Command>::Answer) -> <C as Command>::Answer);

/// A command whose answer is the payload's key.
pub(crate) trait AnswersWithKey: Command + Sized {
    fn named<P: Payload<Self::Answer>>(self) -> NamedByAnswer<Self> {
        (self, |answer| answer)
    }
}

impl<C: Command> AnswersWithKey for C {}

/// That a type comes from the wire; the compiler points at the entry's field if it does not.
pub(crate) const fn comes<T: Wire>() {}

/// Sends a command and answers with what it changed.
pub(crate) async fn sent<C, P, Key>(
    door: &Door<'_>,
    command_id: Option<&ID>,
    asked: Result<(C, impl FnOnce(C::Answer) -> Key + Send), Refusal>,
) -> Result<P, Error>
where
    C: Command + Send + 'static,
    C::Answer: 'static,
    Key: Send,
    P: Payload<Key>,
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
            $command:ident -> $payload:ty {
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

        const _: () = { $($( $crate::table::comes::<$wire>(); )*)+ };

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
                        Ok($crate::table::asked!($payload, $command { $($field,)* $($own)? } $(= $built $(, $key)?)?))
                    })();
                    $crate::table::sent(&door, command_id.as_ref(), asked).await
                }
            )+
        }
    } };
}
pub(crate) use mutations;

/// A command with what makes the payload's key of its answer. The key's closure comes first: what it takes along, it copies
/// before the command moves it.
macro_rules! asked {
    ($payload:ty, $command:ident { $($field:ident),* $(,)? }) => {{
        use $crate::table::AnswersWithKey as _;
        $command { $($field),* }.named::<$payload>()
    }};
    ($payload:ty, $command:ident { $($field:ident),* $(,)? } = $built:expr) => {{
        use $crate::table::AnswersWithKey as _;
        ($built).named::<$payload>()
    }};
    ($payload:ty, $command:ident { $($field:ident),* $(,)? } = $built:expr, $key:expr) => {
        $crate::table::named_by::<$payload, _, _, _>($key, $built)
    };
}
pub(crate) use asked;
