"""What is remembered: tables and their questions, one noun a file. The only room with SQL."""

from storage import (  # every table is known to the metadata as soon as the room is entered
    accounts,
    announcements,
    audience,
    audit,
    citizens,
    communes,
    echoes,
    faq,
    forgetting,
    groups,
    inbox,
    leases,
    ledger,
    media,
    officials,
    outbox,
    progress,
    quotas,
    reports,
    takeover,
    tallies,
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
    "communes",
    "echoes",
    "faq",
    "forgetting",
    "groups",
    "inbox",
    "leases",
    "ledger",
    "media",
    "metadata",
    "officials",
    "outbox",
    "progress",
    "quotas",
    "reports",
    "takeover",
    "tallies",
]
