"""How the page for people looks: in the light and in the dark, on a phone and on paper."""

from __future__ import annotations

STYLE = """\
<style>
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1a1a1a; --soft: #595959; --line: #d0d0d0; --shade: #f0f0f0; --link: #0645ad; --warn: #b00020;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #121212; --ink: #e8e8e8; --soft: #b0b0b0; --line: #444; --shade: #222; --link: #8ab4f8; --warn: #ff8a80;
  }
}
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 76rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
body { background: var(--paper); color: var(--ink) }
h1, h2 { line-height: 1.2 }
h2 { margin: 2.5rem 0 .25rem }
p { margin: .25rem 0 .75rem }
a, nav button { color: var(--link) }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
form { margin: 0 }
button { font: inherit; cursor: pointer; color: var(--link); background: var(--paper); border: 1px solid var(--soft) }
.skip button { position: absolute; left: 1rem; top: .5rem; padding: .5rem .75rem }
.skip button:not(:focus) { clip-path: inset(50%); pointer-events: none }
nav ul { list-style: none; margin: .25rem 0 .75rem; padding: .25rem; max-height: 22rem; overflow-y: auto }
nav li { padding: .25rem 0 }
nav button { padding: .25rem .5rem; border-radius: .375rem; max-width: 100%; text-align: left; overflow-wrap: anywhere }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; padding: 0 .75rem }
summary { cursor: pointer; padding: .5rem 0; margin-left: 1.125rem; list-style-position: outside }
summary span, nav span, small, .legend, .hint { color: var(--soft) }
summary span, nav span, small, .legend { font-size: .875rem }
summary span, nav span, p small { display: inline-block }
summary strong, summary em, nav button { margin-right: .5rem }
pre { margin: .25rem 0 .75rem; padding: .5rem .75rem; background: var(--shade); border-radius: .375rem }
pre { white-space: pre-wrap; user-select: all; -webkit-user-select: all }
pre, code { font-size: .9375rem }
pre code { display: inline-block; max-width: 100%; white-space: normal }
time { white-space: nowrap }
.legend code { font-size: .8125rem; white-space: nowrap; color: var(--ink) }
.box { overflow-x: auto; margin-bottom: .75rem }
.hint { position: sticky; left: 0; width: max-content; margin: 0; font-size: 0 }
@keyframes hint { from, to { font-size: .875rem } }
.hint { animation: hint linear; animation-timeline: scroll(x) }
@supports not (animation-timeline: scroll(x)) { @media (max-width: 48rem) { .hint { font-size: .875rem } } }
table { border-collapse: collapse; font-size: .875rem; line-height: 1.35 }
th, td { padding: .5rem .625rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
th { font-weight: 600; white-space: nowrap }
td { min-width: 6rem; overflow-wrap: normal }
td small { display: block }
tr > :first-child { position: sticky; left: 0; padding-left: 0; background: var(--paper) }
em { color: var(--warn) }
</style>
"""
