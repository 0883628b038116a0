# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of all property tests.

The examples are the same each time, so that a failure is due to the change. To look for more, with other examples:
``pytest --hypothesis-profile=random``.
"""

from __future__ import annotations

import pytest
from ansible_collections.wawp.cloud.plugins.module_utils._run import pace
from ansible_collections.wawp.cloud.plugins.module_utils._session import progress
from ansible_collections.wawp.cloud.plugins.module_utils._session.run import RETRY_DELAYS
from hypothesis import HealthCheck, settings

# A busy machine makes examples slow, which says nothing about them.
settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("same", settings.get_profile("random"), derandomize=True, database=None)
settings.load_profile("same")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry failures almost at once, as many times as usual."""
    for module in (pace, progress):
        monkeypatch.setattr(module, "RETRY_DELAYS", (0.01,) * len(RETRY_DELAYS))


def pytest_configure(config: pytest.Config) -> None:
    """Register pytest-cov's mark also without pytest-cov, and where ansible-test uses its own configuration."""
    config.addinivalue_line("markers", "no_cover: measuring would cost much, and others reach the same lines")
