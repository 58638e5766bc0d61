//! `gongyi demo`: a small, lively, invented district, driven through the same command path as everything else, then
//! served. Its last year is simulated from a profile; what goes on now is added. A folder that holds data already is served
//! as it is.

mod present;

use std::{path::Path, process::ExitCode};

use chrono::Days;
use chrono_tz::Tz;
use gongyi_app::clock::day_of;
use gongyi_domain::{access::contact::Phone, values::Day};
use serde_json::json;

use crate::{
    commands::serve,
    platform::Platform,
    settings::{Serve, WrongSetting},
    simulate::{self, Profile},
};

/// The password of every demo account. It guards invented data on one's own machine and nothing else.
pub const DEMO_PASSWORD: &str = "gongyi-demo-2026";
/// The district's figures. The demo moves them to the year that ended yesterday.
const PROFILE: &str = include_str!("../../assets/demo-profile.json");
const DAYS: u64 = 365;
const SEED: u64 = 440_402;

/// Which of the invented people do what; a phone number ends with its person's number. The simulation gives the first four
/// their roles, and those after them are the representatives.
const REPRESENTATIVE: usize = 4;
const AUDITOR: usize = 1_999;
/// Registered by the demo itself, with records that wait.
const VOLUNTEER: usize = 9_999;

/// A sign-in the demo prints.
struct SignIn {
    role: &'static str,
    phone: &'static str,
}

/// One sign-in per role.
const SIGN_INS: &[SignIn] = &[
    SignIn { role: "区级主管 district officer", phone: "19900000000" },
    SignIn { role: "协调员 coordinator", phone: "19900000001" },
    SignIn { role: "社区工作者 organiser", phone: "19900000002" },
    SignIn { role: "审计 auditor", phone: "19900001999" },
    SignIn { role: "议事代表 representative", phone: "19900000004" },
    SignIn { role: "志愿者 volunteer", phone: "19900009999" },
];

/// Runs `gongyi demo`.
///
/// # Errors
/// A held folder; faults.
pub async fn run(args: &Serve) -> anyhow::Result<ExitCode> {
    let (data, zone) = (&args.folder.data, args.folder.zone()?);
    let (lock, listener) = serve::taken(args, "demo").await?;
    let mut platform = Platform::open(data, zone).await?;
    let today = day_of(platform.app().now(), zone);
    if platform.holds_nothing().await? {
        platform.close().await;
        platform = filled(data, zone, today).await?;
    }
    let last = SIGN_INS.last().and_then(|it| Phone::parse(it.phone).ok());
    let finished = match last {
        Some(phone) => platform.app().account_by_phone(&phone).await?.is_some(),
        None => false,
    };
    if !finished {
        let folder = data.display();
        return Err(WrongSetting(format!("{folder} holds an unfinished demo or other data; remove it, or use another folder")).into());
    }
    serve::serve(platform, lock, listener, args, &welcome(args, today)).await
}

/// Fills an empty folder.
async fn filled(data: &Path, zone: Tz, today: Day) -> anyhow::Result<Platform> {
    let days_ago = |days| today.checked_sub_days(Days::new(days)).unwrap_or(today);
    let mut profile = Profile::parse(Path::new("demo-profile.json"), PROFILE)?;
    (profile.from, profile.as_of, profile.zone) = (days_ago(DAYS), days_ago(1), zone);
    let lived = simulate::lives(data, &profile, SEED, DEMO_PASSWORD).await?;
    let platform = Platform::open(data, zone).await?;
    present::fill(platform.app(), &lived.people, profile.area).await?;
    Ok(platform)
}

/// What the demo says once it answers: where, who may sign in, and three queries to try.
fn welcome(args: &Serve, today: Day) -> String {
    let url = format!("http://{}/graphql", args.listen);
    let mut text = format!("\n公益 · 公议  gongyi  {url}\n\n登录 sign-ins (password {DEMO_PASSWORD}):\n");
    for SignIn { role, phone } in SIGN_INS {
        text.push_str(&format!("  {phone}  {role}\n"));
    }
    let data = args.folder.data.display();
    let gongyi = std::env::current_exe().map_or_else(|_| "gongyi".to_owned(), |path| path.display().to_string());
    text.push_str(&format!("  运维 operator: {gongyi} token --data {data} --role operator\n\n"));
    text.push_str("三个查询 three queries to try:\n\n");
    let places = "{ activities(first: 3, descending: true, filter: {withFreePlaces: true}) { totalCount nodes { title place shifts { starts capacity taken waiting } } } }";
    text.push_str(&curl(&url, "", places));
    let phone = SIGN_INS[0].phone;
    let sign_in =
        format!("mutation {{ signIn(input: {{phone: \"{phone}\", password: \"{DEMO_PASSWORD}\"}}) {{ session {{ accessToken }} }} }}");
    let token = curl(&url, "", &sign_in);
    text.push_str(&format!("\nTOKEN=$({} | sed 's/.*accessToken\":\"\\([^\"]*\\).*/\\1/')\n", token.trim_end()));
    let bearer = " -H \"authorization: Bearer $TOKEN\"";
    let from = today.checked_sub_days(Days::new(365)).unwrap_or(today);
    let figures = format!(
        "{{ participation(area: \"440402\", from: \"{from}\", to: \"{today}\", groupBy: [CATEGORY]) {{ total {{ attestedMinutes declaredMinutes records volunteers }} rows {{ category attestedMinutes declaredMinutes records volunteers }} }} }}"
    );
    text.push_str(&curl(&url, bearer, &figures));
    let volunteers = "{ volunteers(first: 3, filter: {area: \"440402001\"}) { totalCount nodes { number name registeredOn totals { attestedMinutes declaredMinutes } } } }";
    text.push_str(&format!("\n{}\n", curl(&url, bearer, volunteers)));
    text
}

/// A query as a command line to copy.
fn curl(url: &str, more: &str, query: &str) -> String {
    let body = json!({"query": query});
    format!("curl -s {url} -H 'content-type: application/json'{more} -d '{body}'\n")
}
