"""Excel and OpenDocument workbooks, read in a process of their own."""

from api.intake.choice import refuse_choice
from api.intake.workbooks.sheet import Sheet, spooled

__all__ = ["Sheet", "refuse_choice", "spooled"]
