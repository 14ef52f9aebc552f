import { ServiceError, toServiceError } from "../errors/service-error.ts";
import { after, type Timer } from "../time/timer.ts";
import type { CallScope } from "./call-scope.ts";

/** Called back when a cancellation ends. */
export type EndListener = (error: ServiceError) => void;

/** A listener that is told when a {@link CancellationSource} ends. */
export interface Follower {
	onEnd(error: ServiceError): void;
}

/** The handle by which a {@link Follower} stops following. */
export interface Following {
	/** The follower is told nothing any more. A second call has no effect. */
	stop(): void;
}

/** A source that can end a cancellation from above: its parent, or a signal of the platform. */
export interface CancellationSource {
	readonly error: ServiceError | undefined;
	readonly deadline: number;
	/**
	 * Tells the follower when this ends, or at once if it has ended. A follower has to watch the clock and the deadline
	 * itself.
	 */
	follow(follower: Follower): Following;
}

/** The end of a context: it can be listened to, and it can be had as a signal. */
export interface Ending extends CancellationSource {
	/** Calls back once when this ends, or at once if it has ended. Returns a function that stops the listening. */
	listen(listener: EndListener): () => void;
	/** A signal that aborts when this ends, with the error as its reason. Made when first asked for. */
	readonly signal: AbortSignal;
}

/**
 * One node of the tree of cancellations: ended by itself, by its parent or by its deadline.
 *
 * It is lazy, so that a call that nobody watches costs one small object: a link to the parent, a timer and an
 * `AbortSignal` exist only while somebody listens, and are gone when the last listener is.
 */
export class Cancellation implements Ending, Follower {
	readonly parent: CancellationSource | undefined;
	/** When it ends, on the clock of `performance.now()`; Infinity for never. */
	readonly deadline: number;
	#error: ServiceError | undefined;
	/**
	 * The followers, in the order in which they came. The list runs through the links themselves, since calls come and go
	 * by the million.
	 */
	#first: Link | undefined;
	#last: Link | undefined;
	/** How many of them want the deadline, too. */
	#timed = 0;
	#parentFollowing: Following | undefined;
	#timer: Timer | undefined;
	#controller: AbortController | undefined;
	/** The call that this was made for: with its end a signal ends too, and lets go of parent and timer. */
	readonly #scope: CallScope | undefined;

	constructor(parent: CancellationSource | undefined, deadline: number, scope?: CallScope) {
		this.parent = parent === never ? undefined : parent;
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

	/** The parent ended. */
	onEnd(error: ServiceError): void {
		this.cancel(error);
	}

	/** Ends it with the call that it was made for: nobody asks any more whether time was up. */
	finish(error: ServiceError): void {
		if (this.#error === undefined) this.#end(error);
	}

	listen(listener: EndListener): () => void {
		const { error } = this;
		if (error !== undefined) {
			listener(error);
			return noop;
		}
		const following = this.follow(new Listening(listener));
		if (this.deadline === Number.POSITIVE_INFINITY) return () => following.stop();
		if (this.#timed++ === 0) this.#startTimer();
		let listening = true;
		return () => {
			following.stop();
			if (listening && --this.#timed === 0) this.#stopTimer();
			listening = false;
		};
	}

	/** As `listen`, for followers that watch the deadline themselves: it starts no timer and asks no clock. */
	follow(follower: Follower): Following {
		if (this.#first === undefined && this.#error === undefined) {
			const following = this.parent?.follow(this);
			// A parent that has ended ends this one before there is anything to let go of.
			if (this.#error === undefined) this.#parentFollowing = following;
			else following?.stop();
		}
		if (this.#error !== undefined) {
			follower.onEnd(this.#error);
			return notFollowing;
		}
		const link = new Link(this, follower, this.#last);
		if (this.#last === undefined) this.#first = link;
		else this.#last.next = link;
		this.#last = link;
		return link;
	}

	get signal(): AbortSignal {
		if (this.#controller === undefined) {
			const controller = new AbortController();
			this.#controller = controller;
			this.listen((error) => controller.abort(error));
			this.#scope?.listen(() => this.cancel(callIsOver));
		}
		return this.#controller.signal;
	}

	/** @internal One follower has stopped. */
	"~unlink"(link: Link): void {
		const { previous, next } = link;
		if (previous === undefined) this.#first = next;
		else previous.next = next;
		if (next === undefined) this.#last = previous;
		else next.previous = previous;
		link.previous = undefined;
		link.next = undefined;
		if (this.#first === undefined) this.#letGo();
	}

	#end(error: ServiceError): void {
		this.#error = error;
		let link = this.#first;
		if (link === undefined) return;
		this.#letGo();
		while (link !== undefined) {
			const { follower } = link;
			link.stop();
			follower?.onEnd(error);
			link = this.#first;
		}
	}

	/** Nobody listens any more. */
	#letGo(): void {
		this.#parentFollowing?.stop();
		this.#parentFollowing = undefined;
		if (this.#timer !== undefined) this.#stopTimer();
	}

	/** Starts the timer for the earliest deadline of this cancellation and its parents. */
	#startTimer(): void {
		this.#timer = after(Math.ceil(this.deadline - performance.now()), () => {
			// Timers may fire a little early.
			if (this.error === undefined) this.#startTimer();
		});
	}

	#stopTimer(): void {
		this.#timer?.stop();
		this.#timer = undefined;
	}
}

/**
 * A follower that calls a function. It is a class and not a literal, because V8 may come to allocate literals as old
 * objects, which keep dead objects alive.
 */
export class Listening implements Follower {
	readonly onEnd: EndListener;

	constructor(listener: EndListener) {
		this.onEnd = listener;
	}
}

/**
 * A follower of a cancellation, as a link in the list of followers. A link that has left the list points at nothing, so
 * that a dead link keeps no other object alive.
 */
class Link implements Following {
	follower: Follower | undefined;
	previous: Link | undefined;
	next: Link | undefined;
	#owner: Cancellation | undefined;

	constructor(owner: Cancellation, follower: Follower, previous: Link | undefined) {
		this.follower = follower;
		this.previous = previous;
		this.next = undefined;
		this.#owner = owner;
	}

	stop(): void {
		const owner = this.#owner;
		this.#owner = undefined;
		this.follower = undefined;
		owner?.["~unlink"](this);
	}
}

/** Follows nothing: what would be followed has ended, or never ends. */
export const notFollowing: Following = { stop: noop };

function noop(): void {}

/** The end of the root of all contexts, which never comes. It keeps nobody who follows it. */
class Never implements Ending {
	readonly error = undefined;
	readonly deadline: number = Number.POSITIVE_INFINITY;
	#signal: AbortSignal | undefined;

	follow(): Following {
		return notFollowing;
	}

	listen(): () => void {
		return noop;
	}

	get signal(): AbortSignal {
		this.#signal ??= new AbortController().signal;
		return this.#signal;
	}
}

/** The ending of a context that never ends. */
export const never: Ending = new Never();

/** Ends what runs under a call that has settled; one for all, as making an error is slow. */
export const callIsOver: ServiceError = new ServiceError({ code: "canceled", message: "the call is over" });

/** The error of a call that its caller gave up. */
export function canceled(cause?: unknown): ServiceError {
	return new ServiceError({ code: "canceled", message: "the call was canceled", cause });
}

/** The message for a call whose time ran out, if no better one is known. */
const deadlineMessage = "the deadline was exceeded";

/** The error of a call whose time ran out. */
export function deadlineExceeded(message: string = deadlineMessage): ServiceError {
	return new ServiceError({ code: "deadline_exceeded", message });
}

/** Whether an error is that of {@link deadlineExceeded}, which does not say whose deadline it was. */
export function isPlainDeadline({ code, message }: ServiceError): boolean {
	return code === "deadline_exceeded" && message === deadlineMessage;
}

/** The error of a context that ended for a reason that somebody gave. */
export function cancellationError(reason: unknown): ServiceError {
	const error = toServiceError(reason);
	return error.code === "canceled" || error.code === "deadline_exceeded" || error.code === "unavailable"
		? error
		: canceled(reason);
}
