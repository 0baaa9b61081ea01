"""What may be at work at a time, and for how long it may take to arrive.

`admission` is the layer that takes a request that writes or says that it is too much,
`slots` counts them. `request_bodies` is the layer that reads what requests bring, each
as a `body`; `overdue` ends the connections of those that take too long.
"""

from api.middleware.admission.admission import Admission
from api.middleware.admission.request_bodies import WHOLE_BYTES, RequestBodies

__all__ = ["WHOLE_BYTES", "Admission", "RequestBodies"]
