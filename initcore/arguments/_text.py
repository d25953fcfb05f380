"""What a caller gave, in the words of an error: one short line, whatever it is."""

import re
import reprlib
from typing import Any

__all__ = ["one_line", "short_repr"]

_BRIEF = reprlib.Repr()
_BRIEF.maxtuple = _BRIEF.maxlist = _BRIEF.maxdict = _BRIEF.maxset = 12
_BRIEF.maxstring = _BRIEF.maxlong = 120
_BRIEF.maxother = 200


def short_repr(value: Any) -> str:
    """`repr(value)` without the middle of what is long, or the type where it takes several lines.

    >>> short_repr(2.5), short_repr(object()), short_repr(10**5000)
    ('2.5', 'an object of type object', 'an integer of 16610 bits')
    """
    if isinstance(value, int) and value.bit_length() > 512:
        return f"an integer of {value.bit_length()} bits"
    try:
        text = _BRIEF.repr(value)
    except Exception:
        text = "\n"
    if "\n" in text or " at 0x" in text:
        return f"an object of type {type(value).__name__}"
    return text


def one_line(error: BaseException) -> str:
    """What an error says, in one line; its kind where it says nothing.

    >>> one_line(ValueError("no input fits:\\n  (2, 3)"))
    'no input fits: (2, 3)'
    """
    text = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split())  # Keras prints in bold
    return (text if len(text) < 300 else text[:299] + "…") or type(error).__name__
