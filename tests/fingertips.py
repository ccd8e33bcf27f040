"""Made-up fingers, each grown once a process: a quarter of a second of work that many tests begin with.

Whatever asks whether a finger grows the same way twice must call ``master`` itself.
"""

from functools import cache

from drivers.fingerprint.synthetic.synthesis import master

grown = cache(master)
