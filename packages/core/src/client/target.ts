import type { Balancer } from "../balancer/balancer.ts";
import type { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import { type ServiceError, serviceErrorFrom, toServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { Instance } from "../registry/instance.ts";
import type { RegistryEvent } from "../registry/registry.ts";
import { Departures } from "./departures.ts";
import { Member } from "./member.ts";
import type { PeerPool } from "./peer-pool.ts";

/** The longest that a call waits until an instance may be tried again, in milliseconds. */
const longestWaitMs = 1_000;

/** What a target is made with. */
export interface TargetOptions {
	/** The name of the service, for messages. */
	readonly service: string;
	readonly balancer: Balancer;
	readonly peers: PeerPool;
	readonly logger: Logger;
}

/** Whom a call may go to. A balancer is given the same arrays until something changes. */
interface Candidates {
	/** Those that can be reached, as far as is known. */
	readonly reachable: readonly Member[];
	/** Those that the source lists, for when none can be. */
	readonly listed: readonly Member[];
	/** When to look anew: the first pause of one that cannot be reached is over, or departures become credible. */
	readonly until: number;
}

/**
 * The instances that a client calls: kept up to date by what its source tells, remembered while the source is
 * silent, and picked from by the balancer.
 */
export class Target {
	readonly #options: TargetOptions;
	readonly #members = new Map<string, Member>();
	/** Those of the members that the source let go, which is not believed yet. */
	readonly #held = new Set<string>();
	readonly #departures = new Departures();
	/** Which member came last to an address: the others that had it are gone, whatever the source says. */
	readonly #latestAt = new Map<string, string>();
	/** The members that may be picked, made anew when they change; undefined until somebody picks. */
	#candidates: Candidates | undefined;
	readonly #known = Promise.withResolvers<void>();
	#isKnown = false;
	/** Why it is not known which instances there are. */
	#failure: ServiceError | undefined;
	/** Why the instances that are up cannot be called. */
	#uncallable: ServiceError | undefined;
	/** Gone from the source, but still with calls in flight. */
	readonly #retiring = new Set<Member>();
	#closed = false;

	constructor(options: TargetOptions) {
		this.#options = options;
	}

	/** Whether it is known which instances there are. */
	get isKnown(): boolean {
		return this.#isKnown;
	}

	/** Takes in what the registry says. */
	apply(event: RegistryEvent): void {
		if (this.#closed) return;
		const heldBefore = this.#held.size;
		this.#uncallable = undefined;
		if (event.type === "snapshot") this.#replace(event.instances);
		else if (event.type === "up") this.#set(event.instance);
		else this.#depart([event.instance.id]);
		this.#letGo();
		// That the only one ends is nothing unusual.
		if (heldBefore === 0 && this.#held.size > 0 && this.#members.size > 1) this.#warnOfDepartures();
		this.#isKnown = true;
		this.#failure = undefined;
		this.#known.resolve();
	}

	/** The registry does not answer. Until it does, what is known stays; who knows nothing yet fails with this. */
	unknownBecause(error: ServiceError): void {
		if (!this.#isKnown) this.#failure = error;
	}

	/** Resolves when it is known which instances there are, or the context ends. */
	async whenKnown(ctx: Context): Promise<void> {
		if (this.#isKnown) return;
		const ended = Promise.withResolvers<never>();
		const unlisten = ctx["~cancellation"].listen((error) => {
			// Why it took too long is of more help than that it did.
			ended.reject(error.code === "deadline_exceeded" ? (this.#failure ?? error) : error);
		});
		try {
			await Promise.race([this.#known.promise, ended.promise]);
		} finally {
			unlisten();
		}
	}

	/**
	 * Resolves when an instance may be tried again that could not be reached; undefined where that is not soon, or
	 * one can be reached now.
	 */
	whenReachable(ctx: Context): Promise<void> | undefined {
		const { reachable, listed, until } = this.#currentCandidates();
		if (reachable.length > 0 || listed.length === 0) return undefined;
		const wait = until - performance.now();
		return wait > longestWaitMs || wait >= ctx.remaining() ? undefined : sleep(Math.max(0, wait), ctx);
	}

	/**
	 * Picks an instance: not one of `tried` while there is another, nor one that cannot be reached while there is
	 * one that can, nor one that is unhealthy while half of them are healthy.
	 */
	pick(ctx: Context, tried: readonly string[] | undefined): Member {
		const member = this.#options.balancer.pick(this.#candidatesBut(tried), ctx);
		if (member === undefined) throw this.#nobody();
		return member;
	}

	/** Where an instance is called; undefined when it is not known any more. */
	addressOf(id: string): string | undefined {
		return this.#members.get(id)?.address;
	}

	/** Gives up all instances at once. */
	async close(): Promise<void> {
		this.#closed = true;
		const members = [...this.#members.values(), ...this.#retiring];
		this.#members.clear();
		this.#candidates = undefined;
		await Promise.all(members.map((member) => member.release()));
	}

	#candidatesBut(tried: readonly string[] | undefined): readonly Member[] {
		const { reachable, listed } = this.#currentCandidates();
		if (tried !== undefined && tried.length > 0) {
			const untried = but(tried, reachable) ?? but(tried, listed);
			if (untried !== undefined) return untried;
		}
		return reachable.length > 0 ? reachable : listed;
	}

	#currentCandidates(): Candidates {
		const known = this.#candidates;
		if (
			known !== undefined &&
			(known.until === Number.POSITIVE_INFINITY || performance.now() < known.until)
		) {
			return known;
		}
		this.#letGo();
		this.#candidates = this.#findCandidates(performance.now());
		return this.#candidates;
	}

	#findCandidates(now: number): Candidates {
		const all = [...this.#members.values()];
		const inService = healthyOf(all);
		const paused = all.filter(({ pausedUntil }) => now < pausedUntil);
		const isReachable = ({ pausedUntil }: Member): boolean => now >= pausedUntil;
		const healthy = inService.filter(isReachable);
		// Rather one that is not healthy than one that cannot be reached.
		const reachable = healthy.length > 0 ? healthy : all.filter(isReachable);
		const listed = inService.filter(({ instance }) => !this.#held.has(instance.id));
		let until = now < this.#departures.until ? this.#departures.until : Number.POSITIVE_INFINITY;
		for (const { pausedUntil } of paused) until = Math.min(until, pausedUntil);
		return { reachable, listed, until };
	}

	#replace(instances: readonly Instance[]): void {
		const ids = new Set(instances.map(({ id }) => id));
		for (const instance of instances) this.#set(instance);
		this.#depart([...this.#members.keys()].filter((id) => !ids.has(id)));
	}

	/**
	 * The source lets members go. Where that is not credible they are called on, as long as they can be reached:
	 * an outage of the registry takes nobody away.
	 */
	#depart(ids: readonly string[]): void {
		const leaving = ids.filter((id) => this.#members.has(id) && !this.#held.has(id));
		if (leaving.length === 0) return;
		this.#departures.leave(this.#members.size);
		for (const id of leaving) {
			if (this.#isReplaced(id)) this.#remove(id);
			else this.#held.add(id);
		}
		this.#candidates = undefined;
	}

	/** Gives up those who were held, once that is credible. */
	#letGo(): void {
		const { size } = this.#members;
		const listed = size - this.#held.size;
		if (listed === size || !this.#departures.isCredible(listed, size)) return;
		for (const id of this.#held) this.#remove(id);
	}

	#warnOfDepartures(): void {
		const { logger, service } = this.#options;
		const message = "the registry lets most instances go; going on with those that can be reached";
		logger.log("warn", message, { service, of: this.#members.size, held: [...this.#held].slice(0, 10) });
	}

	/** Whether another one has the address of a member now. */
	#isReplaced(id: string): boolean {
		const member = this.#members.get(id);
		return member !== undefined && this.#latestAt.get(addressOf(member.instance)) !== id;
	}

	#set(instance: Instance): void {
		this.#held.delete(instance.id);
		this.#candidates = undefined;
		if (instance.status === "draining") {
			this.#remove(instance.id);
			return;
		}
		const member = this.#members.get(instance.id);
		if (member !== undefined && addressOf(member.instance) === addressOf(instance)) {
			member.instance = instance;
			return;
		}
		if (member !== undefined) this.#remove(instance.id);
		this.#add(instance);
	}

	#add(instance: Instance): void {
		const { balancer, peers, logger, service } = this.#options;
		try {
			const share = peers.share(instance.addresses);
			const onPause = (until: number): void => this.#paused(instance.id, until);
			this.#members.set(instance.id, new Member(instance, balancer.join(instance), share, onPause));
			const before = this.#latestAt.get(addressOf(instance));
			this.#latestAt.set(addressOf(instance), instance.id);
			if (before !== undefined && this.#held.has(before)) this.#remove(before);
		} catch (error) {
			this.#uncallable = toServiceError(error);
			logger.log("warn", "an instance cannot be called", { service, instance: instance.id, error });
		}
	}

	/** A member could not be reached, or could be again. That one who was let go cannot be, proves it. */
	#paused(id: string, until: number): void {
		this.#candidates = undefined;
		if (until > 0 && this.#held.has(id) && this.#held.size < this.#members.size) this.#remove(id);
	}

	#remove(id: string): void {
		const member = this.#members.get(id);
		if (member === undefined) return;
		if (!this.#isReplaced(id)) this.#latestAt.delete(addressOf(member.instance));
		this.#members.delete(id);
		this.#held.delete(id);
		this.#candidates = undefined;
		this.#retiring.add(member);
		const forget = (): void => void this.#retiring.delete(member);
		member.retire().then(forget, forget);
	}

	#nobody(): ServiceError {
		const { service } = this.#options;
		const cause = this.#uncallable;
		const message =
			cause === undefined
				? `no instance of "${service}" is up`
				: `no instance of "${service}" can be called: ${cause.message}`;
		return serviceErrorFrom(
			{ code: "unavailable", reason: "no_instance", message, cause },
			{ notExecuted: true },
		);
	}
}

/**
 * The members that say they are healthy; all of them, when these are fewer than half. What makes so many
 * unhealthy is rarely theirs alone, and the few others would not bear the load of all.
 *
 * After Envoy's panic threshold, and its default of 50%.
 */
function healthyOf(members: readonly Member[]): readonly Member[] {
	const healthy = members.filter(({ instance }) => instance.status === "up");
	return 2 * healthy.length >= members.length ? healthy : members;
}

/** Those that were not tried; undefined when there are none. */
function but(tried: readonly string[], members: readonly Member[]): readonly Member[] | undefined {
	const untried = members.filter(({ id }) => !tried.includes(id));
	return untried.length > 0 ? untried : undefined;
}

function addressOf({ addresses }: Instance): string {
	return addresses.join(" ");
}
