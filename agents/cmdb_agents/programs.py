"""What runs, by its command line: for an interpreter the script, module or main class, not the interpreter. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_NAME = 120

_INTERPRETERS = (
    ("python", re.compile(r"(?:python|pypy)[\d.]*(?:-dbg)?")),
    ("java", re.compile(r"java")),
    ("node", re.compile(r"node(?:js)?[\d.]*|bun")),
    ("ruby", re.compile(r"(?:j?ruby)[\d.]*")),
    ("perl", re.compile(r"perl[\d.]*")),
    ("php", re.compile(r"php[\d.]*(?:-cli)?")),
    ("sh", re.compile(r"(?:ba|da|z|k|a)?sh")),
)
_TAKES_VALUE = {
    "python": {"-W", "-X", "-Q", "--check-hash-based-pycs"},
    "java": {
        "-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path", "--add-modules",
        "--add-exports", "--add-opens", "--add-reads", "--limit-modules", "--patch-module", "--source",
    },
    "node": {"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "--env-file"},
    "ruby": {"-r", "-I", "-C", "-E"},
    "perl": {"-I"},
    "php": {"-S", "-t", "-c", "-d"},
    "sh": {"-o", "-O", "--rcfile", "--init-file"},
}  # fmt: skip
_NO_OPTION = re.compile(r"(?!)")
_PROGRAM_OPTIONS = {
    "python": re.compile(r"-[bBdEiIOqsSuvPx]*m(.*)"),
    "java": re.compile(r"-jar()"),
    "php": re.compile(r"(?:-f|--file)()"),
}
"""Options whose value is what runs; a value attached to the option is the group."""
_CODE = {"python": "c", "node": "ep", "ruby": "e", "perl": "eE", "php": "r", "sh": "c"}
"""Options after which code follows, not a file: such a process has no name of its own."""

_UMBRELLAS = frozenset({
    "apache", "eclipse", "jboss", "codehaus", "jenkinsci", "github", "gitlab", "google", "ibm", "oracle", "microsoft",
    "amazon", "amazonaws", "atlassian", "netflix", "facebook", "alibaba", "linkedin", "sap", "sun", "redhat", "vmware",
})  # fmt: skip
"""Organisations with many products: the label after theirs says which."""
_DOMAINS = frozenset({"com", "org", "net", "io", "edu", "gov", "dev", "info", "biz", "app", "cloud"})
_SECOND_LEVEL = frozenset({"co", "ac", "com", "org", "gov", "net"})

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\|[^/\\]+\.exe$", re.IGNORECASE)
"""A path of Windows, or the bare name of a program there."""
_SUFFIX = re.compile(r"\.(?:py[cz]?|[mc]?js|ts|rb|p[lm]|php|phar|jar|war|sh)$", re.IGNORECASE)
_VERSION = re.compile(r"[-_.]v?\d[\w.+-]*$")


@dataclass(frozen=True, slots=True)
class Program:
    """`name` for people and keys, `detail` the file, module or main class; anonymous: an interpreter fed with code."""

    name: str
    detail: str
    anonymous: bool = False


@lru_cache(maxsize=1_024)  # asked more than once in each look, and in every look again
def program(argv: tuple[str, ...], exe: str, comm: str) -> Program:
    """Name a process by its arguments, else its executable, else the kernel's short name for it."""
    exe = exe.removesuffix(" (deleted)")
    first = argv[0] if argv else ""
    title = _title(argv, exe)
    if title:
        return _named(title, exe or title)
    for path in dict.fromkeys((_base(first), _base(exe))):
        for kind, pattern in _INTERPRETERS:
            if path and pattern.fullmatch(path):
                named = path if kind == "sh" else kind  # which shell is worth knowing, which python is not
                return _interpreted(kind, argv[1:], exe or first) or Program(named, exe or first, anonymous=True)
    short = _base(comm) if comm.lower().endswith(".exe") else comm
    return _named(_base(first).lstrip("-") or _base(exe) or short, exe or first or comm)


def _named(name: str, detail: str) -> Program:
    clean = "".join(c for c in name if c.isprintable()).strip()[:MAX_NAME]
    return Program(clean or "unnamed", detail)


def _base(path: str) -> str:
    if _WINDOWS.match(path):
        name = path.rstrip("\\/").replace("/", "\\").rpartition("\\")[2]
        return name[:-4] if name.lower().endswith(".exe") else name
    return path.rstrip("/").rpartition("/")[2]


def _title(argv: tuple[str, ...], exe: str) -> str:
    """The name in a title a process wrote over its arguments: "nginx: worker process", "puma 6.4 (tcp://…) [shop]"."""
    if not argv or " " not in argv[0] or argv[0] == exe or any(argv[1:]) or _WINDOWS.match(argv[0]):
        return ""
    return _base(argv[0].split(" ", 1)[0]).rstrip(":")


def is_title(argv: tuple[str, ...], exe: str) -> bool:
    """Whether the arguments are a title written over them, which may change at any moment."""
    return bool(_title(argv, exe.removesuffix(" (deleted)")))


def _interpreted(kind: str, arguments: tuple[str, ...], runtime: str) -> Program | None:
    """What an interpreter was told to run; None when it was fed with code."""
    rest = iter(arguments)
    for argument in rest:
        if argument in _TAKES_VALUE[kind]:
            next(rest, None)
        elif _is_code(kind, argument):
            return None
        elif kind == "java" and argument in ("-m", "--module"):
            return _by_option("java-module", next(rest, ""), runtime)
        elif option := _PROGRAM_OPTIONS.get(kind, _NO_OPTION).fullmatch(argument):
            return _by_option(kind, option[1] or next(rest, ""), runtime)
        elif argument and not argument.startswith(("-", "@")):
            return _named(_main_class(argument), argument) if kind == "java" else _file(argument, runtime)
    return None


def _by_option(kind: str, value: str, runtime: str) -> Program | None:
    if kind == "python":
        module = value.removesuffix(".__main__")
        return _named(module, module) if module else None
    if kind == "java-module":
        module, _, main = value.partition("/")
        return _named(_main_class(main or module + ".Main"), main or module)
    return _file(value, runtime)


def _is_code(kind: str, argument: str) -> bool:
    codes = _CODE.get(kind, "")
    if argument in ("--eval", "--print"):
        return True
    return bool(codes and re.fullmatch(rf"-[A-Za-z]*[{codes}]", argument))


def _file(path: str, runtime: str) -> Program | None:
    if not path:
        return None
    name = _base(path)
    if name == "__main__.py":
        name = _base(path.removesuffix("/__main__.py")) or name
    stem = _SUFFIX.sub("", name)
    # A version in a jar's name would make another service of each release.
    return _named(
        (_VERSION.sub("", stem) if name.lower().endswith((".jar", ".war")) else stem) or name, path or runtime
    )


def _main_class(name: str) -> str:
    """The product behind a main class: org.neo4j.server.CommunityEntryPoint is neo4j, kafka.Kafka is kafka."""
    labels = name.split(".")
    packages = labels[:-1]
    if not packages:
        return name
    country = len(packages[0]) == 2
    if packages[0] in _DOMAINS or country:
        packages = packages[1:]
        if country and len(packages) > 1 and packages[0] in _SECOND_LEVEL:
            packages = packages[1:]
    if len(packages) > 1 and packages[0] in _UMBRELLAS:
        packages = packages[1:]
    return packages[0] if packages else labels[-1]
