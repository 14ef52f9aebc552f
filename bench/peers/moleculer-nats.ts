import type { Stack } from "../stack.ts";
import { callMoleculer, serveMoleculer } from "./moleculer-work.ts";
import { natsServer, natsUrl, requireNats } from "./nats-server.ts";

const moleculerNats: Stack = {
	name: "Moleculer NATS",

	async serve() {
		await requireNats();
		const namespace = `bench-${process.pid}`;
		const close = await serveMoleculer("server", {
			namespace,
			transporter: { type: "NATS", options: { url: natsUrl } },
		});
		return { address: namespace, helpers: natsServer(), close };
	},

	connect: (namespace) =>
		callMoleculer("client", { namespace, transporter: { type: "NATS", options: { url: natsUrl } } }),
};

export default moleculerNats;
