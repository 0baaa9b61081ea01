"""The OpenAPI 3.1 document, generated from the contract; nothing is written twice.

Pure. `operations` keeps on a view what the document says of it, `document` puts all of
them together, `breaking_changes` compares two documents.
"""

from api.openapi.breaking import breaking_changes
from api.openapi.document import Route, document
from api.openapi.operations import Facts

__all__ = ["Facts", "Route", "breaking_changes", "document"]
