//! Opening personal data for the views: the vault's keys behind the projections' `Opener`.

use async_trait::async_trait;
use gongyi_domain::values::{PersonId, Sealed};
use gongyi_projections::{Keys, Opened, Opener, OpenerError};
use gongyi_vault::{KeyRing, SealedFor, Vault};
use uuid::Uuid;

/// The vault as the projections may use it.
pub struct VaultOpener(pub Vault);

struct Ring(KeyRing);

#[async_trait]
impl Opener for VaultOpener {
    async fn keys(&self, persons: &[PersonId]) -> Result<Box<dyn Keys>, OpenerError> {
        let ring = self.0.keys(persons).await.map_err(|error| OpenerError(Box::new(error)))?;
        Ok(Box::new(Ring(ring)))
    }
}

impl Keys for Ring {
    fn open(&self, sealed: &Sealed, stream_kind: &str, stream_id: Uuid, event_type: &str, field: &str) -> Opened {
        match self.0.open(sealed, &SealedFor { stream_kind, stream_id, event_type, field }) {
            Ok(Some(text)) => Opened::Text(text),
            Ok(None) => Opened::Erased,
            Err(_) => Opened::Failed,
        }
    }
}
