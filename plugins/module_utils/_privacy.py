# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What may be shown: accounts masked, secrets left out, foreign text made harmless. Private to the collection."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

HIDDEN = "********"
_SHOWN_DIGITS = 4
_SECRET_KEY = re.compile(r"(^qr|authorization|cookies?|credentials?|headers|key|password|secret|token)$")
# A scheme has a bound, or a long word would be searched from each of its letters to its end.
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,19}://\S+")
_JID = re.compile(r"\+?\d{5,20}(?=(?:[:.]\d{1,5}){0,2}@[a-z])")
_NAME = re.compile(r"name$", re.IGNORECASE)
_PHONE_KEY = re.compile(r"(phone|msisdn|mobile)(_?number|_?no)?$", re.IGNORECASE)
_PHONE = re.compile(r"\+\d(?:[ ().-]{0,2}\d){6,14}|(?<![0-9A-Za-z])\d{9,15}(?![0-9A-Za-z])")


def mask_account(account: str) -> str:
    """The account with all but its last four digits starred, or all of them where there are too few to hide."""
    user, at, server = account.partition("@")
    digits = sum(character.isdigit() for character in user)
    hidden = digits - _SHOWN_DIGITS if digits > 2 * _SHOWN_DIGITS - 2 else digits
    masked = []
    for character in user:
        star = character.isdigit() and hidden > 0
        hidden -= star
        masked.append("*" if star else character)
    return "".join(masked) + at + server


def mask_name(name: str) -> str:
    """A person's name reduced to its first letter."""
    return f"{name[:1]}***" if name else name


def mask_person(value: Any) -> Any:
    """A copy of what is told of a person: names reduced to a letter, all that may be a phone number masked."""
    if isinstance(value, Mapping):
        return {
            key: mask_name(item) if isinstance(item, str) and _NAME.search(str(key)) else mask_person(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [mask_person(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return mask_person(str(value)) if _PHONE.fullmatch(str(value)) else value
    return mask_numbers_in(value) if isinstance(value, str) else value


def mask_accounts_in(text: str) -> str:
    """The text with every WhatsApp id in it masked."""
    return _JID.sub(lambda found: mask_account(found.group()), text)


def mask_numbers_in(text: str) -> str:
    """The text with every WhatsApp id, and all else in it that may be a phone number, masked."""
    return _PHONE.sub(lambda found: mask_account(found.group()), mask_accounts_in(text))


def without_secrets(value: Any) -> Any:
    """A copy of an API value with secrets starred, without credentials and queries of URLs and control characters."""
    if isinstance(value, Mapping):
        return {
            str(key): HIDDEN if _is_secret(key) and item not in (None, "", [], {}) else without_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [without_secrets(item) for item in value]
    if isinstance(value, str):
        return _URL.sub(lambda found: _bare_url(found.group()), printable(value))
    return value


def masked(value: Any, account: str) -> Any:
    """A copy of an API value in which nothing, not even a key, names the account (digits only, or empty)."""
    if isinstance(value, Mapping):
        return {
            masked(key, account): mask_person(item) if _PHONE_KEY.search(str(key)) else masked(item, account)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [masked(item, account) for item in value]
    if isinstance(value, int) and account and account in str(value):
        return masked(str(value), account)
    if isinstance(value, str):
        text = value.replace(account, mask_account(account)) if account else value
        return mask_accounts_in(text)
    return value


def hider(secrets: Iterable[str]) -> Callable[[Any], Any]:
    """What copies values and stars secrets in them, in a time that doesn't grow with how many secrets there are.

    Args:
        secrets: as they may stand in a string or be a number. Keys of mappings are not searched.
    """
    known = {secret for secret in secrets if secret}
    if not known:
        return lambda value: value
    lengths = sorted({len(secret) for secret in known}, reverse=True)
    characters = "".join(map(re.escape, sorted(set().union(*known))))
    candidate = re.compile(f"[{characters}]{{{lengths[-1]},}}")

    def starred(found: re.Match[str]) -> str:
        text, at, kept = found.group(), 0, []
        while at < len(text):
            length = next((length for length in lengths if text[at : at + length] in known), 0)
            kept.append(HIDDEN if length else text[at])
            at += length or 1
        return "".join(kept)

    def hide(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: hide(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [hide(item) for item in value]
        if isinstance(value, str):
            return candidate.sub(starred, value)
        return HIDDEN if isinstance(value, (int, float)) and str(value) in known else value

    return hide


def printable(text: str) -> str:
    """The text with a blank for each control and direction character."""
    return text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)


def clean_text(text: str, length: int = 240) -> str:
    """Foreign text on one line: control and direction characters removed, runs of blanks folded, cut to a length."""
    line = " ".join(printable(text).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def scrub(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, in any of the writings in which a server may echo them."""
    for secret in secrets:
        for form in filter(None, _writings(secret)):
            text = text.replace(form, HIDDEN)
    return text


def scrubbed(value: Any, secrets: Iterable[str]) -> Any:
    """A copy of an API value without the secrets."""
    if isinstance(value, dict):
        return {scrub(key, secrets): scrubbed(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [scrubbed(item, secrets) for item in value]
    if isinstance(value, (int, float)) and str(value) in secrets:
        return HIDDEN
    return scrub(value, secrets) if isinstance(value, str) else value


@lru_cache(maxsize=64)
def _writings(secret: str) -> list[str]:
    """The forms of a secret, the longest first."""
    in_urls = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    in_html = {html.escape(secret), html.escape(secret, quote=False), html.escape(secret).replace("&#x27;", "&#039;")}
    small = {re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), form) for form in in_urls}
    slashed = {form.replace("/", "\\/") for form in in_json}
    return sorted({secret} | in_urls | small | in_json | slashed | in_html, key=len, reverse=True)


def _is_secret(key: Any) -> bool:
    return bool(_SECRET_KEY.search(re.sub(r"[^a-z]", "", str(key).lower())))


def _bare_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return HIDDEN
    return urlunsplit((parts.scheme, host, parts.path, HIDDEN if parts.query else "", ""))
