"""Parsers on the texts that machines write, and x509 against a library that others trust."""

from __future__ import annotations

import datetime as dt
import ipaddress

import pytest
from cryptography import x509 as reference
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb_agents.configuration import Named
from cmdb_agents.configurations import environment, haproxy, nginx, postgresql
from cmdb_agents.parsers import blocks, conntrack, firmware, network, packages, x509
from cmdb_agents.parsers.accounts import accounts
from cmdb_agents.transports import procfs
from cmdb_agents.transports.readings import Package, Route, Translation

# --- certificates ------------------------------------------------------------------------------------------


def made(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, years: int) -> reference.Certificate:
    """A certificate with all that is read of one; after 2049 its end is written in another form."""
    name = reference.Name([
        reference.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
        reference.NameAttribute(NameOID.COMMON_NAME, "shöp.example"),
    ])  # fmt: skip
    begin = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    names = [reference.DNSName("b.example"), reference.DNSName("a.example"),
             reference.IPAddress(ipaddress.ip_address("2001:db8::1"))]  # fmt: skip
    return (
        reference.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(0xDEADBEEF00)
        .not_valid_before(begin)
        .not_valid_after(begin.replace(year=2026 + years))
        .add_extension(reference.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(reference.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )


@pytest.mark.parametrize(
    ("key", "kind", "years"),
    [(ec.generate_private_key(ec.SECP256R1()), "EC P-256", 1), (rsa.generate_private_key(65537, 2048), "RSA 2048", 40)],
)
def test_a_certificate_says_what_the_library_says(key: ec.EllipticCurvePrivateKey, kind: str, years: int) -> None:
    """Subject, names, serial number, both ends of its time, key and fingerprint are those a full parser finds."""
    certificate = made(key, years)
    found = x509.first(b"some text\n" + certificate.public_bytes(serialization.Encoding.PEM) * 2)
    assert found is not None
    assert found.subject == found.issuer == "C=DE, CN=shöp.example"
    assert found.fingerprint == certificate.fingerprint(hashes.SHA256()).hex()
    assert int(found.serial, 16) == certificate.serial_number
    assert found.names == ("2001:db8::1", "a.example", "b.example")
    assert (found.not_before, found.not_after) == ("2026-01-02T03:04:05Z", f"{2026 + years}-01-02T03:04:05Z")
    assert found.key_type == kind


CERTIFICATE = made(ec.generate_private_key(ec.SECP256R1()), 1).public_bytes(serialization.Encoding.DER)


@settings(max_examples=300, deadline=1000)
@given(st.data())
def test_a_broken_certificate_is_refused_and_never_worse(data: st.DataObject) -> None:
    """Whatever byte is changed and wherever it is cut, the answer is a reading or one of the errors that are caught."""
    raw = bytearray(CERTIFICATE[: data.draw(st.integers(0, len(CERTIFICATE)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if raw:
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    import base64

    pem = b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(bytes(raw)) + b"\n-----END CERTIFICATE-----\n"
    try:
        found = x509.first(pem)
    except ValueError:
        return
    assert found is not None


# --- configurations ----------------------------------------------------------------------------------------

NGINX = """
# upstream old { server 10.9.9.9:1; }
http {
  upstream shop { least_conn; server 10.0.0.11:8080 weight=2; server app2.shop.example; server unix:/run/a.sock; }
  server {
    listen 443 ssl; ssl_certificate /etc/ssl/shop.pem; ssl_certificate_key "/etc/ssl/shop.key";
    location / { proxy_pass http://shop; }
    location /api { proxy_pass https://api.shop.example/v1; }
    location /php { fastcgi_pass 127.0.0.1:9000; }
    location /dyn { proxy_pass http://$backend; }
  }
}
stream { upstream db { server [2001:db8::5]:5432; } server { proxy_pass db; } }
"""


def test_nginx() -> None:
    """Upstream servers and direct targets are found; comments, variables, sockets and names of upstreams are none."""
    found = nginx.parse(NGINX)
    assert set(found.named) == {
        Named("10.0.0.11", 8080), Named("app2.shop.example", 80), Named("api.shop.example", 443),
        Named("127.0.0.1", 9000), Named("2001:db8::5", 5432),
    }  # fmt: skip
    assert found.certificates == ("/etc/ssl/shop.pem",)


def test_haproxy() -> None:
    """Servers of backends and certificates of binds are found; what is disabled or commented out is not."""
    text = """
frontend web
  bind :443 ssl crt /etc/haproxy/certs/ alpn h2
  default_backend app
backend app
  server a1 10.0.0.21:8443 check ssl
  server a2 app2.example:8080 check backup
  server a3 10.0.0.23:80 disabled
  # server a4 10.0.0.24:80
  server-template srv 3 _http._tcp.example check
"""
    found = haproxy.parse(text)
    assert found.named == (Named("10.0.0.21", 8443), Named("app2.example", 8080))
    assert found.certificates == ("/etc/haproxy/certs/",)


def test_postgresql() -> None:
    """A standby's server is found in both forms, its password is not; a certificate counts while TLS is on."""
    text = """
primary_conninfo = 'host=db1.example,10.0.0.2 port=5433 user=rep password=''s3cret'' sslmode=verify-full'
ssl = on   # yes
ssl_cert_file = '/etc/ssl/db.pem'
"""
    found = postgresql.parse(text)
    assert found.named == (Named("db1.example", 5433), Named("10.0.0.2", 5433))
    assert found.certificates == ("/etc/ssl/db.pem",)
    assert "s3cret" not in repr(found)
    assert postgresql.conninfo("postgresql://rep:pw@[2001:db8::9]:5434/x") == [Named("2001:db8::9", 5434)]
    assert postgresql.conninfo("host=/run/postgresql") == []
    assert postgresql.parse("#primary_conninfo = 'host=a'\nssl_cert_file = '/etc/x.pem'\n").certificates == ()


def test_environment_files_give_targets_only() -> None:
    """URLs and hosts with ports are found, what the service itself listens on is not, and no secret is kept."""
    text = """
# DATABASE_URL=postgres://old:5432/x
DATABASE_URL="postgres://shop:hunter2@db.shop.example/shop?sslmode=require"
export CACHE_HOST=10.0.0.6
CACHE_PORT=6380
KAFKA=PLAINTEXT
BROKERS=kafka://k1:9092,k2:9093
BIND_ADDR=0.0.0.0:8000
PUBLIC_URL=https://shop.example
SECRET_KEY=https-not-a-url
SMTP_SERVER=mail.example:587
"""
    found = environment.parse(text)
    assert set(found.named) == {
        Named("db.shop.example", 5432), Named("10.0.0.6", 6380), Named("k1", 9092), Named("k2", 9093),
        Named("mail.example", 587),
    }  # fmt: skip
    assert "hunter2" not in repr(found)


@settings(max_examples=200, deadline=1000)
@given(st.text(max_size=300))
def test_any_text_is_parsed_by_every_format(text: str) -> None:
    """Whatever stands in a file, a format answers with targets that have a port, or is caught as not understood."""
    for parse in (nginx.parse, haproxy.parse, postgresql.parse, environment.parse):
        try:
            found = parse(text)
        except (ValueError, IndexError):
            continue
        assert all(0 < named.port < 65_536 and named.host for named in found.named)


# --- the system --------------------------------------------------------------------------------------------


def test_routes() -> None:
    """Routes that are up are read with their prefix; local, loopback, link-local and unreachable ones are not."""
    text = (
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
        "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n"
        "*\t00000A0A\t00000000\t0200\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    )
    assert list(network.routes(text)) == [
        Route("0.0.0.0/0", "192.168.1.1", "eth0", 100), Route("192.168.1.0/24", "", "eth0", 100)
    ]  # fmt: skip
    zero, gateway = "0" * 32, "20010db8" + "0" * 23 + "1"
    six = (
        f"{zero} 00 {zero} 00 {gateway} 00000400 00000001 00000000 00000003     eth0\n"
        f"20010db8{'0' * 24} 40 {zero} 00 {zero} 00000100 00000001 00000000 00000001     eth0\n"
        f"fe80{'0' * 28} 40 {zero} 00 {zero} 00000100 00000001 00000000 00000001     eth0\n"
        f"{gateway} 80 {zero} 00 {zero} 00000000 00000002 00000000 80200001     eth0\n"
        f"{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200       lo\n"
    )
    assert list(network.routes6(six)) == [
        Route("::/0", "2001:db8::1", "eth0", 1024), Route("2001:db8::/64", "", "eth0", 256)
    ]  # fmt: skip


def test_lldp_neighbours() -> None:
    """Name, chassis, port and address of a neighbour are found in lldpctl's answer; strange shapes give nothing."""
    text = """{"lldp": [{"interface": [{"name": "eno1", "via": "LLDP", "chassis": [{
      "id": [{"type": "mac", "value": "28:99:3A:00:00:01"}], "name": [{"value": "leaf1"}],
      "descr": [{"value": "Arista"}], "mgmt-ip": [{"value": "10.0.0.2"}, {"value": "fe80::1"}]}],
      "port": [{"id": [{"type": "ifname", "value": "Ethernet7"}], "descr": [{"value": "rack7"}]}]}]}]}"""
    (found,) = network.lldp(text)
    assert (found.system, found.mac, found.address) == ("leaf1", "28:99:3a:00:00:01", "10.0.0.2")
    assert (found.interface, found.port, found.port_description) == ("eno1", "Ethernet7", "rack7")
    assert list(network.lldp('{"lldp": [{}]}')) == list(network.lldp("[]")) == []


def test_resolver() -> None:
    """Name servers keep their order, the last search line counts, comments do not."""
    found = network.resolver("nameserver 10.0.0.53 # first\nnameserver fe80::1%eth0\ndomain a\nsearch c b\n;x\n")
    assert found.servers == ("10.0.0.53", "fe80::1")
    assert found.search == ("b", "c")


def test_packages_of_both_managers() -> None:
    """Installed packages are read, removed ones, half-installed ones and rpm's keys are not."""
    status = (
        "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.15-1\n"
        "Description: Status: deinstall ok installed\n is text\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n"
        "Package: libssl3\nStatus: hold ok installed\nSource: openssl (3.0.15)\nArchitecture: amd64\n"
        "Version: 3.0.15-1\n"
    )
    assert list(packages.dpkg(status)) == [
        Package("openssl", "3.0.15-1", "amd64", "deb"), Package("libssl3", "3.0.15-1", "amd64", "deb", "openssl")
    ]  # fmt: skip
    answer = (
        "bash\t0\t5.1.8-6.el9\tx86_64\tbash-5.1.8-6.el9.src.rpm\nbind-utils\t32\t9.16-1.el9\tx86_64\tbind-9.16-1.el9.src.rpm\n"
        "gpg-pubkey\t0\tfd431d51-4ae0493b\t(none)\t(none)\n"
    )
    assert list(packages.rpm(answer)) == [
        Package("bash", "5.1.8-6.el9", "x86_64", "rpm", "bash"),
        Package("bind-utils", "32:9.16-1.el9", "x86_64", "rpm", "bind"),
    ]


def test_accounts_and_their_groups() -> None:
    """First and further groups are named; a line that is none is left out."""
    found = accounts(
        "anna:x:1000:1000:Anna:/home/anna:/bin/zsh\nbad line\n+::::::\n", "anna:x:1000:\nsudo:x:27:anna,bob\n"
    )
    assert [(a.name, a.groups, a.shell) for a in found] == [("anna", ("anna", "sudo"), "/bin/zsh")]


def test_rewritten_connections() -> None:
    """A connection whose destination was rewritten is found with who answers; a plain or broken one is none."""
    text = (
        "ipv4 2 tcp 6 431999 ESTABLISHED src=10.0.0.7 dst=10.96.0.10 sport=41000 dport=443 "
        "src=10.244.1.5 dst=10.0.0.7 sport=8443 dport=41000 [ASSURED] mark=0 use=1\n"
        "ipv4 2 tcp 6 99 ESTABLISHED src=10.0.0.7 dst=10.0.0.9 sport=41001 dport=80 "
        "src=10.0.0.9 dst=10.0.0.7 sport=80 dport=41001 [ASSURED]\n"
        "ipv4 2 icmp 1 29 src=10.0.0.7 dst=10.0.0.9 type=8 code=0 id=1\n"
    )
    assert list(conntrack.translations(text)) == [
        Translation("tcp", "10.0.0.7", 41000, "10.96.0.10", 443, "10.244.1.5", 8443)
    ]


def test_memory_modules() -> None:
    """Size, slot and kind of each filled slot come out of the firmware's table, also of sizes in the longer field."""

    def entry(size: int, longer: int = 0) -> bytes:
        fixed = bytearray(0x22)
        fixed[0], fixed[1] = 17, len(fixed)
        fixed[0x0C:0x0E] = size.to_bytes(2, "little")
        fixed[0x10], fixed[0x12] = 1, 0x1A
        fixed[0x1C:0x20] = longer.to_bytes(4, "little")
        return bytes(fixed) + b"DIMM A1\0Bank 0\0\0"

    assert firmware.modules([entry(16384), entry(0), entry(0x7FFF, 65536), b"", b"\x11"]) == (
        "DIMM A1: 16384 MiB DDR4", "DIMM A1: 65536 MiB DDR4",
    )  # fmt: skip


def test_block_devices() -> None:
    """Each kind of device is told by the files the kernel keeps of it; a loop without a file behind it is none."""

    def kind(name: str, **files: str) -> str | None:
        found = blocks.block(name, {"size": "2048", **{k.replace("_", "/", 1): v for k, v in files.items()}}, {}, ())
        return found.kind if found else None

    assert kind("sda") == "disk"
    assert kind("sda1", partition="1") == "partition"
    assert kind("md0", md_level="raid1") == "raid"
    assert kind("dm-0", dm_uuid="LVM-abc", dm_name="vg--a-root") == "lvm"
    assert kind("dm-1", dm_uuid="mpath-3600", dm_name="mpatha") == "multipath"
    assert kind("dm-2", dm_uuid="CRYPT-LUKS2-x", dm_name="secret") == "crypt"
    assert kind("loop0") is kind("zram0") is kind("sr0") is None
    assert blocks.block("sda", {"size": "0"}, {}, ()) is None
    assert blocks.volume_group("vg--a-root") == "vg-a"


def test_servers_of_remote_filesystems() -> None:
    """The address the kernel talks to is the mount's server; without one nothing is guessed from a name."""
    assert procfs.server_of("nfs4", "nas:/x", {"addr=10.0.0.40", "port=0"}) == "tcp://10.0.0.40:2049"
    assert procfs.server_of("cifs", "//nas/x", {"addr=10.0.0.41"}) == "tcp://10.0.0.41:445"
    assert procfs.server_of("ceph", "10.0.0.1:6789,10.0.0.2:6789:/", set()) == "tcp://10.0.0.1:6789"
    assert procfs.server_of("nfs", "nas:/x", set()) == procfs.server_of("ext4", "/dev/sda", {"addr=1.2.3.4"}) == ""


def test_vlan_numbers() -> None:
    """Root's file says the number; without it a usual name does, and another name says nothing."""
    assert procfs.vlan_id("uplink", "uplink  VID: 120  REORDER_HDR: 1") == 120
    assert [procfs.vlan_id(n, "") for n in ("bond0.100", "vlan30", "eth0", "br0.5000")] == [100, 30, 0, 0]
