"""Why an order is not taken; nothing has been done then. `str()` is fit for whoever gave it."""


class NotAllowed(Exception):  # noqa: N818 - reads as what it is
    """The configuration does not allow it, and names what it would."""


class Busy(Exception):  # noqa: N818 - reads as what it is
    """Somebody else changes the set, or too many do."""


class NoSuchSet(Exception):  # noqa: N818 - reads as what it is
    """There is none, or more than one that is called so."""
