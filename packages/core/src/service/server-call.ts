import { withArrivedCause } from "../context/call-id.ts";
import { CallScope, type Outcome } from "../context/call-scope.ts";
import { Cancellation, callIsOver, type Follower, type Following } from "../context/cancellation.ts";
import { Context, isContext, type PeerInfo } from "../context/context.ts";
import { noMetadata } from "../context/metadata.ts";
import { ResponseMetadata } from "../context/response.ts";
import { Reflection } from "../contract/reflection.ts";
import { guardsOperations } from "../endpoint/guard.ts";
import type { ReadonlyMetadata } from "../errors/readonly-metadata.ts";
import { type ServiceError, serviceErrorFrom, toServiceError } from "../errors/service-error.ts";
import { errorForCaller } from "./boundary.ts";
import type { EndpointTable, ServedMethod } from "./endpoint-table.ts";
import { guardMistake, otherCall } from "./guard-mistake.ts";

/** The facts that a transport knows about a call when its head has arrived. */
export interface IncomingCall {
	/** `service/method`. */
	readonly path: string;
	readonly metadata: ReadonlyMetadata;
	readonly peer: PeerInfo;
	/** The time that the caller waits, in milliseconds; Infinity when it did not state one. */
	readonly timeoutMs: number;
}

/**
 * One call that arrived, from its head to its end. Every transport makes one for a request, runs it, cancels it when
 * the caller gives up or vanishes, and settles it when the reply was sent.
 */
export class ServerCall {
	readonly ctx: Context;
	readonly response: ResponseMetadata = new ResponseMetadata();
	/** The method that is called; undefined when it is not served. */
	readonly served: ServedMethod | undefined;
	/** Whether input or output is a stream: then the server may end the call in order to stop. */
	readonly hasStream: boolean;
	readonly #endpoints: EndpointTable;
	readonly #incoming: IncomingCall;
	readonly #cancellation: Cancellation;
	readonly #scope = new CallScope();

	constructor(endpoints: EndpointTable, incoming: IncomingCall) {
		this.#endpoints = endpoints;
		this.#incoming = incoming;
		this.served = endpoints.find(incoming.path);
		this.hasStream = this.served !== undefined && this.served.method.kind !== "unary";
		const { timeoutMs } = incoming;
		const deadline = timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : performance.now() + timeoutMs;
		this.#cancellation = new Cancellation(undefined, deadline);
		const { metadata, peer } = incoming;
		const outgoing = metadata.size === 0 ? noMetadata : forwarded(metadata);
		this.ctx = Context["~ofArrived"](
			this.#cancellation,
			this.#scope,
			metadata,
			outgoing,
			peer,
			this.response,
		);
	}

	/**
	 * Runs the guard, then `read`, then the endpoint. `read` yields the decoded input, for some methods a stream of
	 * decoded messages. It is called only when the guard has let the call in.
	 * Rejects with `ServiceError` only.
	 */
	run(read: () => unknown): Promise<unknown> {
		if (this.hasStream) this.#endpoints.streams?.add(this);
		const { guard } = this.#endpoints;
		if (guard === undefined || (this.#isOperation() && !guardsOperations(guard))) {
			return this.#readAndInvoke(read, this.ctx);
		}
		try {
			const admitted = guard(this.#incoming, this.ctx);
			if (isContext(admitted)) return this.#admit(read, admitted);
			return Promise.resolve(admitted).then(
				(ctx) => this.#admit(read, ctx),
				(error) => Promise.reject(this.#refusal(error)),
			);
		} catch (error) {
			return Promise.reject(this.#refusal(error));
		}
	}

	/**
	 * Encodes a message of the reply. A message that cannot be encoded is a bug of the handler, and is logged.
	 *
	 * @param codec a codec, or anything else that encodes; `Wire` is the type of its result.
	 * @throws ServiceError `internal`.
	 */
	encode<Wire>(codec: { encode(message: unknown): Wire }, output: unknown): Wire {
		try {
			return codec.encode(output);
		} catch (error) {
			const { path } = this.#incoming;
			this.#endpoints.logger.log("error", "an output cannot be encoded", { method: path, error });
			throw error;
		}
	}

	/** Tells the follower when the call is cancelled. The follower itself watches the deadline. */
	follow(follower: Follower): Following {
		return this.#cancellation.follow(follower);
	}

	/** Ends the context of the handler: the caller gave up or is gone, or the server stops. */
	cancel(error?: ServiceError): void {
		this.#cancellation.cancel(error);
	}

	/** Ends the call. Work that still runs under its context is cancelled. Only the first outcome counts. */
	settle(outcome: Outcome): void {
		if (this.#scope.settled) return;
		if (this.hasStream) this.#endpoints.streams?.remove(this);
		this.#scope.settle(outcome, this.#endpoints.logger);
		this.#cancellation.finish(outcome.ok ? callIsOver : outcome.error);
	}

	/** Whether the call is for reflection. It then counts as an operation, as `/-/describe` does. */
	#isOperation(): boolean {
		return this.served?.method.service === Reflection["~allium"].name;
	}

	/** Runs the call with the context that the guard gave. When that context ends first, the caller sees its error. */
	#admit(read: () => unknown, ctx: Context): Promise<unknown> {
		const mistake = guardMistake(ctx);
		if (mistake !== undefined) return Promise.reject(this.#refusal(mistake));
		if (ctx["~scope"] !== this.#scope) return Promise.reject(this.#refusal(otherCall()));
		const running = this.#readAndInvoke(read, ctx);
		const cancellation = ctx["~cancellation"];
		if (cancellation === this.#cancellation) return running;
		const ended = Promise.withResolvers<never>();
		const unlisten = cancellation.listen(ended.reject);
		return Promise.race([running, ended.promise]).finally(unlisten);
	}

	/** Reads the input only when a method is there to take it. */
	#readAndInvoke(read: () => unknown, ctx: Context): Promise<unknown> {
		if (this.served === undefined) return Promise.reject(this.#missing());
		const { endpoint, method } = this.served;
		try {
			const mayHaveCause = method.effect !== "read" && ctx.metadata.size > 0;
			const caused = mayHaveCause ? withArrivedCause(ctx, method.path) : ctx;
			const input = read();
			if (!(input instanceof Promise)) return endpoint(input, caused);
			return input.then((value) => endpoint(value, caused), rethrow);
		} catch (error) {
			return Promise.reject(toServiceError(error));
		}
	}

	#missing(): ServiceError {
		const { path } = this.#incoming;
		return this.#endpoints.whyMissing?.(path) ?? unimplemented(path);
	}

	/** The error that the caller sees for an error of the guard. The rules are those for errors of handlers. */
	#refusal(error: unknown): ServiceError {
		const { path } = this.#incoming;
		const { service = "", errors = {} } = this.served?.method ?? {};
		return errorForCaller({ service, path, errors }, error, this.ctx, this.#endpoints, () => "the guard");
	}
}

/** The error for a path that is not served. */
export function unimplemented(path: string): ServiceError {
	return serviceErrorFrom(
		{ code: "unimplemented", reason: "no_such_method", message: `no such method: ${path}` },
		{ notExecuted: true },
	);
}

/** The metadata that arrived and travels on with the calls of the handler. */
function forwarded(metadata: ReadonlyMetadata): ReadonlyMetadata {
	for (const [name] of metadata) if (isGlobal(name)) return metadata["~select"](isGlobal);
	return noMetadata;
}

function isGlobal(name: string): boolean {
	return name.startsWith("x-global-");
}

function rethrow(error: unknown): never {
	throw toServiceError(error);
}
