"""What people type finds what they mean."""

import pytest

from cmdb.search import query, terms


def test_a_name_is_indexed_from_each_of_its_word_starts() -> None:
    """Every separator starts a new term, so inner parts are found by their beginning."""
    assert terms(["DB-17.example.org"]) == "db-17.example.org 17.example.org example.org org"
    assert terms(["eth0 10.0.0.5", "db-17"]).split() == ["eth0", "10.0.0.5", "0.0.5", "0.5", "5", "db-17", "17"]


@pytest.mark.parametrize(
    ("typed", "lucene"),
    [
        ("neo", "neo*"),
        ("DB-17", r"db\-17*"),
        ("web 10.0.0.", "web* AND 10.0.0*"),
        ("00:25:90", r"00\:25\:90*"),
        ('a" OR *:*', r"a\"* AND or*"),
        ("(x) && !y", r"\(x\)* AND \!y*"),
    ],
)
def test_what_is_typed_is_data_never_query_language(typed: str, lucene: str) -> None:
    """Operators lose their meaning; every piece becomes a start that must occur."""
    assert query(typed) == lucene


def test_a_long_word_asks_for_its_start() -> None:
    """No term is longer than 256 characters, and the index refuses a question that is."""
    (term,) = terms(["x" * 5_000]).split()
    assert query("x" * 5_000) == term + "*"
    assert len(term) == 256


@pytest.mark.parametrize("typed", ["", "   ", "*", "- : /", "***"])
def test_nothing_to_look_for_is_no_question(typed: str) -> None:
    """Text without a letter or digit asks nothing."""
    assert query(typed) is None
