"""The OpenAPI 3.1 document, generated from the contract; nothing is written twice.

Pure. `document` puts together what the modules beside it word, a module per noun;
`breaking_changes` compares two.
"""

from api.openapi.breaking import breaking_changes
from api.openapi.document import Facts, document

__all__ = ["Facts", "breaking_changes", "document"]
