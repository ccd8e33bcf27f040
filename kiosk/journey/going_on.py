"""Going on with a recording that a power cut interrupted: offered to whoever gave number and birth date, and given only
to whom an index finger given then, or an officer, proves to be the same person.

``TAKEN_UP`` holds where the recording goes on, and what happens when it has been destroyed in the meantime.
"""

from kiosk.journey import asks, guards, notes
from kiosk.journey.events import (
    BegunErased,
    CancelAsked,
    Deny,
    FingerAbsent,
    FingerCompared,
    FingerProgress,
    FingerStill,
    HelpAsked,
    Next,
    NotTakenUp,
    OfficerKnown,
    TakenUp,
)
from kiosk.journey.machine import Aside, Go, Stage, Stay
from kiosk.journey.resident import officer_said_no
from kiosk.journey.steps import Device, Refusal, Step
from kiosk.journey.ways import LEAVING, UNASKED, VOUCHING, On

TAKEN_UP: On = {
    TakenUp: (
        Go(Step.SIGNATURE, when=guards.goes_on_at(Step.SIGNATURE), note=(notes.taken_up,)),
        Go(Step.FINGERS, when=guards.goes_on_at(Step.FINGERS), note=(notes.taken_up,)),
        Go(Step.RECHECK, when=guards.goes_on_at(Step.RECHECK), note=(notes.taken_up,)),
        Go(Step.EYES, when=guards.goes_on_at(Step.EYES), note=(notes.taken_up,)),
        Go(Step.REVIEW, when=guards.goes_on_at(Step.REVIEW), note=(notes.taken_up,)),
        Go(Step.OFFICER_CONFIRMS, when=guards.goes_on_at(Step.OFFICER_CONFIRMS), note=(notes.taken_up,)),
    ),
    BegunErased: (Go(Step.CONSENT, note=(notes.begun_anew, notes.because(Refusal.BEGUN_OVER))),),
    NotTakenUp: (Go(Step.BEGUN_BEFORE, note=(notes.because_told,)),),
}

GOING_ON: dict[Step, Stage] = {
    Step.BEGUN_BEFORE: Stage(
        within=120,
        on=LEAVING
        | {
            Next: (
                Stay(when=guards.awaited),
                Go(Step.GO_ON_FINGER, when=guards.begun_has_finger),
                Go(Step.GO_ON_OFFICER),
            ),
            Deny: (Stay(when=guards.free, note=(notes.waiting,), do=(asks.erase_begun,)),),
            BegunErased: (Go(Step.CONSENT, note=(notes.begun_anew,)),),
            # Not in the moment in which it is destroyed: who comes back would be offered what is not there any more.
            CancelAsked: (Aside(Step.CANCEL, when=guards.free),),
            HelpAsked: (Aside(Step.HELP, when=guards.free),),
        },
    ),
    Step.GO_ON_FINGER: Stage(
        enter=(asks.compare_with_begun,),
        leave=(asks.stop_scan,),
        within=120,
        needs=frozenset({Device.FINGERPRINT}),
        on=LEAVING
        | TAKEN_UP
        | {
            FingerProgress: (Stay(note=(notes.progress,)),),
            FingerCompared: (
                Stay(when=guards.owner_proved, note=(notes.waiting,), do=(asks.take_up,)),
                Go(Step.GO_ON_FINGER, when=guards.tries_left_for_owner, note=(notes.owner_again,)),
                Go(Step.GO_ON_OFFICER),
            ),
            FingerAbsent: (
                Go(Step.GO_ON_FINGER, when=guards.tries_left_for_owner, note=(notes.owner_again,)),
                Go(Step.GO_ON_OFFICER),
            ),
            FingerStill: (Stay(note=(notes.because(Refusal.FINGER_LIFT),), do=(asks.compare_with_begun,)),),
        },
    ),
    Step.GO_ON_OFFICER: Stage(
        enter=(asks.call_officer,),
        secret=True,
        within=600,
        on=VOUCHING
        | TAKEN_UP
        | {
            OfficerKnown: (
                UNASKED,
                Stay(when=guards.officer_agrees, note=(notes.waiting,), do=(asks.take_up,)),
                officer_said_no,
            )
        },
    ),
}
