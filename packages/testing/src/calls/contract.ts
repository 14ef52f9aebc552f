import type { Contract, MethodSpec, StreamOf, WireCodecs } from "@allium/core";
import * as core from "@allium/core";
import type { Message } from "./message.ts";
import { messageCodec } from "./message-codec.ts";
import type { CallVersion } from "./setup.ts";

/** The data of the error that the suite's contract declares. */
export interface Refusal {
	readonly limit: number;
	readonly names: readonly string[];
}

/** A Standard Schema for one shape. It is written by hand so that the suite needs no schema library. */
interface Shape<T> {
	readonly "~standard": {
		readonly version: 1;
		readonly vendor: "allium";
		readonly validate: (value: unknown) => { value: T } | { issues: { message: string }[] };
		readonly types?: { readonly input: T; readonly output: T };
	};
	readonly "~wire"?: WireCodecs;
}

function shape<T>(fits: (value: unknown) => value is T, message: string): Shape<T> {
	const validate = (value: unknown) => (fits(value) ? { value } : { issues: [{ message }] });
	return { "~standard": { version: 1, vendor: "allium", validate } };
}

const plainMessage: Shape<Message> = shape(
	(value): value is Message =>
		typeof value === "object" && value !== null && "text" in value && typeof value.text === "string",
	"must be { text: string }",
);

/** Has a protobuf codec as well as JSON. */
const message: Shape<Message> = { ...plainMessage, "~wire": { proto: messageCodec } };

const refusal: Shape<Refusal> = shape(
	(value): value is Refusal => typeof value === "object" && value !== null && "limit" in value,
	"must be { limit: number, names: string[] }",
);

/** A type rather than an interface, because interfaces have no index signature. */
type CallErrors = {
	readonly refused: {
		readonly code: "failed_precondition";
		readonly message: string;
		readonly data: Shape<Refusal>;
	};
};
type One = Shape<Message>;
type Many = StreamOf<Shape<Message>>;

const errors: CallErrors = {
	refused: { code: "failed_precondition", message: "not today", data: refusal },
};

/** The suite's contract: one method of each kind. Each case decides what the handlers do. */
export type CallsContract = Contract<{
	unary: MethodSpec<One, One, CallErrors>;
	server_stream: MethodSpec<One, Many, CallErrors>;
	client_stream: MethodSpec<Many, One, CallErrors>;
	bidi_stream: MethodSpec<Many, Many, CallErrors>;
}>;

const made = new WeakMap<CallVersion["contract"], CallsContract>();

/** The suite's contract, made once with the functions of each version of Allium. */
export function callsContract(version: CallVersion): CallsContract {
	const known = made.get(version.contract);
	if (known !== undefined) return known;
	const calls = makeContract(version);
	made.set(version.contract, calls);
	return calls;
}

function makeContract({ contract, method, stream }: CallVersion): CallsContract {
	const many: Many = stream(message);
	return contract("calls", {
		unary: method({ input: message, output: message, errors }),
		server_stream: method({ input: message, output: many, errors }),
		client_stream: method({ input: many, output: message, errors }),
		bidi_stream: method({ input: many, output: many, errors }),
	});
}

/** The suite's contract in this version. */
export const Calls: CallsContract = callsContract(core);
