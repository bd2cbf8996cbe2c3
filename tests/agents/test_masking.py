"""Secrets in command lines, by name, by program and by shape."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cmdb_agents import masking
from cmdb_agents.masking import MASK, command, is_secret_name, text

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
S = "s3cr3t-Value"

SECRETS = [
    (["app", f"--password={S}"], "app --password=***"),
    (["app", "--password", S], "app --password ***"),
    (["app", "-password", S], "app -password ***"),
    (["app", f"--db-password={S}", "--db-host=x"], "app --db-password=*** --db-host=x"),
    (["app", f"--dbPassword={S}"], "app --dbPassword=***"),
    (["app", "--token", S, "run"], "app --token *** run"),
    (["app", f"--api-key={S}"], "app --api-key=***"),
    (["app", f"--apiKey={S}"], "app --apiKey=***"),
    (["app", "--secret-key", S], "app --secret-key ***"),
    (["app", f"--client-secret={S}"], "app --client-secret=***"),
    (["app", f"--passphrase={S} with words"], "app --passphrase=***"),
    (["app", "--access-key", S], "app --access-key ***"),
    (["app", "--credentials", S], "app --credentials ***"),
    (["java", f"-Djavax.net.ssl.keyStorePassword={S}", "-jar", "x.jar"], "-Djavax.net.ssl.keyStorePassword=***"),
    (["java", f"-Dspring.datasource.password={S}", "Main"], "-Dspring.datasource.password=*** Main"),
    (["env", f"PGPASSWORD={S}", "psql"], "env PGPASSWORD=*** psql"),
    (["env", f"MYSQL_PWD={S}", "mysql"], "env MYSQL_PWD=*** mysql"),
    (["env", f"AWS_SECRET_ACCESS_KEY={S}"], "env AWS_SECRET_ACCESS_KEY=***"),
    (["docker", "run", "-e", f"POSTGRES_PASSWORD={S}", "postgres"], "-e POSTGRES_PASSWORD=*** postgres"),
    (["docker", "run", "-e", f"URL=jdbc:pg://h/db?user=a&password={S}"], "password=***"),
    (["mysql", "-uroot", f"-p{S}", "shop"], "mysql -uroot -p*** shop"),
    (["/usr/bin/mysqldump", f"-p{S}"], "/usr/bin/mysqldump -p***"),
    (["sshpass", "-p", S, "ssh", "host"], "sshpass -p *** ssh host"),
    (["sshpass", f"-p{S}", "ssh", "host"], "sshpass -p*** ssh host"),
    (["redis-cli", "-a", S, "ping"], "redis-cli -a *** ping"),
    (["curl", "-u", f"bob:{S}", "https://x"], "curl -u *** https://x"),
    (["curl", f"-ubob:{S}", "https://x"], "curl -u*** https://x"),
    (["curl", "-H", f"Authorization: Bearer {S}", "https://x"], "Authorization: ***"),
    (["curl", "-H", f"X-Api-Key: {S}"], "X-Api-Key: ***"),
    (["curl", f"https://bob:{S}@x/y"], "curl https://bob:***@x/y"),
    (["curl", f"https://x/y?token={S}&page=2"], "curl https://x/y?token=***&page=2"),
    (["app", f"postgresql://u:{S}@db:5432/shop"], "app postgresql://u:***@db:5432/shop"),
    (["app", f"--dsn=amqp://u:p@{S}@mq/"], "app --dsn=amqp://u:***@mq/"),
    (["app", f"redis://:{S}@cache:6379/0"], "app redis://:***@cache:6379/0"),
    (["git", "clone", "https://ghp_abcdefghijklmnopqrstuvwxyz0123456789@github.example/x"], "https://***@"),
    (["app", JWT], "app ***"),
    (["app", f"--header=x {JWT}"], "***"),
    (["app", "AKIAIOSFODNN7EXAMPLE"], "app ***"),
    (["app", "glpat-abcdefghij0123456789"], "app ***"),
    (["app", "xoxb-1234567890-abcdefghij"], "app ***"),
    (["app", "sk_live_abcdefghij0123456789"], "app ***"),
    (["app", "epe_" + "Ab1-" * 11], "app ***"),
    (["app", "-k", "f3a9c07be1d24885a0c6b1e49d77aa01"], "app -k ***"),
    (["mosquitto_pub", "-u", "bob", "-P", S], "mosquitto_pub -u bob -P ***"),
    (["mongosh", "-u", "root", "-p", S], "mongosh -u root -p ***"),
    (["ldapsearch", "-D", "cn=x", "-w", S], "ldapsearch -D cn=x -w ***"),
    (["openssl", "enc", "-k", S], "openssl enc -k ***"),
    (["snmpget", "-v2c", "-c", S, "host"], "snmpget -v2c -c *** host"),
    (["docker", "login", "-u", "bob", "-p", S], "docker login -u bob -p ***"),
    (["sh", "-c", f"exec mysql -uroot -p{S} shop"], "exec mysql -uroot -p*** shop"),
    (["sh", "-c", f"PASSWORD='{S} two' exec app"], "PASSWORD=***"),
    (["sh", "-c", f"app --token {S} --port 80"], "app --token *** --port 80"),
    (["app", f'{{"user": "bob", "password": "{S}"}}'], '"password": "***"'),
    (["app", f"host=db user=bob password={S} dbname=x"], "password=*** dbname=x"),
    (["app", f"Server=db;User=sa;Password={S};Encrypt=true"], "Password=***"),
    (["mount.cifs", "-o", f"user=bob,password={S}"], "password=***"),
    (["xfreerdp", "/u:bob", f"/p:{S}"], "/u:bob /p:***"),
    (["app", "--license-key", S], "app --license-key ***"),
    (["app", f"--cookie=session:{S}"], "app --cookie=***"),
    (["app", "-----BEGIN RSA PRIVATE KEY-----\nMIIs3cr3t-Value\n"], "app ***"),
]

HARMLESS = [
    ["nginx", "-g", "daemon off;"],
    ["app", "--password-file=/run/secrets/db"],
    ["app", "--token-ttl", "3600"],
    ["app", "--author=bob"],
    ["app", "--no-password", "host"],
    ["app", "--tokenizer=simple"],
    ["app", "--keyspace=shop"],
    ["app", "--bypass=yes"],
    ["docker", "run", "-p", "8080:80", "nginx"],
    ["ssh", "-p", "2222", "host"],
    ["psql", "-p", "5432"],
    ["mkdir", "-p", "/srv/x"],
    ["app", "https://x:8443/y?page=2"],
    ["containerd-shim", "-id", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ["java", "-cp", "/opt/a.jar", "org.neo4j.server.CommunityEntryPoint", "--home-dir=/srv/n"],
    ["postgres", "-D", "/var/lib/postgresql/15/main", "-c", "config_file=/etc/postgresql/15/main/postgresql.conf"],
]


@pytest.mark.parametrize(("argv", "kept"), SECRETS, ids=lambda v: v if isinstance(v, str) else "")
def test_secret_is_masked(argv: list[str], kept: str) -> None:
    """No part of the secret is left, and what is no secret still reads as before."""
    line = command(tuple(argv))
    for part in (S, "s3cr3t", "two'", JWT[:12], "AKIA", "glpat-", "xoxb-", "sk_live", "ghp_", "f3a9c07b", "epe_"):
        assert part not in line
    assert kept in line


@pytest.mark.parametrize("argv", HARMLESS, ids=" ".join)
def test_harmless_stays(argv: list[str]) -> None:
    """Arguments that only resemble a secret stay as they are: a masked port helps nobody."""
    assert " ".join(argv) == command(tuple(argv))


def test_systemd_line() -> None:
    """A command line that is one string is masked as its words would be."""
    line = f"/usr/bin/app --token {S} --db postgres://u:{S}@db/x --port 80"
    assert text(line) == "/usr/bin/app --token *** --db postgres://u:***@db/x --port 80"


@given(st.text(alphabet=st.characters(exclude_categories=("C", "Z")), min_size=4, max_size=60))
@example("a/b@c")
@example("'\"\\'")
@example("=&=&")
def test_value_never_leaks_behind_its_option(secret: str) -> None:
    """Whatever a password looks like, nothing of it follows --password= or --password, and the line does not grow."""
    assert command(("app", f"--password={secret}")) == f"app --password={MASK}"
    if not secret.startswith("--"):
        assert command(("app", "--password", secret)) == f"app --password {MASK}"
    assert len(command(("app", f"--password={secret}"))) <= len(f"app --password={secret}")


@given(st.lists(st.text(max_size=40), max_size=8))
def test_line_is_printable_bounded_and_settled(argv: list[str]) -> None:
    """Any arguments give a printable, bounded line, and masking the same arguments again gives the same line."""
    line = command(tuple(argv))
    assert line.isprintable()
    assert len(line) <= masking.MAX_COMMAND
    assert line == command(tuple(argv))


@pytest.mark.parametrize(
    "hostile",
    ["a" * 60_000, "a." * 30_000, "x://" * 15_000, "a=" * 30_000, "'" * 60_000, "\"a': " * 10_000, "a b " * 15_000,
     "-----BEGIN" * 6_000, "eyJ" * 20_000, "http://" + "a:" * 30_000, "--" * 30_000, "sh -c " * 10_000],
    ids=lambda t: t[:8],
)  # fmt: skip
def test_hostile_arguments_cost_little(hostile: str) -> None:
    """No argument, however long and repetitive, takes the agent more than a moment."""
    started = time.process_time()
    assert len(command(("app", hostile))) <= masking.MAX_COMMAND
    assert len(text(hostile)) <= masking.MAX_COMMAND
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("name", "secret"),
    [("DB_PASSWORD", True), ("dbPass", True), ("X-Auth-Token", True), ("AWS_ACCESS_KEY_ID", False),
     ("token-file", False), ("public-key", False), ("REDISCLI_AUTH", True), ("passenger", False)],
)  # fmt: skip
def test_secret_names(name: str, secret: bool) -> None:
    """A name is judged by its words, not by letters somewhere inside."""
    assert secret is is_secret_name(name)


def test_canary_never_leaves(tmp_path: Path) -> None:
    """A real listening program with secrets in its arguments is shown, and the secrets are nowhere in the output."""
    canary = "cAnArY" + format(time.time_ns(), "x")
    script = tmp_path / "canary_server.py"
    script.write_text(
        "import socket,sys\ns=socket.create_server(('127.0.0.1',0))\n"
        "print(s.getsockname()[1],flush=True)\nsys.stdin.read()"
    )
    arguments = [f"--password={canary}1", "--token", f"{canary}2", f"postgres://u:{canary}3@db/x", f"API_KEY={canary}4"]
    child = subprocess.Popen(
        [sys.executable, str(script), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        shown = subprocess.run(
            [sys.executable, "-m", "cmdb_agents.main", "show", "--json"],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        child.terminate()
    services = json.loads(shown.stdout)["services"]["items"]
    assert any(f"tcp://127.0.0.1:{port}" in s["attributes"]["listens"] for s in services)
    assert canary not in shown.stdout + shown.stderr
    assert f"--password={MASK}" in shown.stdout
