import type { ServerView, ViewSource } from "@allium/backend";
import type { Instance, ServiceError } from "@allium/core";
import type { InstanceRecord, RegistryFilter } from "@allium/core/registry";
import { BlockingQuery } from "./blocking-query.ts";
import { fixedNames, merged, namesIn, servicePath, servicesPath } from "./catalog.ts";
import type { ConsulServer } from "./consul-server.ts";
import { type ListedService, listedServices } from "./listed-service.ts";

/** The parts that the watches of one registry share. */
export interface CatalogWatchOptions {
	readonly server: ConsulServer;
	/** The namespace of the process, to which foreign services count, too. */
	readonly namespace: string;
	/** The time to live of registrations, in milliseconds. */
	readonly ttlMs: number;
}

interface Followed {
	readonly query: BlockingQuery;
	/** Undefined until it is known, and when it is not known any more. */
	services: readonly ListedService[] | undefined;
}

/** Keeps a view equal to the catalog of Consul: one query for each service that belongs to the view. */
export class CatalogWatch implements ViewSource {
	readonly #filter: RegistryFilter;
	readonly #server: ConsulServer;
	readonly #namespace: string;
	readonly #shown: ServerView;
	readonly #longestBackoffMs: number;
	readonly #followed = new Map<string, Followed>();
	/** Tells which services there are, where the filter does not say. */
	readonly #names: BlockingQuery | undefined;
	#areNamesKnown: boolean;
	/** Resolves when the view shows the answer to the last request. */
	#refreshed: PromiseWithResolvers<void> | undefined;
	/** The records that were read, by their texts. */
	#known: ReadonlyMap<string, InstanceRecord> = new Map();

	constructor(filter: RegistryFilter, shown: ServerView, { server, namespace, ttlMs }: CatalogWatchOptions) {
		this.#filter = filter;
		this.#server = server;
		this.#namespace = namespace;
		this.#shown = shown;
		this.#longestBackoffMs = ttlMs / 6;
		const names = fixedNames(filter, namespace);
		this.#areNamesKnown = names !== undefined;
		for (const name of names ?? []) this.#follow(name);
		if (names !== undefined) return;
		this.#names = new BlockingQuery(server, servicesPath, this.#longestBackoffMs, {
			answered: (body) => this.#take(namesIn(body, filter, namespace)),
			failed: (error) => this.#failed(error),
		});
	}

	start(): void {
		this.#shown.start();
		for (const query of this.#queries()) query.start();
	}

	stop(): void {
		for (const query of this.#queries()) query.stop();
		this.#endRefresh();
	}

	/** Consul gives no sign of life. The known instances stay, and everything is requested again. */
	restart(error: ServiceError): void {
		const isAskedFor = this.#shown.isLost;
		this.#shown.failed(error);
		if (!isAskedFor) this.#askAgain();
	}

	/** Consul gives a sign of life again. Requests that were sent while it was silent may be lost. */
	askLostAgain(): void {
		if (this.#shown.isLost) this.#askAgain();
	}

	/**
	 * Requests the change of an instance of this process, and resolves when the view shows it. A process thus finds its
	 * own changes as soon as they are made.
	 */
	async refresh({ namespace }: Instance): Promise<void> {
		if (!this.#shown.view.ready || this.#shown.isLost) return;
		if (this.#filter.namespace !== undefined && this.#filter.namespace !== namespace) return;
		this.#refreshed ??= Promise.withResolvers();
		this.#askAgain();
		await this.#refreshed.promise;
	}

	#askAgain(): void {
		this.#areNamesKnown = this.#names === undefined;
		for (const followed of this.#followed.values()) followed.services = undefined;
		for (const query of this.#queries()) query.start();
	}

	#endRefresh(): void {
		this.#refreshed?.resolve();
		this.#refreshed = undefined;
	}

	#queries(): BlockingQuery[] {
		const queries = Array.from(this.#followed.values(), ({ query }) => query);
		return this.#names === undefined ? queries : [this.#names, ...queries];
	}

	#follow(name: string): BlockingQuery {
		const query = new BlockingQuery(this.#server, servicePath(name), this.#longestBackoffMs, {
			answered: (body, isAfterLoss) => {
				if (isAfterLoss) this.#shown.lose();
				followed.services = listedServices(body, this.#namespace, this.#known);
				this.#show();
			},
			failed: (error) => {
				followed.services = undefined;
				this.#failed(error);
			},
		});
		const followed: Followed = { query, services: undefined };
		this.#followed.set(name, followed);
		return query;
	}

	/** Follows these services, and no others. */
	#take(names: ReadonlySet<string>): void {
		this.#areNamesKnown = true;
		for (const [name, { query }] of this.#followed) {
			if (names.has(name)) continue;
			query.stop();
			this.#followed.delete(name);
		}
		for (const name of names) if (!this.#followed.has(name)) this.#follow(name).start();
		this.#show();
	}

	#failed(error: ServiceError): void {
		this.#shown.failed(error);
		this.#endRefresh();
	}

	/** Shows the known instances, once all services are known. */
	#show(): void {
		const lists: (readonly ListedService[])[] = [];
		for (const { services } of this.#followed.values()) if (services !== undefined) lists.push(services);
		if (!this.#areNamesKnown || lists.length < this.#followed.size) return;
		const { up, down, known } = merged(lists);
		this.#known = known;
		// The services of a dead instance stay in the catalog for a while, so one that is missing was deregistered.
		this.#shown.show(up, (key) => !down.has(key));
		this.#endRefresh();
	}
}
