import type { Balancer } from "../balancer/balancer.ts";
import { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import type { ContractDescription } from "../contract/describe.ts";
import type { Method } from "../contract/method.ts";
import { type ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { RegistryEvent } from "../registry/registry.ts";
import { after, longestDelayMs } from "../time/timer.ts";
import { clientClosed } from "../transport/transport-errors.ts";
import { AskedMembers } from "./asked-members.ts";
import { beforeEnd } from "./before-end.ts";
import { but, type Candidates, type Choice, findCandidates, findShared } from "./candidates.ts";
import { Introductions } from "./introductions.ts";
import type { Member } from "./member.ts";
import { Members } from "./members.ts";
import type { PeerPool } from "./peer-pool.ts";

/** The longest that a call waits until an instance may be tried again, in milliseconds. */
const longestWaitMs = 250;

/** Options of {@link Target}. */
export interface TargetOptions {
	/** The place where instances are looked up, for error messages. Undefined when it is not known. Default: not known. */
	readonly where?: () => string | undefined;
	/** The name of the service. */
	readonly service: string;
	readonly balancer: Balancer;
	readonly peers: PeerPool;
	/** The schemes by which instances are called first, in order. Default: as the transports are ordered. */
	readonly schemes?: readonly string[] | undefined;
	readonly logger: Logger;
	/**
	 * Receives the descriptions of the service that its instances give, one for each hash, some time after the first call.
	 */
	readonly onDescribed?: ((description: ContractDescription) => void) | undefined;
}

/**
 * The instances that a client calls. The source keeps them up to date; they are remembered while the source is silent;
 * the balancer picks one for each attempt.
 */
export class Target {
	readonly #options: TargetOptions;
	readonly #members: Members;
	/** Counts the changes to the set of members that may be picked. */
	#generation = 0;
	/** Resolves at the next change, where a call waits for it. */
	#change: PromiseWithResolvers<void> | undefined;
	/** The candidates for methods that all instances have, found again when these change. */
	#common: Candidates | undefined;
	readonly #asked: AskedMembers;
	readonly #introductions: Introductions | undefined;
	readonly #known = Promise.withResolvers<void>();
	#isKnown = false;
	/** Why it is not known which instances there are. */
	#failure: ServiceError | undefined;
	readonly #life = Context.background().withCancel();
	#isClosed = false;

	constructor(options: TargetOptions) {
		this.#options = options;
		const { service, balancer, peers, schemes, onDescribed, logger } = options;
		const { descriptions } = peers;
		const { ctx } = this.#life;
		const onChange = (): void => this.#changed();
		const asked = new AskedMembers({ service, descriptions, ctx, onDescribed: onChange });
		this.#asked = asked;
		this.#members = new Members({
			service,
			balancer,
			peers,
			schemes,
			logger,
			ctx,
			onChange,
			onRefusal: (member) => asked.ask(member),
		});
		if (onDescribed !== undefined) {
			this.#introductions = new Introductions(service, descriptions, onDescribed, ctx, logger);
		}
	}

	/** Takes in an event of the registry. */
	apply(event: RegistryEvent): void {
		if (this.#isClosed) return;
		this.#members.apply(event);
		this.#isKnown = true;
		this.#failure = undefined;
		this.#known.resolve();
	}

	/** The registry does not answer. Known instances stay; while none are known, calls fail with this error. */
	unknownBecause(error: ServiceError): void {
		if (!this.#isKnown) this.#failure = error;
	}

	/**
	 * The event that an attempt has to wait for before an instance is picked. Undefined if it need not wait. Rejects when
	 * the target is closed.
	 *
	 * @param tried the ids of the instances that the call has tried.
	 */
	obstacle(choice: Choice, ctx: Context, tried: readonly string[]): Promise<void> | undefined {
		if (this.#isClosed) return Promise.reject(clientClosed());
		if (!this.#isKnown) return this.whenKnown(ctx);
		// A call with an input stream cannot be repeated, so it has to find the right instance at once.
		if (choice.takesStream) return this.whenDescribed(choice, ctx);
		// Another attempt would be in vain while no instance can be reached.
		return tried.length > 0 ? this.whenReachable(choice, ctx) : undefined;
	}

	/** Resolves when it is known which instances there are, or the context ends. */
	async whenKnown(ctx: Context): Promise<void> {
		if (this.#isKnown) return;
		await beforeEnd(this.#known.promise, ctx, (error) => {
			// Why it took too long is of more help than that it did.
			return error.code === "deadline_exceeded" ? (this.#failure ?? error) : error;
		});
	}

	/**
	 * Resolves when there is an instance that can be reached, as far as is known. Rejects when the context ends before
	 * that, and when the instances that are up cannot be called at all.
	 */
	async whenReady(choice: Choice, ctx: Context): Promise<void> {
		await this.whenKnown(ctx);
		for (;;) {
			const { reachable, until } = this.#current(choice);
			if (reachable.length > 0) return;
			if (this.#members.uncallable !== undefined) throw this.#nobody();
			this.#change ??= Promise.withResolvers<void>();
			const paused = Promise.withResolvers<void>();
			const wait = until - performance.now();
			const timer = wait < longestDelayMs ? after(Math.max(0, wait), paused.resolve) : undefined;
			try {
				await beforeEnd(Promise.race([this.#change.promise, paused.promise]), ctx, (error) =>
					error.code === "deadline_exceeded" ? this.#nobody() : error,
				);
			} finally {
				timer?.stop();
			}
		}
	}

	/**
	 * Resolves when an instance may be tried again that could not be reached; undefined where that is not soon, or
	 * one can be reached now.
	 */
	whenReachable(choice: Choice, ctx: Context): Promise<void> | undefined {
		const { reachable, listed, until } = this.#current(choice);
		if (reachable.length > 0 || listed.length === 0) return undefined;
		const wait = until - performance.now();
		return wait > longestWaitMs || wait >= ctx.remaining() ? undefined : sleep(Math.max(0, wait), ctx);
	}

	/** Resolves when the instances were asked which methods they have; undefined where nobody is asked now. */
	whenDescribed(choice: Choice, ctx: Context): Promise<void> | undefined {
		this.#current(choice);
		const { answered } = this.#asked;
		return answered === undefined ? undefined : beforeEnd(answered, ctx);
	}

	/**
	 * Picks an instance: not one that lacks the method while another has it, nor one of `tried` while there is
	 * another, nor one that cannot be reached while there is one that can, nor one that is unhealthy while half of
	 * them are healthy.
	 */
	pick(choice: Choice, ctx: Context, tried: readonly string[] = []): Member {
		const { reachable, listed } = this.#current(choice);
		const all = reachable.length > 0 ? reachable : listed;
		const untried = tried.length === 0 ? undefined : (but(tried, reachable) ?? but(tried, listed));
		const member = this.#options.balancer.pick(untried ?? all, ctx);
		if (member === undefined) throw this.#nobody();
		return member;
	}

	/** The address at which an instance is called. Undefined if the instance is not known any more. */
	addressOf(id: string): string | undefined {
		return this.#members.get(id)?.address;
	}

	/** Gives up all instances at once. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#life.cancel();
		this.#introductions?.close();
		await this.#members.close();
	}

	#current(choice: Choice): Candidates {
		const { candidates, generation } = choice;
		if (generation === this.#generation) {
			if (candidates.until === Number.POSITIVE_INFINITY) return candidates;
			if (performance.now() < candidates.until) return candidates;
			this.#changed();
		}
		choice.candidates = this.#find(choice.method);
		choice.generation = this.#generation;
		return choice.candidates;
	}

	#find(method: Method): Candidates {
		const all = this.#members.all();
		const { heldIds } = this.#members;
		const now = performance.now();
		const shared = method.kind === "unary" ? findShared(all, heldIds, now) : undefined;
		if (shared !== undefined) {
			this.#introductions?.see(all);
			return shared;
		}
		if (isMixed(all)) for (const member of all) if (member.description === undefined) this.#asked.ask(member);
		this.#introductions?.see(all);
		const having = all.filter((member) => member.has(method));
		// If no instance has the method, any instance can say so.
		if (having.length > 0 && having.length < all.length) return findCandidates(having, heldIds, now);
		if (this.#common === undefined || now >= this.#common.until) {
			this.#common = findCandidates(all, heldIds, now);
		}
		return this.#common;
	}

	/** The candidates that were found are out of date. */
	#changed(): void {
		this.#generation++;
		this.#common = undefined;
		this.#change?.resolve();
		this.#change = undefined;
	}

	#nobody(): ServiceError {
		const { service, where } = this.#options;
		const cause = this.#members.uncallable;
		const place = where?.();
		const message =
			cause === undefined
				? `no instance of "${service}" is up${place === undefined ? "" : ` in ${place}`}`
				: `no instance of "${service}" can be called: ${cause.message}`;
		return serviceErrorFrom(
			{ code: "unavailable", reason: "no_instance", message, cause },
			{ notExecuted: true },
		);
	}
}

/** Whether the instances of a service may have different methods. */
function isMixed(members: readonly Member[]): boolean {
	const [first] = members;
	if (first === undefined || members.length === 1) return false;
	return first.hash === "" || members.some(({ hash }) => hash !== first.hash);
}
