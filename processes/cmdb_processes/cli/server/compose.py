"""The composition root: from settings to a running server's parts, each opened once and closed in reverse order."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from cmdb.accounts import Accounts
from cmdb.applier import Agents, Applier
from cmdb.checkpoints import Checkpoints
from cmdb.classes import catalogue
from cmdb.config import Settings
from cmdb.discoveries import Discoveries
from cmdb.engine import Bolt
from cmdb.enrolment import Enrolment
from cmdb.errors import Invalid, Misconfigured
from cmdb.inbox import Inbox
from cmdb.inventories import Inventories
from cmdb.mail import Box, MailCourier, Post
from cmdb.mail.message import check_address
from cmdb.projection import Feed
from cmdb.secret_file import secret_file
from cmdb.store import Store
from cmdb.sweeper import Sweeper
from cmdb.webhooks import Courier, Hooks, guard
from cmdb.words import Failure, Process
from cmdb_graphql.metrics import Metrics
from cmdb_graphql.services import Services
from cmdb_graphql.timers import Timers


@contextmanager
def services(settings: Settings, bolt: Bolt, processes: Mapping[str, Process]) -> Iterator[Services]:
    """Everything the server serves, running; on leaving, the report in hand is finished and all files are closed."""
    pepper = secret_file(settings.home / "pepper", partial(secrets.token_bytes, 32))
    store = Store(bolt.uri, bolt.user, bolt.password, settings.neo4j_database)
    inbox = Inbox(settings.home / "inbox.db")
    enrolment = Enrolment(settings.home / "enrolment.db", pepper)
    accounts = Accounts(settings.home / "accounts.db", pepper)
    metrics = Metrics()
    applier = Applier(inbox, store, Agents(enrolment.revoked, enrolment.revoke), metrics.applied)
    sweeper = Sweeper(store, inbox, checkpoints=Checkpoints(settings.home))
    hooks = Hooks(settings.home / "webhooks.db", pepper)
    courier = Courier(hooks, store, guard.networks(settings.webhook_networks))
    carrying = (r for r in catalogue().relations.values() if r.failure is not Failure.NEVER)
    soft = {relation.name: relation.failure is Failure.SOFT for relation in carrying}
    projection = Feed(store, soft, settings.home / "projection")
    box = Box(settings.home / "mail.db")
    runs = Discoveries(settings.home / "discoveries.db")
    inventories = Inventories(settings.home / "inventory.db", settings.inventory_tokens_file)
    made = Services(
        settings,
        store,
        inbox,
        enrolment,
        accounts,
        applier,
        courier,
        processes,
        metrics,
        projection,
        box,
        discoveries=runs,
        inventories=inventories,
    )
    timers, mail = Timers(made), mail_courier(settings, made, box)
    try:
        store.migrate()
        applier.start()
        sweeper.start()
        courier.start()
        projection.start()
        timers.start()
        if mail is not None:
            mail.start()
        yield made
    finally:
        if mail is not None:
            mail.stop()
        timers.stop()
        projection.stop()
        courier.stop()
        sweeper.stop()
        applier.stop()
        runs.close()
        box.close()
        inventories.close()
        hooks.close()
        inbox.close()
        enrolment.close()
        accounts.close()
        store.close()


def mail_courier(settings: Settings, made: Services, box: Box) -> MailCourier | None:
    """The courier of notices; None while no mail server is named. Misconfigured says which setting is wrong."""
    if settings.mail_server is None:
        return None
    host, colon, port = settings.mail_server.rpartition(":")
    if not colon or not host or not port.isdecimal():
        raise Misconfigured(f"EPICENTRE_MAIL_SERVER={settings.mail_server!r} is no server like mail.example.org:587")
    try:
        password = settings.mail_password_file.read_text().strip() if settings.mail_password_file else None
        sender = check_address(settings.mail_from)
    except OSError as error:
        raise Misconfigured(f"EPICENTRE_MAIL_PASSWORD_FILE cannot be read ({error})") from error
    except Invalid as error:
        raise Misconfigured(f"EPICENTRE_MAIL_FROM: {error.message}") from error
    post = Post(host.strip("[]"), int(port), settings.mail_security, settings.mail_user, password)
    kinds = [kind for process in made.processes.values() for kind in process.records]
    return MailCourier(box, made.store, kinds, made.accounts.users, post, sender)
