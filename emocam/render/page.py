"""Self-contained HTML pages from Jinja2 templates: nothing in them is fetched from anywhere."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from emocam.io.table_formats import readable

if TYPE_CHECKING:
    from jinja2 import Environment, Template

Filters = Mapping[str, Callable[..., str]]


def render_page(template: str, *, filters: Filters | None = None, **values: Any) -> str:
    """A whole HTML document.

    Parameters
    ----------
    template
        Path of the template inside the package, such as `video/templates/report.html`. Pages
        extend `render/templates/base.html`, which needs a `title`.
    filters
        What the template calls to write a value, such as a time.
    values
        What the template names; text is escaped.
    """
    # The name of a file may hold bytes that are no letters.
    return readable(prepare_page(template, filters).render(**values))


def prepare_page(template: str, filters: Filters | None = None) -> Template:
    """Compile a template, which takes 40 ms the first time: ahead, where nothing waits for it."""
    environment = make_environment()
    environment.filters.update(filters or {})
    return environment.get_template(template)


@cache
def make_environment() -> Environment:
    """Jinja2's environment of the package's templates: strict, escaping, without stray lines.

    There is one for all pages, which keeps their templates compiled.
    """
    # Imported here: a clip begins sooner without, and a table needs no page.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("emocam", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["data_address"] = data_address
    return environment


def data_address(data: bytes, kind: str) -> str:
    """A picture file's bytes, `png` or `jpeg`, as an address that stands in the page itself."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
