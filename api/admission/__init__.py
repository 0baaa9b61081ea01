"""What may be at work at a time, and for how long it may take to arrive.

`admission` is the layer that takes a request that writes or says that it is too much,
`slots` counts them, `body` reads what they bring, `overdue` ends the connections of
those that take too long.
"""

from api.admission.admission import WHOLE_BYTES, Admission

__all__ = ["WHOLE_BYTES", "Admission"]
