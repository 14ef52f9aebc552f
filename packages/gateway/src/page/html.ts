import { printable } from "@allium/core";
import { escapeMarkup } from "@allium/core/http";
import type { Answer } from "@allium/node/protocol";
import { style } from "./style.ts";

/** The headers of pages: nothing is stored, and nothing from elsewhere runs in them. */
export const pageHeaders: Readonly<Record<string, string>> = {
	"cache-control": "no-store",
	"content-security-policy":
		"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
	"x-content-type-options": "nosniff",
	vary: "accept",
};

/** A complete page in one file, without scripts and without anything to load. */
export function pageAnswer(title: string, body: string): Answer {
	const text = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
	return { status: 200, type: "text/html; charset=utf-8", text, headers: pageHeaders };
}

/** A table of text. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
	const head = titles.map((title) => `<th>${escaped(title)}</th>`).join("");
	const body = rows
		.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`)
		.join("");
	return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

/** Data as JSON that people can read. */
export function json(value: unknown): string {
	return escaped(JSON.stringify(value, null, 2));
}

/** Escapes a text for a page. */
export function escaped(text: string): string {
	return escapeMarkup(printable(text));
}
