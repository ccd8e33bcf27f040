"""From a view to pixels, and to the places that answer to touch. Nothing here knows the time or the visit before."""

from typing import assert_never

from kiosk.screens.canvas import Canvas
from kiosk.screens.capture import draw_portrait, draw_signing, live_signing
from kiosk.screens.course import draw_course
from kiosk.screens.entry import draw_entry
from kiosk.screens.hands import draw_hands, live_hands
from kiosk.screens.hurry import draw_hurry
from kiosk.screens.marks import draw_marks
from kiosk.screens.preview import draw_preview, live_preview
from kiosk.screens.sheet import Sheet
from kiosk.screens.summary import draw_summary
from kiosk.screens.telling import draw_lines, draw_message, draw_points, draw_receipt, live_message
from kiosk.screens.views import (
    Attract,
    Choice,
    Course,
    Entry,
    Hands,
    Lines,
    Marks,
    Message,
    Points,
    Portrait,
    Preview,
    Receipt,
    Signing,
    Summary,
    Target,
    View,
)
from kiosk.screens.welcome import draw_attract, draw_choice


def draw(canvas: Canvas, view: View) -> tuple[Target, ...]:
    """Draw ``view`` on the canvas; returns its targets, the topmost last.

    What stands still is drawn once: as long as the next view compares equal, only its live parts are drawn anew.
    """
    still = canvas.recall(view)
    if still is None:
        canvas.inscriptions.clear()
        sheet = _sheet(canvas, view)
        _still(sheet, view)
        still = tuple(sheet.targets)
        if isinstance(view, Preview | Signing | Hands | Message):
            canvas.remember(view, still)
        else:
            canvas.forget()
    sheet = _sheet(canvas, view)
    _live(sheet, view)
    if view.page.hurry is not None:
        canvas.inscriptions.clear()
        return draw_hurry(canvas, view.page.hurry, pressed=view.page.pressed)
    return (*still, *sheet.targets)


def _sheet(canvas: Canvas, view: View) -> Sheet:
    page = view.page
    if isinstance(view, Preview | Hands) and page.back is None and page.primary is None:
        # The one button stands beside the stage, and may come later: what is live must not change its size then.
        return Sheet(canvas, page, footed=False)
    return Sheet(canvas, page)


def _still(sheet: Sheet, view: View) -> None:
    match view:
        case Attract():
            draw_attract(sheet, view)
        case Choice():
            draw_choice(sheet, view)
        case Marks():
            draw_marks(sheet, view)
        case Entry():
            draw_entry(sheet, view)
        case Lines():
            draw_lines(sheet, view)
        case Message():
            draw_message(sheet, view)
        case Course():
            draw_course(sheet, view)
        case Points():
            draw_points(sheet, view)
        case Preview():
            draw_preview(sheet, view)
        case Portrait():
            draw_portrait(sheet, view)
        case Signing():
            draw_signing(sheet, view)
        case Hands():
            draw_hands(sheet, view)
        case Summary():
            draw_summary(sheet, view)
        case Receipt():
            draw_receipt(sheet, view)
        case _:
            assert_never(view)


def _live(sheet: Sheet, view: View) -> None:
    match view:
        case Preview():
            live_preview(sheet, view)
        case Signing():
            live_signing(sheet, view)
        case Hands():
            live_hands(sheet, view)
        case Message():
            live_message(sheet, view)
        case _:
            pass
