import type { Method } from "./method.ts";
import { describesItself, type Schema } from "./schema.ts";
import { messageSchema } from "./stream.ts";

/** The host's function for warnings. Browsers have none, and need none. */
interface Host {
	readonly process?: { readonly emitWarning?: (message: string, options: object) => void };
}

/** Warns of a contract with schemas that do not describe themselves: tools know only a part of it. */
export function warnOfUndescribed(name: string, methods: readonly Method[]): void {
	const message = undescribed(name, methods);
	if (message === undefined) return;
	(globalThis as Host).process?.emitWarning?.(message, { type: "AlliumWarning", code: "ALLIUM_UNDESCRIBED" });
}

/** The text of the warning: which schemas do not describe themselves, and what helps. */
export function undescribed(name: string, methods: readonly Method[]): string | undefined {
	const vendors = new Set<string>();
	const places = methods.flatMap((method) => {
		const sides = sidesOf(method).filter(([, schema]) => !describesItself(schema));
		for (const [, schema] of sides) vendors.add(schema["~standard"].vendor);
		return sides.map(([side]) => `the ${side} of ${method.path}`);
	});
	if (places.length === 0) return undefined;
	const shown = places.length > 4 ? [...places.slice(0, 4), `${places.length - 4} more`] : places;
	const remedies = Array.from(vendors, remedyOf).join("; ");
	return `The contract "${name}" is described in part only, as these schemas tell no JSON Schema: ${shown.join(", ")}. So describe, OpenAPI and the command show nothing of them, and REST leaves their numbers text. To mend it, ${remedies}.`;
}

function remedyOf(vendor: string): string {
	if (vendor === "valibot") {
		return 'install @valibot/to-json-schema, and wrap each schema of valibot: import { toStandardJsonSchema } from "@valibot/to-json-schema"; method({ input: toStandardJsonSchema(v.object({ … })) })';
	}
	if (vendor === "zod") return "take the schemas of zod 4.2 or newer itself, not those of zod/mini or zod/v3";
	return `take a version of ${vendor} that implements Standard JSON Schema (https://standardschema.dev), or wrap its schemas`;
}

function sidesOf({ kind, input, output, errors }: Method): [side: string, schema: Schema][] {
	const sides: [string, Schema | undefined][] = [
		[kind === "event" ? "data" : "input", messageSchema(input)],
		["output", messageSchema(output)],
		...Object.entries(errors).map(([reason, { data }]): [string, Schema | undefined] => [
			`data of ${reason}`,
			data,
		]),
	];
	return sides.flatMap(([side, schema]) => (schema === undefined ? [] : [[side, schema]]));
}
