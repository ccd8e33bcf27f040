"""What happens: steps, events, effects, the transition table, the session. Pure: no clock, no files, no threads."""
