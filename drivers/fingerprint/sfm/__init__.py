"""Suprema's SFM modules: codec, line, driver, and a simulated module."""
