"""How wide text is, without a font at hand: advance widths of DejaVu Sans, among the widest of common fonts.

A browser with another font draws narrower, seldom wider; each box is clipped besides.
"""

from __future__ import annotations

import unicodedata

FONT = "'DejaVu Sans',Verdana,'Segoe UI','Helvetica Neue',Arial,sans-serif"
_REGULAR = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
)  # fmt: skip
"""Of the characters from space to tilde, in thousandths of the font size."""
_BOLD = 1.13
"""Bold against regular: 1.13 at most for letters in words, by the same font."""
_OTHER = 980
"""Letters beyond ASCII: 95 of 100 are narrower."""
_WIDE = 1060
"""Chinese, Japanese and Korean characters, and emoji."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width in px at this font size in px."""
    return sum(map(_advance, text)) * size / 1000 * (_BOLD if bold else 1.0)


def _advance(character: str) -> int:
    if " " <= character <= "~":
        return _REGULAR[ord(character) - 32]
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in {"W", "F"} else _OTHER


def clip(text: str, most: float, size: float, *, bold: bool = False) -> str:
    """The text, or its beginning and an ellipsis, not wider than `most` px."""
    if width(text, size, bold=bold) <= most:
        return text
    room = most - width("…", size, bold=bold)
    used, end = 0.0, 0
    for end, character in enumerate(text):  # noqa: B007  # where it stopped is the answer
        used += width(character, size, bold=bold)
        if used > room:
            break
    return text[:end].rstrip() + "…"


def wrap(text: str, most: float, size: float, lines: int, *, bold: bool = False) -> tuple[str, ...]:
    """At most so many lines broken at spaces, none wider than `most` px; the last ends with an ellipsis if cut."""
    found: list[str] = []
    words = text.split()
    while words and len(found) < lines - 1:
        line = words.pop(0)
        while words and width(f"{line} {words[0]}", size, bold=bold) <= most:
            line += f" {words.pop(0)}"
        found.append(clip(line, most, size, bold=bold))
    return tuple([*found, clip(" ".join(words), most, size, bold=bold)] if words else found)
