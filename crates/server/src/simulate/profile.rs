//! A profile: a district's figures, from which a district with exactly these is simulated.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use chrono_tz::Tz;
use gongyi_domain::{
    projects::community_activity::PERSON_TIMES_MAX,
    report::Figure,
    values::{AreaCode, Cents, Day},
    volunteering::{category::Category, service_ledger::SERVICE_RECORD_MAX_MINUTES},
};
use serde::Deserialize;

/// What is wrong with a profile: the field, and why.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {field}: {zh}  {en}", path = path.display())]
pub struct Impossible {
    path: PathBuf,
    field: String,
    zh: String,
    en: String,
}

/// As it stands in the file. `definitions` say what the platform's schema says too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stored {
    name: String,
    area: AreaCode,
    areas: Option<PathBuf>,
    from: Day,
    as_of: Day,
    time_zone: Option<String>,
    figures: BTreeMap<String, u64>,
    #[serde(default)]
    #[expect(dead_code, reason = "for people; the schema has the definitions")]
    definitions: BTreeMap<String, String>,
}

/// A profile that can be.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The area whose figures these are.
    pub area: AreaCode,
    /// The file of areas it names; the built-in one if it names none.
    pub areas: Option<PathBuf>,
    /// The first day of the period.
    pub from: Day,
    /// Its last day.
    pub as_of: Day,
    /// The zone in which days are counted.
    pub zone: Tz,
    path: PathBuf,
    figures: BTreeMap<Figure, u64>,
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// A file that does not read; [`Impossible`].
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(path, &text)
    }

    /// Reads a profile's text; `path` is where it comes from.
    ///
    /// # Errors
    /// [`Impossible`].
    pub fn parse(path: &Path, text: &str) -> anyhow::Result<Self> {
        let wrong = |field: &str, zh: &str, en: &str| Impossible { path: path.into(), field: field.into(), zh: zh.into(), en: en.into() };
        let stored: Stored = serde_json::from_str(text).map_err(|error| wrong("profile", "格式有误", &error.to_string()))?;
        let zone = stored.time_zone.as_deref().unwrap_or("Asia/Shanghai");
        let zone = zone.parse().map_err(|_| wrong("timeZone", "没有此时区", "there is no such time zone"))?;
        let mut figures = BTreeMap::new();
        for (name, amount) in stored.figures {
            let known = || wrong(&format!("figures.{name}"), "没有此指标", "there is no such figure");
            figures.insert(Figure::named(&name).ok_or_else(known)?, amount);
        }
        let Stored { name, area, from, as_of, .. } = stored;
        let areas = stored.areas.map(|file| path.parent().unwrap_or(Path::new("")).join(file));
        let profile = Self { name, area, areas, from, as_of, zone, path: path.into(), figures };
        profile.require_possible().map_err(|(field, zh, en)| profile.impossible(field, &zh, &en))?;
        Ok(profile)
    }

    /// What turned out to be impossible about it.
    pub fn impossible(&self, field: &str, zh: &str, en: &str) -> Impossible {
        Impossible { path: self.path.clone(), field: field.into(), zh: zh.into(), en: en.into() }
    }

    /// A figure; nothing if the profile does not name it.
    pub fn get(&self, figure: Figure) -> u64 {
        self.figures.get(&figure).copied().unwrap_or(0)
    }

    /// A figure as a number of things.
    pub fn count(&self, figure: Figure) -> usize {
        usize::try_from(self.get(figure)).unwrap_or(usize::MAX)
    }

    /// The days of the period.
    pub fn days(&self) -> Vec<Day> {
        self.from.iter_days().take_while(|day| *day <= self.as_of).collect()
    }

    fn require_possible(&self) -> Result<(), (&'static str, String, String)> {
        let get = |figure| self.get(figure);
        const MANY: u64 = 100_000_000;
        check(self.from <= self.as_of, "asOf", "截止日早于起始日", "the period ends before it begins")?;
        let money = [Figure::ProjectGrantCents, Figure::ProjectSelfRaisedCents];
        for (figure, amount) in &self.figures {
            let most = if money.contains(figure) {
                Cents::MAX.get() / 4
            } else if *figure == Figure::ConfirmedServiceMinutes {
                MANY * u64::from(SERVICE_RECORD_MAX_MINUTES)
            } else {
                MANY
            };
            check(*amount <= most, figure.name(), "数值过大", "that is too many")?;
        }
        check(get(Figure::Stations) <= get(Figure::Organisations), "stations", "服务站多于组织", "stations are among the organisations")?;
        let (records, minutes) = (get(Figure::ConfirmedServiceRecords), get(Figure::ConfirmedServiceMinutes));
        let categories = get(Figure::ServiceCategories);
        let all = Category::ALL.len();
        let (zh, en) = (format!("类别多于规定的 {all} 类"), format!("there are {all} categories"));
        check(categories <= all as u64, "serviceCategories", zh, en)?;
        let some = categories <= records && (records == 0 || categories > 0);
        check(some, "serviceCategories", "类别须有记录，记录须有类别", "each category needs a record, and a record has a category")?;
        let fits = (records..=records * u64::from(SERVICE_RECORD_MAX_MINUTES)).contains(&minutes);
        let (zh, en) = (
            format!("每条记录为 1 至 {SERVICE_RECORD_MAX_MINUTES} 分钟"),
            format!("a record has 1 to {SERVICE_RECORD_MAX_MINUTES} minutes"),
        );
        check(fits, "confirmedServiceMinutes", zh, en)?;
        let (activities, reached) = (get(Figure::ActivitiesByRepresentatives), get(Figure::ActivityPersonTimes));
        let fits = (activities..=activities * u64::from(PERSON_TIMES_MAX)).contains(&reached);
        let (zh, en) = (format!("每次活动为 1 至 {PERSON_TIMES_MAX} 人次"), format!("an activity reaches 1 to {PERSON_TIMES_MAX}"));
        check(fits, "activityPersonTimes", zh, en)?;
        let members = get(Figure::SelfOrganisationMembers);
        let some = members == 0 || get(Figure::SelfOrganisations) > 0;
        check(some, "selfOrganisationMembers", "没有自组织", "there is no self-organisation to be a member of")
    }
}

fn check(fits: bool, field: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Result<(), (&'static str, String, String)> {
    if fits { Ok(()) } else { Err((field, zh.into(), en.into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(figures: &str) -> Result<Profile, String> {
        let text = format!(r#"{{"name":"t","area":"440402","from":"2022-01-01","asOf":"2022-09-15","figures":{{{figures}}}}}"#);
        Profile::parse(Path::new("p.json"), &text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_figure() {
        assert_eq!(parsed(r#""motionsReceived":3"#).unwrap().get(Figure::MotionsReceived), 3);
        for (figures, field) in [
            (r#""stations":2,"organisations":1"#, "stations"),
            (r#""serviceCategories":1"#, "serviceCategories"),
            (r#""confirmedServiceRecords":1,"confirmedServiceMinutes":9"#, "serviceCategories"),
            (r#""serviceCategories":1,"confirmedServiceRecords":1,"confirmedServiceMinutes":1441"#, "confirmedServiceMinutes"),
            (r#""serviceCategories":14,"confirmedServiceRecords":20,"confirmedServiceMinutes":20"#, "serviceCategories"),
            (r#""activityPersonTimes":1"#, "activityPersonTimes"),
            (r#""selfOrganisationMembers":1"#, "selfOrganisationMembers"),
            (r#""motions":1"#, "figures.motions"),
        ] {
            let error = parsed(figures).unwrap_err();
            assert!(error.starts_with(&format!("p.json: {field}: ")), "{figures}: {error}");
        }
    }
}
