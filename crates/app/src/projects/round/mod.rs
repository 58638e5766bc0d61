//! Rounds: called, applied in, selected from.

use gongyi_domain::{
    access::authority::{Act, Subject},
    projects::round::{Round, terms::RoundRefusal},
    values::{ApplicationId, PersonId, RoundId},
};

use super::subject;
use crate::{
    rejection::{Rejection, refused},
    work::{Loaded, Work},
};

pub mod applying;
pub mod calling;
pub mod selecting;

/// A round that was called, if the actor may do `act` to it, or to what is `person`'s own in it.
async fn kept(work: &mut Work<'_>, act: &Act, id: RoundId, person: Option<PersonId>) -> Result<Loaded<Round>, Rejection> {
    let round = work.lock::<Round>(id).await?;
    let area = round.inner().terms.as_ref().ok_or_else(|| refused(RoundRefusal::UnknownRound))?.area.clone();
    work.may(act, &Subject { area: Some(area), organisations: vec![], person })?;
    Ok(round)
}

/// The same for who applied: whoever wrote the application, and its organisation's coordinators.
async fn applied(work: &mut Work<'_>, act: &Act, id: RoundId, application: ApplicationId) -> Result<Loaded<Round>, Rejection> {
    let round = work.lock::<Round>(id).await?;
    let within = round.inner().terms.as_ref().ok_or_else(|| refused(RoundRefusal::UnknownRound))?.area.clone();
    let about = match round.inner().application(application) {
        Ok(it) => subject(work, it.applicant, within, Some(it.by)).await?,
        // Who may not keep the round learns no more; who may is told that there is none.
        Err(_) => Subject::area(within),
    };
    work.may(act, &about)?;
    Ok(round)
}
