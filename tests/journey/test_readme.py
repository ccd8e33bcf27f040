"""The README shows the journey as the table has it."""

from pathlib import Path

from kiosk.journey.diagram import mermaid
from kiosk.journey.table import TABLE

README = Path(__file__).parents[2] / "README.md"


def test_the_diagram_in_the_readme_is_the_tables() -> None:
    shown = README.read_text(encoding="utf-8").split("<!-- journey: begin -->")[1].split("<!-- journey: end -->")[0]
    assert shown.strip() == f"```mermaid\n{mermaid(TABLE)}```", "paste what `python -m kiosk diagram` prints"
