"""Ways that several steps share, whoever stands there: home, aside, and an officer's PIN."""

from kiosk.journey import asks, guards, notes
from kiosk.journey.events import (
    CancelAsked,
    Deny,
    Digit,
    Erase,
    Event,
    HelpAsked,
    MoreTime,
    Next,
    OfficerRefused,
    TimedOut,
)
from kiosk.journey.machine import Aside, Go, Row, Stay
from kiosk.journey.steps import Refusal, Step

On = dict[type[Event], tuple[Row, ...]]

home = Go(Step.ATTRACT, note=(notes.forgotten,))

waited_in_vain = Go(Step.ATTRACT, note=(notes.forgotten, notes.begun_stays))
"""Silence where somebody had to wait for the station or an officer: what they approved is not lost by it."""

HOME: On = {
    TimedOut: (home,),
    MoreTime: (Stay(),),
}
"""Wherever a visit can be given up."""
LEAVING: On = HOME | {
    CancelAsked: (Aside(Step.CANCEL),),
    HelpAsked: (Aside(Step.HELP),),
}
"""The ways to stop, or to call an officer."""
PIN: On = {
    Digit: (Stay(when=guards.pin_has_room, note=(notes.digit,)),),
    Erase: (Stay(when=guards.free, note=(notes.erased,)),),
    Next: (
        Stay(when=guards.pin_complete, note=(notes.says_yes, notes.waiting), do=(asks.check_officer,)),
        Stay(when=guards.free, note=(notes.because(Refusal.PIN_MISSING),)),
    ),
    OfficerRefused: (Stay(note=(notes.because_told,)),),
}
"""An officer types the PIN, and confirms."""
ATTENDED: On = (
    LEAVING
    | {
        # Not while a PIN is looked up: its answer would count for whatever is asked after coming back.
        CancelAsked: (Aside(Step.CANCEL, when=guards.free),),
        HelpAsked: (Aside(Step.HELP, when=guards.free),),
    }
    | PIN
)
"""An officer says yes within a resident's visit, never without a PIN."""
VOUCHING: On = ATTENDED | {
    Deny: (
        Stay(when=guards.pin_complete, note=(notes.says_no, notes.waiting), do=(asks.check_officer,)),
        Stay(when=guards.free, note=(notes.because(Refusal.PIN_MISSING),)),
    ),
}
"""An officer says yes or no, neither of them without a PIN."""
UNASKED = Stay(when=guards.free)
"""An answer to a PIN that nobody waits for any more."""
