"""Takes secrets out of command lines on the host itself, by awk, before they cross the wire.

The rules and words are those of `cmdb_agents.masking`, put into another language. The collector masks again, which
takes what awk has no words for: names outside ASCII. Whoever changes a rule there changes it here, too: a test gives
both the same command lines.
"""

from __future__ import annotations

import re

from cmdb_agents import masking

_PROGRAM = r"""
function issecret(name,  s, l, w, n, i, word, all, last, first) {
  s = name; n = 0; all = ""
  while (s != "") {
    if (match(s, /^[A-Z]+/)) {
      l = RLENGTH
      if (substr(s, l + 1, 1) ~ /[a-z]/) { if (l > 1) l--; else { match(s, /^[A-Z][a-z]+/); l = RLENGTH } }
    } else if (match(s, /^[a-z]+/) || match(s, /^[0-9]+/)) l = RLENGTH
    else { s = substr(s, 2); continue }
    w = tolower(substr(s, 1, l)); s = substr(s, l + 1)
    word[++n] = w; all = all w
  }
  if (n == 0 || word[n] in ends || (n > 1 && word[1] in starts)) return 0
  for (i = 1; i <= n; i++) {
    if (word[i] in words || word[i] in pairs || word[i] ~ tails) return 1
    if (i > 1 && (word[i - 1] word[i]) in pairs) return 1
    if (word[i] ~ /pass$/ && word[i] != "bypass" && word[i] != "compass") return 1
  }
  return all ~ tails
}
function random(v,  i, seen, n, c) {
  if (length(v) < 20 || v !~ /^[A-Za-z0-9+\/=_-]+$/ || v ~ /^\// || v !~ /[0-9]/ || v !~ /[A-Za-z]/) return 0
  for (i = 1; i <= length(v); i++) { c = substr(v, i, 1); if (!(c in seen)) { seen[c] = 1; n++ } }
  return n >= 10
}
function follows(program, before, v, login) {
  if (before !~ /^[-\/]/ || before ~ /=/) return 0
  if ((program " " before) in separate) return !(program in publishes) || login
  if (v ~ /^-/ && length(v) < 3 && substr(v, 2, 1) !~ /[A-Za-z0-9]/) return 0
  if (before in flags && random(v)) return 1
  return before ~ /^-/ && v !~ /^--/ && issecret(before)
}
function freed(v) { gsub(/^["\047]+|["\047]+$/, "", v); return v }
function based(v) { v = freed(v); sub(/^.*\//, "", v); return v }
function arguments(from, n, depth, to,  i, program, before, base, login) {
  for (i = 1; i <= n; i++) if (from[i] == "login") login = 1
  for (i = 1; i <= n; i++) {
    base = based(from[i])
    if (i == 1 || base in known) program = base
    to[i] = from[i] != mask && follows(program, before, from[i], login) ? mask : one(program, from[i], depth)
    before = freed(from[i])
  }
}
function one(program, v,  depth, i, n, flag, head, rest, name) {
  n = split(attached[program], flag, " ")
  for (i = 1; i <= n; i++)
    if (length(v) > length(flag[i]) && substr(v, 1, length(flag[i])) == flag[i]) return flag[i] mask
  if (match(v, /^["\047]?-?-?\/?[A-Za-z_][A-Za-z0-9_.-]*[=:][ \t]*[^ \t]/)) {
    head = substr(v, 1, RLENGTH - 1); rest = substr(v, RLENGTH)
    name = head; sub(/^["\047]?-?-?\/?/, "", name); sub(/[=:].*/, "", name)
    if (issecret(name) && !(rest ~ /^\/\// && head ~ /:[ \t]*$/)) return head mask
  }
  return v ~ /[ \t]/ && depth < 4 ? nested(v, depth + 1) : scan(v)
}
function nested(line, depth,  from, to, gap, n, i, out, rest, token) {
  rest = line = scan(line)
  n = 0; gap[0] = ""
  while (rest != "") {
    if (match(rest, /^[ \t]+/)) { gap[n] = gap[n] substr(rest, 1, RLENGTH); rest = substr(rest, RLENGTH + 1); continue }
    token = ""
    while (rest != "" && rest !~ /^[ \t]/) {
      if (!match(rest, /^"[^"]*"?/) && !match(rest, /^\047[^\047]*\047?/)) match(rest, /^[^ \t"\047]+/)
      token = token substr(rest, 1, RLENGTH); rest = substr(rest, RLENGTH + 1)
    }
    from[++n] = token; gap[n] = ""
  }
  if (n < 2) return line
  arguments(from, n, depth >= 4 ? 4 : depth + 1, to)
  out = gap[0]
  for (i = 1; i <= n; i++) out = out to[i] gap[i]
  return out
}
function scan(v,  out, at, l, m, name, head, before) {
  gsub(shapes, mask, v)
  out = ""
  while (match(v, /[A-Za-z][A-Za-z0-9_+.-]*:\/\/[^ \t\/?#:@]*:[^ \t]*@/)) {
    m = substr(v, RSTART, RLENGTH); out = out substr(v, 1, RSTART - 1); v = substr(v, RSTART + RLENGTH)
    match(m, /:\/\/[^ \t\/?#:@]*:/)
    out = out substr(m, 1, RSTART + RLENGTH - 1) mask "@"
  }
  v = out v; out = ""
  while (match(v, token)) {
    m = substr(v, RSTART, RLENGTH); out = out substr(v, 1, RSTART - 1); v = substr(v, RSTART + RLENGTH)
    sub(/:\/\/.*/, "://", m); out = out m mask "@"
  }
  v = out v; out = ""
  while (match(v, pair)) {
    m = substr(v, RSTART, RLENGTH); out = out substr(v, 1, RSTART - 1); v = substr(v, RSTART + RLENGTH)
    match(m, /^["\047][A-Za-z0-9_.-]+["\047][ \t]*:[ \t]*/)
    head = substr(m, 1, RLENGTH); m = substr(m, RLENGTH + 1)
    name = head; gsub(/["\047][ \t]*:[ \t]*$|^["\047]/, "", name)
    if (issecret(name)) { before = substr(m, 1, 1); if (before !~ /["\047]/) before = ""; m = before mask before }
    out = out head m
  }
  v = out v; out = ""
  while (match(v, /[A-Za-z_][A-Za-z0-9_.-]*=[^ \t&]/)) {
    at = RSTART; l = RLENGTH; m = substr(v, at, l - 2)
    out = out substr(v, 1, at + l - 2); v = substr(v, at + l - 1)
    if (issecret(m)) { sub(/^[^ \t&]+/, "", v); out = out mask }
  }
  v = out v
  if (match(v, /[A-Za-z][A-Za-z0-9_-]*:[ \t]*[^ \t]/)) {
    at = RSTART; l = RLENGTH; name = substr(v, at, l); sub(/:.*/, "", name)
    if (issecret(name) && substr(v, at + l - 1, 2) != "//") v = substr(v, 1, at + l - 2) mask
  }
  return v
}
function load(text, into,  n, i, each) { n = split(text, each, " "); for (i = 1; i <= n; i++) into[each[i]] = 1 }
function flush(  i) {
  if (n) { arguments(args, n, 0, done); for (i = 1; i <= n; i++) print owner ":" done[i] }
  n = 0
}
BEGIN {
  mask = "@MASK@"
  load("@WORDS@", words); load("@PAIRS@", pairs); load("@ENDS@", ends); load("@STARTS@", starts)
  load("@KNOWN@", known); load("@FLAGS@", flags); load("@PUBLISHES@", publishes)
  tails = "(@TAILS@)$"
@TABLES@
  shapes = "@SHAPES@"
  pair = "[\"\047][A-Za-z0-9_.-]+[\"\047][ \t]*:[ \t]*(" \
    "\"([^\"\\\\]|\\\\.)*\"?|\047[^\047]*\047?|[^ \t,}\"\047][^ \t,}]*)"
  token = "[A-Za-z][A-Za-z0-9_+.-]*://@TOKEN@@"
}
line {
  if ($0 !~ /^ExecStart=/) { print; next }
  at = index($0, "argv[]="); rest = substr($0, at + 7)
  print at ? substr($0, 1, at + 6) nested(substr(rest, 1, @MOST@), 0) : "ExecStart="
  next
}
{
  at = index($0, ":")
  if (substr($0, 1, at - 1) != owner) { flush(); owner = substr($0, 1, at - 1) }
  if (n < 256) args[++n] = substr($0, at + 1, @MOST@)
}
END { flush() }
"""

_CLASS = r"[A-Za-z0-9_-]"


def _many(least: int, kind: str = _CLASS) -> str:
    """So many of a class and more; old awks know no counted repetition."""
    return kind * least + kind + "*"


_SHAPES = (
    "eyJ" + _many(5) + r"[.]" + _CLASS + "+([.]" + _CLASS + "*)*",
    "(AKIA|ASIA|AGPA|AIDA|AROA)" + "[0-9A-Z]" * 16,
    "gh[pousr]_" + _many(16, "[A-Za-z0-9_]"),
    "github_pat_" + _many(16, "[A-Za-z0-9_]"),
    "gl(pat|dt|rt|cbt|ptt|ft|soat)-" + _many(16),
    "xox[abeprs]-" + _many(10),
    "[spr]k_(live|test)_" + _many(10, "[A-Za-z0-9_]"),
    "sk-" + _many(20),
    "AIza" + _many(30),
    "ya29[.]" + _many(10),
    "npm_" + _many(20, "[A-Za-z0-9_]"),
    "pypi-" + _many(20),
    "dckr_pat_" + _many(10),
    "hv[sbr][.]" + _many(20),
    "ep[ei]_" + _many(16),
    "-----BEGIN[ A-Z]*PRIVATE KEY-----.*",
)


def _tables() -> str:
    """The programs whose short options take a secret."""
    lines = [f'  attached["{name}"] = "{" ".join(flags)}"' for name, flags in masking.ATTACHED.items()]
    lines += [f'  separate["{name} {flag}"] = 1' for name, flags in masking.SEPARATE.items() for flag in flags]
    return "\n".join(lines)


def program() -> str:
    """The awk program. Lines are `path:argument`, the arguments of a process in their order; with `line` set, what
    systemd says of units. It holds no single quote, for it stands between two in the script."""
    made = _PROGRAM
    for name, value in {
        "MASK": masking.MASK,
        "MOST": str(masking.MAX_ARGUMENT),
        "WORDS": " ".join(sorted(masking.SECRET_WORDS)),
        "PAIRS": " ".join(sorted(masking.SECRET_PAIRS)),
        "ENDS": " ".join(sorted(masking.HARMLESS_ENDS)),
        "STARTS": " ".join(sorted(masking.HARMLESS_STARTS)),
        "KNOWN": " ".join(sorted({*masking.ATTACHED, *masking.SEPARATE})),
        "FLAGS": " ".join(sorted(masking.FLAG_BEFORE_RANDOM)),
        "PUBLISHES": " ".join(masking.PUBLISHES),
        "TAILS": "|".join(masking.SECRET_ENDS),
        "TABLES": _tables(),
        "SHAPES": "|".join(_SHAPES),
        "TOKEN": _many(19, "[A-Za-z0-9_.~+=-]"),
    }.items():
        made = made.replace(f"@{name}@", value)
    return re.sub(r"(?m)^\s*\n", "", made)
