import type { Candidate, Load } from "../balancer/balancer.ts";
import type { Outcome } from "../context/call-scope.ts";
import type { Context } from "../context/context.ts";
import type { ContractDescription } from "../contract/describe.ts";
import type { Method } from "../contract/method.ts";
import { type ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { isRefusal } from "../errors/trouble.ts";
import type { Instance } from "../registry/instance.ts";
import { Backoff } from "../time/backoff.ts";
import type { CallObserver } from "../transport/observe-calls.ts";
import type { ObservedPeer, PeerShare } from "./observed-peer.ts";

/** How long an instance that cannot be reached is passed over, in milliseconds: doubling up to the bound. */
const pauses = { firstMs: 100, longestMs: 5_000, jitter: 0.5 };

/** Receives the facts that calls find out about a member. */
export interface MemberListener {
	/** It could not be reached, and until when it is passed over; 0 when it could be again. */
	onPause(member: Member, until: number): void;
	/** It lacks a method that it was called for. */
	onRefusal(member: Member): void;
	/** The load that the balancer gave it threw. */
	onLoadFailure(member: Member, error: unknown): void;
}

/** One instance as a client sees it: the way there, its load, and whether it can be reached. */
export class Member implements Candidate, CallObserver {
	instance: Instance;
	/** The hash of the service on this instance, as the source gives it. Empty if the source does not know it. */
	hash: string;
	/** The instance's description of the service. Undefined until it is known. */
	description: Pick<ContractDescription, "methods"> | undefined;
	/** The time from which the instance may be asked for its description, on the clock of `performance.now()`. */
	askAt = 0;
	/** The id of the instance. It is kept here so that a call which needs only the id does not touch the instance. */
	readonly id: string;
	readonly load: Load;
	readonly peer: ObservedPeer;
	readonly #share: PeerShare;
	#inFlight = 0;
	readonly #backoff = new Backoff(pauses);
	#pausedUntil = 0;
	#retired: (() => void) | undefined;
	#released: Promise<void> | undefined;
	readonly #listener: MemberListener;

	constructor(instance: Instance, service: string, load: Load, share: PeerShare, listener: MemberListener) {
		this.instance = instance;
		this.id = instance.id;
		this.hash = hashOf(instance, service);
		this.load = load;
		this.#share = share;
		this.peer = share.peer;
		this.#listener = listener;
	}

	/** The address at which it is called. */
	get address(): string {
		return this.peer.address;
	}

	/** Until when to pass it over, as it could not be reached when last tried; 0 when it could. */
	get pausedUntil(): number {
		return this.#pausedUntil;
	}

	/** Takes in the present facts of the source about the instance. */
	update(instance: Instance, service: string): void {
		this.instance = instance;
		const hash = hashOf(instance, service);
		if (hash === this.hash) return;
		this.hash = hash;
		this.description = undefined;
		this.askAt = 0;
	}

	/** Whether it has a method, as far as is known. */
	has({ name, kind }: Method): boolean {
		const methods = this.description?.methods;
		return methods === undefined || (Object.hasOwn(methods, name) && methods[name]?.kind === kind);
	}

	/** One attempt of a call here. */
	attempt(method: Method, input: unknown, ctx: Context): Promise<unknown> {
		if (this.#released !== undefined) return Promise.reject(ctx.error ?? hasLeft(this.id));
		return this.peer.endpoint(method)(input, ctx, this);
	}

	onBegin(): void {
		this.#inFlight++;
		try {
			this.load.start();
		} catch (error) {
			this.#listener.onLoadFailure(this, error);
		}
	}

	onEnd(outcome: Outcome, elapsedMs: number, now: number): void {
		try {
			this.load.end(outcome, elapsedMs, now);
		} catch (error) {
			this.#listener.onLoadFailure(this, error);
		}
		const code = outcome.ok ? undefined : outcome.error.code;
		if (code === "unavailable") this.pause();
		// A call that was given up says nothing of whether the instance can be reached.
		else if (this.#pausedUntil > 0 && code !== "canceled" && code !== "deadline_exceeded") {
			this.#backoff.reset();
			this.#pausedUntil = 0;
			this.#listener.onPause(this, 0);
		}
		if (!outcome.ok && isRefusal(outcome.error)) this.#listener.onRefusal(this);
		if (--this.#inFlight === 0) this.#retired?.();
	}

	/** Gives up the way there when the last call on it has ended. */
	retire(): Promise<void> {
		if (this.#inFlight === 0) return this.release();
		return new Promise((resolve) => {
			this.#retired = () => resolve(this.release());
		});
	}

	/** Gives up the way there at once. Doing it twice is the same as once. */
	release(): Promise<void> {
		this.#released ??= this.#share.release();
		return this.#released;
	}

	/**
	 * Passes the member over for a while because it could not be reached. A failure within a pause counts as part of the
	 * failure that began the pause.
	 */
	pause(): void {
		const now = performance.now();
		let until = this.#pausedUntil;
		if (now >= until) {
			until = now + this.#backoff.next();
		}
		// Others that share the way may have failed more often.
		until = Math.max(until, this.peer.refusesUntil);
		if (until === this.#pausedUntil) return;
		this.#pausedUntil = until;
		this.#listener.onPause(this, until);
	}
}

function hashOf({ services }: Instance, service: string): string {
	return services.find(({ name }) => name === service)?.hash ?? "";
}

/** The error of an attempt whose instance left while the attempt waited: another instance may take it. */
function hasLeft(id: string): ServiceError {
	return serviceErrorFrom(
		{ code: "unavailable", reason: "instance_left", message: `the instance ${id} left before it was called` },
		{ notExecuted: true },
	);
}
