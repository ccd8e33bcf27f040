"""Where the secrets of a process are kept: in a file of its own, or by systemd, sealed to this machine or its TPM 2.0.

systemd shows a sealed secret (a "credential": systemd-creds(1), systemd.exec(5)) to one service alone, in memory that
is never swapped. Where a secret of that kind would lie as a file, a link to the place where its service is shown it
tells so: what systemd does not show is missing, and no file is taken instead.
"""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from kiosk.record.exchange import PARTIAL, delete_durably, sync_directory, write_durably

INSTALLED = Path("/var/lib/kiosk")
"""The state directory of an installed station: the only one whose services systemd starts."""
_PROBE = "rekam-probe"
_TPM_DRIVER = Path("/dev/tpmrm0")
_LARGEST = 1 << 20
_SECONDS = 60
"""A TPM makes its primary key anew each time: a few seconds for a slow one."""


class NotProvisioned(Exception):
    """The station's keys are missing or unreadable; the sentence says which file, and what to run."""


class Keep(Enum):
    """How secrets are kept."""

    FILES = "files"
    MACHINE = "machine"
    TPM = "tpm"

    @property
    def promise(self) -> str:
        """What it protects against, plainly."""
        return {
            Keep.FILES: (
                "The keys lie in files that only their process can read. Whoever takes the disk or SD card out can read"
                " them."
            ),
            Keep.MACHINE: (
                "The keys are sealed by systemd with a key of this machine's, which lies on the same disk: a copied"
                " state directory is worth nothing, but whoever takes the whole disk or SD card out can read them."
            ),
            Keep.TPM: (
                "The keys are sealed by systemd to this machine's TPM: the disk or SD card alone is worth nothing."
                " Whoever takes the whole machine can still start it."
            ),
        }[self]


_WITH_KEY = {Keep.MACHINE: "host", Keep.TPM: "host+tpm2"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """systemd's safe. Services name what they are shown: ``LoadCredentialEncrypted=NAME`` finds it in ``store``."""

    store: Path = Path("/etc/credstore.encrypted")
    shown: Path = Path("/run/credentials")
    """Below it, systemd shows each service what is its: ``<unit>/<name>``."""
    tpm: str = "auto"
    """Which TPM, as systemd-creds is told it."""

    def put(self, name: str, content: bytes, keep: Keep) -> None:
        """Seal ``content`` durably, and see that it opens again before anything relies on it. Needs root.

        Raises:
            NotProvisioned: systemd cannot; the sentence has its reason.
        """
        self.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        sealed = self._sealed(name, content, keep)
        # systemd 252 seals to an empty set of PCRs what it then cannot open: believe only what was tried.
        if self._opened(name, sealed) != content:
            raise NotProvisioned("systemd-creds does not open what it has sealed; nothing was changed.")
        write_durably(self.store / name, sealed, mode=0o600)

    def get(self, name: str) -> bytes:
        """Open what is sealed, with the right of root.

        Raises:
            NotProvisioned: it is not there, or this machine cannot open it.
        """
        try:
            sealed = (self.store / name).read_bytes()
        except OSError as error:
            raise NotProvisioned(
                f"{self.store / name}, where systemd keeps this station's keys, cannot be read ({error.strerror})."
            ) from None
        return self._opened(name, sealed)

    def forget(self, name: str) -> None:
        """Take it out of the safe."""
        if (self.store / name).exists():
            delete_durably(self.store / name)

    def works(self, keep: Keep) -> bool:
        """Try it out with something that is no secret."""
        try:
            return self._opened(_PROBE, self._sealed(_PROBE, b"probe", keep)) == b"probe"
        except NotProvisioned:
            return False

    def _sealed(self, name: str, content: bytes, keep: Keep) -> bytes:
        # PCR 7, systemd's own default: the state of Secure Boot where there is any, else the TPM alone.
        chip = (f"--tpm2-device={self.tpm}", "--tpm2-pcrs=7") if keep is Keep.TPM else ()
        return _run("encrypt", f"--with-key={_WITH_KEY[keep]}", *chip, f"--name={name}", "-", "-", said=content)

    def _opened(self, name: str, sealed: bytes) -> bytes:
        chip = () if self.tpm == "auto" else (f"--tpm2-device={self.tpm}",)
        return _run("decrypt", *chip, f"--name={name}", "-", "-", said=sealed)


SYSTEMD = Credentials()
"""systemd's own places."""


def _run(*arguments: str, said: bytes) -> bytes:
    program = shutil.which("systemd-creds")
    if program is None:
        raise NotProvisioned("this machine has no systemd-creds (systemd 252 or later); use --keep files.")
    done = subprocess.run(  # noqa: S603  the distribution's own program
        [program, *arguments], input=said, capture_output=True, check=False, timeout=_SECONDS
    )
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise NotProvisioned(f"systemd-creds cannot {arguments[0]} this station's keys: {reason}")
    return done.stdout


def best(state: Path, credentials: Credentials) -> Keep:
    """The best that this machine has: the TPM, else systemd's key of this machine, else files.

    systemd keeps nothing for a station that it does not start: one in a folder of its own has files.
    """
    if os.geteuid() != 0 or state != INSTALLED or shutil.which("systemd-creds") is None:
        return Keep.FILES
    if (_TPM_DRIVER.exists() or credentials.tpm != "auto") and credentials.works(Keep.TPM):
        return Keep.TPM
    return Keep.MACHINE if credentials.works(Keep.MACHINE) else Keep.FILES


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret of one process, as a file at ``path`` or as what ``unit`` is shown as ``name``."""

    path: Path
    unit: str
    name: str

    def is_there(self) -> bool:
        """Whether it was ever kept; what is a link may still be missing where it leads."""
        return os.path.lexists(self.path)

    def read(self, credentials: Credentials) -> bytes:
        """Bring it: from its file, from where its service is shown it, or for root out of systemd's safe.

        Raises:
            NotProvisioned: it is missing, or not for whoever asks; the sentence says what to do.
        """
        if not self._is_kept_by_systemd(credentials):
            return read_own(self.path)
        if os.geteuid() == 0:
            if not (credentials.store / self.name).exists():
                raise NotProvisioned(
                    f"{credentials.store / self.name}, where systemd keeps this station's keys, is gone. Bring it back;"
                    f" if it is lost, so are the roster and the ledger: remove {self.path}, and run `kiosk provision`."
                )
            return credentials.get(self.name)  # what a running service was shown may be older
        try:
            return self._shown(credentials).read_bytes()
        except OSError:
            raise NotProvisioned(
                f"The station's keys are kept by systemd, which shows them to {self.unit} alone, and has not shown them"
                f" here. Run this as root; if it is the service, see whether {credentials.store / self.name} is there."
            ) from None

    def keep(self, content: bytes, how: Keep, credentials: Credentials) -> None:
        """Keep ``content`` so, and no other copy of it; what it was before stays until that is done.

        Raises:
            NotProvisioned: systemd cannot keep it.
            OSError: among others, without the right to write there.
        """
        was_sealed = self._is_kept_by_systemd(credentials)
        if how is Keep.FILES:
            with as_owner_of(self.path.parent):
                write_durably(self.path, content, mode=0o600)
            if was_sealed:
                credentials.forget(self.name)
            return
        credentials.put(self.name, content, how)
        partial = self.path.with_name(self.path.name + PARTIAL)
        with as_owner_of(self.path.parent):
            partial.unlink(missing_ok=True)
            partial.symlink_to(self._shown(credentials))
            partial.rename(self.path)
            sync_directory(self.path.parent)

    def forget(self, credentials: Credentials) -> None:
        """Let it be gone; one that is gone already is fine."""
        if self._is_kept_by_systemd(credentials):
            credentials.forget(self.name)
        with as_owner_of(self.path.parent):
            delete_durably(self.path)

    def _shown(self, credentials: Credentials) -> Path:
        return credentials.shown / self.unit / self.name

    def _is_kept_by_systemd(self, credentials: Credentials) -> bool:
        try:
            # Root goes by its own idea of the place, never by where a link leads that another user may have laid.
            return self.path.readlink() == self._shown(credentials)
        except OSError:
            return False


def read_own(path: Path) -> bytes:
    """Read a file of the station's keys; a link is none.

    Raises:
        NotProvisioned: naming the file.
    """
    try:
        # Not to wait at a pipe that another user may have laid there.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(_LARGEST)
    except PermissionError:
        raise NotProvisioned(f"{path.name} is not for whoever runs this: run it as root.") from None
    except OSError as error:
        raise NotProvisioned(
            f"{path.name} cannot be read ({error.strerror}); run `sudo kiosk provision`, then take the grant in."
        ) from None


def sleeps(path: Path, credentials: Credentials) -> bool:
    """Whether systemd keeps what belongs at ``path`` for a service that does not run now; only root can tell."""
    try:
        if not path.is_symlink() or path.exists():
            return False
        target = path.readlink()
        return target.parent.parent == credentials.shown and (credentials.store / target.name).exists()
    except PermissionError:
        return False


@contextmanager
def as_owner_of(directory: Path) -> Iterator[None]:
    """Act, where this is root, as the user the directory belongs to.

    Files made there are then theirs, and a link they might have laid leads root nowhere that they cannot go themselves.

    Raises:
        NotProvisioned: the directory itself is such a link: where it leads may be root's.
        OSError: it is not there.
    """
    if os.geteuid() != 0:
        yield
        return
    owner, groups = directory.lstat(), os.getgroups()
    if not stat.S_ISDIR(owner.st_mode):
        raise NotProvisioned(
            f"{directory} is no folder but may lead to one: root does not go there. Put the folder itself in its place."
        )
    os.setgroups([])
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
