# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The task of wawp_plan: plan a fleet's run, and carry it out if the plan is confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._errors import OptionError
from .._evidence.plan import (
    LINKED_ALREADY,
    differences,
    effects,
    finality,
    hopeless,
    irreversible,
    lines,
    linked_already,
    make_plan,
    normalized_url,
    options,
    plan_entry,
    unread,
    unready,
    words,
)
from .._evidence.request import checked_request
from .._evidence.times import parse_time
from .._files import dies_with_job, require_folder
from .._redact import mask_account, one_line
from .._run.clock import utc
from .._run.driver import Reading
from .._run.journal import Survey, survey
from .._session.model import UNPROVEN
from .._session.run import Goal
from .causes import by_cause, named
from .fleet import NOBODY, FleetRun, Listener, Terms, fleet_result
from .kept_plan import keep_plan, kept_plan
from .last_words import NEXT_PLAN
from .options import FLEET_SPEC, PACKED, START, Member, Spec, parse_limit, parse_members
from .report import REQUEST
from .result import TaskResult

PLAN_SPEC: Spec = {
    **FLEET_SPEC,
    "state": {**FLEET_SPEC["state"], "required": True},
    "action": {"type": "str", "required": True},
    "delete": {"type": "bool", "default": False},
    "arriving": {"type": "list", "elements": "dict", "default": [], "no_log": False},
    "keep_linked": {"type": "bool", "default": False},
    "execute": {"type": "bool", "default": False},
    "confirm_stop": {"type": "bool", "default": Goal.confirm_stop},
    "confirm": {"type": "str"},
    "confirm_delete": {"type": "str"},
    "input": {"type": "dict", "default": {}},
    "report_dir": {"type": "path"},
    "scan_dir": {"type": "path"},
    **PACKED,
    **REQUEST,
    **START,
}
# The sandbox's token, which opens nothing else.
SANDBOX_TOKEN = "sandbox-token"  # noqa: S105 - public, see docs/simulator.md
# Seconds that a logout takes until it is verified, on a slow engine.
_LOGOUT_SECONDS = 12
# Readings per instance while a plan is carried out, besides the gate's and one after each write: of its temporary
# link, before its first write if the gate's is too old by then, and at the end.
_READS = 3
_DIES = (
    "Lost with this job: journal and plan are in its container. Set wawp_journal to a path that AWX mounts into each "
    "job; otherwise the next job doesn't know what this one sends, and the phrase fits only while nothing has changed"
)


def plan_task(params: Mapping[str, Any], check_mode: bool, listener: Listener = NOBODY) -> TaskResult:
    """Plan, and with ``execute`` carry the plan out if it is the confirmed one.

    Raises:
        OptionError: a value can't be used, or the terms of the request aren't met; nothing was sent.
    """
    known, kept = _checked(params, check_mode), kept_plan(params)
    terms = Terms(
        next_step=NEXT_PLAN if params["confirm"] else "Run the same command again for a plan.",
        returns_session=False,
        looks_for_links=False,  # one may appear or go at any time, and revoking it loses nothing
    )
    run = FleetRun({**params, "max_failures": None}, True, listener, terms)  # the plan covers all of them
    run.run()
    plan = _plan(params, run, _linked_again(kept, known, run) if kept and known else {})
    approved = kept or plan
    refusal = _gate(plan, approved, params, check_mode)
    executed = params["execute"] and not check_mode and not refusal
    file = keep_plan(plan, approved, params["journal"]) if params["journal"] and not check_mode else {}
    result: dict[str, Any] = {
        "changed": check_mode and any(entry["changed"] for entry in run.results if entry),
        "executed": executed,
        "lines": lines(plan, _head(plan, params, run, known)),
        **_told(plan, approved),
        **file,
    }
    if refusal:  # Ansible shows it on one line, so without the lists
        short = {name: value for name, value in result.items() if name != "entries"}
        return TaskResult({**short, "failed": True, "msg": refusal}, run.connection.warnings)
    result.update(planned=_without_actions(run.results), sessions=[])
    warnings = _execute(approved, params, run, result, listener) if executed else []
    return TaskResult(result, run.connection.warnings + warnings)


def _checked(params: Mapping[str, Any], check_mode: bool) -> Survey | None:
    """Check the options before anything is read, and survey the journal. Raises OptionError."""
    checked_request(params)
    parse_limit(params["max_failures"], len(params["instances"]))
    for option in ("report_dir", "scan_dir"):
        if params[option]:
            require_folder(params[option], option, create=not check_mode)
    known = survey(params["journal"]) if params["journal"] else None
    if known and known.busy_since is not None:
        since = f" since {known.busy_since}" if known.busy_since else ""
        raise OptionError("journal", f"another run has been using it{since}: wait until it ends; {params['journal']}")
    return known


def _plan(params: Mapping[str, Any], run: FleetRun, linked_again: Mapping[str, str]) -> dict[str, Any]:
    arriving = _arriving(params)
    wanted = {entry["instance_id"]: entry["account_digest"] for entry in arriving} if params["keep_linked"] else {}
    wanted = {**wanted, **linked_again}
    entries = []
    for index, member in enumerate(run.members):
        entry = plan_entry(run.results[index] or {}, member.account_digest(run.accounts.get(index, "")))
        wants = wanted.get(member.instance_id)
        entries.append(linked_already(entry) if wants and wants == entry["account_digest"] else entry)
    terms = {
        "action": params["action"],
        "api_url": normalized_url(params["api_url"]),
        "delete": params["delete"],
        "accepted": sorted(set(params["accept_unproven"])),
        "arriving": arriving,
    }
    return {**make_plan(terms, entries, utc()), "input": dict(params["input"])}


def _linked_again(kept: Mapping[str, Any], known: Survey, run: FleetRun) -> dict[str, str]:
    """Return the instances that an incomplete run of this plan severed, with the account that shows a new link."""
    since = max(map(parse_time, filter(None, [kept["time"], known.completed.get(kept["action"])])))
    severed = {member.instance_id: run.severed_at(member) for member in run.members}
    before = {entry["instance_id"]: entry["account_digest"] for entry in kept["entries"]}
    return {
        entry["instance_id"]: entry["account_digest"] or before.get(entry["instance_id"], "")
        for entry in kept["arriving"]
        if (at := severed.get(entry["instance_id"])) and parse_time(at) > since
    }


def _arriving(params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the accounts to link, as the plan names them."""
    members = parse_members({**params, "instances": params["arriving"]}) if params["arriving"] else []
    return [
        {
            "instance_id": member.instance_id,
            "account": mask_account(member.goal.expect_account) if member.goal.expect_account else None,
            "account_digest": member.account_digest(member.goal.expect_account or ""),
        }
        for member in sorted(members, key=lambda member: member.instance_id)
    ]


def _told(plan: Mapping[str, Any], approved: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan as part of the result."""
    entries = plan["entries"]
    return {
        **{name: plan[name] for name in ("action", "api_url", "confirm_delete") if name in plan},
        "time": approved["time"],
        "entries": _with_accounts(entries, {entry["instance_id"]: entry for entry in approved["entries"]}),
        "confirm": approved["confirm"],
        "fingerprint": approved["fingerprint"],
        "count": len(entries),
        "effects": effects(plan),
        "irreversible": finality(plan),
        "unprovable": [entry["instance_id"] for entry in entries if entry["expected"] == UNPROVEN],
        "blocked": [entry["instance_id"] for entry in entries if entry["blocked"]],
    }


def _with_accounts(entries: list[dict[str, Any]], known: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Fill in accounts known from elsewhere: at rest, or after a logout, a session may show none."""
    names = ("account", "account_digest")
    return [
        {**entry, **{name: known[entry["instance_id"]][name] for name in names}}
        if not entry["account_digest"] and entry["instance_id"] in known
        else entry
        for entry in entries
    ]


def _head(plan: Mapping[str, Any], params: Mapping[str, Any], run: FleetRun, known: Survey | None) -> list[str]:
    sandbox = all(member.access_token == SANDBOX_TOKEN for member in run.members)
    checked = sum(member.goal.expect_account is not None for member in run.members)
    limit = parse_limit(params["max_failures"], len(run.members))
    guards = [
        f"account checked of {checked} of {len(run.members)}",
        f"four eyes {'required' if params['require_four_eyes'] else 'not required'}",
        f"stops when more than {limit} have failed" if params["max_failures"] else "doesn't stop at failures",
        f"{len(plan['accepted'])} accepted unproven",
        "deletes" if params["delete"] else "deletes nothing",
    ]
    return [
        f"API: {plan['api_url']}{' (SANDBOX: simulated sessions)' if sandbox else ''}",
        _input_line(params["input"]),
        f"Guards: {'; '.join(guards)}",
        *_journal_lines(params["journal"], run, known),
        f"Duration: {_duration(plan, params, run)}",
    ]


def _input_line(given: Mapping[str, Any]) -> str:
    """Describe the source of the list of instances, from wawp_roster's ``input``."""
    said = [str(given.get("source") or "a list in the task")]
    if given.get("sha256"):
        said.append(f"sha256 of its {given.get('hashed') or 'content'} {str(given['sha256'])[:16]}")
    if given.get("columns"):
        said.append(f"columns {', '.join(given['columns'])}")
        said.append(f"ignored {', '.join(given.get('ignored_columns') or []) or 'none'}")
    return f"List: {one_line('; '.join(said), 300)}"


def _journal_lines(journal: str | None, run: FleetRun, known: Survey | None) -> list[str]:
    if not journal or known is None:
        return ["Journal: none, so it is unknown what earlier runs sent"]
    here = sum(bool(run.earlier(member)) for member in run.members)
    knows = f"knows of {here} of these {len(run.members)}, of {len(known.earlier)} in all"
    line = f"Journal: {journal} {knows if known.size else 'is new, so it is unknown what earlier runs sent'}"
    return [line, *([_DIES] if dies_with_job(journal) else [])]


def _duration(plan: Mapping[str, Any], params: Mapping[str, Any], run: FleetRun) -> str:
    """Estimate how long carrying the plan out takes, at the configured pace."""
    writes = sum(effects(plan).values())
    calls = run.calls + 2 * writes + _READS * len(plan["entries"])
    rate = params["calls_per_second"]
    logouts = effects(plan).get("logout", 0)
    seconds = max(calls / rate if rate else 0, _LOGOUT_SECONDS * logouts / params["max_connections"], _LOGOUT_SECONDS)
    about = f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} s"
    return f"about {about}{f' at {rate:g} calls a second' if rate else ''}"


def _gate(
    plan: Mapping[str, Any], approved: Mapping[str, Any], params: Mapping[str, Any], check_mode: bool
) -> str | None:
    """Return why nothing may be sent; None if it may, or if that wasn't requested."""
    given = {name: words(params[name]) for name in ("confirm", "confirm_delete") if name in plan}
    fits = _fits(approved, given) and not differences(approved, plan)
    why = None if fits else _why(plan, approved, given)
    if check_mode:
        return (why if given["confirm"] else None) or _unready(plan)
    return f"Nothing was sent: {why}" if why and params["execute"] else None


def _fits(plan: Mapping[str, Any], given: Mapping[str, list[str]]) -> bool:
    return all(words(plan.get(name)) == phrase for name, phrase in given.items())


def _unready(plan: Mapping[str, Any]) -> str | None:
    stuck = unready(plan)
    if not stuck:
        return None
    if unread(plan):
        return _unread(plan)
    return (
        f"{len(stuck)} of {len(plan['entries'])} would not succeed. {_causes(stuck)}. Correct them, take them off the "
        "list, or accept them with accept_unproven"
    )


def _unread(plan: Mapping[str, Any]) -> str:
    entries = plan["entries"]
    return f"{len(entries)} of {len(entries)} could not be read, so nothing is known about them. {_causes(entries)}"


def _causes(entries: Iterable[Mapping[str, Any]]) -> str:
    return named(by_cause((each["instance_id"], one_line(_reason(each)).rstrip(".")) for each in entries))


def _reason(entry: Mapping[str, Any]) -> str:
    return str(entry["blocked"] or entry["advice"] or "it would stay unproven")


def _why(plan: Mapping[str, Any], approved: Mapping[str, Any], given: Mapping[str, list[str]]) -> str:
    again = f"Read the plan; to carry it out, run again with {options(plan)}"
    if unread(plan):
        return _unread(plan)
    missing = [name for name, phrase in given.items() if not phrase]
    if missing and hopeless(plan):
        return (
            "something stands in the way of every instance. Read the plan; for a report that says what is left to do, "
            f"run again with {options(plan)}"
        )
    if missing:
        return f"{' and '.join(missing)} is not given. {again}"
    changes = differences(approved, plan)
    if changes:
        more = f"; and {len(changes) - 10} more" if len(changes) > 10 else ""
        return f"the plan has changed since {approved['time']}: {'; '.join(changes[:10])}{more}. {again}"
    wrong = [name for name, phrase in given.items() if words(approved.get(name)) != phrase]
    return f"{' and '.join(wrong)} belongs to another plan. {again}"


def _execute(
    plan: Mapping[str, Any], params: Mapping[str, Any], predicted: FleetRun, result: dict[str, Any], listener: Listener
) -> list[str]:
    """Carry out an approved plan, and nothing beyond it. Returns warnings."""
    settled = {entry["instance_id"] for entry in result["entries"] if entry["expected"] == LINKED_ALREADY}
    params = {**params, "instances": _without(params["instances"], settled)}
    if not params["instances"]:
        return []
    expected = frozenset(entry["instance_id"] for entry in result["entries"] if entry["fails"])
    run = _run(plan, params, expected, listener, predicted.readings)
    done = [fleet_result(run)]
    result["sessions"] = done[0].result["sessions"]
    result["entries"] = _with_accounts(result["entries"], run.seen_accounts())
    if params["delete"]:
        deletion = {**params, "state": "absent", "start_if_stopped": True}
        done.append(fleet_result(_run(plan, deletion, expected, listener)))
        result["deleted"] = done[1].result["sessions"]
    result["changed"] = any(each.result["changed"] for each in done)
    failures = [each.result["msg"] for each in done if each.failed]
    if failures:
        result.update(failed=True, msg=" ".join(failures))
    return [warning for warning in done[0].warnings if warning not in predicted.connection.warnings]


def _without_actions(results: Iterable[Mapping[str, Any] | None]) -> list[dict[str, Any]]:
    """Return results without the fields that entries have: Ansible keeps several copies of ten thousand results."""
    return [{name: value for name, value in (entry or {}).items() if name != "actions"} for entry in results]


def _run(
    plan: Mapping[str, Any],
    params: Mapping[str, Any],
    expected: frozenset[str],
    listener: Listener,
    readings: Mapping[str, Reading] | None = None,
) -> FleetRun:
    """Run the fleet. Sends an irreversible call only if it is in the plan, and only to the plan's account."""
    entries = {entry["instance_id"]: entry for entry in plan["entries"]}

    def permit(member: Member, call: str, account: str) -> str | None:
        entry = entries[member.instance_id]
        named = entry["account_digest"]
        if named and account and member.account_digest(account) != named:
            return "the account isn't the one that the plan names"
        covered = {each.split()[0] for each in irreversible(entry)} | ({"delete"} if plan["delete"] else set())
        return None if call in covered else f"the plan has no {call} of it"

    terms = Terms(
        next_step=NEXT_PLAN,
        excused=expected,
        accepted=frozenset(plan["accepted"]),
        permit=permit,
        read_before=readings or {},
        returns_session=False,
    )
    run = FleetRun(params, False, listener, terms)
    run.run()
    return run


def _without(instances: list[Any], settled: set[str]) -> list[Any]:
    return [
        entry
        for entry in instances
        if str(entry.get("instance_id") if isinstance(entry, Mapping) else entry) not in settled
    ]
