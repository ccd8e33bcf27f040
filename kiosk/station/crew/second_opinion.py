"""A second opinion on a finger image: the score of NIST's NFIQ 2, where an office has installed its command.

The command line is that of NFIQ 2 from 2.1 on (usnistgov/NFIQ2, doc/nfiq2_tool.1.md and src/tool): ``nfiq2 -F image``
answers one image with its score alone on one line, or with a sentence, and leaves with 0 either way; without arguments
it prints its usage and version. It starts anew for each image, which on a Pi takes it some seconds.
"""

import contextlib
import io
import logging
import os
import re
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

log = logging.getLogger(__name__)

WITHIN = 15.0
"""Seconds for one opinion."""
LOOK = 0.1
"""Seconds between looks at whether an opinion is still wanted."""
LEAST_SIDE = 197
"""Pixels at 500 ppi below which NFIQ 2 judges nothing (its manual, note 1); a round window of 192 is never judged."""
MOST_BYTES = 4096
"""More than the usage text; whoever says more is no nfiq2."""

_SCORE = re.compile(rb"\s*(\d{1,3})\s*")
_REFUSAL = re.compile(rb"\s*(Error: |NFIR resample error: )")
_VERSION = re.compile(rb"^NFIQ 2: ([0-9A-Za-z.+-]{1,20})", re.MULTILINE)
_NONE = 255
"""ISO/IEC 29794-1's "no score could be computed", as versions before 2.1 printed it."""


class SecondOpinion:
    """Asks the ``command`` (an absolute path); from one that is missing, ill or slow there is no opinion.

    The image never touches a disk: the command reads it from memory that it inherits. What is wrong with the command is
    logged once, without anything it said.
    """

    def __init__(self, command: Path, *, within: float = WITHIN) -> None:
        self._command, self._within = command, within
        self._told = False
        self._version: str | None = None

    def score(self, pixels: bytes, width: int, height: int, *, ppi: int, over: threading.Event) -> int | None:
        """Return NFIQ 2's score of a grey image, 0 to 100, or None when it gives none; within the deadline.

        ``pixels``: a byte each, row by row, 0 = ridge. Once ``over`` is set, the command is ended and nothing of the
        image is kept. Raises ValueError when the pixels are not ``width`` × ``height``.
        """
        if len(pixels) != width * height or not pixels:
            raise ValueError(f"{len(pixels)} bytes are no grey image of {width} × {height} pixels")
        if min(width, height) * 500 < LEAST_SIDE * ppi:
            return None
        said = self._asked(_png(pixels, width, height, ppi), over)
        if said is None:
            return None
        number = _SCORE.fullmatch(said)
        if number is not None and int(number[1]) <= 100:
            return int(number[1])
        if not (_REFUSAL.match(said) or (number is not None and int(number[1]) == _NONE)):
            self._tell("answers with something else than a score; see that it is NFIQ 2, version 2.1 or later")
        return None

    def version(self, *, over: threading.Event) -> str:
        """Return the version that the command says it is, as "2.3.0"; empty when it says none, or ``over`` is set.
        Asked for until it was told once."""
        if self._version is None:
            found = _VERSION.search(self._asked(None, over) or b"")
            if found is None:
                # Too slow this time, perhaps: it is asked for with the next finger.
                return ""
            self._version = found[1].decode("ascii")
        return self._version

    def _asked(self, image: bytes | None, over: threading.Event) -> bytes | None:
        """Return what the command says of ``image``, or of itself; None when it fails, is too slow, or it is over."""
        until = time.monotonic() + self._within
        try:
            memory = None if image is None else _memory(image)
        except OSError as error:
            self._tell(f"cannot be handed an image ({error.strerror}); see what takes this machine's memory")
            return None
        try:
            # Its own session, so that whatever it starts ends with it. What it says on stderr may be anything.
            process = subprocess.Popen(  # noqa: S603  # a command that the settings name, no shell
                [self._command, *([] if memory is None else ["-F", f"/proc/self/fd/{memory}"])],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=() if memory is None else (memory,),
                env={"PATH": os.defpath, "LC_ALL": "C"},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            self._tell(f"cannot be started ({error.strerror}); correct its path in the settings, or install it")
            return None
        finally:
            if memory is not None:
                os.close(memory)
        try:
            return self._heard(process, until, over)
        except OSError as error:
            self._tell(f"cannot be heard ({error.strerror}); start the station anew")
            return None
        finally:
            _end(process)

    def _heard(self, process: subprocess.Popen[bytes], until: float, over: threading.Event) -> bytes | None:
        """Return all that ``process`` says, when it ends well and in time."""
        if process.stdout is None:  # never, with a pipe
            return None
        said = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            for seconds in _looks(until, over):
                if not selector.select(seconds):
                    continue
                part = os.read(process.stdout.fileno(), MOST_BYTES)
                said += part
                if len(said) > MOST_BYTES:
                    self._tell("says more than NFIQ 2 does; see that the settings name the right command")
                    return None
                if not part:
                    break
            else:
                self._late("gave no answer", over)
                return None
        for seconds in _looks(until, over):
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = process.wait(seconds)
                break
        else:
            self._late("did not end", over)
            return None
        if status != 0:
            self._tell(f"ended with status {status}; try it by hand on an image, its model file may be missing")
            return None
        return said

    def _late(self, what: str, over: threading.Event) -> None:
        if not over.is_set():
            self._tell(f"{what} within {self._within:g} seconds; try it by hand on an image")

    def _tell(self, what: str) -> None:
        if not self._told:
            self._told = True
            log.warning("the NFIQ 2 command %s", what)


def _png(pixels: bytes, width: int, height: int, ppi: int) -> bytes:
    """Return the image as a PNG that says its resolution, without which nfiq2 would take it for 72 ppi."""
    written = io.BytesIO()
    Image.frombytes("L", (width, height), pixels).save(written, "PNG", dpi=(ppi, ppi), compress_level=1)
    return written.getvalue()


def _looks(until: float, over: threading.Event) -> Iterator[float]:
    """Seconds to wait at a time, up to the deadline, or until it is over."""
    while not over.is_set() and (left := until - time.monotonic()) > 0:
        yield min(left, LOOK)


def _memory(image: bytes) -> int:
    """Return a descriptor of anonymous memory that holds ``image``."""
    memory = os.memfd_create("finger")
    try:
        with open(memory, "wb", closefd=False) as file:
            file.write(image)
    except OSError:
        os.close(memory)
        raise
    return memory


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of ``process`` and all it started, and forget it without waiting for a sleeping kernel."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.5)
    if process.stdout is not None:
        process.stdout.close()
