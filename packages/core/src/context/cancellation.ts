import { ServiceError, toServiceError } from "../errors/service-error.ts";
import type { CallScope } from "./call-scope.ts";

/** The longest delay that a timer takes; later deadlines are armed again when it fires. */
const longestTimer = 2 ** 31 - 1;

/** Called back when a cancellation ends. */
export type EndListener = (error: ServiceError) => void;

/** What can end a cancellation from above: its parent, or a signal of the platform. */
export interface CancellationSource {
	readonly error: ServiceError | undefined;
	readonly deadline: number;
	/** Calls back when it is ended; who follows watches the deadline itself. Returns what stops the following. */
	follow(listener: EndListener): () => void;
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
	/** Most have one listener: it needs no set. */
	#listener: EndListener | undefined;
	#listeners: Set<EndListener> | undefined;
	/** How many of them want the deadline, too. */
	#timed = 0;
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
	listen(listener: EndListener): () => void {
		const unfollow = this.follow(listener);
		if (this.#error !== undefined || this.deadline === Number.POSITIVE_INFINITY) return unfollow;
		if (this.#timed++ === 0) this.#startTimer();
		let listening = true;
		return () => {
			unfollow();
			if (listening && --this.#timed === 0) this.#stopTimer();
			listening = false;
		};
	}

	/** As `listen`, for those who watch the deadline themselves: no timer is started for them. */
	follow(listener: EndListener): () => void {
		const error = this.error;
		if (error !== undefined) {
			listener(error);
			return noop;
		}
		if (this.#listener === undefined && this.#listeners === undefined) {
			this.#listener = listener;
			this.#unlink = this.parent?.follow((reason) => this.cancel(reason));
		} else {
			this.#listeners ??= new Set();
			this.#listeners.add(listener);
		}
		return () => this.#forget(listener);
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
		const listener = this.#listener;
		const listeners = this.#listeners;
		this.#error = error;
		this.#listener = undefined;
		this.#listeners = undefined;
		this.#letGo();
		listener?.(error);
		if (listeners !== undefined) for (const each of listeners) each(error);
	}

	#forget(listener: EndListener): void {
		if (this.#listener === listener) this.#listener = undefined;
		else if (!this.#listeners?.delete(listener)) return;
		else if (this.#listeners.size === 0) this.#listeners = undefined;
		if (this.#listener === undefined && this.#listeners === undefined) this.#letGo();
	}

	/** Nobody listens any more. */
	#letGo(): void {
		this.#unlink?.();
		this.#unlink = undefined;
		this.#stopTimer();
	}

	/** For the deadline of this one and of all above, which is not later. */
	#startTimer(): void {
		const delay = Math.min(Math.max(0, this.deadline - performance.now()), longestTimer);
		this.#timer = setTimeout(() => {
			// Timers may fire a little early, and a far deadline takes several.
			if (this.error === undefined) this.#startTimer();
		}, Math.ceil(delay));
	}

	#stopTimer(): void {
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

	follow(listener: EndListener): () => void {
		const unfollowOne = this.#one.follow(listener);
		const unfollowOther = this.#other.follow(listener);
		return () => {
			unfollowOne();
			unfollowOther();
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

	follow(listener: EndListener): () => void {
		const aborted = (): void => listener(cancellationError(this.#signal.reason));
		this.#signal.addEventListener("abort", aborted);
		const unfollow = this.#parent.follow(listener);
		return () => {
			this.#signal.removeEventListener("abort", aborted);
			unfollow();
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
