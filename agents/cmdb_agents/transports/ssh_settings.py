"""What the script keeps of configuration files and certificates: lines are taken apart on the host, by awk.

No file of a configuration travels. What is printed of one is again a small file of its format that holds only whom it
names and which certificates it uses, so that the agent's parsers read it; users, passwords, paths, headers and all
other values stay where they are. Of a certificate file the first certificate travels, never a key beside it. The order
of the rules is: print what is known to be harmless, not: leave out what is known to be secret.
"""

from __future__ import annotations

from cmdb_agents.configuration import Configuration, all_configurations
from cmdb_agents.transports.hand import NAME_SECONDS
from cmdb_agents.transports.linux.certificates import MAX_CERTIFICATES, USUAL
from cmdb_agents.transports.settings import MAX_NAMES, UNITS

KEEP = r"""
function host(v) {
  if (v !~ /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9_.-]*)(:[0-9]+)?$/) return 0
  if (asking) { sub(/:[0-9]+$/, "", v); if (v ~ /[A-Za-z]/ && v !~ /^\[/) print v }
  return 1
}
function bare(v) { gsub(/^[ \t\r]+|[ \t\r]+$/, "", v); gsub(/^["\047]+|["\047]+$/, "", v); return v }
function place(v,  part, n, i, out) {
  n = split(v, part, ",")
  for (i = 1; i <= n; i++) if (host(part[i])) out = out (out == "" ? "" : ",") part[i]
  return out
}
function url(v,  scheme, rest, tail) {
  if (v !~ /^[A-Za-z][A-Za-z0-9+.:-]*:\/\//) return ""
  scheme = v; sub(/:\/\/.*/, "", scheme)
  rest = substr(v, length(scheme) + 4)
  if (match(rest, /[\/?# \t]/)) { tail = substr(rest, RSTART); rest = substr(rest, 1, RSTART - 1) }
  if (tail ~ /@/) return ""
  sub(/^.*@/, "", rest)
  rest = place(rest)
  return rest == "" ? "" : scheme "://" rest
}
function assigned(l,  name, value, target) {
  sub(/^[ \t]*(export[ \t]+)?/, "", l)
  if (l !~ /^[A-Za-z_][A-Za-z0-9_]*[ \t]*=/) return ""
  name = l; sub(/[ \t]*=.*/, "", name)
  value = bare(substr(l, index(l, "=") + 1))
  if ((target = url(value)) != "") return name "=" target
  if (toupper(name) ~ /(HOST|HOSTNAME|SERVER|ADDR|ADDRESS)$/ && host(value)) return name "=" value
  if (toupper(name) ~ /PORT$/ && value ~ /^[0-9]+$/) return name "=" value
  return ""
}
function say(text) { if (!asking) print FILENAME ":" text }
function statement(text, end,  word, n, value) {
  gsub(/^[ \t\r]+|[ \t\r]+$/, "", text)
  n = split(text, word, /[ \t\r]+/)
  if (end == "}") { say("}"); return }
  if (end == "{" && word[1] !~ /^[a-z_]+$/) { say("x {"); return }
  if (end == "{") { say(word[1] (word[1] == "upstream" ? " " word[2] : "") " {"); return }
  value = bare(word[2])
  if (n < 2 || value ~ /\$/) return
  if (word[1] == "server" && value ~ /^unix:/) say("server unix:x;")
  else if (word[1] == "server" && host(value)) say("server " value only(word, 3, n, "^(backup|down)$") ";")
  else if (word[1] == "ssl_certificate" && value !~ /^data:/) say("ssl_certificate " value ";")
  else if (word[1] ~ /^(proxy|fastcgi|uwsgi|scgi|grpc|memcached)_pass$/) {
    if (value ~ /:\/\//) value = url(value); else { sub(/\/.*/, "", value); if (!host(value)) value = "" }
    if (value != "") say(word[1] " " value ";")
  }
}
function only(word, i, n, wanted,  out) {
  for (; i <= n; i++) if (word[i] ~ wanted) out = out " " word[i]
  return out
}
function nginx(l,  before, end) {
  sub(/(^|[ \t])#.*$/, "", l)
  while (match(l, /[;{}]/)) {
    before = held substr(l, 1, RSTART - 1); end = substr(l, RSTART, 1)
    held = ""; l = substr(l, RSTART + 1)
    statement(before, end)
  }
  held = substr(held l " ", 1, 4000)
}
function haproxy(l,  word, n, i, said, at) {
  said = "^(disabled|enabled|check|no-check|backup|no-backup|track)$"
  sub(/#.*/, "", l)
  n = split(l, word, /[ \t\r]+/)
  if (l ~ /^[^ \t\r]/) { if (word[1] ~ /^[a-z-]+$/) say(word[1]); return }
  if ((word[2] == "server" || word[2] == "peer") && n > 3) {
    at = word[4]; sub(/^ipv[46]@/, "", at)
    if (host(at)) say(" " word[2] " x " at only(word, 5, n, said))
  }
  if (word[2] == "default-server") say(" default-server" only(word, 3, n, said))
  if (word[2] == "bind") for (i = 3; i < n; i++) if (word[i] == "crt") say(" bind x crt " word[i + 1])
}
function known(v) { return v ~ /:.*:/ ? v ~ /^[0-9A-Fa-f:.]+$/ : v !~ /:/ && host(v) }
function conninfo(v,  copy, name, found, out, part, n, i) {
  copy = v; gsub(/\\./, "", copy)
  if (gsub(/\047/, "", copy) % 2) return ""
  while (match(v, /[A-Za-z0-9_]+[ \t]*=[ \t]*(\047([^\047\\]|\\.)*\047|[^ \t\r]+)/)) {
    found = substr(v, RSTART, RLENGTH); v = substr(v, RSTART + RLENGTH)
    name = found; sub(/[ \t]*=.*/, "", name)
    sub(/^[^=]*=[ \t]*/, "", found); found = bare(found)
    if (name == "port" && found ~ /^[0-9,]+$/) out = out " port=" found
    if (name !~ /^host(addr)?$/) continue
    n = split(found, part, /[ \t]*,[ \t]*/); found = ""
    for (i = 1; i <= n; i++) found = found (i > 1 ? "," : "") (known(part[i]) ? part[i] : "/x")
    out = out " " name "=" found
  }
  return out
}
function postgresql(l,  name, value, out) {
  sub(/^[ \t]+/, "", l)
  if (l !~ /^[A-Za-z_.]+[ \t]*[= \t]/) return
  name = l; sub(/[ \t=].*/, "", name); name = tolower(name)
  value = substr(l, length(name) + 1); sub(/^[ \t]*=?[ \t]*/, "", value)
  if (name == "ssl" && match(value, /^\047?[a-z0-1]+\047?/)) say("ssl = " substr(value, RSTART, RLENGTH))
  else if (name == "ssl_cert_file" && match(value, /^\047[^\047]*\047/)) say(name " = " substr(value, RSTART, RLENGTH))
  else if (name == "data_directory" && match(value, /^\047\/[A-Za-z0-9_.\/-]+\047/))
    say(name " = " substr(value, RSTART, RLENGTH))
  else if (name == "primary_conninfo" && match(value, /^\047([^\047]|\047\047)*\047/)) {
    value = substr(value, 2, RLENGTH - 2); gsub(/\047\047/, "\047", value)
    out = value ~ /^[^ ]*:\/\// ? url(value) : conninfo(value)
    say("primary_conninfo = \047" out "\047")
  }
}
function pgbouncer(l,  out) {
  sub(/^[ \t]+/, "", l)
  if (l ~ /^\[/) { inside = tolower(l) ~ /^\[databases\][ \t\r]*$/; say(inside ? "[databases]" : "[x]") }
  if (!inside || l ~ /^[;#\[]/ || l !~ /=/ || l ~ /:\/\//) return
  sub(/^[^=]*=/, "", l)
  if ((out = conninfo(l)) != "") say("x =" out)
}
function redis(l,  word, n) {
  gsub(/^[ \t\r]+|[ \t\r]+$/, "", l)
  n = split(l, word, /[ \t]+/)
  if (kind == "redis" && n == 3 && tolower(word[1]) ~ /^(replicaof|slaveof)$/)
    say("replicaof " (word[3] ~ /^[0-9]+$/ && known(word[2]) ? word[2] " " word[3] : "no one"))
  if (kind != "redis_sentinel" || n < 5 || word[1] != "sentinel") return
  if (word[2] !~ /^(monitor|known-replica|known-slave|known-sentinel)$/) return
  if (!(word[3] in called)) called[word[3]] = "x" ++calls
  if (word[5] ~ /^[0-9]+$/ && known(word[4])) say("sentinel " word[2] " " called[word[3]] " " word[4] " " word[5])
}
function galera(l,  name, value) {
  sub(/^[ \t]+/, "", l)
  if (l !~ /^[A-Za-z_-]+[ \t]*=/) return
  name = l; sub(/[ \t]*=.*/, "", name); gsub(/-/, "_", name); name = tolower(name)
  value = l; sub(/^[^=]*=/, "", value); value = bare(value)
  if (name == "wsrep_on") say("wsrep_on=" (tolower(value) ~ /^(off|0)$/ ? "off" : "on"))
  if (name != "wsrep_cluster_address") return
  value = value ~ /^gcomm:\/\// ? url(value) : ""
  say("wsrep_cluster_address=" (value == "" ? "none" : value))
}
function mongodb(l,  name, value) {
  if (l !~ /^[ \t]*[A-Za-z.]+[ \t]*[:=][ \t]*[^ \t\r#]/) return
  name = l; sub(/^[ \t]+/, "", name); sub(/[ \t]*[:=].*/, "", name); sub(/^.*[.]/, "", name); name = tolower(name)
  value = l; sub(/^[^:=]*[:=]/, "", value); sub(/#.*/, "", value); value = bare(value)
  if (kind == "mongos" && name == "configdb") { sub(/^.*\//, "", value); say("configDB: " place(value)) }
  if (kind == "mongos") return
  if (name ~ /^(replsetname|replset|clusterrole)$/) say(name ": x")
  if (name ~ /^(shardsvr|configsvr)$/) say(name ": " (value == "true" ? "true" : "false"))
}
function corosync(l,  name, value, size) {
  if (l ~ /^[ \t]*#/) return
  sub(/^[ \t\r]+/, "", l)
  while (l ~ /^\}/ || match(l, /^[A-Za-z0-9_]+[ \t]*\{/)) {
    size = l ~ /^\}/ ? 1 : RLENGTH
    name = substr(l, 1, size); sub(/[ \t]*\{/, "", name)
    if (name == "}") say(name)
    else say((name ~ /^(totem|interface|nodelist|node|quorum|device|net)$/ ? name : "x") " {")
    l = substr(l, size + 1); sub(/^[ \t\r]+/, "", l)
  }
  if (l !~ /^[A-Za-z0-9_]+[ \t]*:/) return
  name = l; sub(/[ \t]*:.*/, "", name)
  value = l; sub(/^[^:]*:/, "", value); value = bare(value)
  if (name ~ /^(ring0_addr|host)$/ && known(value)) say(name ": " value)
  if (name ~ /^(quorum_votes|votes|expected_votes|two_node|mcastport)$/ && value ~ /^[0-9]+$/) say(name ": " value)
  if (name == "provider") say(name ": " (value == "corosync_votequorum" ? value : "x"))
}
function keepalived(l,  size) {
  sub(/(^|[ \t])[#!].*$/, "", l)
  while (l != "") {
    size = l ~ /^[{}]/ ? 1 : match(l, /[{}]/) ? RSTART - 1 : length(l)
    virtual(substr(l, 1, size)); l = substr(l, size + 1)
  }
}
function virtual(text,  word, n) {
  gsub(/^[ \t\r]+|[ \t\r]+$/, "", text)
  if (text == "") return
  n = split(text, word, /[ \t\r]+/)
  if (text ~ /^[{}]$/) say(text)
  else if (word[1] ~ /^(virtual_server|sorry_server|[A-Z]+_CHECK|HTTP_GET|SSL_GET)$/) say(word[1] " x")
  else if (word[1] == "real_server" && n > 2 && word[3] ~ /^[0-9]+$/ && known(word[2]))
    say(word[1] " " word[2] " " word[3])
  else if (word[1] ~ /^(weight|quorum)$/ && n > 1) say(word[1] " " (word[2] ~ /^[0-9]+$/ ? word[2] : "x"))
  else if (word[1] == "protocol" && n > 1) say(word[1] " " (toupper(word[2]) ~ /^(TCP|UDP|SCTP)$/ ? word[2] : "x"))
  else say("x")
}
function systemd(l,  word, n, i, out, kept) {
  if (l ~ /^[ \t]*EnvironmentFile[ \t]*=/) say(l)
  if (l !~ /^[ \t]*Environment[ \t]*=/) return
  sub(/^[^=]*=/, "", l)
  n = split(l, word, /[ \t]+/)
  for (i = 1; i <= n; i++) { gsub(/^["\047]/, "", word[i]); if ((kept = assigned(word[i])) != "") out = out " " kept }
  if (out != "") say("Environment=" out)
}
FNR == 1 { held = ""; inside = 0 }
FNR > 20000 { next }
kind == "environment" { if ((line = assigned($0)) != "") say(line) }
kind == "nginx" { nginx($0) }
kind == "haproxy" { haproxy($0) }
kind == "postgresql" { postgresql($0) }
kind == "pgbouncer" { pgbouncer($0) }
kind == "redis" || kind == "redis_sentinel" { redis($0) }
kind == "galera" { galera($0) }
kind == "mongodb" || kind == "mongos" { mongodb($0) }
kind == "corosync" { corosync($0) }
kind == "keepalived" { keepalived($0) }
kind == "systemd" { systemd($0) }
"""
"""An awk program for all formats: `kind` says which. What it prints of a file begins with the file's name; when
`asking`, it prints the names of hosts instead. It holds no single quote, for it stands between two in the script.
"""

CLUSTERS = ("/var/lib/postgresql/*/*", "/var/lib/pgsql/data", "/var/lib/pgsql/*/data")

_FIRST = r"""
FNR == 1 { lines = 0; done = 0 }
!done && (lines || /-----BEGIN (TRUSTED )?CERTIFICATE-----/) && ++lines < 400 { print FILENAME ":" $0 }
lines && /-----END (TRUSTED )?CERTIFICATE-----/ { done = 1 }
"""

HELP = f"""\
own() {{ for one; do [ -L "$one" ] || echo "$one"; done; }}
keep() {{
  kind=$1; shift
  for one; do shift; if [ -f "$one" ] && [ -r "$one" ]; then set -- "$@" "$one"; fi; done
  [ $# = 0 ] || awk -v kind="$kind" -v asking="$asking" "$kept" "$@"
}}
asking=
kept='{KEEP}'
"""
"""What the parts below need."""


def _quoted(patterns: tuple[str, ...]) -> str:
    return " ".join(patterns)


def formats() -> list[Configuration]:
    """Those that there is a rule for; of the others nothing is known to be harmless, so they are not asked for."""
    return [form for form in all_configurations().values() if f'kind == "{form.name}"' in KEEP]


def denied() -> str:
    """Which of the files that would be looked into are closed to this login."""
    places = " ".join(_quoted(form.places) for form in formats())
    return f"denied {places} {_quoted(UNITS)} $(own {_quoted(USUAL)})"


def clusters() -> str:
    """Whether the PostgreSQL servers that keep their data here are standbys: what `idle` asks of them."""
    places = _quoted(all_configurations()["postgresql"].places)
    return rf"""for folder in {_quoted(CLUSTERS)} $(keep postgresql {places} |
  sed -n "s/^[^:]*:data_directory = '\(.*\)'$/\1/p" | sort -u); do
  there "$folder/PG_VERSION" "$folder/standby.signal"
done"""


def settings() -> str:
    """Whom configuration files name, format by format, and the environment files that units name."""
    lines = [f"keep {form.name} {_quoted(form.places)}" for form in formats()]
    lines.append(f"keep systemd {_quoted(UNITS)}")
    lines.append(
        f"keep environment $(keep systemd {_quoted(UNITS)} |"
        " sed -n 's/^[^:]*:[ \t]*EnvironmentFile[ \t]*=[ \t]*-*//p' | grep '^/' | grep -v % | sort -u); true"
    )
    return "\n".join(lines)


def certificates() -> str:
    """The first certificate of each file that a configuration names or that lies at a usual place."""
    return rf"""for file in $({{
do_settings | sed -n -e 's/^\([^:]*\):ssl_certificate \(.*\);$/\1 \2/p' -e 's/^\([^:]*\): bind x crt \(.*\)$/\1 \2/p' \
  -e "s/^\([^:]*\):ssl_cert_file = '\(.*\)'$/\1 \2/p" | while read -r from path; do
  case $path in /*) ;; *) path=${{from%/*}}/$path; esac
  if [ -d "$path" ]; then ls -d "${{path%/}}"/*.pem "${{path%/}}"/*.crt; else echo "$path"; fi
done
own {_quoted(USUAL)}
ls -d /etc/letsencrypt/live/*/cert.pem
}} | sort -u | head -n {MAX_CERTIFICATES}); do
  [ -f "$file" ] && [ -r "$file" ] && echo "$file"
done | {{
  set --
  while read -r file; do set -- "$@" "$file"; done
  [ $# = 0 ] || awk '{_FIRST}' "$@"
}}"""


def names() -> str:
    """The addresses of the names in them, as this host's own resolver tells them: `name address`; for a moment."""
    return rf"""{{ has timeout && has getent; }} || return 0
set -- $(asking=1; do_settings | sort -u | head -n {MAX_NAMES})
timeout {NAME_SECONDS:.0f} sh -c 'for name; do
  getent ahosts "$name" | while read -r address rest; do echo "$name ${{address%%\%*}}"; done
done' sh "$@" | sort -u"""
