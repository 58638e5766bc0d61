//! What of a report is not told to whoever holds no role, because so few people stand behind it that it would tell of them.
//!
//! - A figure about people (volunteers, their service, members) is kept back where fewer than [`SMALLEST_CELL_PEOPLE`] stand
//!   behind it; where nobody does, it is told.
//! - Of an area's parts and what was recorded at itself, so many are kept back that fewer people cannot be reckoned from its own
//!   figure and those of the others: the smallest of the others too, until enough people stand behind all of them together.
//! - What is kept back of an area is kept back of everything within it, and of an area asked for by itself as much as of a part.

use std::collections::{BTreeMap, BTreeSet};

use gongyi_domain::{
    report::{Figure, SMALLEST_CELL_PEOPLE},
    values::AreaCode,
};

use super::queries::{Report, ReportFilter};
use crate::{paging::QueryError, views::Views, volunteering::participation_queries::*};

/// The figures that are not told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Untold {
    /// Of the area with all its parts.
    pub of_area: BTreeSet<Figure>,
    /// Of each of its parts.
    pub of_parts: BTreeMap<AreaCode, BTreeSet<Figure>>,
    /// Of what was recorded at the area itself.
    pub of_own: BTreeSet<Figure>,
}

/// How many people stand behind a figure, by area: the parts of one, and itself for what was recorded there.
type Cells = BTreeMap<AreaCode, u64>;

/// The cells that are not told.
fn kept_back(cells: &Cells) -> BTreeSet<AreaCode> {
    let (mut small, mut others) = (vec![], vec![]);
    for (area, people) in cells.iter().filter(|(_, people)| **people > 0) {
        if *people < SMALLEST_CELL_PEOPLE { small.push((*people, area)) } else { others.push((*people, area)) }
    }
    others.sort();
    let mut together: u64 = small.iter().map(|(people, _)| people).sum();
    for other in others {
        if together == 0 || together >= SMALLEST_CELL_PEOPLE {
            break;
        }
        together += other.0;
        small.push(other);
    }
    small.into_iter().map(|(_, area)| area.clone()).collect()
}

/// All areas around an area, the district first.
fn around(area: &AreaCode) -> Vec<AreaCode> {
    let mut around: Vec<AreaCode> = std::iter::successors(area.parent(), AreaCode::parent).collect();
    around.reverse();
    around
}

/// The figures about people by what is counted to know how many those are.
#[derive(Debug, Clone, Copy)]
enum About {
    /// The figure itself counts them.
    Counted(Figure),
    /// The volunteers who served.
    Service,
}

const ABOUT: [About; 3] = [About::Counted(Figure::RegisteredVolunteers), About::Counted(Figure::SelfOrganisationMembers), About::Service];

impl About {
    fn figures(self) -> Vec<Figure> {
        match self {
            Self::Counted(figure) => vec![figure],
            Self::Service => vec![Figure::ServiceCategories, Figure::ConfirmedServiceRecords, Figure::ConfirmedServiceMinutes],
        }
    }

    /// The cells of an area, and how many people stand behind it.
    fn cells(self, area: &AreaCode, report: &Report, served: &Participation) -> (Cells, u64) {
        let people = |amount: i64| u64::try_from(amount).unwrap_or(0);
        match self {
            Self::Counted(figure) => {
                let own = (area.clone(), people(report.own().get(figure)));
                let parts = report.parts.iter().map(|(code, figures)| (code.clone(), people(figures.get(figure))));
                (parts.chain([own]).collect(), people(report.figures.get(figure)))
            }
            Self::Service => {
                let cells = served.rows.iter().filter_map(|row| Some((row.area.clone()?, row.volunteers)));
                (cells.collect(), served.total.volunteers)
            }
        }
    }
}

impl Views {
    /// What of this report is told to nobody without a role.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn untold(&self, filter: &ReportFilter) -> Result<Untold, QueryError> {
        let mut untold = Untold::default();
        let mut around = around(&filter.area);
        around.push(filter.area.clone());
        for (place, area) in around.iter().enumerate() {
            let of_area = ReportFilter { area: area.clone(), ..filter.clone() };
            let report = self.report(&of_area, true).await?;
            let served = self.participation(&of_area.service(), &[GroupBy::Area], None).await?;
            for about in ABOUT {
                let (cells, people) = about.cells(area, &report, &served);
                let kept = kept_back(&cells);
                let whole = (1..SMALLEST_CELL_PEOPLE).contains(&people);
                for figure in about.figures() {
                    match around.get(place + 1) {
                        Some(next) if whole || kept.contains(next) => _ = untold.of_area.insert(figure),
                        Some(_) => {}
                        None => untold.of_last(figure, area, whole, &cells, &kept),
                    }
                }
            }
        }
        Ok(untold)
    }
}

impl Untold {
    /// A figure of the area asked for, whose cells are its parts and itself.
    fn of_last(&mut self, figure: Figure, area: &AreaCode, whole: bool, cells: &Cells, kept: &BTreeSet<AreaCode>) {
        if whole {
            self.of_area.insert(figure);
        }
        let all = self.of_area.contains(&figure);
        for code in cells.keys().filter(|code| all || kept.contains(*code)) {
            if code == area {
                self.of_own.insert(figure);
            } else {
                self.of_parts.entry(code.clone()).or_default().insert(figure);
            }
        }
    }
}

impl ReportFilter {
    /// The service that the report counts.
    fn service(&self) -> ParticipationFilter {
        let Self { area, from, as_of, known_at } = self.clone();
        ParticipationFilter { area: Some(area), organisation: None, include_below: false, person: None, from, to: as_of, known_at }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(people: &[u64]) -> Cells {
        (0..).zip(people).map(|(n, people)| (format!("440402{n:03}").parse().unwrap(), *people)).collect()
    }

    fn kept(people: &[u64]) -> Vec<u64> {
        let cells = cells(people);
        kept_back(&cells).iter().map(|area| cells[area]).collect()
    }

    #[test]
    fn one_small_cell_takes_the_next_smallest_along() {
        assert_eq!(kept(&[30, 3, 9, 0]), [3, 9]);
        assert_eq!(kept(&[30, 4, 9, 1]), [4, 1]);
        assert_eq!(kept(&[30, 9, 0]), Vec::<u64>::new());
        assert_eq!(kept(&[4]), [4]);
    }

    #[test]
    fn an_area_lies_in_all_above_it() {
        let codes = |code: &str| around(&code.parse().unwrap()).iter().map(|it| it.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(codes("440402001003"), ["440402", "440402001"]);
        assert_eq!(codes("440402"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn what_is_kept_back_is_never_of_few(people in prop::collection::vec(0..12_u64, 1..8)) {
            let (cells, total) = (cells(&people), people.iter().sum::<u64>());
            let kept = kept_back(&cells);
            let together: u64 = kept.iter().map(|area| cells[area]).sum();
            prop_assert!(kept.is_empty() || together >= SMALLEST_CELL_PEOPLE || together == total, "{:?}", cells);
            prop_assert!(cells.iter().all(|(area, people)| *people == 0 || *people >= SMALLEST_CELL_PEOPLE || kept.contains(area)));
        }
    }
}
