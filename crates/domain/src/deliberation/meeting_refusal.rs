//! Why a meeting says no.

use super::{agenda::AgendaRefusal, decision::DecisionRefusal, meeting::MEETING_ENTRY_LATE_HOURS};
use crate::refusal::{Refusal, refusals};

refusals! {
    /// Why a meeting says no.
    pub enum MeetingRefusal {
        /// Nothing of this id.
        UnknownMeeting("meeting", "没有此会议", "There is no such meeting"),
        /// Convened already.
        MeetingExists("meeting", "该会议已召集", "This meeting is convened already"),
        /// Closed or cancelled.
        MeetingIsOver("meeting", "会议已结束或取消", "The meeting is over or cancelled"),
        /// It has begun.
        MeetingHasBegun("meeting", "会议已开始", "The meeting has begun"),
        /// It is not in session.
        MeetingNotOpen("meeting", "会议未在进行中", "The meeting is not in session"),
        /// It is in session.
        MeetingIsOpen("meeting", "会议正在进行中", "The meeting is in session"),
        /// It is not adjourned.
        MeetingNotAdjourned("meeting", "会议未休会", "The meeting is not adjourned"),
        /// Title or place are no lines, or too long, or it ends before it starts, or lies in the past.
        MeetingNoticeUnfit { most: usize }("notice", "请填写标题、地点（各 1 至 {most} 字，不换行）和今后的起止时间", "A notice has a title and a place of 1 to {most} characters in one line, and a time to come that ends after it starts"),
        /// Too short a notice.
        NoticeTooShort { least: u32 }("starts", "须提前至少 {least} 天通知，否则请说明理由", "Notice is given {least} days ahead; say why it is shorter"),
        /// Fewer days of notice than a statute asks for.
        StatuteNoticeTooShort { least: u32 }("starts", "村民会议须提前至少 {least} 天通知，不得缩短", "A villagers' meeting is announced {least} days ahead, and no reason makes them fewer"),
        /// The agenda is wrong; the sentence says how.
        AgendaUnfit { zh: String, en: String }("agenda", "{zh}", "{en}"),
        /// What was dealt with stays on the agenda.
        ItemDealtWith("agenda", "已审议的议程项不能删改", "What was dealt with stays on the agenda"),
        /// No reason, or too long a one.
        MeetingReasonUnfit { most: usize }("reason", "请说明理由（1 至 {most} 字）", "Give a reason of 1 to {most} characters"),
        /// Representatives are not invited: they belong.
        GuestIsRepresentative("capacity", "议事代表无须邀请", "A representative needs no invitation"),
        /// Neither a representative nor invited.
        NotInvited("person", "该人员不是议事代表，也未受邀", "This person is neither a representative nor invited"),
        /// More people than a meeting takes.
        RoomIsFull { most: usize }("person", "一次会议最多登记 {most} 人", "At most {most} people are recorded at a meeting"),
        /// Excused already, or present.
        ExcuseUnfit("person", "已请假或已到会", "This person is excused already, or was here"),
        /// In the room already, or before having gone.
        AlreadyPresent("person", "该人员已在会场", "This person is in the room"),
        /// Not in the room.
        NotPresent("person", "该人员不在会场", "This person is not in the room"),
        /// Gone before a vote was opened in which they cast a ballot.
        VotedSince("at", "该人员此后参加过表决，请核对离场时间", "This person has voted since then; look at the time again"),
        /// In the future, or too long ago.
        PresenceTimeUnfit("at", "时间不能在将来，也不能早于 {MEETING_ENTRY_LATE_HOURS} 小时前", "The time is not in the future, and at most {MEETING_ENTRY_LATE_HOURS} hours ago"),
        /// The quorum is not there.
        NoQuorum { present: u64, entitled: u64 }("meeting", "未达到法定人数：到会 {present} 人，应到 {entitled} 人", "There is no quorum: {present} of {entitled} are present"),
        /// Nothing of this id on the agenda.
        UnknownItem("item", "议程中没有此项", "There is no such item on the agenda"),
        /// In hand already.
        ItemInHand("item", "该议程项正在审议", "This item is in hand"),
        /// No item is in hand.
        NoItemInHand("item", "尚未开始审议任何议程项", "No item is in hand"),
        /// Listed already, or speaking.
        AlreadyListed("person", "已在发言名单中", "This person is on the list, or speaking"),
        /// Not on the list.
        NotListed("person", "不在发言名单中", "This person is not on the list"),
        /// As often as the charter allows.
        NoTurnsLeft { most: u32 }("person", "每人每项议程最多发言 {most} 次", "Everybody has {most} turns on an item"),
        /// Nobody waits for the word.
        NobodyListed("item", "发言名单为空", "Nobody asks for the word"),
        /// Somebody speaks.
        SomebodySpeaks("item", "有人正在发言", "Somebody is speaking"),
        /// Nobody speaks.
        NobodySpeaks("item", "无人正在发言", "Nobody is speaking"),
        /// Nothing of this id.
        UnknownVote("vote", "没有此表决", "There is no such vote"),
        /// Opened already.
        VoteExists("vote", "该表决已开始", "This vote was opened already"),
        /// A vote is open.
        VoteIsOpen("vote", "有表决正在进行", "A vote is open"),
        /// It is closed or annulled.
        VoteNotOpen("vote", "该表决已结束或作废", "This vote is closed or annulled"),
        /// Annulled already.
        VoteAnnulledAlready("vote", "该表决已作废", "This vote was annulled already"),
        /// The question is missing or too long, or asks of a motion that its item does not deal with.
        QuestionUnfit { most: usize }("question", "请填写表决事项（1 至 {most} 字），议案须与议程项一致", "Say what is asked in 1 to {most} characters; its motion is the one the item deals with"),
        /// The matter was decided here; it comes back when that vote is annulled, or by reconsideration.
        DecidedAlready("motion", "该事项已表决；如需重新表决，须先作废原表决或经复议", "This matter was decided; annul that vote first, or reconsider the motion"),
        /// Only an annulled vote on the same matter is taken anew.
        NothingToRepeat("repeats", "只能就已作废的同一事项重新表决", "Only an annulled vote on the same matter is taken anew"),
        /// Nobody is left to vote.
        NobodyMayVote("recused", "没有可投票的到会代表", "Nobody in the room may vote"),
        /// Voted otherwise than the vote is taken.
        OtherVoteKind("vote", "该表决采用其他表决方式", "This vote is taken in another way"),
        /// The charter asks for a secret ballot.
        SecretBallotNeeded("kind", "章程规定此类事项须无记名投票", "The charter asks for a secret ballot on this kind of matter"),
        /// The charter asks for an open vote.
        OpenBallotNeeded("kind", "章程规定此类事项须公开表决", "The charter asks for an open vote on this kind of matter"),
        /// Tellers enter what they have counted themselves.
        TellerUnknown("teller", "计票人须以本人账号录入", "A teller enters the count from an account of their own"),
        /// May not vote here.
        NotAVoter("person", "您不在本次表决的投票人之列", "This person may not vote here"),
        /// Voted already.
        AlreadyVoted("person", "已投票", "This person has voted"),
        /// More hands than voters.
        TooManyHands { voters: u32 }("hands", "举手总数超过投票人数 {voters}", "There are more hands than the {voters} who may vote"),
        /// Somebody who might vote when hands were counted has left the room or the seat.
        HandsOutdated("hands", "清点举手后有表决人离场或离任，请两名计票人重新清点", "Somebody who might vote has left the room or the seat since hands were counted; both tellers count again"),
        /// The tellers do not agree, or one is missing.
        TellersDisagree("hands", "须有两名计票人且计票一致", "Two tellers must have counted the same"),
        /// The rule makes nothing of the counts; the sentence says why.
        CountsUnfit { zh: String, en: String }("vote", "{zh}", "{en}"),
    }
}

impl From<AgendaRefusal> for MeetingRefusal {
    fn from(refusal: AgendaRefusal) -> Self {
        let Refusal { zh, en, .. } = refusal.into();
        Self::AgendaUnfit { zh, en }
    }
}

impl From<DecisionRefusal> for MeetingRefusal {
    fn from(refusal: DecisionRefusal) -> Self {
        let Refusal { zh, en, .. } = refusal.into();
        Self::CountsUnfit { zh, en }
    }
}
