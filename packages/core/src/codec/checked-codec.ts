import { isServiceError, ServiceError } from "../errors/service-error.ts";
import type { BinaryCodec, TextCodec } from "./codec.ts";

/** A codec of which every error is a `ServiceError`, whatever the given one throws. */
export function checkedTextCodec(codec: TextCodec): TextCodec {
	return { name: codec.name, binary: false, ...checked(codec) };
}

/** A codec of which every error is a `ServiceError`, whatever the given one throws. */
export function checkedBinaryCodec(codec: BinaryCodec): BinaryCodec {
	return { name: codec.name, binary: true, ...checked(codec) };
}

/** How a codec writes and reads, whatever crosses the wire. */
interface Coding<Wire> {
	encode(message: unknown): Wire;
	decode(wire: Wire): unknown;
}

function checked<Wire>(codec: Coding<Wire> & { readonly name: string }): Coding<Wire> {
	return {
		encode(message) {
			try {
				return codec.encode(message);
			} catch (error) {
				throw unwritable(codec.name, error);
			}
		},
		decode(wire) {
			try {
				return codec.decode(wire);
			} catch (error) {
				throw unreadable(codec.name, error);
			}
		},
	};
}

function unwritable(name: string, cause: unknown): ServiceError {
	if (isServiceError(cause)) return cause;
	return new ServiceError({ code: "internal", message: `the message cannot be written as ${name}`, cause });
}

function unreadable(name: string, cause: unknown): ServiceError {
	if (isServiceError(cause)) return cause;
	const why = cause instanceof Error ? `: ${cause.message}` : "";
	return new ServiceError({
		code: "invalid_argument",
		reason: "unparsable",
		message: `the message cannot be read as ${name}${why}`,
		cause,
	});
}
