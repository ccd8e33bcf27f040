"""Rekam: the self-recording station for the KTP-el."""
