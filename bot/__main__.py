"""The `thontin` command. Each command imports only what it needs."""

import sys

import typer

from bot.commands import faq, operate, speak, units

app = typer.Typer(
    name="thontin",
    help="Thôn Tin: kênh tin của xã trên Zalo và Telegram.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(units.app, name="units")
app.add_typer(faq.app, name="faq")
app.command("speak")(speak.speak)
operate.add_to(app)


def main() -> None:
    """Run the command line; a wrong setting is one sentence and exit 2."""
    from bot.config import BadSetting

    try:
        app(prog_name="thontin")
    except BadSetting as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
