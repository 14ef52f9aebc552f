import { defineConfig } from "vitest/config";

export default defineConfig({
	ssr: { resolve: { conditions: ["@allium/source"] } },
	test: {
		include: ["{packages,adapters,examples,bench,scripts}/**/*.test.ts"],
		exclude: ["**/node_modules/**", "**/dist/**"],
		testTimeout: 20_000,
		hookTimeout: 20_000,
	},
});
