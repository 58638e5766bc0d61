//! What of a report is not told to whoever holds no role, because so few people stand behind it that it would tell of them.
//!
//! - A figure about people (volunteers, their service, members) is kept back where fewer than [`SMALLEST_CELL_PEOPLE`] stand
//!   behind it; where nobody does, it is told.
//! - Of an area's parts and what was recorded at itself, so many are kept back that fewer people cannot be reckoned from its own
//!   figure and those of the others: the smallest of the others too, until enough people stand behind all of them together.
//! - What is kept back of an area is kept back of everything within it, and of an area asked for by itself as much as of a part.
//! - Two periods that end on neighbouring days would tell by their difference what a single person did. So a figure is told of a
//!   period only whose ends are settled: of the months up to an end, the last in which anybody stands behind the figure is over
//!   and has enough people, so that whatever lies between two settled ends has enough people too. As it was known on a day
//!   nothing about people is told, nor of other periods than whole months that are over: none and too few would tell a day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use gongyi_domain::{
    report::{Figure, SMALLEST_CELL_PEOPLE},
    values::{AreaCode, AreaLevel, Day},
};

use super::queries::{Report, ReportFilter};
use crate::{
    paging::{QueryError, fetch},
    views::Views,
    volunteering::participation_queries::*,
};

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

/// So many months before an end are looked at one by one.
const MONTHS_MAX: usize = 13;

/// How many people stand behind a figure, by area: the parts of one, and itself for what was recorded there.
type Cells = BTreeMap<AreaCode, u64>;

/// The areas in which anybody stands behind each of [`ABOUT`].
type Wanted = [BTreeSet<AreaCode>; ABOUT.len()];

/// The months up to an end of a period, the last first, until each area has one with anybody in it.
#[derive(Debug, Default)]
struct End(Vec<Month>);

#[derive(Debug)]
struct Month {
    is_over: bool,
    people: Cells,
}

impl End {
    /// Whether what these areas together did up to this end is told.
    fn is_settled(&self, of: impl Fn(&AreaCode) -> bool) -> bool {
        let together = |month: &Month| month.people.iter().filter(|(area, _)| of(area)).map(|(_, people)| people).sum::<u64>();
        let last = self.0.iter().map(|month| (month.is_over, together(month))).find(|(_, people)| *people > 0);
        last.is_none_or(|(is_over, people)| is_over && people >= SMALLEST_CELL_PEOPLE)
    }
}

fn are_settled(ends: &[End], of: impl Fn(&AreaCode) -> bool) -> bool {
    ends.iter().all(|end| end.is_settled(&of))
}

/// The cells that are not told.
fn kept_back(cells: &Cells, ends: &[End]) -> BTreeSet<AreaCode> {
    let (mut kept, mut others) = (BTreeSet::new(), vec![]);
    for (area, people) in cells.iter().filter(|(_, people)| **people > 0) {
        if *people >= SMALLEST_CELL_PEOPLE && are_settled(ends, |it| it == area) {
            others.push((*people, area));
        } else {
            kept.insert(area.clone());
        }
    }
    others.sort();
    let people = |of: &BTreeSet<AreaCode>| of.iter().map(|area| cells[area]).sum::<u64>();
    for (_, area) in others {
        if kept.is_empty() || people(&kept) >= SMALLEST_CELL_PEOPLE && are_settled(ends, |it| kept.contains(it)) {
            break;
        }
        kept.insert(area.clone());
    }
    kept
}

/// All areas around an area, the largest first.
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

/// The people of each area whose figure changed from one report to the other.
fn changed(before: &Cells, after: &Cells) -> Cells {
    let areas = before.keys().chain(after.keys()).collect::<BTreeSet<_>>();
    let of = |cells: &Cells, area: &AreaCode| cells.get(area).copied().unwrap_or(0);
    areas.into_iter().map(|area| (area.clone(), of(before, area).abs_diff(of(after, area)))).collect()
}

impl Views {
    /// The months up to the end of a day behind each of [`ABOUT`], as far back as it takes for the areas wanted.
    async fn end(&self, area: &AreaCode, day: Day, today: Day, wanted: &Wanted) -> Result<[End; ABOUT.len()], QueryError> {
        let mut ends = [End::default(), End::default(), End::default()];
        let (mut wanted, mut last) = (wanted.clone(), day);
        let all = ReportFilter { area: area.clone(), from: Day::default(), as_of: day, known_at: None };
        let (report, served) = (self.report(&all, true).await?, self.participation(&all.service(), &[GroupBy::Area], None).await?);
        for (about, wanted) in ABOUT.into_iter().zip(&mut wanted) {
            let ever = about.cells(area, &report, &served).0;
            wanted.retain(|area| ever.get(area).is_some_and(|people| *people > 0));
        }
        for month in 1..=MONTHS_MAX {
            if wanted.iter().all(BTreeSet::is_empty) {
                break;
            }
            // The last of these is all that was before.
            let first = if month == MONTHS_MAX { Day::default() } else { last.with_day(1).unwrap_or(last) };
            let is_over = month < MONTHS_MAX && last < today && last.succ_opt().is_some_and(|next| next.day() == 1);
            let Some(before) = first.pred_opt() else { break };
            let of = |from, as_of| ReportFilter { area: area.clone(), from, as_of, known_at: None };
            let within = of(first, last);
            let (now, then) = (self.report(&within, true).await?, self.report(&of(before, before), true).await?);
            let served = self.participation(&within.service(), &[GroupBy::Area], None).await?;
            for ((about, end), wanted) in ABOUT.into_iter().zip(&mut ends).zip(&mut wanted) {
                let cells = about.cells(area, &now, &served).0;
                let people = match about {
                    About::Counted(_) => changed(&about.cells(area, &then, &served).0, &cells),
                    About::Service => cells,
                };
                wanted.retain(|area| people.get(area).copied().unwrap_or(0) == 0);
                end.0.push(Month { is_over, people });
            }
            last = before;
        }
        Ok(ends)
    }

    /// What of this report is told to nobody without a role, who asks today.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn untold(&self, filter: &ReportFilter, today: Day) -> Result<Untold, QueryError> {
        let mut untold = Untold::default();
        let mut around = around(&filter.area);
        around.push(filter.area.clone());
        // Where all there is lies in one district, what is around it is the district once more.
        if self.is_of_one_district().await? {
            around.retain(|area| area.level() >= AreaLevel::District || *area == filter.area);
        }
        for (place, area) in around.iter().enumerate() {
            let of_area = ReportFilter { area: area.clone(), ..filter.clone() };
            let report = self.report(&of_area, true).await?;
            let served = self.participation(&of_area.service(), &[GroupBy::Area], None).await?;
            let wanted = ABOUT.map(|about| {
                let cells = about.cells(area, &report, &served).0;
                cells.into_iter().filter(|(_, people)| *people > 0).map(|(area, _)| area).collect()
            });
            let begins = self.end(area, filter.from.pred_opt().unwrap_or(filter.from), today, &wanted).await?;
            let ends = self.end(area, filter.as_of, today, &wanted).await?;
            for ((about, begins), ends) in ABOUT.into_iter().zip(begins).zip(ends) {
                let (cells, people) = about.cells(area, &report, &served);
                let ends = match about {
                    About::Counted(_) => vec![ends],
                    About::Service => vec![begins, ends],
                };
                let kept = kept_back(&cells, &ends);
                let few = (1..SMALLEST_CELL_PEOPLE).contains(&people) || people > 0 && !are_settled(&ends, |_| true);
                let whole = few || filter.known_at.is_some() || !filter.is_of_whole_months(today);
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

impl Views {
    /// Whether every listed area is a district or lies in it.
    async fn is_of_one_district(&self) -> Result<bool, QueryError> {
        let sql = "SELECT json_array(count(DISTINCT substr(code,1,6)), coalesce(min(length(code)),6)) FROM areas".to_owned();
        let found: Vec<(u64, u64)> = fetch(&mut *self.pool().acquire().await?, sql, &[]).await?;
        Ok(found.first().is_none_or(|(districts, shortest)| *districts <= 1 && *shortest >= 6))
    }
}

impl Untold {
    /// A figure of the area asked for, whose cells are its parts and itself.
    fn of_last(&mut self, figure: Figure, area: &AreaCode, whole: bool, cells: &Cells, kept: &BTreeSet<AreaCode>) {
        if whole {
            self.of_area.insert(figure);
            self.of_own.insert(figure);
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
    /// Whether it is of whole months that are over.
    fn is_of_whole_months(&self, today: Day) -> bool {
        self.from.day() == 1 && self.as_of < today && self.as_of.succ_opt().is_some_and(|next| next.day() == 1)
    }

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
        kept_back(&cells, &[]).iter().map(|area| cells[area]).collect()
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
        assert_eq!(codes("440402001003"), ["44", "4404", "440402", "440402001"]);
        assert_eq!(codes("44"), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn what_is_kept_back_is_never_of_few(people in prop::collection::vec(0..12_u64, 1..8)) {
            let (cells, total) = (cells(&people), people.iter().sum::<u64>());
            let kept = kept_back(&cells, &[]);
            let together: u64 = kept.iter().map(|area| cells[area]).sum();
            prop_assert!(kept.is_empty() || together >= SMALLEST_CELL_PEOPLE || together == total, "{:?}", cells);
            prop_assert!(cells.iter().all(|(area, people)| *people == 0 || *people >= SMALLEST_CELL_PEOPLE || kept.contains(area)));
        }
    }
}
