/** What a report's page is drawn and moved with, as text that goes into the page. */

export const STYLE = `
:root { color-scheme: light dark; font: 14px/1.45 system-ui, sans-serif; }
body { max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; border-bottom: 1px solid #8884; text-align: right; white-space: nowrap; }
th[scope=row] { text-align: left; font-weight: 500; } caption { text-align: left; opacity: .7; padding: .3rem 0; }
.sortable thead th { cursor: pointer; user-select: none; } .scroll { overflow: auto; max-height: 34rem; }
.chart { margin: .5rem 0 1rem; } .error { color: #c4314b; white-space: pre-wrap; } select { font: inherit; }
.u-legend { text-align: left; }
@media (prefers-color-scheme: dark) { .uplot { filter: invert(.92) hue-rotate(180deg); } }
`;

/** Charts of the run that is chosen, and tables that are sorted by a click. Reads the data beside it; asks nobody for anything. */
export const SCRIPT = `
'use strict';
const { runs } = JSON.parse(document.getElementById('data').textContent);
const sections = [...document.querySelectorAll('section.run')];
const size = () => ({ width: Math.min(1140, document.body.clientWidth - 20), height: 260 });
let charts = [];
function chart(element, times, values, label, stroke, fill) {
  return new uPlot({ ...size(), title: label, series: [{ label: 'UTC' }, { label, stroke, fill, width: 1.5 }], axes: [{}, { size: 84 }], tzDate: (s) => uPlot.tzDate(new Date(s * 1e3), 'UTC') }, [times, values], element);
}
function drawdown(values) {
  let high = -Infinity;
  return values.map((value) => { high = Math.max(high, value); return value - high; });
}
function show(index) {
  for (const each of charts) each.destroy();
  charts = [];
  sections.forEach((section, i) => { section.hidden = i !== index; });
  const run = runs[index];
  if (!run || run.times.length < 2) return;
  const times = run.times.map((us) => us / 1e6);
  charts.push(chart(sections[index].querySelector('.equity'), times, run.values, 'Equity', '#2f6fdb', 'rgba(47,111,219,.08)'));
  charts.push(chart(sections[index].querySelector('.drawdown'), times, drawdown(run.values), 'Drawdown', '#c4314b', 'rgba(196,49,75,.15)'));
}
const choice = document.getElementById('choice');
if (choice) choice.addEventListener('change', () => { show(Number(choice.value)); });
addEventListener('resize', () => { for (const each of charts) each.setSize(size()); });
show(0);
for (const table of document.querySelectorAll('table.sortable')) {
  const head = [...table.tHead.rows[0].cells];
  head.forEach((cell, column) => cell.addEventListener('click', () => {
    const down = cell.getAttribute('aria-sort') === 'descending';
    for (const each of head) each.removeAttribute('aria-sort');
    cell.setAttribute('aria-sort', down ? 'ascending' : 'descending');
    const key = (row) => { const { value } = row.cells[column].dataset; return value === undefined ? row.cells[column].textContent : value === '' ? NaN : Number(value); };
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, key: key(row) }));
    rows.sort((a, b) => {
      if (Number.isNaN(a.key) || Number.isNaN(b.key)) return Number.isNaN(a.key) - Number.isNaN(b.key);
      const order = typeof a.key === 'number' && typeof b.key === 'number' ? a.key - b.key : String(a.key).localeCompare(String(b.key), 'en', { numeric: true });
      return down ? order : -order;
    });
    for (const { row } of rows) table.tBodies[0].append(row);
  }));
}
`;
