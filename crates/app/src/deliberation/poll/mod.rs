//! Polls: prepared with a roll, opened, cast in, closed, counted, published; and their ballot boxes.

use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::poll::Poll,
    values::PollId,
};

use crate::{
    rejection::{Rejection, refused},
    work::{Loaded, Work},
};

mod ballot_box;
pub mod casting;
pub mod counting;
pub mod preparing;
pub mod roll;

/// The poll, if the actor may do `act` to it.
async fn kept_poll(work: &mut Work<'_>, act: &Act, poll: PollId) -> Result<Loaded<Poll>, Rejection> {
    let loaded = work.load::<Poll>(poll).await?;
    let area = loaded.inner().terms().map_err(refused)?.area.clone();
    work.may(act, &Subject::area(area))?;
    Ok(loaded)
}
