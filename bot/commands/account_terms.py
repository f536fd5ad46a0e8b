"""thontin account set, thontin account group: what an account may spend, and the group chats of hamlets."""

import json
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands import shared

if TYPE_CHECKING:
    from storage import Transaction
    from storage.accounts import Account
    from storage.groups import ChatGroup

group = typer.Typer(help="Nhóm Zalo (GMF) của thôn: thêm, xem, bỏ. Một lần gửi tới cả nhóm.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Tên tài khoản trong thontin (xem: account list).")]
Pairs = Annotated[
    list[str] | None, typer.Argument(help="Các mục cần đổi, như spend=yes reserve=10%; bỏ một mục: mục= (để trống).")
]
GroupId = Annotated[str, typer.Argument(help="Mã nhóm trên Zalo.")]


def add_to(app: typer.Typer) -> None:
    """The commands of this file among those of `thontin account`."""
    app.command("set")(set_)
    app.add_typer(group, name="group")


def set_(name: Name, pairs: Pairs = None, as_json: shared.AsJson = False) -> None:
    """Xem hoặc đổi điều kiện gửi tin: được chi tiền không, giá, số tin mỗi tháng, mẫu tin, bài chung, phần dành riêng
    cho tin khẩn cấp."""
    changes = _pairs(pairs or [])
    with shared.opened() as (_, database):
        from handlers import routes
        from storage import audit

        freed = 0
        with database.transaction() as tx:
            row = _found(tx, name)
            if changes:
                _keep(row, changes)
                tx.add(row)
                freed = routes.freed(tx, row)
                audit.write(tx, 0, "account.terms", name, row.commune, " ".join(sorted(changes)))
            shown = _shown(tx, row)
    if as_json:
        shared.show({**shown, "freed": freed})
        return
    for key, value in shown["terms"].items():
        sys.stdout.write(f"{key:<26} {value}\n")
    used = ", ".join(f"{kind} {count}" for kind, count in shown["used"].items()) or "chưa có"
    sys.stdout.write(f"Tháng {shown['month']} đã dùng: {used}.\n")
    if freed:
        sys.stdout.write(f"{freed} tin đang chờ được xem lại ngay.\n")


def _pairs(pairs: list[str]) -> dict[str, str]:
    found = [one.partition("=") for one in pairs]
    if not all(key and sign for key, sign, _ in found):
        shared.stop("Mỗi mục viết như tên=giá trị, ví dụ spend=yes.")
    return {key.strip(): value.strip() for key, _, value in found}


def _keep(row: "Account", changes: dict[str, str]) -> None:
    """Change some terms of an account, as long as they make sense together."""
    from handlers.terms import BadTerms, parse

    settings = json.loads(row.settings)
    terms = {key: value for key, value in {**settings.get("terms", {}), **changes}.items() if value}
    try:
        parse(terms)
    except BadTerms as wrong:
        shared.stop(str(wrong))
    row.settings = json.dumps({**settings, "terms": terms})


def _shown(tx: "Transaction", row: "Account") -> dict[str, Any]:
    from handlers.terms import month
    from storage import quotas

    now = month(tx.now)
    terms = json.loads(row.settings).get("terms", {})
    return {"name": row.name, "terms": terms, "month": now, "used": quotas.used(tx, row.id or 0, now)}


@group.command("add")
def group_add(
    name: Name,
    chat: GroupId,
    commune: Annotated[str, typer.Option(help="Mã xã năm chữ số.")],
    hamlet: Annotated[str, typer.Option(help="Thôn, bản của nhóm; bỏ trống nếu là nhóm của cả xã.")] = "",
    title: Annotated[str, typer.Option(help="Tên nhóm.")] = "",
    size: Annotated[int, typer.Option(min=0, help="Số người trong nhóm; 0: không rõ.")] = 0,
    as_json: shared.AsJson = False,
) -> None:
    """Thêm một nhóm, hoặc sửa nhóm đã có cùng mã."""
    _check(chat, commune)
    with shared.opened() as (_, database):
        from storage import audit, groups

        with database.transaction() as tx:
            row = _found(tx, name)
            if row.channel != "zalo_oa":
                shared.stop(f"{name} không phải Zalo OA: chỉ OA mới có nhóm.")
            kept = groups.keep(tx, row.id or 0, chat, title or hamlet, commune, hamlet, size)
            audit.write(tx, 0, "account.group", name, commune, chat)
            said = _public(kept)
    if as_json:
        shared.show(said)
    else:
        sys.stdout.write(f"Đã ghi nhóm {chat}.\n")


@group.command("list")
def group_list(name: Name, as_json: shared.AsJson = False) -> None:
    """Xem các nhóm của một tài khoản."""
    with shared.opened() as (_, database):
        from storage import groups

        with database.reading() as tx:
            rows = [_public(one) for one in groups.of_account(tx, _found(tx, name).id or 0)]
    if as_json:
        shared.show({"groups": rows})
        return
    for one in rows:
        state = f"  (không gửi được: {one['why']})" if one["gone"] else ""
        sys.stdout.write(f"{one['chat']:<22} {one['commune']} {one['hamlet'] or 'cả xã'}, {one['size']} người{state}\n")
    if not rows:
        sys.stdout.write("Chưa có nhóm nào. Thêm bằng: thontin account group add\n")


@group.command("remove")
def group_remove(name: Name, chat: GroupId, as_json: shared.AsJson = False) -> None:
    """Bỏ một nhóm: không gửi vào đó nữa."""
    with shared.opened() as (_, database):
        from storage import audit, groups

        with database.transaction() as tx:
            row = _found(tx, name)
            if not groups.remove(tx, row.id or 0, chat):
                shared.stop(f"{name} không có nhóm nào mã {chat}.", 1)
            audit.write(tx, 0, "account.group_removed", name, row.commune, chat)
    if as_json:
        shared.show({"removed": chat})
    else:
        sys.stdout.write(f"Đã bỏ nhóm {chat}.\n")


def _check(chat: str, commune: str) -> None:
    if not re.fullmatch(r"[\w-]{1,64}", chat):
        shared.stop("Mã nhóm chỉ gồm chữ, số và gạch ngang, dài tối đa 64.")
    shared.insist_on_commune(commune)


def _found(tx: "Transaction", name: str) -> "Account":
    from storage import accounts

    row = accounts.named(tx, name)
    if row is None:
        shared.stop(f"Không có tài khoản nào tên {name}. Xem: thontin account list", 1)
    return row


def _public(row: "ChatGroup") -> dict[str, Any]:
    shown = row.model_dump(include={"chat", "name", "commune", "hamlet", "size"})
    return {**shown, "gone": row.gone_at > 0, "why": row.gone_why}
