"""thontin units: what commune a text means."""

import json
from typing import Annotated

import typer

from content.units import Candidate, Found, Gazetteer

app = typer.Typer(help="Places: today's communes and what they were called before.", no_args_is_help=True)


@app.callback()
def units() -> None:
    """Places: today's communes and what they were called before."""


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="A name, an old name or an address, as people type it.")],
    province: Annotated[str | None, typer.Option(help="Two-digit code of the province to look in first.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Find the communes that TEXT may mean. Exit code 0: found; 1: nothing found; 2: wrong use."""
    gazetteer = Gazetteer.load()
    if province is not None and province not in {one.code for one in gazetteer.provinces()}:
        typer.echo(f"No province has the code {province!r}; codes have two digits, like 11.", err=True)
        raise typer.Exit(2)
    found = gazetteer.find(text, province)
    if as_json:
        data = {"candidates": [one.to_json() for one in found.candidates], "ask": found.ask}
        typer.echo(json.dumps(data, ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(found, gazetteer)))
    raise typer.Exit(0 if found.candidates or found.ask else 1)


def _lines(found: Found, gazetteer: Gazetteer) -> list[str]:
    if not found.candidates:
        names = [one.full_name for one in gazetteer.provinces() if one.code in found.provinces]
        return [f"{names[0]}: xã, phường nào?" if names else "Không tìm thấy xã, phường nào."]
    lines = [_line(one) for one in found.candidates]
    more = found.fits - len(found.candidates)
    if more:
        lines.append(f"… và {more} nơi nữa: cần thêm tên tỉnh hoặc tên huyện cũ.")
    return [*lines, "Phải hỏi lại." if found.ask else "Chắc chắn."]


def _line(one: Candidate) -> str:
    before = f" (trước: {one.former[0]})" if one.former else ""
    return f"{one.code}  {one.score:.2f}  {one.commune.full_name}{before}"
