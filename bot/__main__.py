"""The `thontin` command. Each command imports only what it needs."""

import os
import sys

from bot.commands.lazy import program

COMMANDS = {
    "demo": ("bot.commands.operate", "demo", "Chạy thử cả kênh trên máy này với ba chiếc điện thoại giả."),
    "run": ("bot.commands.operate", "run", "Chạy kênh: nhận tin, gửi tin, trang của cán bộ."),
    "worker": ("bot.commands.operate", "worker", "Chỉ gửi tin: thêm tiến trình gửi, cần PostgreSQL."),
    "init": ("bot.commands.init", "init", "Viết tệp .env với khóa và mã bí mật mới."),
    "doctor": ("bot.commands.doctor", "doctor", "Khám: cấu hình, cơ sở dữ liệu, tài khoản, giọng đọc, đồng hồ."),
    "user": ("bot.commands.user", "app", "Cán bộ: thêm, xem, đổi mật khẩu, khóa."),
    "account": ("bot.commands.account", "app", "Tài khoản Zalo OA, Zalo Bot, Telegram."),
    "backup": ("bot.commands.backup", "backup", "Sao lưu mọi thứ vào một tệp, cả khi đang chạy."),
    "restore": ("bot.commands.backup", "restore", "Phục hồi từ bản sao vào cơ sở dữ liệu trống."),
    "resume": ("bot.commands.backup", "resume", "Cho kênh gửi tiếp sau khi phục hồi."),
    "faq": ("bot.commands.faq", "app", "Hỏi đáp: hỏi thử, kiểm tra, đo độ chính xác."),
    "units": ("bot.commands.units", "app", "Tìm xã, phường theo tên mới hoặc tên cũ."),
    "speak": ("bot.commands.speak", "speak", "Đọc một văn bản thành tiếng."),
    "test": ("bot.commands.suite", "suite", "Chạy toàn bộ kiểm thử và nói phần nào bị bỏ qua."),
    "bench": ("bot.commands.bench", "bench", "Đo tốc độ một phần của chương trình."),
}

app = program(
    COMMANDS,
    name="thontin",
    help="Thôn Tin: kênh tin của xã trên Zalo và Telegram.",
    no_args_is_help=True,
)


def main() -> None:
    """Run the command line; a wrong setting is one sentence and exit 2."""
    if sys.argv[1:2] != ["test"]:  # its PostgreSQL runs as somebody else
        os.umask(0o077)  # what we write is people's: no other user of this machine reads it
    try:
        app(prog_name="thontin")
    except Exception as error:
        # Compared by name: importing the settings would cost every command a fifth of a second.
        if type(error).__name__ != "BadSetting":
            raise
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
