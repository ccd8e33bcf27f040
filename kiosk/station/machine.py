"""What settings ask of the machine that runs them: a driver's package, files that the uplink can read and use.

These are pydantic's validators, so that it is all told together with the other mistakes in the file. Each looks only
where the process that needs the thing is to run (see ``Process``): the demo reads settings before their files are made.
"""

import os
import ssl
from collections.abc import Mapping
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints, ValidationInfo

from kiosk.record.safekeeping import SYSTEMD, sleeps

PACKAGES: Final[Mapping[str, tuple[str, str]]] = {
    "picamera2": ("picamera2", "python3-picamera2"),
    "gpiozero": ("_lgpio", "python3-lgpio"),  # the compiled half: for some Pythons PyPI's lgpio is an empty stub
}
"""For drivers that need more than every installation has: the module, and the distribution's package that brings it."""


class Process(Enum):
    """The processes that read the settings. Validators find those that are to run here in their context."""

    KIOSK = "kiosk"
    UPLINK = "uplink"

    def is_here(self, info: ValidationInfo) -> bool:
        """Whether what this process needs is to be looked for."""
        return self in (info.context or ())


def _has_its_package(driver: str, info: ValidationInfo) -> str:
    module, package = PACKAGES.get(driver, ("", ""))
    if module and Process.KIOSK.is_here(info) and find_spec(module) is None:
        raise ValueError(f"is {driver!r}, which needs the package {package}; this machine has not got it")
    return driver


def _is_readable(file: str, info: ValidationInfo) -> str:
    if Process.UPLINK.is_here(info):
        try:
            Path(file).open("rb").close()
        except OSError as error:
            if not sleeps(Path(file), SYSTEMD):
                raise ValueError(f"{file} cannot be read: {_why(file, error)}") from None
    return file


def _why(file: str, error: OSError) -> str | None:
    if isinstance(error, FileNotFoundError) and Path(file).is_symlink():
        return f"systemd keeps it, and has not shown it here; is it in {SYSTEMD.store}?"
    return error.strerror


def _vouches(authority: str, info: ValidationInfo) -> str:
    if Process.UPLINK.is_here(info):
        try:
            ssl.create_default_context(cafile=authority)
        except ssl.SSLError:
            raise ValueError(f"{authority} holds no certificate") from None
    return authority


def _belongs_to_the_certificate(key: str, info: ValidationInfo) -> str:
    certificate = info.data.get("certificate")  # not there where it was refused itself
    if certificate is not None and Process.UPLINK.is_here(info) and not sleeps(Path(key), SYSTEMD):
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key)
        except ssl.SSLError:
            raise ValueError(f"{key} is not the key of {certificate}, or one of them is damaged") from None
    return key


def _holds_a_password(file: str, info: ValidationInfo) -> str:
    if Process.UPLINK.is_here(info) and not sleeps(Path(file), SYSTEMD) and not Path(file).read_bytes().strip():
        raise ValueError(f"{file} holds no password")
    return file


def _is_a_command(file: str, info: ValidationInfo) -> str:
    if Process.KIOSK.is_here(info) and not os.access(file, os.X_OK):
        raise ValueError(f"{file} is no command that can be run here; name one, or leave the setting out")
    return file


Driven = AfterValidator(_has_its_package)
"""Marks the choice of a driver."""
Located = Annotated[str, StringConstraints(min_length=1)]
"""The path of a file or device."""
Command = Annotated[str, StringConstraints(pattern=r"^/"), AfterValidator(_is_a_command)]
"""The whole path of a program."""
_Read = Annotated[Located, AfterValidator(_is_readable)]
AuthorityFile = Annotated[_Read, AfterValidator(_vouches)]
CertificateFile = _Read
KeyFile = Annotated[_Read, AfterValidator(_belongs_to_the_certificate)]
"""The key of the ``certificate`` that stands before it in the same section."""
PasswordFile = Annotated[_Read, AfterValidator(_holds_a_password)]
