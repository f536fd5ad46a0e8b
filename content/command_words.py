"""The words of commands, of yes and no, and of the politeness around them. The rules are in `content.commands`."""

# Spelled with marks. A typed word without marks matches too, unless the whole command is one syllable.
COMMANDS: dict[str, tuple[str, ...]] = {
    "stop": (
        *("ngừng", "ngưng", "dừng", "ngừng nhận tin", "ngưng nhận tin", "dừng nhận tin", "ngừng nhận", "dừng nhận"),
        *("ngừng gửi tin", "dừng gửi tin", "đừng gửi tin nữa", "không nhận tin nữa", "không nhận tin", "thôi nhận tin"),
        *("hủy nhận tin", "hủy đăng ký", "hủy theo dõi", "bỏ theo dõi"),
    ),
    "emergency_only": ("chỉ nhận tin khẩn cấp", "chỉ tin khẩn cấp", "chỉ nhận tin khẩn"),
    "resume": ("nhận lại tin", "nhận tin lại", "nhận lại như cũ"),
    "help": ("trợ giúp", "hướng dẫn", "cách dùng", "cách sử dụng"),
    "my_data": ("dữ liệu của tôi", "dữ liệu", "thông tin của tôi", "xem dữ liệu", "dữ liệu cá nhân"),
    "export": ("xuất dữ liệu", "tải dữ liệu", "tải dữ liệu của tôi"),
    "erase": ("xóa dữ liệu", "xóa dữ liệu của tôi", "xóa hết dữ liệu", "xóa hết dữ liệu của tôi"),
    "back": ("quay lại", "trở lại"),
    "start": ("bắt đầu", "bắt đầu lại"),
    "continue": ("viết tiếp", "viết tiếp phản ánh", "tiếp tục phản ánh", "tiếp tục viết"),
    "report": ("phản ánh", "gửi phản ánh", "phản ánh kiến nghị", "kiến nghị", "góp ý", "báo tin giả"),
    "follow": (
        *("nhận tin", "theo dõi xã", "đổi xã", "chọn xã", "chọn lại xã", "thêm xã"),
        *("nhận tin xã khác", "đăng ký nhận tin"),
    ),
    "places": ("xã của tôi", "nơi theo dõi", "đang theo dõi"),
    "topics": ("chủ đề", "chọn chủ đề", "loại tin", "chọn loại tin"),
    "language": ("ngôn ngữ", "đổi ngôn ngữ", "tiếng anh", "tiếng việt"),
}
# Not Vietnamese, or not words: safe alone.
PLAIN: dict[str, str] = {
    "stop": "stop",
    "unsubscribe": "stop",
    "unsub": "stop",
    "help": "help",
    "menu": "help",
    "start": "start",
    "language": "language",
    "english": "language",
    "export": "export",
    "0": "back",
}
SLASHED: dict[str, str] = {
    "start": "start",
    "stop": "stop",
    "help": "help",
    "report": "report",
    "phananh": "report",
    "language": "language",
    "quyen": "my_data",
    "mydata": "my_data",
    "dulieu": "my_data",
    "xoadulieu": "erase",
}
# While a name, an address or a description is asked for, every word is an answer but these.
FREE_TEXT: dict[str, tuple[str, ...]] = {"stop": ("ngừng nhận tin", "ngưng nhận tin")}
# Asked about, when typed without marks.
UNSURE: dict[str, str] = {"ngung": "stop", "ngung nhan": "stop", "ngung tin": "stop"}

# Politeness around a command or a yes, without which the words are looked up.
LEAD = ("cho tôi", "tôi muốn", "tôi", "cho tui", "tui muốn", "xin", "nhờ", "làm ơn", "em", "cho em", "cháu", "muốn")
TAIL = ("ạ", "nhé", "nha", "đi", "với", "giùm", "giúp", "giùm tôi", "nữa", "cảm ơn", "ad", "ơi", "luôn")

YES = (
    *("đúng", "đúng rồi", "đúng vậy", "đúng thế", "phải", "phải rồi", "vâng", "dạ", "dạ vâng", "có", "ừ", "ừm", "ờ"),
    *("đồng ý", "chính xác", "chuẩn", "được", "được rồi", "rồi", "nhất trí", "tất nhiên"),
    *("ok", "oke", "okie", "okay", "okê", "okla", "yes", "y", "yep", "uh", "uk", "uhm", "um", "ukm", "dc"),
)
NO = (
    *("không", "không phải", "không đúng", "không có", "không đồng ý", "không cần", "chưa", "chưa đúng", "chưa phải"),
    *("sai", "sai rồi", "nhầm", "nhầm rồi", "thôi", "đừng", "khỏi", "hông", "hổng", "chẳng", "chớ"),
    *("ko", "kg", "kh", "k", "khg", "hok", "hong", "no", "nope", "n"),
)
YES_SIGNS, NO_SIGNS = frozenset("👍👌✅✔🆗"), frozenset("👎❌✖🙅")
YES_LEAD = ("dạ", "vâng", "ừ", "à")
YES_TAIL = ("ạ", "rồi", "nhé", "nha", "đó", "vậy", "em", "anh", "chị", "bạn", "ad", "cảm ơn", "nhá", "à", "luôn", "đâu")

NUMBERS = ("một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười")
OTHER_NUMBERS = {"nhất": 1, "tư": 4, "bẩy": 7, "lăm": 5}
