"""Public codes: random Crockford base32 with a check letter, easy to read aloud and impossible to guess."""

import secrets

# No I, L, O, U (Crockford), no 0 or 1 and no B (it looks like 8): nobody must wonder which it was. 29 is prime,
# so the check letter notices every single wrong letter and every swap of two neighbours.
ALPHABET = "23456789ACDEFGHJKMNPQRSTVWXYZ"


def check_letter(body: str) -> str:
    """One letter that changes when any letter of `body` changes or two neighbours swap."""
    total = sum((place + 1) * ALPHABET.index(letter) for place, letter in enumerate(body))
    return ALPHABET[total % len(ALPHABET)]


def new_code(length: int = 7) -> str:
    """`length` random letters and a check letter: 7 letters are 17,249,876,309 codes."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(length))
    return body + check_letter(body)


def report_code() -> str:
    """A fresh tracking code, `PA-7K3M-9QXD`."""
    return shown(new_code())


def shown(letters: str) -> str:
    """Eight letters as they are shown: `PA-XXXX-XXXX`."""
    return f"PA-{letters[:4]}-{letters[4:]}"


def parse_report_code(text: str) -> str | None:
    """The tracking code in what somebody typed (any case, spaces or hyphens), or None if it is not one."""
    letters = "".join(letter for letter in text.upper() if letter.isalnum())
    letters = letters[2:] if letters.startswith("PA") and len(letters) == 10 else letters
    if len(letters) != 8 or any(letter not in ALPHABET for letter in letters):
        return None
    return shown(letters) if check_letter(letters[:7]) == letters[7] else None
