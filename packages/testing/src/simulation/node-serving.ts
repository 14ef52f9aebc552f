import {
	type AnyContract,
	type ContractDescription,
	describe,
	Endpoints,
	type Guard,
	type Logger,
	type Registry,
	type Route,
	type ServeOptions,
	type Service,
} from "@allium/core";
import { keepRegistered, type Registration } from "@allium/core/registry";
import { after, checkDuration, type Transport } from "@allium/core/transport";

/** The options with which a node serves. */
export interface NodeServeOptions<C extends AnyContract> extends ServeOptions<C> {
	readonly guard?: Guard;
	readonly labels?: Readonly<Record<string, string>>;
	readonly weight?: number;
}

/** A contract that is being served. */
export interface Served {
	readonly registration: Registration;
	/** Deregisters, continues to serve for `drainDelayMs` (default 500), and then finishes the calls in flight. */
	stop(options?: { readonly drainDelayMs?: number }): Promise<void>;
}

/** The node on which a contract is served. */
export interface NodeServer {
	/** The name of the node. */
	readonly name: string;
	/** The id of the instance. */
	readonly id: string;
	readonly transport: Transport;
	readonly registry: Registry;
	readonly logger: Logger;
	/** Called with a function that closes the listener. */
	readonly listening: (close: () => unknown) => void;
}

/** What is registered of the contracts that are served without routes. Nodes serve the same ones at each restart. */
const known = new WeakMap<AnyContract, ServedContract>();

/** Serves a contract as production does: over frames, with a registration that is renewed. */
export async function served<C extends AnyContract>(
	contract: C,
	service: Service<C>,
	options: NodeServeOptions<C>,
	{ name: app, id, transport, registry, logger, listening }: NodeServer,
): Promise<Served> {
	const endpoints = new Endpoints({ guard: options.guard, logger });
	endpoints.serve(contract, service, options);
	const listener = await transport.listen(endpoints);
	listening(() => listener.close());
	const instance = {
		id,
		app,
		namespace: "default",
		addresses: listener.addresses,
		services: [registered(contract, endpoints.routes.of(contract["~allium"].name))],
		labels: options.labels ?? {},
		weight: options.weight ?? 1,
		status: "up" as const,
		startedAt: new Date().toISOString(),
	};
	const registration = await keepRegistered(registry, instance, { logger });
	return {
		registration,
		async stop({ drainDelayMs = 500 } = {}) {
			checkDuration("drainDelayMs", drainDelayMs, "finite");
			await registration.release();
			await new Promise<void>((resolve) => after(drainDelayMs, resolve));
			await listener.drain();
		},
	};
}

type ServedContract = Pick<ContractDescription, "name" | "version" | "hash">;

function registered(contract: AnyContract, routes: readonly Route[]): ServedContract {
	const before = routes.length === 0 ? known.get(contract) : undefined;
	if (before !== undefined) return before;
	const { name, version, hash } = describe(contract, routes);
	if (routes.length === 0) known.set(contract, { name, version, hash });
	return { name, version, hash };
}
