import type { ServiceError } from "../errors/service-error.ts";
import type { CallScope } from "./call-scope.ts";
import { Cancellation, SignalSource } from "./cancellation.ts";
import type { ContextKey } from "./key.ts";
import { Metadata, type MetadataInit, noMetadata, type ReadonlyMetadata } from "./metadata.ts";
import { ResponseMetadata } from "./response.ts";

/** Who is at the other end of a call that arrived. */
export interface PeerInfo {
	/** Where the call came from, such as `127.0.0.1:52114` or `memory`. */
	readonly address: string;
	/** Who the peer proved to be by its TLS certificate; undefined without mutual TLS. */
	readonly identity?: string;
}

/** A linked list of values; the newest first, so that it shadows. */
interface ValueNode {
	readonly key: ContextKey<unknown>;
	readonly value: unknown;
	readonly next: ValueNode | undefined;
}

/** All that a context holds. Every `with…()` copies it with one part replaced. */
interface Parts {
	readonly cancellation: Cancellation;
	readonly values: ValueNode | undefined;
	readonly metadata: ReadonlyMetadata;
	readonly outgoing: ReadonlyMetadata;
	readonly peer: PeerInfo | undefined;
	/** Where the handler of this call writes. */
	readonly response: ResponseMetadata | undefined;
	/** Where the next call made with this context puts what it received. */
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
	static readonly #background = new Context({
		cancellation: new Cancellation(undefined, Number.POSITIVE_INFINITY),
		values: undefined,
		metadata: noMetadata,
		outgoing: noMetadata,
		peer: undefined,
		response: undefined,
		received: undefined,
		scope: undefined,
	});

	/** @internal What the runtime reads and writes; not for users. */
	readonly "~parts": Parts;

	private constructor(parts: Parts) {
		this["~parts"] = parts;
	}

	/** The root of all contexts: never cancelled, no deadline, no values. */
	static background(): Context {
		return Context.#background;
	}

	/**
	 * Aborts when the call is cancelled, its deadline passes, or it has settled: then whatever still runs for it
	 * is in vain. Made when first asked for.
	 */
	get signal(): AbortSignal {
		return this["~parts"].cancellation.signal;
	}

	/** Why the call is over, once it is; undefined while it goes on. */
	get error(): ServiceError | undefined {
		return this["~parts"].cancellation.error;
	}

	/** When time is up, in milliseconds on the monotonic clock of `performance.now()`; Infinity when never. */
	get deadline(): number {
		return this["~parts"].cancellation.deadline;
	}

	/** Milliseconds until the deadline, at least 0; Infinity when there is none. */
	remaining(): number {
		const { deadline } = this["~parts"].cancellation;
		return deadline === Number.POSITIVE_INFINITY ? deadline : Math.max(0, deadline - performance.now());
	}

	/** What arrived with the call that is being handled. */
	get metadata(): ReadonlyMetadata {
		return this["~parts"].metadata;
	}

	/** What the next call will send, beside the arrived `x-global-*`. */
	get outgoing(): ReadonlyMetadata {
		return this["~parts"].outgoing;
	}

	/** Who called; undefined where no call arrived. */
	get peer(): PeerInfo | undefined {
		return this["~parts"].peer;
	}

	/** Where a handler writes the headers and trailers of its reply. Writing where no call arrived has no effect. */
	get response(): ResponseMetadata {
		return this["~parts"].response ?? new ResponseMetadata();
	}

	/** The value that `withValue` put under the key, here or further up. */
	get<Value>(key: ContextKey<Value>): Value | undefined {
		for (let node = this["~parts"].values; node !== undefined; node = node.next) {
			if (node.key === key) return node.value as Value;
		}
		return undefined;
	}

	/** A context that also carries a value, for what runs in this process. */
	withValue<Value>(key: ContextKey<Value>, value: Value): Context {
		return this.#with({ values: { key, value, next: this["~parts"].values } });
	}

	/** A context whose next call sends these too. A name given here replaces what it had. */
	withMetadata(init: MetadataInit): Context {
		const added = new Metadata(init);
		const outgoing = new Metadata();
		for (const [name, value] of this["~parts"].outgoing) if (!added.has(name)) outgoing.append(name, value);
		for (const [name, value] of added) outgoing.append(name, value);
		return this.#with({ outgoing });
	}

	/** A context whose next call puts the headers and trailers that it receives into `received`. */
	withResponse(received: ResponseMetadata): Context {
		return this.#with({ received });
	}

	/** A context that ends after so many milliseconds, or with this one if that is sooner. */
	withTimeout(milliseconds: number): Context {
		return this.withDeadline(performance.now() + milliseconds);
	}

	/** A context that ends at a moment of `performance.now()`, or with this one if that is sooner. */
	withDeadline(deadline: number): Context {
		if (!(deadline < this.deadline)) return this;
		const { cancellation, scope } = this["~parts"];
		return this.#with({ cancellation: new Cancellation(cancellation, deadline, scope) });
	}

	/** A context that its owner can cancel; it ends with this one too. */
	withCancel(): Cancelable {
		const { cancellation: parent, scope } = this["~parts"];
		const cancellation = new Cancellation(parent, Number.POSITIVE_INFINITY, scope);
		return { ctx: this.#with({ cancellation }), cancel: (reason) => cancellation.cancel(reason) };
	}

	/** A context that ends too when a signal of the platform aborts: a browser's button, an HTTP request. */
	withSignal(signal: AbortSignal): Context {
		const { cancellation: parent, scope } = this["~parts"];
		const source = new SignalSource(parent, signal);
		return this.#with({ cancellation: new Cancellation(source, Number.POSITIVE_INFINITY, scope) });
	}

	/**
	 * A context with the values of this one, but not its end: for work that goes on after the reply. It belongs
	 * to no call, so `onSettled` refuses it.
	 */
	withoutCancel(): Context {
		const cancellation = new Cancellation(undefined, Number.POSITIVE_INFINITY);
		return this.#with({ cancellation, scope: undefined });
	}

	/** @internal A context for one call of the runtime. */
	"~with"(parts: Partial<Parts>): Context {
		return this.#with(parts);
	}

	#with(parts: Partial<Parts>): Context {
		const current = this["~parts"];
		return new Context({
			cancellation: parts.cancellation ?? current.cancellation,
			values: parts.values ?? current.values,
			metadata: parts.metadata ?? current.metadata,
			outgoing: parts.outgoing ?? current.outgoing,
			peer: parts.peer ?? current.peer,
			response: parts.response ?? current.response,
			received: "received" in parts ? parts.received : current.received,
			scope: "scope" in parts ? parts.scope : current.scope,
		});
	}
}
