"""Signs requests with Ed25519 as RFC 9421 (HTTP message signatures) and RFC 9530 (content digest) describe."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from nacl.signing import SigningKey

from cmdb_agents.digest import digest as sha256

COVERED = '("@method" "@authority" "@path" "@query" "content-digest")'


@dataclass(frozen=True, slots=True)
class Signer:
    """A node's key. `created` and `counter` are passed in: no clock and no state here."""

    key_id: str
    seed: bytes

    def headers(
        self, method: str, authority: str, path: str, body: bytes, *, created: int, counter: int
    ) -> dict[str, str]:
        """The three headers that prove who sends this body there. `authority` as in Host; `path` without a query."""
        digest = f"sha-256=:{_b64(sha256(body))}:"
        parameters = f'{COVERED};created={created};nonce="{counter}";keyid="{self.key_id}";alg="ed25519"'
        base = "\n".join(
            (
                f'"@method": {method}',
                f'"@authority": {authority.lower()}',
                f'"@path": {path}',
                '"@query": ?',
                f'"content-digest": {digest}',
                f'"@signature-params": {parameters}',
            )
        )
        signature = SigningKey(self.seed).sign(base.encode("ascii")).signature
        return {
            "Content-Digest": digest,
            "Signature-Input": f"sig1={parameters}",
            "Signature": f"sig1=:{_b64(signature)}:",
        }


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
