"""The technician's view of all stations."""
