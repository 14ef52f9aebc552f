import type { ReadonlyMetadata } from "../context/metadata.ts";
import type { Callee } from "./callee.ts";
import type { Code } from "./code.ts";

const brand = Symbol.for("allium.ServiceError");

/** What a {@link ServiceError} is made of; only the code is required. */
export interface ServiceErrorInit<Data = unknown> {
	code: Code;
	/** What went wrong, for people. Default: the reason, else the code. */
	message?: string | undefined;
	/** What went wrong, for programs: the name of a declared error, or one of the runtime's own. */
	reason?: string | undefined;
	/** Details, as JSON. */
	data?: Data | undefined;
	/** Metadata (trailers) that came, or goes, with the error. */
	metadata?: ReadonlyMetadata | undefined;
	/** The callee asks not to be tried again within so many milliseconds. */
	retryAfterMs?: number | undefined;
	/** Why, for the local log. Never leaves the process. */
	cause?: unknown;
}

/**
 * The one error of Allium, the same on both sides of the wire.
 *
 * Recognise it with {@link isServiceError} or `isError`, never with `instanceof`: two copies of this package
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
	readonly metadata: ReadonlyMetadata | undefined;
	readonly retryAfterMs: number | undefined;
	/**
	 * True when the handler provably never ran, so that even a `write` may be tried elsewhere.
	 * The runtime alone sets it, and never relays it over a further hop.
	 */
	readonly notExecuted: boolean = false;
	/** The service whose error this is: set on declared errors and on whatever came over a wire. */
	readonly domain: string | undefined = undefined;
	/** Of a call that failed: whom it called, and where. The runtime alone sets it; it never leaves the process. */
	readonly callee: Callee | undefined = undefined;

	constructor(init: ServiceErrorInit<Data>) {
		super(
			init.message ?? init.reason ?? init.code,
			init.cause === undefined ? undefined : { cause: init.cause },
		);
		this.code = init.code;
		this.reason = init.reason;
		this.data = init.data as Data;
		this.metadata = init.metadata;
		this.retryAfterMs = init.retryAfterMs;
	}
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

/** Whether a caught value is a {@link ServiceError}, from whichever copy of the package. */
export function isServiceError(error: unknown): error is ServiceError {
	return typeof error === "object" && error !== null && (error as { [brand]?: unknown })[brand] === true;
}

/** A caught value as a {@link ServiceError}: itself, or `internal` with the value as its local cause. */
export function toServiceError(error: unknown): ServiceError {
	if (isServiceError(error)) return error;
	return new ServiceError({ code: "internal", message: "internal error", cause: error });
}
