# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation site in `.work/site/html` from docs/ and the sources: `python tools/docsite.py`.

Runs inside `.venv`. Any warning ends it with a non-zero exit code. Nothing is fetched while the site is built or read:
the pages' references to Ansible's documentation are listed below, and the script that draws diagrams comes from npm
beforehand. Without it, diagrams stay text.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

import yaml

from docsite_pages import KINDS, write_pages
from project import PROJECT, ROOT, WORK

SITE = WORK / "site"
PAGES = SITE / "source"
HTML = SITE / "html"
MERMAID = PROJECT["tool"]["wawp"]["mermaid"]["version"]
MERMAID_INTEGRITY = PROJECT["tool"]["wawp"]["mermaid"]["integrity"]
# The names in Ansible's documentation to which the generated pages refer, and their place; $ is the name itself.
ANSIBLE = {
    "action_plugins std:label": "plugins/action.html",
    "ansible_configuration_settings std:label": "reference_appendices/config.html",
    "common_return_values std:label": "reference_appendices/common_return_values.html",
    **{
        f"ANSIBLE_CACHE_PLUGIN{name} std:envvar": "reference_appendices/config.html#envvar-$"
        for name in ("", "_CONNECTION", "_PREFIX", "_TIMEOUT")
    },
}
LINK = re.compile(r"\]\((?P<path>\.\./[^)#\s]+)")
SECTION = re.compile(r"^## (?P<title>.+)$(?P<text>(?:\n(?!## ).*)*)", re.MULTILINE)
GUIDE = re.compile(r"^- \[.*?\]\((?P<name>[\w-]+)\.md\)", re.MULTILINE)
REFERENCE = """
## Reference

- [Modules, roles and inventory](reference/index.rst)
{pages}
"""


def public_home() -> str:
    """Return the base URL of this project's public files."""
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text())["repository"]
    return f"{repository}/blob/main"


def public_links(page: Path) -> str:
    """Return a guide's text with links to files outside docs/ pointing to the public repository."""

    def public(match: re.Match[str]) -> str:
        target = (page.parent / match["path"]).resolve()
        if not target.exists():
            raise SystemExit(f"{page.name} links to {match['path']}, which doesn't exist.")
        return f"]({home}/{target.relative_to(ROOT)}"

    home = public_home()
    return LINK.sub(public, page.read_text(encoding="utf-8"))


def toctree(caption: str, names: list[str]) -> str:
    """Return the directive that puts pages into the navigation."""
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", *names, "```", ""])


def front_page(text: str) -> str:
    """Return docs/index.md with the parts that only the site has: the generated pages and the navigation."""
    pages = "".join(f"- [{title}]({kind}/index.rst)\n" for kind, (title, dummy) in KINDS.items())
    trees = [toctree(match["title"], GUIDE.findall(match["text"])) for match in SECTION.finditer(text)]
    trees.append(
        toctree("Reference", ["Modules, roles and inventory <reference/index>", *(f"{kind}/index" for kind in KINDS)])
    )
    return "\n".join([text, REFERENCE.format(pages=pages.strip()), *trees])


def write_guides() -> None:
    """Copy the guides of docs/, and the folders with the files that they show."""
    for folder in (path for path in (ROOT / "docs").iterdir() if path.is_dir()):
        shutil.copytree(folder, PAGES / folder.name)
    for page in sorted((ROOT / "docs").glob("*.md")):
        text = public_links(page)
        (PAGES / page.name).write_text(front_page(text) if page.stem == "index" else text, encoding="utf-8")


def write_reference() -> None:
    """Write the pages of modules and plugins with antsibull-docs, with links to this site's guides."""
    folder = PAGES / "reference"
    folder.mkdir(mode=0o755)
    options = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--no-add-antsibull-docs-version"]
    command: list[str | Path] = [
        "antsibull-docs",
        "--config-file",
        ROOT / "docs/antsibull-docs.cfg",
        "collection",
        *options,
    ]
    subprocess.run([*command, "--dest-dir", folder, "wawp.cloud"], check=True)
    guide = re.compile(rf"<{re.escape(public_home())}/docs/([\w-]+)\.md>")
    for page in folder.glob("*.rst"):
        page.write_text(guide.sub(r"<../\1.html>", page.read_text(encoding="utf-8")), encoding="utf-8")


def write_inventory() -> None:
    """Write ANSIBLE as a Sphinx inventory (version 2)."""
    head = "# Sphinx inventory version 2\n# Project: Ansible\n# Version: \n# The remainder is compressed using zlib.\n"
    lines = "".join(f"{target} -1 {place} -\n" for target, place in ANSIBLE.items())
    (PAGES / "ansible.inv").write_bytes(head.encode() + zlib.compress(lines.encode()))


def check_integrity(package: Path, wanted: str) -> None:
    """End this script unless a package from npm has the hash that pyproject.toml wants, as in sha512-…=="""
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != wanted:
        raise SystemExit(f"{package.name} from npm is not what pyproject.toml wants: its hash is sha512-{digest}")


def provide_mermaid() -> None:
    """Put mermaid.min.js into the site; npm fetches it once."""
    script = WORK / f"mermaid-{MERMAID}.min.js"
    if not script.exists() and shutil.which("npm"):
        command = ["npm", "pack", "--silent", "--pack-destination", str(SITE), f"mermaid@{MERMAID}"]
        if not subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
            package = SITE / f"mermaid-{MERMAID}.tgz"
            check_integrity(package, MERMAID_INTEGRITY)
            with tarfile.open(package) as archive:
                archive.extract("package/dist/mermaid.min.js", SITE, filter="data")
            (SITE / "package/dist/mermaid.min.js").rename(script)
    if not script.exists():
        print("npm is missing or didn't get mermaid: the diagrams stay text.")
        return
    (PAGES / "_static").mkdir()
    shutil.copyfile(script, PAGES / "_static/mermaid.min.js")


def main() -> None:
    """Gather the pages and build them with Sphinx."""
    shutil.rmtree(SITE, ignore_errors=True)
    PAGES.mkdir(parents=True)
    write_guides()
    write_reference()
    for kind in KINDS:
        write_pages(kind, PAGES / kind)
    write_inventory()
    provide_mermaid()
    sphinx = ["-m", "sphinx", "--builder", "html", "--fail-on-warning", "--keep-going", "--quiet"]
    command: list[str | Path] = [
        sys.executable,
        *sphinx,
        "--conf-dir",
        ROOT / "docs",
        "--doctree-dir",
        SITE / "doctrees",
        PAGES,
        HTML,
    ]
    result = subprocess.run(command, check=False)
    if not result.returncode:
        print(f"Open {(HTML / 'index.html').relative_to(ROOT)}")
    raise SystemExit(result.returncode)


if __name__ == "__main__":
    main()
