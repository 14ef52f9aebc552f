import type { TextCodec } from "../codec/codec.ts";
import type { WireCodecs } from "../codec/wire-codecs.ts";
import { anything } from "../contract/anything.ts";
import { type Contract, type ContractWire, contract } from "../contract/contract.ts";
import type { ErrorSpec, ErrorSpecs } from "../contract/declared-error.ts";
import {
	type ContractDescription,
	describesEmpty,
	type ErrorDescription,
	type EventDescription,
	type MethodDescription,
} from "../contract/describe.ts";
import { type EventSpec, eventSpec } from "../contract/event.ts";
import { isEventVersion } from "../contract/event-version.ts";
import { type Effect, givesStream, type Kind, type MethodSpec, takesStream } from "../contract/method.ts";
import type { JsonSchema } from "../contract/schema.ts";
import { isSecurity } from "../contract/security.ts";
import { type Side, stream } from "../contract/stream.ts";
import { isCode } from "../errors/code.ts";
import { isObject } from "../json/is-object.ts";

/** A format whose codecs can be made from a description. */
export interface DescribedFormat {
	/** The name of the format in descriptions. */
	readonly name: keyof ContractWire;
	/**
	 * Reads it.
	 *
	 * @param wire the part of the description: for `proto`, a `FileDescriptorSet` as base64.
	 * @returns what finds the codecs of one message of a method, by the method's name and the side; undefined for a
	 * message without a codec.
	 */
	read(wire: string, description: ContractDescription): FindCodecs;
}

/** Finds the codecs of one message of a method. */
export type FindCodecs = (method: string, side: "input" | "output") => WireCodecs | undefined;

/** Options of {@link contractFromDescription}. */
export interface FromDescriptionOptions {
	/** The formats to speak in addition to JSON, if the description has the parts that they need. Default: none. */
	readonly formats?: readonly DescribedFormat[];
	/** The JSON codec of messages whose format brings none of its own. Default: the usual one, which decodes and encodes. */
	readonly json?: TextCodec;
}

/**
 * Makes a contract from the description that a service gives of itself. Its schemas accept every value as it is,
 * because the service validates. They describe themselves as the service described them. The upcasts of its events
 * return the data as they are.
 *
 * @throws TypeError when a name is not allowed, or the key of an event is no string in its data.
 * @example
 * const client = createClient(contractFromDescription(description), { url, transports: [http()] });
 */
export function contractFromDescription(
	description: ContractDescription,
	{ formats = [], json }: FromDescriptionOptions = {},
): Contract<Readonly<Record<string, MethodSpec>>> {
	const { name, version, summary, meta, methods, events = {}, wire } = description;
	const codecs = findCodecs(description, formats, json);
	const specs: [string, MethodSpec][] = [
		...Object.entries(methods).map(([key, method]): [string, MethodSpec] => [
			key,
			specOf(key, method, codecs),
		]),
		...Object.entries(events).map(([key, described]): [string, EventSpec] => [key, eventOf(described)]),
	];
	return contract<Readonly<Record<string, MethodSpec>>>(name, Object.fromEntries(specs), {
		version,
		...(summary !== undefined && { summary }),
		...(meta !== undefined && { meta }),
		...(wire !== undefined && { wire }),
	});
}

/** Finds the codecs of all formats that the description has a part for. */
function findCodecs(
	description: ContractDescription,
	formats: readonly DescribedFormat[],
	json: TextCodec | undefined,
): FindCodecs {
	const found = formats.flatMap((format) => {
		const wire = description.wire?.[format.name];
		return wire === undefined ? [] : [format.read(wire, description)];
	});
	return (method, side) => {
		const codecs = Object.assign(
			json === undefined ? {} : { json },
			...found.map((find) => find(method, side)),
		);
		return Object.keys(codecs).length === 0 ? undefined : codecs;
	};
}

/** Whether a value that came over the wire is the description of a contract. */
export function isContractDescription(value: unknown): value is ContractDescription {
	if (!isObject(value) || !isObject(value.methods)) return false;
	const { name, version, hash, methods, security = [], wire } = value;
	const texts = [name, version, hash].every((text) => typeof text === "string");
	if (!Array.isArray(security) || !security.every(isSecurity)) return false;
	if (!isOptional(wire, isWire) || !isOptional(value.events, isEvents)) return false;
	return texts && isOptional(value.summary, isText) && Object.values(methods).every(isMethodDescription);
}

const kinds: readonly unknown[] = ["unary", "server_stream", "client_stream", "bidi_stream"] satisfies Kind[];
const effects: readonly unknown[] = ["read", "idempotent", "write"] satisfies Effect[];

function isMethodDescription(value: unknown): value is MethodDescription {
	if (!isObject(value) || !isObject(value.errors)) return false;
	const { kind, effect, wireName, summary, input, output, errors } = value;
	const known = kinds.includes(kind) && effects.includes(effect);
	const texts = isOptional(wireName, isText) && isOptional(summary, isText);
	return (
		known && texts && isObject(input) && isObject(output) && Object.values(errors).every(isErrorDescription)
	);
}

function isEvents(value: unknown): boolean {
	return isObject(value) && Object.values(value).every(isEventDescription);
}

/** The most versions of an event that one contract reads: more are no description, but an attack. */
const mostVersions = 1_000;

function isEventDescription(value: unknown): value is EventDescription {
	if (!isObject(value) || !isObject(value.data)) return false;
	const { version, oldestVersion = version, key, summary } = value;
	if (!isEventVersion(version) || !isEventVersion(oldestVersion)) return false;
	const known = oldestVersion <= version && version - oldestVersion < mostVersions;
	return known && isOptional(key, isText) && isOptional(summary, isText);
}

function isErrorDescription(value: unknown): value is ErrorDescription {
	return (
		isObject(value) &&
		isCode(value.code) &&
		isOptional(value.message, isText) &&
		isOptional(value.data, isObject)
	);
}

function specOf(name: string, described: MethodDescription, codecs: FindCodecs): MethodSpec {
	const { kind, effect, wireName, summary, meta, input, output, errors } = described;
	return {
		effect,
		...(wireName !== undefined && { wireName }),
		...(summary !== undefined && { summary }),
		...(meta !== undefined && { meta }),
		...sideOf("input", input, takesStream(kind), codecs(name, "input")),
		...sideOf("output", output, givesStream(kind), codecs(name, "output")),
		errors: errorsOf(errors),
	};
}

function eventOf({ version, oldestVersion = version, data, ...facts }: EventDescription): EventSpec {
	const earlier = Array.from({ length: version - oldestVersion }, (_, index) => oldestVersion + index);
	const upcast = Object.fromEntries(earlier.map((from) => [from, unchanged]));
	return eventSpec({ ...facts, version, data: anything(data), upcast });
}

const unchanged = (data: unknown): unknown => data;

/** A side that was not declared stays undeclared, because its `{}` need not be sent. */
function sideOf(
	name: "input" | "output",
	described: JsonSchema,
	streams: boolean,
	codecs: WireCodecs | undefined,
): Partial<Record<string, Side>> {
	if (!streams && describesEmpty(described)) return {};
	const plain = anything(described);
	const schema = codecs === undefined ? plain : { ...plain, "~wire": codecs };
	return { [name]: streams ? stream(schema) : schema };
}

function errorsOf(errors: MethodDescription["errors"]): ErrorSpecs {
	const specs = Object.entries(errors).map(([reason, { code, message, data }]): [string, ErrorSpec] => [
		reason,
		{ code, ...(message !== undefined && { message }), ...(data !== undefined && { data: anything(data) }) },
	]);
	return Object.fromEntries(specs);
}

function isWire(value: unknown): boolean {
	return isObject(value) && isOptional(value.proto, isText);
}

function isText(value: unknown): boolean {
	return typeof value === "string";
}

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
	return value === undefined || is(value);
}
