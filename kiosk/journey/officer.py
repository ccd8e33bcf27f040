"""The officer's own story, between visits: who it is, how the station stands, and recordings carried away by hand.

Saving to a stick can take minutes, and people wait: it goes on when the officer, or nobody, stays at the screen. What
came of it is told when an officer comes again.
"""

from kiosk.journey import asks, guards, notes
from kiosk.journey.events import (
    Back,
    DeskSeen,
    Next,
    OfficerKnown,
    StickFilled,
    StickProgress,
    StickRefused,
)
from kiosk.journey.machine import Go, Stage, Stay
from kiosk.journey.steps import Step
from kiosk.journey.ways import HOME, PIN, UNASKED, home

OFFICER: dict[Step, Stage] = {
    Step.OFFICER_PIN: Stage(
        secret=True,
        within=60,
        on=HOME | PIN | {OfficerKnown: (UNASKED, Go(Step.OFFICER_DESK, note=(notes.officer,))), Back: (home,)},
    ),
    Step.OFFICER_DESK: Stage(
        enter=(asks.look_at_desk,),
        within=120,
        on=HOME
        | {
            DeskSeen: (Go(Step.STICK_SAVING, when=guards.under_way), Stay(note=(notes.desk,))),
            Next: (Go(Step.STICK_SAVING),),
            Back: (home,),
        },
    ),
    Step.STICK_SAVING: Stage(
        enter=(asks.carry,),
        within=300,
        on=HOME
        | {
            StickProgress: (Stay(note=(notes.progress,)),),
            StickFilled: (Go(Step.STICK_FILLED, note=(notes.carried,)),),
            StickRefused: (Go(Step.STICK_REFUSED, note=(notes.because_told, notes.carried)),),
            Back: (home,),
        },
    ),
    Step.STICK_FILLED: Stage(within=120, on=HOME | {Next: (home,)}),
    Step.STICK_REFUSED: Stage(within=300, on=HOME | {Next: (Go(Step.STICK_SAVING),), Back: (home,)}),
}
