# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Make values safe to show: mask accounts, remove secrets, and make foreign text harmless.

Imports only the standard library, so that the event sources can load it too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from html.entities import html5
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ._numbers_in_text import BETWEEN_ANY, ascii_digits, mask_as_read, mask_grouped

REDACTED = "********"
_SHOWN_DIGITS = 4
# Digits that may be a person's number: where such a number is expected, and in any text.
_NUMBER, _NUMBER_IN_TEXT = 7, 9
_SENSITIVE = (
    "auth|authorization|bearer|cookies?|credentials?|headers|hmac|key|pairingcode|passphrase|passwd|password|pwd|secret"
    "|signature|token"
)
_SECRET_KEY = re.compile(rf"^qr|({_SENSITIVE})$")
# Ansible mistakes such keys for its internal markers, and fails on their values.
_ANSIBLES_KEY = re.compile(r"^__ansible")
# The scheme is bounded, or a long word would be searched from each of its letters to its end.
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,19}://\S+")
_INNER_CREDENTIALS = re.compile(r"(?<=://)[^\s/?#]*@")
_JID = re.compile(r"\+?\d{5,20}(?=(?:[:.]\d{1,5}){0,2}@[a-z])")
_NAME = re.compile(r"name$", re.IGNORECASE)
_STATUS = re.compile(r"(?i)status$")
_PHONE_KEY = re.compile(r"(phone|msisdn|mobile)(_?number|_?no)?$", re.IGNORECASE)
_BETWEEN = r"[\s()./\u2010-\u2015-]{0,2}"
_DIALLED = re.compile(
    rf"(?:\+{BETWEEN_ANY}\d(?:[^\w+]{{0,5}}_?\d){{6,14}}"
    rf"|(?<![0-9A-Za-z:.])00{_BETWEEN}(?=[1-9]){_BETWEEN}\d(?:{_BETWEEN}\d){{6,14}})"
)
_DIGITS = re.compile(rf"\d(?:{BETWEEN_ANY}\d)+")
_EXPONENT = re.compile(r"\d[.,]\d{4,}[eE]\+?\d{1,2}")
_RUN = re.compile(r"(?<![*\d])\d{4,}")
_BLANK = re.compile(r"\s")
_PIECE = re.compile(r"\W*\d[\d\W_]*")

# Each starts at a word boundary, or is bounded, so that a long word isn't searched from each of its letters.
# In a text: a secret's name with its value, a login without a scheme, images, QR codes, anything long and random.
_ASSIGNED = re.compile(
    rf"""(?i)((?<![\w.\[-])[\w.\[-]{{0,200}}(?:{_SENSITIVE}|api_?key|qr)["'\])]{{0,3}}\s*(?:=>|[:=])\s*)"""
    r"""(?:(?:bearer|basic|digest)\s+)?(?:"[^"]*"|'[^']*'|[^\s,;&"'<>]+)"""
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[^\s,;\"'<>]{6,}")
_LOGIN = re.compile(r"(?<![\w.])(?!\d+[:.]\d+@)[^\s:/@\"']{1,64}:[^\s/@\"']{1,64}@(?=[\w.-]+)")
_DATA_URI = re.compile(r"data:[\w/+.;=-]{0,60},\S*")
_QR = re.compile(r"\b\d@\S{16,}")
_PAIRING_CODE = re.compile(r"\b(?=[A-Z-]*\d)(?=[0-9-]*[A-Z])[A-Z0-9]{4}-[A-Z0-9]{4}\b")
_RANDOM = re.compile(r"[A-Za-z0-9+=_-]{20,}|[A-Za-z0-9+/=_-]{40,}")
_LONGEST_WORD = 32
_PLAIN_SEGMENT = re.compile(r"[A-Za-z_.-]{0,20}|v\d{1,2}")
_ELEMENT = re.compile(r"<([\w:.-]{1,60})(?:\s[^<>]*)?>([^<]*)</\1>")
# Characters without which a secret and its text have no other encoding.
_ESCAPES = re.compile(r"[\\%&]")


def mask_account(account: str) -> str:
    """Star all but the last four digits of an account, or all digits of a short one."""
    # Behind the @ too: a server's name has no digits, and the text may not be an account.
    return "@".join(map(_mask_digits, account.split("@")))


def _mask_digits(text: str) -> str:
    digits = sum(character.isdigit() for character in text)
    hidden = digits - _SHOWN_DIGITS if digits > 2 * _SHOWN_DIGITS - 2 else digits
    masked = []
    for character in text:
        star = character.isdigit() and hidden > 0
        hidden -= star
        masked.append("*" if star else character)
    return "".join(masked)


def mask_name(name: str) -> str:
    """Reduce a person's name to its first letter."""
    return f"{name[:1]}***" if name else name


def mask_person(value: Any) -> Any:
    """Copy the fields about a person, with names reduced to a letter and possible phone numbers masked."""
    if isinstance(value, Mapping):
        return {
            _mask_runs(str(key)): mask_name(item)
            if isinstance(item, str) and _NAME.search(str(key))
            else mask_person(item)
            for key, item in zip(value, star_pieces(value))
        }
    if isinstance(value, (list, tuple)):
        return [mask_person(item) for item in star_pieces(value)]
    number = _number_text(value)
    if number:
        return mask_account(number) if len(ascii_digits(number)) >= _SHOWN_DIGITS else value
    return _mask_runs(value) if isinstance(value, str) else value


def star_pieces(values: Mapping[Any, Any] | Sequence[Any]) -> list[Any]:
    """Return the items of a list or values of a mapping, with digits starred if together they may be a number."""
    if isinstance(values, Mapping):  # a size and a time in two fields aren't a number
        items, least = list(values.values()), _NUMBER_IN_TEXT
        among = [isinstance(item, str) and _is_piece(item) for item in items]
    else:
        items, least = list(values), _NUMBER
        among = list(map(_is_piece, items))
    if sum(among) < 2 or len(_joined_digits(item for item, piece in zip(items, among) if piece)) < least:
        return items
    return [_star_piece(item) if piece else item for item, piece in zip(items, among)]


def _is_piece(value: Any) -> bool:
    return 0 < len(ascii_digits(_piece(value))) < _NUMBER_IN_TEXT


def _mask_runs(text: str) -> str:
    """Mask numbers in a text, however grouped; in a text without any, mask what may be parts of one."""
    return mask_as_read(text, _mask_runs_read)


def _mask_runs_read(text: str) -> str:
    masked = _mask_numbers_read(_DIGITS.sub(lambda found: mask_status(found.group()), _mask_accounts_read(text)))
    return masked if masked != text else _RUN.sub(lambda found: mask_account(found.group()), text)


def mask_accounts_in(text: str) -> str:
    """Mask every WhatsApp id in a text."""
    return mask_as_read(text, _mask_accounts_read)


def _mask_accounts_read(text: str) -> str:
    return _JID.sub(lambda found: mask_account(found.group()), text)


def mask_numbers_in(text: str) -> str:
    """Mask every WhatsApp id in a text, and all else that may be a phone number."""
    return mask_as_read(text, _mask_numbers_read)


def _mask_numbers_read(text: str) -> str:
    text = _EXPONENT.sub(lambda found: "*" * len(found.group()), _mask_dialled(_mask_accounts_read(text)))
    return mask_grouped(text, _mask_if_long)


def _mask_if_long(number: str) -> str:
    return mask_account(number) if len(ascii_digits(number)) >= _NUMBER_IN_TEXT else number


def mask_status(status: str) -> str:
    """Make a status safe to show, whatever the server sent: mask it if it may hold a phone number."""
    return mask_account(status) if len(ascii_digits(status)) >= _NUMBER else status


def _mask_dialled(text: str) -> str:
    """Mask every number in a text that is written to be dialled, with its country code."""
    return _DIALLED.sub(lambda found: mask_account(found.group()), text)


def _number_text(value: Any) -> str:
    """Return a number as people write it, empty for anything else: JSON may hold a phone number as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)


def _piece(value: Any) -> str:
    """Return the text of a value that may be part of a number: only digits and separators. Empty for any other."""
    text = value if isinstance(value, str) else _number_text(value)
    return text if _PIECE.fullmatch(text) else ""


def _joined_digits(values: Iterable[Any]) -> str:
    return "".join(ascii_digits(_piece(value)) for value in values)


def _star_piece(value: Any) -> str:
    return "".join("*" if each.isdigit() else each for each in _piece(value))


def redact_sensitive_keys(value: Any) -> Any:
    """Copy an API value: secrets starred; credentials and queries of URLs and control characters removed."""
    if isinstance(value, Mapping):
        return {
            _key(key): REDACTED if _is_secret(key) and item not in (None, "", [], {}) else redact_sensitive_keys(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact_sensitive_keys(item) for item in value]
    if isinstance(value, str):
        return _ASSIGNED.sub(rf"\g<1>{REDACTED}", _bare_urls_in(printable(value)))
    return value


def redact_prose(text: str) -> str:
    """Remove possible secrets from a server's words: named values, logins, codes, long URLs."""
    text = _DATA_URI.sub(REDACTED, _URL.sub(lambda found: _origin(found.group()), text))
    text = _ASSIGNED.sub(rf"\g<1>{REDACTED}", _BEARER.sub(rf"\g<1> {REDACTED}", text))
    text = _PAIRING_CODE.sub(REDACTED, _QR.sub(REDACTED, _LOGIN.sub(f"{REDACTED}@", text)))
    return _RANDOM.sub(lambda found: REDACTED if _is_random(found.group()) else found.group(), text)


def redact_tagged(text: str) -> str:
    """Remove the text of XML elements that are named like a secret."""
    return _ELEMENT.sub(lambda found: REDACTED if _is_secret(found[1]) else found.group(), text)


def _is_random(word: str) -> bool:
    """Whether a long word is really a key, a token or the like."""
    digits = any(map(str.isdigit, word))
    if "/" in word:  # paths have slashes too
        return digits and word.lower() != word and word.upper() != word
    return any(map(str.isalpha, word)) and (digits or len(word) >= _LONGEST_WORD)


def mask_account_in(value: Any, account: str) -> Any:
    """Copy an API value so that nothing in it, not even a key, names the account (digits only, or empty)."""
    if isinstance(value, Mapping):
        items = dict(zip(value, _mask_pieces(list(value.values()), account)))
        return {
            mask_account_in(key, account): mask_person(item)
            if _PHONE_KEY.search(str(key))
            else mask_account_in(
                mask_status(item) if isinstance(item, str) and _STATUS.search(str(key)) else item, account
            )
            for key, item in items.items()
        }
    if isinstance(value, (list, tuple)):
        return [mask_account_in(item, account) for item in _mask_pieces(value, account)]
    number = _number_text(value)
    if number:
        return mask_account(number) if account and account in number else value
    if isinstance(value, str):
        return mask_as_read(value, partial(_mask_account_read, account))
    return value


def _mask_account_read(account: str, text: str) -> str:
    """Mask the account in a text, and in several words every possible number; a single word may be an id."""
    mask = _mask_numbers_read if _BLANK.search(text) else lambda word: _mask_dialled(_mask_accounts_read(word))
    return mask(_mask_digits_of(account, text) if account else text)


def _mask_pieces(values: Sequence[Any], account: str) -> Sequence[Any]:
    """Return the values, with digits starred if only together they name the account."""
    if not account or account not in _joined_digits(values) or any(account in ascii_digits(_piece(v)) for v in values):
        return values
    return [_star_piece(value) if _piece(value) else value for value in values]


def _mask_digits_of(account: str, text: str) -> str:
    """Mask the digits of an account in a text, however grouped."""

    def hide(found: re.Match[str]) -> str:
        digits = ascii_digits(found.group())
        start = digits.find(account)
        if start < 0:
            national = len(digits.lstrip("0")) >= _NUMBER and account.endswith(digits.lstrip("0"))
            return mask_account(found.group()) if national else found.group()
        hidden = range(start, start + max(len(account) - _SHOWN_DIGITS, 0))
        place = iter(range(len(digits)))
        return "".join("*" if each.isdigit() and next(place) in hidden else each for each in found.group())

    # No pattern per account: compiling one takes a millisecond, and a fleet has thousands of accounts.
    return _DIGITS.sub(hide, _EXPONENT.sub(lambda found: _star_exponent(found.group(), account), text))


def _star_exponent(text: str, account: str) -> str:
    """Star a number with an exponent, as spreadsheets write large ones, if it may be the account."""
    mantissa = ascii_digits(re.split("[eE]", text)[0])
    return "*" * len(text) if account.startswith(mantissa) else text


def make_redactor(secrets: Iterable[str]) -> Callable[[Any], Any]:
    """Return a function that copies a value and stars secrets in it, as quickly for thousands of secrets as for one.

    Args:
        secrets: as they may occur in a string, or equal a number. Keys of mappings aren't searched.
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
            kept.append(REDACTED if length else text[at])
            at += length or 1
        return "".join(kept)

    def hide(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: hide(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [hide(item) for item in value]
        if isinstance(value, str):
            return candidate.sub(starred, value)
        if isinstance(value, bool):  # a token like True must not turn `changed` into text
            return value
        return REDACTED if isinstance(value, (int, float)) and str(value) in known else value

    return hide


def printable(text: str) -> str:
    """Replace each control and direction character with a blank."""
    return text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)


def one_line(text: str, length: int = 240) -> str:
    """Put foreign text on one line: remove control and direction characters, fold blanks, cut to a length."""
    line = " ".join(printable(text).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def redact_text(text: str, secrets: Iterable[str]) -> str:
    """Remove the secrets from a text, in any encoding in which a server may echo them."""
    escaped = _ESCAPES.search(text)
    for secret in filter(None, secrets):
        text = _encodings(secret).sub(REDACTED, text) if escaped else text.replace(secret, REDACTED)
    return text


def redact_value(value: Any, secrets: Iterable[str]) -> Any:
    """Copy an API value without the secrets, in writable text: lone surrogates are replaced."""
    if isinstance(value, dict):
        return {redact_value(key, secrets): redact_value(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [redact_value(item, secrets) for item in value]
    if isinstance(value, (int, float)) and str(value) in secrets:
        return REDACTED
    return redact_text(value.encode("utf-8", "replace").decode(), secrets) if isinstance(value, str) else value


@lru_cache(maxsize=64)
def _encodings(secret: str) -> re.Pattern[str]:
    return re.compile("".join(map(_writing, secret)))


@lru_cache(maxsize=256)
def _writing(character: str) -> str:
    """Return a pattern for a character, plain or as encoded in URLs, JSON, HTML and nested strings."""
    point, units = ord(character), character.encode("utf-16-be", "surrogatepass")
    names = [re.escape(name) for name, value in html5.items() if value == character and name.endswith(";")]
    forms = [
        "".join(f"%(?:25)*(?i:{byte:02x})" for byte in character.encode("utf-8", "surrogatepass")),
        "".join(rf"\\{{1,8}}(?i:u{units[at : at + 2].hex()})" for at in range(0, len(units), 2)),
        f"&(?:#0*{point}|(?i:#x0*{point:x}));",
        *(f"&{name}" for name in names),
        # Last, or it would match the first character of a longer encoding.
        r"\\{1,8}" if character == "\\" else character if character.isalnum() else r"\\{0,8}" + re.escape(character),
    ]
    return f"(?:{'|'.join(forms)})"


def _key(key: Any) -> str:
    return _ANSIBLES_KEY.sub("ansible", _bare_urls_in(printable(str(key))))


def _is_secret(key: Any) -> bool:
    return bool(_SECRET_KEY.search(re.sub(r"[^a-z]", "", str(key).lower())))


def _bare_urls_in(text: str) -> str:
    return _URL.sub(lambda found: _bare_url(found.group()), text)


def _bare_url(url: str) -> str:
    """Strip a URL of login, query, fragment and random parts of its path: links are secrets too."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return REDACTED
    path = "/".join(
        REDACTED if len(each) >= 20 and _is_random(each) else each
        for each in _INNER_CREDENTIALS.sub("", parts.path).split("/")
    )
    return urlunsplit((parts.scheme, host, path, REDACTED if parts.query else "", ""))


def _origin(url: str) -> str:
    """Return the part of a URL that can't be a secret: scheme and host, and a path of plain words."""
    bare = _bare_url(url)
    origin, _slash, path = bare.partition("://")[2].partition("/")
    plain = "?" not in path and all(map(_PLAIN_SEGMENT.fullmatch, path.split("/")))
    return bare if plain else f"{bare.partition('://')[0]}://{origin}/\u2026"
