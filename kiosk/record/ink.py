"""The signature as a picture: the strokes drawn in black on white, as the card and the centre need it."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from kiosk.journey.session import Stroke

WIDTH, HEIGHT = 900, 300
_PEN = 7
_FINER = 3
"""Drawn this much larger, then reduced: Pillow's lines have hard edges."""


def signature_png(strokes: Sequence[Stroke], *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Draw ``strokes`` (shares of the signing field) as a PNG, 8-bit grey, black on white, ``width`` × ``height``."""
    large = Image.new("L", (width * _FINER, height * _FINER), 255)
    draw = ImageDraw.Draw(large)
    pen = _PEN * _FINER
    for stroke in strokes:
        points = [(x * large.width, y * large.height) for x, y, _ in stroke]
        if len(points) > 1:
            draw.line(points, fill=0, width=pen, joint="curve")
        for x, y in (points[0], points[-1]) if points else ():
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=0)
    out = io.BytesIO()
    large.resize((width, height), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()
