"""The page about business time shows what its examples really answer."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "business-time.md"


def test_the_examples_of_the_page_answer_what_it_says() -> None:
    """Every example is run, in order, and there are some."""
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert (failed, tried > 30) == (0, True)
