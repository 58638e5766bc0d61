//! The API as client libraries of JavaScript meet it: graphql-request, graphql-ws, and the audits of graphql-http. The
//! tests themselves stand in `tests/clients`; this prepares a district and runs them with node's own test runner.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use chrono::Duration;
use gongyi_app::access::tokens::operator_token;
use gongyi_domain::access::authority::{Grant, Role, Scope};
use gongyi_tests::{
    District, TestFolder,
    district::{PASSWORD, now},
    people::somebody,
};
use gongyi_vault::{KeyEncryptionKey, VAULT_FILE, Vault};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// Installs what the lock says, unless that was done before.
fn installed() {
    let lock = fs::read_to_string(folder().join("package-lock.json")).unwrap();
    let done = folder().join("node_modules/.installed");
    if fs::read_to_string(&done).is_ok_and(|before| before == lock) {
        return;
    }
    let ran = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder()).output().expect("npm is installed");
    assert!(ran.status.success(), "npm ci: {}", String::from_utf8_lossy(&ran.stderr));
    fs::write(done, lock).unwrap();
}

/// A token of the built-in operator that held until an hour ago.
fn token_run_out(folder: &TestFolder) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (kek, _) = KeyEncryptionKey::load_or_create(&folder.data(), None).unwrap();
        let vault = Vault::open(folder.data().join(VAULT_FILE), kek).await.unwrap();
        let grant = Grant { role: Role::Operator, scope: Scope::Everywhere };
        let token = operator_token(&vault, grant, now() - Duration::hours(2), 3_600).await.unwrap();
        vault.close().await;
        token
    })
}

#[test]
fn the_javascript_clients_are_content() {
    installed();
    let district = District::new();
    let (coordinator, anna) = (district.coordinator(), district.registers(&somebody()));
    let activity = district.publishes_at(&coordinator.client, 3, now() + Duration::days(2));
    let ran = Command::new("node")
        .args(["--test", "--test-reporter=tap"])
        .current_dir(folder())
        .env("GONGYI_TEST_URL", format!("{}/graphql", district.server.base()))
        .env("GONGYI_TEST_PHONE", &anna.who.phone)
        .env("GONGYI_TEST_PASSWORD", PASSWORD)
        .env("GONGYI_TEST_COORDINATOR_TOKEN", coordinator.client.token().unwrap())
        .env("GONGYI_TEST_TOKEN_RUN_OUT", token_run_out(&district.folder))
        .env("GONGYI_TEST_ACTIVITY", &activity.activity)
        .env("GONGYI_TEST_SHIFT", &activity.shift)
        .env("GONGYI_TEST_TEAM", &district.team)
        .output()
        .expect("node is installed");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}\n{}", String::from_utf8_lossy(&ran.stderr));
    let passed = told.lines().find_map(|line| line.strip_prefix("# pass ")).and_then(|count| count.parse::<u32>().ok());
    assert!(passed.is_some_and(|count| count > 60), "every file was run: {told}");
    assert!(!district.server.printed().contains("panicked"));
}
