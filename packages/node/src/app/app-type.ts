import type {
	AnyContract,
	Checker,
	Client,
	ClientLayers,
	Context,
	Fits,
	FitsHandlers,
	Format,
	Guard,
	Handlers,
	Logger,
	Middleware,
	Publish,
	PublishMiddleware,
	Routes,
	ServeOptions,
	Service,
	SubscribeOptions,
} from "@allium/core";
import type { TopicOptions } from "@allium/core/event";
import type { FrameLimits } from "@allium/core/frames";
import type { EventStore } from "@allium/core/store";
import type { View, Workflow } from "@allium/events";
import type { Config } from "../config/config.ts";
import type { TickHandler } from "../schedule/schedule.ts";
import type { Timing } from "../schedule/timing.ts";
import type { ServerLimits } from "../server/limits.ts";
import type { ProcessOptions } from "./process-options.ts";

/** The options of an app. An option that is missing comes from the environment, or has a default. */
export interface AppOptions extends ProcessOptions {
	/** The name of the application, as registries show it. */
	readonly name: string;
	/**
	 * Decides whether a call is let in, before its body is read. It also decides about requests to the operations
	 * routes when `describeGuard` says so.
	 */
	readonly guard?: Guard;
	/**
	 * Wraps every method of every service of the process, outermost first, outside of validation and of the
	 * middleware that `serve` is given. Default: `serverDefaults()`, which is tracing and metrics.
	 */
	readonly middleware?: readonly Middleware[];
	/**
	 * The checks of everything that this process needs to be healthy: `checker("database", …)`. While a critical one
	 * fails, `/readyz` answers 503, and the registry directs calls to other instances.
	 */
	readonly health?: readonly Checker[];
	/**
	 * Origins of web pages that may call here, over HTTP and WebSockets, such as `https://app.example.org`; `*` for
	 * all. Default: pages of the same host only.
	 */
	readonly cors?: readonly string[];
	/** Origins of web pages that may open WebSockets here, in addition to the origins of `cors`. Default: none. */
	readonly origins?: readonly string[];
	/** The most that the port takes; `frames` limits frames in both directions. */
	readonly limits?: AppLimits;
	/**
	 * The formats to prefer to JSON over frames, in order, such as `msgpack()` of `@allium/msgpack`. This app reads them,
	 * and uses them in calls to services that read them, too. Default: none.
	 */
	readonly formats?: readonly Format[];
	/**
	 * Contracts that others serve, and whose events this app may publish, too. An app may always publish the events of
	 * the contracts that it serves. Default: none.
	 */
	readonly publishes?: readonly AnyContract[];
	/**
	 * Contracts whose events others may post to `/-/events/{contract}`, as CloudEvents over HTTP, if the guard admits
	 * them. This app publishes the events. Default: none.
	 */
	readonly accepts?: readonly AnyContract[];
	/** How events are published and handled. */
	readonly events?: AppEventsOptions;
}

/** How an app publishes and handles events. Missing options have their defaults. */
export interface AppEventsOptions {
	/** Wraps each publication, outermost first. Default: `publishDefaults()`, with tracing, metrics, timeout and retries. */
	readonly publish?: readonly PublishMiddleware[];
	/**
	 * Wraps the handlers of all subscriptions, outermost first, outside of the check of the data and of the middleware
	 * that `subscribe` is given. Default: `handlerDefaults()`, which is tracing and metrics.
	 */
	readonly handle?: readonly Middleware[];
	/** How many bytes of events are on their way to the broker at once. Further ones wait. Default: 16 MiB. */
	readonly maxBytes?: number;
	/** How long events are kept, and in how many lanes, by the name of their contract, where the topic is new. */
	readonly topics?: Readonly<Record<string, TopicOptions>>;
}

/** The bounds of an app. A missing one has its default. */
export interface AppLimits extends Partial<ServerLimits> {
	readonly frames?: Partial<FrameLimits>;
}

/** The options of a client of an app. */
export interface AppClientOptions extends ClientLayers {
	/** One or several addresses of the service, to use instead of the registry. Default: the registry. */
	readonly url?: string | readonly string[];
	/**
	 * The REST routes by which a plain web service is called, as `routes()` makes them. So the client also calls the
	 * foreign instances that the registry lists, which know nothing of Allium, and instances at `http:` and `https:`
	 * addresses alone. Default: methods are called by their names.
	 */
	readonly routes?: Routes;
}

/** A process of the system: serves contracts, calls others, and is found by name. */
export interface App {
	/**
	 * Serves a contract.
	 *
	 * @throws TypeError after `start`, `run` or `stop`.
	 */
	serve<C extends AnyContract, S>(
		contract: C,
		service: Fits<C, S> & Service<C>,
		options?: ServeOptions<C>,
	): void;
	/**
	 * A client that finds its instances through the registry, or calls the instances at the given addresses. It shares the
	 * app's transports and connections, and is closed with the app, unless it was before.
	 *
	 * @throws TypeError when the app has stopped, and for an address that cannot be called.
	 * @example
	 * const stock = app.client(Stock);
	 * const rates = app.client(Rates, { url: "https://rates.example.com" });
	 * const payments = app.client(Payments, { routes: paymentRoutes });
	 */
	client<C extends AnyContract>(contract: C, options?: AppClientOptions): Client<C>;
	/**
	 * Publishes events of the contracts that the app serves, and of the contracts that the option `publishes` names. It
	 * can be passed on as a dependency of a service. Rejects with `failed_precondition`, reason `stopped`, after `stop`.
	 * See {@link Publish}.
	 *
	 * @example
	 * await app.publish(Matches.started({ id, size: 19 }), ctx);
	 */
	readonly publish: Publish;
	/**
	 * Handles events of a contract, from `start` on. From the time that it is published, a group handles each event at
	 * least once, and events of one key in order. An event whose handler fails is tried again, and parked if that does not
	 * help.
	 *
	 * @throws TypeError after `start`, `run` or `stop`, for handlers of events that the contract does not have, and for
	 * a second subscription of one group.
	 * @throws RangeError for an option that cannot be used.
	 * @example
	 * app.subscribe(Matches, {
	 *   async ended({ winner }, ctx) { await players.reward({ player: winner }, ctx); },
	 * }, { group: "rewards" });
	 */
	subscribe<C extends AnyContract, H>(
		contract: C,
		handlers: FitsHandlers<C, H> & Handlers<C>,
		options?: SubscribeOptions,
	): void;
	/**
	 * The event store of the app, which `ALLIUM_EVENTS` or the option `eventStore` names. It is opened when it is first
	 * used. If the commands of a contract use the store, the events of the contract come only from the store, and
	 * `publish` refuses them. Events that are not private reach the subscriptions of all apps: they are forwarded if the
	 * broker is another database.
	 *
	 * @example
	 * app.serve(Account, commands(app.events, ledger));
	 */
	readonly events: EventStore;
	/**
	 * Builds a view from `start` on, keeps it up to date, and reads it. All processes that project it share the work: one
	 * builds, and another takes over. The app is not ready before its view can be read. The views are where `ALLIUM_VIEWS`
	 * or the option `viewStore` says.
	 *
	 * @throws TypeError after `start`, `run` or `stop`, and for a version that is projected already.
	 * @example
	 * const reader = app.project(standings);
	 */
	project<Reader>(view: View<Reader>): Reader;
	/**
	 * Reads a view that another app builds, where both use the same views.
	 *
	 * @example
	 * const reader = app.view(standings);
	 */
	view<Reader>(view: View<Reader>): Reader;
	/**
	 * Works on the runs of a workflow, together with all processes that do: begins one for each of its start events, and
	 * lets them go on after waits, crashes and deploys. Their journals are in the event store. Call it before `start` or
	 * `run`.
	 *
	 * @throws TypeError for a second workflow of the same name, and after the start.
	 * @example
	 * app.orchestrate(workflow("transfer", Transfers.requested, async ({ id, from, to, amount }, run) => {
	 *   await run.call(accounts.withdraw, { account: from, amount });
	 *   await run.call(accounts.deposit, { account: to, amount });
	 * }));
	 */
	orchestrate(workflow: Workflow): void;
	/**
	 * Runs a function at times: one process of the app each time, and one run after another. A run that fails is tried
	 * again as an event is, and then parked. Call it before `start` or `run`.
	 *
	 * A time that daylight saving skips runs at the next one that there is, and a doubled one runs once.
	 *
	 * @param name letters, digits, "-" and "_"; unique in the app.
	 * @throws TypeError for an expression, a zone or a name that cannot be used, and after the start; RangeError for an
	 * interval or a timeout.
	 * @example
	 * app.every("nightly", { cron: "0 3 * * *", zone: "Europe/Vienna" }, async ({ at }, ctx) => { await report(at, ctx); });
	 */
	every(name: string, timing: Timing, handler: TickHandler): void;
	/**
	 * Waits until an instance of each of the services is up: for 30 seconds, or as long as the context that comes last.
	 * Rejects with `unavailable` and the reason `not_ready`, naming the services that are missing.
	 *
	 * @example
	 * await app.ready("stock", "orders");
	 * await app.ready("stock", Context.background().withTimeout(5_000));
	 */
	ready(...services: readonly string[] | readonly [...services: string[], ctx: Context]): Promise<void>;
	/**
	 * Listens, then registers. Each of its parts may take a minute to begin. Rejects with `failed_precondition` when it was
	 * stopped before, as an app starts once, and with `canceled` when it is stopped meanwhile.
	 */
	start(): Promise<void>;
	/** Stops in order: not ready, deregistered, drained, closed. Resolves when no handle is left. */
	stop(): Promise<void>;
	/**
	 * Starts, runs until SIGTERM, SIGINT or `stop()`, and stops. A second signal ends the process at once. If the app
	 * cannot start, for example because its port is taken, it prints the reason in one sentence, and the exit code is 1.
	 */
	run(): Promise<void>;
	/** The URLs at which it can be reached, once it has started. */
	readonly addresses: readonly string[];
	readonly config: Config;
	readonly logger: Logger;
}
