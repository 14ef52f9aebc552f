import type { RecordWithTtl } from "node:dns";
import { Resolver } from "node:dns/promises";
import { errorText, ServiceError } from "@allium/core";
import type { DnsSettings } from "./dns-settings.ts";
import type { RecordName } from "./record-name.ts";
import { preferredTargets, type ServiceTarget, shares } from "./service-target.ts";

/** An address that DNS names for a service. */
export interface DnsEndpoint {
	/** The address by which clients call it: `allium://10.0.0.1:4000`. */
	readonly address: string;
	/** Its share of the traffic, relative to the others. */
	readonly weight: number;
	/** Undefined where DNS tells no priority. */
	readonly priority: number | undefined;
}

/** The answer of DNS for a name. */
export interface DnsAnswer {
	/** Empty if the name does not exist or has no such records. */
	readonly endpoints: readonly DnsEndpoint[];
	/** How long it is valid, in milliseconds. Undefined if DNS does not say. */
	readonly ttlMs: number | undefined;
}

interface Addresses {
	readonly addresses: readonly string[];
	readonly ttlMs: number | undefined;
}

/** How often a question is asked before it has failed. */
const tries = 2;
/** How many targets of SRV records are asked for at the same time. */
const atOnce = 50;

const nothing: Addresses = { addresses: [], ttlMs: undefined };

/** The servers that are asked, and how their answers are read. */
export class NameServer {
	readonly #settings: DnsSettings;
	#resolver: Resolver;

	constructor(settings: DnsSettings) {
		this.#settings = settings;
		this.#resolver = this.#open();
	}

	/**
	 * Asks for a name. The time that this takes is bounded by the timeout of the settings and its repetitions.
	 *
	 * @throws ServiceError `unavailable` when no server answers, or it refuses or fails.
	 */
	async lookup(name: RecordName): Promise<DnsAnswer> {
		try {
			return name.port === undefined ? await this.#service(name) : await this.#host(name, name.port);
		} catch (error) {
			// The system may name other servers by now.
			this.#resolver = this.#open();
			throw this.#failure(name.host, error);
		}
	}

	/** Ends the questions that have no answer yet. Their lookups reject. */
	cancel(): void {
		this.#resolver.cancel();
	}

	#open(): Resolver {
		const { timeoutMs, servers } = this.#settings;
		const resolver = new Resolver({ timeout: Math.ceil(timeoutMs), tries });
		if (servers.length > 0) resolver.setServers(servers);
		return resolver;
	}

	async #host({ scheme, host }: RecordName, port: number): Promise<DnsAnswer> {
		const { addresses, ttlMs } = await this.#addresses(host);
		const endpoints = addresses.map((address) => {
			return { address: addressUrl(scheme, address, port), weight: 1, priority: undefined };
		});
		return { endpoints, ttlMs };
	}

	async #service({ scheme, host }: RecordName): Promise<DnsAnswer> {
		const records = await known(this.#resolver.resolveSrv(host), []);
		// The target "." says that the service is not offered here.
		const targets = records.filter(({ name }) => name !== "" && name !== ".");
		const found = new Map<string, Addresses>();
		const names = [...new Set(targets.map(({ name }) => name))];
		for (let from = 0; from < names.length; from += atOnce) {
			const part = names.slice(from, from + atOnce);
			const answers = await Promise.all(part.map((name) => this.#addresses(name)));
			for (const [index, name] of part.entries()) found.set(name, answers[index] ?? nothing);
		}
		const resolved = targets.map((target): ServiceTarget => {
			return { ...target, addresses: found.get(target.name)?.addresses ?? [] };
		});
		const preferred = this.#settings.priorities === "all" ? resolved : preferredTargets(resolved);
		const weightOf = shares(preferred);
		const endpoints = preferred.flatMap((target) =>
			target.addresses.map((address) => {
				const { port, priority } = target;
				return { address: addressUrl(scheme, address, port), weight: weightOf(target), priority };
			}),
		);
		// Servers rotate the order of records.
		endpoints.sort((one, other) => (one.address < other.address ? -1 : 1));
		// The resolver tells no time to live of SRV records.
		const times = Array.from(found.values(), ({ ttlMs }) => ttlMs);
		return { endpoints, ttlMs: shortest([...times, this.#settings.pollMs]) };
	}

	async #addresses(host: string): Promise<Addresses> {
		const { family } = this.#settings;
		const ipv4 = family === 6 ? [] : await known(this.#resolver.resolve4(host, { ttl: true }), []);
		const isEnough = family === 4 || ipv4.length > 0;
		const records: RecordWithTtl[] = isEnough
			? ipv4
			: await known(this.#resolver.resolve6(host, { ttl: true }), []);
		return {
			addresses: [...new Set(records.map(({ address }) => address))].sort(),
			ttlMs: shortest(records.map(({ ttl }) => ttl * 1_000)),
		};
	}

	#failure(host: string, error: unknown): ServiceError {
		const servers = this.#resolver.getServers().join(" and ");
		const message = `cannot look up ${host} at ${servers}: ${errorText(error)}`;
		return new ServiceError({ code: "unavailable", message, cause: error });
	}
}

/** The answer to a question; `none` where there is an answer, which has no records. */
async function known<Answer>(question: Promise<Answer>, none: Answer): Promise<Answer> {
	try {
		return await question;
	} catch (error) {
		const code = error instanceof Error && "code" in error ? error.code : undefined;
		if (code === "ENOTFOUND" || code === "ENODATA") return none;
		throw error;
	}
}

function shortest(times: readonly (number | undefined)[]): number | undefined {
	const told = times.filter((time) => time !== undefined);
	return told.length === 0 ? undefined : Math.min(...told);
}

function addressUrl(scheme: string, address: string, port: number): string {
	return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
