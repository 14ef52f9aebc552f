import type { ServiceError } from "../errors/service-error.ts";

/** What an error template knows of the error. */
export type ErrorFacts = Pick<ServiceError, "code" | "reason" | "message" | "data">;

const names = /\{((?:message|reason|code|data)(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\}/;
const placeholder = new RegExp(names, "g");
/** In JSON: a string, or a placeholder that stands in place of a value. */
const jsonPart = new RegExp(`"(?:[^"\\\\]|\\\\.)*"|${names.source}`, "g");

/**
 * Fills the body of a template as its content type wants it. In JSON a placeholder within a string is escaped, and
 * one in place of a value is that value.
 */
export function fillBody(type: string, body: string, facts: ErrorFacts): string {
	if (!isJsonType(type))
		return fillText(body, facts, /^[^;]*(?:html|xml)/i.test(type) ? escapeMarkup : asItIs);
	return body.replace(jsonPart, (part, bare: string | undefined) => {
		return bare === undefined
			? fillText(part, facts, escapeJson)
			: JSON.stringify(factOf(bare, facts) ?? null);
	});
}

/** The members of an error's data that a body names, at the first level. */
export function dataMembers(body: string): string[] {
	return [...body.matchAll(placeholder)].flatMap(([, name = ""]) => {
		const [first, member] = name.split(".");
		return first === "data" && member !== undefined ? [member] : [];
	});
}

/** Whether a content type is one of JSON. */
export function isJsonType(type: string): boolean {
	return /^application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i.test(type);
}

function fillText(body: string, facts: ErrorFacts, escaped: (text: string) => string): string {
	return body.replace(placeholder, (_, name: string) => escaped(textOf(factOf(name, facts))));
}

/** What a dotted name means; undefined where the error has no such thing. */
function factOf(name: string, { code, reason, message, data }: ErrorFacts): unknown {
	let value: unknown = { code, reason, message, data };
	for (const key of name.split(".")) {
		const has = typeof value === "object" && value !== null && Object.hasOwn(value, key);
		value = has ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
	}
	return value;
}

function textOf(value: unknown): string {
	if (value === undefined || value === null) return "";
	return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function asItIs(text: string): string {
	return text;
}

function escapeJson(text: string): string {
	return JSON.stringify(text).slice(1, -1);
}

const entities: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&#39;",
};

/** Text as it may stand in HTML and XML, in attributes too. */
export function escapeMarkup(text: string): string {
	return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
