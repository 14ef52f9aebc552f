import { Context, type Instance, type Logger, type Registry, silentLogger } from "@allium/core";
import { type AdapterOptions, invalidUrl, readParameters, refusal } from "@allium/core/adapter";
import {
	InstanceView,
	instanceRecord,
	type Lease,
	matches,
	type RegistryEvent,
	type RegistryFilter,
} from "@allium/core/registry";
import type { Packet } from "dns-packet";
import { announcements } from "./announcement.ts";
import { type LocalNetwork, localNetwork } from "./local-network.ts";
import { MdnsLease } from "./mdns-lease.ts";
import { MulticastLink, mdnsPort } from "./multicast-link.ts";
import { Neighbours } from "./neighbours.ts";
import { NetworkQuery } from "./network-query.ts";
import { OwnInstances } from "./own-instances.ts";

/** How long a registration lasts without an update, in milliseconds. Heartbeats reach everybody, so it is long. */
const defaultTtlMs = 10_000;
/** How long answers are awaited, in milliseconds. */
const defaultAnswersMs = 500;
const shortestAnswersMs = 150;
const longestAnswersMs = 60_000;
/** The longest time to live, in milliseconds. */
const longestTtlMs = 3_600_000;

/** The options of a registry by multicast DNS. Parameters of the URL take precedence. */
export interface MdnsOptions extends Partial<AdapterOptions> {
	/** How long a registration lasts without an update, in milliseconds, up to an hour. Default: 10,000. */
	readonly ttlMs?: number;
	/**
	 * How long a listing, and the start of a watch, wait for answers, in milliseconds. They come within 120 ms, unless a
	 * host is busy. Default: 500.
	 */
	readonly answersMs?: number;
	/** The address of this host in the network that is meant. Default: the first that others reach, else loopback. */
	readonly interface?: string;
	/** The UDP port. Registries on other ports know nothing of each other. Default: 5353. */
	readonly port?: number;
}

/**
 * The registry of one local network, by multicast DNS (RFC 6762 and 6763), without a server: each process announces
 * itself, answers for itself, and says goodbye.
 *
 * - `mdns:`, `mdns:?interface=192.168.1.5`
 * - options: `?ttlMs=`, `answersMs=` (milliseconds), `interface=`, `port=`
 *
 * Anybody on the network can announce instances, so it is for laboratories, offices and development.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form, `failed_precondition` where the address or port
 * cannot be used, `unavailable` where the network carries no multicast.
 */
export async function registry(url: string, options: MdnsOptions = {}): Promise<Registry> {
	const settings = read(url, options);
	const made = new MdnsRegistry(settings);
	await made.open();
	return made;
}

interface Settings {
	readonly ttlMs: number;
	readonly answersMs: number;
	readonly network: LocalNetwork;
	readonly port: number;
	readonly logger: Logger;
}

class MdnsRegistry implements Registry {
	readonly location: string;
	readonly spansHosts: boolean = true;
	readonly #settings: Settings;
	readonly #view: InstanceView;
	readonly #neighbours: Neighbours;
	readonly #own: OwnInstances;
	readonly #query: NetworkQuery;
	/** Ends with the registry. */
	readonly #life = Context.background().withCancel();
	#link: MulticastLink | undefined;
	#isClosed = false;

	constructor(settings: Settings) {
		const { address } = settings.network;
		const port = settings.port === mdnsPort ? "" : `?port=${settings.port}`;
		this.location = `mdns://${address}${port}`;
		this.#settings = settings;
		this.#view = new InstanceView({ start: () => void this.#startWatching(), stop: () => {} });
		const send = (packet: Packet): Promise<void> => this.#send(packet);
		this.#own = new OwnInstances({ send, heard: () => this.#query.echo(this.#life.ctx) });
		this.#query = new NetworkQuery({
			address,
			send,
			answersMs: settings.answersMs,
			known: () => this.#neighbours.names(),
			isAwaiting: () => this.#neighbours.isAwaiting,
		});
		this.#neighbours = new Neighbours(
			{
				up: (record) => this.#view.ready && this.#view.put(record),
				down: (key, released) => this.#view.ready && this.#view.delete(key, released),
				// A record that is not answered is requested again with the next heartbeat.
				ask: (names) => void this.#query.askFor(names).catch(() => {}),
			},
			settings.logger,
		);
	}

	async open(): Promise<void> {
		const { network, port, logger } = this.#settings;
		try {
			this.#link = await MulticastLink.open({
				network,
				port,
				logger,
				received: (packet) => this.#hear(packet),
			});
			await this.#query.echo(this.#life.ctx);
		} catch (error) {
			await this.close();
			throw error;
		}
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		this.#check(ctx);
		const { key } = instanceRecord(instance);
		const lease = new MdnsLease(key, this.#settings.ttlMs, this.#own);
		await lease.update(instance);
		return lease;
	}

	async list(filter: RegistryFilter = {}, ctx: Context = this.#life.ctx): Promise<Instance[]> {
		this.#check(ctx);
		await this.#query.settle(ctx);
		const instances = this.#neighbours.records().map(({ instance }) => instance);
		return instances.filter((instance) => matches(filter, instance));
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#view.watch(filter, ctx);
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#view.close();
		this.#life.cancel();
		this.#own.close();
		this.#neighbours.close();
		await this.#link?.close();
	}

	/** The first snapshot has the instances that answer. */
	async #startWatching(): Promise<void> {
		try {
			await this.#query.settle(this.#life.ctx);
			this.#view.replace(this.#neighbours.records());
		} catch (error) {
			if (!this.#isClosed) this.#view.fail(error);
		}
	}

	#hear(packet: Packet): void {
		if (this.#isClosed) return;
		if (packet.type === "response") this.#neighbours.hear(announcements(packet));
		else {
			this.#query.hear(packet);
			this.#own.hear(packet);
		}
	}

	async #send(packet: Packet): Promise<void> {
		if (this.#isClosed || this.#link === undefined) throw closed();
		await this.#link.send(packet);
	}

	#check(ctx: Context): void {
		if (this.#isClosed) throw closed();
		if (ctx.error !== undefined) throw ctx.error;
	}
}

function closed(): Error {
	return refusal("the registry is closed");
}

function read(url: string, { logger = silentLogger, ...options }: MdnsOptions): Settings {
	const [, rest = "", query = ""] = /^mdns:(?:\/\/)?([^?]*)\??(.*)$/s.exec(url) ?? [];
	if (rest !== "")
		throw invalidUrl(`write mdns:, or mdns:?interface=192.168.1.5, not ${JSON.stringify(url)}`);
	const given = readParameters(query, ["ttlMs", "answersMs", "interface", "port"]);
	const ttlMs = Number(given.ttlMs ?? options.ttlMs ?? defaultTtlMs);
	const port = Number(given.port ?? options.port ?? mdnsPort);
	if (!(Number.isInteger(ttlMs) && ttlMs > 0 && ttlMs <= longestTtlMs)) {
		throw invalidUrl(
			`the time to live must be a whole number of milliseconds, at most ${longestTtlMs}, not ${given.ttlMs ?? ttlMs}`,
		);
	}
	if (!(Number.isInteger(port) && port > 0 && port < 65_536)) {
		throw invalidUrl(`port is a UDP port from 1 to 65535, not ${given.port ?? port}`);
	}
	const answersMs = Number(given.answersMs ?? options.answersMs ?? defaultAnswersMs);
	if (!(answersMs >= shortestAnswersMs && answersMs <= longestAnswersMs)) {
		throw invalidUrl(
			`answersMs is a number of milliseconds from ${shortestAnswersMs} to ${longestAnswersMs}, not ${given.answersMs ?? answersMs}`,
		);
	}
	return { ttlMs, answersMs, port, network: localNetwork(given.interface ?? options.interface), logger };
}
