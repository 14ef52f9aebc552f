import { anything } from "./anything.ts";
import { type Contract, contract } from "./contract.ts";
import type { MethodSpec } from "./method.ts";
import type { Schema } from "./schema.ts";

/** Has no codec but JSON, so that two processes can describe themselves whatever formats they speak. */
const named: Schema = anything({
	type: "object",
	properties: { service: { type: "string" } },
	required: ["service"],
});

/**
 * The contract that every process with services serves, on every transport: `describe({ service })` returns the
 * `ContractDescription` of a service, `identify({ service })` its name, version and hash alone. Both fail with
 * `not_found` when the process does not serve the service.
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
