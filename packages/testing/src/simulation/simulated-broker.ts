import { Context, type Logger } from "@allium/core";
import {
	type Broker,
	type GroupId,
	type LogBrokerOptions,
	logBroker,
	memoryGroupState,
	memoryLog,
} from "@allium/core/event";
import type { BrokerChannel } from "./broker-channel.ts";
import { BrokerDisk, type BrokerFaults, type BrokerParts, BrokerServer } from "./broker-server.ts";
import { Checkpoints } from "./checkpoints.ts";
import { SimulatedGroupState } from "./simulated-group-state.ts";
import { SimulatedLog } from "./simulated-log.ts";
import type { Simulator } from "./simulator.ts";

/** How the broker of a simulation works. */
export interface SimulatedBrokerOptions extends BrokerFaults, Omit<LogBrokerOptions, "logger"> {
	/** Makes the broker of a process. Default: `logBroker`, the engine of production. */
	readonly open?: (parts: BrokerParts, options: LogBrokerOptions) => Broker;
	/** Changes what the broker's node is made of, so that tests can break it. */
	readonly parts?: (parts: BrokerParts) => BrokerParts;
}

/** The broker of a simulation: what its disk holds, and the present life of its node. */
export class SimulatedBroker {
	readonly #simulator: Simulator;
	readonly #options: SimulatedBrokerOptions;
	readonly #disk = new BrokerDisk();
	readonly #checkpoints: Checkpoints;
	readonly #truth: BrokerParts;
	#faults: BrokerFaults;
	#server: BrokerServer | undefined;

	constructor(simulator: Simulator, options: SimulatedBrokerOptions) {
		this.#simulator = simulator;
		this.#options = options;
		this.#faults = options;
		this.#checkpoints = new Checkpoints((error) => simulator.fail(error));
		const { topics, groups } = this.#disk;
		this.#truth = { log: memoryLog({ topics }), state: memoryGroupState({ groups }) };
	}

	/** Runs in each life of the broker's node. */
	start(): void {
		this.#server = new BrokerServer({
			simulator: this.#simulator,
			disk: this.#disk,
			checkpoints: this.#checkpoints,
			faults: () => this.#faults,
			parts: this.#options.parts,
		});
	}

	/** The present life. */
	get server(): BrokerServer {
		if (this.#server === undefined) throw new Error("the broker has not started");
		return this.#server;
	}

	configure(faults: BrokerFaults): void {
		this.#faults = { ...this.#faults, ...faults };
	}

	/** The broker of a process, which reaches this one through the channel. */
	opened(channel: BrokerChannel, logger: Logger): Broker {
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

	/** What groups have still to handle. Parked events wait for an operator, and do not count. */
	async undelivered(): Promise<string | undefined> {
		for (const id of await this.#truth.state.groups(Context.background())) {
			const left = await this.#undeliveredTo(id);
			if (left !== undefined) return left;
		}
		return undefined;
	}

	async #undeliveredTo(id: GroupId): Promise<string | undefined> {
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
		if (behind + retrying + delayed === 0) return undefined;
		return `the group ${id.group} of ${id.topic} has ${behind} events to handle, ${retrying} to try again and ${delayed} delayed; it has ${report?.members.length ?? 0} members`;
	}
}
