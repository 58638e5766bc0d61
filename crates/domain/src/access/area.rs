//! An area of the national table, by its code.
//!
//! - A code is listed once; listing it again with the same name changes nothing.
//! - A pseudo-unit (虚拟社区, park or bonded zone without residents) is known but kept out of what people see.

use esrs::Aggregate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::authority::{Act, Role, To};
use crate::{
    event::DomainEvent,
    prose::Line,
    refusal::refusals,
    values::{AreaCode, AreaLevel},
};

/// Longest name, in characters.
pub const AREA_NAME_MAX_CHARS: usize = 100;

/// List or rename areas.
pub const IMPORT_AREAS: Act = Act { name: "importAreas", open_to: &[To::Holders(Role::Operator)] };
/// Read the areas.
pub const AREAS: Act = Act { name: "areas", open_to: &[To::Anyone] };

/// The stream of an area: the code, as a UUID version 5.
pub fn area_stream(code: &AreaCode) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("gongyi:area:{code}").as_bytes())
}

/// Whether nobody lives in an area, or it is another's entry under a longer code: streets coded 4xx and communities …498 and …598
/// of the statistics bureau's table (统计用区划代码和城乡划分代码编制规则, 国统字〔2009〕91号) stand for parks, bonded zones and
/// land without a committee; a code that ends in zeros for its last level, stored before such codes were read as what they are, is
/// the larger area.
pub fn is_pseudo(code: &AreaCode, name: &str) -> bool {
    let digits = code.as_str();
    let placeholder = code.level() == AreaLevel::Community && (digits.ends_with("498") || digits.ends_with("598"));
    let of_zeros = code.level() >= AreaLevel::Street && digits.ends_with("000");
    name.contains("虚拟") || digits.get(6..7) == Some("4") || placeholder || of_zeros
}

/// An area's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Area {
    /// Its name; `None` if the code was never listed.
    pub name: Option<String>,
}

/// What may be asked of an area.
#[derive(Debug, Clone)]
pub enum AreaCommand {
    /// List the code under a name, or rename it.
    List {
        /// The code.
        code: AreaCode,
        /// Its name.
        name: String,
    },
}

/// What happened to an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AreaEvent {
    /// The code was listed.
    AreaListed {
        /// The code.
        code: AreaCode,
        /// Its name.
        name: String,
        /// Whether nobody lives there and people should not be shown it.
        pseudo: bool,
    },
    /// It was given another name.
    AreaRenamed {
        /// The code.
        code: AreaCode,
        /// The new name.
        name: String,
    },
}
impl DomainEvent for AreaEvent {}

refusals! {
    /// Why an area is refused.
    pub enum AreaRefusal {
        /// The name is no line, or too long.
        AreaNameMissing { most: usize }("name", "区域须有名称，1 至 {most} 字，不换行", "An area needs a name of 1 to {most} printable characters in one line"),
        /// Commands refer to listed areas only.
        UnknownArea { code: AreaCode }("area", "没有代码为 {code} 的区域", "There is no area {code}"),
    }
}

impl Area {
    /// This area is listed.
    ///
    /// # Errors
    /// [`AreaRefusal::UnknownArea`] if it never was.
    pub fn require_listed(&self, code: &AreaCode) -> Result<(), AreaRefusal> {
        self.name.as_ref().map(|_| ()).ok_or_else(|| AreaRefusal::UnknownArea { code: code.clone() })
    }
}

impl Aggregate for Area {
    const NAME: &'static str = "area";
    type State = Self;
    type Command = AreaCommand;
    type Event = AreaEvent;
    type Error = AreaRefusal;

    fn handle_command(area: &Self, command: AreaCommand) -> Result<Vec<AreaEvent>, AreaRefusal> {
        let AreaCommand::List { code, name } = command;
        let name = String::from(Line::parse(&name, AREA_NAME_MAX_CHARS, |most| AreaRefusal::AreaNameMissing { most })?);
        Ok(match &area.name {
            None => vec![AreaEvent::AreaListed { pseudo: is_pseudo(&code, &name), code, name }],
            Some(old) if *old == name => vec![],
            Some(_) => vec![AreaEvent::AreaRenamed { code, name }],
        })
    }

    fn apply_event(_: Self, event: AreaEvent) -> Self {
        match event {
            AreaEvent::AreaListed { name, .. } | AreaEvent::AreaRenamed { name, .. } => Self { name: Some(name) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::given;

    #[test]
    fn listing_twice_changes_nothing_and_another_name_renames() {
        let code: AreaCode = "440402001".parse().unwrap();
        let list = |name: &str| AreaCommand::List { code: code.clone(), name: name.into() };
        let listed = given::<Area>([]).and(list("翠香街道"));
        listed.when(list("翠香街道")).then([]);
        listed.when(list("新名")).then([AreaEvent::AreaRenamed { code: code.clone(), name: "新名".into() }]);
    }

    #[test]
    fn pseudo_units_are_told_by_name_or_code() {
        let is = |code: &str, name: &str| is_pseudo(&code.parse().unwrap(), name);
        assert!(is("440402401498", "南屏科技园虚拟社区") && is("440402402", "保税区"));
        assert!(is("440402001498", "翠香街道直辖") && is("440402101598", "直辖村"));
        assert!(!is("440402100016", "淇澳社区") && !is("440402", "香洲区") && !is("440498", "区"));
        let stored = AreaCode::try_new("440402000000").unwrap();
        assert!(is_pseudo(&stored, "香洲区"), "listed as a community before");
    }
}
