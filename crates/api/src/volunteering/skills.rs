//! What volunteers can do, as a closed list.

use async_graphql::{Enum, Object};
use gongyi_domain::volunteering::skill::Skill as Stored;

use crate::{list::List, table::wires};

/// A skill that helps in service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stored")]
pub enum Skill {
    /// 急救
    FirstAid,
    /// 医疗护理
    Nursing,
    /// 心理咨询
    Counselling,
    /// 应急救援
    Rescue,
    /// 游泳
    Swimming,
    /// 法律
    Law,
    /// 调解
    Mediation,
    /// 教学辅导
    Teaching,
    /// 养老照护
    ElderCare,
    /// 儿童照护
    ChildCare,
    /// 助残服务
    DisabilitySupport,
    /// 手语
    SignLanguage,
    /// 外语
    ForeignLanguages,
    /// 粤语
    Cantonese,
    /// 普通话
    Mandarin,
    /// 驾驶
    Driving,
    /// 信息技术
    InformationTechnology,
    /// 摄影摄像
    Photography,
    /// 文艺表演
    PerformingArts,
    /// 书画手工
    FineArtsAndCrafts,
    /// 体育健身
    Sports,
    /// 写作宣传
    Writing,
    /// 活动组织
    EventOrganising,
    /// 维修
    Repair,
    /// 理发
    Hairdressing,
    /// 烹饪
    Cooking,
    /// 园艺
    Gardening,
}

wires! {
    Skill => Stored = |skill| skill.into();
}

/// A skill with its names.
pub struct SkillNames(Stored);

/// A skill with its names.
#[Object]
impl SkillNames {
    /// The skill.
    fn skill(&self) -> Skill {
        self.0.into()
    }
    /// The stored name: `first_aid`.
    fn code(&self) -> &str {
        self.0.code()
    }
    /// The Chinese name.
    fn zh(&self) -> &str {
        self.0.zh()
    }
    /// The English name.
    fn en(&self) -> &str {
        self.0.en()
    }
}

/// The root field about skills.
#[derive(Default)]
pub struct SkillQueries;

#[Object]
impl SkillQueries {
    /// All skills with their names. They are the same for everybody and everywhere.
    fn skills(&self) -> List<SkillNames> {
        Stored::ALL.iter().copied().map(SkillNames).collect()
    }
}
