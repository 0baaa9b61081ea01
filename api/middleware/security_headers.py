"""The headers that browsers obey: defaults and content security policies. Pure.

An answer has the DEFAULTS unless its route sets others.
"""

from __future__ import annotations

# For JSON, CSV and problems: taken for a page, they could do nothing.
NOTHING_POLICY = "default-src 'none'; frame-ancestors 'none'"
# An SVG is a document that could run scripts: charts hold none and may run none.
CHART_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# Everything comes from this server; the page itself holds no script or style.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'none'"
)
# dbt's page holds its scripts and styles inline, and may fetch nothing.
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
    # Shared caches do not know that X-API-Key decides who may see an answer.
    "Cache-Control": "no-store",
}
