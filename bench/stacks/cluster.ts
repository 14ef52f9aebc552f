import { allium, Context } from "allium";
import { type Stack, Work, work } from "../stack.ts";
import { callsOf } from "./allium.ts";

const quiet = { log: () => {} };

/** Apps listen on loopback, whatever hosts their registry spans. */
const env = { ALLIUM_LISTEN: "127.0.0.1:0" };

/** A registry that the server does not need, because its address is handed to the client. */
const elsewhere = "static:nothing=allium://127.0.0.1:1";

/** Frames between two apps that find each other in a registry. The variant is its URL, or `static:`. */
const cluster: Stack = {
	name: "Allium frames between apps",

	async serve(variant) {
		const registry = variant === "static:" ? elsewhere : variant;
		const app = allium({ name: "add", registry, env, logger: quiet });
		app.serve(Work, work);
		await app.start();
		const address = app.addresses.find((url) => url.startsWith("allium:")) ?? "";
		return { address, close: () => app.stop() };
	},

	async connect(address, variant) {
		const registry = variant === "static:" ? `static:add=${address}` : variant;
		const app = allium({ name: "caller", registry, env, logger: quiet });
		await app.ready("add", Context.background().withTimeout(30_000));
		return { ...callsOf(app.client(Work)), close: () => app.stop() };
	},
};

export default cluster;
