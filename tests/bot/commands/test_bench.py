"""thontin bench: the last line is JSON, and a wrong name shows the right ones."""

import json

from tests.bot.commands.world import Home


def test_the_last_line_is_one_json_object(home: Home) -> None:
    said = home.run("bench", "faq", "--size", "20")
    result = json.loads(said.stdout.splitlines()[-1])
    assert said.exit_code == 0
    assert (result["bench"], result["size"]) == ("faq", 20)


def test_a_wrong_name_shows_what_there_is(home: Home) -> None:
    said = home.run("bench", "bay")
    assert said.exit_code == 2
    assert "faq" in said.stderr
    assert "units" in said.stderr
