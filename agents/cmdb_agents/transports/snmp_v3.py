"""Version 3 through pysnmp: it does discovery, time windows, keys and ciphers; we do the walking, as for 2c.

Without MIB lookup, which costs more than everything else together. pysnmp is imported here alone, and late: a
collector that reads only 2c carries none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmdb.errors import Misconfigured
from cmdb_agents.transports.snmp_ber import END_OF_VIEW, GETBULK, NO_INSTANCE, NO_OBJECT, NULL, Missing, Oid, Response
from cmdb_agents.transports.snmp_walk import Refuses, Silent

if TYPE_CHECKING:
    from cmdb_agents.transports.snmp import User

_AUTH = {
    "MD5": "USM_AUTH_HMAC96_MD5", "SHA": "USM_AUTH_HMAC96_SHA", "SHA-224": "USM_AUTH_HMAC128_SHA224",
    "SHA-256": "USM_AUTH_HMAC192_SHA256", "SHA-384": "USM_AUTH_HMAC256_SHA384", "SHA-512": "USM_AUTH_HMAC384_SHA512",
}  # fmt: skip
_PRIVACY = {
    "DES": "USM_PRIV_CBC56_DES", "AES-128": "USM_PRIV_CFB128_AES", "AES-192": "USM_PRIV_CFB192_AES",
    "AES-256": "USM_PRIV_CFB256_AES",
}  # fmt: skip
_MISSING = {"Null": NULL, "NoSuchObject": NO_OBJECT, "NoSuchInstance": NO_INSTANCE, "EndOfMibView": END_OF_VIEW}
_SILENT = frozenset({"RequestTimedOut"})


class V3:
    """One device, asked in version 3."""

    bulk = True

    def __init__(self, hlapi: Any, engine: Any, user: Any, address: tuple[str, int], context: Any) -> None:
        self._hlapi, self._engine, self._user, self._address, self._context = hlapi, engine, user, address, context

    @classmethod
    async def connect(cls, address: str, port: int, user: User, context: str = "") -> V3:
        """An engine of its own, so that nothing is shared between devices; nothing is sent yet."""
        try:
            from pysnmp.hlapi.v3arch import asyncio as hlapi
        except ImportError as missing:
            raise Misconfigured(
                "SNMP version 3 needs the extra `snmp`: install epicentre[server,snmp]", detail=str(missing)
            ) from missing
        who = hlapi.UsmUserData(
            user.name, user.auth_key, user.privacy_key,
            authProtocol=getattr(hlapi, _AUTH[user.auth]), privProtocol=getattr(hlapi, _PRIVACY[user.privacy]),
        )  # fmt: skip
        named = hlapi.ContextData(contextName=context.encode())
        return cls(hlapi, hlapi.SnmpEngine(), who, (address, port), named)

    def close(self) -> None:
        """Close the engine's sockets."""
        self._engine.close_dispatcher()

    async def ask(self, kind: int, oids: tuple[Oid, ...], repetitions: int, wait: float) -> Response:
        """One question; Refuses when the device knows the user or key not."""
        hlapi = self._hlapi
        kind_of = hlapi.Udp6TransportTarget if ":" in self._address[0] else hlapi.UdpTransportTarget
        where = await kind_of.create(self._address, timeout=wait, retries=0)
        names = [hlapi.ObjectType(hlapi.ObjectIdentity(one)) for one in oids]
        asked = (self._engine, self._user, where, self._context)
        if kind == GETBULK:
            told = await hlapi.bulk_cmd(*asked, 0, repetitions, *names, lookupMib=False)
        else:
            told = await hlapi.next_cmd(*asked, *names, lookupMib=False)
        trouble, status, index, rows = told
        if trouble is not None:
            if type(trouble).__name__ in _SILENT:
                raise Silent
            raise Refuses(str(trouble))
        return Response(0, int(status), int(index), tuple((tuple(name), _value(value)) for name, value in rows))


def _value(value: Any) -> int | bytes | Oid | Missing:
    name = type(value).__name__
    if name in _MISSING:
        return Missing(_MISSING[name])
    if hasattr(value, "asOctets"):
        return bytes(value.asOctets())
    if name == "ObjectIdentifier":
        return tuple(value)
    return int(value)
