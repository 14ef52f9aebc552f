import { existsSync } from "node:fs";
import type { ViteUserConfig } from "vitest/config";

// No import of Vitest itself: started by hand on a fresh clone, this must be able to say what is missing.
if (!existsSync(new URL("./node_modules/vitest", import.meta.url))) {
	console.error('Nothing is installed yet: run "npm test", or "npm run setup" once.');
	process.exit(1);
}

export default {
	ssr: { resolve: { conditions: ["@allium/source"] } },
	test: {
		include: ["{packages,adapters,examples,bench,scripts}/**/*.test.ts"],
		exclude: ["**/node_modules/**", "**/dist/**"],
		testTimeout: 20_000,
		hookTimeout: 20_000,
	},
} satisfies ViteUserConfig;
