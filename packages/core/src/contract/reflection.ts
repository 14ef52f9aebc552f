import { anything } from "./anything.ts";
import { type Contract, contract } from "./contract.ts";
import type { MethodSpec } from "./method.ts";
import type { Schema } from "./schema.ts";

/** Has no codec but JSON: whatever formats two processes speak, they can describe themselves. */
const named: Schema = anything({
	type: "object",
	properties: { service: { type: "string" } },
	required: ["service"],
});

/**
 * What every process that serves can be asked, on every transport: `describe({ service })` answers the
 * `ContractDescription` of a service, `identify({ service })` its name, version and hash alone. Both fail with
 * `not_found` where it is not served.
 */
export const Reflection: Contract<{
	readonly describe: MethodSpec<Schema, Schema>;
	readonly identify: MethodSpec<Schema, Schema>;
}> = contract("allium.reflection", {
	describe: {
		summary: "Describes a service that is served here.",
		input: named,
		output: anything({}),
		effect: "read",
	},
	identify: {
		summary: "Tells the name, version and hash of a service.",
		input: named,
		output: anything({}),
		effect: "read",
	},
});
