"""How pages look: light and dark, large enough, and with contrast enough to be read by all."""

import base64
import hashlib

# foreground and background of texts; a test computes their contrast (WCAG 2.2: at least 4.5, texts of length 7)
_NAMES = ("paper", "ink", "soft", "line", "link", "band")
LIGHT = dict(zip(_NAMES, ("#ffffff", "#12263a", "#44586c", "#c3d0dc", "#0b5394", "#eef4f8"), strict=True))
DARK = dict(zip(_NAMES, ("#0d1722", "#e8f0f6", "#b4c4d2", "#33475a", "#8cc4ff", "#15222f"), strict=True))


def _colours(found: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in found.items())


STYLE = (
    f":root{{color-scheme:light dark;{_colours(LIGHT)}}}"
    f"@media (prefers-color-scheme:dark){{:root{{{_colours(DARK)}}}}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1.5rem;max-width:64rem;font:1.0625rem/1.55 system-ui,sans-serif;"
    "background:var(--paper);color:var(--ink)}"
    "a{color:var(--link);text-underline-offset:.15em}a:focus-visible{outline:3px solid var(--link);outline-offset:2px}"
    "h1{line-height:1.2;margin:.5rem 0 1rem}h2{margin:2rem 0 .5rem}nav,footer,.soft{color:var(--soft)}"
    "nav ol{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0;margin:0}"
    "nav li+li::before{content:'›';margin-right:.5rem}"
    "dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.35rem 1.5rem}dt{color:var(--soft)}"
    "dd{margin:0;overflow-wrap:anywhere}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%}"
    "caption{text-align:left;color:var(--soft);padding:.25rem 0}"
    "th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}"
    "thead th{background:var(--band);padding-left:.5rem}td:first-child,tbody th{padding-left:.5rem}"
    "footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:1rem}"
)
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# Nothing is run and nothing is fetched, whatever a text in a file may say.
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
