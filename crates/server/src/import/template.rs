//! `gongyi template`: a workbook to fill in, with the columns that an import reads, what may be chosen, and an example beside them.

use std::{path::Path, process::ExitCode};

use gongyi_domain::{
    access::id_number::check_character,
    volunteering::{category::Category, organisation::OrganisationKind},
};
use rust_xlsxwriter::{Color, DataValidation, Format, FormatBorder, Note, Workbook, XlsxError};

use super::{headings, table::Heading};
use crate::{
    folder::NewFile,
    settings::{Content, Template},
};

/// Rows that are made ready for typing: as text, so that no digit is lost, with their choices.
const READY_ROWS: u32 = 5_000;
/// Width of a column, in characters.
const COLUMN_WIDTH_CHARS: f64 = 22.0;
/// The first seventeen digits of an ID number that was never given out: there is no region 440499.
const EXAMPLE_ID_DIGITS: &str = "44049919740120970";
/// The standard's own example of a unified social credit code (GB 32100-2015).
const EXAMPLE_CREDIT_CODE: &str = "91350100M000100Y43";

/// Runs `gongyi template`.
///
/// # Errors
/// A file that is there already; writing.
pub fn run(args: &Template) -> anyhow::Result<ExitCode> {
    // There is no data folder to stay out of.
    let file = NewFile::create(&args.out, Path::new(""))?;
    file.keep(&workbook(args.content)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The workbook: a sheet to fill in, and one that explains it.
fn workbook(content: Content) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let text = Format::new().set_num_format("@");
    let bold = Format::new().set_bold().set_background_color(Color::RGB(0x00DD_EBF7)).set_border(FormatBorder::Thin).set_num_format("@");
    let sheet = workbook.add_worksheet().set_name(name_of(content))?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, heading) in (0..).zip(headings(content)) {
        sheet.set_column_format(column, &text)?.set_column_width(column, COLUMN_WIDTH_CHARS)?;
        sheet.write_string_with_format(0, column, label(heading), &bold)?;
        sheet.insert_note(0, column, &Note::new(format!("{}\n例 example: {}", heading.field, example(content, heading.field))))?;
        let choices = choices(heading.field);
        if !choices.is_empty() {
            let list = DataValidation::new().allow_list_strings(&choices)?;
            sheet.add_data_validation(1, column, READY_ROWS, column, &list)?;
        }
    }
    let sheet = workbook.add_worksheet().set_name("说明")?;
    for (column, heading) in (0..).zip(["列 column", "必填 required", "可选 choices", "示例 example"]) {
        sheet.set_column_width(column, COLUMN_WIDTH_CHARS)?.write_string_with_format(0, column, heading, &bold)?;
    }
    for (row, heading) in (1..).zip(headings(content)) {
        let required = if heading.required { "是 yes" } else { "否 no" };
        let cells = [label(heading), required.to_owned(), choices(heading.field).join("、"), example(content, heading.field)];
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string_with_format(row, column, cell, &text)?;
        }
    }
    workbook.save_to_buffer()
}

fn name_of(content: Content) -> &'static str {
    match content {
        Content::Areas => "区域",
        Content::Organisations => "组织",
        Content::Volunteers => "志愿者",
        Content::Hours => "服务时长",
    }
}

/// A heading as it stands in the workbook: Chinese, with a star if a row must have it, which an import does not mind.
fn label(heading: &Heading) -> String {
    let name = heading.names.first().copied().unwrap_or(heading.field);
    if heading.required { format!("{name}*") } else { name.to_owned() }
}

/// What may be chosen in a column; nothing where anything may be written.
fn choices(field: &str) -> Vec<&'static str> {
    match field {
        "guardianConsent" => vec!["是", "否"],
        "category" => Category::ALL.iter().map(|category| category.zh()).collect(),
        "kind" => OrganisationKind::ALL.iter().map(|kind| kind.zh()).collect(),
        _ => vec![],
    }
}

/// A cell of somebody or something invented that could stand in a column; nothing where a row is as good without.
fn example(content: Content, field: &str) -> String {
    let name = match content {
        Content::Areas => "翠香街道",
        Content::Organisations => "翠香志愿服务队",
        Content::Volunteers | Content::Hours => "陈一心",
    };
    match field {
        "name" => name.into(),
        "idNumber" => EXAMPLE_ID_DIGITS.chars().chain(check_character(EXAMPLE_ID_DIGITS)).collect(),
        "phone" => "19900000001".into(),
        "area" | "code" => "440402001".into(),
        "registeredOn" => "2022-03-05".into(),
        "kind" => OrganisationKind::Group.zh().into(),
        "category" => Category::Environment.zh().into(),
        "organisation" if content == Content::Hours => "翠香志愿服务队".into(),
        "creditCode" => EXAMPLE_CREDIT_CODE.into(),
        "content" => "海滨公园清洁".into(),
        "started" => "2022-03-05 08:00".into(),
        "ended" => "2022-03-05 11:30".into(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use rust_xlsxwriter::Workbook as Written;

    use super::*;
    use crate::import::Table;

    #[test]
    fn a_template_is_read_by_the_import_it_is_for_and_has_no_row() {
        for content in Content::value_variants() {
            let table = Table::read(&workbook(*content).unwrap(), headings(*content), None).unwrap();
            assert_eq!((table.rows.len(), table.columns_not_read.len()), (0, 0), "{content:?}");
            assert_eq!(table.headings.len(), headings(*content).len(), "{content:?}");
            assert_eq!(table.sheets_not_read, ["说明"], "{content:?}");
        }
    }

    #[test]
    fn whatever_a_row_must_have_has_an_example() {
        for content in Content::value_variants() {
            let mut filled = Written::new();
            let sheet = filled.add_worksheet();
            for (column, heading) in (0..).zip(headings(*content)) {
                let example = example(*content, heading.field);
                assert!(!example.is_empty() || !heading.required, "{content:?} {}", heading.field);
                let choices = choices(heading.field);
                assert!(choices.is_empty() || example.is_empty() || choices.contains(&example.as_str()), "{example}");
                sheet.write_string(0, column, label(heading)).unwrap();
                sheet.write_string(1, column, example).unwrap();
            }
            let table = Table::read(&filled.save_to_buffer().unwrap(), headings(*content), None).unwrap();
            assert_eq!(table.rows().filter(|row| row.problem().is_none()).count(), 1, "{content:?}");
        }
    }
}
