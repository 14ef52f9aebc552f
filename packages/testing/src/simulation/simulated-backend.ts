import { Context, type Logger } from "@allium/core";
import type { Broker, GroupId } from "@allium/core/event";
import { type LogBrokerOptions, logBroker } from "@allium/core/log-broker";
import type { BackendChannel } from "./backend-channel.ts";
import {
	BackendDisk,
	type BackendFaults,
	BackendServer,
	type BrokerParts,
	type ChangeParts,
} from "./backend-server.ts";
import { Checkpoints } from "./checkpoints.ts";
import { SimulatedGroupState } from "./simulated-group-state.ts";
import { SimulatedLog } from "./simulated-log.ts";
import type { Simulator } from "./simulator.ts";

/** The options of the broker or the store of a simulation. */
export interface SimulatedBackendOptions extends BackendFaults, Omit<LogBrokerOptions, "logger"> {
	/** Makes the broker of a process. Default: `logBroker`, the engine of production. */
	readonly open?: (parts: BrokerParts, options: LogBrokerOptions) => Broker;
	/** Replaces parts of the node, so that tests can break it. */
	readonly parts?: ChangeParts;
}

/** A backend of a simulation: the contents of its disk, and the present life of its node. */
export class SimulatedBackend {
	readonly #simulator: Simulator;
	readonly #options: SimulatedBackendOptions;
	readonly #disk = new BackendDisk();
	readonly #checkpoints: Checkpoints;
	readonly #truth: BrokerParts;
	#faults: BackendFaults;
	#server: BackendServer | undefined;

	constructor(simulator: Simulator, options: SimulatedBackendOptions) {
		this.#simulator = simulator;
		this.#options = options;
		this.#faults = options;
		this.#checkpoints = new Checkpoints((error) => simulator.fail(error));
		this.#truth = this.#disk.parts();
	}

	/** Runs in each life of the node. */
	start(): void {
		this.#server = new BackendServer({
			simulator: this.#simulator,
			disk: this.#disk,
			checkpoints: this.#checkpoints,
			faults: () => this.#faults,
			parts: this.#options.parts,
		});
	}

	/** The present life. */
	get server(): BackendServer {
		if (this.#server === undefined) throw new Error("the backend has not started");
		return this.#server;
	}

	/** How long a lease lasts without a renewal, in milliseconds. Undefined if the options do not say. */
	get ttlMs(): number | undefined {
		return this.#options.ttlMs;
	}

	configure(faults: BackendFaults): void {
		this.#faults = { ...this.#faults, ...faults };
	}

	/** A process's handle on the broker. It reaches this backend through the channel. */
	opened(channel: BackendChannel, logger: Logger): Broker {
		const { ttlMs, saveMs, saveEvents, deferredBound, open } = this.#options;
		const parts = { log: new SimulatedLog(channel), state: new SimulatedGroupState(channel) };
		const options: LogBrokerOptions = {
			logger,
			...(ttlMs !== undefined && { ttlMs }),
			...(saveMs !== undefined && { saveMs }),
			...(saveEvents !== undefined && { saveEvents }),
			...(deferredBound !== undefined && { deferredBound }),
		};
		return open === undefined ? logBroker(parts.log, parts.state, options) : open(parts, options);
	}

	/**
	 * Describes a group that still has events to handle. Undefined if there is none. Parked events wait for an operator,
	 * and do not count.
	 *
	 * @param isAll Whether delayed events, and events that are to be tried again, count.
	 */
	async undelivered(isAll: boolean): Promise<string | undefined> {
		for (const id of await this.#truth.state.groups(Context.background())) {
			const left = await this.#undeliveredTo(id, isAll);
			if (left !== undefined) return left;
		}
		return undefined;
	}

	async #undeliveredTo(id: GroupId, isAll: boolean): Promise<string | undefined> {
		const ctx = Context.background();
		const store = this.#truth.state.group(id);
		const [topic, report, { retrying, delayed }] = await Promise.all([
			this.#truth.log.find(id.topic, ctx),
			store.report(ctx),
			store.counts(ctx),
		]);
		const cursors = new Map(report?.lanes.map(({ lane, cursor }) => [lane, cursor]));
		let behind = 0;
		for (const { events } of (await topic?.behind(cursors, ctx))?.values() ?? []) behind += events;
		if (behind + (isAll ? retrying + delayed : 0) === 0) return undefined;
		return `the group ${id.group} of ${id.topic} has ${behind} events to handle, ${retrying} to try again and ${delayed} delayed; it has ${report?.members.length ?? 0} members`;
	}
}
