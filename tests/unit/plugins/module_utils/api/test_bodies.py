# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The meaning of bodies: a no in a 2xx, an application's error, a held session, and other servers' 404s."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils import _errors
from ansible_collections.wawp.cloud.plugins.module_utils._api import bodies
from ansible_collections.wawp.cloud.plugins.module_utils._errors import WawpError
from ansible_collections.wawp.cloud.tests.unit.plugins.module_utils.conftest import MakeClient

from .calls import ID, TOKEN
from .raw_server import RawServer, http, says

SESSION: dict[str, Any] = {"name": "wawp-84729105", "me": None, "config": {}}
WRITES = ("start", "stop", "restart", "logout", "delete", "webhook_set", "temp_link_revoke")


def answered(make_client: MakeClient, call: str, status: int, body: Any, *headers: str) -> Any:
    """Return the value or error of a call that gets this reply."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with RawServer(says(http(status, content, *headers))) as server:
        try:
            return make_client(server.url).call(call, ID, TOKEN)[1]
        except WawpError as error:
            return error


# -- a 2xx that says no

NO: list[Any] = [
    {"success": False, "message": "Could not log out"},
    {"success": "false"},
    {"success": 0},
    {"Success": None, "message": "no"},
    {"ok": False},
    {"isSuccess": False},
    {"status": "error", "message": "Could not reach WhatsApp"},
    {"status": "ERROR"},
    {"status": "fail"},
    {"status": "failed", "message": "not connected"},
    {"status": False},
    {"status": 0, "msg": "no"},
    {"status": 401, "title": "Unauthorized"},
    {"status": "403", "message": "Forbidden"},
    {"statusCode": 500, "message": "Internal server error"},
    {"code": 404, "message": "no"},
    {"result": "error"},
    {"result": False},
    {"error": {"code": "not_connected", "message": "The phone could not be reached"}},
    {"error": "not connected"},
    {"error": True, "message": "no"},
    {"errors": [{"message": "no"}], "data": None},
    {"exception": {"message": "no", "stack": "Error: no"}},
    {"code": "rest_forbidden", "message": "Sorry, you are not allowed to do that.", "data": {"status": 401}},
    {"code": "rest_no_route", "message": "No route was found"},
    {"code": "invalid_token", "message": "Token mismatch"},
    {"data": {"success": False}},
    {"success": True, "data": {"success": False}},
    {"response": {"result": {"error": {"message": "deep"}}}},
    {**SESSION, "status": "error"},
    {**SESSION, "status": "SCAN_QR_CODE", "success": False},
    {**SESSION, "status": "STARTING", "error": {"message": "logout failed"}},
    False,
]
# Mere words, or nothing at all, don't prove that a logout was done; other calls are followed by a reading.
NO_LOGOUT: list[Any] = [
    *(None, [], {}, "", 0),
    "Session is not connected",
    {"message": "Forbidden"},
    {"message": "Device couldn't be unlinked"},
    {"detail": "Authentication credentials were not provided."},
    *({name: False} for name in ("loggedOut", "logout", "accepted")),
    {"loggedOut": "false"},
    {"done": 0, "session": "wawp-84729105"},
    {"failed": True},
    {"is_error": 1},
    {"hasErrors": "true"},
    {"type": "error"},
    {"state": "failed"},
    {"code": "ERR_LOGOUT"},
    {"code": "SESSION_NOT_FOUND"},
    [{"success": False}],
    [{"message": "Logged out"}, {"message": "Device couldn't be unlinked"}],
]
YES: list[Any] = [
    {**SESSION, "status": "STARTING"},
    {**SESSION, "status": "SCAN_QR_CODE", "instance_id": "3EB0BCB2E3D4"},
    {**SESSION, "status": "FAILED"},
    {**SESSION, "status": "SCAN_QR_CODE", "error": None, "errors": [], "success": True},
    {"success": True},
    {"success": True, "message": "No errors"},
    {"success": "true", "data": {**SESSION, "status": "STARTING"}},
    {"status": "success", "message": "Logged out"},
    {"status": True},
    {"code": 200, "message": "Logged out"},
    {"code": "success", "message": "Logged out"},
    {"message": "Logged out"},
    {"error": False, "message": "done"},
    {"error": 0},
    {"failed": False, "hasError": 0, "state": "done", "code": "OK"},
    {"err": None, "accepted": True, "type": "logout"},
    [{"success": True}],
    "logged out",
]


@pytest.mark.parametrize("body", NO, ids=json.dumps)
def test_a_2xx_may_say_no(body: Any) -> None:
    assert {call for call in WRITES if bodies.says_no(body, call)} == set(WRITES)


@pytest.mark.parametrize("body", NO_LOGOUT, ids=json.dumps)
def test_a_logout_that_is_not_said_to_be_done_was_refused(body: Any) -> None:
    assert bodies.says_no(body, "logout")
    assert not bodies.says_no(body, "stop")


@pytest.mark.parametrize("body", YES, ids=json.dumps)
def test_a_2xx_that_says_yes(body: Any) -> None:
    assert [call for call in (*WRITES, "info") if bodies.says_no(body, call)] == []


@pytest.mark.parametrize("status", ["WORKING", "FAILED", "TIMEOUT", "error", "rejected", "DISABLED"])
def test_the_status_of_a_session_is_no_word_of_the_api_in_a_reading(status: str) -> None:
    """The rule judges an unknown status, and names it."""
    assert not bodies.says_no({**SESSION, "status": status}, "info")


def test_a_failed_session_may_say_why() -> None:
    assert not bodies.says_no({**SESSION, "status": "FAILED", "error": {"message": "banned"}}, "info")


def test_an_unknown_name_is_stopped_and_deleted_without_a_word(make_client: MakeClient) -> None:
    assert answered(make_client, "stop", 201, None) is None
    assert answered(make_client, "delete", 200, {}) == {}


@pytest.mark.parametrize("body", [NO[0], NO[23], None, []], ids=json.dumps)
@pytest.mark.parametrize("status", [200, 201])
def test_no_in_a_2xx_is_an_error_that_leaves_all_open(make_client: MakeClient, status: int, body: Any) -> None:
    error = answered(make_client, "logout", status, body)
    assert (error.kind, error.http_status, error.ambiguous) == (_errors.REFUSED, status, True)
    assert "the reply says that the call failed (" in str(error)


# -- an application's error, and a gateway's silence

OWN: list[Any] = [
    {"statusCode": 500, "message": "Internal server error"},
    {"code": "logout_failed", "message": "Logout did not complete"},
    {"error": "could not reach WhatsApp"},
    {"error": {"message": "Session is not connected"}},
    {"statusCode": 500, "exception": {"message": "Connection Closed", "name": "Error", "stack": "Error: ..."}},
    b"Logout failed: the phone didn't answer",
    b"<?xml version='1.0'?><error><message>WhatsApp could not be reached</message></error>",
]
SILENCE: list[Any] = [
    b"",
    b"<html><head><title>500</title></head><body>Internal Server Error</body></html>",
    b"<html><body><h1>502 Bad Gateway</h1>nginx</body></html>",
    b"upstream connect error or disconnect/reset before headers. reset reason: connection failure",
    b"error code: 502",
    {"message": "Endpoint request timed out"},
    {"message": "The upstream server is timing out"},
    {"message": "An invalid response was received from the upstream server"},
    {"message": "failure to get a peer from the ring-balancer"},
    {"message": "Service Unavailable"},
    {"error": "Bad Gateway", "statusCode": 502},
    {"error": "Unable to reach the origin service"},
    {"statusCode": 500},
    {},
    [],
]


@pytest.mark.parametrize("body", OWN, ids=repr)
@pytest.mark.parametrize("call", ["logout", "stop"])
def test_an_applications_own_error_is_a_refusal(make_client: MakeClient, call: str, body: Any) -> None:
    error = answered(make_client, call, 500, body)
    assert (error.kind, error.http_status, error.ambiguous) == (_errors.REFUSED, 500, True)


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("body", OWN[1:4] + OWN[5:], ids=repr)
def test_a_gateways_status_may_carry_one(make_client: MakeClient, body: Any, status: int) -> None:
    assert answered(make_client, "logout", status, body).kind == _errors.REFUSED


@pytest.mark.parametrize("body", SILENCE, ids=repr)
@pytest.mark.parametrize(("status", "kind"), [(500, "server_error"), (502, "gateway"), (504, "gateway")])
def test_a_gateways_words_leave_open_what_was_done(make_client: MakeClient, body: Any, status: int, kind: str) -> None:
    error = answered(make_client, "logout", status, body)
    assert (error.kind, error.ambiguous) == (kind, True)


@pytest.mark.parametrize("body", OWN, ids=repr)
def test_a_reading_that_fails_is_tried_again_whoever_says_so(make_client: MakeClient, body: Any) -> None:
    error = answered(make_client, "info", 500, body)
    assert (error.kind, error.transient) == (_errors.SERVER_ERROR, True)


# -- a session that another call holds


def lock(queue: str) -> dict[str, Any]:
    """Return the engine's reply to a call that waited in vain."""
    message = f"async-lock timed out in queue {queue}"
    return {
        "statusCode": 500,
        "timestamp": "2026-11-26T10:00:00.000Z",
        "exception": {"stack": f"Error: {message}\n    at Timeout._onTimeout (/app/x.js:213:17)", "message": message},
        "request": {"path": "/api/sessions/default/logout", "method": "POST", "body": {}, "query": {}},
    }


HELD: list[Any] = [
    lock("default"),
    lock("wawp-84729105"),
    {"message": "Another operation on this session is running"},
    {"error": {"message": "The session is locked"}},
    {"message": "Logout already in progress"},
]


@pytest.mark.parametrize("call", ["logout", "start", "info"])
@pytest.mark.parametrize("body", HELD, ids=repr)
def test_a_call_that_waited_in_vain_was_not_carried_out(make_client: MakeClient, call: str, body: Any) -> None:
    error = answered(make_client, call, 500, body)
    assert (error.kind, error.ambiguous, error.transient) == (_errors.BUSY, False, True)
    assert error.kind in _errors.NOT_CARRIED_OUT


@pytest.mark.parametrize("status", [409, 423])
def test_a_conflict_passes(make_client: MakeClient, status: int) -> None:
    assert answered(make_client, "logout", status, b"").kind == _errors.BUSY


def test_a_lock_within_a_call_says_nothing_of_the_kind(make_client: MakeClient) -> None:
    assert answered(make_client, "logout", 500, lock("auth")).kind == _errors.REFUSED


@pytest.mark.parametrize("status", [408, 425, 460, 499])
def test_a_gateway_that_gave_up_leaves_open_what_was_done(make_client: MakeClient, status: int) -> None:
    error = answered(make_client, "logout", status, b"")
    assert (error.kind, error.ambiguous, error.transient) == (_errors.GATEWAY, True, True)


# -- 404

OURS: list[Any] = [
    {"code": "invalid_session", "message": "gone"},
    {"error": {"code": "session_not_found", "message": "gone"}},
    {"statusCode": 404, "message": 'Session "default" does not exist', "error": "Not Found"},
    {"message": "Session not found"},
    {"detail": "Instance not found."},
    {"errors": ["No such instance"]},
    {"exception": {"name": "SessionNotFoundException", "message": "Session 3EB0 not found"}},
    {"message": "No query results for model [App\\Models\\Session] 5"},
    b"<error><code>invalid_session</code></error>",
    b"<?xml version='1.0'?><error><code>x</code><message>Unknown instance</message></error>",
    b"invalid_session: gone",
]
OTHERS: list[Any] = [
    b"",
    b" \n",
    b"null",
    b"[]",
    b"{}",
    b"Not Found",
    b"404 page not found\n",
    b"<html><h1>404</h1></html>",
    b"\xef\xbb\xbf<!DOCTYPE html><title>Session not found</title>",
    b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html>session</html>',
    b"<!-- page --><HTML>",
    b"<h1>Not Found</h1>",
    b"Tunnel my-session.ngrok.io not found",
    b"The endpoint session.example is offline. ERR_NGROK_3200",
    b"default backend - 404",
    {"message": "Not Found"},
    {"detail": "Not Found"},
    {"statusCode": 404, "message": "Cannot POST /v2/session/info", "error": "Not Found"},
    {"message": "Route POST:/v2/session/info not found", "error": "Not Found", "statusCode": 404},
    {"message": "The route v2/session/info could not be found."},
    {"message": 'No route found for "POST /v2/session/info"'},
    {"timestamp": "now", "status": 404, "error": "Not Found", "path": "/v2/session/info"},
    {"type": "about:blank", "title": "Not Found", "status": 404, "instance": "/v2/session/info"},
    {"detail": "No static resource v2/session/info."},
    {"code": "rest_no_route", "message": "No route was found matching the URL and request method."},
    {"message": "no Route matched with those values"},
    {"status": "error", "code": 404, "message": "Application not found"},
    {"error": {"code": "404", "message": "The deployment could not be found on Vercel."}},
    {"message": "The session endpoint doesn't exist"},
    {"message": "Your session has expired, please log in"},
    {"message": "unknown method session.info"},
    {"message": "nothing", "request": {"body": {"instance_id": "x"}}},
    b'{"message": "Session not found"',
    b'{"message": "Session not found", "message": "Not Found"}',
]


@pytest.mark.parametrize("body", OURS, ids=repr)
def test_a_404_that_speaks_of_a_session_is_an_unknown_one(make_client: MakeClient, body: Any) -> None:
    error = answered(make_client, "info", 404, body)
    assert (error.kind, error.ambiguous, error.transient) == (_errors.UNKNOWN_SESSION, False, False)


@pytest.mark.parametrize("body", OTHERS, ids=repr)
def test_any_other_404_is_somebody_elses(make_client: MakeClient, body: Any) -> None:
    error = answered(make_client, "info", 404, body)
    assert (error.kind, error.http_status, error.ambiguous) == (_errors.NOT_WAWP, 404, False)
    assert "check api_url" in str(error)


# -- 401 and 403 of somebody in between


@pytest.mark.parametrize(
    ("body", "headers", "kind"),
    [
        ({"code": "unauthorized", "message": "Invalid token"}, (), _errors.BAD_TOKEN),
        (b"", (), _errors.BAD_TOKEN),
        ({"message": "no"}, ("WWW-Authenticate: Bearer",), _errors.BAD_TOKEN),
        (b"", ('WWW-Authenticate: Basic realm="proxy"',), _errors.NOT_WAWP),
        ({"message": "no"}, ("WWW-Authenticate: Digest realm=x",), _errors.NOT_WAWP),
        (b"", ("WWW-Authenticate: Negotiate",), _errors.NOT_WAWP),
        (b"", ("WWW-Authenticate: NTLM",), _errors.NOT_WAWP),
        (b"<html><title>401 Authorization Required</title></html>", (), _errors.NOT_WAWP),
    ],
    ids=repr,
)
def test_who_asks_for_a_login(make_client: MakeClient, body: Any, headers: tuple[str, ...], kind: str) -> None:
    error = answered(make_client, "logout", 401, body, *headers)
    assert (error.kind, error.ambiguous) == (kind, False)
    assert ("access_token" in str(error)) == (kind == _errors.BAD_TOKEN)


@pytest.mark.parametrize(
    ("body", "kind", "plan"),
    [
        ({"code": "subscription_required", "message": "Upgrade"}, _errors.FORBIDDEN, True),
        ({"error": {"message": "Instance quota reached"}}, _errors.FORBIDDEN, True),
        (b"<error><message>Your plan doesn't include webhooks</message></error>", _errors.FORBIDDEN, True),
        (b"quota exceeded", _errors.FORBIDDEN, True),
        ({"message": "This token may not do that"}, _errors.FORBIDDEN, False),
        (b"<error><code>forbidden</code></error>", _errors.FORBIDDEN, False),
        (b"", _errors.NOT_WAWP, False),
        (b"error code: 1010", _errors.NOT_WAWP, False),
        (b"<html><head><title>Attention Required! Upgrade</title></head></html>", _errors.NOT_WAWP, False),
        (b"Request blocked by the firewall", _errors.NOT_WAWP, False),
    ],
    ids=repr,
)
def test_who_forbids_it(make_client: MakeClient, body: Any, kind: str, plan: bool) -> None:
    error = answered(make_client, "webhook_set", 403, body)
    assert (error.kind, error.ambiguous) == (kind, False)
    assert ("plan or quota" in str(error)) == plan


# -- invalid JSON


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": "SCAN_QR_CODE", "status": "WORKING"}',
        b'{"status": "STOPPED", "me": {"id": "x"}, "me": null}',
        b'{"status": "STOPPED", "me": {"id": null, "id": "x"}}',
        b'{"a": [{"b": 1, "b": 1}]}',
        b'{"a": 1, "\\u0061": 2}',
    ],
    ids=repr,
)
@pytest.mark.parametrize("call", ["info", "logout"])
def test_a_key_that_stands_twice_makes_a_body_unreadable(make_client: MakeClient, call: str, body: bytes) -> None:
    error = answered(make_client, call, 200, body)
    assert (error.kind, error.ambiguous) == (_errors.UNREADABLE, True)
    assert "contradicts itself" in str(error)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "aes128gcm"])
def test_a_compression_that_was_not_asked_for_is_named(make_client: MakeClient, coding: str) -> None:
    error = answered(make_client, "info", 200, b"\x1b\x2a\x00\xf8", f"Content-Encoding: {coding}")
    assert error.kind == _errors.UNREADABLE
    assert f"compressed as {coding}" in str(error)


def test_a_qr_code_may_come_as_an_image(make_client: MakeClient) -> None:
    image = b"\x89PNG\r\n\x1a\n\x00\xff"
    value = answered(make_client, "qr_image", 200, image)
    assert value == {"mimetype": "image/png", "data": base64.b64encode(image).decode()}
    assert answered(make_client, "info", 200, image).kind == _errors.UNREADABLE
