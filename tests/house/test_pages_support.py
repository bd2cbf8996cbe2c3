"""The checker of pages catches a page that lies."""

from pathlib import Path

import pytest
from support.pages import Page, Typed, paired, pieces, typed

ONE, OTHER = "ci_" + "a1" * 10, "ci_" + "b2" * 10


def page(tmp_path: Path, text: str) -> Path:
    """A page with that text."""
    path = tmp_path / "page.md"
    path.write_text(text)
    return path


def test_a_page_is_cut_into_steps_and_commands() -> None:
    """Steps and commands in order; other blocks are left alone, a closing backslash goes on below."""
    lines = ["<!-- then: dawn -->", "```console", "$ a \\", "b", "c", "$ d", "```", "```sh", "$ e", "```"]
    assert list(pieces(lines)) == ["dawn", Typed("a \\\nb", 4, 5), Typed("d", 6, 6)]


def test_dots_stand_for_any_lines_and_for_none() -> None:
    """Which line is which, or None."""
    assert paired(["a", "…", "d"], ["a", "b", "c", "d"]) == [(0, 0), (2, 3)]
    assert paired(["a", "…"], ["a"]) == [(0, 0)]
    assert paired(["a"], ["a", "b"]) is None
    assert paired(["…", "b"], ["a"]) is None


@pytest.mark.parametrize(
    ("printed", "right"),
    [
        (f"{ONE}    {OTHER}\\n2030-01-10T21:00Z seen 5 s ago\\n{ONE}", True),
        (f"{ONE}    {ONE}\\n2030-01-10T21:00Z seen 5 s ago\\n{ONE}", False),
        (f"{ONE}    {OTHER}\\n2030-01-10T21:00Z seen 5 s ago\\n{OTHER}", False),
        (f"{ONE}    {OTHER}\\nnow seen 5 s ago\\n{ONE}", False),
    ],
)
def test_ids_may_be_others_but_not_mixed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str, right: bool
) -> None:
    """One id of the page is one real id; times and ages may differ, words may not."""
    monkeypatch.delenv("WRITE_PAGES", raising=False)
    one, other = "ci_" + "c3" * 10, "ci_" + "d4" * 10
    shown = f"{one}  {other}\n2029-05-05T20:15Z seen 2 h ago\n{one}"
    checked = Page(page(tmp_path, f"```console\n$ printf '{printed}'\n{shown}\n```\n"), {})
    if right:
        checked.check()
        assert checked.real["c3" * 10] == "a1" * 10
    else:
        with pytest.raises(AssertionError, match="printed"):
            checked.check()


def test_a_command_of_ours_may_go_on_below() -> None:
    """A closing backslash joins the lines, as a shell would."""
    assert "unexpected extra argument" in typed("epicentre impact a \\\n  b")
    assert "\\x0a" not in typed("epicentre impact a \\\n  b")


def test_steps_of_page_and_test_are_the_same(tmp_path: Path) -> None:
    """A step that nobody takes, and one that the page does not name, are both wrong; a right one is called in place."""
    told: list[str] = []
    dawn = {"dawn": lambda: told.append("dawn")}
    with pytest.raises(AssertionError):
        Page(page(tmp_path, "<!-- then: dusk -->\n"), dawn).check()
    Page(page(tmp_path, "<!-- then: dawn -->\n```console\n$ true\n```\n"), dawn, lambda: told.append("after")).check()
    assert told == ["dawn", "after"]


def test_a_page_is_written_anew_with_ids_that_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs is written, with made-up ids that are the same each time; what fits is left as it is."""
    monkeypatch.setenv("WRITE_PAGES", "1")
    path = page(tmp_path, f"# T\n```console\n$ printf 'is {ONE}'\nwas\n$ printf yes\n…\n```\nend\n")
    Page(path, {}).check()
    first = path.read_text()
    assert first.endswith("$ printf yes\n…\n```\nend\n")
    assert ONE not in first.splitlines()[3]
    path.write_text(first.replace("is ci_5", "is no ci_5"))
    Page(path, {}).check()
    assert path.read_text() == first


def test_an_exit_code_that_the_page_names_is_checked(tmp_path: Path) -> None:
    """What ends otherwise than the page says fails, whatever it prints; without a word about it any end will do."""
    Page(page(tmp_path, "```console\n$ epicentre no-such-command  # exit code 2\n…\n```\n"), {}).check()
    Page(page(tmp_path, "```console\n$ epicentre no-such-command\n…\n```\n"), {}).check()
    with pytest.raises(AssertionError, match="exit code 2"):
        Page(page(tmp_path, "```console\n$ epicentre no-such-command  # exit code 0\n…\n```\n"), {}).check()
