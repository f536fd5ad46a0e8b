"""A program whose commands are loaded when they are used: `--help` of the whole imports none of them."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

# Plain text: the boxes of rich cost a fifth of a second, and a screen reader reads every one of their corners.
PLAIN: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}


def program(table: Mapping[str, tuple[str, str, str]], **options: Any) -> typer.Typer:
    """A program with a command for each `name: (module, attribute, one line of help)` of `table`.

    The attribute is a function or a `typer.Typer` of its own.
    """

    class Lazy(TyperGroup):
        _listing = False

        def list_commands(self, ctx: Any) -> list[str]:
            return list(table)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name not in table:
                return None
            module, attribute, summary = table[cmd_name]
            if self._listing:
                return TyperCommand(cmd_name, help=summary)
            return _loaded(cmd_name, getattr(import_module(module), attribute))

        def format_help(self, ctx: Any, formatter: Any) -> None:
            self._listing = True
            super().format_help(ctx, formatter)

    made = typer.Typer(cls=Lazy, **PLAIN, **options)
    made.callback()(_nothing)
    return made


def _nothing() -> None:
    """A group needs a callback; ours has no options."""


def _loaded(name: str, found: Any) -> Any:
    holder = typer.Typer(**PLAIN)
    holder.callback()(_nothing)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
    else:
        holder.command(name)(found)
    group: Any = typer.main.get_command(holder)
    return group.commands[name]
