"""The shapes of what HTTP answers: routes fill them, OpenAPI documents them.

Only types, one module per noun; nothing is computed here.
"""
