"""What a process is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb_agents.programs import MAX_NAME, is_title, program

CASES = [
    ("nginx", "nginx: worker process", "/usr/sbin/nginx"),
    ("postgres", "postgres: 15/main: checkpointer ", "/usr/lib/postgresql/15/bin/postgres"),
    ("postgres", "/usr/lib/postgresql/15/bin/postgres|-D|/x", "/usr/lib/postgresql/15/bin/postgres"),
    ("redis-server", "/usr/bin/redis-server 127.0.0.1:6379", "/usr/bin/redis-check-rdb"),
    ("puma", "puma 6.4.0 (tcp://0.0.0.0:3000) [shop]", "/usr/bin/ruby3.1"),
    ("sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", "/usr/sbin/sshd"),
    ("epicentre", "/srv/.venv/bin/python|/srv/.venv/bin/epicentre|up", "/usr/bin/python3.11"),
    ("http.server", "python3|-m|http.server|8000", "/usr/bin/python3.11"),
    ("uvicorn", "/usr/bin/python3.12|-um|uvicorn|app:app", "/usr/bin/python3.12"),
    ("celery", "python|-X|dev|-W|error|-m|celery.__main__|worker", "/usr/bin/python3"),
    ("app", "python3|-u|/srv/app.py|--port|80", "/usr/bin/python3.11"),
    ("shop", "python3|/srv/shop/__main__.py", "/usr/bin/python3.11"),
    ("python", "python3|-c|import x", "/usr/bin/python3.11"),
    ("neo4j", "java|-Xmx512m|-cp|/opt/*|org.neo4j.server.CommunityEntryPoint|--home-dir=/x", "/usr/bin/java"),
    ("catalina", "/opt/jdk/bin/java|-classpath|a:b|org.apache.catalina.startup.Bootstrap|start", "/opt/jdk/bin/java"),
    ("kafka", "java|-cp|x|kafka.Kafka|server.properties", "/usr/bin/java"),
    ("jetty", "java|--module-path|x|org.eclipse.jetty.start.Main", "/usr/bin/java"),
    ("elasticsearch", "java|-cp|x|org.elasticsearch.bootstrap.Elasticsearch", "/usr/bin/java"),
    ("shop", "java|-cp|x|uk.co.shop.Main", "/usr/bin/java"),
    ("jenkins", "java|-jar|/usr/share/jenkins-2.440.1.jar|--httpPort=8080", "/usr/bin/java"),
    ("keycloak", "java|-m|org.keycloak.quarkus/org.keycloak.quarkus.Main", "/usr/bin/java"),
    ("Main", "java|Main", "/usr/bin/java"),
    ("server", "node|--inspect|-r|dotenv/config|/app/server.js", "/usr/bin/node"),
    ("sidekiq", "/usr/bin/ruby3.1|-I|lib|/usr/bin/sidekiq", "/usr/bin/ruby3.1"),
    ("spamd", "/usr/bin/perl|-T|-w|/usr/sbin/spamd", "/usr/bin/perl"),
    ("artisan", "php|artisan|serve", "/usr/bin/php8.2"),
    ("php-fpm", "php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)", "/usr/sbin/php-fpm8.2"),
    ("start", "/bin/sh|/srv/start.sh", "/usr/bin/dash"),
    ("httpd", "httpd|-f", "/bin/busybox"),
    ("bash", "-bash", "/usr/bin/bash"),
    ("gone", "/usr/bin/gone|-x", "/usr/bin/gone (deleted)"),
]


@pytest.mark.parametrize(("name", "argv", "exe"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_name(name: str, argv: str, exe: str) -> None:
    """An interpreter is named by what it runs, a title by its first word, anything else by its file."""
    assert name == program(tuple(argv.split("|")), exe, "comm").name


def test_kernel_name_is_the_last_resort() -> None:
    """A process that hides arguments and executable keeps the kernel's short name for it."""
    assert program((), "", "chronyd").name == "chronyd"


def test_only_titles_are_titles() -> None:
    """Arguments written over are told from real ones, so that only stable command lines are reported."""
    assert is_title(("sshd: bob@pts/0",), "/usr/sbin/sshd")
    assert not is_title(("/usr/sbin/sshd", "-D"), "/usr/sbin/sshd")
    assert not is_title(("/opt/My App/run",), "/opt/My App/run")


@given(st.lists(st.text(max_size=30), max_size=6), st.text(max_size=30), st.text(max_size=15))
def test_any_process_has_a_name(argv: list[str], exe: str, comm: str) -> None:
    """Whatever a process calls itself, its name is printable, bounded and not empty."""
    name = program(tuple(argv), exe, comm).name
    assert name
    assert name.isprintable()
    assert len(name) <= MAX_NAME
