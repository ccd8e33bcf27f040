"""The number a resident takes home: the station's id, the packet's sequence, and a character against slips."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def registration_number(station: str, sequence: int) -> str:
    """Make the number, for example ``TTS-SOE-01-00042-K``."""
    number = f"{station.upper()}-{sequence:05}"
    return f"{number}-{check_character(number)}"


def is_registration_number(text: str) -> bool:
    """Tell whether ``text`` was copied without a slip."""
    number, _, check = text.rpartition("-")
    letters = number.replace("-", "")
    return bool(letters) and all(c in _ALPHABET for c in letters) and check == check_character(number)


def check_character(number: str) -> str:
    """Compute the check character of ISO/IEC 7064 MOD 37,36: finds every single slip and swapped neighbours."""
    product = 36
    for character in number.replace("-", ""):
        total = (product + _ALPHABET.index(character)) % 36 or 36
        product = total * 2 % 37
    return _ALPHABET[(37 - product) % 36]
