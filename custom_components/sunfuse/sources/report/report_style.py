"""The style sheet of the site report's page."""

STYLE = """
:root{--ink:#1b1f24;--soft:#5a6470;--paper:#f6f7f9;--card:#fff;--line:#dfe3e8;
--load:#3d6fa5;--room:#6fb07f;--little:#cfd5db;--limit:#b4690e;--fuse:#c0392b;
--grave:#fdecea;--note:#fff6e0;--accent:#0b6e4f;color-scheme:light}
@media(prefers-color-scheme:dark){:root:not([data-theme=light]){--ink:#e8eaed;
--soft:#a3abb5;--paper:#111418;--card:#1b2026;--line:#313840;--load:#6f9fd3;
--room:#5f9d70;--little:#464e57;--limit:#e6a23c;--fuse:#ef7468;--grave:#3a1f1d;
--note:#352b14;--accent:#6fd3a8;color-scheme:dark}}
:root[data-theme=dark]{--ink:#e8eaed;--soft:#a3abb5;--paper:#111418;--card:#1b2026;
--line:#313840;--load:#6f9fd3;--room:#5f9d70;--little:#464e57;--limit:#e6a23c;
--fuse:#ef7468;--grave:#3a1f1d;--note:#352b14;--accent:#6fd3a8;color-scheme:dark}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:56rem;margin:0 auto;padding:1rem}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 1rem}
h1{font-size:1.5rem;margin:.5rem 0}
header p{margin:0;color:var(--soft)}
h2{font-size:1.1rem;margin:0 0 .6rem}
p{margin:.4rem 0}
section,.answer{background:var(--card);border:1px solid var(--line);
border-radius:12px;padding:1rem 1.2rem;margin:0 0 1rem}
.answer{display:grid;gap:0 1.4rem;grid-template-columns:auto 1fr}
.answer p{grid-column:2}
.answer .question{grid-column:1/-1;color:var(--soft)}
.answer .number{grid-column:1;grid-row:2/span 3;font-size:4.5rem;line-height:1;
font-weight:700;margin:0;color:var(--accent)}
.small{font-size:.875rem;color:var(--soft)}
.notes{list-style:none;margin:0 0 1rem;padding:0;display:grid;gap:.5rem}
.notes li{padding:.6rem 1rem;border-radius:8px;background:var(--note);
border-left:4px solid var(--limit)}
.notes .grave{background:var(--grave);border-color:var(--fuse)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:right;padding:.35rem .5rem;border-bottom:1px solid var(--line);
white-space:nowrap}
th{white-space:normal;vertical-align:bottom;font-size:.8rem;font-weight:600;
color:var(--soft);line-height:1.25}
th:first-child,td:first-child{text-align:left}
tbody tr:last-child td{border-bottom:0}
tr.now td{background:var(--note)}
tr.over td{color:var(--fuse)}
.yes{color:var(--accent);font-weight:600}.no{color:var(--soft)}
.chart{position:relative;height:220px;margin:1rem 0 2rem}
.bars{position:absolute;inset:0;display:flex;align-items:stretch;gap:2px}
.bars div{flex:1;position:relative;display:flex;flex-direction:column;
justify-content:flex-end;background:linear-gradient(var(--line),var(--line)) bottom/100% 1px no-repeat}
.bars i{display:block}
.bars .load{background:var(--load)}
.bars .room{background:var(--room);border-radius:3px 3px 0 0}
.bars .little{background:var(--little);border-radius:3px 3px 0 0}
.bars b{position:absolute;top:100%;left:50%;transform:translateX(-50%);
font-size:.7rem;font-weight:400;color:var(--soft);padding-top:.2rem}
.lines{position:absolute;inset:0;pointer-events:none}
.lines i{position:absolute;left:0;right:0;
border-top:2px dashed var(--limit)}
.lines .fuse{border-top:2px solid var(--fuse)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:0 0 .6rem;
padding:0;font-size:.875rem}
.legend li::before{content:"";display:inline-block;width:.9em;height:.9em;
margin-right:.45em;border-radius:2px;vertical-align:-.1em;background:var(--load)}
.legend .room::before{background:var(--room)}
.legend .little::before{background:var(--little)}
.legend .limit::before{background:none;height:0;border-top:2px dashed var(--limit);
vertical-align:.25em}
.legend .fuse::before{background:none;height:0;border-top:2px solid var(--fuse);
vertical-align:.25em}
.gauge{display:inline-block;position:relative;width:6rem;height:.7rem;
background:var(--line);border-radius:4px;margin-right:.5rem}
.gauge i{position:absolute;inset:0 auto 0 0;background:var(--load);border-radius:4px}
.gauge u{position:absolute;top:-3px;bottom:-3px;width:2px;background:var(--fuse)}
.cards{display:flex;flex-wrap:wrap;gap:1rem;margin:0 0 .6rem}
.cards div{flex:1 1 8rem;border:1px solid var(--line);border-radius:8px;
padding:.5rem .9rem}
dt{color:var(--soft);font-size:.875rem}dd{margin:0;font-size:1.5rem;font-weight:600}
summary{cursor:pointer;color:var(--soft)}
code{font-size:.9em;overflow-wrap:anywhere}
@media(max-width:36rem){main{padding:.6rem}section,.answer{padding:.8rem}
.answer{grid-template-columns:1fr}.answer p,.answer .number{grid-column:1;grid-row:auto}
table{font-size:.85rem}th{font-size:.7rem}th,td{padding:.3rem .25rem}.gauge{width:3rem}
.bars div:not(:nth-child(3n+1)) b{display:none}.bars{gap:1px}}
@media print{body{background:#fff}section,.answer{break-inside:avoid}
details{display:none}}
""".replace("\n", "")
