import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { boundaryViolations } from "./boundaries.ts";

let root: string;

beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), "allium-boundaries-"));
	write("package.json", {
		workspaces: ["packages/*", "adapters/*", "examples/*", "bench"],
		devDependencies: { vitest: "1" },
	});
	pack("packages/core", { exports: { ".": {}, "./transport": {} } });
	pack("packages/node", { dependencies: { "@allium/core": "1" } });
	write("packages/node/src/index.ts", 'import "@allium/core";');
	pack("adapters/nats", { dependencies: { "@allium/core": "1" } });
	write("adapters/nats/src/index.ts", 'export type { Registry } from "@allium/core";');
});

afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content: object | string): void {
	mkdirSync(dirname(join(root, path)), { recursive: true });
	writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
}

function pack(folder: string, manifest: object): void {
	const name = folder === "packages/allium" ? "allium" : `@allium/${folder.split("/")[1]}`;
	write(`${folder}/package.json`, { name, exports: { ".": {} }, ...manifest });
}

function violations(): string[] {
	return boundaryViolations(root);
}

test("a tree that keeps the rules has no violations", () => {
	expect(violations()).toEqual([]);
});

describe("the core", () => {
	test.each([
		['import { readFile } from "node:fs";', "node:fs"],
		['import fs from "fs";', "fs"],
		['import type { Socket } from "node:net";', "node:net"],
		['export * from "node:fs";', "node:fs"],
		['const fs = await import("node:fs");', "node:fs"],
		['let socket: import("node:net").Socket;', "node:net"],
	])("may not use Node: %s", (code, name) => {
		write("packages/core/src/a.ts", code);
		expect(violations()).toEqual([
			`packages/core/src/a.ts imports "${name}": the core runs in browsers and may not use Node.`,
		]);
	});

	test("may use the types of two foreign packages, and nothing else", () => {
		pack("packages/core", {
			dependencies: { "@opentelemetry/api": "1", "@standard-schema/spec": "1", zod: "1" },
		});
		write("packages/core/src/a.ts", 'import type { Span } from "@opentelemetry/api";');
		write("packages/core/src/b.ts", 'export type * from "@standard-schema/spec";');
		write("packages/core/src/c.ts", 'let span: import("@opentelemetry/api").Span;');
		write("packages/core/src/d.ts", 'import { type Span } from "@opentelemetry/api";');
		write("packages/core/src/e.ts", 'import type { ZodType } from "zod";');
		const may =
			"the core may import only types, and those only of @opentelemetry/api and @standard-schema/spec";
		expect(violations()).toEqual([
			`packages/core/src/d.ts imports "@opentelemetry/api": ${may}.`,
			`packages/core/src/e.ts imports "zod": ${may}.`,
		]);
	});

	test("may not import another package of ours", () => {
		pack("packages/core", { dependencies: { "@allium/node": "1" } });
		write("packages/core/src/a.ts", 'import "@allium/node";');
		expect(violations()).toEqual([
			'packages/core/src/a.ts imports "@allium/node": the core depends on no other package of ours.',
		]);
	});

	test("may use Node and declared packages in tests", () => {
		pack("packages/core", { devDependencies: { zod: "1" } });
		write("packages/core/src/a.test.ts", 'import "node:fs";\nimport "zod";\nimport "vitest";');
		expect(violations()).toEqual([]);
	});
});

describe("an adapter", () => {
	test("may not import another adapter", () => {
		pack("adapters/redis", { dependencies: { "@allium/nats": "1" } });
		write("adapters/redis/src/index.ts", 'import "@allium/nats";');
		expect(violations()).toEqual([
			'adapters/redis/src/index.ts imports "@allium/nats": an adapter may import the core and @allium/backend, and no other package of ours.',
		]);
	});

	test("may not be imported by a package", () => {
		pack("packages/node", { dependencies: { "@allium/nats": "1" } });
		write("packages/node/src/index.ts", 'await import("@allium/nats");');
		expect(violations()).toEqual([
			'packages/node/src/index.ts imports "@allium/nats": adapters are found by URL; only allium (sqlite), examples, benchmarks and tests import one.',
		]);
	});

	test("may be imported by examples and tests, and sqlite by allium", () => {
		pack("adapters/sqlite", {});
		pack("packages/allium", { dependencies: { "@allium/sqlite": "1" } });
		write("packages/allium/src/index.ts", 'import "@allium/sqlite";');
		pack("examples/greeter", { private: true, dependencies: { "@allium/nats": "1" } });
		write("examples/greeter/main.ts", 'import "@allium/nats";');
		pack("packages/node", {
			dependencies: { "@allium/core": "1" },
			devDependencies: { "@allium/nats": "1" },
		});
		write("packages/node/src/a.test.ts", 'import "@allium/nats";');
		expect(violations()).toEqual([]);
	});

	test("other than sqlite may not be imported by allium", () => {
		pack("packages/allium", { dependencies: { "@allium/nats": "1" } });
		write("packages/allium/src/index.ts", 'import "@allium/nats";');
		expect(violations()).toHaveLength(1);
	});
});

describe("a timer with a delay that somebody gave", () => {
	test.each([
		["setTimeout(run, delayMs);", "setTimeout"],
		["const timer = setInterval(run, options.everyMs);", "setInterval"],
		["globalThis.setTimeout(run, delayMs);", "globalThis.setTimeout"],
		["socket.setTimeout(idleMs, run);", "socket.setTimeout"],
		["session.http2.setTimeout(idleMs);", "….setTimeout"],
		["AbortSignal.timeout(delayMs);", "AbortSignal.timeout"],
		['import { setTimeout } from "node:timers/promises";', "node:timers/promises"],
	])("may not be set directly: %s", (code, name) => {
		write("packages/node/src/index.ts", `import "@allium/core";\n${code}`);
		expect(violations()).toEqual([
			`packages/node/src/index.ts uses ${name} with a delay that it was given: set timers by after() and every() instead.`,
		]);
	});

	test.each([
		"setTimeout(run);",
		"setTimeout(run, 500);",
		"const pollMs = 2 * 250;\nsetInterval(run, pollMs);",
		"export const pollMs = 500;\nsetInterval(run, pollMs);",
		"socket.setTimeout(5_000);",
		"session.setTimeout(platformTimeout(idleMs), run);",
	])("is another thing where the delay is known: %s", (code) => {
		write("packages/node/src/index.ts", `import "@allium/core";\n${code}`);
		expect(violations()).toEqual([]);
	});

	test("is for the module of timers, tests and applications alone", () => {
		write("packages/core/src/time/timer.ts", "setTimeout(run, delayMs);");
		write("packages/core/src/a.test.ts", "setTimeout(run, delayMs);");
		pack("examples/greeter", { private: true });
		write("examples/greeter/main.ts", "setTimeout(run, delayMs);");
		expect(violations()).toEqual([]);
	});
});

describe("another package's inside", () => {
	test("is out of reach for a relative import, even from a test", () => {
		write("packages/node/src/a.test.ts", 'import "../../core/src/a.ts";');
		expect(violations()).toEqual([
			'packages/node/src/a.test.ts imports "../../core/src/a.ts": it reaches into another package; import that by its name.',
		]);
	});

	test("is out of reach by name, save what it exports", () => {
		write("packages/node/src/index.ts", 'import "@allium/core/transport";\nimport "@allium/core/src/a.ts";');
		expect(violations()).toEqual([
			'packages/node/src/index.ts imports "@allium/core/src/a.ts": @allium/core does not export "./src/a.ts".',
		]);
	});

	test("an example may use the contract of another, and no inside of a package", () => {
		pack("examples/stats", { private: true });
		write("examples/stats/main.ts", 'import "../addsvc/contract.ts";');
		expect(violations()).toEqual([]);
		write("examples/stats/main.ts", 'import "../../packages/core/src/a.ts";');
		expect(violations()).toHaveLength(1);
	});

	test("own files are free", () => {
		write("packages/node/src/deep/a.ts", 'import "../index.ts";');
		expect(violations()).toEqual([]);
	});
});

describe("declared dependencies", () => {
	test("a project of its own inside a package answers for its own imports", () => {
		pack("bench", { private: true });
		write("bench/peers/package.json", { dependencies: { other: "1" } });
		write("bench/peers/other.ts", 'import "other";');
		expect(violations()).toEqual([]);
	});

	test("an import that is not declared is reported", () => {
		write("packages/node/src/a.ts", 'import "undici/types";');
		expect(violations()).toEqual([
			'packages/node/src/a.ts imports "undici": packages/node/package.json does not declare it under dependencies.',
		]);
	});

	test("a development dependency is not enough for a published file", () => {
		pack("packages/node", { dependencies: { "@allium/core": "1" }, devDependencies: { undici: "1" } });
		write("packages/node/src/a.ts", 'import "undici";');
		expect(violations()).toHaveLength(1);
	});

	test("a test may use the repository's own tools, and nothing undeclared", () => {
		write("packages/node/src/a.test.ts", 'import "vitest";\nimport "left-pad";');
		expect(violations()).toEqual([
			'packages/node/src/a.test.ts imports "left-pad": packages/node/package.json does not declare it under devDependencies.',
		]);
	});

	test("a dependency that only tests use, or nothing, is reported", () => {
		pack("packages/node", {
			dependencies: { "@allium/core": "1", undici: "1" },
			devDependencies: { ws: "1" },
		});
		write("packages/node/src/a.test.ts", 'import "undici";');
		expect(violations()).toEqual([
			'packages/node/package.json declares "undici" under dependencies: nothing there imports it.',
			'packages/node/package.json declares "ws" under devDependencies: nothing there imports it.',
		]);
	});

	test("a package that is loaded by a name in a string counts as used", () => {
		pack("packages/node", { dependencies: { "@allium/core": "1", undici: "1" } });
		write("packages/node/src/a.ts", 'const name = "undici";\nawait import(name);');
		expect(violations()).toEqual([]);
	});
});

test("a file that cannot be parsed is an error, not a pass", () => {
	write("packages/node/src/a.ts", "import {");
	expect(violations).toThrow("packages/node/src/a.ts cannot be parsed");
});

test("a package that brings the testing package into production is reported", () => {
	pack("packages/testing", { dependencies: { "@allium/core": "1" } });
	write("packages/testing/src/index.ts", 'import "@allium/core";');
	pack("packages/node", { dependencies: { "@allium/core": "1", "@allium/testing": "1" } });
	write("packages/node/src/a.ts", 'import "@allium/testing";');
	expect(violations()).toEqual([
		'packages/node/package.json declares "@allium/testing" under dependencies: services install this package, and only development needs @allium/testing; declare it under devDependencies.',
	]);
});

describe("the floors of the core", () => {
	test("a folder imports from floors below its own, and entries from all", () => {
		write("packages/core/src/errors/code.ts", "");
		write("packages/core/src/context/context.ts", 'import "../errors/code.ts";');
		write("packages/core/src/frames/peer.ts", 'import type {} from "../context/context.ts";');
		write("packages/core/src/transport.ts", 'export * from "./frames/peer.ts";');
		expect(violations()).toEqual([]);
	});

	test("nothing climbs, not even for a type", () => {
		write("packages/core/src/client/client.ts", "");
		write("packages/core/src/middleware/retry.ts", 'import type {} from "../client/client.ts";');
		expect(violations()).toEqual([
			'packages/core/src/middleware/retry.ts imports "../client/client.ts": client stands above middleware, and nothing climbs.',
		]);
	});

	test("folders of one floor know nothing of each other", () => {
		write("packages/core/src/frames/peer.ts", "");
		write("packages/core/src/http/fetch.ts", 'import "../frames/peer.ts";');
		expect(violations()).toEqual([
			'packages/core/src/http/fetch.ts imports "../frames/peer.ts": http and frames stand on one floor.',
		]);
	});

	test("a folder that stands on none is named", () => {
		write("packages/core/src/attic/old.ts", "");
		expect(violations()).toEqual([
			'packages/core/src/attic/old.ts stands on no floor: add "attic" to the floors in scripts/boundaries/floors.ts.',
		]);
	});

	test("the entries are for other packages", () => {
		write("packages/core/src/index.ts", "");
		write("packages/core/src/client/client.ts", 'import "../index.ts";');
		expect(violations()).toEqual([
			'packages/core/src/client/client.ts imports "../index.ts": an entry of the core is for other packages.',
		]);
	});

	test("tests may import what they test with", () => {
		write("packages/core/src/client/client.ts", "");
		write("packages/core/src/errors/code.test.ts", 'import "../client/client.ts";');
		expect(violations()).toEqual([]);
	});
});

describe("a circle of imports", () => {
	test("is refused, with all files in it", () => {
		write("adapters/nats/src/a.ts", 'import "./b.ts";');
		write("adapters/nats/src/b.ts", 'import "./deep/c.ts";');
		write("adapters/nats/src/deep/c.ts", 'import type {} from "../a.ts";');
		expect(violations()).toEqual([
			"adapters/nats/src/a.ts → adapters/nats/src/b.ts → adapters/nats/src/deep/c.ts → adapters/nats/src/a.ts: this is a circle of imports.",
		]);
	});

	test("is none where two ways lead to one file", () => {
		write("adapters/nats/src/a.ts", 'import "./b.ts";\nimport "./c.ts";');
		write("adapters/nats/src/b.ts", 'import "./c.ts";');
		write("adapters/nats/src/c.ts", "");
		expect(violations()).toEqual([]);
	});
});
