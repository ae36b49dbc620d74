"""Renders the catalog: images, their packages and profiles, in one file that loads nothing and asks nobody."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING

from markupsafe import Markup

from image_matrix.config.variants import by_image
from image_matrix.output_tree.files import File
from image_matrix.render.docs.catalog_data import data_text
from image_matrix.render.docs.catalog_images import image_card
from image_matrix.render.docs.catalog_profiles import profile_cards, profiles_of
from image_matrix.render.docs.graph_svg import svg
from image_matrix.render.docs.images_page import image_contexts, image_parents, image_sources
from image_matrix.render.templates import get_template, page_environment, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.render.docs.catalog_data import Shown
    from image_matrix.render.templates import Templates

CATALOG = "docs/catalog.html"
TEMPLATE = "catalog.html.j2"
SCRIPT = "catalog.js.j2"


def catalog_page(shown: Shown, templates: Templates) -> File:
    """Return the page of these images, from the templates of pages."""
    matrix, variants = shown.loaded.matrix, shown.loaded.variants
    jinja = page_environment(templates.pages, templates.compiled)
    page, script = get_template(jinja, TEMPLATE), render(get_template(jinja, SCRIPT))
    profiles = profile_cards(matrix, variants, shown.available)
    text = render(
        page,
        registry=matrix.registry,
        variants=len(shown.listed),
        published={item.image for item in shown.listed},
        profiles=profiles,
        images=[image_card(matrix, items) for items in by_image(shown.listed).values()],
        picture=Markup(_picture(matrix, variants, shown)),  # noqa: S704 - its texts are escaped
        data=Markup(data_text(shown, profiles_of(profiles))),  # noqa: S704 - escaped for a script
        script=Markup(script),  # noqa: S704 - a template, which has no values
        script_hash=script_hash(script),
    )
    return File(text.encode())


def script_hash(script: str) -> str:
    """Return the source that a Content-Security-Policy has for a script in the page.

    Source: www.w3.org/TR/CSP3, "Source Lists" (``hash-source``): over all that is between the tags.
    """
    return f"sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _picture(matrix: Matrix, variants: Mapping[str, Variant], shown: Shown) -> str:
    parents = image_parents(variants)
    links = {item.image: f"#image-{item.image}" for item in shown.listed}
    return svg(parents, image_sources(variants), matrix.order, links, image_contexts(variants))
