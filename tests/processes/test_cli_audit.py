"""What `audit verify` and `retention` say and exit with, against a server that answers as told."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.scripted import Scripted, Turns, serving
from support.signed_in import signed_in

from cmdb_processes.cli import main

BROKEN = {"seq": 412, "reason": "it is missing: after 411 comes 413"}


def page(seq: int, **more: Any) -> dict[str, Any]:
    """A page of an audit as the server answers."""
    return {
        "seq": seq, "hash": f"h{seq}", "head": 600, "done": seq == 600, "broken": None, "checkpoints": 3,
        "certain": 590, "publicKey": "aa", **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pages", "code", "said"),
    [
        ([page(250), page(500), page(600)], 0,
         "the journal is whole: 600 entries; 3 signed checkpoints prove it up to entry 590\n"),
        ([page(600, checkpoints=0)], 0, "the journal is whole: 600 entries; no checkpoint was signed yet\n"),
        ([page(250), page(411, done=True, broken=BROKEN)], 2,
         "BROKEN at entry 412: it is missing: after 411 comes 413\n"),
    ],
)  # fmt: skip
def test_an_audit_goes_on_until_it_is_done_or_something_is_broken(
    pages: list[dict[str, Any]], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Each page begins where the one before ended; exit code 0 or 2, in text as in JSON."""
    monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path))
    for options in ([], ["--json"]):
        with serving(Scripted({"audit": Turns(pages)})) as server:
            signed_in(tmp_path, server.url, "epi_home\n")
            monkeypatch.setattr(sys, "argv", ["epicentre", "audit", "verify", *options])
            with pytest.raises(SystemExit) as ended:
                main.main()
            out = capsys.readouterr().out
        starts = [{"after": 0, "hash": ""}] + [{"after": p["seq"], "hash": p["hash"]} for p in pages[:-1]]
        assert [variables for _, variables in server.asked] == starts
        assert ended.value.code == code
        if options:
            assert json.loads(out)["whole"] is (code == 0) and json.loads(out)["seq"] == pages[-1]["seq"]
        else:
            assert out == said
