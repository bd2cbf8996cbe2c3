"""Which CI is this? Pure: hygiene of the keys, then ordered compound rules, each answer with its trace.

Outcomes: `match` one CI, `new`, `ambiguous` (several fit: a person decides) or `conflict` (one fits, but another live
agent speaks for it, or one agent identity speaks for two machines: a person decides). What a collector saw from outside
is `covered` where an agent on the machine, or another look at it, speaks already; an agent takes no notice of looks.
"""

from cmdb.identity.boots import Boot, alternating, note_boot
from cmdb.identity.hygiene import hygiene, uuid_variants
from cmdb.identity.rules import identify, identity_keys, keys_of, signer_of
from cmdb.identity.trace import Candidate, Outcome, Refusal, Step, Verdict, fitted

__all__ = [
    "Boot", "Candidate", "Outcome", "Refusal", "Step", "Verdict", "alternating", "fitted", "hygiene", "identify",
    "identity_keys", "keys_of", "note_boot", "signer_of", "uuid_variants",
]  # fmt: skip
