import type { Context } from "@allium/core";
import type { Surroundings, Words } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";
import { credentialsOf } from "../discovery/credentials.ts";

/** A context whose calls send the credentials, and over them what `--metadata` gives. */
export function withMetadata(words: Words, surroundings: Surroundings, ctx: Context): Context {
	const all = { ...credentialsOf(words, surroundings), ...readMetadata(words) };
	return Object.keys(all).length === 0 ? ctx : ctx.withMetadata(all);
}

function readMetadata(words: Words): Readonly<Record<string, (string | Uint8Array)[]>> {
	const metadata = new Map<string, (string | Uint8Array)[]>();
	for (const text of words.values("metadata")) {
		const at = text.indexOf("=");
		if (at < 1) throw usageError(`--metadata takes name=value, and got ${JSON.stringify(text)}.`);
		const name = text.slice(0, at).toLowerCase();
		const value = text.slice(at + 1);
		const values = metadata.get(name) ?? [];
		values.push(name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
		metadata.set(name, values);
	}
	return Object.fromEntries(metadata);
}
