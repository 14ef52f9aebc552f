import type { ServiceError } from "../errors/service-error.ts";

/** The facts of an error that its template may name. */
export type ErrorFacts = Pick<ServiceError, "code" | "reason" | "message" | "data">;

const names = /\{((?:message|reason|code|data)(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\}/;
const placeholder = new RegExp(names, "g");
/** A part of JSON: a string, or a placeholder in the place of a value. */
const jsonPart = new RegExp(`"(?:[^"\\\\]|\\\\.)*"|${names.source}`, "g");

/**
 * Fills the body of a template by the rules of its content type. In JSON a placeholder within a string is escaped,
 * and a placeholder in the place of a value is replaced by that value.
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

/** Whether a content type is a kind of JSON. */
export function isJsonType(type: string): boolean {
	return /^application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i.test(type);
}

function fillText(body: string, facts: ErrorFacts, escaped: (text: string) => string): string {
	return body.replace(placeholder, (_, name: string) => escaped(textOf(factOf(name, facts))));
}

/** The value of a dotted name; undefined where the error has no such fact. */
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

/** Escapes text for HTML and XML, attributes included. */
export function escapeMarkup(text: string): string {
	return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}
