"""What can be wrong with a device: one sentence each, never any personal data."""


class DeviceError(Exception):
    """A device is ill. An expected outcome for whoever uses a driver; anything else a driver raises is a bug."""


class Absent(DeviceError):
    """The device is not there: no such port, unplugged, or switched off."""


class Unresponsive(DeviceError):
    """The device is there but did not answer before the deadline."""


class Malformed(DeviceError):
    """The device answered, and the answer cannot be trusted even after asking again."""


class Refused(DeviceError):
    """The device understood and said no; the sentence says what to do."""
