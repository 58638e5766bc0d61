//! Given, when, then: how the tests show what an aggregate does. Given what it was asked before, when it is asked for something,
//! then it tells these events, or refuses.
//!
//! ```ignore
//! let logged = given::<ServiceLedger>([]).and(log(1));
//! logged.when(confirm(1)).then([ServiceConfirmed { record: id(1) }]);
//! logged.and(confirm(1)).when(confirm(1)).then_refused(LedgerRefusal::AlreadyConfirmed);
//! ```

use std::{fmt::Debug, ops::Deref};

use esrs::Aggregate;

use crate::refusal::Refusal;

/// An aggregate of which something is given. Its state is read through it.
pub struct Given<A: Aggregate> {
    /// The state.
    pub state: A::State,
}

/// What an aggregate says when it is asked.
#[must_use = "it shows nothing until `then` says what is expected"]
pub struct When<A: Aggregate> {
    said: Result<Vec<A::Event>, A::Error>,
}

/// Given these events; nothing at all without any.
pub fn given<A: Aggregate>(events: impl IntoIterator<Item = A::Event>) -> Given<A> {
    Given { state: events.into_iter().fold(A::State::default(), A::apply_event) }
}

impl<A: Aggregate> Given<A> {
    /// Given that it was asked for this too, and did it.
    #[track_caller]
    pub fn and(self, command: impl Into<A::Command>) -> Self {
        let events = self.when(command).events();
        Self { state: events.into_iter().fold(self.state, A::apply_event) }
    }

    /// Given that it was asked for all of these too, one after the other, and did them.
    #[track_caller]
    pub fn and_all<C: Into<A::Command>>(self, commands: impl IntoIterator<Item = C>) -> Self {
        commands.into_iter().fold(self, Self::and)
    }

    /// When it is asked for this.
    pub fn when(&self, command: impl Into<A::Command>) -> When<A> {
        When { said: A::handle_command(&self.state, command.into()) }
    }
}

impl<A: Aggregate<State: Clone>> Clone for Given<A> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone() }
    }
}

impl<A: Aggregate> Deref for Given<A> {
    type Target = A::State;
    fn deref(&self) -> &A::State {
        &self.state
    }
}

impl<A: Aggregate> When<A> {
    /// The events it tells.
    ///
    /// # Panics
    /// If it refuses.
    #[track_caller]
    pub fn events(self) -> Vec<A::Event> {
        match self.said {
            Ok(events) => events,
            Err(refusal) => panic!("it refuses: {refusal}"),
        }
    }

    /// Then it does it, whatever it tells.
    #[track_caller]
    pub fn then_done(self) {
        drop(self.events());
    }

    /// Then it tells these events.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = A::Event>)
    where
        A::Event: PartialEq + Debug,
    {
        assert_eq!(self.events(), events.into_iter().collect::<Vec<_>>());
    }

    /// Why it refuses.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn refusal(self) -> A::Error
    where
        A::Event: Debug,
    {
        self.said.expect_err("it does not refuse")
    }

    /// Then it refuses for this reason.
    #[track_caller]
    pub fn then_refused(self, refusal: impl Into<A::Error>)
    where
        A::Event: Debug,
        A::Error: PartialEq,
    {
        assert_eq!(self.refusal(), refusal.into());
    }

    /// Then it refuses under this code, whatever else the refusal says.
    #[track_caller]
    pub fn then_code(self, code: &str)
    where
        A::Event: Debug,
        A::Error: Into<Refusal>,
    {
        assert_eq!(self.refusal().into().code, code);
    }
}

#[cfg(test)]
mod tests {
    //! A tool that shows nothing would let every other test pass.

    use super::*;
    use crate::access::area::{Area, AreaCommand, AreaEvent, AreaRefusal};

    fn list(name: &str) -> AreaCommand {
        AreaCommand::List { code: "440402".parse().unwrap(), name: name.into() }
    }

    fn renamed(name: &str) -> AreaEvent {
        AreaEvent::AreaRenamed { code: "440402".parse().unwrap(), name: name.into() }
    }

    #[test]
    fn what_is_told_and_what_is_refused_is_shown() {
        let listed = given::<Area>([]).and(list("香洲区"));
        listed.when(list("新名")).then([renamed("新名")]);
        listed.when(list("香洲区")).then([]);
        listed.when(list(" ")).then_refused(AreaRefusal::AreaNameMissing { most: crate::access::area::AREA_NAME_MAX_CHARS });
        listed.when(list(" ")).then_code("AreaNameMissing");
        assert_eq!(given::<Area>([renamed("新名")]).name.as_deref(), Some("新名"));
    }

    #[test]
    #[should_panic(expected = "it refuses")]
    fn a_refusal_is_no_event() {
        given::<Area>([]).when(list(" ")).then([]);
    }

    #[test]
    #[should_panic(expected = "it does not refuse")]
    fn an_event_is_no_refusal() {
        given::<Area>([])
            .when(list("香洲区"))
            .then_refused(AreaRefusal::AreaNameMissing { most: crate::access::area::AREA_NAME_MAX_CHARS });
    }

    #[test]
    #[should_panic(expected = "left == right")]
    fn another_event_is_not_that_event() {
        given::<Area>([]).and(list("香洲区")).when(list("新名")).then([renamed("旧名")]);
    }
}
