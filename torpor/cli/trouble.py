"""What went wrong in a long-running process, for people: known trouble is a sentence, a mistake of ours a traceback."""

import logging

from torpor.cli.child import DidNotStart
from torpor.cli.failure import Failed

log = logging.getLogger(__name__)


def as_failure(raised: BaseException) -> BaseException:
    """The exception to raise in its place: Failed for what the operator can mend, else the first of the group."""
    while isinstance(raised, BaseExceptionGroup):
        raised = raised.exceptions[0]
    if isinstance(raised, OSError | DidNotStart):
        log.debug("ended by", exc_info=raised)
        return Failed(str(raised))
    return raised
