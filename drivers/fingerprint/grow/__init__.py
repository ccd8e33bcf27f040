"""The GROW/ZFM family (R307, R503, AS608 …): packets, line, driver, and a simulated module on a pty."""
