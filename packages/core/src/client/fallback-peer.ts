import type { Outcome } from "../context/call-scope.ts";
import { type Cancelable, Context } from "../context/context.ts";
import { type Method, takesStream } from "../contract/method.ts";
import { Reflection } from "../contract/reflection.ts";
import { isServiceError } from "../errors/service-error.ts";
import type { CallObserver, ObservedEndpoint } from "../transport/observe-calls.ts";
import { isNotCarried } from "../transport/transport-errors.ts";
import { isServed } from "./descriptions.ts";
import type { OwnedPeer, PeerShare } from "./observed-peer.ts";

/** How often it is tried whether a better way can be reached again, in milliseconds. */
const returnEveryMs = 10_000;

/**
 * The ways to one instance that can be reached at several addresses. Calls take the preferred one. A call that no
 * address has accepted takes the next, and those after it stay there, until a better way answers again. A call that a way
 * cannot carry takes the next alone. To everybody else the call is one attempt: only the outcome of the last way counts.
 */
export class FallbackPeer implements OwnedPeer {
	/** The preferred first. */
	readonly #ways: readonly PeerShare[];
	#current = 0;
	/** When to try the better ways again, on the clock of `performance.now()`. */
	#returnAt = 0;
	#life: Cancelable | undefined;
	#isClosed = false;

	/** @param ways at least two, the preferred first. They are released when this is closed. */
	constructor(ways: readonly PeerShare[]) {
		this.#ways = ways;
	}

	get address(): string {
		return this.#ways[this.#current]?.peer.address ?? "";
	}

	/** The first moment at which one of the ways does not refuse. */
	get refusesUntil(): number {
		return Math.min(...this.#ways.map(({ peer }) => peer.refusesUntil));
	}

	/** Undefined while the way refuses, because calls are about to take another way. */
	get sharedAddress(): string | undefined {
		const peer = this.#ways[this.#current]?.peer;
		return peer === undefined || peer.refusesUntil > performance.now() ? undefined : peer.sharedAddress;
	}

	endpoint(method: Method): ObservedEndpoint {
		const endpoints = this.#ways.map(({ peer }) => peer.endpoint(method));
		const many = takesStream(method.kind);
		return (input, ctx, observer) => {
			const call = new FallbackCall(many ? new Untouched(input) : input, ctx, observer);
			return this.#attempt(endpoints, call, this.#begin(method.service));
		};
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#life?.cancel();
		await Promise.all(this.#ways.map((way) => way.release()));
	}

	#attempt(endpoints: readonly ObservedEndpoint[], call: FallbackCall, at: number): Promise<unknown> {
		const endpoint = endpoints[at];
		if (endpoint === undefined) throw new RangeError(`there is no way ${at}`);
		call.tried.add(at);
		return endpoint(call.input, call.ctx, call).then(undefined, (error) => {
			const next = isPassedOn(error) && call.mayRepeat ? this.#next(call.tried) : undefined;
			if (next === undefined) {
				call.fail();
				throw error;
			}
			if (isUnreached(error)) this.#stayAt(next);
			return this.#attempt(endpoints, call, next);
		});
	}

	/** The way that a new call takes. */
	#begin(service: string): number {
		// A reflection call says nothing about which service it is for.
		if (this.#current > 0 && service !== Reflection["~allium"].name) this.#tryToReturn(service);
		const way = this.#ways[this.#current];
		if (way === undefined || way.peer.refusesUntil <= performance.now()) return this.#current;
		const next = this.#next(new Set());
		if (next !== undefined) this.#stayAt(next);
		return this.#current;
	}

	/** Calls take a way until a better one can be reached again. */
	#stayAt(way: number): void {
		this.#current = way;
		this.#returnAt = performance.now() + returnEveryMs;
	}

	/** The best of the ways that were not tried and do not refuse. */
	#next(tried: ReadonlySet<number>): number | undefined {
		const now = performance.now();
		const next = this.#ways.findIndex(({ peer }, index) => !tried.has(index) && peer.refusesUntil <= now);
		return next < 0 ? undefined : next;
	}

	/** Finds out, independently of calls, whether a better way leads to the service again. */
	#tryToReturn(service: string): void {
		const now = performance.now();
		if (now < this.#returnAt || this.#isClosed) return;
		this.#returnAt = now + returnEveryMs;
		this.#life ??= Context.background().withCancel();
		for (const [index, { peer }] of this.#ways.slice(0, this.#current).entries()) {
			isServed(service, peer, this.#life.ctx).then(
				(served) => {
					if (served && index < this.#current) this.#current = index;
				},
				() => {
					// The way stays as it is.
				},
			);
		}
	}
}

/** One call. It tells its observer once that the call has begun, and how the attempt by the last way ended. */
class FallbackCall implements CallObserver {
	readonly input: unknown;
	readonly ctx: Context;
	readonly tried = new Set<number>();
	readonly #observer: CallObserver;
	#hasBegun = false;
	/** The end of a way that was not reached, which counts only if no other way is. */
	#unreached: [outcome: Outcome, elapsedMs: number, now: number] | undefined;

	constructor(input: unknown, ctx: Context, observer: CallObserver) {
		this.input = input;
		this.ctx = ctx;
		this.#observer = observer;
	}

	/** Whether the call can be made once more. */
	get mayRepeat(): boolean {
		return this.ctx.error === undefined && !(this.input instanceof Untouched && this.input.isTouched);
	}

	onBegin(): void {
		if (this.#hasBegun) return;
		this.#hasBegun = true;
		this.#observer.onBegin();
	}

	onEnd(outcome: Outcome, elapsedMs: number, now: number): void {
		if (outcome.ok || !isPassedOn(outcome.error)) this.#observer.onEnd(outcome, elapsedMs, now);
		else this.#unreached = [outcome, elapsedMs, now];
	}

	/** No further way is tried. */
	fail(): void {
		const end = this.#unreached;
		this.#unreached = undefined;
		if (end !== undefined) this.#observer.onEnd(...end);
	}
}

/** An input stream that tells whether anybody has begun to read it. */
class Untouched implements AsyncIterable<unknown> {
	isTouched = false;
	readonly #input: AsyncIterable<unknown>;

	constructor(input: unknown) {
		this.#input = input as AsyncIterable<unknown>;
	}

	[Symbol.asyncIterator](): AsyncIterator<unknown> {
		this.isTouched = true;
		return this.#input[Symbol.asyncIterator]();
	}
}

/** Whether a call may take the next way: it was not received at this one, or cannot be carried there. */
function isPassedOn(error: unknown): boolean {
	return isUnreached(error) || (isServiceError(error) && isNotCarried(error));
}

/** Whether the address of a way cannot be reached: nobody has received the call. */
function isUnreached(error: unknown): boolean {
	return (
		isServiceError(error) &&
		error.code === "unavailable" &&
		error.notExecuted &&
		error.reason !== "client_closed"
	);
}
