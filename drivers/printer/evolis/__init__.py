"""The Evolis command family: commands, line, panels, driver, and a simulated printer on a pty."""
