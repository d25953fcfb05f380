"""Matplotlib figures as elements of a page."""

import io
import re
from typing import Any

__all__ = ["picture", "svg"]


def svg(figure: Any) -> str:
    """The figure as an element of a page."""
    file = io.StringIO()
    figure.savefig(file, format="svg")
    text = file.getvalue()
    return "<figure>" + re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :],
                               flags=re.DOTALL) + "</figure>"  # fmt: skip


def picture(report: Any) -> str:
    """The report's figure as an element of a page, nothing where matplotlib is missing."""
    try:
        return svg(report.figure())
    except ModuleNotFoundError:
        return ""
