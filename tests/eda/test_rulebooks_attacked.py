# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real ansible-rulebook, with TLS, webhooks from anybody, and an API that lies to the poller."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN
from ansible_collections.wawp.cloud.tests.eda.station import NEEDED, Station, simulated
from ansible_collections.wawp.cloud.tests.eda.support import crowd, genuine, make_certificate, webhook

pytestmark = NEEDED
HELLO = b"\x16\x03\x01\x02\x00\x01\x00"  # the beginning of a TLS handshake
LIES = [
    Fault("http", call="info", http_status=403, body="html", times=None),
    Fault("patch", call="info", times=None, replace={"status": {"a": ["{{ lookup('pipe', 'id') }}"] * 50}}),
    Fault("patch", call="info", times=None, replace={"status": "X" * 100_000}),
]


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Run the rulebook lost_link with TLS and without keys, polling an instance that works and one that lies."""
    with simulated(tmp_path_factory.mktemp("exposed")) as station:
        certificate, key = make_certificate(station.folder)
        station.scheme, station.context = "https", ssl.create_default_context(cafile=certificate)
        del station.environment["WAWP_WEBHOOK_KEYS"]
        polled = ["POLLED", *(f"LIES{number}" for number in range(len(LIES)))]
        for name in polled:
            station.add(name, hooked=False)
        for number, fault in enumerate(LIES):
            fault.instance_id = f"LIES{number}"
            station.engine.add_fault(fault)
        variables = {
            "wawp_listen_certfile": certificate,
            "wawp_listen_keyfile": key,
            "wawp_webhook_allow_unsigned": True,
            "wawp_poll_instances": polled,
            "wawp_poll_interval": 0.5,
        }
        with station.running("wawp.cloud.lost_link", variables=variables):
            yield station
            assert SANDBOX_TOKEN not in station.log.read_text()


def test_what_polling_sees_is_hidden_by_no_attack(exposed: Station) -> None:
    """Half handshakes, silence, forged losses of a working session; then it is lost, and only polling shows that."""
    station = exposed
    reads = len(station.engine.calls("POLLED"))
    with crowd(station.port) as attackers:
        attackers.add(200)
        attackers.add(200, HELLO)
        forged = [genuine(station.url("POLLED"), webhook(), station.context) for dummy in range(20)]
        assert forged == [200] * 20
        # The forged loss starts one run, which reads the session twice and finds it working.
        station.wait(lambda: "PLAY RECAP" in station.log.read_text())
        assert len(station.engine.calls("POLLED")) >= reads + 2
        assert not station.subjects("POLLED")
        station.engine.world("unlink_on_phone", "POLLED")
        station.wait(lambda: station.subjects("POLLED"))
    assert station.subjects("POLLED")[0].startswith("POLLED is FAILED")
    assert not station.subjects("LIES")
    assert station.process.poll() is None
    said = station.log.read_text()
    assert "Traceback" not in said
    assert said.count("a session can't be read") <= 20
