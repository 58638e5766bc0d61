//! `gongyi find-name`: where somebody is named in the texts of documents, to be asked before the person is erased.

use std::process::ExitCode;

use gongyi_domain::access::authority::{Actor, Grant, Role, Scope};
use serde_json::json;

use crate::{output, platform::Platform, settings::FindName};

/// Runs `gongyi find-name`. Works beside a running server.
///
/// # Errors
/// Unknown and erased persons; faults.
pub async fn run(args: &FindName) -> anyhow::Result<ExitCode> {
    let (platform, lock) = Platform::open_to_read(&args.folder.data, args.folder.zone()?, "find-name").await?;
    let operator = Actor::Operator(Grant { role: Role::Operator, scope: Scope::Everywhere });
    let named = platform.app().named_elsewhere(&operator, args.person).await?;
    platform.close().await;
    drop(lock);
    let told = named.iter().map(|it| {
        let place = &it.found.place;
        json!({
            "id": format!("{}:{}", place.position, place.path), "document": it.found.stream.kind, "documentId": it.found.stream.id,
            "writtenBy": it.found.event_type, "excerpt": it.excerpt, "sealed": it.found.sealed,
        })
    });
    let told: Vec<_> = told.collect();
    if args.json {
        output::print_line(&json!(told).to_string())?;
    } else {
        for text in &named {
            let (place, found) = (&text.found.place, &text.found);
            let line = format!(
                "{}:{}\t{} {}\t{}\t{}",
                place.position, place.path, found.stream.kind, found.stream.id, found.event_type, text.excerpt
            );
            output::print_line(&line)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
