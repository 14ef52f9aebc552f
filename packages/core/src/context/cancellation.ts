import { ServiceError, toServiceError } from "../errors/service-error.ts";
import type { CallScope } from "./call-scope.ts";

/** The longest delay that a timer takes; later deadlines are armed again when it fires. */
const longestTimer = 2 ** 31 - 1;

/** What can end a cancellation from above: its parent, or a signal of the platform. */
export interface CancellationSource {
	readonly error: ServiceError | undefined;
	readonly deadline: number;
	listen(listener: (error: ServiceError) => void): () => void;
}

/**
 * One node of the tree of cancellations: ended by itself, by its parent or by its deadline.
 *
 * It is lazy, so that a call that nobody watches costs one small object: a link to the parent, a timer and an
 * `AbortSignal` exist only while somebody listens, and are gone when the last listener is.
 */
export class Cancellation implements CancellationSource {
	readonly parent: CancellationSource | undefined;
	/** When it ends, on the clock of `performance.now()`; Infinity for never. */
	readonly deadline: number;
	#error: ServiceError | undefined;
	#listeners: Set<(error: ServiceError) => void> | undefined;
	#unlink: (() => void) | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#controller: AbortController | undefined;
	/** The call that this was made for: with its end a signal ends too, and lets go of parent and timer. */
	readonly #scope: CallScope | undefined;

	constructor(parent: CancellationSource | undefined, deadline: number, scope?: CallScope) {
		this.parent = parent;
		this.#scope = scope;
		this.deadline = parent === undefined ? deadline : Math.min(deadline, parent.deadline);
	}

	/** Why it ended; undefined while it goes on. */
	get error(): ServiceError | undefined {
		if (this.#error !== undefined) return this.#error;
		const inherited = this.parent?.error;
		if (inherited !== undefined) this.#end(inherited);
		else if (this.deadline !== Number.POSITIVE_INFINITY && performance.now() >= this.deadline) {
			this.#end(deadlineExceeded());
		}
		return this.#error;
	}

	/** Ends it. Only the first reason counts. */
	cancel(reason?: unknown): void {
		if (this.error === undefined) this.#end(reason === undefined ? canceled() : cancellationError(reason));
	}

	/** Calls back once when it ends, at once when it has ended. Returns what stops the listening. */
	listen(listener: (error: ServiceError) => void): () => void {
		const error = this.error;
		if (error !== undefined) {
			listener(error);
			return noop;
		}
		this.#listeners ??= new Set();
		this.#listeners.add(listener);
		if (this.#listeners.size === 1) this.#arm();
		return () => {
			if (this.#listeners?.delete(listener) && this.#listeners.size === 0) this.#disarm();
		};
	}

	/** A signal that aborts when this ends, with the error as its reason. Made when first asked for. */
	get signal(): AbortSignal {
		if (this.#controller === undefined) {
			const controller = new AbortController();
			this.#controller = controller;
			this.listen((error) => controller.abort(error));
			this.#scope?.listen(() => this.cancel(callIsOver));
		}
		return this.#controller.signal;
	}

	#end(error: ServiceError): void {
		this.#error = error;
		this.#disarm();
		const listeners = this.#listeners;
		this.#listeners = undefined;
		if (listeners !== undefined) for (const listener of listeners) listener(error);
	}

	#arm(): void {
		const { parent, deadline } = this;
		if (parent !== undefined) this.#unlink = parent.listen((error) => this.cancel(error));
		// The parent's timer covers a deadline that is its own.
		if (deadline !== Number.POSITIVE_INFINITY && deadline !== parent?.deadline) this.#startTimer();
	}

	#startTimer(): void {
		const delay = Math.min(Math.max(0, this.deadline - performance.now()), longestTimer);
		this.#timer = setTimeout(() => {
			// Timers may fire a little early, and a far deadline takes several.
			if (this.error === undefined) this.#startTimer();
		}, Math.ceil(delay));
	}

	#disarm(): void {
		this.#unlink?.();
		this.#unlink = undefined;
		if (this.#timer !== undefined) clearTimeout(this.#timer);
		this.#timer = undefined;
	}
}

/** Joins two sources: ended by whichever ends first. Listens to them only while somebody listens here. */
export class JoinedSource implements CancellationSource {
	readonly deadline: number;
	readonly #one: CancellationSource;
	readonly #other: CancellationSource;

	constructor(one: CancellationSource, other: CancellationSource) {
		this.deadline = Math.min(one.deadline, other.deadline);
		this.#one = one;
		this.#other = other;
	}

	get error(): ServiceError | undefined {
		return this.#one.error ?? this.#other.error;
	}

	listen(listener: (error: ServiceError) => void): () => void {
		const unlistenOne = this.#one.listen(listener);
		const unlistenOther = this.#other.listen(listener);
		return () => {
			unlistenOne();
			unlistenOther();
		};
	}
}

/** Joins a signal of the platform to a parent; listens to the signal only while somebody listens here. */
export class SignalSource implements CancellationSource {
	readonly deadline: number;
	readonly #parent: CancellationSource;
	readonly #signal: AbortSignal;

	constructor(parent: CancellationSource, signal: AbortSignal) {
		this.deadline = parent.deadline;
		this.#parent = parent;
		this.#signal = signal;
	}

	get error(): ServiceError | undefined {
		return this.#parent.error ?? (this.#signal.aborted ? cancellationError(this.#signal.reason) : undefined);
	}

	listen(listener: (error: ServiceError) => void): () => void {
		const aborted = (): void => listener(cancellationError(this.#signal.reason));
		this.#signal.addEventListener("abort", aborted);
		const unlink = this.#parent.listen(listener);
		return () => {
			this.#signal.removeEventListener("abort", aborted);
			unlink();
		};
	}
}

/** Ends what runs under a call that has settled; one for all, as making an error is slow. */
export const callIsOver: ServiceError = new ServiceError({ code: "canceled", message: "the call is over" });

/** The error of a call that its caller gave up. */
export function canceled(cause?: unknown): ServiceError {
	return new ServiceError({ code: "canceled", message: "the call was canceled", cause });
}

/** The error of a call whose time ran out. */
export function deadlineExceeded(): ServiceError {
	return new ServiceError({ code: "deadline_exceeded", message: "the deadline was exceeded" });
}

function cancellationError(reason: unknown): ServiceError {
	const error = toServiceError(reason);
	return error.code === "canceled" || error.code === "deadline_exceeded" || error.code === "unavailable"
		? error
		: canceled(reason);
}

function noop(): void {}
