//! What depends on what, and what stands where. The silent failure made loud: a shortcut from a page to the database,
//! from the rules to a clock, or from one context into another, that nobody notices until it cannot be taken back.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use gongyi_tests::{repository, rust_files};
use serde_json::Value;

/// Lines of hand-written Rust in one file, from which on it needs a reason.
const FILE_MAX_LINES: usize = 600;
/// Longer files, each with the reason.
const LONGER_FILES: &[(&str, &str)] = &[];

/// Each crate of ours with its direct normal dependencies, by package name.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let args = ["metadata", "--offline", "--format-version", "1", "--no-deps", "--manifest-path"];
    let told = Command::new(env!("CARGO")).args(args).arg(repository().join("Cargo.toml")).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let metadata: Value = serde_json::from_slice(&told.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let normal = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        all.filter(|dependency| dependency["kind"].is_null()).map(|dependency| text(&dependency["name"])).collect()
    };
    metadata["packages"].as_array().unwrap().iter().map(|package| (text(&package["name"]), normal(package))).collect()
}

fn in_repository(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap().to_string_lossy().into_owned()
}

/// A file's code without its comments and without the tests at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
    let without_comment = |line: &str| line.split("// ").next().unwrap_or_default().split("///").next().unwrap_or_default().to_owned();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(without_comment).collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_go_down_only() {
    let below: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("gongyi-domain", &[][..]),
        ("gongyi-eventlog", &["gongyi-domain"]),
        ("gongyi-vault", &["gongyi-domain"]),
        ("gongyi-projections", &["gongyi-domain", "gongyi-eventlog"]),
        ("gongyi-app", &["gongyi-domain", "gongyi-eventlog", "gongyi-vault", "gongyi-projections"]),
        // Of the log, the API needs the token that clients hold as their position.
        ("gongyi-api", &["gongyi-domain", "gongyi-eventlog", "gongyi-projections", "gongyi-app"]),
        ("gongyi-web", &["gongyi-domain", "gongyi-eventlog", "gongyi-projections", "gongyi-app"]),
        ("gongyi", &["gongyi-domain", "gongyi-eventlog", "gongyi-vault", "gongyi-projections", "gongyi-app", "gongyi-api", "gongyi-web"]),
        ("gongyi-tests", &["gongyi-domain", "gongyi-testing"]),
        // Tests alone depend on it.
        ("gongyi-testing", &["gongyi-domain", "gongyi-eventlog", "gongyi-vault", "gongyi-projections", "gongyi-app"]),
    ]);
    for (package, needs) in dependencies() {
        let allowed = below.get(package.as_str()).unwrap_or_else(|| panic!("{package} has no place in the house; give it one here"));
        let ours: Vec<_> = needs.iter().filter(|name| name.starts_with("gongyi")).collect();
        assert!(ours.iter().all(|name| allowed.contains(&name.as_str())), "{package} depends on {ours:?}, allowed are {allowed:?}");
    }
}

#[test]
fn each_kind_of_machinery_has_its_crates() {
    let only: [(&str, &[&str]); 12] = [
        ("sqlx", &["gongyi-projections", "gongyi-eventlog", "gongyi-vault"]),
        ("anyhow", &["gongyi"]),
        ("clap", &["gongyi"]),
        ("async-graphql", &["gongyi-api"]),
        ("axum", &["gongyi-api", "gongyi-web", "gongyi"]),
        ("askama", &["gongyi-web"]),
        ("argon2", &["gongyi-vault"]),
        ("chacha20poly1305", &["gongyi-vault"]),
        ("getrandom", &["gongyi-vault", "gongyi-app"]),
        ("jsonwebtoken", &["gongyi-app"]),
        ("ureq", &["gongyi-tests"]),
        (
            "tokio",
            &[
                "gongyi-eventlog",
                "gongyi-vault",
                "gongyi-projections",
                "gongyi-app",
                "gongyi-api",
                "gongyi-web",
                "gongyi",
                "gongyi-testing",
            ],
        ),
    ];
    let found = dependencies();
    for (machinery, crates) in only {
        let users: Vec<_> = found.iter().filter(|(_, needs)| needs.contains(machinery)).map(|(name, _)| name.as_str()).collect();
        assert!(users.iter().all(|user| crates.contains(user)), "{machinery} is used by {users:?}, allowed are {crates:?}");
    }
    assert!(found["gongyi-eventlog"].contains("sqlx"), "this test reads what it means to read");
}

#[test]
fn the_rules_know_no_runtime_no_clock_and_no_chance() {
    let needs = &dependencies()["gongyi-domain"];
    let pure = [
        "esrs",
        "celes",
        "chrono",
        "icu_properties",
        "num-bigint",
        "schemars",
        "serde",
        "serde_json",
        "similar",
        "stv-rs",
        "thiserror",
        "unicode-normalization",
        "uuid",
    ];
    assert!(needs.iter().all(|name| pure.contains(&name.as_str())), "{needs:?}");
    let asks =
        ["Utc::now", "Local::now", "SystemTime", "std::time::Instant", "now_v7", "new_v4", "std::fs", "std::env", "std::net", "async fn"];
    for path in rust_files("crates/domain/src") {
        let code = code(&path);
        for word in asks {
            assert!(!code.contains(word), "{} uses {word}", in_repository(&path));
        }
    }
}

#[test]
fn a_context_imports_only_what_all_share() {
    const SHARED: [&str; 5] = ["access", "values", "event", "refusal", "Event"];
    let domain = repository().join("crates/domain/src");
    let contexts = fs::read_dir(&domain).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let contexts: BTreeSet<String> = contexts.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert!(contexts.contains("access") && contexts.contains("volunteering"), "{contexts:?}");
    for context in &contexts {
        for path in rust_files(&format!("crates/domain/src/{context}")) {
            for other in contexts.iter().filter(|other| *other != context && !(SHARED.contains(&other.as_str()))) {
                let code = code(&path).replace(' ', "");
                let reaches = [format!("crate::{other}::"), format!("crate::{{{other}"), format!(",{other}::{{"), format!("\n{other}::")];
                let braced = code.split("usecrate::{").nth(1).and_then(|rest| rest.split("};").next()).unwrap_or_default();
                let named = braced.lines().any(|line| line.starts_with(&format!("{other}::")));
                assert!(!named && !reaches.iter().any(|it| code.contains(it)), "{} reaches into {other}", in_repository(&path));
            }
        }
    }
}

#[test]
fn no_file_is_named_after_nothing() {
    for folder in ["crates", "tests"] {
        for path in rust_files(folder) {
            for part in path.strip_prefix(repository()).unwrap().components() {
                let stem = Path::new(part.as_os_str()).file_stem().unwrap().to_string_lossy().into_owned();
                assert!(
                    !["utils", "util", "common", "helpers", "helper", "types", "misc"].contains(&stem.as_str()),
                    "{}",
                    in_repository(&path)
                );
            }
        }
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    for folder in ["crates", "tests"] {
        for path in rust_files(folder) {
            let name = in_repository(&path);
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            let excused = LONGER_FILES.iter().any(|(file, reason)| *file == name && !reason.is_empty());
            assert!(lines <= FILE_MAX_LINES || excused, "{name} has {lines} lines; split it by command, or list it with a reason");
            assert!(lines > FILE_MAX_LINES || !excused, "{name} is short again; take it off the list");
        }
    }
}

#[test]
fn folds_name_every_event() {
    // The compiler checks that a match is exhaustive, Clippy that no wildcard makes it so; `make lint` runs it.
    let lint = "clippy::wildcard_enum_match_arm";
    let root = "crates/projections/src/lib.rs";
    let denied = format!("\n#![deny({lint})]\n");
    assert!(code(&repository().join(root)).contains(&denied), "without {lint} a wildcard arm in a fold loses the next new event");
    for path in rust_files("crates/projections/src") {
        let (name, says) = (in_repository(&path), code(&path).matches(lint).count());
        assert_eq!(says, usize::from(name == root), "{name} softens {lint}; name the variants instead");
    }
}

/// Numbers that a refusal's sentence may say in figures or words, each with the reason why no constant says it.
const NUMBERS_IN_SENTENCES: &[(&str, &str)] = &[
    ("SHA-256", "the name of the digest"),
    ("64 位十六进制", "the form of a SHA-256"),
    ("64 hexadecimal", "the form of a SHA-256"),
    ("base64url", "the name of the encoding"),
    ("18 位数字和大写字母", "the form of a credit code, by GB 32100"),
    ("has 18 digits", "the form of a credit code, by GB 32100"),
];

/// The sentences of refusals: those in a block of `refusals!`, and those of a `Refusal` made by hand.
fn sentences(code: &str) -> Vec<&str> {
    let blocks = code.match_indices("refusals! {").filter_map(|(start, _)| block(&code[start..]));
    // Each refusal has three: the field, the sentence in Chinese and in English.
    let declared = blocks.flat_map(|block| block.split('"').skip(1).step_by(2).enumerate().filter(|(at, _)| at % 3 > 0).map(|(_, it)| it));
    let by_hand = ["zh: \"", "en: \""].into_iter().flat_map(|mark| code.split(mark).skip(1).filter_map(|rest| rest.split('"').next()));
    declared.chain(by_hand).collect()
}

/// What a sentence says by itself, without what is filled in.
fn unfilled(sentence: &str) -> String {
    let mut parts = sentence.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| said + part.split_once('}').map_or(part, |(_, after)| after))
}

/// Whether a text says a number from three on, or of two figures, in figures or words. One and two are no limits: «at least
/// one», «the two tellers».
fn says_a_number(text: &str) -> bool {
    let figures = text.split(|c: char| !c.is_ascii_digit()).any(|figures| !matches!(figures, "" | "0" | "1"));
    let english = ["three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "twenty", "hundred", "thousand"];
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphabetic()).any(|word| english.contains(&word));
    figures || words || text.contains(['三', '四', '五', '六', '七', '八', '九', '十', '百', '千', '万'])
}

/// A limit that is told in words of its own tells the old one when the constant changes, and nobody notices.
#[test]
fn no_refusal_repeats_a_limit_in_its_own_words() {
    let mut read = 0;
    let is_tests = |path: &str| path.contains("/tests/") || path.ends_with("tests.rs");
    let source = |path: &str| path.contains("/src/") && !is_tests(path);
    for path in rust_files("crates").into_iter().filter(|path| source(&in_repository(path))) {
        let code = code(&path);
        for sentence in sentences(&code) {
            read += 1;
            let said = NUMBERS_IN_SENTENCES.iter().fold(unfilled(sentence), |said, (number, _)| said.replace(number, ""));
            assert!(!says_a_number(&said), "{}: «{sentence}»: name the constant, {{LIKE_THIS}}", in_repository(&path));
        }
        let handed = ["most: ", "least: "].into_iter().flat_map(|mark| code.split(mark).skip(1));
        let literal = handed.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).count();
        let refuses = code.contains("Refusal::") || code.contains("R::");
        assert!(literal == 0 || !refuses, "{} hands a refusal a number that is no constant", in_repository(&path));
    }
    assert!(read > 900, "only {read} sentences were found");
    assert!(says_a_number("1 至 200 字") && says_a_number("未满十八周岁") && says_a_number("Over eight hours") && says_a_number("5"));
    assert!(!says_a_number(&unfilled("1 至 {most} 字")) && !says_a_number("两名计票人") && !says_a_number("a tenth"));
}

/// The text of a `match` from its opening brace to the one that closes it.
fn block(text: &str) -> Option<&str> {
    let open = text.find('{')?;
    let mut depth = 0_usize;
    for (place, c) in text[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(&text[open + 1..open + place]);
        }
    }
    None
}

#[test]
fn tables_are_made_in_migrations_only() {
    for path in rust_files("crates").into_iter().filter(|path| in_repository(path).contains("/src/")) {
        let code = code(&path).to_uppercase();
        for word in ["CREATE TABLE", "CREATE INDEX", "CREATE UNIQUE INDEX", "CREATE TRIGGER", "CREATE VIRTUAL", "ALTER TABLE", "DROP TABLE"]
        {
            assert!(!code.contains(word), "{} has {word}; it belongs in migrations/", in_repository(&path));
        }
    }
    let found = fs::read_dir(repository().join("migrations")).unwrap().count();
    assert!(found >= 3, "log, vault and views have theirs");
}

#[test]
fn every_crate_forbids_unsafe_code() {
    for folder in fs::read_dir(repository().join("crates")).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { continue };
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", folder.display());
    }
    let workspace = fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"forbid\""));
}
