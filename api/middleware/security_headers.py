"""What browsers are told about our answers: headers and content policies, in one place.

An answer has the DEFAULTS unless its route says otherwise. Pure.
"""

from __future__ import annotations

# JSON, CSV and problems are no pages: were one taken for a page, it could do nothing.
NOTHING_POLICY = "default-src 'none'; frame-ancestors 'none'"
# An SVG is a document that could run scripts: ours holds none, and none may be put in.
CHART_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# Everything from here, and no script or style in the page itself.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'none'"
)
# dbt's page carries its own scripts and styles in itself, and nothing may be fetched.
LINEAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval';"
    " style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'none'"
)
DEFAULTS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": NOTHING_POLICY,
    # No cache between knows what X-API-Key means.
    "Cache-Control": "no-store",
}
