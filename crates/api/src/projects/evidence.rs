//! Files that show what was done with money and time.

use gongyi_domain::{deliberation::attachment::Attachment, refusal::Refusal};

use crate::{
    attachment::AttachmentInput,
    table::{At, Wire},
};

/// Files that show it; none if not said.
pub(crate) enum Evidence {}

impl Wire for Evidence {
    type Sent = Option<Vec<AttachmentInput>>;
    type Taken = Vec<Attachment>;
    fn read(sent: Self::Sent, at: At<'_>) -> Result<Vec<Attachment>, Refusal> {
        Option::<Vec<AttachmentInput>>::read(sent, at).map(Option::unwrap_or_default)
    }
}
