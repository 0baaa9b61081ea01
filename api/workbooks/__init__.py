"""Excel and OpenDocument workbooks, read in a process of their own."""

from api.workbooks.choice import refuse_choice
from api.workbooks.sheet import Sheet, spooled

__all__ = ["Sheet", "refuse_choice", "spooled"]
