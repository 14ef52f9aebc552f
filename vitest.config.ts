import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ViteUserConfig } from "vitest/config";

// This does not import Vitest itself: started by hand on a fresh clone, it must be able to say that Vitest is missing.
if (!existsSync(new URL("./node_modules/vitest", import.meta.url))) {
	console.error('Nothing is installed yet: run "npm test", or "npm run setup" once.');
	process.exit(1);
}

// Tests start many processes. With their code compiled once, such a start costs a third of the processor's time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("./.cache/compile-cache", import.meta.url));

/** Tests of HTTP that run a second time, with Node as the only reader of HTTP/1.1. */
const ofHttp = [
	"packages/node/src/hostile/*.test.ts",
	"packages/node/src/http/{connect-server,content-coding,cors,early-answers,event-stream}.test.ts",
	"packages/node/src/http/{http-requests,input-end,metrics,response-headers,rest}.test.ts",
	"packages/node/src/server/server.test.ts",
];

/** Installs what was packed, and tries it. */
const packages = "scripts/packages.test.ts";

export default {
	ssr: { resolve: { conditions: ["@allium/source"] } },
	test: {
		// Time enough for a busy machine. A test that hangs is still found.
		testTimeout: 180_000,
		hookTimeout: 180_000,
		expect: { poll: { timeout: 150_000 } },
		setupFiles: ["scripts/test/patience.ts"],
		// Most files wait for leases, servers and processes, so more of them run at once than there are cores.
		maxWorkers: 3,
		projects: [
			{
				extends: true,
				test: {
					name: "code",
					include: ["{packages,adapters,examples,bench,scripts}/**/*.test.ts"],
					exclude: ["**/node_modules/**", "**/dist/**", packages],
					sequence: { groupOrder: 0 },
				},
			},
			{
				extends: true,
				test: {
					name: "http-node",
					include: ofHttp,
					setupFiles: ["scripts/test/http-by-node.ts"],
					sequence: { groupOrder: 0 },
				},
			},
			// When all else is done: it keeps both the processor and the disk busy.
			{ extends: true, test: { name: "packages", include: [packages], sequence: { groupOrder: 1 } } },
		],
	},
} satisfies ViteUserConfig;
