//! What the heaviest queries take that anybody may send, without a token: time beside bare requests of the same run, and by how
//! much they raise the server's memory at its highest.
//!
//! `cargo bench -p gongyi-tests --bench heaviest`; `GONGYI_BIN` names another binary, to compare with.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::time::Instant;

use gongyi_tests::{Answer, Client, TestFolder, TestServer, machine};
use serde_json::json;

const BARE: &str = "{ __typename }";
/// Bare requests.
const BARE_REQUESTS: usize = 200;

/// Types, their fields, and the fields of those: as deep as introspection goes.
fn deepest(name: &str) -> String {
    let inner = "name description type { name ofType { name } } args { name type { name } }";
    format!("{name}: __schema {{ types {{ name description fields {{ {inner} type {{ fields {{ {inner} }} }} }} }} }}")
}

/// As graphql-js sends it.
fn of_tools() -> String {
    let of_type = format!("kind name {} {}", "ofType { kind name ".repeat(9), "} ".repeat(9));
    format!(
        "{{ __schema {{ types {{ kind name description fields(includeDeprecated: true) {{ name description args {{ ...V }} type {{ ...T }} isDeprecated }}
           inputFields {{ ...V }} interfaces {{ ...T }} enumValues(includeDeprecated: true) {{ name description }} possibleTypes {{ ...T }} }} }} }}
         fragment V on __InputValue {{ name description type {{ ...T }} defaultValue }} fragment T on __Type {{ {of_type} }}"
    )
}

fn asked(client: &Client, query: &str) -> (f64, Answer) {
    let began = Instant::now();
    let answer = client.answer(query, &json!({}));
    (began.elapsed().as_secs_f64() * 1_000.0, answer)
}

fn main() {
    machine::told(&TestFolder::new());
    let queries = [
        ("introspection of tools", of_tools()),
        ("the deepest introspection", format!("{{ {} }}", deepest("a"))),
        ("the same four times", format!("{{ {} }}", ["a", "b", "c", "d"].map(deepest).join(" "))),
    ];
    for (name, query) in queries {
        // Memory at its highest never falls: a server for each.
        let folder = TestFolder::new();
        let server = TestServer::serves(&folder);
        let client = server.stranger();
        let mut bare: Vec<_> = (0..BARE_REQUESTS).map(|_| asked(&client, BARE).0).collect();
        bare.sort_unstable_by(f64::total_cmp);
        let floor = bare[BARE_REQUESTS / 2];
        let (_, before) = machine::memory(server.pid());
        let (took, answer) = asked(&client, &query);
        let (_, after) = machine::memory(server.pid());
        let told = match answer.body["errors"][0]["extensions"]["limit"].as_str() {
            Some(limit) => format!("refused by {limit}"),
            None => format!("{:.1} MiB", answer.body.to_string().len() as f64 / f64::from(1 << 20)),
        };
        let ratio = took / floor;
        println!("{name}: {told}; {took:.1} ms, {ratio:.0} times a bare request; memory at its highest {before} and then {after} MiB");
    }
}
