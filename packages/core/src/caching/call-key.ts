import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import type { ReadonlyMetadata } from "../errors/readonly-metadata.ts";
import { stableJson } from "../json/stable-json.ts";

/** Metadata that always distinguishes calls: a caller must never see an answer that only another may see. */
const identity = ["authorization", "cookie"];

/**
 * The key that calls must share in order to share an answer: method, input, caller, and the metadata of these names,
 * both received and about to be sent. Undefined for an input that is not plain JSON.
 */
export function callKey(
	method: Method,
	input: unknown,
	ctx: Context,
	vary: readonly string[],
): string | undefined {
	const json = stableJson(input);
	if (json === undefined) return undefined;
	const names = vary.length === 0 ? identity : [...identity, ...vary];
	const parts = [ctx.peer?.identity ?? null, chosen(ctx.metadata, names), chosen(ctx.outgoing, names)];
	return `${method.path} ${json} ${JSON.stringify(parts)}`;
}

function chosen(metadata: ReadonlyMetadata, names: readonly string[]): unknown {
	if (metadata.size === 0) return 0;
	return names.map((name) =>
		metadata.getAll(name).map((value) => (typeof value === "string" ? value : [...value])),
	);
}
