import { fromBase64, toBase64 } from "../encoding/base64.ts";
import { decodeJsonValue, encodeJsonValue } from "../encoding/json-value.ts";
import { fieldBytes, fieldText, MessageWriter, readFields } from "../encoding/protobuf.ts";
import type { ForeignDetail, ServiceError } from "./service-error.ts";

/** A detail of an error as Connect writes it: a protobuf message, as base64 under its full name. */
export interface ErrorDetail {
	readonly type: string;
	readonly value: string;
	/** The same for people. Programs read `value`. */
	readonly debug?: unknown;
}

/** The facts that the details of an error carry. */
export interface DetailFacts {
	readonly reason?: string;
	readonly domain?: string;
	readonly data?: unknown;
	readonly retryAfterMs?: number;
	/** The others, as they came. */
	readonly details?: readonly ForeignDetail[];
}

const errorInfo = "google.rpc.ErrorInfo";
const retryInfo = "google.rpc.RetryInfo";
const jsonValue = "google.protobuf.Value";

/**
 * The details of an error, in addition to its code and message: `google.rpc.ErrorInfo` for its reason,
 * `google.protobuf.Value` for its data, `google.rpc.RetryInfo` for `retryAfterMs`, and then its own protobuf details.
 * Data that JSON cannot carry is left out.
 *
 * @param service the service that the error belongs to, if the error names none.
 */
export function errorDetails(error: ServiceError, service: string): ErrorDetail[] {
	const details: ErrorDetail[] = [];
	const { reason, data, retryAfterMs } = error;
	if (reason !== undefined) {
		const domain = error.domain ?? service;
		const message = new MessageWriter().text(1, reason).text(2, domain);
		details.push(detail(errorInfo, message.finish(), { reason, domain }));
	}
	if (data !== undefined) pushData(details, data);
	if (retryAfterMs !== undefined) {
		const message = new MessageWriter().bytes(1, encodeDuration(retryAfterMs));
		details.push(detail(retryInfo, message.finish(), { retryDelay: `${retryAfterMs / 1000}s` }));
	}
	for (const { type, value } of error.details ?? []) details.push({ type, value: toBase64(value) });
	return details;
}

/** Reads details that came over the wire. It ignores malformed ones. */
export function readErrorDetails(details: unknown): DetailFacts {
	const facts: Facts = {};
	const foreign: ForeignDetail[] = [];
	if (!Array.isArray(details)) return facts;
	for (const item of details) {
		const { type, value } = (item ?? {}) as { type?: unknown; value?: unknown };
		const bytes = typeof value === "string" ? fromBase64(value) : undefined;
		if (bytes === undefined) continue;
		if (typeof type !== "string") continue;
		try {
			if (!readOwn(facts, type, bytes)) foreign.push({ type, value: bytes });
		} catch (error) {
			if (!(error instanceof RangeError)) throw error;
		}
	}
	return foreign.length === 0 ? facts : { ...facts, details: foreign };
}

type Facts = { -readonly [K in keyof DetailFacts]: DetailFacts[K] };

/** Reads one of Allium's own details into the facts; false for any other detail. */
function readOwn(facts: Facts, type: string, bytes: Uint8Array): boolean {
	if (type === errorInfo) Object.assign(facts, readErrorInfo(bytes));
	else if (type === jsonValue && !("data" in facts)) facts.data = decodeJsonValue(bytes);
	else if (type === retryInfo) facts.retryAfterMs = readRetryInfo(bytes);
	else return false;
	return true;
}

function detail(type: string, message: Uint8Array, debug: unknown): ErrorDetail {
	return { type, value: toBase64(message), debug };
}

function pushData(details: ErrorDetail[], data: unknown): void {
	try {
		const plain = jsonOf(data);
		if (plain !== undefined) details.push(detail(jsonValue, encodeJsonValue(plain), plain));
	} catch {
		// The data nests too deep. The error must reach the caller without it.
	}
}

/** The data of an error as JSON, the same on every transport; undefined when JSON cannot carry it. */
export function jsonOf(data: unknown): unknown {
	try {
		return JSON.parse(JSON.stringify(data));
	} catch {
		return undefined;
	}
}

function readErrorInfo(bytes: Uint8Array): DetailFacts {
	const facts: { reason?: string; domain?: string } = {};
	for (const field of readFields(bytes)) {
		if (field.number === 1) facts.reason = fieldText(field);
		else if (field.number === 2) facts.domain = fieldText(field);
	}
	return facts;
}

/** A `google.protobuf.Duration`. */
function encodeDuration(milliseconds: number): Uint8Array {
	const writer = new MessageWriter();
	const whole = Math.floor(milliseconds / 1000);
	const nanos = Math.round((milliseconds - whole * 1000) * 1e6);
	return writer.varint(1, BigInt(whole)).varint(2, BigInt(nanos)).finish();
}

function readRetryInfo(bytes: Uint8Array): number {
	let milliseconds = 0;
	for (const retryDelay of readFields(bytes)) {
		if (retryDelay.number !== 1) continue;
		for (const { number, value } of readFields(fieldBytes(retryDelay))) {
			if (typeof value !== "bigint") continue;
			const amount = Number(BigInt.asIntN(64, value));
			if (number === 1) milliseconds += amount * 1000;
			else if (number === 2) milliseconds += amount / 1e6;
		}
	}
	return Math.max(0, milliseconds);
}
