"""How days and moments are written where they are kept, as patterns of whole texts.

Of regular expressions they have only what RE2 and PostgreSQL read alike.
"""

from __future__ import annotations

_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_FOURTH = "(?:0[48]|[2468][048]|[13579][26])"
_LEAP_YEAR = f"(?:[0-9]{{2}}{_FOURTH}|{_FOURTH}00)"
_MONTH_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
# Calendar days as one pattern, so that a clean column costs a single pass.
DAY = f"(?:{_YEAR}-{_MONTH_DAY}|{_LEAP_YEAR}-02-29)"
CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"

DATE = f"^{DAY}$"
TIMESTAMP = rf"^{DAY}T{CLOCK}:[0-5][0-9](?:\.[0-9]{{0,5}}[1-9])?Z$"
