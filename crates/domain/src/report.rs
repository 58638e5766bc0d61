//! The district report: which figures it has, and what each counts. The figures themselves are computed from events, for
//! any area, as of any day; nothing here is stored.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::authority::{Act, To};

/// Fewest people behind a figure about people that is told to everybody, and fewest volunteers behind a row of open data.
pub const SMALLEST_CELL_PEOPLE: u64 = 5;

/// Read the report of an area. It tells of nobody in particular: what few people stand behind, only holders of a role read.
pub const DISTRICT_REPORT: Act = Act { name: "districtReport", open_to: &[To::Anyone] };

/// Over which days a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// What there is at the end of the last day.
    AtTheEnd,
    /// What was done in the period, both ends included.
    InThePeriod,
}

macro_rules! figures {
    ($($(#[doc = $doc:literal])+ $variant:ident($name:literal, $stored:literal, $span:ident, $zh:literal, $means:literal),)+) => {
        /// A figure of the report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Figure {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Figure {
            /// Every figure, in the report's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in profiles, reports and the schema.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Its stored name.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $stored),+ }
            }

            /// Over which days it counts.
            pub fn span(self) -> Span {
                match self { $(Self::$variant => Span::$span),+ }
            }

            /// What it is called, in Chinese.
            pub fn title_zh(self) -> &'static str {
                match self { $(Self::$variant => $zh),+ }
            }

            /// What it counts, in English.
            pub fn definition(self) -> &'static str {
                match self { $(Self::$variant => $means),+ }
            }
        }
    };
}
figures! {
    /// 注册志愿者.
    RegisteredVolunteers("registeredVolunteers", "registered_volunteers", AtTheEnd, "注册志愿者",
        "Volunteers registered and neither withdrawn nor erased, by home area"),
    /// 直属服务队.
    DirectTeams("directTeams", "direct_teams", AtTheEnd, "直属服务队", "Organisations of kind direct team"),
    /// 志愿服务组织.
    Organisations("organisations", "organisations", AtTheEnd, "志愿服务组织",
        "Organisations of kind group or community station"),
    /// 社区义工服务站.
    Stations("stations", "stations", AtTheEnd, "社区义工服务站", "Of the organisations, the community stations"),
    /// 服务类别.
    ServiceCategories("serviceCategories", "service_categories", InThePeriod, "服务类别",
        "Distinct categories with a confirmed service record"),
    /// 已确认服务记录.
    ConfirmedServiceRecords("confirmedServiceRecords", "confirmed_service_records", InThePeriod, "已确认服务记录",
        "Service records confirmed and not voided since, by the day the service began"),
    /// 已确认服务分钟.
    ConfirmedServiceMinutes("confirmedServiceMinutes", "confirmed_service_minutes", InThePeriod, "已确认服务分钟",
        "Their minutes"),
    /// 已核定选举.
    CertifiedElections("certifiedElections", "certified_elections", InThePeriod, "已核定选举",
        "Elections certified, by their council's area"),
    /// 在任议事代表.
    SeatedRepresentatives("seatedRepresentatives", "seated_representatives", AtTheEnd, "在任议事代表",
        "Seats of councils that a representative holds"),
    /// 议事协商会.
    MeetingsHeld("meetingsHeld", "meetings_held", InThePeriod, "议事协商会",
        "Meetings opened with a quorum and closed for good, by the day they were closed"),
    /// 收到议题.
    MotionsReceived("motionsReceived", "motions_received", InThePeriod, "收到议题", "Motions submitted, each once"),
    /// 项目资助（分）.
    ProjectGrantCents("projectGrantCents", "project_grant_cents", InThePeriod, "项目资助（分）",
        "Cents of yuan granted to projects, less what was released or returned"),
    /// 项目自筹（分）.
    ProjectSelfRaisedCents("projectSelfRaisedCents", "project_self_raised_cents", InThePeriod, "项目自筹（分）",
        "Cents of yuan that projects raised or had matched, without entries struck out since"),
    /// 代表发起的公益活动.
    ActivitiesByRepresentatives("activitiesByRepresentatives", "activities_by_representatives", InThePeriod, "代表发起的公益活动",
        "Community benefit activities held that a seated representative began"),
    /// 公益活动服务人次.
    ActivityPersonTimes("activityPersonTimes", "activity_person_times", InThePeriod, "公益活动服务人次",
        "Person-times that these activities reached"),
    /// 居民自组织.
    SelfOrganisations("selfOrganisations", "self_organisations", AtTheEnd, "居民自组织", "Organisations of kind self-organisation"),
    /// 自组织成员.
    SelfOrganisationMembers("selfOrganisationMembers", "self_organisation_members", AtTheEnd, "自组织成员",
        "Memberships in self-organisations"),
}

impl Figure {
    /// The figure of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|figure| figure.name() == name)
    }

    /// Whether it counts people or what each of them did, so that of few it would tell of them.
    pub fn is_about_people(self) -> bool {
        match self {
            Self::RegisteredVolunteers
            | Self::ServiceCategories
            | Self::ConfirmedServiceRecords
            | Self::ConfirmedServiceMinutes
            | Self::SelfOrganisationMembers => true,
            Self::DirectTeams
            | Self::Organisations
            | Self::Stations
            | Self::CertifiedElections
            | Self::SeatedRepresentatives
            | Self::MeetingsHeld
            | Self::MotionsReceived
            | Self::ProjectGrantCents
            | Self::ProjectSelfRaisedCents
            | Self::ActivitiesByRepresentatives
            | Self::ActivityPersonTimes
            | Self::SelfOrganisations => false,
        }
    }

    /// Whether the figures of an area's parts add up to its own. Distinct things do not.
    pub fn adds_up(self) -> bool {
        self != Self::ServiceCategories
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_found_by_its_name_and_stored_by_its_code() {
        for figure in Figure::ALL {
            assert_eq!(Figure::named(figure.name()), Some(*figure));
            assert_eq!(serde_json::to_value(figure).unwrap(), figure.code());
        }
        assert_eq!(Figure::named("nothing"), None);
    }
}
