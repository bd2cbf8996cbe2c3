"""Redundancy in the graph: from relations, from people's rules, with present outages; now, as of then and proposed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.questions import answer, ask, parts, projected
from support.reports import NOW

from cmdb.classes import catalogue
from cmdb.store import By, Store
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

BY = By("ann", NOW, "as tests need it")
IMPACT = """query I($of: [ID!]!, $asOf: Moment, $proposed: ProposedInput, $alsoDown: [ID!], $degraded: [ID!],
  $context: Boolean! = true) {
  impact(of: $of, asOf: $asOf, proposed: $proposed, alsoDown: $alsoDown, degraded: $degraded, context: $context) {
    sequence hash verdict truncated users seenLately services { name } context { ci { name } degree }
    items { ci { name } before degree hops reason line atRisk risk redundancy { rule needed left of soft } }
    atRisk { name } risks { ci { name } reason line redundancy { rule needed left of } }
    problems { ci { name } rule why } counts { class degree count } edges { type from { name } to { name } } } }"""


class Estate:
    """A shop on a pool of two databases, a pool of two hosts; one of these on two switches and feeds."""

    def __init__(self, served: Services) -> None:
        self.served, self.store, self.ids = served, served.store, dict[str, str]()
        for cls, name in (
            ("Database", "db-1"), ("Database", "db-2"), ("Application", "shop"), ("BusinessService", "selling"),
            ("Host", "web-1"), ("Host", "web-2"), ("Cluster", "pool"),
            ("NetworkDevice", "sw-1"), ("NetworkDevice", "sw-2"), ("PowerFeed", "feed-1"), ("PowerFeed", "feed-2"),
        ):  # fmt: skip
            given = {"users": 1200} if cls == "BusinessService" else _needed(cls, name)
            self.ids[name] = self.store.create_ci(cls, name, given, BY).ci
        for source, kind, target in (
            ("shop", "DEPENDS_ON", "db-1"), ("shop", "DEPENDS_ON", "db-2"), ("selling", "DEPENDS_ON", "shop"),
            ("pool", "FORMED_BY", "web-1"), ("pool", "FORMED_BY", "web-2"),
            ("web-1", "ATTACHED_TO", "sw-1"), ("web-1", "ATTACHED_TO", "sw-2"), ("web-1", "POWERED_BY", "feed-1"),
            ("web-1", "POWERED_BY", "feed-2"),
        ):  # fmt: skip
            self.store.link_cis(kind, self.ids[source], self.ids[target], BY)

    def say(self, name: str, **values: Any) -> None:
        """Write attributes of a CI by hand."""
        self.store.update_ci(self.ids[name], None, values, BY)

    def impact(self, *names: str, **more: Any) -> dict[str, Any]:
        """The answer for CIs by name; arguments with names of CIs take these too."""
        given = {k: [self.ids[n] for n in v] if k in {"alsoDown", "degraded"} else v for k, v in more.items()}
        found: dict[str, Any] = ask(self.served, IMPACT, of=[self.ids[n] for n in names], **given)["impact"]
        return found

    def hit(self, *names: str, **more: Any) -> dict[str, str]:
        """Who is hit how hard."""
        return {i["ci"]["name"]: i["degree"] for i in self.impact(*names, **more)["items"]}


def _needed(cls: str, name: str) -> dict[str, Any]:
    return {a.name: name for a in catalogue().cls(cls).attributes if a.required and a.type == "string"}


@pytest.fixture
def shop(tmp_path: Path, store: Store) -> Iterator[Estate]:
    """The estate, asked without a projection."""
    with parts(tmp_path / "home", store) as made:
        yield Estate(made)


def test_what_backs_up_by_nature_needs_no_rule(shop: Estate) -> None:
    """Pool members share the work; switches and feeds are spare to each other: one lost is said, both lost are down."""
    assert shop.hit("web-1") == {"pool": "DEGRADED"}
    assert shop.hit("web-1", "web-2") == {"pool": "DOWN"}
    for pair in (("sw-1", "sw-2"), ("feed-1", "feed-2")):
        alone = shop.impact(pair[0])
        assert (alone["items"], [r["ci"]["name"] for r in alone["risks"]]) == ([], ["web-1"])
        assert alone["risks"][0]["reason"] == f"1 of 2 left, 1 needed: {pair[0]} lost"
        assert shop.hit(*pair) == {"web-1": "DOWN", "pool": "DEGRADED"}


def test_people_say_what_backs_up_what(shop: Estate) -> None:
    """A rule makes two needed databases one group: names or ids, percent or number, and the way back."""
    assert shop.hit("db-1") == {"shop": "DOWN", "selling": "DOWN"}
    plain = shop.impact("db-1")["hash"]
    for rule in ("DEPENDS_ON: 1 of db-1, db-2", f"DEPENDS_ON: 1 of {shop.ids['db-1']}, db-2*2", "DEPENDS_ON: 50%"):
        shop.say("shop", redundancy=[rule])
        found = shop.impact("db-1")
        assert (found["items"], found["problems"], [r["ci"]["name"] for r in found["risks"]]) == ([], [], ["shop"])
        assert found["risks"][0]["redundancy"]["rule"] == rule
        assert found["verdict"] == "If db-1 stops, nothing else goes down, but 1 CI has no redundancy left (shop)."
        both = shop.impact("db-1", "db-2")
        assert both["items"][0]["reason"].startswith("0 of ") and both["services"] == [{"name": "selling"}]
        assert (both["users"], both["items"][0]["redundancy"]["left"]) == (1200, 0)
        assert found["hash"] != plain
    shop.say("shop", redundancy=["DEPENDS_ON: 1 of db-1, db-2 full 2 soft"])
    assert shop.hit("db-1") == {"shop": "DEGRADED", "selling": "DEGRADED"}
    assert shop.hit("db-1", "db-2") == {"shop": "DEGRADED", "selling": "DEGRADED"}
    shop.say("shop", redundancy=None)
    assert shop.impact("db-1")["hash"] == plain


def test_a_member_that_is_down_already_counts(shop: Estate) -> None:
    """A present outage is the state before, of members that the failure does not reach too; `context` leaves it out."""
    shop.say("shop", redundancy=["DEPENDS_ON: 1 of db-1, db-2"])
    before = shop.impact("db-1")["hash"]
    shop.say("db-2", condition="down")
    found = shop.impact("db-1")
    assert {i["ci"]["name"]: i["degree"] for i in found["items"]} == {"shop": "DOWN", "selling": "DOWN"}
    assert found["items"][0]["reason"] == "0 of 2 left, 1 needed: db-1 lost, db-2 down before"
    assert found["context"] == [{"ci": {"name": "db-2"}, "degree": "DOWN"}]
    assert found["hash"] != before and shop.hit("db-1", context=False) == {}
    shop.say("db-2", condition=None)
    assert shop.impact("db-1")["hash"] == before
    assert shop.hit("db-1", alsoDown=["db-2"]) == {"shop": "DOWN", "selling": "DOWN"}
    assert shop.hit("db-1", degraded=["db-2"]) == {"shop": "DEGRADED", "selling": "DEGRADED"}
    assert shop.hit("db-1", alsoDown=["db-1"]) == {}
    unknown = answer(shop.served, IMPACT, of=[shop.ids["db-1"]], alsoDown=["ci_none"])["errors"][0]
    assert "alsoDown: there is no CI 'ci_none'" in unknown["message"]


def test_what_is_far_away_and_down_changes_nothing_here(shop: Estate) -> None:
    """An outage that has no part in the radius leaves the answer and its hash as they are."""
    before = shop.impact("web-1")
    shop.say("db-1", condition="degraded")
    after = shop.impact("web-1")
    assert {**after, "sequence": 0} == {**before, "sequence": 0}


WRONG = [
    ("DEPENDS_ON: 1 of db-1, db-9", "db-9 is no dependency of it by DEPENDS_ON"),
    ("DEPENDS_ON: 1 of db-1, POOL", "pool is no dependency of it by DEPENDS_ON"),
    ("DEPENDS_ON: 3", "it needs 3 of 2"),
    ("LIKES: 1 of db-1", "there is no relation LIKES"),
    ("LOCATED_IN: 1", "LOCATED_IN carries no failure"),
    ("RUNS_ON: 1", "it has no member"),
]


def test_a_wrong_rule_is_told_with_every_answer_it_touches(shop: Estate) -> None:
    """Of the failed and of the reached, and it is part of what an approval binds to; never met is down before."""
    sound = shop.impact("db-1")["hash"]
    for written, why in WRONG:
        rule = written.replace("POOL", shop.ids["pool"])
        shop.say("shop", redundancy=[rule])
        for of in ("db-1", "shop"):
            assert {"ci": {"name": "shop"}, "rule": rule, "why": why} in shop.impact(of)["problems"]
        found = shop.impact("db-1")
        assert found["hash"] != sound
        before = {c["ci"]["name"]: c["degree"] for c in found["context"]}
        down = {"shop": "DOWN", "selling": "DOWN"} if why.startswith("it ") else {}
        assert (before, found["items"] == []) == (down, bool(down))


def test_a_rule_that_contradicts_itself_is_refused_when_it_is_written(shop: Estate) -> None:
    """With its place and what is wrong with it, over GraphQL as everywhere."""
    document = "mutation U($id: ID!, $a: JSON) { updateCi(id: $id, attributes: $a) { sequence } }"
    (error,) = answer(shop.served, document, id=shop.ids["shop"], a={"redundancy": ["USES: 3 of a, b"]})["errors"]
    assert error["message"] == "attributes.redundancy: USES: 3 of a, b: 3 of 2 can never be there"


def test_rules_and_conditions_are_as_of_then(shop: Estate) -> None:
    """The past is judged by the redundancy, members and outages of the past."""
    shop.say("shop", redundancy=["DEPENDS_ON: 1 of db-1, db-2"])
    paired = shop.store.sequence()
    shop.say("db-2", condition="down")
    out = shop.store.sequence()
    shop.say("db-2", condition="up")
    shop.say("shop", redundancy=None)
    now = shop.store.sequence()
    hit = {"shop": "DOWN", "selling": "DOWN"}
    answers = {at: shop.hit("db-1", asOf=at) for at in (paired - 1, paired, out, now)}
    assert answers == {paired - 1: hit, paired: {}, out: hit, now: hit}
    then = shop.impact("db-1", asOf=out)
    assert then["context"] == [{"ci": {"name": "db-2"}, "degree": "DOWN"}]


def test_a_proposed_member_joins_the_group_and_a_closed_one_leaves_it(shop: Estate) -> None:
    """What backs up by nature follows the overlay; a rule that names who leaves is told."""
    third = shop.store.create_ci("Host", "web-3", {}, BY).ci
    pool = {"type": "FORMED_BY", "from": shop.ids["pool"]}
    more = {"add": [{**pool, "to": third}]}
    assert shop.impact("web-1", proposed=more)["items"][0]["redundancy"] == {
        "rule": "FORMED_BY", "needed": 1, "left": 2, "of": 3, "soft": False,
    }  # fmt: skip
    assert shop.hit("web-1", proposed={"close": [{**pool, "to": shop.ids["web-2"]}]}) == {"pool": "DOWN"}
    shop.say("shop", redundancy=["DEPENDS_ON: 1 of db-1, db-2"])
    fewer = {"close": [{"type": "DEPENDS_ON", "from": shop.ids["shop"], "to": shop.ids["db-2"]}]}
    found = shop.impact("db-1", proposed=fewer)
    assert [p["why"] for p in found["problems"]] == ["db-2 is no dependency of it by DEPENDS_ON"]
    assert {i["ci"]["name"] for i in found["items"]} == {"shop", "selling"}


def test_the_projection_answers_the_same_in_as_few_round_trips(shop: Estate) -> None:
    """Byte for byte, with rules, outages, the past and proposed states; three calls of the store at most."""
    shop.say("shop", redundancy=["DEPENDS_ON: 1 of db-1, db-9"])
    shop.say("db-2", condition="down")
    last = shop.store.sequence()
    quick = projected(shop.served)
    pool = {"type": "FORMED_BY", "from": shop.ids["pool"], "to": shop.ids["web-2"]}
    for names in (["db-1"], ["web-1", "sw-1"]):
        of = [shop.ids[n] for n in names]
        for more in ({}, {"asOf": last - 1}, {"proposed": {"close": [pool]}}, {"context": False}):
            assert ask(quick, IMPACT, of=of, **more) == ask(shop.served, IMPACT, of=of, **more)


@pytest.mark.one_way
def test_groups_cost_one_round_trip_more_whatever_their_number(shop: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the projection: begin, CIs with their edges, and the members of all groups together."""
    quick = projected(shop.served)
    asked: list[str] = []
    bolt = shop.store._bolt
    read = type(bolt).read

    def counted(work: Callable[[Any], Any], *, timeout: float = 10.0) -> Any:
        return read(
            bolt, lambda run: work(lambda text, given: (asked.append(text), run(text, given))[1]), timeout=timeout
        )

    monkeypatch.setattr(bolt, "read", counted)
    found = ask(quick, IMPACT, of=[shop.ids["sw-1"], shop.ids["feed-1"], shop.ids["web-2"]])["impact"]
    assert {r["ci"]["name"] for r in found["risks"]} >= {"web-1", "pool"}
    assert len(asked) == 3, asked
