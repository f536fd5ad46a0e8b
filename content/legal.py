"""Words that may mean a complaint or a denunciation, which the law keeps apart from feedback.

Vietnam reference §3: such words only suggest a question ("is it this?"); nothing is ever refused because of them.
"""

from typing import Literal

from content.phrases import Phrases

Fork = Literal["khieu_nai", "to_cao"]

# A decision or act of an authority that one wants looked at again.
_COMPLAINT = Phrases([
    "khiếu nại", "khiếu kiện", "đơn thư", "quyết định xử phạt", "quyết định hành chính", "thu hồi đất", "bồi thường sai", "đền bù sai",
    "đền bù không đúng", "bồi thường không đúng", "không đồng ý quyết định", "cưỡng chế", "kiện ủy ban", "kiện xã", "kiện chủ tịch",
])  # fmt: skip
# A breach of law that one reports.
_DENUNCIATION = Phrases([
    "tố cáo", "tố giác", "tham nhũng", "tham ô", "nhận hối lộ", "ăn hối lộ", "đòi hối lộ", "hành hung", "cho vay nặng lãi", "vay nặng lãi",
    "ăn chặn", "bớt xén", "biển thủ", "lạm quyền", "vòi tiền", "vòi vĩnh", "nhận tiền chạy", "ăn tiền",
])  # fmt: skip
_OFFICIALS = Phrases([
    "cán bộ", "công chức", "chủ tịch", "phó chủ tịch", "bí thư", "trưởng thôn", "trưởng bản", "trưởng ấp", "trưởng xóm", "tổ trưởng", "địa chính",
    "tư pháp xã", "công an xã", "công an viên", "dân quân", "kế toán xã", "văn phòng xã", "lãnh đạo xã", "ủy ban xã", "bộ phận một cửa", "ông xã đội",
    "hiệu trưởng", "trạm trưởng", "kiểm lâm",
])  # fmt: skip
_BLAME = Phrases([
    "nhận tiền", "đòi tiền", "vòi tiền", "vòi vĩnh", "lấy tiền", "ăn tiền", "thu tiền sai", "ăn chặn", "bớt xén", "hạch sách", "nhũng nhiễu",
    "quát", "quát nạt", "chửi", "mắng", "hách dịch", "thái độ", "bao che", "thiên vị", "làm khó", "gây khó", "gây khó dễ", "ngâm hồ sơ", "không giải quyết",
    "làm sai", "sai trái", "lạm quyền", "tham nhũng", "tham ô", "hối lộ", "đánh người", "đánh dân", "hành hung", "dọa", "đe dọa", "trù dập", "say rượu",
    "chiếm đất", "lấn chiếm", "bán đất", "gian dối", "khai khống", "con cháu", "người nhà được",
])  # fmt: skip
_LONGEST = 3000


def legal_fork(text: str) -> Fork | None:
    """Which of the two `text` may be: the caller asks, and never refuses by itself. None when neither is likely."""
    text = text[:_LONGEST]
    if _DENUNCIATION.find(text):
        return "to_cao"
    return "khieu_nai" if _COMPLAINT.find(text) else None


def about_official(text: str) -> bool:
    """Whether `text` blames an official or office: then it is asked whether it may go past the commune."""
    text = text[:_LONGEST]
    return bool(_OFFICIALS.find(text) and _BLAME.find(text))
