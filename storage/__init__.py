"""What is remembered: tables and their questions, one noun a file. The only room with SQL."""

from storage import (  # every table is known to the metadata as soon as the room is entered
    accounts,
    announcements,
    audience,
    audit,
    citizens,
    faq,
    forgetting,
    inbox,
    leases,
    ledger,
    media,
    officials,
    outbox,
    reports,
)
from storage.columns import metadata
from storage.database import Database
from storage.transaction import Transaction
from storage.vault import Vault, WrongKey

__all__ = [
    "Database",
    "Transaction",
    "Vault",
    "WrongKey",
    "accounts",
    "announcements",
    "audience",
    "audit",
    "citizens",
    "faq",
    "forgetting",
    "inbox",
    "leases",
    "ledger",
    "media",
    "metadata",
    "officials",
    "outbox",
    "reports",
]
