# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signed and time-stamped reports, with tools that everybody has."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._evidence.hash_chain import digest, neutral
from hypothesis import given, settings
from hypothesis import strategies as st

from .authority import Authority
from .results import report, session

for tool in ("ssh-keygen", "openssl"):
    if not shutil.which(tool):
        pytest.skip(f"NO {tool}: seals were not tested", allow_module_level=True)


def key(folder: Path, name: str = "key", passphrase: str = "") -> str:
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(folder / name)]
    subprocess.run(made, check=True)
    return str(folder / name)


def signers(folder: Path, key_path: str, name: str = "night-shift@example.com") -> str:
    kind, public, *dummy = Path(f"{key_path}.pub").read_text().split()
    (folder / "allowed").write_text(f"{name} {kind} {public}\n")
    return str(folder / "allowed")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with Authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def written(folder: Path, **options: Any) -> dict[str, Any]:
    return report(directory=str(folder / "reports"), sessions=[session()], **options)


def verified(result: dict[str, Any], **options: Any) -> dict[str, Any]:
    return report(state="verified", report=result["files"]["json"], **options)


def test_a_signature_says_who(tmp_path: Path) -> None:
    signed = key(tmp_path)
    result = written(tmp_path, sign_key=signed)
    found = verified(result, allowed_signers=signers(tmp_path, signed))
    assert stat.S_IMODE(Path(result["files"]["sig"]).stat().st_mode) == 0o600
    assert (found["valid"], found["authentic"], found["seals"]["signer"]) == (True, True, "night-shift@example.com")
    assert any(line.startswith("Signed by night-shift@example.com with ED25519 key SHA256:") for line in found["lines"])
    assert result["files"]["sig"] in found["compared"]


def test_without_allowed_signers_a_signature_only_names_its_key(tmp_path: Path) -> None:
    found = verified(written(tmp_path, sign_key=key(tmp_path)))
    assert (found["valid"], found["authentic"]) == (True, False)
    assert any("Give allowed_signers to verify" in line for line in found["lines"])


def test_an_agent_holds_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = key(tmp_path)
    agent = subprocess.Popen(
        [str(shutil.which("ssh-agent")), "-D", "-a", str(tmp_path / "agent")], stdout=subprocess.PIPE
    )
    try:
        assert agent.stdout
        agent.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        subprocess.run([str(shutil.which("ssh-add")), "-q", signed], check=True)
        allowed = signers(tmp_path, signed)
        Path(signed).unlink()
        assert verified(written(tmp_path, sign_key=f"{signed}.pub"), allowed_signers=allowed)["authentic"]
    finally:
        agent.terminate()
        agent.wait()
        if agent.stdout:
            agent.stdout.close()


@pytest.mark.parametrize("change", ["another key", "another report", "garbage", "none"])
def test_what_does_not_fit_shows(tmp_path: Path, change: str) -> None:
    signed = key(tmp_path)
    result = written(tmp_path, sign_key=signed)
    allowed = signers(tmp_path, key(tmp_path, "other") if change == "another key" else signed)
    signature = Path(result["files"]["sig"])
    if change == "another report":
        signature.write_bytes(Path(written(tmp_path, sign_key=signed, ticket="CHG-2")["files"]["sig"]).read_bytes())
    elif change == "garbage":
        signature.write_text("no signature")
    elif change == "none":
        signature.unlink()
    found = verified(result, allowed_signers=allowed)
    assert (found["valid"], found["authentic"]) == (False, False)
    assert "sign" in found["msg"]


def test_a_report_that_was_made_anew_is_not_the_signed_one(tmp_path: Path) -> None:
    """Its chain is whole; the signature belongs to the previous one."""
    signed = key(tmp_path)
    result = written(tmp_path, sign_key=signed)
    forged = written(tmp_path / "forged")
    for kind in ("json", "csv", "html"):
        shutil.copy(forged["files"][kind], result["files"][kind])
    assert verified(result)["valid"] is False
    assert not verified(result, allowed_signers=signers(tmp_path, signed))["valid"]


def test_a_key_with_a_passphrase_fails_at_once_and_the_report_is_there(tmp_path: Path) -> None:
    result = written(tmp_path, sign_key=key(tmp_path, passphrase="hushed"))
    assert result["failed"]
    assert "could not be signed" in result["msg"]
    assert json.loads(Path(result["files"]["json"]).read_text())["summary"]["total"] == 1
    assert "sig" not in result["files"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sign_key": "/nowhere"}, "sign_key: can't be read"),
        ({"timestamp_url": "ftp://example.com"}, "timestamp_url: must be"),
    ],
)
def test_what_is_refused_before_anything_is_written(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        written(tmp_path, **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("signed", [True, False])
def test_a_time_stamp_says_when(tmp_path: Path, authority: Authority, signed: bool) -> None:
    options = {"sign_key": key(tmp_path)} if signed else {}
    result = written(tmp_path, timestamp_url=authority.url, **options)
    found = verified(result, timestamp_ca=str(authority.ca))
    assert found["valid"], found["problems"]
    assert found["seals"]["stamped_at"].endswith("GMT")
    assert result["files"]["tsr"] in found["compared"]
    bare = verified(result)
    assert bare["seals"]["stamped_at"] is None
    assert any("Give timestamp_ca to verify" in line for line in bare["lines"])


def test_a_time_stamp_of_something_else_shows(tmp_path: Path, authority: Authority) -> None:
    one, two = (written(tmp_path, timestamp_url=authority.url, ticket=ticket) for ticket in ("one", "two"))
    shutil.copy(two["files"]["tsr"], one["files"]["tsr"])
    assert "its time-stamp doesn't fit it" in verified(one, timestamp_ca=str(authority.ca))["msg"]
    Path(one["files"]["tsr"]).unlink()
    assert "it has no time-stamp" in verified(one, timestamp_ca=str(authority.ca))["msg"]


def test_an_authority_that_gives_none(tmp_path: Path, authority: Authority) -> None:
    authority.broken = True
    try:
        result = written(tmp_path, timestamp_url=authority.url)
    finally:
        authority.broken = False
    assert "gave no time-stamp" in result["msg"]
    assert Path(result["files"]["html"]).exists()


def test_nobody_there_to_stamp(tmp_path: Path) -> None:
    assert "gave no time-stamp" in written(tmp_path, timestamp_url="http://127.0.0.1:1/")["msg"]


def test_check_mode_signs_nothing(tmp_path: Path) -> None:
    signed = key(tmp_path)
    result = report(True, directory=str(tmp_path / "reports"), sessions=[session()], sign_key=signed)
    assert not result.get("failed")
    assert not (tmp_path / "reports").exists()


GUIDE = Path(__file__).resolve().parents[5] / "docs/evidence.md"
needs_jq = pytest.mark.skipif(not shutil.which("jq"), reason="NO jq: the guide to verify without us was not run")


def guide() -> list[str]:
    """Return the commands of the page about verifying a report without the collection."""
    part = GUIDE.read_text(encoding="utf-8").split("## Verify it without us")[1].split("\n## ")[0]
    return re.findall(r"```(?:bash|text)\n(.*?)```", part, re.DOTALL)


def without_us(folder: Path, commands: str) -> subprocess.CompletedProcess[str]:
    bash = [str(shutil.which("bash")), "-euo", "pipefail", "-c", commands]
    return subprocess.run(bash, cwd=folder, capture_output=True, text=True, check=False)


@needs_jq
class TestWithoutUs:
    """A third party has the files, jq, sha256sum, ssh-keygen and openssl."""

    @pytest.fixture
    def folder(self, tmp_path: Path, authority: Authority) -> Path:
        signed = key(tmp_path)
        names = ["Front desk", "\u0645\u0643\u062a\u0628", "\U0001f4de", 'a"b\\c/d', "x\x7fy\ud800z\u2028", "<&>"]
        runs = [session(f"A{n}", name=name, duration=n / 4, proof_seconds=float(n)) for n, name in enumerate(names)]
        result = report(
            directory=str(tmp_path / "reports"), sessions=runs, sign_key=signed, timestamp_url=authority.url
        )
        signers(tmp_path, signed)
        for kind in ("json", "sig", "tsr"):
            shutil.copy(result["files"][kind], tmp_path / f"report.{kind}")
        (tmp_path / "allowed").rename(tmp_path / "allowed_signers")
        shutil.copy(authority.ca, tmp_path / "timestamp_ca.pem")
        return tmp_path

    def test_all_of_the_guide_holds(self, folder: Path) -> None:
        chain, signature, stamp = (without_us(folder, commands) for commands in guide())
        head = json.loads((folder / "report.json").read_text())["chain"]["head"]
        assert (chain.returncode, chain.stdout) == (0, f"The chain ends on {head}.\n"), chain.stderr
        assert "Good" in signature.stdout, signature.stderr
        assert "Verification: OK" in stamp.stdout + stamp.stderr
        assert "Time stamp: " in stamp.stdout

    @pytest.mark.parametrize(
        ("what", "into"),
        [('"severed"', '"unproven"'), ('"ticket": null', '"ticket": "CHG-1"'), ('"Front desk"', '"Front Desk"')],
    )
    def test_an_edit_shows(self, folder: Path, what: str, into: str) -> None:
        path = folder / "report.json"
        text = path.read_text()
        path.write_text(text.replace(what, into, 1))
        assert path.read_text() != text
        assert without_us(folder, guide()[0]).returncode == 1

    def test_a_record_taken_away_shows(self, folder: Path) -> None:
        content = json.loads((folder / "report.json").read_text())
        content["records"].pop()
        (folder / "report.json").write_text(json.dumps(content))
        assert without_us(folder, guide()[0]).returncode == 1

    def test_a_report_made_anew_has_no_signature(self, folder: Path) -> None:
        forged = written(folder / "forged")["files"]["json"]
        shutil.copy(forged, folder / "report.json")
        assert without_us(folder, guide()[0]).returncode == 0
        assert without_us(folder, guide()[1]).returncode != 0


@needs_jq
@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text("abc_", min_size=1), st.one_of(st.text(), st.integers(0, 10**9), st.booleans(), st.none()))
)
def test_others_write_the_same_bytes(value: dict[str, Any]) -> None:
    value = neutral({**value, "duration": 1.0, "seconds": 0.125})
    jq = [str(shutil.which("jq")), "-jcSa", "."]
    others = subprocess.run(jq, input=json.dumps(value).encode(), capture_output=True, check=True).stdout
    assert hashlib.sha256(others).hexdigest() == digest(value)


def odd(kind: str, path: Path) -> str:
    """Make a file on which a tool would block, or read forever."""
    path.unlink(missing_ok=True)
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(10 << 30)
    elif kind == "many lines":
        path.write_bytes(b"x\n" * 5_000_000)
    else:
        path.symlink_to(kind)
    return str(path)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Path:
    """Return a folder with a sealed report, and the trusted signers and authorities."""
    folder = tmp_path_factory.mktemp("sealed")
    signed = key(folder)
    files = written(folder, sign_key=signed, timestamp_url=authority.url)["files"]
    for kind in ("json", "sig", "tsr"):
        shutil.copy(files[kind], folder / f"report.{kind}")
    signers(folder, signed)
    shutil.copy(authority.ca, folder / "ca.pem")
    return folder


FILES = {"sign_key": "key", "allowed_signers": "allowed", "timestamp_ca": "ca.pem", "sig": "report.sig"}


@pytest.mark.parametrize("kind", ["a pipe", "huge", "many lines", "/dev/zero", "/proc/kmsg", "/proc/self/pagemap"])
@pytest.mark.parametrize("option", [*FILES, "tsr"])
def test_no_tool_waits_for_an_odd_file(
    option: str, kind: str, tmp_path: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each gives an error at once, whatever the tool would do with it."""
    monkeypatch.setattr("ansible_collections.wawp.cloud.plugins.module_utils._tasks.seals._SIGN_TIMEOUT", 5)
    folder = Path(shutil.copytree(sealed, tmp_path / "sealed"))
    path = odd(kind, folder / FILES.get(option, "report.tsr"))
    trusted: dict[str, Any] = {"allowed_signers": str(folder / "allowed"), "timestamp_ca": str(folder / "ca.pem")}
    try:
        if option == "sign_key":
            written(tmp_path, sign_key=path)
        said = report(state="verified", report=str(folder / "report.json"), **trusted)["msg"]
    except OptionError as error:
        said = str(error)
    assert re.search(r"no SSH key|more than|not a regular file|can't be read|is by nobody|doesn't fit", said)
    assert "timed out" not in said
