# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The page of a report: its frame and style. A Python file, since module_utils holds nothing else."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --sheet: #ffffff; --ink: #1b1f24; --soft: #59626d; --faint: #8b949e; --line: #e3e5e8;
  --good: #166b3f; --good-2: #42705c; --warn: #85590a; --bad: #b32d24; --calm: #4a6fa5; --none: #8b949e;
  --good-bg: #e6f4ec; --good-2-bg: #eaf1ee; --warn-bg: #fbf1d9; --bad-bg: #fcebe9;
  --calm-bg: #e9eff7; --none-bg: #eff0f2;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #121417; --sheet: #1a1d21; --ink: #e7eaee; --soft: #a4adb8; --faint: #7a8490; --line: #2c3137;
    --good: #5fcf96; --good-2: #96bcab; --warn: #e3b655; --bad: #f4877e; --calm: #8fb4e6; --none: #8f98a3;
    --good-bg: #15301f; --good-2-bg: #1c2a25; --warn-bg: #33290f; --bad-bg: #3b1c1a;
    --calm-bg: #1b2838; --none-bg: #24282d;
  }
}
* { box-sizing: border-box; }
html { background: var(--paper); scroll-behavior: smooth; }
body { margin: 0; color: var(--ink); font: 15px/1.5 var(--sans); font-variant-numeric: tabular-nums; }
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 28px; }
header { padding-top: 44px; }
.brand { color: var(--soft); font-size: 13px; letter-spacing: .02em; }
h1 { margin: 6px 0 22px; font-size: 21px; font-weight: 600; letter-spacing: -.01em; }
h2 { margin: 0 0 14px; font-size: 16px; font-weight: 600; letter-spacing: -.005em; }
h4 { margin: 12px 0 4px; font-size: 13px; font-weight: 600; color: var(--soft); }
code { font: .92em/1.4 var(--mono); overflow-wrap: anywhere; }
.verdict { display: flex; gap: 18px; align-items: flex-start; }
.seal { flex: none; width: 46px; height: 46px; border-radius: 50%; display: grid; place-items: center;
  font-size: 23px; font-weight: 700; border: 2px solid currentColor; }
.seal.good { color: var(--good); background: var(--good-bg); }
.seal.warn { color: var(--warn); background: var(--warn-bg); }
.seal.calm { color: var(--calm); background: var(--calm-bg); }
.seal.bad { color: var(--bad); background: var(--bad-bg); }
.statement { margin: -4px 0 2px; font-size: 28px; line-height: 1.28; font-weight: 650; letter-spacing: -.022em; }
.verdict > div > p:not(.statement) { margin: 0; color: var(--soft); }
.verdict > div > p.trouble { margin-top: 6px; color: var(--bad); }
.first { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 18px 0 0; color: var(--soft); font-size: 14px; }
.first b { color: var(--ink); font-weight: 550; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 10px; font-size: 14px; }
nav a { color: var(--calm); text-underline-offset: 3px; }
section { margin-top: 42px; scroll-margin-top: 12px; }
.bar { display: block; width: 100%; height: 14px; border-radius: 7px; background: var(--none-bg); margin: 28px 0 14px; }
.bar rect { stroke: var(--paper); stroke-width: 2; vector-effect: non-scaling-stroke; }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; }
.tile { flex: 1 1 150px; display: grid; grid-template-columns: 1fr auto; gap: 2px 8px; align-items: end;
  padding: 13px 15px; text-align: start; font: inherit; color: inherit; cursor: pointer;
  background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; }
.tile:hover { border-color: var(--faint); }
.tile[aria-pressed="true"] { border-color: var(--ink); box-shadow: inset 0 0 0 1px var(--ink); }
.tile .count { grid-column: 1 / -1; font-size: 28px; line-height: 1.15; font-weight: 600; letter-spacing: -.02em; }
.tile .share { white-space: nowrap; color: var(--faint); font-size: 13px; }
.chip { display: inline-flex; align-items: center; gap: 6px; padding: 1px 9px 1px 7px; border-radius: 99px;
  justify-self: start;
  font-size: 13px; font-weight: 550; white-space: nowrap; }
.sign { font-style: normal; font-weight: 700; min-width: 1em; text-align: center; }
.c-severed, .c-closed { color: var(--good); background: var(--good-bg); }
.c-no_account { color: var(--good-2); background: var(--good-2-bg); }
.c-accepted_unproven, .c-unknown { color: var(--warn); background: var(--warn-bg); }
.c-unproven, .c-failed, .c-unreadable { color: var(--bad); background: var(--bad-bg); }
.c-linked { color: var(--calm); background: var(--calm-bg); }
.c-left_alone, .c-not_run, .c-missing, .c-unlinked { color: var(--soft); background: var(--none-bg); }
.f-severed, .f-closed { fill: var(--good); }
.f-no_account { fill: var(--good-2); opacity: .62; }
.f-accepted_unproven, .f-unknown { fill: var(--warn); }
.f-unproven, .f-failed, .f-unreadable { fill: var(--bad); }
.f-linked, .f-logout, .f-phase { fill: var(--calm); }
.f-left_alone, .f-not_run, .f-missing, .f-unlinked, .f-other { fill: var(--none); opacity: .55; }
.cards { list-style: none; margin: 0; padding: 0; display: grid; gap: 10px; }
.card { background: var(--sheet); border: 1px solid var(--line);
  border-inline-start: 4px solid var(--none); border-radius: 8px;
  padding: 12px 16px; display: grid; grid-template-columns: 1fr auto; gap: 4px 12px; align-items: center; }
.card p { grid-column: 1 / -1; margin: 2px 0 0; color: var(--soft); font-size: 14px; line-height: 1.45; }
.card a { color: inherit; text-underline-offset: 3px; text-decoration-color: var(--faint); }
.b-unproven, .b-failed, .b-unreadable { border-inline-start-color: var(--bad); }
.b-accepted_unproven, .b-unknown { border-inline-start-color: var(--warn); }
.b-severed, .b-no_account, .b-closed { border-inline-start-color: var(--good); }
.b-linked { border-inline-start-color: var(--calm); }
.card .ids { grid-column: 1 / -1; list-style: none; margin: 6px 0 0; padding: 0; font-size: 14px;
  display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 2px 16px; }
.card .key-note { font-size: 13px; }
.who { font-weight: 600; }
.whole { grid-column: 1 / -1; justify-self: start; margin-top: 6px; }
.whole, .stretch { font: inherit; font-size: 14px; padding: 6px 12px; color: inherit; background: none; cursor: pointer;
  border: 1px solid var(--line); border-radius: 8px; }
.whole:hover, .stretch:hover { border-color: var(--faint); }
.stretch { display: block; width: 100%; margin: 10px 0; }
.name, .ids .account { color: var(--soft); }
.calm { margin: 0; color: var(--soft); }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 20px 22px; }
.times { display: grid; grid-template-columns: 1fr minmax(300px, 38%); gap: 34px; align-items: start; }
.legend { display: flex; gap: 18px; font-size: 13px; color: var(--soft); margin-bottom: 8px; }
.legend .most { margin-inline-start: auto; color: var(--faint); }
.key::before { content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 2px;
  margin-inline-end: 6px; }
.k-logout::before { background: var(--calm); }
.k-other::before { background: var(--none); opacity: .55; }
.columns { display: block; width: 100%; height: 96px; border-bottom: 1px solid var(--faint); }
.axis { display: flex; justify-content: space-between; font-size: 12px; color: var(--faint); margin-top: 5px; }
.phases { font-size: 14px; width: 100%; }
.phases th { font-weight: 500; text-align: start; white-space: nowrap; padding: 3px 14px 3px 0; }
.phases thead th { color: var(--soft); font-size: 13px; }
.phases td { color: var(--soft); white-space: nowrap; padding: 3px 14px 3px 0; }
.phases .lane { width: 40%; min-width: 90px; }
.tools { display: flex; flex-wrap: wrap; gap: 10px 14px; align-items: center; margin-bottom: 12px; }
.tools input { flex: 0 1 340px; font: inherit; padding: 7px 12px; color: inherit; background: var(--sheet);
  border: 1px solid var(--line); border-radius: 8px; }
.tools button { font: inherit; font-size: 14px; padding: 6px 12px; color: inherit; background: none; cursor: pointer;
  border: 1px solid var(--line); border-radius: 8px; }
.tools button:hover { border-color: var(--faint); }
.tools output { margin-inline-start: auto; color: var(--soft); font-size: 14px; }
.scroll { overflow-x: auto; background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; }
#fleet th { padding: 0; text-align: start; border-bottom: 1px solid var(--line); }
#fleet th button { all: unset; box-sizing: border-box; width: 100%; padding: 10px 12px; cursor: pointer;
  font-size: 13px; font-weight: 600;
  color: var(--soft); white-space: nowrap; }
#fleet th button:hover { color: var(--ink); }
#fleet th button::after { content: "\\2195"; margin-inline-start: 6px; opacity: .35; font-weight: 400; }
#fleet th[aria-sort="ascending"] button::after { content: "\\2191"; opacity: 1; }
#fleet th[aria-sort="descending"] button::after { content: "\\2193"; opacity: 1; }
#fleet td { padding: 8px 12px; vertical-align: middle; border-bottom: 1px solid var(--line); font-size: 14px; }
#fleet tbody:last-child tr:last-child td { border-bottom: 0; }
#fleet tr.row:hover td { background: color-mix(in srgb, var(--none-bg) 45%, transparent); }
#fleet tr.loud td:first-child { box-shadow: inset 3px 0 0 var(--bad); }
#fleet .lane { width: 13%; min-width: 110px; }
#fleet .way { white-space: nowrap; }
#fleet .sent { min-width: 8em; }
#fleet .account { white-space: nowrap; }
#fleet .name { display: block; font-size: 13px; }
.status { font-size: 13px; letter-spacing: .01em; white-space: nowrap; }
.to, .none { color: var(--faint); }
.num { width: 1%; }
.more { all: unset; cursor: pointer; padding: 3px 7px; border-radius: 6px; color: var(--soft); font-size: 13px;
  white-space: nowrap; }
.more::before { content: "\\25B8"; display: inline-block; width: 1.1em; color: var(--faint); }
.more[aria-expanded="true"]::before { content: "\\25BE"; }
.gantt { display: block; width: 100%; height: 14px; }
.track { fill: var(--line); }
.tick { fill: var(--ink); opacity: .75; }
.ended { display: none; }
tr.detail > td { background: color-mix(in srgb, var(--none-bg) 35%, transparent); }
.detail p { margin: 4px 0; max-width: 90ch; }
.detail ol { margin: 0; padding: 0; list-style: none; }
.detail time { color: var(--soft); }
dl { margin: 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr)); gap: 14px 28px; }
.detail dl { margin: 12px 0 6px; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 1px 0 0; overflow-wrap: anywhere; }
dl.words { grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); }
dl.words dd { margin-top: 4px; color: var(--soft); font-size: 14px; }
.proof p { margin: 0 0 8px; max-width: 80ch; color: var(--soft); }
.proof .head { display: block; color: var(--ink); margin: 8px 0 12px; }
.empty { padding: 22px; color: var(--soft); }
footer { margin-top: 48px; padding-bottom: 40px; color: var(--faint); font-size: 13px; }
#fleet button:focus-visible, :focus-visible { outline: 2px solid var(--calm); outline-offset: 2px; }
tr.target td { background: var(--calm-bg); }
[hidden] { display: none !important; }
@media screen and (max-width: 800px) {
  main, header, footer { padding-left: 16px; padding-right: 16px; }
  .statement { font-size: 25px; }
  .times { grid-template-columns: minmax(0, 1fr); }
  #fleet, #fleet tbody, #fleet thead, #fleet tr.detail, #fleet tr.detail td { display: block; }
  #fleet thead tr { display: flex; flex-wrap: wrap; }
  #fleet th button { padding: 6px 12px; }
  #fleet tr.row { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; align-items: center;
    border-bottom: 1px solid var(--line); padding: 6px 0; }
  #fleet tr.row td { border: 0; padding: 2px 12px; }
  #fleet tr.row .way, #fleet tr.row .account, #fleet tr.row .sent { grid-column: 2 / -1; }
  #fleet tr.row .lane, #fleet tr.detail td:first-child { display: none; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  :root { --paper: #fff; --sheet: #fff; --ink: #000; --soft: #333; --faint: #666; --line: #ccc;
    --good: #14653b; --good-2: #3f6656; --warn: #7a5408; --bad: #a02a21; --calm: #3b5a87; --none: #777;
    --good-bg: #fff; --good-2-bg: #fff; --warn-bg: #fff; --bad-bg: #fff; --calm-bg: #fff; --none-bg: #fff; }
  @page { margin: 14mm; }
  body { font-size: 10.5pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main, header, footer { max-width: none; padding: 0; }
  header { padding-top: 0; }
  section { margin-top: 22px; }
  .tools, .more::before, #fleet th button::after { display: none; }
  .chip { border: 1px solid currentColor; }
  .card, .row, .tile, dl > div { break-inside: avoid; }
  .scroll { overflow: visible; border: 0; }
  #fleet td { padding: 1px 5px; font-size: 7.5pt; line-height: 1.3; }
  #fleet td * { font-size: inherit; }
  #fleet .name { display: inline; font-size: inherit; }
  #fleet td:nth-child(2) { white-space: nowrap; }
  #fleet .chip { border: 0; padding: 0; }
  #fleet .lane { width: auto; min-width: 0; white-space: nowrap; }
  #fleet thead { display: table-header-group; }
  nav, .stretch, .whole, .lane svg, #timeline .chart { display: none; }
  .ended { display: inline; }
  .times { grid-template-columns: 1fr; }
  .cards { grid-template-columns: 1fr; }
  .sheet, .card, .tile { border-radius: 0; padding: 8px 10px; }
  .seal { border-width: 1px; }
  .statement { font-size: 17pt; }
  .tile .count { font-size: 15pt; }
}
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$csp">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>$statement $title</title>
<style>$style</style>
</head>
<body>
<header>
<div class="brand">wawp.cloud report</div>
<h1>$title</h1>
<div class="verdict"><div class="seal $tone" aria-hidden="true">$sign</div><div>
<p class="statement">$statement</p><p>$lead</p>$trouble</div></div>
<p class="first">$first_facts</p>
<nav aria-label="Parts of this report"><a href="#attention">What needs a human ($needs)</a>
<a href="#timeline">The run in time</a> <a href="#instances">Every instance ($total)</a>
<a href="#facts">Who, where, on what terms</a> <a href="#words">What the words mean</a>
<a href="#proof">How to check this report</a></nav>
$bar
<div class="tiles" role="group" aria-label="Show only these outcomes">$tiles</div>
</header>
<main>
<section id="attention"><h2>What needs a human</h2>$attention</section>
<section id="timeline"><h2>The run in time</h2><div class="sheet times">$timeline</div></section>
<section id="instances"><h2>Every instance</h2>
<div class="tools">
<input id="search" type="search"
 placeholder="Filter by id, name, status, advice" aria-label="Filter the instances"
 autocomplete="off" spellcheck="false">
<button id="clear" type="button" hidden>Show all</button>
<button id="all" type="button" aria-pressed="false">Unfold all</button>
<output id="shown" aria-live="polite">$total instances</output>
</div>
<noscript><p class="calm">The table is drawn by this page's own script, which is switched off here. The same records
stand in the <code>.csv</code> and <code>.json</code> files beside it.</p></noscript>
<button id="before" type="button" class="stretch" hidden>Show those before</button>
<div class="scroll"><table id="fleet">
<thead><tr><th scope="col"><button type="button">No.</button></th>
<th scope="col"><button type="button">Instance</button></th>
<th scope="col"><button type="button">Outcome</button></th>
<th scope="col"><button type="button">Status</button></th>
<th scope="col"><button type="button">Account</button></th>
<th scope="col"><button type="button">Calls</button></th>
<th scope="col"><button type="button">When</button></th></tr></thead>
<tbody></tbody>
</table><p id="empty" class="empty" hidden>Nothing fits the filter.</p></div>
<button id="later" type="button" class="stretch" hidden>Show more</button></section>
<section id="facts"><h2>Who, where, on what terms</h2><div class="sheet"><dl>$facts</dl></div></section>
<section id="words"><h2>What the words mean</h2><div class="sheet"><dl class="words">$words</dl></div></section>
<section id="proof"><h2>How to check this report</h2><div class="sheet proof">
<p>Each record holds the hash of the one before it. An edit of any of them, or of this page, shows when the chain is
followed. Whoever can edit the report could also make it anew, so keep its end where they can't write, such as the
ticket, or sign it:</p>
<code class="head">$algorithm $head</code>
<p><code>ansible-playbook wawp.cloud.verify_report -e wawp_report=REPORT.json -e wawp_head=$head</code></p>
<p>Without Ansible, the collection's page on evidence shows it with <code>jq</code>, <code>sha256sum</code> and
<code>ssh-keygen</code>.</p>
</div></section>
</main>
<footer>Written by wawp.cloud $version, $ended. This page loads nothing from anywhere.</footer>
<script id="data" type="application/json">$data</script>
<script>$script</script>
</body>
</html>
"""
