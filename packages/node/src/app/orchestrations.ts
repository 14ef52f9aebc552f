import type { Context, Logger, Middleware, Publish } from "@allium/core";
import { Subscription } from "@allium/core/event";
import type { EventStore } from "@allium/core/store";
import type { RunsGroup, Workflow } from "@allium/events";
import type { TickHandler } from "../schedule/schedule.ts";
import { Schedules } from "../schedule/schedules.ts";
import type { Timing } from "../schedule/timing.ts";
import type { Part } from "./part.ts";

/** The parts of an app that its workflows and schedules need. */
export interface OrchestrationsOptions {
	/** The name of the app. */
	readonly name: string;
	readonly logger: Logger;
	readonly isDevelopment: boolean;
	readonly store: EventStore;
	readonly publish: Publish;
	/** The middleware around the handlers of all groups. */
	readonly outermost: readonly Middleware[];
	/** Adds a group on the broker of the app. */
	readonly subscribe: (group: RunsGroup) => void;
	/** Adds a group on the event store. */
	readonly work: (subscription: Subscription, prepare?: (ctx: Context) => Promise<void>) => void;
}

/** The workflows and the schedules of an app. As a part, it begins no further steps when the app stops. */
export class Orchestrations implements Part {
	readonly name: string = "the workflows";
	/** The part that comes before the groups of the event store. */
	readonly beginning: Part;
	readonly #options: OrchestrationsOptions;
	readonly #names = new Set<string>();
	readonly #stops: (() => void)[] = [];
	readonly #schedules: Schedules;

	constructor(options: OrchestrationsOptions) {
		this.#options = options;
		this.#schedules = new Schedules(options);
		this.beginning = { name: "the schedules", start: () => this.#addSchedules() };
	}

	/** @throws TypeError for a second workflow of the same name. */
	add(workflow: Workflow): void {
		const { name: app, logger, store, publish, isDevelopment, outermost, subscribe, work } = this.#options;
		const { name } = workflow["~allium"];
		if (this.#names.has(name)) throw new TypeError(`the app runs a workflow of the name "${name}" already`);
		this.#names.add(name);
		const host = { name: app, logger, store, publish, isCompared: isDevelopment };
		const { triggers, runs, stop } = workflow["~allium"].runs(host);
		for (const group of triggers) subscribe(group);
		const { contract, handlers, options } = runs;
		const newTopic = { retainMs: Number.POSITIVE_INFINITY };
		work(new Subscription(contract, handlers, { ...options, outermost, newTopic, logger }));
		this.#stops.push(stop);
	}

	/** @throws TypeError or RangeError for what cannot be used. */
	every(name: string, timing: Timing, handler: TickHandler): void {
		this.#schedules.add(name, timing, handler);
	}

	drain(): void {
		for (const stop of this.#stops) stop();
	}

	/** Once all are known. */
	#addSchedules(): void {
		if (this.#schedules.isEmpty) return;
		this.#options.work(this.#schedules.subscription(), (ctx) => this.#schedules.begin(ctx));
	}
}
