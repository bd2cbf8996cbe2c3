"""Questions that look down from a service, on the graph: single points, availability, explanations."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.questions import answer, ask, parts, projected
from support.reports import NOW
from support.round_trips import counting

from cmdb.applier import utc_now
from cmdb.availability import availability as solve
from cmdb.classes import catalogue
from cmdb.store import By, Downtime, Store
from cmdb_graphql.below import figures
from cmdb_graphql.fields.impact import model_from
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

BY = By("ann", NOW, "as tests need it")
SPOFS = """query S($of: ID!, $alsoDown: [ID!], $asOf: Moment) { spofs(of: $of, alsoDown: $alsoDown, asOf: $asOf) {
  sequence down verdict truncated of { name } items { name } } }"""
AVAILABILITY = """query A($of: ID!, $beta: Float! = 0) { availability(of: $of, beta: $beta) {
  lo hi method minutesLo minutesHi assumptions truncated importance { name ci { name } q criticality rrw }
  cutCounts { order count } cutSets { names } } }"""
EXPLAIN = """query E($symptoms: [ID!]!, $healthy: [ID!]) { explain(symptoms: $symptoms, healthy: $healthy) {
  truncated items { cis { name } extraCount extra { name } score changeCount
    changes { ci { name } actor summary } } } }"""
FIGURES = """query F($of: ID!, $asOf: Moment, $proposed: ProposedInput) {
  availability(of: $of, asOf: $asOf, proposed: $proposed) {
    minutesLo requirement { percent allowedMinutes standing sentence } sources { source count } assumptions
    components { ci { name } source basis mtbfHours mttrHours q } } }"""
EFFECT = """query X($of: [ID!]!, $proposed: ProposedInput, $alsoDown: [ID!], $windowHours: Float! = 0) {
  availabilityEffect(of: $of, proposed: $proposed, alsoDown: $alsoDown, windowHours: $windowHours) {
    sequence truncated assumptions items { of { name } direction sentence lostMinutesLo lostMinutesHi
      before { minutesLo } after { minutesLo } during { lo } windowLossMinutesHi spofsAdded { name }
      spofsRemoved { name } pairsAdded { names } pairsRemoved { names } requirementAfter { standing } } } }"""
ESTATE = """query Z($first: Int! = 20, $after: String, $class: String, $alsoDown: [ID!]) {
  estateSpofs(first: $first, after: $after, class: $class, alsoDown: $alsoDown) {
    services down count truncated pageInfo { hasNextPage endCursor }
    nodes { ci { name } criticality users serviceCount services { name } } } }"""


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """The parts of a server."""
    with parts(tmp_path / "home", store) as made:
        yield made


def needed(cls: str, name: str) -> dict[str, Any]:
    """What a class asks for."""
    return {a.name: name for a in catalogue().cls(cls).attributes if a.required and a.type == "string"}


@pytest.fixture
def ids(served: Services) -> dict[str, str]:
    """A shop that needs a database and a pool of two web servers behind one switch each; mail needs the database."""
    made = {}
    for cls, name in (
        ("BusinessService", "selling"), ("Application", "shop"), ("Application", "mail"), ("Database", "db"),
        ("Cluster", "pool"), ("Host", "web-1"), ("Host", "web-2"), ("NetworkDevice", "sw"),
    ):  # fmt: skip
        made[name] = served.store.create_ci(cls, name, needed(cls, name), BY).ci
    for source, kind, target in (
        ("selling", "DEPENDS_ON", "shop"), ("shop", "DEPENDS_ON", "db"), ("shop", "DEPENDS_ON", "pool"),
        ("mail", "DEPENDS_ON", "db"), ("pool", "FORMED_BY", "web-1"), ("pool", "FORMED_BY", "web-2"),
    ):  # fmt: skip
        served.store.link_cis(kind, made[source], made[target], BY)
    return made


def names(items: list[dict[str, Any]]) -> list[str]:
    """Names of CIs in an answer."""
    return [one["name"] for one in items]


def test_single_points_now_with_another_down_and_as_of_then(served: Services, ids: dict[str, str]) -> None:
    """What alone brings the service down; with one of the pair down the other too; and before the database came."""
    found = ask(served, SPOFS, of=ids["selling"])["spofs"]
    assert (found["down"], found["truncated"], names(found["items"])) == (False, None, ["db", "pool", "shop"])
    assert found["verdict"] == "Each of 3 CIs alone brings selling down."
    second = ask(served, SPOFS, of=ids["selling"], alsoDown=[ids["web-1"]])["spofs"]
    assert names(second["items"]) == ["db", "pool", "shop", "web-2"]
    then = ask(served, SPOFS, of=ids["selling"], asOf=str(found["sequence"] - 5))["spofs"]
    assert names(then["items"]) == ["shop"]


def test_a_present_outage_counts(served: Services, ids: dict[str, str]) -> None:
    """A CI whose condition is down is down: its partner is then a single point, and its service may be down already."""
    served.store.update_ci(ids["web-2"], None, {"condition": "down"}, BY)
    assert names(ask(served, SPOFS, of=ids["selling"])["spofs"]["items"]) == ["db", "pool", "shop", "web-1"]
    served.store.update_ci(ids["db"], None, {"condition": "down"}, BY)
    found = ask(served, SPOFS, of=ids["selling"])["spofs"]
    assert (found["down"], found["items"], found["verdict"]) == (True, [], "selling is down already.")


def test_availability_is_that_of_the_engine_over_the_slice(served: Services, ids: dict[str, str]) -> None:
    """Bounds, minutes, cut sets and importance by name, as the pure engine has them for the same model."""
    found = ask(served, AVAILABILITY, of=ids["selling"])["availability"]
    part = served.store.needed([ids["selling"]])
    engine = solve(model_from(part), ids["selling"], figures(part.nodes))
    assert (found["lo"], found["hi"], found["method"]) == (engine.lo, engine.hi, "exact")
    assert 0 < found["minutesLo"] == found["minutesHi"] == engine.minutes[0]
    assert found["cutCounts"][1] == {"order": 2, "count": 1}
    assert sorted(found["cutSets"][-1]["names"]) == ["web-1", "web-2"]
    assert {one["name"] for one in found["importance"]} >= {"db", "shop", "web-1", "web-2"}
    more = ask(served, AVAILABILITY, of=ids["selling"], beta=0.2)["availability"]
    assert more["hi"] < found["lo"]
    cause = next(one for one in more["importance"] if one["ci"] is None)
    assert sorted(cause["name"].removeprefix("common cause of ").split(", ")) == ["web-1", "web-2"]


def test_explanations_name_the_cause_and_whom_else_it_hits(served: Services, ids: dict[str, str]) -> None:
    """Shop and mail down: the database explains both; with mail well it is not the database."""
    found = ask(served, EXPLAIN, symptoms=[ids["shop"], ids["mail"]])["explain"]
    first = found["items"][0]
    assert (names(first["cis"]), names(first["extra"]), first["extraCount"]) == (["db"], ["selling"], 1)
    other = ask(served, EXPLAIN, symptoms=[ids["shop"]], healthy=[ids["mail"]])["explain"]
    found = sorted(sorted(names(one["cis"])) for one in other["items"])
    assert found == [["pool"], ["shop"], ["web-1", "web-2"]]
    refused = answer(served, EXPLAIN, symptoms=[ids["shop"]], healthy=[ids["shop"]])["errors"][0]
    assert refused["message"] == f"healthy: {ids['shop']!r} cannot show symptoms and be healthy"


def test_explanations_by_the_projection_are_those_of_the_graph(
    served: Services, ids: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answers and refusals, now and then, whole and cut."""
    text = EXPLAIN.replace("$healthy: [ID!])", "$healthy: [ID!], $asOf: Moment)").replace(
        "healthy: $healthy)", "healthy: $healthy, asOf: $asOf)"
    ).replace("truncated items", "sequence truncated items")  # fmt: skip
    begun = served.store.sequence()
    served.store.update_ci(ids["db"], None, {"size_bytes": 7}, By("eve", utc_now(), "to 7"))
    served.store.update_ci(ids["selling"], None, {"criticality": "high"}, By("eve", utc_now(), "it sells more"))
    by_projection = projected(served)
    for most in (2_000, 3):
        monkeypatch.setattr("cmdb_graphql.fields.explain.MOST_CANDIDATES", most)
        for symptoms, more in (
            (["shop", "mail"], {}), (["selling"], {"healthy": [ids["mail"]]}), (["shop"], {"asOf": begun}),
            (["shop"], {"healthy": [ids["shop"]]}), (["mail"], {"healthy": ["ci_none"]}), (["mail"], {"asOf": 1}),
        ):  # fmt: skip
            asked = {"symptoms": [ids[name] for name in symptoms], **more}
            assert answer(by_projection, text, **asked) == answer(served, text, **asked)
    cut = ask(by_projection, text, symptoms=[ids["selling"]])["explain"]["truncated"]
    assert "is known for 3 of " in cut
    monkeypatch.setattr("cmdb_graphql.fields.explain.MOST_CANDIDATES", 2_000)
    whole = ask(by_projection, text, symptoms=[ids["selling"]])
    assert {one["ci"]["name"] for item in whole["explain"]["items"] for one in item["changes"]} == {"db", "selling"}
    monkeypatch.setattr("cmdb.store.past.CHUNK", 1)  # what became of the others is read a CI at a time
    assert ask(by_projection, text, symptoms=[ids["selling"]]) == whole


@pytest.mark.one_way
def test_an_explanation_costs_four_round_trips_however_deep_it_looks(served: Services, ids: dict[str, str]) -> None:
    """Where it begins, the part below and above, what backs that up, and what was changed there."""
    store, sent = counting(served.store)
    quick = replace(projected(served), store=store)
    for symptoms in (["shop", "mail"], ["selling"]):
        sent.clear()
        ask(quick, EXPLAIN, symptoms=[ids[name] for name in symptoms])
        assert len(sent) == 4, sent


def test_a_proposed_state_has_its_own_single_points(served: Services, ids: dict[str, str]) -> None:
    """A second database of a redundant pair takes the first off the list; a retired one cannot be asked about."""
    steps = {
        "create": [{"id": "new:copy", "class": "Database", "name": "copy", "attributes": needed("Database", "copy")}],
        "add": [{"type": "DEPENDS_ON", "from": ids["shop"], "to": "new:copy"}],
        "set": [{"ci": ids["shop"], "attributes": {"redundancy": ["DEPENDS_ON: 1 of db, copy"]}}],
    }
    document = (
        """query S($of: ID!, $proposed: ProposedInput) { spofs(of: $of, proposed: $proposed) { items { name } } }"""
    )
    assert names(ask(served, document, of=ids["selling"], proposed=steps)["spofs"]["items"]) == ["pool", "shop"]
    found = ask(
        served, EFFECT, of=[ids["selling"], ids["mail"]], proposed=steps, alsoDown=[ids["web-1"]], windowHours=2
    )
    selling, mail = found["availabilityEffect"]["items"]
    assert (selling["direction"], selling["spofsRemoved"], selling["spofsAdded"]) == ("BETTER", [{"name": "db"}], [])
    assert [sorted(one["names"]) for one in selling["pairsAdded"]] == [["copy", "db"]]
    saved = selling["before"]["minutesLo"] - selling["after"]["minutesLo"]
    assert selling["lostMinutesLo"] == selling["lostMinutesHi"] == pytest.approx(-saved)
    assert selling["sentence"] == f"{saved:,.1f} minutes a year less down"
    assert selling["windowLossMinutesHi"] == pytest.approx(120 * (1 - selling["during"]["lo"]))
    assert (mail["direction"], mail["sentence"], mail["lostMinutesHi"]) == ("SAME", "as available as it is", 0)
    gone = answer(served, EFFECT, of=[ids["mail"]], proposed={"retire": [ids["mail"]]})["errors"][0]
    assert gone["message"] == f"of: {ids['mail']!r} is retired in the proposed state"


def test_what_is_out_at_present_counts_in_the_window(served: Services, ids: dict[str, str]) -> None:
    """With one of a pair out, the window in which the other is worked on is lost whole; a usual year stays the same."""
    usual = ask(served, EFFECT, of=[ids["selling"]], alsoDown=[ids["web-1"]], windowHours=2)["availabilityEffect"]
    served.store.update_ci(ids["web-2"], None, {"condition": "down"}, BY)
    now = ask(served, EFFECT, of=[ids["selling"]], alsoDown=[ids["web-1"]], windowHours=2)["availabilityEffect"]
    assert usual["items"][0]["during"]["lo"] > 0.9
    assert (now["items"][0]["during"]["lo"], now["items"][0]["windowLossMinutesHi"]) == (0.0, 120.0)
    assert now["items"][0]["before"] == usual["items"][0]["before"]


def test_figures_are_measured_declared_or_of_the_class(served: Services, ids: dict[str, str]) -> None:
    """Three outages in history, a vendor's figure, and the rest by class: each component says so, and they are counted.

    What is required of the service is held against the answer.
    """
    store = served.store
    for hour in range(3):
        store.update_ci(ids["db"], None, {"condition": "down"}, By("ann", f"2030-02-0{hour + 1}T00:00:00.000Z", "out"))
        note = By("ann", f"2030-02-0{hour + 1}T00:30:00.000Z", "another word on it, while it is down")
        store.update_ci(ids["db"], None, {"size_bytes": hour}, note)
        store.update_ci(ids["db"], None, {"condition": None}, By("ann", f"2030-02-0{hour + 1}T02:00:00.000Z", "back"))
    store.update_ci(ids["web-1"], None, {"mtbf_hours": 50_000.0, "mttr_hours": 2.0}, BY)
    store.update_ci(ids["selling"], None, {"availability_target": 99.0}, BY)
    found = ask(served, FIGURES, of=ids["selling"], asOf=str(store.sequence()))["availability"]
    by_name = {one["ci"]["name"]: one for one in found["components"]}
    assert (by_name["db"]["source"], by_name["db"]["mttrHours"]) == ("MEASURED", pytest.approx(2.0))
    assert by_name["db"]["basis"].startswith("3 outages in ")
    assert (by_name["web-1"]["source"], by_name["web-1"]["mtbfHours"]) == ("VENDOR", 50_000.0)
    assert (by_name["web-2"]["source"], by_name["pool"]["source"]) == ("CLASS", "NONE")
    counts = {one["source"]: one["count"] for one in found["sources"]}
    assert counts == {"MEASURED": 1, "VENDOR": 1, "CLASS": 2, "NONE": 2}
    required = found["requirement"]
    assert (required["percent"], required["standing"]) == (99.0, "MET")
    refused = answer(
        served, FIGURES, of=ids["selling"], proposed={"set": [{"ci": ids["db"], "attributes": {"mtbf_hours": -1}}]}
    )
    assert "hours above 0" in refused["errors"][0]["message"]


def test_recent_changes_near_candidates_rank_them(served: Services, ids: dict[str, str]) -> None:
    """Of two that explain the shop alike, the one that was changed leads; that it is said to be down is no change."""
    symptoms = [ids["shop"]]
    first = ask(served, EXPLAIN, symptoms=symptoms)["explain"]["items"]
    served.store.update_ci(ids["pool"], None, {"condition": "down"}, By("eve", utc_now(), "seen down"))
    same = ask(served, EXPLAIN, symptoms=symptoms)["explain"]["items"]
    assert [one["score"] for one in same] == [one["score"] for one in first]
    for size in (1, 2, 3):
        served.store.update_ci(ids["db"], None, {"size_bytes": size}, By("eve", utc_now(), f"to {size}"))
    best = ask(served, EXPLAIN, symptoms=symptoms)["explain"]["items"][0]
    assert names(best["cis"]) == ["db"]
    assert best["changes"][0]["actor"] == "eve"
    assert best["changeCount"] >= 3
    assert best["score"] >= 3


def test_the_estate_by_what_hangs_on_it_page_by_page(served: Services, ids: dict[str, str]) -> None:
    """A database under a critical service before what is under a lesser one; by class; the second failure; pages."""
    store = served.store
    store.update_ci(ids["selling"], None, {"criticality": "high", "users": 50}, BY)
    intranet = store.create_ci("BusinessService", "intranet", {"criticality": "critical"}, BY).ci
    store.link_cis("DEPENDS_ON", intranet, ids["mail"], BY)
    found = ask(served, ESTATE)["estateSpofs"]
    assert [one["ci"]["name"] for one in found["nodes"]][:2] == ["db", "mail"]
    assert found["nodes"][0] == {
        "ci": {"name": "db"}, "criticality": "critical", "users": 50, "serviceCount": 2,
        "services": [{"name": "intranet"}, {"name": "selling"}],
    }  # fmt: skip
    assert (found["services"], found["down"], found["count"], found["truncated"]) == (2, 0, 4, None)
    hosts = ask(served, ESTATE, alsoDown=[ids["web-1"]], **{"class": "Host"})["estateSpofs"]
    assert [one["ci"]["name"] for one in hosts["nodes"]] == ["web-2"]
    page = ask(served, ESTATE, first=1)["estateSpofs"]
    rest = ask(served, ESTATE, after=page["pageInfo"]["endCursor"])["estateSpofs"]
    assert page["nodes"] + rest["nodes"] == found["nodes"]
    assert ask(served, ESTATE, alsoDown=[ids["mail"]])["estateSpofs"]["down"] == 1


BUDGETS = """query B($of: [ID!]!, $asOf: Moment, $minutes: Float, $begin: Moment) { impact(of: $of, asOf: $asOf) {
  services { name } budgets(minutes: $minutes, begin: $begin) {
    ci { name } percent begin allowedMinutes usedMinutes leftMinutes windowMinutes share sentence } } }"""


def test_an_impact_says_what_is_left_of_the_allowed_downtime(served: Services, ids: dict[str, str]) -> None:
    """Measured by the service's own condition, at a moment, with what a window takes; null where never measured."""
    store = served.store
    assert ask(served, BUDGETS, of=[ids["db"]])["impact"] == {"services": [{"name": "selling"}], "budgets": []}
    store.update_ci(ids["selling"], None, {"availability_target": 99.95}, BY)
    (unknown,) = ask(served, BUDGETS, of=[ids["db"]])["impact"]["budgets"]
    assert (unknown["percent"], unknown["usedMinutes"], unknown["leftMinutes"]) == (99.95, None, None)
    assert "nothing known of what is used" in unknown["sentence"]
    for begun, condition in (("2030-02-01T00:00", "down"), ("2030-02-01T03:00", None), ("2030-02-02T00:00", "down")):
        by = By("ann", f"{begun}:00.000Z", "as it was")
        back = store.update_ci(ids["selling"], None, {"condition": condition}, by).seq - 1
    store.update_ci(ids["sw"], None, {"model": "x"}, By("ann", "2030-02-02T00:10:00.000Z"))
    march = {"minutes": 180.0, "begin": "2030-03-01T00:00Z"}
    (then,) = ask(served, BUDGETS, of=[ids["db"]], asOf=str(back), **march)["impact"]["budgets"]
    assert (then["usedMinutes"], then["windowMinutes"], then["begin"]) == (180, 180, "2030-01-01T00:00:00.000Z")
    assert then["sentence"] == (
        "budget of selling: 262.8 min a year, 180.0 used, 82.8 left;"
        " down for the whole window of 180 min: 97.2 too many"
    )
    assert store.downtime([ids["selling"], ids["db"]], NOW, store.sequence()) == Downtime(
        "2030-02-02T00:10:00.000Z",
        {ids["selling"]: (
            ("2030-02-01T00:00:00.000Z", "2030-02-01T03:00:00.000Z"),
            ("2030-02-02T00:00:00.000Z", "2030-02-02T00:10:00.000Z"),
        )},
    )  # fmt: skip


def test_what_a_service_needed_then_uses_of_its_budget(served: Services, ids: dict[str, str]) -> None:
    """Hours of the database, also while the shop had two; one that lasts; who needed nothing that failed is unknown."""
    store = served.store

    def on(day: int, hour: int = 0, minute: int = 0) -> By:
        return By("ann", f"2030-03-{day:02}T{hour:02}:{minute:02}:00.000Z", "as it was")

    def fails(name: str, day: int, hours: int) -> None:
        store.update_ci(ids[name], None, {"condition": "down"}, on(day))
        store.update_ci(ids[name], None, {"condition": None}, on(day, hours))

    news = store.create_ci("BusinessService", "news", {"availability_target": 99.0}, on(1)).ci
    store.link_cis("DEPENDS_ON", news, ids["web-1"], on(1))
    store.update_ci(ids["selling"], None, {"availability_target": 99.9}, on(1))
    of = [ids["db"], ids["web-1"]]

    def used(**given: Any) -> dict[str, Any]:
        found = ask(served, BUDGETS, of=of, **given)["impact"]["budgets"]
        return {one["ci"]["name"]: one["usedMinutes"] for one in found}

    fails("db", 2, 2)
    assert used(asOf=str(store.sequence())) == {"selling": pytest.approx(120), "news": None}
    second = store.create_ci("Database", "db-2", needed("Database", "db-2"), on(3)).ci
    store.link_cis("DEPENDS_ON", ids["shop"], second, on(3))
    store.update_ci(ids["shop"], None, {"redundancy": [f"DEPENDS_ON: 1 of db, {second}"]}, on(3))
    fails("db", 4, 3)
    assert used(asOf=str(store.sequence())) == {"selling": pytest.approx(120), "news": None}
    fails("web-1", 5, 4)
    assert used(asOf=str(store.sequence())) == {"selling": pytest.approx(120), "news": pytest.approx(240)}
    store.unlink_cis("DEPENDS_ON", ids["shop"], second, on(6))
    store.update_ci(ids["shop"], None, {"redundancy": None}, on(6))
    fails("db", 7, 1)
    store.update_ci(ids["db"], None, {"condition": "down"}, on(8))
    store.update_ci(ids["sw"], None, {"model": "x"}, on(8, 0, 30))
    # Who is down already is hit by nothing, so the store is asked itself.
    assert store.downtime([ids["selling"]], NOW, store.sequence()) == Downtime(
        "2030-03-08T00:30:00.000Z",
        {ids["selling"]: (
            ("2030-03-02T00:00:00.000Z", "2030-03-02T02:00:00.000Z"),
            ("2030-03-07T00:00:00.000Z", "2030-03-07T01:00:00.000Z"),
            ("2030-03-08T00:00:00.000Z", "2030-03-08T00:30:00.000Z"),
        )},
    )  # fmt: skip


def test_of_services_that_stay_up_a_window_uses_nothing_and_the_worst_comes_first(
    served: Services, ids: dict[str, str]
) -> None:
    """Of two services one goes down; the other is degraded only, and its budget stays as it is."""
    store = served.store
    news = store.create_ci("BusinessService", "news", {"availability_target": 99.99}, BY).ci
    store.link_cis("USES", news, ids["db"], BY)
    store.update_ci(ids["selling"], None, {"availability_target": 99.0}, BY)
    found = ask(served, BUDGETS, of=[ids["db"]], minutes=60.0)["impact"]["budgets"]
    assert [(one["ci"]["name"], one["windowMinutes"]) for one in found] == [("selling", 60), ("news", 0)]
    assert found[0]["share"] > 0 and found[1]["share"] == 0


@pytest.mark.one_way
def test_budgets_cost_one_round_trip_however_many_services_there_are(
    tmp_path: Path, store: Store, served: Services, ids: dict[str, str]
) -> None:
    """One more than the same question without them, two as of a moment; none where nothing is promised."""
    counted, sent = counting(store)
    with parts(tmp_path / "counted", counted) as of:

        def trips(wanted: str, **given: Any) -> int:
            sent.clear()
            text = f"query T($of: [ID!]!, $asOf: Moment) {{ impact(of: $of, asOf: $asOf) {{ verdict {wanted} }} }}"
            ask(of, text, of=[ids["db"]], **given)
            return len(sent)

        plain, told = "services { name }", "budgets { sentence }"
        assert trips(told) == trips(plain)
        for n in range(5):
            made = store.create_ci("BusinessService", f"s{n}", {"availability_target": 99.9}, BY).ci
            store.link_cis("DEPENDS_ON", made, ids["db"], BY)
        assert trips(told) == trips(plain) + 1
        then = str(store.sequence())
        assert trips(told, asOf=then) == trips(plain, asOf=then) + 2


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"minutes": 0.0}, "minutes: is above 0"),
        ({"minutes": 1e9}, "minutes: is above 0"),
        ({"begin": "2030-03-01T00:00Z"}, "begin: says when it begins and not how long it lasts"),
        ({"minutes": 5.0, "begin": "17"}, "begin: is a time with its zone"),
        ({"minutes": 5.0, "begin": "9999-12-31T23:59Z"}, "begin: is in the year 9999"),
    ],
)
def test_a_window_that_is_none_is_refused(
    served: Services, ids: dict[str, str], given: dict[str, Any], why: str
) -> None:
    """Also where no service promises anything; each refusal names the argument."""
    assert why in answer(served, BUDGETS, of=[ids["db"]], **given)["errors"][0]["message"]
