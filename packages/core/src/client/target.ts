import type { Balancer } from "../balancer/balancer.ts";
import { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import type { ContractDescription } from "../contract/describe.ts";
import type { Method } from "../contract/method.ts";
import { type ServiceError, serviceErrorFrom, toServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { Instance } from "../registry/instance.ts";
import { instanceIdentity } from "../registry/instance-identity.ts";
import type { RegistryEvent } from "../registry/registry.ts";
import { after, longestDelayMs } from "../time/timer.ts";
import { AskedMembers } from "./asked-members.ts";
import { beforeEnd } from "./before-end.ts";
import { but, type Candidates, type Choice, findCandidates } from "./candidates.ts";
import { HeldMembers } from "./held-members.ts";
import { Introductions } from "./introductions.ts";
import { addressesOf, LatestInstances } from "./latest-instances.ts";
import { Member, type MemberListener } from "./member.ts";
import type { PeerPool } from "./peer-pool.ts";

/** The longest that a call waits until an instance may be tried again, in milliseconds. */
const longestWaitMs = 250;

/** What a target is made with. */
export interface TargetOptions {
	/** Where instances are looked for, for messages; undefined when that is not known. Default: nobody knows. */
	readonly where?: () => string | undefined;
	/** The name of the service. */
	readonly service: string;
	readonly balancer: Balancer;
	readonly peers: PeerPool;
	/** The schemes by which instances are called first, in order. Default: as the transports are ordered. */
	readonly schemes?: readonly string[] | undefined;
	readonly logger: Logger;
	/** Told what instances say of the service, once for each hash, some time after the first call. */
	readonly onDescribed?: ((description: ContractDescription) => void) | undefined;
}

/**
 * The instances that a client calls: kept up to date by what its source tells, remembered while the source is
 * silent, and picked from by the balancer.
 */
export class Target implements MemberListener {
	readonly #options: TargetOptions;
	readonly #members = new Map<string, Member>();
	/** Those of the members that the source let go, although they may be there. */
	readonly #held: HeldMembers;
	readonly #latest = new LatestInstances();
	/** Counts the changes of what may be picked. */
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
	/** Why the instances that are up cannot be called. */
	#uncallable: ServiceError | undefined;
	/** Gone from the source, but still with calls in flight. */
	readonly #retiring = new Set<Member>();
	readonly #life = Context.background().withCancel();
	#isClosed = false;
	#hasLoadFailed = false;

	constructor(options: TargetOptions) {
		this.#options = options;
		const { service, peers, onDescribed, logger } = options;
		const { ctx } = this.#life;
		this.#held = new HeldMembers({
			service,
			members: this.#members,
			logger,
			ctx,
			remove: (id) => this.#remove(id),
		});
		this.#asked = new AskedMembers({
			service,
			descriptions: peers.descriptions,
			ctx,
			onDescribed: () => this.#changed(),
		});
		if (onDescribed !== undefined) {
			const { descriptions } = peers;
			this.#introductions = new Introductions(service, descriptions, onDescribed, ctx, logger);
		}
	}

	/** Whether it is known which instances there are. */
	get isKnown(): boolean {
		return this.#isKnown;
	}

	/** Whether all instances were given up. */
	get isClosed(): boolean {
		return this.#isClosed;
	}

	/** Takes in what the registry says. */
	apply(event: RegistryEvent): void {
		if (this.#isClosed) return;
		this.#uncallable = undefined;
		if (event.type === "snapshot") this.#replace(event.instances);
		else if (event.type === "up") this.#set(event.instance);
		else if (event.released === true) this.#remove(event.instance.id);
		else this.#hold([event.instance.id]);
		this.#held.dropUnreachable();
		this.#isKnown = true;
		this.#failure = undefined;
		this.#known.resolve();
	}

	/** The registry does not answer. What is known stays; while nothing is known, calls fail with this error. */
	unknownBecause(error: ServiceError): void {
		if (!this.#isKnown) this.#failure = error;
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
			if (this.#uncallable !== undefined) throw this.#nobody();
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
	pick(choice: Choice, ctx: Context, tried: readonly string[] | undefined): Member {
		const member = this.#options.balancer.pick(this.#candidatesBut(choice, tried), ctx);
		if (member === undefined) throw this.#nobody();
		return member;
	}

	/** Where an instance is called; undefined when it is not known any more. */
	addressOf(id: string): string | undefined {
		return this.#members.get(id)?.address;
	}

	onPause(member: Member, until: number): void {
		this.#changed();
		// An instance that the source let go and that cannot be reached is gone.
		if (until > 0 && this.#held.isDispensable(member)) this.#remove(member.id);
	}

	/** Logs the failure once: it is likely to come back with each call. */
	onLoadFailure(member: Member, error: unknown): void {
		if (this.#hasLoadFailed) return;
		this.#hasLoadFailed = true;
		const { logger, service } = this.#options;
		logger.log("error", "the load that the balancer keeps of an instance threw", {
			service,
			instance: member.id,
			error,
		});
	}

	/** The instance is of another version, or another process has its address. */
	onRefusal(member: Member): void {
		if (this.#held.has(member.id)) this.#held.verify(member);
		else this.#asked.ask(member);
	}

	/** Gives up all instances at once. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#life.cancel();
		this.#held.close();
		this.#introductions?.close();
		const members = [...this.#members.values(), ...this.#retiring];
		this.#members.clear();
		this.#changed();
		await Promise.all(members.map((member) => member.release()));
	}

	#candidatesBut(choice: Choice, tried: readonly string[] | undefined): readonly Member[] {
		const { reachable, listed } = this.#current(choice);
		if (tried !== undefined && tried.length > 0) {
			const untried = but(tried, reachable) ?? but(tried, listed);
			if (untried !== undefined) return untried;
		}
		return reachable.length > 0 ? reachable : listed;
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
		const all = [...this.#members.values()];
		if (isMixed(all)) for (const member of all) if (member.description === undefined) this.#asked.ask(member);
		this.#introductions?.see(all);
		const having = all.filter((member) => member.has(method));
		const now = performance.now();
		// Where nobody has it, any one says so.
		if (having.length > 0 && having.length < all.length) return findCandidates(having, this.#held.ids, now);
		if (this.#common === undefined || now >= this.#common.until) {
			this.#common = findCandidates(all, this.#held.ids, now);
		}
		return this.#common;
	}

	/** What was found does not hold any more. */
	#changed(): void {
		this.#generation++;
		this.#common = undefined;
		this.#change?.resolve();
		this.#change = undefined;
	}

	#replace(instances: readonly Instance[]): void {
		const ids = new Set(instances.map(({ id }) => id));
		for (const instance of instances) this.#set(instance);
		this.#hold([...this.#members.keys()].filter((id) => !ids.has(id)));
	}

	/** The source lets members go. Those whose address another has are gone; the others may be there. */
	#hold(ids: readonly string[]): void {
		for (const id of ids) {
			const member = this.#members.get(id);
			if (member === undefined || this.#held.has(id)) continue;
			if (this.#latest.isReplaced(member.instance)) this.#remove(id);
			else this.#held.add(member);
		}
		this.#changed();
	}

	#set(instance: Instance): void {
		this.#held.delete(instance.id);
		this.#changed();
		if (instance.status === "draining") {
			this.#remove(instance.id);
			return;
		}
		const member = this.#members.get(instance.id);
		if (member !== undefined && addressesOf(member.instance) === addressesOf(instance)) {
			member.update(instance, this.#options.service);
			return;
		}
		if (member !== undefined) this.#remove(instance.id);
		this.#add(instance);
	}

	#add(instance: Instance): void {
		const { balancer, peers, schemes, logger, service } = this.#options;
		try {
			const share = peers.share(instance.addresses, { identity: instanceIdentity(instance), schemes });
			this.#members.set(instance.id, new Member(instance, service, balancer.join(instance), share, this));
			const before = this.#latest.add(instance);
			if (before !== undefined && this.#held.has(before.id)) this.#remove(before.id);
		} catch (error) {
			this.#uncallable = toServiceError(error);
			logger.log("warn", "an instance cannot be called", { service, instance: instance.id, error });
		}
	}

	#remove(id: string): void {
		const member = this.#members.get(id);
		if (member === undefined) return;
		this.#latest.delete(member.instance);
		this.#members.delete(id);
		this.#held.delete(id);
		this.#changed();
		this.#retiring.add(member);
		const forget = (): void => void this.#retiring.delete(member);
		member.retire().then(forget, forget);
	}

	#nobody(): ServiceError {
		const { service, where } = this.#options;
		const cause = this.#uncallable;
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
