"""Change: see the blast radius before approving, approve exactly what was seen, and see what became of it."""

from cmdb.words import Process
from cmdb_processes.change import clockwork, declared, detection, report, templating
from cmdb_processes.change.record import RECORD

__all__ = ["PROCESS", "RECORD"]
PROCESS = Process(
    name="change",
    sentence="Change enablement: proposed, assessed, approved, done, verified by discovery, and reviewed.",
    records=(RECORD, templating.RECORD, detection.RECORD),
    commands=(*declared.COMMANDS, *templating.COMMANDS, *detection.COMMANDS),
    timers=(*clockwork.TIMERS, *detection.TIMERS),
    questions=(report.QUESTION, detection.QUESTION),
    settings=(("unauthorised_changes", detection.choose),),
)
