# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The built documentation site: complete, no dead link, nothing loaded from elsewhere, drawn by a real browser."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from ansible_collections.wawp.cloud.tests.forked import command_itself

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / ".work/site/html"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 300  # seconds for a build or a browser on a busy machine
LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href"}  # elements that a browser fetches


class Page(HTMLParser):
    """The links of a page, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.diagrams = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's links and anchors."""
        given = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := given.get(name))}
        self.diagrams += "mermaid" in (given.get("class") or "").split()
        if address := given.get(LOADED.get(tag, "")):
            self.loaded.append(address)
        self.links += [address for name in ("href", "src") if (address := given.get(name))]


@functools.cache
def page(path: Path) -> Page:
    """Return a page, read once."""
    return Page(path)


@pytest.fixture(scope="module", autouse=True)
def site() -> None:
    """Build the site as `make docs` does, in which any warning is an error."""
    variables = {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".work/tree"),
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    done = command_itself([sys.executable, ROOT / "tools/docsite.py"], ROOT, {**os.environ, **variables}, PATIENCE)
    assert done.returncode == 0, done.stdout


def dead(path: Path, link: str) -> bool:
    """Whether a link of a page leads nowhere within the site."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return False
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file() or not target.is_relative_to(SITE):
        return True
    return bool(parts.fragment) and target.suffix == ".html" and unquote(parts.fragment) not in page(target).anchors


def test_each_plugin_playbook_and_guide_has_a_page() -> None:
    pages = {str(path.relative_to(SITE)) for path in SITE.rglob("*.html")}
    expected = {
        *(f"reference/{path.stem}_module.html" for path in ROOT.glob("plugins/modules/*.py")),
        *(f"reference/{path.stem}_inventory.html" for path in ROOT.glob("plugins/inventory/*.py")),
        *(f"event_sources/{path.stem}.html" for path in ROOT.glob("extensions/eda/plugins/event_source/*.py")),
        *(f"reference/{path.parts[-3]}_role.html" for path in ROOT.glob("roles/*/meta/argument_specs.yml")),
        *(f"event_playbooks/{path.stem}.html" for path in ROOT.glob("playbooks/event_*.yml")),
        *(f"rulebooks/{path.stem}.html" for path in ROOT.glob("extensions/eda/rulebooks/*.yml")),
        *(f"{path.stem}.html" for path in ROOT.glob("docs/*.md")),
    }

    assert expected - pages == set()


@pytest.mark.parametrize("kind", ["event_sources", "event_playbooks", "rulebooks"])
def test_an_index_says_what_each_of_its_pages_is_about(kind: str) -> None:
    text = (SITE / kind / "index.html").read_text(encoding="utf-8")
    entries = re.findall(r'<li><p><a [^>]*href="(\w+)\.html".*?</a>(.*?)</p></li>', text, re.DOTALL)

    assert {name for name, dummy in entries} == {path.stem for path in SITE.glob(f"{kind}/*.html")} - {"index"}
    assert [name for name, said in entries if not re.match(r"\W+\w+\W\w+", said)] == []


def test_the_guides_that_a_module_names_are_read_on_the_site() -> None:
    links = [link for path in (SITE / "reference").glob("*.html") for link in page(path).links]

    assert [link for link in links if link.endswith(".md")] == []


def test_no_link_is_dead() -> None:
    links = [(path, link) for path in sorted(SITE.rglob("*.html")) for link in page(path).links]

    assert len(links) > 1000
    assert [f"{path.relative_to(SITE)}: {link}" for path, link in links if dead(path, link)] == []


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("*.md")))
def test_what_stands_outside_of_the_site_links_to_files_that_exist(name: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", (ROOT / name).read_text(encoding="utf-8"))

    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    loaded = [(path.name, address) for path in SITE.rglob("*.html") for address in page(path).loaded]

    assert [each for each in loaded if urlsplit(each[1]).netloc] == []


@pytest.mark.parametrize(
    "link",
    ["nowhere.html", "index.html#nowhere", "../../../README.md", "#nowhere", "rulebooks/nowhere.html"],
)
def test_a_dead_link_is_found_out(link: str) -> None:
    assert dead(SITE / "index.html", link)


@pytest.mark.parametrize("link", ["index.html", "verdicts.html#what-was-measured", "https://example.com/nowhere"])
def test_a_living_link_is_let_through(link: str) -> None:
    assert not dead(SITE / "index.html", link)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize(
    "name", sorted(path.stem for path in ROOT.glob("docs/*.md") if "```mermaid" in path.read_text())
)
def test_a_browser_draws_the_diagrams(name: str, tmp_path: Path) -> None:
    if not (SITE / "_static/mermaid.min.js").exists():
        pytest.skip("there was no npm to fetch what draws diagrams")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    command = [str(CHROMIUM), *options, offline, f"--user-data-dir={tmp_path}", "--virtual-time-budget=20000"]
    done = subprocess.run(
        [*command, "--dump-dom", (SITE / f"{name}.html").as_uri()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )

    drawn = done.stdout.count('<svg id="mermaid-')
    assert drawn == page(SITE / f"{name}.html").diagrams > 0
    assert "Syntax error" not in done.stdout
