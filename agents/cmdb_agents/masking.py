"""Takes secrets out of command lines before they leave the host. Pure.

Three nets, one behind the other: options and settings whose *name* speaks of a secret; short options of *programs*
known to take one; and values whose *shape* is a credential's. When in doubt it masks: a lost argument is a nuisance,
a leaked password an incident.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise

MASK = "***"
MAX_COMMAND = 2_000
MAX_ARGUMENT = 2 * MAX_COMMAND
"""An argument is cut before it is searched; what is behind could not be shown in any case."""

# --- names that speak of a secret --------------------------------------------------------------------------

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
SECRET_WORDS = frozenset({
    "pass", "passwd", "password", "passphrase", "passwort", "pw", "pwd", "secret", "secrets", "token", "tokens",
    "credential", "credentials", "creds", "apikey", "auth", "authorization", "authentication", "bearer", "jwt",
    "cookie", "psk", "passcode", "pin", "otp", "totp", "privkey", "keytab", "authkey", "signature", "sig", "sas",
    "userpass", "userpwd", "accesskey", "secretkey", "masterkey", "license",
})  # fmt: skip
SECRET_ENDS = ("password", "passwd", "passphrase", "secret", "token", "apikey", "pwd", "passwrd")
_KEYS_OF = (
    "api", "access", "secret", "private", "master", "encryption", "encrypt", "signing", "auth", "account",
    "shared", "session", "storage", "host", "license", "service", "deploy", "app", "web", "admin", "root",
)  # fmt: skip
SECRET_PAIRS = frozenset(kind + "key" for kind in _KEYS_OF)
HARMLESS_ENDS = frozenset({
    "file", "path", "dir", "directory", "name", "id", "type", "length", "len", "min", "max", "policy", "ttl", "timeout",
    "expiry", "expires", "lifetime", "mode", "method", "methods", "provider", "enabled", "required", "prompt", "port",
    "host", "endpoint", "fd", "header", "format", "algorithm", "alg", "count", "limit", "retries", "plugin", "db",
    "source", "backend", "level", "user", "username", "uri", "url",
})  # fmt: skip
HARMLESS_STARTS = frozenset({"no", "ask", "prompt", "without", "use", "require", "enable", "disable", "skip", "allow"})


@lru_cache(maxsize=1_024)  # programs have the same options on all hosts
def is_secret_name(name: str) -> bool:
    """Whether an option or setting of this name holds a secret: --db-password yes, --token-file no."""
    words = [w.lower() for w in _WORD.findall(name)]
    if not words or words[-1] in HARMLESS_ENDS or (words[0] in HARMLESS_STARTS and len(words) > 1):
        return False
    joined = "".join(words)
    pairs = {a + b for a, b in pairwise(words)}
    return (
        not SECRET_WORDS.isdisjoint(words)
        or not SECRET_PAIRS.isdisjoint(pairs | set(words))
        or joined.endswith(SECRET_ENDS)
        or any(w.endswith(SECRET_ENDS) or (w.endswith("pass") and w not in ("bypass", "compass")) for w in words)
    )


# --- programs whose short options take one -----------------------------------------------------------------

_MYSQL = ("mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlcheck", "mysqlshow", "mysqlslap", "mysqlbinlog",
          "mariadb", "mariadb-dump", "mariadb-admin", "mycli", "xtrabackup", "mariabackup", "mysqlsh")  # fmt: skip
ATTACHED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_MYSQL, ("-p",)),
    "sshpass": ("-p",), "7z": ("-p",), "7za": ("-p",), "7zz": ("-p",), "rar": ("-p", "-hp"), "unrar": ("-p",),
    "curl": ("-u", "-U"), "redis-cli": ("-a",), "mosquitto_pub": ("-P",), "mosquitto_sub": ("-P",),
    "xfreerdp": ("/p:",), "ldapsearch": ("-w",), "ipmitool": ("-P",), "sqlcmd": ("-P",), "bcp": ("-P",),
}  # fmt: skip
SEPARATE: dict[str, tuple[str, ...]] = {
    "sshpass": ("-p",), "curl": ("-u", "-U", "--user", "--proxy-user"), "redis-cli": ("-a",),
    "mongo": ("-p",), "mongosh": ("-p",), "mongodump": ("-p",), "mongorestore": ("-p",), "docker": ("-p",),
    "podman": ("-p",), "ldapsearch": ("-w",), "ldapmodify": ("-w",), "ldapadd": ("-w",), "ldapwhoami": ("-w",),
    "mosquitto_pub": ("-P",), "mosquitto_sub": ("-P",), "plink": ("-pw",), "pscp": ("-pw",), "zip": ("-P",),
    "unzip": ("-P",), "openssl": ("-k", "-K", "-passin", "-passout", "-pass"), "sqlcmd": ("-P",), "bcp": ("-P",),
    "ipmitool": ("-P",), "smbclient": ("-U",), "rpcclient": ("-U",), "snmpget": ("-c", "-A", "-X"),
    "snmpwalk": ("-c", "-A", "-X"), "snmpbulkwalk": ("-c", "-A", "-X"), "rdesktop": ("-p",), "influx": ("-t",),
}  # fmt: skip
PUBLISHES = ("docker", "podman")  # -p is a port for `run`, a password for `login`

FLAG_BEFORE_RANDOM = frozenset({"-k", "-t", "-a", "-s", "-K", "-T", "-S", "-w", "--key", "--license", "--id", "--sas"})

# --- shapes of credentials ---------------------------------------------------------------------------------

_SHAPES = re.compile(
    r"""
      eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)*                       # JSON web token
    | \b(?:AKIA|ASIA|AGPA|AIDA|AROA)[0-9A-Z]{16}\b            # Amazon key ids
    | \bgh[pousr]_\w{16,} | \bgithub_pat_\w{16,}              # GitHub
    | \bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[\w-]{16,}            # GitLab
    | \bxox[abeprs]-[\w-]{10,}                                # Slack
    | \b[spr]k_(?:live|test)_\w{10,} | \bsk-[\w-]{20,}        # payment and model services
    | \bAIza[\w-]{30,} | \bya29\.[\w-]{10,}                   # Google
    | \bnpm_\w{20,} | \bpypi-[\w-]{20,} | \bdckr_pat_[\w-]{10,} | \bhv[sbr]\.[\w-]{20,}
    | \bep[ei]_[\w-]{16,}                                     # our own
    | -----BEGIN[ A-Z]*PRIVATE[ ]KEY-----.*                   # a key itself
    """,
    re.VERBOSE | re.DOTALL,
)
_SHAPED = re.compile(
    "eyJ|AKIA|ASIA|AGPA|AIDA|AROA|gh[pousr]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt|ft|soat)-|xox[abeprs]-|sk_|pk_|rk_|sk-"
    "|AIza|ya29|npm_|pypi-|dckr_pat_|hv[sbr][.]|ep[ei]_|-----BEGIN"
)
"""How each of the shapes begins: looking for plain words first is five times as quick, and seldom is there one."""
_URL_LOGIN = re.compile(r"(?<![\w+.-])(?P<scheme>[A-Za-z][\w+.-]*://)(?P<user>[^\s/?#:@]*):(?P<secret>[^\s]*)@")
_URL_TOKEN = re.compile(r"(?<![\w+.-])(?P<scheme>[A-Za-z][\w+.-]*://)(?P<secret>[\w.~+=-]{20,})@")
_SETTING = re.compile(r"(?<![\w.-])-{0,2}(?P<name>[A-Za-z_][\w.-]*)=(?=[^\s&])")
_JSON = re.compile(r"""(?P<head>(["'])(?P<name>[\w.-]+)\2\s*:\s*)(?P<value>"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,}]+)""")
_HEADER = re.compile(r"(?<![\w-])(?P<name>[A-Za-z][\w-]*):\s*(?P<value>\S.*)", re.DOTALL)
_NAMED = re.compile(r"""["']?-{0,2}/?(?P<name>[A-Za-z_][\w.-]*)(?P<sign>[=:])\s*(?P<value>\S.*)""", re.DOTALL)
_SPACE = re.compile(r"\s")
_TOKENS = re.compile(r"""(?:[^\s"']|"[^"]*"?|'[^']*'?)+|\s+""")


@lru_cache(maxsize=512)  # a process keeps its arguments, and a look comes every minute
def command(argv: tuple[str, ...]) -> str:
    """The command line as one bounded, printable line with every recognised secret replaced by ***."""
    return _line(" ".join(_argv([argument[:MAX_ARGUMENT] for argument in argv], depth=0)))


@lru_cache(maxsize=512)
def text(line: str) -> str:
    """The same for a command line that is already one string, as systemd writes it."""
    return _line(_nested(line[:MAX_ARGUMENT], depth=0))


def _line(masked: str) -> str:
    if not masked.isprintable():
        masked = "".join(c if c.isprintable() else " " for c in masked)
    return masked[:MAX_COMMAND]


def _argv(argv: list[str], depth: int) -> list[str]:
    out: list[str] = []
    program = ""
    previous = ""
    for index, argument in enumerate(argv):
        base = argument.strip("\"'").rpartition("/")[2]
        if base in ATTACHED or base in SEPARATE or index == 0:
            program = base
        if argument != MASK and _follows(program, previous, argument, argv):
            out.append(MASK)
        else:
            out.append(_one(program, argument, depth))
        previous = argument.strip("\"'")
    return out


def _follows(program: str, previous: str, argument: str, argv: Sequence[str]) -> bool:
    """Whether the argument is the value of the option before it, and a secret."""
    if not previous.startswith(("-", "/")) or "=" in previous:
        return False
    if previous in SEPARATE.get(program, ()):
        return program not in PUBLISHES or "login" in argv
    if argument.startswith("-") and not argument[1:2].isalnum() and len(argument) < 3:
        return False
    if previous in FLAG_BEFORE_RANDOM and _looks_random(argument):
        return True
    return previous.startswith("-") and is_secret_name(previous) and not argument.startswith("--")


def _one(program: str, argument: str, depth: int) -> str:
    for flag in ATTACHED.get(program, ()):
        if argument.startswith(flag) and len(argument) > len(flag):
            return flag + MASK
    found = _NAMED.match(argument)
    if found and is_secret_name(found["name"]) and not (found["sign"] == ":" and found["value"].startswith("//")):
        return argument[: found.start("value")] + MASK
    if _SPACE.search(argument) and depth < 4:
        return _nested(argument, depth + 1)
    return _scan(argument)


def _nested(line: str, depth: int) -> str:
    """A command line inside an argument (sh -c '…', systemd's ExecStart, a connection string)."""
    line = _scan(line)
    tokens = _TOKENS.findall(line)
    words = [t for t in tokens if not t.isspace()]
    if len(words) < 2:
        return line
    masked = iter(_argv(words, depth=4 if depth >= 4 else depth + 1))
    return "".join(t if t.isspace() else next(masked) for t in tokens)


def _scan(argument: str) -> str:
    if _SHAPED.search(argument):
        argument = _SHAPES.sub(MASK, argument)
    if "://" in argument:
        argument = _URL_LOGIN.sub(rf"\g<scheme>\g<user>:{MASK}@", argument)
        argument = _URL_TOKEN.sub(rf"\g<scheme>{MASK}@", argument)
    if ":" in argument:
        argument = _JSON.sub(_keep("head"), argument)
    if "=" in argument:
        argument = _settings(argument)
    found = _HEADER.search(argument) if ":" in argument else None
    if found and is_secret_name(found["name"]) and not found["value"].startswith("//"):
        argument = argument[: found.start("value")] + MASK
    return argument


def _keep(group: str) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        if not is_secret_name(found["name"]):
            return found[0]
        quote = found["value"][0] if found["value"][0] in "\"'" else ""
        return f"{found[group]}{quote}{MASK}{quote}"

    return replace


def _settings(argument: str) -> str:
    """name=value anywhere inside, also as the value of another setting: X=jdbc:…?password=y."""
    out, rest = "", argument
    while found := _SETTING.search(rest):
        out, rest = out + rest[: found.end()], rest[found.end() :]
        if is_secret_name(found["name"]):
            out, rest = out + MASK, re.sub(r"^[^\s&]+", "", rest)
    return out + rest


def _looks_random(value: str) -> bool:
    """At least 20 characters of a key's alphabet with digits and letters mixed, and no path."""
    return (
        len(value) >= 20
        and re.fullmatch(r"[A-Za-z0-9+/=_-]+", value) is not None
        and not value.startswith("/")
        and any(c.isdigit() for c in value)
        and any(c.isalpha() for c in value)
        and len(set(value)) >= 10
    )
