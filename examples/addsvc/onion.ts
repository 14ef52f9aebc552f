// Shows the order of the layers around one call: npm run onion -w examples/addsvc

import {
	allium,
	type Middleware,
	memoryRegistry,
	retry,
	type Service,
	ServiceError,
	type ServiceMiddleware,
	silentLogger,
} from "allium";
import { Add } from "./contract.ts";
import { addService } from "./service.ts";

let depth = 0;
const say = (text: string): void => console.log("  ".repeat(depth) + text);

/** Logs when a call goes in and comes out. */
async function around<T>(name: string, call: () => Promise<T>): Promise<T> {
	say(`→ ${name}`);
	depth++;
	try {
		const output = await call();
		depth--;
		say(`← ${name}: ${JSON.stringify(output)}`);
		return output;
	} catch (error) {
		depth--;
		say(`← ${name} fails: ${(error as Error).message}`);
		throw error;
	}
}

const layer =
	(name: string): Middleware =>
	(next) =>
	(input, ctx) =>
		around(name, () => next(input, ctx));

const serviceLayer: ServiceMiddleware<typeof Add> = (next) => ({
	...next,
	sum: (input, ctx) => around(`service: ${input.a} + ${input.b}`, () => next.sum(input, ctx)),
});

/** The first attempt always fails. */
const unlucky: Middleware = (next) => {
	let attempts = 0;
	return (input, ctx) => {
		if (attempts++ > 0) return next(input, ctx);
		return Promise.reject(new ServiceError({ code: "unavailable", message: "a cable was cut" }));
	};
};

const service: Service<typeof Add> = {
	...addService,
	sum(input, ctx) {
		say("the handler");
		return addService.sum(input, ctx);
	},
};

const app = allium({
	name: "onion",
	registry: memoryRegistry(),
	logger: silentLogger,
	drainDelayMs: 0,
	middleware: [layer("server-wide")],
});
app.serve(Add, service, { middleware: [layer("endpoint")], service: [serviceLayer] });
await app.start();

const add = app.client(Add, {
	middleware: [layer("client, the whole call"), retry()],
	attempt: [layer("client, an attempt"), unlucky],
});
await add.sum({ a: 1, b: 2 });
await app.stop();
