"""The page that leads to the documents of the services."""

from collections.abc import Sequence
from html import escape
from string import Template

from ocean_gateway.domain.merge import operations
from ocean_gateway.domain.ports import Service

TASKS = {
    "metadata": "Which data exist: datasets, variables, depths and time steps.",
    "data": "Numbers: values at points, through depth and time.",
    "plotting": "Pictures: plots, map tiles, colour scales.",
}
_CARD = Template("""\
<section aria-labelledby="$name">
<h2 id="$name">$title</h2>
<p>$task</p>
<p class="$state">$status</p>
$links
</section>""")
_LINKS = Template("""\
<p><a href="/$name/docs">Swagger UI</a> · <a href="/$name/docs/redoc">ReDoc</a> ·
<a href="/$name/openapi.json">OpenAPI</a></p>
<details><summary>$count operations</summary><ul>$items</ul></details>""")


def hub(page: Template, services: Sequence[Service], version: str) -> str:
    """Write the page: one card a service, that says how it is."""
    away = [service.name for service in services if service.document is None]
    note = f"<p class='away' role='status'>No answer now from {' and '.join(away)}.</p>" if away else ""
    return page.substitute(cards="\n".join(map(_card, services)), note=note, version=escape(version))


def _card(service: Service) -> str:
    state, status = _status(service)
    return _CARD.substitute(
        name=escape(service.name),
        title=escape(service.name.capitalize()),
        task=escape(TASKS.get(service.name, "")),
        state=state,
        status=escape(status),
        links=_links(service),
    )


def _status(service: Service) -> tuple[str, str]:
    if service.document is None:
        return "away", "✕ does not answer"
    if service.reasons:
        return "limited", "! limited: " + "; ".join(service.reasons)
    return "ready", "✓ ready"


def _links(service: Service) -> str:
    if service.document is None:
        return ""
    rows = operations(service.document)
    items = "".join(
        f"<li><code>{escape(method)} {escape(path)}</code><br>{escape(summary)}</li>" for method, path, summary in rows
    )
    return _LINKS.substitute(name=escape(service.name), count=len(rows), items=items)
