//! A residents' covenant (居民公约): a document whose versions are adopted by motion.
//!
//! - Every version names the motion and the vote that adopted it; one decision adopts one version.
//! - It takes effect on the day it is adopted or later, never before an earlier version does.
//! - Versions stay readable for ever, and what changed between any two can be told. Repealed, it gets no more versions.
//!
//! Source: 居委会组织法 2018 art. 15: made by the residents' meeting, filed with the people's government above or its
//! agency (备案).

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    difference::{Difference, difference},
    text::{Text, TextRefusal},
};
use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    refusal::{Refusal, refusals},
    values::{AreaCode, CouncilId, Day, MotionId, VoteId},
};

/// Most versions of one covenant; their texts stand in its stream.
pub const COVENANT_VERSIONS_MAX_COUNT: usize = 200;

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer)];
/// Write down the covenant that a motion adopted.
pub const ADOPT_COVENANT: Act = Act { name: "adoptCovenant", open_to: KEEPERS };
/// Write down its next version.
pub const REVISE_COVENANT: Act = Act { name: "reviseCovenant", open_to: KEEPERS };
/// Write down that a motion repealed it.
pub const REPEAL_COVENANT: Act = Act { name: "repealCovenant", open_to: KEEPERS };
/// Write down that a version was filed.
pub const FILE_COVENANT: Act = Act { name: "fileCovenant", open_to: KEEPERS };
/// Read covenants; they are public.
pub const COVENANTS: Act = Act { name: "covenants", open_to: &[To::Anyone] };

/// The decision that a version rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Adoption {
    /// The motion.
    pub motion: MotionId,
    /// The vote that decided it.
    pub vote: VoteId,
    /// The day of the decision, in the tenant's time zone.
    pub on: Day,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// What it says.
    pub text: Text,
    /// What it rests on.
    pub adoption: Adoption,
    /// From which day on it holds.
    pub effective: Day,
    /// The day it was filed.
    pub filed: Option<Day>,
}

/// A covenant's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covenant {
    /// Whose it is; `None` before it was adopted.
    pub council: Option<CouncilId>,
    /// Where it holds.
    pub area: Option<AreaCode>,
    /// Its versions; the first is version 1.
    pub versions: Vec<Version>,
    /// Its repeal, and from which day on it does not hold any more.
    pub repealed: Option<(Adoption, Day)>,
}

/// What may be asked of a covenant. The text is the one that was voted on.
#[derive(Debug, Clone)]
pub enum CovenantCommand {
    /// The first version.
    Adopt {
        /// Whose it is.
        council: CouncilId,
        /// Where it holds.
        area: AreaCode,
        /// What it says.
        text: Text,
        /// What it rests on.
        adoption: Adoption,
        /// From which day on it holds.
        effective: Day,
    },
    /// The next version.
    Revise {
        /// What it says.
        text: Text,
        /// What it rests on.
        adoption: Adoption,
        /// From which day on it holds.
        effective: Day,
    },
    /// Repeal it.
    Repeal {
        /// What the repeal rests on.
        adoption: Adoption,
        /// From which day on it does not hold any more.
        effective: Day,
    },
    /// Write down that a version was filed.
    File {
        /// Which version, from 1.
        version: u32,
        /// The day.
        on: Day,
        /// Today, in the tenant's time zone.
        today: Day,
    },
}

/// What happened to a covenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CovenantEvent {
    /// Adopted: version 1.
    CovenantAdopted {
        /// Whose it is.
        council: CouncilId,
        /// Where it holds.
        area: AreaCode,
        /// What it says.
        text: Text,
        /// What it rests on.
        adoption: Adoption,
        /// From which day on it holds.
        effective: Day,
    },
    /// A next version.
    CovenantRevised {
        /// Which.
        version: u32,
        /// What it says.
        text: Text,
        /// What it rests on.
        adoption: Adoption,
        /// From which day on it holds.
        effective: Day,
    },
    /// Repealed for good.
    CovenantRepealed {
        /// What the repeal rests on.
        adoption: Adoption,
        /// From which day on it does not hold any more.
        effective: Day,
    },
    /// A version was filed.
    CovenantFiled {
        /// Which.
        version: u32,
        /// The day.
        on: Day,
    },
}
impl DomainEvent for CovenantEvent {}

refusals! {
    /// Why a covenant says no.
    pub enum CovenantRefusal {
        /// Nothing of this id.
        UnknownCovenant("covenant", "没有此居民公约", "There is no such covenant"),
        /// Adopted already.
        CovenantExists("covenant", "该居民公约已通过", "This covenant is adopted already"),
        /// Repealed.
        CovenantIsRepealed("covenant", "该居民公约已废止", "This covenant is repealed"),
        /// No version of this number.
        UnknownCovenantVersion("version", "没有此版本", "There is no such version"),
        /// The text is wrong; the sentence says how.
        CovenantTextUnfit { zh: String, en: String }("text", "{zh}", "{en}"),
        /// Nothing changed.
        SameText("text", "内容与现行版本相同", "The text is the same as the last version's"),
        /// Not adopted, or its decision does not stand.
        MotionNotAdopted("motion", "该议题未获通过，或其决定已不成立", "The motion was not adopted, or its decision does not stand"),
        /// Decided by another rule than the charter's for covenants.
        NotVotedAsCovenant("motion", "该议题未按章程中居民公约的表决规则通过", "The motion was not carried by the charter's rule for covenants"),
        /// Of another council.
        OtherCouncilsMotion("motion", "该议题属于其他议事会", "The motion is another council's"),
        /// One decision adopts one version.
        DecisionUsed("motion", "该议题的决定已用于其他版本", "This decision has adopted a version already"),
        /// Before its adoption, or before an earlier version.
        EffectiveDayUnfit("effective", "生效日期不能早于通过日期或前一版本的生效日期", "It takes effect on or after its adoption, and not before an earlier version"),
        /// Filed already.
        AlreadyFiled("version", "该版本已备案", "This version is filed already"),
        /// Before its adoption or in the future.
        FilingDayUnfit("on", "备案日期不能早于通过日期或晚于今天", "It is filed on or after its adoption, and not in the future"),
        /// As many as the stream takes.
        TooManyVersions { most: usize }("covenant", "公约最多有 {most} 个版本", "A covenant has at most {most} versions"),
    }
}

impl From<TextRefusal> for CovenantRefusal {
    fn from(refusal: TextRefusal) -> Self {
        let Refusal { zh, en, .. } = refusal.into();
        Self::CovenantTextUnfit { zh, en }
    }
}

use CovenantEvent as E;
use CovenantRefusal as R;

/// Where a version stands in the list.
fn place(version: u32) -> Option<usize> {
    usize::try_from(version.checked_sub(1)?).ok()
}

impl Covenant {
    /// A version, from 1.
    ///
    /// # Errors
    /// Unknown covenants and versions.
    pub fn version(&self, version: u32) -> Result<&Version, R> {
        if self.versions.is_empty() {
            return Err(R::UnknownCovenant);
        }
        place(version).and_then(|at| self.versions.get(at)).ok_or(R::UnknownCovenantVersion)
    }

    /// The version that holds on `day`.
    pub fn in_force(&self, day: Day) -> Option<&Version> {
        let repealed = self.repealed.is_some_and(|(_, from)| from <= day);
        self.versions.iter().rev().find(|version| version.effective <= day).filter(|_| !repealed)
    }

    /// What changed from one version to another, in either direction.
    ///
    /// # Errors
    /// Unknown covenants and versions.
    pub fn difference(&self, from: u32, to: u32) -> Result<Difference, R> {
        Ok(difference(&self.version(from)?.text, &self.version(to)?.text))
    }

    /// The last version of a covenant that was not repealed.
    fn require_standing(&self) -> Result<&Version, R> {
        match (self.versions.last(), self.repealed) {
            (None, _) => Err(R::UnknownCovenant),
            (Some(_), Some(_)) => Err(R::CovenantIsRepealed),
            (Some(last), None) => Ok(last),
        }
    }

    fn require_fresh(&self, adoption: &Adoption, effective: Day) -> Result<(), R> {
        if self.versions.iter().any(|version| (version.adoption.motion, version.adoption.vote) == (adoption.motion, adoption.vote)) {
            return Err(R::DecisionUsed);
        }
        let too_early = effective < adoption.on || self.versions.last().is_some_and(|last| effective < last.effective);
        if too_early { Err(R::EffectiveDayUnfit) } else { Ok(()) }
    }

    fn revise(&self, text: Text, adoption: Adoption, effective: Day) -> Result<Vec<E>, R> {
        let last = self.require_standing()?;
        let text = text.fitted()?;
        if last.text == text {
            return Err(R::SameText);
        }
        self.require_fresh(&adoption, effective)?;
        let too_many = || R::TooManyVersions { most: COVENANT_VERSIONS_MAX_COUNT };
        let version = u32::try_from(self.versions.len() + 1).map_err(|_| too_many())?;
        if self.versions.len() >= COVENANT_VERSIONS_MAX_COUNT {
            return Err(too_many());
        }
        Ok(vec![E::CovenantRevised { version, text, adoption, effective }])
    }
}

impl Aggregate for Covenant {
    const NAME: &'static str = "covenant";
    type State = Self;
    type Command = CovenantCommand;
    type Event = E;
    type Error = R;

    fn handle_command(covenant: &Self, command: CovenantCommand) -> Result<Vec<E>, R> {
        match command {
            CovenantCommand::Adopt { .. } if covenant.council.is_some() => Err(R::CovenantExists),
            CovenantCommand::Adopt { council, area, text, adoption, effective } => {
                let text = text.fitted()?;
                covenant.require_fresh(&adoption, effective)?;
                Ok(vec![E::CovenantAdopted { council, area, text, adoption, effective }])
            }
            CovenantCommand::Revise { text, adoption, effective } => covenant.revise(text, adoption, effective),
            CovenantCommand::Repeal { adoption, effective } => {
                covenant.require_standing()?;
                covenant.require_fresh(&adoption, effective)?;
                Ok(vec![E::CovenantRepealed { adoption, effective }])
            }
            CovenantCommand::File { version: number, on, today } => {
                let version = covenant.version(number)?;
                if version.filed.is_some() {
                    return Err(R::AlreadyFiled);
                }
                let fits = (version.adoption.on..=today).contains(&on);
                if fits { Ok(vec![E::CovenantFiled { version: number, on }]) } else { Err(R::FilingDayUnfit) }
            }
        }
    }

    fn apply_event(mut covenant: Self, event: E) -> Self {
        match event {
            E::CovenantAdopted { council, area, text, adoption, effective } => {
                let versions = vec![Version { text, adoption, effective, filed: None }];
                covenant = Self { council: Some(council), area: Some(area), versions, repealed: None };
            }
            E::CovenantRevised { version: _, text, adoption, effective } => {
                covenant.versions.push(Version { text, adoption, effective, filed: None });
            }
            E::CovenantRepealed { adoption, effective } => covenant.repealed = Some((adoption, effective)),
            E::CovenantFiled { version, on } => {
                if let Some(version) = place(version).and_then(|at| covenant.versions.get_mut(at)) {
                    version.filed = Some(on);
                }
            }
        }
        covenant
    }
}

#[cfg(test)]
#[path = "covenant_tests.rs"]
mod tests;
