//! Claims: what may exist once, and who holds it.
//!
//! - A claim's stream has a random id. The vault leads from the value to it, and forgets it when the claim is released, so
//!   that the log does not tell who comes back.
//! - The vault keeps the stream before the claim is committed. Two who claim one value at once are led to the same stream, of
//!   which the log lets one begin; a released stream is never claimed again.
//! - A claim from before ids were random stands under an HMAC of its value as long as it is held; both are looked at.

use std::collections::BTreeMap;

use esrs::Aggregate;
use gongyi_domain::access::claim::{Claim, ClaimCommand, ClaimEvent, Purpose};
use gongyi_vault::{ClaimDigest, NewClaim};
use uuid::Uuid;

use crate::{
    App,
    rejection::{Fault, Rejection},
    work::{Loaded, Work},
};

/// Events read at a time when all claims are looked through.
const BATCH_EVENTS: usize = 5_000;

/// How a value stands.
enum Standing {
    /// Somebody holds it.
    Held(Loaded<Claim>),
    /// A stream stands for it, and nobody has ever held that.
    Begun(Loaded<Claim>),
    /// It has no stream, or one that is over.
    Free { digest: ClaimDigest, over: Option<Uuid> },
}

impl Work<'_> {
    /// How a value stands. Looked up once: what it answers is what the commit rests on.
    async fn claim_of(&self, purpose: Purpose, value: &str) -> Result<Standing, Rejection> {
        let vault = self.app.vault();
        // Loaded although it is mostly empty: the commit then holds only if nobody has taken or released it meanwhile.
        let former = self.load::<Claim>(vault.former_claim_id(purpose.label(), value)).await?;
        if former.inner().holder.is_some() {
            return Ok(Standing::Held(former));
        }
        let digest = vault.claim_digest(purpose.label(), value);
        let Some(stream) = vault.claim_stream(digest).await? else { return Ok(Standing::Free { digest, over: None }) };
        let claim = self.load::<Claim>(stream).await?;
        Ok(match claim.inner().holder {
            Some(_) => Standing::Held(claim),
            None if *claim.sequence_number() == 0 => Standing::Begun(claim),
            None => Standing::Free { digest, over: Some(stream) },
        })
    }

    /// Who holds a value.
    ///
    /// # Errors
    /// Faults of log and vault.
    pub(crate) async fn claim_holder(&self, purpose: Purpose, value: &str) -> Result<Option<Uuid>, Rejection> {
        match self.claim_of(purpose, value).await? {
            Standing::Held(claim) => Ok(claim.inner().holder),
            Standing::Begun(_) | Standing::Free { .. } => Ok(None),
        }
    }

    /// Claims a value for `holder`.
    ///
    /// # Errors
    /// Another holds it; faults of log and vault.
    pub(crate) async fn take_claim(&self, purpose: Purpose, value: &str, holder: Uuid) -> Result<(), Rejection> {
        let claim = match self.claim_of(purpose, value).await? {
            Standing::Held(claim) | Standing::Begun(claim) => claim,
            Standing::Free { digest, over } => {
                let stream = Uuid::new_v4();
                self.secrets.add_claim(NewClaim { digest, stream, instead_of: over });
                self.load::<Claim>(stream).await?
            }
        };
        self.decide::<Claim>(claim, ClaimCommand::Take { purpose, holder }).await?;
        Ok(())
    }

    /// Lets a value go that `holder` holds; of another holder's nothing happens.
    ///
    /// # Errors
    /// Faults of log and vault.
    pub(crate) async fn release_claim(&self, purpose: Purpose, value: &str, holder: Uuid) -> Result<(), Rejection> {
        if let Standing::Held(held) = self.claim_of(purpose, value).await? {
            self.decide::<Claim>(held, ClaimCommand::Release { holder }).await?;
        }
        Ok(())
    }

    /// Lets everything go that these hold, whose values nobody can read any more: the whole log is looked through.
    ///
    /// # Errors
    /// Faults of the log.
    pub(crate) async fn release_all_claims(&self, holders: &[Uuid]) -> Result<(), Rejection> {
        let mut held = BTreeMap::new();
        let mut position = 0;
        loop {
            let events = self.app.log().read_after(position, BATCH_EVENTS).await?;
            let Some(last) = events.last() else { break };
            position = last.position;
            for event in events.iter().filter(|event| event.stream.kind == Claim::NAME) {
                match self.app.upcasters().decode::<ClaimEvent>(event).map_err(Fault::Decoding)? {
                    ClaimEvent::Claimed { holder, .. } if holders.contains(&holder) => _ = held.insert(event.stream.id, holder),
                    ClaimEvent::Claimed { .. } => {}
                    ClaimEvent::Released { .. } => _ = held.remove(&event.stream.id),
                }
            }
        }
        for (claim, holder) in held {
            self.load_and_decide::<Claim>(claim, ClaimCommand::Release { holder }).await?;
        }
        Ok(())
    }
}

impl App {
    /// Forgets what led to a claim that was released.
    ///
    /// # Errors
    /// Faults of the vault.
    pub(crate) async fn forget_claim(&self, stream: Uuid) -> Result<(), Rejection> {
        Ok(self.vault().forget_claim(stream).await?)
    }

    /// Who holds a value.
    ///
    /// # Errors
    /// Faults of log and vault.
    pub(crate) async fn claim_holder(&self, purpose: Purpose, value: &str) -> Result<Option<Uuid>, Rejection> {
        Work::begin(self, &self.reading_request(), self.reading_session()).await?.claim_holder(purpose, value).await
    }

    /// Forgets the streams of claims that never came to be, or are over. Nobody may be claiming anything meanwhile: to be called
    /// before the first command.
    ///
    /// # Errors
    /// Faults of log and vault.
    pub async fn forget_unheld_claims(&self) -> Result<(), Rejection> {
        for stream in self.vault().claim_streams().await? {
            if self.state::<Claim>(stream).await?.holder.is_none() {
                self.vault().forget_claim(stream).await?;
            }
        }
        Ok(())
    }
}
