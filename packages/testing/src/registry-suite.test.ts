import { memoryRegistry } from "@allium/core";
import { MemoryInstances } from "@allium/core/registry";
import { registrySuite } from "./registry-suite.ts";

registrySuite("memory", async () => {
	const instances = new MemoryInstances();
	return {
		ttlMs: 300,
		open: async ({ ttlMs }) => memoryRegistry({ instances, ttlMs }),
		close: async () => {},
	};
});
