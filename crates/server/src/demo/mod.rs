//! `gongyi demo`: a small, lively, invented district, driven through the same command path as everything else, then
//! served. A folder that holds data already is served as it is.

mod district;
mod people;

use std::process::ExitCode;

use crate::{commands::serve, folder, platform::Platform, settings::Serve};

/// The password of every demo account. It guards invented data on one's own machine and nothing else.
pub const DEMO_PASSWORD: &str = "gongyi-demo-2026";

/// A sign-in the demo prints.
pub struct SignIn {
    pub role: &'static str,
    pub phone: &'static str,
}

/// One sign-in per role.
pub const SIGN_INS: &[SignIn] = &[
    SignIn { role: "区级主管 district officer", phone: "19900000000" },
    SignIn { role: "社区工作者 organiser (翠香街道)", phone: "19900000001" },
    SignIn { role: "协调员 coordinator (1号志愿服务队)", phone: "19900000002" },
    SignIn { role: "审计 auditor", phone: "19900000003" },
    SignIn { role: "志愿者 volunteer", phone: "19900000004" },
];

/// Runs `gongyi demo`.
///
/// # Errors
/// A held folder; faults.
pub async fn run(args: &Serve) -> anyhow::Result<ExitCode> {
    let lock = folder::lock(&args.folder.data, "demo")?;
    let platform = Platform::open(&args.folder.data, args.folder.zone()?).await?;
    if platform.app().log().head().await?.position == 0 {
        district::fill(platform.app()).await?;
    }
    serve::serve(platform, lock, args, &welcome(args)).await
}

fn welcome(args: &Serve) -> String {
    let url = format!("http://{}/graphql", args.listen);
    let mut text = format!("\n公益 · 公议  gongyi  {url}\n\n登录 sign-ins (password {DEMO_PASSWORD}):\n");
    for SignIn { role, phone } in SIGN_INS {
        text.push_str(&format!("  {phone}  {role}\n"));
    }
    let data = args.folder.data.display();
    text.push_str(&format!("  运维 operator: gongyi token --data {data} --role operator\n\n"));
    text.push_str("三个查询 three queries to try:\n");
    text.push_str(&query(
        &url,
        "",
        "{ activities(first: 3) { totalCount edges { node { title place shifts { starts capacity taken waiting } } } } }",
    ));
    text.push_str(&format!(
        "TOKEN=$(curl -s {url} -H 'content-type: application/json' -d '{{\"query\":\"mutation {{ signIn(input: {{phone: \\\"{}\\\", password: \\\"{DEMO_PASSWORD}\\\"}}) {{ session {{ accessToken }} }} }}\"}}' | sed 's/.*accessToken\":\"\\([^\"]*\\).*/\\1/')\n",
        SIGN_INS[0].phone
    ));
    let bearer = " -H \"authorization: Bearer $TOKEN\"";
    text.push_str(&query(&url, bearer, "{ participation(area: \\\"440402\\\", groupBy: [CATEGORY]) { rows { category attestedMinutes declaredMinutes records volunteers } } }"));
    text.push_str(&query(
        &url,
        bearer,
        "{ volunteers(first: 3, area: \\\"440402001\\\") { totalCount edges { node { number name registeredOn attestedMinutes } } } }",
    ));
    text
}

fn query(url: &str, more: &str, query: &str) -> String {
    format!("curl -s {url} -H 'content-type: application/json'{more} -d '{{\"query\":\"{query}\"}}'\n")
}
