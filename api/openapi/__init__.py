"""The OpenAPI 3.1 document, generated from the contract and the views. Pure.

`operations` documents a view, `document` puts all of them together, `breaking` compares
two documents.
"""
