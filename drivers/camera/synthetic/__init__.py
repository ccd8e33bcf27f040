"""Faces for the simulated camera and the tests: made from one public portrait, posed and changed in known ways."""
