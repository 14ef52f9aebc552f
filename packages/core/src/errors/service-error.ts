import type { Callee } from "./callee.ts";
import { type Code, codes, isCode } from "./code.ts";
import { kindOf, Mistake } from "./mistake.ts";
import { isMetadata, type ReadonlyMetadata } from "./readonly-metadata.ts";

const brand = Symbol.for("allium.ServiceError");

/** A protobuf message that an error carries for programs that know its type, such as `google.rpc.Help`. */
export interface ForeignDetail {
	/** The full name of the message, without the `type.googleapis.com/` before it. */
	readonly type: string;
	/** The message in protobuf's binary format. */
	readonly value: Uint8Array;
}

/** The parts of a {@link ServiceError}. Only the code is required. */
export interface ServiceErrorInit<Data = unknown> {
	code: Code;
	/** A description of the error for people. Default: the reason, otherwise the code. */
	message?: string | undefined;
	/** The reason for programs: the name of a declared error, or a reason that the runtime defines. */
	reason?: string | undefined;
	/** Details, as JSON. */
	data?: Data | undefined;
	/**
	 * Further details as protobuf messages, for callers in other languages. Connect and frames carry them to the
	 * caller, who does not pass them on to its own.
	 */
	details?: readonly ForeignDetail[] | undefined;
	/** Metadata (trailers) that arrived, or is sent, with the error. */
	metadata?: ReadonlyMetadata | undefined;
	/**
	 * The time in milliseconds within which the callee asks not to be called again: at most some 31 years, which stand
	 * for Infinity, too. A value that is not a number is ignored; one below 0 counts as 0.
	 */
	retryAfterMs?: number | undefined;
	/** The cause, for the local log. It never leaves the process. */
	cause?: unknown;
}

/**
 * The one error of Allium, the same on both sides of the wire.
 *
 * Recognise it with {@link isServiceError} or `isError`, never with `instanceof`, because two copies of this package
 * may meet in one process.
 */
export class ServiceError<Data = unknown> extends Error {
	static {
		Object.defineProperty(ServiceError.prototype, brand, { value: true });
	}

	override readonly name = "ServiceError";
	readonly code: Code;
	readonly reason: string | undefined;
	readonly data: Data;
	/** Details in protobuf that are not Allium's own; undefined when there are none. */
	readonly details: readonly ForeignDetail[] | undefined;
	readonly metadata: ReadonlyMetadata | undefined;
	readonly retryAfterMs: number | undefined;
	/**
	 * True when the handler provably never ran, so that even a `write` may be tried elsewhere.
	 * The runtime alone sets it, and never relays it over a further hop.
	 */
	readonly notExecuted: boolean = false;
	/** The service that the error belongs to. It is set on declared errors and on errors that came over a wire. */
	readonly domain: string | undefined = undefined;
	/** The callee of a call that failed. The runtime alone sets it, and it never leaves the process. */
	readonly callee: Callee | undefined = undefined;

	/** @throws TypeError for a code, reason, metadata or details of a wrong type, in programs that no compiler checked. */
	constructor(init: ServiceErrorInit<Data>) {
		super(
			init.message ?? init.reason ?? init.code,
			init.cause === undefined ? undefined : { cause: init.cause },
		);
		this.code = checkedCode(init.code);
		this.reason = checkedReason(init.reason ?? undefined);
		this.data = init.data as Data;
		this.details = checkedDetails(init.details ?? undefined);
		this.metadata = checkedMetadata(init.metadata ?? undefined);
		this.retryAfterMs = withinBounds(init.retryAfterMs ?? undefined);
	}
}

/** The longest `retryAfterMs`: nine digits in the header `Retry-After`, which every transport carries. */
const longestRetryAfterMs = 999_999_999_000;

function checkedCode(code: unknown): Code {
	if (isCode(code)) return code;
	throw new Mistake(
		`an error was made with the code ${shown(code)}; the codes are ${codes.join(", ")}`,
		here,
	);
}

function checkedReason(reason: unknown): string | undefined {
	if (reason === undefined || typeof reason === "string") return reason;
	throw new Mistake(`an error was made with ${kindOf(reason)} as its reason, which is a name`, here);
}

function checkedMetadata(metadata: unknown): ReadonlyMetadata | undefined {
	if (metadata === undefined || isMetadata(metadata)) return metadata;
	throw new Mistake(
		`an error was made with ${kindOf(metadata)} as its metadata: write new Metadata({ "retry-hint": "later" })`,
		here,
	);
}

function checkedDetails(details: unknown): readonly ForeignDetail[] | undefined {
	if (details === undefined || isDetails(details)) return details;
	throw new Mistake(
		'an error was made with details that are no list of protobuf messages: write [{ type: "google.rpc.Help", value: bytes }]',
		here,
	);
}

function isDetails(details: unknown): details is readonly ForeignDetail[] {
	return Array.isArray(details) && details.every(isDetail);
}

function isDetail(detail: unknown): boolean {
	if (typeof detail !== "object" || detail === null) return false;
	const { type, value } = detail as Partial<ForeignDetail>;
	return typeof type === "string" && value instanceof Uint8Array;
}

/** The option by which an error records the stack of the code that makes it. */
const here = { stack: true };

function shown(value: unknown): string {
	return typeof value === "string" ? JSON.stringify(value) : kindOf(value);
}

function withinBounds(milliseconds: unknown): number | undefined {
	if (typeof milliseconds !== "number" || Number.isNaN(milliseconds)) return undefined;
	return Math.min(longestRetryAfterMs, Math.max(0, milliseconds));
}

/** Whether the fields of an error are valid. A program may have changed them, or forged the error. */
function isSound(error: ServiceError): boolean {
	const { code, message, reason, details, metadata, retryAfterMs, domain } = error;
	return (
		isCode(code) &&
		typeof message === "string" &&
		isOptional(reason, "string") &&
		isOptional(domain, "string") &&
		(details === undefined || isDetails(details)) &&
		(metadata === undefined || isMetadata(metadata)) &&
		(retryAfterMs === undefined || withinBounds(retryAfterMs) === retryAfterMs)
	);
}

function isOptional(value: unknown, type: string): boolean {
	return value === undefined || typeof value === type;
}

/** Facts about an error that the runtime alone may state. */
export interface Origin {
	notExecuted?: boolean;
	domain?: string | undefined;
	callee?: Callee | undefined;
}

/** Makes an error with facts that only the runtime knows. Not exported to users. */
export function serviceErrorFrom<Data>(init: ServiceErrorInit<Data>, origin: Origin): ServiceError<Data> {
	return Object.assign(new ServiceError(init), origin);
}

/**
 * Whether a caught value is a {@link ServiceError}, from any copy of the package. An error with invalid fields does not
 * count as one, nor does a value that cannot be examined.
 */
export function isServiceError(error: unknown): error is ServiceError {
	if (typeof error !== "object" || error === null) return false;
	try {
		return (error as { [brand]?: unknown })[brand] === true && isSound(error as ServiceError);
	} catch {
		return false;
	}
}

/** A caught value as a {@link ServiceError}: itself, or `internal` with the value as its local cause. */
export function toServiceError(error: unknown): ServiceError {
	if (isServiceError(error)) return error;
	return new ServiceError({ code: "internal", message: "internal error", cause: error });
}
