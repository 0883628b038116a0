# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs playbooks at the highest verbosity, then seeks the token and the account in everything printed and written.

The runs write everything below one folder, which has HOME and TMPDIR. The files that give them the secrets are in
another one and aren't searched. The list of processes is sampled meanwhile. A positive control shows a canary in each
place, so a search that finds nothing has looked there.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SIMULATOR = "ansible_collections/wawp/cloud/plugins/plugin_utils"
PLACES = ("output", "processes", "log.txt", "recorder.jsonl", "junit/", "tree/", "facts/")
WITHOUT_REQUESTS = 'raise ImportError("there is no requests here")\n'


def forms(secret: str) -> set[bytes]:
    """Return the encodings in which a secret may be found."""
    raw = secret.encode()
    found = {raw, raw.hex().encode(), json.dumps(secret)[1:-1].encode(), secret.encode("utf-16-le")}
    found |= {urllib.parse.quote(secret, safe="").encode(), urllib.parse.quote_plus(secret).encode()}
    for shift in range(3):
        # As part of a longer text: without the characters that depend on its neighbours.
        encoded = base64.b64encode(b"\0" * shift + raw)
        found.add(encoded[-(-shift * 4 // 3) if shift == 0 else 4 : -4])
    return found


def seek(secret: str, places: dict[str, bytes]) -> list[str]:
    """Return the places that hold a secret in any encoding."""
    return sorted(name for name, content in places.items() if any(form in content for form in forms(secret)))


def excerpts(secret: str, places: dict[str, bytes]) -> list[str]:
    """Return a few words around the first find in each place."""
    found = []
    for name in seek(secret, places):
        content = places[name]
        at = min(content.index(form) for form in forms(secret) if form in content)
        found.append(f"{name}: {content[max(0, at - 300) : at + 100].decode(errors='replace')}")
    return found


def sim(token: str, phone: str) -> list[dict[str, Any]]:
    """Return sessions of all kinds, and servers that echo requests or reveal whose session it is."""
    mine = {"access_token": token, "account": f"{phone}@c.us", "push_name": f"Owner of {phone}"}
    said = f"$access_token of {phone}@c.us"

    def echo(**fault: Any) -> dict[str, Any]:
        return {**mine, "faults": [{"times": None, "call": "info", **fault}]}

    kinds: dict[str, dict[str, Any]] = {
        "working": mine,
        "stopped": {**mine, "status": "STOPPED"},
        "starting": {**mine, "status": "STARTING", "starts_into": "STARTING"},
        "echo_in_error": echo(kind="http", http_status=400, message=said, code="$access_token"),
        "echo_in_html": echo(kind="http", http_status=403, body="html", message=said),
        "echo_in_xml": echo(kind="http", http_status=422, body="xml", message=said),
        "echo_in_reply": echo(
            kind="patch", replace={"note": said, "config.webhooks": "https://a.example/?t=$access_token"}
        ),
        "echo_in_status": echo(kind="patch", replace={"status": said}),
        "echo_in_redirect": echo(kind="redirect", location=f"https://a.example/{urllib.parse.quote(token, safe='')}"),
    }
    return [{"instance_id": name, **kind} for name, kind in kinds.items()]


@contextlib.contextmanager
def simulator(fleet: Path, folder: Path) -> Iterator[str]:
    """Run a simulator for this script; yield its address."""
    ready = folder / "ready.json"
    paths = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep)
    home = next((Path(path, SIMULATOR) for path in paths if Path(path, SIMULATOR).is_dir()), None)
    command = [sys.executable, "-B", "-m", "simulator", "--ready-file", str(ready)]
    start = ["--background", "--port=0", "--scale=0", "--lifetime=900", "--fleet", str(fleet)]
    subprocess.run([*command, *start], cwd=home, check=True, stdout=subprocess.DEVNULL)
    try:
        yield json.loads(ready.read_text(encoding="utf-8"))["url"]
    finally:
        subprocess.run([*command, "--stop"], cwd=home, check=True, stdout=subprocess.DEVNULL)


class Processes:
    """A sampler of all processes' command lines."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            for name in filter(str.isdigit, os.listdir("/proc")):  # pathlib takes twice the processor time
                with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb", buffering=0) as words:
                    self.seen.add(words.read())

    def __enter__(self) -> Processes:
        self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._over.set()
        self._thread.join()


def run(playbook: str, given: dict[str, Any], url: str, work: Path, inputs: Path) -> tuple[int, dict[str, bytes]]:
    """Run a playbook; return its exit code, and everything that it printed and left."""
    variables = inputs / "variables.json"
    variables.write_text(json.dumps(given), encoding="utf-8")
    variables.chmod(0o600)
    loud = {
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": f"{work}/facts",
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit,ansible.builtin.tree,recorder",
        "ANSIBLE_CALLBACK_PLUGINS": f"{HERE}/callback_plugins",
        "ANSIBLE_CALLBACK_TREE_DIR": f"{work}/tree",
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
        "ANSIBLE_HOME": f"{work}/ansible",
        "ANSIBLE_LOCAL_TEMP": f"{work}/local",
        "ANSIBLE_LOG_PATH": f"{work}/log.txt",
        "ANSIBLE_LOG_VERBOSITY": "4",
        "ANSIBLE_REMOTE_TEMP": f"{work}/remote",
        "ANSIBLE_RETRY_FILES_ENABLED": "true",
        "ANSIBLE_RETRY_FILES_SAVE_PATH": f"{work}/retry",
        "HOME": str(work),
        "JUNIT_OUTPUT_DIR": f"{work}/junit",
        "RECORDER_FILE": f"{work}/recorder.jsonl",
        "TMPDIR": str(work),
        "WAWP_API_URL": url,
        "WAWP_ACCESS_TOKEN": given.get("token", ""),
    }
    inventory = inputs / "inventory.ini"
    inventory.write_text(
        f"here ansible_connection=local ansible_python_interpreter={sys.executable}\n", encoding="utf-8"
    )
    command = ["ansible-playbook", "-vvvv", "--diff", "-i", str(inventory), "-e", f"@{variables}", str(HERE / playbook)]
    with Processes() as processes:
        done = subprocess.run(
            command, env={**os.environ, **loud}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    places = {"output": done.stdout, "processes": b"\n".join(processes.seen)}
    files = [path for path in work.rglob("*") if path.is_file()]
    return done.returncode, {**places, **{str(path.relative_to(work)): path.read_bytes() for path in files}}


def control(url: str, folder: Path, inputs: Path) -> None:
    """Show a canary, and check that it is found in each place."""
    canary = f"canary/{secrets.token_hex(8)}"
    status, places = run("control.yml", {"canary": canary}, url, folder, inputs)
    assert status == 0, places["output"].decode()
    found = seek(canary, places)
    missed = [place for place in PLACES if not any(name.startswith(place) for name in found)]
    assert not missed, f"the search would miss a secret in {missed}; it looked in {sorted(places)}"
    samples = {"base64": base64.b64encode(b"x" + canary.encode() + b"yz"), "url": canary.replace("/", "%2F").encode()}
    assert seek(canary, samples) == ["base64", "url"]


def attempt(in_process: bool, url: str, folder: Path, token: str, phone: str) -> None:
    """Run the playbook one way, and seek."""
    inputs = folder.parent / "inputs"
    fleet = [it["instance_id"] for it in json.loads((inputs / "fleet.json").read_text(encoding="utf-8"))]
    instances = [*fleet, "nowhere"]
    # A process costs forty times a call. Each kind still goes through a module, many in one task.
    few = ["working", "echo_in_error", "echo_in_reply", "echo_in_status"]
    given = {
        "token": token,
        "phone": phone,
        "checked": ["working", "stopped", "echo_in_error", "echo_in_reply"] if in_process else few[:2],
        "alone": instances if in_process else few,
        "instances": instances,
        "fleet": [{"instance_id": name, "access_token": token} for name in fleet],
        "without_requests": str(inputs / "without_requests"),
        "wawp_in_process": in_process,
    }
    status, places = run("play.yml", given, url, folder, inputs)
    output = places["output"].decode()
    assert status == 2, output
    # The run is complete: the last task has failed, and masked values were there to see.
    assert "A failure that writes a retry file" in output, output
    assert f"********{phone[-4:]}" in output
    assert any(name.startswith("retry/") for name in places), sorted(places)
    assert any(name.startswith("journal-") for name in places), sorted(places)
    for what, secret in (("token", token), ("account", phone)):
        found = excerpts(secret, places)
        assert not found, f"in_process={in_process}: the {what} was found:\n" + "\n".join(found)


def main() -> None:
    """Run the control, then both ways."""
    token = f'Tk+/"&{secrets.token_hex(12)}'
    phone = "2010" + "".join(secrets.choice("123456789") for dummy in range(8))
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder, "inputs")
        (inputs / "without_requests/requests").mkdir(parents=True)
        (inputs / "without_requests/requests/__init__.py").write_text(WITHOUT_REQUESTS, encoding="utf-8")
        (inputs / "fleet.json").write_text(json.dumps(sim(token, phone)), encoding="utf-8")
        with simulator(inputs / "fleet.json", inputs) as url:
            began = time.monotonic()
            Path(folder, "control").mkdir()
            control(url, Path(folder, "control"), inputs)
            for in_process in (False, True):
                work = Path(folder, f"in_process_{in_process}")
                work.mkdir()
                attempt(in_process, url, work, token, phone)
            print(f"Neither token nor account was found ({time.monotonic() - began:.0f} s).")


if __name__ == "__main__":
    main()
