#!/usr/bin/env bash
# Copyright (c) 2026, the wawp.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eu

# With ansible-playbook's own Python, the only one that is known to fit.
exec "$(ansible-playbook --version | sed -n 's/.*python version.*(\(\/.*\)).*/\1/p')" compare.py
