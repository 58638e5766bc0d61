//! Reads a log from its beginning and makes every decision of it again. Needs the log alone: no views, no vault.

use gongyi_domain::{
    Event,
    deliberation::{
        self,
        recount::{Recount, Recounted},
    },
};
use gongyi_eventlog::{Log, LogError, Position, Recorded, Upcasters, verify::Progress};
use sha2::{Digest, Sha256};

use crate::{rejection::causes, texts::without_texts};

/// Events read at a time.
const BATCH_EVENTS: usize = 5_000;

/// What a recount found.
#[derive(Debug, Default)]
pub struct Recounts {
    /// Every decision, in the order of the log, with the last position of its commit.
    pub decisions: Vec<(Position, Recounted)>,
    /// Events of deliberation that cannot be read, and why: what rests on them is judged without them.
    pub unreadable: Vec<(Position, String)>,
}

impl Recounts {
    /// Every decision is as its events give it.
    pub fn is_sound(&self) -> bool {
        self.unreadable.is_empty() && self.decisions.iter().all(|(_, it)| it.differences.is_empty())
    }
}

/// Makes every decision of the log again, and says how far it is after every batch.
///
/// # Errors
/// The storage failed. What is stored and cannot be read is a finding.
pub async fn recount(log: &(dyn Log + '_), upcasters: &Upcasters, mut progress: impl FnMut(Progress) + Send) -> Result<Recounts, LogError> {
    let of = log.head().await?.position;
    let (mut found, mut position) = (Recounts::default(), 0);
    let mut recount = Recount::new(|bytes| hex::encode(Sha256::digest(bytes)));
    loop {
        let batch = match log.read_after(position, BATCH_EVENTS).await {
            Err(LogError::Damaged { position, what }) => {
                found.unreadable.push((position, what.to_owned()));
                return Ok(found);
            }
            batch => batch?,
        };
        let Some(last) = batch.last() else { return Ok(found) };
        position = last.position;
        for recorded in batch {
            let (at, commit_ends) = (recorded.position, recorded.position == recorded.commit.last_position);
            match decoded(upcasters, &without_texts(recorded.clone())) {
                Ok(Some(event)) => recount.read(recorded.stream.id, event),
                Ok(None) => {}
                Err(why) => found.unreadable.push((at, why)),
            }
            if commit_ends {
                found.decisions.extend(recount.commit_ends().into_iter().map(|it| (at, it)));
            }
        }
        progress(Progress { position, of });
    }
}

/// The event, if it is one of deliberation.
fn decoded(upcasters: &Upcasters, recorded: &Recorded) -> Result<Option<deliberation::Event>, String> {
    if deliberation::Event::schema_version(&recorded.stream.kind, "").is_none() {
        return Ok(None);
    }
    let event = upcasters.decode_event(recorded).map_err(|error| causes(&error))?;
    Ok(if let Event::Deliberation(event) = event { Some(event) } else { None })
}
