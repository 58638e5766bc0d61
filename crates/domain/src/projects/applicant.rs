//! Who applies for and carries out a project.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{CouncilId, OrganisationId};

/// Who applies for and carries out a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Applicant {
    /// An organisation, self-organisations of residents included.
    Organisation(OrganisationId),
    /// A council.
    Council(CouncilId),
}
