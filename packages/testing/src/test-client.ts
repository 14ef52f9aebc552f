import {
	type AnyContract,
	type Client,
	type ClientLayers,
	createClient,
	Endpoints,
	type Fits,
	type Guard,
	type Logger,
	type Middleware,
	type PeerInfo,
	type ServeOptions,
	type Service,
} from "@allium/core";
import { memoryTransport } from "@allium/core/frames";

/** The options of both sides of a test client. The defaults are those of production. */
export interface TestClientOptions<C extends AnyContract> {
	/** The options of the server's side, as for `serve`. */
	readonly serve?: ServeOptions<C>;
	readonly guard?: Guard;
	/** The caller as handlers see it, such as `{ address: "test", app: "shop" }`, as if its certificate said so. */
	readonly caller?: PeerInfo;
	/** The server's own middleware, as for `allium`. */
	readonly middleware?: readonly Middleware[];
	/** The options of the client's side, as for `createClient`. */
	readonly client?: ClientLayers;
	readonly logger?: Logger;
}

/**
 * A client that calls a service through the whole stack, in memory: the middleware of both sides, frames, flow
 * control, cancellation. It is ready at once. Disposing it ends both sides.
 *
 * @example
 * await using add = testClient(Add, addService);
 * expect(await add.sum({ a: 1, b: 2 })).toEqual({ v: 3 });
 */
export function testClient<C extends AnyContract, S>(
	contract: C,
	service: Fits<C, S> & Service<C>,
	options: TestClientOptions<C> = {},
): Client<C> {
	const { logger, guard, middleware } = options;
	const endpoints = new Endpoints({ guard, middleware, logger, tellsMistakes: true });
	endpoints.serve(contract, service, options.serve);
	const transport = memoryTransport({ caller: options.caller });
	const listening = transport.listen(endpoints, { address: "test" });
	const client = createClient(contract, {
		url: "memory://test",
		transports: [transport],
		...(logger !== undefined && { logger }),
		...options.client,
	});
	return {
		...client,
		async [Symbol.asyncDispose]() {
			await client[Symbol.asyncDispose]();
			await (await listening).close();
		},
	};
}
