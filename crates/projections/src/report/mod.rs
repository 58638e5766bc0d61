//! The district report: every figure as dated changes, so that any day's report is a sum, not a replay.

pub(crate) mod figures;
pub(crate) mod queries;
pub(crate) mod small_cells;
pub(crate) mod subjects;
