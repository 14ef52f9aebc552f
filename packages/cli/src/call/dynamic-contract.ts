import {
	type Contract,
	contract,
	type MethodDescription,
	type MethodSpec,
	type Schema,
	type Side,
	stream,
} from "@allium/core";

/** A contract whose methods take and give anything: the server knows what is right. */
export type DynamicContract = Contract<Readonly<Record<string, MethodSpec>>>;

/** Accepts everything as it is. */
const anything: Schema = {
	"~standard": { version: 1, vendor: "allium", validate: (value: unknown) => ({ value }) },
};

/** A contract with one method, made from its description, for calls without a schema. */
export function dynamicContract(service: string, name: string, method: MethodDescription): DynamicContract {
	const { kind, effect } = method;
	const input: Side = kind === "client_stream" || kind === "bidi_stream" ? stream(anything) : anything;
	const output: Side = kind === "server_stream" || kind === "bidi_stream" ? stream(anything) : anything;
	return contract<Readonly<Record<string, MethodSpec>>>(service, { [name]: { input, output, effect } });
}
