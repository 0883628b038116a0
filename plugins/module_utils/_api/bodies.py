# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The meaning of a reply's body: the call failed, another call holds the session, or Wawp never saw the call.

Imports only the standard library, so that the event sources can load it and judge a body as the client does.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NoReturn

LOGOUT = "logout"

# A reply nested deeper than this is nonsense; copying it could exceed what Python can nest.
_MAX_DEPTH = 64
# Bytes of a body that are searched for words.
SEARCHED = 1 << 13

# Names of fields are compared without case and separators.
_SUCCESS = ("success", "succeeded", "successful", "issuccess", "ok", "acknowledged")
_ACCEPTED = ("accepted", "done", "completed", "executed", "processed")
_DONE = ("loggedout", "isloggedout", "logout", "islogout", "unlinked", "unpaired")
_ERROR = ("error", "errors", "err", "exception", "fault")
_FAILED = ("failed", "haserror", "haserrors", "iserror", "unsuccessful", "rejected")
_KINDS = ("type", "state", "kind", "outcome", "level", "severity")
_CODES = ("statuscode", "status", "code", "httpstatus", "httpcode", "httpstatuscode", "errorcode")
_WORDS = ("message", "msg", "detail", "details", "reason", "title", "description", "errordescription", "errormessage")
_ENVELOPES = ("data", "response", "result", "body", "payload", "value")
# Only a reply about a session has these.
_SESSION = frozenset({"name", "me", "config", "instanceid"})
_NOTHING = frozenset({"false", "0", "no", "none", "null", ""})
_SEPARATOR = re.compile(r"[\W_]")
_FAILURE = frozenset({"nok", "ko", "error", "err", "fail", "failed", "failure"})
_NO_SUCCESS = _NOTHING | _FAILURE
_BAD = _FAILURE | {
    *(
        "false",
        "no",
        "exception",
        "unauthorized",
        "unauthenticated",
        "forbidden",
        "denied",
        "rejected",
        "refused",
        "invalid",
    ),
    *("unsuccessful", "notfound", "notconnected", "timeout", "expired", "disabled", "unavailable"),
}
_BAD_CODE = re.compile(r"^e?err|error|fail|invalid|denied|forbidden|unauthori|notfound|timeout")
_HTTP_ERROR = re.compile(r"[45]\d\d")
_GOOD_CODE = re.compile(r"succe|^(ok|done|accepted|loggedout)$")

_NEGATIVE = re.compile(
    r"\b(?:not|no|never|cannot|unable|fail\w*|forbidden|unauthori[sz]ed|denied|refused|rejected|invalid|expired"
    r"|errors?|missing|timed?[ -]?out|unavailable|disabled|closed|lost|did ?n.t|could ?n.t)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
_LOGOUT_WORDS = re.compile(r"\blog(?:ged)?[ -]?out|unlink|unpair|whats ?app|linked device", re.IGNORECASE)
_MATTER = re.compile(r"session|instance|connected|reach|phone", re.IGNORECASE)
# Words of a gateway, which say nothing about the call behind it.
_GATEWAY_WORDS = re.compile(
    r"gateway|upstream|service (?:is )?(?:temporarily )?unavailable|endpoint request timed? ?out|ring-balancer"
    r"|\borigin\b|\bbackend\b|\bproxy\b|web server",
    re.IGNORECASE,
)
# The engine's words for a call that waited in vain for another one on the same session. Its queue named "auth" is
# a different lock, taken by a call that has already begun.
_HELD = re.compile(
    r"lock timed out in queue (?!auth\b)\S|another (?:call|request|operation|command)\b.*\b(?:session|instance)"
    r"|\b(?:session|instance)\b.*\b(?:is (?:busy|locked)|(?:held|locked) by another)|already in progress",
    re.IGNORECASE | re.DOTALL,
)
# Paths don't count as words: a web framework repeats the one it has no route for.
_PATH = re.compile(r"\S*/\S*")
_SESSION_WORD = re.compile(r"session|instance", re.IGNORECASE)
_OTHER_404 = re.compile(
    r"(?<![a-z])routes?(?![a-z])|cannot (?:get|post|put|patch|delete)|tunnel|deployment|endpoint|function|bucket"
    r"|\b(?:app|application|service|site|page|domain|url|uri|method)\b(?: \S+){0,4} not (?:found|exist)"
    r"|unknown (?:method|command|action)|expired|cookie|csrf|log ?in\b|sign ?in\b",
    re.IGNORECASE,
)
_HTML = re.compile(rb"<(?:!doctype )?html\b|<body\b|<h1\b|<center\b|<title\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_PLAN = re.compile(
    r"\bplans?\b|quota|subscri|upgrade|billing|payment|\bpaid\b|premium|(?:instance|session|webhook)s? limit|limit of",
    re.IGNORECASE,
)


def is_html(content: bytes) -> bool:
    """Whether a body is a web page."""
    return bool(_HTML.search(content[:SEARCHED]))


def is_structured(content: bytes) -> bool:
    """Whether a body has a form that APIs use for errors: a JSON object, or XML that isn't a page."""
    if re.match(rb"\s*<(?:\?xml|error|response)\b", content, re.IGNORECASE):
        return not is_html(content)
    return _json_words(content) is not None


def read_json(content: bytes) -> Any:
    """Parse a body as JSON.

    Raises:
        ValueError: it isn't JSON, or only Python accepts it as JSON, or it is nested too deep.
        DuplicateKeyError: an object has the same key twice, so it is unclear which value is meant.
    """
    try:
        value = _DECODER.decode(content.decode(json.detect_encoding(content), "surrogatepass"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not _is_shallow(value):
        raise ValueError("nested too deep")
    return value


class DuplicateKeyError(ValueError):
    """A JSON object has a key twice."""


def _object_of_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise DuplicateKeyError("a key appears twice")
    return found


def _is_shallow(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _depth in range(_MAX_DEPTH):
        nodes = (node.values() if isinstance(node, dict) else node for node in level)
        level = [child for node in nodes for child in node if isinstance(child, (dict, list))]
        if not level:
            return True
    return False


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse_constant(number)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Shared by all replies: json.loads would make a new one for each text.
_DECODER = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_object_of_unique_keys
)


def explanation(value: Any) -> tuple[str, str]:
    """Return the code and message of a JSON value, flat or nested; empty strings where it has none."""
    fields = _fields(value)
    nested: Mapping[str, Any] = next(
        (fields[name] for name in (*_ERROR, *_ENVELOPES) if isinstance(fields.get(name), Mapping)), {}
    )
    inner = _fields(nested)
    code = _text(inner.get("code")) or _text(fields.get("code"))
    said = [_text(each.get(name)) for each in (inner, fields) for name in (*_WORDS, *_ERROR)]
    return code, next(filter(None, said), "")


def says_no(value: Any, call: str) -> bool:
    """Whether the JSON value of a 2xx reply says that the call failed.

    A logout is judged more strictly than other calls, whose effect is read afterwards: an empty value counts as no.
    """
    if value is False or (call == LOGOUT and not value):
        return True
    if call == LOGOUT and isinstance(value, str):
        return bool(_NEGATIVE.search(value))
    parts = value if call == LOGOUT and isinstance(value, list) else [value]
    objects = [part for part in parts if isinstance(part, Mapping)]
    return any(_denies(each, call) or (call == LOGOUT and _denies_in_words(each)) for each in objects)


def _denies(value: Mapping[str, Any], call: str, depth: int = 0) -> bool:
    fields = _fields(value)
    # The status in a reading isn't the API's verdict on the call, and a session that FAILED may say why.
    reading = call == "info" and bool(_SESSION & fields.keys())
    failed_session = _fold(fields.get("status")) == "failed" and bool(_SESSION & fields.keys())
    return (
        any(_fold(fields[name]) in _NO_SUCCESS for name in _SUCCESS if name in fields)
        or (call == LOGOUT and _denies_logout(fields))
        or (not failed_session and any(_fold(fields.get(name)) not in _NOTHING for name in _ERROR))
        or (not (reading or failed_session) and _is_bad_status(fields))
        or any(_is_http_error(fields.get(name)) for name in _CODES)
        or _is_coded_error(fields)
        or (depth < 3 and any(_denies(fields[name], call, depth + 1) for name in _envelopes(fields)))
    )


def _denies_logout(fields: Mapping[str, Any]) -> bool:
    """Whether a reply to a logout says no in a field that could mean something else in other replies."""
    return (
        any(_fold(fields.get(name)) in ("false", "no", "0") for name in (*_DONE, *_ACCEPTED))
        or any(_fold(fields.get(name)) not in _NOTHING for name in _FAILED)
        or any(_fold(fields.get(name)) in _FAILURE for name in _KINDS)
        or bool(_BAD_CODE.search(_fold(fields.get("code"))))
    )


def _envelopes(fields: Mapping[str, Any]) -> Iterable[str]:
    return (name for name in _ENVELOPES if isinstance(fields.get(name), Mapping))


def _is_bad_status(fields: Mapping[str, Any]) -> bool:
    status, result = fields.get("status"), fields.get("result")
    return status is False or result is False or status == 0 or any(_fold(each) in _BAD for each in (status, result))


def _is_http_error(value: Any) -> bool:
    return value not in (None, True, False) and bool(_HTTP_ERROR.fullmatch(str(value).strip()))


def _is_coded_error(fields: Mapping[str, Any]) -> bool:
    """Whether an object is an error as REST frameworks word it: a code with a message, and no session."""
    code = fields.get("code") or fields.get("errorcode")
    if not isinstance(code, str) or code.strip().isdigit() or _SESSION & fields.keys() or "status" in fields:
        return False
    return not _GOOD_CODE.search(_fold(code)) and any(_text(fields.get(name)) for name in _WORDS)


def _denies_in_words(value: Mapping[str, Any]) -> bool:
    """Whether an object describes a failure in words, and names neither a session's status nor success."""
    fields = _fields(value)
    if _SESSION & fields.keys() or any(name in fields for name in (*_SUCCESS, "status")):
        return False
    return bool(_NEGATIVE.search(" ".join(explanation(value))))


def is_held(content: bytes) -> bool:
    """Whether an error says that another call holds the session, so this one was not carried out."""
    return bool(_HELD.search(_json_words(content) or ""))


def says_write_failed(status: int, content: bytes, text: str) -> bool:
    """Whether a 5xx is the application's statement that a write failed, not a gateway's error.

    Args:
        status: the HTTP status; 502, 503 and 504, which gateways send, count only if the words are about the session.
        content: the body.
        text: the words of a body that isn't JSON.
    """
    words = _json_words(content)
    if words is None:
        return bool(_LOGOUT_WORDS.search(text) and _NEGATIVE.search(text))
    if _LOGOUT_WORDS.search(words) and _NEGATIVE.search(words):
        return True
    if _GATEWAY_WORDS.search(words) or not words.strip():
        return False
    return status not in (502, 503, 504) or bool(_MATTER.search(words) and _NEGATIVE.search(words))


def names_missing_session(content: bytes) -> bool:
    """Whether a 404 speaks of a session or instance, as Wawp's does.

    An empty body, a page, a missing route, a tunnel or a platform without an application doesn't.
    """
    if is_html(content):
        return False
    words = _json_words(content)
    if words is None:
        words = _TAG.sub(" ", content[:SEARCHED].replace(b"\0", b"").decode("utf-8", "replace"))
        if re.match(r"\s*[{\[]", words):  # broken or contradictory JSON
            return False
    words = _PATH.sub(" ", words)
    return bool(_SESSION_WORD.search(words)) and not _OTHER_404.search(words)


def names_plan(content: bytes) -> bool:
    """Whether a 403 speaks of a plan or quota."""
    words = _json_words(content)
    return bool(_PLAN.search(content[:SEARCHED].decode("utf-8", "replace") if words is None else words))


def _json_words(content: bytes) -> str | None:
    """Return all words of a JSON object, None if the body isn't one."""
    try:
        value = read_json(content)
    except ValueError:
        return None
    return " ".join(_all_words(value))[:SEARCHED] if isinstance(value, Mapping) else None


def _all_words(value: Mapping[str, Any], depth: int = 0) -> Iterable[str]:
    for name, item in _fields(value).items():
        if name in ("code", *_WORDS, *_ERROR):
            yield _text(item)
        if isinstance(item, Mapping) and name in (*_ERROR, *_ENVELOPES) and depth < 3:
            yield from _all_words(item, depth + 1)


def _fields(value: Any) -> dict[str, Any]:
    return {_folded_name(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}


@lru_cache(maxsize=1024)  # replies are of few kinds
def _folded_name(name: str) -> str:
    return _fold(name)


def _fold(value: Any) -> str:
    """Return a name or short value without case and separators; an empty string for an empty value."""
    return "" if value in (None, [], {}) else _SEPARATOR.sub("", str(value)).lower()


def _text(value: Any) -> str:
    """Return the words of a field: a text, a number, or a list of them."""
    if isinstance(value, (list, tuple)):
        return "; ".join(filter(None, map(_text, value)))
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return str(value).strip()
