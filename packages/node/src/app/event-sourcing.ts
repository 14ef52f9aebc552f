import { type AnyContract, type Checker, type Context, checker } from "@allium/core";
import { type Broker, Relay, type Subscription } from "@allium/core/event";
import type { EventStore, OwnedEventStore } from "@allium/core/store";
import { AppEventStore } from "../config/deferred-event-store.ts";
import { BackendConnection, type BackendConnectionOptions } from "./backend-connection.ts";
import type { Part } from "./part.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** The parts of an app that its event store needs. */
export interface EventSourcingOptions extends Omit<BackendConnectionOptions<never>, "given" | "isNeeded"> {
	/** The name of the app. */
	readonly name: string;
	/** A store that is open already; a URL is in the configuration. */
	readonly given: EventStore | string | undefined;
	readonly broker: BackendConnection<"broker">;
	/** The contracts that the app serves. */
	readonly served: () => readonly AnyContract[];
	readonly subscriptions: Subscriptions;
	readonly addChecker: (checker: Checker) => void;
}

/**
 * The event store of an app. It is opened when it is first needed, and when the app starts if commands of the app use
 * it. If the broker is another database, relays forward the public events: see {@link Relay}.
 */
export class EventSourcing {
	readonly store: OwnedEventStore;
	readonly connection: BackendConnection<"eventStore">;
	/** Comes behind the connections, and before the subscriptions. */
	readonly relays: Part;
	readonly #options: EventSourcingOptions;
	/** By name. */
	readonly #kept = new Map<string, AnyContract>();
	readonly #works: Subscription[] = [];
	readonly #preparations: ((ctx: Context) => Promise<void>)[] = [];
	#isUsed = false;
	#source: BackendConnection<"broker"> | undefined;
	#sourceBroker: Promise<Broker> | undefined;

	constructor(options: EventSourcingOptions) {
		const { name, given, logger } = options;
		this.#options = options;
		this.connection = new BackendConnection("eventStore", {
			...options,
			given,
			isNeeded: () => this.#kept.size > 0 || this.#works.length > 0,
		});
		const { port } = this.connection;
		const opening = { port, opened: () => Promise.resolve(port), close: () => Promise.resolve() };
		this.store = new AppEventStore(opening, { name, logger, keeps: (contract) => this.#keep(contract) });
		this.relays = {
			name: "the relays of the event store",
			start: (ctx) => this.#start(ctx),
			stop: () => this.#source?.stop(),
		};
	}

	/** The store, for code of the app: what that does with it is not known before the app starts. */
	use(): OwnedEventStore {
		this.#isUsed = true;
		return this.store;
	}

	/** Whether the events of a contract come from the store. */
	keeps(topic: string): boolean {
		return this.#kept.has(topic);
	}

	/**
	 * Adds a group that works on events of the store itself, such as the journals of a workflow.
	 *
	 * @param prepare runs before the group begins, once the store is open.
	 */
	work(subscription: Subscription, prepare?: (ctx: Context) => Promise<void>): void {
		this.#checkHealth();
		this.#works.push(subscription);
		if (prepare !== undefined) this.#preparations.push(prepare);
	}

	#checkHealth(): void {
		if (this.#kept.size + this.#works.length === 0) {
			this.#options.addChecker(checker("event-store", (ctx) => this.#check(ctx), { inBand: false }));
		}
	}

	#keep(contract: AnyContract): void {
		this.#checkHealth();
		this.#kept.set(contract["~allium"].name, contract);
	}

	/** Asks for something that is never there. */
	async #check(ctx: Context): Promise<Record<string, string>> {
		await this.store.outcome("health", ctx);
		return { at: this.connection.location };
	}

	async #start(ctx: Context): Promise<void> {
		await this.#startRelays();
		await Promise.all(this.#preparations.map((prepare) => prepare(ctx)));
		const { broker, subscriptions, addChecker } = this.#options;
		if (this.#works.length === 0) return;
		const source = (await isSame(this.connection, broker)) ? broker.port : await this.#sourceOfEvents();
		for (const work of this.#works) {
			const { id, options } = work;
			addChecker(subscriptions.add({ id, options, begin: (_broker, ctx) => work.begin(source, ctx) }));
		}
	}

	async #startRelays(): Promise<void> {
		const { broker, subscriptions, addChecker, logger } = this.#options;
		const contracts = this.#appended.filter(isPublic);
		if (contracts.length === 0 || (await isSame(this.connection, broker))) return;
		const source = await this.#sourceOfEvents();
		for (const contract of contracts) {
			const relay = new Relay({ contract, source, target: broker.port, logger });
			const { id, options } = relay;
			addChecker(subscriptions.add({ id, options, begin: (_broker, ctx) => relay.begin(ctx) }));
		}
	}

	/**
	 * The contracts whose events may come to lie in the store: the contracts of commands, and those of services that use
	 * the store by hand. Such a service may append without notice, and events from before a restart may still wait.
	 */
	get #appended(): readonly AnyContract[] {
		const served = this.#isUsed ? this.#options.served() : [];
		const byHand = served.filter((contract) => !this.#kept.has(contract["~allium"].name));
		return [...this.#kept.values(), ...byHand];
	}

	/** The log of the store with a state of groups: the broker of the same backend. */
	#sourceOfEvents(): Promise<Broker> {
		this.#sourceBroker ??= this.#openSource();
		return this.#sourceBroker;
	}

	async #openSource(): Promise<Broker> {
		const { given, config } = this.#options;
		if (typeof given === "object") {
			const { logBroker, memoryGroupState } = await import("@allium/core/log-broker");
			const { logger } = this.#options;
			if (given.state === undefined) logger.log("warn", forgetful, { events: this.connection.location });
			return logBroker(given.log, given.state ?? memoryGroupState(), { logger });
		}
		const backends = { ...config.backends, broker: config.backends.eventStore };
		this.#source = new BackendConnection("broker", {
			...this.#options,
			given: undefined,
			config: { ...config, backends },
		});
		await this.#source.start();
		return this.#source.port;
	}
}

const forgetful =
	"the event store that was given keeps no state of groups: how far relays, workflows and schedules are is forgotten when this process ends, and begins again; give it a state, or use the URL of a store";

/** Whether a contract has events for others. */
function isPublic(contract: AnyContract): boolean {
	return contract["~allium"].events.some((event) => !event.private);
}

/**
 * Whether the log of the store is the log of the broker. Memory may be shared or not; an event that is forwarded to the
 * log in which it lies already is a duplicate there. Two URLs may name one place, which is known once they are open.
 */
async function isSame(
	store: BackendConnection<"eventStore">,
	broker: BackendConnection<"broker">,
): Promise<boolean> {
	if (store.location !== broker.location) await Promise.all([store.open(), broker.open()]);
	return store.location === broker.location && store.location !== "memory:";
}
