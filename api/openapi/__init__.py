"""The OpenAPI 3.1 document, generated from the contract; nothing is written twice.

Pure. `document` puts together what the modules beside it word, a module per noun.
"""

from api.openapi.document import Facts, document

__all__ = ["Facts", "document"]
