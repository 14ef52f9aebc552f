import {
	Context,
	type ContractDescription,
	type Instance,
	instanceIdentity,
	type Logger,
	type ServedContract,
	ServiceError,
} from "@allium/core";
import { compareVersions } from "@allium/core/reflection";
import { after, Backoff, type PeerPool, type Timer } from "@allium/core/transport";
import { describeService, httpUrlOf, type TlsOptions } from "@allium/node";
import type { CredentialsSource } from "../gateway-options.ts";
import type { AtOnce } from "./at-once.ts";
import { SilentInstances } from "./silent-instances.ts";

/** The bounds of the delay before silent instances are asked again, in milliseconds. */
const bounds = { firstMs: 100, longestMs: 5_000 };

/**
 * How often a service is asked again if the registry does not know its hash, as `static:` does not, in milliseconds.
 * Nothing else tells that another version is served there.
 */
const recheckMs = 5_000;

/** A text that sorts after every time. */
const never = "\uffff";

/** The way in which services are asked for their descriptions. */
export interface DescribeWay {
	readonly tls: TlsOptions | undefined;
	readonly credentials: CredentialsSource;
	/** The ways of calls to instances. */
	readonly peers: PeerPool;
}

/** Called with the description of a service, whenever that changes. */
export type Described = (description: ContractDescription) => void;

/**
 * Keeps the description of one service. It asks the newest instance of the newest version, and the others when that one
 * does not answer. It asks again when the registry shows another hash, or now and then if the registry knows none. The
 * known description stays while no instance is up.
 */
export class Upstream {
	readonly service: string;
	/**
	 * The start time of the instance that was started first, among those seen since the service last had none. It is
	 * the greatest text before any instance was seen.
	 */
	since: string = never;
	/** The instances that are up, the newest version first, and of one version the newest first. */
	instances: readonly Instance[] = [];
	readonly #described: Described;
	readonly #atOnce: AtOnce;
	readonly #way: DescribeWay;
	/** The instances that were asked and did not describe themselves. */
	readonly #silent: SilentInstances;
	/** The hash of the known description in the registry. */
	#hash: string | undefined;
	#asking: Promise<void> | undefined;
	readonly #asked = Promise.withResolvers<void>();
	#timer: Timer | undefined;
	#recheck: Timer | undefined;
	#wake: () => void = () => {};
	readonly #life = Context.background().withCancel();

	/** @param atOnce the limit of services that are asked at once, shared by all services. */
	constructor(service: string, described: Described, logger: Logger, atOnce: AtOnce, way: DescribeWay) {
		this.service = service;
		this.#described = described;
		this.#silent = new SilentInstances(service, logger);
		this.#atOnce = atOnce;
		this.#way = way;
	}

	/** The error of calls until the service has described itself. */
	get problem(): ServiceError {
		return this.#silent.problem(this.instances.length);
	}

	/** Resolves when the instances were asked once, whatever they answered. */
	get asked(): Promise<void> {
		return this.#asked.promise;
	}

	/** Uses the instances that the registry lists now. */
	update(instances: readonly Instance[]): void {
		const wasUp = this.instances.length > 0;
		this.instances = instances
			.filter(({ status }) => status !== "draining")
			.sort((one, other) => this.#byAge(one, other));
		this.#silent.keep(this.instances);
		const oldest = this.instances.reduce(
			(least, { startedAt }) => (startedAt < least ? startedAt : least),
			never,
		);
		if (this.instances.length > 0 && (oldest < this.since || !wasUp)) this.since = oldest;
		this.#wake();
		if (this.#isCurrent()) this.#asked.resolve();
		else this.#asking ??= this.#keepAsking();
	}

	async close(): Promise<void> {
		this.#life.cancel();
		this.#recheck?.stop();
		this.#asked.resolve();
		this.#wake();
		await this.#asking;
	}

	#isCurrent(): boolean {
		const [newest] = this.instances;
		return newest === undefined || this.#hashOf(newest) === this.#hash;
	}

	#hashOf(instance: Instance): string | undefined {
		return this.#servedBy(instance)?.hash;
	}

	#servedBy({ services }: Instance): ServedContract | undefined {
		return services.find(({ name }) => name === this.service);
	}

	/** Orders the newest version first, and within a version the instance that was started last. */
	#byAge(one: Instance, other: Instance): number {
		const [version = "", otherVersion = ""] = [this.#servedBy(one)?.version, this.#servedBy(other)?.version];
		return compareVersions(otherVersion, version) || other.startedAt.localeCompare(one.startedAt);
	}

	async #keepAsking(): Promise<void> {
		const backoff = new Backoff(bounds);
		while (!this.#isCurrent() && this.#life.ctx.error === undefined) {
			await this.#atOnce.run(() => this.#ask());
			this.#asked.resolve();
			if (this.#isCurrent()) break;
			await this.#sleep(backoff.next());
		}
		this.#asking = undefined;
	}

	/** Asks one instance after the other until one answers. */
	async #ask(): Promise<void> {
		if (this.#life.ctx.error !== undefined) return;
		for (const instance of this.instances) {
			const hash = this.#hashOf(instance);
			// No newer instance answered, so the known description is the best there is.
			if (hash === this.#hash) return;
			try {
				const description = await this.#descriptionBy(instance);
				if (this.#life.ctx.error !== undefined) return;
				this.#hash = hash;
				this.#silent.clear();
				this.#described(description);
				if (hash === "") this.#recheck = after(recheckMs, () => this.#askAgain());
				return;
			} catch (error) {
				if (this.#life.ctx.error !== undefined) return;
				this.#silent.add(instance, error);
			}
		}
	}

	/** Asks again from the beginning. The known description stays until another one arrives. */
	#askAgain(): void {
		this.#hash = undefined;
		this.update(this.instances);
	}

	async #descriptionBy(instance: Instance): Promise<ContractDescription> {
		const { tls, credentials, peers } = this.#way;
		const { addresses } = instance;
		const known = await credentials();
		// If calls go through a broker, the port need not be reachable.
		if (httpUrlOf([peers.preferred(addresses)]) === undefined) {
			return peers.describe(instance, this.service, this.#life.ctx.withMetadata(known));
		}
		const url = httpUrlOf(addresses);
		if (url === undefined) throw new Error(`none of its addresses speaks HTTP: ${addresses.join(", ")}`);
		const asking = { tls, credentials: known, identity: instanceIdentity(instance) };
		const description = await describeService(url, this.service, this.#life.ctx, asking);
		if (description !== undefined) return description;
		throw new ServiceError({ code: "unavailable", message: `${url} does not serve ${this.service}` });
	}

	/** Waits for some milliseconds, or until the instances change. */
	#sleep(milliseconds: number): Promise<void> {
		return new Promise((resolve) => {
			this.#timer = after(milliseconds, resolve);
			this.#wake = () => {
				this.#timer?.stop();
				this.#wake = () => {};
				resolve();
			};
		});
	}
}
