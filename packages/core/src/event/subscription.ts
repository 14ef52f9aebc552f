import { succeeded } from "../context/call-scope.ts";
import { callIsOver, deadlineExceeded, isPlainDeadline } from "../context/cancellation.ts";
import type { Context } from "../context/context.ts";
import type { AnyContract } from "../contract/contract.ts";
import { whileLasts } from "../endpoint/detached-call.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { toServiceError } from "../errors/service-error.ts";
import { checkedLogger } from "../logger/checked-logger.ts";
import { type Logger, silentLogger } from "../logger/logger.ts";
import { SparingLog } from "../logger/sparing-log.ts";
import { Deadlines } from "../transport/deadlines.ts";
import { LinkedList } from "../transport/linked-list.ts";
import type { Broker, Consumer, Delivered, GroupSpec, Verdict } from "./broker.ts";
import type { GroupId } from "./group-state.ts";
import { type Guarantees, guaranteesOf } from "./guarantees.ts";
import { handlerDefaults } from "./handler-defaults.ts";
import { type HandledEvent, handledEvents } from "./handler-endpoint.ts";
import { handlingOf } from "./handling.ts";
import type { TopicOptions } from "./log.ts";
import { type CheckedOptions, checkedOptions, type SubscribeOptions } from "./subscribe-options.ts";
import { handlingError, verdictOn } from "./verdict.ts";
import type { WatchedEnd } from "./watched-end.ts";

/** Options of {@link Subscription}: the options of users, and options that the runtime sets. */
export interface SubscriptionOptions extends SubscribeOptions {
	readonly group: string;
	/** The events that no process of the group handles. See {@link GroupSpec}. */
	readonly ignores?: readonly string[] | undefined;
	/** Wraps each handler, outside of the check of the data, outermost first. Default: {@link handlerDefaults}. */
	readonly outermost?: readonly Middleware[] | undefined;
	/** How the topic is created if it is missing. */
	readonly newTopic?: TopicOptions | undefined;
	/** Default: a logger that writes nothing. */
	readonly logger?: Logger | undefined;
}

/** A subscription that has begun: its consumer, and the guarantees of its group. */
export interface BegunSubscription {
	readonly consumer: Consumer;
	readonly guarantees: Guarantees;
}

/** How long an event waits for a process that knows its version, in milliseconds. */
const tooNewMs = 5_000;

/** The handlers of a group. It decides what happens to each event after they ran. */
export class Subscription {
	readonly id: GroupId;
	readonly options: CheckedOptions;
	readonly #events: ReadonlyMap<string, HandledEvent>;
	readonly #ignores: readonly string[];
	readonly #newTopic: TopicOptions;
	readonly #log: SparingLog;
	/** The ends of the events that are being handled. One timer serves for the deadlines of all. */
	readonly #ends = new LinkedList<WatchedEnd>();
	readonly #deadlines = new Deadlines(() => this.#ends.all());

	/**
	 * @throws TypeError if a handler is for no event of the contract, or if there are no handlers. RangeError for an
	 * option that is out of range.
	 */
	constructor(contract: AnyContract, handlers: object, options: SubscriptionOptions) {
		const { group, middleware = [], logger = silentLogger } = options;
		const { outermost = handlerDefaults().middleware } = options;
		this.id = { topic: contract["~allium"].name, group };
		this.options = checkedOptions(`subscribe() of ${this.name}`, options);
		this.#ignores = options.ignores ?? [];
		this.#newTopic = options.newTopic ?? {};
		this.#log = new SparingLog(checkedLogger(logger));
		const handled = handledEvents(contract, handlers, { outermost, middleware });
		this.#events = new Map(handled.map((each) => [each.type.type, each]));
	}

	/** The group and its topic, for people: `rewards of matches`. */
	get name(): string {
		return `${this.id.group} of ${this.id.topic}`;
	}

	/**
	 * Begins to handle events. Resolves once the group exists.
	 *
	 * @throws ServiceError `failed_precondition`, reason `not_offered`, for an explicit option that the broker lacks.
	 */
	async begin(broker: Broker, ctx: Context): Promise<BegunSubscription> {
		const { features } = await whileLasts(broker.open(this.id.topic, this.#newTopic, ctx), ctx);
		const { from, concurrency, bytes, each, asked } = this.options;
		const guarantees = guaranteesOf(`the group ${this.name}`, asked, features, broker.location);
		const known = Array.from(this.#events.values(), ({ type }) => [type.name, type.version] as const);
		const handles = Object.fromEntries(known);
		const park = guarantees.park === "key" ? "key" : "event";
		const spec: GroupSpec = {
			...this.id,
			from,
			handles,
			ignores: this.#ignores,
			concurrency,
			bytes,
			each,
			park,
		};
		const consuming = broker.consume(spec, this.deliver, ctx);
		try {
			return { consumer: await whileLasts(consuming, ctx), guarantees };
		} catch (error) {
			// A consumer that comes late has no owner.
			consuming.then((consumer) => consumer.close()).catch(() => {});
			throw error;
		}
	}

	/** Handles one event. Never rejects. */
	readonly deliver = (delivered: Delivered, lane: Context): Promise<Verdict> => {
		const { event, fault } = delivered;
		if (fault !== undefined) return Promise.resolve(this.#notReadable(delivered, fault));
		const handled = this.#events.get(event.type);
		if (handled === undefined) return Promise.resolve({ do: "done" });
		if (event.version > handled.type.version) return Promise.resolve(tooNew(event.version));
		return this.#handle(handled.endpoint, delivered, lane);
	};

	async #handle(endpoint: Endpoint, delivered: Delivered, lane: Context): Promise<Verdict> {
		const { ctx, cancellation, scope } = handlingOf(delivered, this.id, this.options.timeoutMs, lane);
		const place = this.#ends.add(cancellation);
		this.#deadlines.watch(cancellation.deadline);
		try {
			await whileLasts(endpoint(delivered.event.data, ctx), ctx);
			scope.settle(succeeded);
			cancellation.finish(callIsOver);
			return { do: "done" };
		} catch (thrown) {
			const error = this.#errorOf(thrown, ctx);
			const known = toServiceError(error);
			scope.settle({ ok: false, error: known });
			cancellation.finish(known);
			// The lane is lost, or the process stops. Nobody counts that as an attempt.
			if (lane.error !== undefined) return again(lane.error, 0);
			return this.#judged(error, delivered);
		} finally {
			place.leave();
			// A timer would keep the process alive.
			if (this.#ends.first === undefined) this.#deadlines.stop();
		}
	}

	/** Code that heeds its signal throws anything when the context has ended: the context tells why. */
	#errorOf(thrown: unknown, ctx: Context): unknown {
		if (ctx.error === undefined) return thrown;
		if (!isPlainDeadline(ctx.error)) return ctx.error;
		return deadlineExceeded(`the handler took longer than ${this.options.timeoutMs} ms`);
	}

	#judged(error: unknown, delivered: Delivered): Verdict {
		const verdict = verdictOn(error, delivered.attempt, this.options.retry);
		const facts = { ...this.#facts(delivered), error };
		if (verdict.do === "park") this.#log.log("error", parkedMessage, facts);
		else if (verdict.do === "retry") {
			const message = verdict.blameless
				? "events wait, because what their handlers need is in trouble"
				: "an event was not handled, and will be tried again";
			this.#log.warn(message, { ...facts, inMs: Math.round(verdict.afterMs) });
		}
		return verdict;
	}

	#notReadable(delivered: Delivered, fault: string): Verdict {
		const error = { code: "data_loss", reason: "not_an_event", message: fault };
		this.#log.log("error", parkedMessage, { ...this.#facts(delivered), error: fault });
		return { do: "park", error };
	}

	#facts({ event: { id, type }, attempt }: Delivered): Readonly<Record<string, unknown>> {
		return { event: type, id, group: this.id.group, attempt };
	}
}

const parkedMessage =
	'an event is parked: "allium parked list" tells why, "allium parked replay" tries it again, "discard" gives it up';

function again(error: unknown, afterMs: number): Verdict {
	return { do: "retry", afterMs, blameless: true, error: handlingError(error) };
}

/** A process that knows the version handles it: during a rolling deploy there is one, or will be. */
function tooNew(version: number): Verdict {
	return again(
		new Error(`its version ${version} is newer than the version that this process knows`),
		tooNewMs,
	);
}
