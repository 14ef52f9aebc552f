import type { Context } from "@allium/core";
import type { Surroundings, Words } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";
import { credentialsOf } from "../discovery/credentials.ts";

/** Returns a context whose calls send the credentials, and the metadata of `--metadata`, which takes precedence. */
export function withMetadata(words: Words, surroundings: Surroundings, ctx: Context): Context {
	const all = { ...credentialsOf(words, surroundings), ...readMetadata(words) };
	return Object.keys(all).length === 0 ? ctx : ctx.withMetadata(all);
}

function readMetadata(words: Words): Readonly<Record<string, (string | Uint8Array)[]>> {
	const metadata = new Map<string, (string | Uint8Array)[]>();
	for (const text of words.values("metadata")) {
		const at = text.indexOf("=");
		if (at < 1) throw usageError(`--metadata takes name=value, not ${JSON.stringify(text)}.`);
		const name = text.slice(0, at).toLowerCase();
		const value = text.slice(at + 1);
		const values = metadata.get(name) ?? [];
		values.push(name.endsWith("-bin") ? bytesOf(name, value) : value);
		metadata.set(name, values);
	}
	return Object.fromEntries(metadata);
}

/** Decodes a value in base64, with the standard or the URL alphabet, with or without padding. */
function bytesOf(name: string, value: string): Uint8Array {
	const digits = value.replace(/={1,2}$/, "");
	if (/^[\w+/-]*$/.test(digits) && digits.length % 4 !== 1) {
		return Buffer.from(digits, "base64");
	}
	throw usageError(`--metadata ${name} takes bytes as base64, such as aGk=, not ${JSON.stringify(value)}.`);
}
