"""Version 3 through pysnmp: it does discovery, time windows, keys and ciphers; we do the walking, as for 2c.

By its command generators, not its high-level interface: that one looks names up in MIBs, which costs more than all else
together, and loads a compiler of MIBs where one is installed. pysnmp is imported here alone, and late: a collector that
reads only 2c carries none of it.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from cmdb.errors import Misconfigured
from cmdb_agents.transports.snmp_ber import END_OF_VIEW, GETBULK, NO_INSTANCE, NO_OBJECT, NULL, Missing, Oid, Response
from cmdb_agents.transports.snmp_walk import Follow, Refuses, Silent

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
_NAME = "device"
_HUNDREDTHS = 60 * 100
"""How long pysnmp itself waits; our own patience ends sooner."""


class V3:
    """One device, asked in version 3."""

    bulk = True

    def __init__(self, pysnmp: SimpleNamespace, engine: Any, context: bytes) -> None:
        self._pysnmp, self._engine, self._context = pysnmp, engine, context

    @classmethod
    async def connect(cls, address: str, port: int, user: User, context: str = "") -> V3:
        """An engine of its own, so that nothing is shared between devices; nothing is sent yet."""
        pysnmp = _pysnmp()
        engine, config = pysnmp.engine.SnmpEngine(), pysnmp.config
        config.add_v3_user(
            engine, user.name, getattr(config, _AUTH[user.auth]), user.auth_key,
            getattr(config, _PRIVACY[user.privacy]), user.privacy_key,
        )  # fmt: skip
        config.add_target_parameters(engine, _NAME, user.name, "authPriv")
        udp = pysnmp.udp6 if ":" in address else pysnmp.udp
        transport = (udp.Udp6AsyncioTransport if ":" in address else udp.UdpAsyncioTransport)()
        config.add_transport(engine, udp.DOMAIN_NAME, transport.open_client_mode())
        config.add_target_address(engine, _NAME, udp.DOMAIN_NAME, (address, port), _NAME, _HUNDREDTHS, 0)
        return cls(pysnmp, engine, context.encode())

    def close(self) -> None:
        """Close the engine's sockets."""
        self._engine.close_dispatcher()

    async def ask(
        self, kind: int, oids: tuple[Oid, ...], repetitions: int, wait: float, follow: Follow | None = None
    ) -> Response:
        """One question; Refuses when the device knows the user or key not. Nothing is followed here."""
        del follow
        told: asyncio.Future[tuple[Any, Any, Any, Any]] = asyncio.get_running_loop().create_future()

        def tell(_engine: Any, _handle: Any, trouble: Any, status: Any, index: Any, rows: Any, _context: Any) -> None:
            if not told.done():
                told.set_result((trouble, status, index, rows))

        names = [(self._pysnmp.rfc1902.ObjectIdentifier(one), self._pysnmp.null) for one in oids]
        asked: tuple[Any, ...] = (self._engine, _NAME, None, self._context)
        if kind == GETBULK:
            self._pysnmp.cmdgen.BulkCommandGeneratorSingleRun().send_varbinds(*asked, 0, repetitions, names, tell)
        else:
            self._pysnmp.cmdgen.NextCommandGeneratorSingleRun().send_varbinds(*asked, names, tell)
        try:
            async with asyncio.timeout(wait):
                trouble, status, index, rows = await told
        except TimeoutError as late:
            raise Silent from late
        if trouble is not None:
            if type(trouble).__name__ in _SILENT:
                raise Silent
            raise Refuses(str(trouble))
        values = tuple((tuple(name), _value(value)) for name, value in rows)
        return Response.of(0, int(status), int(index), values, sum(len(v) for _, v in values if isinstance(v, bytes)))


def _pysnmp() -> SimpleNamespace:
    """The parts of pysnmp that are needed."""
    try:
        from pysnmp.carrier.asyncio.dgram import udp, udp6
        from pysnmp.entity import config, engine
        from pysnmp.entity.rfc3413 import cmdgen
        from pysnmp.proto import rfc1902
        from pysnmp.proto.api import v2c
    except ImportError as missing:
        raise Misconfigured(
            "SNMP version 3 needs the extra `snmp`: pip install 'epicentre[snmp]'", detail=str(missing)
        ) from missing
    return SimpleNamespace(
        udp=udp, udp6=udp6, config=config, engine=engine, cmdgen=cmdgen, rfc1902=rfc1902, null=v2c.null
    )


def _value(value: Any) -> int | bytes | Oid | Missing:
    name = type(value).__name__
    if name in _MISSING:
        return Missing(_MISSING[name])
    if hasattr(value, "asOctets"):
        return bytes(value.asOctets())
    if name == "ObjectIdentifier":
        return tuple(value)
    return int(value)
