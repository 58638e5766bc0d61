//! What a motion or a resident's issue is about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! categories {
    ($($name:ident, $code:literal, $zh:literal, $en:literal;)+) => {
        /// What a motion or a resident's issue is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum MotionCategory { $(#[doc = $zh] $name),+ }

        impl MotionCategory {
            /// All categories.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The stored name, `property_management`.
            pub fn code(self) -> &'static str { match self { $(Self::$name => $code),+ } }
            /// The Chinese name.
            pub fn zh(self) -> &'static str { match self { $(Self::$name => $zh),+ } }
            /// The English name.
            pub fn en(self) -> &'static str { match self { $(Self::$name => $en),+ } }
        }
    };
}

categories! {
    Sanitation, "sanitation", "环境卫生", "sanitation";
    ParkingAndTraffic, "parking_and_traffic", "停车交通", "parking and traffic";
    PropertyManagement, "property_management", "物业管理", "property management";
    PublicFacilities, "public_facilities", "公共设施", "public facilities";
    SafetyAndFire, "safety_and_fire", "安全消防", "safety and fire prevention";
    CultureAndSports, "culture_and_sports", "文体活动", "culture and sports";
    ElderlyAndChildcare, "elderly_and_childcare", "养老托幼", "elderly care and childcare";
    ResidentServices, "resident_services", "便民服务", "services for residents";
    CovenantRevision, "covenant_revision", "公约修订", "covenant revision";
    FundedProjects, "funded_projects", "资金项目", "funded projects";
    Other, "other", "其他", "other";
}

impl MotionCategory {
    /// The category of this Chinese name, English name or stored name.
    pub fn named(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        Self::ALL.iter().copied().find(|it| it.zh() == text || it.en() == lower || it.code() == lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_category_and_others_none() {
        for category in MotionCategory::ALL {
            for name in [category.zh(), category.en(), category.code()] {
                assert_eq!(MotionCategory::named(name), Some(*category));
            }
            assert_eq!(serde_json::to_value(category).unwrap(), category.code());
        }
        assert_eq!(MotionCategory::named("打麻将"), None);
    }
}
