import type { Balancer } from "../balancer/balancer.ts";
import { peakEwma } from "../balancer/peak-ewma.ts";
import { Context, isContext } from "../context/context.ts";
import type { AnyContract } from "../contract/contract.ts";
import type { ContractDescription } from "../contract/describe.ts";
import { givesStream, type Method, takesStream } from "../contract/method.ts";
import { checkedChain } from "../endpoint/checked-chain.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { isAsyncIterable, kindOf, Mistake } from "../errors/mistake.ts";
import { ServiceError } from "../errors/service-error.ts";
import { checkedLogger } from "../logger/checked-logger.ts";
import { type Logger, silentLogger } from "../logger/logger.ts";
import { metrics } from "../middleware/metrics.ts";
import { retry } from "../middleware/retry.ts";
import { timeout } from "../middleware/timeout.ts";
import { tracing } from "../middleware/tracing.ts";
import type { Instance } from "../registry/instance.ts";
import type { Registry } from "../registry/registry.ts";
import type { Dialer } from "../transport/transport.ts";
import { attempts } from "./attempts.ts";
import type { Client } from "./client-type.ts";
import { followRegistry } from "./follow-registry.ts";
import { identified } from "./identified.ts";
import { LazyStream } from "./lazy-stream.ts";
import { ofMethod } from "./method-of.ts";
import { PeerPool } from "./peer-pool.ts";
import { scoped } from "./scoped.ts";
import { Target } from "./target.ts";

/** The source of the instances that a client calls: one or several addresses, or a registry. */
export type ClientSource =
	| { readonly url: string | readonly string[] }
	| { readonly registry: Registry; readonly namespace?: string };

/** How a client gets there: transports of its own, or a pool of connections shared with other clients. */
export type ClientWay = { readonly transports: readonly Dialer[] } | { readonly peers: PeerPool };

/** The layers of a client. Missing ones are as in {@link clientDefaults}. */
export interface ClientLayers {
	/** Middleware around the whole call, outermost first. */
	readonly middleware?: readonly Middleware[];
	/** Middleware around each attempt, after an instance was picked; `pickedInstance(ctx)` is that instance. */
	readonly attempt?: readonly Middleware[];
	/** Picks the instance for each attempt. Clients must not share one. */
	readonly balancer?: Balancer;
	/**
	 * The schemes of the addresses at which instances are called, the preferred first, such as `["allium+tls", "nats"]`.
	 * Schemes that are not named come after them, in the order of the transports. If an address cannot be reached, a call
	 * goes to the next address of the instance. Default: the order of the transports.
	 */
	readonly schemes?: readonly string[];
	readonly logger?: Logger;
	/**
	 * Whether calls wait, up to their deadlines, until an instance is up and can be reached, where their contexts do not
	 * say by {@link waitForReady}. Default: false; they fail at once with `unavailable`.
	 */
	readonly waitForReady?: boolean;
	/**
	 * Whether every call that may have an effect has an id. Default: false; only calls that follow from an event, from a
	 * call with an id or from a request with an `Idempotency-Key` have one.
	 */
	readonly callIds?: boolean;
	/**
	 * Receives the descriptions of the service that its instances give, some time after the first call: one for each hash,
	 * and one if no hash is known. A caller can compare them with the description that it expects.
	 */
	readonly onDescribed?: (description: ContractDescription) => void;
	/** Called when a method is called without a context. */
	readonly onMissingContext?: (method: Method) => void;
}

export type ClientOptions = ClientSource &
	ClientWay &
	ClientLayers & {
		/** Called each time that the client is closed. */
		readonly onClose?: () => void;
	};

/** Options of {@link clientDefaults}. */
export interface ClientDefaultsOptions {
	/** How long a call may take, in milliseconds, as in {@link timeout}. Default: 10 s. */
	readonly timeoutMs?: number | undefined;
}

/**
 * The layers of a client that nobody configured: tracing and metrics of the whole call, a timeout of 10 s around
 * retries, and peak-EWMA balancing.
 *
 * @throws RangeError for a timeout that is no duration.
 */
export function clientDefaults({
	timeoutMs,
}: ClientDefaultsOptions = {}): Required<Pick<ClientLayers, "middleware" | "attempt" | "balancer">> {
	const middleware = [tracing("client"), metrics("client"), timeout(timeoutMs), retry()];
	return { middleware, attempt: [], balancer: peakEwma() };
}

/**
 * Makes a client of a contract. It connects when it is first called, and is closed by `Symbol.asyncDispose`,
 * which ends its calls in flight with `unavailable`.
 *
 * @example
 * await using add = createClient(Add, { url: "allium://127.0.0.1:4000", transports: [frames()] });
 * const { v } = await add.sum({ a: 1, b: 2 });
 */
export function createClient<C extends AnyContract>(contract: C, options: ClientOptions): Client<C> {
	const { name, methods } = contract["~allium"];
	const { endpoint, close } = clientEndpoints(name, options);
	const background = (method: Method): Context => {
		options.onMissingContext?.(method);
		return Context.background();
	};
	const entries = methods.map((method) => {
		return [method.name, ofMethod(clientMethod(method, endpoint(method), background), method)] as const;
	});
	return Object.assign(Object.fromEntries(entries), { [Symbol.asyncDispose]: close }) as unknown as Client<C>;
}

/** A client as endpoints, for programs that pass calls on, such as a gateway. */
export interface ClientEndpoints {
	/** The whole call of a method of the service. That of a stream resolves when the call is accepted. */
	endpoint(method: Method): Endpoint;
	/** Ends the calls in flight with `unavailable`. */
	close(): Promise<void>;
}

/** The endpoints of which {@link createClient} makes its methods. */
export function clientEndpoints(service: string, options: ClientOptions): ClientEndpoints {
	const layers = { ...clientDefaults(), ...options };
	const logger = checkedLogger(options.logger ?? silentLogger);
	const peers = "peers" in options ? options.peers : new PeerPool(options.transports);
	peers.checkSchemes(options.schemes ?? []);
	const where = (): string | undefined => placeOf(options);
	const target = new Target({
		service,
		balancer: layers.balancer,
		peers,
		schemes: options.schemes,
		logger,
		where,
		onDescribed: options.onDescribed,
	});
	const life = Context.background().withCancel();
	const following = locate(service, options, target, logger, life.ctx);

	const { attempt: around, waitForReady = false, callIds = false } = layers;
	const attempted = { target, middleware: around, waitForReady, logger };
	const middleware = checkedChain("the client's middleware", layers.middleware);
	const addressOf = (id: string): string | undefined => target.addressOf(id);
	const endpoint = (method: Method): Endpoint => {
		const call = middleware(attempts(method, attempted), method);
		return identified(scoped(call, method, life.ctx, addressOf, logger), method, callIds);
	};
	const close = async (): Promise<void> => {
		options.onClose?.();
		life.cancel(endedByClose());
		await Promise.all([target.close(), following]);
	};
	return { endpoint, close };
}

/** The error of calls in flight when their client is closed. It is not known whether they were executed. */
function endedByClose(): ServiceError {
	return new ServiceError({ code: "unavailable", reason: "client_closed", message: "the client was closed" });
}

/** Which registry is asked, and in which namespace, for messages. */
function placeOf(source: ClientSource): string | undefined {
	if ("url" in source || source.registry.location === undefined) return undefined;
	const { registry, namespace } = source;
	return namespace === undefined ? registry.location : `${registry.location} (namespace ${namespace})`;
}

/** Tells the target where the instances are; resolves when the context has ended. */
async function locate(
	service: string,
	source: ClientSource,
	target: Target,
	logger: Logger,
	ctx: Context,
): Promise<void> {
	if ("url" in source) {
		const urls = typeof source.url === "string" ? [source.url] : source.url;
		const instances = urls.map((url) => fixedInstance(service, url));
		target.apply({ type: "snapshot", instances });
	} else {
		const { registry, namespace } = source;
		await followRegistry(
			registry,
			{ service, ...(namespace !== undefined && { namespace }) },
			target,
			logger,
			ctx,
		);
	}
}

/** An address as an instance, for clients without a registry. */
function fixedInstance(service: string, url: string): Instance {
	return {
		id: url,
		app: service,
		namespace: "default",
		addresses: [url],
		services: [{ name: service, version: "", hash: "" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "",
	};
}

/** The function that users call. */
function clientMethod(
	method: Method,
	call: Endpoint,
	background: (method: Method) => Context,
): (input: unknown, ctx?: Context) => unknown {
	const wrong = takesStream(method.kind) ? wrongArguments : wrongContext;
	if (givesStream(method.kind)) {
		return (input, ctx = background(method)) => {
			const mistake = wrong(method, input, ctx);
			if (mistake !== undefined) throw mistake;
			return new LazyStream(call, input, ctx);
		};
	}
	return (input, ctx = background(method)) => {
		const mistake = wrong(method, input, ctx);
		return mistake === undefined ? call(input, ctx) : Promise.reject(mistake);
	};
}

/** The mistake in the arguments of a call, which a program without types can make. */
function wrongArguments(method: Method, input: unknown, ctx: unknown): Mistake | undefined {
	if (isAsyncIterable(input)) return wrongContext(method, input, ctx);
	return new Mistake(
		`${method.path} was called with ${kindOf(input)} instead of a stream: pass what an async function* makes, or another AsyncIterable`,
		{ stack: true },
	);
}

function wrongContext({ path }: Method, _input: unknown, ctx: unknown): Mistake | undefined {
	if (isContext(ctx)) return undefined;
	return new Mistake(`${path} was called with ${kindOf(ctx)} as its second argument, which is a context`, {
		stack: true,
	});
}
