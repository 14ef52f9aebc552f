import { type Checker, Context, checker, type Logger, ServiceError } from "@allium/core";
import type { Broker, Log, TopicOptions } from "@allium/core/event";
import type { EventStore, MeasuredView, ViewMetrics, ViewStore, ViewVersionId } from "@allium/core/store";
import { sleep, whileLasts } from "@allium/core/transport";
import type { RunningView, View, ViewHost, ViewLog } from "@allium/events";
import type { BackendConnection } from "./backend-connection.ts";
import { begin, beginTimeoutMs } from "./begin.ts";
import type { Part } from "./part.ts";

/** How long a start waits for views that are not built yet, in milliseconds: most are small, or have no events at first. */
const buildPatienceMs = 1_000;

/** The parts of an app that its views need. */
export interface ViewsOptions {
	/** The name of the app, which owns the views that it projects. */
	readonly name: string;
	readonly store: ViewStore;
	readonly broker: BackendConnection<"broker">;
	readonly eventStore: BackendConnection<"eventStore">;
	/** Whether the events of a contract come from the event store of the app. */
	readonly keeps: (topic: string) => boolean;
	readonly logger: Logger;
	readonly topics: Readonly<Record<string, TopicOptions>>;
}

/**
 * The views that a process builds, and the views that it reads. They begin before others find the process, so that a
 * process whose views are not built yet is not ready.
 */
export class Views implements Part, Iterable<MeasuredView> {
	readonly name: string = "the views";
	readonly #options: ViewsOptions;
	readonly #running = new Map<string, { readonly id: ViewVersionId; readonly view: RunningView }>();
	readonly #logs = new Map<string, Promise<ViewLog>>();
	#hasReaders = false;
	#metrics: ViewMetrics | undefined;

	constructor(options: ViewsOptions) {
		this.#options = options;
	}

	/** Whether neither is built nor read. */
	get isEmpty(): boolean {
		return this.#running.size === 0 && !this.#hasReaders;
	}

	/**
	 * Adds a view that this process builds, before `start`.
	 *
	 * @returns its reader, and the checks of its health.
	 * @throws TypeError when the process builds the version already.
	 */
	project<Reader>(view: View<Reader>): { readonly reader: Reader; readonly checkers: readonly Checker[] } {
		const running = view["~allium"].run(this.#host);
		if (this.#running.has(running.name)) {
			throw new TypeError(`version ${view.version} of the view ${view.name} is projected already`);
		}
		const { name, version } = view;
		this.#running.set(running.name, { id: { name, version }, view: running });
		return { reader: this.view(view), checkers: checkersOf(running, () => this.#metrics?.start()) };
	}

	/** The reader of a view. */
	view<Reader>(view: View<Reader>): Reader {
		this.#hasReaders = true;
		return view["~allium"].read(this.#host);
	}

	async start(ctx: Context): Promise<void> {
		const beginning = Array.from(this.#running.values(), ({ view }) =>
			begin(`the view ${view.name}`, whileLasts(view.start(ctx), ctx)),
		);
		await Promise.allSettled(beginning);
		await Promise.all(beginning);
		if (this.#running.size === 0) return;
		const patience = ctx.withTimeout(buildPatienceMs);
		await Promise.all(Array.from(this.#running.values(), ({ view }) => builtSoon(view, patience)));
		const { ViewMetrics } = await import("@allium/core/store");
		this.#metrics = new ViewMetrics(this);
		this.#metrics.start();
	}

	async stop(): Promise<void> {
		this.#metrics?.stop();
		this.#metrics = undefined;
		await Promise.all(Array.from(this.#running.values(), ({ view }) => view.stop()));
	}

	/** The views that this process builds. */
	*[Symbol.iterator](): Iterator<MeasuredView> {
		for (const { id, view } of this.#running.values()) yield { id, status: (ctx) => view.status(ctx) };
	}

	get #host(): ViewHost {
		const { store, logger, name: owner } = this.#options;
		return { store, logger, owner, open: (topic, ctx) => this.#open(topic, ctx) };
	}

	#open(topic: string, ctx: Context): Promise<ViewLog> {
		const known = this.#logs.get(topic);
		if (known !== undefined) return whileLasts(known, ctx);
		const opening = this.#opened(topic, Context.background().withTimeout(beginTimeoutMs));
		this.#logs.set(topic, opening);
		opening.catch(() => this.#logs.delete(topic));
		return whileLasts(opening, ctx);
	}

	async #opened(topic: string, ctx: Context): Promise<ViewLog> {
		const { broker, eventStore, keeps, topics } = this.#options;
		const options = Object.hasOwn(topics, topic) ? (topics[topic] ?? {}) : {};
		if (keeps(topic)) return logOfStore(eventStore.port, topic, options, ctx);
		// The features of a broker are known once it is open.
		await broker.port.open(topic, options, ctx);
		if (await isSame(eventStore, broker, ctx)) return logOfStore(eventStore.port, topic, options, ctx);
		return { topic: await logOf(broker.port, broker.location).open(topic, options, ctx) };
	}
}

/** Resolves when a view is built, and when the context ends: then the view's health tells how it is. */
async function builtSoon(view: RunningView, ctx: Context): Promise<void> {
	try {
		while (!(await view.status(ctx)).isBuilt) await sleep(20, ctx);
	} catch {
		// It has trouble, or takes longer.
	}
}

async function logOfStore(
	store: EventStore,
	topic: string,
	options: TopicOptions,
	ctx: Context,
): Promise<ViewLog> {
	const identity = await store.identity(ctx);
	return { topic: await store.log.open(topic, options, ctx), identity };
}

/** Whether the log of the broker is that of an event store, so that positions of the store can be waited for. */
async function isSame(
	store: BackendConnection<"eventStore">,
	broker: BackendConnection<"broker">,
	ctx: Context,
): Promise<boolean> {
	if (!/^(sqlite|postgres):/.test(broker.location)) return false;
	try {
		await store.port.identity(ctx);
		return store.location === broker.location;
	} catch {
		// Views need no event store where the broker keeps the events.
		return false;
	}
}

function logOf(broker: Broker, location: string): Log {
	if (broker.log !== undefined) return broker.log;
	throw new ServiceError({
		code: "failed_precondition",
		reason: "not_offered",
		message: `views are made from a log, and the broker ${location} keeps no events once they are handled; set ALLIUM_BROKER to sqlite:, postgres: or nats:`,
	});
}

/**
 * Two checks: a process is not ready before its view can be read for the first time, so that a deploy leaves the calls
 * to the processes before. Later trouble of the view is reported, but takes no process from its callers, because all
 * processes read the same view.
 */
function checkersOf(view: RunningView, measure: () => void): readonly Checker[] {
	let wasBuilt = false;
	const built = checker(
		`view.${view.name}.built`,
		async (ctx) => {
			if (wasBuilt) return;
			const { isBuilt, trouble } = await view.status(ctx);
			if (!isBuilt) throw new Error(trouble ?? "it is being built");
			wasBuilt = true;
		},
		{ everyMs: 1_000, failures: 1, successes: 1 },
	);
	const going = checker(
		`view.${view.name}`,
		async (ctx) => {
			// There may be another SDK since.
			measure();
			const { trouble, ...facts } = await view.status(ctx);
			if (trouble !== undefined) throw new Error(trouble);
			return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, String(value)]));
		},
		{ critical: false, inBand: true },
	);
	return [built, going];
}
