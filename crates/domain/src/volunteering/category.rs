//! The thirteen service categories of the district's volunteer federation (published 15 September 2022).

use super::closed_list::closed_list;

closed_list! {
    /// What kind of service it is. Listed in the order of publication.
    pub enum Category;
    /// 扶残助残
    DisabilitySupport, "disability_support", "扶残助残", "disability support";
    /// 疫情防控
    EpidemicControl, "epidemic_control", "疫情防控", "epidemic control";
    /// 环境保护
    Environment, "environment", "环境保护", "environment";
    /// 巡河护河
    RiverPatrol, "river_patrol", "巡河护河", "river patrol";
    /// 爱心助学
    EducationAid, "education_aid", "爱心助学", "education aid";
    /// 社区服务
    CommunityService, "community_service", "社区服务", "community service";
    /// 知识传播
    Knowledge, "knowledge", "知识传播", "knowledge";
    /// 文化艺术
    CultureAndArts, "culture_and_arts", "文化艺术", "culture and arts";
    /// 文明出行
    CivilTravel, "civil_travel", "文明出行", "civil travel";
    /// 安全健康
    SafetyAndHealth, "safety_and_health", "安全健康", "safety and health";
    /// 心理帮扶
    PsychologicalSupport, "psychological_support", "心理帮扶", "psychological support";
    /// 法治宣传
    RuleOfLawOutreach, "rule_of_law_outreach", "法治宣传", "rule-of-law outreach";
    /// 社区治理
    CommunityGovernance, "community_governance", "社区治理", "community governance";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_category_and_others_none() {
        assert_eq!(Category::ALL.len(), 13);
        for category in Category::ALL {
            for name in [category.zh(), category.en(), category.code()] {
                assert_eq!(Category::named(name), Some(*category));
            }
            assert_eq!(serde_json::to_value(category).unwrap(), category.code());
        }
        assert_eq!(Category::named("打麻将"), None);
    }

    #[test]
    fn the_readme_lists_every_category() {
        let readme = include_str!("../../../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
        for category in Category::ALL {
            assert!(readme.contains(&format!("{} `{}`", category.zh(), category.code())), "{}", category.code());
        }
    }
}
