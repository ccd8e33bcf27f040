"""The whole journey: the table that the station runs by."""

from kiosk.journey.going_on import GOING_ON
from kiosk.journey.machine import Stage
from kiosk.journey.officer import OFFICER
from kiosk.journey.resident import RESIDENT
from kiosk.journey.steps import Step

TABLE: dict[Step, Stage] = RESIDENT | GOING_ON | OFFICER
