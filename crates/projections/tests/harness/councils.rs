//! Random wishes about councils and residents' issues.

use chrono::Days;
use gongyi_domain::{
    deliberation::{
        charter::{Charter, CharterTerms},
        council::{Council, CouncilCommand},
        issue::{ResidentIssue, ResidentIssueCommand},
        motion_category::MotionCategory,
        seat::{GuestKind, Mandate, SeatSource, Vacancy},
    },
    values::{AreaCode, CouncilId, MotionId},
};
use uuid::Uuid;

use super::{
    Platform, seal,
    story::{States, person},
};

/// Councils and issues in the making.
#[derive(Default)]
pub struct Councils {
    councils: States<Council>,
    issues: States<ResidentIssue>,
}

fn council(n: u32) -> CouncilId {
    CouncilId(Uuid::from_u128(0x7000 + u128::from(n % 2)))
}

impl Councils {
    pub async fn wish(&mut self, platform: &mut Platform, what: u8, a: u32, b: u32) {
        if what.is_multiple_of(2) { self.council(platform, a, b).await } else { self.issue(platform, a, b).await }
    }

    async fn council(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let area: AreaCode = "440402001001".parse().unwrap();
        let today = platform.now.date_naive();
        let mandate = Mandate::Authority { authority: "office".into(), reason: "decree".into() };
        let charter = Charter::try_new(CharterTerms::model(3 + b % 4)).unwrap();
        let (who, on) = (person(a), today);
        let known = self.councils.0.contains_key(&council(b).0);
        let command = match a % 16 {
            _ if !known => CouncilCommand::Establish { area, name: format!("council {b}"), charter, mandate, on, today },
            0..=5 => {
                let until = b.is_multiple_of(3).then(|| today.checked_add_days(Days::new(20)).unwrap());
                let source = SeatSource::Transition { source: "roll".into() };
                CouncilCommand::Seat { people: vec![who], from: today, until, source }
            }
            6 | 7 => {
                let reason = b.is_multiple_of(2).then(|| seal(who, "SeatVacated", "reason", &format!("leaves {b}")));
                CouncilCommand::Vacate { person: who, how: Vacancy::Left { reason }, on, today }
            }
            8 => CouncilCommand::Vacate { person: who, how: Vacancy::Recalled { mandate }, on, today },
            9 => CouncilCommand::AmendCharter { charter, mandate, today },
            10 => CouncilCommand::Rename { name: format!("renamed {b}") },
            11 | 12 => CouncilCommand::RegisterGuest { person: who, kind: GuestKind::Lawyer, today },
            13 => CouncilCommand::ReleaseGuest { person: who },
            14 => CouncilCommand::EndLapsedTerms { today },
            _ if b.is_multiple_of(7) => CouncilCommand::Dissolve { mandate, on, today },
            _ => CouncilCommand::CutTermsShort { mandate, on, today },
        };
        self.councils.act::<Council>(platform, council(b).0, command).await;
    }

    async fn issue(&mut self, platform: &mut Platform, a: u32, b: u32) {
        let id = Uuid::from_u128(0x8000 + u128::from(b % 4));
        let who = person(a);
        let raiser = self.issues.0.get(&id).and_then(|issue| issue.raised_by);
        let command = match (raiser, a % 12) {
            (None, _) => {
                let text = |field, text: &str| seal(who, "IssueRaised", field, text);
                ResidentIssueCommand::Raise {
                    council: council(b),
                    area: "440402001001".parse().unwrap(),
                    raised_by: who,
                    category: MotionCategory::Sanitation,
                    title: text("title", &format!("title {b}")),
                    text: text("text", &format!("text {b}")),
                }
            }
            (Some(_), 0..=4) => ResidentIssueCommand::Endorse { person: who, at_home: (0..6).map(person).collect(), needed: 2 },
            (Some(_), 5 | 6) => ResidentIssueCommand::WithdrawEndorsement { person: who },
            (Some(_), 7 | 8) => ResidentIssueCommand::Admit { screener: None, at_home: (0..6).map(person).collect(), needed: 2 },
            (Some(of), 9) if b.is_multiple_of(3) => {
                ResidentIssueCommand::TurnAway { screener: None, reason: seal(of, "IssueTurnedAway", "reason", "not ours") }
            }
            (Some(of), 9) if b.is_multiple_of(5) => ResidentIssueCommand::Withdraw { by: of },
            (Some(_), 9) => ResidentIssueCommand::TakeUp { motion: MotionId(Uuid::from_u128(1)) },
            (Some(_), 10) => ResidentIssueCommand::Answer { answer: "answered".into() },
            (Some(_), _) => ResidentIssueCommand::Close,
        };
        self.issues.act::<ResidentIssue>(platform, id, command).await;
    }
}
