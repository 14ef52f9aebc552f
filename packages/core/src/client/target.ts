import type { Balancer } from "../balancer/balancer.ts";
import type { Context } from "../context/context.ts";
import { type ServiceError, serviceErrorFrom, toServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { Instance } from "../registry/instance.ts";
import type { RegistryEvent } from "../registry/registry.ts";
import { Member } from "./member.ts";
import type { PeerPool } from "./peer-pool.ts";

/** What a target is made with. */
export interface TargetOptions {
	/** The name of the service, for messages. */
	readonly service: string;
	readonly balancer: Balancer;
	readonly peers: PeerPool;
	readonly logger: Logger;
}

/**
 * The instances that a client calls: kept up to date by what its source tells, remembered while the source is
 * silent, and picked from by the balancer.
 */
export class Target {
	readonly #options: TargetOptions;
	readonly #members = new Map<string, Member>();
	/** The members as an array, made anew when they change. */
	#list: Member[] = [];
	/** Whether the last snapshot had nobody: the members are those from before it. */
	#doubtful = false;
	/** When the last pause of a member that cannot be reached is over. */
	#pausedUntil = 0;
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
		this.#uncallable = undefined;
		if (event.type === "snapshot") this.#replace(event.instances);
		else if (event.type === "up") this.#change(event.instance);
		else this.#remove(event.instance.id);
		this.#list = [...this.#members.values()];
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

	/** Picks an instance: not one of `tried` while there is another, nor one that cannot be reached. */
	pick(ctx: Context, tried: readonly string[] | undefined): Member {
		const member = this.#options.balancer.pick(this.#candidates(tried), ctx);
		if (member === undefined) throw this.#nobody();
		return member;
	}

	/** Gives up all instances at once. */
	async close(): Promise<void> {
		this.#closed = true;
		const members = [...this.#members.values(), ...this.#retiring];
		this.#members.clear();
		this.#list = [];
		await Promise.all(members.map((member) => member.release()));
	}

	#candidates(tried: readonly string[] | undefined): readonly Member[] {
		const fresh =
			tried === undefined || tried.length === 0
				? this.#list
				: this.#list.filter(({ instance }) => !tried.includes(instance.id));
		const untried = fresh.length > 0 ? fresh : this.#list;
		const now = performance.now();
		if (now >= this.#pausedUntil) return untried;
		const reachable = untried.filter((member) => member.isReachable(now));
		return reachable.length > 0 ? reachable : untried;
	}

	/**
	 * A registry that was away for longer than its leases last comes back empty, until the instances have
	 * registered anew. So a snapshot without anybody does not take away whom it does not mention: they are
	 * called until somebody is known to be up.
	 */
	#replace(instances: readonly Instance[]): void {
		this.#doubtful = !instances.some(({ status }) => status === "up");
		if (!this.#doubtful) this.#keepOnly(new Set(instances.map(({ id }) => id)));
		for (const instance of instances) this.#set(instance);
	}

	#change(instance: Instance): void {
		if (this.#doubtful && instance.status === "up") {
			this.#doubtful = false;
			this.#keepOnly(new Set([instance.id]));
		}
		this.#set(instance);
	}

	#keepOnly(ids: ReadonlySet<string>): void {
		for (const id of [...this.#members.keys()]) if (!ids.has(id)) this.#remove(id);
	}

	#set(instance: Instance): void {
		if (instance.status !== "up") {
			this.#remove(instance.id);
			return;
		}
		const member = this.#members.get(instance.id);
		if (member !== undefined && sameAddresses(member.instance, instance)) {
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
			const onPause = (until: number): void => {
				this.#pausedUntil = Math.max(this.#pausedUntil, until);
			};
			this.#members.set(instance.id, new Member(instance, balancer.join(instance), share, onPause));
		} catch (error) {
			this.#uncallable = toServiceError(error);
			logger.log("warn", "an instance cannot be called", { service, instance: instance.id, error });
		}
	}

	#remove(id: string): void {
		const member = this.#members.get(id);
		if (member === undefined) return;
		this.#members.delete(id);
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

function sameAddresses(one: Instance, other: Instance): boolean {
	return one.addresses.join(" ") === other.addresses.join(" ");
}
