"""The resident's journey. Read it from top to bottom: this is everything that can happen.

Two stories share their beginning: being recorded, and collecting a finished card. ``ORDER`` is what can come of looking
for a person's card; the rows that many steps share are in ``ways``.
"""

from kiosk.journey import asks, captures, guards, notes
from kiosk.journey.events import (
    Back,
    Begin,
    CancelAsked,
    CannotGive,
    CardLookedFor,
    CardNotPrinted,
    CardPrinted,
    Deny,
    DeviceBack,
    Digit,
    Erase,
    EyesJudged,
    EyesTaken,
    FaceJudged,
    FingerAbsent,
    FingerCompared,
    FingerProgress,
    FingerStill,
    FingerTaken,
    HandsPhotoTaken,
    HelpAsked,
    IdentityProved,
    IdentityRefused,
    Inked,
    LanguageChosen,
    Marked,
    Next,
    NikKnown,
    NikRefused,
    NotSealed,
    OfficerAsked,
    OfficerKnown,
    OnlyMarked,
    OrderFound,
    OrderInDoubt,
    OrderRefused,
    PhotoTaken,
    PrintProgress,
    PurposeChosen,
    RosterSeen,
    Sealed,
    TimedOut,
    WhyChosen,
)
from kiosk.journey.excepting import Subject
from kiosk.journey.machine import Aside, Go, Return, Row, Skip, Stage, Stay
from kiosk.journey.steps import RECORDING_NEEDS, Device, Refusal, Step
from kiosk.journey.ways import ATTENDED, HOME, LEAVING, UNASKED, VOUCHING, On, home, waited_in_vain

kept = Go(Step.RECEIPT, note=(notes.accepted,))
officer_said_no = Go(Step.REFUSED, note=(notes.because(Refusal.OFFICER_NO),))
ORDER: On = {
    OrderFound: (
        Go(Step.COLLECT_FINGER, when=guards.order_has_finger, note=(notes.order,)),
        Go(Step.COLLECT_OFFICER, note=(notes.order,)),
    ),
    OrderInDoubt: (Go(Step.CARD_DOUBT, note=(notes.order_in_doubt,)),),
    OrderRefused: (
        Go(Step.NO_CARD_YET, when=guards.no_order, note=(notes.because_told,)),
        Go(Step.REFUSED, note=(notes.because_told,)),
    ),
}

RECORDING: dict[Step, Stage] = {
    Step.OUT_OF_SERVICE: Stage(
        enter=(asks.forget,),
        on={
            DeviceBack: (Go(Step.ATTRACT, when=guards.all_here),),
            RosterSeen: (Go(Step.ATTRACT, when=guards.all_here),),
            HelpAsked: (Aside(Step.HELP),),
        },
        # It may have come while somebody was aside.
        skip=Skip(Step.ATTRACT, when=guards.everything_here),
    ),
    Step.ATTRACT: Stage(
        enter=(asks.forget,),
        needs=RECORDING_NEEDS,
        without=Step.OUT_OF_SERVICE,
        skip=Skip(Step.OUT_OF_SERVICE, when=guards.no_roster),
        on={Begin: (Go(Step.LANGUAGE),), HelpAsked: (Aside(Step.HELP),)},
    ),
    Step.LANGUAGE: Stage(
        within=60,
        on=LEAVING | {LanguageChosen: (Go(Step.PURPOSE, note=(notes.language,)),), Back: (home,)},
    ),
    Step.PURPOSE: Stage(
        within=60,
        on=LEAVING | {PurposeChosen: (Go(Step.NIK, note=(notes.purpose,)),), Back: (Go(Step.LANGUAGE),)},
    ),
    # Who is it? Nothing about a number's owner is told, or even known here, before the birth date was right.
    Step.NIK: Stage(
        within=120,
        on=LEAVING
        | {
            Digit: (Stay(when=guards.nik_has_room, note=(notes.digit,)),),
            Erase: (Stay(when=guards.free, note=(notes.erased,)),),
            Next: (
                Stay(when=guards.nik_complete, note=(notes.waiting,), do=(asks.look_up,)),
                Stay(when=guards.free, note=(notes.because(Refusal.NIK_LENGTH),)),
            ),
            NikKnown: (Go(Step.BIRTH_DATE, when=guards.as_typed, note=(notes.nik,)),),
            NikRefused: (
                Go(Step.REFUSED, when=guards.typed_and_over, note=(notes.because_told,)),
                Stay(when=guards.as_typed, note=(notes.typed_stays,)),
            ),
            Back: (Go(Step.PURPOSE),),
        },
    ),
    Step.BIRTH_DATE: Stage(
        within=120,
        on=LEAVING
        | {
            Digit: (Stay(when=guards.date_has_room, note=(notes.digit,)),),
            Erase: (Stay(when=guards.free, note=(notes.erased,)),),
            Next: (
                Stay(when=guards.date_complete, note=(notes.waiting,), do=(asks.prove,)),
                Stay(when=guards.free, note=(notes.because(Refusal.DATE_IMPOSSIBLE),)),
            ),
            IdentityProved: (Go(Step.IS_THIS_YOU, note=(notes.biodata,)),),
            IdentityRefused: (
                Go(Step.REFUSED, when=guards.tries_are_over, note=(notes.because_told,)),
                Stay(when=guards.not_answered, note=(notes.typed_stays,)),
                Stay(note=(notes.because_told,)),
            ),
            Back: (Go(Step.NIK),),
        },
    ),
    Step.IS_THIS_YOU: Stage(
        within=120,
        on=LEAVING
        | ORDER
        | {
            Next: (
                Stay(when=guards.collecting, note=(notes.waiting,), do=(asks.find_order,)),
                Go(
                    Step.NOT_ELIGIBLE,
                    when=guards.already_recorded,
                    note=(notes.because(Refusal.ALREADY_RECORDED),),
                ),
                Go(Step.NOT_ELIGIBLE, when=guards.too_young, note=(notes.because(Refusal.TOO_YOUNG),)),
                Go(Step.BEGUN_BEFORE, when=guards.had_begun),
                Go(Step.CONSENT),
            ),
            Deny: (Go(Step.REFUSED, note=(notes.because(Refusal.BIODATA_WRONG),)),),
        },
    ),
    Step.NOT_ELIGIBLE: Stage(within=60, on=HOME | {Next: (home,), HelpAsked: (Aside(Step.HELP),)}),
    Step.CONSENT: Stage(
        within=180,
        on=LEAVING
        | {
            Next: (Go(Step.PHOTO, note=(notes.consent,)),),
            Deny: (Go(Step.REFUSED, note=(notes.because(Refusal.CONSENT_NO),)),),
        },
    ),
    # The photo is seen and approved before anything else is captured (circular of October 2024).
    Step.PHOTO: Stage(
        enter=(asks.keep, asks.watch),
        leave=(asks.unwatch,),
        within=180,
        needs=frozenset({Device.CAMERA}),
        on=LEAVING
        | {
            FaceJudged: (
                Stay(when=guards.face_good_long_enough, note=(captures.face, notes.waiting), do=(asks.take_photo,)),
                Stay(note=(captures.face,)),
            ),
            Next: (Stay(when=guards.shutter_offered, note=(notes.waiting,), do=(asks.take_photo,)),),
            PhotoTaken: (
                Go(
                    Step.PHOTO,
                    when=guards.photo_could_be_better,
                    note=(captures.photo, notes.because(Refusal.PHOTO_NOT_YET)),
                ),
                Go(Step.PHOTO_REVIEW, when=guards.awaited, note=(captures.photo,)),
            ),
        },
    ),
    Step.PHOTO_REVIEW: Stage(
        within=120,
        on=LEAVING | {Next: (Go(Step.SIGNATURE),), Deny: (Go(Step.PHOTO, note=(captures.no_photo,)),)},
    ),
    Step.SIGNATURE: Stage(
        enter=(asks.keep,),
        within=180,
        on=LEAVING
        | {
            Inked: (Stay(note=(captures.ink,)),),
            Erase: (Stay(note=(captures.no_ink,)),),
            Next: (
                Go(Step.FINGERS, when=guards.signed),
                Stay(note=(notes.because(Refusal.SIGNATURE_EMPTY),)),
            ),
            CannotGive: (Go(Step.EXCEPTION_ASKED, note=(notes.excepting(Subject.SIGNATURE),)),),
            Back: (Go(Step.PHOTO_REVIEW),),
        },
    ),
    # One finger after another, until each was given or excepted.
    Step.FINGERS: Stage(
        enter=(asks.keep, asks.scan),
        leave=(asks.stop_scan,),
        within=180,
        needs=frozenset({Device.FINGERPRINT}),
        skip=Skip(Step.HANDS_PHOTO, when=guards.every_finger_settled),
        on=LEAVING
        | {
            FingerProgress: (Stay(note=(notes.progress,)),),
            FingerTaken: (
                Go(Step.FINGERS, when=guards.given_before, note=(captures.given_before,)),
                Go(Step.FINGERS, when=guards.given_before_again, note=(captures.both_again,)),
                Go(Step.FINGERS, when=guards.finger_settled, note=(captures.finger_kept,)),
                Go(Step.FINGERS, when=guards.finger_asked, note=(captures.finger_again,)),
            ),
            FingerAbsent: (Stay(note=(notes.because(Refusal.FINGER_NONE),), do=(asks.scan,)),),
            FingerStill: (Stay(note=(notes.because(Refusal.FINGER_LIFT),), do=(asks.scan,)),),
            CannotGive: (Go(Step.EXCEPTION_ASKED, note=(notes.excepting(Subject.FINGERS),), keeps=True),),
        },
    ),
    # The centre believes an exception when it sees the hands, and whose they are.
    Step.HANDS_PHOTO: Stage(
        enter=(asks.keep, asks.watch),
        leave=(asks.unwatch,),
        within=180,
        needs=frozenset({Device.CAMERA}),
        skip=Skip(Step.RECHECK, when=guards.no_finger_excepted),
        on=LEAVING
        | {
            Next: (Stay(when=guards.free, note=(captures.self_timer,)),),
            FaceJudged: (Stay(when=guards.self_timer_over, note=(notes.waiting,), do=(asks.take_hands_photo,)),),
            HandsPhotoTaken: (Go(Step.HANDS_REVIEW, when=guards.awaited, note=(captures.hands_photo,)),),
        },
    ),
    Step.HANDS_REVIEW: Stage(
        within=120,
        on=LEAVING | {Next: (Go(Step.RECHECK),), Deny: (Go(Step.HANDS_PHOTO),)},
    ),
    # The index fingers go into the chip: each that was given is given once more.
    Step.RECHECK: Stage(
        enter=(asks.keep, asks.compare),
        leave=(asks.stop_scan,),
        within=180,
        needs=frozenset({Device.FINGERPRINT}),
        skip=Skip(Step.EYES, when=guards.index_fingers_checked),
        on=LEAVING
        | {
            FingerProgress: (Stay(note=(notes.progress,)),),
            FingerCompared: (
                Go(Step.RECHECK, when=guards.recheck_settled, note=(captures.recheck_kept,)),
                Go(Step.RECHECK, when=guards.recheck_asked, note=(captures.recheck_again,)),
            ),
            # A finger that was given once and is not felt again keeps nobody here, and costs nobody the other nine:
            # the officer is told.
            TimedOut: (Go(Step.RECHECK, note=(captures.not_given_again,)),),
            FingerAbsent: (
                Go(Step.RECHECK, when=guards.absent_often, note=(captures.not_given_again,)),
                Go(Step.RECHECK, note=(captures.recheck_absent,)),
            ),
            FingerStill: (Stay(note=(notes.because(Refusal.FINGER_LIFT),), do=(asks.compare,)),),
            CannotGive: (Go(Step.RECHECK, note=(captures.not_given_again,)),),
        },
    ),
    # Only where the station has the camera for it. One that stops costs nobody the recording: the officer is told.
    Step.EYES: Stage(
        enter=(asks.keep, asks.watch_eyes),
        leave=(asks.unwatch_eyes,),
        within=180,
        needs=frozenset({Device.EYE_CAMERA}),
        skip=Skip(Step.REVIEW, when=guards.no_eyes_to_take),
        on=LEAVING
        | {
            EyesJudged: (
                Stay(when=guards.eyes_good_long_enough, note=(captures.eyes, notes.waiting), do=(asks.take_eyes,)),
                Stay(when=guards.eyes_waited_for_long, note=(captures.eyes, notes.waiting), do=(asks.take_eyes,)),
                Stay(note=(captures.eyes,)),
            ),
            EyesTaken: (
                Go(
                    Step.EYES,
                    when=guards.eyes_could_be_better,
                    note=(captures.irises, notes.because(Refusal.EYES_NOT_YET)),
                ),
                Go(Step.REVIEW, when=guards.awaited, note=(captures.irises,)),
            ),
            CannotGive: (Go(Step.EXCEPTION_ASKED, note=(notes.excepting(Subject.EYES),)),),
        },
    ),
    Step.REVIEW: Stage(enter=(asks.keep,), within=180, on=LEAVING | {Next: (Go(Step.SIGN_OFF),)}),
    Step.SIGN_OFF: Stage(
        within=180,
        on=LEAVING | {Next: (Go(Step.OFFICER_CONFIRMS),), Back: (Go(Step.REVIEW),)},
    ),
    Step.OFFICER_CONFIRMS: Stage(
        enter=(asks.keep, asks.call_officer),
        secret=True,
        within=600,
        on=VOUCHING
        | {
            TimedOut: (waited_in_vain,),
            OfficerKnown: (
                UNASKED,
                Go(Step.SEALING, when=guards.officer_agrees, note=(notes.officer,)),
                officer_said_no,
            ),
        },
    ),
    # No way to stop here: it takes a moment, and then the recording is safe or the station says why it is not.
    Step.SEALING: Stage(
        enter=(asks.seal,),
        within=60,
        on={
            Sealed: (kept,),
            NotSealed: (Go(Step.NOT_KEPT, note=(notes.because_told,)),),
            TimedOut: (Go(Step.NOT_KEPT, note=(notes.because(Refusal.SEAL_FAILED),)),),
        },
    ),
    # Not given up: an officer is called, who has time to make room, and it is tried again.
    Step.NOT_KEPT: Stage(
        enter=(asks.call_officer,),
        within=600,
        on=LEAVING | {TimedOut: (waited_in_vain,), Next: (Go(Step.SEALING),), Sealed: (kept,)},
    ),
    Step.RECEIPT: Stage(within=90, on=HOME | {Next: (home,), HelpAsked: (Aside(Step.HELP),)}),
}

# An officer excepts what cannot be given, with the reason. Silence, or second thoughts, lead back to what was asked.
BACK_TO_IT: tuple[Row, ...] = (
    Go(Step.SIGNATURE, when=guards.of_the_signature, note=(notes.not_excepted,)),
    Go(Step.EYES, when=guards.of_the_eyes, note=(notes.not_excepted,)),
    Go(Step.FINGERS, note=(notes.not_excepted,), keeps=True),
)
EXCEPTING: dict[Step, Stage] = {
    Step.EXCEPTION_ASKED: Stage(
        enter=(asks.call_officer,),
        secret=True,
        within=600,
        on=ATTENDED
        | {
            OfficerKnown: (
                UNASKED,
                Go(Step.EXCEPTION_WHY, when=guards.of_the_signature, note=(notes.officer,)),
                Go(Step.EXCEPTION_WHICH, note=(notes.officer,), keeps=True),
            ),
            Back: (Stay(when=guards.awaited), *BACK_TO_IT),
            TimedOut: BACK_TO_IT,
        },
    ),
    # No way aside: what only an officer may say would be asked of whoever stands there on the way back.
    Step.EXCEPTION_WHICH: Stage(
        within=120,
        on=HOME
        | {
            Marked: (Stay(note=(notes.marked,)),),
            OnlyMarked: (Go(Step.EXCEPTION_WHY, when=guards.may_be_marked, note=(notes.only_marked,)),),
            Next: (
                Go(Step.EXCEPTION_WHY, when=guards.something_marked, keeps=True),
                Go(Step.FINGERS, when=guards.something_unmarked, note=(notes.excepted,)),
                Stay(note=(notes.because(Refusal.NOTHING_MARKED),)),
            ),
            Back: BACK_TO_IT,
            TimedOut: BACK_TO_IT,
        },
    ),
    Step.EXCEPTION_WHY: Stage(
        within=120,
        on=HOME
        | {
            WhyChosen: (
                Go(Step.FINGERS, when=guards.of_the_signature, note=(notes.excepted,)),
                Go(Step.EYES, when=guards.of_the_eyes, note=(notes.excepted,)),
                Go(Step.FINGERS, note=(notes.excepted,)),
            ),
            Back: BACK_TO_IT,
            TimedOut: BACK_TO_IT,
        },
    ),
}

COLLECTING: dict[Step, Stage] = {
    # How far the card is. Whoever was never recorded, or must be once more, need not begin anew for it.
    Step.NO_CARD_YET: Stage(
        within=60,
        on=HOME
        | {
            Next: (
                Stay(when=guards.may_be_recorded_instead, note=(notes.waiting,), do=(asks.look_up_to_record,)),
                Stay(when=guards.awaited),
                home,
            ),
            NikKnown: (
                Go(Step.BEGUN_BEFORE, when=guards.awaited_and_had_begun, note=(notes.to_record,)),
                Go(Step.CONSENT, when=guards.awaited, note=(notes.to_record,)),
            ),
            NikRefused: (Go(Step.REFUSED, when=guards.awaited, note=(notes.because_told,)),),
            Deny: (home,),
            HelpAsked: (Aside(Step.HELP),),
        },
    ),
    Step.COLLECT_FINGER: Stage(
        enter=(asks.compare_with_order,),
        leave=(asks.stop_scan,),
        within=120,
        needs=frozenset({Device.FINGERPRINT}),
        on=LEAVING
        | {
            FingerProgress: (Stay(note=(notes.progress,)),),
            FingerCompared: (
                Go(Step.PRINTING, when=guards.owner_proved, note=(notes.owner,)),
                Go(Step.COLLECT_FINGER, when=guards.tries_left_for_owner, note=(notes.owner_again,)),
                Go(Step.COLLECT_OFFICER),
            ),
            # Whoever cannot give a finger comes to the officer as well.
            FingerAbsent: (
                Go(Step.COLLECT_FINGER, when=guards.tries_left_for_owner, note=(notes.owner_again,)),
                Go(Step.COLLECT_OFFICER),
            ),
            FingerStill: (Stay(note=(notes.because(Refusal.FINGER_LIFT),), do=(asks.compare_with_order,)),),
        },
    ),
    Step.COLLECT_OFFICER: Stage(
        enter=(asks.call_officer,),
        secret=True,
        within=600,
        on=VOUCHING
        | {
            OfficerKnown: (
                UNASKED,
                Go(Step.PRINTING, when=guards.officer_agrees, note=(notes.officer,)),
                officer_said_no,
            )
        },
    ),
    # Waits for the printer's verdict, whatever it takes: a card must never be printed by guess.
    Step.PRINTING: Stage(
        enter=(asks.print_card,),
        on={
            PrintProgress: (Stay(note=(notes.progress,)),),
            CardPrinted: (Go(Step.CARD_READY),),
            CardNotPrinted: (
                Go(Step.CARD_DOUBT, when=guards.card_in_doubt),
                Go(Step.CARD_FAILED, note=(notes.because_told,)),
            ),
        },
    ),
    Step.CARD_READY: Stage(within=60, on=HOME | {Next: (home,), HelpAsked: (Aside(Step.HELP),)}),
    Step.CARD_FAILED: Stage(within=120, on=HOME | {Next: (home,), HelpAsked: (Aside(Step.HELP),)}),
    # Nobody knows whether the card came out: an officer looks, and only then it is told, or printed once more.
    Step.CARD_DOUBT: Stage(
        enter=(asks.call_officer,),
        secret=True,
        within=600,
        on=ATTENDED | {OfficerKnown: (UNASKED, Go(Step.CARD_LOOKED_FOR, note=(notes.officer,)))},
    ),
    # No way aside: what only an officer may say would be asked of whoever stands there on the way back.
    Step.CARD_LOOKED_FOR: Stage(
        within=300,
        on=HOME
        | ORDER
        | {
            CardLookedFor: (
                Stay(when=guards.free, note=(notes.card_looked_for, notes.waiting), do=(asks.settle_card,)),
            ),
            CardPrinted: (Go(Step.CARD_READY),),
            Back: (Go(Step.CARD_DOUBT),),
        },
    ),
}

ASIDES: dict[Step, Stage] = {
    # Silence is no word for stopping: then the step before goes on, with its own time. A recording that becomes safe
    # while somebody wonders is told as safe, never as erased.
    Step.CANCEL: Stage(
        within=60,
        on=HOME
        | {
            TimedOut: (Return(),),
            Next: (Return(),),
            Deny: (home,),
            HelpAsked: (Aside(Step.HELP),),
            Sealed: (kept,),
        },
    ),
    Step.HELP: Stage(
        enter=(asks.call_officer,),
        within=600,
        on=HOME
        | {
            TimedOut: (waited_in_vain,),
            Next: (Return(),),
            CancelAsked: (Aside(Step.CANCEL),),
            Sealed: (kept,),
            OfficerAsked: (Go(Step.OFFICER_PIN, when=guards.between_visits),),
        },
    ),
    Step.INTERRUPTED: Stage(
        enter=(asks.call_officer,),
        within=600,
        on=HOME
        | {
            TimedOut: (waited_in_vain,),
            DeviceBack: (Return(when=guards.awaited_here),),
            Next: (Return(when=guards.nothing_awaited),),
            CancelAsked: (Aside(Step.CANCEL),),
        },
    ),
    # Says why, and what to do next.
    Step.REFUSED: Stage(enter=(asks.keep,), within=90, on=HOME | {Next: (home,), HelpAsked: (Aside(Step.HELP),)}),
}

RESIDENT: dict[Step, Stage] = RECORDING | EXCEPTING | COLLECTING | ASIDES
