//! The ballot box of a poll, as the log says: made when it opens, emptied when it is counted, destroyed when it is over.

use std::collections::HashMap;

use gongyi_domain::{
    deliberation::{
        ballot::Ballot,
        poll::{Poll, PollPhase, PollRefusal},
        poll_terms::PollTerms,
        roll_entry::{Channel, RollEntry, RollEntryEvent},
    },
    values::{PollId, RollEntryId},
};
use gongyi_eventlog::StreamId;
use gongyi_vault::{PendingBallot, VaultError};
use uuid::Uuid;

use crate::{
    App,
    rejection::{Fault, Rejection, refused},
};

impl App {
    /// Brings the ballot box in line with the log. **Before the first command only**: while casts are under way, a
    /// participation that is not in the log may still come.
    ///
    /// # Errors
    /// Faults; the server must not serve then.
    pub async fn reconcile_ballots(&self) -> Result<(), Rejection> {
        if !self.vault().has_ballot_box() {
            return Ok(());
        }
        for poll in self.vault().ballot_box().await?.polls().await? {
            match self.state::<Poll>(poll).await?.phase {
                PollPhase::Counted | PollPhase::Published | PollPhase::Voided => self.destroy_ballots(poll).await?,
                PollPhase::Closed => {
                    self.end_receipts(poll).await?;
                    self.settle_pending(poll).await?;
                }
                PollPhase::Unknown | PollPhase::Prepared | PollPhase::Opened => self.settle_pending(poll).await?,
            }
        }
        Ok(())
    }

    /// Keeps every pending ballot whose participation is in the log, and drops the others. No participation of this poll may
    /// be on its way into the log.
    async fn settle_pending(&self, poll: PollId) -> Result<(), Rejection> {
        let ballots = self.vault().ballot_box().await?;
        let pending = ballots.pending(poll).await?;
        let streams: Vec<_> = pending.iter().map(|it| StreamId::of::<RollEntry>(it.entry.0)).collect();
        let mut taken_part: HashMap<RollEntryId, Uuid> = HashMap::new();
        for recorded in self.log().read_streams(&streams).await? {
            let event = self.upcasters().decode::<RollEntryEvent>(&recorded).map_err(|fault| Fault::Session(fault.into()))?;
            if let RollEntryEvent::BallotCast { channel: Channel::Online, .. } = event {
                taken_part.insert(RollEntryId(recorded.stream.id), recorded.commit.metadata.command_id);
            }
        }
        for PendingBallot { entry, command } in pending {
            let by = PendingBallot { entry, command };
            if taken_part.get(&entry) == Some(&command) {
                self.keep_ballot(poll, by).await?;
            } else {
                ballots.drop_pending(poll, by).await?;
            }
        }
        Ok(())
    }

    /// Every ballot of a closed poll, shuffled. None if there is no box: the count then says that they are missing.
    pub(super) async fn closed_ballots(&self, poll: PollId) -> Result<Vec<Ballot>, Rejection> {
        let ballots = self.vault().ballot_box().await?;
        match self.settle_pending(poll).await {
            Err(Rejection::Fault(Fault::Vault(VaultError::NoBallotBox))) => return Ok(vec![]),
            settled => settled?,
        }
        let kept = ballots.kept(poll).await?;
        Ok(kept.iter().map(|bytes| serde_json::from_slice(bytes)).collect::<Result<Vec<_>, _>>().map_err(Fault::Json)?)
    }

    /// No receipt is made any more in this poll.
    pub(super) async fn end_receipts(&self, poll: PollId) -> Result<(), Rejection> {
        if self.vault().has_ballot_box() {
            self.vault().ballot_box().await?.end_receipts(poll).await?;
        }
        Ok(())
    }

    pub(in crate::deliberation) async fn destroy_ballots(&self, poll: PollId) -> Result<(), Rejection> {
        if self.vault().has_ballot_box() {
            self.vault().ballot_box().await?.destroy(poll).await?;
        }
        Ok(())
    }

    /// Makes an opened poll's ballot box, unless there is one, or was.
    pub(in crate::deliberation) async fn make_ballot_box(&self, id: PollId, poll: &Poll, terms: &PollTerms) -> Result<(), Rejection> {
        let entries = poll.roll.as_ref().map_or(0, |roll| roll.entries);
        let drawers = u32::try_from(entries).map_err(|_| refused(PollRefusal::TooMany))?;
        let bytes = terms.method.ballot_max_bytes(terms.option_count());
        match self.vault().ballot_box().await?.make(id, drawers, bytes).await {
            Ok(()) | Err(VaultError::NoBallotBox) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }
}
