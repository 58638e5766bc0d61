//! Every key that the log calls erased is destroyed. The command does so at once; this does it again after a crash
//! between the commit and the destruction, and after the restore of a vault from before the erasure, whose checkpoint
//! is as old as its keys. What led to a claim is forgotten likewise, once it is released.

use esrs::Aggregate;
use gongyi_domain::{
    access::{
        claim::{Claim, ClaimEvent},
        person::{Person, PersonEvent},
    },
    values::PersonId,
};
use gongyi_eventlog::Recorded;

use super::Process;
use crate::{
    App,
    rejection::{Fault, Rejection},
};

/// The process.
pub struct DestroyErasedKeys;

impl Process for DestroyErasedKeys {
    const NAME: &'static str = "destroy-erased-keys";

    async fn follow(&self, app: &App, event: &Recorded) -> Result<(), Rejection> {
        if event.stream.kind == Claim::NAME {
            return match app.upcasters().decode::<ClaimEvent>(event).map_err(Fault::Decoding)? {
                ClaimEvent::Released { .. } => app.forget_claim(event.stream.id).await,
                ClaimEvent::Claimed { .. } => Ok(()),
            };
        }
        if event.stream.kind != Person::NAME {
            return Ok(());
        }
        match app.upcasters().decode::<PersonEvent>(event).map_err(|error| Fault::Session(error.into()))? {
            PersonEvent::PersonErased {} => app.destroy_secrets(PersonId(event.stream.id)).await,
            PersonEvent::PersonRegistered { .. } | PersonEvent::PersonCorrected { .. } => Ok(()),
        }
    }
}
