import type { Stack } from "../stack.ts";
import { freePort } from "./listen.ts";
import { callMoleculer, serveMoleculer } from "./moleculer-work.ts";

/** Moleculer over TCP. The nodes are named instead of found by UDP. */
const moleculerTcp: Stack = {
	name: "Moleculer TCP",

	async serve() {
		const port = await freePort();
		const url = `127.0.0.1:${port}/server`;
		const options = { udpDiscovery: false, port, urls: url };
		const close = await serveMoleculer("server", { transporter: { type: "TCP", options } });
		return { address: url, close };
	},

	connect: (url) => {
		const options = { udpDiscovery: false, urls: url };
		return callMoleculer("client", { transporter: { type: "TCP", options } });
	},
};

export default moleculerTcp;
