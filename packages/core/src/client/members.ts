import type { Balancer } from "../balancer/balancer.ts";
import type { Context } from "../context/context.ts";
import { ServiceError, toServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { Instance } from "../registry/instance.ts";
import { instanceIdentity } from "../registry/instance-identity.ts";
import type { RegistryEvent } from "../registry/registry.ts";
import { HeldMembers } from "./held-members.ts";
import { addressesOf, LatestInstances } from "./latest-instances.ts";
import { Member, type MemberListener } from "./member.ts";
import type { PeerPool } from "./peer-pool.ts";

/** Options of {@link Members}. */
export interface MembersOptions {
	/** The name of the service. */
	readonly service: string;
	/** Keeps a load of each member. */
	readonly balancer: Balancer;
	readonly peers: PeerPool;
	/** The schemes by which instances are called first, in order. Default: as the transports are ordered. */
	readonly schemes?: readonly string[] | undefined;
	readonly logger: Logger;
	/** Its end also ends the requests to members. */
	readonly ctx: Context;
	/** Called when the set of members that may be picked has changed. */
	readonly onChange: () => void;
	/** Called when a member that the source lists lacks a method that it was called for. */
	readonly onRefusal: (member: Member) => void;
}

/**
 * The members of a target: the instances that its source lists, and instances that the source dropped although they may
 * still be there. The source and the calls keep them up to date.
 */
export class Members implements MemberListener {
	readonly #options: MembersOptions;
	readonly #byId = new Map<string, Member>();
	/** Members that the source dropped although they may still be there. */
	readonly #held: HeldMembers;
	readonly #latest = new LatestInstances();
	/** Gone from the source, but still with calls in flight. */
	readonly #retiring = new Set<Member>();
	#uncallable: ServiceError | undefined;
	#hasLoadFailed = false;

	constructor(options: MembersOptions) {
		this.#options = options;
		const { service, logger, ctx } = options;
		this.#held = new HeldMembers({
			service,
			members: this.#byId,
			logger,
			ctx,
			remove: (id) => this.#remove(id),
		});
	}

	/** The ids of the members that the source dropped. */
	get heldIds(): ReadonlySet<string> {
		return this.#held.ids;
	}

	/** Why instances that are up cannot be called, if some cannot. */
	get uncallable(): ServiceError | undefined {
		return this.#uncallable;
	}

	all(): Member[] {
		return [...this.#byId.values()];
	}

	get(id: string): Member | undefined {
		return this.#byId.get(id);
	}

	/** Takes in an event of the source. */
	apply(event: RegistryEvent): void {
		this.#uncallable = undefined;
		if (event.type === "snapshot") this.#replace(event.instances);
		else if (event.type === "up") this.#set(event.instance);
		else if (event.released === true) this.#remove(event.instance.id);
		else this.#hold([event.instance.id]);
		this.#held.dropUnreachable();
	}

	onPause(member: Member, until: number): void {
		this.#options.onChange();
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
		else this.#options.onRefusal(member);
	}

	/** Gives up all of them at once. */
	async close(): Promise<void> {
		this.#held.close();
		const members = [...this.#byId.values(), ...this.#retiring];
		this.#byId.clear();
		this.#options.onChange();
		await Promise.all(members.map((member) => member.release()));
	}

	#replace(instances: readonly Instance[]): void {
		const ids = new Set(instances.map(({ id }) => id));
		for (const instance of instances) this.#set(instance);
		this.#hold([...this.#byId.keys()].filter((id) => !ids.has(id)));
	}

	/**
	 * The source drops members. A member whose address now belongs to another instance is gone; any other may still be
	 * there. A member whose address is shared with a listed instance also counts as gone, because an answer from there
	 * would not tell which instance gave it.
	 */
	#hold(ids: readonly string[]): void {
		for (const id of ids) {
			const member = this.#byId.get(id);
			if (member === undefined || this.#held.has(id)) continue;
			const isGone = this.#latest.isReplaced(member.instance) || this.#isCovered(member, ids);
			if (isGone) this.#remove(id);
			else this.#held.add(member);
		}
		this.#options.onChange();
	}

	/** Whether another member that the source lists takes the calls of this one. */
	#isCovered(member: Member, gone: readonly string[]): boolean {
		const { sharedAddress } = member.peer;
		if (sharedAddress === undefined) return false;
		return this.all().some(
			({ id, peer }) => peer.sharedAddress === sharedAddress && !gone.includes(id) && !this.#held.has(id),
		);
	}

	#set(instance: Instance): void {
		this.#held.delete(instance.id);
		this.#options.onChange();
		const isUncallable = instance.foreign === true && !this.#options.peers.callsForeign;
		if (isUncallable) this.#uncallable = foreignAlone(this.#options.service);
		if (isUncallable || instance.status === "draining") {
			this.#remove(instance.id);
			return;
		}
		const member = this.#byId.get(instance.id);
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
			this.#byId.set(instance.id, new Member(instance, service, balancer.join(instance), share, this));
			const before = this.#latest.add(instance);
			if (before !== undefined && this.#held.has(before.id)) this.#remove(before.id);
		} catch (error) {
			this.#uncallable = toServiceError(error);
			logger.log("warn", "an instance cannot be called", { service, instance: instance.id, error });
		}
	}

	#remove(id: string): void {
		const member = this.#byId.get(id);
		if (member === undefined) return;
		this.#latest.delete(member.instance);
		this.#byId.delete(id);
		this.#held.delete(id);
		this.#options.onChange();
		this.#retiring.add(member);
		const forget = (): void => void this.#retiring.delete(member);
		member.retire().then(forget, forget);
	}
}

/** The error of calls where all instances are foreign. */
function foreignAlone(service: string): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		message: `what the registry has of "${service}" is a plain web service, which knows no contracts: call it by REST routes, with the option "routes" of app.client() or with routeTransport()`,
	});
}
