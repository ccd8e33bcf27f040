"""What it looks like: from frozen view models to pixels; no clock, no state, no input or output."""
