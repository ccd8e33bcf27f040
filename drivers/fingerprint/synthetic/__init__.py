"""Fingers that nobody has: grown impressions, and the pixels-only matcher inside the simulated readers."""
