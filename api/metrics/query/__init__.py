"""What a request asks of a metric: which rows, columns and order, and from where on.

Pure: a mart and the request's parameters in, a value out that the warehouse can run.
"""

from api.metrics.query.cursor import cursor_text
from api.metrics.query.filters import OPERATORS, operators_of
from api.metrics.query.model import Condition, Query
from api.metrics.query.paging import page
from api.metrics.query.reader import MOST_ROWS, read_query

__all__ = [
    "MOST_ROWS",
    "OPERATORS",
    "Condition",
    "Query",
    "cursor_text",
    "operators_of",
    "page",
    "read_query",
]
