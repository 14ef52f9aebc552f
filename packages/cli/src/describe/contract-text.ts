import {
	type ContractDescription,
	type ErrorDescription,
	type EventDescription,
	givesStream,
	type JsonSchema,
	type Kind,
	type MethodDescription,
	type Security,
	type SecurityScheme,
	takesStream,
} from "@allium/core";
import { exampleValue } from "@allium/core/reflection";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { typeText } from "./type-text.ts";

/** The options for the text of a contract. */
export interface ContractTextOptions {
	/** The addresses that serve it. */
	readonly addresses: readonly string[];
	readonly styles: Styles;
	/** The largest width of a line, in letters. */
	readonly width: number;
	/** The end of every example call, such as ` --url http://127.0.0.1:4000`. */
	readonly options: string;
}

/** The width of the column with the names of the parts of a method or an event. */
const margin = 10;

/**
 * Formats a contract for people: its summary, its addresses, each method with its types, errors and an example, and
 * each event with its data.
 */
export function contractText(description: ContractDescription, options: ContractTextOptions): string {
	const { name, version, summary, methods, events = {} } = description;
	const { bold, dim } = options.styles;
	const head = [`${bold(name)} ${version}`, ...(summary === undefined ? [] : [summary])];
	const where = options.addresses.map((address) => dim(address));
	const all = [
		...Object.entries(methods).map(([method, described]) => methodLines(name, method, described, options)),
		...Object.entries(events).map(([event, described]) => eventLines(event, described, options)),
	];
	const wants = (description.security ?? []).map(securityLine);
	return [...head, ...where, ...wants, ...all.flatMap((lines) => ["", ...lines])].join("\n");
}

/** The credentials that a guard requires of callers. */
function securityLine({ schemes, open = [] }: Security): string {
	const ways = Object.entries(schemes).map(([name, scheme]) => `${name} (${schemeText(scheme)})`);
	const free = open.length === 0 ? "" : `; not for ${open.join(", ")}`;
	return `callers present ${ways.join(" or ")}${free}`;
}

function schemeText(scheme: SecurityScheme): string {
	switch (scheme.type) {
		case "http":
			return `authorization: ${scheme.scheme}`;
		case "apiKey":
			return `${scheme.in} ${scheme.name}`;
		case "mutualTLS":
			return "a certificate of TLS";
		case "openIdConnect":
			return "OpenID Connect";
		case "oauth2":
			return "OAuth 2";
	}
}

function methodLines(
	service: string,
	name: string,
	method: MethodDescription,
	{ styles, width, options }: ContractTextOptions,
): string[] {
	const room = roomOf(width);
	const [takesStream, givesStream] = streams(method.kind);
	const parts: [string, string[]][] = [
		["input", sideLines(method.input, takesStream, room)],
		["output", sideLines(method.output, givesStream, room)],
		["errors", errorLines(method.errors, room)],
		["try", [`allium call ${service} ${name} ${exampleWord(method.input, takesStream)}${options}`]],
	];
	const facts = [method.kind.replaceAll("_", " "), method.effect];
	return memberLines(name, facts, method.summary, parts, styles);
}

function eventLines(name: string, event: EventDescription, { styles, width }: ContractTextOptions): string[] {
	const { version, oldestVersion, key, summary, data } = event;
	const facts = [
		"event",
		`version ${version}`,
		...(oldestVersion === undefined ? [] : [`reads versions from ${oldestVersion}`]),
		...(key === undefined ? [] : [`in the order of ${key}`]),
	];
	return memberLines(name, facts, summary, [["data", sideLines(data, false, roomOf(width))]], styles);
}

/** The width of a part. */
function roomOf(width: number): number {
	return width - margin - 2;
}

function memberLines(
	name: string,
	facts: readonly string[],
	summary: string | undefined,
	parts: readonly [title: string, lines: string[]][],
	{ bold, dim }: Styles,
): string[] {
	return [
		`${bold(name)}  ${dim(facts.join(", "))}`,
		...(summary === undefined ? [] : [`  ${summary}`]),
		...parts.flatMap(([title, lines]) =>
			lines.map((line, index) => `  ${dim((index === 0 ? title : "").padEnd(margin - 2))}${line}`),
		),
	];
}

function streams(kind: Kind): [input: boolean, output: boolean] {
	return [takesStream(kind), givesStream(kind)];
}

function sideLines(schema: JsonSchema, isStream: boolean, room: number): string[] {
	const prefix = isStream ? "stream of " : "";
	return `${prefix}${typeText(schema, room - prefix.length)}`.split("\n");
}

function errorLines(errors: Readonly<Record<string, ErrorDescription>>, room: number): string[] {
	const rows = Object.entries(errors).map(([reason, { code, message, data }]) => [
		reason,
		code,
		message ?? "",
		data === undefined ? "" : typeText(data, room).replaceAll(/\s+/g, " "),
	]);
	return columns(rows);
}

/** Writes an input as a word of the shell. */
function exampleWord(schema: JsonSchema, isStream: boolean): string {
	const value = exampleValue(schema);
	const text = JSON.stringify(isStream ? [value, value] : value);
	return `'${text.replaceAll("'", `'\\''`)}'`;
}
