import { type Contract, contract } from "./contract.ts";
import { type MethodSpec, method } from "./method.ts";

/**
 * What every process that serves can be asked, on every transport: `describe({ service })` answers the
 * `ContractDescription` of a service, `identify({ service })` its name, version and hash alone. Both fail with
 * `not_found` where it is not served.
 */
export const Reflection: Contract<{
	readonly describe: MethodSpec<undefined, undefined>;
	readonly identify: MethodSpec<undefined, undefined>;
}> = contract("allium.reflection", {
	describe: method({ summary: "Describes a service that is served here.", effect: "read" }),
	identify: method({ summary: "Tells the name, version and hash of a service.", effect: "read" }),
});
