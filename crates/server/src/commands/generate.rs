//! `gongyi generate`: what is generated from the source and committed.

use std::{fs, process::ExitCode};

use crate::settings::Generate;

/// Runs `gongyi generate`.
///
/// # Errors
/// Writing.
pub fn run(args: &Generate) -> anyhow::Result<ExitCode> {
    let events = args.schema.join("events");
    fs::create_dir_all(&events)?;
    fs::write(args.schema.join("schema.graphql"), gongyi_api::sdl())?;
    for (kind, schema) in gongyi_domain::event_schemas() {
        let mut text = serde_json::to_string_pretty(&schema)?;
        text.push('\n');
        fs::write(events.join(format!("{kind}.json")), text)?;
    }
    Ok(ExitCode::SUCCESS)
}
