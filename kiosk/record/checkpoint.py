"""The one recording under way, sealed on disk, so that whom a power cut interrupted can go on where they were.

Two files: ``visit.sealed``, AES-256-GCM under a key of this visit alone, and ``visit.key``, that key wrapped (RFC 3394)
by the station's checkpoint key. The header is the associated data. To destroy is to overwrite and remove the key first,
then what it opened: flash may keep what was overwritten, but then still wrapped by the station's key.

There is one place for one visit: the first thing that another visit has to keep takes it.
"""

import os
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from pydantic import ConfigDict, TypeAdapter, ValidationError

from kiosk.journey.kept import Kept
from kiosk.record import canonical
from kiosk.record.clock import Clock, Moment
from kiosk.record.exchange import delete_durably, sync_directory, write_durably

VERSION = 1
"""Of what is written; another one, and another version of the software, is not read."""
CLOCK_SETS_WITHIN = 120.0
"""Seconds after a boot in which the calendar may still be set from the network; until then nothing is judged by it."""
_SEALED, _KEY = "visit.sealed", "visit.key"
_KEY_LENGTH, _NONCE_LENGTH = 32, 12
_FASTEST = 1
_STRICT = ConfigDict(
    strict=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="constants"
)


class NotYet(Exception):
    """Whether this resident may go on cannot be told before the clock of this boot is set."""


class Void(Exception):
    """Nobody may go on with what is kept; the sentence says why, and nothing of what it is."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A recording under way: what was approved, under which id its packet will be made, when it began, and milliseconds
    at each step."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    packet_id: str
    began: datetime
    timings: Mapping[str, int]
    kept: Kept = field(repr=False)


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a checkpoint without opening it. ``uptime`` in milliseconds, ``seconds``: how long it counts."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    version: int
    software: str
    station: str
    packet: str
    boot: str
    uptime: int
    unix: int
    trusted: bool
    seconds: int

    def is_alive(self, now: Moment, *, not_before: int | None) -> bool:
        """Whether the visit may be gone on with; False while that cannot be told yet.

        Raises:
            Void: by reason; from then on it never may.
        """
        if now.boot == self.boot:
            if not self.uptime <= now.uptime * 1000 <= self.uptime + self.seconds * 1000:
                raise Void("the time to go on is over")
            return True
        if not self.trusted:
            raise Void("it was made while the clock was not trusted, in an earlier boot")
        if now.uptime > self.seconds:
            raise Void("the time to go on is over")
        if not now.trusted(not_before=max(self.unix, not_before or 0)):
            if now.uptime > CLOCK_SETS_WITHIN:
                raise Void("the clock is not trusted in this boot")
            return False
        if now.unix > self.unix + self.seconds:
            raise Void("the time to go on is over")
        return True


_CONTENT: TypeAdapter[Checkpoint] = TypeAdapter(Checkpoint)
_HEADER = TypeAdapter(Header)


class Checkpoints:
    """The place for one checkpoint. Owned by one thread."""

    def __init__(self, directory: Path, key: bytes, *, station: str, software: str, seconds: int, clock: Clock) -> None:
        """Look at what the last run left; what cannot be opened is destroyed, on an ill disk as soon as can be.

        ``key``: 32 bytes, the station's. ``seconds``: how long after its last approval a visit may be gone on with;
        with 0 nothing is ever kept.
        """
        self.why_void: str | None = None
        """Why nobody may go on with what the last run left; None where it left nothing, or somebody may."""
        self._directory, self._key = directory, key
        self._station, self._software, self._seconds, self._clock = station, software, seconds, clock
        self._written: Kept | None = None
        self._condemned = False
        self._header: Header | None = None
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.chmod(0o700)
            if any(directory.iterdir()):
                self._take_over()
        except OSError:
            self._condemned, self.why_void = True, "the disk is ill"

    def _take_over(self) -> None:
        try:
            self._header = self._open()[0]
            if not self._seconds:
                raise Void("the settings keep nothing")
        except Void as why:
            self.why_void = str(why)
            self.destroy()

    @property
    def packet_id(self) -> str | None:
        """The id of the packet that the kept visit will become; None where nothing is kept."""
        return None if self._header is None or self._condemned else self._header.packet

    def keep(self, checkpoint: Checkpoint) -> None:
        """Put the visit as it stands in the place of how it stood; another visit is destroyed first.

        Raises:
            OSError: the disk is ill; what was kept of this visit before may still be there.
            ValueError: something in it is not what it says it is, and could not be read back.
        """
        if not self._seconds or (self.packet_id == checkpoint.packet_id and checkpoint.kept == self._written):
            return
        try:
            key = self._visit_key() if self.packet_id == checkpoint.packet_id else self._new_key()
        except Void:
            key = self._new_key()
        now = self._clock()
        header = Header(
            version=VERSION,
            software=self._software,
            station=self._station,
            packet=checkpoint.packet_id,
            boot=now.boot,
            uptime=int(now.uptime * 1000),
            unix=now.unix,
            trusted=now.kept,
            seconds=self._seconds,
        )
        head, nonce = _HEADER.dump_json(header), secrets.token_bytes(_NONCE_LENGTH)
        # Without this, something of another type is only warned of, with what it holds, on the journal.
        content = zlib.compress(_CONTENT.dump_json(checkpoint, warnings="error"), _FASTEST)
        sealed = AESGCM(key).encrypt(nonce, content, head)
        write_durably(self._directory / _SEALED, canonical.encode([head, nonce, sealed]), mode=0o600)
        self._header, self._written, self._condemned = header, checkpoint.kept, False

    def find(self, nik: str, *, not_before: int | None) -> Checkpoint | None:
        """Find the visit that this resident may go on with. ``not_before``: as for ``Moment.trusted``.

        Raises:
            NotYet: it is theirs, and it is too early after the boot to say more.
            OSError: the disk is ill.
        """
        if self.packet_id is None:
            return None
        try:
            header, checkpoint = self._open()
            alive = header.is_alive(self._clock(), not_before=not_before)
        except Void:
            return None
        if checkpoint.kept.nik != nik:
            return None
        if not alive:
            raise NotYet
        return checkpoint

    def destroy_if_over(self, *, not_before: int | None) -> str | None:
        """Destroy what nobody may go on with any more, and tell why; None where nothing had to be.

        Raises:
            OSError: the disk is ill; asked again, it is tried again.
        """
        if self._condemned:
            self.destroy()
            return "it could not be destroyed before"
        if self._header is None:
            return None
        try:
            self._header.is_alive(self._clock(), not_before=not_before)
        except Void as why:
            self.destroy()
            return str(why)
        return None

    def destroy(self) -> None:
        """Make sure that what is kept cannot be opened any more, then remove it. Nothing kept is fine.

        Raises:
            OSError: the disk is ill; nobody is offered it any more, and ``destroy_if_over`` tries again.
        """
        self._condemned, self._written = True, None
        key = self._directory / _KEY
        try:
            descriptor = os.open(key, os.O_WRONLY)
        except FileNotFoundError:
            pass
        else:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(os.fstat(descriptor).st_size))
                file.flush()
                os.fsync(descriptor)
            delete_durably(key)
        for left in [*self._directory.iterdir()]:
            left.unlink()
        sync_directory(self._directory)
        self._header, self._condemned = None, False

    def _new_key(self) -> bytes:
        self.destroy()
        key = secrets.token_bytes(_KEY_LENGTH)
        self._condemned = True  # until there is something that it opens
        write_durably(self._directory / _KEY, aes_key_wrap(self._key, key), mode=0o600)
        return key

    def _visit_key(self) -> bytes:
        try:
            return aes_key_unwrap(self._key, (self._directory / _KEY).read_bytes())
        except (FileNotFoundError, InvalidUnwrap, ValueError):
            raise Void("its key is missing or not this station's") from None

    def _open(self) -> tuple[Header, Checkpoint]:
        """Read, check and open what is on disk.

        Raises:
            Void: by reason.
        """
        key = self._visit_key()
        try:
            head, nonce, sealed = _parts(canonical.decode((self._directory / _SEALED).read_bytes()))
            header = _HEADER.validate_json(head)
        except FileNotFoundError:
            raise Void("there is a key, and nothing that it opens") from None
        except (canonical.NotCanonical, TypeError, ValidationError):
            raise Void("it is damaged, or not built as it should be") from None
        if (header.version, header.software) != (VERSION, self._software):
            raise Void("another version of the software wrote it")
        if header.station != self._station:
            raise Void("another station wrote it")
        try:
            content = zlib.decompress(AESGCM(key).decrypt(nonce, sealed, head))
            checkpoint = _CONTENT.validate_json(content)
        except (InvalidTag, zlib.error, ValidationError):
            raise Void("it is damaged, or not built as it should be") from None
        if checkpoint.packet_id != header.packet:
            raise Void("it is damaged, or not built as it should be")
        return header, checkpoint


def _parts(content: Any) -> tuple[bytes, bytes, bytes]:
    match content:
        case [bytes() as head, bytes() as nonce, bytes() as sealed] if len(nonce) == _NONCE_LENGTH:
            return head, nonce, sealed
    raise TypeError
