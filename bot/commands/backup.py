"""thontin backup, restore, resume: a copy of everything, putting it back, and the word that it may send again."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import shared

if TYPE_CHECKING:
    from bot.backup import Saved
    from bot.config import Settings
    from bot.restore import Restored

MIB = 1024 * 1024


def backup(
    file: Annotated[Path, typer.Argument(help="Tệp bản sao cần viết, ví dụ thontin-2026-11-24.tar.")],
    without_key: Annotated[bool, typer.Option("--without-key", help="Không viết tệp khóa bên cạnh.")] = False,
    as_json: shared.AsJson = False,
) -> None:
    """Sao lưu cơ sở dữ liệu và tệp của bà con vào một tệp, cả khi kênh đang chạy.

    Khóa mã hóa không bao giờ nằm trong bản sao: nó được viết riêng ở TỆP.key. Không ghi đè tệp đã có.
    """
    target = file.absolute()
    _insist_on_a_database(shared.settings())
    with shared.opened() as (settings, database):
        from bot.backup import save

        try:
            saved = save(settings, database, target, not without_key)
        except FileExistsError as error:
            shared.stop(f"{error.filename or error} đã có: giữ nguyên, không ghi đè.")
        except OSError as error:
            shared.stop(f"Không viết được {file}: {error.strerror}.")
    if as_json:
        shared.show(_told(saved))
    else:
        sys.stdout.write(_written(saved))


def _insist_on_a_database(settings: "Settings") -> None:
    """An empty backup of a database that was not there would be found out on the worst of days."""
    url = settings.database_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        shared.stop(f"Chưa có cơ sở dữ liệu {url}: không có gì để sao lưu.", 1)


def _told(saved: "Saved") -> dict[str, Any]:
    made = saved.manifest
    return {"file": str(saved.path), "key": str(saved.key) if saved.key else None, "at": made.at, "rows": made.rows,
            "files": made.files, "files_missing": made.files_missing,
            "bytes": saved.path.stat().st_size}  # fmt: skip


def _written(saved: "Saved") -> str:
    made, size = saved.manifest, saved.path.stat().st_size / MIB
    lines = [f"Đã sao lưu vào {saved.path}: {made.rows} dòng, {made.files} tệp, {size:.1f} MiB."]
    if made.files_missing:
        lines.append(f"Thiếu {made.files_missing} tệp: có tên trong sổ nhưng không còn trên đĩa.")
    if saved.key:
        lines.append(
            f"Khóa mã hóa viết riêng ở {saved.key}. Ai có cả hai tệp là đọc được mọi thứ: cất khóa ở nơi khác, đừng "
            "để chung với bản sao."
        )
    else:
        lines.append(
            "Không kèm khóa mã hóa. Không có khóa thì bản sao này không mở được tên, số điện thoại, lời phản ánh và "
            "mã tài khoản."
        )
    return "\n".join([*lines, ""])


def restore(
    file: Annotated[Path, typer.Argument(help="Tệp bản sao.")],
    key: Annotated[Path | None, typer.Option("--key", help="Tệp khóa; mặc định là TỆP.key bên cạnh.")] = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Đã mất hẳn khóa: bỏ mọi thứ cần khóa, giữ người theo dõi và bản tin.")
    ] = False,
    erasures: Annotated[
        list[Path] | None, typer.Option("--erasures", help="Sổ xóa; mặc định là DATA_DIR/erasures.jsonl.")
    ] = None,
    as_json: shared.AsJson = False,
) -> None:
    """Phục hồi từ bản sao vào một cơ sở dữ liệu trống, SQLite hay PostgreSQL. Sau đó kênh tạm dừng gửi.

    Bản sao hỏng, cơ sở dữ liệu không trống hay sai khóa thì không ghi gì và thoát với mã 1.
    """
    file, key = file.absolute(), key.absolute() if key else None
    named = [one.absolute() for one in erasures] if erasures else None
    settings = shared.settings()
    from bot import log
    from bot.archive import Damaged
    from bot.database import AlreadyRunning
    from bot.restore import CannotRestore, restore
    from bot.restore_keys import NoKey
    from bot.settings_check import insist

    log.setup("CRITICAL")
    insist(settings)
    try:
        done = restore(settings, file, key, without_key, named)
    except (Damaged, CannotRestore, NoKey, AlreadyRunning) as error:
        shared.stop(f"{error}.", 1)
    except OSError as error:
        shared.stop(f"Không đọc được {file}: {error.strerror}.")
    if as_json:
        shared.show(_summed(done))
    else:
        sys.stdout.write(_restored(done))


def _summed(done: "Restored") -> dict[str, Any]:
    return {"backup_at": done.manifest.at, "rows": done.manifest.rows, "files": done.manifest.files,
            "files_missing": done.files_missing, "held_back": done.held_back, "erased_again": done.erased,
            "journals": [str(one) for one in done.journals], "unreadable_lines": done.unreadable,
            "lost": done.lost, "paused": True}  # fmt: skip


def _restored(done: "Restored") -> str:
    from content.dates import when

    made = done.manifest
    lines = [f"Đã phục hồi bản sao lúc {when(made.at)}: {made.rows} dòng, {made.files} tệp."]
    if done.files_missing:
        lines.append(f"{done.files_missing} tệp không có trong bản sao: phản ánh có tệp ấy ghi là thiếu.")
    lines += _about_keys(done)
    lines += _about_erasures(done)
    lines.append(f"{done.held_back} lượt gửi không rõ đã tới chưa (đến hạn sau lúc sao): giữ lại, không tự gửi nữa.")
    lines.append(
        "Kênh đang TẠM DỪNG GỬI: tin nhận vào vẫn được ghi, chưa tin nào được gửi đi. Kiểm tra xong thì chạy: thontin "
        "resume (thêm --send-missed để gửi lại những tin còn hiệu lực mà không rõ đã tới chưa)."
    )
    return "\n".join([*lines, ""])


def _about_keys(done: "Restored") -> list[str]:
    if done.keys.lost:
        count = sum(done.lost.values())
        return [
            f"Không có khóa: mất {count} giá trị đã mã hóa (tên, số điện thoại, lời phản ánh, lời trả lời, mã tài "
            "khoản). Người theo dõi và bản tin còn nguyên. Nhập lại mã từng tài khoản (thontin account rotate, rồi "
            "thontin account resume)."
        ]
    return [f"Khóa đã ghi vào {done.keys.file}."] if done.keys.file else []


def _about_erasures(done: "Restored") -> list[str]:
    if not done.journals:
        return [
            "Không thấy sổ xóa: ai xóa dữ liệu sau lúc sao nay có lại. Tìm được sổ thì phục hồi lại với --erasures."
        ]
    lines = [f"Đã xóa lại {done.erased} người, theo sổ xóa."]
    if done.unreadable:
        lines.append(f"{done.unreadable} dòng của sổ xóa không đọc được.")
    return lines


def resume(
    send_missed: Annotated[
        bool, typer.Option("--send-missed", help="Gửi cả tin còn hiệu lực không rõ đã tới chưa, ghi là gửi lại.")
    ] = False,
    as_json: shared.AsJson = False,
) -> None:
    """Cho kênh gửi tiếp sau khi phục hồi. Kênh đang chạy thì bắt đầu gửi sau vài giây."""
    with shared.opened() as (_, database):
        from storage import audit, pause

        again = 0
        while send_missed:
            with database.transaction() as tx:
                more = pause.send_missed(tx)
            again += more
            if not more:
                break
        with database.transaction() as tx:
            lifted = pause.lift(tx)
            if lifted or again:
                audit.write(tx, 0, "resumed", "", detail=f"{again} sent again")
    if as_json:
        shared.show({"was_paused": lifted, "sent_again": again})
        return
    said = "Kênh gửi tiếp." if lifted else "Kênh không tạm dừng."
    sys.stdout.write(f"{said} Gửi lại {again} lượt.\n" if send_missed else f"{said}\n")
