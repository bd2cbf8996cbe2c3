"""What leaves a host of its configuration: whom it names, as the agent would read it there, and no secret."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cmdb_agents.configuration import Parsed, all_configurations
from cmdb_agents.configurations import environment
from cmdb_agents.transports.settings import environment_of
from cmdb_agents.transports.ssh_settings import KEEP

AWKS = [[path] for name in ("mawk", "gawk", "original-awk") if (path := shutil.which(name))]
AWKS += [[path, "awk"] for path in [shutil.which("busybox")] if path]

NGINX = """\
user www-data; # s3cret0 in a comment
http {
    log_format main '{"at":"$time_local","key":"s3cret1"}';
    upstream shop { least_conn; server 10.0.0.11:8080 weight=5; server app2.shop.example:8080;
        server unix:/run/shop.sock; }
    upstream spare { server 10.0.0.13:8080 max_fails=2; server 10.0.0.14:8080 backup; server 10.0.0.15:8080 down; }
    map $http_x $y { default "s3cret2"; }
    server {
        listen 443 ssl; server_name www.shop.example;
        ssl_certificate /etc/nginx/ssl/shop.pem; ssl_certificate_key "/etc/nginx/ssl/s3cret3.key";
        location / { proxy_set_header Authorization "Basic s3cret4=="; proxy_pass http://shop/path?key=s3cret5; }
        location /pay { proxy_pass https://bob:s3cret6@pay.shop.example:8443/v1/s3cret7; }
        location ~ [.]php$ { fastcgi_pass 127.0.0.1:9000; fastcgi_param TOKEN
            "s3cret8"; }
        location /v6 { proxy_pass http://[fd00::5]:81; }
        location /var { proxy_pass http://$backend; set $password "s3cret9"; }
        location /cache { memcached_pass cache1:11211; } }
}
"""
HAPROXY = """\
global
    stats socket /run/haproxy.sock
defaults
    stats auth admin:s3cret0
userlist people
    user bob insecure-password s3cret1
frontend web
    bind :443 ssl crt /etc/haproxy/certs/shop.pem crt /etc/haproxy/more/ alpn h2
    http-request set-header X-Key s3cret2
backend shop
    server web1 10.0.0.21:8080 check cookie s3cret3   # s3cret4
    server web2 ipv6@[fd00::9]:8080 check
    server web3 web3.shop.example:8080 check disabled
    server web4 web4.shop.example
backend spare
    default-server check inter 2s
    server web5 10.0.0.25:8080 cookie s3cret5
    server web6 10.0.0.26:8080 backup
peers all
    peer lb1 10.0.0.31:1024
"""
POSTGRESQL = """\
listen_addresses = '*'
ssl = on
ssl_cert_file = '/etc/ssl/certs/db.pem'
ssl_key_file = '/etc/ssl/private/s3cret0.key'
ssl_passphrase_command = 'echo s3cret1'
archive_command = 'curl -u bob:s3cret2 https://backup.example/'
primary_conninfo = 'user=repl password=s3cret3 host=db1.shop.example,10.0.0.42 port=5432,5433 sslmode=prefer'
"""
POSTGRESQL_URL = "primary_conninfo = 'postgresql://repl:s3cret0@db1.shop.example:5433/x?password=s3cret1'\n"
POSTGRESQL_QUOTED = """\
primary_conninfo = 'password=''a host=s3cret0'' host=''db1.shop.example, fd00::4'' port=5433 x=s3cret1'
"""
PGBOUNCER = """\
; old = host=s3cret0
[databases]
shop = host=db1.shop.example,10.0.0.42 port=5432 dbname=shop user=bob password=s3cret1
spare = host=10.0.0.43 password='it host=s3cret2 \\' x' auth_user=s3cret3
socket = host=/run/postgresql dbname=s3cret4
* = host = db2.shop.example connect_query='select host=s3cret5'
[users]
bob = host=s3cret6
[pgbouncer]
auth_file = /etc/pgbouncer/s3cret7
"""
REDIS = """\
# replicaof s3cret0 6379
requirepass s3cret1
masterauth s3cret2
slaveof 10.0.0.71 6379
replicaof redis1.shop.example 6380
user default on >s3cret3 ~* +@all
rename-command CONFIG s3cret4
"""
REDIS_AGAIN = """\
replicaof 10.0.0.71 6379
masterauth s3cret0
replicaof NO ONE
requirepass s3cret1
replicaof fd00::7 6379
"""
SENTINEL = """\
sentinel monitor s3cret-of-shop 10.0.0.71 6379 2
sentinel monitor queue redis9.shop.example 6379 2
sentinel auth-pass s3cret-of-shop s3cret0
sentinel auth-user queue s3cret1
sentinel known-replica s3cret-of-shop fd00::71 6380
sentinel known-slave queue 10.0.0.79 6379
sentinel known-sentinel s3cret-of-shop 10.0.0.81 26379 0123456789abcdef
sentinel myid s3cret2
"""
GALERA = """\
[client]
password = s3cret0
[mysqld]
wsrep-on=ON
wsrep_cluster_address="gcomm://10.0.0.91,db9.shop.example:4568,[fd00::9]?pc.wait_prim=no&key=s3cret1"
wsrep_sst_auth=bob:s3cret2
wsrep_node_address=s3cret3
"""
GALERA_AGAIN = """\
wsrep_cluster_address=gcomm://10.0.0.91
wsrep_sst_auth='s3cret0:s3cret1'
wsrep_cluster_address = gcomm://10.0.0.92,10.0.0.93
"""
MONGODB = """\
security:
  keyFile: /etc/s3cret0
net:
  bindIp: s3cret1
  tls: { certificateKeyFilePassword: s3cret2 }
replication:
  replSetName: "s3cret-set"  # s3cret3
"""
MONGODB_OLD = "keyFile = s3cret0\nreplSet = s3cret1\nshardsvr = false\n"
MONGODB_SHARD = "replSet=s3cret0\nshardsvr=true\nkeyFile=s3cret1\n"
MONGOS = """\
sharding:
  configDB: s3cret-set/cfg1.shop.example:27019,10.0.0.102:27020,10.0.0.103
security:
  keyFile: /etc/s3cret1
"""
COROSYNC = """\
totem {
    version: 2
    cluster_name: s3cret0
    crypto_key: s3cret1
    interface {
        mcastport: 5407
    }
}
nodelist { # s3cret2
    node {
        ring0_addr: 10.0.0.111
        name: s3cret3
        nodeid: 1
    }
    node {
        ring0_addr: c2.shop.example
        quorum_votes: 2
    }
    node {
        ring0_addr: fd00::13
    } }
quorum {
    provider: corosync_votequorum
    expected_votes: 5
    device { model: net
        votes: 1
        net {
            host: qnetd.shop.example
            s3cret4: s3cret5
        }
    }
}
s3cret6 {
    host: 10.9.9.9
}
"""
KEEPALIVED = """\
! s3cret0
vrrp_instance shop {
    authentication { auth_type PASS
        auth_pass s3cret1 }
    virtual_ipaddress { 10.0.0.200 }
}
virtual_server 10.0.0.200 443 {
    protocol TCP
    quorum 3
    sorry_server 10.0.0.124 80
    real_server 10.0.0.121 443 {
        weight 2
        SSL_GET { url { path /s3cret2 } }
    }
    real_server 10.0.0.122 443
    {
        weight 1
        weight 7
        MISC_CHECK { misc_path "/bin/check --password s3cret3" }
    }
    real_server fd00::23 8443 { TCP_CHECK { } }
    real_server 10.0.0.123 443 {
        weight 0
    }
}
virtual_server fwmark 1 {
    protocol UDP
    persistence_timeout s3cret4
    real_server 10.0.0.125 53 { notify_up s3cret5 }
}
"""
ENVIRONMENT = """\
# DATABASE_URL=postgres://bob:s3cret0@old.example/x
DATABASE_URL="postgres://bob:s3cret1@db1.shop.example:5433/shop?sslpassword=s3cret2"
export REDIS_URL = redis://:s3cret3@10.0.0.51/0
SLASHED=amqp://bob:s3cret4/x@mq.shop.example/
HALF=redis://:s3cret5
SPRING=jdbc:mysql://db2.shop.example:3307/shop?user=bob&password=s3cret6
KAFKA=kafka://k1.shop.example:9092,k2.shop.example:9093
SMTP_HOST=mail.shop.example
SMTP_PORT=2525
SMTP_PASSWORD=s3cret7
API_TOKEN='s3cret8'
CACHE_SERVER=10.0.0.61:11211
LISTEN_ADDR=0.0.0.0:80
NOTE=see http://bob:s3cret9@x.example/ for more
"""
UNIT = """\
[Service]
ExecStart=/usr/bin/shop --password s3cret0
Environment="DATABASE_URL=postgres://bob:s3cret1@db1.shop.example/shop" API_KEY=s3cret2 "NOTE=a s3cret3 b"
Environment=QUEUE_HOST=mq.shop.example QUEUE_PORT=5672
EnvironmentFile=-/etc/shop/*.env
"""
FILES = {"nginx": [NGINX], "haproxy": [HAPROXY], "postgresql": [POSTGRESQL, POSTGRESQL_URL, POSTGRESQL_QUOTED],
         "environment": [ENVIRONMENT], "systemd": [UNIT], "pgbouncer": [PGBOUNCER], "redis": [REDIS, REDIS_AGAIN],
         "redis_sentinel": [SENTINEL], "galera": [GALERA, GALERA_AGAIN],
         "mongodb": [MONGODB, MONGODB_OLD, MONGODB_SHARD], "mongos": [MONGOS], "corosync": [COROSYNC],
         "keepalived": [KEEPALIVED]}  # fmt: skip
SILENT = {MONGODB, MONGODB_OLD, MONGODB_SHARD}
"""What says how a service stands to others and names none."""
CASES = [(kind, text) for kind, texts in FILES.items() for text in texts]


def kept(awk: list[str], kind: str, text: str, folder: Path, asking: str = "") -> str:
    """What the host's awk prints of a file, without the file's name before each line."""
    path = folder / f"a {kind}.conf"
    path.write_text(text)
    command = [*awk, "-v", f"kind={kind}", "-v", f"asking={asking}", KEEP, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return "".join(line.removeprefix(f"{path}:") for line in done.stdout.splitlines(keepends=True))


def read(kind: str, text: str) -> Parsed:
    """What the agent's own parser keeps of it."""
    if kind == "systemd":
        inline, files = environment_of(text)
        assert files == ["/etc/shop/*.env"]
        return environment.parse(inline)
    return all_configurations()[kind].parse(text)


@pytest.mark.parametrize("awk", AWKS, ids=lambda awk: Path(awk[0]).name)
@pytest.mark.parametrize(("kind", "text"), CASES)
def test_what_is_kept_reads_as_the_whole_file_does(kind: str, text: str, awk: list[str], tmp_path: Path) -> None:
    """The parser finds the same targets and certificates in what is kept as in the file, and every secret is gone."""
    left = kept(awk, kind, text, tmp_path)
    assert read(kind, left) == read(kind, text)
    assert bool(read(kind, text).named) != (text in SILENT)
    assert bool(read(kind, text).pools) == (text is not MONGODB_SHARD) or kind in ("environment", "systemd")
    assert len(re.findall("s3cret", text)) >= 2
    assert "s3cret" not in left


@pytest.mark.parametrize("awk", AWKS, ids=lambda awk: Path(awk[0]).name)
def test_names_to_be_asked_are_the_names_that_are_kept(awk: list[str], tmp_path: Path) -> None:
    """What a resolver is asked for holds every name that a target has, no address and nothing else of a file."""
    for kind, text in CASES:
        asked = set(kept(awk, kind, text, tmp_path, asking="1").split())
        wanted = {one.host for one in read(kind, text).named if re.search("[A-Za-z]", one.host) and ":" not in one.host}
        assert wanted <= asked
        assert all(name in text and "s3cret" not in name for name in asked)


@pytest.mark.parametrize("awk", AWKS, ids=lambda awk: Path(awk[0]).name)
def test_a_broken_file_lets_no_secret_through(awk: list[str], tmp_path: Path) -> None:
    """Lines run together, quotes left open, a file cut anywhere: what is not understood stays where it is."""
    for kind, text in CASES:
        if kind not in ("environment", "systemd"):  # there each word may be a value of its own
            cuts = [text[:size] for size in range(0, len(text), 41)]
            for broken in (text.replace("\n", " "), text.replace("'", "", 1), text.replace("}", ""), *cuts):
                assert "s3cret" not in kept(awk, kind, broken, tmp_path), (kind, broken)


def test_what_is_asked_for_has_rules_and_the_page_names_it() -> None:
    """Each format of a configuration has its rule and its case here, or the page says that it is not asked for."""
    asked = {name for name in all_configurations() if f'kind == "{name}"' in KEEP}
    assert FILES.keys() == {*asked, "systemd"}
    page = (Path(__file__).parents[2] / "docs" / "discover-ssh.md").read_text()
    assert [name for name in all_configurations() if name not in asked and f"`{name}`" not in page] == []
    assert "'" not in KEEP  # it stands between two of them
