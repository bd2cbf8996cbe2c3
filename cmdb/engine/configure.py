"""The server's folder: its configuration and its password."""

from __future__ import annotations

import secrets
from pathlib import Path

from cmdb.config import Settings

USER = "neo4j"


def configuration(settings: Settings) -> dict[str, str]:
    """Everything we set, by Neo4j's own names. Only loopback, only Bolt, no file import, no reports home."""
    return {
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{settings.neo4j_port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "server.bolt.thread_pool_max_size": "64",
        # While it works on a question it says so this often, and one that is silent for twice as long is given up. By
        # default that is two minutes, in which a Neo4j that stands still keeps every thread that asked it something.
        "server.bolt.connection_keep_alive": "10s",
        # The defaults wait 5 s twice at every stop, for connections that are closed by then.
        "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",
        "internal.dbms.bolt.netty_server_shutdown_timeout": "1",
        "internal.server.bolt.thread_pool_shutdown_wait_time": "1s",
        "server.memory.pagecache.size": f"{settings.neo4j_page_cache_mib}m",
        "dbms.security.auth_enabled": "true",
        # By default LOAD CSV reads any file the server may read.
        "dbms.security.allow_csv_import_from_file_urls": "false",
        # And any address the server may reach; the only setting against it is one Neo4j calls internal.
        "internal.dbms.cypher_ip_blocklist": "0.0.0.0/0,::/0",
        "dbms.usage_report.enabled": "false",
        "db.transaction.timeout": "120s",
        # Made at full size at once, for each of two databases: by default an empty graph takes 519 MB on disk.
        "db.tx_log.rotation.size": "32M",
        "db.tx_log.rotation.retention_policy": "256M size",
        "server.directories.import": "import",
    }


def write(home: Path, settings: Settings) -> None:
    """Write conf/neo4j.conf anew: it is ours, changes belong into settings."""
    (home / "conf").mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = [f"{name}={value}" for name, value in configuration(settings).items()]
    (home / "conf" / "neo4j.conf").write_text("\n".join(["# Written at every start.", *lines, ""]))


def new_password() -> str:
    """A random password; letters and digits only, so that no file format can misread it."""
    return secrets.token_hex(24)
