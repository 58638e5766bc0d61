//! What motions and residents' issues are about.

use async_graphql::Enum;
use gongyi_domain::deliberation::motion_category::MotionCategory as Stored;

use crate::table::wires;

/// What a motion or a resident's issue is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Stored")]
pub enum MotionCategory {
    /// 环境卫生
    Sanitation,
    /// 停车交通
    ParkingAndTraffic,
    /// 物业管理
    PropertyManagement,
    /// 公共设施
    PublicFacilities,
    /// 安全消防
    SafetyAndFire,
    /// 文体活动
    CultureAndSports,
    /// 养老托幼
    ElderlyAndChildcare,
    /// 便民服务
    ResidentServices,
    /// 公约修订
    CovenantRevision,
    /// 资金项目
    FundedProjects,
    /// 其他
    Other,
}

wires! {
    MotionCategory => Stored = |category| category.into();
}
