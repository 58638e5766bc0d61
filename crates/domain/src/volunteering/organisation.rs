//! An organisation that organises service: a federation, direct team, group, station or self-organisation, or one that the law
//! knows by another kind: associations, social service institutions, foundations, committees, shareholding cooperatives.
//!
//! - Names and unified social credit codes are unique (claims); organisations form a tree, never a circle.
//! - A dissolved organisation keeps its history and starts nothing new.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    access::authority::{Act, Role, To},
    event::DomainEvent,
    prose::Line,
    refusal::refusals,
    values::{AreaCode, OrganisationId},
    volunteering::credit_code::CreditCode,
};

/// Longest name, in characters.
pub const ORGANISATION_NAME_MAX_CHARS: usize = 100;
/// Deepest tree, in organisations above one another.
pub const ORGANISATION_DEPTH_MAX: usize = 8;

const KEEPERS: &[To] = &[To::Holders(Role::Organiser), To::Holders(Role::DistrictOfficer), To::Holders(Role::Operator)];
/// Found an organisation.
pub const FOUND_ORGANISATION: Act = Act { name: "foundOrganisation", open_to: KEEPERS };
/// Change its name, area, parent or credit code.
pub const AMEND_ORGANISATION: Act = Act { name: "amendOrganisation", open_to: KEEPERS };
/// Dissolve it.
pub const DISSOLVE_ORGANISATION: Act = Act { name: "dissolveOrganisation", open_to: KEEPERS };
/// Import a file of organisations.
pub const IMPORT_ORGANISATIONS: Act = Act { name: "importOrganisations", open_to: &[To::Holders(Role::Operator)] };
/// Read organisations; they are public.
pub const ORGANISATIONS: Act = Act { name: "organisations", open_to: &[To::Anyone] };

/// What kind of organisation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    /// 联合会: the district's federation.
    Federation,
    /// 直属服务队.
    DirectTeam,
    /// 义工小组、服务组织.
    Group,
    /// 社区义工服务站.
    CommunityStation,
    /// 居民自组织.
    SelfOrganisation,
    /// 社会团体 (社会团体登记管理条例).
    SocialAssociation,
    /// 民办非企业单位（社会服务机构） (民办非企业单位登记管理暂行条例, 慈善法).
    SocialServiceInstitution,
    /// 基金会 (基金会管理条例).
    Foundation,
    /// 居民委员会 (城市居民委员会组织法).
    ResidentsCommittee,
    /// 村民委员会 (村民委员会组织法).
    VillagersCommittee,
    /// 股份合作经济组织: a collective of the former village whose members hold shares.
    ShareholdingCooperative,
}

impl OrganisationKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Federation,
        Self::DirectTeam,
        Self::Group,
        Self::CommunityStation,
        Self::SelfOrganisation,
        Self::SocialAssociation,
        Self::SocialServiceInstitution,
        Self::Foundation,
        Self::ResidentsCommittee,
        Self::VillagersCommittee,
        Self::ShareholdingCooperative,
    ];

    /// The stored name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Federation => "federation",
            Self::DirectTeam => "direct_team",
            Self::Group => "group",
            Self::CommunityStation => "community_station",
            Self::SelfOrganisation => "self_organisation",
            Self::SocialAssociation => "social_association",
            Self::SocialServiceInstitution => "social_service_institution",
            Self::Foundation => "foundation",
            Self::ResidentsCommittee => "residents_committee",
            Self::VillagersCommittee => "villagers_committee",
            Self::ShareholdingCooperative => "shareholding_cooperative",
        }
    }

    /// The Chinese name.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Federation => "联合会",
            Self::DirectTeam => "直属服务队",
            Self::Group => "服务组织",
            Self::CommunityStation => "社区义工服务站",
            Self::SelfOrganisation => "居民自组织",
            Self::SocialAssociation => "社会团体",
            Self::SocialServiceInstitution => "民办非企业单位（社会服务机构）",
            Self::Foundation => "基金会",
            Self::ResidentsCommittee => "居民委员会",
            Self::VillagersCommittee => "村民委员会",
            Self::ShareholdingCooperative => "股份合作经济组织",
        }
    }

    /// The kind people mean by this word, Chinese or English.
    pub fn named(text: &str) -> Option<Self> {
        match text.to_lowercase().replace([' ', '-'], "_").replace('（', "(").replace('）', ")").as_str() {
            "联合会" | "义工联合会" | "志愿者联合会" | "federation" => Some(Self::Federation),
            "直属服务队" | "直属队" | "direct_team" => Some(Self::DirectTeam),
            "小组" | "服务组" | "义工小组" | "服务组织" | "志愿服务组织" | "group" => Some(Self::Group),
            "社区义工服务站" | "义工服务站" | "服务站" | "社区站" | "community_station" | "station" => {
                Some(Self::CommunityStation)
            }
            "自组织" | "居民自组织" | "self_organisation" | "self_organization" => Some(Self::SelfOrganisation),
            "社会团体" | "社团" | "social_association" | "association" => Some(Self::SocialAssociation),
            "民办非企业单位(社会服务机构)" | "民办非企业单位" | "民办非企业" | "民非" | "社会服务机构" | "social_service_institution" => {
                Some(Self::SocialServiceInstitution)
            }
            "基金会" | "foundation" => Some(Self::Foundation),
            "居民委员会" | "居委会" | "社区居民委员会" | "社区居委会" | "residents_committee" | "residents'_committee" => {
                Some(Self::ResidentsCommittee)
            }
            "村民委员会" | "村委会" | "villagers_committee" | "villagers'_committee" => Some(Self::VillagersCommittee),
            "股份合作经济组织" | "股份合作社" | "股份合作公司" | "shareholding_cooperative" => {
                Some(Self::ShareholdingCooperative)
            }
            _ => None,
        }
    }
}

/// An organisation's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organisation {
    /// What it is; `None` before it was founded.
    pub profile: Option<Profile>,
    /// Dissolved for good.
    pub dissolved: bool,
}

/// What an organisation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    /// Kind; never changes.
    pub kind: OrganisationKind,
    /// Name, unique.
    pub name: String,
    /// The area it works in.
    pub area: AreaCode,
    /// The organisation above it.
    pub parent: Option<OrganisationId>,
    /// Its unified social credit code, unique; organisations without registration have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_code: Option<CreditCode>,
}

/// What may be asked of an organisation.
#[derive(Debug, Clone)]
pub enum OrganisationCommand {
    /// Found it. `above` are the parent and all above that.
    Found {
        /// What it is.
        profile: Profile,
        /// Parent first.
        above: Vec<OrganisationId>,
    },
    /// Change name, area, parent or credit code. `above` as in `Found`.
    Amend {
        /// Its own id, for the circle test.
        id: OrganisationId,
        /// What it shall be.
        profile: Profile,
        /// Parent first.
        above: Vec<OrganisationId>,
    },
    /// Dissolve.
    Dissolve,
}

/// What happened to an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OrganisationEvent {
    /// Founded.
    OrganisationFounded {
        /// What it is.
        profile: Profile,
    },
    /// Name, area, parent or credit code changed.
    OrganisationAmended {
        /// What it is now.
        profile: Profile,
    },
    /// Dissolved for good.
    OrganisationDissolved {},
}
impl DomainEvent for OrganisationEvent {}

refusals! {
    /// Why an organisation is refused.
    pub enum OrganisationRefusal {
        /// Nothing of this id.
        UnknownOrganisation("organisation", "没有此组织", "There is no such organisation"),
        /// Founded already.
        OrganisationExists("organisation", "该组织已成立", "This organisation exists already"),
        /// Dissolved.
        OrganisationIsDissolved("organisation", "该组织已解散", "This organisation is dissolved"),
        /// The name is no line, or too long.
        OrganisationNameUnfit { most: usize }("name", "组织名称须为 1 至 {most} 字，不换行", "A name has 1 to {most} printable characters in one line"),
        /// It would be above itself, or the tree would be too deep.
        ParentUnfit("parent", "上级组织不能是自己或下级，层级不能过深", "The parent is the organisation itself, below it, or too deep"),
        /// The kind is what it was founded as.
        KindIsFixed("kind", "组织类型不能更改", "The kind of an organisation does not change"),
        /// An amendment without any change.
        NothingAmended("", "没有要更改的内容", "Nothing to change was given"),
    }
}

impl Organisation {
    /// The organisation exists and works.
    ///
    /// # Errors
    /// Unknown or dissolved organisations.
    pub fn require_working(&self) -> Result<&Profile, OrganisationRefusal> {
        match (&self.profile, self.dissolved) {
            (None, _) => Err(OrganisationRefusal::UnknownOrganisation),
            (Some(_), true) => Err(OrganisationRefusal::OrganisationIsDissolved),
            (Some(profile), false) => Ok(profile),
        }
    }
}

/// The profile as it is stored.
fn fitted(profile: Profile, above: &[OrganisationId], id: Option<OrganisationId>) -> Result<Profile, OrganisationRefusal> {
    let unfit = |most| OrganisationRefusal::OrganisationNameUnfit { most };
    let name = Line::parse(&profile.name, ORGANISATION_NAME_MAX_CHARS, unfit)?.into();
    if above.len() > ORGANISATION_DEPTH_MAX || id.is_some_and(|id| above.contains(&id)) {
        return Err(OrganisationRefusal::ParentUnfit);
    }
    Ok(Profile { name, ..profile })
}

impl Aggregate for Organisation {
    const NAME: &'static str = "organisation";
    type State = Self;
    type Command = OrganisationCommand;
    type Event = OrganisationEvent;
    type Error = OrganisationRefusal;

    fn handle_command(organisation: &Self, command: OrganisationCommand) -> Result<Vec<OrganisationEvent>, OrganisationRefusal> {
        match command {
            OrganisationCommand::Found { .. } if organisation.profile.is_some() => Err(OrganisationRefusal::OrganisationExists),
            OrganisationCommand::Found { profile, above } => {
                Ok(vec![OrganisationEvent::OrganisationFounded { profile: fitted(profile, &above, None)? }])
            }
            OrganisationCommand::Amend { id, profile, above } => {
                let old = organisation.require_working()?;
                if old.kind != profile.kind {
                    return Err(OrganisationRefusal::KindIsFixed);
                }
                if *old == profile {
                    return Err(OrganisationRefusal::NothingAmended);
                }
                Ok(vec![OrganisationEvent::OrganisationAmended { profile: fitted(profile, &above, Some(id))? }])
            }
            OrganisationCommand::Dissolve => {
                organisation.require_working()?;
                Ok(vec![OrganisationEvent::OrganisationDissolved {}])
            }
        }
    }

    fn apply_event(organisation: Self, event: OrganisationEvent) -> Self {
        match event {
            OrganisationEvent::OrganisationFounded { profile } | OrganisationEvent::OrganisationAmended { profile } => {
                Self { profile: Some(profile), ..organisation }
            }
            OrganisationEvent::OrganisationDissolved {} => Self { dissolved: true, ..organisation },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::given;
    use uuid::Uuid;

    fn profile(name: &str) -> Profile {
        Profile { kind: OrganisationKind::Group, name: name.into(), area: "440402".parse().unwrap(), parent: None, credit_code: None }
    }

    #[test]
    fn the_readme_lists_every_kind() {
        let readme = include_str!("../../../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
        for kind in OrganisationKind::ALL {
            assert!(readme.contains(&format!("{} `{}`", kind.zh(), kind.code())), "{}", kind.code());
        }
    }

    #[test]
    fn a_profile_is_read_as_it_was_stored_before_there_were_credit_codes() {
        let stored = r#"{"kind":"group","name":"一队","area":"440402","parent":null}"#;
        let old: Profile = serde_json::from_str(stored).unwrap();
        assert_eq!(old, profile("一队"));
        assert_eq!(serde_json::to_string(&old).unwrap(), stored, "and stored anew as it stands");
        let with_code = Profile { credit_code: Some(CreditCode::parse("91350100M000100Y43").unwrap()), ..old };
        let text = serde_json::to_string(&with_code).unwrap();
        assert!(text.ends_with(r#""credit_code":"91350100M000100Y43"}"#), "{text}");
        assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), with_code);
    }

    #[test]
    fn an_organisation_is_never_above_itself() {
        let id = OrganisationId(Uuid::from_u128(1));
        let group = given::<Organisation>([OrganisationEvent::OrganisationFounded { profile: profile("一队") }]);
        let amend = OrganisationCommand::Amend { id, profile: profile("二队"), above: vec![OrganisationId(Uuid::from_u128(2)), id] };
        group.when(amend).then_refused(OrganisationRefusal::ParentUnfit);
    }

    #[test]
    fn dissolving_twice_is_refused() {
        let founded = given::<Organisation>([OrganisationEvent::OrganisationFounded { profile: profile("一队") }]);
        let gone = founded.and(OrganisationCommand::Dissolve);
        gone.when(OrganisationCommand::Dissolve).then_refused(OrganisationRefusal::OrganisationIsDissolved);
        given::<Organisation>([]).when(OrganisationCommand::Dissolve).then_refused(OrganisationRefusal::UnknownOrganisation);
    }

    #[test]
    fn kinds_are_found_by_their_words() {
        assert_eq!(OrganisationKind::named("直属服务队"), Some(OrganisationKind::DirectTeam));
        assert_eq!(OrganisationKind::named("community station"), Some(OrganisationKind::CommunityStation));
        for (word, kind) in [
            ("社会团体", OrganisationKind::SocialAssociation),
            ("民办非企业单位（社会服务机构）", OrganisationKind::SocialServiceInstitution),
            ("民办非企业单位(社会服务机构)", OrganisationKind::SocialServiceInstitution),
            ("社会服务机构", OrganisationKind::SocialServiceInstitution),
            ("基金会", OrganisationKind::Foundation),
            ("居委会", OrganisationKind::ResidentsCommittee),
            ("村民委员会", OrganisationKind::VillagersCommittee),
            ("股份合作经济组织", OrganisationKind::ShareholdingCooperative),
        ] {
            assert_eq!(OrganisationKind::named(word), Some(kind), "{word}");
        }
        assert_eq!(OrganisationKind::named("公司"), None);
        for kind in OrganisationKind::ALL {
            assert_eq!(OrganisationKind::named(kind.code()), Some(kind));
            assert_eq!(OrganisationKind::named(kind.zh()), Some(kind));
        }
    }
}
