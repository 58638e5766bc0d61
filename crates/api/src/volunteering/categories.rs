//! The service categories.

use async_graphql::{Enum, Object};
use gongyi_domain::volunteering::category::Category as Stored;

use crate::{list::List, table::wires};

/// What kind of service it is: the thirteen categories of the district's federation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stored")]
pub enum Category {
    /// 扶残助残
    DisabilitySupport,
    /// 疫情防控
    EpidemicControl,
    /// 环境保护
    Environment,
    /// 巡河护河
    RiverPatrol,
    /// 爱心助学
    EducationAid,
    /// 社区服务
    CommunityService,
    /// 知识传播
    Knowledge,
    /// 文化艺术
    CultureAndArts,
    /// 文明出行
    CivilTravel,
    /// 安全健康
    SafetyAndHealth,
    /// 心理帮扶
    PsychologicalSupport,
    /// 法治宣传
    RuleOfLawOutreach,
    /// 社区治理
    CommunityGovernance,
}

wires! {
    Category => Stored = |category| category.into();
}

/// A category with its names.
pub struct CategoryNames(Stored);

/// A category with its names.
#[Object]
impl CategoryNames {
    /// The category.
    fn category(&self) -> Category {
        self.0.into()
    }
    /// The stored name, as in imported files: `community_service`.
    fn code(&self) -> &str {
        self.0.code()
    }
    /// The published Chinese name.
    fn zh(&self) -> &str {
        self.0.zh()
    }
    /// The English name.
    fn en(&self) -> &str {
        self.0.en()
    }
}

/// The root field about categories.
#[derive(Default)]
pub struct CategoryQueries;

#[Object]
impl CategoryQueries {
    /// All categories with their names, in the order of publication. They are the same for everybody and everywhere.
    fn categories(&self) -> List<CategoryNames> {
        Stored::ALL.iter().copied().map(CategoryNames).collect()
    }
}
