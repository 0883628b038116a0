# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx's configuration for the documentation site; tools/docsite.py gathers its pages."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

project = "wawp.cloud"
author = "the wawp.cloud contributors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name for it
html_title = html_short_title = project

extensions = ["myst_parser", "sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
nitpicky = True
default_role = "any"
highlight_language = "YAML+Jinja"
pygments_style = "ansible"

myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3

html_theme = "sphinx_ansible_theme"
html_theme_options = {"topbar_links": {"Ansible documentation": "https://docs.ansible.com/"}}
html_show_sphinx = False
html_use_index = False
html_copy_source = False

# The parts of Ansible's documentation that pages refer to; tools/docsite.py writes the list, so nothing is fetched.
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/projects/ansible/latest/", "ansible.inv")}


class Mermaid(Directive):
    """Leaves a diagram as its source, which GitHub draws by itself and mermaid.min.js draws on the site."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the source as it is."""
        source = html.escape("\n".join(self.content))
        # On a phone it can be pushed aside, since it would be too small to read if it were made to fit.
        drawn = f'<pre class="mermaid" style="min-width: 45rem">\n{source}\n</pre>'
        return [nodes.raw("", f'<div style="overflow-x: auto">{drawn}</div>', format="html")]


def draw_diagrams(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Have a page load the 3 MB that draw diagrams only if it has one, and only if they are at hand."""
    if 'class="mermaid"' in context.get("body", "") and Path(app.srcdir, "_static/mermaid.min.js").exists():
        app.add_js_file("mermaid.min.js")


def lead_home(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Have the theme's top bar lead to the front page of this site, not of the server."""
    context["theme_documentation_home_url"] = app.builder.get_relative_uri(pagename, app.config.root_doc)


def setup(app: Sphinx) -> None:
    """Add what this file defines."""
    static = Path(app.srcdir, "_static")
    app.config.html_static_path = [str(static)] if static.is_dir() else []
    app.add_directive("mermaid", Mermaid)
    app.connect("html-page-context", draw_diagrams)
    app.connect("html-page-context", lead_home)
