# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection's artefact so that the same sources give the same bytes.

`ansible-galaxy collection build` writes files in the order and with the times, owners and modes that it finds. This
normalises all that afterwards, and the manifests accordingly.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from project import git


def source_date() -> int:
    """Return the time of all files in an artefact: SOURCE_DATE_EPOCH, else the time of the last commit."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct"))


def ordered_manifests(members: dict[str, bytes]) -> dict[str, bytes]:
    """Return MANIFEST.json and FILES.json with the files sorted by name."""
    files = json.loads(members["FILES.json"])
    files["files"].sort(key=lambda entry: str(entry["name"]))
    listing = json.dumps(files, indent=1).encode()
    manifest: dict[str, Any] = json.loads(members["MANIFEST.json"])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(listing).hexdigest()
    return {"MANIFEST.json": json.dumps(manifest, indent=1).encode(), "FILES.json": listing}


def header(member: tarfile.TarInfo, size: int, date: int) -> tarfile.TarInfo:
    """Return a member's header without anything that depends on where and when it was built."""
    made = tarfile.TarInfo(member.name)
    made.type = member.type
    made.linkname = member.linkname
    made.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    made.mtime = date
    made.size = size
    return made


def normalise(built: Path, target: Path, date: int) -> None:
    """Write the content of the artefact `built` to the file `target`, normalised."""
    with tarfile.open(built) as archive:
        members = {member.name: member for member in archive}
        files = ((name, archive.extractfile(member)) for name, member in members.items() if member.isreg())
        content = {name: file.read() for name, file in files if file}
    content.update(ordered_manifests(content))
    first = ["MANIFEST.json", "FILES.json"]
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=date) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for name in [*first, *sorted(members.keys() - set(first))]:
            data = content.get(name, b"")
            archive.addfile(header(members[name], len(data), date), io.BytesIO(data))


def build(source: Path, target: Path, date: int) -> Path:
    """Build the collection in the folder `source` and return the artefact's path in the folder `target`.

    Everything in it gets the time `date`, in seconds since 1970.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = ["ansible-galaxy", "collection", "build", "--output-path", folder, str(source)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        built = next(Path(folder).glob("*.tar.gz"))
        normalise(built, target / built.name, date)
    return target / built.name
