"""Hardware of the station, usable without the kiosk: ``python -m drivers <family> …``."""
