//! Every sentence of the specification names tests, and every test it names is there: a renamed test would otherwise
//! leave a promise that nothing shows.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

fn sources(folder: &Path) -> String {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { sources(&path) } else { std::fs::read_to_string(path).unwrap() })
        .collect()
}

#[test]
fn every_sentence_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = sources(&root.join("src")) + &sources(&root.join("tests"));
    let docs = std::fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let text: String = docs.lines().map_while(|line| line.strip_prefix("//!")).collect::<Vec<_>>().join("\n");
    let sentences: Vec<&str> = text.split("\n - S").skip(1).collect();
    assert!(sentences.len() >= 30);
    for (number, sentence) in (1..).zip(sentences) {
        assert!(sentence.starts_with(&format!("{number} ")), "S{number} is missing before: {sentence}");
        let names = sentence.split('`').skip(1).step_by(2).filter(|name| name.contains("::") && !name.contains('('));
        let tests: Vec<&str> = names.filter_map(|name| name.rsplit("::").next()).collect();
        assert!(!tests.is_empty(), "S{number} names no test");
        for test in tests {
            assert!(code.contains(&format!("fn {test}(")) || code.contains(&format!("mod {test} ")), "S{number} names {test}");
        }
    }
}
