import { inspect } from "node:util";
import { ServiceError, silentLogger } from "@allium/core";
import { type AdapterOptions, SharedResource } from "@allium/core/adapter";
import { describe, expect, test } from "vitest";
import type { AdaptersOf, Backends } from "./backend.ts";
import { chooseBackends } from "./choose-backends.ts";
import { openBackend } from "./open-backend.ts";
import { Opening } from "./opening.ts";

/** A minimal port. */
interface TestPort {
	readonly url: string;
	readonly options?: AdapterOptions;
	close(): Promise<void>;
}

/** A table with a second port, as a later version will have it. */
interface TestPorts {
	readonly registry: TestPort;
	readonly broker: TestPort;
}

const table: Backends<TestPorts> = {
	registry: row("ALLIUM_REGISTRY", "allium-registry", "local:"),
	broker: row("ALLIUM_BROKER", "allium-broker", "local:events"),
};

function row(variable: string, binding: string, fallback: string) {
	const defer = (opening: Opening<TestPort>): TestPort => ({
		url: "not open yet",
		close: () => opening.close(),
	});
	return { variable, binding, default: fallback, defer };
}

const open = (url: string, options: AdapterOptions): TestPort => ({ url, options, close: async () => {} });
const adapters: AdaptersOf<TestPorts> = {
	both: async () => ({ registry: open, broker: open }),
	finder: async () => ({ registry: open }),
	queue: async () => ({ broker: open }),
	neither: async () => ({}),
	broken: () => Promise.reject(new Error("its native module is missing")),
	away: async () => ({
		registry: (url) => Promise.reject(new Error(`connect ECONNREFUSED ${url}`)),
	}),
	strict: async () => ({
		registry: (url) => {
			throw new ServiceError({ code: "invalid_argument", message: `"${url}" names no folder` });
		},
	}),
	local: async () => ({ registry: open, broker: open }),
};

/** Opens a port as a process with this environment does. */
function opened(name: keyof TestPorts, env: Readonly<Record<string, string>>): Promise<TestPort> {
	const choices = chooseBackends(table, env, {}, (option) => option);
	return openBackend(table, name, choices[name], {
		adapters,
		builtIn: {},
		namespace: "staging",
		cwd: "/",
		logger: silentLogger,
		scope: {},
	});
}

describe("each port of a process", () => {
	test("has the backend of its own variable", async () => {
		const env = { ALLIUM_REGISTRY: "finder://a", ALLIUM_BROKER: "queue://b" };
		expect((await opened("registry", env)).url).toBe("finder://a");
		expect((await opened("broker", env)).url).toBe("queue://b");
	});

	test("has its own default", async () => {
		expect((await opened("registry", {})).url).toBe("local:");
		expect((await opened("broker", {})).url).toBe("local:events");
	});

	test("has what ALLIUM_URL names, where that serves it, and otherwise its default", async () => {
		const env = { ALLIUM_URL: "queue://b" };
		expect((await opened("broker", env)).url).toBe("queue://b");
		expect((await opened("registry", env)).url).toBe("local:");
	});

	test("prefers its own variable to ALLIUM_URL", async () => {
		const env = { ALLIUM_URL: "both://all", ALLIUM_BROKER: "queue://b" };
		expect((await opened("registry", env)).url).toBe("both://all");
		expect((await opened("broker", env)).url).toBe("queue://b");
	});

	test("gets its adapter the namespace, the folder and the logger of the process", async () => {
		const { options } = await opened("broker", { ALLIUM_BROKER: "queue://b" });
		expect(options).toEqual({ namespace: "staging", cwd: "/", logger: silentLogger, scope: {} });
	});
});

describe("one clear sentence", () => {
	test.each([
		[
			"an adapter without the port",
			{ ALLIUM_REGISTRY: "queue://user:secret@b" },
			'ALLIUM_REGISTRY is queue://user:***@b, but the adapter for "queue:" URLs has no registry, only a broker; set ALLIUM_REGISTRY to another backend, such as local:',
		],
		[
			"an adapter of no use for any port, named for all",
			{ ALLIUM_URL: "neither:" },
			'ALLIUM_URL is neither:, but the adapter for "neither:" URLs has no registry; set ALLIUM_REGISTRY to another backend, such as local:',
		],
		[
			"a scheme that nobody knows",
			{ ALLIUM_URL: "nowhere://x" },
			'ALLIUM_URL is nowhere://x, but there is no adapter for "nowhere:" URLs here; there are adapters for amqp:, away:, both:, broken:, consul:, dns:, etcd:, eureka:, finder:, kubernetes:, local:, mdns:, nats:, neither:, postgres:, queue:, redis:, sqlite:, strict: and zookeeper:, and the option "adapters" takes others',
		],
		[
			"a package of a scheme with TLS that is not installed",
			{ ALLIUM_REGISTRY: "nats+tls://me:secret@a:1,me:secret@b:2?token=secret" },
			'ALLIUM_REGISTRY is nats+tls://me:***@a:1,me:***@b:2?token=***, but there is no adapter for "nats:" URLs here; install it with "npm install @allium/nats"',
		],
		[
			"a package that is not installed",
			{ ALLIUM_REGISTRY: "sqlite:" },
			'ALLIUM_REGISTRY is sqlite:, but there is no adapter for "sqlite:" URLs here; install it with "npm install @allium/sqlite"',
		],
		[
			"an adapter that cannot be loaded",
			{ ALLIUM_REGISTRY: "broken:" },
			'the adapter for "broken:" URLs cannot be loaded: its native module is missing',
		],
		[
			"a URL that its adapter does not take",
			{ ALLIUM_URL: "strict:here" },
			'ALLIUM_URL cannot be used: "strict:here" names no folder',
		],
		[
			"a server that does not answer",
			{ ALLIUM_REGISTRY: "away://user:secret@host:1" },
			"the registry at away://user:***@host:1 cannot be reached: connect ECONNREFUSED away://user:***@host:1; start it, or set ALLIUM_REGISTRY to another one",
		],
	])("says what to do about %s", async (_, env, sentence) => {
		const failure = await opened("registry", env).catch((error: unknown) => error);
		expect(failure).toHaveProperty("message", sentence);
		expect(inspect(failure)).not.toContain("secret");
	});
});

test("an adapter of several ports shares one connection among those of one process", async () => {
	const told: string[] = [];
	const connections = new SharedResource(async (url: string) => {
		told.push(`connect ${url}`);
		return { [Symbol.asyncDispose]: async () => void told.push(`disconnect ${url}`) };
	});
	const shared = async (url: string, { scope }: AdapterOptions): Promise<TestPort> => {
		const { release } = await connections.use(url, scope);
		return { url, close: release };
	};
	const choices = chooseBackends(table, { ALLIUM_URL: "shared://a" }, {}, (option) => option);
	const options = {
		adapters: { shared: async () => ({ registry: shared, broker: shared }) },
		builtIn: {},
		namespace: "default",
		cwd: "/",
		logger: silentLogger,
		scope: {},
	};
	const registry = await openBackend(table, "registry", choices.registry, options);
	const broker = await openBackend(table, "broker", choices.broker, options);
	await registry.close();
	expect(told).toEqual(["connect shared://a"]);
	await broker.close();
	expect(told).toEqual(["connect shared://a", "disconnect shared://a"]);
});

describe("an opening", () => {
	test("opens when it is first needed, once", async () => {
		let openings = 0;
		const opening = new Opening(
			"broker",
			async () => ++openings,
			async () => {},
		);
		expect([openings, opening.port]).toEqual([0, undefined]);
		await Promise.all([opening.opened(), opening.opened()]);
		expect([openings, opening.port]).toEqual([1, 1]);
	});

	test("that failed is tried again by the next use", async () => {
		let attempts = 0;
		const opening = new Opening(
			"broker",
			async () => {
				if (++attempts === 1) throw new Error("refused");
				return attempts;
			},
			async () => {},
		);
		await expect(opening.opened()).rejects.toThrow("refused");
		expect(await opening.opened()).toBe(2);
	});

	test("that was closed while it opened closes what comes of it, and opens no more", async () => {
		const { promise, resolve } = Promise.withResolvers<string>();
		const closed: string[] = [];
		const opening = new Opening(
			"broker",
			() => promise,
			async (port) => void closed.push(port),
		);
		void opening.opened();
		const closing = opening.close();
		resolve("port");
		await closing;
		expect(closed).toEqual(["port"]);
		await expect(opening.opened()).rejects.toThrow("the broker is closed");
	});
});
