"""Hamlets as people write them: "ban tau", "Bản Tâu" and "tâu" are one place."""

from content.vietnamese import fold

# The word for a hamlet differs by region and is often left out.
TYPES = (
    "to dan pho",
    "khu dan cu",
    "khu pho",
    "thon",
    "ban",
    "ap",
    "soc",
    "buon",
    "bon",
    "lang",
    "plei",
    "ploi",
    "xom",
    "phum",
    "khom",
    "khu",
    "to",
)


def key(name: str) -> str:
    """The same for every spelling of one hamlet; "" for an empty name. A bare number keeps its type word."""
    folded = " ".join(fold(name).split())
    for word in TYPES:
        rest = folded.removeprefix(f"{word} ")
        if rest != folded and not rest.isdigit():
            return rest
    return folded
