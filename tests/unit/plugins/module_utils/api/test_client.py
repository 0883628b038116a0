# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client's calls and errors, over real HTTP against the simulator."""

from __future__ import annotations

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils import _errors
from ansible_collections.wawp.cloud.plugins.module_utils._api.client import CALLS, Client
from ansible_collections.wawp.cloud.plugins.module_utils._errors import WawpError
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.faults import Fault
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import (
    SANDBOX_TOKEN,
    SCAN_QR_CODE,
    STOPPED,
    WORKING,
    Instance,
)
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.replies import BODIES
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient

ID = "3EB0BCB2E3D4"
# The error of each status if the body says nothing specific.
KINDS = {
    400: _errors.BAD_REQUEST,
    401: _errors.BAD_TOKEN,
    403: _errors.NOT_WAWP,
    404: _errors.NOT_WAWP,
    407: _errors.NOT_WAWP,
    408: _errors.GATEWAY,
    409: _errors.BUSY,
    422: _errors.WRONG_STATUS,
    423: _errors.BUSY,
    425: _errors.GATEWAY,
    429: _errors.RATE_LIMITED,
    460: _errors.GATEWAY,
    499: _errors.GATEWAY,
    500: _errors.SERVER_ERROR,
    502: _errors.GATEWAY,
    503: _errors.GATEWAY,
    504: _errors.GATEWAY,
    511: _errors.NOT_WAWP,
    # statuses that nobody has promised
    402: _errors.UNEXPECTED,
    405: _errors.UNEXPECTED,
    418: _errors.UNEXPECTED,
    501: _errors.SERVER_ERROR,
    520: _errors.SERVER_ERROR,
    599: _errors.SERVER_ERROR,
}


def kind_of(status: int, body: str) -> str:
    """Return the kind of a status with a body in that form, whose words say nothing specific."""
    if status == 401 and body == "html":
        return _errors.NOT_WAWP  # Wawp doesn't send pages
    if status == 403 and body in ("json", "nested_json", "xml"):
        return _errors.FORBIDDEN  # a firewall does
    if status in (500, 501, 520, 599) and "json" in body:
        return _errors.REFUSED  # an application's words, not a gateway's
    return KINDS[status]


@pytest.fixture
def instance(engine: Engine) -> Instance:
    return engine.add(Instance(ID))


@pytest.fixture
def client(server: Server, make_client: MakeClient) -> Client:
    return make_client(server.url)


def failure(client: Client, call: str = "info", token: str = SANDBOX_TOKEN) -> WawpError:
    """Return the error with which a call ends."""
    with pytest.raises(WawpError) as caught:
        client.call(call, ID, token)
    return caught.value


def test_info(instance: Instance, client: Client) -> None:
    status, body = client.call("info", ID, SANDBOX_TOKEN)
    assert status == 201
    assert body["status"] == WORKING
    assert body["me"]["id"] == instance.account


@pytest.mark.parametrize(
    ("call", "before", "after"),
    [
        ("start", STOPPED, WORKING),
        ("stop", WORKING, STOPPED),
        ("restart", WORKING, WORKING),
        ("logout", WORKING, SCAN_QR_CODE),
        ("delete", SCAN_QR_CODE, "DELETED"),
    ],
)
def test_a_write_does_what_it_says(client: Client, engine: Engine, call: str, before: str, after: str) -> None:
    engine.add(Instance(ID, status=before))
    assert client.call(call, ID, SANDBOX_TOKEN)[0] == (200 if call == "delete" else 201)
    assert [(entry.call, entry.before, entry.after) for entry in engine.log] == [(call, before, after)]


def test_every_call_is_where_the_api_has_it_and_keeps_the_token_out_of_the_url(client: Client, engine: Engine) -> None:
    for call, (method, path) in CALLS.items():
        engine.log.clear()
        engine.add(Instance(call, status=SCAN_QR_CODE, paid=True))
        client.call(call, call, SANDBOX_TOKEN, **({"webhooks": []} if call == "webhook_set" else {}))
        (entry,) = engine.log
        assert (entry.method, entry.path, entry.http_status) == (method, path, 201 if method == "POST" else 200)
        assert entry.credentials == ("body+header" if method == "GET" else "body")


def test_a_wrong_token(instance: Instance, client: Client) -> None:
    error = failure(client, token="wrong-token")
    assert (error.kind, error.http_status, error.api_code) == (_errors.BAD_TOKEN, 401, "unauthorized")
    assert "check access_token" in str(error)
    assert "wrong-token" not in str(error)
    assert not error.ambiguous
    assert not error.transient


def test_an_unknown_session(client: Client) -> None:
    error = failure(client)
    assert (error.kind, error.http_status, error.api_code) == (_errors.UNKNOWN_SESSION, 404, "invalid_session")
    assert not error.ambiguous


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("status", KINDS)
def test_each_error_in_each_form(
    *, server: Server, engine: Engine, instance: Instance, client: Client, status: int, body: str
) -> None:
    engine.add_fault(Fault("http", http_status=status, body=body, code="some_code", message="Words of the body."))
    error = failure(client, "logout")
    assert error.kind == kind_of(status, body)
    assert error.http_status == status
    assert error.api_code == ("some_code" if "json" in body else None)
    assert error.retry_after is None
    assert str(error).startswith(f"POST {server.url}/v2/session/logout: HTTP {status}, ")
    assert ("Words of the body." in str(error)) == (body != "empty")
    assert "<" not in str(error)
    assert instance.linked


def test_each_kind_has_words_of_its_own(engine: Engine, instance: Instance, client: Client) -> None:
    said = {}
    for status in (400, 401, 403, 404, 422, 429, 500, 502):
        engine.add_fault(Fault("http", http_status=status, body="empty"))
        said[status] = str(failure(client)).partition(f"HTTP {status}, ")[2]
    assert all(said.values())
    assert len(set(said.values())) == len(said)


def test_a_missing_page_is_no_missing_session(engine: Engine, instance: Instance, client: Client) -> None:
    engine.add_fault(Fault("http", http_status=404, body="html", message="Not Found"))
    error = failure(client, "delete")
    assert error.kind == _errors.NOT_WAWP
    assert "check api_url" in str(error)


def test_which_failures_leave_open_whether_a_write_came_through() -> None:
    ambiguous = {kind for kind in vars(_errors).values() if isinstance(kind, str) and WawpError(kind, "").ambiguous}
    assert ambiguous == {"refused", "server_error", "gateway", "unreadable", "timeout", "unreachable"}


@pytest.mark.parametrize(("when", "linked"), [("before", True), ("after", False)])
@pytest.mark.parametrize("kind", ["timeout", "drop"])
def test_no_reply_before_and_after_the_effect(
    *, server: Server, engine: Engine, instance: Instance, make_client: MakeClient, kind: str, when: str, linked: bool
) -> None:
    engine.add_fault(Fault(kind, call="logout", when=when, seconds=30))
    error = failure(make_client(server.url, request_timeout=0.5), "logout")
    assert error.kind == (_errors.TIMEOUT if kind == "timeout" else _errors.UNREACHABLE)
    assert error.ambiguous
    assert error.http_status is None
    assert f"POST {server.url}/v2/session/logout: " in str(error)
    assert instance.linked == linked
    assert [entry.call for entry in engine.log] == ["logout"]


def test_a_time_out_says_what_to_change(
    server: Server, engine: Engine, instance: Instance, make_client: MakeClient
) -> None:
    engine.add_fault(Fault("timeout"))
    assert "request_timeout" in str(failure(make_client(server.url, request_timeout=0.2)))


@pytest.mark.parametrize("body", ["html", "empty"])
def test_the_gateway_gives_up_while_the_action_goes_through(
    engine: Engine, instance: Instance, client: Client, body: str
) -> None:
    engine.add_fault(Fault("http", call="logout", http_status=504, body=body, when="after"))
    error = failure(client, "logout")
    assert error.kind == _errors.GATEWAY
    assert error.ambiguous
    assert not instance.linked


@pytest.mark.parametrize("kind", ["truncate", "garbage", "non_utf8", "empty", "huge"])
def test_a_reply_that_cannot_be_read(engine: Engine, instance: Instance, client: Client, kind: str) -> None:
    engine.add_fault(Fault(kind, call="logout"))
    error = failure(client, "logout")
    assert error.kind == (_errors.UNREACHABLE if kind == "truncate" else _errors.UNREADABLE)
    assert error.ambiguous
    assert str(error).isprintable()
    assert not instance.linked
    assert client.call("info", ID, SANDBOX_TOKEN)[0] == 201


def test_201_is_as_good_as_200(engine: Engine, instance: Instance, client: Client) -> None:
    engine.add_fault(Fault("created"))
    assert client.call("info", ID, SANDBOX_TOKEN)[0] == 201


@pytest.mark.parametrize(("seconds", "as_date", "least"), [(7, False, 7.0), (100, True, 60.0), (0, False, 0.0)])
def test_retry_after(
    *, engine: Engine, instance: Instance, client: Client, seconds: float, as_date: bool, least: float
) -> None:
    engine.add_fault(Fault("http", http_status=429, retry_after=seconds, retry_after_date=as_date))
    error = failure(client)
    assert error.kind == _errors.RATE_LIMITED
    assert error.retry_after is not None
    assert least <= error.retry_after <= seconds


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("token", [SANDBOX_TOKEN, "a/b+c=&d", 'quo"tation\\é', "p%2Fq"])
def test_no_error_repeats_the_token(engine: Engine, client: Client, body: str, token: str) -> None:
    engine.add(Instance(ID, token))
    engine.add_fault(Fault("http", body=body, message="You sent $access_token, yes, $access_token.", code="c"))
    said = str(failure(client, token=token))
    assert token not in said
    assert ("You sent ********, yes, ********." in said) == (body != "empty")


def test_a_call_leaves_the_connection_open_for_the_next(server: Server, instance: Instance, client: Client) -> None:
    for dummy in range(5):
        client.call("info", ID, SANDBOX_TOKEN)
    assert server.accepted == 1


def test_an_error_leaves_the_connection_open_for_the_next(
    server: Server, engine: Engine, instance: Instance, client: Client
) -> None:
    for status in (400, 404, 429, 502):
        engine.add_fault(Fault("http", http_status=status, body="html"))
        failure(client)
    client.call("info", ID, SANDBOX_TOKEN)
    assert server.accepted == 1
