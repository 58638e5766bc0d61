//! What breaks silently elsewhere: a version that no decision stands behind, two versions that hold at once, a repealed
//! covenant that comes back to life.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    deliberation::{
        difference::{Fate, RunKind},
        text::Paragraph,
    },
    scenario::{Given, given},
    values::ParagraphId,
};

fn day(n: u32) -> Day {
    Day::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(n.into())
}

fn text(says: &str) -> Text {
    let paragraph = Paragraph { id: ParagraphId(Uuid::from_u128(1)), text: says.into() };
    Text { title: "居民公约".into(), paragraphs: vec![paragraph] }
}

fn adoption(n: u128, on: u32) -> Adoption {
    Adoption { motion: MotionId(Uuid::from_u128(n)), vote: VoteId(Uuid::from_u128(100 + n)), on: day(on) }
}

fn adopt(says: &str) -> CovenantCommand {
    CovenantCommand::Adopt {
        council: CouncilId(Uuid::from_u128(9)),
        area: "440402001001".parse().unwrap(),
        text: text(says),
        adoption: adoption(1, 10),
        effective: day(20),
    }
}

fn revise(says: &str, n: u128, on: u32, effective: u32) -> CovenantCommand {
    CovenantCommand::Revise { text: text(says), adoption: adoption(n, on), effective: day(effective) }
}

fn repeal(n: u128, on: u32, effective: u32) -> CovenantCommand {
    CovenantCommand::Repeal { adoption: adoption(n, on), effective: day(effective) }
}

fn adopted() -> Given<Covenant> {
    given::<Covenant>([]).and(adopt("十点后不喧哗"))
}

#[test]
fn each_version_holds_from_its_day_until_the_next_or_the_repeal() {
    let covenant = adopted().and_all([revise("十一点后不喧哗", 2, 30, 40), repeal(3, 50, 60)]);
    let says = |n| covenant.in_force(day(n)).map(|version| version.text.paragraphs[0].text.as_str());
    assert_eq!((says(19), says(20), says(39)), (None, Some("十点后不喧哗"), Some("十点后不喧哗")));
    assert_eq!((says(40), says(59), says(60)), (Some("十一点后不喧哗"), Some("十一点后不喧哗"), None));
}

#[test]
fn what_changed_between_two_versions_is_told_in_either_direction() {
    let covenant = adopted().and(revise("十一点后不喧哗", 2, 30, 40));
    let there = covenant.difference(1, 2).unwrap();
    assert_eq!(there.paragraphs[0].fate, Fate::Changed);
    let kinds = |from, to| covenant.difference(from, to).unwrap().paragraphs[0].runs.iter().map(|run| run.kind).collect::<Vec<_>>();
    assert_eq!(kinds(1, 2), [RunKind::Equal, RunKind::Insert, RunKind::Equal]);
    assert_eq!(kinds(2, 1), [RunKind::Equal, RunKind::Delete, RunKind::Equal]);
    assert_eq!(covenant.difference(0, 1), Err(R::UnknownCovenantVersion));
    assert_eq!(covenant.difference(1, 3), Err(R::UnknownCovenantVersion));
    assert_eq!(Covenant::default().difference(1, 1), Err(R::UnknownCovenant));
}

#[test]
fn one_decision_adopts_one_version_and_only_one() {
    adopted().when(adopt("又一份")).then_refused(R::CovenantExists);
    adopted().when(revise("改", 1, 30, 40)).then_refused(R::DecisionUsed);
    adopted().when(repeal(1, 30, 40)).then_refused(R::DecisionUsed);
    given::<Covenant>([]).when(revise("改", 2, 30, 40)).then_refused(R::UnknownCovenant);
}

#[test]
fn nothing_takes_effect_before_it_is_adopted_or_overtakes_an_earlier_version() {
    adopted().when(revise("改", 2, 30, 29)).then_refused(R::EffectiveDayUnfit);
    adopted().when(revise("改", 2, 15, 19)).then_refused(R::EffectiveDayUnfit);
    adopted().when(revise("改", 2, 15, 20)).then_done();
    adopted().when(repeal(2, 15, 19)).then_refused(R::EffectiveDayUnfit);
}

#[test]
fn a_version_says_something_else_and_something_fit() {
    adopted().when(revise("十点后不喧哗", 2, 30, 40)).then_refused(R::SameText);
    adopted().when(revise(" ", 2, 30, 40)).then_code("CovenantTextUnfit");
    given::<Covenant>([]).when(adopt("")).then_code("CovenantTextUnfit");
    let versions = vec![adopted().versions[0].clone(); COVENANT_VERSIONS_MAX_COUNT];
    let full = Given::<Covenant> { state: Covenant { versions, ..adopted().state } };
    full.when(revise("改", 2, 30, 40)).then_refused(R::TooManyVersions { most: COVENANT_VERSIONS_MAX_COUNT });
}

#[test]
fn a_repealed_covenant_stays_repealed() {
    let gone = adopted().and(repeal(2, 30, 40));
    gone.when(repeal(3, 50, 60)).then_refused(R::CovenantIsRepealed);
    gone.when(revise("改", 3, 50, 60)).then_refused(R::CovenantIsRepealed);
}

#[test]
fn a_version_is_filed_once_between_its_adoption_and_today() {
    let file = |version, on| CovenantCommand::File { version, on: day(on), today: day(30) };
    adopted().when(file(1, 9)).then_refused(R::FilingDayUnfit);
    adopted().when(file(1, 31)).then_refused(R::FilingDayUnfit);
    adopted().when(file(2, 20)).then_refused(R::UnknownCovenantVersion);
    let filed = adopted().and(file(1, 10));
    assert_eq!(filed.versions[0].filed, Some(day(10)));
    filed.when(file(1, 11)).then_refused(R::AlreadyFiled);
}

proptest! {
    #[test]
    fn versions_are_numbered_without_gap_and_effective_in_order(
        wishes in proptest::collection::vec(("[甲乙丙]{0,2}", 2u128..20, 0u32..60, 0u32..60, any::<bool>()), 0..30),
    ) {
        let mut covenant = adopted().state;
        for (says, n, on, effective, ends) in wishes {
            let command = if ends && n > 17 { repeal(n, on, effective) } else { revise(&says, n, on, effective) };
            for event in Covenant::handle_command(&covenant, command).unwrap_or_default() {
                if let E::CovenantRevised { version, .. } = &event {
                    prop_assert_eq!(*version as usize, covenant.versions.len() + 1);
                    prop_assert!(covenant.repealed.is_none());
                }
                covenant = Covenant::apply_event(covenant, event);
            }
        }
        prop_assert!(covenant.versions.windows(2).all(|pair| pair[0].effective <= pair[1].effective));
        prop_assert!(covenant.versions.iter().all(|version| version.adoption.on <= version.effective));
    }
}
