//! What somebody shows of who they are: a kind of document, its number, and of a passport the country that issued it.
//!
//! - A document is one person's: it is claimed as kind, issuing country and number; a home-return permit without the digits
//!   that count its renewals, so that a renewed permit is the same person.
//! - Eighteen characters after GB 11643 tell their kind: 810000, 820000, 830000 begin a residence permit, 9 a foreigner's
//!   card, anything else a resident ID card. Otherwise the place in a number is never judged: old cards carry abolished codes.
//! - A birth date is the number's own where it carries one; otherwise it is asked for.
//! - Of the foreigner's card of before 2023, valid until it expires, the shape is judged and not the check digit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::id_number::{IdNumber, NotAnIdNumber};
use crate::{prose::is_blank, values::Day};

/// Shortest and longest passport number, in characters (ICAO 9303 has 9 in the machine-readable zone, more beyond it).
const PASSPORT_NUMBER_CHARS: std::ops::RangeInclusive<usize> = 5..=15;

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// 居民身份证 (GB 11643).
    ResidentIdCard,
    /// 港澳台居民居住证: 810000, 820000 or 830000 and otherwise as a resident ID card (国办发〔2018〕81号).
    ResidencePermit,
    /// 港澳居民来往内地通行证: H or M and eight digits for life, with or without two for renewals.
    HomeReturnPermit,
    /// 台湾居民来往大陆通行证: eight digits for life.
    TaiwanPermit,
    /// 外国人永久居留身份证: eighteen characters that begin with 9, or, of before 2023, three letters and twelve digits.
    PermanentResidenceCard,
    /// 护照.
    Passport,
}

impl DocumentKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::ResidentIdCard,
        Self::ResidencePermit,
        Self::HomeReturnPermit,
        Self::TaiwanPermit,
        Self::PermanentResidenceCard,
        Self::Passport,
    ];

    /// The stored name.
    pub fn code(self) -> &'static str {
        match self {
            Self::ResidentIdCard => "resident_id_card",
            Self::ResidencePermit => "residence_permit",
            Self::HomeReturnPermit => "home_return_permit",
            Self::TaiwanPermit => "taiwan_permit",
            Self::PermanentResidenceCard => "permanent_residence_card",
            Self::Passport => "passport",
        }
    }

    /// What it is called: the Chinese name on the document, the English one, then what people say.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::ResidentIdCard => &["居民身份证", "resident ID card", "身份证", "ID card"],
            Self::ResidencePermit => &[
                "港澳台居民居住证",
                "residence permit for Hong Kong, Macao and Taiwan residents",
                "residence permit",
                "港澳居民居住证",
                "台湾居民居住证",
                "居住证",
            ],
            Self::HomeReturnPermit => &["港澳居民来往内地通行证", "home-return permit", "回乡证", "港澳通行证"],
            Self::TaiwanPermit => &["台湾居民来往大陆通行证", "Taiwan residents' permit", "台胞证"],
            Self::PermanentResidenceCard => &[
                "外国人永久居留身份证",
                "foreigner's permanent residence card",
                "外国人永久居留证",
                "永久居留身份证",
                "permanent residence card",
            ],
            Self::Passport => &["护照", "passport", "外国护照"],
        }
    }

    /// The kind of this name, whatever its case and spaces.
    pub fn named(text: &str) -> Option<Self> {
        let key = |text: &str| text.nfkc().filter(|c| !is_blank(*c) && !matches!(c, '-' | '_')).collect::<String>().to_lowercase();
        let asked = key(text);
        Self::ALL.into_iter().find(|kind| key(kind.code()) == asked || kind.names().iter().any(|name| key(name) == asked))
    }

    /// The kind that this number is of, where only one has numbers like it.
    fn told_by(number: &str) -> Option<Self> {
        if has_id_number_shape(number) {
            return Some(match number.as_bytes() {
                [b'9', ..] => Self::PermanentResidenceCard,
                [b'8', b'1'..=b'3', b'0', b'0', b'0', b'0', ..] => Self::ResidencePermit,
                _ => Self::ResidentIdCard,
            });
        }
        match () {
            () if is_home_return_number(number) => Some(Self::HomeReturnPermit),
            () if is_old_permanent_residence_number(number) => Some(Self::PermanentResidenceCard),
            () => None,
        }
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_id_number_shape(number: &str) -> bool {
    number.len() == 18
        && number.split_at_checked(17).is_some_and(|(digits, check)| all_digits(digits) && (check == "X" || all_digits(check)))
}

fn is_home_return_number(number: &str) -> bool {
    matches!(number.len(), 9 | 11) && number.strip_prefix(['H', 'M']).is_some_and(all_digits)
}

fn is_taiwan_number(number: &str) -> bool {
    number.len() == 8 && all_digits(number)
}

fn is_old_permanent_residence_number(number: &str) -> bool {
    number.len() == 15
        && number
            .split_at_checked(3)
            .is_some_and(|(country, digits)| country.bytes().all(|byte| byte.is_ascii_uppercase()) && all_digits(digits))
}

fn is_passport_number(number: &str) -> bool {
    let fits = PASSPORT_NUMBER_CHARS.contains(&number.len()) && number.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
    fits && number.bytes().any(|byte| byte.is_ascii_digit())
}

/// A country that issues passports, by its three letters (ISO 3166-1, as in ICAO 9303).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

/// How countries are called here; others are named by their letters or their English name.
const COUNTRIES_ZH: [(&str, &str); 48] = [
    ("中国", "CHN"),
    ("香港", "HKG"),
    ("澳门", "MAC"),
    ("台湾", "TWN"),
    ("菲律宾", "PHL"),
    ("越南", "VNM"),
    ("印度尼西亚", "IDN"),
    ("印尼", "IDN"),
    ("马来西亚", "MYS"),
    ("新加坡", "SGP"),
    ("泰国", "THA"),
    ("缅甸", "MMR"),
    ("尼泊尔", "NPL"),
    ("柬埔寨", "KHM"),
    ("老挝", "LAO"),
    ("印度", "IND"),
    ("巴基斯坦", "PAK"),
    ("孟加拉国", "BGD"),
    ("斯里兰卡", "LKA"),
    ("蒙古", "MNG"),
    ("日本", "JPN"),
    ("韩国", "KOR"),
    ("朝鲜", "PRK"),
    ("美国", "USA"),
    ("加拿大", "CAN"),
    ("墨西哥", "MEX"),
    ("巴西", "BRA"),
    ("阿根廷", "ARG"),
    ("英国", "GBR"),
    ("爱尔兰", "IRL"),
    ("法国", "FRA"),
    ("德国", "DEU"),
    ("意大利", "ITA"),
    ("西班牙", "ESP"),
    ("葡萄牙", "PRT"),
    ("荷兰", "NLD"),
    ("比利时", "BEL"),
    ("瑞士", "CHE"),
    ("瑞典", "SWE"),
    ("俄罗斯", "RUS"),
    ("乌克兰", "UKR"),
    ("哈萨克斯坦", "KAZ"),
    ("土耳其", "TUR"),
    ("埃及", "EGY"),
    ("尼日利亚", "NGA"),
    ("南非", "ZAF"),
    ("澳大利亚", "AUS"),
    ("新西兰", "NZL"),
];

impl Issuer {
    /// The country of these two or three letters, or of this name.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.nfkc().collect::<String>();
        let text = text.trim();
        if let Some((_, code)) = COUNTRIES_ZH.iter().find(|(name, _)| *name == text) {
            return Some(Self((*code).to_owned()));
        }
        let letters = text.to_uppercase();
        let country = match letters.as_str() {
            // German passports have a single letter in the machine-readable zone.
            "D" => celes::Country::from_alpha3("DEU"),
            _ if letters.len() == 3 => celes::Country::from_alpha3(&letters),
            _ if letters.len() == 2 => celes::Country::from_alpha2(&letters),
            _ => celes::Country::from_name(text),
        };
        country.ok().map(|country| Self(country.alpha3.to_owned()))
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A document as it is shown. A well-formed number is no proof of identity. Its `Debug` shows no number.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityDocument {
    kind: DocumentKind,
    issuer: Option<Issuer>,
    number: String,
    carried_birth: Option<Day>,
}

impl std::fmt::Debug for IdentityDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdentityDocument(…)")
    }
}

/// What is wrong with a document, first problem first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotADocument {
    /// Nothing was typed.
    #[error("nothing was typed")]
    Missing,
    /// The number can be of several kinds.
    #[error("the kind cannot be told from the number")]
    KindMissing,
    /// Not a number of the kind; of none, where no kind was named.
    #[error("it does not have the form")]
    Format(Option<DocumentKind>),
    /// A number of another kind than was said.
    #[error("the number is of another kind of document")]
    OtherKind,
    /// The check character does not fit.
    #[error("the check character does not fit")]
    Checksum,
    /// The birth date in it does not exist or lies in the future.
    #[error("the birth date in it does not exist")]
    Date,
    /// A passport without its country.
    #[error("the issuing country is needed")]
    IssuerMissing,
    /// No country of this name or code.
    #[error("no such country")]
    UnknownIssuer,
    /// The number carries no birth date, and none was given.
    #[error("a birth date is needed")]
    BirthDateMissing,
    /// Another birth date than the number carries.
    #[error("the birth date is not the number's")]
    OtherBirthDate,
    /// A birth date in the future.
    #[error("the birth date lies ahead")]
    BirthDateAhead,
}

impl NotADocument {
    /// The field it is wrong in.
    pub fn field(self) -> &'static str {
        match self {
            Self::Missing | Self::Format(_) | Self::OtherKind | Self::Checksum | Self::Date => "idNumber",
            Self::KindMissing => "documentKind",
            Self::IssuerMissing | Self::UnknownIssuer => "issuingCountry",
            Self::BirthDateMissing | Self::OtherBirthDate | Self::BirthDateAhead => "birthDate",
        }
    }

    /// The problem's name in an import's report.
    pub fn problem(self) -> &'static str {
        match self {
            Self::Missing | Self::KindMissing | Self::IssuerMissing | Self::BirthDateMissing => "missing",
            Self::Format(_) | Self::OtherKind => "format",
            Self::Checksum => "checksum",
            Self::Date | Self::OtherBirthDate => "date",
            Self::UnknownIssuer => "unknown",
            Self::BirthDateAhead => "future",
        }
    }

    /// What is wrong, in Chinese and English.
    pub fn words(self) -> (&'static str, &'static str) {
        use DocumentKind as K;
        match self {
            Self::Missing => ("请填写证件号码", "A document's number is needed"),
            Self::KindMissing => ("从号码无法判断证件类型，请填写证件类型", "The kind of document cannot be told from its number: say it"),
            Self::Format(None) => (
                "证件号码须为 17 位数字加校验码；其他证件请填写证件类型",
                "An ID number has 17 digits and a check character; of another document say the kind",
            ),
            Self::Format(Some(K::ResidentIdCard)) => NotAnIdNumber::Format.words(),
            Self::Format(Some(K::ResidencePermit)) => (
                "居住证号码须以 810000、820000 或 830000 开头，为 17 位数字加校验码",
                "A residence permit's number begins with 810000, 820000 or 830000 and has 17 digits and a check character",
            ),
            Self::Format(Some(K::HomeReturnPermit)) => (
                "通行证号码须为 H 或 M 加 8 位数字，可另加 2 位换证次数",
                "A home-return permit has H or M and 8 digits, with or without 2 for renewals",
            ),
            Self::Format(Some(K::TaiwanPermit)) => ("通行证号码须为 8 位数字", "A Taiwan residents' permit has 8 digits"),
            Self::Format(Some(K::PermanentResidenceCard)) => (
                "永久居留身份证号码须为 9 开头的 18 位，旧证为 3 个字母加 12 位数字",
                "A permanent residence card has 18 characters that begin with 9; an old one 3 letters and 12 digits",
            ),
            Self::Format(Some(K::Passport)) => ("护照号码须为 5 至 15 位字母和数字", "A passport number has 5 to 15 letters and digits"),
            Self::OtherKind => ("证件号码与证件类型不符", "The number is of another kind of document"),
            Self::Checksum => NotAnIdNumber::Checksum.words(),
            Self::Date => NotAnIdNumber::Date.words(),
            Self::IssuerMissing => ("请填写护照签发国", "The country that issued the passport is needed"),
            Self::UnknownIssuer => {
                ("没有此国家或地区；请填写三字母代码，如 PHL", "There is no such country; write its three letters, such as PHL")
            }
            Self::BirthDateMissing => ("此证件号码不含出生日期，请填写出生日期", "This number carries no birth date: give it"),
            Self::OtherBirthDate => ("出生日期与证件号码中的不符", "The birth date is not the one that the number carries"),
            Self::BirthDateAhead => ("出生日期不能晚于今天", "The birth date lies ahead"),
        }
    }
}

impl From<NotAnIdNumber> for NotADocument {
    fn from(problem: NotAnIdNumber) -> Self {
        match problem {
            NotAnIdNumber::Format => Self::Format(None),
            NotAnIdNumber::Checksum => Self::Checksum,
            NotAnIdNumber::Date => Self::Date,
        }
    }
}

impl IdentityDocument {
    /// Parses what was typed. The kind is told from the number where it is left out and that is certain; the issuing country
    /// is a passport's alone.
    ///
    /// # Errors
    /// The first problem found.
    pub fn parse(kind: Option<DocumentKind>, issuer: Option<&str>, number: &str, today: Day) -> Result<Self, NotADocument> {
        let number = number.nfkc().filter(|c| !is_blank(*c)).collect::<String>().to_uppercase();
        if number.is_empty() {
            return Err(NotADocument::Missing);
        }
        let told = DocumentKind::told_by(&number);
        let looks_foreign = is_taiwan_number(&number) || is_passport_number(&number) && !all_digits(&number);
        let kind = match kind.or(told) {
            Some(kind) => kind,
            None if looks_foreign => return Err(NotADocument::KindMissing),
            None => return Err(NotADocument::Format(None)),
        };
        let fits = match kind {
            DocumentKind::ResidentIdCard | DocumentKind::ResidencePermit => has_id_number_shape(&number),
            DocumentKind::HomeReturnPermit => is_home_return_number(&number),
            DocumentKind::TaiwanPermit => is_taiwan_number(&number),
            DocumentKind::PermanentResidenceCard => has_id_number_shape(&number) || is_old_permanent_residence_number(&number),
            DocumentKind::Passport => is_passport_number(&number),
        };
        match (fits, kind, told) {
            (false, ..) => return Err(NotADocument::Format(Some(kind))),
            // A passport may have any number.
            (true, DocumentKind::Passport, _) | (true, _, None) => {}
            (true, kind, Some(told)) if kind == told => {}
            (true, _, Some(_)) => return Err(NotADocument::OtherKind),
        }
        let issuer = match (kind, issuer.map(str::trim).filter(|it| !it.is_empty())) {
            (DocumentKind::Passport, None) => return Err(NotADocument::IssuerMissing),
            (DocumentKind::Passport, Some(text)) => Some(Issuer::parse(text).ok_or(NotADocument::UnknownIssuer)?),
            (_, _) => None,
        };
        let carried_birth = match kind {
            DocumentKind::Passport => None,
            _ if has_id_number_shape(&number) => Some(IdNumber::parse(&number, today)?.birth()),
            _ => None,
        };
        Ok(Self { kind, issuer, number, carried_birth })
    }

    /// The document that was kept as [`Self::kept_kind`] and number; `None` if it was not written by this platform.
    pub fn kept(kind: Option<&str>, number: &str) -> Option<Self> {
        let (kind, issuer) = match kind {
            None => (DocumentKind::told_by(number).unwrap_or(DocumentKind::ResidentIdCard), None),
            Some(text) => {
                let (kind, issuer) = text.split_once(' ').map_or((text, None), |(kind, issuer)| (kind, Some(issuer)));
                (DocumentKind::ALL.into_iter().find(|it| it.code() == kind)?, issuer.map(|it| Issuer(it.to_owned())))
            }
        };
        let carried = has_id_number_shape(number).then(|| number.get(6..14)).flatten();
        let carried_birth = carried.and_then(|digits| Day::parse_from_str(digits, "%Y%m%d").ok());
        Some(Self { kind, issuer, number: number.to_owned(), carried_birth })
    }

    /// Kind and issuing country as they are kept beside the number; `None` where its eighteen characters tell them, as all did
    /// before there were other kinds.
    pub fn kept_kind(&self) -> Option<String> {
        if self.is_told_by_number() {
            return None;
        }
        Some(match &self.issuer {
            Some(Issuer(country)) => format!("{} {country}", self.kind.code()),
            None => self.kind.code().to_owned(),
        })
    }

    fn is_told_by_number(&self) -> bool {
        match self.kind {
            DocumentKind::ResidentIdCard | DocumentKind::ResidencePermit => true,
            DocumentKind::PermanentResidenceCard => has_id_number_shape(&self.number),
            DocumentKind::HomeReturnPermit | DocumentKind::TaiwanPermit | DocumentKind::Passport => false,
        }
    }

    /// What one person alone can have: kind, issuing country and number. Numbers of eighteen characters stand for themselves,
    /// as they were claimed when there was no other kind.
    pub fn claim(&self) -> String {
        let for_life = match self.kind {
            DocumentKind::HomeReturnPermit => self.number.get(..9).unwrap_or(&self.number),
            DocumentKind::ResidentIdCard
            | DocumentKind::ResidencePermit
            | DocumentKind::TaiwanPermit
            | DocumentKind::PermanentResidenceCard
            | DocumentKind::Passport => &self.number,
        };
        match self.kept_kind() {
            None => for_life.to_owned(),
            Some(kind) => format!("{kind} {for_life}"),
        }
    }

    /// The kind.
    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// The country that issued the passport.
    pub fn issuer(&self) -> Option<&Issuer> {
        self.issuer.as_ref()
    }

    /// The number.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The birth date that the number carries.
    pub fn carried_birth(&self) -> Option<Day> {
        self.carried_birth
    }

    /// The holder's birth date: the number's own, else the one that was given.
    ///
    /// # Errors
    /// None at all, another one than the number carries, one that lies ahead.
    pub fn birth_date(&self, given: Option<Day>, today: Day) -> Result<Day, NotADocument> {
        match (self.carried_birth, given) {
            (Some(carried), Some(given)) if carried != given => Err(NotADocument::OtherBirthDate),
            (Some(carried), _) => Ok(carried),
            (None, Some(given)) if given > today => Err(NotADocument::BirthDateAhead),
            (None, Some(given)) => Ok(given),
            (None, None) => Err(NotADocument::BirthDateMissing),
        }
    }
}

#[cfg(test)]
#[path = "identity_document_tests.rs"]
mod tests;
