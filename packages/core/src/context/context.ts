import { kindOf, Mistake } from "../errors/mistake.ts";
import type { ReadonlyMetadata } from "../errors/readonly-metadata.ts";
import type { ServiceError } from "../errors/service-error.ts";
import type { CallScope } from "./call-scope.ts";
import { Cancellation, type Ending, never } from "./cancellation.ts";
import { Deadline } from "./deadline.ts";
import type { ContextKey } from "./key.ts";
import { Metadata, type MetadataInit, noMetadata } from "./metadata.ts";
import { ResponseMetadata } from "./response.ts";
import { SignalSource } from "./signal-source.ts";

/** The other end of a call that arrived. */
export interface PeerInfo {
	/** The address that the call came from, such as `127.0.0.1:52114` or `memory`. */
	readonly address: string;
	/** The identity of the peer by its TLS certificate; undefined without mutual TLS. */
	readonly identity?: string;
	/**
	 * The name of the app that the peer is, where its certificate names one of this process's namespace:
	 * `spiffe://<namespace>/<app>`. Guards and {@link allowApps} ask for it.
	 */
	readonly app?: string;
}

/** A linked list of values. The newest comes first, so that it shadows older ones. */
interface ValueNode {
	readonly key: ContextKey<unknown>;
	readonly value: unknown;
	readonly next: ValueNode | undefined;
}

/** The parts of a context that the runtime replaces. */
interface Parts {
	readonly cancellation: Ending;
	readonly metadata: ReadonlyMetadata;
	readonly outgoing: ReadonlyMetadata;
	readonly peer: PeerInfo | undefined;
	readonly response: ResponseMetadata | undefined;
	readonly received: ResponseMetadata | undefined;
	readonly scope: CallScope | undefined;
}

/** A context and the function that ends it. Call `cancel` when the work is done, whatever its outcome. */
export interface Cancelable {
	readonly ctx: Context;
	readonly cancel: (reason?: unknown) => void;
}

/**
 * The deadline, cancellation, metadata and values of one call: the explicit second argument of every handler
 * and client method. Immutable; modelled on Go's `context.Context`.
 *
 * @example
 * const ctx = Context.background().withTimeout(500).withMetadata({ "x-global-tenant": "acme" });
 * await add.sum({ a: 1, b: 2 }, ctx);
 */
export class Context {
	static readonly #background = new Context(
		never,
		undefined,
		undefined,
		noMetadata,
		noMetadata,
		undefined,
		undefined,
		undefined,
	);

	/** @internal The cancellation that ends it. */
	readonly "~cancellation": Ending;
	/** @internal The call that it belongs to. */
	readonly "~scope": CallScope | undefined;
	/** @internal The metadata into which the next call with this context puts what it receives. */
	readonly "~received": ResponseMetadata | undefined;
	/** The metadata that arrived with the call that is being handled. */
	readonly metadata: ReadonlyMetadata;
	/** The metadata that the next call sends, in addition to the `x-global-*` that arrived. */
	readonly outgoing: ReadonlyMetadata;
	/** The caller; undefined where no call arrived. */
	readonly peer: PeerInfo | undefined;
	readonly #response: ResponseMetadata | undefined;
	readonly #values: ValueNode | undefined;

	/** Takes its parts one by one, because every call makes some contexts, and an object of parts for each would cost. */
	private constructor(
		cancellation: Ending,
		scope: CallScope | undefined,
		values: ValueNode | undefined,
		metadata: ReadonlyMetadata,
		outgoing: ReadonlyMetadata,
		peer: PeerInfo | undefined,
		response: ResponseMetadata | undefined,
		received: ResponseMetadata | undefined,
	) {
		this["~cancellation"] = cancellation;
		this["~scope"] = scope;
		this["~received"] = received;
		this.metadata = metadata;
		this.outgoing = outgoing;
		this.peer = peer;
		this.#response = response;
		this.#values = values;
	}

	/** @internal The context of a call that arrived. */
	static "~ofArrived"(
		cancellation: Ending,
		scope: CallScope,
		metadata: ReadonlyMetadata,
		outgoing: ReadonlyMetadata,
		peer: PeerInfo,
		response: ResponseMetadata,
	): Context {
		return new Context(cancellation, scope, undefined, metadata, outgoing, peer, response, undefined);
	}

	/** The root of all contexts. It is never cancelled, and has no deadline and no values. */
	static background(): Context {
		return Context.#background;
	}

	/**
	 * Aborts when the call is cancelled, its deadline passes, or it has settled: work that still runs for it is then
	 * in vain. The signal is made when it is first read.
	 */
	get signal(): AbortSignal {
		return this["~cancellation"].signal;
	}

	/** Why the call is over; undefined while it goes on. */
	get error(): ServiceError | undefined {
		return this["~cancellation"].error;
	}

	/** The deadline in milliseconds on the monotonic clock of `performance.now()`; Infinity when there is none. */
	get deadline(): number {
		return this["~cancellation"].deadline;
	}

	/** Milliseconds until the deadline, at least 0; Infinity when there is none. */
	remaining(): number {
		const { deadline } = this["~cancellation"];
		return deadline === Number.POSITIVE_INFINITY ? deadline : Math.max(0, deadline - performance.now());
	}

	/** The headers and trailers of the handler's reply. Writing them has no effect where no call arrived. */
	get response(): ResponseMetadata {
		return this.#response ?? new ResponseMetadata();
	}

	/** The value that `withValue` put under the key, here or further up. */
	get<Value>(key: ContextKey<Value>): Value | undefined {
		for (let node = this.#values; node !== undefined; node = node.next) {
			if (node.key === key) return node.value as Value;
		}
		return undefined;
	}

	/** A context that also carries a value within this process. */
	withValue<Value>(key: ContextKey<Value>, value: Value): Context {
		return this["~derive"](this["~cancellation"], this["~scope"], { key, value, next: this.#values });
	}

	/** A context whose next call sends this metadata, too. A name given here replaces its earlier values. */
	withMetadata(init: MetadataInit): Context {
		const added = new Metadata(init);
		const outgoing = this.outgoing["~select"]((name) => !added.has(name));
		for (const [name, value] of added) outgoing["~add"](name, value);
		return this["~with"]({ outgoing });
	}

	/**
	 * A context whose next call puts the headers and trailers that it receives into `received`.
	 *
	 * @throws TypeError when it is not `ResponseMetadata`.
	 */
	withResponse(received: ResponseMetadata): Context {
		if (typeof received !== "object" || received === null || !("~clear" in received)) {
			throw new Mistake(`withResponse() takes a new ResponseMetadata(), and got ${kindOf(received)}`, {
				stack: true,
			});
		}
		return this["~with"]({ received });
	}

	/**
	 * A context that ends after the given milliseconds, or with this one if that is sooner. It has ended already when
	 * they are below 0, as the rest of a caller's time may be. Infinity changes nothing.
	 *
	 * @throws RangeError for NaN.
	 */
	withTimeout(milliseconds: number): Context {
		return this.withDeadline(performance.now() + milliseconds);
	}

	/**
	 * A context that ends at a moment of `performance.now()`, or with this one if that is sooner.
	 *
	 * @throws RangeError for NaN.
	 */
	withDeadline(deadline: number): Context {
		if (!(deadline < this["~cancellation"].deadline)) {
			if (Number.isNaN(deadline)) throw new RangeError("a deadline is a time in milliseconds, and not NaN");
			return this;
		}
		const ending = new Deadline(this["~cancellation"], deadline, this["~scope"]);
		return this["~derive"](ending, this["~scope"]);
	}

	/** A context that its owner can cancel. It ends with this one, too. */
	withCancel(): Cancelable {
		const cancellation = new Cancellation(this["~cancellation"], Number.POSITIVE_INFINITY, this["~scope"]);
		return {
			ctx: this["~derive"](cancellation, this["~scope"]),
			cancel: (reason) => cancellation.cancel(reason),
		};
	}

	/** A context that also ends when a signal of the platform aborts, as of a browser's button or an HTTP request. */
	withSignal(signal: AbortSignal): Context {
		const source = new SignalSource(this["~cancellation"], signal);
		const cancellation = new Cancellation(source, Number.POSITIVE_INFINITY, this["~scope"]);
		return this["~derive"](cancellation, this["~scope"]);
	}

	/**
	 * A context with the values of this one, but without its end, for work that goes on after the reply. It belongs to
	 * no call, so `onSettled` refuses it.
	 */
	withoutCancel(): Context {
		return this["~derive"](never, undefined);
	}

	/** @internal A context for one call of the runtime. */
	"~with"(parts: Partial<Parts>): Context {
		return new Context(
			parts.cancellation ?? this["~cancellation"],
			"scope" in parts ? parts.scope : this["~scope"],
			this.#values,
			parts.metadata ?? this.metadata,
			parts.outgoing ?? this.outgoing,
			parts.peer ?? this.peer,
			parts.response ?? this.#response,
			"received" in parts ? parts.received : this["~received"],
		);
	}

	/** @internal A context that is ended by something else, or belongs to another call, or has other values. */
	"~derive"(
		cancellation: Ending,
		scope: CallScope | undefined,
		values: ValueNode | undefined = this.#values,
	): Context {
		return new Context(
			cancellation,
			scope,
			values,
			this.metadata,
			this.outgoing,
			this.peer,
			this.#response,
			this["~received"],
		);
	}
}

/** Whether a value is a context, from any copy of the package. */
export function isContext(value: unknown): value is Context {
	return typeof value === "object" && value !== null && "~cancellation" in value;
}
