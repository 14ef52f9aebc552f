import { registrySuite } from "@allium/testing/registry-suite";
import { freePort } from "./fixtures/stranger.ts";
import { registry } from "./index.ts";

// On loopback, so that nothing leaves the machine.
registrySuite("mdns", async () => {
	const url = `mdns:?interface=127.0.0.1&port=${await freePort()}&answersMs=200`;
	return {
		ttlMs: 300,
		pushes: true,
		// Each packet reaches every process of the network, which is made for some hundred instances.
		many: 200,
		open: ({ ttlMs }) => registry(url, { ttlMs }),
		program: { module: import.meta.resolve("./index.ts"), url },
		close: async () => {},
	};
});
