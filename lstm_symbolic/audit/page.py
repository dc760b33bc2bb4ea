"""The frame of the HTML report: one page for screen and paper, light and dark, with a policy that forbids anything but its own style."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>lstm-symbolic: audit</title>
<style>
:root { color-scheme: light dark; --ink: #1b1b1f; --paper: #fff; --faint: #6a6f78; --line: #d9dce1; --soft: #f5f6f8;
  --error: #b3261e; --warning: #8a5a00; --note: #0b6477; --good: #1d6b35; --mark: #ffd9d4; --other: #d5e6ff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6ea; --paper: #16171a; --faint: #9aa0aa; --line: #373a41; --soft: #1f2125;
  --error: #ff8a80; --warning: #ffc15a; --note: #6fd3e6; --good: #7fd696; --mark: #6e2620; --other: #1f3f6b; } }
body { font: 16px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
.summary { font-size: 1.1rem; } .faint { color: var(--faint); font-weight: normal; }
code, pre { font: .875em/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
code { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
pre { background: var(--soft); padding: .6rem .8rem; overflow-x: auto; margin: .4rem 0; }
article { border-left: 4px solid var(--line); padding: .1rem 0 .1rem 1rem; margin: 1.2rem 0; break-inside: avoid; }
article.error { border-color: var(--error); } article.warning { border-color: var(--warning); } article.note { border-color: var(--note); }
article h3 { margin: 0; }
.error .code, p.error, span.error, .unreadable { color: var(--error); } .warning .code, span.warning, .repaired { color: var(--warning); }
.note .code { color: var(--note); } .good { color: var(--good); }
mark { color: inherit; border-radius: 2px; }
mark.main { background: var(--mark); outline: 1px solid var(--error); }
mark.other { background: var(--other); }
.number { color: var(--faint); display: inline-block; min-width: 2.5em; text-align: right; user-select: none; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .9rem; margin: .3rem 0; }
dt { color: var(--faint); } dd { margin: 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top; } th { background: var(--soft); }
td small { display: block; } summary { cursor: pointer; margin: 1rem 0 .3rem; font-weight: bold; }
@media print { body { max-width: none; margin: 0; font-size: 10pt; }
  .wide, pre { overflow: visible; } pre { white-space: pre-wrap; } a { color: inherit; } }
</style>
</head>
<body>
{body}
</body>
</html>
"""
