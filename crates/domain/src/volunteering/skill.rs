//! What a volunteer can do that an activity may ask for.
//!
//! - A closed list: what a volunteer says of oneself is never free text, so nothing more personal than these words enters
//!   the log, and what an activity asks for and what a volunteer can do are the same words.
//! - The list is the same for everybody and everywhere. A word is added, never taken away or given another meaning.

use super::closed_list::closed_list;

closed_list! {
    /// A skill that helps in service.
    pub enum Skill;
    /// 急救
    FirstAid, "first_aid", "急救", "first aid";
    /// 医疗护理
    Nursing, "nursing", "医疗护理", "medicine and nursing";
    /// 心理咨询
    Counselling, "counselling", "心理咨询", "counselling";
    /// 应急救援
    Rescue, "rescue", "应急救援", "rescue";
    /// 游泳
    Swimming, "swimming", "游泳", "swimming";
    /// 法律
    Law, "law", "法律", "law";
    /// 调解
    Mediation, "mediation", "调解", "mediation";
    /// 教学辅导
    Teaching, "teaching", "教学辅导", "teaching";
    /// 养老照护
    ElderCare, "elder_care", "养老照护", "elder care";
    /// 儿童照护
    ChildCare, "child_care", "儿童照护", "child care";
    /// 助残服务
    DisabilitySupport, "disability_support", "助残服务", "disability support";
    /// 手语
    SignLanguage, "sign_language", "手语", "sign language";
    /// 外语
    ForeignLanguages, "foreign_languages", "外语", "foreign languages";
    /// 粤语
    Cantonese, "cantonese", "粤语", "cantonese";
    /// 普通话
    Mandarin, "mandarin", "普通话", "mandarin";
    /// 驾驶
    Driving, "driving", "驾驶", "driving";
    /// 信息技术
    InformationTechnology, "information_technology", "信息技术", "information technology";
    /// 摄影摄像
    Photography, "photography", "摄影摄像", "photography and video";
    /// 文艺表演
    PerformingArts, "performing_arts", "文艺表演", "performing arts";
    /// 书画手工
    FineArtsAndCrafts, "fine_arts_and_crafts", "书画手工", "fine arts and crafts";
    /// 体育健身
    Sports, "sports", "体育健身", "sports";
    /// 写作宣传
    Writing, "writing", "写作宣传", "writing";
    /// 活动组织
    EventOrganising, "event_organising", "活动组织", "event organising";
    /// 维修
    Repair, "repair", "维修", "repair";
    /// 理发
    Hairdressing, "hairdressing", "理发", "hairdressing";
    /// 烹饪
    Cooking, "cooking", "烹饪", "cooking";
    /// 园艺
    Gardening, "gardening", "园艺", "gardening";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_finds_its_skill_and_others_none() {
        for skill in Skill::ALL {
            for name in [skill.zh(), skill.en(), skill.code()] {
                assert_eq!(Skill::named(name), Some(*skill));
            }
            assert_eq!(serde_json::to_value(skill).unwrap(), skill.code());
        }
        let names: BTreeSet<_> = Skill::ALL.iter().flat_map(|skill| [skill.zh(), skill.code()]).collect();
        assert_eq!(names.len(), 2 * Skill::ALL.len());
        assert_eq!(Skill::named("打麻将"), None);
    }
}
