"""What announcements are about, after the essential information of Decree 49/2024 (vietnam reference §2.1)."""

TOPICS: dict[str, str] = {
    "disaster": "Thiên tai, cháy nổ, cứu nạn",
    "health": "Y tế, tiêm chủng, dịch bệnh",
    "services": "Điện, nước, đường, lịch làm việc",
    "policy": "Chính sách, chế độ, thủ tục",
    "farming": "Mùa vụ, chăn nuôi",
    "security": "An ninh, trật tự",
    "culture": "Họp thôn, văn hóa, giáo dục",
}

# As people choose among them: with "all" five choices, since nobody reads more on a small screen.
GROUPS: dict[str, tuple[str, ...]] = {
    "Thiên tai, an ninh": ("disaster", "security"),
    "Y tế, điện, nước, lịch làm việc": ("health", "services"),
    "Chính sách, mùa vụ, chăn nuôi": ("policy", "farming"),
    "Họp thôn, văn hóa, giáo dục": ("culture",),
}
