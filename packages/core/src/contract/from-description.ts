import { isCode } from "../errors/code.ts";
import { isObject } from "../json/is-object.ts";
import { type Contract, contract } from "./contract.ts";
import type { ErrorSpec, ErrorSpecs } from "./declared-error.ts";
import {
	type ContractDescription,
	describesEmpty,
	type ErrorDescription,
	type MethodDescription,
} from "./describe.ts";
import { type Effect, givesStream, type Kind, type MethodSpec, takesStream } from "./method.ts";
import type { JsonSchema, Schema } from "./schema.ts";
import { isSecurity } from "./security.ts";
import { type Side, stream } from "./stream.ts";

/**
 * Makes a contract from what a service tells of itself. Its schemas accept everything as it is, for the service
 * knows what is right; they describe themselves as the service did.
 *
 * @throws TypeError when a name is not allowed.
 * @example
 * const client = createClient(contractFromDescription(description), { url, transports: [http()] });
 */
export function contractFromDescription(
	description: ContractDescription,
): Contract<Readonly<Record<string, MethodSpec>>> {
	const { name, version, summary, meta, methods } = description;
	const specs = Object.entries(methods).map(([key, method]) => [key, specOf(method)] as const);
	return contract<Readonly<Record<string, MethodSpec>>>(name, Object.fromEntries(specs), {
		version,
		...(summary !== undefined && { summary }),
		...(meta !== undefined && { meta }),
	});
}

/** Whether a value that came over the wire is the description of a contract. */
export function isContractDescription(value: unknown): value is ContractDescription {
	if (!isObject(value) || !isObject(value.methods)) return false;
	const { name, version, hash, methods, security = [] } = value;
	const texts = [name, version, hash].every((text) => typeof text === "string");
	if (!Array.isArray(security) || !security.every(isSecurity)) return false;
	return texts && isOptional(value.summary, isText) && Object.values(methods).every(isMethodDescription);
}

const kinds: readonly unknown[] = ["unary", "server_stream", "client_stream", "bidi_stream"] satisfies Kind[];
const effects: readonly unknown[] = ["read", "idempotent", "write"] satisfies Effect[];

function isMethodDescription(value: unknown): value is MethodDescription {
	if (!isObject(value) || !isObject(value.errors)) return false;
	const { kind, effect, summary, input, output, errors } = value;
	const known = kinds.includes(kind) && effects.includes(effect) && isOptional(summary, isText);
	return known && isObject(input) && isObject(output) && Object.values(errors).every(isErrorDescription);
}

function isErrorDescription(value: unknown): value is ErrorDescription {
	return (
		isObject(value) &&
		isCode(value.code) &&
		isOptional(value.message, isText) &&
		isOptional(value.data, isObject)
	);
}

function specOf({ kind, effect, summary, meta, input, output, errors }: MethodDescription): MethodSpec {
	return {
		effect,
		...(summary !== undefined && { summary }),
		...(meta !== undefined && { meta }),
		...sideOf("input", input, takesStream(kind)),
		...sideOf("output", output, givesStream(kind)),
		errors: errorsOf(errors),
	};
}

/** A side that was not given stays so, as its `{}` need not even be sent. */
function sideOf(
	name: "input" | "output",
	schema: JsonSchema,
	streams: boolean,
): Partial<Record<string, Side>> {
	if (streams) return { [name]: stream(anything(schema)) };
	return describesEmpty(schema) ? {} : { [name]: anything(schema) };
}

function errorsOf(errors: MethodDescription["errors"]): ErrorSpecs {
	const specs = Object.entries(errors).map(([reason, { code, message, data }]): [string, ErrorSpec] => [
		reason,
		{ code, ...(message !== undefined && { message }), ...(data !== undefined && { data: anything(data) }) },
	]);
	return Object.fromEntries(specs);
}

/** Accepts everything as it is, and describes itself as it was told. */
function anything(described: JsonSchema): Schema {
	const tell = (): JsonSchema => described;
	const standard = {
		version: 1 as const,
		vendor: "allium",
		validate: (value: unknown) => ({ value }),
		jsonSchema: { input: tell, output: tell },
	};
	return { "~standard": standard };
}

function isText(value: unknown): boolean {
	return typeof value === "string";
}

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
	return value === undefined || is(value);
}
