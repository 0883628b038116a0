# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin as Ansible loads it, and a running simulator for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.constants import config
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.doc_fragments import constructed, inventory_cache
from ansible_collections.wawp.cloud.plugins.inventory import wawp
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.engine import Engine
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.model import SANDBOX_TOKEN, Delays
from ansible_collections.wawp.cloud.plugins.plugin_utils.simulator.server import Server

Read = Callable[..., InventoryData]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Run a simulator without delays or instances, to which the environment's variables point."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("WAWP_", "ANSIBLE_INVENTORY", "ANSIBLE_CACHE")):
            monkeypatch.delenv(name)
    with Server(Engine(delays=Delays(scale=0))) as server:
        monkeypatch.setenv("WAWP_API_URL", server.url)
        monkeypatch.setenv("WAWP_ACCESS_TOKEN", SANDBOX_TOKEN)
        yield server.engine


@pytest.fixture(scope="session")
def definitions() -> str:
    """Register the plugin's options with Ansible's configuration, fragments merged; return their name there."""
    texts = [constructed.ModuleDocFragment.DOCUMENTATION, inventory_cache.ModuleDocFragment.DOCUMENTATION]
    options = {}
    for text in (*texts, wawp.DOCUMENTATION):
        options.update(yaml.safe_load(text)["options"])
    config.initialize_plugin_configuration_definitions("inventory", wawp.InventoryModule.NAME, options)
    return wawp.InventoryModule.NAME


@pytest.fixture
def read(definitions: str, tmp_path: Path) -> Read:
    """Return a function that reads a source with the given options, as Ansible does; `flush` is --flush-cache."""

    def parse(flush: bool = False, **options: Any) -> InventoryData:
        source = tmp_path / "fleet.wawp.yml"
        source.write_text(json.dumps({"plugin": definitions, **options}), encoding="utf-8")
        plugin, inventory = wawp.InventoryModule(), InventoryData()
        plugin._load_name, plugin._redirected_names = definitions, [definitions]
        plugin.parse(inventory, DataLoader(), str(source), cache=not flush)
        if options.get("cache"):
            plugin.update_cache_if_changed()
        return inventory

    return parse
