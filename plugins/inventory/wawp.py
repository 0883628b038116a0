# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventory plugin wawp: the instances of a YAML source as hosts, grouped by the status of their sessions."""

from __future__ import annotations

DOCUMENTATION = r"""
name: wawp
short_description: Wawp instances as hosts, grouped by the status of their WhatsApp sessions
version_added: 0.1.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Reads the sessions of the instances that its YAML source lists, many at a time. Wawp has no call that lists them.
  - The source's file name must end in C(wawp.yml) or C(wawp.yaml).
  - Each instance becomes a host with a local connection, in the group C(wawp) and in one by its status, such as
    C(wawp_working), C(wawp_scan_qr_code) or C(wawp_stopped).
  - An instance that doesn't exist is in C(wawp_missing), one that could not be read in C(wawp_unreachable).
  - The hosts have the variables C(wawp_instance_id), C(wawp_name), C(wawp_exists), C(wawp_status), C(wawp_paired),
    C(wawp_account) and C(wawp_error), which mean what they do in RV(wawp.cloud.wawp_session_info#module:sessions).
options:
  plugin:
    description: Marks the source as one for this plugin.
    type: str
    required: true
    choices: [wawp.cloud.wawp]
  instances:
    description:
      - The instances, each an id, or a mapping with C(instance_id) and optionally C(name) and C(access_token).
      - Quote ids, since some look like numbers.
    type: list
    elements: raw
    required: true
  access_token:
    description:
      - The access token of the Wawp account. May be a Jinja2 template or vaulted.
      - It is no variable of the hosts.
    type: str
    env:
      - name: WAWP_ACCESS_TOKEN
  api_url:
    description: Where the Wawp API is.
    type: str
    default: https://api.wawp.net
    env:
      - name: WAWP_API_URL
  hostname:
    description: What the hosts are named by. V(name) falls back on the id where an instance has no name.
    type: str
    choices: [instance_id, name]
    default: instance_id
  mask_account:
    description: Whether the phone number in C(wawp_account) is masked.
    type: bool
    default: true
  max_connections:
    description: How many calls may be under way at once.
    type: int
    default: 16
  calls_per_second:
    description: How many calls may be sent in a second, V(0) for no bound.
    type: float
    default: 20.0
  request_timeout:
    description: Seconds after which a single call is given up.
    type: float
    default: 90.0
  validate_certs:
    description: Whether the server's TLS certificate must be trusted.
    type: bool
    default: true
  ca_path:
    description: A file or folder of CA certificates to trust instead of the system's.
    type: path
requirements:
  - requests (Python library)
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
seealso:
  - module: wawp.cloud.wawp_session_info
"""

EXAMPLES = r"""
# fleet.wawp.yml: the token comes from WAWP_ACCESS_TOKEN
plugin: wawp.cloud.wawp
instances:
  - 3EB0BCB2E3D4
  - instance_id: 3EB0BCB2E3D5
    name: front-desk
hostname: name
keyed_groups:
  - key: wawp_paired | string | lower
    prefix: paired
compose:
  wawp_short_id: wawp_instance_id[-4:]
groups:
  needs_scan: wawp_status == 'SCAN_QR_CODE'
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: /var/tmp/wawp-inventory
"""

import re
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.wawp.cloud.plugins.module_utils._arguments import at_least, connection_of, targets_of
from ansible_collections.wawp.cloud.plugins.module_utils._client import REQUESTS_IMPORT_ERROR
from ansible_collections.wawp.cloud.plugins.module_utils._errors import OptionError
from ansible_collections.wawp.cloud.plugins.module_utils._fleet_task import named
from ansible_collections.wawp.cloud.plugins.module_utils._read_task import read_all, session_facts
from ansible_collections.wawp.cloud.plugins.plugin_utils._plain import plain

try:
    from ansible.template import trust_as_template as trusted
except ImportError:
    from ansible.utils.unsafe_proxy import wrap_var as untrusted

    def trusted(value: str) -> str:  # until 2.18, any string is a template that isn't marked as untrusted
        return value

else:

    def untrusted(value: str) -> str:
        return value


# What could make a string a template; one without is left unmarked, since marks are in the way of JSON's readers.
_TEMPLATE = re.compile(r"\{|^#jinja2:")
_OPTIONS = ("api_url", "request_timeout", "validate_certs", "ca_path", "max_connections", "calls_per_second")
_FACTS = ("exists", "status", "paired", "account", "error")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """See DOCUMENTATION."""

    NAME = "wawp.cloud.wawp"

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith(("wawp.yml", "wawp.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        if REQUESTS_IMPORT_ERROR:
            raise AnsibleParserError(missing_required_lib("requests"))
        self._read_config_data(path)
        try:
            hosts = self._hosts(path, cache)
        except OptionError as error:
            raise AnsibleParserError(f"{path}: {error}") from None
        self.inventory.add_group("wawp")
        for host in hosts:
            self._add(host)

    def _hosts(self, path: str, cache: bool) -> list[dict[str, Any]]:
        """The variables of the hosts, from the cache if it is to be used and warm."""
        caching = self.get_option("cache")
        key = self.get_cache_key(path) if caching else ""
        if caching and cache:
            try:
                cached: list[dict[str, Any]] = self._cache[key]
                return cached
            except KeyError:
                pass
        hosts = self._read()
        # An outage is not worth remembering.
        if caching and not any(host["error"] for host in hosts):
            self._cache[key] = hosts
        return hosts

    def _read(self) -> list[dict[str, Any]]:
        targets = targets_of(self._option("instances"), self._option("access_token"))
        params = {name: self._option(name) for name in _OPTIONS}
        connection = connection_of(params)
        connections, pace = at_least(params, "max_connections", 1), at_least(params, "calls_per_second", 0)
        for warning in connection.warnings:
            self.display.warning(warning)
        outcomes = read_all(connection, targets, connections, pace)
        self._warn([f"{target.instance_id}: {end.message}" for target, end in zip(targets, outcomes) if end.failed])
        hosts = []
        for target, outcome in zip(targets, outcomes):
            facts = session_facts(outcome, self.get_option("mask_account"))
            hosts.append(
                {"instance_id": target.instance_id, "name": target.name, **{key: facts[key] for key in _FACTS}}
            )
        return hosts

    def _warn(self, problems: list[str]) -> None:
        if problems:
            self.display.warning(
                f"{len(problems)} instances could not be read, see the group wawp_unreachable. {named(problems)}"
            )

    def _option(self, name: str) -> Any:
        """An option's value in plain types; templates in the source are evaluated."""
        return plain(self.templar.template(self.get_option(name)))

    def _add(self, facts: Mapping[str, Any]) -> None:
        by_name = self.get_option("hostname") == "name" and facts["name"]
        host = self.inventory.add_host(facts["name"] if by_name else facts["instance_id"], group="wawp")
        variables = {f"wawp_{key}": _never_a_template(value) for key, value in facts.items()}
        variables["ansible_connection"] = trusted("local")
        variables["ansible_python_interpreter"] = trusted("{{ ansible_playbook_python }}")
        for name, value in variables.items():
            self.inventory.set_variable(host, name, value)
        self.inventory.add_child(self.inventory.add_group(_group(facts)), host)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)


def _group(facts: Mapping[str, Any]) -> str:
    if facts["exists"] is None:
        return "wawp_unreachable"
    status = "".join(character if character.isalnum() else "_" for character in (facts["status"] or "missing").lower())
    return f"wawp_{status}"


def _never_a_template(value: Any) -> Any:
    """A value for a variable whose text is foreign: nothing in it is ever evaluated."""
    if isinstance(value, Mapping):
        return {key: _never_a_template(item) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    return untrusted(value) if _TEMPLATE.search(value) else trusted(value)
