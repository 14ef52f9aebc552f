/** The style of the front page, by day and by night. */
export const style = `
:root { color-scheme: light dark; --text: light-dark(#1c2430, #e4e7ec); --quiet: light-dark(#5b6675, #98a2b3);
	--page: light-dark(#f6f7f9, #0f1319); --card: light-dark(#fff, #171c24); --line: light-dark(#dfe3e8, #2a313c);
	--code: light-dark(#f1f3f6, #0f1319); --accent: light-dark(#6b2fb3, #c39bf2); --good: light-dark(#16703c, #6fd195);
	--warm: light-dark(#9a5b00, #f0b75c); --bad: light-dark(#b3261e, #f2938c) }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif }
header, main { max-width: 60rem; margin: 0 auto; padding: 0 1.25rem }
header { padding-top: 2.5rem; padding-bottom: .5rem }
h1 { margin: 0; font-size: 1.75rem; letter-spacing: -.02em }
h1::before { content: ""; display: inline-block; width: .8em; height: .8em; margin-right: .45em; vertical-align: -.06em;
	border: .14em solid var(--accent); border-radius: 50% 50% 50% 0; transform: rotate(135deg) }
header p, section > p, article > p { margin: .35rem 0; color: var(--quiet) }
section { margin: 1.5rem 0; padding: 1rem 1.25rem 1.25rem; background: var(--card); border: 1px solid var(--line);
	border-radius: 12px }
h2 { margin: 0; font-size: 1.25rem; display: flex; flex-wrap: wrap; gap: .2rem .6rem; align-items: baseline }
h2 small { font-weight: 400; font-size: .9rem; color: var(--quiet) }
.state { margin-left: auto; font-size: .85rem; font-weight: 500; color: var(--good) }
.state::before { content: "●"; margin-right: .4em }
.state.down { color: var(--bad) }
article { margin-top: 1rem; padding-top: 1rem; border-top: 1px solid var(--line) }
h3 { margin: 0; font-size: 1rem; display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
h4 { margin: .75rem 0 .25rem; font-size: .8rem; color: var(--quiet) }
.tag { padding: 0 .55em; border: 1px solid currentcolor; border-radius: 1em; font-size: .75rem; font-weight: 500 }
.read { color: var(--good) } .idempotent { color: var(--accent) } .write { color: var(--warm) }
.stream { color: var(--quiet) }
code { font: .875em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace }
pre { margin: .5rem 0; padding: .6rem .8rem; overflow-x: auto; background: var(--code); border: 1px solid var(--line);
	border-radius: 8px }
.schemas { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 0 1rem }
summary { cursor: pointer; font-size: .875rem; color: var(--quiet) }
a { color: var(--accent) }
table { width: 100%; margin-top: .75rem; border-collapse: collapse; font-size: .9rem }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; border-top: 1px solid var(--line); vertical-align: top }
th { border: 0; font-weight: 500; color: var(--quiet) }
`;
