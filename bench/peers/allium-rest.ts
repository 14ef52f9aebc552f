import { post, routes } from "allium";
import { type Stack, Work } from "../stack.ts";
import { serveWork } from "../stacks/allium.ts";
import { postJson } from "./post-json.ts";

/** The same service under REST routes on the one port, called like the REST peers. */
const alliumRest: Stack = {
	name: "Allium REST route + undici",
	http: { path: "/sum" },
	serve: () => {
		const options = { status: 200 };
		return serveWork("http", routes(Work, { sum: post("/sum", options), concat: post("/concat", options) }));
	},
	connect: async (address) => postJson(address),
};

export default alliumRest;
