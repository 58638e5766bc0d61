//! The statutes' rules, each with the article it comes from.
//!
//! A rule's wording here is for ever: a changed statute is a new version beside the old one, so that decisions made
//! under the old one can be made again.
//!
//! 过半数 is strictly more than half; 以上 includes the number itself (民法典 art. 1259: 以上、以下、以内、届满 include
//! it, 不满、超过、以外 don't). Read in their own words: 民法典 arts 278 and 1259, 城市居民委员会组织法 (2018) arts 9 and
//! 10, 村民委员会组织法 (2018). Not read in its own words: 浙江省村民委员会选举办法 (2012); what is said of it here was
//! read in the same words in other provinces' measures.

use super::{
    fraction::{Fraction, Threshold},
    rule::{Abstentions, Basis, Majority, Quorum, Rule, Turnout, Wording},
    tally::Measure,
};

/// What every name of a statute's rule begins with.
pub const NAMESPACE: &str = "cn/";

/// 居民会议: residents' meetings.
pub const RESIDENTS_MEETING: &str = "cn/residents-meeting";
/// 村民会议, villagers taking part.
pub const VILLAGERS_MEETING: &str = "cn/villagers-meeting";
/// 村民会议, households' representatives taking part.
pub const VILLAGERS_MEETING_HOUSEHOLDS: &str = "cn/villagers-meeting-households";
/// 村民代表会议: villagers' representatives.
pub const VILLAGERS_REPRESENTATIVES: &str = "cn/villagers-representatives";
/// 村民小组会议: a village group's meeting, of villagers or of households' representatives.
pub const VILLAGE_GROUP: &str = "cn/village-group";
/// 村民委员会选举, first poll.
pub const VILLAGE_ELECTION: &str = "cn/village-election";
/// 另行选举: the poll for seats left.
pub const VILLAGE_RUN_OFF: &str = "cn/village-election-run-off";
/// 票数相等再次投票: the poll between candidates with equal votes.
pub const VILLAGE_TIE: &str = "cn/village-election-tie";
/// 罢免村民委员会成员.
pub const VILLAGE_RECALL: &str = "cn/village-recall";
/// 业主共同决定事项.
pub const OWNERS: &str = "cn/owners";
/// 业主共同决定事项, grave ones.
pub const OWNERS_GRAVE: &str = "cn/owners-grave";

/// Most principals one proxy votes for (村民委员会选举办法 of 浙江 and others: 接受委托不得超过三人).
pub const PROXY_MAX_PRINCIPALS: u32 = 3;
/// Days of notice before a villagers' meeting (村民委员会组织法 art. 21: 提前十天通知).
pub const VILLAGERS_MEETING_NOTICE_DAYS: u32 = 10;
/// Days before the poll on which the roll is published, at the latest (村民委员会组织法 art. 14: 选举日的二十日前).
pub const ROLL_PUBLISHED_DAYS: u32 = 20;
/// Days after that within which anybody objects to the roll (村民委员会组织法 art. 14: 五日内).
pub const ROLL_OBJECTION_DAYS: u32 = 5;
/// Days within which an objection is decided and the decision published (村民委员会组织法 art. 14: 三日内).
pub const ROLL_DECISION_DAYS: u32 = 3;
/// Days before the poll on which the roll changes for the last time: published, objected to and decided on the last day
/// that there is for each.
pub const ROLL_FINAL_DAYS: u32 = ROLL_PUBLISHED_DAYS - ROLL_OBJECTION_DAYS - ROLL_DECISION_DAYS;

/// Days of notice that a statute asks for before a meeting that decides by this rule; `None` if none does.
pub fn notice_days(rule: &Rule) -> Option<u32> {
    [VILLAGERS_MEETING, VILLAGERS_MEETING_HOUSEHOLDS].contains(&rule.id.as_str()).then_some(VILLAGERS_MEETING_NOTICE_DAYS)
}

/// Whether a statute says until when the roll of an election by this rule is published and changed. Run-offs and second
/// polls follow within days, on the roll that was published for the first.
pub fn gives_roll_days(rule: &Rule) -> bool {
    rule.id == VILLAGE_ELECTION
}

const fn quorum(counts: Turnout, threshold: Threshold) -> Quorum {
    Quorum { counts, by: Measure::Heads, threshold }
}

const fn majority(of: Basis, threshold: Threshold) -> Majority {
    Majority { of, by: Measure::Heads, threshold }
}

fn rule(id: &str, title: (&str, &str), source: (&str, &str), quorum: Vec<Quorum>, majority: Vec<Majority>) -> Rule {
    let [title, source] = [title, source].map(|(zh, en)| Wording::new(zh, en));
    Rule { id: id.to_owned(), version: 1, title, source, quorum, majority, abstentions: Abstentions::Count }
}

const HALF: Threshold = Threshold::MORE_THAN_HALF;
const TWO_THIRDS: Threshold = Threshold::AT_LEAST_TWO_THIRDS;

fn meetings() -> Vec<Rule> {
    let present_majority = || vec![majority(Basis::Present, HALF)];
    vec![
        // 必须有全体十八周岁以上的居民、户的代表或者居民小组选举的代表的过半数出席，才能举行 … 由出席人的过半数通过
        rule(
            RESIDENTS_MEETING,
            ("居民会议", "Residents' meeting"),
            ("城市居民委员会组织法（2018）第九条", "Organic Law of the Urban Residents Committees (2018), art. 9"),
            vec![quorum(Turnout::Present, HALF)],
            present_majority(),
        ),
        // 应当有本村十八周岁以上村民的过半数 … 参加 … 到会人员的过半数通过
        rule(
            VILLAGERS_MEETING,
            ("村民会议（村民参加）", "Villagers' meeting, by villagers"),
            ("村民委员会组织法（2018）第二十二条", "Organic Law of the Villagers Committees (2018), art. 22"),
            vec![quorum(Turnout::Present, HALF)],
            present_majority(),
        ),
        // … 或者本村三分之二以上的户的代表参加 …
        rule(
            VILLAGERS_MEETING_HOUSEHOLDS,
            ("村民会议（户代表参加）", "Villagers' meeting, by households"),
            ("村民委员会组织法（2018）第二十二条", "Organic Law of the Villagers Committees (2018), art. 22"),
            vec![quorum(Turnout::Present, TWO_THIRDS)],
            present_majority(),
        ),
        // 有三分之二以上的组成人员参加方可召开，所作决定应当经到会人员的过半数同意
        rule(
            VILLAGERS_REPRESENTATIVES,
            ("村民代表会议", "Villagers' representatives' meeting"),
            ("村民委员会组织法（2018）第二十六条", "Organic Law of the Villagers Committees (2018), art. 26"),
            vec![quorum(Turnout::Present, TWO_THIRDS)],
            present_majority(),
        ),
        // 村民三分之二以上，或者 … 三分之二以上的户的代表参加，所作决定应当经到会人员的过半数同意
        rule(
            VILLAGE_GROUP,
            ("村民小组会议", "Village group's meeting"),
            ("村民委员会组织法（2018）第二十八条", "Organic Law of the Villagers Committees (2018), art. 28"),
            vec![quorum(Turnout::Present, TWO_THIRDS)],
            present_majority(),
        ),
    ]
}

fn elections() -> Vec<Rule> {
    vec![
        // 登记参加选举的村民过半数投票，选举有效；候选人获得参加投票的村民过半数的选票，始得当选
        rule(
            VILLAGE_ELECTION,
            ("村民委员会选举", "Village committee election"),
            ("村民委员会组织法（2018）第十五条", "Organic Law of the Villagers Committees (2018), art. 15"),
            vec![quorum(Turnout::Cast, HALF)],
            vec![majority(Basis::Cast, HALF)],
        ),
        // 以得票多的当选，但是所得票数不得少于已投选票总数的三分之一. No demand on turnout is repeated.
        rule(
            VILLAGE_RUN_OFF,
            ("另行选举", "Run-off for seats left"),
            ("村民委员会组织法（2018）第十五条", "Organic Law of the Villagers Committees (2018), art. 15"),
            vec![],
            vec![majority(Basis::Cast, Threshold::AtLeast(Fraction::THIRD))],
        ),
        // Candidates with equal votes stand again; the most votes win.
        rule(
            VILLAGE_TIE,
            ("票数相等再次投票", "Second poll between equal candidates"),
            ("浙江省村民委员会选举办法（2012）", "Zhejiang Measures for Village Committee Elections (2012)"),
            vec![],
            vec![],
        ),
        // 须有登记参加选举的村民过半数投票，并须经投票的村民过半数通过
        rule(
            VILLAGE_RECALL,
            ("罢免村民委员会成员", "Recall of a village committee member"),
            ("村民委员会组织法（2018）第十六条", "Organic Law of the Villagers Committees (2018), art. 16"),
            vec![quorum(Turnout::Cast, HALF)],
            vec![majority(Basis::Cast, HALF)],
        ),
    ]
}

/// 由专有部分面积占比三分之二以上的业主且人数占比三分之二以上的业主参与表决; matters 6 to 8 need 四分之三以上 of the area
/// and of the heads of those taking part, all others 过半数 of both.
fn owners() -> Vec<Rule> {
    let both = [Measure::Heads, Measure::Area];
    let taking_part = || both.map(|by| Quorum { counts: Turnout::Cast, by, threshold: TWO_THIRDS }).to_vec();
    let in_favour = |threshold| both.map(|by| Majority { of: Basis::Cast, by, threshold }).to_vec();
    vec![
        rule(
            OWNERS,
            ("业主共同决定事项", "Owners' joint decision"),
            ("民法典第二百七十八条", "Civil Code, art. 278"),
            taking_part(),
            in_favour(HALF),
        ),
        rule(
            OWNERS_GRAVE,
            ("业主共同决定事项（第六项至第八项）", "Owners' joint decision on matters 6 to 8"),
            ("民法典第二百七十八条", "Civil Code, art. 278"),
            taking_part(),
            in_favour(Threshold::AtLeast(Fraction::THREE_QUARTERS)),
        ),
    ]
}

/// Every statute's rule in every version.
pub fn all() -> Vec<Rule> {
    [meetings(), elections(), owners()].concat()
}

/// The rule of this name and version.
pub fn find(id: &str, version: u32) -> Option<Rule> {
    all().into_iter().find(|rule| rule.id == id && rule.version == version)
}

#[cfg(test)]
#[path = "statutes_tests.rs"]
mod tests;
