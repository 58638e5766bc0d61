//! Input files as people save them: rows of cells, written as CSV.

use serde_json::Value;

/// A file's cells, the headings first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet(pub Vec<Vec<String>>);

/// Headings of volunteers.
pub const VOLUNTEERS: [&str; 7] = ["姓名", "证件号码", "手机号", "社区代码", "服务队", "监护人同意", "注册日期"];
/// Headings of hours.
pub const HOURS: [&str; 6] = ["证件号码", "服务队", "类别", "内容", "开始时间", "结束时间"];

impl Sheet {
    /// A file of these headings and rows.
    pub fn new<const N: usize, S: AsRef<str>>(headings: [&str; N], rows: impl IntoIterator<Item = [S; N]>) -> Self {
        let owned = |cells: &[S]| cells.iter().map(|cell| cell.as_ref().to_owned()).collect();
        let mut all = vec![headings.map(str::to_owned).to_vec()];
        all.extend(rows.into_iter().map(|row| owned(&row)));
        Self(all)
    }

    /// Reads CSV without quotes, as the real inputs are.
    ///
    /// # Panics
    /// On quotes.
    pub fn read(text: &str) -> Self {
        assert!(!text.contains('"'), "this reader knows no quotes");
        let text = text.trim_start_matches('\u{feff}');
        Self(text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect())
    }

    /// As CSV in UTF-8; a cell with a comma, a quote or a line end is quoted.
    pub fn csv(&self) -> String {
        let cell = |cell: &String| {
            let plain = !cell.contains([',', '"', '\n', '\r']);
            if plain { cell.clone() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
        };
        let line = |row: &Vec<String>| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n";
        self.0.iter().map(line).collect()
    }

    /// The same file with its columns in another order: place by place, which old column stands there.
    pub fn with_columns(&self, order: &[usize]) -> Self {
        Self(self.0.iter().map(|row| order.iter().map(|column| row[*column].clone()).collect()).collect())
    }

    /// The same file under other headings.
    pub fn with_headings(&self, headings: &[&str]) -> Self {
        let mut renamed = self.clone();
        renamed.0[0] = headings.iter().map(|heading| (*heading).to_owned()).collect();
        renamed
    }
}

/// Line, field and problem of each rejected row of a report.
pub fn rejections(report: &Value) -> Vec<(u64, String, String)> {
    let text = |row: &Value, key: &str| row[key].as_str().expect("a rejected row names field and problem").to_owned();
    let rows = report["rejected"].as_array().expect("a report lists the rejected rows");
    rows.iter().map(|row| (row["line"].as_u64().expect("a line"), text(row, "field"), text(row, "problem"))).collect()
}
