import { createHash } from "node:crypto";
import type { Logger } from "@allium/core";
import { type InstanceRecord, instanceRecord } from "@allium/core/registry";
import { after, Backoff, type Timer } from "@allium/core/transport";
import type { DnsSettings } from "./dns-settings.ts";
import type { DnsAnswer, DnsEndpoint, NameServer } from "./name-server.ts";
import { type RecordName, recordNameText } from "./record-name.ts";
import { ShownEndpoints } from "./shown-endpoints.ts";

/** The shortest pause between two lookups of a name, regardless of its time to live, in milliseconds. */
const shortestPauseMs = 1_000;
/** The longest pause between two lookups of a name, regardless of its time to live, in milliseconds. */
const longestPauseMs = 30_000;
/** The upper bound of the first pause after a failure, in milliseconds. It doubles with every failure. */
const firstBackoffMs = 250;

/** Options of {@link ServiceLookup}. */
export interface ServiceLookupOptions {
	readonly service: string;
	readonly namespace: string;
	readonly names: readonly RecordName[];
	readonly server: NameServer;
	readonly settings: DnsSettings;
	readonly logger: Logger;
}

interface NameState {
	readonly name: RecordName;
	readonly shown: ShownEndpoints;
	/** Whether the log has told that there is no answer. */
	hasFailed: boolean;
}

/** The instances of one service, looked up again and again while somebody listens. */
export class ServiceLookup {
	readonly #options: ServiceLookupOptions;
	readonly #backoff: Backoff;
	readonly #listeners = new Set<() => void>();
	/** The states of the names. Created each time that listening begins; undefined while nobody listens. */
	#states: readonly NameState[] | undefined;
	#timer: Timer | undefined;
	#error: unknown;
	#records: readonly InstanceRecord[] | undefined;
	/** The addresses of the records, as JSON. */
	#text: string | undefined;

	constructor(options: ServiceLookupOptions) {
		this.#options = options;
		this.#backoff = new Backoff({ firstMs: firstBackoffMs, longestMs: options.settings.pollMs });
	}

	/** Its instances; undefined until there is an answer. */
	get records(): readonly InstanceRecord[] | undefined {
		return this.#records;
	}

	/** Why there is no answer yet; undefined where there is one, or none was expected yet. */
	get error(): unknown {
		return this.#records === undefined ? this.#error : undefined;
	}

	/**
	 * Looks up until the returned function is called.
	 *
	 * @param listener called when the instances have changed, and for each failure while none are known.
	 */
	join(listener: () => void): () => void {
		this.#listeners.add(listener);
		if (this.#listeners.size === 1) this.#start();
		return () => {
			if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#stop();
		};
	}

	/**
	 * Looks up once, whether or not somebody listens.
	 *
	 * @throws ServiceError `unavailable` when none of its names has an answer.
	 */
	async once(): Promise<readonly InstanceRecord[]> {
		const { names, server } = this.#options;
		const results = await Promise.allSettled(names.map((name) => server.lookup(name)));
		const answers = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
		const failure = results.find((result) => result.status === "rejected");
		if (answers.length === 0 && failure !== undefined) throw failure.reason;
		return this.#instances(answers.flatMap(({ endpoints }) => endpoints));
	}

	/** Whether the operator of DNS took away the instance at an address, which is gone. */
	isReleased(address: string): boolean {
		return this.#states?.some(({ shown }) => shown.isDoubted(address)) !== true;
	}

	#start(): void {
		const { names, settings } = this.#options;
		this.#states = names.map((name) => {
			return { name, shown: new ShownEndpoints(settings.graceMs), hasFailed: false };
		});
		this.#backoff.reset();
		this.#schedule(0);
	}

	#stop(): void {
		this.#timer?.stop();
		this.#timer = undefined;
		this.#states = undefined;
		this.#records = undefined;
		this.#text = undefined;
		this.#error = undefined;
	}

	#schedule(delay: number): void {
		this.#timer?.stop();
		this.#timer = after(delay, () => {
			// It never rejects: failures are kept, told and followed by another try.
			void this.#refresh();
		});
	}

	async #refresh(): Promise<void> {
		const states = this.#states;
		if (states === undefined) return;
		const results = await Promise.allSettled(states.map(({ name }) => this.#options.server.lookup(name)));
		// Nobody listens any more, or others began to.
		if (this.#states !== states) return;
		const now = performance.now();
		const pauses = states.map((state, index) => {
			const result = results[index];
			if (result?.status === "fulfilled") return this.#answered(state, result.value, now);
			this.#failed(state, result?.reason);
			return Number.POSITIVE_INFINITY;
		});
		const hasFailed = states.some((state) => state.hasFailed);
		if (!hasFailed) this.#backoff.reset();
		const pause = Math.min(...pauses, hasFailed ? this.#backoff.next() : longestPauseMs);
		// The jitter spreads processes that started together.
		this.#schedule(pause * (0.9 + 0.1 * Math.random()));
		this.#tell(states);
	}

	/** @returns how long to wait before the name is asked for again, in milliseconds. */
	#answered(state: NameState, { endpoints, ttlMs }: DnsAnswer, now: number): number {
		const { settings, logger } = this.#options;
		if (state.hasFailed) logger.log("info", "DNS answers again", { name: recordNameText(state.name) });
		state.hasFailed = false;
		const doubtfulUntil = state.shown.answered(endpoints, now) ?? Number.POSITIVE_INFINITY;
		const pause = Math.max(ttlMs ?? settings.pollMs, Math.min(shortestPauseMs, settings.pollMs));
		return Math.min(pause, Math.max(0, doubtfulUntil - now));
	}

	#failed(state: NameState, error: unknown): void {
		const { logger } = this.#options;
		this.#error = error;
		state.shown.failed();
		// Without an answer before, watchers get the error themselves.
		const isNews = !state.hasFailed && this.#records !== undefined;
		const message = "DNS does not answer; going on with what is known";
		if (isNews) logger.log("warn", message, { name: recordNameText(state.name), error });
		state.hasFailed = true;
	}

	#tell(states: readonly NameState[]): void {
		const known = states.filter(({ shown }) => shown.endpoints !== undefined);
		if (known.length > 0 || states.length === 0) {
			const endpoints = known.flatMap(({ shown }) => [...(shown.endpoints ?? [])]);
			const text = JSON.stringify(endpoints);
			if (text === this.#text) return;
			this.#text = text;
			this.#records = this.#instances(endpoints);
		}
		for (const listener of [...this.#listeners]) listener();
	}

	/** One instance for each address. Only its address is known, so it is described at first contact. */
	#instances(endpoints: readonly DnsEndpoint[]): InstanceRecord[] {
		const { service, namespace } = this.#options;
		const byAddress = new Map(endpoints.map((endpoint) => [endpoint.address, endpoint]));
		return Array.from(byAddress.values(), ({ address, weight, priority }) =>
			instanceRecord({
				id: instanceId(service, address),
				app: service,
				namespace,
				addresses: [address],
				services: [{ name: service, version: "", hash: "" }],
				labels: priority === undefined ? {} : { priority: String(priority) },
				weight,
				status: "up",
				startedAt: "",
			}),
		);
	}
}

function instanceId(service: string, address: string): string {
	return createHash("sha256").update(`${service} ${address}`).digest("hex").slice(0, 16);
}
