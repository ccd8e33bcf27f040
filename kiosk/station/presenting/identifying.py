"""Who is it? NIK, birth date, and only then the details to confirm."""

from kiosk.journey.events import Deny, Next
from kiosk.journey.guards import DATE_DIGITS, NIK_DIGITS
from kiosk.journey.session import Sex
from kiosk.screens import views
from kiosk.screens.views import Button, Hint, View
from kiosk.station.presenting.telling import Telling


def nik(tell: Telling) -> View:
    """The sixteen digits, in fours as on the family card."""
    say, typed = tell.say, tell.session.typed
    return views.Entry(
        tell.page(
            say("Type your NIK"),
            say("16 digits, as on your family card."),
            back=True,
            primary=tell.next(ready=len(typed) == NIK_DIGITS),
            hint=tell.refused_here(),
        ),
        groups=(4, 4, 4, 4),
        typed=typed,
        keys=tell.keys(),
        erase=tell.erase(),
    )


def birth_date(tell: Telling) -> View:
    """Day, month and year, so that a NIK read over a shoulder is not enough."""
    say, typed = tell.say, tell.session.typed
    return views.Entry(
        tell.page(
            say("When were you born?"),
            say("So we know that the NIK is yours."),
            back=True,
            primary=tell.next(ready=len(typed) == DATE_DIGITS),
            hint=tell.refused_here(),
        ),
        groups=(2, 2, 4),
        typed=typed,
        keys=tell.keys(),
        erase=tell.erase(),
        captions=(say("Day"), say("Month"), say("Year")),
    )


def is_this_you(tell: Telling) -> View:
    """The details as the roster has them, line by line."""
    say, biodata = tell.say, tell.session.biodata
    assert biodata is not None, "the table comes here only with biodata"  # noqa: S101 - a mistake of the table's
    hint = tell.refused_here()
    if hint is None and biodata.nik_disagrees:
        hint = Hint(say("The date within the NIK is another one. That can happen and does no harm."), "info")
    sex = say("Male") if biodata.sex is Sex.MALE else say("Female")
    return views.Lines(
        tell.page(
            say("Is this you?"),
            say("Read each line. Only an officer can change them."),
            secondary=Button(say("Not me, or something is wrong"), Deny(), "close"),
            primary=Button(say("Yes, this is me"), Next(), "tick", ready=not tell.session.busy),
            hint=hint,
        ),
        rows=(
            (say("Name"), biodata.name),
            (say("NIK"), " ".join(biodata.nik[at : at + 4] for at in range(0, NIK_DIGITS, 4))),
            (say("Born"), f"{biodata.birth_place}, {say.date(biodata.birth_date)}"),
            (say("Sex"), sex),
            (say("Address"), biodata.address),
            (say("Village"), f"{biodata.village}, {biodata.district}"),
        ),
    )
