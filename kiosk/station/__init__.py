"""The running machine: settings, workers, loop, crew, health, text."""
