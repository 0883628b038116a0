# Copyright (c) 2026, the wawp.cloud contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The script of a report's page: draws the visible rows, filters, sorts, unfolds, jumps and prints.

A row of the data has: number, id, name, outcome, status before and after, account, calls, start and end in
milliseconds since the run's start, group of advice or -1, whether it needs attention, notes, history, facts, hash.
Texts are numbers.
The script makes elements and sets their text; it never makes markup of a text.
"""

from __future__ import annotations

SCRIPT = """
'use strict';
(function () {
  var CHUNK = 60, NUMBER = 0, ID = 1, NAME = 2, OUTCOME = 3, BEFORE = 4, AFTER = 5, ACCOUNT = 6, CALLS = 7, BEGAN = 8,
    ENDED = 9, GROUP = 10, LOUD = 11, NOTES = 12, HISTORY = 13, FACTS = 14, HASH = 15;
  var data = JSON.parse(document.getElementById('data').textContent), texts = data.texts, rows = data.rows;
  function one(id) { return document.getElementById(id); }
  var table = one('fleet'), body = table.tBodies[0], search = one('search'), shown = one('shown'), clear = one('clear');
  var empty = one('empty'), all = one('all'), later = one('later'), before = one('before');
  var tiles = Array.prototype.slice.call(document.querySelectorAll('.tile'));
  var order = rows.slice(), first = 0, last = 0, group = -1, unfolded = false, open = {}, words = null,
    printing = false;
  document.documentElement.classList.add('js');

  function make(tag, css, text) {
    var element = document.createElement(tag);
    if (css) { element.className = css; }
    if (text !== undefined) { element.textContent = text; }
    return element;
  }
  function add(parent) {
    for (var place = 1; place < arguments.length; place += 1) { parent.appendChild(arguments[place]); }
    return parent;
  }
  function clock(offset) { return new Date(data.began + offset).toISOString().slice(11, 19); }
  function length(ms) {
    var s = ms / 1000;
    return s < 10 ? s.toFixed(1) + ' s' : s < 120 ? s.toFixed(0) + ' s' : s < 7200 ? (s / 60).toFixed(0) + ' min'
      : (s / 3600).toFixed(1) + ' h';
  }
  function chip(row) {
    var outcome = data.outcomes[row[OUTCOME]], element = make('span', 'chip c-' + outcome[0]);
    var sign = make('i', 'sign', outcome[2]);
    sign.setAttribute('aria-hidden', 'true');
    element.title = outcome[3];
    return add(element, sign, document.createTextNode(outcome[1]));
  }
  function foreign(text) { return text ? make('bdi', '', text) : make('span', 'none', '\\u2013'); }
  function calls(row) {
    return row[CALLS].map(function (call) { return texts[call[0]] + (texts[call[3]] === 'ok' ? '' : '!'); })
      .join(' \\u00b7 ');
  }
  function svg(tag, values) {
    var element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    Object.keys(values).forEach(function (name) { element.setAttribute(name, values[name]); });
    return element;
  }
  function lane(row) {
    var scale = 1000 / data.span, width = Math.max((row[ENDED] - row[BEGAN]) * scale, 3);
    var picture = svg('svg', { 'class': 'gantt', viewBox: '0 0 1000 12', preserveAspectRatio: 'none' });
    picture.setAttribute('aria-hidden', 'true');
    add(picture, svg('rect', { 'class': 'track', x: 0, y: 5.5, width: 1000, height: 1 }),
      svg('rect', { 'class': 'f-' + data.outcomes[row[OUTCOME]][0], x: Math.min(row[BEGAN] * scale, 1000 - width), y: 3,
        width: width, height: 6 }));
    row[CALLS].forEach(function (call) {
      var x = Math.min(call[1] * scale, 992);
      picture.appendChild(svg('rect', { 'class': 'tick', x: x, y: 0, width: 8, height: 12 }));
    });
    return picture;
  }
  function cell(row, value, css) {
    var element = make('td', css);
    element.setAttribute('data-v', value);
    row.appendChild(element);
    return element;
  }
  function draw(row) {
    var line = make('tr', 'row' + (row[LOUD] ? ' loud' : '')), number = row[NUMBER], way, instance, lanes;
    line.id = 'r' + number;
    line.setAttribute('data-outcome', data.outcomes[row[OUTCOME]][0]);
    var more = make('button', 'more', String(number));
    more.type = 'button';
    more.setAttribute('aria-expanded', 'false');
    more.setAttribute('aria-label', 'Details of ' + texts[row[ID]]);
    more.addEventListener('click', function () { open[number] = !isOpen(row); unfold(line, row); });
    cell(line, number, 'num').appendChild(more);
    instance = add(cell(line, sortKey(row, 1)), make('code', '', texts[row[ID]]));
    if (row[NAME]) {
      add(instance, document.createTextNode(' '), add(make('span', 'name'), foreign(texts[row[NAME]])));
    }
    cell(line, row[OUTCOME]).appendChild(chip(row));
    way = cell(line, texts[row[BEFORE]], 'way');
    way.appendChild(make('span', 'status', texts[row[BEFORE]] || '\\u2013'));
    if (row[AFTER] && row[AFTER] !== row[BEFORE]) {
      add(way, make('span', 'to', ' \\u2192 '), make('span', 'status', texts[row[AFTER]]));
    }
    cell(line, texts[row[ACCOUNT]], 'account').appendChild(foreign(texts[row[ACCOUNT]]));
    cell(line, row[CALLS].length, 'sent').appendChild(
      row[CALLS].length ? document.createTextNode(calls(row)) : make('span', 'none', 'none'));
    lanes = cell(line, row[BEGAN], 'lane');
    lanes.title = clock(row[BEGAN]) + ', ' + length(row[ENDED] - row[BEGAN]);
    if (!printing) { lanes.appendChild(lane(row)); }
    lanes.appendChild(make('span', 'ended', clock(row[ENDED])));
    return line;
  }
  function isOpen(row) { return open[row[NUMBER]] === undefined ? unfolded : open[row[NUMBER]]; }
  function listed(title, items) {
    var list = make('ol'), part = make('div');
    items.forEach(function (item) {
      add(list, add(make('li'), make('time', '', item[0] + ' '), make('span', '', item[1])));
    });
    return add(part, make('h4', '', title), list);
  }
  function details(row) {
    var line = make('tr', 'detail'), place = make('td'), facts = make('dl');
    line.id = 'd' + row[NUMBER];
    place.colSpan = 6;
    row[NOTES].forEach(function (note) { place.appendChild(make('p', '', texts[note])); });
    if (row[CALLS].length) {
      place.appendChild(listed('Calls', row[CALLS].map(function (call) {
        return [clock(call[1]), texts[call[0]] + ' while ' + (texts[call[2]] || 'unknown') + ': ' + texts[call[3]] +
          (call[4] ? ' (HTTP ' + call[4] + ')' : '') + ', ' + length(call[5])];
      })));
    }
    if (row[HISTORY].length) {
      place.appendChild(listed('Before this run', row[HISTORY].map(function (event) {
        return [texts[event[0]], texts[event[1]]];
      })));
    }
    row[FACTS].forEach(function (fact) {
      add(facts, add(make('div'), make('dt', '', texts[fact[0]]), add(make('dd'), foreign(texts[fact[1]]))));
    });
    add(facts, add(make('div'), make('dt', '', 'Record'), add(make('dd'), make('code', '', row[HASH]))));
    place.appendChild(facts);
    return add(line, make('td'), place);
  }
  function unfold(line, row) {
    var next = line.nextElementSibling, there = next && next.className === 'detail', wanted = isOpen(row);
    line.querySelector('.more').setAttribute('aria-expanded', String(wanted));
    if (wanted && !there) { line.parentNode.insertBefore(details(row), next); }
    if (!wanted && there) { next.remove(); }
  }
  function append(from, to, where) {
    var sheaf = document.createDocumentFragment(), lines = [];
    for (var place = from; place < to; place += 1) {
      lines.push([draw(order[place]), order[place]]);
      sheaf.appendChild(lines[lines.length - 1][0]);
    }
    lines.forEach(function (pair) { unfold(pair[0], pair[1]); });
    body.insertBefore(sheaf, where);
  }
  function count() {
    shown.textContent = (order.length === rows.length ? '' : order.length + ' of ') + rows.length + ' instances';
    clear.hidden = order.length === rows.length;
    empty.hidden = order.length > 0;
    before.hidden = first === 0;
    later.hidden = last >= order.length;
    later.textContent = 'Show more, ' + (order.length - last) + ' are left';
  }
  function show(from) {
    body.textContent = '';
    first = from;
    last = Math.min(order.length, from + CHUNK);
    append(first, last, null);
    count();
  }
  function on() {
    var from = last;
    last = Math.min(order.length, last + CHUNK);
    append(from, last, null);
    count();
  }
  before.addEventListener('click', function () {
    var to = first;
    first = Math.max(0, first - CHUNK);
    append(first, to, body.firstChild);
    count();
  });
  later.addEventListener('click', on);
  if ('IntersectionObserver' in window) {
    new IntersectionObserver(function (seen) {
      if (seen[0].isIntersecting && !later.hidden) { on(); }
    }, { rootMargin: '600px' }).observe(later);
  }
  function wordsOf(row) {
    return [texts[row[ID]], texts[row[NAME]], data.outcomes[row[OUTCOME]][1], texts[row[BEFORE]], texts[row[AFTER]],
      texts[row[ACCOUNT]], calls(row), row[HASH]].concat(row[NOTES].map(function (note) { return texts[note]; }),
      row[FACTS].map(function (fact) { return texts[fact[1]]; }),
      row[HISTORY].map(function (event) { return texts[event[1]]; })).join(' ').toLowerCase();
  }
  var sorting = null;
  function filter() {
    var wanted = {}, any = false, sought = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    tiles.forEach(function (tile) {
      if (tile.getAttribute('aria-pressed') === 'true') { any = wanted[tile.getAttribute('data-outcome')] = true; }
    });
    if (sought.length && !words) { words = new Map(rows.map(function (row) { return [row, wordsOf(row)]; })); }
    order = rows.filter(function (row) {
      return (!any || wanted[data.outcomes[row[OUTCOME]][0]]) && (group < 0 || row[GROUP] === group) &&
        sought.every(function (word) { return words.get(row).indexOf(word) >= 0; });
    });
    if (sorting) { arrange(); }
    show(0);
  }
  function sortKey(row, place) {
    return [row[NUMBER], texts[row[NAME]] || texts[row[ID]], row[OUTCOME], texts[row[BEFORE]], texts[row[ACCOUNT]],
      row[CALLS].length, row[BEGAN]][place];
  }
  function comparable(key) {
    return typeof key === 'number' ? key : key.toLowerCase().replace(/\\d+/g, function (digits) {
      return digits.padStart(16, '0');
    });
  }
  function arrange() {
    var keyed = order.map(function (row) { return [comparable(sortKey(row, sorting[0])), row]; });
    var down = sorting[1] ? -1 : 1;
    keyed.sort(function (a, b) {
      return down * (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) || a[1][NUMBER] - b[1][NUMBER];
    });
    order = keyed.map(function (pair) { return pair[1]; });
  }
  Array.prototype.forEach.call(table.tHead.rows[0].cells, function (header, place) {
    header.firstElementChild.addEventListener('click', function () {
      var down = header.getAttribute('aria-sort') === 'ascending';
      Array.prototype.forEach.call(header.parentNode.cells, function (other) { other.removeAttribute('aria-sort'); });
      header.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      sorting = [place, down];
      arrange();
      show(0);
    });
  });
  tiles.forEach(function (tile) {
    tile.addEventListener('click', function () {
      tile.setAttribute('aria-pressed', String(tile.getAttribute('aria-pressed') !== 'true'));
      filter();
    });
  });
  Array.prototype.forEach.call(document.querySelectorAll('.whole'), function (button) {
    button.hidden = false;
    button.addEventListener('click', function () {
      reset();
      group = Number(button.getAttribute('data-group'));
      filter();
      one('instances').scrollIntoView();
    });
  });
  function reset() {
    search.value = '';
    group = -1;
    tiles.forEach(function (tile) { tile.setAttribute('aria-pressed', 'false'); });
    filter();
  }
  function jump() {
    var found = /^#r(\\d+)$/.exec(window.location.hash), number = found && Number(found[1]), place;
    if (!found) { return; }
    function ours(row) { return row[NUMBER] === number; }
    if (!order.some(ours)) { reset(); }
    place = order.findIndex(ours);
    if (place < 0) { return; }
    if (!one('r' + number)) { show(Math.max(0, place - 3)); }
    open[number] = true;
    unfold(one('r' + number), order[place]);
    one('r' + number).scrollIntoView({ block: 'center' });
    document.querySelectorAll('.target').forEach(function (line) { line.classList.remove('target'); });
    one('r' + number).classList.add('target');
  }
  window.addEventListener('hashchange', jump);
  document.addEventListener('click', function (event) {
    var link = event.target.closest ? event.target.closest('a[href^="#r"]') : null;
    if (link && link.getAttribute('href') === window.location.hash) { jump(); }
  });
  search.addEventListener('input', filter);
  clear.addEventListener('click', function () { reset(); search.focus(); });
  all.addEventListener('click', function () {
    unfolded = all.getAttribute('aria-pressed') !== 'true';
    open = {};
    all.setAttribute('aria-pressed', String(unfolded));
    all.textContent = unfolded ? 'Fold all' : 'Unfold all';
    show(first);
  });
  document.addEventListener('keydown', function (event) {
    if (event.key === '/' && document.activeElement !== search && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape') {
      reset();
    }
  });
  var kept = null;
  window.addEventListener('beforeprint', function () {
    kept = first;
    printing = true;
    body.textContent = '';
    append(0, order.length, null);
    printing = false;
  });
  window.addEventListener('afterprint', function () { if (kept !== null) { show(kept); kept = null; } });
  show(0);
  jump();
}());
"""
