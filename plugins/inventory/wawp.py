# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventory plugin wawp: the instances of a YAML source as hosts, grouped by the status of their sessions."""

from __future__ import annotations

DOCUMENTATION = r"""
name: wawp
short_description: Wawp instances as hosts, grouped by the status of their WhatsApp sessions
version_added: 1.0.0
author:
  - wawp.cloud contributors (@wawp-cloud)
description:
  - Reads the sessions of the instances listed in its YAML source, many at a time. Wawp has no call that lists them.
  - The source's file name must end in C(wawp.yml) or C(wawp.yaml).
  - Each instance becomes a host with a local connection, in the group C(wawp) and in a group for its status, such as
    C(wawp_working), C(wawp_scan_qr_code) or C(wawp_stopped).
  - An instance that doesn't exist is in C(wawp_missing), one that could not be read in C(wawp_unreachable).
  - The hosts have the variables C(wawp_instance_id), C(wawp_name), C(wawp_origin), C(wawp_exists), C(wawp_status),
    C(wawp_paired), C(wawp_account) and C(wawp_error), with the same meaning as in
    RV(wawp.cloud.wawp_session_info#module:sessions).
options:
  plugin:
    description: Marks the source as one for this plugin.
    type: str
    required: true
    choices: [wawp.cloud.wawp]
  instances:
    description:
      - A list of instances, each an id, or a mapping with C(instance_id) and, optionally, C(name) and
        C(access_token).
      - May be a Jinja2 template that returns such a list.
      - Quote ids, since some look like numbers.
    type: raw
    required: true
  access_token:
    description:
      - The access token of the Wawp account. May be a Jinja2 template or vaulted.
      - It doesn't become a host variable.
    type: str
    env:
      - name: WAWP_ACCESS_TOKEN
  api_url:
    description: The URL of the Wawp API.
    type: str
    default: https://api.wawp.net
    env:
      - name: WAWP_API_URL
  hostname:
    description:
      - What to name the hosts by. With V(name), an instance without a name is named by its id.
      - In host names, C(_) replaces everything that a host pattern, as in C(--limit), would split or interpret, such
        as blanks, commas and a leading C(@). C(wawp_name) keeps the name as it is.
      - No two instances may end up with the same name, or with the name of a group.
    type: str
    choices: [instance_id, name]
    default: instance_id
  mask_account:
    description: Whether the phone number in C(wawp_account) is masked.
    type: bool
    default: true
  max_connections:
    description: How many calls may be in progress at once.
    type: int
    default: 16
  calls_per_second:
    description: How many calls may be sent per second, V(0) for no limit.
    type: float
    default: 20.0
  request_timeout:
    description: The time-out of a single call, in seconds.
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
  - name: Inventory
    description: How to use the inventory, its groups, and its cache.
    link: https://github.com/wawp-cloud/wawp.cloud/blob/main/docs/inventory.md
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
cache_connection: ~/.cache/wawp-inventory
"""

import re
from collections.abc import Mapping
from typing import Any

from ansible.constants import config
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ..module_utils._api.client import REQUESTS_IMPORT_ERROR
from ..module_utils._errors import OptionError
from ..module_utils._tasks.causes import named
from ..module_utils._tasks.options import (
    at_least,
    parse_connection,
    parse_rate,
    parse_targets,
)
from ..module_utils._tasks.session_info import read_all, session_facts
from ..plugin_utils._host_variables import safe_host_name
from ..plugin_utils._plain import plain

try:
    from ansible.template import trust_as_template
except ImportError:
    from ansible.utils.unsafe_proxy import wrap_var

    def _text(value: str, template: bool) -> str:
        """Protect a variable's string: up to 2.18, Ansible evaluates any string that isn't marked unsafe."""
        return value if template else wrap_var(value)

else:

    def _text(value: str, template: bool) -> str:
        """Protect a variable's string: from 2.19 on, Ansible evaluates only strings that are marked trusted."""
        return trust_as_template(value) if template else value


# Marks of a template. A string without any needs no protection, which ansible-inventory would write into its JSON.
_TEMPLATE = re.compile(r"\{|^#jinja2:")
_OPTIONS = ("api_url", "request_timeout", "validate_certs", "ca_path", "max_connections", "calls_per_second")
_GROUPS = ("wawp", "wawp_missing", "wawp_unreachable")
_FACTS = ("exists", "status", "paired", "account", "error")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """See DOCUMENTATION."""

    NAME = "wawp.cloud.wawp"
    inventory: Any

    def verify_file(self, path: str) -> bool:
        exists: bool = super().verify_file(path)  # type: ignore[no-untyped-call]
        return exists and path.endswith(("wawp.yml", "wawp.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        if REQUESTS_IMPORT_ERROR:
            raise AnsibleParserError(missing_required_lib("requests"))
        source = self._read_config_data(path)
        try:
            self._check(source)
            hosts = self._named(self._hosts(path, cache))
            self._refuse_groups(hosts)
        except OptionError as error:
            raise AnsibleParserError(f"{path}: {error}") from None
        # These exist even if empty, so that patterns may name them.
        for group in _GROUPS:
            self.inventory.add_group(group)
        for name, facts in hosts.items():
            self._add(name, facts)

    def _check(self, source: Mapping[str, Any]) -> None:
        """Refuse what Ansible ignores: unknown options, and invalid booleans, which it takes for false."""
        known = config.get_configuration_definitions("inventory", self._load_name)
        unknown = sorted(str(name) for name in source if name not in known)
        if unknown:
            raise OptionError(", ".join(unknown), "no such option")
        for name, value in source.items():
            if known[name].get("type") == "bool":
                try:
                    boolean(value)
                except TypeError:
                    raise OptionError(str(name), "must be true or false") from None

    def _hosts(self, path: str, cache: bool) -> list[dict[str, Any]]:
        """Return the reading of each instance: from the cache if allowed and filled from the same source, else new."""
        if not self.get_option("cache"):
            return self._read()
        key, source = self.get_cache_key(path), self._source()
        if cache:
            try:
                cached = self._cache[key]
            except KeyError:
                cached = {}
            if cached.get("source") == source:
                hosts: list[dict[str, Any]] = cached["hosts"]
                return hosts
        hosts = self._read()
        # An outage isn't worth caching.
        if not any(host["error"] for host in hosts):
            self._cache[key] = {"source": source, "hosts": hosts}
        return hosts

    def _source(self) -> dict[str, Any]:
        """Return the source's options that determine the readings, without tokens."""
        instances = [
            {key: value for key, value in entry.items() if key != "access_token"} if isinstance(entry, dict) else entry
            for entry in self._instances()
        ]
        return {"instances": instances, "api_url": self._option("api_url"), "masked": self.get_option("mask_account")}

    def _instances(self) -> list[Any]:
        instances = self._option("instances")
        if not isinstance(instances, list):
            raise OptionError("instances", f"must be a list, not {type(instances).__name__}")
        return instances

    def _named(self, hosts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Return the hosts by name. Raises OptionError if two have the same name."""
        by_name = self.get_option("hostname") == "name"
        named_hosts: dict[str, dict[str, Any]] = {}
        clashes = []
        for facts in hosts:
            name = safe_host_name((by_name and facts["name"]) or facts["instance_id"])
            other = named_hosts.setdefault(name, facts)
            if other is not facts:
                clashes.append(f"{other['instance_id']} and {facts['instance_id']} would both be the host {name}")
        if clashes:
            raise OptionError("hostname", "; ".join(clashes))
        return named_hosts

    def _refuse_groups(self, hosts: Mapping[str, Mapping[str, Any]]) -> None:
        """Refuse hosts with a group's name: Ansible would replace them with the hosts of that group."""
        groups = {*self.inventory.groups, *_GROUPS, *map(_group, hosts.values())}
        clashes = sorted(groups & set(hosts))
        if clashes:
            raise OptionError("hostname", f"{', '.join(clashes)} would be a group and a host")

    def _read(self) -> list[dict[str, Any]]:
        targets = parse_targets(self._instances(), self._option("access_token"))
        params = {name: self._option(name) for name in _OPTIONS}
        connection = parse_connection(params)
        connections, pace = at_least(params, "max_connections", 1), parse_rate(params)
        for warning in connection.warnings:
            self.display.warning(warning)
        outcomes = read_all(connection, targets, connections, pace)
        self._warn([f"{target.instance_id}: {end.message}" for target, end in zip(targets, outcomes) if end.failed])
        hosts = []
        for target, outcome in zip(targets, outcomes):
            facts = session_facts(outcome, self.get_option("mask_account"))
            hosts.append({**target.fields, **{key: facts[key] for key in _FACTS}})
        return hosts

    def _warn(self, problems: list[str]) -> None:
        if problems:
            self.display.warning(
                f"{len(problems)} instances could not be read, see the group wawp_unreachable. {named(problems)}"
            )

    def _option(self, name: str) -> Any:
        """Return an option's value in plain types, with the source's templates evaluated."""
        try:
            return plain(self.templar.template(self.get_option(name)))
        except AnsibleError as error:
            raise OptionError(name, f"is a template that fails: {error}") from None

    def _add(self, name: str, facts: Mapping[str, Any]) -> None:
        host = self.inventory.add_host(name, group="wawp")
        variables = {f"wawp_{key}": _never_a_template(value) for key, value in facts.items()}
        variables["ansible_connection"] = _text("local", template=True)
        variables["ansible_python_interpreter"] = _text("{{ ansible_playbook_python }}", template=True)
        for key, value in variables.items():
            self.inventory.set_variable(host, key, value)
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
    """Protect a foreign value for a variable, so that nothing in it is ever evaluated."""
    if isinstance(value, Mapping):
        return {key: _never_a_template(item) for key, item in value.items()}
    return _text(value, template=not _TEMPLATE.search(value)) if isinstance(value, str) else value
