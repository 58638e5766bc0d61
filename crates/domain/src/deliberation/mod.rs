//! 议事协商: residents' issues, motions, and the covenants that come of them.

pub mod amendment;
pub mod attachment;
pub mod covenant;
pub mod difference;
pub mod issue;
pub mod motion;
pub mod motion_category;
pub mod motion_register;
pub mod text;
