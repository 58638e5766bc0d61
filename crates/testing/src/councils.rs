//! Councils as tests need them.

use gongyi_app::{Command, Rejection, work::Work};
use gongyi_domain::{
    access::authority::{Act, Subject},
    deliberation::{
        charter::{Charter, CharterTerms},
        council::{Council, CouncilCommand, ESTABLISH_COUNCIL},
        seat::{Mandate, SeatSource},
    },
    values::{AreaCode, CouncilId, PersonId},
};
use serde::Serialize;
use uuid::Uuid;

use crate::platform::{Platform, area};

/// Establishes a council and seats its representatives.
#[derive(Debug, Serialize)]
pub struct EstablishesCouncil {
    /// Its id.
    pub council: CouncilId,
    /// Where.
    pub area: AreaCode,
    /// What its charter says.
    pub terms: CharterTerms,
    /// Who sits, from today on.
    pub people: Vec<PersonId>,
}

gongyi_app::commands! { EstablishesCouncil }

impl Command for EstablishesCouncil {
    const ACT: &'static Act = &ESTABLISH_COUNCIL;
    type Answer = CouncilId;

    async fn decide(&self, work: &mut Work<'_>) -> Result<CouncilId, Rejection> {
        work.may(Self::ACT, &Subject::area(self.area.clone()))?;
        let today = work.today();
        let mandate = Mandate::Authority { authority: "香洲区民政局".into(), reason: "批复".into() };
        let charter = Charter::try_new(self.terms.clone()).unwrap();
        let establish = CouncilCommand::Establish { area: self.area.clone(), name: "议事会".into(), charter, mandate, on: today, today };
        work.load_and_decide::<Council>(self.council, establish).await?;
        if !self.people.is_empty() {
            let source = SeatSource::Transition { source: "名册".into() };
            let seat = CouncilCommand::Seat { people: self.people.clone(), from: today, until: None, source };
            work.load_and_decide::<Council>(self.council, seat).await?;
        }
        Ok(self.council)
    }
}

impl Platform {
    /// A council in the area under this charter, with these representatives.
    pub async fn establishes_council(&self, code: &str, terms: CharterTerms, people: Vec<PersonId>) -> CouncilId {
        let command = EstablishesCouncil { council: CouncilId(Uuid::now_v7()), area: area(code), terms, people };
        self.does(&command).await.unwrap()
    }
}
