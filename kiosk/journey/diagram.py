"""The journey's diagram, drawn from the table itself, so that it cannot leave anything out."""

from kiosk.journey.machine import Aside, Go, Return, Row, Stage, Stay, Table
from kiosk.journey.steps import Step
from kiosk.journey.ways import HOME, LEAVING


def mermaid(table: Table) -> str:
    """The table as a Mermaid state diagram: one arrow a row, guards in brackets, what stays drawn as a note."""
    lines = ["stateDiagram-v2", f"    [*] --> {_id(Step.OUT_OF_SERVICE)}", "    Back: back to where it stood"]
    for step, stage in table.items():
        lines += [f"    {_id(step)}: {_title(step, stage)}"]
    for step, stage in table.items():
        if stage.needs:
            missing = " or ".join(sorted(device.value for device in stage.needs))
            lines.append(f"    {_id(step)} --> {_id(stage.without)}: {missing} missing")
        if stage.skip:
            lines.append(f"    {_id(step)} --> {_id(stage.skip.to)}: skipped [{stage.skip.when.__name__}]")
        for event, rows in stage.on.items():
            shared = rows is LEAVING.get(event) or rows is HOME.get(event)
            if shared:
                continue  # said once, below
            lines += [_arrow(step, event.__name__, row) for row in rows if not isinstance(row, Stay)]
    lines += _shared(table)
    return "\n".join(lines) + "\n"


def _shared(table: Table) -> list[str]:
    lines = []
    for event, rows in LEAVING.items():
        steps = [step for step, stage in table.items() if stage.on.get(event) is rows]
        row = rows[0]
        if steps and not isinstance(row, Stay):
            target = f"to {row.to.value}" if isinstance(row, Go | Aside) else "back"
            lines.append(f"    note left of {_id(Step.ATTRACT)}: {event.__name__} {target}, from " + _listed(steps))
    return lines


def _listed(steps: list[Step]) -> str:
    return ", ".join(step.value for step in steps)


def _arrow(step: Step, event: str, row: Row) -> str:
    guard = f" [{row.when.__name__}]" if row.when else ""
    match row:
        case Return():
            return f"    {_id(step)} --> Back: {event}{guard}"
        case Go() | Aside():
            return f"    {_id(step)} --> {_id(row.to)}: {event}{guard}"
        case Stay():
            return f"    {_id(step)} --> {_id(step)}: {event}{guard}"


def _title(step: Step, stage: Stage) -> str:
    within = "" if stage.within is None else f" ({stage.within:.0f} s)"
    return step.value + within


def _id(step: Step) -> str:
    return "".join(part.capitalize() for part in step.value.split("-"))
